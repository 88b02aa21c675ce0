//! A frame: the deliveries and live entries of one group commit, exactly as they came, and what was counted then.

use std::collections::BTreeMap;
use std::sync::Arc;

use attain_model::delivery::{Counted, Delivery, Reading, Sample, Unparsed};
use attain_model::facts::KeptStream;
use attain_model::live::LiveEntry;
use attain_model::quantity::Measure;
use attain_model::{Interval, StreamKey, Tally};
use jiff::Timestamp;

use super::bytes::{Malformed, Read, Writer, time_of};
use super::live;
use super::words::{Body, BodyReader};

/// What a frame holds.
pub(crate) type Content = (
    BTreeMap<StreamKey, KeptStream>,
    Vec<Delivery>,
    Vec<LiveEntry>,
);

/// The content of a frame.
pub(crate) fn encode(
    kept: &BTreeMap<StreamKey, KeptStream>,
    deliveries: &[Delivery],
    live: &[LiveEntry],
) -> Vec<u8> {
    let mut body = Body::default();
    body.kept(kept);
    body.writer.length(deliveries.len());
    let mut clock = Clock::default();
    for delivery in deliveries {
        write_delivery(&mut body, &mut clock, delivery);
    }
    // Format 1 ends here, and so does a frame without live entries.
    if !live.is_empty() {
        live::write_entries(&mut body, &mut clock, live);
    }
    body.finish()
}

/// What a frame of a version holds.
pub(crate) fn decode(content: &[u8], version: u8) -> Read<Content> {
    let mut body = BodyReader::new(content)?;
    let kept = body.kept()?;
    let mut clock = Clock::default();
    let deliveries = body.many(|body| read_delivery(body, &mut clock, version))?;
    let live = if body.reader.is_empty() {
        Vec::new()
    } else {
        live::read_entries(&mut body, &mut clock)?
    };
    body.reader.end()?;
    Ok((kept, deliveries, live))
}

/// Times as their distance from the one before: rows of one delivery lie close together.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    second: i64,
}

impl Clock {
    pub(crate) fn write(&mut self, writer: &mut Writer, time: Timestamp) {
        let (second, nanosecond) = super::bytes::parts(time);
        writer.signed(second.wrapping_sub(self.second));
        writer.number(u64::from(nanosecond));
        self.second = second;
    }

    fn write_option(&mut self, writer: &mut Writer, time: Option<Timestamp>) {
        writer.option(time, |writer, time| self.write(writer, time));
    }

    pub(crate) fn read(&mut self, body: &mut BodyReader<'_>) -> Read<Timestamp> {
        self.second = self.second.wrapping_add(body.reader.signed()?);
        let nanosecond =
            u32::try_from(body.reader.number()?).map_err(|_| Malformed("no such instant"))?;
        time_of(self.second, nanosecond)
    }

    fn read_option(&mut self, body: &mut BodyReader<'_>) -> Read<Option<Timestamp>> {
        body.option(|body| self.read(body))
    }
}

fn write_delivery(body: &mut Body, clock: &mut Clock, delivery: &Delivery) {
    body.word(delivery.source.as_str());
    body.word(&delivery.origin);
    body.writer.number(delivery.range.start);
    body.writer.number(delivery.range.end);
    body.writer.marks(&delivery.marks);
    body.writer.byte(u8::from(delivery.streams.is_some()));
    if let Some(streams) = &delivery.streams {
        body.keys(streams.iter());
    }
    body.writer.length(delivery.counted.len());
    for counted in &delivery.counted {
        write_counted(body, clock, counted);
    }
    body.writer.length(delivery.samples.len());
    for sample in &delivery.samples {
        write_sample(body, clock, sample);
    }
    body.writer.length(delivery.readings.len());
    for reading in &delivery.readings {
        write_reading(body, clock, reading);
    }
    body.writer.byte(u8::from(delivery.observed.is_some()));
    if let Some(observed) = &delivery.observed {
        write_intervals(body, clock, observed);
    }
    body.writer.length(delivery.observed_streams.len());
    for (key, observed) in &delivery.observed_streams {
        body.key(key);
        write_intervals(body, clock, observed);
    }
    body.writer.length(delivery.unparsed.len());
    for unparsed in &delivery.unparsed {
        body.writer.text(&unparsed.place);
        body.word(&unparsed.why);
    }
}

