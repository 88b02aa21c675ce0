//! The engine from outside: promises and deliveries in, verdicts out.
// Tests may read their own files and run the oracle.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod alerting;
mod board;
mod build;
mod coarse;
mod deliveries;
mod details;
mod keeping;
mod meaning;
mod meter;
mod monitor;
mod oracle;
mod renaming;
mod statements;
mod vectors;
