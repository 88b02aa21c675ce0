//! What two parts of a promise did together, slot by slot: the measured value beside what independence would make of the
//! two and what holds whatever fails together.
//!
//! Knows in which slots a part was worse than it promises. A slot is not a request: that two parts were bad in the same
//! minute does not say that the same requests met both.

use std::collections::{BTreeMap, BTreeSet};

use attain_math::compose::{
    Composition, JointSlots, MeasuredJoint, measured_joint, redundant, series,
};
use attain_model::slo::{Dependency, Provider};
use attain_model::{Catalogue, Promises, SeriesName, SloId};
use jiff::civil::Date;

use crate::edge::{Caller, takes_part};
use crate::reach::slot_seconds;
use crate::warning::History;

/// Slots in which both were counted below which nothing is said.
pub const SLOTS_MIN: u64 = 100;

/// How a promise needs two of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// A request needs both.
    Both,
    /// One helps out for the other: two of a quorum, or a part and its fallback.
    Either,
}

/// Two parts that a promise rests on directly, by the series that says how each keeps what it promises to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// The two, in the order of `depends_on`.
    pub parts: [SeriesName; 2],
    /// What the promise needs of them.
    pub needs: Needs,
}

/// A pair and what was measured of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Together {
    /// Which two.
    pub pair: Pair,
    /// Slots in which both were counted; up is a slot in which a part was not worse than it promises.
    pub slots: JointSlots,
    /// What these come to.
    pub joint: MeasuredJoint,
}

impl Together {
    /// Slots in which both were counted.
    #[must_use]
    pub fn counted(&self) -> u64 {
        let slots = &self.slots;
        slots.both_up + slots.first_up + slots.second_up + slots.both_down
    }

    /// Slots in which what the promise needs of the two was there.
    #[must_use]
    pub fn kept(&self) -> u64 {
        match self.pair.needs {
            Needs::Both => self.slots.both_up,
            Needs::Either => self.counted() - self.slots.both_down,
        }
    }

    /// What the share of [`Self::kept`] would be if the two failed independently, each as often as it did, and the bounds
    /// that hold under any dependence.
    #[must_use]
    pub fn assumed(&self) -> Composition {
        let parts = [self.joint.first, self.joint.second];
        match self.pair.needs {
            Needs::Both => series(&parts),
            Needs::Either => redundant(&parts),
        }
    }
}

/// The pairs of parts that a promise rests on directly, each once. Parts that take no part, that promise nothing to it, or
/// that are somebody else's are in none.
#[must_use]
pub fn pairs(catalogue: &Catalogue, name: &SeriesName, on: Date) -> Vec<Pair> {
    let Some(slo) = catalogue.slos.get(&name.slo) else {
        return Vec::new();
    };
    let Some(caller) = Caller::new(catalogue, slo, &name.objective, &name.scope, on) else {
        return Vec::new();
    };
    let is_timed = caller.promised.under.is_some();
    let edges = slo.depends_on.iter();
    let edges = edges.filter(|edge| takes_part(edge) && (!is_timed || edge.latency.is_some()));
    let mut needed: Vec<SeriesName> = Vec::new();
    let mut found = Vec::new();
    for edge in edges {
        let of = |id: &SloId| series_of(&caller, edge, id);
        let push = |found: &mut Vec<Pair>, parts: &[SeriesName], needs: Needs| {
            for (place, first) in parts.iter().enumerate() {
                let rest = parts.iter().skip(place + 1);
                found.extend(rest.map(|second| Pair {
                    parts: [first.clone(), second.clone()],
                    needs,
                }));
            }
        };
        match &edge.on {
            Provider::Slo(id) => {
                let fallback = edge.fallback.as_ref().map(|fallback| &fallback.slo);
                let both: Vec<SeriesName> =
                    [id].into_iter().chain(fallback).filter_map(of).collect();
                push(&mut found, &both, Needs::Either);
                needed.extend(of(id));
            }
            Provider::AnyOf { slos, need } => {
                let members: Vec<SeriesName> = slos.iter().filter_map(of).collect();
                let needs = match (*need as usize) < slos.len() {
                    true => Needs::Either,
                    false => Needs::Both,
                };
                push(&mut found, &members, needs);
            }
            Provider::External { .. } => {}
        }
    }
    for (place, first) in needed.iter().enumerate() {
        found.extend(needed.iter().skip(place + 1).map(|second| Pair {
            parts: [first.clone(), second.clone()],
            needs: Needs::Both,
        }));
    }
    let mut seen = BTreeSet::new();
    found.retain(|pair| pair.parts[0] != pair.parts[1] && seen.insert(pair.clone()));
    found
}

