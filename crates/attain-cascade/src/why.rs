//! Who spent a customer's budget: the last loss of a promise, who is suspected of it, and how strong the evidence is.
//!
//! Knows which series are the parts of a promise and which slots are asked about; asks for their counts and reads none. Who
//! is to blame is [`crate::diagnose`]'s.

mod answer;
mod back;
mod kept;
mod parts;
mod slots;

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use attain_model::verdict::{AlertState, Attainment};
use attain_model::{
    AsOf, Evaluation, ObjectiveId, Promises, Scope, SegmentId, SeriesName, SloId, Verdict,
};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::diagnose::{self, Baseline, Diagnosis, Gate, Question, Track, Unit};
use parts::Parts;
use slots::{Lost, Slots};

pub use answer::{Account, Doubt, Earlier, Episode, Finding, Suspect, Why};

/// How far back the last loss is looked for.
const LOOK_BACK_SECONDS: i64 = 6 * 3600;
/// Seconds without a loss that end one where no alert says how long: the shortest window of a policy for 30 days.
const CALM_SECONDS: i64 = 300;
/// Slots that a loss is cut into, about: fewer tell nothing of when, more have too few requests each.
const SLOTS_OF_EPISODE: i64 = 8;
/// Losses before the last one of which it is asked where they started, the newest ones.
const EARLIER_ASKED: usize = 3;
/// Slots before a loss that say how everybody was just before; two for each three of the loss.
const SLOTS_BEFORE_LEAST: i64 = 3;
/// With fewer comparable slots before, those after the loss say what is usual, too.
const USUAL_LEAST: usize = 12;

/// Counts of slots in seconds since 1970, in the order of time.
type Counted = Vec<(i64, Attainment)>;

/// Where counts come from: the slices of one series, oldest first, of the events of one scope. They are those that
/// [`Asked::reading`] says.
pub type Counts<'a> = dyn FnMut(&SeriesName, &Scope) -> Vec<(Timestamp, Attainment)> + 'a;

/// A question: who spent it?
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What is promised.
    pub promises: &'a Promises,
    /// How it stands; of the SLO that is asked about at least.
    pub evaluation: &'a Evaluation,
    /// As of when; no loss after it is looked at.
    pub as_of: AsOf,
    /// Until when anything is known: what came after the instant may say what is usual.
    pub known_to: Timestamp,
    /// Ask about all that was lost since then, instead of the last loss within six hours.
    pub since: Option<Timestamp>,
}

impl Asked<'_> {
    /// Which counts are needed.
    #[must_use]
    pub fn reading(&self) -> AsOf {
        AsOf {
            instant: self.known_to.max(self.as_of.instant),
            known_until: self.as_of.known_until,
        }
    }

    fn day(&self) -> Date {
        let zone = self.promises.catalogue().timezone.clone();
        self.as_of.instant.to_zoned(zone).date()
    }

    fn verdict(&self, name: &SeriesName) -> Option<&Verdict> {
        let mut verdicts = self.evaluation.verdicts.iter();
        verdicts.find(|verdict| verdict.name == *name)
    }
}

/// Nothing is promised to what is asked about; what there is instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NothingPromised {
    /// Objectives of the SLO.
    pub objectives: Vec<ObjectiveId>,
    /// Scopes that it says anything about.
    pub scopes: Vec<String>,
}

/// The series of an SLO that can be asked about: those that promise something on a day, the highest segment first. Of one
/// segment and of one objective only if they are named.
///
/// # Errors
/// Nothing is promised to what is named.
pub fn series(
    promises: &Promises,
    on: Date,
    slo: &SloId,
    objective: Option<&str>,
    segment: Option<&str>,
) -> Result<Vec<SeriesName>, NothingPromised> {
    let catalogue = promises.catalogue();
    let mut names = Vec::new();
    let mut known = BTreeSet::new();
    let objectives = || {
        catalogue
            .slos
            .get(slo)
            .into_iter()
            .flat_map(|slo| slo.objectives.values())
    };
    for one in objectives().filter(|one| objective.is_none_or(|wanted| wanted == one.id.as_str())) {
        let Some(term) = one.on(on).or(one.terms.last()) else {
            continue;
        };
        let mut scopes: Vec<Scope> = Vec::new();
        for (scope, goal) in term.targets.iter() {
            known.insert(scope.to_string());
            let is_wanted = segment.is_none_or(|wanted| wanted == scope.to_string());
            if goal.promised().is_some() && is_wanted {
                scopes.push(scope);
            }
        }
        // A customer's segments say more than all of them together.
        if segment.is_none() && scopes.iter().any(|scope| *scope != Scope::All) {
            scopes.retain(|scope| *scope != Scope::All);
        }
        let rank_of = |id: &SegmentId| catalogue.segments.get(id).map(|segment| segment.rank);
        scopes.sort_by_key(|scope| match scope {
            Scope::Segment(id) => rank_of(id).unwrap_or(u32::MAX),
            Scope::All => u32::MAX,
        });
        names.extend(scopes.into_iter().map(|scope| SeriesName {
            slo: slo.clone(),
            objective: one.id.clone(),
            scope,
        }));
    }
    if names.is_empty() {
        return Err(NothingPromised {
            objectives: objectives().map(|one| one.id.clone()).collect(),
            scopes: known.into_iter().collect(),
        });
    }
    Ok(names)
}

