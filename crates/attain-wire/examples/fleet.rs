//! A fleet of services that sends what it counted by remote write: `fleet PORT SERVICES PODS`, to 127.0.0.1.
//!
//! Three segments a service. One pod counts `code` 200 and 500; more count five codes each. It says `ready`; then
//! `past DAYS` sends so many days up to now, a sample a minute, oldest first, an hour of each series at once;
//! `recorded DAYS` the same and beside it 30 days of the ratio of errors over 5 minutes as Sloth's rules would have recorded it;
//! `now` sends one sample of each; `csv DAYS FILE` writes what was counted in each minute of the past instead. It says how many samples were acknowledged. Driven by `cargo xtask bench live`.
// An example talks to a server and reads the clock.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{SystemTime, UNIX_EPOCH};

use attain_wire::remote_write::{Given, encode};

const SEGMENTS: [&str; 3] = ["premium", "standard", "free"];
const MINUTE_MS: i64 = 60_000;
/// Samples of a series in a request of the past.
const AT_ONCE: i64 = 60;
/// What a rule over 30 days reads.
const RECORDED_DAYS: i64 = 30;
/// Series in a request.
const SERIES_AT_ONCE: usize = 200;

/// A counter, or a recorded ratio.
struct Series {
    labels: Vec<(&'static str, String)>,
    /// Tells series apart in how much they count.
    number: u64,
    is: Is,
}

#[derive(Clone, Copy, PartialEq)]
enum Is {
    Good,
    Bad,
    Ratio,
}

fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .map(|argument| argument.parse())
        .collect::<Result<_, _>>()?;
    let [port, services, pods] = numbers[..] else {
        return Err("three numbers: PORT SERVICES PODS".into());
    };
    let counters = counters(services, pods);
    let recorded = recorded(services);
    let mut to = Connection { port, stream: None };
    println!("ready");
    for line in std::io::stdin().lines() {
        let line = line?;
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
        let minute = now / MINUTE_MS;
        let acknowledged = match line.trim().split_once(' ') {
            Some(("past", days)) => past(&mut to, &[(&counters, days.parse()?)], minute)?,
            Some(("csv", rest)) => {
                let (days, file) = rest.split_once(' ').ok_or("csv DAYS FILE")?;
                csv(&counters, days, minute, file)?
            }
            Some(("recorded", days)) => {
                let groups = [(&counters, days.parse()?), (&recorded, RECORDED_DAYS)];
                past(&mut to, &groups, minute)?
            }
            _ => send(&mut to, &counters, minute, minute + 1)?,
        };
        println!("{acknowledged}");
    }
    Ok(())
}

fn counters(services: usize, pods: usize) -> Vec<Series> {
    let codes: &[&str] = match pods {
        1 => &["200", "500"],
        _ => &["200", "201", "404", "500", "503"],
    };
    let mut all = Vec::new();
    for service in 0..services {
        for segment in SEGMENTS {
            for pod in 0..pods {
                for code in codes {
                    let labels = vec![
                        ("__name__", "http_requests_total".to_owned()),
                        ("code", (*code).to_owned()),
                        ("instance", format!("10.1.{}.{pod}:8080", service % 256)),
                        ("job", format!("svc-{service:04}")),
                        ("pod", format!("svc-{service:04}-7f9c6d5b8-{pod:05}")),
                        ("segment", segment.to_owned()),
                    ];
                    let is = if code.starts_with('5') {
                        Is::Bad
                    } else {
                        Is::Good
                    };
                    let number = all.len() as u64;
                    all.push(Series { labels, number, is });
                }
            }
        }
    }
    all
}

fn recorded(services: usize) -> Vec<Series> {
    let mut all = Vec::new();
    for service in 0..services {
        for segment in SEGMENTS {
            let job = format!("svc-{service:04}");
            let labels = vec![
                ("__name__", "slo:sli_error:ratio_rate5m".to_owned()),
                ("owner", "shop-team".to_owned()),
                ("segment", segment.to_owned()),
                ("sloth_id", format!("{job}-availability-{segment}")),
                ("sloth_service", job),
                ("sloth_slo", format!("availability-{segment}")),
                ("sloth_window", "5m".to_owned()),
            ];
            all.push(Series {
                labels,
                number: 2 * all.len() as u64,
                is: Is::Ratio,
            });
        }
    }
    all
}

impl Series {
    fn label(&self, name: &str) -> &str {
        let label = self.labels.iter().find(|(known, _)| *known == name);
        label.map_or("", |(_, value)| value)
    }

    /// What it says at a minute: counters only rise, busier by day, with bursts of errors.
    fn at(&self, minute: i64) -> f64 {
        let m = minute.unsigned_abs();
        let good =
            |m: u64| m * (100 + self.number % 7 * 10) + m / 1440 * 7200 + (m % 1440).min(720) * 10;
        let bad = |m: u64| m / 997 * 400 + (m % 997).min(40) * 10;
        match self.is {
            Is::Good => good(m) as f64,
            Is::Bad => bad(m) as f64,
            Is::Ratio => {
                let (bad, good) = (bad(m) - bad(m - 5), good(m) - good(m - 5));
                bad as f64 / (bad + good) as f64
            }
        }
    }
}

