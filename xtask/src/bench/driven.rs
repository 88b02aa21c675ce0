//! An example that does what it is told: it makes its input, then answers commands. Knows its CPU time between two
//! answers, read from outside while it waits; knows nothing of what it does.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The example at work; ended when it is let go.
pub struct Driven {
    name: String,
    child: Child,
    says: BufReader<ChildStdout>,
    hears: ChildStdin,
}

impl Driven {
    /// Starts it; it says `hello` once its input is made.
    pub fn start(example: &Path, arguments: &[u64], hello: &str) -> Result<Self, String> {
        let name = example.file_name().unwrap_or_default().to_string_lossy();
        let mut child = Command::new(example)
            .args(arguments.iter().map(u64::to_string))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", example.display()))?;
        let (Some(says), Some(hears)) = (child.stdout.take(), child.stdin.take()) else {
            return Err(format!("the example `{name}` has no pipes"));
        };
        let mut driven = Self {
            name: name.into_owned(),
            child,
            says: BufReader::new(says),
            hears,
        };
        let said = driven.hear()?;
        if said != hello {
            return Err(format!("the example `{}` says: {said}", driven.name));
        }
        Ok(driven)
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The answer to a command and the milliseconds of CPU that it took.
    pub fn ask(&mut self, command: &str) -> Result<(String, f64), String> {
        let before = self.cpu()?;
        writeln!(self.hears, "{command}").map_err(|error| format!("{command}: {error}"))?;
        let said = self.hear()?;
        Ok((said, self.cpu()? - before))
    }

    fn hear(&mut self) -> Result<String, String> {
        let mut line = String::new();
        match self.says.read_line(&mut line) {
            Ok(0) => Err(format!("the example `{}` ended early", self.name)),
            Ok(_) => Ok(line.trim().to_string()),
            Err(error) => Err(format!("the example `{}`: {error}", self.name)),
        }
    }

    /// Milliseconds of CPU so far. It waits for a command by then: what runs is not counted to the end.
    fn cpu(&self) -> Result<f64, String> {
        std::thread::sleep(Duration::from_millis(20));
        let path = format!("/proc/{}/schedstat", self.child.id());
        let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let first = text.split_whitespace().next();
        let nanoseconds = first.and_then(|first| first.parse::<u64>().ok());
        nanoseconds
            .map(|nanoseconds| nanoseconds as f64 / 1e6)
            .ok_or_else(|| format!("{path} is not as expected"))
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The least, the middle (of an even count the upper one) and the most.
pub fn spread(numbers: &[f64]) -> (f64, f64, f64) {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |place: usize| sorted.get(place).copied().unwrap_or(0.0);
    (
        at(0),
        at(sorted.len() / 2),
        at(sorted.len().saturating_sub(1)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_of_nothing_is_nothing() {
        assert_eq!(spread(&[]), (0.0, 0.0, 0.0));
        assert_eq!(spread(&[3.0, 1.0, 2.0]), (1.0, 2.0, 3.0));
    }
}