/// What has to be read to answer about these series: each part's own series, and whose events of it. Each once.
#[must_use]
pub fn wanted(promises: &Promises, names: &[SeriesName]) -> BTreeSet<(SeriesName, Scope)> {
    let of = |name: &SeriesName| {
        let parts = parts::wanted(promises.catalogue(), name).into_iter();
        parts
            .map(|part| (part, name.scope.clone()))
            .collect::<Vec<_>>()
    };
    names.iter().flat_map(of).collect()
}

/// Who spent the budgets of these series of one SLO.
///
/// Of a series that is hurt, and of which the last loss names nobody, all that was lost since it pages or its budget is gone
/// is asked about instead, if that names somebody.
#[must_use]
pub fn answer(asked: &Asked<'_>, names: &[SeriesName], counted: &mut Counts<'_>) -> Why {
    let mut notes = Vec::new();
    let findings = names.iter().map(|name| {
        let parts = Parts::of(asked.promises.catalogue(), name, counted);
        parts.map_or_else(
            || nothing(name),
            |parts| {
                let last = found(asked, name, &parts, &mut notes);
                match hurt_since(asked, name, &last, &parts) {
                    Some(since) => since_hurt(asked, since, last, &parts, &mut notes),
                    None => last,
                }
            },
        )
    });
    let findings: Vec<Finding> = findings.collect();
    notes.sort();
    notes.dedup();
    Why {
        instant: asked.as_of.instant,
        looked_back: Duration::from_secs(LOOK_BACK_SECONDS.unsigned_abs()),
        zone: asked.promises.catalogue().timezone.clone(),
        findings,
        notes,
    }
}

fn nothing(name: &SeriesName) -> Finding {
    Finding {
        name: name.clone(),
        episode: None,
        earlier: Vec::new(),
        back_at: None,
    }
}

fn found(
    asked: &Asked<'_>,
    name: &SeriesName,
    parts: &Parts<'_>,
    notes: &mut Vec<String>,
) -> Finding {
    let mut finding = Finding {
        back_at: back_at(asked, name, parts),
        ..nothing(name)
    };
    if let Some(losses) = losses(asked, name, parts) {
        finding.episode = Some(episode(asked, name, &losses, &losses.range, notes));
        finding.earlier = earlier(asked, name, &losses);
    }
    finding
}

/// Since when a series is hurt of which the last loss names nobody; `None` where that needs no second look.
fn hurt_since(
    asked: &Asked<'_>,
    name: &SeriesName,
    last: &Finding,
    parts: &Parts<'_>,
) -> Option<Timestamp> {
    if asked.since.is_some() || last.names_somebody() {
        return None;
    }
    let verdict = asked.verdict(name)?;
    let hurt = verdict.pages_since().or(verdict.overspent_since)?;
    // Whoever was woken by a slice asks about it, too.
    let since = timestamp(hurt.as_second() - parts.slot_seconds()?);
    (since < asked.as_of.instant).then_some(since)
}

/// All that was lost since then, if that says more than the last loss.
fn since_hurt(
    asked: &Asked<'_>,
    since: Timestamp,
    last: Finding,
    parts: &Parts<'_>,
    notes: &mut Vec<String>,
) -> Finding {
    let again = Asked {
        since: Some(since),
        ..*asked
    };
    let mut its_notes = Vec::new();
    let mut whole = found(&again, &last.name, parts, &mut its_notes);
    if !whole.names_somebody() && last.episode.is_some() {
        return last;
    }
    whole.earlier = last.earlier;
    whole.earlier.retain(|earlier| earlier.until <= since);
    notes.extend(its_notes);
    whole
}

