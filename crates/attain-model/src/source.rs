//! Where telemetry comes from. Knows how it is reached and which label says what; reads nothing itself.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::id::SourceId;
use crate::meta::Meta;
use crate::policy::{Secret, Setting};
use crate::quantity::Unit;
use crate::selector::Pattern;

/// A source of telemetry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name.
    pub id: SourceId,
    /// How it is reached.
    pub kind: SourceKind,
    /// Which label says what.
    pub labels: LabelNames,
    /// Labels added to everything that comes from it.
    pub add: BTreeMap<String, String>,
    /// Scrape interval, if said.
    pub interval: Option<Duration>,
    /// Live data older than this is late, if said; see [`Source::delay`].
    pub delay: Option<Duration>,
    /// A metric that says when processes began, in seconds since 1970: a counter with its `job` and `instance` that is first
    /// met stood at zero then.
    pub started: Option<String>,
    /// Labels, notes, exceptions.
    pub meta: Meta,
}

impl Source {
    /// How late live data may be unless the catalogue or the source itself says otherwise.
    pub const USUAL_DELAY: Duration = Duration::from_secs(10);

    /// Live data older than this is late: as said, or ten seconds. An API that is pulled may turn out to need longer.
    #[must_use]
    pub fn delay(&self) -> Duration {
        self.delay.unwrap_or(Self::USUAL_DELAY)
    }
}

/// Which label says what. A label that is not named says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelNames {
    /// The segment; `segment` unless said.
    pub segment: String,
    /// The service.
    pub service: Option<String>,
    /// The customer.
    pub customer: Option<String>,
    /// Which of several senders that say the same; of remote write only.
    pub replica: Option<String>,
}

/// How a source is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceKind {
    /// Pulled from a Prometheus-compatible API.
    Prometheus(ApiSource),
    /// Pushed to us by OTLP.
    Otlp {
        /// The token.
        token: Option<Secret>,
    },
    /// Pushed to us by Prometheus remote write.
    RemoteWrite {
        /// The token.
        token: Option<Secret>,
    },
    /// Scraped by us.
    Scrape {
        /// Where.
        targets: Vec<String>,
        /// How often.
        every: Option<Duration>,
    },
    /// Lines of a log, one event each.
    Log(LogSource),
    /// Counts or events in CSV or JSON lines.
    Csv(CsvSource),
}

/// A Prometheus-compatible API, and what it must be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiSource {
    /// Where: what stands before `/api/v1`. Holds no password.
    pub url: String,
    /// The tenant, sent as `X-Scope-OrgID`.
    pub tenant: Option<String>,
    /// The bearer token.
    pub bearer: Option<Secret>,
    /// Further headers of each request, by name.
    pub headers: BTreeMap<String, Setting>,
    /// How long to wait for an answer, if said.
    pub timeout: Option<Duration>,
    /// Rules are pushed to it.
    pub push_rules: bool,
}

/// A log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSource {
    /// File names, relative to the catalogue; `*` matches within a name.
    pub files: Vec<String>,
    /// How a line is written.
    pub format: LogFormat,
    /// Fields after the combined format's, in order, e.g. `request_time`, `http_x_api_key`.
    pub append: Vec<String>,
    /// Which field says how long the request took.
    pub duration: Option<FieldUnit>,
    /// Which field holds the time, where the format does not say.
    pub time: Option<String>,
    /// Requests that come so regularly that their absence is a gap.
    pub heartbeat: Option<Heartbeat>,
}

/// How a line of a log is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogFormat {
    /// nginx's and Apache's combined format.
    Combined,
    /// A JSON object per line; its keys are the fields.
    Json,
    /// A regular expression whose named groups are the fields.
    Pattern(Pattern),
}

/// A field and the unit of its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldUnit {
    /// Its name.
    pub field: String,
    /// Its unit.
    pub unit: Unit,
}

/// Requests that prove that the log was being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// Their path.
    pub path: String,
    /// At least one in this time.
    pub every: Duration,
}

/// CSV or JSON lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvSource {
    /// File names, relative to the catalogue; `*` matches within a name. `.json`, `.jsonl` and `.ndjson` are JSON lines.
    pub files: Vec<String>,
    /// The column with the time: RFC 3339, or seconds or milliseconds since 1970.
    pub time: String,
    /// What a row is.
    pub layout: CsvLayout,
    /// Wide: what the header rows name, in order; they become labels.
    pub header_rows: Vec<String>,
    /// The column (long, samples) or header row (wide) that names the metric.
    pub name: Option<String>,
    /// Long and wide: the length of a slot.
    pub slot: Option<Duration>,
    /// Long and samples: the column with the number; `value` unless said.
    pub value: Option<String>,
    /// Events: which column says how long it took.
    pub duration: Option<FieldUnit>,
    /// Events: the column that says how many a row stands for.
    pub count: Option<String>,
    /// The column that says when the row arrived; at its own time unless said.
    pub received: Option<String>,
    /// Samples: the column with the time at which the counter started.
    pub created: Option<String>,
}

/// What a row of a CSV file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CsvLayout {
    /// One number of one series in one slot.
    Long,
    /// One slot; each column is a series.
    Wide,
    /// One event, or `count` of them.
    Events,
    /// One sample of a cumulative counter.
    Samples,
}
