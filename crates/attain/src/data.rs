//! `attain data`: looks after a data folder. Knows how what was found is said; what is in a folder is attain-store's.

use std::path::Path;

use attain_model::facts::Damage;
use attain_store::{Access, Done, Entry, Report, Store, backup, restore};
use attain_view::number;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::catalogue::shown;
use crate::cli::{DataArguments, DataCommand};
use crate::exit::{Exit, Failure};
use crate::moment;
use crate::terminal::Terminal;

/// Runs the command.
pub fn run(arguments: &DataArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    match &arguments.command {
        DataCommand::Check { dir } => check(dir, terminal),
        DataCommand::Show { dir } => show(dir, terminal),
        DataCommand::Backup { dir, to } => {
            let report = backup(dir, to).map_err(|error| Failure::of(&error))?;
            copied(&report, dir, to, terminal)
        }
        DataCommand::Restore { from, dir } => {
            let report =
                restore(from, dir, Timestamp::now()).map_err(|error| Failure::of(&error))?;
            copied(&report, from, dir, terminal)
        }
        DataCommand::Prune { dir, before } => prune(dir, moment::day(before)?, terminal),
    }
}

fn open(dir: &Path, access: Access) -> Result<Store, Failure> {
    Store::open(dir, access).map_err(|error| Failure::of(&error))
}

fn check(dir: &Path, terminal: &Terminal) -> Result<Exit, Failure> {
    let report = open(dir, Access::Read)?.check();
    let mut text = found(&report);
    text.push_str(&if report.is_clean() {
        format!("{} is as it was written\n", shown(dir))
    } else {
        "restore a backup (attain data restore), or replay the files of that time into a new folder\n"
            .to_owned()
    });
    terminal.print(&text)?;
    Ok(exit_of(&report))
}

fn copied(report: &Report, from: &Path, to: &Path, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut text = found(report);
    let (from, to) = (shown(from), shown(to));
    text.push_str(&if report.is_clean() {
        format!("{to} is a copy of {from}, checked\n")
    } else {
        format!("{to} is a copy of {from}, which is damaged as said above\n")
    });
    terminal.print(&text)?;
    Ok(exit_of(report))
}

fn exit_of(report: &Report) -> Exit {
    if report.is_clean() {
        Exit::Fine
    } else {
        Exit::Broken
    }
}

/// What was looked at, and what is wrong with it.
fn found(report: &Report) -> String {
    let mut text = format!(
        "{}, {}, {} not sealed yet, {}\n",
        number::plural(report.streams as u64, "stream"),
        number::plural(report.pages as u64, "page"),
        number::plural(report.frames as u64, "frame"),
        match report.entries {
            1 => "1 entry of the record".to_owned(),
            entries => format!("{} entries of the record", number::grouped(entries as u64)),
        }
    );
    for damage in &report.damage {
        text.push_str(&format!("damaged: {}\n", said(damage)));
    }
    for warning in &report.warnings {
        text.push_str(&format!("warning: {warning}\n"));
    }
    text
}

/// A damage in words: whose counts, when, why.
pub fn said(damage: &Damage) -> String {
    let when = damage.interval.map_or_else(
        || "at any time".to_owned(),
        |interval| {
            format!(
                "{} to {}",
                number::instant(interval.start, &TimeZone::UTC),
                number::instant(interval.end, &TimeZone::UTC)
            )
        },
    );
    let whose = damage
        .stream
        .as_ref()
        .map_or("all counts", |stream| stream.as_str());
    format!("{whose}, {when}: {}", damage.why)
}

fn show(dir: &Path, terminal: &Terminal) -> Result<Exit, Failure> {
    let store = open(dir, Access::Read)?;
    let size = store.size();
    let kilobytes = |bytes: u64| number::grouped(bytes.div_ceil(1000));
    let mut text = format!(
        "{}: {} kB of counts in {}, {} kB of record\n",
        shown(dir),
        kilobytes(size.counts_bytes),
        number::plural(size.pages, "page"),
        kilobytes(size.record_bytes)
    );
    if let Some(since) = store.since() {
        let since = number::instant(since, &TimeZone::UTC);
        text.push_str(&format!("pruned: nothing is kept before {since}\n"));
    }
    text.push_str("\ncounted\n");
    for (stream, interval) in store.streams() {
        text.push_str(&format!(
            "  {} to {}  {}\n",
            number::instant(interval.start, &TimeZone::UTC),
            number::instant(interval.end, &TimeZone::UTC),
            stream.as_str()
        ));
    }
    let record = store.entries();
    text.push_str("\ndone\n");
    for entry in &record.entries {
        text.push_str(&format!("  {}\n", done(entry)));
    }
    for damage in &record.damage {
        text.push_str(&format!("  damaged: {}\n", said(damage)));
    }
    terminal.print(&text)?;
    Ok(Exit::Fine)
}

fn done(entry: &Entry) -> String {
    let what = match &entry.done {
        Done::Replayed {
            inputs,
            lines,
            unparsed,
        } => format!(
            "replayed {} of {}, {} could not be read",
            number::plural(*lines, "line"),
            number::plural(inputs.len() as u64, "file"),
            number::grouped(*unparsed)
        ),
        Done::Catalogue { sha256, files } => format!(
            "another catalogue: {}, sha256 {}",
            number::plural(files.len() as u64, "file"),
            sha256.get(..12).unwrap_or(sha256)
        ),
        Done::Stated { period, hash } => format!("statement of {period}, {hash}"),
        Done::Restored { from } => format!("restored from {from}"),
        Done::Retained { before } => {
            format!("pruned before {}", number::instant(*before, &TimeZone::UTC))
        }
    };
    format!("{}  {what}", number::instant(entry.at, &TimeZone::UTC))
}

fn prune(dir: &Path, before: Date, terminal: &Terminal) -> Result<Exit, Failure> {
    let instant = before
        .to_zoned(TimeZone::UTC)
        .map_err(|error| Failure::new(format!("{before} is no day that can be kept: {error}")))?;
    let mut store = open(dir, Access::Write)?;
    store
        .retain(instant.timestamp(), Timestamp::now())
        .map_err(|error| Failure::of(&error))?;
    terminal.print(&format!(
        "{} keeps nothing before {before} (UTC)\n",
        shown(dir)
    ))?;
    Ok(Exit::Fine)
}
