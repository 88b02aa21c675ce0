//! What rests on what, as a graph with places: which SLOs are shown, how each stands, in which row it is drawn. Knows the
//! catalogue and its verdicts; draws nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use attain_model::slo::{Audience, Dependency, Layer, Provider, Slo};
use attain_model::{Scope, SloId, Verdict};
use jiff::civil::Date;

use crate::html::parts::State;
use crate::pages::Scene;
use crate::report::series;
use crate::status::headline::pages_now;
use crate::status::is_promise;
use crate::status::matrix::is_firing;

/// SLOs that are drawn at most when nobody named one.
pub(super) const DRAWN_MOST: usize = 40;
/// SLOs around one that are drawn at most: the nearest.
const AROUND_MOST: usize = 120;
/// Nodes beside each other, so that a drawing fits a screen.
const PER_ROW: usize = 6;

/// An SLO, or somebody else's promise.
pub(super) struct Node<'a> {
    pub(super) name: String,
    /// `None` for somebody else.
    pub(super) slo: Option<&'a Slo>,
    pub(super) state: State,
    pub(super) word: &'static str,
    /// Whose promise is broken or in danger.
    pub(super) whose: Vec<String>,
    /// What is left of the budget that has least left, in words, and how much of it is spent in millionths.
    pub(super) left: Option<(String, u128)>,
    /// Whose budget that is: a segment; `None` where it is everybody's.
    pub(super) left_whose: Option<String>,
    /// One of its alerts fires.
    pub(super) is_firing: bool,
    /// One of its pages fires, and its loss goes on.
    pub(super) pages_now: bool,
    /// A segment of it is hurt while all together look fine.
    pub(super) is_masked: bool,
    /// The row in the drawing, from the top.
    pub(super) row: usize,
    /// The place in the row, from the left.
    pub(super) place: usize,
}

impl Node<'_> {
    /// `product`, `service`, `infrastructure`, `outside`.
    pub(super) fn layer(&self) -> &'static str {
        self.slo.map_or("outside", |slo| slo.layer.word())
    }

    /// ` for premium`, behind what is left.
    pub(super) fn left_of(&self) -> String {
        let whose = self.left_whose.as_ref();
        whose.map_or_else(String::new, |whose| format!(" for {whose}"))
    }

    fn band(&self) -> usize {
        match self.slo.map(|slo| slo.layer) {
            Some(Layer::Product) => 0,
            Some(Layer::Service) => 1,
            Some(Layer::Infrastructure) => 2,
            None => 3,
        }
    }
}

/// What a caller needs of what it calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Needed,
    /// One of several, or a fallback.
    Spare,
    /// Optional, or called after the answer.
    Unneeded,
}

/// A dependency: who rests on whom, by place in [`Graph::nodes`].
pub(super) struct Edge<'a> {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) of: &'a Dependency,
    pub(super) kind: Kind,
}

impl Edge<'_> {
    /// The share of the caller's requests that a failure of the other is felt by, in parts per billion; of an edge that is
    /// not needed none.
    pub(super) fn impact_ppb(&self) -> u64 {
        let share = u64::from(self.of.share.ppb());
        match self.kind {
            Kind::Unneeded => 0,
            Kind::Needed | Kind::Spare => share * u64::from(self.of.impact.ppb()) / 1_000_000_000,
        }
    }
}

/// What is shown.
pub(super) struct Graph<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) edges: Vec<Edge<'a>>,
    /// Rows of the drawing, each with the places of its nodes from left to right.
    pub(super) rows: Vec<Vec<usize>>,
    /// SLOs of the cascade that are not shown because there are too many.
    pub(super) left_out: usize,
}

