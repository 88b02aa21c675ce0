//! Health checks in a log: requests so regular that their absence says that the log was not being written. Knows paths
//! and instants; knows no format.

use std::collections::BTreeMap;
use std::time::Duration;

use attain_model::Interval;
use jiff::Timestamp;

/// Paths by which health checks go.
const NAMES: &[&str] = &[
    "/health",
    "/healthz",
    "/healthcheck",
    "/health-check",
    "/healthz/live",
    "/livez",
    "/live",
    "/liveness",
    "/readyz",
    "/ready",
    "/readiness",
    "/ping",
    "/up",
    "/status",
    "/_health",
    "/heartbeat",
    "/probe",
];

/// Health checks seen so far, by path.
#[derive(Debug, Default)]
pub(crate) struct Probes(BTreeMap<String, Probe>);

#[derive(Debug)]
struct Probe {
    count: u64,
    first: Timestamp,
    last: Timestamp,
    longest_gap_seconds: i64,
}

impl Probes {
    /// Takes a request; gives the path of a health check.
    pub(crate) fn take<'p>(&mut self, path: &'p str, time: Timestamp) -> Option<&'p str> {
        let path = path.split(['?', '#']).next().unwrap_or("");
        if !NAMES.contains(&path) {
            return None;
        }
        let Some(probe) = self.0.get_mut(path) else {
            let probe = Probe {
                count: 1,
                first: time,
                last: time,
                longest_gap_seconds: 0,
            };
            self.0.insert(path.to_owned(), probe);
            return Some(path);
        };
        probe.count += 1;
        let gap = time.as_second() - probe.last.as_second();
        probe.longest_gap_seconds = probe.longest_gap_seconds.max(gap);
        probe.last = probe.last.max(time);
        Some(path)
    }

    /// The most frequent health check that came all the time, and within which time one always did, with room for one
    /// that was missed.
    pub(crate) fn heartbeat(&self, span: Interval) -> Option<(String, Duration)> {
        const FEWEST: u64 = 10;
        const STEPS_SECONDS: &[i64] = &[10, 30, 60, 120, 300, 600];
        let (path, probe) = self.0.iter().max_by_key(|(_, probe)| probe.count)?;
        let covered = probe.last.as_second() - probe.first.as_second();
        let whole = span.end.as_second() - span.start.as_second();
        if probe.count < FEWEST || covered * 10 < whole * 9 {
            return None;
        }
        let wanted = (2 * probe.longest_gap_seconds).max(1);
        let every = STEPS_SECONDS.iter().find(|step| **step >= wanted)?;
        Some((
            path.clone(),
            Duration::from_secs(u64::try_from(*every).ok()?),
        ))
    }
}
