//! The state: what a ledger knows beside the counts.

use attain_model::facts::{HeardFacts, Mark, OriginFacts, SourceFacts, State};
use attain_model::live::MeterFacts;
use jiff::Timestamp;

use super::bytes::{Malformed, Read, Reader, Writer};
use super::meter;
use super::words::{Body, BodyReader};

/// The content of a state, and of what a meter knows beside it.
pub(crate) fn encode(state: &State, meter: &MeterFacts) -> Vec<u8> {
    let mut body = Body::default();
    body.writer.number(u64::from(state.slice_seconds));
    body.writer.option(state.watermark, Writer::time);
    body.kept(&state.kept);
    body.writer.length(state.said.len());
    for (key, sources) in &state.said {
        body.key(key);
        body.writer.length(sources.len());
        for source in sources {
            body.word(source.as_str());
        }
    }
    body.writer.length(state.sources.len());
    for (source, facts) in &state.sources {
        body.word(source.as_str());
        write_source(&mut body, facts);
    }
    body.writer.length(state.origins.len());
    for ((source, origin), facts) in &state.origins {
        body.word(source.as_str());
        body.writer.text(origin);
        body.writer.positions(&facts.seen);
        body.writer.length(facts.streams.len());
        for (key, ranges) in &facts.streams {
            body.key(key);
            body.writer.positions(ranges);
        }
        body.writer.marks(facts.fingerprint.marks());
    }
    // Format 1 ends here, and so does the state of a folder that nothing live was counted into.
    if *meter != MeterFacts::default() {
        meter::write(&mut body, meter);
    }
    body.finish()
}

/// What a state of a version holds.
pub(crate) fn decode(content: &[u8], version: u8) -> Read<(State, MeterFacts)> {
    let mut body = BodyReader::new(content)?;
    let state = State {
        slice_seconds: u32::try_from(body.reader.number()?)
            .map_err(|_| Malformed("a slice is too long"))?,
        watermark: body.reader.option(Reader::time)?,
        kept: body.kept()?,
        said: body
            .many(|body| {
                let key = body.key()?;
                let sources = body.many(BodyReader::source)?.into_iter().collect();
                Ok((key, sources))
            })?
            .into_iter()
            .collect(),
        sources: body
            .many(|body| Ok((body.source()?, read_source(body)?)))?
            .into_iter()
            .collect(),
        origins: body
            .many(|body| {
                let name = (body.source()?, body.reader.text()?.to_owned());
                Ok((name, read_origin(body, version)?))
            })?
            .into_iter()
            .collect(),
    };
    let meter = if body.reader.is_empty() {
        MeterFacts::default()
    } else {
        meter::read(&mut body)?
    };
    body.reader.end()?;
    Ok((state, meter))
}

fn read_origin(body: &mut BodyReader<'_>, version: u8) -> Read<OriginFacts> {
    Ok(OriginFacts {
        seen: body.reader.positions()?,
        streams: body
            .many(|body| Ok((body.key()?, body.reader.positions()?)))?
            .into_iter()
            .collect(),
        fingerprint: match version {
            1 => {
                let marks = body.reader.option(read_head_and_tail)?;
                marks.into_iter().flatten().collect()
            }
            _ => body.reader.marks()?.into_iter().collect(),
        },
    })
}

/// Version 1 had two marks: the first up to 4 KiB, whole lines of them, and the last before where reading ended.
fn read_head_and_tail(reader: &mut Reader<'_>) -> Read<Vec<Mark>> {
    const LONGEST: u64 = 4096;
    let mut marks = Vec::new();
    for is_head in [true, false] {
        let end = reader.number()?;
        let start = if is_head {
            0
        } else {
            end.saturating_sub(LONGEST)
        };
        // Hexadecimal; what is none was no hash, and nothing is known by it.
        let first = reader.text()?.get(..16);
        if let Some(hash) = first.and_then(|text| u64::from_str_radix(text, 16).ok()) {
            marks.push(Mark {
                range: start..end,
                hash,
            });
        }
    }
    Ok(marks)
}

fn write_source(body: &mut Body, facts: &SourceFacts) {
    write_heard(&mut body.writer, &facts.heard);
    body.writer.length(facts.streams.len());
    for (key, heard) in &facts.streams {
        body.key(key);
        write_heard(&mut body.writer, heard);
    }
    write_instants(&mut body.writer, &facts.instants);
    body.writer.number(facts.unparsed);
    body.writer.number(facts.too_late);
    body.writer
        .option(facts.too_late_slices, |writer, (first, last)| {
            writer.signed(first);
            writer.signed(last);
        });
    body.writer.number(facts.ahead);
}

fn read_source(body: &mut BodyReader<'_>) -> Read<SourceFacts> {
    Ok(SourceFacts {
        heard: read_heard(&mut body.reader)?,
        streams: body
            .many(|body| Ok((body.key()?, read_heard(&mut body.reader)?)))?
            .into_iter()
            .collect(),
        instants: read_instants(&mut body.reader)?,
        unparsed: body.reader.number()?,
        too_late: body.reader.number()?,
        too_late_slices: body
            .reader
            .option(|reader| Ok((reader.signed()?, reader.signed()?)))?,
        ahead: body.reader.number()?,
    })
}

fn write_heard(writer: &mut Writer, heard: &HeardFacts) {
    writer.slices(&heard.slices);
    writer.byte(u8::from(heard.is_unknown));
}

fn read_heard(reader: &mut Reader<'_>) -> Read<HeardFacts> {
    Ok(HeardFacts {
        slices: reader.slices()?,
        is_unknown: reader.byte()? == 1,
    })
}

/// Seconds as distances: instants of a scrape are evenly apart, and zstd sees that.
fn write_instants(writer: &mut Writer, instants: &[(Timestamp, Option<Timestamp>)]) {
    writer.length(instants.len());
    let mut last = 0;
    for (instant, late) in instants {
        let (second, nanosecond) = super::bytes::parts(*instant);
        writer.signed(second.wrapping_sub(last));
        writer.number(u64::from(nanosecond));
        writer.option(*late, Writer::time);
        last = second;
    }
}

fn read_instants(reader: &mut Reader<'_>) -> Read<Vec<(Timestamp, Option<Timestamp>)>> {
    let mut last = 0_i64;
    reader.many(|reader| {
        last = last.wrapping_add(reader.signed()?);
        let nanosecond =
            u32::try_from(reader.number()?).map_err(|_| Malformed("no such instant"))?;
        let late = |reader: &mut Reader<'_>| reader.option(Reader::time);
        Ok((super::bytes::time_of(last, nanosecond)?, late(reader)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the first formats said of a file goes on telling it.
    #[test]
    fn a_head_and_a_tail_are_marks() {
        let mut writer = Writer::default();
        writer.number(4000);
        writer.text("00112233445566778899aabbccddeeff");
        writer.number(10_000);
        writer.text("fedcba98765432100000000000000000");
        let marks = read_head_and_tail(&mut Reader::new(&writer.bytes)).unwrap();
        assert_eq!(
            marks,
            [
                Mark {
                    range: 0..4000,
                    hash: 0x0011_2233_4455_6677,
                },
                Mark {
                    range: 5904..10_000,
                    hash: 0xfedc_ba98_7654_3210,
                },
            ]
        );
    }
}