impl<'a> Graph<'a> {
    /// The SLOs that take part in a cascade on a day: all of them, or only those that are above or below one.
    pub(super) fn of(scene: &Scene<'a>, around: Option<&SloId>, on: Date) -> Self {
        let slos: BTreeMap<&SloId, &Slo> = scene
            .promises
            .catalogue()
            .live_slos(on)
            .map(|slo| (&slo.id, slo))
            .collect();
        let all = taking_part(&slos);
        let one = match around {
            Some(id) => Some(id),
            None if all.len() <= DRAWN_MOST => None,
            None => worst(scene, &all),
        };
        let Around {
            shown,
            below,
            mut left_out,
        } = match one {
            Some(id) => around_one(&slos, id),
            None => Around {
                shown: all.clone(),
                below: all.clone(),
                left_out: 0,
            },
        };
        if around.is_none() {
            left_out = all.len() - shown.len();
        }
        let promised = promised(scene);
        let mut nodes: Vec<Node<'a>> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for id in &shown {
            places.insert(id.to_string(), nodes.len());
            nodes.push(node(scene, &promised, slos[*id]));
        }
        let mut edges = Vec::new();
        for id in &shown {
            let from = places[id.as_str()];
            for of in &slos[*id].depends_on {
                for (to, kind) in ends(of) {
                    let key = match &to {
                        End::Slo(id) => id.to_string(),
                        // No id of an SLO has a blank.
                        End::Outside(name) => format!("outside {name}"),
                    };
                    if let (End::Outside(name), None) = (&to, places.get(&key))
                        // What those above have outside is nobody's question here.
                        && below.contains(id)
                    {
                        places.insert(key.clone(), nodes.len());
                        nodes.push(outside(name));
                    }
                    if let Some(to) = places.get(&key) {
                        edges.push(Edge {
                            from,
                            to: *to,
                            of,
                            kind,
                        });
                    }
                }
            }
        }
        let rows = rows(&mut nodes, &edges);
        Self {
            nodes,
            edges,
            rows,
            left_out,
        }
    }

    /// Those that nobody rests on, most urgent first.
    pub(super) fn roots(&self) -> Vec<usize> {
        let called: BTreeSet<usize> = self.edges.iter().map(|edge| edge.to).collect();
        let mut roots: Vec<usize> = (0..self.nodes.len())
            .filter(|n| !called.contains(n))
            .collect();
        if roots.is_empty() {
            roots.extend(0..self.nodes.len().min(1));
        }
        roots.sort_by_key(|node| (self.nodes[*node].state, *node));
        roots
    }

    /// What one rests on.
    pub(super) fn below(&self, node: usize) -> impl Iterator<Item = &Edge<'a>> {
        self.edges.iter().filter(move |edge| edge.from == node)
    }
}

/// What pages now; else the SLO of a customer that is broken worst and rests on others; where none is broken, the one with
/// least left.
pub(super) fn worst<'a>(scene: &Scene<'a>, among: &BTreeSet<&'a SloId>) -> Option<&'a SloId> {
    let slos = &scene.promises.catalogue().slos;
    let promised = promised(scene);
    let rank = |id: &&&SloId| {
        let slo = &slos[**id];
        let node = node(scene, &promised, slo);
        let spent = node.left.map_or(0, |(_, spent)| spent);
        (
            node.pages_now,
            slo.audience == Audience::Customer,
            std::cmp::Reverse(node.state),
            // What goes on before what is over.
            node.is_firing,
            spent,
        )
    };
    // Who rests on nothing explains nobody's loss, and may be what somebody is needed for now.
    let is_asked = |id: &&&SloId| {
        let of_it = || promised.get(**id).into_iter().flatten();
        !slos[**id].depends_on.is_empty() || of_it().any(|verdict| pages_now(verdict))
    };
    among.iter().filter(is_asked).max_by_key(rank).copied()
}

/// Those that rest on others or that others rest on.
pub(super) fn taking_part<'a>(slos: &BTreeMap<&'a SloId, &'a Slo>) -> BTreeSet<&'a SloId> {
    let mut taking = BTreeSet::new();
    for (id, slo) in slos {
        for (end, _) in slo.depends_on.iter().flat_map(ends) {
            taking.insert(*id);
            if let End::Slo(to) = end
                && slos.contains_key(to)
            {
                taking.insert(to);
            }
        }
    }
    taking
}

/// Those above and below one, the nearest of them, and who of them is not above.
struct Around<'a> {
    shown: BTreeSet<&'a SloId>,
    below: BTreeSet<&'a SloId>,
    left_out: usize,
}

