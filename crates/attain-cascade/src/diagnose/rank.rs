//! The account: of each node what it lost, what can have reached the customer, what its callees lost already.

use super::flow::Ways;
use super::loss::Losses;
use super::{Diagnosis, Question};

/// From this score on a suspect is named; below, the evidence is too weak. It may be so for other reasons, too: see
/// [`Diagnosis::doubt`].
pub const CONFIDENT: f64 = 0.5;

/// A second suspect with this share of the first one's score has as good a claim, if both together claim more than all.
const AS_GOOD: f64 = 0.75;

/// A callee's loss explains this much of its caller's: with retries and with contention a caller loses more than what it
/// waits for.
pub(crate) const AMPLIFIED: f64 = 1.75;
/// Standard deviations from which on a loss is not chance.
const SIGNIFICANT: f64 = 2.0;
/// Scores below are not worth a line.
const SCORE_LEAST: f64 = 0.02;

/// A node that may have spent the customer's budget.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspect {
    /// Its position.
    pub node: usize,
    /// The share of the customer's loss that started here, as far as can be told; in (0, 1].
    pub score: f64,
    /// What it lost itself, in the unit of the customer's budget, per slot that counts.
    pub loss: f64,
    /// The same over the whole window, slots in which it lost nothing left out.
    pub total: f64,
    /// How many standard deviations `loss` is.
    pub sigmas: f64,
    /// The share of the customer's loss that it can account for, its callees' loss included; in [0, 1].
    pub share: f64,
    /// The share of its own loss that its callees account for; in [0, 1].
    pub explained: f64,
    /// Those callees, the largest loss first.
    pub explained_by: Vec<Explainer>,
    /// The share of its own loss that its other callees may have lost without standing out from their noise; may exceed 1.
    pub unsure: f64,
    /// The calls from the target to it, both included.
    pub path: Vec<usize>,
}

impl Diagnosis {
    /// The first suspect, if nothing speaks against naming it.
    #[must_use]
    pub fn named(&self) -> Option<&Suspect> {
        match self.doubt() {
            None => self.suspects.first(),
            Some(_) => None,
        }
    }

    /// What speaks against naming the first suspect; `None` if nothing does, or if there is none.
    #[must_use]
    pub fn doubt(&self) -> Option<Doubt> {
        let first = self.suspects.first()?;
        if first.score < CONFIDENT {
            return Some(Doubt::Weak);
        }
        if first.explained / AMPLIFIED + first.unsure >= 1.0 {
            return Some(Doubt::Noise);
        }
        let second = self.suspects.get(1)?;
        let is_as_good = second.score >= AS_GOOD * first.score;
        let contradicts = first.score + second.score > 1.0;
        (is_as_good && contradicts).then_some(Doubt::Rival(second.node))
    }
}

/// Why nobody is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The score is below [`CONFIDENT`].
    Weak,
    /// For all that is known of its callees they may have lost all that it lost: their noise is as large.
    Noise,
    /// This node has as good a claim to the same loss.
    Rival(usize),
}

/// A callee whose loss accounts for some of its caller's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Explainer {
    /// Its position.
    pub node: usize,
    /// What it lost.
    pub loss: f64,
}

/// One node in the account.
#[derive(Clone, Copy)]
struct Line {
    /// What it lost on average, weighed by what the customer lost in the slot.
    lost: f64,
    /// One standard deviation of that.
    deviation: f64,
    /// What was taken out of it for a culprit that was named before, weighed likewise.
    taken: f64,
    is_known: bool,
}

impl Line {
    fn loss(&self) -> f64 {
        self.lost.max(0.0)
    }

    /// What it may have lost, the noise being against us.
    fn at_most(&self) -> f64 {
        (self.lost + SIGNIFICANT * self.deviation).max(0.0)
    }

    fn is_significant(&self) -> bool {
        self.lost > SIGNIFICANT * self.deviation
    }
}

pub(super) fn rank(question: &Question<'_>, losses: &Losses) -> Diagnosis {
    let Some(lines) = lines(question, losses) else {
        return Diagnosis::default();
    };
    let line = |node: usize| losses.place(node).map(|at| lines[at]);
    let ways = Ways::of(question.graph, question.target, |node| match line(node) {
        Some(line) if line.is_known => line.loss(),
        // Of a node that was never seen before nobody can say how much it lets through.
        _ => f64::INFINITY,
    });
    let customers = lines[0].loss();
    let mut suspects = Vec::new();
    for (at, &node) in losses.nodes.iter().enumerate() {
        let own = lines[at];
        if !own.is_known || own.loss() <= 0.0 {
            continue;
        }
        let calls = question.graph.calls(node).iter();
        let others = calls.filter(|call| call.to != node);
        let callees = others.filter_map(|call| Some((call, line(call.to)?)));
        let (significant, unsure): (Vec<_>, Vec<_>) = callees
            .filter(|(_, callee)| callee.is_known)
            .partition(|(_, callee)| callee.is_significant());
        let mut explained_by: Vec<Explainer> = significant
            .iter()
            .map(|(call, callee)| Explainer {
                node: call.to,
                loss: callee.loss() * call.weight,
            })
            .collect();
        let unsure: f64 = unsure
            .iter()
            .map(|(call, callee)| callee.at_most() * call.weight)
            .sum();
        explained_by.sort_by(|a, b| b.loss.total_cmp(&a.loss).then(a.node.cmp(&b.node)));
        let by_callees: f64 = explained_by.iter().map(|callee| callee.loss).sum();
        // What was taken out was amplified, too, and the callee that was named accounts for the rest of it.
        let amplified = (AMPLIFIED - 1.0) * own.taken;
        let explained = ((AMPLIFIED * by_callees + amplified) / own.loss()).min(1.0);
        let certain = (own.lost - SIGNIFICANT * own.deviation).max(0.0);
        let share = (ways.reaching(node, certain) / customers).min(1.0);
        let score = share * (1.0 - explained);
        if score >= SCORE_LEAST {
            suspects.push(Suspect {
                node,
                score,
                loss: own.loss(),
                total: losses.total(at),
                sigmas: own.lost / own.deviation,
                share,
                explained,
                explained_by,
                unsure: unsure / own.loss(),
                path: ways.path(node),
            });
        }
    }
    let rounded = |score: f64| (score * 1000.0 + 0.5).floor();
    suspects.sort_by(|a, b| {
        let score = rounded(b.score).total_cmp(&rounded(a.score));
        score
            .then(b.loss.total_cmp(&a.loss))
            .then(a.node.cmp(&b.node))
    });
    Diagnosis {
        lost: customers,
        total: losses.total(0),
        suspects,
    }
}

/// A line for each node of `losses`, or `None` if the customer lost nothing.
fn lines(question: &Question<'_>, losses: &Losses) -> Option<Vec<Line>> {
    let customers = losses.nodes.first().map(|_| losses.row(0))?;
    let total: f64 = customers.iter().map(|lost| lost.max(0.0)).sum();
    if total <= 0.0 {
        return None;
    }
    let weights: Vec<f64> = customers.iter().map(|lost| lost.max(0.0) / total).collect();
    let concentrated = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
    let line = |(at, node): (usize, &usize)| {
        let row = losses.row(at).iter().zip(&weights);
        let taken = losses.taken(at).iter().zip(&weights);
        let baseline = question.baseline(*node);
        Line {
            lost: row.map(|(lost, weight)| lost * weight).sum(),
            taken: taken.map(|(taken, weight)| taken * weight).sum(),
            deviation: baseline.spread * concentrated,
            is_known: baseline.is_known,
        }
    };
    Some(losses.nodes.iter().enumerate().map(line).collect())
}
