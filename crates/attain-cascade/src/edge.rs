//! The cost of one edge for one objective of its caller. Knows retries, fallbacks, quorums and outside promises; the
//! arithmetic is attain-math's.

use attain_math::edge::{Use, after_fallback, after_retry, cost, quorum_failure};
use attain_math::fixed::Probability;
use attain_model::slo::{Dependency, Provider};
use attain_model::{Catalogue, ObjectiveId, Promised, Scope, Slo, SloId};
use jiff::civil::Date;

use crate::part::{Missing, Part, Question, Why};

/// Who calls, and for which of its promises.
pub(crate) struct Caller<'a> {
    catalogue: &'a Catalogue,
    objective: &'a ObjectiveId,
    scope: &'a Scope,
    on: Date,
    /// What is promised to the scope.
    pub promised: Promised,
}

/// What parts are taken to promise, instead of what they do.
#[derive(Clone, Copy)]
pub(crate) enum Assumed<'a> {
    /// What they do promise.
    Nothing,
    /// All of them this, in parts per billion; somebody else's promise, too.
    All(u32),
    /// Each what is said; `None` for what it does promise.
    Each(&'a dyn Fn(&SloId) -> Option<u32>),
}

impl Assumed<'_> {
    fn of(self, slo: &SloId) -> Option<Probability> {
        match self {
            Assumed::Nothing => None,
            Assumed::All(ppb) => Some(failing(ppb)),
            Assumed::Each(said) => said(slo).map(failing),
        }
    }

    fn of_others(self) -> Option<Probability> {
        match self {
            Assumed::All(ppb) => Some(failing(ppb)),
            Assumed::Nothing | Assumed::Each(_) => None,
        }
    }
}

/// What an edge does to its caller.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    Cost(Probability),
    Apart,
    Unknown,
}

impl<'a> Caller<'a> {
    /// `None` when the SLO promises nothing to the scope on that day.
    pub fn new(
        catalogue: &'a Catalogue,
        slo: &'a Slo,
        objective: &'a ObjectiveId,
        scope: &'a Scope,
        on: Date,
    ) -> Option<Self> {
        let term = slo.objectives.get(objective)?.on(on)?;
        let promised = *term.targets.goal(scope)?.promised()?;
        Some(Self {
            catalogue,
            objective,
            scope,
            on,
            promised,
        })
    }

    /// What is asked of the part behind an edge.
    pub fn question(&self, dependency: &Dependency) -> Question<'a> {
        Question {
            catalogue: self.catalogue,
            objective: self.objective,
            scope: self.scope,
            on: self.on,
            within: self.promised.under.and(dependency.latency),
        }
    }

    /// The cost of an edge, as if its parts promised what is assumed.
    pub fn cost(
        &self,
        position: usize,
        dependency: &Dependency,
        assumed: Assumed<'_>,
        missing: &mut Vec<Missing>,
    ) -> Outcome {
        let latency = self.promised.under.is_some();
        if !takes_part(dependency) || (latency && dependency.latency.is_none()) {
            return Outcome::Apart;
        }
        let question = self.question(dependency);
        let mut asking = Asking {
            question,
            assumed,
            position,
            missing,
        };
        let Some(failure) = asking.one_call(&dependency.on) else {
            return Outcome::Unknown;
        };
        // A retry or a fallback makes an answer good, not fast.
        let failure = if latency {
            failure
        } else {
            asking.softened(failure, dependency)
        };
        Outcome::Cost(cost(failure, usage(dependency)))
    }
}

/// One edge's questions to its parts, and the note of those that promise nothing.
struct Asking<'a> {
    question: Question<'a>,
    assumed: Assumed<'a>,
    position: usize,
    missing: &'a mut Vec<Missing>,
}

impl Asking<'_> {
    /// How often one call may fail; `None` when nobody promised anything.
    fn one_call(&mut self, on: &Provider) -> Option<Probability> {
        match on {
            Provider::Slo(slo) => self.assumed.of(slo).or_else(|| self.ask(slo)),
            // Somebody else's number is about outcomes; of latency it says nothing.
            Provider::External { name, .. } if self.question.within.is_some() => self
                .assumed
                .of_others()
                .or_else(|| self.note(Part::External(name.clone()), Why::NoObjective)),
            Provider::External { promised, .. } => {
                let promised = failing(promised.ppb());
                Some(self.assumed.of_others().unwrap_or(promised))
            }
            Provider::AnyOf { slos, need } => {
                let need = *need as usize;
                let known: Vec<Option<Probability>> = slos
                    .iter()
                    .map(|slo| self.assumed.of(slo).or_else(|| self.ask(slo)))
                    .collect();
                // A candidate that promises nothing helps nobody; with too few left, nothing is known.
                let enough = known.iter().flatten().count() >= need;
                let failures: Vec<Probability> = known
                    .iter()
                    .map(|k| k.unwrap_or(Probability::ONE))
                    .collect();
                enough.then(|| quorum_failure(&failures, need))
            }
        }
    }

    /// What is left of the failures after retries and the fallback. A fallback without a promise covers nothing.
    fn softened(&mut self, failure: Probability, dependency: &Dependency) -> Probability {
        let retried = match dependency.retry {
            Some(retry) => after_retry(failure, retry.attempts, retry.fails_again.ppb()),
            None => failure,
        };
        let covered = dependency
            .fallback
            .as_ref()
            .and_then(|fallback| Some((fallback, self.ask(&fallback.slo)?)));
        match covered {
            Some((fallback, failing)) => after_fallback(
                retried,
                fallback.covers.ppb(),
                failing.complement().ppb_floor(),
            ),
            None => retried,
        }
    }

    fn ask(&mut self, slo: &SloId) -> Option<Probability> {
        match self.question.target_ppb(slo) {
            Ok(ppb) => Some(failing(ppb)),
            Err(why) => self.note(Part::Slo(slo.clone()), why),
        }
    }

    fn note(&mut self, part: Part, why: Why) -> Option<Probability> {
        self.missing.push(Missing {
            edge: self.position,
            part,
            why,
        });
        None
    }
}

