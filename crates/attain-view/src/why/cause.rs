//! Who spent a budget, in few words for a page that is about something else: the cause of what is hurt now, and the last loss
//! where nobody is. Knows answers; which series are worth asking about it takes from their verdicts.

use std::cmp::Reverse;
use std::time::Duration;

use attain_model::{Audience, Scope, SeriesName, Verdict};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Doubt, Episode, Finding, Suspect, Why, percent};
use crate::number;
use crate::status::ended::goes_on;

/// How far back a loss is looked for: windows of alerts that are longer say nothing of it.
const LOOKED_BACK: Duration = Duration::from_secs(6 * 3600);
/// Series that are asked about where nobody is hurt.
const ASKED_MOST: usize = 3;
/// A loss of less than this share of the budget is none that a calm page speaks of.
const WORTH: f64 = 0.05;

/// The series that lost most of their budgets lately, customers' first: those are asked who spent it.
pub(crate) fn lost_lately<'v>(verdicts: impl Iterator<Item = &'v Verdict>) -> Vec<SeriesName> {
    let mut lost: Vec<(u128, &Verdict)> = verdicts
        .filter_map(|verdict| Some((lost_share(verdict)?, verdict)))
        .collect();
    lost.sort_by_key(|(share, verdict)| {
        let audience = verdict.audience == Audience::Internal;
        (audience, Reverse(*share), &verdict.name)
    });
    // What a segment lost is in what all lost: one of them is enough, and the segment says whose it was.
    let is_of_all = |name: &SeriesName| name.scope == Scope::All;
    let is_same = |a: &SeriesName, b: &SeriesName| a.slo == b.slo && a.objective == b.objective;
    let names: Vec<&SeriesName> = lost.iter().map(|(_, verdict)| &verdict.name).collect();
    names
        .iter()
        .filter(|name| {
            let mut others = names.iter().filter(|other| !is_of_all(other));
            !is_of_all(name) || !others.any(|other| is_same(name, other))
        })
        .take(ASKED_MOST)
        .map(|name| (*name).clone())
        .collect()
}

/// How much of its budget a series lost in the longest window up to six hours, its own or one of its alerts, in millionths;
/// `None` for less than is spoken of.
fn lost_share(verdict: &Verdict) -> Option<u128> {
    let own = verdict.window.end.duration_since(verdict.window.start);
    let own = (Duration::try_from(own).ok()?, verdict.budget.spent);
    let alerts = verdict.burn.iter();
    let windows = alerts.map(|burn| (burn.window, burn.attainment.bad));
    let (_, bad) = windows
        .chain([own])
        .filter(|(window, _)| *window <= LOOKED_BACK)
        .max_by_key(|(window, _)| *window)?;
    let lost = u128::from(bad).checked_mul(1_000_000_000_000_000)?;
    let share = lost.checked_div(verdict.budget.allowed_billionths)?;
    (share >= (WORTH * 1e6) as u128).then_some(share)
}

/// Where what is lost now started.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cause<'a> {
    /// Since when it is lost.
    pub(crate) began: Timestamp,
    /// Who is named; `None` if nobody can be.
    pub(crate) named: Option<&'a Suspect>,
    /// As of when, if the newest look names nobody.
    pub(crate) named_at: Option<Timestamp>,
    /// Who is suspected where nobody is named, the first first.
    pub(crate) suspected: Vec<&'a str>,
}

/// What is known of the loss of a series; `None` if it lost no more than it may, or was not asked about.
pub(crate) fn cause<'a>(why: &'a Why, name: &SeriesName) -> Option<Cause<'a>> {
    let finding = why.findings.iter().find(|finding| finding.name == *name)?;
    let episode = finding.episode.as_ref()?;
    Some(Cause {
        began: episode.from,
        named: episode.named(),
        named_at: episode.accounts.iter().find_map(|one| one.named_at),
        suspected: suspected(episode),
    })
}

/// The first suspect of a loss that nobody is named for, and whoever has as good a claim.
fn suspected(episode: &Episode) -> Vec<&str> {
    let Some(account) = episode.accounts.first().filter(|one| !one.is_named) else {
        return Vec::new();
    };
    let first = account.suspects.first().map(|first| first.name.as_str());
    let rival = match &account.doubt {
        Some(Doubt::Rival(other)) => Some(other.as_str()),
        Some(Doubt::Noise) | None => None,
    };
    first.into_iter().chain(rival).collect()
}

/// Bad events that a calm would have had if the loss had gone on, from which on it is its end: by chance there would be none in
/// one case of twenty.
const EXPECTED: f64 = 3.0;

/// Whether a loss is over, for every page alike: too little was lost since for a pause in it, or else the shortest window of
/// its series, which reaches back to its end, burns no more.
pub(crate) fn is_over(why: &Why, episode: &Episode, verdict: Option<&Verdict>) -> bool {
    let quiet = why.instant.duration_since(episode.until);
    let goes_on = verdict.is_some_and(|verdict| {
        let shortest = verdict.burn.iter().min_by_key(|burn| burn.window);
        let is_within = |window| Duration::try_from(quiet).is_ok_and(|quiet| quiet < window);
        goes_on(verdict) && shortest.is_some_and(|burn| is_within(burn.window))
    });
    episode.until < why.instant && (!goes_on || is_telling(episode))
}

