//! Who spent the budget, for programs. Knows the shape that they rely on; a change of meaning changes `version`.

use jiff::Timestamp;
use serde::Serialize;

use super::{Account, Earlier, Episode, Finding, Suspect, Why};
use crate::json::pretty;
use crate::number;

/// The version of the shape.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Answer<'a> {
    version: u32,
    as_of: String,
    looked_back: String,
    findings: Vec<Found<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Found<'a> {
    slo: &'a str,
    objective: &'a str,
    segment: String,
    /// `named`, `weak`, `little` (nothing unusual, or too little to tell), `nothing` (no more was lost than is allowed).
    answer: &'static str,
    episode: Option<Lost<'a>>,
    /// Losses before that one, oldest first.
    earlier: Vec<Before<'a>>,
    /// When its budget is back, if nothing else goes bad.
    budget_back_at: Option<String>,
}

#[derive(Serialize)]
struct Before<'a> {
    start: String,
    end: String,
    good: u64,
    bad: u64,
    /// Of the newest few, if the evidence names anybody.
    started_in: Option<&'a str>,
}

#[derive(Serialize)]
struct Lost<'a> {
    start: String,
    end: String,
    good: u64,
    bad: u64,
    beyond_usual: f64,
    budget_share: Option<f64>,
    as_bad_before: Option<f64>,
    accounts: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    lost: f64,
    named: Option<&'a str>,
    /// As of when, where the newest look at the same loss names nobody.
    named_at: Option<String>,
    suspects: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    slo: &'a str,
    score: f64,
    lost: f64,
    sigmas: f64,
    share: f64,
    explained: f64,
    explained_by: &'a [String],
    path: &'a [String],
    owners: &'a [String],
    runbook: Option<&'a str>,
}

/// The answer for programs.
#[must_use]
pub fn why_json(answer: &Why) -> String {
    pretty(&Answer {
        version: VERSION,
        as_of: instant(answer.instant),
        looked_back: number::about(answer.looked_back),
        findings: answer.findings.iter().map(found).collect(),
        notes: &answer.notes,
    })
}

fn found(finding: &Finding) -> Found<'_> {
    let answer = match &finding.episode {
        None => "nothing",
        Some(episode) if episode.accounts.iter().any(|account| account.is_named) => "named",
        Some(episode)
            if episode
                .accounts
                .iter()
                .any(|account| !account.suspects.is_empty()) =>
        {
            "weak"
        }
        Some(_) => "little",
    };
    Found {
        slo: finding.name.slo.as_str(),
        objective: finding.name.objective.as_str(),
        segment: finding.name.scope.to_string(),
        answer,
        episode: finding.episode.as_ref().map(lost),
        earlier: finding.earlier.iter().map(before).collect(),
        budget_back_at: finding.back_at.map(instant),
    }
}

fn before(earlier: &Earlier) -> Before<'_> {
    Before {
        start: instant(earlier.from),
        end: instant(earlier.until),
        good: earlier.attainment.good,
        bad: earlier.attainment.bad,
        started_in: earlier.started_in.as_deref(),
    }
}

fn lost(episode: &Episode) -> Lost<'_> {
    Lost {
        start: instant(episode.from),
        end: instant(episode.until),
        good: episode.attainment.good,
        bad: episode.attainment.bad,
        beyond_usual: episode.beyond_usual,
        budget_share: episode.budget_share.as_ref().map(|(share, _)| *share),
        as_bad_before: episode.as_bad_before,
        accounts: episode.accounts.iter().map(line).collect(),
    }
}

fn line(account: &Account) -> Line<'_> {
    let first = account.suspects.first().filter(|_| account.is_named);
    Line {
        lost: account.lost,
        named: first.map(|first| first.name.as_str()),
        named_at: account.named_at.map(instant),
        suspects: account.suspects.iter().map(entry).collect(),
    }
}

fn entry(suspect: &Suspect) -> Entry<'_> {
    Entry {
        slo: &suspect.name,
        score: suspect.score,
        lost: suspect.lost,
        sigmas: suspect.sigmas,
        share: suspect.share,
        explained: suspect.explained,
        explained_by: &suspect.explained_by,
        path: &suspect.path,
        owners: &suspect.owners,
        runbook: suspect.runbook.as_deref(),
    }
}

fn instant(at: Timestamp) -> String {
    at.to_string()
}
