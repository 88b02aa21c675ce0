//! What was seen against what is declared: edges that are missing, edges that nobody used, numbers that are others.
//!
//! Services of the data are those of the catalogue by their `match:`, or by their name. An edge of the catalogue goes from
//! SLO to SLO, a call from service to service: an edge declares the call from the service of the one to that of the other,
//! also where it goes through an SLO of the caller's own service.

use std::collections::{BTreeMap, BTreeSet};

use attain_model::slo::{Dependency, Provider};
use attain_model::{Catalogue, ServiceId, Slo, SloId};
use jiff::civil::Date;

use super::{Calls, Discovered, Estimate, REQUESTS_MIN, Seen};
use crate::reach::leads_to;

/// How far a declared number may be from the measured one, in parts of the measured one, before it is said to differ.
const TOLERATED: f64 = 0.2;

/// What the comparison came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Compared {
    /// Calls that were seen between services, the caller's name first; those of services that are one are added up.
    pub measured: Vec<Measured>,
    /// What differs from the catalogue, what is missing first.
    pub findings: Vec<Finding>,
    /// What could be written for each SLO of a service that was seen to call somebody.
    pub proposals: Vec<Proposal>,
    /// Names in the data that no service of the catalogue means, with the requests seen of each.
    pub strangers: Vec<(String, Option<u64>)>,
}

/// A call from one service to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The caller: a service of the catalogue, or a name of the data.
    pub from: String,
    /// The callee.
    pub to: String,
    /// The caller as it was seen.
    pub caller: Seen,
    /// The calls.
    pub calls: Calls,
    /// Whether an edge of the catalogue declares it.
    pub is_declared: bool,
}

/// Where an edge stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredEdge {
    /// The SLO that says `depends_on`.
    pub slo: SloId,
    /// What it says it depends on.
    pub on: SloId,
}

/// Something that differs.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// A service calls another, and nothing says so.
    Missing {
        /// The caller.
        from: ServiceId,
        /// The callee.
        to: ServiceId,
        /// Calls that were seen.
        calls: u64,
        /// How often the callee failed.
        failed: u64,
    },
    /// A service calls something that the catalogue does not know.
    Unknown {
        /// The caller.
        from: ServiceId,
        /// The name in the data.
        to: String,
        /// Calls that were seen.
        calls: u64,
    },
    /// An edge that nobody used, though the caller had requests.
    Idle {
        /// Which.
        edge: DeclaredEdge,
        /// Requests of the caller.
        requests: u64,
    },
    /// A number of an edge is another than the one that was measured.
    Differs {
        /// Which edge.
        edge: DeclaredEdge,
        /// `share`, `calls`, `impact` or `async`; `share x calls` where only calls were counted.
        key: &'static str,
        /// As declared.
        declared: f64,
        /// As measured.
        measured: Estimate,
    },
}

/// What an SLO could say.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Which.
    pub slo: SloId,
    /// Its edges, by what they lead to: those that were seen, and those declared ones of which the data say nothing.
    pub edges: Vec<ProposedEdge>,
}

/// An edge as it could be written.
#[derive(Debug, Clone, PartialEq)]
pub struct ProposedEdge {
    /// The SLO of the callee.
    pub on: SloId,
    /// Share of requests, calls for each, impact; `None` where it was not measured.
    pub share: Option<f64>,
    /// Calls for each request that calls.
    pub calls: Option<f64>,
    /// How much of a failed call the caller's requests feel.
    pub impact: Option<f64>,
    /// Whether nobody waits for it.
    pub asynchronous: bool,
    /// Whether the catalogue has it already.
    pub is_declared: bool,
}

/// Compares what was seen with what is in force on a day.
#[must_use]
pub fn compare(catalogue: &Catalogue, seen: &Discovered, on: Date) -> Compared {
    let names = Names::of(catalogue);
    let merged = merge(seen, &names);
    let declared = declared(catalogue, on);
    let mut compared = Compared::default();
    for ((from, to), calls) in &merged.calls {
        let pair = from.known.as_ref().zip(to.known.as_ref());
        let is_declared = pair.is_some_and(|(f, t)| declared.contains_key(&(f.clone(), t.clone())));
        compared.measured.push(Measured {
            from: from.name(),
            to: to.name(),
            caller: merged.services.get(from).copied().unwrap_or_default(),
            calls: *calls,
            is_declared,
        });
        match (&from.known, &to.known) {
            (Some(from), Some(to)) if !is_declared => compared.findings.push(Finding::Missing {
                from: from.clone(),
                to: to.clone(),
                calls: calls.calls,
                failed: calls.failed,
            }),
            (Some(from), None) => compared.findings.push(Finding::Unknown {
                from: from.clone(),
                to: to.name(),
                calls: calls.calls,
            }),
            _ => {}
        }
    }
    for (service, seen) in &merged.services {
        if service.known.is_none() {
            compared.strangers.push((service.name(), seen.requests));
        }
    }
    for slo in catalogue.live_slos(on) {
        for edge in &slo.depends_on {
            compared
                .findings
                .extend(about(catalogue, slo, edge, &merged));
        }
        compared
            .proposals
            .extend(proposal(catalogue, slo, &merged, on));
    }
    let rank = |finding: &Finding| match finding {
        Finding::Missing { .. } => 0,
        Finding::Unknown { .. } => 1,
        Finding::Idle { .. } => 2,
        Finding::Differs { .. } => 3,
    };
    compared.findings.sort_by_key(rank);
    compared
}

