//! Live telemetry in: what arrives by a protocol becomes samples by slot.
//!
//! Knows which series counts for whom, decides it once per series and remembers it; leaves bytes to attain-wire, counting
//! to attain-engine's meter, sockets and the clock to the server. A series that nobody wants costs a look at its name.
//!
//! ```
//! use attain_model::Catalogue;
//! # let source = attain_sources::live::doc_source();
//! use attain_sources::Customers;
//! use attain_sources::live::{Intake, Limits, Numbers};
//!
//! let catalogue = Catalogue::empty("shop");
//! let mut intake =
//!     Intake::new(&catalogue, &source, &Customers::default(), &Numbers::default(), Limits::default());
//! let body = attain_wire::remote_write::encode(&[(&[("__name__", "up")], &[(1.0, 1_793_612_400_000)])]);
//! let (batch, outcome) = intake.remote_write(&body, "2026-11-02T09:40:01Z".parse()?)?;
//! assert_eq!((outcome.accepted, outcome.unmatched), (1, 1));
//! assert_eq!(batch.newest_ms, Some(1_793_612_400_000));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batch;
mod births;
mod edges;
mod exposed;
mod heard;
mod known;
mod names;
mod native;
mod otlp;
mod remote_write;
mod replicas;
mod series;
mod whom;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use attain_model::live::{LiveBatch, MeterFacts, Slot};
use attain_model::source::Source;
use attain_model::{Catalogue, CountedSegment, SourceId, StreamKey};
use attain_wire::WireError;
use attain_wire::snappy::Unpacker;
use jiff::Timestamp;

use self::batch::Batch;
use self::births::Births;
use self::heard::Heard;
pub use self::heard::{HeardSample, HeardSeries};
use self::known::Known;
use self::replicas::Replicas;
use self::whom::Whom;
use crate::counting::roster::Customers;

/// Gives slots their numbers: one for all sources of a process.
#[derive(Debug, Clone, Default)]
pub struct Numbers(Arc<AtomicU32>);

impl Numbers {
    /// A number that was not given before.
    fn next(&self) -> Slot {
        self.0.fetch_add(1, Ordering::Relaxed)
    }

    /// Numbers up to this one were given.
    fn given(&self, slot: Slot) {
        self.0.fetch_max(slot.saturating_add(1), Ordering::Relaxed);
    }
}

/// What is taken at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one request, unpacked.
    pub unpacked_bytes: usize,
    /// Series that count for one stream and segment. What comes beyond is refused, and counted as refused. Where there are
    /// half as many, those that did not come for an hour make room for others; four times as many of those are remembered,
    /// then whole things of which nothing came for a day are given up.
    pub series: u32,
    /// How far ahead of its arrival a sample may be.
    pub ahead: Duration,
}

impl Default for Limits {
    /// 32 MiB, 50,000 series, 10 minutes.
    fn default() -> Self {
        Self {
            unpacked_bytes: 32 << 20,
            series: 50_000,
            ahead: Duration::from_secs(600),
        }
    }
}

/// What became of the samples of one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Samples that were taken, those that count for nobody included.
    pub accepted: u64,
    /// Those of the accepted that count for nobody.
    pub unmatched: u64,
    /// Samples that were not taken. The others were, whatever is wrong with these.
    pub refused: u64,
    /// Why, for the first five that were refused.
    pub reasons: Vec<String>,
}

impl Outcome {
    /// Notes that samples were refused.
    fn refuse(&mut self, samples: u64, why: impl FnOnce() -> String) {
        const KEPT_REASONS: usize = 5;
        self.refused += samples;
        if self.reasons.len() < KEPT_REASONS {
            self.reasons.push(why());
        }
    }
}

/// What an intake holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Series that count for somebody, but for those that made room for others.
    pub series: u64,
    /// Samples that were refused since the start because their stream and segment had too many series.
    pub overflowing: u64,
    /// Histograms that come both by bounds of their own (classic buckets) and by powers of a base (native): they count by the
    /// form that was met first.
    pub histograms_twice: u64,
    /// Ways of writing a series that are recognised; at most a few for each series, and as many as a stream and segment may
    /// have series.
    pub remembered: u64,
}

