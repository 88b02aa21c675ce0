//! A cascade for programs: parts per billion as whole numbers, keys in a fixed order. A change of meaning changes
//! `version`.

use attain_cascade::joint::{Needs, Together};
use attain_cascade::{Carries, Counted, EdgeCost, Explained, Line, Part};
use attain_model::slo::Provider;
use serde::Serialize;

use super::{Shown, words};
use crate::json::pretty;

/// The version of the shape.
pub const VERSION: u32 = 1;

/// The text.
#[must_use]
pub fn json(shown: &Shown<'_>) -> String {
    pretty(&Document {
        version: VERSION,
        catalogue: &shown.catalogue.name,
        counted: shown.counted,
        promises: shown
            .explained
            .iter()
            .map(|one| promise(one, shown.together(one)))
            .collect(),
    })
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    catalogue: &'a str,
    counted: Option<&'a str>,
    promises: Vec<Promise>,
}

#[derive(Serialize)]
struct Promise {
    slo: String,
    objective: String,
    segment: String,
    goal: String,
    target_ppb: u32,
    budget_ppb: u32,
    carries: &'static str,
    carried_ppb: CarriedPpb,
    gap_ppb: u32,
    left_ppb: u32,
    best_supported_ppb: u32,
    committed: Option<Committed>,
    cost_ppb: u32,
    shared_ppb: i64,
    parts: Vec<Entry>,
    components: Vec<Component>,
    shared: Vec<SharedPart>,
    measured_together: Vec<Pair>,
    promises_nothing: Vec<String>,
    counted: Option<CountedEntry>,
}

#[derive(Serialize)]
struct CarriedPpb {
    once: u32,
    low: u32,
    high: u32,
    sum_of_edges: u32,
}

#[derive(Serialize)]
struct Committed {
    goal: String,
    target_ppb: u32,
    carries: &'static str,
    buffer_ppb: u32,
    best_supported_ppb: u32,
}

#[derive(Serialize)]
struct Entry {
    parts: Vec<String>,
    kind: &'static str,
    need: Option<u32>,
    target_ppb: Option<u32>,
    share_ppb: u32,
    calls_millionths: u64,
    impact_ppb: u32,
    optional: bool,
    attempts: Option<u32>,
    fallback: Option<String>,
    cost_ppb: Option<u32>,
    cost: &'static str,
    measured_cost_ppb: Option<u32>,
    counted: Option<CountedEntry>,
    repeated: bool,
    rests_on: Vec<Entry>,
}

#[derive(Serialize)]
struct Component {
    part: String,
    own_ppb: u32,
    cost_ppb: u32,
}

#[derive(Serialize)]
struct SharedPart {
    part: String,
    edges: u32,
}

/// Slots in which two parts were counted, and the shares of those in which what is needed of them was there.
#[derive(Serialize)]
struct Pair {
    parts: [String; 2],
    needs: &'static str,
    slots: u64,
    first_worse: u64,
    second_worse: u64,
    both_worse: u64,
    measured_ppb: u32,
    independent_ppb: u32,
    low_ppb: u32,
    high_ppb: u32,
    phi: Option<f64>,
}

#[derive(Serialize)]
struct CountedEntry {
    bad: u64,
    total: u64,
}

fn promise(one: &Explained, together: &[Together]) -> Promise {
    let (composed, tighter) = (&one.composed, &one.tighter);
    Promise {
        slo: one.name.slo.to_string(),
        objective: one.name.objective.to_string(),
        segment: one.name.scope.to_string(),
        goal: one.promised.to_string(),
        target_ppb: one.promised.target.ppb(),
        budget_ppb: one.budget_ppb(),
        carries: word(tighter.objective),
        carried_ppb: CarriedPpb {
            once: composed.once_ppb,
            low: composed.low_ppb,
            high: composed.high_ppb,
            sum_of_edges: composed.sum_ppb,
        },
        gap_ppb: tighter.gap_ppb,
        left_ppb: tighter.left_ppb,
        best_supported_ppb: composed.once_ppb,
        committed: tighter.committed.map(|outside| Committed {
            goal: outside.promised.to_string(),
            target_ppb: outside.promised.target.ppb(),
            carries: word(outside.carried),
            buffer_ppb: outside.buffer_ppb,
            best_supported_ppb: outside.supported_ppb,
        }),
        cost_ppb: one.cost_ppb(),
        shared_ppb: one.together_ppb(),
        parts: one.lines.iter().map(entry).collect(),
        components: composed
            .parts
            .iter()
            .map(|part| Component {
                part: part.part.to_string(),
                own_ppb: part.own_ppb,
                cost_ppb: part.cost_ppb,
            })
            .collect(),
        shared: composed
            .shared
            .iter()
            .map(|shared| SharedPart {
                part: shared.part.to_string(),
                edges: shared.ways,
            })
            .collect(),
        measured_together: together.iter().map(pair).collect(),
        promises_nothing: one.missing.iter().map(|m| m.part.to_string()).collect(),
        counted: one.counted.map(counted),
    }
}

fn entry(line: &Line) -> Entry {
    let edge = &line.edge;
    let (kind, need) = match &edge.on {
        Provider::Slo(_) => ("slo", None),
        Provider::External { .. } => ("external", None),
        Provider::AnyOf { need, .. } => ("any_of", Some(*need)),
    };
    let (cost, cost_ppb) = match line.cost {
        EdgeCost::Ppb(ppb) => ("known", Some(ppb)),
        EdgeCost::Apart => ("takes no part", None),
        EdgeCost::Unknown => ("not known", None),
    };
    Entry {
        parts: line.parts.iter().map(Part::to_string).collect(),
        kind,
        need,
        target_ppb: line.target_ppb,
        share_ppb: edge.share.ppb(),
        calls_millionths: edge.calls.millionths(),
        impact_ppb: edge.impact.ppb(),
        optional: edge.optional || edge.asynchronous,
        attempts: edge.retry.map(|retry| retry.attempts),
        fallback: edge.fallback.as_ref().map(|f| f.slo.to_string()),
        cost_ppb,
        cost,
        measured_cost_ppb: line.measured_ppb,
        counted: line.counted.map(counted),
        repeated: line.is_repeated,
        rests_on: line.below.iter().map(entry).collect(),
    }
}

fn pair(two: &Together) -> Pair {
    let assumed = two.assumed();
    Pair {
        parts: two.pair.parts.each_ref().map(ToString::to_string),
        needs: match two.pair.needs {
            Needs::Both => "both",
            Needs::Either => "either",
        },
        slots: two.counted(),
        first_worse: two.slots.second_up + two.slots.both_down,
        second_worse: two.slots.first_up + two.slots.both_down,
        both_worse: two.slots.both_down,
        measured_ppb: words::kept_ppb(two),
        independent_ppb: words::floor(assumed.independent),
        low_ppb: words::floor(assumed.low),
        high_ppb: words::floor(assumed.high),
        phi: two.joint.phi,
    }
}

fn counted(counted: Counted) -> CountedEntry {
    CountedEntry {
        bad: counted.bad,
        total: counted.total,
    }
}

pub(super) fn word(carries: Carries) -> &'static str {
    match carries {
        Carries::Always => "always",
        Carries::Independent => "if independent",
        Carries::No => "no",
    }
}
