//! What happened to live counts, in few bytes: most samples are those of the next series at the same instant.

use attain_model::SourceId;
use attain_model::live::{
    CountsFor, LiveBatch, LiveEntry, LiveRole, LiveSample, LiveSeries, LiveValue, SeriesId, Slot,
};

use super::bytes::{Malformed, Read, Reader, Writer, zigzag};
use super::frame::{Clock, read_reading, write_reading};
use super::words::{Body, BodyReader};

const ARRIVED: u8 = 0;
const CLOSED: u8 = 1;
/// The series that are given up, before what arrived.
const FORGOTTEN: u8 = 2;

/// The head of a sample: what it says, whether its time is that of the sample before, whether its series is the next
/// one, and how many bytes its number has.
const STANDS: u8 = 0;
const STANDS_SINCE: u8 = 1;
const HAPPENED: u8 = 2;
const ENDED: u8 = 3;
const SAYS: u8 = 3;
const SAME_TIME: u8 = 1 << 2;
const NEXT_SERIES: u8 = 1 << 3;
const WIDTH_SHIFT: u8 = 4;

pub(crate) fn write_entries(body: &mut Body, clock: &mut Clock, entries: &[LiveEntry]) {
    body.writer.length(entries.len());
    for entry in entries {
        match entry {
            LiveEntry::Arrived(batch) => {
                if batch.forgotten.is_empty() {
                    body.writer.byte(ARRIVED);
                } else {
                    body.writer.byte(FORGOTTEN);
                    write_slots(&mut body.writer, &batch.forgotten);
                }
                write_batch(body, clock, batch);
            }
            LiveEntry::Closed { at, until } => {
                body.writer.byte(CLOSED);
                clock.write(&mut body.writer, *at);
                clock.write(&mut body.writer, *until);
            }
        }
    }
}

pub(crate) fn read_entries(body: &mut BodyReader<'_>, clock: &mut Clock) -> Read<Vec<LiveEntry>> {
    body.many(|body| match body.reader.byte()? {
        ARRIVED => Ok(LiveEntry::Arrived(read_batch(body, clock)?)),
        FORGOTTEN => {
            let forgotten = read_slots(&mut body.reader)?;
            let batch = read_batch(body, clock)?;
            Ok(LiveEntry::Arrived(LiveBatch { forgotten, ..batch }))
        }
        CLOSED => Ok(LiveEntry::Closed {
            at: clock.read(body)?,
            until: clock.read(body)?,
        }),
        _ => Err(Malformed("no such entry of live counts")),
    })
}

fn write_batch(body: &mut Body, clock: &mut Clock, batch: &LiveBatch) {
    body.word(batch.source.as_str());
    clock.write(&mut body.writer, batch.arrived);
    body.writer.length(batch.series.len());
    for series in &batch.series {
        write_series(body, series);
    }
    write_samples(&mut body.writer, &batch.samples);
    body.writer.length(batch.readings.len());
    for reading in &batch.readings {
        write_reading(body, clock, reading);
    }
    body.writer.option(batch.newest_ms, Writer::signed);
}

fn read_batch(body: &mut BodyReader<'_>, clock: &mut Clock) -> Read<LiveBatch> {
    Ok(LiveBatch {
        source: body.source()?,
        arrived: clock.read(body)?,
        forgotten: Vec::new(),
        series: body.many(read_series)?,
        samples: read_samples(&mut body.reader)?,
        readings: body.many(|body| read_reading(body, clock))?,
        newest_ms: body.reader.option(Reader::signed)?,
    })
}

pub(crate) fn write_series(body: &mut Body, series: &LiveSeries) {
    body.writer.number(u64::from(series.slot));
    body.writer.raw(&series.id.0.to_le_bytes());
    body.word(series.source.as_str());
    body.writer.raw(&series.thing.to_le_bytes());
    body.writer.length(series.to.len());
    for to in &series.to {
        write_to(body, to);
    }
}

pub(crate) fn read_series(body: &mut BodyReader<'_>) -> Read<LiveSeries> {
    Ok(LiveSeries {
        slot: slot(body.reader.number()?)?,
        id: SeriesId(u128::from_le_bytes(body.reader.array()?)),
        source: SourceId::new(body.word()?),
        thing: u64::from_le_bytes(body.reader.array()?),
        to: body.many(read_to)?,
    })
}

pub(crate) fn write_to(body: &mut Body, to: &CountsFor) {
    body.key(&to.stream);
    body.segment(&to.segment);
    match &to.role {
        LiveRole::Events(class) => {
            body.writer.byte(0);
            body.class(class);
        }
        LiveRole::AtOrUnder(class, edge) => {
            body.writer.byte(1);
            body.class(class);
            let edge = edge.map(|edge| edge.nanoseconds());
            body.writer.option(edge, Writer::number);
        }
        LiveRole::Total => body.writer.byte(2),
        LiveRole::Part => body.writer.byte(3),
    }
}

