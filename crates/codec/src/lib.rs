//! hepz: a compressor for particle-physics data