fn series_of(caller: &Caller<'_>, edge: &Dependency, id: &SloId) -> Option<SeriesName> {
    let answer = caller.question(edge).answer(id).ok()?;
    Some(SeriesName {
        slo: id.clone(),
        objective: answer.objective,
        scope: answer.scope,
    })
}

/// What was measured of these pairs, those first that were bad together most often beyond chance.
///
/// A pair is left out below [`SLOTS_MIN`] common slots, and where one of the two was never bad: then there is nothing to be
/// told of the two together.
#[must_use]
pub fn together(
    promises: &Promises,
    pairs: &[Pair],
    histories: &BTreeMap<SeriesName, History>,
) -> Vec<Together> {
    let of = |pair: &Pair| {
        let [first, second] = &pair.parts;
        let slots = slots_of_both(promises, histories.get(first)?, histories.get(second)?);
        let found = Together {
            pair: pair.clone(),
            slots,
            joint: measured_joint(slots)?,
        };
        let is_told = slots.both_down + slots.first_up.min(slots.second_up) > 0;
        (is_told && found.counted() >= SLOTS_MIN).then_some(found)
    };
    let mut found: Vec<Together> = pairs.iter().filter_map(of).collect();
    found.sort_by(|a, b| {
        let beyond = |one: &Together| one.joint.phi.unwrap_or(0.0);
        (beyond(b).total_cmp(&beyond(a))).then_with(|| a.pair.cmp(&b.pair))
    });
    found
}

