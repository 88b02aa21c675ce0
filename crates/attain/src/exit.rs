//! How a run ends. Scripts rely on the numbers: they are the same for every command, and each `--help` says what they
//! mean there.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

/// The outcome of a command that did its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: nothing to complain about.
    Fine,
    /// 1: what was looked at is not as it should be: a promise is broken, a check found errors.
    Broken,
    /// 2: the question could not be answered: wrong usage, unreadable input, a catalogue that is not valid.
    Unusable,
    /// 3: nothing is known to be broken, but too little is known to say that all is well.
    Unknown,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Fine => 0,
            Exit::Broken => 1,
            Exit::Unusable => 2,
            Exit::Unknown => 3,
        })
    }
}

/// Why a command could not do its work; ends in [`Exit::Unusable`].
#[derive(Debug)]
pub struct Failure {
    /// What failed, a lowercase fragment.
    pub what: String,
    /// What to do next.
    pub help: Option<String>,
}

impl Failure {
    /// A failure in words.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            help: None,
        }
    }

    /// The same, with advice.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// An error with all its causes.
    pub fn of(error: &dyn Error) -> Self {
        let mut what = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            what.push_str(": ");
            what.push_str(&cause.to_string());
            source = cause.source();
        }
        Self::new(what)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}
