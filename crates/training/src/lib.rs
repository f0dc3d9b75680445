//! Fits networks.
