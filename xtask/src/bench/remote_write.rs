//! Remote write: CPU per sample, from the bytes of a request to its acknowledgement, of attain and VictoriaMetrics.
//!
//! Each sample counts for somebody (attain has one SLO per segment that looks at all of them). attain acknowledges what is
//! synced to disk and judges every slice meanwhile; VictoriaMetrics acknowledges what is in memory, and keeps each sample.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::driven::{Driven, spread};
use super::results::table;
use super::{Setting, built, inputs, measure};

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

/// Who receives.
enum Receiver {
    Attain,
    VictoriaMetrics(PathBuf),
}

/// What one run came to.
struct Cost {
    nanoseconds_per_sample: f64,
    peak_bytes: u64,
}

pub fn run(setting: &Setting) -> Result<String, String> {
    let sender = built(&["-p", "attain-wire", "--example", "send"], "examples/send")?;
    let mut receivers = vec![(Receiver::Attain, "attain".to_string())];
    match victoria_metrics() {
        Some((program, version)) => receivers.push((Receiver::VictoriaMetrics(program), version)),
        None => println!("no victoria-metrics in the path: attain alone"),
    }
    let mut costs: Vec<Vec<Cost>> = receivers.iter().map(|_| Vec::new()).collect();
    for _ in 0..RUNS {
        for ((receiver, name), costs) in receivers.iter().zip(&mut costs) {
            let cost = once(setting, receiver, &sender)?;
            println!("{name}: {:.0} ns a sample", cost.nanoseconds_per_sample);
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
    let rows: Vec<Vec<String>> = (receivers.iter().zip(&costs))
        .map(|((_, name), costs)| {
            let (least, middle, most) = middle(costs);
            let peak = costs.iter().map(|cost| cost.peak_bytes).max().unwrap_or(0);
            vec![
                name.clone(),
                format!("{middle:.0} ({least:.0} to {most:.0})"),
                format!("{:.2} M", 1e3 / middle),
                format!("{:.1}", middle / own),
                format!("{} MB", peak / 1_000_000),
            ]
        })
        .collect();
    let header = [
        "",
        "ns of CPU a sample",
        "samples per CPU second",
        "times attain's",
        "peak memory",
    ];
    Ok(format!(
        "{}. {SERIES} series of 8 labels, {PER_REQUEST} a request, one connection, {ROUNDS} rounds after {WARM_ROUNDS} to warm up; \
         the middle of {RUNS} runs in turn, a fresh process each. CPU is that of the receiving process, all its threads.\n\n{}\n\
         attain matches every sample, syncs each request to disk before it acknowledges it, and judges three promises every\n\
         ten seconds meanwhile; it keeps counts and a log of what arrived. VictoriaMetrics keeps every sample for queries and\n\
         acknowledges before it is on disk.",
        setting.facts(),
        table(&header, &rows)
    ))
}

/// The program and its version.
fn victoria_metrics() -> Option<(PathBuf, String)> {
    let program =
        PathBuf::from(std::env::var_os("VICTORIA_METRICS").unwrap_or("victoria-metrics".into()));
    let output = Command::new(&program).arg("-version").output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let digits = said.find(|c: char| c.is_ascii_digit())?;
    let version: String = said[digits..]
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    Some((program, format!("VictoriaMetrics {version}")))
}

fn once(setting: &Setting, receiver: &Receiver, sender: &Path) -> Result<Cost, String> {
    let folder = inputs::folder("remote-write")?;
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let data = folder.join("data");
    if data.exists() {
        fs::remove_dir_all(&data).map_err(failed)?;
    }
    let port = free_port()?;
    let address = format!("127.0.0.1:{port}");
    let mut command = match receiver {
        Receiver::Attain => {
            let catalogue = folder.join("shop.yaml");
            fs::write(&catalogue, CATALOGUE).map_err(failed)?;
            let mut command = Command::new(&setting.program);
            command
                .arg("serve")
                .arg(catalogue)
                .arg("--data")
                .arg(&data)
                .args(["--listen", &address]);
            command
        }
        Receiver::VictoriaMetrics(program) => {
            let mut command = Command::new(program);
            command.arg(format!("-storageDataPath={}", data.display()));
            command.arg(format!("-httpListenAddr={address}"));
            command
        }
    };
    let complaint = fs::File::create(folder.join("stderr")).map_err(failed)?;
    let command = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(complaint);
    let mut server = Server(
        command
            .spawn()
            .map_err(|error| format!("{:?}: {error}", command.get_program()))?,
    );
    server.wait_for(port)?;
    let mut sender = Driven::start(sender, &[u64::from(port), SERIES, PER_REQUEST], "ready")?;
    send(&mut sender, WARM_ROUNDS)?;
    let before = server.cpu_seconds()?;
    send(&mut sender, ROUNDS)?;
    let cpu_seconds = server.cpu_seconds()? - before;
    Ok(Cost {
        nanoseconds_per_sample: cpu_seconds * 1e9 / (SERIES * ROUNDS) as f64,
        peak_bytes: measure::peak(server.0.id()).unwrap_or(0),
    })
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
    /// Until it takes connections.
    fn wait_for(&mut self, port: u16) -> Result<(), String> {
        const PATIENCE: Duration = Duration::from_secs(20);
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Ok(Some(status)) = self.0.try_wait() {
                return Err(format!(
                    "the server ended with {status}: see target/bench/remote-write/stderr"
                ));
            }
            if start.elapsed() > PATIENCE {
                return Err("the server does not listen".to_string());
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
