//! A server as a process of its own, and the plainest sender to it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use attain_server::Unsealed;
use attain_store::{Access, Store};
use jiff::Timestamp;

use crate::{Place, command};

pub const CATALOGUE: &str = "
attain: 1
catalogue: {name: shop}
segments:
  premium:  {rank: 1, price: 90 USD/month, contract: 12 months, severity: sev1}
  standard: {rank: 2, price: 9 USD/month, contract: none, severity: sev2}
sources:
  prom: {remote_write: {}, delay: 5s}
  otel: {otlp: {}, delay: 5s}
defaults: {source: prom, window: 30d, owner: shop, alerting: none}
slos:
  checkout:
    outcome: A customer can pay
    service: shop
    indicator: {metric: http_requests_total, bad: {code: 5xx}}
    objectives:
      availability: {premium: 99.9%, standard: 99%}
";

/// A process that is killed when the test ends before it does.
pub struct Served {
    child: Child,
}

impl Served {
    pub fn start(place: &Place, address: SocketAddr, more: &[&str]) -> Self {
        let listen = address.to_string();
        let mut arguments = vec!["serve", "shop.yaml", "--data", "data", "--listen", &listen];
        arguments.extend_from_slice(more);
        Self::ready(&mut command(place.0.path(), &arguments), address)
    }

    /// Starts a command that serves, and waits until it does.
    pub fn ready(command: &mut Command, address: SocketAddr) -> Self {
        Self::heard(command, address, Stdio::null())
    }

    /// The same, with its standard error in a file.
    pub fn heard(command: &mut Command, address: SocketAddr, log: impl Into<Stdio>) -> Self {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut served = Self { child };
        let begun = Instant::now();
        loop {
            if get(address, "/readyz").is_some_and(|(status, _)| status == 200) {
                return served;
            }
            if let Some(status) = served.child.try_wait().unwrap() {
                panic!("the server ended: {status}");
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "not ready");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// As a power cut does it, but for the disk.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As a service manager does it.
    pub fn stop(mut self) -> ExitStatus {
        self.signal("-TERM");
        self.child.wait().unwrap()
    }

    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that is free now.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// Status and body; `None` if nobody answers.
pub fn get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let mut stream = connect(address)?;
    let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).ok()?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

fn connect(address: SocketAddr) -> Option<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(10)).ok()?;
    let wait = Some(Duration::from_secs(30));
    stream.set_read_timeout(wait).ok()?;
    stream.set_write_timeout(wait).ok()?;
    stream.set_nodelay(true).ok()?;
    Some(stream)
}

/// Sends one request after the other on one connection.
pub struct Sender {
    address: SocketAddr,
    path: String,
    stream: Option<TcpStream>,
}

impl Sender {
    pub fn to(address: SocketAddr) -> Self {
        Self {
            address,
            path: "/api/v1/write".to_owned(),
            stream: None,
        }
    }

    /// For one of several sources.
    pub fn of(address: SocketAddr, source: &str) -> Self {
        Self {
            path: format!("/api/v1/write/{source}"),
            ..Self::to(address)
        }
    }

    /// The status of the answer; `None` if there was none, so that nobody knows whether it was kept.
    pub fn write(&mut self, body: &[u8]) -> Option<u16> {
        let answer = self.try_write(body);
        if answer.is_none() {
            self.stream = None;
        }
        answer
    }

    fn try_write(&mut self, body: &[u8]) -> Option<u16> {
        if self.stream.is_none() {
            self.stream = Some(connect(self.address)?);
        }
        let stream = self.stream.as_mut()?;
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: attain\r\ncontent-type: application/x-protobuf\r\n\
             content-encoding: snappy\r\ncontent-length: {}\r\n\r\n",
            self.path,
            body.len()
        );
        let mut request = head.into_bytes();
        request.extend_from_slice(body);
        stream.write_all(&request).ok()?;
        answer(stream)
    }
}

/// Reads one answer with its body.
fn answer(stream: &mut TcpStream) -> Option<u16> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap_or(0));
        if body.len() >= length {
            return head.split(' ').nth(1)?.parse().ok();
        }
    }
}

/// The clock, never the same twice: a disk that is quick answers two requests within a millisecond, and of two samples of
/// one counter at one instant only the first can be taken.
pub fn another_ms() -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let now = Timestamp::now().as_millisecond();
    let last = LAST.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| {
        Some(now.max(last + 1))
    });
    now.max(last.unwrap_or(now) + 1)
}

/// One sample of each of some counters of a sender, all with the same value.
pub fn samples(sender: usize, counters: usize, value: u64, time_ms: i64) -> Vec<u8> {
    let pods: Vec<String> = (0..counters).map(|pod| format!("{sender}-{pod}")).collect();
    let labels: Vec<[(&str, &str); 4]> = pods
        .iter()
        .map(|pod| {
            [
                ("__name__", "http_requests_total"),
                ("code", "200"),
                ("pod", pod.as_str()),
                ("segment", "premium"),
            ]
        })
        .collect();
    let sample = [(value as f64, time_ms)];
    let series: Vec<_> = labels
        .iter()
        .map(|labels| (labels.as_slice(), sample.as_slice()))
        .collect();
    attain_wire::remote_write::encode(&series)
}

/// All events that a data folder holds, in pages, in frames, and in slices that are not closed.
pub fn events(folder: &Path) -> u64 {
    let store = Store::open(folder, Access::Read).unwrap();
    let report = store.check();
    assert!(report.is_clean(), "{report:?}");
    let mut unsealed = Unsealed::of(&store, 10, |_| {}).unwrap();
    for mut delivery in unsealed.meter.close(Timestamp::MAX) {
        delivery.streams = Some(unsealed.ledger.streams_of(&delivery.source));
        unsealed.ledger.take(delivery);
    }
    let hot = unsealed.ledger.facts().streams.into_values();
    let kept = store.streams().map(|(key, _)| {
        let (facts, damage) = store.stream(key).unwrap();
        assert_eq!(damage, []);
        facts
    });
    hot.chain(kept)
        .flat_map(|facts| facts.columns)
        .map(|column| {
            let on_time: u64 = column.on_time.iter().map(|(_, events)| events).sum();
            let late: u64 = column.late.iter().map(|(_, _, events)| events).sum();
            on_time + late
        })
        .sum()
}
