//! Looking, now and then, whether an API has what the catalogue wants of it. Knows when, and that pulling goes first; the
//! questions and the judgement are attain_sources::fit's.
//!
//! One metric after the other, each between two rounds of pulling, so that no round waits for more than the few questions
//! about one metric.

use std::time::Duration;

use attain_model::source::Source;
use attain_model::{Catalogue, StreamKey};
use attain_sources::fit::{Asking, MetricSeen, Misfit, Wanted, misfits};
use attain_sources::pull::{HttpApi, Puller, Trouble};
use jiff::{SignedDuration, Timestamp};

/// An answer that takes longer is no answer: pulling waits meanwhile.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// So many metrics may go without an answer: then the others are not asked about.
const UNANSWERED: usize = 2;

/// Looked at again after this, if all was well.
const AGAIN: SignedDuration = SignedDuration::from_mins(10);

/// What does not fit may be there in a moment, as after a start of both: looked at again after this the first time, and
/// then after twice as long each time.
const AGAIN_FIRST: SignedDuration = SignedDuration::from_mins(1);

/// What an API had of a stream's metric.
pub(crate) type Looked = (StreamKey, MetricSeen);

/// See the module.
pub(super) struct Looking {
    wanted: Vec<Wanted>,
    /// The next one to ask about.
    next: usize,
    seen: Vec<Looked>,
    is_fine: bool,
    unanswered: usize,
    due: Timestamp,
    again: SignedDuration,
}

impl Looking {
    pub(super) fn new(catalogue: &Catalogue, source: &Source) -> Self {
        Self {
            wanted: Wanted::of(catalogue, source),
            next: 0,
            seen: Vec::new(),
            is_fine: true,
            unanswered: 0,
            due: Timestamp::MIN,
            again: AGAIN_FIRST,
        }
    }

    /// Whether there is something to ask.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        !self.wanted.is_empty() && now >= self.due
    }

    /// Asks about the next metric. What all of them came to, once they are through: without those that were not answered.
    pub(super) fn step(
        &mut self,
        api: &HttpApi,
        (catalogue, source): (&Catalogue, &Source),
        puller: &Puller,
        now: Timestamp,
    ) -> Option<Vec<Looked>> {
        let wanted = self.wanted.get(self.next)?;
        self.next += 1;
        match Asking::new(api, source).fits(wanted, puller) {
            Ok(Some(metric)) => {
                let misfits = misfits(catalogue, source, &metric);
                self.is_fine &= misfits.iter().all(|misfit| !is_passing(misfit));
                self.seen.push((wanted.stream.key.clone(), metric));
            }
            Ok(None) | Err(Trouble::Refused(_) | Trouble::TooMuch(_)) => {}
            // VictoriaMetrics refuses like this, too.
            Err(Trouble::Away(_) | Trouble::Denied(_)) => {
                self.is_fine = false;
                self.unanswered += 1;
            }
        }
        if self.unanswered == UNANSWERED {
            self.next = self.wanted.len();
        }
        (self.next == self.wanted.len()).then(|| self.end(now))
    }

    fn end(&mut self, now: Timestamp) -> Vec<Looked> {
        let (again, next) = match std::mem::replace(&mut self.is_fine, true) {
            true => (AGAIN, AGAIN_FIRST),
            false => (self.again, (self.again * 2).min(AGAIN)),
        };
        self.again = next;
        self.due = now.saturating_add(again).unwrap_or(Timestamp::MAX);
        (self.next, self.unanswered) = (0, 0);
        std::mem::take(&mut self.seen)
    }
}

/// Whether it may be so only because everything has just begun.
fn is_passing(misfit: &Misfit) -> bool {
    matches!(misfit, Misfit::Absent | Misfit::NoneCounts)
}

#[cfg(test)]
mod tests {
    use attain_sources::Customers;
    use attain_spec::{Input, parse};

    use super::*;

    #[test]
    fn what_may_come_is_looked_at_soon_again_and_what_is_there_rarely() {
        let text = "
attain: 1
sources: {prom: {prometheus: {url: \"http://127.0.0.1:9\"}}}
slos:
  pay:
    owner: pay
    indicator: {metric: x_total, bad: {code: 5xx}}
    objectives: {availability: 99%}
";
        let input = Input {
            name: "shop.yaml".to_owned(),
            text: text.to_owned(),
        };
        let catalogue = parse(&[input]).catalogue.expect("valid");
        let source = catalogue.sources.values().next().expect("a source");
        let puller = Puller::new(
            &catalogue,
            source,
            &Customers::default(),
            Duration::from_secs(60),
        );
        let mut looking = Looking::new(&catalogue, source);
        let mut now = Timestamp::UNIX_EPOCH;
        assert!(looking.is_due(now));
        // Nothing listens at a URL that is none.
        let away = HttpApi::new("http://127.0.0.1:0", None);
        for minutes in [1, 2, 4, 8, 10, 10] {
            assert_eq!(
                looking.step(&away, (&catalogue, source), &puller, now),
                Some(Vec::new())
            );
            let almost = now + SignedDuration::from_mins(minutes) - SignedDuration::from_secs(1);
            assert!(!looking.is_due(almost), "{minutes}");
            now += SignedDuration::from_mins(minutes);
            assert!(looking.is_due(now), "{minutes}");
        }
        looking.end(now);
        assert!(!looking.is_due(now + SignedDuration::from_mins(9)));
        looking.is_fine = false;
        looking.end(now);
        assert!(looking.is_due(now + SignedDuration::from_mins(1)));
    }
}
