//! The same for programs: counts, leads in seconds, shares as numbers. A change of meaning changes `version`.

use attain_cascade::warning::{Measured, Pair, Warnings};
use attain_math::interval::Interval;
use attain_model::{Catalogue, SeriesName};
use serde::Serialize;

use super::{Asked, alarms, ticket};
use crate::json::pretty;

/// The version of the shape.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    catalogue: &'a str,
    burn_millionths: u64,
    promises: Vec<Promise<'a>>,
}

#[derive(Serialize)]
struct Promise<'a> {
    #[serde(flatten)]
    name: Name<'a>,
    start: String,
    end: String,
    breached_now: bool,
    tickets: Vec<String>,
    pairs: Vec<Entry<'a>>,
    any: Option<Numbers>,
}

#[derive(Serialize)]
struct Name<'a> {
    slo: &'a str,
    objective: &'a str,
    segment: String,
}

#[derive(Serialize)]
struct Entry<'a> {
    #[serde(flatten)]
    inside: Name<'a>,
    path: Vec<&'a str>,
    verdict: &'static str,
    earned_ticket: bool,
    breached_since: Option<String>,
    p_corrected: f64,
    #[serde(flatten)]
    numbers: Numbers,
}

#[derive(Serialize)]
struct Numbers {
    slot_seconds: u64,
    lead_min_slots: i64,
    horizon_slots: i64,
    breaches_inside: u64,
    breaches: u64,
    warned: u64,
    together: u64,
    recall: Option<f64>,
    recall_95: Option<[f64; 2]>,
    recall_by_chance: Option<f64>,
    lift: Option<f64>,
    p_value: Option<f64>,
    eligible: u64,
    followed: u64,
    precision: Option<f64>,
    precision_95: Option<[f64; 2]>,
    precision_by_chance: Option<f64>,
    lead_seconds_median: Option<u64>,
    lead_seconds_95: Option<[u64; 2]>,
    leads_seconds: Vec<u64>,
}

/// Everything that was found, as JSON.
#[must_use]
pub fn warnings_json(catalogue: &Catalogue, found: &[Warnings], asked: Asked) -> String {
    pretty(&Document {
        version: VERSION,
        catalogue: &catalogue.name,
        burn_millionths: asked.burn.millionths(),
        promises: found.iter().map(|one| promise(catalogue, one)).collect(),
    })
}

fn promise<'a>(catalogue: &Catalogue, found: &'a Warnings) -> Promise<'a> {
    let tickets = alarms(found).into_iter();
    Promise {
        name: name(&found.customer),
        start: found.period.start.to_string(),
        end: found.period.end.to_string(),
        breached_now: found.is_breached,
        tickets: tickets.map(|pair| ticket(catalogue, found, pair)).collect(),
        pairs: found.pairs.iter().map(entry).collect(),
        any: found.any.as_ref().map(numbers),
    }
}

fn name(name: &SeriesName) -> Name<'_> {
    Name {
        slo: name.slo.as_str(),
        objective: name.objective.as_str(),
        segment: name.scope.to_string(),
    }
}

fn entry(pair: &Pair) -> Entry<'_> {
    Entry {
        inside: name(&pair.inside),
        path: pair.path.iter().map(|slo| slo.as_str()).collect(),
        verdict: pair.verdict.word(),
        earned_ticket: pair.has_earned_a_ticket(),
        breached_since: pair.breached_since.map(|at| at.to_string()),
        p_corrected: pair.p_corrected,
        numbers: numbers(&pair.measured),
    }
}

fn numbers(measured: &Measured) -> Numbers {
    let found = &measured.found;
    let seconds = |slots: i64| slots.unsigned_abs().saturating_mul(measured.slot.as_secs());
    let ends = |interval: Option<Interval>| interval.map(|i| [i.low, i.high]);
    let chance = measured.chance;
    let lead = found.lead();
    Numbers {
        slot_seconds: measured.slot.as_secs(),
        lead_min_slots: measured.rule.lead_min,
        horizon_slots: measured.rule.horizon,
        breaches_inside: measured.events,
        breaches: found.targets,
        warned: found.warned,
        together: found.together,
        recall: found.recall(),
        recall_95: ends(found.recall_interval()),
        recall_by_chance: chance.map(|c| c.recall),
        lift: found
            .recall()
            .zip(chance)
            .filter(|(_, chance)| chance.recall > 0.0)
            .map(|(recall, chance)| recall / chance.recall),
        p_value: chance.map(|c| c.p_value),
        eligible: found.eligible,
        followed: found.followed,
        precision: found.precision(),
        precision_95: ends(found.precision_interval()),
        precision_by_chance: chance.map(|c| c.precision),
        lead_seconds_median: lead.map(|lead| seconds(lead.value)),
        lead_seconds_95: lead
            .and_then(|lead| lead.between)
            .map(|(low, high)| [seconds(low), seconds(high)]),
        leads_seconds: found.leads.iter().map(|lead| seconds(*lead)).collect(),
    }
}
