//! `attain fmt`: catalogue files in the one form. Knows which files; the form is attain-spec's.

use crate::cli::FmtArguments;
use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;

/// Runs the command.
pub fn run(arguments: &FmtArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let _ = (arguments, terminal);
    Err(Failure::new("not wired"))
}