pub(crate) fn read_to(body: &mut BodyReader<'_>) -> Read<CountsFor> {
    Ok(CountsFor {
        stream: body.key()?,
        segment: body.segment()?,
        role: match body.reader.byte()? {
            0 => LiveRole::Events(body.class()?),
            1 => {
                let class = body.class()?;
                let edge = body.reader.option(Reader::number)?;
                LiveRole::AtOrUnder(class, edge.map(attain_model::Threshold::from_nanoseconds))
            }
            2 => LiveRole::Total,
            3 => LiveRole::Part,
            _ => return Err(Malformed("no such role of a series")),
        },
    })
}

fn write_slots(writer: &mut Writer, slots: &[Slot]) {
    writer.length(slots.len());
    let mut last = 0;
    for slot in slots {
        writer.signed(i64::from(*slot) - i64::from(last));
        last = *slot;
    }
}

fn read_slots(reader: &mut Reader<'_>) -> Read<Vec<Slot>> {
    let mut last: Slot = 0;
    reader.many(|reader| {
        let next = i64::from(last).checked_add(reader.signed()?);
        last = next
            .and_then(|next| Slot::try_from(next).ok())
            .ok_or(Malformed("a slot is too large"))?;
        Ok(last)
    })
}

fn slot(number: u64) -> Read<u32> {
    u32::try_from(number).map_err(|_| Malformed("a slot is too large"))
}

fn write_samples(writer: &mut Writer, samples: &[LiveSample]) {
    writer.length(samples.len());
    writer.bytes.reserve(samples.len() * 6);
    let (mut last_slot, mut last_time) = (u32::MAX, 0_i64);
    for sample in samples {
        let (says, number, since) = match sample.says {
            LiveValue::Stands {
                value,
                created_ms: None,
            } => (STANDS, value, None),
            LiveValue::Stands {
                value,
                created_ms: Some(created),
            } => (STANDS_SINCE, value, Some(created)),
            LiveValue::Happened { events, start_ms } => (HAPPENED, events, Some(start_ms)),
            LiveValue::Ended => (ENDED, 0, None),
        };
        let width = (8 - number.leading_zeros() / 8) as u8;
        let is_same_time = sample.time_ms == last_time;
        let is_next = sample.slot == last_slot.wrapping_add(1);
        let mut head = says | width << WIDTH_SHIFT;
        head |= if is_same_time { SAME_TIME } else { 0 };
        head |= if is_next { NEXT_SERIES } else { 0 };
        writer.byte(head);
        writer.raw(&number.to_le_bytes()[..usize::from(width)]);
        if !is_next {
            let step = i64::from(sample.slot).wrapping_sub(i64::from(last_slot));
            writer.number(zigzag(step));
        }
        if !is_same_time {
            writer.signed(sample.time_ms.wrapping_sub(last_time));
        }
        if let Some(since) = since {
            writer.signed(sample.time_ms.wrapping_sub(since));
        }
        (last_slot, last_time) = (sample.slot, sample.time_ms);
    }
}

fn read_samples(reader: &mut Reader<'_>) -> Read<Vec<LiveSample>> {
    let (mut last_slot, mut last_time) = (u32::MAX, 0_i64);
    reader.many(|reader| {
        let head = reader.byte()?;
        let width = usize::from(head >> WIDTH_SHIFT);
        if width > 8 {
            return Err(Malformed("a number is too long"));
        }
        let mut number = [0_u8; 8];
        number[..width].copy_from_slice(reader.raw(width)?);
        let number = u64::from_le_bytes(number);
        last_slot = if head & NEXT_SERIES != 0 {
            last_slot.wrapping_add(1)
        } else {
            let slot = i64::from(last_slot).wrapping_add(reader.signed()?);
            u32::try_from(slot).map_err(|_| Malformed("a slot is too large"))?
        };
        if head & SAME_TIME == 0 {
            last_time = last_time.wrapping_add(reader.signed()?);
        }
        let mut since = || Ok(last_time.wrapping_sub(reader.signed()?));
        let says = match head & SAYS {
            STANDS => LiveValue::Stands {
                value: number,
                created_ms: None,
            },
            STANDS_SINCE => LiveValue::Stands {
                value: number,
                created_ms: Some(since()?),
            },
            HAPPENED => LiveValue::Happened {
                events: number,
                start_ms: since()?,
            },
            _ => LiveValue::Ended,
        };
        Ok(LiveSample {
            slot: last_slot,
            time_ms: last_time,
            says,
        })
    })
}
