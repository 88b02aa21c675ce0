//! Finding the peers, or unpacking them under target/peers without touching the system: Debian packages are downloaded
//! and unpacked, Python packages go into an environment of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use super::Outcome;
use crate::root;

/// One download at a time: checks that run beside one another want the same packages.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

const OPENTELEMETRY: [&str; 3] = [
    "opentelemetry-sdk",
    "opentelemetry-exporter-otlp-proto-http",
    "opentelemetry-exporter-otlp-proto-grpc",
];

/// Its cases depend on its version; 0 failures of this one is what is claimed.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";

/// A folder under target/peers, empty if `fresh`.
pub fn folder(name: &str, fresh: bool) -> Result<PathBuf, Outcome> {
    let folder = root().join("target/peers").join(name);
    if fresh {
        let _ = fs::remove_dir_all(&folder);
    }
    fs::create_dir_all(&folder)
        .map_err(|error| Outcome::Failed(format!("{}: {error}", folder.display())))?;
    Ok(folder)
}

/// A program of a Debian package: one that is installed, or the package unpacked; or a skip.
pub fn program(package: &str, name: &str) -> Result<PathBuf, Outcome> {
    let _turn = ONE_AT_A_TIME.lock();
    let unpacked = folder("root", false)?;
    let found = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .chain([unpacked.join("usr/bin")])
            .map(|folder| folder.join(name))
            .find(|program| program.is_file())
    };
    if let Some(program) = found() {
        return Ok(program);
    }
    println!("unpacking {package} into target/peers");
    unpack(package, &unpacked).map_err(Outcome::Skipped)?;
    found().ok_or_else(|| Outcome::Skipped(format!("the package {package} has no {name}")))
}

/// A program of a Debian package that needs the system's libraries: one that is installed, or installed now if that is
/// allowed (only root may); or a skip.
pub fn installed(package: &str, name: &str) -> Result<PathBuf, Outcome> {
    let _turn = ONE_AT_A_TIME.lock();
    let found = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|program| program.is_file())
    };
    if let Some(program) = found() {
        return Ok(program);
    }
    println!("installing {package}");
    let install = || {
        let quiet = ["install", "--yes", "--no-install-recommends", package];
        call(Command::new("apt-get").args(quiet))
    };
    if install().is_err() {
        // The lists of a fresh machine are empty.
        let _ = call(Command::new("apt-get").arg("update"));
        install().map_err(|why| {
            Outcome::Skipped(format!(
                "{package} is not installed and cannot be had: {why}"
            ))
        })?;
    }
    found().ok_or_else(|| Outcome::Skipped(format!("the package {package} has no {name}")))
}

/// A file of a package of npm, unpacked into target/peers; or a skip.
pub fn of_npm(package: &str, version: &str, file: &str) -> Result<PathBuf, Outcome> {
    let _turn = ONE_AT_A_TIME.lock();
    let unpacked = folder("npm", false)?.join(format!("{package}-{version}"));
    let wanted = unpacked.join("package").join(file);
    if wanted.is_file() {
        return Ok(wanted);
    }
    println!("unpacking {package} {version} into target/peers");
    fs::create_dir_all(&unpacked).map_err(Outcome::failed)?;
    let packed = format!("{package}-{version}.tgz");
    let mut pack = Command::new("npm");
    pack.args(["pack", "--silent", &format!("{package}@{version}")])
        .current_dir(&unpacked);
    let mut unpack = Command::new("tar");
    unpack.arg("-xzf").arg(&packed).current_dir(&unpacked);
    call(&mut pack)
        .and_then(|_| call(&mut unpack))
        .map_err(|why| Outcome::Skipped(format!("no {package} from npm: {why}")))?;
    Ok(wanted)
}

fn unpack(package: &str, into: &Path) -> Result<(), String> {
    let debs = into.with_file_name("debs");
    fs::create_dir_all(&debs).map_err(|error| format!("{}: {error}", debs.display()))?;
    let download = || {
        call(
            Command::new("apt-get")
                .args(["download", package])
                .current_dir(&debs),
        )
    };
    if download().is_err() {
        // The lists of a fresh machine are empty; only root may fetch them.
        let _ = call(Command::new("apt-get").arg("update"));
        download().map_err(|why| format!("{package} is not installed and cannot be had: {why}"))?;
    }
    let listed = fs::read_dir(&debs).map_err(|error| format!("{}: {error}", debs.display()))?;
    let begins = format!("{package}_");
    for file in listed.flatten() {
        if file.file_name().to_string_lossy().starts_with(&begins) {
            call(Command::new("dpkg").arg("-x").arg(file.path()).arg(into))?;
        }
    }
    Ok(())
}

/// A Python that has the OpenTelemetry SDK and its exporters; or a skip.
pub fn python() -> Result<PathBuf, Outcome> {
    let import = "import opentelemetry.sdk.metrics, opentelemetry.exporter.otlp.proto.http, \
                  opentelemetry.exporter.otlp.proto.grpc";
    let venv = environment("venv", &OPENTELEMETRY, import)?;
    Ok(venv.join("bin/python"))
}

/// schemathesis, in an environment of its own; or a skip.
pub fn schemathesis() -> Result<PathBuf, Outcome> {
    let venv = environment("venv-schemathesis", &[SCHEMATHESIS], "import schemathesis")?;
    Ok(venv.join("bin/schemathesis"))
}

/// An environment of Python packages under target/peers; or a skip.
fn environment(name: &str, packages: &[&str], import: &str) -> Result<PathBuf, Outcome> {
    let _turn = ONE_AT_A_TIME.lock();
    let venv = folder("", false)?.join(name);
    let python = venv.join("bin/python");
    let is_there = || call(Command::new(&python).args(["-c", import])).is_ok();
    if !is_there() {
        let named = packages.join(", ");
        println!("installing {named} into target/peers");
        let quiet = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ];
        call(Command::new("python3").args(["-m", "venv"]).arg(&venv))
            .and_then(|_| call(Command::new(&python).args(quiet).args(packages)))
            .map_err(|why| Outcome::Skipped(format!("no {named} for Python: {why}")))?;
    }
    Ok(venv)
}

/// What a program printed, if it ended well.
pub fn call(command: &mut Command) -> Result<String, String> {
    // Without its folder: what is said may end up on a page, and folders are somebody's.
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{name}: {error}"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        let last = complaint.trim().lines().last().unwrap_or("no words");
        return Err(format!("{name}: {last}"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
