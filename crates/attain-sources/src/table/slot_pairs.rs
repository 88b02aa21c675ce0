//! Two numbers of a slot that make one indicator: a total, and its good, its bad or its good share. Knows slots that are
//! whole; knows no file format. What does not fit together is never good.

use std::collections::{BTreeMap, BTreeSet};

use attain_model::indicator::Part;
use attain_model::quantity::Unit;
use attain_model::{Bucket, Class, Stream, Tally};
use jiff::Timestamp;

use crate::counting::segment::SegmentIndex;
use crate::counting::series::{Hit, Role, pair_names, pair_of};
use crate::table::slots::{Number, Place};
use crate::text::number::{events, scaled};

/// Pairs until all of a slot are there.
///
/// Good and bad of a slot add up over all series of a segment, as errors often have more labels than requests; a share
/// belongs to its own series.
#[derive(Debug, Default)]
pub(crate) struct SlotPairs {
    pairs: Pairs,
    misfits: Misfits,
}

#[derive(Debug, Default)]
struct Pair {
    line: u64,
    /// When the last of its numbers arrived.
    received: Option<Timestamp>,
    total: Option<u64>,
    part: Option<PartValue>,
    /// Its part was there and could not be read, or its cell was empty.
    is_broken: bool,
}

#[derive(Debug, Clone, Copy)]
enum PartValue {
    Events(u64),
    /// In billionths of a billionth of a whole.
    Share(i128),
}

/// Events whose other number is missing, by stream.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Misfits {
    /// Of a part without its total.
    alone: BTreeMap<usize, u64>,
    /// Bad ones without a segment, where totals have one.
    strays: BTreeMap<usize, u64>,
    /// Bad ones that were more than the total.
    surplus: BTreeMap<usize, u64>,
}

/// A whole, as a share: fine enough for every digit that a float has.
const WHOLE: i128 = 1_000_000_000_000_000_000;

impl SlotPairs {
    /// Takes a number; an error says why it cannot be one.
    pub(crate) fn take(
        &mut self,
        streams: &[Stream],
        hit: &Hit,
        number: &Number<'_>,
    ) -> Result<(), String> {
        let stream = &streams[hit.stream];
        let share_unit = match pair_of(stream) {
            Some((Part::Ratio, unit)) => Some(unit),
            _ => None,
        };
        let pair = self.pair(streams, hit, number);
        let whole = || {
            events(number.text)
                .ok_or_else(|| format!("`{}` is not a number of events", number.text))
        };
        if hit.role == Role::Total {
            pair.total = Some(pair.total.unwrap_or(0).saturating_add(whole()?));
            return Ok(());
        }
        let value = match share_unit {
            Some(unit) => share(number.text, unit).map(PartValue::Share),
            None => whole().map(PartValue::Events),
        };
        pair.is_broken |= value.is_err();
        pair.part = Some(match (pair.part, value?) {
            (Some(PartValue::Events(before)), PartValue::Events(more)) => {
                PartValue::Events(before.saturating_add(more))
            }
            // Two shares of one total cannot be added up; the worse one stands.
            (Some(PartValue::Share(before)), PartValue::Share(other)) => {
                PartValue::Share(before.min(other))
            }
            (_, value) => value,
        });
        Ok(())
    }

    /// Takes an empty cell: a part that is not told is not known to be none.
    pub(crate) fn take_empty(&mut self, streams: &[Stream], hit: &Hit, number: &Number<'_>) {
        if hit.role == Role::Part {
            self.pair(streams, hit, number).is_broken = true;
        }
    }

    fn pair(&mut self, streams: &[Stream], hit: &Hit, number: &Number<'_>) -> &mut Pair {
        let is_share = matches!(pair_of(&streams[hit.stream]), Some((Part::Ratio, _)));
        let key = if is_share {
            hit.key.clone()
        } else {
            String::new()
        };
        let key = (hit.stream, number.time, hit.segment, key);
        let pair = self.pairs.entry(key).or_default();
        pair.line = number.line;
        pair.received = pair.received.max(number.received);
        pair
    }

    /// Adds everything to tallies, and when each stream had whole pairs to `said`; gives the lines whose pairs are not
    /// whole, and why.
    pub(crate) fn finish(
        &mut self,
        streams: &[Stream],
        tallies: &mut BTreeMap<Place, Tally>,
        said: &mut BTreeMap<usize, BTreeSet<Timestamp>>,
    ) -> Vec<(u64, String)> {
        let mut unpaired = Vec::new();
        let pairs = std::mem::take(&mut self.pairs);
        let mut strays = strays(streams, &pairs);
        for ((index, time, segment, _), pair) in pairs {
            let part = pair_of(&streams[index]).map(|(part, _)| part);
            let stray = strays.get_mut(&(index, time));
            let is_broken = pair.is_broken || stray.as_ref().is_some_and(|stray| stray.is_broken);
            if segment == 0 && pair.total.is_none() && stray.is_some() {
                continue;
            }
            let place = (index, segment, time, pair.received);
            let Some(total) = pair.total else {
                let bad = self.misfits.bad_alone(index, part, &pair);
                tally(tallies, place, 0, bad);
                continue;
            };
            let bad = bad_of(total, part, &pair).filter(|_| !is_broken || total == 0);
            let Some(mut bad) = bad else {
                let (of, part) = pair_names(&streams[index]);
                unpaired.push((pair.line, format!("{total} {of} without their {part}")));
                continue;
            };
            add(&mut self.misfits.surplus, index, bad.saturating_sub(total));
            if let Some(stray) = stray {
                bad = bad.max(bad.saturating_add(stray.events).min(total));
                add(
                    &mut self.misfits.strays,
                    index,
                    std::mem::take(&mut stray.untold),
                );
            }
            said.entry(index).or_default().insert(time);
            tally(tallies, place, total.saturating_sub(bad), bad);
        }
        unpaired
    }

