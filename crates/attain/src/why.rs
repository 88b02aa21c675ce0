//! `attain why`: who spent a customer's budget. Knows which series are the parts of an SLO and which slots are asked
//! about; who is to blame is attain-cascade's, how it looks attain-view's.

mod parts;
mod slots;

use std::ops::Range;
use std::time::Duration;

use attain_cascade::diagnose::{self as cascade, Baseline, Diagnosis, Gate, Question, Track, Unit};
use attain_model::verdict::{AlertState, Attainment};
use attain_model::{AsOf, Evaluation, Scope, SeriesName};
use attain_view::number;
use attain_view::why::{Account, Doubt, Episode, Finding, Suspect, Why, why, why_json};
use jiff::Timestamp;

use crate::asked::{About, Asked};
use crate::cli::{StatusFormat, WhyArguments};
use crate::exit::{Exit, Failure};
use crate::moment;
use crate::terminal::Terminal;
use parts::Parts;
use slots::Slots;

/// How far back the last loss is looked for.
const LOOK_BACK_SECONDS: i64 = 6 * 3600;
/// Slots that a loss is cut into, about: fewer tell nothing of when, more have too few requests each.
const SLOTS_OF_EPISODE: i64 = 8;
/// Slots before a loss that say how everybody was just before; two for each three of the loss.
const SLOTS_BEFORE_LEAST: i64 = 3;
/// With fewer comparable slots before, those after the loss say what is usual, too.
const USUAL_LEAST: usize = 12;

/// Runs the command.
pub fn run(arguments: &WhyArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let slos = [arguments.slo.clone()];
    let about = About {
        at: arguments.at.as_deref(),
        as_known_then: false,
        slos: &slos,
    };
    let asked = Asked::of(&arguments.input(), &about, |_| Ok(()), terminal)?;
    let names = series(&asked, arguments)?;
    let since = arguments.since.as_deref();
    let zone = &asked.promises.catalogue().timezone;
    let since = since
        .map(|text| moment::parse(text, zone, Timestamp::now()))
        .transpose()?;
    let since = since.map(|since| since.as_second());
    if since.is_some_and(|since| since >= asked.as_of.instant.as_second()) {
        return Err(
            Failure::new("--since is not before the instant that is asked about")
                .help("name both: --since '2026-11-02 14:00' --at '2026-11-02 14:30'"),
        );
    }
    let answer = answer(&asked, &names, since);
    let look = terminal.look();
    terminal.print(&match arguments.format {
        StatusFormat::Human => why(&answer, &look),
        StatusFormat::Json => why_json(&answer),
    })?;
    Ok(exit_of(&answer))
}

/// Invariant: somebody who is named outweighs evidence that is too weak, and that a loss that is nothing unusual.
fn exit_of(answer: &Why) -> Exit {
    let episodes = answer
        .findings
        .iter()
        .filter_map(|finding| finding.episode.as_ref());
    let accounts = episodes.flat_map(|episode| &episode.accounts);
    let accounts: Vec<&Account> = accounts
        .filter(|account| !account.suspects.is_empty())
        .collect();
    match accounts.as_slice() {
        [] => Exit::Fine,
        some if some.iter().any(|account| account.is_named) => Exit::Broken,
        _ => Exit::Unknown,
    }
}

/// The series that are asked about: those that promise something, or the one segment.
fn series(asked: &Asked, arguments: &WhyArguments) -> Result<Vec<SeriesName>, Failure> {
    let catalogue = asked.promises.catalogue();
    let slo = &catalogue.slos[arguments.slo.as_str()];
    let mut names = Vec::new();
    let mut known = Vec::new();
    for objective in slo.objectives.values() {
        let is_other = |wanted: &String| wanted != objective.id.as_str();
        if arguments.objective.as_ref().is_some_and(is_other) {
            continue;
        }
        let Some(term) = objective.on(asked.day()).or(objective.terms.last()) else {
            continue;
        };
        let mut scopes: Vec<Scope> = Vec::new();
        for (scope, goal) in term.targets.iter() {
            known.push(scope.to_string());
            let is_wanted = arguments
                .segment
                .as_ref()
                .is_none_or(|s| *s == scope.to_string());
            if goal.promised().is_some() && is_wanted {
                scopes.push(scope);
            }
        }
        // A customer's segments say more than all of them together.
        if arguments.segment.is_none() && scopes.iter().any(|scope| *scope != Scope::All) {
            scopes.retain(|scope| *scope != Scope::All);
        }
        let rank = |scope: &Scope| match scope {
            Scope::Segment(id) => catalogue
                .segments
                .get(id)
                .map_or(u32::MAX, |segment| segment.rank),
            Scope::All => u32::MAX,
        };
        scopes.sort_by_key(rank);
        names.extend(scopes.into_iter().map(|scope| SeriesName {
            slo: slo.id.clone(),
            objective: objective.id.clone(),
            scope,
        }));
    }
    if names.is_empty() {
        known.sort();
        known.dedup();
        let objectives: Vec<&str> = slo.objectives.keys().map(|id| id.as_str()).collect();
        return Err(Failure::new(format!(
            "{} promises nothing to what is asked about",
            slo.id
        ))
        .help(format!(
            "objectives: {}; segments: {}",
            objectives.join(", "),
            known.join(", ")
        )));
    }
    Ok(names)
}

