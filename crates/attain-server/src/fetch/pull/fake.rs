//! A Prometheus API that is not one: it answers the questions of one puller from samples, over a real connection, and
//! breaks as real ones do: away, half-open, cut off, lying about length, 500, a login page.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use fastrand::Rng;

use super::promql::{self, Expression, Labels};

pub(super) const MINUTE_MS: i64 = 60_000;

/// Its clock stands still: what counts is by how much its queries are behind it.
const DATE: &str = "Sun, 01 Mar 2026 00:00:00 GMT";
const DATE_SECONDS: i64 = 1_772_323_200;

/// One series as it was scraped: values by milliseconds.
pub(super) struct Scraped {
    pub(super) metric: &'static str,
    pub(super) segment: &'static str,
    pub(super) code: &'static str,
    pub(super) instance: usize,
    pub(super) samples: BTreeMap<i64, u64>,
    /// Its samples are there so long after their time, where the world has a time.
    pub(super) late_ms: i64,
}

/// What the fake knows, and how it behaves.
pub(super) struct World {
    pub(super) series: Vec<Scraped>,
    /// The time; `None`: after everything.
    pub(super) now_ms: Option<i64>,
    /// How often it was asked for the newest sample.
    pub(super) looks: u64,
    /// Metrics and minutes since 1970 whose sums are no number.
    pub(super) broken: BTreeSet<(&'static str, i64)>,
    /// Connections are dropped.
    pub(super) is_away: bool,
    /// So many of a hundred answers are spoilt.
    pub(super) spoilt: u8,
    /// The next answer never comes, though its connection stays.
    pub(super) is_half_open: bool,
    /// By how much its queries are behind its clock.
    pub(super) held_back_seconds: i64,
    /// Questions about this metric are refused.
    pub(super) refused: Option<&'static str>,
    pub(super) rng: Rng,
}

/// A listener with a thread of its own.
pub(super) struct Fake {
    pub(super) address: SocketAddr,
    pub(super) world: Arc<Mutex<World>>,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    pub(super) fn open(world: World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let world = Arc::new(Mutex::new(world));
        let known = Arc::clone(&world);
        let thread = std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming().flatten() {
                if Arc::strong_count(&known) == 1 {
                    return;
                }
                let mut world = known.lock().unwrap();
                // A client that went away is its own affair.
                let _ = connection(stream, &mut world, &mut held);
            }
        });
        Self {
            address,
            world,
            thread: Some(thread),
        }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        // The thread ends at a connection once nobody else knows its world.
        self.world = Arc::new(Mutex::new(World {
            series: Vec::new(),
            now_ms: None,
            looks: 0,
            broken: BTreeSet::new(),
            is_away: true,
            spoilt: 0,
            is_half_open: false,
            held_back_seconds: 0,
            refused: None,
            rng: Rng::with_seed(0),
        }));
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().unwrap().join();
    }
}

