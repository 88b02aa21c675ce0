//! The evaluation for programs: exact whole numbers, instants in UTC, keys in a fixed order.
//!
//! Budgets are in billionths of an event and written as text, because they exceed 2^53;
//! counts are plain. Percentages are not written at all: `good` and `bad` say it exactly, and a rounded number invites
//! comparing it. A change of meaning changes `version`.

mod reading;

use attain_model::quantity::duration_text;
use attain_model::verdict::{
    AlertCondition, AlertRule, AlertState, Attainment, Coverage, Masked, OverLoadShare, Part,
    Untagged,
};
use attain_model::{Evaluation, Gap, GapReason, Goal, Interval, Promises, Scope, Verdict};
use jiff::Timestamp;
use serde::Serialize;

use crate::json::pretty;

pub use self::reading::{ReadSource, Reading, UnparsedLine};

/// The version of the shape.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
pub(crate) struct Status<'a> {
    version: u32,
    catalogue: &'a str,
    as_of: String,
    known_until: Option<String>,
    verdicts: Vec<Entry<'a>>,
    masked: Vec<MaskedEntry<'a>>,
    untagged: Vec<UntaggedEntry<'a>>,
    gaps: Vec<GapEntry<'a>>,
    reading: &'a Reading,
}

#[derive(Serialize)]
pub(crate) struct Entry<'a> {
    slo: &'a str,
    objective: &'a str,
    segment: String,
    layer: &'static str,
    audience: &'static str,
    owners: Vec<&'a str>,
    verdict: &'static str,
    pooled: bool,
    goal: Option<GoalEntry>,
    window: Span,
    window_closes: String,
    good: u64,
    bad: u64,
    total: u64,
    budget: Budget,
    overspent_since: Option<String>,
    coverage: Option<u32>,
    uncertain: u64,
    exhausted_in_seconds: Option<u64>,
    burn: Vec<BurnEntry>,
    alerts: Vec<AlertEntry<'a>>,
    over_load: Option<OverLoadEntry>,
    excluded: Option<ExcludedEntry>,
    parts: Vec<PartEntry>,
}

#[derive(Serialize)]
struct GoalEntry {
    text: String,
    target_ppb: Option<u32>,
    under_nanoseconds: Option<u64>,
    load_millirps: Option<u64>,
}

#[derive(Serialize)]
pub(crate) struct Span {
    start: String,
    end: String,
}

#[derive(Serialize)]
pub(crate) struct Budget {
    allowed_billionths: String,
    spent: u64,
}

#[derive(Serialize)]
struct BurnEntry {
    window_seconds: u64,
    good: u64,
    bad: u64,
    allowed_billionths: String,
}

#[derive(Serialize)]
struct AlertEntry<'a> {
    policy: &'a str,
    urgency: &'static str,
    rule: String,
    state: &'static str,
    since: Option<String>,
}

#[derive(Serialize)]
struct OverLoadEntry {
    minutes: u64,
    of_minutes: u64,
    good: u64,
    bad: u64,
    judged_minutes: u64,
}

#[derive(Serialize)]
struct ExcludedEntry {
    seconds: u64,
    good: u64,
    bad: u64,
}

#[derive(Serialize)]
struct PartEntry {
    start: String,
    end: String,
    goal: Option<GoalEntry>,
    good: u64,
    bad: u64,
}

#[derive(Serialize)]
struct MaskedEntry<'a> {
    slo: &'a str,
    objective: &'a str,
    segment: String,
    since: String,
    segment_burn_millionths: String,
    aggregate_burn_millionths: String,
    share_ppb: u32,
}

#[derive(Serialize)]
struct UntaggedEntry<'a> {
    slo: &'a str,
    unknown: u64,
    total: u64,
}

#[derive(Serialize)]
struct GapEntry<'a> {
    about: &'a str,
    start: Option<String>,
    end: Option<String>,
    why: &'static str,
    count: Option<u64>,
    what: Option<&'a str>,
}

/// One object with `version`, `verdicts`, `masked`, `untagged`, `gaps` and `reading`. `coverage` is in parts per
/// billion, and `null` where it is not known.
#[must_use]
pub fn status_json(promises: &Promises, evaluation: &Evaluation, reading: &Reading) -> String {
    pretty(&document(promises, evaluation, reading))
}

/// The object, for what embeds it.
pub(crate) fn document<'a>(
    promises: &'a Promises,
    evaluation: &'a Evaluation,
    reading: &'a Reading,
) -> Status<'a> {
    let as_of = evaluation.as_of;
    Status {
        version: VERSION,
        catalogue: &promises.catalogue().name,
        as_of: utc(as_of.instant),
        known_until: (as_of.known_until != Timestamp::MAX).then(|| utc(as_of.known_until)),
        verdicts: evaluation
            .verdicts
            .iter()
            .map(|verdict| entry(promises, verdict))
            .collect(),
        masked: evaluation.masked.iter().map(masked).collect(),
        untagged: evaluation.untagged.iter().map(untagged).collect(),
        gaps: evaluation.gaps.iter().map(gap).collect(),
        reading,
    }
}

pub(crate) fn utc(at: Timestamp) -> String {
    at.to_string()
}

