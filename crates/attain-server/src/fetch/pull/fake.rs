//! A Prometheus API that is not one: it answers the questions of one puller from samples, over a real connection, and
//! breaks as real ones do: away, half-open, cut off, lying about length, 500, a login page.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use attain_sources::pull::Ask;
use fastrand::Rng;

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
}

/// What the fake knows, and how it behaves.
pub(super) struct World {
    pub(super) asks: Vec<Ask>,
    pub(super) series: Vec<Scraped>,
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
            asks: Vec::new(),
            series: Vec::new(),
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

    /// The answer to `/api/v1/query_range?…`. `None` is a refusal.
    fn answer(&self, path: &str) -> Option<String> {
        let asked: BTreeMap<String, String> = (path.split_once('?')?.1.split('&'))
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), unescaped(value)))
            .collect();
        let milliseconds = |name| asked.get(name)?.replace('.', "").parse::<i64>().ok();
        let (from, to) = (milliseconds("start")?, milliseconds("end")?);
        let (metric, kind) = self.asked(asked.get("query")?)?;
        let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut time = from;
        while time <= to {
            for (labels, value) in self.at(metric, kind, time) {
                let point = format!("[{}.{:03},\"{value}\"]", time / 1000, time % 1000);
                lines.entry(labels).or_default().push(point);
            }
            time += MINUTE_MS;
        }
        let line = |(labels, points): (&String, &Vec<String>)| {
            format!(
                "{{\"metric\":{{{labels}}},\"values\":[{}]}}",
                points.join(",")
            )
        };
        let lines: Vec<String> = lines.iter().map(line).collect();
        Some(format!(
            r#"{{"status":"success","data":{{"resultType":"matrix","result":[{}]}}}}"#,
            lines.join(",")
        ))
    }

    /// Which metric a query is about, and which of the queries it is. `None` is a refusal.
    fn asked(&self, query: &str) -> Option<(&str, usize)> {
        let asks = |ask: &Ask| {
            let q = &ask.query;
            [q.near(), q.absent(), q.far(), q.unborn()]
        };
        let mut found = self.asks.iter().filter_map(|ask| {
            let kind = asks(ask).iter().position(|known| known == query)?;
            Some((ask.metric.as_str(), kind))
        });
        let (metric, kind) = found.next()?;
        (self.refused != Some(metric)).then_some((metric, kind))
    }

    /// One query at one instant: what PromQL would say, by labels.
    fn at(&self, metric: &str, kind: usize, time: i64) -> BTreeMap<String, String> {
        let (is_absent, is_far, is_unborn) = (kind == 1, kind >= 2, kind == 3);
        let back = if is_far { 86_400_000 } else { 300_000 };
        let last = |series: &Scraped, from: i64, to: i64| {
            series.samples.range(from..=to).next_back().map(|(_, v)| *v)
        };
        let before = |series: &Scraped| last(series, time - MINUTE_MS - back, time - MINUTE_MS);
        let of_metric = || self.series.iter().filter(|series| series.metric == metric);
        let seen: BTreeSet<usize> = of_metric()
            .filter(|series| before(series).is_some())
            .map(|series| series.instance)
            .collect();
        let mut sums: BTreeMap<String, u64> = BTreeMap::new();
        for series in of_metric() {
            let Some(now) = last(series, time - MINUTE_MS, time) else {
                continue;
            };
            let is_known = seen.contains(&series.instance);
            let value = match before(series) {
                Some(_) if is_absent || is_unborn => continue,
                None if is_absent => 1,
                None if is_unborn && is_known => continue,
                None if is_unborn => now,
                Some(before) => now.checked_sub(before).unwrap_or(now),
                None if is_far && is_known => now,
                None => continue,
            };
            let labels = match is_absent {
                true => String::new(),
                false => format!(r#""segment":"{}","code":"{}""#, series.segment, series.code),
            };
            *sums.entry(labels).or_default() += value;
        }
        let is_broken = |(known, minute): &(&str, i64)| {
            *known == metric && *minute == time.div_euclid(MINUTE_MS)
        };
        let is_broken = !is_absent && !is_unborn && self.broken.iter().any(is_broken);
        let text = |value: u64| match is_broken {
            true => "NaN".to_owned(),
            false => value.to_string(),
        };
        let sums = sums.into_iter();
        sums.map(|(labels, value)| (labels, text(value))).collect()
    }
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
