//! Two counters that make one indicator, a total and its good or its bad, as samples of good and of bad events.
//!
//! The two need not have the same labels (errors often say more than requests), so series are not paired: those of a
//! segment are added up, each freed of its restarts. What does not fit together is never good. Knows no increments and
//! no slices: the ledger makes them.

use std::collections::BTreeMap;
use std::rc::Rc;

use attain_model::delivery::Sample;
use attain_model::indicator::Part;
use attain_model::{Bucket, Class, CountedSegment, Stream};
use jiff::Timestamp;

use crate::counting::segment::SegmentIndex;
use crate::counting::series::{Hit, Labels, Matcher, Role, pair_names, pair_of};

/// The counters of one source, over all files: a total and its errors may stand in two of them.
#[derive(Debug, Default)]
pub(crate) struct CounterPairs {
    groups: BTreeMap<(usize, SegmentIndex), Group>,
}

/// What one segment has of one stream.
#[derive(Debug, Default)]
struct Group {
    totals: BTreeMap<String, Counter>,
    parts: BTreeMap<String, Counter>,
}

/// One counter as it was sampled.
#[derive(Debug, Default, Clone)]
struct Counter {
    /// Without those that tell a total from its part.
    labels: Rc<Labels>,
    points: BTreeMap<Timestamp, Point>,
}

/// One sample.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    pub(crate) value: u64,
    pub(crate) created: Option<Timestamp>,
    pub(crate) received: Option<Timestamp>,
}

/// The sums of a group at one instant.
struct Sums {
    time: Timestamp,
    total: u64,
    part: u64,
    received: Option<Timestamp>,
}

impl CounterPairs {
    /// Takes a sample of a total or a part; of several at one instant the first stays.
    pub(crate) fn take(&mut self, hit: &Hit, time: Timestamp, point: Point) {
        let group = self.groups.entry((hit.stream, hit.segment)).or_default();
        let counters = match hit.role {
            Role::Total => &mut group.totals,
            _ => &mut group.parts,
        };
        let counter = match counters.get_mut(&hit.series) {
            Some(counter) => counter,
            None => counters.entry(hit.series.clone()).or_insert(Counter {
                labels: hit.labels.clone(),
                points: BTreeMap::new(),
            }),
        };
        counter.points.entry(time).or_insert(point);
    }

    /// Everything as samples, and what a person should know.
    pub(crate) fn finish(mut self, matcher: &Matcher) -> (Vec<Sample>, Vec<String>) {
        let mut notes = Vec::new();
        self.spread_strays(&matcher.streams, &mut notes);
        let mut samples = Vec::new();
        for ((stream, segment), group) in &self.groups {
            let stream = &matcher.streams[*stream];
            let segment = matcher.decider.segments.name(*segment);
            group.finish(stream, segment, &mut samples, &mut notes);
        }
        (samples, notes)
    }

    /// Bad events without a segment, where totals have one, may be anybody's: each segment bears them.
    fn spread_strays(&mut self, streams: &[Stream], notes: &mut Vec<String>) {
        for (index, stream) in streams.iter().enumerate() {
            let is_bad = matches!(pair_of(stream), Some((Part::Bad, _)));
            let stray = match self.groups.get_mut(&(index, 0)) {
                Some(group) if is_bad && group.totals.is_empty() => std::mem::take(group).parts,
                _ => continue,
            };
            let mut others: Vec<&mut Group> = self
                .groups
                .range_mut((index, 1)..(index + 1, 0))
                .map(|(_, group)| group)
                .filter(|group| !group.totals.is_empty())
                .collect();
            if others.is_empty() {
                self.groups.entry((index, 0)).or_default().parts = stray;
                continue;
            }
            for group in &mut others {
                group.parts.extend(stray.clone());
            }
            self.groups.remove(&(index, 0));
            let (total, part) = pair_names(stream);
            notes.push(format!(
                "{part} does not say the segment that {total} says: every segment bears all of its events"
            ));
        }
    }
}

