//! Samples that are not the next of a cumulative counter: first ones, late ones, stretches, and what nobody expects.

use attain_model::live::{LivePoint, LiveSample, LiveValue};

use super::newborn::Newborn;
use super::track::{Birth, Outcome, SETTLING_MS};
use super::writers::Line;
use super::{Circumstances, Meter, Metered, slice_of};

impl Meter {
    /// A sample that is not the next of a cumulative counter.
    #[inline(never)]
    pub(super) fn seldom(
        &mut self,
        sample: &LiveSample,
        circumstances: &Circumstances,
        metered: &mut Metered,
    ) {
        let slot = sample.slot as usize;
        let (Some(Some(counter)), Some(Some(known))) =
            (self.counters.get_mut(slot), self.known.get(slot))
        else {
            return;
        };
        let closed_ms = circumstances.closed_ms;
        let hearing = &mut self.sources[counter.source as usize].hearing;
        if hearing.may_have_been_counted(sample.time_ms, counter.track.newest_ms()) {
            metered.too_late += 1;
            return;
        }
        let line = Line {
            slot: sample.slot,
            main: &mut counter.track,
            closed_ms,
            trail: &mut self.trail,
            untold: &mut self.untold,
        };
        let (before_ms, outcome) = match sample.says {
            LiveValue::Stands { value, created_ms } => {
                let point = LivePoint {
                    time_ms: sample.time_ms,
                    value,
                    added: 0,
                    created_ms,
                };
                // Of a first sample only: the rest of what a series says needs none of it.
                let is_born = || {
                    let since = (counter.columns.all().iter())
                        .filter_map(|column| self.since.get(self.open.stream_of(*column)).copied());
                    let birth = Birth {
                        observed: hearing.observe(known.thing, sample.time_ms),
                        first_ms: hearing.first(),
                        forgotten_ms: hearing.forgotten(),
                        counted_since_ms: since.max().flatten(),
                        heard_before_ms: circumstances.heard_before_ms,
                    };
                    birth.is_born(&point)
                };
                self.writers.stand(line, point, is_born)
            }
            LiveValue::Happened { events, start_ms } => {
                let point = LivePoint {
                    time_ms: sample.time_ms,
                    value: events,
                    added: events,
                    created_ms: Some(start_ms),
                };
                self.writers.happen(line, point)
            }
            LiveValue::Ended => return,
        };
        match outcome {
            Outcome::Already => metered.already += 1,
            Outcome::Conflicts => metered.conflicting += 1,
            Outcome::TooLate => self.say_before(sample, circumstances, metered),
            Outcome::Overlaps => metered.overlapping += 1,
            Outcome::Unborn { value } => {
                metered.new += 1;
                // Of one that waits for another form of its histogram nothing is missing.
                if !counter.columns.all().is_empty() {
                    metered.unknown_births = metered.unknown_births.saturating_add(value);
                    self.pasts.begin(sample);
                }
                let source_ms = self.sources[counter.source as usize].since_ms;
                for to in counter
                    .columns
                    .all()
                    .iter()
                    .map(|at| self.open.described(*at))
                {
                    let counted_ms = self.since.get(&to.stream).copied().flatten();
                    let is_settled = source_ms.is_some_and(|since| {
                        counted_ms.max(Some(since)) < Some(sample.time_ms - SETTLING_MS)
                    });
                    if is_settled && value > 0 && to.role.is_whole() {
                        let of = (to.stream.clone(), to.segment.clone());
                        let missed = metered.missed.entry(of).or_default();
                        *missed = missed.saturating_add(value);
                    }
                }
            }
            Outcome::Adds { steps, taken_back } => {
                metered.new += 1;
                let columns = counter.columns.all();
                match (before_ms, sample.says) {
                    (Some(before_ms), _) => {
                        hearing.follow(columns, before_ms, sample.time_ms, closed_ms);
                    }
                    // One that says when it began needs nobody's guess.
                    (
                        None,
                        LiveValue::Stands {
                            value,
                            created_ms: None,
                        },
                    ) if sample.time_ms >= closed_ms => {
                        let newborn = Newborn {
                            time_ms: sample.time_ms,
                            value,
                        };
                        self.nursery.add(sample.slot, newborn);
                    }
                    _ => {}
                }
                if let Some((time_ms, events)) = taken_back {
                    let slice = slice_of(self.grid, time_ms);
                    for column in columns {
                        self.open.take_back(*column, slice, events);
                    }
                }
                for (time_ms, events) in steps.into_iter().flatten() {
                    let slice = slice_of(self.grid, time_ms);
                    let is_late = self.closed.is_some_and(|closed| slice < closed);
                    if is_late {
                        metered.late_events = metered.late_events.saturating_add(events);
                    }
                    for column in columns {
                        let late = is_late.then_some(circumstances.arrived);
                        self.open.add(*column, slice, late, events);
                    }
                }
            }
        }
        self.end_shared_past(sample.slot, metered);
    }
}
