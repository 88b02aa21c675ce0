//! A small recording that must agree with what its clients saw, line by line in the log and in attain's reading of it.

use std::path::Path;

use super::script::{self, Request};
use super::{Recording, record};

const SEED: u64 = 7;
const REQUESTS: usize = 200;
const PLAY_SECONDS: f64 = 3.0;

/// Records 200 requests with a real nginx and compares; what was compared, or what disagrees.
pub fn check(program: &Path) -> Result<String, String> {
    let customers = script::customers(SEED);
    let day = sample(&script::requests(SEED, 20_000, &customers));
    let recording =
        record(program, SEED, &customers, &day, PLAY_SECONDS).map_err(|error| error.to_string())?;
    agree(&recording)?;
    Ok(format!(
        "record-shop --check: {} requests through a real nginx, log and clients agree",
        day.len()
    ))
}

/// 200 requests spread over the day: every fault's window is met by some.
fn sample(day: &[Request]) -> Vec<Request> {
    let step = day.len() / REQUESTS;
    day.iter().step_by(step).take(REQUESTS).copied().collect()
}

fn agree(recording: &Recording) -> Result<(), String> {
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
        assert!(agree(&recording(&[200; REQUESTS], 200)).is_ok());
        assert!(agree(&recording(&[200; REQUESTS], 502)).is_err());
        assert!(agree(&recording(&[200; REQUESTS - 1], 200)).is_err());
    }
}
