//! `cargo xtask test`: every claim at its small size, and one line that says how many.
//!
//! Runs plain `cargo test` once over the workspace, then the peers: checks that need a real program of
//! somebody else's. What is skipped is counted and says why.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::peers::{self, Outcome, PEERS};
use crate::{cargo, root};

/// Skips that are allowed even where peers are required: `name: reason`, one a line.
const ALLOWED_SKIPS: &str = "xtask/skips.txt";

/// What was counted so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Count {
    passed: usize,
    failed: usize,
    skipped: usize,
    /// Names of what failed, or why the run failed without a test's name.
    failures: Vec<String>,
}

/// What is run.
enum Stages<'a> {
    All,
    WithoutPeers,
    /// Only peers: all of them, or those whose names contain this.
    OnlyPeers(Option<&'a str>),
}

/// `cargo xtask test [--fast | --peers [NAME]]`. Prints `N passed, N failed, N skipped` as its last line.
pub fn command(arguments: &[String]) -> Result<(), String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let stages = match words.as_slice() {
        [] => Stages::All,
        ["--fast"] => Stages::WithoutPeers,
        ["--peers"] => Stages::OnlyPeers(None),
        ["--peers", name] => Stages::OnlyPeers(Some(name)),
        [other, ..] => {
            return Err(format!(
                "`{other}` is not an argument of test: see `cargo xtask help`"
            ));
        }
    };
    let mut count = Count::default();
    let start = Instant::now();
    if !matches!(stages, Stages::OnlyPeers(_)) {
        count = workspace_tests()?;
        println!("stage tests: {}", minutes(start));
    }
    let start = Instant::now();
    match stages {
        Stages::WithoutPeers => {
            count.skipped += PEERS.len();
            println!("stage peers: left out (--fast)");
        }
        Stages::All => run_peers(None, &mut count)?,
        Stages::OnlyPeers(named) => run_peers(named, &mut count)?,
    }
    println!("stage peers: {}", minutes(start));
    for failure in &count.failures {
        println!("FAILED {failure}");
    }
    println!("{}", count.line());
    if count.failed > 0 {
        std::process::exit(1);
    }
    Ok(())
}

/// `0.4 min`.
pub fn minutes(start: Instant) -> String {
    format!("{:.1} min", start.elapsed().as_secs_f64() / 60.0)
}

impl Count {
    fn line(&self) -> String {
        format!(
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }

    fn fail(&mut self, what: String) {
        self.failed += 1;
        self.failures.push(what);
    }
}

fn workspace_tests() -> Result<Count, String> {
    let mut child = Command::new(cargo())
        .args(["test", "--workspace", "--no-fail-fast", "--color", "never"])
        .current_dir(root())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cargo test: {error}"))?;
    let stdout = child.stdout.take().ok_or("cargo test: no output")?;
    let lines: Vec<String> = BufReader::new(stdout)
        .lines()
        .map_while(Result::ok)
        .collect();
    let status = child
        .wait()
        .map_err(|error| format!("cargo test: {error}"))?;
    let mut count = tally(&lines);
    if !status.success() && count.failed == 0 {
        count.fail("cargo test ended without running everything; see above".into());
    }
    if count.passed + count.failed == 0 {
        count.fail("no test ran".into());
    }
    if count.failed > 0 {
        for line in &lines {
            println!("{line}");
        }
    }
    Ok(count)
}

/// Adds up the `test result:` lines and collects the names of the tests that failed.
fn tally(lines: &[String]) -> Count {
    let mut count = Count::default();
    for line in lines {
        if let Some(result) = line.strip_prefix("test result: ") {
            let number = |unit: &str| {
                let before = result.split(&format!(" {unit}")).next().unwrap_or("");
                before
                    .rsplit(' ')
                    .next()
                    .and_then(|number| number.parse().ok())
                    .unwrap_or(0)
            };
            count.passed += number("passed");
            count.failed += number("failed");
            count.skipped += number("ignored");
        } else if let Some(name) = line
            .strip_prefix("test ")
            .and_then(|rest| rest.strip_suffix(" ... FAILED"))
        {
            count.failures.push(name.to_string());
        }
    }
    count
}

fn run_peers(named: Option<&str>, count: &mut Count) -> Result<(), String> {
    let required = std::env::var_os("ATTAIN_REQUIRE_PEERS").is_some_and(|value| value == "1");
    let allowed = fs::read_to_string(root().join(ALLOWED_SKIPS))
        .map_err(|error| format!("{ALLOWED_SKIPS}: {error}"))?;
    for (name, outcome) in peers::run(named) {
        judge(name, outcome, required, &allowed, count);
    }
    Ok(())
}

/// Counts an outcome. Where peers are required, a skip that nobody wrote down is a failure.
fn judge(name: &str, outcome: Outcome, required: bool, allowed: &str, count: &mut Count) {
    match outcome {
        Outcome::Passed(says) => {
            count.passed += 1;
            println!("peer {name}: {says}");
        }
        Outcome::Failed(says) => count.fail(format!("{name}: {says}")),
        Outcome::Skipped(reason) if required && !is_allowed(name, allowed) => {
            count.fail(format!(
                "{name}: skipped ({reason}), and not in {ALLOWED_SKIPS}"
            ));
        }
        Outcome::Skipped(reason) => {
            count.skipped += 1;
            println!("peer {name}: skipped: {reason}");
        }
    }
}

/// Whether the list of skips holds the name with a reason. Lines that begin with `#` are comments.
fn is_allowed(name: &str, list: &str) -> bool {
    list.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(": "))
        .any(|(listed, reason)| listed == name && !reason.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_string).collect()
    }

    #[test]
    fn the_results_of_all_binaries_are_added_up() {
        let count = tally(&lines(
            "running 3 tests\n\
             test a::b ... ok\n\
             test a::c ... FAILED\n\
             test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
             test result: ok. 40 passed; 0 failed; 5 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        ));
        assert_eq!(count.line(), "42 passed, 1 failed, 5 skipped");
        assert_eq!(count.failures, ["a::c"]);
    }

    #[test]
    fn a_skip_fails_where_peers_are_required_unless_it_is_written_down() {
        let judged = |required, allowed: &str| {
            let mut count = Count::default();
            judge(
                "nginx",
                Outcome::Skipped("not there".into()),
                required,
                allowed,
                &mut count,
            );
            count.line()
        };
        assert_eq!(judged(false, ""), "0 passed, 0 failed, 1 skipped");
        assert_eq!(judged(true, ""), "0 passed, 1 failed, 0 skipped");
        assert_eq!(
            judged(true, "nginx: cannot be had here"),
            "0 passed, 0 failed, 1 skipped"
        );
        assert_eq!(judged(true, "nginx: "), "0 passed, 1 failed, 0 skipped");
        assert_eq!(
            judged(true, "# nginx: a comment"),
            "0 passed, 1 failed, 0 skipped"
        );
    }

    #[test]
    fn a_peer_that_disagrees_is_a_failure() {
        let mut count = Count::default();
        judge(
            "nginx",
            Outcome::Failed("200 sent, 199 logged".into()),
            false,
            "",
            &mut count,
        );
        assert_eq!(count.line(), "0 passed, 1 failed, 0 skipped");
    }
}
