//! What the parts of an SLO carry together, from their promises. Knows one SLO and its direct parts; what a part rests on
//! is in the part's own promise already. A component behind two edges is counted twice, which errs on the safe side.

use attain_math::edge::carried_ppb;
use attain_math::fixed::Probability;
use attain_model::{Catalogue, ObjectiveId, Scope, Slo};
use jiff::civil::Date;

use crate::edge::{Assumed, Caller, Outcome};
use crate::part::Missing;

/// What the direct parts of an SLO carry together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The share of requests that no part's promise allows to fail, in parts per billion, rounded down. A target up to
    /// this is carried. One whole when no edge takes part: see [`Carried::rests_on_something`].
    pub ppb: u32,
    /// What each edge costs, in the order of `depends_on`.
    pub edges: Vec<EdgeCost>,
    /// Parts that promise nothing to this objective, in the order of `depends_on`. Their edges are not in `ppb`.
    pub missing: Vec<Missing>,
}

/// What an edge costs the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdgeCost {
    /// This share of the whole's requests may fail through it, in parts per billion, rounded up.
    Ppb(u32),
    /// It takes no part: optional, asynchronous, without impact; or the objective is one of latency and the edge names
    /// no share of the threshold.
    Apart,
    /// Not known, because its part promises nothing.
    Unknown,
}

impl Carried {
    /// Whether any edge takes part in it with a promise.
    #[must_use]
    pub fn rests_on_something(&self) -> bool {
        self.edges
            .iter()
            .any(|cost| matches!(cost, EdgeCost::Ppb(_)))
    }

    /// The edge that costs most, by position in `depends_on`; the first of equals. `None` when none takes part.
    #[must_use]
    pub fn costliest(&self) -> Option<usize> {
        let costs = self
            .edges
            .iter()
            .enumerate()
            .filter_map(|(edge, cost)| match cost {
                EdgeCost::Ppb(ppb) => Some((edge, *ppb)),
                EdgeCost::Apart | EdgeCost::Unknown => None,
            });
        costs
            .max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)))
            .map(|(edge, _)| edge)
    }
}