/// A service of the data: of the catalogue, if it knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    known: Option<ServiceId>,
    /// The name in the data, where the catalogue has none.
    other: Option<String>,
}

impl Named {
    fn name(&self) -> String {
        let known = self.known.as_ref().map(ToString::to_string);
        known.or_else(|| self.other.clone()).unwrap_or_default()
    }
}

struct Names<'c> {
    by_value: BTreeMap<&'c str, &'c ServiceId>,
}

impl<'c> Names<'c> {
    fn of(catalogue: &'c Catalogue) -> Self {
        let mut by_value = BTreeMap::new();
        for service in catalogue.services.values() {
            by_value.entry(service.id.as_str()).or_insert(&service.id);
        }
        // What a service says itself outweighs another's name.
        for service in catalogue.services.values() {
            for value in &service.matches {
                by_value.insert(value.as_str(), &service.id);
            }
        }
        Self { by_value }
    }

    fn named(&self, name: &str) -> Named {
        match self.by_value.get(name) {
            Some(id) => Named {
                known: Some((*id).clone()),
                other: None,
            },
            None => Named {
                known: None,
                other: Some(name.to_owned()),
            },
        }
    }
}

/// What was seen, by services that are one.
struct Merged {
    services: BTreeMap<Named, Seen>,
    calls: BTreeMap<(Named, Named), Calls>,
}

fn merge(seen: &Discovered, names: &Names<'_>) -> Merged {
    let mut services: BTreeMap<Named, Seen> = BTreeMap::new();
    for (name, seen) in &seen.services {
        let sum = services.entry(names.named(name)).or_default();
        sum.requests = match (sum.requests, seen.requests) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (a, b) => a.or(b),
        };
        sum.failed = sum.failed.saturating_add(seen.failed);
    }
    let mut calls: BTreeMap<(Named, Named), Calls> = BTreeMap::new();
    for ((from, to), one) in &seen.calls {
        let (from, to) = (names.named(from), names.named(to));
        if from == to {
            continue;
        }
        let sum = calls.entry((from, to)).or_default();
        sum.calls = sum.calls.saturating_add(one.calls);
        sum.failed = sum.failed.saturating_add(one.failed);
        sum.not_awaited = sum.not_awaited.saturating_add(one.not_awaited);
        if let Some(more) = one.requests {
            let requests = sum.requests.get_or_insert_default();
            requests.calling += more.calling;
            requests.hit += more.hit;
            requests.hit_failed += more.hit_failed;
            requests.spared_failed += more.spared_failed;
        }
    }
    Merged { services, calls }
}

/// The calls between services that edges declare, also through SLOs of the caller's own service.
fn declared(
    catalogue: &Catalogue,
    on: Date,
) -> BTreeMap<(ServiceId, ServiceId), Vec<DeclaredEdge>> {
    let mut declared: BTreeMap<(ServiceId, ServiceId), Vec<DeclaredEdge>> = BTreeMap::new();
    for slo in catalogue.live_slos(on) {
        for to in slo.depends_on.iter().flat_map(leads_to) {
            if let Some(callee) = catalogue.slos.get(to) {
                let pair = (slo.service.clone(), callee.service.clone());
                declared.entry(pair).or_default().push(DeclaredEdge {
                    slo: slo.id.clone(),
                    on: to.clone(),
                });
            }
        }
    }
    declared
}

fn known(service: &ServiceId) -> Named {
    Named {
        known: Some(service.clone()),
        other: None,
    }
}

