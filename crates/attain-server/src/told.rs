//! What pages were told of who spent a budget: the newest answers, for pages that do not wait for a newer one. Knows no page.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use attain_cascade::why::Why;
use attain_model::SeriesName;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How old an answer may be that is taken while a newer one is worked out.
const OLD_AT_MOST: SignedDuration = SignedDuration::from_secs(120);
/// Answers that are kept for that.
const KEPT: usize = 16;

/// What pages were told, beside one question of theirs that is under way.
pub(crate) struct Told {
    /// One at a time: whoever asks meanwhile takes what is known.
    turn: Arc<Semaphore>,
    /// The newest last.
    known: Mutex<VecDeque<(Vec<SeriesName>, Arc<Why>)>>,
}

impl Told {
    /// Nothing is known yet.
    pub(crate) fn new() -> Self {
        Self {
            turn: Arc::new(Semaphore::new(1)),
            known: Mutex::default(),
        }
    }

    /// The right to ask; `None` while a question is under way.
    pub(crate) fn turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.turn).try_acquire_owned().ok()
    }

    /// Remembers an answer in the place of an older one.
    pub(crate) fn keep(&self, names: Vec<SeriesName>, why: Arc<Why>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(other, _)| *other != names);
        known.push_back((names, why));
        while known.len() > KEPT {
            known.pop_front();
        }
    }

    /// The last answer to a question, or else to one that begins alike, unless it is too old for an instant.
    pub(crate) fn known(&self, names: &[SeriesName], instant: Timestamp) -> Option<Arc<Why>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = |why: &Why| {
            let age = instant.duration_since(why.instant);
            (SignedDuration::ZERO..=OLD_AT_MOST).contains(&age)
        };
        let mut recent = known.iter().rev().filter(|(_, why)| is_recent(why));
        // What was lost lately comes and goes; who is hurt worst is the question.
        let exact = recent.clone().find(|(other, _)| other == names);
        let near = || recent.find(|(other, _)| other.first() == names.first());
        exact.or_else(near).map(|(_, why)| Arc::clone(why))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use attain_model::Scope;
    use jiff::tz::TimeZone;

    use super::*;

    fn names(slo: &str) -> Vec<SeriesName> {
        vec![SeriesName {
            slo: slo.into(),
            objective: "availability".into(),
            scope: Scope::All,
        }]
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn why(second: i64) -> Arc<Why> {
        Arc::new(Why {
            instant: at(second),
            looked_back: Duration::ZERO,
            zone: TimeZone::UTC,
            findings: Vec::new(),
            notes: Vec::new(),
        })
    }

    #[test]
    fn an_answer_serves_for_a_while_and_for_nothing_before_it() {
        let told = Told::new();
        told.keep(names("a"), why(1_000));
        told.keep(names("a"), why(1_010));
        let known = |slo, second| told.known(&names(slo), at(second)).is_some();
        assert!(known("a", 1_010) && known("a", 1_130));
        assert!(!known("a", 1_000) && !known("a", 1_131) && !known("b", 1_010));
        // The series that is hurt worst is the same; what else was asked is not.
        let more = [names("a"), names("b")].concat();
        assert!(told.known(&more, at(1_020)).is_some());
        assert!(told.known(&more[1..], at(1_020)).is_none());
        for nth in 0..KEPT {
            told.keep(names(&nth.to_string()), why(1_010));
        }
        assert!(!known("a", 1_010), "the oldest had to go");
    }

    #[test]
    fn one_asks_at_a_time() {
        let told = Told::new();
        let turn = told.turn();
        assert!(turn.is_some() && told.turn().is_none());
        drop(turn);
        assert!(told.turn().is_some());
    }
}
