//! Numbers of slots (so many events between 9:00 and 9:05) into tallies. Knows pairs, ratios and histograms; knows no
//! file format.

use std::collections::BTreeMap;

use attain_model::delivery::{Counted, Delivery, Reading};
use attain_model::indicator::Part;
use attain_model::quantity::{Measure, Unit};
use attain_model::{Bucket, Class, Stream, Tally};
use jiff::Timestamp;

use crate::number::{events, scaled};
use crate::segment::SegmentIndex;
use crate::series::{Hit, Matcher, Role, pair_names, pair_of, per_bucket};

/// One number of one series in one slot.
pub(crate) struct Number<'a> {
    pub(crate) text: &'a str,
    pub(crate) time: Timestamp,
    pub(crate) received: Option<Timestamp>,
    /// The line, from 0.
    pub(crate) line: u64,
}

/// Whose number it is, and when.
type Place = (usize, SegmentIndex, Timestamp, Option<Timestamp>);

/// Collects numbers until all of a slot are there.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    tallies: BTreeMap<Place, Tally>,
    readings: Vec<(
        usize,
        SegmentIndex,
        String,
        Timestamp,
        Option<Timestamp>,
        Measure,
    )>,
    pairs: BTreeMap<(Place, String), Pair>,
    histograms: BTreeMap<(Place, String, Class), BTreeMap<u64, u64>>,
}

#[derive(Debug, Default)]
struct Pair {
    line: u64,
    total: Option<u64>,
    part: Option<PartValue>,
}

#[derive(Debug, Clone, Copy)]
enum PartValue {
    Events(u64),
    /// In billionths of a billionth of a whole.
    Share(i128),
}

/// A whole, as a share: fine enough for every digit that a float has.
const WHOLE: i128 = 1_000_000_000_000_000_000;

impl Slots {
    /// Takes a number; an error says why it cannot be one.
    pub(crate) fn take(
        &mut self,
        streams: &[Stream],
        hit: &Hit,
        number: &Number<'_>,
    ) -> Result<(), String> {
        let place = (hit.stream, hit.segment, number.time, number.received);
        let whole = || {
            events(number.text)
                .ok_or_else(|| format!("`{}` is not a number of events", number.text))
        };
        match &hit.role {
            Role::Events(class) => {
                let tally = self.tallies.entry(place).or_default();
                tally.add(class.clone(), Bucket::UNTIMED, whole()?);
            }
            Role::AtOrUnder(class, edge) => {
                let key = (place, hit.key.clone(), class.clone());
                let seen = self
                    .histograms
                    .entry(key)
                    .or_default()
                    .entry(*edge)
                    .or_insert(0);
                *seen = seen.saturating_add(whole()?);
            }
            Role::Gauge(billionths) => {
                let value = scaled(number.text, *billionths)
                    .ok_or_else(|| format!("`{}` is not a number", number.text))?;
                let (stream, segment, time, received) = place;
                self.readings.push((
                    stream,
                    segment,
                    hit.key.clone(),
                    time,
                    received,
                    Measure(value),
                ));
            }
            Role::Total => {
                let total = whole()?;
                let pair = self.pair(streams, place, hit, number.line);
                pair.total = Some(pair.total.unwrap_or(0).saturating_add(total));
            }
            Role::Part => {
                let value = match pair_of(&streams[hit.stream]) {
                    Some((Part::Ratio, unit)) => PartValue::Share(share(number.text, unit)?),
                    _ => PartValue::Events(whole()?),
                };
                let pair = self.pair(streams, place, hit, number.line);
                pair.part = Some(match (pair.part, value) {
                    (Some(PartValue::Events(before)), PartValue::Events(more)) => {
                        PartValue::Events(before.saturating_add(more))
                    }
                    (_, value) => value,
                });
            }
        }
        Ok(())
    }

    /// Good and bad of a slot add up over all series of a segment; a share belongs to its own series.
    fn pair(&mut self, streams: &[Stream], place: Place, hit: &Hit, line: u64) -> &mut Pair {
        let is_ratio = matches!(pair_of(&streams[hit.stream]), Some((Part::Ratio, _)));
        let key = if is_ratio {
            hit.key.clone()
        } else {
            String::new()
        };
        let pair = self.pairs.entry((place, key)).or_default();
        pair.line = line;
        pair
    }

