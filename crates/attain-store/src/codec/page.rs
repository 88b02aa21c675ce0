//! A page: the facts of one stream and one day, column by column.

use attain_model::facts::{ColumnFacts, GaugeFacts, Layout, SampleFacts, SeriesFacts, StreamFacts};
use attain_model::quantity::Measure;
use attain_model::{CountedSegment, StreamKey};
use jiff::Timestamp;

use super::bytes::{Malformed, Read, Reader, Writer, parts, time_of, unzigzag, zigzag};
use super::pack::{pack, unpack};
use super::words::{Body, BodyReader};

/// What a page says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) stream: StreamKey,
    pub(crate) day: i64,
}

/// The content of a page.
pub(crate) fn encode(header: &Header, facts: &StreamFacts) -> Vec<u8> {
    let mut body = Body::default();
    body.key(&header.stream);
    body.writer.signed(header.day);
    let mut layouts: Vec<&Layout> = facts
        .columns
        .iter()
        .map(|column| &column.layout)
        .chain(facts.series.iter().map(|series| &series.layout))
        .collect();
    layouts.sort();
    layouts.dedup();
    body.writer.length(layouts.len());
    for layout in &layouts {
        body.layout(layout);
    }
    let number = |layout: &Layout| layouts.binary_search(&layout).unwrap_or(0);
    body.writer.length(facts.columns.len());
    for column in &facts.columns {
        body.writer.length(number(&column.layout));
        body.segment(&column.segment);
        body.cell(&column.class, column.bucket);
        write_column(&mut body.writer, column);
    }
    body.writer.length(facts.series.len());
    for series in &facts.series {
        body.writer.length(number(&series.layout));
        body.word(series.source.as_str());
        body.word(&series.series);
        body.segment(&series.segment);
        body.cell(&series.class, series.bucket);
        write_samples(&mut body.writer, &series.samples);
    }
    body.writer.length(facts.gauges.len());
    for gauge in &facts.gauges {
        body.word(gauge.source.as_str());
        body.word(&gauge.series);
        body.segment(&gauge.segment);
        write_readings(&mut body.writer, gauge);
    }
    body.finish()
}

/// The facts of a page, handed over one by one. `reuse` is given back between columns, so that a year of days does not
/// allocate a column each.
pub(crate) fn decode(content: &[u8], scratch: &mut Scratch, to: &mut impl Taker) -> Read<Header> {
    let mut body = BodyReader::new(content)?;
    let header = Header {
        stream: body.key()?,
        day: body.reader.signed()?,
    };
    let layouts = body.many(BodyReader::layout)?;
    let layout = |number: usize| {
        layouts
            .get(number)
            .ok_or(Malformed("a layout is not in the table"))
    };
    for _ in 0..body.reader.length()? {
        let layout = layout(body.reader.length()?)?;
        let segment = body.segment()?;
        let (class, bucket) = body.cell()?;
        read_column(&mut body.reader, scratch)?;
        to.column((layout, segment, class, bucket), scratch);
    }
    for _ in 0..body.reader.length()? {
        let layout = layout(body.reader.length()?)?.clone();
        let (source, series) = (body.source()?, body.word()?.to_owned());
        let segment = body.segment()?;
        let (class, bucket) = body.cell()?;
        let samples = read_samples(&mut body.reader, scratch)?;
        to.series(SeriesFacts {
            layout,
            source,
            series,
            segment,
            class,
            bucket,
            samples,
        });
    }
    for _ in 0..body.reader.length()? {
        let (source, series): (_, String) = (body.source()?, body.word()?.to_owned());
        let segment: CountedSegment = body.segment()?;
        let readings = read_readings(&mut body.reader, scratch)?;
        to.gauge(GaugeFacts {
            source,
            series,
            segment,
            readings,
        });
    }
    body.reader.end()?;
    Ok(header)
}

/// Of which layout, segment, class and bucket a column is.
pub(crate) type ColumnName<'l> = (
    &'l Layout,
    CountedSegment,
    attain_model::Class,
    attain_model::Bucket,
);

