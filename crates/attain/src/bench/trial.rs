//! One incident, judged: what the diagnosis says, where the culprit stands in it, and what simpler rules would have said.
//! Knows the label; the diagnosis does not.

use attain_cascade::diagnose::{Baseline, CallGraph, Diagnosis, Question, Track, Unit, incidents};

/// What a diagnosis is asked in a trial.
pub struct Case<'a> {
    /// Who calls whom.
    pub graph: &'a CallGraph,
    /// What the customer lost.
    pub unit: Unit,
    /// The node that the customer sees.
    pub target: usize,
    /// What is usual.
    pub usual: &'a Usual,
    /// What each node did.
    pub window: &'a [Track],
    /// Where it began; several if several things went wrong at once.
    pub roots: &'a [usize],
}

/// What is usual for each node.
pub struct Usual {
    /// For the diagnosis.
    pub baselines: Vec<Baseline>,
    /// Median and deviation of the value itself, for the rule that takes whoever looks strangest.
    pub values: Vec<Option<(f64, f64)>>,
}

impl Usual {
    /// From a history.
    pub fn of(unit: Unit, history: &[Track]) -> Self {
        let value = |track: &Track| {
            let finite = track.value.iter().copied().filter(|v| v.is_finite());
            let mut values: Vec<f64> = finite.collect();
            let spread = attain_math::robust::spread(&mut values.clone());
            Some((attain_math::robust::median(&mut values)?, spread.max(1e-9)))
        };
        Self {
            baselines: history
                .iter()
                .map(|track| Baseline::fit(unit, track))
                .collect(),
            values: history.iter().map(value).collect(),
        }
    }
}

/// How it went.
pub struct Trial {
    /// What was said.
    pub diagnosis: Diagnosis,
    /// Who is named: the first suspect, and those that are named of what is left without it.
    pub named: Vec<usize>,
    /// Where each root stands among the suspects; 1 is the first.
    pub ranks: Vec<Option<usize>>,
    /// Whether the node with the largest deviation would have been right.
    pub strangest_is_right: bool,
    /// How likely a blind guess among the nodes behind the customer's is right.
    pub chance: f64,
}

impl Trial {
    /// Judges a case.
    pub fn of(case: &Case<'_>) -> Self {
        let mut found = incidents(&Question {
            unit: case.unit,
            graph: case.graph,
            target: case.target,
            baselines: &case.usual.baselines,
            window: case.window,
        });
        let name = |diagnosis: &Diagnosis| diagnosis.named().map(|suspect| suspect.node);
        let named: Vec<usize> = found.iter().filter_map(name).collect();
        let diagnosis = match found.is_empty() {
            true => Diagnosis::default(),
            false => found.swap_remove(0),
        };
        let rank = |root: &usize| {
            let at = diagnosis.suspects.iter().position(|s| s.node == *root);
            at.map(|at| at + 1)
        };
        let candidates = candidates(case);
        let strangest = candidates.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        Self {
            ranks: case.roots.iter().map(rank).collect(),
            strangest_is_right: strangest.is_some_and(|(node, _)| case.roots.contains(node)),
            chance: case.roots.len() as f64 / candidates.len().max(1) as f64,
            diagnosis,
            named,
        }
    }

    /// Whether the first suspect is a culprit.
    pub fn is_first(&self) -> bool {
        self.ranks.contains(&Some(1))
    }

    /// Whether two things went wrong and both stand at the head.
    pub fn are_first_two(&self) -> bool {
        let mut ranks: Vec<usize> = self.ranks.iter().flatten().copied().collect();
        ranks.sort_unstable();
        ranks == [1, 2]
    }

    /// Whether a culprit is among the first three.
    pub fn is_among_three(&self) -> bool {
        self.ranks.iter().flatten().any(|rank| *rank <= 3)
    }

    /// Whether somebody is named.
    pub fn is_named(&self) -> bool {
        !self.named.is_empty()
    }
}

/// The nodes behind the customer's that have a history, with their largest deviation in the window.
fn candidates(case: &Case<'_>) -> Vec<(usize, f64)> {
    let reached = case.graph.reached(case.target).into_iter();
    let strange = reached.filter_map(|node| {
        let (middle, spread) = (*case.usual.values.get(node)?)?;
        let values = case.window.get(node)?.value.iter();
        let deviations = values
            .filter(|v| v.is_finite())
            .map(|v| (v - middle) / spread);
        Some((node, deviations.fold(f64::NEG_INFINITY, f64::max)))
    });
    strange.collect()
}