/// Series and how many days each has behind it: all of one hour, then of the next.
fn past(
    to: &mut Connection,
    groups: &[(&Vec<Series>, i64)],
    until: i64,
) -> Result<usize, Box<dyn Error>> {
    let longest = groups.iter().map(|(_, days)| *days).max().unwrap_or(0);
    let mut from = until - longest * 1440;
    let mut acknowledged = 0;
    while from < until {
        let end = (from + AT_ONCE).min(until);
        for (group, days) in groups {
            if end > until - days * 1440 {
                acknowledged += send(to, group, from, end)?;
            }
        }
        from = end;
    }
    Ok(acknowledged)
}

/// Rows of minute, job, segment, code and how many all pods counted; none where there were none.
fn csv(counters: &[Series], days: &str, until: i64, file: &str) -> Result<usize, Box<dyn Error>> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(file)?);
    writeln!(out, "time,metric,job,segment,code,value")?;
    let mut of_pods: BTreeMap<[&str; 3], Vec<&Series>> = BTreeMap::new();
    for one in counters {
        let key = ["job", "segment", "code"].map(|name| one.label(name));
        of_pods.entry(key).or_default().push(one);
    }
    let mut rows = 0;
    for minute in until - days.parse::<i64>()? * 1440..until {
        for ([job, segment, code], pods) in &of_pods {
            let counted = |one: &&Series| one.at(minute + 1) - one.at(minute);
            let counted: f64 = pods.iter().map(counted).sum();
            if counted > 0.0 {
                let seconds = minute * 60;
                writeln!(
                    out,
                    "{seconds},http_requests_total,{job},{segment},{code},{counted}"
                )?;
                rows += 1;
            }
        }
    }
    out.flush()?;
    Ok(rows)
}

/// Sends the minutes from one to before another.
fn send(
    to: &mut Connection,
    series: &[Series],
    from: i64,
    end: i64,
) -> Result<usize, Box<dyn Error>> {
    let mut acknowledged = 0;
    for part in series.chunks(SERIES_AT_ONCE) {
        let samples: Vec<Vec<(f64, i64)>> = part
            .iter()
            .map(|one| (from..end).map(|m| (one.at(m), m * MINUTE_MS)).collect())
            .collect();
        let labels: Vec<Vec<(&str, &str)>> = part
            .iter()
            .map(|one| {
                one.labels
                    .iter()
                    .map(|(name, value)| (*name, value.as_str()))
                    .collect()
            })
            .collect();
        let given: Vec<Given<'_>> = (labels.iter().zip(&samples))
            .map(|(labels, samples)| (labels.as_slice(), samples.as_slice()))
            .collect();
        to.post(&encode(&given))?;
        acknowledged += samples.iter().map(Vec::len).sum::<usize>();
    }
    Ok(acknowledged)
}

/// One connection, opened when it is needed, and again when the other side has closed it.
struct Connection {
    port: usize,
    stream: Option<BufReader<TcpStream>>,
}

impl Connection {
    /// Sends a request until it is acknowledged.
    fn post(&mut self, body: &[u8]) -> Result<(), Box<dyn Error>> {
        for _ in 0..100 {
            match self.try_post(body) {
                Ok((200 | 204, _)) => return Ok(()),
                Ok((503, _)) => std::thread::sleep(std::time::Duration::from_millis(100)),
                Ok((status, words)) => return Err(format!("{status}: {words}").into()),
                Err(_) => self.stream = None,
            }
        }
        Err("never acknowledged".into())
    }

    fn try_post(&mut self, body: &[u8]) -> Result<(u16, String), Box<dyn Error>> {
        let head = format!(
            "POST /api/v1/write HTTP/1.1\r\nhost: 127.0.0.1:{}\r\ncontent-type: application/x-protobuf\r\n\
             content-encoding: snappy\r\nx-prometheus-remote-write-version: 0.1.0\r\ncontent-length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        let mut request = head.into_bytes();
        request.extend_from_slice(body);
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let opened = TcpStream::connect(("127.0.0.1", u16::try_from(self.port)?))?;
                none.insert(BufReader::new(opened))
            }
        };
        stream.get_mut().write_all(&request)?;
        let mut status = String::new();
        stream.read_line(&mut status)?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line)? == 0 {
                return Err("it broke off".into());
            }
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(text) = line.strip_prefix("content-length:") {
                length = text.trim().parse()?;
            }
        }
        let mut answer = vec![0; length];
        stream.read_exact(&mut answer)?;
        let code = status.split(' ').nth(1).ok_or("no status")?.parse()?;
        Ok((code, String::from_utf8_lossy(&answer).into_owned()))
    }
}
