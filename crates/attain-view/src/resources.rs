//! What a server answers beside the status and the report: the list of SLOs, the segments, the catalogue in force.
//!
//! Verdicts look here as they look in [`status_json`](crate::status_json), so that every answer says the same numbers in
//! the same shape. Knows which SLOs a filter means; knows no HTTP. See `docs/reference/api.md`.

mod burn_down;
mod filter;

use attain_model::company::Contract;
use attain_model::policy::Urgency;
use attain_model::verdict::AlertState;
use attain_model::{Diagnostic, Evaluation, Promises, Scope, Slo, SourceMap, Standing, Verdict};
use serde::Serialize;

pub use burn_down::{WholeHours, burn_down_json};
pub use filter::{Filter, State};

use crate::json::{Report, diagnostics, pretty};
use crate::status_json::{Entry, entry, utc};

/// The version of these shapes.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Slos<'a> {
    version: u32,
    catalogue: &'a str,
    as_of: String,
    total: usize,
    slos: Vec<SloEntry<'a>>,
    next: Option<&'a str>,
}

#[derive(Serialize)]
struct SloEntry<'a> {
    slo: &'a str,
    outcome: Option<&'a str>,
    service: &'a str,
    layer: &'static str,
    audience: &'static str,
    owners: Vec<&'a str>,
    runbook: Option<&'a str>,
    verdict: &'static str,
    alert: Option<&'static str>,
    masked: bool,
    verdicts: Vec<Entry<'a>>,
}

/// The SLOs that a filter lets through, by id, at most `limit` of those behind `cursor`; `next` is the cursor of the rest.
///
/// `verdict` is the worst of an SLO's promises, `alert` the most urgent that fires; both of the series that are listed.
#[must_use]
pub fn slos_json(
    promises: &Promises,
    evaluation: &Evaluation,
    filter: &Filter,
    cursor: Option<&str>,
    limit: usize,
) -> String {
    let found = filter.select(promises, evaluation);
    let total = found.len();
    let behind = |slo: &Slo| cursor.is_none_or(|cursor| slo.id.as_str() > cursor);
    let mut rest = found.into_iter().filter(|(slo, _)| behind(slo));
    let page: Vec<(&Slo, Vec<&Verdict>)> = rest.by_ref().take(limit).collect();
    let last = page.last().map(|(slo, _)| slo.id.as_str());
    let next = last.filter(|_| rest.next().is_some());
    pretty(&Slos {
        version: VERSION,
        catalogue: &promises.catalogue().name,
        as_of: utc(evaluation.as_of.instant),
        total,
        slos: page
            .into_iter()
            .map(|(slo, verdicts)| SloEntry {
                slo: slo.id.as_str(),
                outcome: slo.outcome.as_deref(),
                service: slo.service.as_str(),
                layer: slo.layer.word(),
                audience: slo.audience.word(),
                owners: slo.owners.iter().map(|team| team.as_str()).collect(),
                runbook: slo.runbook.as_deref(),
                verdict: worst(&verdicts).word(),
                alert: alert(&verdicts),
                masked: evaluation.masked.iter().any(|one| one.name.slo == slo.id),
                verdicts: verdicts
                    .into_iter()
                    .map(|verdict| entry(promises, verdict))
                    .collect(),
            })
            .collect(),
        next,
    })
}

/// The worst that is said of a promise: broken, not known, nothing to judge, kept.
fn worst(verdicts: &[&Verdict]) -> Standing {
    let said = |standing| move |verdict: &&&Verdict| verdict.standing == standing;
    let promises = || verdicts.iter().filter(|verdict| !verdict.pooled);
    let order = [
        Standing::Breached,
        Standing::Unknown,
        Standing::NoTraffic,
        Standing::Met,
    ];
    let found = order
        .into_iter()
        .find(|standing| promises().any(|verdict| said(*standing)(&verdict)));
    found.unwrap_or(Standing::BestEffort)
}

/// How urgent the most urgent alert is that fires.
fn alert(verdicts: &[&Verdict]) -> Option<&'static str> {
    let alerts = verdicts.iter().flat_map(|verdict| &verdict.alerts);
    let firing = alerts.filter(|alert| matches!(alert.state, AlertState::Firing(_)));
    let urgencies: Vec<Urgency> = firing.map(|alert| alert.urgency).collect();
    [(Urgency::Page, "page"), (Urgency::Ticket, "ticket")]
        .into_iter()
        .find_map(|(urgency, word)| urgencies.contains(&urgency).then_some(word))
}

#[derive(Serialize)]
struct Segments<'a> {
    version: u32,
    catalogue: &'a str,
    as_of: String,
    segments: Vec<SegmentEntry<'a>>,
}

