//! What arrived after its minute was pulled: each minute is asked for once more when it is settled, and what it has more than
//! before is delivered. Knows what was delivered lately, in memory alone: minutes from before a start are not asked for again.
//!
//! Counts telescope, so that what an API has late is more in one minute and no less in all of them. One that says something
//! else each time (two replicas that take turns) has more in one minute and less in the next: what was less is made up for
//! first, over minutes and hours, or such an API would add a little with each look.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use attain_model::StreamKey;
use attain_model::counts::{Bucket, Class, CountedSegment, Tally};
use attain_model::delivery::{Counted, Delivery};
use attain_sources::pull::{Pulled, Puller};
use jiff::Timestamp;

/// The origin of what came late: told apart from what was delivered first, and counted once by itself.
const ORIGIN: &str = "pull again";

/// A minute is settled so many minutes after its end: nothing is waited for longer.
const SETTLED: i64 = 5;

/// So many are asked for together: a question costs much the same for one as for five.
const TOGETHER: i64 = 5;

/// Minutes that were pulled so long after their end had settled then.
const LATE: i64 = 60;

/// What of a minute was delivered of one segment, class and bucket.
type Cell = (CountedSegment, Class, Bucket);

/// See the module.
#[derive(Default)]
pub(super) struct Again {
    streams: BTreeMap<StreamKey, Given>,
}

#[derive(Default)]
struct Given {
    /// What was delivered, by minute.
    minutes: BTreeMap<i64, Minute>,
    /// What was less so far, of what an API said the second time.
    less: BTreeMap<Cell, u64>,
}

#[derive(Default)]
struct Minute {
    cells: BTreeMap<Cell, u64>,
    is_heard: bool,
}

impl Again {
    /// Takes down what is to be delivered, while it is new. Readings are not counts.
    pub(super) fn note(
        &self,
        puller: &Puller,
        stream: &StreamKey,
        slices: Range<i64>,
        pulled: &Pulled,
        now: i64,
    ) -> Option<Noted> {
        let is_gauge = |ask: &attain_sources::pull::Ask| ask.stream == *stream && ask.is_gauge;
        let recent = slices.start.max(now - SETTLED)..slices.end;
        if recent.is_empty() || puller.asks().iter().any(is_gauge) {
            return None;
        }
        let mut minutes = minutes_of(puller, stream, &pulled.delivery);
        minutes.retain(|minute, _| recent.contains(minute));
        for minute in recent {
            minutes.entry(minute).or_default();
        }
        Some(Noted {
            stream: stream.clone(),
            minutes,
        })
    }

    /// It was delivered.
    pub(super) fn given(&mut self, noted: Noted) {
        let given = self.streams.entry(noted.stream).or_default();
        given.minutes.extend(noted.minutes);
    }

    /// The next minutes of a stream that are settled, if they are enough to ask. `now` is the minute that is not over yet.
    pub(super) fn due(&mut self, now: i64) -> Option<(StreamKey, Range<i64>)> {
        let mut due = None;
        for (stream, given) in &mut self.streams {
            // The API was away: it is not asked for what nobody waits for any more.
            given.minutes = given.minutes.split_off(&(now - LATE));
            let mut settled = given.minutes.range(..now - SETTLED);
            let Some((first, _)) = settled.next() else {
                continue;
            };
            // What was not pulled between them is not asked for again.
            let mut end = first + 1;
            while settled.next().is_some_and(|(minute, _)| *minute == end) {
                end += 1;
            }
            let is_enough = end - first >= TOGETHER || *first < now - 2 * SETTLED;
            if due.is_none() && is_enough {
                due = Some((stream.clone(), *first..end));
            }
        }
        due
    }

    /// What is more than was delivered; `None` if nothing is.
    pub(super) fn excess(
        &mut self,
        puller: &Puller,
        stream: &StreamKey,
        slices: &Range<i64>,
        pulled: Pulled,
    ) -> Option<Delivery> {
        let given = self.streams.get_mut(stream)?;
        let now = minutes_of(puller, stream, &pulled.delivery);
        let dated: BTreeMap<i64, Timestamp> = (pulled.delivery.counted.iter())
            .map(|row| (puller.slice_of(row.slice), row.slice))
            .collect();
        let mut delivery = pulled.delivery;
        delivery.counted = Vec::new();
        delivery.unparsed = Vec::new();
        delivery.origin = ORIGIN.to_owned();
        let mut is_newly_heard = false;
        let mut heard = Vec::new();
        // A minute that is not known was not delivered by this one, and is none of its business.
        let known = given.minutes.range(slices.clone());
        let known: BTreeMap<i64, &Minute> = known.map(|(minute, of)| (*minute, of)).collect();
        let nothing = Minute::default();
        for (minute, before) in &known {
            let after = now.get(minute).unwrap_or(&nothing);
            // Half of a minute that cannot be counted this time is not less.
            if !after.is_heard {
                continue;
            }
            heard.push(*minute);
            is_newly_heard |= !before.is_heard;
            let cells: BTreeSet<&Cell> = before.cells.keys().chain(after.cells.keys()).collect();
            for cell in cells {
                let [was, is] = [&before.cells, &after.cells].map(|of| of.get(cell).unwrap_or(&0));
                if is < was {
                    *given.less.entry(cell.clone()).or_default() += was - is;
                }
            }
        }
        // Oldest first; what is less is made up for before anything is delivered.
        for minute in &heard {
            let (before, after) = (known[minute], &now[minute]);
            let mut by_segment: BTreeMap<CountedSegment, Tally> = BTreeMap::new();
            for (cell, is) in &after.cells {
                let more = is.saturating_sub(*before.cells.get(cell).unwrap_or(&0));
                let less = given.less.entry(cell.clone()).or_default();
                let made_up = more.min(*less);
                *less -= made_up;
                let (segment, class, bucket) = cell.clone();
                let tally = by_segment.entry(segment).or_default();
                tally.add(class, bucket, more - made_up);
            }
            for (segment, tally) in by_segment {
                if let (false, Some(slice)) = (tally.cells.is_empty(), dated.get(minute)) {
                    delivery.counted.push(Counted {
                        stream: stream.clone(),
                        segment,
                        slice: *slice,
                        tally,
                        received: None,
                    });
                }
            }
        }
        given.less.retain(|_, less| *less > 0);
        (is_newly_heard || !delivery.counted.is_empty()).then_some(delivery)
    }

    /// These minutes are done with.
    pub(super) fn done(&mut self, stream: &StreamKey, slices: &Range<i64>) {
        if let Some(given) = self.streams.get_mut(stream) {
            given.minutes.retain(|minute, _| !slices.contains(minute));
        }
    }
}

/// What is delivered, and not yet known to be kept.
pub(super) struct Noted {
    stream: StreamKey,
    minutes: BTreeMap<i64, Minute>,
}

fn minutes_of(puller: &Puller, stream: &StreamKey, delivery: &Delivery) -> BTreeMap<i64, Minute> {
    let mut minutes: BTreeMap<i64, Minute> = BTreeMap::new();
    for row in &delivery.counted {
        let minute = minutes.entry(puller.slice_of(row.slice)).or_default();
        for ((class, bucket), events) in &row.tally.cells {
            let cell = (row.segment.clone(), class.clone(), *bucket);
            *minute.cells.entry(cell).or_default() += events;
        }
    }
    for heard in delivery.observed_streams.get(stream).into_iter().flatten() {
        let end = puller.slice_of(heard.end);
        for minute in puller.slice_of(heard.start)..end {
            minutes.entry(minute).or_default().is_heard = true;
        }
    }
    minutes
}
