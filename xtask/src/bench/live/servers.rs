//! The servers of a fleet: started with folders and ports of their own, sent the past and the present, and ended when they
//! are let go. Knows their command lines and what CPU and memory they took.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::super::driven::Driven;
use super::super::{inputs, measure};
use super::fleet::Fleet;
use super::turning;
use crate::peers::process::free_address;
use crate::peers::{Outcome, http, install};

/// The programs.
pub struct Programs {
    pub attain: PathBuf,
    pub fleet: PathBuf,
    pub prometheus: PathBuf,
    pub victoria_metrics: PathBuf,
    pub vmalert: PathBuf,
}

impl Programs {
    pub fn find(attain: &Path, fleet: PathBuf) -> Result<Self, String> {
        let program = |package, name| install::program(package, name).map_err(said);
        Ok(Self {
            attain: attain.to_owned(),
            fleet,
            prometheus: program("prometheus", "prometheus")?,
            victoria_metrics: program("victoria-metrics", "victoria-metrics")?,
            vmalert: program("victoria-metrics", "vmalert")?,
        })
    }
}

/// Why there is none.
pub fn said(outcome: Outcome) -> String {
    match outcome {
        Outcome::Passed(why) | Outcome::Failed(why) | Outcome::Skipped(why) => why,
    }
}

/// Questions that are asked at once, as the panels of a dashboard do.
pub const AT_ONCE: u64 = 4;

/// Milliseconds of CPU of a question: asked alone, and among [`AT_ONCE`].
#[derive(Clone, Copy)]
pub struct Each {
    pub alone: f64,
    pub at_once: f64,
}

/// A server at work.
pub struct Server {
    pub address: SocketAddr,
    child: Child,
}

