//! Heads and manifests: what there should be, so that what is missing shows.
//!
//! A head names the digest of the state and of every stream's manifest; a manifest names the digest of every page. One
//! sealing makes one head, and its number grows by one.

use std::collections::BTreeMap;

use attain_model::{Interval, StreamKey};
use jiff::Timestamp;

use super::blob::Digest;
use super::bytes::{Read, Reader, Writer};

/// What a sealing left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// The number of the sealing; 0 is before the first.
    pub(crate) generation: u64,
    /// Frames up to this number are in pages.
    pub(crate) through: u64,
    /// The next page's number. Numbers are not used twice.
    pub(crate) next_page: u64,
    /// The next stream's number.
    pub(crate) next_stream: u64,
    /// Length of a slice, in seconds; 0 before the first sealing.
    pub(crate) slice_seconds: u32,
    /// What lay before was dropped.
    pub(crate) since: Option<Timestamp>,
    /// Of the state that belongs to it.
    pub(crate) state: Digest,
    pub(crate) streams: BTreeMap<StreamKey, Listed>,
}

/// What a head knows of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The stream's number in the tables.
    pub(crate) number: u64,
    /// Of its manifest.
    pub(crate) manifest: Digest,
    /// From the first to the last of its facts.
    pub(crate) span: Span,
}

/// Whole seconds, half-open: when facts happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

impl Span {
    pub(crate) fn hull(self, other: Span) -> Span {
        Span {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// Saturates at the ends of the calendar.
    pub(crate) fn interval(self) -> Interval {
        let time = |second: i64| {
            Timestamp::from_second(second).unwrap_or(if second < 0 {
                Timestamp::MIN
            } else {
                Timestamp::MAX
            })
        };
        Interval {
            start: time(self.start),
            end: time(self.end),
        }
    }
}

/// The pages of one stream, in the order in which they were written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) pages: Vec<Listing>,
}

/// What a manifest knows of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listing {
    pub(crate) number: u64,
    /// Days since 1970, UTC.
    pub(crate) day: i64,
    pub(crate) span: Span,
    pub(crate) bytes: u64,
    pub(crate) digest: Digest,
}

impl Manifest {
    /// From the first to the last fact of all pages.
    pub(crate) fn span(&self) -> Option<Span> {
        self.pages.iter().map(|page| page.span).reduce(Span::hull)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.length(self.pages.len());
        let mut last = 0_u64;
        for page in &self.pages {
            writer.signed(page.number.wrapping_sub(last) as i64);
            writer.signed(page.day);
            page.span.write(&mut writer);
            writer.number(page.bytes);
            writer.raw(&page.digest);
            last = page.number;
        }
        writer.bytes
    }

    pub(crate) fn decode(content: &[u8]) -> Read<Self> {
        let mut reader = Reader::new(content);
        let mut last = 0_u64;
        let pages = reader.many(|reader| {
            last = last.wrapping_add(reader.signed()? as u64);
            Ok(Listing {
                number: last,
                day: reader.signed()?,
                span: Span::read(reader)?,
                bytes: reader.number()?,
                digest: reader.array()?,
            })
        })?;
        reader.end()?;
        Ok(Self { pages })
    }
}

impl Span {
    fn write(self, writer: &mut Writer) {
        writer.signed(self.start);
        writer.signed(self.end.wrapping_sub(self.start));
    }

    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let start = reader.signed()?;
        Ok(Self {
            start,
            end: start.wrapping_add(reader.signed()?),
        })
    }
}

impl Head {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.number(self.generation);
        writer.number(self.through);
        writer.number(self.next_page);
        writer.number(self.next_stream);
        writer.number(u64::from(self.slice_seconds));
        writer.option(self.since, Writer::time);
        writer.raw(&self.state);
        writer.length(self.streams.len());
        for (key, listed) in &self.streams {
            writer.text(key.as_str());
            writer.number(listed.number);
            writer.raw(&listed.manifest);
            listed.span.write(&mut writer);
        }
        writer.bytes
    }

    pub(crate) fn decode(content: &[u8]) -> Read<Self> {
        let mut reader = Reader::new(content);
        let head = Self {
            generation: reader.number()?,
            through: reader.number()?,
            next_page: reader.number()?,
            next_stream: reader.number()?,
            slice_seconds: u32::try_from(reader.number()?).unwrap_or(u32::MAX),
            since: reader.option(Reader::time)?,
            state: reader.array()?,
            streams: reader
                .many(|reader| {
                    let key = StreamKey::new(reader.text()?);
                    let listed = Listed {
                        number: reader.number()?,
                        manifest: reader.array()?,
                        span: Span::read(reader)?,
                    };
                    Ok((key, listed))
                })?
                .into_iter()
                .collect(),
        };
        reader.end()?;
        Ok(head)
    }
}

/// What record.db remembers of a frame that is not sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    /// When its facts happened; `None` is not known.
    pub(crate) interval: Option<Interval>,
}

impl Note {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.option(self.interval, |writer, interval| writer.interval(&interval));
        writer.bytes
    }

    pub(crate) fn decode(content: &[u8]) -> Read<Self> {
        let mut reader = Reader::new(content);
        let interval = reader.option(Reader::interval)?;
        reader.end()?;
        Ok(Self { interval })
    }
}
