//! The binary as a user meets it: arguments in, text and exit code out. Each test works in a folder of its own.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests start the binary and write its input"
)]

mod attribution;
mod bench;
mod cascade;
mod check;
mod ctrl_c;
mod damage;
mod data;
mod demo;
mod discover;
mod doctor;
mod failing_disk;
mod init;
mod kills;
mod manners;
mod readmes;
mod replay;
mod report;
mod served;
mod served_disk;
mod served_flood;
mod served_kills;
mod served_log;
mod served_status;
mod served_stops;
mod shop;
mod small;
mod statement;
mod status;
mod token;
mod warnings;
mod why;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A folder that is gone after the test.
struct Place(TempDir);

/// What a run came to.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    /// The names in a folder, hidden ones too, in order.
    fn files(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path().join(folder)).unwrap();
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<String> = entries
            .map(|entry| name(entry).into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }

    /// Invariant: the environment is the test's, so that a terminal's width or colours change nothing.
    fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        self.start(&mut command(self.0.path(), arguments), input)
    }

    /// With variables of the environment.
    fn run_in(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = command(self.0.path(), arguments);
        self.start(command.envs(variables.iter().copied()), "")
    }

    fn start(&self, command: &mut Command, input: &str) -> Ran {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that ends without reading its input closes the pipe; that is not the test's business.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ran = Ran {
            code: output.status.code().unwrap_or(-1),
            out: text(output.stdout),
            err: text(output.stderr),
        };
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        ran
    }
}

impl Ran {
    /// The exit code, with everything that was said if it is another.
    fn exits(&self, code: i32) -> &Self {
        assert_eq!(
            self.code, code,
            "--- out\n{}--- err\n{}",
            self.out, self.err
        );
        self
    }

    /// Whatever lines the words are wrapped into.
    fn says(&self, text: &str) -> &Self {
        let flat = self.out.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = self.out.contains(text) || flat.contains(text);
        assert!(said, "no `{text}` in\n{}--- err\n{}", self.out, self.err);
        self
    }

    fn complains(&self, text: &str) -> &Self {
        assert!(self.err.contains(text), "no `{text}` in\n{}", self.err);
        self
    }
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attain"));
    command
        .args(arguments)
        .current_dir(folder)
        .env("COLUMNS", "100")
        .env("LC_ALL", "C.UTF-8")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE");
    command
}

/// A catalogue with one SLO over events in a CSV file.
fn one_slo(target: &str) -> String {
    format!(
        "attain: 1\n\
         sources:\n  events: {{csv: {{files: [events.csv], layout: events, time: time, count: events}}}}\n\
         slos:\n  search-answers:\n    owner: search\n    indicator: {{log: events, bad: {{status: 5xx}}}}\n    \
         objectives: {{availability: {target}}}\n    window: 1d\n    coverage: 1%\n"
    )
}
