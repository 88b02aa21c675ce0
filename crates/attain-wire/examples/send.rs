//! A sender of remote write: `send PORT SERIES PER_REQUEST CONNECTIONS`, to 127.0.0.1 and `/api/v1/write`.
//!
//! It says `ready`; each line with a number sends so many rounds of all series, one sample each, of now, each connection
//! its own share of them, and says how many samples were acknowledged. Driven by `cargo xtask bench remote-write`.
// An example talks to a server and reads the clock.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{SystemTime, UNIX_EPOCH};

use attain_wire::remote_write::{Given, encode};

fn main() -> Result<(), Failed> {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .map(|argument| argument.parse())
        .collect::<Result<_, _>>()?;
    let [port, series, per_request, connections] = numbers[..] else {
        return Err("four numbers: PORT SERIES PER_REQUEST CONNECTIONS".into());
    };
    let labels: Vec<Vec<(&str, String)>> = (0..series).map(labels).collect();
    let mut shards = Vec::new();
    for shard in labels.chunks(series.div_ceil(connections.max(1)).max(1)) {
        let stream = TcpStream::connect(("127.0.0.1", u16::try_from(port)?))?;
        stream.set_nodelay(true)?;
        shards.push(Shard {
            labels: shard.iter().map(borrowed).collect(),
            stream: BufReader::new(stream),
            port,
            per_request,
            round: 0,
        });
    }
    println!("ready");
    for line in std::io::stdin().lines() {
        let rounds: u32 = line?.trim().parse()?;
        let acknowledged: usize = std::thread::scope(|scope| {
            let shards = shards.iter_mut();
            let sending: Vec<_> = shards
                .map(|shard| scope.spawn(move || shard.send(rounds)))
                .collect();
            let sent = sending.into_iter().map(|shard| {
                let ended = shard.join();
                ended.unwrap_or_else(|_| Err("a connection ended early".into()))
            });
            sent.sum::<Result<usize, Failed>>()
        })?;
        println!("{acknowledged}");
    }
    Ok(())
}

type Failed = Box<dyn Error + Send + Sync>;

/// The series that one connection sends.
struct Shard<'l> {
    labels: Vec<Vec<(&'l str, &'l str)>>,
    stream: BufReader<TcpStream>,
    port: usize,
    per_request: usize,
    round: u32,
}

impl Shard<'_> {
    /// Sends all series so many times; gives the samples that were acknowledged.
    fn send(&mut self, rounds: u32) -> Result<usize, Failed> {
        let mut acknowledged = 0;
        for _ in 0..rounds {
            self.round += 1;
            let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
            let samples: Vec<[(f64, i64); 1]> = (0..self.labels.len())
                .map(|i| [(f64::from(self.round) * (1 + i % 200) as f64, now_ms)])
                .collect();
            let given: Vec<Given<'_>> = (self.labels.iter().zip(&samples))
                .map(|(labels, samples)| (labels.as_slice(), samples.as_slice()))
                .collect();
            for part in given.chunks(self.per_request) {
                post(&mut self.stream, self.port, &encode(part))?;
                acknowledged += part.len();
            }
        }
        Ok(acknowledged)
    }
}

fn borrowed<'l>(labels: &'l Vec<(&'l str, String)>) -> Vec<(&'l str, &'l str)> {
    let labels = labels.iter();
    labels
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

/// Eight labels, as an exporter in a cluster has them.
fn labels(i: usize) -> Vec<(&'static str, String)> {
    vec![
        ("__name__", "http_requests_total".to_owned()),
        (
            "code",
            ["200", "201", "404", "500", "503"][i / 3 % 5].to_owned(),
        ),
        (
            "instance",
            format!("10.1.{}.{}:8080", i / 256 % 256, i % 256),
        ),
        ("job", format!("svc-{:04}", i / 250)),
        ("method", "GET".to_owned()),
        ("namespace", "prod".to_owned()),
        ("pod", format!("svc-{:04}-7f9c6d5b8-{i:05}", i / 250)),
        ("segment", ["premium", "standard", "free"][i % 3].to_owned()),
    ]
}

/// Sends a request and waits until it is acknowledged.
fn post(stream: &mut BufReader<TcpStream>, port: usize, body: &[u8]) -> Result<(), Failed> {
    let head = format!(
        "POST /api/v1/write HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/x-protobuf\r\n\
         content-encoding: snappy\r\nx-prometheus-remote-write-version: 0.1.0\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut request = head.into_bytes();
    request.extend_from_slice(body);
    stream.get_mut().write_all(&request)?;
    let mut status = String::new();
    stream.read_line(&mut status)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
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
    if !status.contains(" 204 ") && !status.contains(" 200 ") {
        let words = String::from_utf8_lossy(&answer).into_owned();
        return Err(format!("{}: {words}", status.trim()).into());
    }
    Ok(())
}
