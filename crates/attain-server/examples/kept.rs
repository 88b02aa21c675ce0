//! A server with weeks behind it: makes its folder, and asks it while somebody writes.
//!
//! `kept fill FOLDER SLOS DAYS` writes FOLDER/shop.yaml and FOLDER/data: every slice of 10 s counts in each of three
//! segments, and what is old is kept by the minute as a server would. `kept ask ADDRESS SLOS` asks
//! `attain serve FOLDER/shop.yaml --data FOLDER/data`. Both print one line of words and numbers for each thing measured.
//! `kept turn CATALOGUE DATA` is a server whose clock stands two minutes before an hour ends: it says where it listens, and
//! each line that it reads, of so many seconds, steps the clock. Driven by `cargo xtask bench kept` and `live`.
// An example talks to a server and reads the clock.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use attain_model::facts::{
    ColumnFacts, HeardFacts, KeptStream, Layout, SourceFacts, State, StreamFacts,
};
use attain_model::{Bucket, Class, CountedSegment, SegmentId, SourceId, Stream};
use attain_server::{Config, Limits, Written};
use attain_store::{Access, Coarser, Done, Store, Text};
use jiff::{SignedDuration, Timestamp};

const SEGMENTS: [&str; 3] = ["premium", "standard", "free"];
const SLICE_SECONDS: i64 = 10;
const SLICES_A_DAY: i64 = 86_400 / SLICE_SECONDS;
const FINE_SECONDS: i64 = 8 * 3600;
/// Every so manieth SLO rests on the one before it.
const CHAIN: usize = 4;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["fill", folder, slos, days] => fill(Path::new(folder), slos.parse()?, days.parse()?),
        ["ask", address, slos] => ask(address, slos.parse()?),
        ["turn", catalogue, data] => turn(Path::new(catalogue), Path::new(data)),
        _ => Err("fill FOLDER SLOS DAYS, ask ADDRESS SLOS, or turn CATALOGUE DATA".into()),
    }
}

fn catalogue(slos: usize) -> String {
    let mut text = String::from("attain: 1\nsegments:\n");
    for (rank, segment) in SEGMENTS.iter().enumerate() {
        let _ = writeln!(
            text,
            "  {segment}: {{rank: {}, contract: best-effort}}",
            rank + 1
        );
    }
    text.push_str("sources:\n  live: {remote_write: {}}\nslos:\n");
    for number in 0..slos {
        let _ = writeln!(
            text,
            "  requests-{number}:\n    outcome: Requests are answered\n    service: shop\n    owner: shop-team\n    \
             indicator: {{metric: http_requests_{number}_total, type: counter, bad: {{code: 5xx}}}}\n    \
             objectives: {{availability: 99%}}\n    window: 30d"
        );
        if number % CHAIN != 0 {
            let _ = writeln!(text, "    depends_on: [requests-{}]", number - 1);
        }
    }
    text
}

fn fill(folder: &Path, slos: usize, days: i64) -> Result<(), Failure> {
    fs::create_dir_all(folder)?;
    let text = catalogue(slos);
    fs::write(folder.join("shop.yaml"), &text)?;
    let name = "shop.yaml".to_owned();
    let catalogue = attain_spec::parse(&[attain_spec::Input { name, text }]).catalogue;
    let streams = Stream::all(&catalogue.ok_or("the catalogue does not check")?);
    let now = Timestamp::now().as_second() / SLICE_SECONDS;
    let state = state(&streams, now - days * SLICES_A_DAY..now);
    let mut store = Store::open(&folder.join("data"), Access::WriteOrCreate)?;
    let mut random = fastrand::Rng::with_seed(34);
    let mut steps = Vec::new();
    for day in (0..days).rev() {
        let slices = now - (day + 1) * SLICES_A_DAY..now - day * SLICES_A_DAY;
        let facts: BTreeMap<_, _> = streams
            .iter()
            .map(|stream| {
                (
                    stream.key.clone(),
                    counts(stream, slices.clone(), &mut random),
                )
            })
            .collect();
        let frame = store.append(&BTreeMap::new(), &[])?;
        store.seal(&state, &facts, frame)?;
        steps.extend(tidied(&mut store, now - day * SLICES_A_DAY)?);
    }
    drop(store);
    // What was looked through is forgotten with the end of a process.
    let mut store = Store::open(&folder.join("data"), Access::Write)?;
    let mut again = tidied(&mut store, now)?;
    drop(store);
    println!("bytes {}", size(&folder.join("data"))?);
    for (name, steps) in [("", &mut steps), ("again_", &mut again)] {
        steps.sort();
        println!("{name}steps {}", steps.len());
        let name = if name.is_empty() { "step_" } else { name };
        println!("{name}median_ms {:.3}", ms(middle(steps)));
        println!("{name}worst_ms {:.3}", ms(longest(steps)));
    }
    Ok(())
}

