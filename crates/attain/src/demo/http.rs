//! HTTP/1.1 between the services of the demo's shop: requests and answers without bodies, on connections that stay open.
//!
//! Knows loopback only, and what this shop sends: it is no server for anybody else.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A service that does not answer for so long has failed.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// What a caller makes of no answer at all.
const NO_ANSWER: u16 = 503;
/// A thread per connection: most of them wait.
const STACK_BYTES: usize = 256 << 10;
/// A longer line is not ours.
const LINE_BYTES_AT_MOST: u64 = 1024;

/// A request as a service sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// Of which customer segment; empty if nobody said.
    pub segment: String,
    /// Its number: luck depends on it.
    pub number: u64,
}

/// What a service does with a request; gives the status.
pub type Answer = dyn Fn(&Request) -> u16 + Send + Sync;

/// Serves on a free port of loopback until the process ends.
pub fn serve(name: &str, answer: Arc<Answer>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let name = name.to_owned();
    let thread = |name: &str| {
        let thread = std::thread::Builder::new().name(name.to_owned());
        thread.stack_size(STACK_BYTES)
    };
    thread(&name).spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = Arc::clone(&answer);
            // Without a thread to spare the connection is closed, which its caller sees.
            let _ = thread(&name).spawn(move || connection(stream, &*answer));
        }
    })?;
    Ok(address)
}

/// Answers what comes on one connection until it ends.
fn connection(mut stream: TcpStream, answer: &Answer) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::with_capacity(1024, stream.try_clone().ok()?);
    loop {
        let request = read_request(&mut reader)?;
        let status = answer(&request);
        let reason = if status < 400 { "OK" } else { "Failed" };
        let head = format!("HTTP/1.1 {status} {reason}\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(head.as_bytes()).ok()?;
    }
}

/// The next request; `None` at the end of the connection, or if it is none of ours.
fn read_request(reader: &mut impl BufRead) -> Option<Request> {
    let first = line(reader)?;
    if !first.ends_with(" HTTP/1.1") {
        return None;
    }
    let mut request = Request::default();
    loop {
        let line = line(reader)?;
        match line.split_once(": ") {
            Some(("x-customer-segment", segment)) => segment.clone_into(&mut request.segment),
            Some(("x-request-number", number)) => request.number = number.parse().ok()?,
            Some(_) => {}
            None if line.is_empty() => return Some(request),
            None => return None,
        }
    }
}

fn line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    let read = reader.take(LINE_BYTES_AT_MOST).read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}

/// A service as its callers see it: where it is, and connections to it that nobody uses at the moment.
pub struct Link {
    address: SocketAddr,
    path: &'static str,
    idle: Mutex<Vec<TcpStream>>,
}

impl Link {
    /// Calls `POST path` there.
    pub fn new(address: SocketAddr, path: &'static str) -> Self {
        Self {
            address,
            path,
            idle: Mutex::default(),
        }
    }

    /// The status of the answer.
    pub fn call(&self, request: &Request) -> u16 {
        self.try_call(request).unwrap_or(NO_ANSWER)
    }

    fn try_call(&self, request: &Request) -> io::Result<u16> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle().pop();
        let mut stream = match waiting {
            Some(stream) => stream,
            None => self.connect()?,
        };
        let segment = match request.segment.as_str() {
            "" => String::new(),
            segment => format!("x-customer-segment: {segment}\r\n"),
        };
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\n{segment}x-request-number: {}\r\ncontent-length: 0\r\n\r\n",
            self.path, self.address, request.number
        );
        stream.write_all(head.as_bytes())?;
        let status = read_status(&mut stream)?;
        idle().push(stream);
        Ok(status)
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&self.address, ANSWER_WITHIN)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_WITHIN))?;
        stream.set_write_timeout(Some(ANSWER_WITHIN))?;
        Ok(stream)
    }
}

/// Reads an answer to its end, which is that of its head.
fn read_status(stream: &mut impl Read) -> io::Result<u16> {
    let broken = || io::Error::other("this is no answer");
    let mut head = [0; 256];
    let mut length = 0;
    while !head[..length].ends_with(b"\r\n\r\n") {
        let read = stream.read(head.get_mut(length..).ok_or_else(broken)?)?;
        if read == 0 {
            return Err(broken());
        }
        length += read;
    }
    let status = std::str::from_utf8(&head[9..12]).ok();
    status.and_then(|text| text.parse().ok()).ok_or_else(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_arrives_and_its_answer_comes_back() {
        let answer = |request: &Request| match request.segment.as_str() {
            "premium" => 503,
            "" => 204,
            _ => 200,
        };
        let address = serve("test", Arc::new(answer)).unwrap();
        let link = Link::new(address, "/charge");
        let of = |segment: &str| {
            link.call(&Request {
                segment: segment.to_owned(),
                number: 7,
            })
        };
        assert_eq!((of("premium"), of(""), of("free")), (503, 204, 200));
        // One connection was enough for all three.
        assert_eq!(link.idle.lock().unwrap().len(), 1);
    }

    #[test]
    fn nobody_there_is_a_failure() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        assert_eq!(Link::new(address, "/").call(&Request::default()), NO_ANSWER);
    }

    #[test]
    fn what_is_no_request_of_ours_ends_the_connection() {
        for text in [
            "",
            "GET / HTTP/1.0\r\n\r\n",
            "POST / HTTP/1.1\r\nodd\r\n\r\n",
        ] {
            assert_eq!(read_request(&mut text.as_bytes()), None, "{text}");
        }
        assert!(read_status(&mut &b"HTTP/1.1 2"[..]).is_err());
    }
}
