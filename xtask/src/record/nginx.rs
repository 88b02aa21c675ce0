//! A real nginx with a directory, a port and a log of its own. Touches no other nginx on the machine.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running nginx; stopped by [`Nginx::quit`], killed when dropped.
pub struct Nginx {
    child: Child,
    pub address: SocketAddr,
    pub access_log: PathBuf,
}

/// Combined format, with the scripted instant where the clock's would stand, and the two fields that the
/// combined format lacks.
const LOG_FORMAT: &str = r#"'$remote_addr - $remote_user [$http_x_shop_time] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time "$http_x_api_key"'"#;

impl Nginx {
    /// Starts `program` in front of `upstream` with everything it writes under `prefix`.
    pub fn start(program: &Path, prefix: &Path, upstream: SocketAddr) -> io::Result<Nginx> {
        // A leftover of an interrupted run must not end up in this recording.
        let _ = fs::remove_dir_all(prefix);
        fs::create_dir_all(prefix)?;
        let address = free_address()?;
        fs::write(prefix.join("nginx.conf"), config(address, upstream))?;
        let child = Command::new(program)
            .arg("-p")
            .arg(prefix)
            .args(["-c", "nginx.conf", "-e", "error.log", "-g", "daemon off;"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut nginx = Nginx {
            child,
            address,
            access_log: prefix.join("access.log"),
        };
        nginx.wait_until_it_listens(prefix)?;
        Ok(nginx)
    }

    fn wait_until_it_listens(&mut self, prefix: &Path) -> io::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(self.address).is_err() {
            let ended = self.child.try_wait()?.is_some();
            if ended || Instant::now() > deadline {
                let log = fs::read_to_string(prefix.join("error.log")).unwrap_or_default();
                return Err(io::Error::other(format!("nginx did not start: {log}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Lets nginx finish what it serves and close its log.
    pub fn quit(mut self) -> io::Result<()> {
        Command::new("kill")
            .args(["-QUIT", &self.child.id().to_string()])
            .status()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // After `quit` it has ended already, and killing it again is an error to ignore.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where nginx stands, if it is installed. Debian keeps it out of a user's PATH.
pub fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")])
        .map(|folder| folder.join("nginx"))
        .find(|program| program.is_file())
}

/// nginx, installed with apt-get if it is missing and may be; or why not.
pub fn find_or_install() -> Result<PathBuf, String> {
    if let Some(program) = find() {
        return Ok(program);
    }
    let apt = |args: &[&str]| {
        Command::new("apt-get")
            .args(args)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    apt(&["update"]);
    for package in ["nginx-light", "nginx"] {
        if apt(&["install", "-y", "--no-install-recommends", package])
            && let Some(program) = find()
        {
            return Ok(program);
        }
    }
    Err("nginx is not installed, and apt-get could not install it".into())
}

/// An address that was free a moment ago. nginx cannot say which port it chose, so it is told one.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

fn config(address: SocketAddr, upstream: SocketAddr) -> String {
    format!(
        r"worker_processes 1;
pid nginx.pid;
error_log error.log warn;
events {{ worker_connections 4096; }}
http {{
  log_format shop {LOG_FORMAT};
  access_log access.log shop;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  keepalive_requests 1000000;
  upstream shop {{
    server {upstream} max_fails=0;
    keepalive 512;
    keepalive_requests 1000000;
  }}
  server {{
    listen {address};
    location / {{
      proxy_pass http://shop;
      proxy_http_version 1.1;
      proxy_set_header Connection '';
      # What the upstream did is what the log shall say, not a second try.
      proxy_next_upstream off;
    }}
  }}
}}
"
    )
}
