//! What was read, as plain data: the readers write it, the judges read it. Knows no network, no file and no clock.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use attain_model::quantity::Threshold;

/// An answer over HTTP, whatever it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answered {
    /// Its clock less ours, in milliseconds. `None`: it does not tell the time.
    pub ahead_ms: Option<i64>,
    /// How long it took: the clock is not known better than that.
    pub took: Duration,
}

/// An API that is pulled from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiSeen {
    /// Where it is.
    pub url: String,
    /// The last answer, or why there is none.
    pub reached: Result<Answered, Unreached>,
    /// Queries see nothing that is younger than this.
    pub held_back: Duration,
    /// The metrics that the catalogue wants of it.
    pub metrics: Vec<MetricSeen>,
}

/// Why something did not answer as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreached {
    /// Nobody there, not in time, or a failure of its own.
    Away(String),
    /// It answered 401 or 403.
    Refused(u16),
    /// It answers, and is something else.
    Other(String),
    /// The token cannot be read here.
    Token(String),
}

/// A target that is scraped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetSeen {
    /// The page.
    pub url: String,
    /// The answer, or why there is none.
    pub reached: Result<Answered, Unreached>,
    /// Numbers on the page.
    pub numbers: u64,
    /// Lines of it that cannot be read.
    pub unreadable: u64,
}

/// Whether a metric is a number of events, a histogram, or something that goes up and down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shape {
    /// Counts.
    #[default]
    Counter,
    /// Counts by edge.
    Histogram,
    /// Readings.
    Gauge,
}

/// A metric that the catalogue wants, as one source has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricSeen {
    /// Its name.
    pub name: String,
    /// The SLOs that look at it.
    pub slos: Vec<String>,
    /// What it is.
    pub shape: Shape,
    /// Latency limits that promises cut it at.
    pub thresholds: BTreeSet<Threshold>,
    /// Series that count for the SLOs, now.
    pub series: u64,
    /// Those that said something within the last day.
    pub lately: u64,
    /// Series of that name, whatever their labels.
    pub named: u64,
    /// Other names that look like it; only where `named` is 0.
    pub alike: Vec<String>,
    /// Series of native histograms in place of its buckets; only where `named` is 0.
    pub native: u64,
    /// How old its newest sample is.
    pub age: Option<Duration>,
    /// From one sample to the next.
    pub interval: Option<Duration>,
    /// Labels that the catalogue asks something of, and what they must be.
    pub asked: Vec<(String, String)>,
    /// The labels by which its events are good or bad, and the SLOs that ask.
    pub classes: Vec<(String, Vec<String>)>,
    /// Values of labels: of the series that count, or of all of that name where none does. Not all of them.
    pub labels: BTreeMap<String, BTreeSet<String>>,
    /// By the value of the label that says the segment; `""` where it is absent.
    pub tagged: BTreeMap<String, Tagged>,
    /// Edges of a histogram, ascending, without infinity.
    pub edges: BTreeSet<Threshold>,
}

/// How much has one value of the label that says the segment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tagged {
    /// Series.
    pub series: u64,
    /// Events: of the last hour, or since the counter began.
    pub events: u64,
}

/// A data folder and the disk that it lies on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderSeen {
    /// Where.
    pub folder: String,
    /// Whether it is there.
    pub is_there: bool,
    /// Bytes free and bytes in all on its disk; `None`: it could not be asked.
    pub disk: Option<(u64, u64)>,
    /// The longest and the middle of some writes with sync, or why there was none.
    pub sync: Result<(Duration, Duration), String>,
    /// What is in it, or why it cannot be read.
    pub kept: Option<Result<KeptSeen, String>>,
}

/// What is in a data folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptSeen {
    /// Bytes of it.
    pub bytes: u64,
    /// What is damaged, in words.
    pub damage: Vec<String>,
    /// What is wrong although nothing is lost yet.
    pub warnings: Vec<String>,
    /// The newest event by our clock: how old it is; below zero it lies in the future.
    pub newest_age_seconds: Option<i64>,
    /// Events that are untagged, and all, by stream.
    pub untagged: Vec<(Vec<String>, u64, u64)>,
}

/// What a server says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerSeen {
    /// Why the catalogue's files are not in force.
    pub refused: Option<String>,
    /// Why nothing can be kept.
    pub disk: Option<String>,
    /// By how long judging is behind.
    pub lag: Duration,
    /// By how many seconds its clock jumped and is not believed.
    pub clock_off_seconds: Option<i64>,
    /// Its sources.
    pub sources: Vec<ServedSource>,
    /// SLO, untagged events, all events.
    pub untagged: Vec<(String, u64, u64)>,
    /// What arrived of its sources, by their names.
    pub heard: BTreeMap<String, Heard>,
}

/// A sample of what arrived of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// Series of wanted metrics: the metric as the catalogue has it, the labels, and whether it is a whole histogram.
    pub series: Vec<(String, BTreeMap<String, String>, bool)>,
    /// The labels that series of a metric have, those outside the sample included.
    pub labels: BTreeMap<String, BTreeSet<String>>,
    /// Names of metrics that nobody wants.
    pub others: Vec<String>,
}

/// A source, as the server that reads it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServedSource {
    /// Its name.
    pub id: String,
    /// `remote_write`, `otlp`, `scrape`, `pull`.
    pub way: String,
    /// Samples that came; `None` of what is pulled.
    pub samples: Option<u64>,
    /// Samples that no indicator wants.
    pub unmatched: u64,
    /// Samples that were refused.
    pub refused: u64,
    /// Series that count.
    pub series: u64,
    /// Samples refused as there were too many series.
    pub overflowing: u64,
    /// Histograms that come both by classic buckets and as native ones.
    pub twice: u64,
    /// Why it cannot be read.
    pub trouble: Option<String>,
    /// How old its newest sample is.
    pub age: Option<Duration>,
}
