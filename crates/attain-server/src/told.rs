//! What was told of who spent a budget, on pages and by the API: the newest answer about each series, also for pages that do
//! not wait for a newer one. Knows no page.
//!
//! Who was named stands while that loss lasts, until a newer answer about it names somebody else: whoever was woken must not
//! read a slice later that nobody knows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use attain_cascade::why::{Finding, Why};
use attain_model::SeriesName;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How old an answer may be that is taken while a newer one is worked out, about a series of which nothing else is known.
const OLD_AT_MOST: SignedDuration = SignedDuration::from_secs(120);
/// Series of which an answer is kept.
const KEPT: usize = 64;

/// What pages were told, beside one question of theirs that is under way.
pub(crate) struct Told {
    /// One at a time: whoever asks meanwhile takes what is known.
    turn: Arc<Semaphore>,
    known: Mutex<Known>,
}

/// Answers about one catalogue.
#[derive(Default)]
struct Known {
    sha256: String,
    of: BTreeMap<SeriesName, Kept>,
}

/// The newest answer about a series.
struct Kept {
    finding: Finding,
    /// The whole of it: when, and in which zone.
    why: Arc<Why>,
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

    /// Remembers an answer in the place of older ones; gives it with the names of theirs that stand.
    pub(crate) fn keep(&self, sha256: &str, why: Arc<Why>) -> Arc<Why> {
        let mut known = self.of(sha256);
        let mut whole = Arc::clone(&why);
        for (at, finding) in why.findings.iter().enumerate() {
            let mut finding = finding.clone();
            if let Some(kept) = known.of.get(&finding.name) {
                // Two questions may end in another order than they began.
                if kept.why.instant > why.instant {
                    continue;
                }
                finding.keep_named(&kept.finding, kept.why.instant);
                if finding != why.findings[at] {
                    Arc::make_mut(&mut whole).findings[at] = finding.clone();
                }
            }
            let why = Arc::clone(&why);
            let name = finding.name.clone();
            known.of.insert(name, Kept { finding, why });
        }
        while known.of.len() > KEPT {
            let oldest = known.of.iter().min_by_key(|(_, kept)| kept.why.instant);
            let Some(name) = oldest.map(|(name, _)| name.clone()) else {
                break;
            };
            known.of.remove(&name);
        }
        whole
    }

    /// The last answers about series, unless they are too old for an instant; a loss that goes on since before an answer
    /// `lasts`, however old that is. `None` if there is none of any of them.
    pub(crate) fn known(
        &self,
        sha256: &str,
        names: &[SeriesName],
        instant: Timestamp,
        lasts: impl Fn(&SeriesName, Timestamp) -> bool,
    ) -> Option<Arc<Why>> {
        let known = self.of(sha256);
        let kept = names.iter().filter_map(|name| known.of.get(name));
        let is_recent = |kept: &&Kept| {
            let age = instant.duration_since(kept.why.instant);
            (SignedDuration::ZERO..=OLD_AT_MOST).contains(&age)
                || !age.is_negative() && lasts(&kept.finding.name, kept.why.instant)
        };
        let recent: Vec<&Kept> = kept.filter(is_recent).collect();
        let newest = recent.iter().max_by_key(|kept| kept.why.instant)?;
        let until = newest.why.instant;
        let findings = recent.iter().map(|kept| {
            let mut finding = kept.finding.clone();
            if let Some(episode) = &mut finding.episode
                && episode.until >= kept.why.instant
            {
                // It went on when it was asked about: nobody knows that it ended.
                episode.until = until;
            }
            if kept.why.instant < instant {
                finding.named_as_of(kept.why.instant);
            }
            finding
        });
        Some(Arc::new(Why {
            findings: findings.collect(),
            ..Why::clone(&newest.why)
        }))
    }

    /// What is known of a catalogue: of another one, names and runbooks may be others.
    fn of(&self, sha256: &str) -> MutexGuard<'_, Known> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.sha256 != sha256 {
            *known = Known {
                sha256: sha256.to_owned(),
                of: BTreeMap::new(),
            };
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use attain_cascade::why::{Account, Episode, Suspect};
    use attain_model::Scope;
    use attain_model::verdict::Attainment;
    use jiff::tz::TimeZone;

    use super::*;

