//! `cargo xtask bench [NAME]`: speed and memory, into bench/RESULTS.md.
//!
//! One file per bench. Each prints what it does and gives its section of the page; the sections of benches that were not
//! run stay as they are.

mod counts;
mod cycle;
mod diagnose;
mod driven;
mod history;
mod inputs;
mod kept;
mod live;
mod logs;
mod measure;
mod memory;
mod pages;
mod peers;
mod remote_write;
mod results;
mod size;
mod traffic;
mod versions;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::{cargo, git, root};

const PAGE: &str = "bench/RESULTS.md";
const LINES: u64 = 5_000_000;

struct Bench {
    name: &'static str,
    says: &'static str,
    run: fn(&Setting) -> Result<String, String>,
}

const BENCHES: [Bench; 11] = [
    Bench {
        name: "logs",
        says: "a log to counts per minute and segment: attain, duckdb and polars; gzip and zstd",
        run: logs::run,
    },
    Bench {
        name: "memory",
        says: "what attain holds while it reads 2 GB",
        run: memory::run,
    },
    Bench {
        name: "history",
        says: "90 days of a shop read once and kept, then judged under other targets",
        run: history::run,
    },
    Bench {
        name: "cycle",
        says: "100,000 SLO-segments judged at the end of a slice",
        run: cycle::run,
    },
    Bench {
        name: "diagnose",
        says: "who spent a budget: 50 nodes and 5,000, 60 slots",
        run: diagnose::run,
    },
    Bench {
        name: "remote-write",
        says: "CPU per sample that arrives by remote write: attain, VictoriaMetrics and Prometheus",
        run: remote_write::run,
    },
    Bench {
        name: "live",
        says: "SLOs judged while traffic comes in, and asked: attain, Prometheus with Sloth's rules, VictoriaMetrics",
        run: live::run,
    },
    Bench {
        name: "scrape",
        says: "CPU per sample of a page that is scraped: attain, Prometheus and VictoriaMetrics",
        run: live::scrape,
    },
    Bench {
        name: "kept",
        says: "a server with a month behind it: start, memory, and who waits for whom",
        run: kept::run,
    },
    Bench {
        name: "pages",
        says: "pages of 2,000 SLOs in four segments: bytes, milliseconds of the server and of a browser",
        run: pages::run,
    },
    Bench {
        name: "size",
        says: "the release binary and the crates in it",
        run: size::run,
    },
];

/// What every bench is told.
pub struct Setting {
    /// The release binary of attain.
    program: PathBuf,
    /// Lines of the generated log.
    lines: u64,
    commit: String,
}

impl Setting {
    /// Commit, processor and cores: what every section begins with.
    fn facts(&self) -> String {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let processor = fs::read_to_string("/proc/cpuinfo")
            .unwrap_or_default()
            .lines()
            .find_map(|line| line.strip_prefix("model name"))
            .map(|rest| rest.trim_start_matches([' ', '\t', ':']).to_string());
        let processor = processor.unwrap_or_else(|| std::env::consts::ARCH.to_string());
        format!("Commit {}; {cores} cores of {processor}", self.commit)
    }
}

/// `cargo xtask bench [NAME] [--lines N] [--list]`. Without a name: all, one after the other.
pub fn command(arguments: &[String]) -> Result<(), String> {
    let (mut name, mut lines) = (None, LINES);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--list" => {
                for bench in &BENCHES {
                    println!("{:<10} {}", bench.name, bench.says);
                }
                return Ok(());
            }
            "--lines" => lines = lines_of(rest.next())?,
            other if name.is_none() && !other.starts_with('-') => name = Some(other),
            other => {
                return Err(format!(
                    "`{other}` is one argument too many: see `cargo xtask help`"
                ));
            }
        }
    }
    let chosen: Vec<&Bench> = BENCHES
        .iter()
        .filter(|bench| name.is_none_or(|name| name == bench.name))
        .collect();
    if chosen.is_empty() {
        let name = name.unwrap_or_default();
        return Err(format!(
            "there is no bench `{name}`: see `cargo xtask bench --list`"
        ));
    }
    let setting = Setting {
        program: built(&["-p", "attain"], "attain")?,
        lines,
        commit: git::commit(PAGE)?,
    };
    for bench in chosen {
        println!("bench {}: {}", bench.name, bench.says);
        let section =
            (bench.run)(&setting).map_err(|why| format!("bench {}: {why}", bench.name))?;
        println!("\n{section}");
        write_section(bench.name, &section)?;
    }
    Ok(())
}

fn lines_of(text: Option<&String>) -> Result<u64, String> {
    text.and_then(|text| text.replace('_', "").parse().ok())
        .filter(|lines| *lines >= 1_000)
        .ok_or_else(|| "--lines needs a whole number from 1000".to_string())
}

/// Builds a release of something; `file` is where it then is below the folder of releases.
fn built(what: &[&str], file: &str) -> Result<PathBuf, String> {
    let status = Command::new(cargo())
        .args(["build", "--release", "--locked"])
        .args(what)
        .current_dir(root())
        .status()
        .map_err(|error| format!("cargo build: {error}"))?;
    if !status.success() {
        return Err(format!("cargo build {} failed", what.join(" ")));
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("release").join(file))
}

fn write_section(name: &str, section: &str) -> Result<(), String> {
    let path = root().join(PAGE);
    // A page that is not there yet is an empty one.
    let page = fs::read_to_string(&path).unwrap_or_default();
    fs::write(&path, results::with_section(&page, name, section))
        .map_err(|error| format!("{PAGE}: {error}"))
}
