//! The nouns of attain-model that several blobs hold.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use attain_model::facts::{KeptStream, Layout, Mark};
use attain_model::{
    Bucket, Class, CountedSegment, Interval, SegmentId, SourceId, StreamKey, Threshold,
};

use super::bytes::{Malformed, Read, Reader, Writer};
use super::words::{Body, BodyReader};

impl Body {
    pub(crate) fn segment(&mut self, segment: &CountedSegment) {
        match segment {
            CountedSegment::Unknown => self.writer.byte(0),
            CountedSegment::Known(id) => {
                self.writer.byte(1);
                self.word(id.as_str());
            }
        }
    }

    pub(crate) fn cell(&mut self, class: &Class, bucket: Bucket) {
        self.word(class.as_str());
        // Untimed is the common one: it takes a byte.
        self.writer.number(u64::from(bucket.0.wrapping_add(1)));
    }

    pub(crate) fn class(&mut self, class: &Class) {
        self.word(class.as_str());
    }

    pub(crate) fn key(&mut self, key: &StreamKey) {
        self.word(key.as_str());
    }

    pub(crate) fn layout(&mut self, layout: &Layout) {
        self.writer.length(layout.edges.len());
        for edge in &layout.edges {
            self.writer.number(edge.nanoseconds());
        }
        self.writer.length(layout.class_labels.len());
        for label in &layout.class_labels {
            self.word(label);
        }
    }

    pub(crate) fn kept(&mut self, kept: &BTreeMap<StreamKey, KeptStream>) {
        self.writer.length(kept.len());
        for (key, kept) in kept {
            self.key(key);
            self.key(&kept.key);
            self.writer.length(kept.sources.len());
            for source in &kept.sources {
                self.word(source.as_str());
            }
            self.layout(&kept.layout);
            self.writer.number(kept.slice.as_secs());
            self.writer.number(u64::from(kept.slice.subsec_nanos()));
        }
    }

    pub(crate) fn keys<'k>(&mut self, keys: impl ExactSizeIterator<Item = &'k StreamKey>) {
        self.writer.length(keys.len());
        keys.for_each(|key| self.key(key));
    }
}

impl BodyReader<'_> {
    pub(crate) fn segment(&mut self) -> Read<CountedSegment> {
        match self.reader.byte()? {
            0 => Ok(CountedSegment::Unknown),
            1 => Ok(CountedSegment::Known(SegmentId::new(self.word()?))),
            _ => Err(Malformed("no such segment")),
        }
    }

    pub(crate) fn cell(&mut self) -> Read<(Class, Bucket)> {
        let class = Class::new(self.word()?);
        let bucket =
            u16::try_from(self.reader.number()?).map_err(|_| Malformed("no such bucket"))?;
        Ok((class, Bucket(bucket.wrapping_sub(1))))
    }

    pub(crate) fn class(&mut self) -> Read<Class> {
        self.word().map(Class::new)
    }

    pub(crate) fn key(&mut self) -> Read<StreamKey> {
        self.word().map(StreamKey::new)
    }

    pub(crate) fn source(&mut self) -> Read<SourceId> {
        self.word().map(SourceId::new)
    }

    pub(crate) fn layout(&mut self) -> Read<Layout> {
        Ok(Layout {
            edges: self.many(|body| body.reader.number().map(Threshold::from_nanoseconds))?,
            class_labels: self.many(|body| body.word().map(str::to_owned))?,
        })
    }

    pub(crate) fn kept(&mut self) -> Read<BTreeMap<StreamKey, KeptStream>> {
        let kept = self.many(|body| {
            let name = body.key()?;
            let kept = KeptStream {
                key: body.key()?,
                sources: body.many(Self::source)?,
                layout: body.layout()?,
                slice: body.duration()?,
            };
            Ok((name, kept))
        })?;
        Ok(kept.into_iter().collect())
    }

    pub(crate) fn keys(&mut self) -> Read<BTreeSet<StreamKey>> {
        Ok(self.many(Self::key)?.into_iter().collect())
    }

    fn duration(&mut self) -> Read<Duration> {
        let seconds = self.reader.number()?;
        let nanoseconds = u32::try_from(self.reader.number()?)
            .ok()
            .filter(|nanoseconds| *nanoseconds < 1_000_000_000)
            .ok_or(Malformed("no such length of time"))?;
        Ok(Duration::new(seconds, nanoseconds))
    }
}

impl Writer {
    pub(crate) fn interval(&mut self, interval: &Interval) {
        self.time(interval.start);
        self.time(interval.end);
    }

    pub(crate) fn slices(&mut self, ranges: &[Range<i64>]) {
        self.length(ranges.len());
        let mut last = 0;
        for range in ranges {
            self.signed(range.start.wrapping_sub(last));
            self.signed(range.end.wrapping_sub(range.start));
            last = range.end;
        }
    }

    pub(crate) fn positions(&mut self, ranges: &[Range<u64>]) {
        self.length(ranges.len());
        for range in ranges {
            self.number(range.start);
            self.number(range.end);
        }
    }

    /// Positions first: they are much the same from file to file, and zstd sees that.
    pub(crate) fn marks(&mut self, marks: &[Mark]) {
        self.length(marks.len());
        for Mark { range, .. } in marks {
            self.number(range.end);
            self.number(range.end.wrapping_sub(range.start));
        }
        for mark in marks {
            self.raw(&mark.hash.to_le_bytes());
        }
    }
}

impl Reader<'_> {
    pub(crate) fn interval(&mut self) -> Read<Interval> {
        Ok(Interval {
            start: self.time()?,
            end: self.time()?,
        })
    }

    pub(crate) fn slices(&mut self) -> Read<Vec<Range<i64>>> {
        let mut last = 0_i64;
        self.many(|reader| {
            let start = last.wrapping_add(reader.signed()?);
            last = start.wrapping_add(reader.signed()?);
            Ok(start..last)
        })
    }

    pub(crate) fn positions(&mut self) -> Read<Vec<Range<u64>>> {
        self.many(|reader| Ok(reader.number()?..reader.number()?))
    }

    pub(crate) fn marks(&mut self) -> Read<Vec<Mark>> {
        let ranges = self.many(|reader| {
            let (end, length) = (reader.number()?, reader.number()?);
            Ok(end.wrapping_sub(length)..end)
        })?;
        let mark = |range| {
            let hash = u64::from_le_bytes(self.array()?);
            Ok(Mark { range, hash })
        };
        ranges.into_iter().map(mark).collect()
    }
}