/// Takes what a page holds.
pub(crate) trait Taker {
    /// The column lies in `scratch`: `slices` and `events`, and `late`.
    fn column(&mut self, name: ColumnName<'_>, scratch: &Scratch);
    fn series(&mut self, series: SeriesFacts);
    fn gauge(&mut self, gauge: GaugeFacts);
}

/// Room that is used again.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Of what came with its slice: the first slice, then each one's distance from the one before, less one.
    pub(crate) first: i64,
    pub(crate) gaps: Vec<u64>,
    pub(crate) events: Vec<u64>,
    pub(crate) late: Vec<(i64, Timestamp, u64)>,
    a: Vec<u64>,
    b: Vec<u64>,
    c: Vec<u64>,
}

fn write_column(writer: &mut Writer, column: &ColumnFacts) {
    writer.length(column.on_time.len());
    if let Some((first, _)) = column.on_time.first() {
        writer.signed(*first);
        let gaps: Vec<u64> = column
            .on_time
            .windows(2)
            .map(|pair| (pair[1].0.wrapping_sub(pair[0].0) as u64).wrapping_sub(1))
            .collect();
        pack(writer, &gaps);
        let events: Vec<u64> = column.on_time.iter().map(|(_, events)| *events).collect();
        pack(writer, &events);
    }
    writer.length(column.late.len());
    if !column.late.is_empty() {
        pack_signed(writer, column.late.iter().map(|(slice, ..)| *slice));
        pack_times(writer, column.late.iter().map(|(_, at, _)| *at));
        let events: Vec<u64> = column.late.iter().map(|(.., events)| *events).collect();
        pack(writer, &events);
    }
}

fn read_column(reader: &mut Reader<'_>, scratch: &mut Scratch) -> Read<()> {
    let count = reader.length()?;
    scratch.first = 0;
    scratch.gaps.clear();
    scratch.events.clear();
    if count > 0 {
        scratch.first = reader.signed()?;
        unpack(reader, count - 1, &mut scratch.gaps)?;
        unpack(reader, count, &mut scratch.events)?;
    }
    let count = reader.length()?;
    scratch.late.clear();
    if count > 0 {
        let Scratch { a, b, c, late, .. } = scratch;
        unpack_signed(reader, count, a)?;
        let times = unpack_times(reader, count, b, c)?;
        unpack(reader, count, b)?;
        late.extend(
            a.iter()
                .zip(times)
                .zip(b.iter())
                .map(|((slice, at), events)| (*slice as i64, at, *events)),
        );
    }
    Ok(())
}

fn write_samples(writer: &mut Writer, samples: &[SampleFacts]) {
    writer.length(samples.len());
    pack_times(writer, samples.iter().map(|sample| sample.time));
    pack_signed(writer, samples.iter().map(|sample| sample.value as i64));
    pack_options(writer, samples.iter().map(|sample| sample.created));
    pack_options(writer, samples.iter().map(|sample| sample.late));
}

fn read_samples(reader: &mut Reader<'_>, scratch: &mut Scratch) -> Read<Vec<SampleFacts>> {
    let count = reader.length()?;
    let Scratch { a, b, c, .. } = scratch;
    let times = unpack_times(reader, count, b, c)?;
    unpack_signed(reader, count, a)?;
    let created = unpack_options(reader, count, b, c)?;
    let late = unpack_options(reader, count, b, c)?;
    Ok((0..count)
        .map(|at| SampleFacts {
            time: times[at],
            value: a[at],
            created: created[at],
            late: late[at],
        })
        .collect())
}

fn write_readings(writer: &mut Writer, gauge: &GaugeFacts) {
    let readings = &gauge.readings;
    writer.length(readings.len());
    pack_times(writer, readings.iter().map(|(time, ..)| *time));
    pack_options(writer, readings.iter().map(|(_, late, _)| *late));
    let halves = |shift: u32| -> Vec<u64> {
        readings
            .iter()
            .map(|(.., value)| {
                let value = value.0;
                let folded = ((value << 1) ^ (value >> 127)) as u128;
                (folded >> shift) as u64
            })
            .collect()
    };
    pack(writer, &halves(0));
    pack(writer, &halves(64));
}

