//! A small shop, built by hand, for the printers' tests: two SLOs, three segments.

use std::collections::BTreeMap;
use std::time::Duration;

use attain_model::company::{Contract, Seat, Segment, Service, Team};
use attain_model::indicator::{Counting, Indicator, MetricKind};
use attain_model::meta::Meta;
use attain_model::policy::AlertPolicy;
use attain_model::quantity::duration_text;
use attain_model::selector::{Outcome, Selector};
use attain_model::slo::{Load, Objective, Owners, Promised, Term};
use attain_model::verdict::{Attainment, Burn, Coverage, ErrorBudget};
use attain_model::{
    Audience, Catalogue, Evaluation, Goal, Interval, Layer, Promises, Rate, Scope, SegmentId,
    SeriesName, Share, Slo, SloId, Standing, Target, Targets, Threshold, Verdict,
};
use jiff::Timestamp;

pub const HOUR: u64 = 3_600;

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn target(text_ppb: u32) -> Goal {
    Goal::Promised(Promised {
        target: Target::from_ppb(text_ppb).unwrap(),
        under: None,
        load: None,
        as_percentile: false,
    })
}

pub fn p99(ms: u64) -> Goal {
    Goal::Promised(Promised {
        target: Target::from_ppb(990_000_000).unwrap(),
        under: Some(Threshold::from_nanoseconds(ms * 1_000_000)),
        load: Some(Load {
            up_to: Rate::from_millirps(500_000),
            own: false,
        }),
        as_percentile: true,
    })
}

pub fn catalogue() -> Catalogue {
    let mut catalogue = empty();
    for (id, rank) in [("premium", 1), ("standard", 2), ("free", 3)] {
        let segment = Segment {
            id: id.into(),
            rank,
            contract: Some(Contract::Document("MSA 4.2".to_owned())),
            price: None,
            customers: None,
            severity: None,
            matches: vec![id.to_owned()],
            alerting: None,
            meta: Meta::default(),
        };
        catalogue.segments.insert(id.into(), segment);
    }
    for (id, seat, oncall) in [
        ("growth", Seat::Product, None),
        ("payments", Seat::Engineering, Some("pager".into())),
    ] {
        let team = Team {
            id: id.into(),
            seat,
            members: vec!["kim".to_owned()],
            lead: None,
            notify: Vec::new(),
            oncall,
            meta: Meta::default(),
        };
        catalogue.teams.insert(id.into(), team);
    }
    let segments = |goals: [Goal; 3]| Targets::PerSegment {
        segments: ["premium", "standard", "free"]
            .map(SegmentId::from)
            .into_iter()
            .zip(goals)
            .collect(),
        all: None,
    };
    let availability = segments([
        target(999_500_000),
        target(999_000_000),
        target(990_000_000),
    ]);
    let latency = segments([p99(200), p99(500), Goal::BestEffort]);
    let mut checkout = slo(
        "checkout-completes",
        [("availability", availability), ("latency", latency)],
    );
    checkout.audience = Audience::Customer;
    checkout.layer = Layer::Product;
    checkout.owners = Owners {
        product: Some("growth".into()),
        engineering: Some("payments".into()),
        owner: None,
    };
    checkout.runbook = Some("https://wiki.shop.example/runbooks/checkout".to_owned());
    let auth = slo(
        "auth-login",
        [("availability", Targets::All(target(999_900_000)))],
    );
    for slo in [checkout, auth] {
        catalogue.slos.insert(slo.id.clone(), slo);
    }
    catalogue
}

pub fn empty() -> Catalogue {
    let workbook = AlertPolicy::workbook();
    Catalogue {
        services: BTreeMap::from([(
            "checkout".into(),
            Service {
                id: "checkout".into(),
                owner: None,
                matches: Vec::new(),
                repository: None,
                capacity: None,
                meta: Meta::default(),
            },
        )]),
        alert_policies: BTreeMap::from([(workbook.id.clone(), workbook)]),
        ..Catalogue::empty("Shop")
    }
}

