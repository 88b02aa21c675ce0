//! A sender of remote write: `send PORT SERIES PER_REQUEST`, to 127.0.0.1 and `/api/v1/write`.
//!
//! It says `ready`; each line with a number sends so many rounds of all series, one sample each, of now, over one
//! connection, and says how many samples were acknowledged. Driven by `cargo xtask bench remote-write`.
// An example talks to a server and reads the clock.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{SystemTime, UNIX_EPOCH};

use attain_wire::remote_write::{Given, encode};

fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .map(|argument| argument.parse())
        .collect::<Result<_, _>>()?;
    let [port, series, per_request] = numbers[..] else {
        return Err("three numbers: PORT SERIES PER_REQUEST".into());
    };
    let labels: Vec<Vec<(&str, String)>> = (0..series).map(labels).collect();
    let labels: Vec<Vec<(&str, &str)>> = labels
        .iter()
        .map(|labels| {
            labels
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect()
        })
        .collect();
    let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", u16::try_from(port)?))?);
    println!("ready");
    let mut round = 0_u32;
    for line in std::io::stdin().lines() {
        let rounds: u32 = line?.trim().parse()?;
        let mut acknowledged = 0;
        for _ in 0..rounds {
            round += 1;
            let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
            let samples: Vec<[(f64, i64); 1]> = (0..series)
                .map(|i| [(f64::from(round) * (1 + i % 200) as f64, now_ms)])
                .collect();
            let given: Vec<Given<'_>> = (labels.iter().zip(&samples))
                .map(|(labels, samples)| (labels.as_slice(), samples.as_slice()))
                .collect();
            for part in given.chunks(per_request) {
                post(&mut stream, port, &encode(part))?;
                acknowledged += part.len();
            }
        }
        println!("{acknowledged}");
    }
    Ok(())
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
fn post(stream: &mut BufReader<TcpStream>, port: usize, body: &[u8]) -> Result<(), Box<dyn Error>> {
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
