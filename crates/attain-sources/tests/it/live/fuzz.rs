//! Every parser that meets the network, under mutated bytes: nothing panics, and what is said of an input adds up.
//!
//! An input whose answer was not seen before is mutated further. The mutator is our own, so that a seed gives the same inputs
//! for ever; inputs that once broke something stand in `testdata/fuzz/<parser>` and are tried first.
//! `ATTAIN_SOAK=1` tries for ten minutes.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use attain_model::live::Slot;
use attain_sources::pull::lines_in;
use attain_wire::WireError;
use attain_wire::remote_write::encode;
use attain_wire::snappy::{Unpacker, pack};

use super::*;
use crate::mutated::Noise;

const SOAK: Duration = Duration::from_secs(600);
const TRIED_IN_A_TEST: u64 = 10_000;
const SEED: u64 = 20_261_122;

/// Tries mutations of `seeds`; `answer` panics if one breaks something, and else gives what was answered.
fn fuzz(parser: &str, mut seeds: Vec<Vec<u8>>, mut answer: impl FnMut(&[u8]) -> u64) {
    const POOL: usize = 2000;
    let is_soak = std::env::var_os("ATTAIN_SOAK").is_some();
    let broke_once = testdata().join("fuzz").join(parser);
    for file in std::fs::read_dir(broke_once).into_iter().flatten() {
        seeds.push(std::fs::read(file.unwrap().path()).unwrap());
    }
    let (start, mut noise, mut seen) = (Instant::now(), Noise(SEED), HashSet::new());
    let (mut tried, mut held) = (0_u64, 0_u64);
    let goes_on = |tried: u64| {
        if is_soak {
            start.elapsed() < SOAK
        } else {
            tried < TRIED_IN_A_TEST
        }
    };
    while goes_on(tried) {
        let input = match seeds.get(usize::try_from(tried).unwrap()) {
            Some(seed) => seed.clone(),
            None => mutant(&mut noise, &seeds),
        };
        tried += 1;
        match catch_unwind(AssertUnwindSafe(|| answer(&input))) {
            Ok(said) => {
                held += 1;
                if seen.insert(said) && seeds.len() < POOL {
                    seeds.push(input);
                }
            }
            Err(_) => println!("{parser} breaks at {tried}: {}", input.escape_ascii()),
        }
    }
    println!("{parser}: {} different answers", seen.len());
    println!("soak: {held} of {tried}, seed {SEED}");
    assert_eq!(held, tried);
}

