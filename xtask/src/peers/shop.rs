//! A tiny shop with a /metrics page: request counters and a histogram of durations, by segment. It serves nobody; how many
//! requests it has had is said by the check.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Outcome;
use super::attain::Counts;

/// The segments of its customers.
pub const SEGMENTS: [&str; 2] = ["premium", "free"];

/// The edges of its histogram in milliseconds; more than the last is `+Inf`.
const EDGES_MS: [u64; 3] = [100, 200, 1000];

/// A running shop.
pub struct Shop {
    pub address: SocketAddr,
    page: Arc<Mutex<Requests>>,
    scraped: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Requests so far, by segment.
#[derive(Clone, Default)]
struct Requests {
    of: [Segment; 2],
}

#[derive(Clone, Default)]
struct Segment {
    status: Counts,
    /// Requests by bucket, not added up.
    buckets: [u64; 4],
    sum_ms: u64,
}

impl Shop {
    /// Opens it with all counters at zero.
    pub fn open() -> Result<Self, Outcome> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(Outcome::failed)?;
        let address = listener.local_addr().map_err(Outcome::failed)?;
        let page = Arc::new(Mutex::new(Requests::default()));
        let (scraped, stop) = (
            Arc::new(AtomicU64::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let (shown, count, stopped) = (Arc::clone(&page), Arc::clone(&scraped), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let text = shown.lock().map(|page| page.text()).unwrap_or_default();
                if answer(stream, &text).is_ok() {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        Ok(Self {
            address,
            page,
            scraped,
            stop,
            thread: Some(thread),
        })
    }

    /// A request of a segment.
    pub fn serve(&self, segment: usize, is_good: bool, milliseconds: u64) {
        if let Ok(mut page) = self.page.lock() {
            let of = &mut page.of[segment];
            *if is_good {
                &mut of.status.good
            } else {
                &mut of.status.bad
            } += 1;
            let bucket = EDGES_MS.iter().position(|edge| milliseconds <= *edge);
            of.buckets[bucket.unwrap_or(EDGES_MS.len())] += 1;
            of.sum_ms += milliseconds;
        }
    }

    /// What a promise about status must count by now.
    pub fn by_status(&self, segment: usize) -> Counts {
        self.page
            .lock()
            .map(|page| page.of[segment].status)
            .unwrap_or_default()
    }

    /// What a promise about answers within 200 ms must count by now.
    pub fn by_latency(&self, segment: usize) -> Counts {
        let buckets = self
            .page
            .lock()
            .map(|page| page.of[segment].buckets)
            .unwrap_or_default();
        Counts {
            good: buckets[0] + buckets[1],
            bad: buckets[2] + buckets[3],
        }
    }

    /// How often its page was fetched.
    pub fn times_scraped(&self) -> u64 {
        self.scraped.load(Ordering::Relaxed)
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // The thread waits for a connection: it gets one.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Requests {
    fn text(&self) -> String {
        let mut text = String::from("# TYPE http_requests_total counter\n");
        for (segment, of) in SEGMENTS.iter().zip(&self.of) {
            for (code, requests) in [("200", of.status.good), ("503", of.status.bad)] {
                let _ = writeln!(
                    text,
                    "http_requests_total{{segment=\"{segment}\",code=\"{code}\"}} {requests}"
                );
            }
        }
        text += "# TYPE http_request_duration_seconds histogram\n";
        let name = "http_request_duration_seconds";
        for (segment, of) in SEGMENTS.iter().zip(&self.of) {
            let mut below = 0;
            for (index, requests) in of.buckets.iter().enumerate() {
                below += requests;
                let le = match EDGES_MS.get(index) {
                    Some(edge) => format!("{}", *edge as f64 / 1000.0),
                    None => "+Inf".to_string(),
                };
                let _ = writeln!(
                    text,
                    "{name}_bucket{{segment=\"{segment}\",le=\"{le}\"}} {below}"
                );
            }
            let sum = of.sum_ms as f64 / 1000.0;
            let _ = writeln!(text, "{name}_sum{{segment=\"{segment}\"}} {sum}");
            let _ = writeln!(text, "{name}_count{{segment=\"{segment}\"}} {below}");
        }
        text
    }
}

/// Reads a request's head and answers with the page.
fn answer(stream: TcpStream, page: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        page.len()
    );
    let stream = reader.get_mut();
    stream.write_all(head.as_bytes())?;
    stream.write_all(page.as_bytes())
}