/// Takes what arrives from one source.
pub struct Intake {
    source: SourceId,
    limits: Limits,
    numbers: Numbers,
    unpacker: Unpacker,
    whom: Whom,
    known: Known,
    heard: Heard,
    overflowing: u64,
    /// What comes later than this after its time is late.
    delay_ms: i64,
    births: Births,
    /// The metric that says when processes began.
    started: Option<String>,
    replicas: Replicas,
    /// How many samples the last request had that count for somebody.
    usual_samples: usize,
}

impl Intake {
    /// One that knows no series yet.
    #[must_use]
    pub fn new(
        catalogue: &Catalogue,
        source: &Source,
        customers: &Customers,
        numbers: &Numbers,
        limits: Limits,
    ) -> Self {
        let whom = Whom::new(catalogue, source, customers);
        let mut replicas = Replicas::default();
        replicas.reload(source.labels.replica.as_deref(), |label| {
            whom.looks_at(label)
        });
        Self {
            source: source.id.clone(),
            limits,
            numbers: numbers.clone(),
            unpacker: Unpacker::default(),
            whom,
            known: Known::default(),
            heard: Heard::default(),
            overflowing: 0,
            delay_ms: milliseconds(source.delay()),
            births: Births::default(),
            started: source.started.clone(),
            replicas,
            usual_samples: 0,
        }
    }

    /// Goes on with the slots that a meter knows. Call it once, before anything arrives.
    pub fn restore(&mut self, facts: &MeterFacts) {
        let own = facts.sources.iter().find(|(id, _)| *id == self.source);
        let heard_ms = own.and_then(|(_, source)| source.newest_ms);
        self.replicas.restore(heard_ms);
        for metered in &facts.series {
            self.numbers.given(metered.series.slot);
            if metered.series.source == self.source {
                self.known.restore(metered, heard_ms, &self.limits);
            }
        }
    }

    /// From now on another catalogue, source and customers are asked; the source may have another name. Slots stay; a series
    /// that counts for others now is told again when it is next seen.
    pub fn reload(&mut self, catalogue: &Catalogue, source: &Source, customers: &Customers) {
        self.source = source.id.clone();
        self.whom = Whom::new(catalogue, source, customers);
        self.delay_ms = milliseconds(source.delay());
        self.started.clone_from(&source.started);
        let replica = source.labels.replica.as_deref();
        self.replicas
            .reload(replica, |label| self.whom.looks_at(label));
        self.known.forget_meanings(&self.whom);
        self.heard.clear();
    }

    /// Has every series told again when it is next seen: a batch was not kept.
    pub fn retell(&mut self) {
        self.known.forget_told();
    }

    /// Gives up slots: should their series come again, they are new ones.
    pub fn forget(&mut self, slots: &[Slot]) {
        self.known.forget(slots);
    }

    /// Takes a request of Prometheus remote write 1.0, packed as it came.
    ///
    /// What is wrong with a series or a sample is refused alone and does not spoil the rest; the outcome says how much.
    ///
    /// # Errors
    /// The request as a whole cannot be read, or unpacks to too much. Nothing was taken.
    pub fn remote_write(
        &mut self,
        body: &[u8],
        arrived: Timestamp,
    ) -> Result<(LiveBatch, Outcome), WireError> {
        remote_write::take(self, body, arrived)
    }

    /// Takes a request of OpenTelemetry metrics in protobuf, unpacked.
    ///
    /// What is wrong with a point is refused alone. A point is one sample in the outcome, whatever it holds.
    ///
    /// # Errors
    /// The request as a whole cannot be read. Nothing was taken.
    pub fn otlp(
        &mut self,
        body: &[u8],
        arrived: Timestamp,
    ) -> Result<(LiveBatch, Outcome), WireError> {
        otlp::take(self, body, arrived)
    }

