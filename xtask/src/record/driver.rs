//! The customers: sends the scripted requests at their (accelerated) time over many connections.
//!
//! Open loop: a slow answer does not delay the next customer, until every connection is busy; how far
//! the play then fell behind is told.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::script::{self, Customer, PATHS, Request, Sender};

const CONNECTIONS: usize = 300;
/// Sent by a client whose key was revoked before this day.
const REVOKED_KEY: &str = "pk_standard_000000000000";
const AGENTS: [&str; 4] = [
    "ShopSDK/4.2 (python)",
    "ShopSDK/4.1 (go)",
    "ShopSDK/3.9 (ruby)",
    "okhttp/4.12.0",
];

/// What the clients saw.
pub struct Played {
    /// Each answer's status, in the order of the requests; 0 if no answer came.
    pub statuses: Vec<u16>,
    /// The largest delay of a request behind its time in the play.
    pub behind: Duration,
}

/// Plays the day through nginx at `address`: scripted time runs `speed` times as fast as the clock.
pub fn play(
    address: SocketAddr,
    speed: f64,
    requests: &[Request],
    customers: &[Customer],
) -> Played {
    let next = AtomicUsize::new(0);
    let behind_us = AtomicU64::new(0);
    let statuses = Mutex::new(vec![0; requests.len()]);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS.min(requests.len()) {
            let client = || {
                let mut connection = None;
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(request) = requests.get(index) else {
                        break;
                    };
                    let due = Duration::from_secs_f64(f64::from(request.at_ms) / 1000.0 / speed);
                    std::thread::sleep(due.saturating_sub(start.elapsed()));
                    let late = start.elapsed().saturating_sub(due);
                    behind_us.fetch_max(late.as_micros() as u64, Ordering::Relaxed);
                    let status = ask(&mut connection, address, request, customers);
                    if let Ok(mut statuses) = statuses.lock() {
                        statuses[index] = status;
                    }
                }
            };
            if std::thread::Builder::new()
                .stack_size(256 * 1024)
                .spawn_scoped(scope, client)
                .is_err()
            {
                break;
            }
        }
    });
    Played {
        statuses: statuses.into_inner().unwrap_or_default(),
        behind: Duration::from_micros(behind_us.into_inner()),
    }
}

/// Sends one request and reads its answer; 0 if the connection failed, which is then made anew.
fn ask(
    connection: &mut Option<BufReader<TcpStream>>,
    address: SocketAddr,
    request: &Request,
    customers: &[Customer],
) -> u16 {
    if connection.is_none() {
        *connection = connect(address).ok();
    }
    let Some(open) = connection else { return 0 };
    match exchange(open, &head(request, customers)) {
        Ok(status) => status,
        Err(_) => {
            *connection = None;
            0
        }
    }
}

fn connect(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    Ok(BufReader::new(stream))
}

fn head(request: &Request, customers: &[Customer]) -> String {
    let second = request.at_ms / 1000;
    let path = &PATHS[request.path];
    let (agent, key) = match request.sender {
        Sender::Customer(index) => (
            AGENTS[index % AGENTS.len()],
            Some(customers[index].key.as_str()),
        ),
        Sender::Probe => ("shop-probe/1.2", None),
        Sender::RevokedKey => (AGENTS[2], Some(REVOKED_KEY)),
        Sender::Nobody => ("curl/8.5.0", None),
    };
    let key = key
        .map(|key| format!("X-Api-Key: {key}\r\n"))
        .unwrap_or_default();
    format!(
        "{} {} HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: {agent}\r\nContent-Length: 0\r\nX-Shop-Time: {}\r\nX-Shop-Second: {second}\r\nX-Shop-Id: {}\r\n{key}\r\n",
        path.method,
        path.path,
        script::time_stamp(second),
        request.id,
    )
}

fn exchange(connection: &mut BufReader<TcpStream>, head: &str) -> io::Result<u16> {
    connection.get_mut().write_all(head.as_bytes())?;
    let mut line = String::new();
    connection.read_line(&mut line)?;
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| io::Error::other("no status line"))?;
    let mut length = 0;
    loop {
        line.clear();
        if connection.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end().split_once(": ") {
            Some(("Content-Length", value)) => length = value.parse().unwrap_or(0),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    Ok(status)
}
