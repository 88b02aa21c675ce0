//! The plainest client: one question, one connection; or one connection that is kept.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The body of an answer with status 200.
pub fn get(address: SocketAddr, path: &str) -> Result<String, String> {
    // HTTP/1.0 so that nobody answers in chunks.
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    answer(address, path, &request)
}

/// The same of any other question, for whoever speaks HTTP/1.1 only, and says how long its answers are.
pub fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> Result<String, String> {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    answer(address, path, &request)
}

/// A connection that is kept from one question to the next, as those who ask often do.
pub struct Connection {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Opens it.
    pub fn open(address: SocketAddr) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{address}: {error}");
        let stream =
            TcpStream::connect_timeout(&address, Duration::from_secs(5)).map_err(failed)?;
        stream
            .set_read_timeout(Some(Duration::from_secs(180)))
            .map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        Ok(Self {
            address,
            stream: BufReader::with_capacity(64 << 10, stream),
        })
    }

    /// The body of an answer with status 200.
    pub fn get(&mut self, path: &str) -> Result<String, String> {
        let address = self.address;
        let failed = |error: std::io::Error| format!("{address}{path}: {error}");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
        let sent = self.stream.get_mut().write_all(request.as_bytes());
        sent.map_err(failed)?;
        let status = self.line().map_err(failed)?;
        let (mut length, mut is_chunked) = (0, false);
        loop {
            let line = self.line().map_err(failed)?.to_lowercase();
            match line.split_once(':') {
                None => break,
                Some(("content-length", value)) => length = value.trim().parse().unwrap_or(0),
                Some(("transfer-encoding", value)) => is_chunked = value.trim() == "chunked",
                Some(_) => {}
            }
        }
        let mut body = Vec::new();
        match is_chunked {
            false => self.take(length, &mut body).map_err(failed)?,
            true => self.chunks(&mut body).map_err(failed)?,
        }
        let body = String::from_utf8_lossy(&body).into_owned();
        match status.split(' ').nth(1) {
            Some("200") => Ok(body),
            status => Err(format!("{path}: status {status:?}: {body}")),
        }
    }

    /// A line without its end.
    fn line(&mut self) -> std::io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_string())
    }

    fn chunks(&mut self, body: &mut Vec<u8>) -> std::io::Result<()> {
        loop {
            let line = self.line()?;
            let length = usize::from_str_radix(&line, 16);
            let length =
                length.map_err(|_| std::io::Error::from(std::io::ErrorKind::InvalidData))?;
            self.take(length, body)?;
            self.line()?;
            if length == 0 {
                return Ok(());
            }
        }
    }

    fn take(&mut self, length: usize, body: &mut Vec<u8>) -> std::io::Result<()> {
        let from = body.len();
        body.resize(from + length, 0);
        self.stream.read_exact(&mut body[from..])
    }
}

fn answer(address: SocketAddr, path: &str, request: &str) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("{address}{path}: {error}");
    let mut stream =
        TcpStream::connect_timeout(&address, Duration::from_secs(5)).map_err(failed)?;
    stream
        .set_read_timeout(Some(Duration::from_secs(180)))
        .map_err(failed)?;
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut answer = Vec::new();
    read_answer(&mut stream, &mut answer).map_err(failed)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.split(' ').nth(1) {
        Some("200") => Ok(body.to_string()),
        status => Err(format!("{path}: status {status:?}: {body}")),
    }
}

/// Up to the end of the connection, or of as much as the head says there is: some keep the connection.
fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> std::io::Result<()> {
    let mut buffer = [0; 16 << 10];
    loop {
        let read = stream.read(&mut buffer)?;
        answer.extend_from_slice(&buffer[..read]);
        if read == 0 || is_whole(answer) {
            return Ok(());
        }
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let Some(end) = end else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    length.is_some_and(|length: usize| answer.len() >= end + 4 + length)
}

/// Text as a part of a query.
pub fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}
