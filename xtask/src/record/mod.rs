//! `cargo xtask record-shop`: records examples/three-tiers/access.log.gz from a real nginx.
//!
//! nginx, the connections, the waiting and the measured durations are real; the day is a script that is
//! played faster than the clock, and the log carries the script's instants. See the example's README.

mod check;
mod driver;
mod nginx;
mod script;
mod upstream;

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::root;
use script::{Customer, DAY_SECONDS, Request};

pub use check::check;

const SEED: u64 = 20_261_102;
const REQUESTS: u32 = 150_000;
const PLAY_SECONDS: f64 = 300.0;

/// `cargo xtask record-shop [--check] [--seed N]`.
pub fn command(arguments: &[String]) -> Result<(), String> {
    let mut seed = SEED;
    let mut only_check = false;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--check" => only_check = true,
            "--seed" => {
                let value = rest.next().ok_or("--seed needs a number")?;
                seed = value
                    .parse()
                    .map_err(|_| format!("`{value}` is not a seed: write a whole number"))?;
            }
            other => {
                return Err(format!(
                    "`{other}` is not an argument of record-shop: see `cargo xtask help`"
                ));
            }
        }
    }
    let program = nginx::find_or_install()?;
    if only_check {
        println!("{}", check(&program)?);
        return Ok(());
    }
    let customers = script::customers(seed);
    let day = script::requests(seed, REQUESTS, &customers);
    let recording = record(&program, seed, &customers, &day, PLAY_SECONDS)
        .map_err(|error| error.to_string())?;
    let example = root().join("examples/three-tiers");
    write_example(&example, &customers, &recording.lines).map_err(|error| error.to_string())?;
    println!("{}", recording.summary());
    Ok(())
}

/// nginx, if there is one or one can be installed; or why not.
pub fn find_or_install_nginx() -> Result<PathBuf, String> {
    nginx::find_or_install()
}

/// What nginx wrote, and what the clients saw.
pub struct Recording {
    /// The access log's lines, sorted by their time stamp.
    pub lines: Vec<String>,
    /// The status that each client saw, in the order of the requests.
    pub statuses: Vec<u16>,
    seconds: f64,
    behind_seconds: f64,
}

impl Recording {
    fn summary(&self) -> String {
        let mut by_status: Vec<(u16, usize)> = Vec::new();
        for &status in &self.statuses {
            match by_status.iter_mut().find(|(seen, _)| *seen == status) {
                Some((_, count)) => *count += 1,
                None => by_status.push((status, 1)),
            }
        }
        by_status.sort_unstable();
        let statuses: Vec<String> = by_status
            .iter()
            .map(|(status, count)| format!("{status}: {count}"))
            .collect();
        format!(
            "{} lines recorded in {:.0} s, at most {:.3} s behind the script; {}",
            self.lines.len(),
            self.seconds,
            self.behind_seconds,
            statuses.join(", ")
        )
    }
}

/// Plays `requests` through a fresh nginx within about `play_seconds`.
pub fn record(
    program: &Path,
    seed: u64,
    customers: &[Customer],
    requests: &[Request],
    play_seconds: f64,
) -> io::Result<Recording> {
    let tiers: HashMap<_, _> = customers
        .iter()
        .map(|customer| (customer.key.clone(), customer.tier))
        .collect();
    let upstream = upstream::start(seed, tiers)?;
    let prefix = root().join(format!("target/record-shop-{}", std::process::id()));
    let nginx = nginx::Nginx::start(program, &prefix, upstream)?;
    let start = Instant::now();
    let speed = f64::from(DAY_SECONDS) / play_seconds;
    let played = driver::play(nginx.address, speed, requests, customers);
    let seconds = start.elapsed().as_secs_f64();
    let log = nginx.access_log.clone();
    nginx.quit()?;
    // nginx logs when it has answered. Played this fast, a second of waiting is minutes of the script, so
    // the order of the lines says nothing; the order of their time stamps does.
    let mut lines: Vec<String> = fs::read_to_string(log)?
        .lines()
        // The probe by which the start waited for nginx leaves no line, but a line without a time would.
        .filter(|line| line.contains(script::DATE))
        .map(str::to_string)
        .collect();
    lines.sort_by(|a, b| stamp(a).cmp(stamp(b)));
    fs::remove_dir_all(&prefix)?;
    Ok(Recording {
        lines,
        statuses: played.statuses,
        seconds,
        behind_seconds: played.behind.as_secs_f64(),
    })
}

/// The text between the first `[` and the first `]`; within one day it sorts as time does.
fn stamp(line: &str) -> &str {
    let from = line.find('[').unwrap_or(0);
    line[from..].split(']').next().unwrap_or("")
}

fn write_example(example: &Path, customers: &[Customer], lines: &[String]) -> io::Result<()> {
    fs::create_dir_all(example)?;
    fs::write(example.join("faults.txt"), script::faults_table())?;
    fs::write(example.join("customers.csv"), roster(customers)?)?;
    let mut text = lines.join("\n");
    text.push('\n');
    fs::write(example.join("access.log.gz"), gzip(text.into_bytes())?)
}

/// The roster: who holds which key, the key only as its SHA-256.
pub fn roster(customers: &[Customer]) -> io::Result<String> {
    let mut text = String::from("account_id,plan,mrr,key_sha256\n");
    for customer in customers {
        let hash = through("sha256sum", &[], customer.key.clone().into_bytes())?;
        let hash = String::from_utf8_lossy(&hash);
        let hash = hash.split(' ').next().unwrap_or("");
        text.push_str(&format!(
            "{},{},{},{hash}\n",
            customer.account,
            customer.tier.name(),
            customer.fee
        ));
    }
    Ok(text)
}

/// Compressed without name and time, so that the same lines give the same bytes.
pub fn gzip(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    through("gzip", &["-9", "-n"], bytes)
}

/// What `program` prints for `input`. The input is written by a thread, so that neither side waits for the other.
pub fn through(program: &str, arguments: &[&str], input: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| io::Error::new(error.kind(), format!("{program}: {error}")))?;
    let mut stdin = child
        .stdin
        .take()
        .ok_or_else(|| io::Error::other("no input"))?;
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output()?;
    writer
        .join()
        .map_err(|_| io::Error::other("the writer ended early"))??;
    if !output.status.success() {
        return Err(io::Error::other(format!("{program} failed")));
    }
    Ok(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roster_holds_hashes_and_no_key() {
        let text = roster(&script::customers(SEED)).unwrap();
        assert_eq!(text.lines().count(), 1 + 44);
        assert!(!text.contains("pk_"), "a key stands in the roster");
        let hash = text
            .lines()
            .nth(1)
            .and_then(|line| line.rsplit(',').next())
            .unwrap();
        assert_eq!(hash.len(), 64);
    }

    #[test]
    fn lines_sort_by_their_time_stamp() {
        let line = r#"127.0.0.1 - - [02/Nov/2026:09:40:07 +0000] "GET / HTTP/1.1" 200 1"#;
        assert_eq!(stamp(line), "[02/Nov/2026:09:40:07 +0000");
        assert_eq!(stamp("no stamp"), "no stamp");
    }
}
