//! Statements to deliveries: what a source would have said about this traffic.
//! Knows the catalogue's streams and the length of a slice. Knows not what the counts mean.

use std::time::Duration;

use attain_model::delivery::{Counted, Delivery, Sample};
use attain_model::{Catalogue, CountedSegment, Interval, SegmentId, SourceId, Stream, Tally};
use jiff::Timestamp;

use crate::mix::{Mix, Resolved};
use crate::script::{Late, Load, Part, Samples, Whose};
use crate::spread::{over_events, over_slices};
use crate::words::Wrong;

/// Three years of minutes.
const SLICES_AT_MOST: u64 = 1_600_000;

/// Makes deliveries for one catalogue.
pub(crate) struct Deliverer<'c> {
    catalogue: &'c Catalogue,
    streams: Vec<Stream>,
    start: Timestamp,
    slice: Duration,
}

/// What a statement delivers, and what it says about being heard.
pub(crate) struct Delivered {
    /// One for the stream's source with the counts; for its other sources what was heard.
    pub(crate) deliveries: Vec<Delivery>,
    /// When nothing was observed.
    pub(crate) gaps: Vec<Interval>,
}

impl<'c> Deliverer<'c> {
    /// The scenario begins at `start`; slices are this long; the streams are counted.
    pub(crate) fn new(
        catalogue: &'c Catalogue,
        streams: Vec<Stream>,
        start: Timestamp,
        slice: Duration,
    ) -> Self {
        Self {
            catalogue,
            streams,
            start,
            slice,
        }
    }

    /// Names mean what they mean in this catalogue from here on; what is counted stays.
    pub(crate) fn promise(&mut self, catalogue: &'c Catalogue) {
        self.catalogue = catalogue;
    }

    /// `load`.
    pub(crate) fn load(&self, origin: &str, load: &Load) -> Result<Delivered, Wrong> {
        let whose = self.whose(&load.whose)?;
        let mut at = load.from.map_or(self.start, |from| from.on(self.start));
        self.must_be_slice(at, "a load begins")?;
        let (mut counted, mut heard, mut gaps) = (Vec::new(), Vec::new(), Vec::new());
        for part in &load.parts {
            let length = match part {
                Part::Gap(length) | Part::Traffic { length, .. } => *length,
            };
            let interval = Interval {
                start: at,
                end: after(at, length),
            };
            if interval.seconds() / self.slice.as_secs() > SLICES_AT_MOST {
                return Err(format!(
                    "a part of a load has at most {SLICES_AT_MOST} slices; write a longer `slice`"
                ));
            }
            self.must_be_slice(interval.end, "a part of a load ends")?;
            match part {
                Part::Gap(_) => gaps.push(interval),
                Part::Traffic { rate, except, .. } => {
                    let total = rate.over(length)?;
                    let except = except
                        .iter()
                        .map(|kind| Ok(kind.counting(kind.events.over(length)?)))
                        .collect::<Result<Vec<_>, Wrong>>()?;
                    let mix = whose.mix(total, &except)?;
                    counted.extend(self.spread(&whose, interval, total, &mix));
                    heard.push(interval);
                }
            }
            at = interval.end;
        }
        let mut deliveries = deliveries(&whose, origin, 0..1, heard);
        deliveries[0].counted = counted;
        Ok(Delivered { deliveries, gaps })
    }

    /// `late`.
    pub(crate) fn late(&self, origin: &str, late: &Late) -> Result<Delivered, Wrong> {
        let whose = self.whose(&late.whose)?;
        let at = late.at.on(self.start);
        self.must_be_slice(at, "late counts belong to a slice that begins")?;
        let mix = whose.mix(late.total, &late.except)?;
        let slice = Interval {
            start: at,
            end: after(at, self.slice),
        };
        let mut deliveries = deliveries(&whose, origin, 0..1, vec![slice]);
        deliveries[0].counted = self
            .spread(&whose, slice, late.total, &mix)
            .map(|counted| Counted {
                received: Some(late.arrives.on(self.start)),
                ..counted
            })
            .collect();
        Ok(Delivered {
            deliveries,
            gaps: Vec::new(),
        })
    }

