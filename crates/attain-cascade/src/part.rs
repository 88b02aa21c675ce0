//! What a part of a cascade promises to its caller. Knows how objective, scope and day of the caller lead to a target of
//! the part; knows nothing of edges.

use std::fmt;
use std::time::Duration;

use attain_model::slo::Objective;
use attain_model::{Catalogue, Goal, ObjectiveId, Promised, Scope, SegmentId, SloId, Targets};
use jiff::civil::Date;

/// A part that an edge leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// An SLO of the catalogue.
    Slo(SloId),
    /// Somebody else.
    External(String),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Slo(id) => id.fmt(f),
            Part::External(name) => f.pad(name),
        }
    }
}

/// A part that promises nothing to the caller's objective.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The edge, by position in `depends_on`.
    pub edge: usize,
    /// The part; of a quorum or a fallback the member that is meant.
    pub part: Part,
    /// Why it counts for nothing.
    pub why: Why,
}

/// Why a part counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is no more.
    Retired,
    /// It has no objective of this kind in force.
    NoObjective,
    /// It is measured for these requests, not promised.
    BestEffort,
    /// Its latency objective allows more time than the edge gives it.
    TooSlow,
}

/// What is asked of a part.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub catalogue: &'a Catalogue,
    pub objective: &'a ObjectiveId,
    pub scope: &'a Scope,
    pub on: Date,
    /// For a latency objective, the time the edge gives the part.
    pub within: Option<Duration>,
}

/// What a part answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The target, in parts per billion.
    pub ppb: u32,
    /// The objective that promises it.
    pub objective: ObjectiveId,
    /// Whose requests it is about; where all of several segments must be asked, the weakest of them.
    pub scope: Scope,
}

impl Question<'_> {
    /// The target of a part in parts per billion.
    pub fn target_ppb(&self, part: &SloId) -> Result<u32, Why> {
        self.answer(part).map(|answer| answer.ppb)
    }

    /// The target of a part, and which of its promises that is.
    pub fn answer(&self, part: &SloId) -> Result<Answer, Why> {
        let slo = self.catalogue.slos.get(part).ok_or(Why::NoObjective)?;
        if slo.retired.is_some_and(|retired| retired <= self.on) {
            return Err(Why::Retired);
        }
        match self.within {
            Some(within) => self.best_within(slo.objectives.values(), within),
            None => self.by_outcome(&slo.objectives),
        }
    }

    /// The objective of the same name, or else the only one that is not about latency.
    fn by_outcome(
        &self,
        objectives: &std::collections::BTreeMap<ObjectiveId, Objective>,
    ) -> Result<Answer, Why> {
        let by_outcome = |promised: &Told| promised.iter().all(|(_, p)| p.under.is_none());
        if let Some(same) = objectives.get(self.objective) {
            let promised = self.promises(same)?;
            if by_outcome(&promised) {
                return lowest(same, promised);
            }
        }
        let mut others = objectives
            .values()
            .filter_map(|o| Some((o, self.promises(o).ok()?)))
            .filter(|(_, promised)| by_outcome(promised));
        match (others.next(), others.next()) {
            (Some((objective, only)), None) => lowest(objective, only),
            _ => Err(Why::NoObjective),
        }
    }

    /// The best promise among those that keep to the time given: each of them holds, whatever it is called.
    fn best_within<'o>(
        &self,
        objectives: impl Iterator<Item = &'o Objective>,
        within: Duration,
    ) -> Result<Answer, Why> {
        let mut best: Result<Answer, Why> = Err(Why::NoObjective);
        for objective in objectives {
            let answer = self.promises(objective).and_then(|promised| {
                let limits = promised
                    .iter()
                    .map(|(_, p)| p.under)
                    .collect::<Option<Vec<_>>>()
                    .ok_or(Why::NoObjective)?;
                let in_time = limits
                    .iter()
                    .all(|limit| u128::from(limit.nanoseconds()) <= within.as_nanos());
                if in_time {
                    lowest(objective, promised)
                } else {
                    Err(Why::TooSlow)
                }
            });
            best = match (best, answer) {
                (Ok(best), Ok(answer)) if answer.ppb > best.ppb => Ok(answer),
                (Ok(best), _) => Ok(best),
                (Err(_), Ok(answer)) => Ok(answer),
                // The reason that says most: an objective that is too slow, before one that is none.
                (Err(Why::NoObjective), Err(why)) | (Err(why), Err(_)) => Err(why),
            };
        }
        best
    }

    /// What an objective promises to the scope; several answers where all of them must be asked.
    fn promises(&self, objective: &Objective) -> Result<Told, Why> {
        let term = objective.on(self.on).ok_or(Why::NoObjective)?;
        let segment = |id: &SegmentId| Scope::Segment(id.clone());
        let goals: Vec<(Scope, &Goal)> = match (&term.targets, self.scope) {
            (Targets::All(goal), _) => vec![(Scope::All, goal)],
            (Targets::PerSegment { segments, all }, Scope::Segment(id)) => {
                let own = segments.get(id).map(|goal| (segment(id), goal));
                own.or(all.as_ref().map(|goal| (Scope::All, goal)))
                    .into_iter()
                    .collect()
            }
            (Targets::PerSegment { all: Some(all), .. }, Scope::All) => vec![(Scope::All, all)],
            // All traffic is a mixture of segments: as good as the worst of them.
            (
                Targets::PerSegment {
                    segments,
                    all: None,
                },
                Scope::All,
            ) => segments
                .iter()
                .map(|(id, goal)| (segment(id), goal))
                .collect(),
        };
        if goals.is_empty() {
            return Err(Why::NoObjective);
        }
        goals
            .into_iter()
            .map(|(scope, goal)| Ok((scope, *goal.promised().ok_or(Why::BestEffort)?)))
            .collect()
    }
}