fn answer(asked: &Asked, names: &[SeriesName], since: Option<i64>) -> Why {
    let catalogue = asked.promises.catalogue();
    let slos: Vec<String> = names
        .iter()
        .take(1)
        .map(|name| name.slo.to_string())
        .collect();
    let evaluation = asked.evaluation(&slos);
    let mut notes = Vec::new();
    let findings = names.iter().map(|name| Finding {
        name: name.clone(),
        episode: episode(asked, &evaluation, name, since, &mut notes),
    });
    let findings: Vec<Finding> = findings.collect();
    notes.sort();
    notes.dedup();
    let back = Duration::from_secs(LOOK_BACK_SECONDS.unsigned_abs());
    Why {
        instant: asked.as_of.instant,
        looked_back: number::about(back),
        zone: catalogue.timezone.clone(),
        findings,
        notes,
    }
}

fn episode(
    asked: &Asked,
    evaluation: &Evaluation,
    name: &SeriesName,
    since: Option<i64>,
    notes: &mut Vec<String>,
) -> Option<Episode> {
    let until = asked.as_of.instant.as_second();
    // What came after may say what is usual; it is never part of what is asked about.
    let end = asked
        .facts
        .end
        .map_or(asked.as_of.instant, |end| end.max(asked.as_of.instant));
    let as_of = AsOf {
        instant: end,
        known_until: asked.as_of.known_until,
    };
    let parts = asked
        .facts
        .with(|counts| Parts::of(&asked.promises, counts, name, as_of));
    let fine = parts.slot_seconds()?;
    let customers = parts.target();
    let target_ppb = parts.target_ppb(asked.day())?;
    let range = match since {
        Some(since) => since..until,
        None => slots::last_loss(
            customers,
            target_ppb,
            fine,
            until - LOOK_BACK_SECONDS..until,
        )?,
    };
    let attainment = slots::sum(customers, &range);
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
    let usual_slots = usual(&parts, cut, &window, until, end.as_second(), notes, name);
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
    let is_alerted = verdict(evaluation, name).is_some_and(|verdict| {
        let mut states = verdict.alerts.iter().map(|alert| &alert.state);
        states.any(|state| matches!(state, AlertState::Firing(_)))
    });
    let is_worth = since.is_some() || is_alerted || as_bad.is_none() || gate.is_open(&lost_then);
    let question = Question {
        unit,
        graph: parts.graph(),
        target: place,
        baselines: &baselines,
        window: &tracks,
    };
    let found = match is_worth {
        true => cascade::incidents(&question),
        false => Vec::new(),
    };
    if !parts.blind().is_empty() {
        let (of, objective) = (parts.blind().join(", "), &name.objective);
        notes.push(format!(
            "{objective}: nothing is counted of {of}, so nobody can tell what was lost there"
        ));
    }
    let base = baselines[place].base.unwrap_or(0.0);
    Some(Episode {
        from: timestamp(range.start),
        until: timestamp(range.end),
        beyond_usual: attainment.bad as f64 - base * attainment.total() as f64,
        budget_share: verdict(evaluation, name).and_then(|verdict| {
            let allowed = verdict.budget.allowed_billionths;
            let share = attainment.bad as f64 * 1e9 / allowed as f64;
            let window = asked.promises.catalogue().slos[&name.slo]
                .window
                .to_string();
            (allowed > 0).then_some((share, window))
        }),
        attainment,
        as_bad_before: as_bad,
        accounts: found
            .iter()
            .map(|diagnosis| account(asked, &parts, diagnosis))
            .collect(),
    })
}

/// The slots that say what is usual.
fn usual(
    parts: &Parts,
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
    let comparable = cascade::comparable(&times, &asked);
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

fn account(asked: &Asked, parts: &Parts, diagnosis: &Diagnosis) -> Account {
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
        doubt: match diagnosis.doubt() {
            Some(cascade::Doubt::Noise) => Some(Doubt::Noise),
            Some(cascade::Doubt::Rival(node)) => Some(Doubt::Rival(parts.name(node).to_owned())),
            Some(cascade::Doubt::Weak) | None => None,
        },
        suspects: suspects.collect(),
    }
}

fn verdict<'e>(evaluation: &'e Evaluation, name: &SeriesName) -> Option<&'e attain_model::Verdict> {
    evaluation
        .verdicts
        .iter()
        .find(|verdict| verdict.name == *name)
}

fn timestamp(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

/// Counts of slots, in the order of time.
pub type Counted = Vec<(i64, Attainment)>;

/// Rounds up; both are positive.
trait DivCeil {
    fn div_ceil_i64(self, by: i64) -> i64;
}

impl DivCeil for i64 {
    fn div_ceil_i64(self, by: i64) -> i64 {
        (self + by - 1).div_euclid(by.max(1)).max(1)
    }
}