impl Server {
    /// Starts it and waits until it is ready.
    pub fn start(
        program: &Path,
        arguments: &[String],
        folder: &Path,
        address: SocketAddr,
        ready: &str,
    ) -> Result<Self, String> {
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        let failed = |error: std::io::Error| format!("{name}: {error}");
        let log = fs::File::create(folder.join(format!("{name}.log"))).map_err(failed)?;
        let child = Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(failed)?;
        let mut server = Self { address, child };
        let begun = Instant::now();
        while let Err(why) = http::get(address, ready) {
            if let Ok(Some(status)) = server.child.try_wait() {
                return Err(format!(
                    "{name} ended with {status}: see its log in {}",
                    folder.display()
                ));
            }
            if begun.elapsed() > Duration::from_secs(300) {
                return Err(format!("{name} is not ready: {why}"));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(server)
    }

    /// CPU seconds so far, all its threads.
    pub fn cpu(&self) -> Result<f64, String> {
        measure::cpu_of(self.child.id()).ok_or_else(|| format!("{} is gone", self.address))
    }

    /// Bytes resident now.
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB"));
        kilobytes
            .and_then(|kb| kb.trim().parse::<u64>().ok())
            .unwrap_or(0)
            * 1024
    }

    /// Milliseconds of CPU that each of some questions took, one after the other on connections that are kept: on one, and
    /// on several at once.
    pub fn asked(&self, times: u64, path: impl Fn(u64) -> String + Sync) -> Result<Each, String> {
        Ok(Each {
            alone: self.asked_on(1, times, &path)?,
            at_once: self.asked_on(AT_ONCE, times, &path)?,
        })
    }

    fn asked_on(
        &self,
        connections: u64,
        times: u64,
        path: &(impl Fn(u64) -> String + Sync),
    ) -> Result<f64, String> {
        let open = |_| http::Connection::open(self.address);
        let open: Vec<http::Connection> = (0..connections).map(open).collect::<Result<_, _>>()?;
        let cpu = || {
            std::thread::sleep(Duration::from_millis(50));
            let threads = measure::cpu_of_threads(self.child.id());
            threads.ok_or_else(|| format!("{} is gone", self.address))
        };
        let before = cpu()?;
        std::thread::scope(|scope| {
            let ask = |(first, mut connection): (u64, http::Connection)| {
                let turns = (first..times).step_by(connections as usize);
                scope.spawn(move || {
                    turns
                        .map(|turn| connection.get(&path(turn)))
                        .find_map(Result::err)
                })
            };
            let asking: Vec<_> = (0..).zip(open).map(ask).collect();
            for one in asking {
                let why = one.join().map_err(|_| "who asks broke".to_string())?;
                why.map_or(Ok(()), Err)?;
            }
            Ok::<_, String>(())
        })?;
        Ok((cpu()? - before) * 1000.0 / times as f64)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder for one fleet, as it is.
pub fn place(fleet: Fleet, of: &str) -> Result<PathBuf, String> {
    inputs::folder(&format!("live/{}-{}-{of}", fleet.services, fleet.pods))
}

/// A folder for one fleet, emptied.
pub fn folder(fleet: Fleet, of: &str) -> Result<PathBuf, String> {
    let folder = place(fleet, of)?;
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::remove_dir_all(&folder).map_err(failed)?;
    fs::create_dir_all(&folder).map_err(failed)?;
    Ok(folder)
}

/// Who sends to a server.
pub fn sender(programs: &Programs, fleet: Fleet, port: u16) -> Result<Driven, String> {
    let numbers = [u64::from(port), fleet.services, fleet.pods];
    Driven::start(&programs.fleet, &numbers, "ready")
}

/// attain over a folder that holds the past.
pub fn attain(programs: &Programs, fleet: Fleet) -> Result<Server, String> {
    let folder = folder(fleet, "attain")?;
    write(&folder, "fleet.yaml", &fleet.catalogue())?;
    let past = folder.join("past.csv");
    let rows =
        sender(programs, fleet, 0)?.ask(&format!("csv {} {}", fleet.days, past.display()))?;
    println!("{}: {} rows of the past for attain", fleet.name, rows.0);
    let mut replay = Command::new(&programs.attain);
    replay
        .args(["replay", "fleet.yaml", "--data", "data", "--quiet"])
        .current_dir(&folder);
    install::call(&mut replay)?;
    if fleet.days >= 30 {
        turning::keep(fleet, &folder.join("data"), &fleet.catalogue())?;
    }
    // Followed, it would be read again.
    let header = "time,metric,job,segment,code,value\n";
    write(&folder, "past.csv", header)?;
    let address = free_address().map_err(said)?;
    let listen = address.to_string();
    let arguments = ["serve", "fleet.yaml", "--data", "data", "--listen", &listen];
    let arguments = arguments.map(str::to_string);
    Server::start(&programs.attain, &arguments, &folder, address, "/readyz")
}

/// Prometheus, its rules empty.
pub fn prometheus(programs: &Programs, fleet: Fleet) -> Result<(Server, PathBuf), String> {
    let folder = folder(fleet, "prometheus")?;
    write(
        &folder,
        "prometheus.yml",
        "global: {scrape_interval: 60s, evaluation_interval: 60s}\nrule_files: [rules.yml]\n",
    )?;
    write(&folder, "rules.yml", "groups: []\n")?;
    let address = free_address().map_err(said)?;
    let arguments = [
        "--config.file=prometheus.yml".to_string(),
        "--storage.tsdb.path=data".to_string(),
        "--storage.tsdb.retention.time=60d".to_string(),
        "--web.enable-remote-write-receiver".to_string(),
        "--web.enable-lifecycle".to_string(),
        format!("--web.listen-address={address}"),
    ];
    let server = Server::start(
        &programs.prometheus,
        &arguments,
        &folder,
        address,
        "/-/ready",
    )?;
    Ok((server, folder))
}

/// VictoriaMetrics.
pub fn victoria_metrics(programs: &Programs, fleet: Fleet) -> Result<(Server, PathBuf), String> {
    let folder = folder(fleet, "victoria-metrics")?;
    let address = free_address().map_err(said)?;
    let arguments = [
        "-storageDataPath=data".to_string(),
        "-retentionPeriod=60d".to_string(),
        format!("-httpListenAddr={address}"),
    ];
    let program = &programs.victoria_metrics;
    let server = Server::start(program, &arguments, &folder, address, "/health")?;
    Ok((server, folder))
}

/// vmalert beside it.
pub fn vmalert(
    programs: &Programs,
    storage: &Server,
    folder: &Path,
    fleet: Fleet,
) -> Result<Server, String> {
    write(folder, "rules.yml", &fleet.rules())?;
    let address = free_address().map_err(said)?;
    let storage = storage.address;
    let arguments = [
        "-rule=rules.yml".to_string(),
        format!("-datasource.url=http://{storage}"),
        format!("-remoteWrite.url=http://{storage}"),
        // Nobody is there to be told.
        "-notifier.url=http://127.0.0.1:9".to_string(),
        "-evaluationInterval=60s".to_string(),
        format!("-httpListenAddr={address}"),
        "-datasource.maxIdleConnections=64".to_string(),
    ];
    Server::start(&programs.vmalert, &arguments, folder, address, "/health")
}

pub fn write(folder: &Path, name: &str, text: &str) -> Result<(), String> {
    fs::write(folder.join(name), text).map_err(|error| format!("{name}: {error}"))
}