/// Promises, and whose requests each is about.
type Told = Vec<(Scope, Promised)>;

fn lowest(objective: &Objective, promised: Told) -> Result<Answer, Why> {
    let weakest = promised.into_iter().min_by_key(|(_, p)| p.target);
    let (scope, promised) = weakest.ok_or(Why::NoObjective)?;
    Ok(Answer {
        ppb: promised.target.ppb(),
        objective: objective.id.clone(),
        scope,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{DAY, all, catalogue, outcome, per_segment, segment, shop, slo, under};

    fn ask(
        catalogue: &Catalogue,
        part: &str,
        objective: &str,
        scope: Scope,
        within_ms: Option<u64>,
    ) -> Result<u32, Why> {
        let question = Question {
            catalogue,
            objective: &objective.into(),
            scope: &scope,
            on: DAY,
            within: within_ms.map(Duration::from_millis),
        };
        question.target_ppb(&part.into())
    }

    #[test]
    fn the_same_segment_answers_then_everybody() {
        let tiers = per_segment(&[("gold", Some(999_000_000)), ("free", None)]);
        let catalogue = catalogue([
            slo("a", [("availability", tiers)], []),
            slo("b", [("up", outcome(990_000_000))], []),
        ]);
        assert_eq!(
            ask(&catalogue, "a", "availability", segment("gold"), None),
            Ok(999_000_000)
        );
        assert_eq!(
            ask(&catalogue, "a", "availability", segment("free"), None),
            Err(Why::BestEffort)
        );
        assert_eq!(
            ask(&catalogue, "a", "availability", segment("new"), None),
            Err(Why::NoObjective)
        );
        // Somebody is promised nothing, so all traffic together is not promised anything either.
        assert_eq!(
            ask(&catalogue, "a", "availability", all(), None),
            Err(Why::BestEffort)
        );
        // `b` calls it something else, and has only one.
        assert_eq!(
            ask(&catalogue, "b", "availability", segment("gold"), None),
            Ok(990_000_000)
        );
    }

    #[test]
    fn all_traffic_is_as_good_as_the_worst_segment() {
        let tiers = per_segment(&[("gold", Some(999_000_000)), ("free", Some(990_000_000))]);
        let catalogue = catalogue([slo("a", [("availability", tiers)], [])]);
        assert_eq!(
            ask(&catalogue, "a", "availability", all(), None),
            Ok(990_000_000)
        );
    }

    #[test]
    fn latency_must_keep_to_the_time_given() {
        let objectives = [
            ("latency", under(990_000_000, 120)),
            ("latency-typical", under(500_000_000, 20)),
        ];
        let catalogue = catalogue([slo("a", objectives, [])]);
        assert_eq!(
            ask(&catalogue, "a", "latency", all(), Some(120)),
            Ok(990_000_000)
        );
        assert_eq!(
            ask(&catalogue, "a", "latency", all(), Some(119)),
            Ok(500_000_000)
        );
        assert_eq!(
            ask(&catalogue, "a", "latency", all(), Some(19)),
            Err(Why::TooSlow)
        );
        assert_eq!(
            ask(&catalogue, "a", "availability", all(), None),
            Err(Why::NoObjective)
        );
    }

    #[test]
    fn a_retired_part_promises_nothing_from_that_day() {
        let mut shop = shop();
        shop.slos.get_mut("auth-login").unwrap().retired = Some(DAY);
        assert_eq!(
            ask(&shop, "auth-login", "availability", all(), None),
            Err(Why::Retired)
        );
        shop.slos.get_mut("auth-login").unwrap().retired = Some(DAY.tomorrow().unwrap());
        assert_eq!(
            ask(&shop, "auth-login", "availability", all(), None),
            Ok(999_900_000)
        );
        assert_eq!(
            ask(&shop, "nobody", "availability", all(), None),
            Err(Why::NoObjective)
        );
    }
}