/// One to four changes of one of the seeds.
fn mutant(noise: &mut Noise, seeds: &[Vec<u8>]) -> Vec<u8> {
    const BYTES: &[u8] = b"\x00\x01\x7f\x80\xff\xff\xff\xff\x0a\x12\x10\x09\"{}[]:,\\ \n#-+.eEN09";
    const LONGEST: usize = 1 << 16;
    let mut input = seeds[noise.below(seeds.len())].clone();
    for _ in 0..=noise.below(4) {
        let at = noise.below(input.len() + 1);
        let end = (at + noise.below(16)).min(input.len());
        match noise.below(8) {
            0 => input.insert(at, BYTES[noise.below(BYTES.len())]),
            1 if at < input.len() => input[at] ^= 1 << noise.below(8),
            2 if at < input.len() => input[at] = BYTES[noise.below(BYTES.len())],
            3 => input.truncate(at),
            4 => drop(input.drain(at..end)),
            5 => {
                let copy = input[at..end].to_vec();
                input.splice(at..at, copy);
            }
            6 => {
                let other = &seeds[noise.below(seeds.len())];
                let from = noise.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            // A number of many bytes.
            _ => {
                let more = (0..=noise.below(10)).map(|_| 0x80 | noise.below(128) as u8);
                let more: Vec<u8> = more.collect();
                input.splice(at..end, more);
            }
        }
    }
    input.truncate(LONGEST);
    input
}

/// An intake that is asked again and again, and which slots it told.
struct Asked {
    intake: Intake,
    told: HashSet<Slot>,
    times: u64,
}

impl Asked {
    fn new() -> Self {
        let limits = Limits {
            series: 50,
            unpacked_bytes: 1 << 20,
            ..Limits::default()
        };
        let mut made = catalogue("request_seconds");
        made = made.slo(
            "otel",
            metric(
                "http.server.request.duration",
                MetricKind::Histogram,
                only(&[("http.route", "~/.*")]),
                &[],
            ),
            &[100],
        );
        Self {
            intake: limited(&made, limits),
            told: HashSet::new(),
            times: 0,
        }
    }

    /// Checks an answer, and gives what is new about it.
    fn check<E: std::fmt::Display>(&mut self, answer: Result<(LiveBatch, Outcome), E>) -> u64 {
        const WORN_OUT: u64 = 1000;
        let mut hasher = DefaultHasher::new();
        match answer {
            Ok((batch, outcome)) => {
                self.told
                    .extend(batch.series.iter().map(|series| series.slot));
                let latest = NOW_MS + 600_000;
                for sample in &batch.samples {
                    assert!(
                        self.told.contains(&sample.slot),
                        "{} was not told",
                        sample.slot
                    );
                    assert!((0..=latest).contains(&sample.time_ms));
                }
                assert!(batch.newest_ms.is_none_or(|ms| (0..=latest).contains(&ms)));
                assert_eq!(outcome.reasons.len() as u64, outcome.refused.min(5));
                assert!(outcome.unmatched <= outcome.accepted);
                let counts = [
                    batch.samples.len(),
                    batch.readings.len(),
                    batch.series.len(),
                ];
                (counts.map(|n| n.min(8)), outcome.accepted.min(8)).hash(&mut hasher);
                outcome
                    .reasons
                    .iter()
                    .for_each(|reason| words(reason, &mut hasher));
            }
            Err(error) => words(&error.to_string(), &mut hasher),
        }
        self.times += 1;
        if self.times.is_multiple_of(WORN_OUT) {
            *self = Self::new();
        }
        hasher.finish()
    }
}

/// A message without what depends on the input.
fn words(message: &str, hasher: &mut DefaultHasher) {
    let own = message.split('`').step_by(2).flat_map(str::chars);
    own.filter(|c| c.is_ascii_lowercase() || *c == ' ')
        .for_each(|c| c.hash(hasher));
}

fn written() -> Vec<Vec<u8>> {
    let stale = f64::from_bits(attain_wire::remote_write::STALE_BITS);
    let counter = [
        ("__name__", "http_requests_total"),
        ("code", "503"),
        ("job", "shop"),
        ("segment", "gold"),
    ];
    let bucket = [
        ("__name__", "request_seconds_bucket"),
        ("le", "0.25"),
        ("segment", "free"),
    ];
    let gauge = [("__name__", "queue_age"), ("queue", "q")];
    [
        encode(&[
            (&counter, &[(5.0, NOW_MS), (stale, NOW_MS + 1)]),
            (&bucket, &[(1.0, NOW_MS)]),
        ]),
        encode(&[
            (&gauge, &[(0.5, NOW_MS)]),
            (&[("__name__", "up")], &[(1.0, NOW_MS)]),
        ]),
        encode(&[]),
    ]
    .to_vec()
}

#[test]
fn remote_write_requests() {
    let mut asked = Asked::new();
    let mut unpacker = Unpacker::default();
    let packed = written();
    // Unpacked ones are mutated where they say something, packed ones where they are packed.
    let native = super::remote_write::native_request(0, 14, &[8, 1, 2, 1], 0);
    let packed: Vec<Vec<u8>> = packed.into_iter().chain([native]).collect();
    let mut seeds: Vec<Vec<u8>> = packed
        .iter()
        .map(|body| unpacker.unpack(body, 1 << 20).unwrap().to_vec())
        .collect();
    let unpacked = seeds.len();
    seeds.extend(packed);
    let mut number = 0;
    fuzz("remote-write", seeds, |input| {
        number += 1;
        let answer = match number <= unpacked || number % 4 != 0 {
            true => asked.intake.remote_write(&pack(input), now()),
            false => asked.intake.remote_write(input, now()),
        };
        asked.check(answer)
    });
}

fn recorded(extension: &str) -> Vec<Vec<u8>> {
    let names = [
        "cumulative-explicit-1",
        "cumulative-exponential-1",
        "delta-explicit-1",
        "delta-exponential-1",
    ];
    let path = |name: &str| testdata().join("otlp").join(format!("{name}.{extension}"));
    names
        .map(|name| std::fs::read(path(name)).unwrap())
        .to_vec()
}

#[test]
fn opentelemetry_protobuf() {
    let mut asked = Asked::new();
    fuzz("otlp", recorded("pb"), |input| {
        let answer = asked.intake.otlp(input, now());
        asked.check(answer)
    });
}

#[test]
fn opentelemetry_json() {
    let mut asked = Asked::new();
    fuzz("otlp-json", recorded("json"), |input| {
        // What could be read becomes protobuf that can be read.
        if let Ok(protobuf) = attain_wire::otlp::from_json(input) {
            asked.intake.otlp(&protobuf, now()).unwrap();
            asked.intake.retell();
        }
        let answer = asked.intake.otlp_json(input, now());
        asked.check(answer)
    });
}

#[test]
fn scraped_pages() {
    let pages = [
        "# TYPE http_requests counter\nhttp_requests_total{code=\"200\",segment=\"gold\",job=\"shop\"} 5 1793612400000\n\
         http_requests_created{code=\"200\",segment=\"gold\",job=\"shop\"} 1793612395.5\n# EOF\n",
        "# TYPE request_seconds histogram\nrequest_seconds_bucket{le=\"0.1\",a=\"\\\"\\n\"} 3 # {t=\"x\"} 0.05 1\nqueue_age -1.5e-3\n",
        "{__name__=\"queue_age\",\"a.b\"=\"c\"} NaN\n{\"jobs_total\"} +Inf\n",
    ];
    let target = [("job".to_owned(), "shop".to_owned())];
    let mut asked = Asked::new();
    fuzz(
        "scrape",
        pages.map(|page| page.as_bytes().to_vec()).to_vec(),
        |input| {
            let answer = asked.intake.exposition(input, now(), &target);
            asked.check(Ok::<_, WireError>(answer))
        },
    );
}

#[test]
fn answers_of_a_prometheus_api() {
    let answers = [
        r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"segment":"gold"},"values":[[1793612400.5,"1"],[1793612460,"NaN"]]}]}}"#,
        r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1793612400,"+Inf"]}]},"warnings":["x"]}"#,
        r#"{"status":"error","errorType":"bad_data","error":"too many samples"}"#,
    ];
    fuzz(
        "prometheus-api",
        answers.map(|answer| answer.as_bytes().to_vec()).to_vec(),
        |input| {
            let mut hasher = DefaultHasher::new();
            match lines_in("http://prometheus", 200, input) {
                Ok(lines) => lines
                    .iter()
                    .for_each(|line| (line.labels.len(), line.points.len()).hash(&mut hasher)),
                Err(trouble) => words(&trouble.to_string(), &mut hasher),
            }
            hasher.finish()
        },
    );
}
