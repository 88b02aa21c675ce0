//! Programs that run beside a check: started with null stdio, ended by their own id when dropped.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Outcome;

/// A program that runs until it is dropped.
pub struct Running {
    child: Child,
    name: String,
}

impl Running {
    /// Starts it; what it says goes into `NAME.log` of the folder.
    pub fn start(command: &mut Command, folder: &Path) -> Result<Self, Outcome> {
        let program = Path::new(command.get_program());
        let name = program.file_name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        let failed = |error| Outcome::Failed(format!("{name}: {error}"));
        let log = File::create(folder.join(format!("{name}.log"))).map_err(failed)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(failed)?;
        Ok(Self { child, name })
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok()??;
        Some(format!("{} ended: {status}", self.name))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that was free a moment ago, for programs that want to be told one.
pub fn free_address() -> Result<SocketAddr, Outcome> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map_err(Outcome::failed)
}

/// Asks again and again until it is so; what was last seen, if it is not in time.
pub fn wait_for<T>(
    what: &str,
    seconds: u64,
    mut ask: impl FnMut() -> Result<T, String>,
) -> Result<T, Outcome> {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        match ask() {
            Ok(found) => return Ok(found),
            Err(seen) if Instant::now() > deadline => {
                return Err(Outcome::Failed(format!(
                    "not within {seconds} s: {what}: {seen}"
                )));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(200)),
        }
    }
}