    fn name(slo: &str) -> SeriesName {
        SeriesName {
            slo: slo.into(),
            objective: "availability".into(),
            scope: Scope::All,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// A loss since second 1,000 that goes on, and whom the evidence names.
    fn loss(slo: &str, until: i64, named: Option<&str>) -> Finding {
        let suspects = named.map(|owner| Suspect {
            name: format!("{owner}-answers"),
            score: 0.98,
            lost: 50.0,
            sigmas: 9.0,
            share: 1.0,
            explained: 0.0,
            explained_by: Vec::new(),
            path: vec![slo.to_owned(), format!("{owner}-answers")],
            owners: vec![owner.to_owned()],
            runbook: None,
        });
        Finding {
            name: name(slo),
            episode: Some(Episode {
                from: at(1_000),
                until: at(until),
                attainment: Attainment { good: 0, bad: 50 },
                after: Attainment::default(),
                beyond_usual: 50.0,
                budget_share: None,
                as_bad_before: None,
                accounts: vec![Account {
                    lost: 50.0,
                    is_named: named.is_some(),
                    named_at: None,
                    doubt: None,
                    suspects: suspects.into_iter().collect(),
                }],
            }),
            earlier: Vec::new(),
            back_at: None,
        }
    }

    fn why(second: i64, findings: Vec<Finding>) -> Arc<Why> {
        Arc::new(Why {
            instant: at(second),
            looked_back: Duration::ZERO,
            zone: TimeZone::UTC,
            findings,
            notes: Vec::new(),
        })
    }

    fn owner(why: &Why, slo: &str) -> Option<String> {
        let mut findings = why.findings.iter();
        let finding = findings.find(|finding| finding.name == name(slo))?;
        let first = finding.episode.as_ref()?.accounts[0].suspects.first()?;
        first.owners.first().cloned()
    }

    #[test]
    fn an_answer_serves_for_a_while_and_for_nothing_before_it() {
        let told = Told::new();
        let keep = |slo: &str, second| told.keep("", why(second, vec![loss(slo, second, None)]));
        keep("a", 1_010);
        keep("a", 1_000);
        let known = |slo: &str, second| told.known("", &[name(slo)], at(second), |_, _| false);
        assert_eq!(known("a", 1_010).unwrap().instant, at(1_010));
        assert!(known("a", 1_130).is_some());
        assert!(known("a", 1_009).is_none() && known("a", 1_131).is_none());
        assert!(known("b", 1_010).is_none());
        // What still pages since before the answer is the same loss.
        let lasts = |_: &SeriesName, asked| asked == at(1_010);
        assert!(told.known("", &[name("a")], at(9_000), lasts).is_some());
        assert!(told.known("", &[name("a")], at(1_000), lasts).is_none());
        for nth in 0..KEPT {
            keep(&nth.to_string(), 1_020);
        }
        assert!(known("a", 1_020).is_none(), "the oldest had to go");
        // Of another catalogue nothing is taken.
        assert!(known("0", 1_020).is_some());
        assert!(
            told.known("other", &[name("0")], at(1_020), |_, _| true)
                .is_none()
        );
    }

    /// The answer of a slice names nobody, the next question is about other series first, one is not answered in time: the
    /// owner stays.
    #[test]
    fn the_owner_does_not_flip_back_while_the_loss_lasts() {
        let told = Told::new();
        let first = vec![
            loss("checkout", 1_010, Some("db")),
            loss("search", 1_010, None),
        ];
        told.keep("", why(1_010, first));
        let second = told.keep("", why(1_020, vec![loss("checkout", 1_020, None)]));
        assert_eq!(owner(&second, "checkout").as_deref(), Some("db"));
        let account = &second.findings[0].episode.as_ref().unwrap().accounts[0];
        assert_eq!(account.named_at, Some(at(1_010)));

        let names = [name("search"), name("checkout")];
        let third = told.known("", &names, at(1_030), |_, _| false).unwrap();
        assert_eq!(owner(&third, "checkout").as_deref(), Some("db"));
        let named_at = |why: &Why, nth: usize| {
            let episode = why.findings[nth].episode.as_ref().unwrap();
            episode.accounts[0].named_at
        };
        assert_eq!(named_at(&third, 1), Some(at(1_010)));
        // The older of the two answers does not say that the loss ended.
        let search = &third.findings[0].episode.as_ref().unwrap();
        assert_eq!((third.instant, search.until), (at(1_020), at(1_020)));

        let fourth = loss("checkout", 1_040, Some("auth"));
        let fourth = told.keep("", why(1_040, vec![fourth]));
        assert_eq!(owner(&fourth, "checkout").as_deref(), Some("auth"));
        // What is shown before the newest answer is there says as of when it is.
        let shown = |second| {
            let checkout = [name("checkout")];
            told.known("", &checkout, at(second), |_, _| false).unwrap()
        };
        assert_eq!(named_at(&shown(1_040), 0), None);
        assert_eq!(named_at(&shown(1_050), 0), Some(at(1_040)));
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
