//! A small recording that must agree with what its clients saw: line by line in the log, and in the counts that
//! `attain status` reads out of it with the catalogue of examples/three-tiers.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::script::{self, Customer, Request, Sender, Tier};
use super::{Recording, gzip, record, roster};
use crate::{cargo, root};

const SEED: u64 = 7;
const REQUESTS: usize = 200;
const PLAY_SECONDS: f64 = 3.0;

/// Good and bad by scope: a segment of the catalogue, or `all`.
type Counts = BTreeMap<String, (u64, u64)>;

/// Records 200 requests with a real nginx and compares; what was compared, or what disagrees.
pub fn check(program: &Path) -> Result<String, String> {
    let customers = script::customers(SEED);
    let day = sample(&script::requests(SEED, 20_000, &customers), &customers);
    let recording = record(program, SEED, &customers, &day, PLAY_SECONDS)
        .map_err(|error| format!("recording: {error}"))?;
    lines_agree(&recording)?;
    let folder = root().join(format!("target/record-shop-check-{}", std::process::id()));
    let read = write_catalogue(&folder, &customers, &recording)
        .map_err(|error| format!("{}: {error}", folder.display()))
        .and_then(|()| status_of(&folder));
    let _ = fs::remove_dir_all(&folder);
    let read = counts_in(&read?, "checkout-completes", "availability");
    let seen = counts_seen(&day, &recording.statuses, &customers);
    if read != seen {
        return Err(format!(
            "of the checkouts the clients saw {seen:?}, attain read {read:?}"
        ));
    }
    let (good, bad) = seen.get("all").copied().unwrap_or_default();
    Ok(format!(
        "{} requests through a real nginx; clients, log and attain agree, on {} checkouts with {bad} bad per segment too",
        day.len(),
        good + bad,
    ))
}

/// 200 requests of the day: what meets the outage, premium while its pool is exhausted, and the rest evenly. A sample
/// in which nothing fails could hardly disagree.
fn sample(day: &[Request], customers: &[Customer]) -> Vec<Request> {
    let in_trouble = |request: &Request| {
        let premium = matches!(request.sender, Sender::Customer(index) if customers[index].tier == Tier::Premium);
        match request.at_ms / 60_000 {
            1_000 => true,
            580..605 => premium,
            _ => false,
        }
    };
    let (mut chosen, others): (Vec<_>, Vec<_>) = day.iter().copied().partition(in_trouble);
    chosen.truncate(REQUESTS);
    let left = REQUESTS - chosen.len();
    let step = others.len() / left.max(1);
    chosen.extend(others.into_iter().step_by(step).take(left));
    chosen.sort_by_key(|request| (request.at_ms, request.id));
    chosen
}

fn lines_agree(recording: &Recording) -> Result<(), String> {
    let mut seen = recording.statuses.clone();
    let mut logged: Vec<u16> = recording
        .lines
        .iter()
        .filter_map(|line| status(line))
        .collect();
    seen.sort_unstable();
    logged.sort_unstable();
    if recording.lines.len() != REQUESTS {
        return Err(format!(
            "{REQUESTS} requests were sent and {} lines logged",
            recording.lines.len()
        ));
    }
    if seen != logged {
        return Err(format!("the clients saw {seen:?}, the log says {logged:?}"));
    }
    Ok(())
}

/// The status of a combined log line: the first word after the quoted request.
fn status(line: &str) -> Option<u16> {
    line.split('"')
        .nth(2)?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

/// The example's catalogue with this recording's log and roster.
fn write_catalogue(folder: &Path, customers: &[Customer], recording: &Recording) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for name in ["company.yaml", "customer.yaml", "internal.yaml"] {
        fs::copy(
            root().join("examples/three-tiers").join(name),
            folder.join(name),
        )?;
    }
    fs::write(folder.join("customers.csv"), roster(customers)?)?;
    let text = recording.lines.join("\n") + "\n";
    fs::write(folder.join("access.log.gz"), gzip(text.into_bytes())?)
}

/// `attain status` of the day as JSON. The exit code tells of broken promises too, so only its text is looked at.
fn status_of(folder: &PathBuf) -> Result<String, String> {
    let output = Command::new(cargo())
        .args(["run", "--quiet", "-p", "attain", "--", "status"])
        .arg(folder)
        .args(["--at", "2026-11-03T00:00:00Z", "--format", "json"])
        .current_dir(root())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cargo run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if text.trim().is_empty() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        let last: Vec<&str> = complaint.trim().lines().rev().take(5).collect();
        return Err(format!(
            "attain status printed nothing; its last words, latest first: {}",
            last.join(" / ")
        ));
    }
    Ok(text)
}

