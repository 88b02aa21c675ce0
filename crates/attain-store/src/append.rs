//! Frames: what was delivered since the last sealing.
//!
//! counts.db holds them; record.db notes each one's number and time, so that a log that was cut short shows. The note
//! is written after the frame is durable, and need not be.

use std::collections::{BTreeMap, BTreeSet};

use attain_model::delivery::Delivery;
use attain_model::facts::{Damage, KeptStream};
use attain_model::live::{LiveEntry, LiveValue};
use attain_model::{Interval, StreamKey};
use jiff::{SignedDuration, Timestamp};

use crate::codec::blob::{self, Kind};
use crate::codec::frame;
use crate::codec::head::Note;
use crate::db::blob_at;
use crate::error::Error;
use crate::store::{Store, at_any_time};

/// A group commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its number: ascending.
    pub number: u64,
    /// The streams as they were counted then.
    pub kept: BTreeMap<StreamKey, KeptStream>,
    /// What was delivered, in order.
    pub deliveries: Vec<Delivery>,
    /// What happened to live counts, in order.
    pub live: Vec<LiveEntry>,
}

/// What was appended since the last sealing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frames {
    /// In the order in which they were appended.
    pub frames: Vec<Frame>,
    /// What is lost of them.
    pub damage: Vec<Damage>,
}

/// Frames are read once, if ever: they are packed fast.
const LEVEL: i32 = 1;

impl Store {
    /// Keeps deliveries: durable on return, as one. `kept` says how their streams are counted; a frame carries it, so
    /// that a later edit of the catalogue does not change what was meant. Returns the frame's number, for
    /// [`Store::seal`].
    ///
    /// # Errors
    /// Errors of the disk: then nothing of it is kept, what was kept before stays, and the store can be used again.
    pub fn append(
        &mut self,
        kept: &BTreeMap<StreamKey, KeptStream>,
        deliveries: &[Delivery],
    ) -> Result<u64, Error> {
        self.append_with(kept, deliveries, &[])
    }

    /// As [`Store::append`], and with it what happened to live counts.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub fn append_with(
        &mut self,
        kept: &BTreeMap<StreamKey, KeptStream>,
        deliveries: &[Delivery],
        live: &[LiveEntry],
    ) -> Result<u64, Error> {
        self.writer()?;
        let number = self.next_frame;
        let content = frame::encode(kept, deliveries, live);
        // Live samples are small as they are, and somebody waits for them.
        let level = if live.is_empty() { Some(LEVEL) } else { None };
        let body = blob::wrap(Kind::Frame, &number.to_le_bytes(), &content, level);
        self.counts.change(|change| {
            change
                .prepare_cached("INSERT OR REPLACE INTO frame (number, body) VALUES (?1, ?2)")?
                .execute((number as i64, &body))
        })?;
        self.next_frame += 1;
        self.note(number, span_of(deliveries, live, self.head.slice_seconds));
        Ok(number)
    }

    /// The number of the last frame: what [`Store::seal`] is told once all of it is in the facts. 0 if there never was
    /// one.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.next_frame - 1
    }

    /// What was appended since the last sealing, in order, and what of it is lost.
    #[must_use]
    pub fn frames(&self) -> Frames {
        let through = self.head.through;
        let (read, broken, is_end_known) = self.frame_rows();
        let notes = self.notes();
        let last = read.last_key_value().map_or(through, |(number, _)| *number);
        let noted = notes.last_key_value().map_or(0, |(number, _)| *number);
        let mut frames = Frames::default();
        let mut read = read.into_iter().peekable();
        for number in through + 1..=last.max(noted) {
            match read.next_if(|(at, _)| *at == number) {
                Some((_, frame)) => frames.frames.push(frame),
                None => frames.damage.push(Damage {
                    stream: None,
                    interval: notes.get(&number).copied().flatten(),
                    why: format!("frame {number} of counts.db is lost"),
                }),
            }
        }
        let end = last.max(noted);
        if broken.iter().any(|number| *number > end) {
            frames.damage.push(at_any_time(
                "a frame of counts.db can no longer be read".to_owned(),
            ));
        }
        if !is_end_known {
            frames.damage.push(at_any_time(
                "the last frames of counts.db cannot be listed".to_owned(),
            ));
        }
        frames
    }

    /// The frames that can be read, the numbers of rows that cannot, and whether there can be none after them that
    /// cannot be seen.
    fn frame_rows(&self) -> (BTreeMap<u64, Frame>, BTreeSet<u64>, bool) {
        let through = self.head.through;
        let mut frames = BTreeMap::new();
        let mut broken = BTreeSet::new();
        let mut take = |order: &str| -> (usize, bool) {
            let sql =
                format!("SELECT number, body FROM frame WHERE number > ?1 ORDER BY number {order}");
            let mut taken = 0;
            let (_, stopped) = self.counts.rows(&sql, [through as i64], |row| {
                let number = row.get::<_, i64>(0)? as u64;
                if let Some(frame) = open_frame(number, row.get_ref(1)?.as_blob().unwrap_or(&[])) {
                    taken += 1;
                    frames.insert(number, frame);
                } else {
                    broken.insert(number);
                }
                Ok(())
            });
            (taken, stopped.is_none())
        };
        if take("ASC").1 {
            return (frames, broken, true);
        }
        // Damage in the middle: what lies behind it is reached from the end.
        let (taken, is_whole) = take("DESC");
        (frames, broken, is_whole || taken > 0)
    }

    /// What record.db remembers of frames that are not sealed.
    fn notes(&self) -> BTreeMap<u64, Option<Interval>> {
        let Some(record) = &self.record else {
            return BTreeMap::new();
        };
        let sql = "SELECT frame, body FROM noted WHERE frame > ?1";
        let (rows, _) = record.rows(sql, [self.head.through as i64], |row| {
            Ok((row.get::<_, i64>(0)? as u64, blob_at(row, 1)?))
        });
        // A note that does not open still says that there was a frame, unless damage made the number up: frames have
        // no holes, so there are as many as their last number says.
        let last = self.head.through.saturating_add(rows.len() as u64);
        rows.into_iter()
            .filter_map(|(number, body)| {
                let note = blob::open(Kind::Note, &number.to_le_bytes(), &body)
                    .ok()
                    .and_then(|content| Note::decode(&content).ok());
                match note {
                    Some(note) => Some((number, note.interval)),
                    None => (number <= last).then_some((number, None)),
                }
            })
            .collect()
    }

    /// A note that fails is no reason to refuse what is durable already.
    fn note(&mut self, number: u64, interval: Option<Interval>) {
        let content = Note { interval }.encode();
        // A handful of bytes: nothing packs them any smaller.
        let body = blob::wrap(Kind::Note, &number.to_le_bytes(), &content, None);
        let Some(record) = &mut self.record else {
            return;
        };
        let _: Result<usize, Error> = record.jot(|change| {
            change
                .prepare_cached("INSERT OR REPLACE INTO noted (frame, body) VALUES (?1, ?2)")?
                .execute((number as i64, &body))
        });
    }
}

