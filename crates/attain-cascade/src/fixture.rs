//! Catalogues for tests, built by hand: reading files is not this crate's business.

use std::time::Duration;

use attain_model::indicator::{Counting, Indicator, Part};
use attain_model::slo::{Dependency, Fallback, Objective, Provider, Retry, Term};
use attain_model::{
    Catalogue, Goal, Multiple, Promised, Scope, Share, Slo, Target, Targets, Threshold,
};
use jiff::civil::{Date, date};

/// The day on which everything here is in force.
pub const DAY: Date = date(2026, 11, 22);

pub fn all() -> Scope {
    Scope::All
}

pub fn segment(id: &str) -> Scope {
    Scope::Segment(id.into())
}

pub fn outcome(ppb: u32) -> Targets {
    Targets::All(goal(ppb, None))
}

pub fn under(ppb: u32, ms: u64) -> Targets {
    Targets::All(goal(ppb, Some(ms)))
}

/// Segments with their targets; `None` is best effort.
pub fn per_segment(targets: &[(&str, Option<u32>)]) -> Targets {
    let goals = targets.iter().map(|(id, ppb)| {
        (
            (*id).into(),
            ppb.map_or(Goal::BestEffort, |ppb| goal(ppb, None)),
        )
    });
    Targets::PerSegment {
        segments: goals.collect(),
        all: None,
    }
}

fn goal(ppb: u32, under_ms: Option<u64>) -> Goal {
    Goal::Promised(Promised {
        target: Target::from_ppb(ppb).expect("a target"),
        under: under_ms.map(|ms| Threshold::from_nanoseconds(ms * 1_000_000)),
        load: None,
        as_percentile: under_ms.is_some(),
    })
}

/// An edge with nothing said about it.
pub fn edge(slo: &str) -> Dependency {
    Dependency::on(Provider::Slo(slo.into()))
}

pub fn share(percent: u32) -> Share {
    Share::from_ppb(percent * 10_000_000).expect("a share")
}

pub fn slo<const N: usize>(
    id: &str,
    objectives: [(&str, Targets); N],
    depends_on: impl IntoIterator<Item = Dependency>,
) -> Slo {
    let objective = |(id, targets): (&str, Targets)| {
        (
            id.into(),
            Objective {
                id: id.into(),
                terms: vec![Term {
                    since: None,
                    targets,
                }],
            },
        )
    };
    let indicator = Indicator {
        id: None,
        sources: Vec::new(),
        counting: Counting::PromQl {
            part: Part::Bad,
            part_query: "bad".into(),
            total_query: None,
        },
        buckets: Vec::new(),
        slice: Duration::from_secs(60),
    };
    Slo {
        objectives: objectives.into_iter().map(objective).collect(),
        depends_on: depends_on.into_iter().collect(),
        ..Slo::new(id.into(), id.into(), indicator)
    }
}

pub fn catalogue(slos: impl IntoIterator<Item = Slo>) -> Catalogue {
    Catalogue {
        slos: slos.into_iter().map(|slo| (slo.id.clone(), slo)).collect(),
        ..Catalogue::empty("test")
    }
}

pub fn set_target(catalogue: &mut Catalogue, slo: &str, objective: &str, ppb: u32) {
    let slo = catalogue.slos.get_mut(slo).expect("an SLO");
    slo.objectives
        .get_mut(objective)
        .expect("an objective")
        .terms[0]
        .targets = outcome(ppb);
}

