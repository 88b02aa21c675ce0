//! Small catalogues and deliveries, written in a line each.

use std::collections::BTreeMap;
use std::time::Duration;

use attain_engine::Ledger;
use attain_model::company::Segment;
use attain_model::delivery::{Counted, Delivery, Sample};
use attain_model::indicator::{Counting, Indicator, MetricKind};
use attain_model::meta::Meta;
use attain_model::policy::AlertPolicy;
use attain_model::selector::{Match, Outcome, Selector};
use attain_model::slo::{Load, Objective, Term};
use attain_model::source::{CsvLayout, CsvSource, LabelNames, Source, SourceKind};
use attain_model::{
    AsOf, Audience, Bucket, Catalogue, Class, CountedSegment, Evaluation, Goal, Interval, Layer,
    ObjectiveId, PolicyId, Promised, Promises, Rate, Scope, SegmentId, ServiceId, Share, Slo,
    SloId, SourceId, Stream, StreamKey, Tally, Target, Targets, Threshold, Verdict, Window,
};
use jiff::Timestamp;
use jiff::civil::Date;

pub const DAY: u64 = 86_400;

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub fn days(n: u64) -> Duration {
    Duration::from_secs(n * DAY)
}

/// `99.95%`, `99% < 200ms`, `99% < 200ms at 500 rps own`, `best effort`.
pub fn goal(text: &str) -> Goal {
    if text == "best effort" {
        return Goal::BestEffort;
    }
    let (rest, load) = match text.split_once(" at ") {
        None => (text, None),
        Some((rest, load)) => {
            let own = load.ends_with(" own");
            let rps = load.trim_end_matches(" own").trim_end_matches(" rps");
            let up_to = Rate::from_millirps((rps.parse::<f64>().unwrap() * 1000.0) as u64);
            (rest, Some(Load { up_to, own }))
        }
    };
    let (target, under) = match rest.split_once(" < ") {
        None => (rest, None),
        Some((target, ms)) => {
            let ms: u64 = ms.trim_end_matches("ms").parse().unwrap();
            (target, Some(Threshold::from_nanoseconds(ms * 1_000_000)))
        }
    };
    Goal::Promised(Promised {
        target: Target::from_ppb(ppb(target)).unwrap(),
        under,
        load,
        as_percentile: false,
    })
}

fn ppb(percent: &str) -> u32 {
    let text = percent.trim_end_matches('%');
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<7}").parse().unwrap()
}

pub fn share(percent: &str) -> Share {
    Share::from_ppb(ppb(percent)).unwrap()
}

/// `all` is a goal for all traffic; with segments it stands beside them.
pub fn targets(goals: &[(&str, &str)]) -> Targets {
    let all = goals.iter().find(|(name, _)| *name == "all");
    let all = all.map(|(_, text)| goal(text));
    let segments: BTreeMap<_, _> = goals
        .iter()
        .filter(|(name, _)| *name != "all")
        .map(|(name, text)| (SegmentId::from(*name), goal(text)))
        .collect();
    match (segments.is_empty(), all) {
        (true, Some(all)) => Targets::All(all),
        (_, all) => Targets::PerSegment { segments, all },
    }
}

/// Since when, and the goal of each scope.
pub type TermText<'t> = (Option<Date>, &'t [(&'t str, &'t str)]);

pub fn objective(name: &str, terms: &[TermText<'_>]) -> Objective {
    let term = |(since, goals): &TermText<'_>| Term {
        since: *since,
        targets: targets(goals),
    };
    Objective {
        id: ObjectiveId::from(name),
        terms: terms.iter().map(term).collect(),
    }
}

/// Requests with a `status` label, from the source `main`; 5xx is bad.
pub fn indicator() -> Indicator {
    let bad = [("status".to_owned(), Match::Class('5'))];
    Indicator {
        id: None,
        sources: vec![SourceId::from("main")],
        counting: Counting::Metric {
            metric: "http_request_duration_seconds".to_owned(),
            kind: MetricKind::Histogram,
            unit: None,
            selector: Selector::default(),
            outcome: Outcome::Bad(bad.into()),
        },
        buckets: Vec::new(),
        slice: Duration::from_secs(60),
    }
}

pub fn slo(name: &str, window: Window, objectives: &[Objective]) -> Slo {
    Slo {
        layer: Layer::Product,
        audience: Audience::Customer,
        objectives: objectives
            .iter()
            .map(|o| (o.id.clone(), o.clone()))
            .collect(),
        window,
        alerting: Some(PolicyId::from("workbook")),
        ..Slo::new(SloId::from(name), ServiceId::from(name), indicator())
    }
}

pub fn rolling(days_: u64) -> Window {
    Window::Rolling(days(days_))
}