/// Whether so much was asked in a calm that it is no pause.
pub(crate) fn is_telling(episode: &Episode) -> bool {
    let Episode {
        attainment, after, ..
    } = episode;
    let bad = attainment.bad as f64 / attainment.total().max(1) as f64;
    bad * after.total() as f64 >= EXPECTED
}

/// `99%`: rounded down, nobody is blamed for more than the evidence says.
pub(crate) fn share(suspect: &Suspect) -> String {
    percent((suspect.score * 100.0).floor() / 100.0)
}

/// The last loss of some weight among those that were asked about, customers' first, and before it one inside that ended later
/// or goes on; of series without a verdict, of one that is spoken of already, and of what is told with another, none.
pub(crate) fn last<'w>(
    why: &'w Why,
    verdicts: &[Verdict],
    except: Option<&SeriesName>,
) -> Vec<(&'w Finding, &'w Episode)> {
    let is_told = |finding: &Finding| {
        let mut others = why.findings.iter();
        Some(&finding.name) == except || others.any(|other| is_part_of(finding, other))
    };
    let mut losses = losses(why, verdicts);
    losses.retain(|(finding, _)| !is_told(finding));
    let Some((first, others)) = losses.split_first() else {
        return Vec::new();
    };
    // Whoever was woken for that asks for it, however little customers felt.
    let later = others
        .iter()
        .filter(|(_, episode)| episode.until > first.1.until);
    let later = later.max_by_key(|(_, episode)| episode.until);
    later.into_iter().chain([first]).copied().collect()
}

/// The losses of some weight, customers' first, the newest before the older ones; of series without a verdict none.
pub(crate) fn losses<'w>(why: &'w Why, verdicts: &[Verdict]) -> Vec<(&'w Finding, &'w Episode)> {
    let share = |episode: &Episode| episode.budget_share.as_ref().map_or(0.0, |share| share.0);
    let lost = why.findings.iter().filter_map(|finding| {
        let audience = verdict_of(verdicts, &finding.name)?.audience;
        let episode = finding.episode.as_ref()?;
        (share(episode) >= WORTH).then_some((audience, finding, episode))
    });
    let mut lost: Vec<(Audience, &Finding, &Episode)> = lost.collect();
    lost.sort_by(|(one, _, a), (other, _, b)| {
        let is_internal = |audience: &Audience| *audience != Audience::Customer;
        let by_audience = is_internal(one).cmp(&is_internal(other));
        let by_end = b.until.cmp(&a.until);
        by_audience.then(by_end).then(share(b).total_cmp(&share(a)))
    });
    let losses = lost
        .into_iter()
        .map(|(_, finding, episode)| (finding, episode));
    losses.collect()
}

/// Whether a loss is on the way from another to where that started, at the same time: it is told with it.
pub(crate) fn is_part_of(finding: &Finding, other: &Finding) -> bool {
    let Some((one, whole)) = finding.episode.as_ref().zip(other.episode.as_ref()) else {
        return false;
    };
    let path = whole.named().map_or(&[][..], |suspect| &suspect.path);
    let (name, whole_name) = (&finding.name, &other.name);
    name.slo != whole_name.slo
        && (&name.objective, &name.scope) == (&whole_name.objective, &whole_name.scope)
        && one.from < whole.until
        && whole.from < one.until
        && path.iter().any(|part| part == name.slo.as_str())
}

fn verdict_of<'v>(verdicts: &'v [Verdict], name: &SeriesName) -> Option<&'v Verdict> {
    verdicts.iter().find(|verdict| verdict.name == *name)
}

/// Whether the loss of a finding is over, of series with these verdicts.
pub(crate) fn is_over_of(why: &Why, finding: &Finding, verdicts: &[Verdict]) -> bool {
    let verdict = verdict_of(verdicts, &finding.name);
    let mut episode = finding.episode.iter();
    episode.all(|episode| is_over(why, episode, verdict))
}

/// `premium lost 31% of its budget of 1h from 10:37:00 to 10:38:20 UTC (12m ago); it started in payments-db.`
pub(crate) fn told(
    why: &Why,
    finding: &Finding,
    episode: &Episode,
    zone: &TimeZone,
    is_over: bool,
) -> String {
    let whose = match &finding.name.scope {
        Scope::All => "all traffic".to_owned(),
        Scope::Segment(segment) => segment.to_string(),
    };
    let budget = match &episode.budget_share {
        Some((share, window)) => format!("{} of its budget of {window}", percent(*share)),
        None => "budget".to_owned(),
    };
    let when = when(why, episode, zone, is_over);
    let start = match episode.named() {
        Some(suspect) if suspect.path.len() > 1 => {
            format!("; it started in {}", suspect.name)
        }
        Some(suspect) => format!("; it started in {} itself", suspect.name),
        None => String::new(),
    };
    let before = match super::earlier(why, finding) {
        Some(earlier) => format!(" Earlier: {earlier}."),
        None => String::new(),
    };
    format!("{whose} lost {budget} {when}{start}.{before}")
}

/// `since 10:37:00 UTC (2m ago)`, or from when to when and how long ago that was.
pub(crate) fn when(why: &Why, episode: &Episode, zone: &TimeZone, is_over: bool) -> String {
    let event = |at| number::event(at, why.instant, zone);
    match is_over {
        true => {
            // The zone stands behind the second of the two.
            let from = number::moment_near(episode.from, why.instant, zone);
            let from = from.trim_end_matches(&number::zone_name(zone)).trim_end();
            format!("from {from} to {}", event(episode.until))
        }
        false => format!("since {}", event(episode.from)),
    }
}
