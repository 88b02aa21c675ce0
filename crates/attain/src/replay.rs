//! `attain replay`: reads files at speed, says what was read, and keeps what was counted where `--data` says so. Knows the
//! order of these; reading is attain-sources', keeping is keeper.rs.

mod said;

use std::path::Path;
use std::time::Instant;

use attain_model::{Interval, Promises};

use self::said::Said;
use crate::catalogue;
use crate::cli::ReplayArguments;
use crate::counts_csv::counts_csv;
use crate::exit::{Exit, Failure};
use crate::facts::{self, Facts, Limit};
use crate::file;
use crate::status::all_series;
use crate::terminal::Terminal;

/// Runs the command.
pub fn run(arguments: &ReplayArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let (parsed, base) = catalogue::valid(&arguments.catalogue, terminal)?;
    let Some(catalogue) = parsed.catalogue else {
        return Err(Failure::new("the catalogue holds no file"));
    };
    let options = facts::options(&catalogue, &arguments.files, arguments.source.as_deref())?;
    let limit = Limit::parse(&arguments.max_unparsed)?;
    let begun = Instant::now();
    let facts = Facts::read(&catalogue, &base, &options, limit, terminal)?;
    let took = begun.elapsed();
    let promises = Promises::of(catalogue);
    if let Some(path) = &arguments.counts {
        write_counts(path, &promises, &facts, terminal)?;
    }
    let said = Said {
        span: facts
            .begin
            .zip(facts.end)
            .map(|(start, end)| Interval { start, end }),
        reading: facts.reading,
        took,
        stopped: false,
        kept: None,
    };
    if arguments.counts.as_deref() != Some(Path::new("-")) {
        terminal.print(&said.text(arguments.format, &promises.catalogue().timezone))?;
    }
    Ok(if said.stopped {
        Exit::Unknown
    } else {
        Exit::Fine
    })
}

fn write_counts(
    path: &Path,
    promises: &Promises,
    facts: &Facts,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let names = all_series(promises.catalogue());
    let text = facts.with(|counts| counts_csv(promises, counts, &names));
    file::write_out(path, &text, terminal)
}
