//! Which cells of a tally the requests of a statement fall into: outcome classes and latency buckets.
//! Knows the edges that counts have; how many fall into each slice is in `deliver.rs` and `spread.rs`.

use attain_model::{Bucket, Class, CountedSegment, Slo, Stream};

use crate::outcome::class;
use crate::script::{Kind, Whose};
use crate::words::Wrong;

/// Names found in the catalogue.
pub(crate) struct Resolved<'s> {
    /// The SLO.
    pub(crate) slo: &'s Slo,
    /// What it counts.
    pub(crate) stream: &'s Stream,
    /// Whose requests.
    pub(crate) segment: CountedSegment,
    /// As the scenario says it.
    pub(crate) labels: &'s Whose,
}

/// Cells of a tally and how many of the events fall into each; the last cell takes the rest.
pub(crate) struct Mix {
    /// What happened, and how long it took.
    pub(crate) cells: Vec<(Class, Bucket)>,
    /// How many; one number less than cells, or as many where no event is simply good and fast.
    pub(crate) events: Vec<u64>,
}

impl Resolved<'_> {
    pub(crate) fn mix(&self, total: u64, except: &[Kind<u64>]) -> Result<Mix, Wrong> {
        let events: Vec<u64> = except.iter().map(|kind| kind.events).collect();
        let named: u64 = events.iter().fold(0, |sum, n| sum.saturating_add(*n));
        if named > total {
            return Err(format!(
                "{named} of {total} events are bad, slow or untimed; write at most all of them"
            ));
        }
        let mut cells = except
            .iter()
            .map(|kind| {
                Ok((
                    self.class(kind.bad, &kind.labels)?,
                    self.bucket(kind.over, kind.untimed)?,
                ))
            })
            .collect::<Result<Vec<_>, Wrong>>()?;
        if named < total {
            cells.push((self.class(false, &Vec::new())?, self.bucket(None, false)?));
        }
        Ok(Mix { cells, events })
    }

    pub(crate) fn class(&self, bad: bool, labels: &crate::script::Labels) -> Result<Class, Wrong> {
        class(self.slo, self.stream, bad, &[&self.labels.labels, labels])
    }

    /// Where a latency falls.
    pub(crate) fn bucket(&self, over: Option<u64>, untimed: bool) -> Result<Bucket, Wrong> {
        let indicator = &self.slo.indicator;
        if !indicator.measures_latency() {
            return match over {
                None => Ok(Bucket::UNTIMED),
                Some(_) => Err(format!(
                    "the indicator of {} does not say how long a request took; remove `over`, or use a histogram",
                    self.slo.id
                )),
            };
        }
        if untimed {
            return Ok(Bucket::UNTIMED);
        }
        let Some(over) = over else {
            return Ok(Bucket(0));
        };
        let edges = self.stream.edges.iter();
        let below = edges.filter(|edge| edge.nanoseconds() <= over).count();
        Ok(Bucket(u16::try_from(below).unwrap_or(u16::MAX - 1)))
    }
}

impl<N> Kind<N> {
    pub(crate) fn counting(&self, events: u64) -> Kind<u64> {
        Kind {
            events,
            bad: self.bad,
            over: self.over,
            untimed: self.untimed,
            labels: self.labels.clone(),
        }
    }
}
