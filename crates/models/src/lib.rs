//! Models: prices of decisions
