//! What a burn-down costs when an SLO was never asked about, and when an hour has ended since. The server is the example
//! `kept` of attain-server, over a copy of the folder that attain was measured with: its clock is told when to go on.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::fleet::Fleet;
use super::servers;
use crate::bench::measure;
use crate::peers::http::Connection;

/// The clock stands two minutes before the end of an hour; then a minute after it.
const STEP_SECONDS: u64 = 180;

/// Milliseconds of CPU of a burn-down of 720 points.
#[derive(Debug, Clone, Copy)]
pub struct Turning {
    /// Of an SLO that nobody has asked about.
    pub first: f64,
    /// The first after an hour has ended.
    pub of_hour: f64,
}

/// A copy of a folder, before anybody writes to it.
pub fn keep(fleet: Fleet, data: &Path, catalogue: &str) -> Result<(), String> {
    let folder = servers::folder(fleet, "turning")?;
    servers::write(&folder, "fleet.yaml", catalogue)?;
    let failed = |error: std::io::Error| format!("{}: {error}", data.display());
    fs::create_dir(folder.join("data")).map_err(failed)?;
    for file in fs::read_dir(data).map_err(failed)? {
        let file = file.map_err(failed)?;
        let to = folder.join("data").join(file.file_name());
        fs::copy(file.path(), to).map_err(failed)?;
    }
    // What the catalogue follows has nothing more to say.
    let header = "time,metric,job,segment,code,value\n";
    servers::write(&folder, "past.csv", header)
}

/// Asks about each service before the hour ends, and after it.
pub fn run(example: &Path, fleet: Fleet) -> Result<Turning, String> {
    let failed = |error: std::io::Error| format!("the example `kept`: {error}");
    let folder = servers::place(fleet, "turning")?;
    let mut child = Command::new(example)
        .args(["turn", "fleet.yaml", "data"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let measured = asked(&mut child, fleet);
    let _ = child.kill();
    let _ = child.wait();
    measured
}

fn asked(child: &mut Child, fleet: Fleet) -> Result<Turning, String> {
    let failed = |error: std::io::Error| format!("the example `kept`: {error}");
    let pid = child.id();
    let (Some(says), Some(hears)) = (child.stdout.take(), child.stdin.as_mut()) else {
        return Err("the example `kept` has no pipes".to_string());
    };
    let mut line = String::new();
    BufReader::new(says).read_line(&mut line).map_err(failed)?;
    let address = line.trim().parse();
    let address = address.map_err(|_| format!("the example `kept` says: {line}"))?;
    let mut connection = Connection::open(address)?;
    let mut as_of = |before: &str| {
        let begun = Instant::now();
        loop {
            let said = connection.get("/api/v1/slos?limit=1").unwrap_or_default();
            let at = said
                .split_once("\"as_of\": \"")
                .map(|(_, rest)| &rest[..13]);
            // To the hour: the slices behind its end are judged soon after.
            if let Some(hour) = at.filter(|hour| *hour != before) {
                std::thread::sleep(Duration::from_secs(3));
                return Ok::<_, String>(hour.to_string());
            }
            if begun.elapsed() > Duration::from_secs(120) {
                return Err("the hour does not end".to_string());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    let hour = as_of("")?;
    let first = each(pid, address, fleet)?;
    writeln!(hears, "{STEP_SECONDS}").map_err(failed)?;
    as_of(&hour)?;
    let of_hour = each(pid, address, fleet)?;
    Ok(Turning { first, of_hour })
}

/// Milliseconds of CPU of a burn-down of each service.
fn each(pid: u32, address: std::net::SocketAddr, fleet: Fleet) -> Result<f64, String> {
    let mut connection = Connection::open(address)?;
    let cpu = || {
        std::thread::sleep(Duration::from_millis(50));
        measure::cpu_of_threads(pid).ok_or_else(|| "the example `kept` is gone".to_string())
    };
    let before = cpu()?;
    for service in 0..fleet.services {
        connection.get(&format!(
            "/api/v1/slos/svc-{service:04}/burndown?points=720"
        ))?;
    }
    Ok((cpu()? - before) * 1000.0 / fleet.services as f64)
}