/// What a series lost, and when.
struct Losses<'p, 'a> {
    parts: &'p Parts<'a>,
    /// Seconds of the finest slots there are.
    fine: i64,
    /// What is asked about, in seconds.
    range: Range<i64>,
    /// The losses before that, oldest first.
    earlier: Vec<Range<i64>>,
}

fn back_at(asked: &Asked<'_>, name: &SeriesName, parts: &Parts<'_>) -> Option<Timestamp> {
    let slo = asked.promises.catalogue().slos.get(&name.slo)?;
    let slice_seconds = parts.slot_seconds()?;
    back::back_at(slo, asked.verdict(name)?, parts.target(), slice_seconds)
}

/// When a series lost more than it may; `None` if it did not, or if nobody can tell.
fn losses<'p, 'a>(
    asked: &Asked<'_>,
    name: &SeriesName,
    parts: &'p Parts<'a>,
) -> Option<Losses<'p, 'a>> {
    let until = asked.as_of.instant.as_second();
    let fine = parts.slot_seconds()?;
    let target_ppb = parts.target_ppb(asked.day())?;
    let mut ranges = match asked.since {
        Some(since) => std::iter::once(since.as_second()..until).collect(),
        None => {
            let verdict = asked.verdict(name);
            let lost = Lost {
                target_ppb,
                slot: fine,
                calm: verdict.and_then(calm_seconds).unwrap_or(CALM_SECONDS),
                firing: verdict.is_some_and(is_firing),
            };
            lost.episodes(parts.target(), until - LOOK_BACK_SECONDS..until)
        }
    };
    let range = ranges.pop()?;
    Some(Losses {
        earlier: ranges,
        parts,
        fine,
        range,
    })
}

/// What was lost before, and where the newest of that started.
fn earlier(asked: &Asked<'_>, name: &SeriesName, losses: &Losses<'_, '_>) -> Vec<Earlier> {
    let count = losses.earlier.len();
    let each = losses.earlier.iter().enumerate().map(|(nth, range)| {
        let is_asked = nth + EARLIER_ASKED >= count;
        // What speaks against the newest answer is noted; of older ones whom they name is enough.
        let told = is_asked.then(|| episode(asked, name, losses, range, &mut Vec::new()));
        let named = told.as_ref().and_then(Episode::named);
        Earlier {
            from: timestamp(range.start),
            until: timestamp(range.end),
            attainment: slots::sum(losses.parts.target(), range),
            started_in: named.map(|suspect| suspect.name.clone()),
        }
    });
    each.collect()
}

/// An alert ends when its short window burns no more: so long a calm is one for whoever was told.
fn calm_seconds(verdict: &Verdict) -> Option<i64> {
    let shortest = verdict.burn.iter().map(|burn| burn.window).min()?;
    i64::try_from(shortest.as_secs()).ok()
}

fn is_firing(verdict: &Verdict) -> bool {
    let mut states = verdict.alerts.iter().map(|alert| &alert.state);
    states.any(|state| matches!(state, AlertState::Firing(_)))
}

