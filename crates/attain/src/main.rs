//! The binary: arguments, exit codes, the clock, wiring.

fn main() {}
