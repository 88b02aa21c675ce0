//! What the numbers of the table leave out: missing data, load above the promise, events that cannot be told apart,
//! untagged traffic, alerts that can never fire. Counts, not adjectives.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use attain_math::Fraction;
use attain_model::policy::{Spends, Tier};
use attain_model::quantity::duration_text;
use attain_model::slo::Promised;
use attain_model::source::{Source, SourceKind};
use attain_model::verdict::{AlertRule, AlertState, OverLoadShare, Untagged};
use attain_model::{Gap, GapReason, LeftBehind, Scope, Verdict};
use jiff::Timestamp;

use super::headline::unit;
use super::{Desk, Run};
use crate::look::{Tone, wrap};
use crate::number::{self, grouped, plural};

/// Gaps of one sort that are named one by one; the rest is counted.
const GAPS_SHOWN: usize = 3;

/// Instants at which counts began that are named one by one.
const BEGINS_SHOWN: usize = 2;

/// The section, or nothing.
pub(super) fn notes(desk: &Desk<'_>, run: &Run) -> String {
    let mut notes = of_evaluation(desk);
    notes.extend(run.notes.iter().cloned());
    if notes.is_empty() {
        return String::new();
    }
    let mut out = desk.look.paint(Tone::Strong, "Notes") + "\n";
    for note in notes {
        out.push_str("  ");
        out.push_str(&wrap(&note, desk.look.columns() - 2, 4));
        out.push('\n');
    }
    out
}

/// What the numbers of an evaluation leave out, a sentence each.
pub(crate) fn of_evaluation(desk: &Desk<'_>) -> Vec<String> {
    let evaluation = desk.evaluation;
    // What makes a verdict no verdict comes first.
    let mut notes = gaps(desk, is_misfit);
    let untagged = [true, false].map(|is_in_all| untagged(desk, is_in_all));
    notes.extend(untagged.into_iter().flatten());
    notes.extend(evaluation.verdicts.iter().filter_map(over_load));
    notes.extend(
        evaluation
            .verdicts
            .iter()
            .filter_map(|verdict| excluded(desk, verdict)),
    );
    notes.extend(uncertain(desk));
    if by_edges(desk)
        && evaluation
            .verdicts
            .iter()
            .any(|verdict| verdict.uncertain > 0)
    {
        notes.push(
            "counts keep the bucket edges under which they were counted; after an edit, `since:` at the new entry of \
             `objectives` has the days before it judged by the old threshold"
                .to_owned(),
        );
    }
    notes.extend(unreachable(desk));
    notes.extend(not_yet(desk));
    notes.extend(gaps(desk, |why| !is_misfit(why)));
    if evaluation.verdicts.iter().any(|verdict| verdict.pooled) {
        notes.push(
            "all (pooled): no target of its own; its budget is the sum of the segments' budgets, and its target what \
             that comes to"
                .to_owned(),
        );
    }
    notes
}

/// One line for all SLOs that promise something to a segment; to the others a tag means nothing.
fn untagged(desk: &Desk<'_>, is_in_all: bool) -> Option<String> {
    let has_all = |slo: &attain_model::SloId| {
        desk.evaluation.verdicts.iter().any(|verdict| {
            verdict.name.slo == *slo && verdict.name.scope == Scope::All && !verdict.pooled
        })
    };
    let with_segments = |slo: &attain_model::SloId| {
        desk.evaluation.verdicts.iter().any(|verdict| {
            verdict.name.slo == *slo && matches!(verdict.name.scope, Scope::Segment(_))
        })
    };
    let shares: Vec<String> = desk
        .evaluation
        .untagged
        .iter()
        .filter(|untagged| untagged.unknown > 0 && with_segments(&untagged.slo))
        .filter(|untagged| has_all(&untagged.slo) == is_in_all)
        .filter_map(untagged_share)
        .collect();
    if shares.is_empty() {
        return None;
    }
    let counted = match is_in_all {
        true => "counted in `all` only",
        false => "so in no promise",
    };
    Some(format!(
        "no known segment, {counted}: {}",
        shares.join(", ")
    ))
}

