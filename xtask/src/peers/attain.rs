//! `attain serve` as anybody starts it: the built program, a catalogue file, a data folder; and what its status counts.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::process::{Running, free_address, wait_for};
use super::{Outcome, http};
use crate::{cargo, root};

static PROGRAM: OnceLock<Result<PathBuf, String>> = OnceLock::new();

/// A server of its own.
pub struct Attain {
    process: Running,
    pub address: SocketAddr,
}

/// Events of one objective and segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub good: u64,
    pub bad: u64,
}

/// The program, built at most once.
pub fn program() -> Result<PathBuf, Outcome> {
    PROGRAM.get_or_init(build).clone().map_err(Outcome::Failed)
}

fn build() -> Result<PathBuf, String> {
    let status = Command::new(cargo())
        .args(["build", "--quiet", "-p", "attain"])
        .current_dir(root())
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("cargo build: {error}"))?;
    if !status.success() {
        return Err("attain cannot be built; see above".into());
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("debug/attain"))
}

impl Attain {
    /// Serves a catalogue from a folder of this check, at an address that was free.
    pub fn start(folder: &Path, catalogue: &str) -> Result<Self, Outcome> {
        Self::start_at(folder, catalogue, free_address()?)
    }

    /// The same at an address that somebody was told already.
    pub fn start_at(folder: &Path, catalogue: &str, address: SocketAddr) -> Result<Self, Outcome> {
        let file = folder.join("catalogue.yaml");
        fs::write(&file, catalogue).map_err(Outcome::failed)?;
        Self::serve(folder, &file, address)
    }

    /// Serves the catalogue files that a folder has.
    pub fn start_in(folder: &Path) -> Result<Self, Outcome> {
        Self::serve(folder, folder, free_address()?)
    }

    fn serve(folder: &Path, file: &Path, address: SocketAddr) -> Result<Self, Outcome> {
        let mut command = Command::new(program()?);
        command.arg("serve").arg(file).arg("--data");
        command.arg(folder.join("data"));
        command.args(["--listen", &address.to_string()]);
        let process = Running::start(&mut command, folder)?;
        let mut server = Self { process, address };
        wait_for("attain is ready", 30, || {
            if let Some(ended) = server.process.has_ended() {
                return Err(ended);
            }
            http::get(address, "/readyz")
        })?;
        Ok(server)
    }

    /// What it says of a promise now.
    pub fn counts(&self, slo: &str, segment: &str) -> Result<Counts, String> {
        let status = http::get(self.address, "/api/v1/status")?;
        counts_in(&status, slo, segment)
            .ok_or_else(|| format!("no `{slo}` for `{segment}` in the status"))
    }

    /// Waits until a promise has these counts.
    pub fn wait_for(
        &self,
        slo: &str,
        segment: &str,
        expected: Counts,
        seconds: u64,
    ) -> Result<(), Outcome> {
        wait_for(
            &format!("{slo} of {segment} is {expected:?}"),
            seconds,
            || match self.counts(slo, segment)? {
                counts if counts == expected => Ok(()),
                other => Err(format!("{other:?}; {}", self.troubles())),
            },
        )
    }

    /// What it says is wrong with its sources, in a line.
    pub fn troubles(&self) -> String {
        let page = http::get(self.address, "/api/v1/server").unwrap_or_default();
        let lines = page.lines().map(str::trim);
        let troubles: Vec<&str> = lines
            .filter(|line| line.starts_with("\"trouble\"") && !line.contains("null"))
            .collect();
        match troubles.as_slice() {
            [] => "no source is in trouble".to_string(),
            some => some.join(" "),
        }
    }
}

/// The counts of the first verdict about an SLO and a segment in a status.
pub fn counts_in(status: &str, slo: &str, segment: &str) -> Option<Counts> {
    let begins = format!("{slo}\"");
    let of = format!("\"segment\": \"{segment}\"");
    let mut verdicts = status.split("\"slo\": \"").skip(1);
    let verdict = verdicts.find(|verdict| {
        let head = verdict.split("\"verdict\"").next().unwrap_or_default();
        verdict.starts_with(&begins) && head.contains(&of)
    })?;
    let number = |name: &str| {
        let (_, after) = verdict.split_once(&format!("\"{name}\": "))?;
        let digits = after.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    };
    Some(Counts {
        good: number("good")?,
        bad: number("bad")?,
    })
}

/// A catalogue: its sources, segments, indicators and SLOs as YAML without indentation of the first level.
pub fn catalogue(sources: &str, segments: &[&str], indicators: &str, slos: &str) -> String {
    let mut text = format!("attain: 1\nsources:\n{sources}");
    if !segments.is_empty() {
        text += "segments:\n";
    }
    for (rank, segment) in segments.iter().enumerate() {
        text += &format!(
            "  {segment}: {{rank: {}, contract: best effort}}\n",
            rank + 1
        );
    }
    text += "services: {shop: {owner: team-a}}\n";
    text += "teams: {team-a: {seat: engineering, members: [ann]}}\n";
    text + "indicators:\n" + indicators + "slos:\n" + slos
}

/// An SLO of `catalogue`.
pub fn slo(id: &str, indicator: &str, source: &str, objectives: &str) -> String {
    format!(
        "  {id}: {{service: shop, layer: service, audience: internal, owner: team-a, indicator: {indicator}, \
         source: {source}, objectives: {objectives}, window: 1d, alerting: none}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_the_slo_and_the_segment() {
        let verdict = |slo: &str, segment: &str, good: u64| {
            format!(
                "{{\n \"slo\": \"{slo}\",\n \"segment\": \"{segment}\",\n \"verdict\": \"met\",\n \"good\": {good},\n \
                 \"bad\": 1,\n}},\n"
            )
        };
        let status =
            verdict("pay", "free", 1) + &verdict("pay", "gold", 2) + &verdict("pay-2", "gold", 3);
        let counts = |slo, segment| counts_in(&status, slo, segment);
        assert_eq!(counts("pay", "gold"), Some(Counts { good: 2, bad: 1 }));
        assert_eq!(counts("pay-2", "gold"), Some(Counts { good: 3, bad: 1 }));
        assert_eq!(counts("pay-2", "free"), None);
    }
}
