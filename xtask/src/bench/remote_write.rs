//! Remote write: CPU per sample, from the bytes of a request to its acknowledgement, of attain, VictoriaMetrics and
//! Prometheus.
//!
//! Each sample counts for somebody (attain has one SLO per segment that looks at all of them). attain acknowledges what is
//! synced to disk and judges every slice meanwhile; its peers acknowledge what is in memory or in the page cache, and keep
//! each sample.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::driven::{Driven, spread};
use super::live::said;
use super::results::table;
use super::{Setting, built, inputs, measure, versions};
use crate::peers::{http, install};

const SERIES: u64 = 10_000;
const PER_REQUEST: u64 = 2_000;
/// Sent first and not counted: whoever is asked meets every series.
const WARM_ROUNDS: u64 = 5;
const ROUNDS: u64 = 100;
const RUNS: usize = 3;

const CATALOGUE: &str = "\
attain: 1
segments:
  premium: {rank: 1, contract: best-effort}
  standard: {rank: 2, contract: best-effort}
  free: {rank: 3, contract: best-effort}
sources:
  live: {remote_write: {}}
slos:
  requests:
    outcome: Requests are answered
    service: shop
    owner: shop-team
    indicator: {metric: http_requests_total, type: counter, bad: {code: 5xx}}
    objectives: {availability: 99%}
    window: 30d
";

/// Connections over which the series are sent, each its own share of them.
const CONNECTIONS: [u64; 2] = [1, 5];

/// Who receives.
struct Receiver {
    /// With its version.
    name: String,
    program: PathBuf,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Attain,
    VictoriaMetrics,
    Prometheus,
}

/// What one run came to.
struct Cost {
    nanoseconds_per_sample: f64,
    peak_bytes: u64,
}

pub fn run(setting: &Setting) -> Result<String, String> {
    let sender = built(&["-p", "attain-wire", "--example", "send"], "examples/send")?;
    let mut receivers = vec![Receiver {
        name: "attain".to_owned(),
        program: setting.program.clone(),
        kind: Kind::Attain,
    }];
    let mut without = String::new();
    for (package, name, kind) in [
        ("victoria-metrics", "VictoriaMetrics", Kind::VictoriaMetrics),
        ("prometheus", "Prometheus", Kind::Prometheus),
    ] {
        match peer(package, name, kind) {
            Ok(peer) => receivers.push(peer),
            Err(why) => without += &format!("Not measured: {name} ({why}).\n"),
        }
    }
    let mut rows = Vec::new();
    for connections in CONNECTIONS {
        rows.extend(compared(&receivers, &sender, connections)?);
    }
    let header = [
        "",
        "connections",
        "ns of CPU a sample",
        "samples per CPU second",
        "times attain's",
        "peak memory",
    ];
    Ok(format!(
        "{}. {SERIES} series of 8 labels, {PER_REQUEST} a request, {ROUNDS} rounds after {WARM_ROUNDS} to warm up; the middle \
         of {RUNS} runs in turn, a fresh process each. CPU is that of the receiving process, all its threads.\n\n{}{without}\n\
         attain matches every sample, syncs each request to disk before it acknowledges it (what waits at the same time is\n\
         synced together), and judges three promises every ten seconds meanwhile; it keeps counts and a log of what arrived.\n\
         VictoriaMetrics and Prometheus keep every sample for queries. Neither syncs before it acknowledges, and neither has\n\
         a switch for it: after a power loss the last seconds are gone.",
        setting.facts(),
        table(&header, &rows)
    ))
}

/// The rows of everybody over so many connections.
fn compared(
    receivers: &[Receiver],
    sender: &Path,
    connections: u64,
) -> Result<Vec<Vec<String>>, String> {
    let mut costs: Vec<Vec<Cost>> = receivers.iter().map(|_| Vec::new()).collect();
    for _ in 0..RUNS {
        for (receiver, costs) in receivers.iter().zip(&mut costs) {
            let cost = once(receiver, sender, connections)?;
            let nanoseconds = cost.nanoseconds_per_sample;
            println!(
                "{}, {connections} connections: {nanoseconds:.0} ns a sample",
                receiver.name
            );
            costs.push(cost);
        }
    }
    let middle = |costs: &[Cost]| {
        let numbers: Vec<f64> = costs
            .iter()
            .map(|cost| cost.nanoseconds_per_sample)
            .collect();
        spread(&numbers)
    };
    let own = middle(&costs[0]).1;
    let rows = (receivers.iter().zip(&costs)).map(|(receiver, costs)| {
        let (least, middle, most) = middle(costs);
        let peak = costs.iter().map(|cost| cost.peak_bytes).max().unwrap_or(0);
        vec![
            receiver.name.clone(),
            connections.to_string(),
            format!("{middle:.0} ({least:.0} to {most:.0})"),
            format!("{:.2} M", 1e3 / middle),
            format!("{:.1}", middle / own),
            format!("{} MB", peak / 1_000_000),
        ]
    });
    Ok(rows.collect())
}