fn untagged_share(untagged: &Untagged) -> Option<String> {
    let share = Fraction::new(i128::from(untagged.unknown), u128::from(untagged.total))?;
    Some(format!(
        "{} of {} of {} ({}%)",
        grouped(untagged.unknown),
        plural(untagged.total, "request"),
        untagged.slo,
        share.percent_ceil(1),
    ))
}

fn over_load(verdict: &Verdict) -> Option<String> {
    let over: OverLoadShare = verdict.over_load.filter(|over| over.minutes > 0)?;
    let mut text = format!(
        "{}: {} of {} above the load, outside the promise ({} bad of {})",
        verdict.name,
        grouped(over.minutes),
        plural(over.of_minutes, "minute"),
        grouped(over.attainment.bad),
        plural(over.attainment.total(), "request"),
    );
    if over.judged_minutes > 0 {
        text.push_str(&format!(
            "; {} over the cap were judged all the same",
            plural(over.judged_minutes, "minute")
        ));
    }
    Some(text)
}

fn excluded(desk: &Desk<'_>, verdict: &Verdict) -> Option<String> {
    let excluded = verdict.excluded?;
    Some(format!(
        "{}: {} excluded, outside the promise ({} bad of {})",
        verdict.name,
        number::about(Duration::from_secs(excluded.seconds)),
        grouped(excluded.attainment.bad),
        plural(excluded.attainment.total(), unit(desk, verdict)),
    ))
}

/// Whether what could not be told may be so by the edges of buckets: what has no latency is said among the gaps.
fn by_edges(desk: &Desk<'_>) -> bool {
    let has =
        |is_it: fn(&GapReason) -> bool| desk.evaluation.gaps.iter().any(|gap| is_it(&gap.why));
    !has(|why| matches!(why, GapReason::Untimed(_)))
        || has(|why| matches!(why, GapReason::BetweenBuckets(_) | GapReason::NotKept(_)))
}

fn uncertain<'a>(desk: &'a Desk<'_>) -> impl Iterator<Item = String> + use<'a> {
    let why = " (the bucket reaches across it)";
    // What has no latency is said among the gaps, once.
    let is_said = !by_edges(desk)
        && desk
            .evaluation
            .gaps
            .iter()
            .any(|gap| matches!(gap.why, GapReason::Untimed(_)));
    desk.evaluation
        .verdicts
        .iter()
        .filter(move |verdict| verdict.uncertain > 0 && !is_said)
        .map(move |verdict| {
            let under = verdict
                .goal
                .as_ref()
                .and_then(|goal| goal.promised())
                .and_then(|promised: &Promised| promised.under)
                .map_or_else(|| "the threshold".to_owned(), |under| under.to_string());
            format!(
                "{}: {} could not be told from {under}{why}; counted as bad",
                verdict.name,
                plural(verdict.uncertain, "event"),
            )
        })
}

/// Alert tiers that no error rate can reach: silence there means nothing. A line for each policy.
fn unreachable(desk: &Desk<'_>) -> Vec<String> {
    let mut policies: BTreeMap<String, (Vec<String>, Vec<String>)> = BTreeMap::new();
    for verdict in &desk.evaluation.verdicts {
        for alert in &verdict.alerts {
            let (AlertState::Unreachable, AlertRule::BurnRate { tier, burn }) =
                (alert.state, alert.rule)
            else {
                continue;
            };
            let (asks, about) = policies.entry(alert.policy.to_string()).or_default();
            let needs = number::times(u128::from(burn.millionths()));
            push_new(asks, format!("`{}` (needs {needs})", asked(tier)));
            push_new(about, verdict.name.to_string());
        }
    }
    policies
        .into_iter()
        .map(|(policy, (asks, about))| {
            format!(
                "policy {policy} can never fire on {} for {}: everything failing burns less; see attain explain \
                 alert-unreachable",
                asks.join(", "),
                named(&about),
            )
        })
        .collect()
}

fn asked(tier: Tier) -> String {
    match tier.spends {
        Spends::BudgetShare(share) => {
            format!("{share} of the budget in {}", duration_text(tier.long))
        }
        Spends::Burn(multiple) => format!("{multiple} over {}", duration_text(tier.long)),
    }
}

fn push_new(list: &mut Vec<String>, text: String) {
    if !list.contains(&text) {
        list.push(text);
    }
}

