//! `attain replay`: reads files at speed, says what was read, and keeps what was counted where `--data` says so. Knows the
//! order of these; reading is attain-sources', keeping is keeper.rs.

mod again;
mod said;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use attain_model::delivery::Delivery;
use attain_model::{Catalogue, Interval, Promises, SeriesName};
use attain_sources::{Options, Reading};
use attain_store::{Done, Input};
use jiff::Timestamp;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use self::again::Again;
use self::said::{Kept, Said};
use crate::catalogue;
use crate::cli::ReplayArguments;
use crate::counts_csv::counts_csv;
use crate::exit::{Exit, Failure};
use crate::facts::{self, Facts, Limit, begin_of, end_of, read_files};
use crate::file;
use crate::keeper::Keeper;
use crate::status::all_series;
use crate::terminal::Terminal;

/// Runs the command.
pub fn run(arguments: &ReplayArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let (parsed, base) = catalogue::valid(&arguments.catalogue, terminal)?;
    let catalogue = catalogue::of(parsed)?;
    let reading = &arguments.reading;
    let mut options = facts::options(&catalogue, &arguments.files, reading.source.as_deref())?;
    options.stop = Some(stop_on_signals()?);
    let limit = Limit::parse(&reading.max_unparsed)?;
    let promises = Promises::of(catalogue);
    let said = match &arguments.data {
        None => count(arguments, &promises, &base, &options, limit, terminal)?,
        Some(folder) => keep(
            arguments, folder, &promises, &base, options, limit, terminal,
        )?,
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

/// What Ctrl-C and a polite kill set: reading ends where it is, and what was kept is sealed. A second one ends at once.
fn stop_on_signals() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&stop))
            .and_then(|_| flag::register(signal, Arc::clone(&stop)))
            .map_err(|error| Failure::new(format!("cannot watch for signals: {error}")))?;
    }
    Ok(stop)
}

/// Counts, and keeps nothing.
fn count(
    arguments: &ReplayArguments,
    promises: &Promises,
    base: &Path,
    options: &Options,
    limit: Limit,
    terminal: &Terminal,
) -> Result<Said, Failure> {
    let begun = Instant::now();
    let facts = Facts::read(promises.catalogue(), base, options, limit, terminal)?;
    let took = begun.elapsed();
    write_counts(arguments, promises, terminal, || Ok(&facts))?;
    let stopped = facts.reading.stopped;
    Ok(Said {
        span: facts
            .begin
            .zip(facts.end)
            .map(|(start, end)| Interval { start, end }),
        reading: facts.reading,
        took,
        stopped,
        kept: None,
    })
}

/// Counts what is new into a data folder.
fn keep(
    arguments: &ReplayArguments,
    folder: &Path,
    promises: &Promises,
    base: &Path,
    mut options: Options,
    limit: Limit,
    terminal: &Terminal,
) -> Result<Said, Failure> {
    let begun = Instant::now();
    let catalogue = promises.catalogue();
    let mut keeper = Keeper::open(folder, catalogue)?;
    if let Some(note) = keeper.note(catalogue) {
        terminal.note(&note);
    }
    options.taken = keeper.taken();
    options.heard_until = keeper.heard_until();
    options.whole_lines = true;
    options.lay_in = Some(folder.to_owned());
    let (mut begin, mut end) = (None, None);
    // The newest delivery waits until the next one: files of another format are refused before anything of them is kept.
    let mut waiting: Option<Delivery> = None;
    let mut unparsed = 0;
    let mut again = Again::default();
    let reading = read_files(
        catalogue,
        base,
        &options,
        terminal,
        &mut |delivery, lines| {
            limit.refuse_so_far(unparsed, lines)?;
            unparsed += delivery.unparsed.len() as u64;
            begin = [begin, begin_of(&delivery)].into_iter().flatten().min();
            end = end.max(end_of(&delivery));
            let Some(ready) = waiting.replace(delivery) else {
                return Ok(());
            };
            again.look(&ready, catalogue, |stream, from, to| {
                keeper.counted(catalogue, stream, from..to)
            });
            keeper.take(ready)
        },
    )?;
    limit.refuse(&reading)?;
    if let Some(last) = waiting {
        again.look(&last, catalogue, |stream, from, to| {
            keeper.counted(catalogue, stream, from..to)
        });
        keeper.take(last)?;
    }
    for note in again.notes(&reading) {
        terminal.note(&note);
    }
    let (new, known) = (keeper.new, keeper.known);
    let done = done(arguments, catalogue, &keeper, &reading)?;
    let bytes = keeper.finish(&done, Timestamp::now())?;
    // All that is kept, not this run's share of it.
    write_counts(arguments, promises, terminal, || {
        Facts::kept(folder, catalogue)
    })?;
    Ok(Said {
        span: begin.zip(end).map(|(start, end)| Interval { start, end }),
        took: begun.elapsed(),
        stopped: reading.stopped,
        reading,
        kept: Some(Kept {
            folder: catalogue::shown(folder),
            new,
            known,
            bytes,
        }),
    })
}

/// What the record is told: the catalogue if it is another one, and what was read.
fn done(
    arguments: &ReplayArguments,
    catalogue: &Catalogue,
    keeper: &Keeper,
    reading: &Reading,
) -> Result<Vec<Done>, Failure> {
    let used = catalogue::written(&arguments.catalogue)?;
    let mut done = Vec::new();
    if keeper.is_new(&used) {
        done.push(used);
    }
    let sources = catalogue.sources.keys();
    let read = sources.filter_map(|id| Some((id, reading.sources.get(id)?)));
    let inputs = read.clone().flat_map(|(id, source)| {
        let files = source.files.iter().filter(|file| file.same_as.is_none());
        files.map(|file| Input {
            path: catalogue::shown(&file.path),
            source: id.to_string(),
            origin: file.origin.clone(),
            lines: 0,
        })
    });
    done.push(Done::Replayed {
        inputs: inputs.collect(),
        lines: read.clone().map(|(_, source)| source.lines).sum(),
        unparsed: read.map(|(_, source)| source.unparsed).sum(),
    });
    Ok(done)
}

fn write_counts<F: std::borrow::Borrow<Facts>>(
    arguments: &ReplayArguments,
    promises: &Promises,
    terminal: &Terminal,
    facts: impl FnOnce() -> Result<F, Failure>,
) -> Result<(), Failure> {
    let Some(path) = &arguments.counts else {
        return Ok(());
    };
    let catalogue = promises.catalogue();
    let is_promised = |name: &SeriesName| {
        let objective = &catalogue.slos[&name.slo].objectives[&name.objective];
        objective.current().targets.goal(&name.scope).is_some()
    };
    // An aggregate that nobody promised anything about is no series of its own.
    let names: Vec<_> = all_series(catalogue)
        .into_iter()
        .filter(is_promised)
        .collect();
    let facts = facts()?;
    let text = facts
        .borrow()
        .with(|counts| counts_csv(promises, counts, &names));
    file::write_out(path, &text, terminal)
}