/// Makes what is old at the end of a slice coarser; how long each step took.
fn tidied(store: &mut Store, end: i64) -> Result<Vec<Duration>, Failure> {
    let coarser = Coarser {
        before: Timestamp::from_second(end * SLICE_SECONDS - FINE_SECONDS)?,
        slices: 6,
    };
    let (mut steps, mut is_more) = (Vec::new(), true);
    while is_more {
        let begun = Instant::now();
        is_more = store.compact_with(Some(&coarser))?;
        steps.push(begun.elapsed());
    }
    Ok(steps)
}

fn state(streams: &[Stream], heard: std::ops::Range<i64>) -> State {
    let source = SourceId::new("live");
    let mut state = State {
        slice_seconds: SLICE_SECONDS as u32,
        ..State::default()
    };
    for stream in streams {
        let key = stream.key.clone();
        state.kept.insert(key.clone(), KeptStream::from(stream));
        state.said.insert(key, [source.clone()].into());
    }
    let heard = HeardFacts {
        slices: vec![heard],
        is_unknown: false,
    };
    let facts = SourceFacts {
        heard,
        ..SourceFacts::default()
    };
    state.sources.insert(source, facts);
    state
}

/// About 500 good and 1.5 bad events in each slice and segment.
fn counts(
    stream: &Stream,
    slices: std::ops::Range<i64>,
    random: &mut fastrand::Rng,
) -> StreamFacts {
    let mut facts = StreamFacts::default();
    for segment in SEGMENTS {
        for (class, most) in [(Class::good(), 1000), (Class::bad(), 4)] {
            let counts = slices.clone().map(|slice| (slice, random.u64(0..most)));
            facts.columns.push(ColumnFacts {
                layout: Layout {
                    edges: stream.edges.clone(),
                    class_labels: stream.class_labels.clone(),
                },
                segment: CountedSegment::Known(SegmentId::from(segment)),
                class,
                bucket: Bucket::UNTIMED,
                on_time: counts.filter(|(_, events)| *events > 0).collect(),
                late: Vec::new(),
            });
        }
    }
    facts
}

fn size(folder: &Path) -> Result<u64, Failure> {
    let mut sum = 0;
    for file in fs::read_dir(folder)? {
        sum += file?.metadata()?.len();
    }
    Ok(sum)
}

/// Each question of each SLO once, while samples are written one after the other; then each again.
fn ask(address: &str, slos: usize) -> Result<(), Failure> {
    // The server knows the series before anything is measured.
    writes(address, &AtomicBool::new(true))?;
    let quiet = while_written(address, || {
        std::thread::sleep(Duration::from_secs(5));
        Ok(Vec::new())
    })?;
    said("quiet", &quiet);
    let of = |what: &'static str| move |number: usize| what.replace('#', &number.to_string());
    let questions: [(&str, usize, &str); 9] = [
        ("status", 20, "/api/v1/status"),
        ("slos", 20, "/api/v1/slos?q=requests-#"),
        ("burndown", slos, "/api/v1/slos/requests-#/burndown"),
        ("burndown_again", slos, "/api/v1/slos/requests-#/burndown"),
        ("slo", slos, "/api/v1/slos/requests-#"),
        ("slo_again", slos, "/api/v1/slos/requests-#"),
        ("cascade", 1, "/api/v1/cascade"),
        ("why", slos, "/api/v1/why?slo=requests-#"),
        ("past", 3, "/api/v1/status?at=#"),
    ];
    for (name, times, path) in questions {
        let path = of(path);
        if name == "burndown_again" {
            std::thread::sleep(Duration::from_secs(SLICE_SECONDS as u64 + 1));
        }
        let now = Timestamp::now().as_second() / 86_400 * 86_400;
        let asked = while_written(address, || {
            let mut took = Vec::new();
            for number in 0..times {
                let path = match name {
                    "past" => {
                        let at = Timestamp::from_second(now - 86_400 * number as i64)?;
                        format!("/api/v1/status?at={at}")
                    }
                    _ => path(number),
                };
                let begun = Instant::now();
                get(address, &path)?;
                took.push(begun.elapsed());
            }
            Ok(took)
        })?;
        said(name, &asked);
    }
    Ok(())
}