fn around_one<'a>(slos: &BTreeMap<&'a SloId, &'a Slo>, id: &SloId) -> Around<'a> {
    let mut around = Around {
        shown: BTreeSet::new(),
        below: BTreeSet::new(),
        left_out: 0,
    };
    let Some((id, _)) = slos.get_key_value(id) else {
        return around;
    };
    let mut callees: BTreeMap<&SloId, Vec<&'a SloId>> = BTreeMap::new();
    let mut callers: BTreeMap<&SloId, Vec<&'a SloId>> = BTreeMap::new();
    for (from, slo) in slos {
        for (end, _) in slo.depends_on.iter().flat_map(ends) {
            if let End::Slo(to) = end
                && let Some((to, _)) = slos.get_key_value(to)
            {
                callees.entry(from).or_default().push(to);
                callers.entry(to).or_default().push(from);
            }
        }
    }
    let below = reached(id, &callees);
    let mut near: Vec<(usize, &'a SloId)> = below.iter().map(|(id, far)| (*far, *id)).collect();
    around.below = below.into_keys().collect();
    near.extend(reached(id, &callers).into_iter().map(|(id, far)| (far, id)));
    near.sort();
    let mut all = BTreeSet::new();
    near.retain(|(_, id)| all.insert(*id));
    around.left_out = near.len().saturating_sub(AROUND_MOST);
    around.shown = near
        .into_iter()
        .take(AROUND_MOST)
        .map(|(_, id)| id)
        .collect();
    around
}

/// Everything that can be walked to, with the steps to it.
fn reached<'a>(
    from: &'a SloId,
    next: &BTreeMap<&SloId, Vec<&'a SloId>>,
) -> BTreeMap<&'a SloId, usize> {
    let mut found = BTreeMap::from([(from, 0)]);
    let mut queue = VecDeque::from([from]);
    while let Some(at) = queue.pop_front() {
        let far = found[at] + 1;
        for to in next.get(at).into_iter().flatten().copied() {
            if !found.contains_key(to) {
                found.insert(to, far);
                queue.push_back(to);
            }
        }
    }
    found
}

/// Where an edge leads.
pub(super) enum End<'a> {
    Slo(&'a SloId),
    Outside(&'a str),
}

fn ends(edge: &Dependency) -> Vec<(End<'_>, Kind)> {
    let kind = match edge.optional || edge.asynchronous {
        true => Kind::Unneeded,
        false => Kind::Needed,
    };
    let mut ends: Vec<(End<'_>, Kind)> = match &edge.on {
        Provider::Slo(id) => vec![(End::Slo(id), kind)],
        Provider::External { name, .. } => vec![(End::Outside(name), kind)],
        Provider::AnyOf { slos, need } => {
            let kind = match kind {
                Kind::Needed if (*need as usize) < slos.len() => Kind::Spare,
                other => other,
            };
            slos.iter().map(|id| (End::Slo(id), kind)).collect()
        }
    };
    let fallback = edge.fallback.as_ref();
    ends.extend(fallback.map(|fallback| (End::Slo(&fallback.slo), Kind::Spare)));
    ends
}

/// The promises of each SLO: looked for once, not by every node in all of them.
type Promised<'a> = BTreeMap<&'a SloId, Vec<&'a Verdict>>;

fn promised<'a>(scene: &Scene<'a>) -> Promised<'a> {
    let mut promised = Promised::new();
    let all = scene.evaluation.into_iter().flat_map(|e| &e.verdicts);
    for verdict in all.filter(|verdict| is_promise(verdict)) {
        promised.entry(&verdict.name.slo).or_default().push(verdict);
    }
    promised
}