/// Windows that begin before the data: one line for each instant at which something began, however far they look back; one
/// for all, where there are many.
fn not_yet(desk: &Desk<'_>) -> Vec<String> {
    let mut begins: BTreeMap<Timestamp, Vec<String>> = BTreeMap::new();
    for gap in &desk.evaluation.gaps {
        if let (GapReason::NotYet, Some(missing)) = (&gap.why, gap.interval) {
            push_new(begins.entry(missing.end).or_default(), gap.about.clone());
        }
    }
    let all: BTreeSet<&str> = desk
        .evaluation
        .verdicts
        .iter()
        .map(|v| v.name.slo.as_str())
        .collect();
    if begins.len() > BEGINS_SHOWN
        && let (Some(first), Some(last)) = (begins.keys().next(), begins.keys().next_back())
    {
        let about: BTreeSet<&String> = begins.values().flatten().collect();
        let about: Vec<&String> = about.into_iter().collect();
        return vec![format!(
            "of {} nothing was measured before {} to {}, and their windows reach further back",
            named(&about),
            desk.near(*first),
            desk.near(*last)
        )];
    }
    begins
        .into_iter()
        .map(|(begin, about)| {
            let is_all = all.len() > 1 && all.iter().all(|slo| about.iter().any(|one| one == slo));
            let whose = if is_all {
                "all windows reach".to_owned()
            } else if about.len() == 1 {
                format!("the window of {} reaches", named(&about))
            } else {
                format!("the windows of {} reach", named(&about))
            };
            format!(
                "nothing was measured before {}, and {whose} further back",
                desk.near(begin)
            )
        })
        .collect()
}

/// What a source sends does not fit what is promised.
fn is_misfit(why: &GapReason) -> bool {
    matches!(why, GapReason::NeverHeard(_) | GapReason::NoLabel(_))
}

/// Counts that nobody uses any more, as their source is called otherwise.
#[must_use]
pub fn begins_anew(left: &LeftBehind) -> String {
    let LeftBehind { source, now, slos } = left;
    let slos: Vec<&str> = slos.iter().map(|slo| slo.as_str()).collect();
    format!(
        "source {source}: no source is called so any more, and what was counted of it is not used; {} from `{now}` now. If \
         that is the same one, write `formerly: [{source}]` under `{now}`",
        match slos.len() {
            1 => format!("{} begins anew", named(&slos)),
            _ => format!("{} begin anew", named(&slos)),
        }
    )
}

/// What is missing for the same reason at the same time is one line; of one sort, the first few lines.
fn gaps(desk: &Desk<'_>, is_shown: impl Fn(&GapReason) -> bool) -> Vec<String> {
    let mut lines: Vec<(&Gap, String, Vec<&str>)> = Vec::new();
    let gaps = desk.evaluation.gaps.iter();
    let gaps = gaps.filter(|gap| is_shown(&gap.why));
    for gap in gaps.filter(|gap| gap.why != GapReason::NotYet || gap.interval.is_none()) {
        let text = gap_text(desk, gap);
        match lines.iter_mut().find(|(_, other, _)| *other == text) {
            Some((_, _, about)) => about.push(&gap.about),
            None => lines.push((gap, text, vec![&gap.about])),
        }
    }
    let mut notes = Vec::new();
    while let Some((first, ..)) = lines.first() {
        let of = sort(&first.why);
        let (these, others): (Vec<_>, Vec<_>) = lines
            .into_iter()
            .partition(|(other, ..)| sort(&other.why) == of);
        let shown = these.iter().take(GAPS_SHOWN);
        notes.extend(shown.map(|(_, text, about)| format!("{}: {text}", named(about))));
        if these.len() > GAPS_SHOWN {
            let rest = these[GAPS_SHOWN..].iter().map(|(gap, ..)| *gap);
            notes.push(format!(
                "... and {} more like it{}",
                these.len() - GAPS_SHOWN,
                how_long(rest)
            ));
        }
        lines = others;
    }
    notes
}