pub(crate) fn entry<'a>(promises: &'a Promises, verdict: &'a Verdict) -> Entry<'a> {
    let slo = promises.catalogue().slos.get(&verdict.name.slo);
    Entry {
        slo: verdict.name.slo.as_str(),
        objective: verdict.name.objective.as_str(),
        segment: scope(&verdict.name.scope),
        layer: verdict.layer.word(),
        audience: verdict.audience.word(),
        owners: slo
            .map(|slo| slo.owners.iter().map(|team| team.as_str()).collect())
            .unwrap_or_default(),
        verdict: verdict.standing.word(),
        pooled: verdict.pooled,
        goal: verdict.goal.as_ref().map(goal),
        window: span(verdict.window),
        window_closes: utc(verdict.window_closes),
        good: verdict.attainment.good,
        bad: verdict.attainment.bad,
        total: verdict.attainment.total(),
        budget: budget(verdict.budget),
        overspent_since: verdict.overspent_since.map(utc),
        coverage: match verdict.coverage {
            Coverage::Share(share) => Some(share.ppb()),
            Coverage::NotKnown => None,
        },
        uncertain: verdict.uncertain,
        exhausted_in_seconds: verdict.exhausted_in.map(|length| length.as_secs()),
        burn: verdict.burn.iter().map(burn).collect(),
        alerts: verdict.alerts.iter().map(alert).collect(),
        over_load: verdict.over_load.map(over_load),
        excluded: verdict.excluded.map(|excluded| ExcludedEntry {
            seconds: excluded.seconds,
            good: excluded.attainment.good,
            bad: excluded.attainment.bad,
        }),
        parts: verdict.parts.iter().map(part).collect(),
    }
}

pub(crate) fn budget(budget: attain_model::verdict::ErrorBudget) -> Budget {
    Budget {
        allowed_billionths: budget.allowed_billionths.to_string(),
        spent: budget.spent,
    }
}

fn scope(scope: &Scope) -> String {
    scope.to_string()
}

fn goal(goal: &Goal) -> GoalEntry {
    let promised = goal.promised();
    GoalEntry {
        text: goal.to_string(),
        target_ppb: promised.map(|promised| promised.target.ppb()),
        under_nanoseconds: promised.and_then(|promised| Some(promised.under?.nanoseconds())),
        load_millirps: promised.and_then(|promised| Some(promised.load?.up_to.millirps())),
    }
}

pub(crate) fn span(interval: Interval) -> Span {
    Span {
        start: utc(interval.start),
        end: utc(interval.end),
    }
}

fn burn(burn: &attain_model::verdict::Burn) -> BurnEntry {
    let Attainment { good, bad } = burn.attainment;
    BurnEntry {
        window_seconds: burn.window.as_secs(),
        good,
        bad,
        allowed_billionths: burn.allowed_billionths.to_string(),
    }
}

fn alert(alert: &AlertCondition) -> AlertEntry<'_> {
    let since = match alert.state {
        AlertState::Firing(since) => Some(utc(since)),
        _ => None,
    };
    AlertEntry {
        policy: alert.policy.as_str(),
        urgency: alert.urgency.word(),
        rule: match alert.rule {
            AlertRule::BurnRate { tier, burn } => format!(
                "burn {burn} over {} and {}",
                duration_text(tier.long),
                duration_text(tier.short)
            ),
            AlertRule::LowTraffic { rule } => {
                format!(
                    "{} bad in {}",
                    rule.at_least_bad,
                    duration_text(rule.within)
                )
            }
        },
        state: alert.state.word(),
        since,
    }
}

fn over_load(over: OverLoadShare) -> OverLoadEntry {
    OverLoadEntry {
        minutes: over.minutes,
        of_minutes: over.of_minutes,
        good: over.attainment.good,
        bad: over.attainment.bad,
        judged_minutes: over.judged_minutes,
    }
}

fn part(part: &Part) -> PartEntry {
    PartEntry {
        start: utc(part.interval.start),
        end: utc(part.interval.end),
        goal: part.goal.as_ref().map(goal),
        good: part.attainment.good,
        bad: part.attainment.bad,
    }
}

fn masked(masked: &Masked) -> MaskedEntry<'_> {
    MaskedEntry {
        slo: masked.name.slo.as_str(),
        objective: masked.name.objective.as_str(),
        segment: scope(&masked.name.scope),
        since: utc(masked.since),
        segment_burn_millionths: masked.segment_burn_millionths.to_string(),
        aggregate_burn_millionths: masked.aggregate_burn_millionths.to_string(),
        share_ppb: masked.share.ppb(),
    }
}

fn untagged(untagged: &Untagged) -> UntaggedEntry<'_> {
    UntaggedEntry {
        slo: untagged.slo.as_str(),
        unknown: untagged.unknown,
        total: untagged.total,
    }
}

fn gap(gap: &Gap) -> GapEntry<'_> {
    let (why, count, what) = match &gap.why {
        GapReason::NotYet => ("not yet", None, None),
        GapReason::NoData => ("no data", None, None),
        GapReason::UnknownBirth(events) => ("unknown birth", Some(*events), None),
        GapReason::NotKept(what) => ("not kept", None, Some(what.as_str())),
        GapReason::Untimed(events) => ("untimed", Some(*events), None),
        GapReason::BetweenBuckets(events) => ("between buckets", Some(*events), None),
        GapReason::TooLate(events) => ("too late", Some(*events), None),
        GapReason::Ahead(events) => ("ahead", Some(*events), None),
        GapReason::Unparsed(lines) => ("unparsed", Some(*lines), None),
        GapReason::CoverageUnknown => ("coverage unknown", None, None),
        GapReason::NotCounted => ("not counted", None, None),
        GapReason::Damaged(what) => ("damaged", None, Some(what.as_str())),
        GapReason::NeverHeard(what) => ("never heard", None, Some(what.as_str())),
        GapReason::NoLabel(what) => ("no label", None, Some(what.as_str())),
    };
    GapEntry {
        about: &gap.about,
        start: gap.interval.map(|interval| utc(interval.start)),
        end: gap.interval.map(|interval| utc(interval.end)),
        why,
        count,
        what,
    }
}