/// How a caller uses what is behind an edge.
pub(crate) fn usage(dependency: &Dependency) -> Use {
    Use {
        share_ppb: dependency.share.ppb(),
        calls_millionths: dependency.calls.millionths(),
        impact_ppb: dependency.impact.ppb(),
    }
}

pub(crate) fn failing(target_ppb: u32) -> Probability {
    Probability::from_ppb(target_ppb).complement()
}

/// Whether a failure of the edge can be a failure of the caller.
pub(crate) fn takes_part(dependency: &Dependency) -> bool {
    !dependency.optional
        && !dependency.asynchronous
        && dependency.share.ppb() > 0
        && dependency.impact.ppb() > 0
        && dependency.calls.millionths() > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{DAY, all, catalogue, edge, outcome, per_segment, slo};
    use crate::{EdgeCost, carried};
    use attain_model::slo::Fallback;
    use attain_model::{Share, Target};

    fn any_of(slos: &[&str], need: u32) -> Dependency {
        Dependency {
            on: Provider::AnyOf {
                slos: slos.iter().map(|&s| s.into()).collect(),
                need,
            },
            ..edge("x")
        }
    }

    fn costs(edges: Vec<Dependency>) -> (Vec<EdgeCost>, Vec<(String, Why)>) {
        let nothing = per_segment(&[("free", None)]);
        let catalogue = catalogue([
            slo("whole", [("availability", outcome(990_000_000))], edges),
            slo("a", [("availability", outcome(999_000_000))], []),
            slo("b", [("availability", outcome(999_000_000))], []),
            slo("none", [("availability", nothing)], []),
        ]);
        let found = carried(
            &catalogue,
            &catalogue.slos["whole"],
            &"availability".into(),
            &all(),
            DAY,
        )
        .unwrap();
        let missing = found
            .missing
            .iter()
            .map(|m| (m.part.to_string(), m.why))
            .collect();
        (found.edges, missing)
    }

    #[test]
    fn a_candidate_without_a_promise_leaves_a_smaller_quorum() {
        let (edges, missing) = costs(vec![
            any_of(&["a", "b", "none"], 2),
            any_of(&["a", "none"], 2),
        ]);
        // Both that are left must hold: 1 - 0.999^2.
        assert_eq!(edges, [EdgeCost::Ppb(1_999_000), EdgeCost::Unknown]);
        assert_eq!(
            missing,
            [
                ("none".to_owned(), Why::BestEffort),
                ("none".to_owned(), Why::BestEffort)
            ]
        );
    }

    #[test]
    fn a_fallback_without_a_promise_covers_nothing_and_is_named() {
        let fallback = |slo: &str| {
            Some(Fallback {
                slo: slo.into(),
                covers: Share::WHOLE,
            })
        };
        let with = |slo: &str| Dependency {
            fallback: fallback(slo),
            ..edge("a")
        };
        let (edges, missing) = costs(vec![with("b"), with("none")]);
        assert_eq!(edges, [EdgeCost::Ppb(1_000), EdgeCost::Ppb(1_000_000)]);
        assert_eq!(missing, [("none".to_owned(), Why::BestEffort)]);
    }

    #[test]
    fn edges_without_consequence_are_not_even_asked() {
        let none = || edge("none");
        let edges = vec![
            Dependency {
                optional: true,
                ..none()
            },
            Dependency {
                asynchronous: true,
                ..none()
            },
            Dependency {
                impact: Share::NONE,
                ..none()
            },
            Dependency {
                share: Share::NONE,
                ..none()
            },
        ];
        let (costs, missing) = costs(edges);
        assert_eq!(costs, [EdgeCost::Apart; 4]);
        assert!(missing.is_empty());
    }

    #[test]
    fn somebody_elses_promise_counts_as_given() {
        let promised = Target::from_ppb(999_900_000).unwrap();
        let bank = Dependency {
            on: Provider::External {
                name: "bank".into(),
                promised,
            },
            ..edge("x")
        };
        assert_eq!(costs(vec![bank]).0, [EdgeCost::Ppb(100_000)]);
    }
}
