//! Internal targets that carry a promise: which to set, or why none would do.
//!
//! Knows the division of one budget over the parts of one promise, and of each part's budget over its own parts, callers
//! first. Every division is by the sum of the edges, which holds whatever fails together; where that is too much to ask, or
//! not enough because what should help out is shared, the budgets are scaled until each part counted once carries.

mod tree;

use std::collections::BTreeMap;

use attain_math::ONE_PPB;
use attain_model::{Catalogue, ObjectiveId, Promised, Scope, SeriesName, Slo, SloId};
use jiff::civil::Date;

use self::tree::{Promise, Tree};
use crate::composed::{Carries, composed};
use crate::edge::Caller;
use crate::explain::Counts;
use crate::part::Part;
use crate::tighter::with_buffer;

/// How a budget is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Every edge the same.
    Equal,
    /// By what the parts cost today: as it was counted, else as it was promised. All must improve by the same factor.
    Proportional,
    /// As cheap as can be, where each further nine of a part costs what is said.
    Cost,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// How the budget is divided.
    pub by: By,
    /// The share of the promise's budget that stays in reserve, in parts per billion.
    pub buffer_ppb: u32,
    /// The best target that a part can keep, in parts per billion; parts that are not named can keep any.
    pub floors: BTreeMap<SloId, u32>,
    /// What a further nine of a part costs, in any unit, for [`By::Cost`]; parts that are not named cost one.
    pub costs: BTreeMap<SloId, u32>,
    /// Targets may become looser than they are today.
    pub may_loosen: bool,
}

/// Targets that carry the promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocated {
    /// Which promise.
    pub name: SeriesName,
    /// Its numbers.
    pub promised: Promised,
    /// What the parts are to carry, the buffer included, in parts per billion.
    pub asked_ppb: u32,
    /// What they carry, each counted once, with these targets; at least `asked_ppb`.
    pub carried_ppb: u32,
    /// Whether that holds whatever fails together.
    pub carries: Carries,
    /// A target for each part that has one, callers before what they rest on.
    pub targets: Vec<Allotment>,
    /// Parts without a promise: they are not in the division.
    pub without: Vec<Part>,
}

/// A target for a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allotment {
    /// Which of its promises.
    pub name: SeriesName,
    /// What it is today.
    pub today: Promised,
    /// What it should be, in parts per billion.
    pub target_ppb: u32,
    /// What was counted: bad events in parts per billion.
    pub bad_ppb: Option<u32>,
    /// Whether it is a part of the promise itself, not of a part.
    pub is_direct: bool,
}

impl Allotment {
    /// Whether anything is to be done.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.target_ppb != self.today.target.ppb()
    }
}

/// Even the best that the parts can do does not carry the promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooTight {
    /// Which promise.
    pub name: SeriesName,
    /// Its numbers.
    pub promised: Promised,
    /// What the parts were to carry, in parts per billion.
    pub asked_ppb: u32,
    /// How much they lack at their best, in parts per billion.
    pub gap_ppb: u32,
    /// The best target that they support, without a buffer.
    pub best_ppb: u32,
    /// The best target that they support with the buffer asked for.
    pub best_with_buffer_ppb: u32,
    /// The best that each direct part can do, in parts per billion.
    pub floors: Vec<(Part, u32)>,
}

/// Divides the budget of a promise, by the promises of a day.
///
/// A target that carries more than one promise gets the tightest of what they need, and unless `may_loosen` no target gets
/// looser, so what else rests on it is still carried. `None` when the SLO promises nothing to this scope on that day, or
/// nothing that takes part in it has a promise.
///
/// # Errors
/// [`TooTight`] where the parts at their best do not carry it.
pub fn allocate(
    catalogue: &Catalogue,
    slo: &Slo,
    objective: &ObjectiveId,
    scope: &Scope,
    on: Date,
    wish: &Wish,
    counts: &Counts<'_>,
) -> Option<Result<Allocated, Box<TooTight>>> {
    let promised = Caller::new(catalogue, slo, objective, scope, on)?.promised;
    let name = SeriesName {
        slo: slo.id.clone(),
        objective: objective.clone(),
        scope: scope.clone(),
    };
    let asked_ppb = asked(&promised, wish.buffer_ppb);
    let mut tree = Tree::of(catalogue, name.clone(), on, wish, counts)?;
    let best = tree.at_best();
    let carried = |catalogue: &Catalogue| {
        composed(catalogue, slo, objective, scope, on).map_or(0, |found| found.once_ppb)
    };
    let best_ppb = carried(&best);
    if best_ppb < asked_ppb {
        return Some(Err(Box::new(TooTight {
            name,
            promised,
            asked_ppb,
            gap_ppb: asked_ppb - best_ppb,
            best_ppb,
            best_with_buffer_ppb: with_buffer(best_ppb, wish.buffer_ppb),
            floors: tree.floors(),
        })));
    }
    let proposal = tree.loosest(asked_ppb)?;
    let found = composed(&proposal, slo, objective, scope, on)?;
    let targets = tree.promises.iter().rev().filter_map(|promise| {
        Some(Allotment {
            name: promise.name.clone(),
            today: promise.today,
            target_ppb: tree::target(&proposal, &promise.name, on)?,
            bad_ppb: promise.bad_ppb,
            is_direct: promise.is_direct,
        })
    });
    Some(Ok(Allocated {
        targets: targets.collect(),
        without: tree.without.clone(),
        carried_ppb: found.once_ppb,
        carries: found.carries(asked_ppb),
        name,
        promised,
        asked_ppb,
    }))
}

