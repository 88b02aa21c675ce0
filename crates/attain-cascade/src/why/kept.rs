//! What is kept of an earlier answer while the loss it was about lasts: whom it named. Knows two findings about one series.
//!
//! The evidence for one cause is stronger in one slice and weaker in the next; whoever was sent to somebody must not read a
//! minute later that nobody knows. An answer that names somebody else takes the place of the first.

use jiff::Timestamp;

use super::answer::{Episode, Finding, Suspect};

impl Finding {
    /// Whether the evidence names anybody for its loss.
    #[must_use]
    pub fn names_somebody(&self) -> bool {
        let episode = self.episode.as_ref();
        episode.is_some_and(Episode::names_somebody)
    }

    /// Takes over whom an older answer named, as of when, if this one names nobody and both are about one loss.
    pub fn keep_named(&mut self, older: &Finding, as_of: Timestamp) {
        let (Some(now), Some(then)) = (&mut self.episode, &older.episode) else {
            return;
        };
        let is_same = self.name == older.name && now.from < then.until && then.from < now.until;
        if !is_same || now.names_somebody() || !then.names_somebody() {
            return;
        }
        now.accounts.clone_from(&then.accounts);
        self.named_as_of(as_of);
    }

    /// Says of whoever is named as of when, unless that is said already.
    pub fn named_as_of(&mut self, as_of: Timestamp) {
        let accounts = self.episode.iter_mut();
        let accounts = accounts.flat_map(|episode| &mut episode.accounts);
        for account in accounts.filter(|account| account.is_named) {
            account.named_at.get_or_insert(as_of);
        }
    }
}

impl Episode {
    /// Whether the evidence names anybody.
    #[must_use]
    pub fn names_somebody(&self) -> bool {
        self.named().is_some()
    }

    /// Whom it names first.
    #[must_use]
    pub fn named(&self) -> Option<&Suspect> {
        let mut accounts = self.accounts.iter();
        accounts.find(|account| account.is_named)?.suspects.first()
    }
}

#[cfg(test)]
mod tests {
    use attain_model::verdict::Attainment;
    use attain_model::{Scope, SeriesName};

    use super::*;
    use crate::why::Account;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// A loss from one second to another, and who is named.
    fn finding(from: i64, until: i64, named: Option<&str>) -> Finding {
        let suspect = |name: &str| Suspect {
            name: name.to_owned(),
            score: 0.98,
            lost: 1.0,
            sigmas: 9.0,
            share: 1.0,
            explained: 0.0,
            explained_by: Vec::new(),
            path: vec![name.to_owned()],
            owners: Vec::new(),
            runbook: None,
        };
        Finding {
            name: SeriesName {
                slo: "checkout".into(),
                objective: "availability".into(),
                scope: Scope::All,
            },
            episode: Some(Episode {
                from: at(from),
                until: at(until),
                attainment: Attainment::default(),
                after: Attainment::default(),
                beyond_usual: 0.0,
                budget_share: None,
                as_bad_before: None,
                accounts: vec![Account {
                    lost: 1.0,
                    is_named: named.is_some(),
                    named_at: None,
                    doubt: None,
                    suspects: vec![suspect(named.unwrap_or("checkout"))],
                }],
            }),
            earlier: Vec::new(),
            back_at: None,
        }
    }

    fn named(finding: &Finding) -> Option<(&str, Option<Timestamp>)> {
        let mut accounts = finding.episode.as_ref()?.accounts.iter();
        let account = accounts.find(|account| account.is_named)?;
        Some((&account.suspects[0].name, account.named_at))
    }

    #[test]
    fn who_was_named_stands_while_that_loss_lasts() {
        let first = finding(100, 120, Some("db"));
        let mut second = finding(100, 130, None);
        second.keep_named(&first, at(120));
        assert_eq!(named(&second), Some(("db", Some(at(120)))));
        // As of when it was named stays what it was.
        let mut third = finding(110, 140, None);
        third.keep_named(&second, at(130));
        assert_eq!(named(&third), Some(("db", Some(at(120)))));
        // The loss itself is that of the newer answer.
        assert_eq!(third.episode.as_ref().unwrap().until, at(140));
    }

    #[test]
    fn a_newer_name_replaces_it_and_another_loss_takes_nothing_over() {
        let first = finding(100, 120, Some("db"));
        let mut newer = finding(100, 130, Some("auth"));
        newer.keep_named(&first, at(120));
        assert_eq!(named(&newer), Some(("auth", None)));
        let mut other = finding(120, 140, None);
        other.keep_named(&first, at(120));
        assert_eq!(named(&other), None);
        let mut elsewhere = finding(100, 130, None);
        elsewhere.name.slo = "search".into();
        elsewhere.keep_named(&first, at(120));
        assert_eq!(named(&elsewhere), None);
    }
}
