//! What was read, as plain data: the readers write it, the judges read it. Knows no network, no file and no clock.

use std::collections::BTreeMap;
use std::time::Duration;

use attain_sources::fit::MetricSeen;
use attain_sources::live::HeardSample;

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
    /// By way, requests with telemetry that were turned away lately.
    pub turned_away: Vec<(String, u64)>,
    /// Its sources.
    pub sources: Vec<ServedSource>,
    /// SLO, untagged events, all events.
    pub untagged: Vec<(String, u64, u64)>,
    /// What arrived of its sources, by their names.
    pub heard: BTreeMap<String, HeardSample>,
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