/// What the parts are to carry so that a share of the budget stays in reserve, rounded up.
fn asked(promised: &Promised, buffer_ppb: u32) -> u32 {
    let budget = u64::from(promised.target.budget_ppb());
    let kept = u64::from(ONE_PPB - buffer_ppb.min(ONE_PPB));
    ONE_PPB - (budget * kept / u64::from(ONE_PPB)) as u32
}

impl Promise {
    fn is_of(&self, id: &SloId) -> bool {
        self.name.slo == *id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::Counted;
    use crate::fixture::{DAY, all, catalogue, edge, outcome, petshop, segment, shop, slo};
    use attain_model::slo::{Dependency, Provider};

    fn wish(by: By) -> Wish {
        Wish {
            by,
            buffer_ppb: 0,
            floors: BTreeMap::new(),
            costs: BTreeMap::new(),
            may_loosen: false,
        }
    }

    fn whole(target: u32, edges: Vec<Dependency>, parts: &[(&str, u32, &[&str])]) -> Catalogue {
        let mut slos = vec![slo("whole", [("availability", outcome(target))], edges)];
        slos.extend(parts.iter().map(|(id, target, below)| {
            slo(
                id,
                [("availability", outcome(*target))],
                below.iter().map(|id| edge(id)),
            )
        }));
        catalogue(slos)
    }

    fn of(
        catalogue: &Catalogue,
        wish: &Wish,
        counts: &Counts<'_>,
    ) -> Result<Allocated, Box<TooTight>> {
        let slo = &catalogue.slos["whole"];
        allocate(
            catalogue,
            slo,
            &"availability".into(),
            &all(),
            DAY,
            wish,
            counts,
        )
        .unwrap()
    }

    fn targets(found: &Allocated) -> Vec<(&str, u32)> {
        let target = |one: &'_ Allotment| one.target_ppb;
        found
            .targets
            .iter()
            .map(|one| (one.name.slo.as_str(), target(one)))
            .collect()
    }

    const NOTHING: &Counts<'static> = &|_| None;

    fn four() -> Catalogue {
        let parts: [(&str, u32, &[&str]); 4] = [
            ("a", 999_000_000, &[]),
            ("b", 999_000_000, &[]),
            ("c", 999_000_000, &[]),
            ("d", 999_000_000, &[]),
        ];
        whole(999_000_000, ["a", "b", "c", "d"].map(edge).to_vec(), &parts)
    }

    #[test]
    fn the_three_ways_to_divide() {
        // The budget of 0.1 % with 30 % in reserve, as in the vectors of the divisions.
        let with = |by| Wish {
            buffer_ppb: 300_000_000,
            costs: [("c".into(), 4), ("d".into(), 2)].into(),
            ..wish(by)
        };
        let bad = |name: &SeriesName| {
            let bad = match name.slo.as_str() {
                "a" => 400,
                "b" => 100,
                "c" => 1_000,
                _ => 500,
            };
            Some(Counted {
                bad,
                total: 1_000_000,
            })
        };
        let e = |by| {
            let found = of(&four(), &with(by), &bad).unwrap();
            assert_eq!(found.asked_ppb, 999_300_000);
            assert!(found.carried_ppb >= found.asked_ppb);
            assert_eq!(found.carries, Carries::Always);
            let mut found: Vec<_> = targets(&found)
                .into_iter()
                .map(|(id, ppb)| (id.to_owned(), ONE_PPB - ppb))
                .collect();
            found.sort();
            found.into_iter().map(|(_, e)| e).collect::<Vec<_>>()
        };
        assert_eq!(e(By::Equal), [175_000; 4]);
        assert_eq!(e(By::Proportional), [140_000, 35_000, 350_000, 175_000]);
        assert_eq!(e(By::Cost), [87_500, 87_500, 350_000, 175_000]);
    }

    #[test]
    fn floors_are_kept_and_what_is_too_tight_is_explained() {
        let mut wish = wish(By::Equal);
        wish.buffer_ppb = 300_000_000;
        wish.floors = [("a".into(), 999_600_000)].into();
        let found = of(&four(), &wish, NOTHING).unwrap();
        assert_eq!(
            targets(&found).iter().map(|(_, ppb)| ONE_PPB - ppb).max(),
            Some(400_000)
        );
        assert!(found.carried_ppb >= found.asked_ppb);
        for part in ["b", "c"] {
            wish.floors.insert(part.into(), 999_700_000);
        }
        let refused = of(&four(), &wish, NOTHING).unwrap_err();
        // 0.04 % and twice 0.03 % together; the fourth can keep anything.
        assert!((299_000..300_001).contains(&refused.gap_ppb), "{refused:?}");
        assert!((998_999_000..999_001_000).contains(&refused.best_ppb));
        assert!((998_570_000..998_572_000).contains(&refused.best_with_buffer_ppb));
        assert_eq!(refused.floors.len(), 4);
    }

    #[test]
    fn what_parts_rest_on_is_tightened_with_them() {
        let parts: [(&str, u32, &[&str]); 3] = [
            ("a", 999_000_000, &["db"]),
            ("b", 999_000_000, &["db"]),
            ("db", 999_500_000, &[]),
        ];
        let catalogue = whole(999_500_000, vec![edge("a"), edge("b")], &parts);
        let found = of(&catalogue, &wish(By::Equal), NOTHING).unwrap();
        assert_eq!(
            targets(&found),
            [("b", 999_750_000), ("a", 999_750_000), ("db", 999_750_000)]
        );
        assert_eq!(found.carries, Carries::Always);
        // If the database cannot do better than now, what it shares is needed: both with it, once.
        let mut limited = wish(By::Equal);
        limited.floors = [
            ("db".into(), 999_700_000),
            ("a".into(), 999_650_000),
            ("b".into(), 999_650_000),
        ]
        .into();
        let found = of(&catalogue, &limited, NOTHING).unwrap();
        assert_eq!(found.carries, Carries::Independent);
        assert!(found.carried_ppb >= 999_500_000, "{found:?}");
    }

    #[test]
    fn replicas_on_one_database_need_a_better_one() {
        let stores = Dependency {
            on: Provider::AnyOf {
                slos: vec!["a".into(), "b".into()],
                need: 1,
            },
            ..edge("x")
        };
        let parts: [(&str, u32, &[&str]); 3] = [
            ("a", 999_000_000, &["db"]),
            ("b", 999_000_000, &["db"]),
            ("db", 999_500_000, &[]),
        ];
        let found = of(
            &whole(999_900_000, vec![stores], &parts),
            &wish(By::Equal),
            NOTHING,
        )
        .unwrap();
        assert!(found.carried_ppb >= 999_900_000, "{found:?}");
        assert!(found.targets.iter().any(Allotment::is_new));
    }

    #[test]
    fn nothing_is_loosened_unless_it_may_be() {
        let parts: [(&str, u32, &[&str]); 2] = [("a", 999_900_000, &[]), ("b", 999_900_000, &[])];
        let catalogue = whole(999_000_000, vec![edge("a"), edge("b")], &parts);
        let mut wish = wish(By::Equal);
        let found = of(&catalogue, &wish, NOTHING).unwrap();
        assert!(!found.targets.iter().any(Allotment::is_new));
        wish.may_loosen = true;
        let found = of(&catalogue, &wish, NOTHING).unwrap();
        assert_eq!(targets(&found), [("b", 999_500_000), ("a", 999_500_000)]);
    }

    #[test]
    fn the_shops_are_carried_already() {
        for (catalogue, slo, scope) in [
            (shop(), "checkout-completes", segment("premium")),
            (petshop(), "adoption-works", all()),
        ] {
            let slo = &catalogue.slos[slo];
            let found = allocate(
                &catalogue,
                slo,
                &"availability".into(),
                &scope,
                DAY,
                &wish(By::Cost),
                NOTHING,
            );
            let found = found.unwrap().unwrap();
            assert!(!found.targets.iter().any(Allotment::is_new), "{found:?}");
        }
    }
}