type GaugeReading = (Timestamp, Option<Timestamp>, Measure);

fn read_readings(reader: &mut Reader<'_>, scratch: &mut Scratch) -> Read<Vec<GaugeReading>> {
    let count = reader.length()?;
    let Scratch { a, b, c, .. } = scratch;
    let times = unpack_times(reader, count, b, c)?;
    let late = unpack_options(reader, count, b, c)?;
    unpack(reader, count, a)?;
    unpack(reader, count, b)?;
    Ok((0..count)
        .map(|at| {
            let folded = u128::from(a[at]) | u128::from(b[at]) << 64;
            let value = (folded >> 1) as i128 ^ -((folded & 1) as i128);
            (times[at], late[at], Measure(value))
        })
        .collect())
}

/// Each number as its distance from the one before.
fn pack_signed(writer: &mut Writer, numbers: impl Iterator<Item = i64>) {
    let mut last = 0_i64;
    let folded: Vec<u64> = numbers
        .map(|number| zigzag(number.wrapping_sub(std::mem::replace(&mut last, number))))
        .collect();
    if let Some((first, rest)) = folded.split_first() {
        writer.number(*first);
        pack(writer, rest);
    }
}

/// The numbers are left in `numbers`, as their bits.
fn unpack_signed(reader: &mut Reader<'_>, count: usize, numbers: &mut Vec<u64>) -> Read<()> {
    numbers.clear();
    if count == 0 {
        return Ok(());
    }
    let first = reader.number()?;
    unpack(reader, count - 1, numbers)?;
    numbers.insert(0, first);
    let mut last = 0_i64;
    for number in numbers {
        last = last.wrapping_add(unzigzag(*number));
        *number = last as u64;
    }
    Ok(())
}

fn pack_times(writer: &mut Writer, times: impl Iterator<Item = Timestamp>) {
    let (seconds, nanoseconds): (Vec<i64>, Vec<u64>) = times
        .map(|time| {
            let (second, nanosecond) = parts(time);
            (second, u64::from(nanosecond))
        })
        .unzip();
    pack_signed(writer, seconds.into_iter());
    pack(writer, &nanoseconds);
}

fn unpack_times(
    reader: &mut Reader<'_>,
    count: usize,
    seconds: &mut Vec<u64>,
    nanoseconds: &mut Vec<u64>,
) -> Read<Vec<Timestamp>> {
    unpack_signed(reader, count, seconds)?;
    unpack(reader, count, nanoseconds)?;
    seconds
        .iter()
        .zip(nanoseconds.iter())
        .map(|(second, nanosecond)| {
            let nanosecond =
                u32::try_from(*nanosecond).map_err(|_| Malformed("no such instant"))?;
            time_of(*second as i64, nanosecond)
        })
        .collect()
}

fn pack_options(writer: &mut Writer, times: impl Iterator<Item = Option<Timestamp>>) {
    let times: Vec<Option<Timestamp>> = times.collect();
    let flags: Vec<u64> = times.iter().map(|time| u64::from(time.is_some())).collect();
    pack(writer, &flags);
    pack_times(writer, times.into_iter().flatten());
}

fn unpack_options(
    reader: &mut Reader<'_>,
    count: usize,
    a: &mut Vec<u64>,
    b: &mut Vec<u64>,
) -> Read<Vec<Option<Timestamp>>> {
    unpack(reader, count, a)?;
    let flags: Vec<bool> = a.iter().map(|flag| *flag == 1).collect();
    let present = flags.iter().filter(|is| **is).count();
    let mut times = unpack_times(reader, present, a, b)?.into_iter();
    Ok(flags
        .into_iter()
        .map(|is| if is { times.next() } else { None })
        .collect())
}