fn open_frame(number: u64, body: &[u8]) -> Option<Frame> {
    let content = blob::open(Kind::Frame, &number.to_le_bytes(), body).ok()?;
    let (kept, deliveries, live) = frame::decode(&content, blob::version(body)).ok()?;
    Some(Frame {
        number,
        kept,
        deliveries,
        live,
    })
}

/// From the first to the last instant that deliveries speak of; `None` if they speak of none, or not of all.
fn span_of(deliveries: &[Delivery], live: &[LiveEntry], slice_seconds: u32) -> Option<Interval> {
    // Without the series made known in it, what comes after it cannot be counted either, nobody knows for how long.
    let has_series =
        |entry: &LiveEntry| matches!(entry, LiveEntry::Arrived(batch) if !batch.series.is_empty());
    if live.iter().any(has_series) {
        return None;
    }
    // Before the first sealing the length of a slice is not known here: an hour is longer than any.
    let slice = match slice_seconds {
        0 => SignedDuration::from_hours(1),
        seconds => SignedDuration::from_secs(i64::from(seconds)),
    };
    let after = |time: Timestamp, length: SignedDuration| {
        time.saturating_add(length).unwrap_or(Timestamp::MAX)
    };
    let tick = SignedDuration::from_secs(1);
    let mut span: Option<Interval> = None;
    let mut add = |start: Timestamp, end: Timestamp| {
        span = Some(match span {
            None => Interval { start, end },
            Some(span) => Interval {
                start: span.start.min(start),
                end: span.end.max(end),
            },
        });
    };
    for delivery in deliveries {
        for counted in &delivery.counted {
            add(counted.slice, after(counted.slice, slice));
        }
        for sample in &delivery.samples {
            add(sample.time, after(sample.time, tick));
        }
        for reading in &delivery.readings {
            add(reading.time, after(reading.time, tick));
        }
        let observed = delivery.observed.iter().flatten();
        for interval in observed.chain(delivery.observed_streams.values().flatten()) {
            add(interval.start, interval.end);
        }
    }
    for entry in live {
        let LiveEntry::Arrived(batch) = entry else {
            continue;
        };
        // In milliseconds first: there are thousands of samples, and calendars are slow.
        let stretches = batch.samples.iter().map(|sample| match sample.says {
            LiveValue::Happened { start_ms, .. } => (start_ms, sample.time_ms),
            _ => (sample.time_ms, sample.time_ms),
        });
        let widest = stretches.reduce(|all, own| (all.0.min(own.0), all.1.max(own.1)));
        if let Some((start_ms, end_ms)) = widest {
            let time = |ms| Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX);
            add(time(start_ms), after(time(end_ms), tick));
        }
        for reading in &batch.readings {
            add(reading.time, after(reading.time, tick));
        }
    }
    span
}