/// What the parts of `slo` carry together for one objective and scope, by the promises in force on a day.
///
/// Costs of edges add up, which holds whatever fails together with what. An availability objective asks each part's
/// objective of the same name, or else its only one that is not about latency; a latency objective asks, over edges with
/// `latency`, for the part's objectives within that time. A part with segments answers for the same segment, a part
/// without for all traffic; all traffic over a part with segments is as good as the worst of them.
///
/// `None` when the SLO promises nothing to this scope on that day: there is nothing to carry.
#[must_use]
pub fn carried(
    catalogue: &Catalogue,
    slo: &Slo,
    objective: &ObjectiveId,
    scope: &Scope,
    on: Date,
) -> Option<Carried> {
    let caller = Caller::new(catalogue, slo, objective, scope, on)?;
    let mut missing = Vec::new();
    let mut edges = Vec::with_capacity(slo.depends_on.len());
    let mut sum = Probability::ZERO;
    for (position, dependency) in slo.depends_on.iter().enumerate() {
        edges.push(
            match caller.cost(position, dependency, Assumed::Nothing, &mut missing) {
                Outcome::Apart => EdgeCost::Apart,
                Outcome::Unknown => EdgeCost::Unknown,
                Outcome::Cost(cost) => {
                    sum = sum.plus(cost);
                    EdgeCost::Ppb(cost.ppb_ceil())
                }
            },
        );
    }
    Some(Carried {
        ppb: carried_ppb(sum),
        edges,
        missing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{DAY, all, parcelo, petshop, segment, set_target, shop};

    fn ppb(catalogue: &Catalogue, slo: &str, objective: &str, scope: Scope) -> u32 {
        carried(
            catalogue,
            &catalogue.slos[slo],
            &objective.into(),
            &scope,
            DAY,
        )
        .expect("a promise")
        .ppb
    }

    #[test]
    fn the_shop_carries_its_checkout() {
        let shop = shop();
        // auth-login 100 ppm, payments-charge 100 ppm over 60 % with one retry that fails again 60 %.
        for tier in ["premium", "standard", "free"] {
            assert_eq!(
                ppb(&shop, "checkout-completes", "availability", segment(tier)),
                999_864_000
            );
        }
        assert_eq!(ppb(&shop, "auth-login", "availability", all()), 999_950_000);
        // The bank promises 99.99 % over 30 % of the charges.
        assert_eq!(
            ppb(&shop, "payments-charge", "availability", all()),
            999_920_000
        );
    }

    #[test]
    fn an_internal_target_that_is_not_tighter_is_seen() {
        let mut shop = shop();
        set_target(&mut shop, "auth-login", "availability", 999_000_000);
        let checkout = &shop.slos["checkout-completes"];
        let found = carried(
            &shop,
            checkout,
            &"availability".into(),
            &segment("premium"),
            DAY,
        )
        .unwrap();
        assert_eq!(found.ppb, 998_964_000);
        assert_eq!(
            found.edges,
            [
                EdgeCost::Ppb(1_000_000),
                EdgeCost::Ppb(36_000),
                EdgeCost::Apart
            ]
        );
        assert_eq!(found.costliest(), Some(0));
        assert!(found.missing.is_empty());
    }

    #[test]
    fn quorum_fallback_and_half_calls() {
        let parcelo = parcelo();
        // 3q^2(1-q) + q^3 at 0.1 %, 20 % * 50 % * (1 - 0.9995^1.5), and 0.1 % * (1 - 90 % * 99.99 %).
        let exact = 2.998e-6 + 0.1 * (1.0 - 0.9995f64.powf(1.5)) + 0.001 * (1.0 - 0.9 * 0.9999);
        let ours = ppb(
            &parcelo,
            "parcel-is-found",
            "availability",
            segment("carrier"),
        );
        assert_eq!(ours, ((1.0 - exact) * 1e9).floor() as u32);
        assert_eq!(crate::percent_down(ours, 999_500_000), "99.982%");
    }

    #[test]
    fn latency_goes_only_over_edges_that_say_so() {
        let parcelo = parcelo();
        let slo = &parcelo.slos["parcel-is-found"];
        let found = carried(&parcelo, slo, &"latency".into(), &segment("carrier"), DAY).unwrap();
        // 20 % * 50 % * (1 - 0.99^1.5) of the requests wait for a label longer than 120 ms.
        assert_eq!(found.edges[0], EdgeCost::Apart);
        assert_eq!(found.edges[2], EdgeCost::Apart);
        assert_eq!(
            found.ppb,
            ((1.0 - 0.1 * (1.0 - 0.99f64.powf(1.5))) * 1e9).floor() as u32
        );
    }

    #[test]
    fn a_shop_of_edges_agrees_with_the_sum_of_its_parts() {
        let petshop = petshop();
        let expected = [
            ("adoption-works", 999_150_000),
            ("pet-search", 999_800_000),
            ("list-adoptions", 999_400_000),
            ("pay-adoption", 999_400_000),
            ("status-api", 999_700_000),
            ("status-lambda", 999_800_000),
            ("status-function", 999_900_000),
        ];
        for (slo, carried) in expected {
            assert_eq!(ppb(&petshop, slo, "availability", all()), carried, "{slo}");
        }
    }

    #[test]
    fn best_effort_has_nothing_to_carry_and_a_leaf_rests_on_nothing() {
        let shop = shop();
        let checkout = &shop.slos["checkout-completes"];
        assert_eq!(
            carried(&shop, checkout, &"latency".into(), &segment("free"), DAY),
            None
        );
        assert_eq!(
            carried(&shop, checkout, &"freshness".into(), &segment("free"), DAY),
            None
        );
        let leaf = &shop.slos["postgres-primary"];
        let found = carried(&shop, leaf, &"availability".into(), &all(), DAY).unwrap();
        assert_eq!(
            (found.ppb, found.rests_on_something()),
            (1_000_000_000, false)
        );
    }
}