fn slo<const N: usize>(id: &str, objectives: [(&str, Targets); N]) -> Slo {
    let indicator = Indicator {
        id: None,
        sources: Vec::new(),
        counting: Counting::Metric {
            metric: "http_requests_total".to_owned(),
            kind: MetricKind::Counter,
            unit: None,
            selector: Selector::default(),
            outcome: Outcome::AllGood,
        },
        buckets: Vec::new(),
        slice: Duration::from_secs(60),
    };
    Slo {
        owners: Owners {
            owner: Some("payments".into()),
            ..Owners::default()
        },
        objectives: objectives
            .into_iter()
            .map(|(id, targets)| {
                let terms = vec![Term {
                    since: None,
                    targets,
                }];
                (
                    id.into(),
                    Objective {
                        id: id.into(),
                        terms,
                    },
                )
            })
            .collect(),
        alerting: Some(AlertPolicy::WORKBOOK.into()),
        ..Slo::new(id.into(), "checkout".into(), indicator)
    }
}

pub const NOW: &str = "2026-11-02T23:59:00Z";

/// A verdict as the engine would give it, from the counts of the window and of the last hour.
pub fn verdict(promises: &Promises, name: &str, total: u64, bad: u64, hour: (u64, u64)) -> Verdict {
    let mut parts = name.split('/');
    let mut part = || parts.next().unwrap();
    let (slo, objective, scope) = (part(), part(), part());
    let scope = match scope {
        "all" => Scope::All,
        id => Scope::Segment(id.into()),
    };
    let slo = &promises.catalogue().slos[&SloId::from(slo)];
    let goal = slo.objectives[objective]
        .current()
        .targets
        .goal(&scope)
        .copied();
    let budget_ppb = goal
        .and_then(|g| Some(g.promised()?.target.budget_ppb()))
        .unwrap_or(0);
    let allowed = |events: u64| u128::from(budget_ppb) * u128::from(events);
    let budget = ErrorBudget {
        allowed_billionths: allowed(total),
        spent: bad,
    };
    let now = at(NOW);
    Verdict {
        name: SeriesName {
            slo: slo.id.clone(),
            objective: objective.into(),
            scope: scope.clone(),
        },
        layer: slo.layer,
        audience: slo.audience,
        goal,
        pooled: goal.is_none(),
        window: Interval {
            start: at("2026-10-03T23:59:00Z"),
            end: now,
        },
        window_closes: now,
        attainment: Attainment {
            good: total - bad,
            bad,
        },
        budget,
        parts: Vec::new(),
        standing: match goal {
            Some(Goal::BestEffort) => Standing::BestEffort,
            _ if total == 0 => Standing::NoTraffic,
            _ if budget.is_met() => Standing::Met,
            _ => Standing::Breached,
        },
        overspent_since: None,
        coverage: Coverage::Share(Share::WHOLE),
        burn: vec![Burn {
            window: Duration::from_secs(HOUR),
            attainment: Attainment {
                good: hour.0 - hour.1,
                bad: hour.1,
            },
            allowed_billionths: allowed(hour.0),
        }],
        alerts: Vec::new(),
        over_load: None,
        excluded: None,
        uncertain: 0,
        exhausted_in: None,
    }
}

/// The pooled aggregate of the segments' verdicts before it.
pub fn pool(promises: &Promises, name: &str, of: &[Verdict], unknown: u64) -> Verdict {
    let (mut total, mut bad, mut allowed) = (unknown, 0, 0);
    for verdict in of {
        total += verdict.attainment.total();
        bad += verdict.attainment.bad;
        allowed += verdict.budget.allowed_billionths;
    }
    let mut pooled = verdict(promises, name, total, bad, (0, 0));
    pooled.budget.allowed_billionths = allowed;
    pooled.standing = if pooled.budget.is_met() {
        Standing::Met
    } else {
        Standing::Breached
    };
    pooled.burn[0].allowed_billionths = 0;
    assert_eq!(duration_text(pooled.burn[0].window), "1h");
    pooled
}

pub fn evaluation(verdicts: Vec<Verdict>) -> Evaluation {
    Evaluation {
        as_of: attain_model::AsOf {
            instant: at(NOW),
            known_until: Timestamp::MAX,
        },
        verdicts,
        masked: Vec::new(),
        untagged: Vec::new(),
        gaps: Vec::new(),
    }
}
