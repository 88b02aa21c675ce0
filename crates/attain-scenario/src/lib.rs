//! The text language of cases: facts in, answers out, with the answers that are expected.
//!
//! Knows how a scenario is written, turns its traffic into deliveries, asks the engine and compares. Knows no file
//! system: catalogues come through a callback. Knows no arithmetic of promises; see attain-engine.
//!
//! The language stands in `docs/reference/scenarios.md`.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod deliver;
mod diff;
mod history;
mod mix;
mod outcome;
mod parse;
mod print;
mod report;
mod run;
mod script;
mod spread;
mod words;

pub use report::{Failure, Report, summary};
pub use run::{Load, run};

#[cfg(test)]
mod parse_tests;
