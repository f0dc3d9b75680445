//! Evaluation: hepz beside other compressors
