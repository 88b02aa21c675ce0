//! The application behind nginx: a thread per connection, real sleeps, scripted answers.
//!
//! Knows the script and HTTP/1.1 as nginx speaks it to an upstream (no bodies). Not a web server.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use super::script::{self, Answer, PATHS, Tier};

/// Starts answering on a free port of 127.0.0.1. The threads end with the process.
pub fn start(seed: u64, tiers_by_key: HashMap<String, Tier>) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let tiers = Arc::new(tiers_by_key);
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let tiers = Arc::clone(&tiers);
            let serve = move || {
                // A peer that goes away ends its connection, nothing else.
                let _ = serve(seed, &tiers, connection);
            };
            let _ = std::thread::Builder::new()
                .stack_size(128 * 1024)
                .spawn(serve);
        }
    });
    Ok(address)
}

/// What the script needs to know of a request.
#[derive(Default)]
struct Asked {
    path: usize,
    second: u32,
    id: u64,
    key: String,
}

fn serve(seed: u64, tiers: &HashMap<String, Tier>, connection: TcpStream) -> std::io::Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::new(connection.try_clone()?);
    let mut writer = connection;
    while let Some(asked) = read_request(&mut reader)? {
        let tier = tiers.get(&asked.key).copied().unwrap_or(Tier::Free);
        match script::answer(seed, asked.id, asked.second, tier, asked.path) {
            Answer::HangUp => return Ok(()),
            Answer::Respond {
                status,
                after_ms,
                bytes,
            } => {
                std::thread::sleep(Duration::from_millis(after_ms));
                let head = format!(
                    "HTTP/1.1 {status} -\r\nContent-Length: {bytes}\r\nContent-Type: application/json\r\n\r\n"
                );
                let mut response = head.into_bytes();
                response.resize(response.len() + bytes, b' ');
                writer.write_all(&response)?;
            }
        }
    }
    Ok(())
}

/// The next request, or `None` when the peer has closed the connection.
fn read_request(reader: &mut impl BufRead) -> std::io::Result<Option<Asked>> {
    let mut asked = Asked::default();
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or("");
    asked.path = PATHS
        .iter()
        .position(|known| known.path == path)
        .unwrap_or(0);
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            return Ok(Some(asked));
        };
        match name {
            "X-Shop-Second" => asked.second = value.parse().unwrap_or(0),
            "X-Shop-Id" => asked.id = value.parse().unwrap_or(0),
            "X-Api-Key" => asked.key = value.to_string(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_and_a_closed_connection_is_told_apart() {
        let text = "POST /login HTTP/1.1\r\nHost: shop\r\nX-Shop-Second: 61\r\nX-Shop-Id: 9\r\nX-Api-Key: k\r\n\r\n";
        let mut reader = text.as_bytes();
        let asked = read_request(&mut reader).unwrap().unwrap();
        assert_eq!(
            (asked.path, asked.second, asked.id, asked.key.as_str()),
            (2, 61, 9, "k")
        );
        assert!(read_request(&mut reader).unwrap().is_none());
    }
}
