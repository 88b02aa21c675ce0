//! The reader's end: where text goes, how wide it is, whether it shows colours. The only place that writes.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::{Command, Stdio};

use anstream::{AutoStream, ColorChoice};
use attain_view::{Look, Tone};

use crate::cli::Color;
use crate::exit::Failure;

/// Columns where nobody says otherwise.
const COLUMNS: usize = 80;
/// Columns beyond which lines get hard to follow.
const COLUMNS_MOST: usize = 160;

/// Standard output and standard error, and how much is said on them.
pub struct Terminal {
    choice: ColorChoice,
    /// Say less: no progress, no hints.
    pub quiet: bool,
}

impl Terminal {
    /// Settings of a run.
    pub fn of(color: Color, quiet: bool) -> Self {
        let choice = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        Self { choice, quiet }
    }

    /// How standard output looks. Width and characters are asked for once, here.
    pub fn look(&self) -> Look {
        Look {
            width: columns(),
            color: self.shows_color(&io::stdout()),
            ascii: !speaks_unicode(),
        }
    }

    /// Writes to standard output. Whoever closed it has read enough, and that is no error.
    pub fn print(&self, text: &str) -> Result<(), Failure> {
        let mut out = AutoStream::new(io::stdout().lock(), self.choice);
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::new(format!(
                "cannot write to standard output: {error}"
            ))),
            _ => Ok(()),
        }
    }

    /// How standard error looks.
    pub fn look_of_errors(&self) -> Look {
        Look {
            color: self.shows_color(&io::stderr()),
            ..self.look()
        }
    }

    /// Writes to standard error as it is.
    pub fn print_error(&self, text: &str) {
        let mut out = AutoStream::new(io::stderr().lock(), self.choice);
        let _ = out.write_all(text.as_bytes());
    }

    /// What happens while something runs, on standard error, a line each, beginning with the time; not when quiet. A line
    /// that begins with two spaces belongs to the one before it.
    pub fn log(&self, now: jiff::Timestamp, lines: &[String]) {
        if self.quiet {
            return;
        }
        let now = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        for line in lines {
            self.print_error(&match line.starts_with("  ") {
                true => format!("{line}\n"),
                false => format!("{now} {line}\n"),
            });
        }
    }

    /// A remark beside the answer, on standard error; not when quiet.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.say(Tone::Quiet, "note", text);
        }
    }

    /// Why there is no answer, on standard error.
    pub fn complain(&self, failure: &Failure) {
        self.say(Tone::Bad, "error", &failure.what);
        if let Some(help) = &failure.help {
            self.say(Tone::Quiet, " help", help);
        }
    }

    /// Whether somebody watches standard error.
    pub fn is_watched(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Writes over the current line of standard error; an empty text clears it.
    pub fn progress(&self, text: &str) {
        let _ = write!(io::stderr().lock(), "\r\u{1b}[K{text}");
    }

    fn say(&self, tone: Tone, word: &str, text: &str) {
        let look = Look {
            color: self.shows_color(&io::stderr()),
            ..Look::plain()
        };
        let mut out = AutoStream::new(io::stderr().lock(), self.choice);
        // Nobody is left to tell when standard error is closed.
        let _ = writeln!(out, "{}: {text}", look.paint(tone, word));
    }

    fn shows_color(&self, stream: &impl anstream::stream::RawStream) -> bool {
        match self.choice {
            ColorChoice::Auto => AutoStream::choice(stream) != ColorChoice::Never,
            ColorChoice::Never => false,
            _ => true,
        }
    }
}

/// `COLUMNS` if it is set, else what the terminal says, else 80.
fn columns() -> usize {
    let said = std::env::var("COLUMNS").ok();
    said.and_then(|text| text.trim().parse().ok())
        .or_else(|| io::stdout().is_terminal().then(asked_columns).flatten())
        .map_or(COLUMNS, |columns: usize| columns.min(COLUMNS_MOST))
}

/// What `stty` says of the controlling terminal. Asking the kernel directly needs unsafe code or a crate for it.
fn asked_columns() -> Option<usize> {
    let terminal = std::fs::File::open("/dev/tty").ok()?;
    let output = Command::new("stty")
        .arg("size")
        .stdin(terminal)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace()
        .nth(1)?
        .parse()
        .ok()
        .filter(|columns| *columns > 0)
}

/// Whether the locale is UTF-8; the first of the three that is set decides, as in POSIX.
fn speaks_unicode() -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        })
}