    /// Puts everything into a delivery; gives the lines whose pairs are not whole, and why.
    pub(crate) fn finish(
        &mut self,
        matcher: &Matcher,
        slice_seconds: i64,
        delivery: &mut Delivery,
    ) -> Vec<(u64, String)> {
        let unpaired = self.finish_pairs(&matcher.streams);
        self.finish_histograms(&matcher.streams);
        for ((stream, segment, time, received), tally) in std::mem::take(&mut self.tallies) {
            if tally.cells.is_empty() {
                continue;
            }
            let second = time.as_second().div_euclid(slice_seconds) * slice_seconds;
            delivery.counted.push(Counted {
                stream: matcher.streams[stream].key.clone(),
                segment: matcher.decider.segments.name(segment).clone(),
                slice: Timestamp::from_second(second).unwrap_or(time),
                tally,
                received,
            });
        }
        for (stream, segment, series, time, received, value) in self.readings.drain(..) {
            delivery.readings.push(Reading {
                stream: matcher.streams[stream].key.clone(),
                segment: matcher.decider.segments.name(segment).clone(),
                series,
                time,
                value,
                received,
            });
        }
        unpaired
    }

    fn finish_pairs(&mut self, streams: &[Stream]) -> Vec<(u64, String)> {
        let mut unpaired = Vec::new();
        for ((place, _), pair) in std::mem::take(&mut self.pairs) {
            let stream = &streams[place.0];
            let Some(total) = pair.total else { continue };
            let part = pair_of(stream).map(|(part, _)| part);
            let bad = match (pair.part, part) {
                (Some(PartValue::Share(share)), _) => bad_of_share(total, share),
                (Some(PartValue::Events(good)), Some(Part::Good)) => total.saturating_sub(good),
                (Some(PartValue::Events(bad)), _) => bad.min(total),
                // An error series that was never born is zero; so is one of good events, and then all are bad.
                (None, Some(Part::Bad)) => 0,
                (None, Some(Part::Good)) => total,
                (None, _) if total == 0 => 0,
                (None, _) => {
                    let (of, part) = pair_names(stream);
                    unpaired.push((pair.line, format!("{total} {of} without their {part}")));
                    continue;
                }
            };
            let tally = self.tallies.entry(place).or_default();
            tally.add(Class::good(), Bucket::UNTIMED, total - bad);
            tally.add(Class::bad(), Bucket::UNTIMED, bad);
        }
        unpaired
    }

    fn finish_histograms(&mut self, streams: &[Stream]) {
        for ((place, _, class), at_or_under) in std::mem::take(&mut self.histograms) {
            let edges: Vec<u64> = streams[place.0]
                .edges
                .iter()
                .map(|e| e.nanoseconds())
                .collect();
            let tally = self.tallies.entry(place).or_default();
            for (bucket, count) in (0..).zip(per_bucket(&edges, &at_or_under)) {
                tally.add(class.clone(), Bucket(bucket), count);
            }
        }
    }
}

fn share(text: &str, unit: Option<Unit>) -> Result<i128, String> {
    let per_unit = if unit == Some(Unit::Percent) {
        WHOLE / 100
    } else {
        WHOLE
    };
    let share = scaled(text, per_unit).ok_or_else(|| format!("`{text}` is not a number"))?;
    // A float may end a hair above one.
    if !(0..=WHOLE + WHOLE / 1_000_000_000).contains(&share) {
        return Err(format!(
            "`{text}` is not a share of a whole; check the ratio's `unit`"
        ));
    }
    Ok(share.min(WHOLE))
}

/// Bad events, rounded up. A share is a quotient of whole numbers that went through a float: a millionth of an event is
/// its noise, not an event.
fn bad_of_share(total: u64, share: i128) -> u64 {
    let exact = i128::from(total) * (WHOLE - share) - WHOLE / 1_000_000;
    let bad = exact.div_euclid(WHOLE) + i128::from(exact.rem_euclid(WHOLE) > 0);
    u64::try_from(bad).unwrap_or(0).min(total)
}