fn node<'a>(scene: &Scene<'a>, promised: &Promised<'a>, slo: &'a Slo) -> Node<'a> {
    let verdicts = || promised.get(&slo.id).into_iter().flatten().copied();
    let worst = verdicts().min_by_key(|verdict| series::state(verdict));
    let state = worst.map_or(State::Unknown, series::state);
    let is_hurt = |verdict: &&Verdict| matches!(series::state(verdict), State::Bad | State::Warn);
    let mut whose: Vec<(u32, String)> = verdicts()
        .filter(is_hurt)
        .filter(|verdict| verdict.name.scope != Scope::All && series::state(verdict) == state)
        .map(|verdict| {
            (
                rank(scene, &verdict.name.scope),
                verdict.name.scope.to_string(),
            )
        })
        .collect();
    whose.sort();
    whose.dedup();
    let left = verdicts()
        .filter_map(|verdict| {
            let spent = series::spent_millionths(verdict);
            Some((series::left(verdict)?, spent, &verdict.name.scope))
        })
        .max_by_key(|(_, spent, _)| *spent);
    let left_whose = left.as_ref().map(|(_, _, scope)| *scope);
    let mut masked = scene.evaluation.into_iter().flat_map(|e| &e.masked);
    Node {
        name: slo.id.to_string(),
        slo: Some(slo),
        state,
        word: worst.map_or("not judged", series::word),
        whose: whose.into_iter().map(|(_, scope)| scope).collect(),
        left: left.map(|(left, spent, _)| (series::left_words(&left), spent)),
        left_whose: left_whose
            .filter(|scope| **scope != Scope::All)
            .map(ToString::to_string),
        is_firing: verdicts().any(is_firing),
        pages_now: verdicts().any(pages_now),
        is_masked: masked.any(|masked| masked.name.slo == slo.id),
        row: 0,
        place: 0,
    }
}

fn rank(scene: &Scene<'_>, scope: &Scope) -> u32 {
    let Scope::Segment(id) = scope else {
        return u32::MAX;
    };
    let segment = scene.promises.catalogue().segments.get(id);
    segment.map_or(u32::MAX, |segment| segment.rank)
}

fn outside(name: &str) -> Node<'static> {
    Node {
        name: name.to_owned(),
        slo: None,
        state: State::Quiet,
        word: "not ours",
        whose: Vec::new(),
        left: None,
        left_whose: None,
        is_firing: false,
        pages_now: false,
        is_masked: false,
        row: 0,
        place: 0,
    }
}

/// Puts nodes into rows: a band for each layer; in it whoever is called stands below whoever calls.
fn rows(nodes: &mut [Node<'_>], edges: &[Edge<'_>]) -> Vec<Vec<usize>> {
    let mut depth = vec![0_usize; nodes.len()];
    // As often as there are nodes: a way through a band is no longer, and a circle ends, too.
    for _ in 0..nodes.len() {
        let mut is_changed = false;
        for edge in edges {
            let is_inside = nodes[edge.from].band() == nodes[edge.to].band();
            if is_inside && depth[edge.to] <= depth[edge.from] && depth[edge.from] < nodes.len() {
                depth[edge.to] = depth[edge.from] + 1;
                is_changed = true;
            }
        }
        if !is_changed {
            break;
        }
    }
    let mut levels: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (at, node) in nodes.iter().enumerate() {
        levels.entry((node.band(), depth[at])).or_default().push(at);
    }
    let mut middle: BTreeMap<usize, f64> = BTreeMap::new();
    let mut rows: Vec<Vec<usize>> = Vec::new();
    for mut level in levels.into_values() {
        // Below whoever calls: edges cross less.
        let wanted = |at: usize| {
            let callers = edges.iter().filter(|edge| edge.to == at);
            let above: Vec<f64> = callers
                .filter_map(|e| middle.get(&e.from).copied())
                .collect();
            match above.is_empty() {
                true => 0.5,
                false => above.iter().sum::<f64>() / above.len() as f64,
            }
        };
        level.sort_by(|a, b| wanted(*a).total_cmp(&wanted(*b)).then(a.cmp(b)));
        let pieces = level.len().div_ceil(PER_ROW);
        for piece in level.chunks(level.len().div_ceil(pieces)) {
            for (place, at) in piece.iter().enumerate() {
                middle.insert(*at, (place as f64 + 0.5) / piece.len() as f64);
                nodes[*at].row = rows.len();
                nodes[*at].place = place;
            }
            rows.push(piece.to_vec());
        }
    }
    rows
}
