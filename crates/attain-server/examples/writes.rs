//! How much a server takes: remote write, 10,000 series of 8 labels, 2,000 samples a request, every sample counted.
//!
//! `attain serve examples/... --data DIR`, then
//! `cargo run --release -p attain-server --example writes ADDRESS SECONDS CONNECTIONS PID`: samples acknowledged, and what each
//! cost the server's processor.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::error::Error;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;

const SERIES: usize = 10_000;
const TOGETHER: usize = 2_000;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, seconds, connections, process] = arguments.as_slice() else {
        return Err("writes ADDRESS SECONDS CONNECTIONS PID".into());
    };
    let length = Duration::from_secs(seconds.parse()?);
    let connections: usize = connections.parse()?;
    let acknowledged = AtomicU64::new(0);
    // Series are known and memory is warm before it counts.
    for connection in 0..connections {
        send(
            address,
            connection,
            Duration::from_millis(500),
            &acknowledged,
        )?;
    }
    acknowledged.store(0, Ordering::Relaxed);
    let (before, begun) = (processor_seconds(process)?, Instant::now());
    std::thread::scope(|scope| {
        for connection in 0..connections {
            let acknowledged = &acknowledged;
            scope.spawn(move || {
                if let Err(error) = send(address, connection, length, acknowledged) {
                    eprintln!("{error}");
                }
            });
        }
    });
    let (took, cost) = (begun.elapsed(), processor_seconds(process)? - before);
    let samples = acknowledged.load(Ordering::Relaxed) as f64;
    println!(
        "{:.2} M samples/s acknowledged, {:.2} M a processor second, {:.0} ns each",
        samples / took.as_secs_f64() / 1e6,
        samples / cost / 1e6,
        cost / samples * 1e9
    );
    Ok(())
}

/// Sends all series of a connection again and again, each time with the next value.
fn send(
    address: &str,
    connection: usize,
    length: Duration,
    acknowledged: &AtomicU64,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let pods: Vec<String> = (0..SERIES)
        .map(|pod| format!("shop-{connection}-{pod}"))
        .collect();
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let (begun, mut value, mut answer) = (Instant::now(), 0.0, [0; 4096]);
    while begun.elapsed() < length {
        value += 1.0;
        let sample = [(value, Timestamp::now().as_millisecond())];
        for pods in pods.chunks(TOGETHER) {
            let labels: Vec<_> = pods.iter().map(|pod| labels(pod)).collect();
            let series: Vec<_> = labels
                .iter()
                .map(|l| (l.as_slice(), sample.as_slice()))
                .collect();
            let body = attain_wire::remote_write::encode(&series);
            let head = format!(
                "POST /api/v1/write HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes())?;
            stream.write_all(&body)?;
            let read = stream.read(&mut answer)?;
            if !answer[..read].starts_with(b"HTTP/1.1 204") {
                return Err(String::from_utf8_lossy(&answer[..read]).into_owned().into());
            }
            acknowledged.fetch_add(pods.len() as u64, Ordering::Relaxed);
        }
    }
    Ok(())
}

fn labels(pod: &str) -> [(&str, &str); 8] {
    [
        ("__name__", "http_requests_total"),
        ("code", "200"),
        ("handler", "/api/v1/checkout"),
        ("instance", "10.0.0.1:9090"),
        ("job", "shop"),
        ("method", "POST"),
        ("pod", pod),
        ("segment", "premium"),
    ]
}

/// Of Linux: what a process has used, in hundredths of a second.
fn processor_seconds(process: &str) -> Result<f64, Box<dyn Error + Send + Sync>> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: Vec<f64> = ticks.map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / 100.0)
}