    /// Takes a request of OpenTelemetry metrics in JSON, unpacked.
    ///
    /// # Errors
    /// As of [`Intake::otlp`].
    pub fn otlp_json(
        &mut self,
        body: &[u8],
        arrived: Timestamp,
    ) -> Result<(LiveBatch, Outcome), WireError> {
        otlp::take(self, &attain_wire::otlp::from_json(body)?, arrived)
    }

    /// Takes a page as it is scraped (Prometheus text or OpenMetrics) from a target with these labels, e.g. `job` and
    /// `instance`; what the page says in a label of that name becomes `exported_..`. A sample without a time was taken
    /// `at`, which is also when the page arrived. A line that is none is refused alone.
    pub fn exposition(
        &mut self,
        page: &[u8],
        at: Timestamp,
        target: &[(String, String)],
    ) -> (LiveBatch, Outcome) {
        exposed::take(self, page, at, target)
    }

    /// A bounded sample of what arrived since the start, or since another catalogue is in force.
    #[must_use]
    pub fn heard(&self) -> HeardSample {
        self.heard.sample()
    }

    /// Changes whenever [`Intake::heard`] does.
    #[must_use]
    pub fn heard_changes(&self) -> u64 {
        self.heard.changes
    }

    /// Whether a series counts for a stream, or did before the start and was not given up.
    #[must_use]
    pub fn has_series(&self, stream: &StreamKey) -> bool {
        self.known.has_any(stream, self.whom.segments())
    }

    /// Streams and segments that had no room for another series, since the catalogue is in force: at most 100 of them.
    #[must_use]
    pub fn full(&self) -> &BTreeSet<(StreamKey, CountedSegment)> {
        self.known.full()
    }

    /// What it holds.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters {
            series: self.known.len(),
            overflowing: self.overflowing,
            histograms_twice: self.known.histograms_twice(),
            remembered: self.known.remembered(),
        }
    }

    /// Refuses a sample of a series that came when there were too many.
    fn overflow(&mut self, batch: &mut Batch) {
        self.overflowing += 1;
        let most = self.limits.series;
        batch.outcome.refuse(1, || {
            format!("its stream and segment have {most} series already, and no more are counted; sum some labels away")
        });
    }

    /// Tells what is to be told.
    fn finish(&mut self, batch: Batch) -> (LiveBatch, Outcome) {
        let (mut live, mut tell, mut outcome) = batch.finish(self.source.clone());
        let arrived_ms = live.arrived.as_millisecond();
        (self.known).take_over(&live.samples, arrived_ms, &mut tell);
        tell.sort_unstable();
        tell.dedup();
        let mut idle = Vec::new();
        for slot in tell {
            let told = self
                .known
                .telling(slot, &self.whom, &self.source, &mut idle);
            live.series.extend(told);
        }
        if !idle.is_empty() {
            let before = live.samples.len();
            live.samples
                .retain(|sample| idle.binary_search(&sample.slot).is_err());
            outcome.unmatched += (before - live.samples.len()) as u64;
        }
        self.known.settle(&mut live.samples);
        live.forgotten = self.known.tell_leaving();
        self.known.make_way(arrived_ms, &self.limits);
        self.known.wait_no_longer(arrived_ms);
        (live, outcome)
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A source, for the example above.
#[doc(hidden)]
#[must_use]
pub fn doc_source() -> Source {
    use attain_model::source::{LabelNames, SourceKind};
    Source {
        id: SourceId::new("live"),
        kind: SourceKind::RemoteWrite { token: None },
        labels: LabelNames {
            segment: "segment".to_owned(),
            service: None,
            customer: None,
            replica: None,
        },
        add: std::collections::BTreeMap::new(),
        interval: None,
        delay: Some(Duration::from_secs(60)),
        started: None,
        meta: attain_model::meta::Meta::default(),
    }
}