/// `, 7m in all`: how much is missing must not be hidden with where.
fn how_long<'g>(gaps: impl Iterator<Item = &'g Gap>) -> String {
    let missing = gaps.filter(|gap| matches!(gap.why, GapReason::NoData | GapReason::NotCounted));
    let seconds = missing.filter_map(|gap| Some(gap.interval?.seconds()));
    match seconds.sum() {
        0 => String::new(),
        seconds => format!(", {} in all", number::about(Duration::from_secs(seconds))),
    }
}

/// `a, b, c and 11 more`.
fn named<S: AsRef<str>>(about: &[S]) -> String {
    let shown: Vec<&str> = about.iter().take(GAPS_SHOWN).map(AsRef::as_ref).collect();
    match about.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn sort(why: &GapReason) -> &'static str {
    match why {
        GapReason::NotYet => "not yet",
        GapReason::NoData => "no data",
        GapReason::UnknownBirth(_) => "unknown birth",
        GapReason::NotKept(_) => "not kept",
        GapReason::Untimed(_) => "untimed",
        GapReason::BetweenBuckets(_) => "between buckets",
        GapReason::TooLate(_) => "too late",
        GapReason::Ahead(_) => "ahead",
        GapReason::Unparsed(_) => "unparsed",
        GapReason::CoverageUnknown => "coverage unknown",
        GapReason::NotCounted => "not counted",
        GapReason::Damaged(_) => "damaged",
        GapReason::NeverHeard(_) => "never heard",
        GapReason::NoLabel(_) => "no label",
    }
}

fn gap_text(desk: &Desk<'_>, gap: &Gap) -> String {
    let when = gap.interval.map_or_else(String::new, |interval| {
        format!(
            " ({} to {})",
            desk.near(interval.start),
            number::instant_near(interval.end, interval.start, desk.zone)
        )
    });
    let why = match &gap.why {
        GapReason::NotYet => "nothing was measured yet".to_owned(),
        GapReason::NoData => "no data".to_owned(),
        GapReason::UnknownBirth(events) => format!(
            "a counter began before it was first seen; at most {} missing",
            plural(*events, "event")
        ),
        GapReason::NotKept(what) => format!("the counts do not tell {what}"),
        GapReason::Untimed(events) => {
            format!(
                "{} without a latency, counted as bad",
                plural(*events, "event")
            )
        }
        GapReason::BetweenBuckets(events) => {
            format!(
                "{} between two buckets, counted as bad",
                plural(*events, "event")
            )
        }
        GapReason::TooLate(events) => {
            format!("refused as too late: {}", plural(*events, "event"))
        }
        GapReason::Ahead(events) => format!(
            "{} with a time too far in the future, refused",
            plural(*events, "event")
        ),
        GapReason::Unparsed(lines) => format!("{} could not be read", plural(*lines, "line")),
        GapReason::CoverageUnknown => coverage_unknown(desk, &gap.about),
        GapReason::NotCounted => not_counted(desk, &gap.about).to_owned(),
        GapReason::Damaged(what) => format!("kept counts are damaged: {what}"),
        GapReason::NeverHeard(what) => format!("never heard: {what}"),
        GapReason::NoLabel(what) => what.clone(),
    };
    format!("{why}{when}")
}

/// Only files can be read again by hand.
fn not_counted(desk: &Desk<'_>, about: &str) -> &'static str {
    let catalogue = desk.promises.catalogue();
    let slo = catalogue.slos.get(about.split('/').next().unwrap_or(about));
    let sources = slo.map_or(&[][..], |slo| &slo.indicator.sources);
    let mut kinds = sources.iter().filter_map(|id| catalogue.sources.get(id));
    let is_of_files =
        |source: &Source| matches!(source.kind, SourceKind::Log(_) | SourceKind::Csv(_));
    match sources.is_empty() || kinds.any(is_of_files) {
        true => "not counted so far; replay the files again to count it",
        false => "not counted so far; if it stays so, attain doctor says why",
    }
}

fn coverage_unknown(desk: &Desk<'_>, about: &str) -> String {
    let id = about.strip_prefix("source ").unwrap_or(about);
    let source = desk.promises.catalogue().sources.get(id);
    let help = match source.map(|source| &source.kind) {
        Some(SourceKind::Log(log)) if log.heartbeat.is_none() => {
            "; name a `heartbeat:` to know its coverage"
        }
        _ => "",
    };
    format!("cannot tell silence from no traffic{help}")
}
