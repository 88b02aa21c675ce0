//! What the parts of a promise carry together, with each part counted once, beside what holds whatever fails together.
//!
//! Knows the parts at any depth. Three numbers answer three questions: the bounds hold under any dependence; counted once
//! is what the parts carry if what they do not share fails independently; the sum of the edges is what `carried` says.

use attain_math::ONE_PPB;
use attain_math::edge::{after_retry, carried_ppb, cost_most, quorum_failure_most};
use attain_math::fixed::Probability;
use attain_model::slo::{Dependency, Provider};
use attain_model::{Catalogue, ObjectiveId, Scope, Slo};
use jiff::civil::Date;

use crate::carried::carried;
use crate::edge::{Caller, usage};
use crate::graph::{Edge, Graph, To, ratio};
use crate::once::Model;
use crate::part::Part;

/// What the parts carry together, in parts per billion of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// If what is not shared fails independently, each part counted once; rounded down.
    pub once_ppb: u32,
    /// At least this, whatever fails together with what; rounded down.
    pub low_ppb: u32,
    /// At most this: the costliest edge alone; rounded up.
    pub high_ppb: u32,
    /// By the costs of the edges, added: what is shared is counted for each edge; rounded down.
    pub sum_ppb: u32,
    /// Parts reached in more than one way, those that cost most first.
    pub shared: Vec<Shared>,
    /// Every part at any depth with what it costs the whole by itself, those that cost most first.
    pub parts: Vec<PartCost>,
    /// What was not gone through, counted as failing in `once_ppb`; zero unless very many parts are shared.
    pub given_up_ppb: u32,
}

/// A part that several edges lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// The part.
    pub part: Part,
    /// How many edges lead to it.
    pub ways: u32,
}

/// What a part costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartCost {
    /// The part.
    pub part: Part,
    /// How often it may fail by itself, without the parts that it rests on; rounded up.
    pub own_ppb: u32,
    /// By how much the whole would fail less often if it never did; rounded up.
    pub cost_ppb: u32,
}

/// Whether a target is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// Whatever fails together with what.
    Always,
    /// If what is not shared fails independently.
    Independent,
    /// No.
    No,
}

impl Composed {
    /// Whether the parts carry this target.
    #[must_use]
    pub fn carries(&self, target_ppb: u32) -> Carries {
        if target_ppb <= self.low_ppb {
            Carries::Always
        } else if target_ppb <= self.once_ppb {
            Carries::Independent
        } else {
            Carries::No
        }
    }
}

/// What the parts of `slo` carry together for one objective and scope, by the promises in force on a day.
///
/// Parts that promise nothing are left out, as in [`carried`]. Of an objective of latency only the edges that name their
/// share of the threshold count, and nothing below them.
///
/// `None` when the SLO promises nothing to this scope on that day.
#[must_use]
pub fn composed(
    catalogue: &Catalogue,
    slo: &Slo,
    objective: &ObjectiveId,
    scope: &Scope,
    on: Date,
) -> Option<Composed> {
    let sum_ppb = carried(catalogue, slo, objective, scope, on)?.ppb;
    let caller = Caller::new(catalogue, slo, objective, scope, on)?;
    let graph = Graph::of(&caller, slo);
    let model = Model::of(&graph);
    let whole = model.failure(&graph.edges);
    let mut once_ppb = kept(whole.at_most());
    let ways = graph.ways(&graph.edges);
    let shared = shared(&graph, &ways);
    // Invariant: without redundancy the sum is a bound of what is counted once, and it is exact where a float is not.
    if shared.is_empty() || !graph.all_edges().any(Edge::is_redundant) {
        once_ppb = once_ppb.max(sum_ppb);
    }
    let mut parts = part_costs(&graph, &model, &ways);
    parts.sort_by(|a, b| (b.cost_ppb, &a.part).cmp(&(a.cost_ppb, &b.part)));
    let (low_ppb, high_ppb) = bounds(&caller, slo, &graph);
    Some(Composed {
        once_ppb,
        low_ppb: low_ppb.min(once_ppb),
        high_ppb: high_ppb.max(once_ppb),
        sum_ppb,
        shared,
        parts,
        given_up_ppb: up(whole.given_up),
    })
}