/// What is to be said of one edge.
fn about(catalogue: &Catalogue, slo: &Slo, edge: &Dependency, merged: &Merged) -> Vec<Finding> {
    let from = known(&slo.service);
    let caller = merged.services.get(&from).copied().unwrap_or_default();
    let requests = caller.requests.unwrap_or(0);
    if requests < REQUESTS_MIN {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for to in leads_to(edge) {
        let Some(callee) = catalogue
            .slos
            .get(to)
            .filter(|to| to.service != slo.service)
        else {
            continue;
        };
        let named = DeclaredEdge {
            slo: slo.id.clone(),
            on: to.clone(),
        };
        let is_spare = edge.fallback.as_ref().is_some_and(|spare| spare.slo == *to);
        match merged.calls.get(&(from.clone(), known(&callee.service))) {
            // Who takes over is called only when something fails.
            None if is_spare => {}
            None => findings.push(Finding::Idle {
                edge: named,
                requests,
            }),
            Some(calls) if !is_spare && matches!(edge.on, Provider::Slo(_)) => {
                findings.extend(differences(edge, &named, calls, caller));
            }
            Some(_) => {}
        }
    }
    findings
}

fn differences(
    edge: &Dependency,
    named: &DeclaredEdge,
    calls: &Calls,
    caller: Seen,
) -> Vec<Finding> {
    let share = f64::from(edge.share.ppb()) / 1e9;
    let impact = f64::from(edge.impact.ppb()) / 1e9;
    let each = edge.calls.millionths() as f64 / 1e6;
    let exact = |value: f64| Estimate {
        value,
        between: attain_math::interval::Interval {
            low: value,
            high: value,
        },
    };
    let waits = !(edge.asynchronous || edge.optional);
    let candidates = match calls.requests {
        Some(_) => [
            ("share", share, calls.share(caller)),
            ("calls", each, calls.calls_per_request(caller).map(exact)),
            ("impact", impact, calls.impact().filter(|_| waits)),
        ],
        // Calls alone cannot tell many requests from many calls of a few: only the product is known.
        None => {
            let all = caller.requests.filter(|all| *all > 0);
            let product = all.map(|all| exact(calls.calls as f64 / all as f64));
            [
                ("share x calls", share * each, product),
                ("", 0.0, None),
                ("", 0.0, None),
            ]
        }
    };
    let mut findings: Vec<Finding> = candidates
        .into_iter()
        .filter_map(|(key, declared, measured)| Some((key, declared, measured?)))
        .filter(|(_, declared, measured)| is_another(*declared, measured))
        .map(|(key, declared, measured)| Finding::Differs {
            edge: named.clone(),
            key,
            declared,
            measured,
        })
        .collect();
    if waits && calls.is_asynchronous() {
        findings.push(Finding::Differs {
            edge: named.clone(),
            key: "async",
            declared: 0.0,
            measured: exact(1.0),
        });
    }
    findings
}

/// Outside of the interval, and far enough from it that somebody should care.
fn is_another(declared: f64, measured: &Estimate) -> bool {
    let (low, high) = (measured.between.low, measured.between.high);
    let margin = TOLERATED * measured.value;
    declared < low - margin || declared > high + margin
}

/// `None` for an SLO of a service that was not seen to call anybody.
fn proposal(catalogue: &Catalogue, slo: &Slo, merged: &Merged, on: Date) -> Option<Proposal> {
    let from = known(&slo.service);
    let caller = merged.services.get(&from).copied().unwrap_or_default();
    let declared: BTreeSet<&SloId> = slo.depends_on.iter().flat_map(leads_to).collect();
    let mut edges: BTreeMap<SloId, ProposedEdge> = BTreeMap::new();
    let mut is_new = false;
    for ((_, to), calls) in merged.calls.iter().filter(|((f, _), _)| *f == from) {
        let Some(service) = &to.known else {
            continue;
        };
        let candidates: Vec<&Slo> = catalogue
            .live_slos(on)
            .filter(|other| other.service == *service)
            .collect();
        let Some(best) = best_of(slo, &candidates, &declared) else {
            continue;
        };
        let is_declared = declared.contains(&best.id);
        is_new |= !is_declared;
        let edge = ProposedEdge {
            on: best.id.clone(),
            share: calls.share(caller).map(|share| share.value),
            calls: calls.calls_per_request(caller),
            impact: calls.impact().map(|impact| impact.value),
            asynchronous: calls.is_asynchronous(),
            is_declared,
        };
        edges.insert(best.id.clone(), edge);
    }
    for on in declared {
        edges.entry(on.clone()).or_insert_with(|| ProposedEdge {
            on: on.clone(),
            share: None,
            calls: None,
            impact: None,
            asynchronous: false,
            is_declared: true,
        });
    }
    is_new.then(|| Proposal {
        slo: slo.id.clone(),
        edges: edges.into_values().collect(),
    })
}

/// The SLO of a callee to depend on: one that is declared already, else one with an objective of the same name, else the
/// first.
fn best_of<'s>(slo: &Slo, candidates: &[&'s Slo], declared: &BTreeSet<&SloId>) -> Option<&'s Slo> {
    let shares_an_objective = |other: &&&Slo| {
        other
            .objectives
            .keys()
            .any(|id| slo.objectives.contains_key(id))
    };
    let mut of = candidates.iter();
    let known = of.clone().find(|other| declared.contains(&other.id));
    let alike = of.clone().find(shares_an_objective);
    known.or(alike).or_else(|| of.next()).copied()
}