impl Group {
    fn finish(
        &self,
        stream: &Stream,
        segment: &CountedSegment,
        samples: &mut Vec<Sample>,
        notes: &mut Vec<String>,
    ) {
        let is_good = matches!(pair_of(stream), Some((Part::Good, _)));
        let (total, part) = pair_names(stream);
        if self.totals.is_empty() {
            let what = if is_good {
                "none counts"
            } else {
                "all count as bad"
            };
            notes.push(format!(
                "{part} of {segment} has no {total} beside it: {what}"
            ));
            if is_good {
                return;
            }
        }
        let sums = self.sums(is_good);
        let Some(first) = sums.first() else { return };
        let (mut emitted_ahead, mut steps_apart) = (0, 0_u64);
        let created = self.created(first.time);
        let apart = |sums: &Sums| i128::from(sums.total) - i128::from(sums.part);
        let mut before = apart(first);
        for at in &sums {
            // The events that are not in the part. Invariant: neither counter falls, or the ledger would see a restart
            // and count its whole value again; what the part ran ahead is taken off later.
            let ahead = apart(at) - apart(first);
            steps_apart += u64::from(apart(at) < before);
            before = apart(at);
            emitted_ahead = ahead.max(emitted_ahead);
            let rest = u64::try_from(apart(first).max(0) + emitted_ahead).unwrap_or(u64::MAX);
            let (good, bad) = if is_good {
                (at.total.saturating_sub(rest), rest)
            } else {
                (rest, at.part)
            };
            for (class, value) in [(Class::good(), good), (Class::bad(), bad)] {
                samples.push(Sample {
                    stream: stream.key.clone(),
                    segment: segment.clone(),
                    series: format!("sum#{}", class.as_str()),
                    class,
                    bucket: Bucket::UNTIMED,
                    time: at.time,
                    value,
                    created: created.filter(|_| at.time == first.time),
                    received: at.received,
                });
            }
        }
        if steps_apart > 0 && !self.totals.is_empty() {
            notes.push(format!(
                "{part} of {segment} rose by more than {total} at {steps_apart} of {} instants: \
                 they are not sampled together, or not all of {part} is in {total}",
                sums.len()
            ));
        }
    }

    /// All totals and all parts at each instant at which any was sampled. A counter that is missing stands still; one
    /// that was not born yet is zero.
    fn sums(&self, is_good: bool) -> Vec<Sums> {
        let restarts: Vec<(&Labels, Vec<Timestamp>)> = self
            .totals
            .values()
            .map(|total| (&*total.labels, total.restarts()))
            .collect();
        let mut steps: BTreeMap<Timestamp, Vec<(usize, u64, Option<Timestamp>)>> = BTreeMap::new();
        for (index, counter) in self.totals.values().chain(self.parts.values()).enumerate() {
            let mut also = Vec::new();
            if index >= self.totals.len() && !is_good {
                // Errors may reach their old number soon after a restart; that it was one only the total shows.
                let with =
                    |labels: &Labels| labels.iter().all(|l| counter.labels.get(l.0) == Some(l.1));
                let of_it = restarts.iter().filter(|(labels, _)| with(labels));
                also.extend(of_it.flat_map(|(_, times)| times.iter().copied()));
                also.sort_unstable();
            }
            for (time, events) in counter.without_restarts(&also) {
                let received = counter.points[&time].received;
                steps
                    .entry(time)
                    .or_default()
                    .push((index, events, received));
            }
        }
        let (mut total, mut part) = (0_u64, 0_u64);
        let mut latest = vec![None; self.totals.len() + self.parts.len()];
        let sum = |(time, step): (Timestamp, Vec<(usize, u64, Option<Timestamp>)>)| {
            for (index, events, received) in step {
                let sum = if index < self.totals.len() {
                    &mut total
                } else {
                    &mut part
                };
                *sum = sum.saturating_add(events);
                latest[index] = received;
            }
            // Known when the last of its summands is.
            let received = latest.iter().flatten().max().copied();
            Sums {
                time,
                total,
                part,
                received: received.filter(|at| *at > time),
            }
        };
        steps.into_iter().map(sum).collect()
    }

    /// When all counters of the first instant began, if all of them say so.
    fn created(&self, first: Timestamp) -> Option<Timestamp> {
        let points = self.totals.values().chain(self.parts.values());
        let created = points.filter_map(|counter| counter.points.get(&first));
        created.map(|point| point.created).min().flatten()
    }
}

impl Counter {
    /// The samples before which it began again.
    fn restarts(&self) -> Vec<Timestamp> {
        let pairs = self.points.iter().zip(self.points.iter().skip(1));
        pairs
            .filter(|(before, after)| restarted(*before, *after))
            .map(|(_, (time, _))| *time)
            .collect()
    }

    /// The events between each sample and the one before; of the first its value. It also began again at the instants
    /// `also`, in order.
    fn without_restarts(&self, also: &[Timestamp]) -> Vec<(Timestamp, u64)> {
        let mut before: Option<(&Timestamp, &Point)> = None;
        let mut events = Vec::with_capacity(self.points.len());
        for (time, point) in &self.points {
            let since = match before {
                None => point.value,
                Some((previous, last)) => {
                    let at = also.partition_point(|restart| restart <= previous);
                    let as_its_total = also.get(at).is_some_and(|restart| restart <= time);
                    if as_its_total || restarted((previous, last), (time, point)) {
                        point.value
                    } else {
                        point.value - last.value
                    }
                }
            };
            events.push((*time, since));
            before = Some((time, point));
        }
        events
    }
}

fn restarted(before: (&Timestamp, &Point), after: (&Timestamp, &Point)) -> bool {
    let created_since = |created| before.0 < created && created <= after.0;
    after.1.value < before.1.value || after.1.created.as_ref().is_some_and(created_since)
}