/// The lowest target of a part, at any depth, with which the parts carry what the SLO promises, each counted once and the
/// others staying as they are; in parts per billion.
///
/// At least what it promises. `None` when even a part that never fails would not do, when it is not among the parts, or when the SLO promises nothing
/// to this scope on that day.
#[must_use]
pub fn needed_once(
    catalogue: &Catalogue,
    slo: &Slo,
    objective: &ObjectiveId,
    scope: &Scope,
    on: Date,
    part: &Part,
) -> Option<u32> {
    let caller = Caller::new(catalogue, slo, objective, scope, on)?;
    let mut graph = Graph::of(&caller, slo);
    let node = graph.nodes.iter().position(|node| node.part == *part)?;
    let promised_ppb = ONE_PPB - graph.nodes[node].failure_ppb;
    let budget_ppb = caller.promised.target.budget_ppb();
    let mut fails = |target_ppb: u32| {
        graph.nodes[node].failure_ppb = ONE_PPB - target_ppb;
        let model = Model::of(&graph);
        up(model.failure(&graph.edges).at_most()) > budget_ppb
    };
    if fails(ONE_PPB) {
        return None;
    }
    // From its promise up: below it, parts that promise more than they rest on would be believed.
    let (mut low, mut high) = (promised_ppb, ONE_PPB);
    while low < high {
        let middle = low + (high - low) / 2;
        match fails(middle) {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    Some(high)
}

/// Parts per billion that hold where so much fails, rounded down.
fn kept(failure: f64) -> u32 {
    ONE_PPB - up(failure)
}

/// Rounded up; what is below a thousandth of a part per billion is the float's.
pub(crate) fn up(probability: f64) -> u32 {
    let ppb = (probability.clamp(0.0, 1.0) * f64::from(ONE_PPB) - 1e-3).ceil();
    ppb.clamp(0.0, f64::from(ONE_PPB)) as u32
}

fn shared(graph: &Graph, ways: &[u32]) -> Vec<Shared> {
    let mut shared: Vec<(u32, Shared)> = graph
        .nodes
        .iter()
        .zip(ways)
        .filter(|(_, ways)| **ways > 1)
        .map(|(node, ways)| {
            let part = node.part.clone();
            (node.failure_ppb, Shared { part, ways: *ways })
        })
        .collect();
    shared.sort_by(|a, b| (b.0, &a.1.part).cmp(&(a.0, &b.1.part)));
    shared.into_iter().map(|(_, shared)| shared).collect()
}

fn part_costs(graph: &Graph, model: &Model<'_>, ways: &[u32]) -> Vec<PartCost> {
    let whole = model.failure(&graph.edges).at_least;
    let nodes = graph.nodes.iter().enumerate();
    nodes
        .filter(|(index, _)| ways[*index] > 0)
        .map(|(index, node)| {
            let mut without = model.clone();
            without.own[index] = 0.0;
            let rest = without.failure(&graph.edges).at_least;
            PartCost {
                part: node.part.clone(),
                own_ppb: up(model.own[index]),
                cost_ppb: up(whole - rest),
            }
        })
        .collect()
}

/// The least and the most that is carried, whatever fails together.
fn bounds(caller: &Caller<'_>, slo: &Slo, graph: &Graph) -> (u32, u32) {
    let mut most = Probability::ZERO;
    let mut least = 0.0_f64;
    for edge in &graph.edges {
        let Some(dependency) = slo.depends_on.get(edge.position) else {
            continue;
        };
        most = most.plus(edge_most(graph, edge, dependency, caller));
        least = least.max(edge_least(graph, edge));
    }
    let high = ONE_PPB - ((least * f64::from(ONE_PPB)).floor() as u32).min(ONE_PPB);
    (carried_ppb(most), high)
}

fn edge_most(
    graph: &Graph,
    edge: &Edge,
    dependency: &Dependency,
    caller: &Caller<'_>,
) -> Probability {
    let of = |node: usize| Probability::from_ppb(graph.nodes[node].failure_ppb);
    let call = match &edge.to {
        To::One(node) => of(*node),
        To::Quorum { members, need } => {
            let failures: Vec<Probability> = members.iter().map(|node| of(*node)).collect();
            quorum_failure_most(&failures, *need)
        }
    };
    if caller.promised.under.is_some() {
        return cost_most(call, usage(dependency));
    }
    let retried = dependency.retry.map_or(call, |retry| {
        after_retry(call, retry.attempts, retry.fails_again.ppb())
    });
    let left = match (&dependency.fallback, edge.fallback) {
        (Some(fallback), Some((node, _))) => {
            let covers = Probability::from_ppb(fallback.covers.ppb());
            let both = retried.min(of(node)).times_up(covers);
            retried.times_up(covers.complement()).plus(both)
        }
        _ => retried,
    };
    cost_most(left, usage(dependency))
}

/// The least that an edge costs: its calls fail together, and whoever takes over never does.
fn edge_least(graph: &Graph, edge: &Edge) -> f64 {
    let failure = match &edge.to {
        To::One(node) => ratio(graph.nodes[*node].failure_ppb),
        To::Quorum { .. } => 0.0,
    };
    let uncovered = edge.fallback.map_or(1.0, |(_, covers)| 1.0 - covers);
    edge.share * edge.impact * failure * edge.persists * uncovered
}

/// The parts that an edge names, a fallback left out.
pub(crate) fn parts_of(dependency: &Dependency) -> Vec<Part> {
    match &dependency.on {
        Provider::Slo(slo) => vec![Part::Slo(slo.clone())],
        Provider::External { name, .. } => vec![Part::External(name.clone())],
        Provider::AnyOf { slos, .. } => slos.iter().cloned().map(Part::Slo).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{
        DAY, all, catalogue, edge, outcome, petshop, segment, set_target, share, shop, slo,
    };
    use attain_model::slo::Fallback;
    use attain_model::{Multiple, Share};

    fn of(catalogue: &Catalogue, slo: &str, scope: Scope) -> Composed {
        let slo = &catalogue.slos[slo];
        composed(catalogue, slo, &"availability".into(), &scope, DAY).expect("a promise")
    }

    fn part<const N: usize>(id: &str, ppb: u32, edges: [Dependency; N]) -> Slo {
        slo(id, [("availability", outcome(ppb))], edges)
    }

    #[test]
    fn three_in_series() {
        let parts = ["a", "b", "c"];
        let mut slos = vec![part("whole", 998_500_000, parts.map(edge))];
        slos.extend(parts.map(|id| part(id, 999_500_000, [])));
        let found = of(&catalogue(slos), "whole", all());
        assert_eq!(found.once_ppb, 998_500_749);
        assert_eq!((found.low_ppb, found.high_ppb), (998_500_000, 999_500_000));
        assert_eq!(crate::percent_down(found.once_ppb, 998_500_000), "99.85%");
        assert_eq!(found.carries(998_500_000), Carries::Always);
        assert_eq!(found.carries(998_500_700), Carries::Independent);
        assert_eq!(found.carries(998_600_000), Carries::No);
        // What each costs by itself is what the whole gains without it.
        assert_eq!(found.parts[0].cost_ppb, 499_501);
    }

    /// The targets that services with these own failures can just promise over the database they share.
    fn diamond() -> Catalogue {
        catalogue([
            part("whole", 999_000_000, [edge("auth"), edge("cart")]),
            part("auth", 999_400_050, [edge("db")]),
            part("cart", 999_300_100, [edge("db")]),
            part("db", 999_500_000, []),
        ])
    }

    #[test]
    fn a_shared_database_is_counted_once() {
        let found = of(&diamond(), "whole", all());
        // 0.9999 * 0.9998 * 0.9995, and not the product over both paths.
        let exact = 0.9999 * 0.9998 * 0.9995;
        assert!(
            (f64::from(found.once_ppb) / 1e9 - exact).abs() < 2e-9,
            "{found:?}"
        );
        assert_eq!(found.sum_ppb, 998_700_150);
        assert_eq!(found.low_ppb, found.sum_ppb);
        assert_eq!(
            found.shared,
            [Shared {
                part: Part::Slo("db".into()),
                ways: 2
            }]
        );
        assert_eq!(found.parts[0].part, Part::Slo("db".into()));
        assert_eq!(found.parts[0].own_ppb, 500_000);
    }

    #[test]
    fn redundancy_that_rests_on_one_database_is_none() {
        let stores = Dependency {
            on: Provider::AnyOf {
                slos: vec!["a".into(), "b".into()],
                need: 1,
            },
            ..edge("x")
        };
        let two = |below: &[&str]| {
            let below = |id: &str| {
                slo(
                    id,
                    [("availability", outcome(999_000_000))],
                    below.iter().map(|id| edge(id)),
                )
            };
            let mut slos = vec![
                part("whole", 999_900_000, [stores.clone()]),
                below("a"),
                below("b"),
            ];
            slos.push(part("db", 999_500_000, []));
            of(&catalogue(slos), "whole", all())
        };
        let (apart, together) = (two(&[]), two(&["db"]));
        assert_eq!(apart.once_ppb, 999_999_000);
        assert!(together.once_ppb < 999_500_000, "{together:?}");
        assert_eq!(together.carries(999_900_000), Carries::No);
        // The sum of the edges believes in redundancy.
        assert_eq!(together.sum_ppb, 999_999_000);
        // They may as well fail together always.
        assert_eq!(
            (apart.low_ppb, apart.high_ppb),
            (999_000_000, 1_000_000_000)
        );
    }

    #[test]
    fn what_a_shared_part_needs_is_enough_and_one_less_is_not() {
        let stores = Dependency {
            on: Provider::AnyOf {
                slos: vec!["a".into(), "b".into()],
                need: 1,
            },
            ..edge("x")
        };
        let mut catalogue = catalogue([
            part("whole", 999_900_000, [stores]),
            part("a", 999_000_000, [edge("db")]),
            part("b", 999_000_000, [edge("db")]),
            part("db", 999_500_000, []),
        ]);
        let db = Part::Slo("db".into());
        let need = |catalogue: &Catalogue| {
            let whole = &catalogue.slos["whole"];
            needed_once(catalogue, whole, &"availability".into(), &all(), DAY, &db)
        };
        let ppb = need(&catalogue).expect("a better database would do");
        set_target(&mut catalogue, "db", "availability", ppb);
        assert!(of(&catalogue, "whole", all()).once_ppb >= 999_900_000);
        set_target(&mut catalogue, "db", "availability", ppb - 1);
        assert!(of(&catalogue, "whole", all()).once_ppb < 999_900_000);
    }

    #[test]
    fn a_fallback_on_what_it_replaces_covers_less() {
        let with = |fallback: &str| {
            let slos = [
                part(
                    "whole",
                    999_000_000,
                    [Dependency {
                        fallback: Some(Fallback {
                            slo: fallback.into(),
                            covers: Share::WHOLE,
                        }),
                        ..edge("a")
                    }],
                ),
                part("a", 999_000_000, [edge("db")]),
                part("same", 999_000_000, [edge("db")]),
                part("other", 999_000_000, []),
                part("db", 999_500_000, []),
            ];
            of(&catalogue(slos), "whole", all())
        };
        assert_eq!(with("other").once_ppb, 999_999_000);
        assert!((499_000..501_000).contains(&(ONE_PPB - with("same").once_ppb)));
        assert_eq!(with("other").low_ppb, 999_000_000);
    }

    #[test]
    fn a_part_that_carries_too_much_is_believed() {
        let mut catalogue = diamond();
        set_target(&mut catalogue, "auth", "availability", 999_900_000);
        let found = of(&catalogue, "whole", all());
        // A fifth of the failures of the database reach auth; all of them reach the cart.
        let exact = 0.9998 * 0.9995;
        assert!(
            (f64::from(found.once_ppb) / 1e9 - exact).abs() < 2e-9,
            "{found:?}"
        );
    }

    #[test]
    fn calls_share_and_retries_of_a_shared_part() {
        let edges = |calls: u64, percent: u32| Dependency {
            calls: Multiple::from_millionths(calls),
            share: share(percent),
            ..edge("db")
        };
        let slos = |first: Dependency, second: Dependency| {
            catalogue([
                part("whole", 990_000_000, [first, second]),
                part("db", 999_000_000, []),
            ])
        };
        // Down for three calls is down for one: the second edge adds nothing.
        let found = of(
            &slos(edges(3_000_000, 100), edges(1_000_000, 100)),
            "whole",
            all(),
        );
        assert_eq!(ONE_PPB - found.once_ppb, 2_997_001);
        // Of the rare edge only its share, of the other what is left.
        let found = of(
            &slos(edges(3_000_000, 10), edges(1_000_000, 100)),
            "whole",
            all(),
        );
        let exact = 0.001 + 0.1 * (0.002_997_001 - 0.001);
        assert!((f64::from(ONE_PPB - found.once_ppb) / 1e9 - exact).abs() < 2e-9);
    }

    #[test]
    fn the_examples_gain_what_they_share() {
        let found = of(&petshop(), "adoption-works", all());
        assert_eq!(found.sum_ppb, 999_150_000);
        // pet-search is 0.05 %, of the list's 0.1 % half is pet-search too, and of the payments' 0.1 % a tenth is the table
        // of pets.
        let expected = 500_000 + 150_000 + 45_000;
        assert!(
            (ONE_PPB - found.once_ppb).abs_diff(expected) < 400,
            "{found:?}"
        );
        let shared: Vec<String> = found.shared.iter().map(|s| s.part.to_string()).collect();
        assert_eq!(shared, ["pet-search", "pet-info-table"]);
        let shop = of(&shop(), "checkout-completes", segment("premium"));
        assert!(shop.once_ppb > shop.sum_ppb && shop.low_ppb == shop.sum_ppb);
    }

    #[test]
    fn many_shared_parts_are_still_answered() {
        let names: Vec<String> = (0..30).map(|i| format!("p{i}")).collect();
        let edges = |names: &[String]| names.iter().map(|name| edge(name)).collect::<Vec<_>>();
        let mut slos = vec![slo(
            "whole",
            [("availability", outcome(900_000_000))],
            edges(&names),
        )];
        for (i, name) in names.iter().enumerate() {
            let below = edges(&names[i + 1..names.len().min(i + 3)]);
            slos.push(slo(
                name,
                [("availability", outcome(999_000_000 + i as u32 * 30_000))],
                below,
            ));
        }
        let found = of(&catalogue(slos), "whole", all());
        assert!(found.given_up_ppb < 10, "{}", found.given_up_ppb);
        assert!(found.low_ppb <= found.once_ppb && found.once_ppb <= found.high_ppb);
    }
}