    /// What did not fit together since the last call.
    pub(crate) fn take_misfits(&mut self) -> Misfits {
        std::mem::take(&mut self.misfits)
    }
}

impl Misfits {
    /// The bad events of a part without its total.
    fn bad_alone(&mut self, index: usize, part: Option<Part>, pair: &Pair) -> u64 {
        let Some(PartValue::Events(events)) = pair.part else {
            return 0;
        };
        add(&mut self.alone, index, events);
        if part == Some(Part::Bad) { events } else { 0 }
    }

    pub(crate) fn merge(&mut self, other: &Misfits) {
        let sums = [
            (&mut self.alone, &other.alone),
            (&mut self.strays, &other.strays),
            (&mut self.surplus, &other.surplus),
        ];
        for (sums, more) in sums {
            for (index, events) in more {
                add(sums, *index, *events);
            }
        }
    }

    /// What a person should know.
    pub(crate) fn notes(&self, streams: &[Stream]) -> Vec<String> {
        let mut notes = Vec::new();
        for (index, events) in &self.alone {
            let (total, part) = pair_names(&streams[*index]);
            let what = match pair_of(&streams[*index]) {
                Some((Part::Good, _)) => "none counts",
                _ => "all count as bad",
            };
            notes.push(format!(
                "{events} {part} have no {total} in their segment and slot: {what}"
            ));
        }
        for (index, events) in &self.strays {
            let (total, part) = pair_names(&streams[*index]);
            notes.push(format!(
                "{events} {part} do not say the segment that {total} say: every segment of their slot bears them"
            ));
        }
        for (index, events) in &self.surplus {
            let (total, part) = pair_names(&streams[*index]);
            notes.push(format!(
                "{part} are {events} more than {total} in their slots: all count as bad"
            ));
        }
        notes
    }
}

/// Bad events without a segment, where totals of their slot have one: they may be anybody's.
struct Stray {
    events: u64,
    /// Those that no note counts yet.
    untold: u64,
    is_broken: bool,
}

type Pairs = BTreeMap<(usize, Timestamp, SegmentIndex, String), Pair>;

fn strays(streams: &[Stream], pairs: &Pairs) -> BTreeMap<(usize, Timestamp), Stray> {
    let mut strays = BTreeMap::new();
    for ((index, time, segment, _), pair) in pairs {
        let is_bad = matches!(pair_of(&streams[*index]), Some((Part::Bad, _)));
        if *segment != 0 || !is_bad || pair.total.is_some() {
            continue;
        }
        let mut others = pairs
            .range((*index, *time, 1, String::new())..)
            .take_while(|((other, at, _, _), _)| (other, at) == (index, time));
        if others.any(|(_, other)| other.total.is_some()) {
            let events = match pair.part {
                Some(PartValue::Events(bad)) => bad,
                _ => 0,
            };
            let stray = Stray {
                events,
                untold: events,
                is_broken: pair.is_broken,
            };
            strays.insert((*index, *time), stray);
        }
    }
    strays
}

fn tally(tallies: &mut BTreeMap<Place, Tally>, place: Place, good: u64, bad: u64) {
    let tally = tallies.entry(place).or_default();
    tally.add(Class::good(), Bucket::UNTIMED, good);
    tally.add(Class::bad(), Bucket::UNTIMED, bad);
}

/// How many of a total were bad; `None` if that cannot be told.
fn bad_of(total: u64, part: Option<Part>, pair: &Pair) -> Option<u64> {
    match (pair.part, part) {
        (Some(PartValue::Share(share)), _) => Some(bad_of_share(total, share)),
        (Some(PartValue::Events(good)), Some(Part::Good)) => Some(total.saturating_sub(good)),
        (Some(PartValue::Events(bad)), _) => Some(bad),
        // An error series that was never born is zero; so is one of good events, and then all are bad.
        (None, Some(Part::Bad)) => Some(0),
        (None, Some(Part::Good)) => Some(total),
        (None, _) => (total == 0).then_some(0),
    }
}

fn add(sums: &mut BTreeMap<usize, u64>, index: usize, events: u64) {
    if events > 0 {
        let sum = sums.entry(index).or_insert(0);
        *sum = sum.saturating_add(events);
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
