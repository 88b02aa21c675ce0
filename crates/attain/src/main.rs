//! The binary: arguments, exit codes, the clock, wiring. Everything else is in the crates it calls.
//!
//! Knows which command was asked for and turns its outcome into an exit code; each command is a file of its name.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the binary is where files, the clock and the environment are"
)]

mod allocate;
mod asked;
mod attribution;
mod bench;
mod cascade;
mod catalogue;
mod check;
mod cli;
mod counts_csv;
mod data;
mod demo;
mod discover;
mod doctor;
mod exit;
mod explain;
mod facts;
mod file;
mod fmt;
mod init;
mod keeper;
mod markdown;
mod moment;
mod overview;
mod owner;
mod progress;
mod replay;
mod report;
mod schema;
mod serve;
mod statement;
mod status;
mod terminal;
mod test;
mod token;
mod warnings;
mod whose;
mod why;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no mistakes; clap knows which is which. A closed pipe is nobody's mistake.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let terminal = Terminal::of(cli.color, cli.quiet);
    let exit = match run(cli.command, &terminal) {
        Ok(exit) => exit,
        Err(failure) => {
            terminal.complain(&failure);
            Exit::Unusable
        }
    };
    exit.into()
}

fn run(command: Option<Command>, terminal: &Terminal) -> Result<Exit, Failure> {
    match command {
        None => overview::run(terminal),
        Some(Command::Allocate(arguments)) => allocate::run(&arguments, terminal),
        Some(Command::Cascade(arguments)) => cascade::run(&arguments, terminal),
        Some(Command::Bench(arguments)) => bench::run(&arguments, terminal),
        Some(Command::Check(arguments)) => check::run(&arguments, terminal),
        Some(Command::Data(arguments)) => data::run(&arguments, terminal),
        Some(Command::Doctor(arguments)) => doctor::run(&arguments, terminal),
        Some(Command::Explain(arguments)) => explain::run(&arguments, terminal),
        Some(Command::Fmt(arguments)) => fmt::run(&arguments, terminal),
        Some(Command::Init(arguments)) => init::run(&arguments, terminal),
        Some(Command::Owner(arguments)) => owner::run(&arguments, terminal),
        Some(Command::Replay(arguments)) => replay::run(&arguments, terminal),
        Some(Command::Report(arguments)) => report::run(&arguments, terminal),
        Some(Command::Schema(arguments)) => schema::run(&arguments, terminal),
        Some(Command::Serve(arguments)) => serve::run(&arguments, terminal),
        Some(Command::Statement(arguments)) => statement::run(&arguments, terminal),
        Some(Command::Status(arguments)) => status::run(&arguments, terminal),
        Some(Command::Why(arguments)) => why::run(&arguments, terminal),
        Some(Command::Token(arguments)) => token::run(&arguments, terminal),
        Some(Command::Test(arguments)) => test::run(&arguments, terminal),
        Some(Command::Attribution(arguments)) => attribution::run(&arguments, terminal),
        Some(Command::Demo(arguments)) => demo::run(&arguments, terminal),
        Some(Command::Discover(arguments)) => discover::run(&arguments, terminal),
        Some(Command::Warnings(arguments)) => warnings::run(&arguments, terminal),
    }
}