/// Three tiers on three layers, as in the example of the same shape.
pub fn shop() -> Catalogue {
    let tiers = per_segment(&[
        ("premium", Some(999_500_000)),
        ("standard", Some(999_000_000)),
        ("free", Some(990_000_000)),
    ]);
    let Targets::PerSegment {
        segments: mut latency,
        ..
    } = tiers.clone()
    else {
        unreachable!("built above")
    };
    for (id, ms) in [("premium", 200), ("standard", 500)] {
        latency.insert(id.into(), goal(990_000_000, Some(ms)));
    }
    latency.insert("free".into(), Goal::BestEffort);
    let latency = Targets::PerSegment {
        segments: latency,
        all: None,
    };
    let charge = Dependency {
        share: share(60),
        retry: Some(Retry {
            attempts: 2,
            fails_again: share(60),
        }),
        ..edge("payments-charge")
    };
    let bank = Provider::External {
        name: "bank-gateway".into(),
        promised: Target::from_ppb(999_900_000).expect("a target"),
    };
    catalogue([
        slo(
            "checkout-completes",
            [("availability", tiers), ("latency", latency)],
            [
                edge("auth-login"),
                charge,
                Dependency {
                    optional: true,
                    ..edge("recommendations")
                },
            ],
        ),
        slo(
            "auth-login",
            [
                ("availability", outcome(999_900_000)),
                ("latency", under(990_000_000, 100)),
            ],
            [edge("postgres-primary")],
        ),
        slo(
            "payments-charge",
            [
                ("availability", outcome(999_900_000)),
                ("latency", under(990_000_000, 100)),
            ],
            [
                edge("postgres-primary"),
                Dependency {
                    on: bank,
                    share: share(30),
                    ..edge("x")
                },
            ],
        ),
        slo(
            "recommendations",
            [("availability", outcome(990_000_000))],
            [],
        ),
        slo(
            "postgres-primary",
            [
                ("availability", outcome(999_950_000)),
                ("latency", under(990_000_000, 50)),
            ],
            [],
        ),
    ])
}

/// A quorum, a half call and a fallback.
pub fn parcelo() -> Catalogue {
    let stores = ["scan-store-a", "scan-store-b", "scan-store-c"];
    let quorum = Provider::AnyOf {
        slos: stores.map(Into::into).to_vec(),
        need: 2,
    };
    let labels = Dependency {
        share: share(20),
        calls: Multiple::from_millionths(1_500_000),
        impact: share(50),
        latency: Some(Duration::from_millis(120)),
        ..edge("label-render")
    };
    let cache = Fallback {
        slo: "geocode-cache".into(),
        covers: share(90),
    };
    let latency = Targets::PerSegment {
        segments: [
            ("carrier".into(), goal(990_000_000, Some(300))),
            ("merchant".into(), goal(950_000_000, Some(500))),
        ]
        .into(),
        all: None,
    };
    let mut slos = vec![
        slo(
            "parcel-is-found",
            [
                (
                    "availability",
                    per_segment(&[
                        ("carrier", Some(999_500_000)),
                        ("merchant", Some(999_000_000)),
                    ]),
                ),
                ("latency", latency),
            ],
            [
                Dependency {
                    on: quorum,
                    ..edge("x")
                },
                labels,
                Dependency {
                    fallback: Some(cache),
                    ..edge("geocode")
                },
            ],
        ),
        slo(
            "label-render",
            [
                ("availability", outcome(999_500_000)),
                ("latency", under(990_000_000, 120)),
            ],
            [],
        ),
        slo("geocode", [("availability", outcome(999_000_000))], []),
        slo(
            "geocode-cache",
            [("availability", outcome(999_900_000))],
            [],
        ),
    ];
    slos.extend(stores.map(|store| slo(store, [("availability", outcome(999_000_000))], [])));
    catalogue(slos)
}

/// A deep cascade with shares, one optional and one asynchronous edge.
pub fn petshop() -> Catalogue {
    let part =
        |id, ppb, edges: &[Dependency]| slo(id, [("availability", outcome(ppb))], edges.to_vec());
    let some = |slo, percent| Dependency {
        share: share(percent),
        ..edge(slo)
    };
    catalogue([
        part(
            "adoption-works",
            995_000_000,
            &[
                edge("pet-search"),
                some("list-adoptions", 30),
                some("pay-adoption", 5),
                Dependency {
                    optional: true,
                    ..edge("price-steps")
                },
                Dependency {
                    asynchronous: true,
                    ..edge("adoption-queue")
                },
            ],
        ),
        part(
            "pet-search",
            999_500_000,
            &[edge("pet-info-table"), edge("pet-images")],
        ),
        part(
            "list-adoptions",
            999_000_000,
            &[edge("list-query"), edge("pet-search")],
        ),
        part(
            "pay-adoption",
            999_000_000,
            &[edge("status-api"), edge("adoptions-db")],
        ),
        part("status-api", 999_500_000, &[edge("status-lambda")]),
        part("status-lambda", 999_700_000, &[edge("status-function")]),
        part("status-function", 999_800_000, &[edge("pet-info-table")]),
        part("pet-info-table", 999_900_000, &[]),
        part("adoptions-db", 999_900_000, &[]),
        part("pet-images", 999_900_000, &[]),
        part("list-query", 999_900_000, &[]),
        part("price-steps", 999_500_000, &[]),
        part("adoption-queue", 999_500_000, &[]),
    ])
}
