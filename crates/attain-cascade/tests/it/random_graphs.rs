//! Random systems, simulated request by request, beside what the arithmetic says of their promises. 100 of them, and 1,000
//! with `ATTAIN_SOAK`.
//!
//! A system is a graph of components with failures of their own. What each promises is computed from the parts below it;
//! the simulation knows no promise and no formula, only coins: which calls a request makes, and which of them fail.

use std::collections::BTreeMap;
use std::time::Duration;

use attain_cascade::{Allotment, By, Carries, Wish, allocate, composed};
use attain_math::ONE_PPB;
use attain_model::indicator::{Counting, Indicator, Part};
use attain_model::slo::{Dependency, Fallback, Objective, Provider, Retry, Term};
use attain_model::{
    Catalogue, Goal, Multiple, Promised, Scope, Share, Slo, SloId, Target, Targets,
};
use fastrand::Rng;
use jiff::civil::{Date, date};

const DAY: Date = date(2026, 11, 22);
const SEED: u64 = 2611;

fn is_soak() -> bool {
    std::env::var_os("ATTAIN_SOAK").is_some()
}

#[test]
fn random_graphs_agree_with_their_simulation() {
    let (graphs, requests) = if is_soak() {
        (1_000, 300_000)
    } else {
        (100, 12_000)
    };
    let (mut compared, mut shared, mut redundant) = (0, 0, 0);
    for graph in 0..graphs {
        let mut rng = Rng::with_seed(SEED + graph);
        let system = System::random(&mut rng);
        let mut catalogue = system.catalogue(&system.own);
        let found = system.composed(&catalogue);
        let bad = (0..requests)
            .filter(|_| system.request_fails(&mut rng))
            .count();
        let failing = bad as f64 / f64::from(requests);
        let error = (failing * (1.0 - failing) / f64::from(requests)).sqrt();
        let context = format!("graph {graph}: {failing} +- {error}, {found:?}");
        // The bounds hold whatever fails together, so also as it does here.
        let carried = 1.0 - failing;
        assert!(ratio(found.low_ppb) <= carried + 5.0 * error, "{context}");
        assert!(ratio(found.high_ppb) >= carried - 5.0 * error, "{context}");
        assert!(
            (ratio(found.once_ppb) - carried).abs() <= 5.0 * error + 1e-6,
            "{context}"
        );
        for times in [0.5, 0.8, 0.9, 0.96, 1.04, 1.1, 1.25, 2.0] {
            let budget = failing * times;
            if (budget - failing).abs() <= 3.0 * error {
                continue;
            }
            let Some(target) = Target::from_ppb(ONE_PPB - (budget * 1e9) as u32) else {
                continue;
            };
            set(&mut catalogue, "root", target.ppb());
            let verdict = system.composed(&catalogue).carries(target.ppb());
            assert_eq!(
                verdict == Carries::No,
                failing > budget,
                "{times} of {context}"
            );
            compared += 1;
        }
        shared += usize::from(!found.shared.is_empty());
        redundant += usize::from(found.once_ppb < found.sum_ppb);
    }
    assert!(
        compared > 3 * graphs,
        "{compared} targets were far enough to tell"
    );
    assert!(
        shared > graphs as usize / 2 && redundant > 0,
        "{shared} share, {redundant} share redundancy"
    );
    println!("soak: {graphs} of {graphs}, seed {SEED}");
}