/// How long questions took, and writes meanwhile.
struct Measured {
    questions: Vec<Duration>,
    writes: Vec<Duration>,
}

fn said(name: &str, measured: &Measured) {
    println!("{name}_median_ms {:.3}", ms(middle(&measured.questions)));
    println!("{name}_worst_ms {:.3}", ms(longest(&measured.questions)));
    println!("{name}_write_median_ms {:.3}", ms(middle(&measured.writes)));
    println!("{name}_write_worst_ms {:.3}", ms(longest(&measured.writes)));
}

fn while_written(
    address: &str,
    ask: impl FnOnce() -> Result<Vec<Duration>, Failure>,
) -> Result<Measured, Failure> {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| writes(address, &is_over));
        let asked = ask();
        is_over.store(true, Ordering::Relaxed);
        let writes = writer.join().map_err(|_| "the writer broke")??;
        let mut questions = asked?;
        questions.sort();
        Ok(Measured { questions, writes })
    })
}

/// Writes one sample after the other until it is over, at least one; how long each waited.
fn writes(address: &str, is_over: &AtomicBool) -> Result<Vec<Duration>, Failure> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let (mut took, mut answer) = (Vec::new(), [0; 4096]);
    let labels = [
        ("__name__", "http_requests_0_total"),
        ("code", "200"),
        ("segment", "premium"),
    ];
    loop {
        let now = Timestamp::now().as_millisecond();
        let sample = [(now as f64, now)];
        let body = attain_wire::remote_write::encode(&[(&labels[..], &sample[..])]);
        let head = format!(
            "POST /api/v1/write HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-protobuf\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        let begun = Instant::now();
        stream.write_all(&[head.as_bytes(), &body].concat())?;
        let read = stream.read(&mut answer)?;
        took.push(begun.elapsed());
        if !answer[..read].starts_with(b"HTTP/1.1 204") {
            return Err(String::from_utf8_lossy(&answer[..read]).into_owned().into());
        }
        if is_over.load(Ordering::Relaxed) {
            took.sort();
            return Ok(took);
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}

fn get(address: &str, path: &str) -> Result<(), Failure> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    if !answer.starts_with(b"HTTP/1.0 200") {
        let said = String::from_utf8_lossy(&answer).into_owned();
        return Err(format!("{path}: {said}").into());
    }
    Ok(())
}

/// How long before the end of an hour the clock stands.
const BEFORE_SECONDS: i64 = 120;

/// Serves until nobody tells it the time any more.
fn turn(catalogue: &Path, data: &Path) -> Result<(), Failure> {
    let now = Timestamp::now().as_second();
    let off = Arc::new(AtomicI64::new(
        now.div_euclid(3600) * 3600 - BEFORE_SECONDS - now,
    ));
    let stepped = Arc::clone(&off);
    let name = catalogue.file_name().ok_or("the catalogue is no file")?;
    let (name, file) = (name.to_string_lossy().into_owned(), catalogue.to_owned());
    let written = move || {
        let text = fs::read_to_string(&file).map_err(|error| error.to_string())?;
        Ok(Written {
            inputs: vec![attain_spec::Input {
                name: name.clone(),
                text: text.clone(),
            }],
            base: file.parent().unwrap_or(Path::new(".")).to_owned(),
            done: Done::catalogue(vec![Text {
                path: name.clone(),
                text,
            }]),
            name: None,
        })
    };
    let server = attain_server::start(Config {
        catalogue: Arc::new(written),
        data: data.to_owned(),
        listen: "127.0.0.1:0".parse()?,
        anonymous: true,
        wall: Arc::new(move || {
            let off = SignedDuration::from_secs(stepped.load(Ordering::Relaxed));
            Timestamp::now() + off
        }),
        limits: Limits::default(),
    })?;
    println!("{}", server.address());
    for line in std::io::stdin().lines() {
        off.fetch_add(line?.trim().parse()?, Ordering::Relaxed);
    }
    Ok(())
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}

fn middle(sorted: &[Duration]) -> Duration {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn longest(sorted: &[Duration]) -> Duration {
    sorted.last().copied().unwrap_or_default()
}
