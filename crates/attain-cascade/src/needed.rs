//! What each part would have to promise for the whole to hold, the others staying as they are. Knows the formula of
//! carried.rs and searches it; proposes nothing else.

use attain_math::edge::lowest_target;
use attain_math::fixed::Probability;
use attain_model::slo::Dependency;
use attain_model::{Catalogue, ObjectiveId, Scope, Slo};
use jiff::civil::Date;

use crate::composed::parts_of;
use crate::edge::{Assumed, Caller, Outcome};
use crate::part::Part;

/// What one edge would need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The edge, by position in `depends_on`.
    pub edge: usize,
    /// The part; all candidates of a quorum, which would need the same target each.
    pub parts: Vec<Part>,
    /// The lowest target with which the whole holds, in parts per billion; `None` when even 100 % would not do, because
    /// the other edges cost too much. What is one whole here cannot be promised either.
    pub ppb: Option<u32>,
}

/// For each edge that takes part, the lowest target of its part with which the whole keeps its own.
///
/// Says how much to tighten when the parts carry too little, and how much room there is when they carry enough. Edges
/// whose part promises nothing are included: what it would have to promise; beside them, other unknown edges count as
/// nothing. Empty when the SLO promises nothing to the scope on that day.
#[must_use]
pub fn needed(
    catalogue: &Catalogue,
    slo: &Slo,
    objective: &ObjectiveId,
    scope: &Scope,
    on: Date,
) -> Vec<Need> {
    let Some(caller) = Caller::new(catalogue, slo, objective, scope, on) else {
        return Vec::new();
    };
    let budget = Probability::from_ppb(caller.promised.target.ppb()).complement();
    let cost_of = |edge: usize, dependency: &Dependency, assumed| match caller.cost(
        edge,
        dependency,
        assumed,
        &mut Vec::new(),
    ) {
        Outcome::Cost(cost) => Some(cost),
        Outcome::Apart | Outcome::Unknown => None,
    };
    let costs: Vec<Option<Probability>> = slo
        .depends_on
        .iter()
        .enumerate()
        .map(|(i, dependency)| cost_of(i, dependency, Assumed::Nothing))
        .collect();
    let mut needs = Vec::new();
    for (edge, dependency) in slo.depends_on.iter().enumerate() {
        // Under an assumption, only an edge that takes no part has no cost.
        if cost_of(edge, dependency, Assumed::All(0)).is_none() {
            continue;
        }
        let others = costs
            .iter()
            .enumerate()
            .filter(|(i, _)| *i != edge)
            .filter_map(|(_, cost)| *cost);
        let others = others.fold(Probability::ZERO, Probability::plus);
        let ppb = match others > budget {
            true => None,
            false => lowest_target(budget.minus(others), |assumed| {
                cost_of(edge, dependency, Assumed::All(assumed)).unwrap_or(Probability::ONE)
            }),
        };
        needs.push(Need {
            edge,
            parts: parts_of(dependency),
            ppb,
        });
    }
    needs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{
        DAY, all, catalogue, edge, outcome, parcelo, per_segment, segment, set_target, shop, slo,
    };
    use crate::{carried, percent_up};

    #[test]
    fn auth_login_needs_three_nines_and_a_half() {
        let mut shop = shop();
        set_target(&mut shop, "auth-login", "availability", 999_000_000);
        let checkout = &shop.slos["checkout-completes"];
        let needs = needed(
            &shop,
            checkout,
            &"availability".into(),
            &segment("premium"),
            DAY,
        );
        assert_eq!(needs[0].parts[0].to_string(), "auth-login");
        assert_eq!(needs[0].ppb, Some(999_536_000));
        assert_eq!(percent_up(999_536_000), "99.954%");
        // Whatever the payments promise, the logins alone cost too much.
        assert_eq!(
            (needs[1].parts[0].to_string().as_str(), needs[1].ppb),
            ("payments-charge", None)
        );
        // Recommendations are optional.
        assert_eq!(needs.len(), 2);
    }

    #[test]
    fn what_is_needed_is_enough_and_one_less_is_not() {
        let mut shop = shop();
        for (slo, objective, scope) in [
            ("checkout-completes", "availability", segment("premium")),
            ("payments-charge", "availability", all()),
            ("auth-login", "availability", all()),
        ] {
            let whole = shop.slos[slo].clone();
            let term = whole.objectives[objective].on(DAY).unwrap();
            let target = term
                .targets
                .goal(&scope)
                .unwrap()
                .promised()
                .unwrap()
                .target;
            for need in needed(&shop, &whole, &objective.into(), &scope, DAY) {
                let (Part::Slo(part), Some(ppb)) = (&need.parts[0], need.ppb) else {
                    continue;
                };
                let before = shop.clone();
                let holds = |catalogue: &Catalogue| {
                    carried(catalogue, &whole, &objective.into(), &scope, DAY)
                        .unwrap()
                        .ppb
                        >= target.ppb()
                };
                set_target(&mut shop, part.as_str(), "availability", ppb);
                assert!(holds(&shop), "{part} at {ppb} for {slo}");
                set_target(&mut shop, part.as_str(), "availability", ppb - 1);
                assert!(!holds(&shop), "{part} at {ppb} - 1 for {slo}");
                shop = before;
            }
        }
    }

    #[test]
    fn candidates_of_a_quorum_need_the_same() {
        let parcelo = parcelo();
        let slo = &parcelo.slos["parcel-is-found"];
        let needs = needed(
            &parcelo,
            slo,
            &"availability".into(),
            &segment("carrier"),
            DAY,
        );
        assert_eq!(needs[0].parts.len(), 3);
        assert!(
            needs[0].ppb.unwrap() < 999_000_000,
            "three with two needed have room: {needs:?}"
        );
    }

    #[test]
    fn a_part_without_a_promise_is_told_what_to_promise() {
        let nothing = per_segment(&[("free", None)]);
        let catalogue = catalogue([
            slo(
                "whole",
                [("availability", outcome(990_000_000))],
                [edge("none")],
            ),
            slo("none", [("availability", nothing)], []),
        ]);
        let needs = needed(
            &catalogue,
            &catalogue.slos["whole"],
            &"availability".into(),
            &all(),
            DAY,
        );
        assert_eq!(
            needs,
            [Need {
                edge: 0,
                parts: vec![Part::Slo("none".into())],
                ppb: Some(990_000_000)
            }]
        );
    }
}