/// A peer with its version, or why it cannot be had.
fn peer(package: &str, name: &str, kind: Kind) -> Result<Receiver, String> {
    let program = install::program(package, package).map_err(said)?;
    // Debian's VictoriaMetrics does not say its version.
    let version = match kind {
        Kind::VictoriaMetrics => versions::of_package(package, name),
        _ => versions::of_program(&program, "--version", name),
    };
    Ok(Receiver {
        name: version.unwrap_or_else(|_| name.to_string()),
        program,
        kind,
    })
}

fn once(receiver: &Receiver, sender: &Path, connections: u64) -> Result<Cost, String> {
    let folder = inputs::folder("remote-write")?;
    let data = folder.join("data");
    if data.exists() {
        fs::remove_dir_all(&data).map_err(|error| format!("{}: {error}", data.display()))?;
    }
    let port = free_port()?;
    let mut server = receiver.start(&folder, port)?;
    server.wait_for(port, receiver.kind)?;
    let arguments = [u64::from(port), SERIES, PER_REQUEST, connections];
    let mut sender = Driven::start(sender, &arguments, "ready")?;
    send(&mut sender, WARM_ROUNDS)?;
    let before = server.cpu_seconds()?;
    send(&mut sender, ROUNDS)?;
    let cpu_seconds = server.cpu_seconds()? - before;
    Ok(Cost {
        nanoseconds_per_sample: cpu_seconds * 1e9 / (SERIES * ROUNDS) as f64,
        peak_bytes: measure::peak(server.0.id()).unwrap_or(0),
    })
}

impl Receiver {
    fn start(&self, folder: &Path, port: u16) -> Result<Server, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        let address = format!("127.0.0.1:{port}");
        let data = folder.join("data");
        let mut command = Command::new(&self.program);
        match self.kind {
            Kind::Attain => {
                let catalogue = folder.join("shop.yaml");
                fs::write(&catalogue, CATALOGUE).map_err(failed)?;
                command.arg("serve").arg(catalogue).arg("--data").arg(&data);
                command.args(["--listen", &address]);
            }
            Kind::VictoriaMetrics => {
                command.arg(format!("-storageDataPath={}", data.display()));
                command.arg(format!("-httpListenAddr={address}"));
            }
            Kind::Prometheus => {
                let config = folder.join("prometheus.yml");
                fs::write(&config, "global: {scrape_interval: 1h}\n").map_err(failed)?;
                command.arg(format!("--config.file={}", config.display()));
                command.arg(format!("--storage.tsdb.path={}", data.display()));
                command.arg(format!("--web.listen-address={address}"));
                command.arg("--web.enable-remote-write-receiver");
            }
        }
        let complaint = fs::File::create(folder.join("stderr")).map_err(failed)?;
        let command = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(complaint);
        let child = command.spawn();
        let child = child.map_err(|error| format!("{:?}: {error}", command.get_program()))?;
        Ok(Server(child))
    }
}

fn send(sender: &mut Driven, rounds: u64) -> Result<(), String> {
    let (said, _) = sender.ask(&rounds.to_string())?;
    if said == (SERIES * rounds).to_string() {
        return Ok(());
    }
    Err(format!(
        "{said} of {} samples were acknowledged",
        SERIES * rounds
    ))
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    Ok(address.port())
}

/// A server at work; ended when it is let go.
struct Server(Child);

impl Server {
    /// Until it says that it is ready.
    fn wait_for(&mut self, port: u16, kind: Kind) -> Result<(), String> {
        const PATIENCE: Duration = Duration::from_secs(30);
        let path = match kind {
            Kind::Attain => "/readyz",
            Kind::VictoriaMetrics => "/health",
            Kind::Prometheus => "/-/ready",
        };
        let start = Instant::now();
        while http::get(SocketAddr::from(([127, 0, 0, 1], port)), path).is_err() {
            if let Ok(Some(status)) = self.0.try_wait() {
                return Err(format!(
                    "the server ended with {status}: see target/bench/remote-write/stderr"
                ));
            }
            if start.elapsed() > PATIENCE {
                return Err("the server is not ready".to_string());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn cpu_seconds(&self) -> Result<f64, String> {
        // What was acknowledged may still be worked on.
        std::thread::sleep(Duration::from_millis(200));
        measure::cpu_of(self.0.id()).ok_or_else(|| "the server is gone".to_string())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