#[derive(Serialize)]
struct SegmentEntry<'a> {
    segment: &'a str,
    rank: u32,
    description: Option<&'a str>,
    contract: Option<&'a str>,
    best_effort: bool,
    price: Option<PriceEntry<'a>>,
    customers: Option<u64>,
    severity: Option<&'a str>,
    promises: Counted,
    paging: usize,
    masked: usize,
}

#[derive(Serialize)]
struct PriceEntry<'a> {
    cents: u64,
    currency: &'a str,
    per: &'a str,
}

/// Series by their verdict.
#[derive(Default, Serialize)]
struct Counted {
    met: usize,
    breached: usize,
    unknown: usize,
    no_traffic: usize,
    best_effort: usize,
}

/// The segments by rank, each with how many of its series are met, breached and so on, page, or are hidden by the sum of
/// all traffic.
#[must_use]
pub fn segments_json(promises: &Promises, evaluation: &Evaluation) -> String {
    let catalogue = promises.catalogue();
    let mut segments: Vec<_> = catalogue.segments.values().collect();
    segments.sort_by_key(|segment| segment.rank);
    let entries = segments.into_iter().map(|segment| {
        let is_its = |scope: &Scope| matches!(scope, Scope::Segment(id) if *id == segment.id);
        let verdicts: Vec<&Verdict> = evaluation
            .verdicts
            .iter()
            .filter(|verdict| is_its(&verdict.name.scope))
            .collect();
        let paging = verdicts
            .iter()
            .filter(|verdict| alert(&[verdict]) == Some("page"));
        let hidden = evaluation
            .masked
            .iter()
            .filter(|one| is_its(&one.name.scope));
        SegmentEntry {
            segment: segment.id.as_str(),
            rank: segment.rank,
            description: segment.meta.description.as_deref(),
            contract: match &segment.contract {
                Some(Contract::Document(name)) => Some(name),
                _ => None,
            },
            best_effort: segment.contract == Some(Contract::BestEffort),
            price: segment.price.as_ref().map(|price| PriceEntry {
                cents: price.amount.cents,
                currency: &price.amount.currency,
                per: &price.period,
            }),
            customers: segment.customers,
            severity: segment.severity.as_ref().map(|severity| severity.as_str()),
            paging: paging.count(),
            masked: hidden.count(),
            promises: counted(&verdicts),
        }
    });
    pretty(&Segments {
        version: VERSION,
        catalogue: &catalogue.name,
        as_of: utc(evaluation.as_of.instant),
        segments: entries.collect(),
    })
}

fn counted(verdicts: &[&Verdict]) -> Counted {
    let mut counted = Counted::default();
    for verdict in verdicts {
        let place = match verdict.standing {
            Standing::Met => &mut counted.met,
            Standing::Breached => &mut counted.breached,
            Standing::Unknown => &mut counted.unknown,
            Standing::NoTraffic => &mut counted.no_traffic,
            Standing::BestEffort => &mut counted.best_effort,
        };
        *place += 1;
    }
    counted
}

/// A catalogue in force, as whoever loaded it knows it.
#[derive(Debug, Clone, Copy)]
pub struct InForce<'a> {
    /// Of its files, in hex.
    pub sha256: &'a str,
    /// Since when, as RFC 3339.
    pub since: &'a str,
    /// Why the files as they are now are not in force.
    pub refused: Option<&'a str>,
    /// How often another one came into force since the start.
    pub reloads: u64,
    /// How often one was refused since the start.
    pub refusals: u64,
    /// The files as they were loaded.
    pub sources: &'a SourceMap,
    /// What is to be said about them.
    pub findings: &'a [Diagnostic],
}

#[derive(Serialize)]
struct Catalogue<'a> {
    version: u32,
    catalogue: &'a str,
    sha256: &'a str,
    since: &'a str,
    refused: Option<&'a str>,
    reloads: u64,
    refusals: u64,
    services: usize,
    slos: usize,
    segments: usize,
    findings: Report<'a>,
    files: Vec<FileEntry<'a>>,
}

#[derive(Serialize)]
struct FileEntry<'a> {
    name: &'a str,
    text: &'a str,
}

/// The catalogue in force: which files, since when, what is to be said about them, and why newer ones are not in force.
#[must_use]
pub fn catalogue_json(promises: &Promises, in_force: &InForce<'_>) -> String {
    let catalogue = promises.catalogue();
    pretty(&Catalogue {
        version: VERSION,
        catalogue: &catalogue.name,
        sha256: in_force.sha256,
        since: in_force.since,
        refused: in_force.refused,
        reloads: in_force.reloads,
        refusals: in_force.refusals,
        services: catalogue.services.len(),
        slos: catalogue.slos.len(),
        segments: catalogue.segments.len(),
        findings: diagnostics(in_force.sources, in_force.findings),
        files: in_force
            .sources
            .files
            .iter()
            .map(|file| FileEntry {
                name: &file.name,
                text: &file.text,
            })
            .collect(),
    })
}