fn read_delivery(body: &mut BodyReader<'_>, clock: &mut Clock, version: u8) -> Read<Delivery> {
    Ok(Delivery {
        source: body.source()?,
        origin: body.word()?.to_owned(),
        range: body.reader.number()?..body.reader.number()?,
        marks: match version {
            1 => Vec::new(),
            _ => body.reader.marks()?,
        },
        streams: body.option(BodyReader::keys)?.map(Arc::new),
        counted: body.many(|body| read_counted(body, clock))?,
        samples: body.many(|body| read_sample(body, clock))?,
        readings: body.many(|body| read_reading(body, clock))?,
        observed: body.option(|body| read_intervals(body, clock))?,
        observed_streams: body
            .many(|body| Ok((body.key()?, read_intervals(body, clock)?)))?
            .into_iter()
            .collect(),
        unparsed: body.many(|body| {
            Ok(Unparsed {
                place: body.reader.text()?.to_owned(),
                why: body.word()?.to_owned(),
            })
        })?,
    })
}

fn write_counted(body: &mut Body, clock: &mut Clock, counted: &Counted) {
    body.key(&counted.stream);
    body.segment(&counted.segment);
    clock.write(&mut body.writer, counted.slice);
    clock.write_option(&mut body.writer, counted.received);
    body.writer.length(counted.tally.cells.len());
    for ((class, bucket), events) in &counted.tally.cells {
        body.cell(class, *bucket);
        body.writer.number(*events);
    }
}

fn read_counted(body: &mut BodyReader<'_>, clock: &mut Clock) -> Read<Counted> {
    Ok(Counted {
        stream: body.key()?,
        segment: body.segment()?,
        slice: clock.read(body)?,
        received: clock.read_option(body)?,
        tally: Tally {
            cells: body
                .many(|body| Ok((body.cell()?, body.reader.number()?)))?
                .into_iter()
                .collect(),
        },
    })
}

fn write_sample(body: &mut Body, clock: &mut Clock, sample: &Sample) {
    body.key(&sample.stream);
    body.segment(&sample.segment);
    body.word(&sample.series);
    body.cell(&sample.class, sample.bucket);
    clock.write(&mut body.writer, sample.time);
    body.writer.number(sample.value);
    clock.write_option(&mut body.writer, sample.created);
    clock.write_option(&mut body.writer, sample.received);
}

fn read_sample(body: &mut BodyReader<'_>, clock: &mut Clock) -> Read<Sample> {
    let (stream, segment, series) = (body.key()?, body.segment()?, body.word()?.to_owned());
    let (class, bucket) = body.cell()?;
    Ok(Sample {
        stream,
        segment,
        series,
        class,
        bucket,
        time: clock.read(body)?,
        value: body.reader.number()?,
        created: clock.read_option(body)?,
        received: clock.read_option(body)?,
    })
}

pub(crate) fn write_reading(body: &mut Body, clock: &mut Clock, reading: &Reading) {
    body.key(&reading.stream);
    body.segment(&reading.segment);
    body.word(&reading.series);
    clock.write(&mut body.writer, reading.time);
    body.writer.raw(&reading.value.0.to_le_bytes());
    clock.write_option(&mut body.writer, reading.received);
}

pub(crate) fn read_reading(body: &mut BodyReader<'_>, clock: &mut Clock) -> Read<Reading> {
    Ok(Reading {
        stream: body.key()?,
        segment: body.segment()?,
        series: body.word()?.to_owned(),
        time: clock.read(body)?,
        value: Measure(i128::from_le_bytes(body.reader.array()?)),
        received: clock.read_option(body)?,
    })
}

fn write_intervals(body: &mut Body, clock: &mut Clock, intervals: &[Interval]) {
    body.writer.length(intervals.len());
    for interval in intervals {
        clock.write(&mut body.writer, interval.start);
        clock.write(&mut body.writer, interval.end);
    }
}

fn read_intervals(body: &mut BodyReader<'_>, clock: &mut Clock) -> Read<Vec<Interval>> {
    body.many(|body| {
        Ok(Interval {
            start: clock.read(body)?,
            end: clock.read(body)?,
        })
    })
}
