//! `attain init`: a first catalogue. Knows how to ask and where to write; what a file of telemetry says of itself is
//! attain-sources'.

mod blank;
mod found;
mod pulled;
mod reach;

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use attain_model::Level;
use attain_spec::{Input, parse};

use crate::catalogue::shown;
use crate::cli::InitArguments;
use crate::exit::{Exit, Failure};
use crate::file::replace;
use crate::terminal::Terminal;

/// The one file that is written.
const FILE: &str = "catalogue.yaml";

/// Runs the command.
pub fn run(arguments: &InitArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let dir = arguments
        .out
        .as_ref()
        .or(arguments.dir.as_ref())
        .cloned()
        .unwrap_or_else(|| PathBuf::from("."));
    let target = if dir == Path::new(".") {
        PathBuf::from(FILE)
    } else {
        dir.join(FILE)
    };
    refuse_overwriting(&target, arguments.force)?;
    match &arguments.from {
        Some(url) if pulled::is_url(url) => {
            let url = url.to_string_lossy();
            pulled::run(&url, &dir, &target, arguments, terminal)
        }
        Some(file) if !file.exists() && pulled::lacks_scheme(file) => {
            let text = shown(file);
            Err(
                Failure::new(format!("there is no file {text}")).help(format!(
                    "an API needs its scheme: attain init --from http://{text}"
                )),
            )
        }
        Some(file) => {
            reach::refuse_for_files(arguments)?;
            found::run(file, &dir, &target, arguments, terminal)
        }
        None => blank::run(&dir, &target, arguments, terminal),
    }
}

fn refuse_overwriting(target: &Path, force: bool) -> Result<(), Failure> {
    if target.exists() && !force {
        return Err(Failure::new(format!("{} is there already", shown(target)))
            .help("name another folder, or overwrite it with --force"));
    }
    Ok(())
}

/// An answer such as `Premium!` as a segment would make a file that attain itself refuses.
fn refuse_invalid(text: &str) -> Result<(), Failure> {
    let input = Input {
        name: FILE.to_owned(),
        text: text.to_owned(),
    };
    let parsed = parse(&[input]);
    match parsed
        .diagnostics
        .iter()
        .find(|diagnostic| diagnostic.level == Level::Error)
    {
        None => Ok(()),
        Some(error) => {
            let failure = Failure::new(error.cause.clone());
            Err(match &error.help {
                Some(help) => failure.help(help.clone()),
                None => failure,
            })
        }
    }
}

/// Invariant: a file that is there is never overwritten unless asked for, not even one that came in between.
fn write(dir: &Path, target: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        if error.kind() == ErrorKind::AlreadyExists {
            Failure::new(format!("{} is there already", shown(target)))
                .help("name another folder, or overwrite it with --force")
        } else {
            Failure::new(format!("cannot write {}: {error}", shown(target)))
        }
    };
    fs::create_dir_all(dir).map_err(failed)?;
    if force {
        return replace(target, text).map_err(failed);
    }
    let fresh = OpenOptions::new().write(true).create_new(true).open(target);
    fresh
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(failed)
}

/// Whether somebody is there to answer.
fn may_ask(arguments: &InitArguments) -> bool {
    !arguments.yes && io::stdin().is_terminal() && io::stdout().is_terminal()
}

fn ask_for(question: &str, default: &str) -> Result<String, Failure> {
    let failed = |error: io::Error| Failure::new(format!("cannot ask: {error}")).help("use --yes");
    let mut out = io::stdout().lock();
    write!(out, "{question} [{default}]: ")
        .and_then(|()| out.flush())
        .map_err(failed)?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(failed)?;
    let answer = line.trim();
    Ok(if answer.is_empty() { default } else { answer }.to_owned())
}
