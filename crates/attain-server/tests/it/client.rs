//! The plainest client: one request, one connection.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

pub fn get(address: SocketAddr, path: &str) -> Answer {
    request(address, &format!("GET {path} HTTP/1.1\r\n"), &[])
}

/// Sends samples by remote write.
pub fn write(address: SocketAddr, path: &str, more: &str, body: &[u8]) -> Answer {
    let head = format!(
        "POST {path} HTTP/1.1\r\ncontent-type: application/x-protobuf\r\ncontent-encoding: snappy\r\n{more}"
    );
    request(address, &head, body)
}

pub fn request(address: SocketAddr, head: &str, body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let head = format!(
        "{head}host: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // A server that has heard enough may answer and close before it has read all.
    let _ = stream.write_all(body);
    answer(&mut stream)
}

/// Sends a head as it is, and reads all of the answer.
pub fn exchange(stream: &mut TcpStream, head: &str) -> Answer {
    let timeout = Some(Duration::from_secs(30));
    stream.set_read_timeout(timeout).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    answer(stream)
}

fn answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Answer {
        status: status.unwrap_or_else(|| panic!("no answer: {text:?}")),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

/// Asks again until it is so, for at most 30 seconds.
pub fn eventually<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    within(30, what, ask)
}

/// Asks again until it is so, for at most so many seconds.
pub fn within<T>(seconds: u64, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(seconds), "not {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
