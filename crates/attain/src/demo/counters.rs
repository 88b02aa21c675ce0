//! What the services of the demo's shop count, and how it is sent to attain: histograms of a Prometheus client, by remote
//! write. Knows series; what they mean is the catalogue's.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use attain_wire::remote_write::encode;
use jiff::Timestamp;

use super::shop::{SEGMENTS, SERVICES};

/// The buckets of the histogram: their edges in milliseconds, and as labels have them.
pub const EDGES: [(u64, &str); 4] = [(25, "0.025"), (100, "0.1"), (250, "0.25"), (1000, "1.0")];
/// The codes that are counted.
pub const CODES: [(u16, &str); 2] = [(200, "200"), (503, "503")];

/// Labels of a series, name and value, and its one sample.
type Series<'a> = (Vec<(&'a str, &'a str)>, [(f64, i64); 1]);

const METRIC: &str = "request_duration_seconds_bucket";
const BUCKETS: usize = EDGES.len() + 1;

/// Counts by service, segment, code and bucket, each in a place of its own.
pub struct Counters {
    cells: Vec<AtomicU64>,
}

impl Counters {
    /// All zero.
    pub fn new() -> Self {
        let cells = SERVICES.len() * SEGMENTS.len() * CODES.len() * BUCKETS;
        Self {
            cells: (0..cells).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Counts a request.
    pub fn count(&self, service: usize, segment: usize, status: u16, took: Duration) {
        let code = usize::from(status >= 500);
        let is_over = |(edge, _): &&(u64, &str)| took > Duration::from_millis(*edge);
        let bucket = EDGES.iter().take_while(is_over).count();
        self.cells[place(service, segment, code) + bucket].fetch_add(1, Ordering::Relaxed);
    }

    /// The request of remote write that says how all of them stand.
    pub fn request(&self, at: Timestamp) -> Vec<u8> {
        let time_ms = at.as_millisecond();
        let mut all: Vec<Series<'_>> = Vec::new();
        for (service_place, service) in SERVICES.iter().enumerate() {
            for (segment_place, segment) in SEGMENTS.iter().enumerate() {
                for (code_place, (_, code)) in CODES.iter().enumerate() {
                    let first = place(service_place, segment_place, code_place);
                    let mut sum = 0;
                    let edges = EDGES.iter().map(|(_, text)| *text).chain(["+Inf"]);
                    for (bucket, le) in edges.enumerate() {
                        sum += self.cells[first + bucket].load(Ordering::Relaxed);
                        let labels = [
                            ("__name__", METRIC),
                            ("code", code),
                            ("le", le),
                            ("segment", segment),
                            ("service", service.name),
                        ];
                        // An empty label is no label.
                        let labels = labels.into_iter().filter(|(_, value)| !value.is_empty());
                        all.push((labels.collect(), [(sum as f64, time_ms)]));
                    }
                }
            }
        }
        let given: Vec<_> = all
            .iter()
            .map(|(labels, samples)| (labels.as_slice(), samples.as_slice()))
            .collect();
        encode(&given)
    }

    /// How many requests failed so far.
    #[cfg(test)]
    pub fn failed(&self, service: &str, segment: &str) -> u64 {
        let service = SERVICES.iter().position(|other| other.name == service);
        let segment = SEGMENTS.iter().position(|other| *other == segment);
        let first = place(service.unwrap(), segment.unwrap(), 1);
        let cells = &self.cells[first..first + BUCKETS];
        cells.iter().map(|cell| cell.load(Ordering::Relaxed)).sum()
    }
}

fn place(service: usize, segment: usize, code: usize) -> usize {
    ((service * SEGMENTS.len() + segment) * CODES.len() + code) * BUCKETS
}

/// Sends counters to a server.
pub struct Sender {
    agent: ureq::Agent,
    url: String,
}

impl Sender {
    /// To the server of the demo.
    pub fn to(address: SocketAddr) -> Self {
        Self {
            agent: super::agent(),
            url: format!("http://{address}/api/v1/write"),
        }
    }

    /// Says how the counters stand at an instant; an error is why that is not kept.
    pub fn send(&self, counters: &Counters, at: Timestamp) -> Result<(), String> {
        let request = self
            .agent
            .post(&self.url)
            .header("content-type", "application/x-protobuf")
            .header("content-encoding", "snappy")
            .header("x-prometheus-remote-write-version", "0.1.0");
        let answer = request.send(&counters.request(at)[..]);
        let mut answer = answer.map_err(|error| error.to_string())?;
        match answer.status().as_u16() {
            204 | 200 => Ok(()),
            status => {
                let why = answer.body_mut().read_to_string().unwrap_or_default();
                Err(format!("{METRIC}: {status} {}", why.trim()))
            }
        }
    }
}
