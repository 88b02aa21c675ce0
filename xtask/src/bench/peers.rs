//! duckdb and polars: put into a Python environment under target/bench, and started from there.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::inputs;
use super::traffic::Format;
use crate::peers::install::call;
use crate::root;

/// The peers, with the names of their scripts in bench/logs.
pub const PEERS: [&str; 2] = ["duckdb", "polars"];

/// A Python that has the peers.
pub struct Peers {
    python: PathBuf,
    /// `duckdb 1.2.3`, one per peer, and Python's own.
    pub versions: Vec<String>,
}

/// Installs what is not there yet; or why it cannot be.
pub fn find_or_install() -> Result<Peers, String> {
    let venv = inputs::folder("")?.join("venv");
    let python = venv.join("bin/python");
    if versions(&python).is_err() {
        println!("installing {} into {}", PEERS.join(" and "), venv.display());
        call(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        let quiet = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ];
        call(Command::new(&python).args(quiet).args(PEERS))?;
    }
    let versions = versions(&python)?;
    Ok(Peers { python, versions })
}

impl Peers {
    /// Counts `log` into `out`.
    pub fn count(&self, peer: &str, format: Format, log: &Path, out: &Path) -> Command {
        let mut command = Command::new(&self.python);
        command
            .arg(root().join(format!("bench/logs/with_{peer}.py")))
            .arg(format.name())
            .args([log, out]);
        command
    }

    /// Starts Python with the peer and does nothing: what of a run is start.
    pub fn start_only(&self, peer: &str) -> Command {
        let mut command = Command::new(&self.python);
        command.args(["-c", &format!("import {peer}")]);
        command
    }
}

fn versions(python: &Path) -> Result<Vec<String>, String> {
    let imports = PEERS.map(|peer| format!("import {peer}; print('{peer}', {peer}.__version__)"));
    let script = format!(
        "import platform; {}; print('Python', platform.python_version())",
        imports.join("; ")
    );
    let said = call(Command::new(python).args(["-c", &script]))?;
    Ok(said.lines().map(str::to_string).collect())
}
