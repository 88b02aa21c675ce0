//! What a meter knows, as facts, and back: one that is restored from them goes on like one that was never stopped.

use attain_model::live::{LiveSeries, MeterFacts, MeteredSeries, MeteredSource};

use super::newborn::Newborn;
use super::past::Pasts;
use super::track::Track;
use super::untold::Untold;
use super::{Counter, Known, Meter};

impl Meter {
    /// One that goes on where another left off. [`Meter::count`] says how its streams are cut.
    #[must_use]
    pub fn restore(facts: MeterFacts, slice_seconds: u32) -> Self {
        let mut meter = Self::new(slice_seconds);
        meter.closed = facts.closed_until.map(|until| meter.grid.index(until));
        meter.delivered = facts.delivered;
        meter.since = facts.counted_since.into_iter().collect();
        for (id, source) in facts.sources {
            let index = meter.source(&id);
            meter.sources[index].hearing = source.into();
        }
        for MeteredSeries { series, points } in facts.series {
            let slot = series.slot as usize;
            meter.make(&series);
            let closed_ms = meter.closed_ms();
            if let Some(Some(counter)) = meter.counters.get_mut(slot) {
                let track = Track::of(&points, closed_ms, &mut meter.trail);
                match counter.track.newest_ms() {
                    None => {
                        counter.track = track;
                        let first = points.first().filter(|first| first.added > 0);
                        if let Some(first) = first {
                            let newborn = Newborn {
                                time_ms: first.time_ms,
                                value: first.added,
                            };
                            meter.nursery.add(series.slot, newborn);
                        }
                    }
                    Some(_) => meter.writers.add(series.slot, track),
                }
            }
        }
        for count in facts.open {
            let source = meter.source(&count.source);
            let column = meter.open.column(source, &count.to);
            meter
                .open
                .add(column, count.slice, count.late, count.events);
        }
        meter.untold = Untold::of(facts.untold);
        meter.pasts = Pasts::of(&facts.pasts);
        meter.open.owed = (facts.owed.into_iter())
            .map(|(stream, segment, events)| ((stream, segment), events))
            .collect();
        meter
    }

    /// Everything that it knows. Readings must have been delivered: call it after [`Meter::close`].
    #[must_use]
    pub fn facts(&self) -> MeterFacts {
        let closed_ms = self.closed_ms();
        let series = self.counters.iter().zip(&self.known).enumerate();
        let series = series.filter_map(|(slot, (counter, known))| {
            let (counter, known) = (counter.as_ref()?, known.as_ref()?);
            let series = self.described(u32::try_from(slot).ok()?, counter, known);
            let others = self.writers.of(series.slot);
            let tracks = std::iter::once(&counter.track).chain(others);
            let mut born = self.nursery.get(series.slot);
            Some(tracks.map(move |track| {
                let mut points = track.points(closed_ms, &self.trail);
                if let (Some(first), Some(born)) = (points.first_mut(), born.take()) {
                    first.added = born.value;
                }
                MeteredSeries {
                    series: series.clone(),
                    points,
                }
            }))
        });
        let sources = self.sources.iter();
        MeterFacts {
            closed_until: self.closed_until(),
            delivered: self.delivered,
            series: series.flatten().collect(),
            open: self.open.waiting(|source| &self.sources[source].id),
            owed: self.open.owed(),
            counted_since: (self.since.iter())
                .map(|(stream, since)| (stream.clone(), *since))
                .collect(),
            sources: sources
                .map(|source| (source.id.clone(), MeteredSource::from(&source.hearing)))
                .collect(),
            untold: self.untold.facts(),
            pasts: self.pasts.facts(),
        }
    }

    pub(super) fn described(&self, slot: u32, counter: &Counter, known: &Known) -> LiveSeries {
        let columns = counter.columns.all().iter();
        LiveSeries {
            slot,
            id: known.id,
            source: self.sources[counter.source as usize].id.clone(),
            thing: known.thing,
            to: columns
                .map(|column| self.open.described(*column).clone())
                .collect(),
        }
    }
}
