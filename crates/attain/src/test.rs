//! `attain test`: runs scenarios. Knows where they are; what they mean is attain-scenario's.

use std::path::{Path, PathBuf};

use attain_scenario::{Report, summary};
use attain_spec::Input;
use attain_view::Tone;

use crate::catalogue::{self, Files, is_hidden, shown};
use crate::cli::TestArguments;
use crate::exit::{Exit, Failure};
use crate::file::replace;
use crate::terminal::Terminal;

/// Folders in which no project keeps scenarios of its own.
const NOT_INTO: &[&str] = &["target", "node_modules"];

/// Runs the command.
pub fn run(arguments: &TestArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let here = [PathBuf::from(".")];
    let paths = if arguments.paths.is_empty() {
        &here
    } else {
        &arguments.paths[..]
    };
    let mut files = Vec::new();
    for path in paths {
        find(path, true, &mut files)?;
    }
    if files.is_empty() {
        return Err(Failure::new("no .scenario file here")
            .help("name files or folders, or write one: docs/reference/scenarios.md"));
    }
    let mut reports = Vec::new();
    for file in &files {
        let report = run_one(file)?;
        terminal.print(&told(&report, arguments.update, terminal))?;
        if arguments.update {
            update(file, &report, terminal)?;
        }
        reports.push(report);
    }
    let mended = |report: &Report| {
        arguments.update
            && report
                .failures
                .iter()
                .all(|failure| failure.mended_by_update)
    };
    let failed = reports
        .iter()
        .any(|report| !report.failures.is_empty() && !mended(report));
    let look = terminal.look();
    let tone = if failed { Tone::Bad } else { Tone::Good };
    if failed || !terminal.quiet {
        terminal.print(&(look.paint(tone, &summary(&reports)) + "\n"))?;
    }
    if failed && !arguments.update {
        terminal.note("if the new answers are right: attain test --update");
    }
    Ok(if failed { Exit::Broken } else { Exit::Fine })
}

/// `.scenario` files at any depth below a folder, in the order of their names; a file that is named is meant.
fn find(path: &Path, named: bool, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if !path.is_dir() {
        let is_scenario = path.extension().is_some_and(|end| end == "scenario");
        if named || is_scenario {
            files.push(path.to_owned());
        }
        return Ok(());
    }
    let skipped = !named
        && (is_hidden(path)
            || path
                .file_name()
                .is_some_and(|name| NOT_INTO.iter().any(|not| name == *not)));
    // A link to a folder may lead back here.
    if skipped || (!named && path.is_symlink()) {
        return Ok(());
    }
    let mut entries = catalogue::list(path)?;
    entries.sort();
    for entry in entries {
        find(&entry, false, files)?;
    }
    Ok(())
}

fn run_one(file: &Path) -> Result<Report, Failure> {
    let input = catalogue::read(file)?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut load = |path: &str| -> Result<Vec<Input>, String> {
        // A catalogue stands beside its scenario, or where the command was called.
        let beside = folder.join(path);
        let found = if beside.exists() {
            beside
        } else {
            PathBuf::from(path)
        };
        Files::of(&found)
            .map(|files| files.inputs)
            .map_err(|failure| failure.what)
    };
    Ok(attain_scenario::run(&input.name, &input.text, &mut load))
}

fn told(report: &Report, update: bool, terminal: &Terminal) -> String {
    if report.failures.is_empty() || update {
        return String::new();
    }
    let look = terminal.look();
    report
        .to_string()
        .lines()
        .map(|line| {
            let tone = match line.trim_start().chars().next() {
                _ if !line.starts_with(' ') => Tone::Strong,
                Some('-') => Tone::Bad,
                Some('+') => Tone::Good,
                _ => Tone::Plain,
            };
            look.paint(tone, line) + "\n"
        })
        .collect()
}

fn update(file: &Path, report: &Report, terminal: &Terminal) -> Result<(), Failure> {
    for failure in report
        .failures
        .iter()
        .filter(|failure| !failure.mended_by_update)
    {
        terminal.print(&format!(
            "{}:{}: {}\n",
            report.name, failure.line, failure.what
        ))?;
    }
    let changed = report
        .failures
        .iter()
        .any(|failure| failure.mended_by_update);
    if !changed {
        return Ok(());
    }
    replace(file, &report.updated_text)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", shown(file))))?;
    terminal.print(&format!("rewrote {}\n", shown(file)))
}
