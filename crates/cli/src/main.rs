//! The `hepz` command.
fn main() {}