#[test]
fn random_graphs_are_given_targets_whenever_there_are_any() {
    let graphs = if is_soak() { 1_000 } else { 100 };
    let (mut found, mut counted_once) = (0, 0);
    for graph in 0..graphs {
        let mut rng = Rng::with_seed(SEED * 2 + graph);
        let system = System::random(&mut rng);
        let mut catalogue = system.catalogue(&system.own);
        // The best that each component can do: a third to all of what it does today. What only helps out stays as it is.
        let is_called = system.called();
        let best_own: Vec<f64> = system
            .own
            .iter()
            .zip(&is_called)
            .map(|(own, called)| own * if *called { 0.3 + 0.7 * rng.f64() } else { 1.0 })
            .collect();
        let at_best = system.catalogue(&best_own);
        let wish = Wish {
            by: [By::Equal, By::Proportional, By::Cost][rng.usize(0..3)],
            buffer_ppb: 0,
            floors: (0..system.own.len())
                .map(|node| (id(node), target(&at_best, &id(node))))
                .collect(),
            costs: (0..system.own.len())
                .map(|node| (id(node), rng.u32(1..9)))
                .collect(),
            may_loosen: false,
        };
        let (now, best) = (
            system.composed(&catalogue).once_ppb,
            system.composed(&at_best).once_ppb,
        );
        let asks = [
            best,
            now + (best - now) / 2,
            now,
            best.saturating_add(20_000),
        ];
        for asked in asks.into_iter().filter(|asked| *asked < ONE_PPB) {
            set(&mut catalogue, "root", asked);
            let context = format!("graph {graph}, asked {asked} of {best}, now {now}");
            match system.allocate(&catalogue, &wish) {
                Err(refused) => {
                    assert!(asked > best, "{context}: {refused:?}");
                    assert!(
                        refused.best_ppb.abs_diff(best) <= 10,
                        "{context}: {refused:?}"
                    );
                    assert_eq!(refused.gap_ppb, asked - refused.best_ppb, "{context}");
                }
                Ok(targets) => {
                    assert!(asked <= best, "{context}");
                    let mut after = catalogue.clone();
                    for one in &targets.targets {
                        let floor = wish.floors[&one.name.slo];
                        assert!(one.target_ppb <= floor, "{context}: {one:?}");
                        assert!(
                            one.target_ppb >= one.today.target.ppb(),
                            "{context}: {one:?}"
                        );
                        set(&mut after, one.name.slo.as_str(), one.target_ppb);
                    }
                    assert!(
                        system.composed(&after).once_ppb >= asked,
                        "{context}: {targets:?}"
                    );
                    assert_eq!(
                        targets.targets.iter().any(Allotment::is_new),
                        asked > now,
                        "{context}: {targets:?}"
                    );
                    found += 1;
                    counted_once += usize::from(targets.carries != Carries::Always);
                }
            }
        }
    }
    assert!(
        found >= 2 * graphs as usize && counted_once > 0,
        "{found}, {counted_once}"
    );
    println!("soak: {graphs} of {graphs}, seed {}", SEED * 2);
}

/// Components, each with its edges to components before it; the root comes last and has no failures of its own.
struct System {
    own: Vec<f64>,
    edges: Vec<Vec<Edge>>,
    /// From the root: whether several edges lead to a component, so that all of them meet it in one state.
    is_shared: Vec<bool>,
}

#[derive(Clone)]
struct Edge {
    members: Vec<usize>,
    need: usize,
    share: f64,
    calls: u32,
    impact: f64,
    retry: Option<(u32, f64)>,
    fallback: Option<(usize, f64)>,
    optional: bool,
}

impl System {
    fn random(rng: &mut Rng) -> Self {
        let components = rng.usize(3..11);
        let own = (0..components).map(|_| 0.001 + 0.02 * rng.f64()).collect();
        let mut edges = vec![Vec::new()];
        for node in 1..components {
            let count = rng.usize(0..3).min(node);
            edges.push((0..count).map(|_| Edge::random(rng, node)).collect());
        }
        let count = rng.usize(2..5);
        let mut top: Vec<Edge> = (0..count).map(|_| Edge::random(rng, components)).collect();
        top[0].optional = false;
        edges.push(top);
        let mut system = Self {
            own,
            edges,
            is_shared: Vec::new(),
        };
        // What only helps out stands alone: its promise is what it is, whatever others are given.
        for (node, called) in system.called().into_iter().enumerate() {
            if !called {
                system.edges[node].clear();
            }
        }
        system.is_shared = system.ways().iter().map(|ways| *ways > 1).collect();
        system
    }

