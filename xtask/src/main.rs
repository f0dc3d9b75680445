//! Checks and tables of the repository.
fn main() {}
