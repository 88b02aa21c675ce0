//! What goes wrong in the demo's shop, and when: three faults in turn, each with time to mend.
//!
//! Knows instants and what attain said so far; breaks nothing itself. The fault that premium feels lasts until attain has
//! paged, so that it is seen on a slow machine as well.

use jiff::{SignedDuration, Timestamp};

use super::shop::Fault;

const FIRST_AFTER: SignedDuration = SignedDuration::from_secs(6);
/// A fault that is seen at once lasts so long all the same, and one that nobody sees ends.
const LASTS: SignedDuration = SignedDuration::from_secs(15);
const LASTS_AT_MOST: SignedDuration = SignedDuration::from_secs(45);
const OTHERS_LAST: SignedDuration = SignedDuration::from_secs(75);
const BETWEEN: SignedDuration = SignedDuration::from_secs(150);

/// What attain says of the customers' promise to premium.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Said {
    /// It pages now.
    pub is_paging: bool,
}

/// Where the story is.
#[derive(Debug)]
pub struct Story {
    fault: Fault,
    /// Since when.
    since: Timestamp,
    next: usize,
    has_paged: bool,
}

const IN_TURN: [Fault; 3] = [Fault::PaymentsDb, Fault::Recommendations, Fault::Auth];

impl Story {
    /// It begins.
    pub fn begin(now: Timestamp) -> Self {
        Self {
            fault: Fault::None,
            // As if the last fault had ended long ago.
            since: now - BETWEEN + FIRST_AFTER,
            next: 0,
            has_paged: false,
        }
    }

    /// Goes on; gives what is wrong from now on, if that is new.
    pub fn go_on(&mut self, now: Timestamp, said: Said) -> Option<Fault> {
        self.has_paged |= said.is_paging && self.fault == Fault::PaymentsDb;
        let lasted = now.duration_since(self.since);
        let next = match self.fault {
            Fault::None if lasted >= BETWEEN && !said.is_paging => {
                let next = IN_TURN[self.next % IN_TURN.len()];
                self.next += 1;
                self.has_paged = false;
                next
            }
            Fault::PaymentsDb if lasted >= LASTS_AT_MOST || (lasted >= LASTS && self.has_paged) => {
                Fault::None
            }
            Fault::Recommendations | Fault::Auth if lasted >= OTHERS_LAST => Fault::None,
            _ => return None,
        };
        (self.fault, self.since) = (next, now);
        Some(next)
    }
}

/// What is really going on in the shop, in a line.
pub fn line(fault: Fault, before: Fault) -> &'static str {
    match (fault, before) {
        (Fault::PaymentsDb, _) => {
            "payments-db has no connections left for premium: 7 of 10 of its queries fail"
        }
        (Fault::Recommendations, _) => {
            "recommendations fails 9 of 10 requests of everybody; checkout goes on without it"
        }
        (Fault::Auth, _) => "auth takes 300 ms longer for standard",
        (Fault::None, Fault::PaymentsDb) => "payments-db has connections again",
        (Fault::None, Fault::Recommendations) => "recommendations is well again",
        (Fault::None, _) => "auth is as quick as ever",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What happens, second by second, if attain pages so many seconds after the first fault and for so long.
    fn told(pages: std::ops::Range<i64>, seconds: i64) -> Vec<(i64, Fault)> {
        let begin = Timestamp::from_second(1_800_000_000).unwrap();
        let mut story = Story::begin(begin);
        let mut told = Vec::new();
        for second in 0..seconds {
            let said = Said {
                is_paging: pages.contains(&second),
            };
            let fault = story.go_on(begin + SignedDuration::from_secs(second), said);
            told.extend(fault.map(|fault| (second, fault)));
        }
        told
    }

    #[test]
    fn the_first_fault_ends_once_it_was_seen_and_the_others_follow() {
        let all = told(18..90, 700);
        assert_eq!(all[..2], [(6, Fault::PaymentsDb), (21, Fault::None)]);
        let then: Vec<Fault> = all.iter().map(|(_, fault)| *fault).collect();
        assert_eq!(
            then[2..5],
            [Fault::Recommendations, Fault::None, Fault::Auth]
        );
    }

    #[test]
    fn a_fault_that_is_seen_late_lasts_until_then_and_one_that_is_not_seen_ends() {
        assert_eq!(told(30..90, 100)[1], (30, Fault::None));
        assert_eq!(told(0..0, 100)[1], (51, Fault::None));
    }

    #[test]
    fn nothing_breaks_while_a_page_is_open() {
        let all = told(18..400, 500);
        assert_eq!(all[2], (400, Fault::Recommendations));
    }
}