    /// How many edges lead to each component from what is below the root.
    fn ways(&self) -> Vec<u32> {
        let mut ways = vec![0; self.edges.len()];
        ways[self.own.len()] = 1;
        for node in (0..self.edges.len()).rev() {
            if ways[node] > 0 {
                let taken = self.edges[node].iter().filter(|edge| !edge.optional);
                for part in taken.flat_map(Edge::parts) {
                    ways[part] += 1;
                }
            }
        }
        ways
    }

    /// Which components are reached without going over a fallback.
    fn called(&self) -> Vec<bool> {
        let mut called = vec![false; self.edges.len()];
        called[self.own.len()] = true;
        for node in (0..self.edges.len()).rev() {
            if called[node] {
                for edge in self.edges[node].iter().filter(|edge| !edge.optional) {
                    for part in &edge.members {
                        called[*part] = true;
                    }
                }
            }
        }
        called
    }

    /// Promises for components with these failures of their own.
    fn catalogue(&self, own: &[f64]) -> Catalogue {
        let mut catalogue = Catalogue::empty("random");
        for (node, edges) in self.edges.iter().enumerate() {
            let name = if node == own.len() {
                "root".into()
            } else {
                id(node)
            };
            let depends_on = edges.iter().map(Edge::dependency).collect();
            catalogue
                .slos
                .insert(name.clone(), slo(name.clone(), depends_on));
            let below = composed_of(&catalogue, &name).once_ppb;
            assert!(below > 0, "a part that always fails");
            let own = own.get(node).copied().unwrap_or(0.0);
            set(
                &mut catalogue,
                name.as_str(),
                (f64::from(below) * (1.0 - own)) as u32,
            );
        }
        catalogue
    }

    fn composed(&self, catalogue: &Catalogue) -> attain_cascade::Composed {
        composed_of(catalogue, &"root".into())
    }

    fn allocate(
        &self,
        catalogue: &Catalogue,
        wish: &Wish,
    ) -> Result<attain_cascade::Allocated, Box<attain_cascade::TooTight>> {
        let root = &catalogue.slos["root"];
        let nothing = |_: &_| None;
        allocate(
            catalogue,
            root,
            &"availability".into(),
            &Scope::All,
            DAY,
            wish,
            &nothing,
        )
        .expect("the root rests on something")
    }

    fn request_fails(&self, rng: &mut Rng) -> bool {
        let mut calls = BTreeMap::new();
        self.fails_through(self.own.len(), rng, &mut calls)
    }

    fn fails_through(&self, node: usize, rng: &mut Rng, calls: &mut Calls) -> bool {
        let mut fails = false;
        for edge in &self.edges[node] {
            // No way round: what another edge does is drawn all the same.
            fails |= self.edge_fails(edge, rng, calls);
        }
        fails
    }

    fn edge_fails(&self, edge: &Edge, rng: &mut Rng, calls: &mut Calls) -> bool {
        if edge.optional {
            return false;
        }
        let mut some_failed = false;
        for call in 0..edge.calls {
            // Of a quorum and of a fallback a request meets one state, of a single part as many calls as are made.
            let which = if edge.members.len() == 1 { call } else { 0 };
            let members = edge.members.iter();
            let up = members
                .filter(|part| !self.call_fails(**part, which, rng, calls))
                .count();
            let mut failed = up < edge.need;
            if let Some((attempts, again)) = edge.retry {
                for _ in 1..attempts {
                    failed &= rng.f64() < again;
                }
            }
            if let Some((fallback, covers)) = edge.fallback {
                let is_covered = rng.f64() < covers;
                failed &= !is_covered || self.call_fails(fallback, 0, rng, calls);
            }
            some_failed |= failed;
        }
        some_failed && rng.f64() < edge.share && rng.f64() < edge.impact
    }

    /// A shared component is called once for all who meet it: the first call of everybody is the same one.
    fn call_fails(&self, node: usize, call: u32, rng: &mut Rng, calls: &mut Calls) -> bool {
        if !self.is_shared[node] {
            return self.fails(node, rng, calls);
        }
        if let Some(known) = calls.get(&(node, call)) {
            return *known;
        }
        let fails = self.fails(node, rng, calls);
        calls.insert((node, call), fails);
        fails
    }