/// A catalogue with the segments premium, standard and free.
pub fn catalogue(slos: &[Slo]) -> Catalogue {
    let segment = |(rank, name): (u32, &str)| Segment {
        id: SegmentId::from(name),
        rank,
        contract: None,
        price: None,
        customers: None,
        severity: None,
        matches: vec![name.to_owned()],
        alerting: None,
        meta: Meta::default(),
    };
    let segments = [(1, "premium"), (2, "standard"), (3, "free")].map(segment);
    let workbook = AlertPolicy::workbook();
    Catalogue {
        segments: segments.into_iter().map(|s| (s.id.clone(), s)).collect(),
        slos: slos.iter().map(|s| (s.id.clone(), s.clone())).collect(),
        sources: [("main", source("main"))]
            .map(|(id, s)| (SourceId::from(id), s))
            .into(),
        alert_policies: [(workbook.id.clone(), workbook)].into(),
        ..Catalogue::empty("test")
    }
}

fn source(id: &str) -> Source {
    Source {
        id: SourceId::from(id),
        kind: SourceKind::Csv(CsvSource {
            files: Vec::new(),
            time: "time".to_owned(),
            layout: CsvLayout::Samples,
            header_rows: Vec::new(),
            name: None,
            slot: None,
            value: None,
            duration: None,
            count: None,
            received: None,
            created: None,
        }),
        labels: LabelNames {
            segment: "segment".to_owned(),
            service: None,
            customer: None,
            replica: None,
        },
        add: BTreeMap::new(),
        interval: None,
        delay: None,
        started: None,
        meta: Meta::default(),
    }
}

pub fn segment(name: &str) -> CountedSegment {
    if name == "unknown" {
        CountedSegment::Unknown
    } else {
        CountedSegment::Known(SegmentId::from(name))
    }
}

pub fn status(code: &str) -> Class {
    Class::from_labels([("status", code)])
}

/// Counts of the catalogue's first stream, row by row; every row is a position of its own.
pub struct Rows {
    pub key: StreamKey,
    pub delivery: Delivery,
}

impl Rows {
    pub fn of(catalogue: &Catalogue) -> Self {
        Self {
            key: Stream::all(catalogue)[0].key.clone(),
            delivery: Delivery::new(SourceId::from("main"), "rows", 0..0),
        }
    }

    /// Good and bad requests of a segment in the slice of an instant, in the first latency bucket.
    pub fn count(&mut self, time: Timestamp, who: &str, good: u64, bad: u64) -> &mut Self {
        self.timed(time, who, &[("200", 0, good), ("500", 0, bad)])
    }

    /// Status, bucket, events.
    pub fn timed(&mut self, time: Timestamp, who: &str, cells: &[(&str, u16, u64)]) -> &mut Self {
        let mut tally = Tally::default();
        for (code, bucket, events) in cells {
            tally.add(status(code), Bucket(*bucket), *events);
        }
        self.delivery.counted.push(Counted {
            stream: self.key.clone(),
            segment: segment(who),
            slice: second(time.as_second().div_euclid(60) * 60),
            tally,
            received: None,
        });
        self.delivery.range.end += 1;
        self
    }

    /// The same good and bad requests in every minute of a stretch.
    pub fn each_minute(
        &mut self,
        from: Timestamp,
        to: Timestamp,
        who: &str,
        good: u64,
        bad: u64,
    ) -> &mut Self {
        for second_ in (from.as_second()..to.as_second()).step_by(60) {
            self.count(second(second_), who, good, bad);
        }
        self
    }

    pub fn heard(&mut self, from: Timestamp, to: Timestamp) -> &mut Self {
        let interval = Interval {
            start: from,
            end: to,
        };
        self.delivery
            .observed
            .get_or_insert_default()
            .push(interval);
        self
    }
}

pub fn ledger(catalogue: &Catalogue, rows: &Rows) -> Ledger {
    let mut ledger = Ledger::new(&Stream::all(catalogue), 60, None);
    let taken = ledger.take(rows.delivery.clone());
    assert_eq!(taken.refused, None);
    ledger
}

pub fn sample(key: &StreamKey, series: &str, time: i64, value: u64) -> Sample {
    Sample {
        stream: key.clone(),
        segment: segment("premium"),
        series: series.to_owned(),
        class: status("200"),
        bucket: Bucket::UNTIMED,
        time: second(time),
        value,
        created: None,
        received: None,
    }
}

pub fn as_of(instant: Timestamp) -> AsOf {
    AsOf {
        instant,
        known_until: Timestamp::MAX,
    }
}

pub fn evaluate(catalogue: &Catalogue, ledger: &Ledger, instant: Timestamp) -> Evaluation {
    attain_engine::evaluate(&Promises::of(catalogue.clone()), ledger, as_of(instant))
}

pub fn verdict<'e>(evaluation: &'e Evaluation, name: &str) -> &'e Verdict {
    let found = evaluation
        .verdicts
        .iter()
        .find(|v| v.name.to_string() == name);
    found.unwrap_or_else(|| panic!("no verdict {name}"))
}

pub fn scope(name: &str) -> Scope {
    if name == "all" {
        Scope::All
    } else {
        Scope::Segment(SegmentId::from(name))
    }
}