fn episode(
    asked: &Asked<'_>,
    name: &SeriesName,
    losses: &Losses<'_, '_>,
    range: &Range<i64>,
    notes: &mut Vec<String>,
) -> Episode {
    let Losses { parts, fine, .. } = losses;
    let fine = *fine;
    let until = asked.as_of.instant.as_second();
    // What came after may say what is usual; it is never part of what is asked about.
    let end = asked.reading().instant;
    let customers = parts.target();
    let attainment = slots::sum(customers, range);
    // Invariant: slots are cut from the beginning of the loss, backward and forward, so that none is half of it.
    let length = range.end - range.start;
    let slot = ((length / SLOTS_OF_EPISODE) / fine).max(1) * fine;
    let during = length.div_ceil_i64(slot);
    let before = (during * 2).div_ceil_i64(3).max(SLOTS_BEFORE_LEAST);
    let cut = Slots {
        origin: range.start,
        slot,
    };
    let window = -before..during;
    let usual_slots = usual(parts, cut, &window, until, end.as_second(), notes, name);
    let unit = Unit::Events;
    let usual: Vec<Track> = parts
        .series()
        .map(|series| cut.track(series, &usual_slots))
        .collect();
    let baselines: Vec<Baseline> = usual
        .iter()
        .map(|track| Baseline::fit(unit, track))
        .collect();
    let window_slots: Vec<i64> = window.collect();
    let tracks: Vec<Track> = parts
        .series()
        .map(|series| cut.track_within(series, &window_slots, until))
        .collect();
    let place = parts.target_place();
    let only: Vec<i64> = (0..during).collect();
    let lost_then = cut.track_within(customers, &only, until);
    let gate = Gate::of(&baselines[place], &usual[place], only.len());
    let as_bad = (usual_slots.len() >= 99 + only.len()).then(|| gate.share_as_bad(&lost_then));
    let is_alerted = asked.verdict(name).is_some_and(is_firing);
    let is_worth =
        asked.since.is_some() || is_alerted || as_bad.is_none() || gate.is_open(&lost_then);
    let question = Question {
        unit,
        graph: parts.graph(),
        target: place,
        baselines: &baselines,
        window: &tracks,
    };
    let found = match is_worth {
        true => diagnose::incidents(&question),
        false => Vec::new(),
    };
    if !parts.blind().is_empty() {
        let (of, objective) = (parts.blind().join(", "), &name.objective);
        notes.push(format!(
            "{objective}: nothing is counted of {of}, so nobody can tell what was lost there"
        ));
    }
    let base = baselines[place].base.unwrap_or(0.0);
    Episode {
        from: timestamp(range.start),
        until: timestamp(range.end),
        beyond_usual: attainment.bad as f64 - base * attainment.total() as f64,
        budget_share: asked.verdict(name).and_then(|verdict| {
            let allowed = verdict.budget.allowed_billionths;
            let share = attainment.bad as f64 * 1e9 / allowed as f64;
            let window = asked.promises.catalogue().slos[&name.slo]
                .window
                .to_string();
            (allowed > 0).then_some((share, window))
        }),
        attainment,
        after: slots::sum(customers, &(range.end..until)),
        as_bad_before: as_bad,
        accounts: found
            .iter()
            .map(|diagnosis| account(asked, parts, diagnosis))
            .collect(),
    }
}

/// The slots that say what is usual.
fn usual(
    parts: &Parts<'_>,
    cut: Slots,
    window: &Range<i64>,
    until: i64,
    end: i64,
    notes: &mut Vec<String>,
    name: &SeriesName,
) -> Vec<i64> {
    let Some(first) = parts.first() else {
        return Vec::new();
    };
    let all: Vec<i64> = (cut.slot_of(first) + 1..window.start).collect();
    let times: Vec<i64> = all.iter().map(|slot| cut.time(*slot)).collect();
    let asked = cut.time(window.start)..cut.time(window.end);
    let comparable = diagnose::comparable(&times, &asked);
    let mut slots: Vec<i64> = comparable.into_iter().map(|at| all[at]).collect();
    if slots.len() < USUAL_LEAST {
        let later = cut.slot_of(until.max(cut.time(window.end)) - 1) + 1..cut.slot_of(end);
        let added = later.clone().count();
        slots.extend(later);
        notes.push(format!(
            "{name}: little was counted before{}",
            if added > 0 {
                ", so what came after says what is usual, too"
            } else {
                "; the answer rests on little"
            }
        ));
    }
    slots
}

fn account(asked: &Asked<'_>, parts: &Parts<'_>, diagnosis: &Diagnosis) -> Account {
    let suspects = diagnosis.suspects.iter().map(|suspect| {
        let slo = &asked.promises.catalogue().slos[parts.name(suspect.node)];
        let names = |nodes: &mut dyn Iterator<Item = usize>| -> Vec<String> {
            nodes.map(|node| parts.name(node).to_owned()).collect()
        };
        Suspect {
            name: slo.id.to_string(),
            score: suspect.score,
            lost: suspect.total,
            sigmas: suspect.sigmas,
            share: suspect.share,
            explained: suspect.explained,
            explained_by: names(&mut suspect.explained_by.iter().map(|by| by.node)),
            path: names(&mut suspect.path.iter().copied()),
            owners: slo.owners.iter().map(ToString::to_string).collect(),
            runbook: slo.runbook.clone(),
        }
    });
    Account {
        lost: diagnosis.total,
        is_named: diagnosis.named().is_some(),
        named_at: None,
        doubt: match diagnosis.doubt() {
            Some(diagnose::Doubt::Noise) => Some(Doubt::Noise),
            Some(diagnose::Doubt::Rival(node)) => Some(Doubt::Rival(parts.name(node).to_owned())),
            Some(diagnose::Doubt::Weak) | None => None,
        },
        suspects: suspects.collect(),
    }
}

fn timestamp(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

/// Rounds up; both are positive.
trait DivCeil {
    fn div_ceil_i64(self, by: i64) -> i64;
}

impl DivCeil for i64 {
    fn div_ceil_i64(self, by: i64) -> i64 {
        (self + by - 1).div_euclid(by.max(1)).max(1)
    }
}