/// Good and bad per scope of one objective, in the JSON that `attain status` prints with one key a line.
fn counts_in(json: &str, slo: &str, objective: &str) -> Counts {
    let mut counts = Counts::new();
    for entry in json.split("\"slo\": ").skip(1) {
        let after = |key: &str| {
            let (_, rest) = entry.split_once(&format!("\"{key}\": "))?;
            Some(
                rest.split([',', '\n', '}'])
                    .next()?
                    .trim()
                    .trim_matches('"')
                    .to_string(),
            )
        };
        let number = |key: &str| after(key).and_then(|text| text.parse::<u64>().ok());
        let of_slo = entry.starts_with(&format!("\"{slo}\""));
        if let (true, Some(of), Some(scope), Some(good), Some(bad)) = (
            of_slo,
            after("objective"),
            after("segment"),
            number("good"),
            number("bad"),
        ) && of == objective
        {
            counts.insert(scope, (good, bad));
        }
    }
    counts
}

/// What the clients saw of the checkouts. Requests without a customer belong to no segment, and to `all`.
fn counts_seen(day: &[Request], statuses: &[u16], customers: &[Customer]) -> Counts {
    let mut counts: Counts = [Tier::Premium, Tier::Standard, Tier::Free]
        .map(|tier| (tier.name().to_string(), (0, 0)))
        .into();
    counts.insert("all".into(), (0, 0));
    for (request, status) in day
        .iter()
        .zip(statuses)
        .filter(|(request, _)| request.is_checkout())
    {
        let tier = match request.sender {
            Sender::Customer(index) => Some(customers[index].tier.name()),
            Sender::Probe | Sender::RevokedKey | Sender::Nobody => None,
        };
        for scope in tier.into_iter().chain(["all"]) {
            let (good, bad) = counts.entry(scope.to_string()).or_default();
            *(if *status < 500 { good } else { bad }) += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(logged: &[u16], seen: u16) -> Recording {
        let line = |status: &u16| {
            format!(
                r#"127.0.0.1 - - [02/Nov/2026:00:00:00 +0000] "GET / HTTP/1.1" {status} 1 "-" "-" 0.001 "-""#
            )
        };
        Recording {
            lines: logged.iter().map(line).collect(),
            statuses: vec![seen; REQUESTS],
            seconds: 0.0,
            behind_seconds: 0.0,
        }
    }

    #[test]
    fn a_log_that_disagrees_is_found() {
        assert!(lines_agree(&recording(&[200; REQUESTS], 200)).is_ok());
        assert!(lines_agree(&recording(&[200; REQUESTS], 502)).is_err());
        assert!(lines_agree(&recording(&[200; REQUESTS - 1], 200)).is_err());
    }

    #[test]
    fn the_sample_meets_the_faults() {
        let customers = script::customers(SEED);
        let chosen = sample(&script::requests(SEED, 20_000, &customers), &customers);
        assert_eq!(chosen.len(), REQUESTS);
        let during = |minutes: std::ops::Range<u32>| {
            chosen
                .iter()
                .filter(|request| minutes.contains(&(request.at_ms / 60_000)))
                .count()
        };
        assert!(
            during(1_000..1_001) >= 3,
            "{} meet the outage",
            during(1_000..1_001)
        );
        assert!(during(580..605) >= 10, "{} meet the pool", during(580..605));
    }

    #[test]
    fn the_counts_of_one_objective_are_found_in_the_json() {
        let json = r#"{
  "verdicts": [
    {
      "slo": "a",
      "objective": "availability",
      "segment": "premium",
      "goal": {
        "text": "99.9%"
      },
      "good": 7,
      "bad": 1,
      "total": 8
    },
    {
      "slo": "a",
      "objective": "latency",
      "segment": "premium",
      "good": 5,
      "bad": 3
    },
    {
      "slo": "b",
      "objective": "availability",
      "segment": "all",
      "good": 1,
      "bad": 0
    }
  ],
  "masked": [
    {
      "slo": "a",
      "objective": "availability",
      "segment": "free"
    }
  ]
}"#;
        assert_eq!(
            counts_in(json, "a", "availability"),
            Counts::from([("premium".into(), (7, 1))])
        );
    }

    #[test]
    fn the_clients_count_by_segment_and_together() {
        let customers = script::customers(SEED);
        let day = script::requests(SEED, 2_000, &customers);
        let mut statuses = vec![200; day.len()];
        let first = day.iter().position(Request::is_checkout).unwrap();
        statuses[first] = 503;
        let counts = counts_seen(&day, &statuses, &customers);
        let (good, bad) = counts["all"];
        assert_eq!(bad, 1);
        assert_eq!(
            good + bad,
            day.iter().filter(|request| request.is_checkout()).count() as u64
        );
        assert!(counts["premium"].0 > 0 && counts["standard"].0 > counts["premium"].0);
    }
}
