//! `attain statement`: states a past period, and verifies such a statement. Knows where documents go; what they say and how
//! they are hashed is attain-view's, what was counted attain-engine's.

use std::collections::BTreeMap;
use std::path::Path;

use attain_engine::{Period, statement};
use attain_model::SloId;
use attain_model::statement::Statement;
use attain_store::{Access, Done, Store};
use attain_view::statement::{asked, document, markdown, text, verify};

use jiff::Timestamp;

use crate::asked::{About, Asked};
use crate::catalogue::{self, shown};
use crate::cli::{
    InputArguments, StatementArguments, StatementCommand, StatementFormat, VerifyArguments,
};
use crate::exit::{Exit, Failure};
use crate::file;
use crate::terminal::Terminal;

/// Runs the command.
pub fn run(arguments: &StatementArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    if let Some(StatementCommand::Verify(arguments)) = &arguments.command {
        return check(arguments, terminal);
    }
    let written = arguments.period.as_deref().unwrap_or_default();
    let period = period_of(written)?;
    let asked = ask(&arguments.input, &arguments.slo, terminal)?;
    warn_of_future(&period, &asked, terminal);
    let slos: Vec<SloId> = arguments.slo.iter().map(|id| id.as_str().into()).collect();
    let stated = state(&asked, &period, &slos, None);
    if stated.entries.is_empty() {
        return Err(
            Failure::new("no SLO of this catalogue is promised to customers")
                .help("name an internal one with --slo ID"),
        );
    }
    let mut inputs = inputs(&arguments.input.catalogue)?;
    // What was counted otherwise than this catalogue says is said where the numbers stand.
    for (number, note) in (1..).zip(&asked.facts.notes) {
        terminal.note(note);
        inputs.insert(format!("note {number}"), note.clone());
    }
    let whole = document(&stated, &inputs);
    let said = match arguments.format {
        StatementFormat::Text => text(&stated, &inputs),
        StatementFormat::Markdown => markdown(&stated, &inputs),
        StatementFormat::Json => whole.clone(),
    };
    let path = arguments.out.as_deref().unwrap_or(Path::new("-"));
    file::write_out(path, &said, terminal)?;
    if path != Path::new("-") {
        terminal.note(&format!("wrote {}", shown(path)));
        note_issued(arguments, written, &whole, terminal);
    }
    Ok(Exit::Fine)
}

fn check(arguments: &VerifyArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let path = &arguments.statement;
    let stated = catalogue::read(path)?.text;
    let about = asked(&stated).map_err(|difference| {
        Failure::new(format!("{}: {difference}", shown(path)))
            .help("verify the JSON: attain statement --format json -o FILE")
    })?;
    let period = period_of(&about.period)?;
    let found = ask(&arguments.input, &[], terminal)?;
    let fresh = state(&found, &period, &about.only, about.known_until);
    match verify(&stated, &fresh) {
        Ok(verified) => {
            terminal.print(&format!(
                "{} is what the data say: {} recomputed, {}\n",
                shown(path),
                attain_view::number::plural(verified.entries as u64, "promise"),
                verified.hash
            ))?;
            Ok(Exit::Fine)
        }
        Err(differences) => {
            let mut said = format!("{} is not what the data say\n", shown(path));
            let now = inputs(&arguments.input.catalogue)?.remove(CATALOGUE);
            if now.is_some_and(|now| !stated.contains(&now)) {
                said.push_str(
                    "  it was stated with another catalogue than this one, which may be why: see its `catalogue sha256`\n",
                );
            }
            for difference in &differences {
                said.push_str(&format!("  {difference}\n"));
            }
            terminal.print(&said)?;
            Ok(Exit::Broken)
        }
    }
}

fn period_of(text: &str) -> Result<Period, Failure> {
    Period::parse(text).map_err(|error| Failure::of(&error))
}

fn ask(input: &InputArguments, slos: &[String], terminal: &Terminal) -> Result<Asked, Failure> {
    let about = About {
        at: None,
        as_known_then: false,
        slos,
    };
    Asked::of(input, &about, |_| Ok(()), terminal)
}

fn state(
    asked: &Asked,
    period: &Period,
    slos: &[SloId],
    known_until: Option<Timestamp>,
) -> Statement {
    asked
        .facts
        .with(|counts| statement(&asked.promises, counts, period, slos, known_until))
}

/// The hash of the catalogue's files, among the inputs.
const CATALOGUE: &str = "catalogue sha256";

/// What the hash covers beside the numbers: the catalogue as it is written.
fn inputs(catalogue: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let mut inputs = BTreeMap::new();
    if let Done::Catalogue { sha256, .. } = catalogue::written(catalogue)? {
        inputs.insert(CATALOGUE.to_owned(), sha256);
    }
    Ok(inputs)
}

/// A statement about days to come would be about nothing yet.
fn warn_of_future(period: &Period, asked: &Asked, terminal: &Terminal) {
    let interval = period.interval(&asked.promises.catalogue().timezone);
    if asked.facts.end.is_none_or(|end| end < interval.end) {
        terminal.note("the data end before the period does; what is stated may still change");
    }
}

/// The record of the data folder remembers what was given out. Who may not write to it can state all the same.
fn note_issued(arguments: &StatementArguments, period: &str, whole: &str, terminal: &Terminal) {
    let Some(folder) = &arguments.input.data else {
        return;
    };
    let done = Done::Stated {
        period: period.to_owned(),
        hash: hash_of(whole),
    };
    let noted = Store::open(folder, Access::Write)
        .and_then(|mut store| store.record(Timestamp::now(), &done));
    if let Err(error) = noted {
        let why = Failure::of(&error).what;
        terminal.note(&format!("the record does not say so: {why}"));
    }
}

fn hash_of(document: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(document).unwrap_or_default();
    value["hash"].as_str().unwrap_or_default().to_owned()
}