    fn fails(&self, node: usize, rng: &mut Rng, calls: &mut Calls) -> bool {
        let by_itself = rng.f64() < self.own[node];
        self.fails_through(node, rng, calls) | by_itself
    }
}

/// How the calls of one request to shared components went.
type Calls = BTreeMap<(usize, u32), bool>;

impl Edge {
    fn random(rng: &mut Rng, below: usize) -> Self {
        let mut part = || rng.usize(0..below);
        let (one, two, three) = (part(), part(), part());
        let mut members = vec![one];
        if rng.u8(0..5) == 0 {
            members.extend([two, three]);
            members.sort();
            members.dedup();
        }
        let need = rng.usize(1..=members.len());
        let some = |rng: &mut Rng| f64::from(rng.u32(20..100)) / 100.0;
        Self {
            need,
            share: if rng.bool() { 1.0 } else { some(rng) },
            calls: [1, 1, 1, 2, 3][rng.usize(0..5)],
            impact: if rng.bool() { 1.0 } else { some(rng) },
            retry: (rng.u8(0..4) == 0).then(|| (rng.u32(2..4), some(rng))),
            fallback: (rng.u8(0..4) == 0 && !members.contains(&two)).then(|| (two, some(rng))),
            optional: rng.u8(0..10) == 0,
            members,
        }
    }

    fn parts(&self) -> impl Iterator<Item = usize> {
        let fallback = self.fallback.map(|(part, _)| part);
        self.members.iter().copied().chain(fallback)
    }

    fn dependency(&self) -> Dependency {
        let on = match self.members.as_slice() {
            [one] => Provider::Slo(id(*one)),
            several => Provider::AnyOf {
                slos: several.iter().map(|part| id(*part)).collect(),
                need: self.need as u32,
            },
        };
        Dependency {
            share: share(self.share),
            calls: Multiple::from_millionths(u64::from(self.calls) * 1_000_000),
            impact: share(self.impact),
            optional: self.optional,
            retry: self.retry.map(|(attempts, again)| Retry {
                attempts,
                fails_again: share(again),
            }),
            fallback: self.fallback.map(|(part, covers)| Fallback {
                slo: id(part),
                covers: share(covers),
            }),
            ..Dependency::on(on)
        }
    }
}

fn composed_of(catalogue: &Catalogue, name: &SloId) -> attain_cascade::Composed {
    let slo = &catalogue.slos[name.as_str()];
    composed(catalogue, slo, &"availability".into(), &Scope::All, DAY).expect("a promise")
}

fn slo(name: SloId, depends_on: Vec<Dependency>) -> Slo {
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
    let promised = Promised {
        target: Target::from_ppb(1).expect("a target"),
        under: None,
        load: None,
        as_percentile: false,
    };
    let objective = Objective {
        id: "availability".into(),
        terms: vec![Term {
            since: None,
            targets: Targets::All(Goal::Promised(promised)),
        }],
    };
    Slo {
        objectives: [("availability".into(), objective)].into(),
        depends_on,
        ..Slo::new(name, "random".into(), indicator)
    }
}

fn set(catalogue: &mut Catalogue, slo: &str, ppb: u32) {
    let slo = catalogue.slos.get_mut(slo).expect("an SLO");
    let term = &mut slo
        .objectives
        .get_mut("availability")
        .expect("an objective")
        .terms[0];
    if let Targets::All(Goal::Promised(promised)) = &mut term.targets {
        promised.target = Target::from_ppb(ppb.min(ONE_PPB - 1)).expect("a target");
    }
}

fn target(catalogue: &Catalogue, slo: &SloId) -> u32 {
    let objective = &catalogue.slos[slo.as_str()].objectives["availability"];
    let goal = objective.current().targets.goal(&Scope::All);
    goal.and_then(Goal::promised)
        .expect("a promise")
        .target
        .ppb()
}

fn id(node: usize) -> SloId {
    SloId::new(format!("part-{node}"))
}

fn share(value: f64) -> Share {
    Share::from_ppb((value * 1e9).round() as u32).expect("a share")
}

fn ratio(ppb: u32) -> f64 {
    f64::from(ppb) / 1e9
}