fn connection(
    stream: TcpStream,
    world: &mut World,
    held: &mut Vec<TcpStream>,
) -> std::io::Result<()> {
    if world.is_away {
        return stream.shutdown(Shutdown::Both);
    }
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    if std::mem::take(&mut world.is_half_open) {
        held.push(stream);
        return Ok(());
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let answer = match path.contains("vector(time())") || path.contains("vector%28time%28%29%29") {
        true => Some(world.told_time()),
        false => world.answer(path),
    };
    let (status, body) = match answer {
        Some(body) => (200, body),
        None => {
            let body = r#"{"status":"error","errorType":"bad_data","error":"no such thing"}"#;
            (400, body.to_owned())
        }
    };
    let (status, length, body) = world.spoil(status, body);
    let mut stream = stream;
    let head = format!(
        "HTTP/1.1 {status} -\r\nDate: {DATE}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body)?;
    stream.shutdown(Shutdown::Write)?;
    // Until the client has closed: a reset would take away what it has not read yet.
    let _ = stream.read(&mut [0; 1]);
    Ok(())
}

impl World {
    /// Status, declared length and body, as they are or not.
    fn spoil(&mut self, status: u16, body: String) -> (u16, usize, Vec<u8>) {
        let mut body = body.into_bytes();
        let length = body.len();
        if self.rng.u8(0..100) >= self.spoilt {
            return (status, length, body);
        }
        match self.rng.u8(0..6) {
            0 => {
                // Cut off.
                body.truncate(self.rng.usize(0..length));
                (status, length, body)
            }
            // Lies about its length: says less, then more.
            1 => (status, self.rng.usize(0..length), body),
            2 => (status, length + self.rng.usize(1..1000), body),
            3 => (500, 2, b"no".to_vec()),
            4 => {
                let page = b"<html><body>Please log in</body></html>".to_vec();
                (200, page.len(), page)
            }
            _ => (503, 0, Vec::new()),
        }
    }

    /// The time for queries, which is that of its clock or an older one.
    fn told_time(&self) -> String {
        let queried = DATE_SECONDS - self.held_back_seconds;
        format!(
            r#"{{"status":"success","data":{{"resultType":"vector","result":[{{"metric":{{}},"value":[{queried},"{queried}"]}}]}}}}"#
        )
    }

    /// The answer to `/api/v1/query_range?…`, or to `/api/v1/query?…` of samples. `None` is a refusal.
    fn answer(&mut self, path: &str) -> Option<String> {
        let asked: BTreeMap<String, String> = (path.split_once('?')?.1.split('&'))
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), unescaped(value)))
            .collect();
        let milliseconds = |name| asked.get(name)?.replace('.', "").parse::<i64>().ok();
        let query = asked.get("query")?;
        let metric = self.asked(query)?;
        if query.starts_with("time() - max(timestamp(") {
            self.looks += 1;
            return Some(self.newest(metric, self.now_ms?));
        }
        if let Some(time) = milliseconds("time") {
            return Some(self.samples(query, time));
        }
        let (from, to) = (milliseconds("start")?, milliseconds("end")?);
        // Without it, VictoriaMetrics answers for other instants than it was asked for.
        asked.get("nocache")?;
        let query = promql::parsed(query);
        let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let labels: Vec<Labels> = (self.series.iter())
            .filter(|series| series.metric == metric)
            .map(Scraped::labels)
            .collect();
        let of_metric = self.series.iter().filter(|series| series.metric == metric);
        let there: Vec<_> = of_metric.map(|series| series.there(self.now_ms)).collect();
        let world = promql::World {
            series: (labels.iter().zip(&there))
                .map(|(labels, samples)| (labels, &**samples))
                .collect(),
            is_closed: true,
        };
        let mut time = from;
        while time <= to {
            for (labels, value) in self.at(metric, &world, &query, time) {
                lines.entry(labels).or_default().push(point(time, &value));
            }
            time += MINUTE_MS;
        }
        Some(matrix(&lines))
    }

    /// The samples of a range selector.
    fn samples(&self, query: &str, time: i64) -> String {
        let labels: Vec<Labels> = self.series.iter().map(Scraped::labels).collect();
        let there = self.series.iter().map(|series| series.there(self.now_ms));
        let there: Vec<_> = there.collect();
        let world = promql::World {
            series: (labels.iter().zip(&there))
                .map(|(labels, samples)| (labels, &**samples))
                .collect(),
            is_closed: true,
        };
        let samples = world.samples(query, time).into_iter();
        let lines = samples.map(|(labels, points)| {
            let points = points.iter().map(|(time, value)| point(*time, value));
            (text_of(&labels), points.collect())
        });
        matrix(&lines.collect())
    }

    /// How old the newest sample is that an instant query sees.
    fn newest(&self, metric: &str, now_ms: i64) -> String {
        let now_ms = now_ms - self.held_back_seconds * 1000;
        let of_metric = self.series.iter().filter(|series| series.metric == metric);
        let newest = of_metric.filter_map(|series| {
            let there = series.there(self.now_ms);
            let mut seen = there.range(now_ms - 300_000..=now_ms);
            seen.next_back().map(|(time, _)| *time)
        });
        let lines = newest.max().map(|newest| {
            // Answers are dated by its clock.
            let age = (now_ms - newest) as f64 / 1000.0;
            let value = point(now_ms + self.held_back_seconds * 1000, age);
            format!(r#"{{"metric":{{}},"value":{value}}}"#)
        });
        format!(
            r#"{{"status":"success","data":{{"resultType":"vector","result":[{}]}}}}"#,
            lines.unwrap_or_default()
        )
    }

    /// The metric that a query is about. `None` is a refusal.
    fn asked(&self, query: &str) -> Option<&'static str> {
        let is_about = |metric: &&str| query.contains(&format!("__name__=\"{metric}\""));
        let mut metrics = self.series.iter().map(|series| series.metric);
        let metric = metrics.find(is_about)?;
        (self.refused != Some(metric)).then_some(metric)
    }

    /// One query at one instant: labels and values as they stand in JSON.
    fn at(
        &self,
        metric: &str,
        world: &promql::World<'_>,
        query: &Expression,
        time: i64,
    ) -> Vec<(String, String)> {
        let is_broken = |(known, minute): &(&str, i64)| {
            *known == metric && *minute == time.div_euclid(MINUTE_MS)
        };
        // What counts has labels.
        let is_broken =
            |labels: &Labels| labels.contains_key("code") && self.broken.iter().any(is_broken);
        let vector = world.at(query, time).into_iter();
        vector
            .map(|(labels, value)| match is_broken(&labels) {
                true => (text_of(&labels), "NaN".to_owned()),
                false => (text_of(&labels), value.to_string()),
            })
            .collect()
    }
}

impl Scraped {
    /// The samples that have arrived by then.
    fn there(&self, now_ms: Option<i64>) -> Cow<'_, BTreeMap<i64, u64>> {
        let Some(now_ms) = now_ms else {
            return Cow::Borrowed(&self.samples);
        };
        let there = self.samples.range(..=now_ms - self.late_ms);
        Cow::Owned(there.map(|(time, value)| (*time, *value)).collect())
    }

    fn labels(&self) -> Labels {
        let instance = self.instance.to_string();
        let labels = [
            ("__name__", self.metric),
            ("segment", self.segment),
            ("code", self.code),
            ("instance", &instance),
        ];
        let labels = labels.into_iter();
        labels
            .map(|(label, value)| (label.to_owned(), value.to_owned()))
            .collect()
    }
}

fn point(time: i64, value: impl std::fmt::Display) -> String {
    format!("[{}.{:03},\"{value}\"]", time / 1000, time % 1000)
}

fn matrix(lines: &BTreeMap<String, Vec<String>>) -> String {
    let lines: Vec<String> = (lines.iter())
        .map(|(labels, points)| {
            format!(
                "{{\"metric\":{{{labels}}},\"values\":[{}]}}",
                points.join(",")
            )
        })
        .collect();
    format!(
        r#"{{"status":"success","data":{{"resultType":"matrix","result":[{}]}}}}"#,
        lines.join(",")
    )
}

fn text_of(labels: &Labels) -> String {
    let labels = labels.iter();
    let labels: Vec<String> = labels
        .map(|(label, value)| format!("{label:?}:{value:?}"))
        .collect();
    labels.join(",")
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next(), rest.next()].map(|digit| digit.map_or('0', char::from));
                let digits = String::from_iter(digits);
                u8::from_str_radix(&digits, 16).unwrap_or(b'?')
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
