//! What a meter knows, behind the ledger's state.

use attain_model::SourceId;
use attain_model::live::{
    LivePast, LivePoint, MeterFacts, MeteredSeries, MeteredSource, OpenCount, Slot,
};

use super::bytes::{Malformed, Read, Reader, Writer};
use super::live::{read_series, read_to, write_series, write_to};
use super::words::{Body, BodyReader};

pub(crate) fn write(body: &mut Body, facts: &MeterFacts) {
    body.writer.option(facts.closed_until, Writer::time);
    body.writer.number(facts.delivered);
    body.writer.length(facts.series.len());
    for metered in &facts.series {
        write_series(body, &metered.series);
        write_points(&mut body.writer, &metered.points);
    }
    body.writer.length(facts.open.len());
    for open in &facts.open {
        write_to(body, &open.to);
        body.word(open.source.as_str());
        body.writer.signed(open.slice);
        body.writer.option(open.late, Writer::time);
        body.writer.number(open.events);
    }
    body.writer.length(facts.owed.len());
    for (stream, segment, events) in &facts.owed {
        body.key(stream);
        body.segment(segment);
        body.writer.number(*events);
    }
    body.writer.length(facts.counted_since.len());
    for (stream, since) in &facts.counted_since {
        body.key(stream);
        body.writer.option(*since, Writer::signed);
    }
    body.writer.length(facts.sources.len());
    for (source, facts) in &facts.sources {
        body.word(source.as_str());
        body.writer.length(facts.heard.len());
        for (from, until) in &facts.heard {
            body.writer.signed(*from);
            body.writer.signed(until.wrapping_sub(*from));
        }
        body.writer.option(facts.newest_ms, Writer::signed);
        body.writer.length(facts.things.len());
        for (thing, since) in &facts.things {
            body.writer.raw(&thing.to_le_bytes());
            body.writer.signed(*since);
        }
    }
    let forgotten = facts.sources.iter().map(|(_, facts)| facts.forgotten_ms);
    let has_forgotten = forgotten.clone().any(|newest| newest.is_some());
    // Where nothing is missing, it ends here, as it did before this was kept.
    if !facts.untold.is_empty() || !facts.pasts.is_empty() || has_forgotten {
        body.writer.length(facts.untold.len());
        for (slot, missing) in &facts.untold {
            body.writer.number(u64::from(*slot));
            body.writer.length(missing.len());
            for (from, until) in missing {
                body.writer.signed(*from);
                body.writer.signed(until.wrapping_sub(*from));
            }
        }
    }
    if !facts.pasts.is_empty() || has_forgotten {
        body.writer.length(facts.pasts.len());
        for past in &facts.pasts {
            body.writer.number(u64::from(past.slot));
            body.writer.option(past.came, |writer, (first, last)| {
                writer.time(first);
                writer.time(last);
            });
            write_points(&mut body.writer, &past.points);
        }
    }
    if has_forgotten {
        for newest in forgotten {
            body.writer.option(newest, Writer::signed);
        }
    }
}

pub(crate) fn read(body: &mut BodyReader<'_>) -> Read<MeterFacts> {
    let mut facts = MeterFacts {
        closed_until: body.reader.option(Reader::time)?,
        delivered: body.reader.number()?,
        series: body.many(|body| {
            Ok(MeteredSeries {
                series: read_series(body)?,
                points: read_points(&mut body.reader)?,
            })
        })?,
        open: body.many(|body| {
            Ok(OpenCount {
                to: read_to(body)?,
                source: SourceId::new(body.word()?),
                slice: body.reader.signed()?,
                late: body.reader.option(Reader::time)?,
                events: body.reader.number()?,
            })
        })?,
        owed: body.many(|body| Ok((body.key()?, body.segment()?, body.reader.number()?)))?,
        counted_since: body.many(|body| Ok((body.key()?, body.reader.option(Reader::signed)?)))?,
        sources: body.many(|body| {
            let source = SourceId::new(body.word()?);
            let facts = MeteredSource {
                heard: body.reader.many(|reader| {
                    let from = reader.signed()?;
                    Ok((from, from.wrapping_add(reader.signed()?)))
                })?,
                newest_ms: body.reader.option(Reader::signed)?,
                things: body
                    .reader
                    .many(|reader| Ok((u64::from_le_bytes(reader.array()?), reader.signed()?)))?,
                forgotten_ms: None,
            };
            Ok((source, facts))
        })?,
        untold: match body.reader.is_empty() {
            true => Vec::new(),
            false => body.reader.many(read_untold)?,
        },
        pasts: match body.reader.is_empty() {
            true => Vec::new(),
            false => body.reader.many(read_past)?,
        },
    };
    if !body.reader.is_empty() {
        for (_, source) in &mut facts.sources {
            source.forgotten_ms = body.reader.option(Reader::signed)?;
        }
    }
    Ok(facts)
}

fn read_past(reader: &mut Reader<'_>) -> Read<LivePast> {
    Ok(LivePast {
        slot: read_slot(reader)?,
        came: reader.option(|reader| Ok((reader.time()?, reader.time()?)))?,
        points: read_points(reader)?,
    })
}

fn read_slot(reader: &mut Reader<'_>) -> Read<Slot> {
    Slot::try_from(reader.number()?).map_err(|_| Malformed("a slot is too large"))
}

fn read_untold(reader: &mut Reader<'_>) -> Read<(Slot, Vec<(i64, i64)>)> {
    let slot = read_slot(reader)?;
    let missing = reader.many(|reader| {
        let from = reader.signed()?;
        Ok((from, from.wrapping_add(reader.signed()?)))
    })?;
    Ok((slot, missing))
}

fn write_points(writer: &mut Writer, points: &[LivePoint]) {
    writer.length(points.len());
    let (mut time, mut value) = (0_i64, 0_u64);
    for point in points {
        writer.signed(point.time_ms.wrapping_sub(time));
        writer.signed(point.value.wrapping_sub(value) as i64);
        writer.number(point.added);
        let created = point.created_ms.map(|ms| point.time_ms.wrapping_sub(ms));
        writer.option(created, Writer::signed);
        (time, value) = (point.time_ms, point.value);
    }
}

fn read_points(reader: &mut Reader<'_>) -> Read<Vec<LivePoint>> {
    let (mut time, mut value) = (0_i64, 0_u64);
    reader.many(|reader| {
        time = time.wrapping_add(reader.signed()?);
        value = value.wrapping_add(reader.signed()? as u64);
        Ok(LivePoint {
            time_ms: time,
            value,
            added: reader.number()?,
            created_ms: reader
                .option(Reader::signed)?
                .map(|before| time.wrapping_sub(before)),
        })
    })
}
