//! Reading on where an earlier run ended, whatever happened to the file since, on any number of threads, and only so far.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use attain_model::delivery::Delivery;
use attain_model::facts::OriginFacts;
use attain_model::source::LogFormat;
use attain_model::{Catalogue, SourceId, Stream, StreamKey};
use attain_sources::{Error, Options, Reading, read};

use crate::make::*;

type Taken = BTreeMap<(SourceId, String), OriginFacts>;

pub fn site(files: &[&str]) -> Catalogue {
    empty()
        .segment("premium", &["premium"])
        .source(
            "access",
            log(files, LogFormat::Combined, &["segment"], None),
        )
        .slo("site", log_lines(only(&[])), &[])
        .slo("api", log_lines(only(&[("path", "~/api.*")])), &[])
}

pub fn line(number: usize) -> String {
    let (path, segment) = (
        ["/api", "/", "/a b"][number % 3],
        ["premium", "other", "-"][number % 5 % 3],
    );
    let (minute, second) = (number / 60 % 60, number % 60);
    if number % 97 == 13 {
        return format!("this is line {number} and no event\n");
    }
    format!(
        "192.0.2.{} - - [02/Nov/2026:09:{minute:02}:{second:02} +0000] \"GET {path} HTTP/1.1\" 200 1 \"-\" \"a\" {segment}\n",
        number % 200
    )
}

fn lines(range: Range<usize>) -> String {
    range.map(line).collect()
}

/// Takes down what a ledger would, and what was told.
#[derive(Default)]
pub struct Kept {
    taken: Taken,
    events: BTreeMap<String, u64>,
    unparsed: BTreeSet<String>,
    pub ranges: Vec<Range<u64>>,
}

impl Kept {
    fn take(&mut self, catalogue: &Catalogue, delivery: Delivery) {
        for counted in &delivery.counted {
            *self
                .events
                .entry(counted.stream.as_str().to_owned())
                .or_insert(0) += counted.tally.total();
        }
        self.unparsed
            .extend(delivery.unparsed.into_iter().map(|unparsed| unparsed.place));
        let facts = self
            .taken
            .entry((delivery.source, delivery.origin))
            .or_default();
        let all = || Stream::all(catalogue).into_iter().map(|stream| stream.key);
        let streams: Vec<StreamKey> = delivery
            .streams
            .map_or_else(|| all().collect(), |some| some.iter().cloned().collect());
        for key in streams {
            let ranges = facts.streams.entry(key).or_default();
            let overlaps = |old: &&Range<u64>| {
                old.start < delivery.range.end && delivery.range.start < old.end
            };
            assert_eq!(
                ranges.iter().find(overlaps),
                None,
                "{:?} again",
                delivery.range
            );
            ranges.push(delivery.range.clone());
        }
        facts.seen.push(delivery.range.clone());
        facts.fingerprint.add(delivery.marks);
        self.ranges.push(delivery.range);
    }

    pub fn read(&mut self, catalogue: &Catalogue, base: &Path) -> Reading {
        self.read_until(catalogue, base, usize::MAX).unwrap()
    }

    /// As a process that is killed when it has kept so many deliveries.
    pub fn read_until(
        &mut self,
        catalogue: &Catalogue,
        base: &Path,
        deliveries: usize,
    ) -> Option<Reading> {
        let end = self.ranges.len().saturating_add(deliveries);
        let options = Options {
            chunk_bytes: 3000,
            taken: self.taken.clone(),
            ..Options::default()
        };
        let mut sink = |delivery| {
            if self.ranges.len() >= end {
                return Err("killed".into());
            }
            self.take(catalogue, delivery);
            Ok(())
        };
        let reading = read(catalogue, base, &options, &mut sink, &mut |_| {});
        match reading {
            Err(Error::Sink(_)) => None,
            reading => Some(reading.unwrap()),
        }
    }

    pub fn all(&self) -> u64 {
        self.events["access|log"]
    }
}

fn events(range: Range<usize>) -> u64 {
    range.filter(|number| number % 97 != 13).count() as u64
}

#[test]
fn any_number_of_threads_tells_the_same() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.log"), lines(0..3000)).unwrap();
    std::fs::write(dir.path().join("b.log"), lines(3000..7000).trim_end()).unwrap();
    gzip(&dir.path().join("c.log"), &lines(7000..9000));
    let zstd = zstd::encode_all(lines(9000..9500).as_bytes(), 3).unwrap();
    std::fs::write(dir.path().join("d.log"), zstd).unwrap();
    let text = |threads, chunk_bytes| {
        let options = Options {
            threads,
            chunk_bytes,
            ..Options::default()
        };
        read_text(&site(&["*.log"]), dir.path(), &options)
    };
    for chunk_bytes in [700, 20_000, 1 << 30] {
        let alone = text(1, chunk_bytes);
        assert!(alone.contains("access: 9500 lines, 98 unparsed"), "{alone}");
        assert!(alone.contains("unparsed b.log:3804: "), "{alone}");
        for threads in [2, 3, 8] {
            assert!(text(threads, chunk_bytes) == alone, "{threads} threads");
        }
    }
}