/// Two histories laid over each other, in slots of the coarser of the two.
pub(crate) fn slots_of_both(promises: &Promises, first: &History, second: &History) -> JointSlots {
    let catalogue = promises.catalogue();
    let seconds =
        slot_seconds(catalogue, &first.name.slo).max(slot_seconds(catalogue, &second.name.slo));
    let by_slot = |history: &History| {
        let mut slots: BTreeMap<i64, bool> = BTreeMap::new();
        for slot in &history.slots {
            *slots
                .entry(slot.at.as_second().div_euclid(seconds))
                .or_default() |= slot.breached;
        }
        slots
    };
    let (first, second) = (by_slot(first), by_slot(second));
    let mut slots = JointSlots {
        both_up: 0,
        first_up: 0,
        second_up: 0,
        both_down: 0,
    };
    for (slot, is_bad) in &first {
        let Some(other_is_bad) = second.get(slot) else {
            continue;
        };
        *match (is_bad, other_is_bad) {
            (false, false) => &mut slots.both_up,
            (false, true) => &mut slots.first_up,
            (true, false) => &mut slots.second_up,
            (true, true) => &mut slots.both_down,
        } += 1;
    }
    slots
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use attain_model::slo::Fallback;
    use attain_model::{Scope, Share};
    use jiff::Timestamp;

    use super::*;
    use crate::fixture::{DAY, all, catalogue, edge, outcome, slo};
    use crate::warning::Slot;

    fn shop() -> Catalogue {
        let quorum = Dependency {
            on: Provider::AnyOf {
                slos: vec!["s1".into(), "s2".into(), "s3".into()],
                need: 2,
            },
            ..edge("x")
        };
        let helped = Dependency {
            fallback: Some(Fallback {
                slo: "spare".into(),
                covers: Share::WHOLE,
            }),
            ..edge("pay")
        };
        let unneeded = Dependency {
            optional: true,
            ..edge("extra")
        };
        let edges = [edge("auth"), helped, quorum, unneeded];
        let mut slos = vec![slo(
            "whole",
            [("availability", outcome(990_000_000))],
            edges,
        )];
        for id in ["auth", "pay", "spare", "s1", "s2", "s3", "extra"] {
            slos.push(slo(id, [("availability", outcome(999_000_000))], []));
        }
        catalogue(slos)
    }

    fn name(slo: &str) -> SeriesName {
        SeriesName {
            slo: slo.into(),
            objective: "availability".into(),
            scope: Scope::All,
        }
    }

    /// A minute after the other, each bad or not.
    fn history(slo: &str, bad: impl Fn(i64) -> bool, minutes: i64) -> (SeriesName, History) {
        let slots = (0..minutes).map(|minute| Slot {
            at: Timestamp::from_second(minute * 60).unwrap(),
            breached: bad(minute),
        });
        let history = History {
            name: name(slo),
            slot: Duration::from_secs(60),
            slots: slots.collect(),
        };
        (name(slo), history)
    }

    #[test]
    fn pairs_are_needed_both_or_help_each_other_out() {
        let found = pairs(&shop(), &name("whole"), DAY);
        assert_eq!(all(), Scope::All);
        let found: Vec<(Needs, String)> = found
            .iter()
            .map(|pair| {
                let [a, b] = &pair.parts;
                (pair.needs, format!("{}+{}", a.slo, b.slo))
            })
            .collect();
        let expected = [
            (Needs::Either, "pay+spare"),
            (Needs::Either, "s1+s2"),
            (Needs::Either, "s1+s3"),
            (Needs::Either, "s2+s3"),
            (Needs::Both, "auth+pay"),
        ];
        assert_eq!(found, expected.map(|(needs, two)| (needs, two.to_owned())));
    }

    #[test]
    fn what_is_measured_lies_within_the_bounds_and_not_where_independence_has_it() {
        let promises = Promises::of(shop());
        // One in ten each; five times of a hundred both.
        let histories = BTreeMap::from([
            history("auth", |m| m % 10 == 0, 1_000),
            history("pay", |m| m % 20 == 0 || m % 20 == 5, 1_000),
            history("s1", |m| m % 10 == 0, 1_000),
            history("s2", |m| m % 10 == 0, 1_000),
        ]);
        let pairs = pairs(promises.catalogue(), &name("whole"), DAY);
        let found = together(&promises, &pairs, &histories);
        let told: Vec<(&str, u64, u64)> = found
            .iter()
            .map(|one| (one.pair.parts[0].slo.as_str(), one.kept(), one.counted()))
            .collect();
        // Two replicas that fail together are one: 90 %, and not 99 %.
        assert_eq!(told, [("s1", 900, 1_000), ("auth", 850, 1_000)]);
        for one in &found {
            let (assumed, kept) = (one.assumed(), one.kept() as f64 / one.counted() as f64);
            assert!(
                assumed.low <= kept + 1e-9 && kept <= assumed.high + 1e-9,
                "{one:?}"
            );
        }
        assert!((found[0].assumed().independent - 0.99).abs() < 1e-9);
        assert!((found[1].assumed().independent - 0.81).abs() < 1e-9);
    }

    #[test]
    fn few_slots_and_a_part_that_never_fails_say_nothing() {
        let promises = Promises::of(shop());
        let pairs = pairs(promises.catalogue(), &name("whole"), DAY);
        let measured = |minutes: i64, pay: fn(i64) -> bool| {
            let histories = BTreeMap::from([
                history("auth", |m| m % 10 == 0, minutes),
                history("pay", pay, minutes),
            ]);
            together(&promises, &pairs, &histories).len()
        };
        assert_eq!(measured(99, |m| m % 10 == 0), 0);
        assert_eq!(measured(100, |m| m % 10 == 0), 1);
        assert_eq!(measured(100, |_| false), 0);
    }
}
