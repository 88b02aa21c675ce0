//! Files that begin alike, in random histories: grown, cut, rotated, compressed, forked, and readings that are killed. In the
//! end every line of every file was counted once, as somebody would say who has all contents before him.

use std::collections::BTreeSet;
use std::path::Path;

use fastrand::Rng;

use crate::resumed::{Kept, gzip, line, site};

/// Whose beginnings are shared is known again by more than 4 KiB.
const LEAST_LINES: usize = 60;

/// The numbers of its lines.
type Content = Vec<usize>;

fn text(content: &[usize]) -> String {
    content.iter().copied().map(line).collect()
}

fn own_lines(rng: &mut Rng, next: &mut usize, count: usize) -> Content {
    *next += rng.usize(5_001..6_000);
    (*next..*next + count).collect()
}

/// Contents of which some go on otherwise than another after a common beginning, and far enough to show in a run of its
/// own: what lies behind the last mark, at most a fifth of a content, is not compared then.
fn family(rng: &mut Rng, next: &mut usize) -> Vec<Content> {
    let count = rng.usize(2 * LEAST_LINES..1_200);
    let mut all = vec![own_lines(rng, next, count)];
    for _ in 0..rng.usize(..4) {
        let parent = rng.choice(&all).unwrap();
        let common = rng.usize(LEAST_LINES..=parent.len() * 2 / 3);
        let mut content = parent[..common].to_vec();
        let count = common / 2 + rng.usize(LEAST_LINES..600);
        content.extend(own_lines(rng, next, count));
        all.push(content);
    }
    all
}

fn write(path: &Path, text: &str, rng: &mut Rng) {
    match rng.u8(..4) {
        0 => gzip(path, text),
        1 => std::fs::write(path, zstd::encode_all(text.as_bytes(), 1).unwrap()).unwrap(),
        2 => std::fs::write(path, format!("\u{feff}{text}")).unwrap(),
        _ => std::fs::write(path, text).unwrap(),
    }
}

/// Contents that are not the beginning of another, each once.
fn said_once(contents: &[Content]) -> u64 {
    let distinct: BTreeSet<&Content> = contents.iter().collect();
    let is_part = |one: &Content| {
        let mut others = contents.iter().filter(|other| *other != one);
        others.any(|other| other.starts_with(one))
    };
    let whole = distinct.into_iter().filter(|content| !is_part(content));
    let events = whole.flatten().filter(|number| *number % 97 != 13);
    events.count() as u64
}

#[test]
fn every_line_of_files_that_begin_alike_is_counted_once() {
    let catalogue = site(&["*.log*"]);
    for seed in 0..30 {
        let mut rng = Rng::with_seed(seed);
        let rng = &mut rng;
        let mut next = 0;
        let mut contents = family(rng, &mut next);
        contents.extend(family(rng, &mut next));
        let mut lengths = vec![0; contents.len()];
        let mut kept = Kept::default();
        let rounds = rng.usize(1..8);
        for round in 0..rounds {
            let dir = tempfile::tempdir().unwrap();
            for (index, content) in contents.iter().enumerate() {
                if rng.bool() {
                    continue;
                }
                let grown = rng.usize(LEAST_LINES..=content.len());
                lengths[index] = grown.max(lengths[index]);
                let name = format!("{}.log.{index}", rng.char('a'..'d'));
                write(
                    &dir.path().join(name),
                    &text(&content[..lengths[index]]),
                    rng,
                );
                // A copy of its beginning beside it, or of what it was.
                if rng.u8(..4) == 0 {
                    let cut = rng.usize(LEAST_LINES..=lengths[index]);
                    let name = format!("copy.log.{index}");
                    write(&dir.path().join(name), &text(&content[..cut]), rng);
                }
            }
            let deliveries = if rng.bool() {
                usize::MAX
            } else {
                rng.usize(..20)
            };
            kept.read_until(&catalogue, dir.path(), deliveries);
            if deliveries == usize::MAX {
                let before = kept.ranges.len();
                kept.read(&catalogue, dir.path());
                assert_eq!(
                    kept.ranges.len(),
                    before,
                    "seed {seed}, round {round}: again"
                );
            }
        }
        // All of all, at once or one by one.
        rng.shuffle(&mut contents);
        for some in contents.chunks(if rng.bool() { contents.len() } else { 1 }) {
            let dir = tempfile::tempdir().unwrap();
            for (index, content) in some.iter().enumerate() {
                write(
                    &dir.path().join(format!("{index}.log")),
                    &text(content),
                    rng,
                );
            }
            kept.read(&catalogue, dir.path());
        }
        assert_eq!(kept.all(), said_once(&contents), "seed {seed}");
        // All of them again, one by one.
        let before = kept.ranges.len();
        for content in &contents {
            let dir = tempfile::tempdir().unwrap();
            write(&dir.path().join("one.log"), &text(content), rng);
            let reading = kept.read(&catalogue, dir.path());
            assert!(reading.sources["access"].files[0].is_known);
        }
        assert_eq!(kept.ranges.len(), before, "seed {seed}: all again");
    }
}