pub fn gzip(path: &Path, text: &str) {
    let file = std::fs::File::create(path).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap();
}

#[test]
fn a_file_that_grows_is_rotated_compressed_and_cut_is_counted_once() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let catalogue = site(&["access*"]);
    let mut kept = Kept::default();
    // Shorter than the beginning by which a long file is known.
    std::fs::write(at("access.log"), lines(0..3)).unwrap();
    kept.read(&catalogue, dir.path());
    assert_eq!(kept.all(), 3);
    std::fs::write(at("access.log"), lines(0..500)).unwrap();
    kept.read(&catalogue, dir.path());
    assert_eq!(kept.all(), events(0..500));
    // Grown, rotated, a new one beside it.
    std::fs::rename(at("access.log"), at("access.log.1")).unwrap();
    std::fs::write(at("access.log.1"), lines(0..600)).unwrap();
    std::fs::write(at("access.log"), lines(600..650)).unwrap();
    kept.read(&catalogue, dir.path());
    assert_eq!(kept.all(), events(0..650));
    assert_eq!(kept.taken.len(), 2);
    // Compressed, and a copy with a byte order mark that breaks off within a line.
    std::fs::remove_file(at("access.log.1")).unwrap();
    gzip(&at("access.log.2.gz"), &lines(0..600));
    let copy = format!("\u{feff}{}", lines(0..600));
    std::fs::write(at("access.copy"), &copy[..copy.len() / 2 + 7]).unwrap();
    let before = kept.ranges.len();
    kept.read(&catalogue, dir.path());
    assert_eq!(kept.ranges.len(), before);
    std::fs::remove_file(at("access.log.2.gz")).unwrap();
    kept.read(&catalogue, dir.path());
    assert_eq!((kept.ranges.len(), kept.all()), (before, events(0..650)));
    // Lines are told by their numbers in the file, also where what is before them was passed over.
    let unparsed: Vec<&str> = kept.unparsed.iter().map(String::as_str).collect();
    assert!(
        unparsed.contains(&"access.log:499") && unparsed.contains(&"access.log.1:596"),
        "{unparsed:?}"
    );
}

#[test]
fn a_file_that_only_begins_like_an_old_one_is_another() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.log");
    let catalogue = site(&["access.log"]);
    let mut kept = Kept::default();
    std::fs::write(&path, lines(0..200)).unwrap();
    kept.read(&catalogue, dir.path());
    // As long as before and longer; what stood at the end of what was taken is something else.
    std::fs::write(&path, lines(0..100) + &lines(1000..1200)).unwrap();
    kept.read(&catalogue, dir.path());
    assert_eq!(kept.taken.len(), 2);
    assert_eq!(
        kept.all(),
        events(0..200) + events(0..100) + events(1000..1200)
    );
    kept.read(&catalogue, dir.path());
    assert_eq!(kept.taken.len(), 2);
}

#[test]
fn a_new_stream_is_counted_where_the_others_were() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("access.log"), lines(0..300)).unwrap();
    let mut before = site(&["access.log"]);
    before.slos.remove("api");
    let mut kept = Kept::default();
    kept.read(&before, dir.path());
    std::fs::write(dir.path().join("access.log"), lines(0..400)).unwrap();
    let after = site(&["access.log"]);
    kept.read(&after, dir.path());
    assert_eq!(kept.all(), events(0..400));
    let api = (0..400)
        .filter(|number| number % 97 != 13 && number % 3 == 0)
        .count();
    assert_eq!(kept.events["access|log|path=~/api.*"], api as u64);
    let before = kept.ranges.len();
    kept.read(&after, dir.path());
    assert_eq!(kept.ranges.len(), before);
}

#[test]
fn a_reading_ends_when_it_is_told_to_or_nobody_takes_it() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("access.log"), lines(0..3000)).unwrap();
    let catalogue = site(&["access.log"]);
    let stop = Arc::new(AtomicBool::new(false));
    let options = Options {
        chunk_bytes: 10_000,
        stop: Some(stop.clone()),
        threads: 1,
        ..Options::default()
    };
    let mut kept = Kept::default();
    let mut sink = |delivery| {
        kept.take(&catalogue, delivery);
        stop.store(kept.ranges.len() == 3, Ordering::Relaxed);
        Ok(())
    };
    let reading = read(&catalogue, dir.path(), &options, &mut sink, &mut |_| {}).unwrap();
    assert!(reading.stopped);
    assert!(kept.all() < 1000, "{}", kept.all());
    // And goes on.
    kept.read(&catalogue, dir.path());
    assert_eq!(kept.all(), events(0..3000));

    let mut deliveries = 0;
    let mut full = |_| {
        deliveries += 1;
        if deliveries == 3 {
            Err("the disk is full".into())
        } else {
            Ok(())
        }
    };
    let options = Options {
        chunk_bytes: 10_000,
        ..Options::default()
    };
    let error = read(&catalogue, dir.path(), &options, &mut full, &mut |_| {}).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot keep what was read: the disk is full"
    );
    assert_eq!(deliveries, 3);
}
