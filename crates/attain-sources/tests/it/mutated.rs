//! Noise never panics: thousands of mutated lines per reader, and as files to look into.

use std::path::Path;

use attain_model::Catalogue;
use attain_model::quantity::Unit;
use attain_model::selector::Pattern;
use attain_model::source::{LogFormat, SourceKind};
use attain_sources::{Answers, Options, discover, propose, read};

use crate::access_log::tiles;
use crate::make::*;
use crate::rows;

/// xorshift64*: the same noise in every run.
pub struct Noise(pub u64);

impl Noise {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    /// A line with a few bytes changed, cut or doubled.
    pub fn mutate(&mut self, line: &[u8]) -> Vec<u8> {
        const BYTES: &[u8] = b"\"\\[]{}(),;:- \t\r~*?/+0123456789eEZ\x00\x1f\x1f\x7f\xff\xc3\xe2";
        let mut line = line.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(line.len() + 1);
            match self.below(4) {
                0 => line.insert(at, BYTES[self.below(BYTES.len())]),
                1 if at < line.len() => line[at] = BYTES[self.below(BYTES.len())],
                2 => line.truncate(at),
                _ => {
                    let copy = line[at..].to_vec();
                    line.extend(copy);
                }
            }
        }
        line.retain(|byte| *byte != b'\n');
        line
    }
}

/// The first `header_lines` of a file and 5000 mutated ones.
fn mutated_file(from: &str, header_lines: usize, to: &Path, seed: u64) {
    let text = std::fs::read(testdata().join(from)).unwrap();
    let lines: Vec<&[u8]> = text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .collect();
    let mut noise = Noise(seed);
    let mut out = lines[..header_lines].join(&b'\n');
    for _ in 0..5000 {
        out.push(b'\n');
        let line = lines[header_lines + noise.below(lines.len() - header_lines)];
        out.extend(noise.mutate(line));
    }
    std::fs::write(to, out).unwrap();
}

/// Reads it, whatever comes; gives (lines, unparsed).
fn survive(catalogue: &Catalogue, base: &Path, file: &str) -> (u64, u64) {
    let mut told = 0;
    let mut next = 0;
    let mut sink = |delivery: attain_model::delivery::Delivery| {
        told += delivery.unparsed.len() as u64;
        if !delivery.range.is_empty() {
            assert_eq!(delivery.range.start, next);
            next = delivery.range.end;
        }
        Ok(())
    };
    let options = Options {
        chunk_bytes: 100_000,
        ..Options::default()
    };
    let reading = read(catalogue, base, &options, &mut sink, &mut |_| {}).unwrap();
    let source = reading.sources.values().next().unwrap();
    assert_eq!(source.unparsed, told);
    assert_eq!(source.examples.len(), 20);
    // What is found in noise may be nonsense, but neither panics nor breaks out of a comment.
    if let Ok(discovery) = discover(&base.join(file)) {
        let text = propose(&discovery, &Answers::default());
        assert!(
            !text.contains(|c: char| c.is_control() && c != '\n'),
            "{text}"
        );
    }
    (source.lines, source.unparsed)
}

#[test]
fn logs() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(
        testdata().join("partners.csv"),
        dir.path().join("partners.csv"),
    )
    .unwrap();
    mutated_file("nginx.log", 0, &dir.path().join("nginx.log"), 1);
    let (lines, unparsed) = survive(&tiles(), dir.path(), "nginx.log");
    assert!(lines > 4800 && unparsed < lines, "{unparsed} of {lines}");

    mutated_file("calls.jsonl", 0, &dir.path().join("calls.jsonl"), 2);
    let mut catalogue = tiles();
    let seconds = Some(("duration_ms", Unit::Milliseconds));
    catalogue.sources.get_mut("access").unwrap().kind =
        log(&["calls.jsonl"], LogFormat::Json, &[], seconds);
    // Its lines have no status.
    let add = &mut catalogue.sources.get_mut("access").unwrap().add;
    add.insert("status".to_owned(), "200".to_owned());
    let (lines, unparsed) = survive(&catalogue, dir.path(), "calls.jsonl");
    assert!(lines > 4800 && unparsed < lines, "{unparsed} of {lines}");

    mutated_file("apache/access.log", 0, &dir.path().join("app.log"), 3);
    let pattern = r#"(?<remote_addr>\S+) .*\[(?<time>[^\]]+)\] "(?<request>.*)" (?<status>\d+) .*"#;
    let format = LogFormat::Pattern(Pattern::new(pattern).unwrap());
    catalogue.sources.get_mut("access").unwrap().kind = log(&["app.log"], format, &[], None);
    let (lines, unparsed) = survive(&catalogue, dir.path(), "app.log");
    assert!(lines > 4800 && unparsed < lines, "{unparsed} of {lines}");
}

#[test]
fn tables() {
    let dir = tempfile::tempdir().unwrap();
    let cases = [
        ("events.csv", 1, rows::events("events.csv", true)),
        ("events.jsonl", 0, rows::events("events.jsonl", false)),
        ("long.csv", 1, rows::long()),
        ("samples.csv", 1, rows::samples()),
        ("petshop/metrics.csv", 4, rows::petshop()),
    ];
    std::fs::create_dir(dir.path().join("petshop")).unwrap();
    for (seed, (file, header_lines, mut catalogue)) in (10..).zip(cases) {
        mutated_file(file, header_lines, &dir.path().join(file), seed);
        for source in catalogue.sources.values_mut() {
            if let SourceKind::Csv(csv) = &mut source.kind {
                csv.files = vec![file.to_owned()];
            }
        }
        let (lines, unparsed) = survive(&catalogue, dir.path(), file);
        // A quote that opens swallows what follows, so a table may have far fewer rows than lines.
        assert!(lines > 20 && unparsed > 20, "{file}: {unparsed} of {lines}");
    }
}