    /// `sample`.
    pub(crate) fn samples(&self, origin: &str, samples: &Samples) -> Result<Delivered, Wrong> {
        let whose = self.whose(&samples.whose)?;
        let class = whose.class(samples.bad, &Vec::new())?;
        let bucket = whose.bucket(None, false)?;
        let mut heard: Vec<Interval> = Vec::new();
        let mut taken = Vec::new();
        for (instant, value) in &samples.values {
            let time = instant.on(self.start);
            let slice = self.slice_of(time);
            match heard.last_mut() {
                Some(last) if last.end >= slice.start => last.end = last.end.max(slice.end),
                _ => heard.push(slice),
            }
            taken.push(Sample {
                stream: whose.stream.key.clone(),
                segment: whose.segment.clone(),
                series: samples.series.clone(),
                class: class.clone(),
                bucket,
                time,
                value: *value,
                created: samples.created.map(|created| created.on(self.start)),
                received: None,
            });
        }
        if taken.windows(2).any(|pair| pair[0].time >= pair[1].time) {
            return Err("samples stand in order of time, each later than the one before it".into());
        }
        let mut deliveries = deliveries(&whose, origin, 0..0, heard);
        deliveries[0].samples = taken;
        Ok(Delivered {
            deliveries,
            gaps: Vec::new(),
        })
    }

    fn whose<'s>(&'s self, whose: &'s Whose) -> Result<Resolved<'s>, Wrong> {
        let Some(slo) = self.catalogue.slos.get(whose.slo.as_str()) else {
            return Err(format!(
                "there is no SLO `{}` in the catalogue; legal: {}",
                whose.slo,
                names(self.catalogue.slos.keys())
            ));
        };
        let segment = match &whose.segment {
            None => CountedSegment::Unknown,
            Some(name) if self.catalogue.segments.contains_key(name.as_str()) => {
                CountedSegment::Known(SegmentId::from(name.as_str()))
            }
            Some(name) => {
                return Err(format!(
                    "there is no segment `{name}` in the catalogue; legal: {}",
                    names(
                        self.catalogue
                            .segments
                            .keys()
                            .map(SegmentId::as_str)
                            .chain(["unknown"])
                    )
                ));
            }
        };
        let key = Stream::key_of(self.catalogue, slo);
        let stream = self.streams.iter().find(|stream| stream.key == key);
        Ok(Resolved {
            slo,
            stream: stream.ok_or_else(|| {
                format!(
                    "what {} counts is not counted by the first catalogue of this scenario",
                    whose.slo
                )
            })?,
            segment,
            labels: whose,
        })
    }

    /// One `Counted` per slice with traffic.
    fn spread<'s>(
        &'s self,
        whose: &'s Resolved<'s>,
        interval: Interval,
        total: u64,
        mix: &'s Mix,
    ) -> impl Iterator<Item = Counted> + 's {
        let slices = interval.seconds() / self.slice.as_secs();
        let (mut at, mut done) = (interval.start, 0);
        over_slices(total, slices).filter_map(move |events| {
            let mut tally = Tally::default();
            let counts = over_events(done, done + events, total, &mix.events);
            for ((class, bucket), events) in mix.cells.iter().zip(counts) {
                tally.add(class.clone(), *bucket, events);
            }
            let slice = at;
            (at, done) = (after(at, self.slice), done + events);
            (events > 0).then(|| Counted {
                stream: whose.stream.key.clone(),
                segment: whose.segment.clone(),
                slice,
                tally,
                received: None,
            })
        })
    }

    fn slice_of(&self, time: Timestamp) -> Interval {
        let length = i64::try_from(self.slice.as_secs()).unwrap_or(i64::MAX);
        let second = time.as_second().div_euclid(length) * length;
        let start = Timestamp::from_second(second).unwrap_or(time);
        Interval {
            start,
            end: after(start, self.slice),
        }
    }

    fn must_be_slice(&self, time: Timestamp, what: &str) -> Result<(), Wrong> {
        if self.slice_of(time).start == time {
            return Ok(());
        }
        Err(format!(
            "{what} at {time}, which is not the edge of a slice of {}; choose lengths that are",
            attain_model::quantity::duration_text(self.slice)
        ))
    }
}

/// The source of a catalogue that names none.
const ONLY_SOURCE: &str = "scenario";

fn deliveries(
    whose: &Resolved,
    origin: &str,
    range: std::ops::Range<u64>,
    heard: Vec<Interval>,
) -> Vec<Delivery> {
    let mut sources = whose.stream.sources.clone();
    if sources.is_empty() {
        sources.push(SourceId::from(ONLY_SOURCE));
    }
    sources
        .into_iter()
        .map(|source| Delivery {
            observed: Some(heard.clone()),
            ..Delivery::new(source, origin, range.clone())
        })
        .collect()
}

fn after(start: Timestamp, length: Duration) -> Timestamp {
    start.saturating_add(length).unwrap_or(Timestamp::MAX)
}

/// Names in a row.
pub(crate) fn names(names: impl IntoIterator<Item: std::fmt::Display>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    names.join(", ")
}
