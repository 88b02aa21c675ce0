//! `attain check`: what is wrong or unwise, in every form that somebody reads. Knows how several catalogues become one
//! report; the rules are attain-spec's and attain-lint's.

use std::path::{Path, PathBuf};

use attain_model::{Diagnostic, Level, SourceMap};
use attain_spec::{Input, Parsed, parse};
use attain_view::{diagnostics, github, json, junit, sarif};
use jiff::civil::Date;

use crate::catalogue::{self, Files};
use crate::cli::{CheckArguments, CheckFormat, Deny};
use crate::exit::{Exit, Failure};
use crate::moment;
use crate::terminal::Terminal;

/// Runs the command.
pub fn run(arguments: &CheckArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let today = match &arguments.today {
        Some(text) => moment::day(text)?,
        None => today(),
    };
    let catalogues = catalogues(&arguments.paths, terminal)?;
    let before = match &arguments.against {
        Some(path) if catalogues.len() == 1 => Some(parse(&Files::of(path)?.inputs)),
        Some(_) => {
            return Err(Failure::new("--against compares one catalogue with one")
                .help("check the folders one at a time"));
        }
        None => None,
    };
    let mut report = Report::default();
    for inputs in catalogues {
        report.add(&inputs, before.as_ref(), today);
    }
    if arguments.deny == Some(Deny::Warnings) {
        report.deny_warnings();
    }
    let (sources, found) = (&report.sources, &report.diagnostics);
    let silent = terminal.quiet && found.is_empty();
    let text = match arguments.format {
        CheckFormat::Human if silent => String::new(),
        CheckFormat::Human => diagnostics::human(sources, found, &terminal.look()),
        CheckFormat::Json => json::json(sources, found),
        CheckFormat::Sarif => sarif::sarif(sources, found, env!("CARGO_PKG_VERSION")),
        CheckFormat::Github => github::github(sources, found),
        CheckFormat::Junit => junit::junit(sources, found),
    };
    terminal.print(&text)?;
    let first = found.iter().min_by_key(|diagnostic| diagnostic.level);
    if arguments.format == CheckFormat::Human
        && let Some(first) = first
    {
        terminal.note(&format!(
            "`attain explain {}` says more about the first {}",
            first.code,
            first.level.word()
        ));
    }
    let errors = diagnostics::Tally::of(found).errors;
    Ok(if errors > 0 { Exit::Broken } else { Exit::Fine })
}

/// How many errors the check would find in a catalogue today.
pub fn errors(parsed: &Parsed) -> u64 {
    diagnostics::Tally::of(&found(parsed, today())).errors
}

/// What is wrong or unwise in a catalogue: what reading it found, and the lints.
fn found(parsed: &Parsed, today: Date) -> Vec<Diagnostic> {
    let lint = |draft| attain_lint::lint(draft, &parsed.spans, &parsed.sources, today);
    let unwise = parsed.draft.iter().flat_map(lint);
    parsed.diagnostics.iter().cloned().chain(unwise).collect()
}

fn today() -> Date {
    jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
}

/// Each folder is a catalogue; files named one by one are one together.
fn catalogues(paths: &[PathBuf], terminal: &Terminal) -> Result<Vec<Vec<Input>>, Failure> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let (folders, files): (Vec<&PathBuf>, Vec<&PathBuf>) =
        paths.iter().partition(|path| path.is_dir());
    let mut catalogues = Vec::new();
    for folder in folders {
        let files = Files::of(Path::new(folder))?;
        files.tell(terminal);
        catalogues.push(files.inputs);
    }
    let loose: Vec<Input> = files
        .iter()
        .map(|path| catalogue::read(path))
        .collect::<Result<_, _>>()?;
    if let Some(first) = files.first() {
        catalogue::refuse_others(first, &loose)?;
    }
    tell_of_neighbours(&files, terminal);
    if !loose.is_empty() {
        catalogues.push(loose);
    }
    Ok(catalogues)
}

/// Somebody who names one file of a folder may not know that the others are part of what it means.
fn tell_of_neighbours(files: &[&PathBuf], terminal: &Terminal) {
    let folder = files.first().and_then(|file| file.parent());
    let Some(folder) = folder else {
        return;
    };
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let count = |path| Files::of(path).map_or(0, |files| files.inputs.len());
    if count(folder) > files.len() {
        terminal.note(&format!(
            "what is named stands alone: the other files of the folder are not read; with them it is attain check {}",
            catalogue::shown(folder)
        ));
    }
}

/// What was found in several catalogues, as if in one.
#[derive(Default)]
struct Report {
    sources: SourceMap,
    diagnostics: Vec<Diagnostic>,
}

impl Report {
    fn add(&mut self, inputs: &[Input], before: Option<&Parsed>, today: Date) {
        let parsed = parse(inputs);
        let mut found: Vec<Diagnostic> = before
            .map(|before| attain_spec::compare(before, &parsed))
            .unwrap_or_default();
        found.extend(self::found(&parsed, today));
        found.sort_by_key(|diagnostic| diagnostic.span);
        // Spans count files from the first of their own catalogue.
        let offset = u32::try_from(self.sources.files.len()).unwrap_or(u32::MAX);
        for diagnostic in &mut found {
            diagnostic.span.file = diagnostic.span.file.saturating_add(offset);
            for label in &mut diagnostic.labels {
                label.span.file = label.span.file.saturating_add(offset);
            }
        }
        self.sources.files.extend(parsed.sources.files);
        self.diagnostics.extend(found);
    }

    fn deny_warnings(&mut self) {
        for diagnostic in &mut self.diagnostics {
            if diagnostic.level == Level::Warning {
                diagnostic.level = Level::Error;
            }
        }
    }
}
