//! Catalogues by hand, and deliveries as text: attain-sources may not depend on attain-spec.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use attain_model::company::{Contract, Segment, Service};
use attain_model::delivery::Delivery;
use attain_model::facts::{Fingerprint, OriginFacts};
use attain_model::indicator::{Counting, Indicator, MetricKind, Part, Selection};
use attain_model::meta::Meta;
use attain_model::quantity::{Threshold, Unit};
use attain_model::selector::{Match, Matches, Outcome, Pattern, Selector};
use attain_model::slo::{Goal, Objective, Promised, Targets, Term};
use attain_model::source::{
    CsvLayout, CsvSource, FieldUnit, LabelNames, LogFormat, LogSource, Source, SourceKind,
};
use attain_model::{Bucket, Catalogue, Slo, SourceId, Stream, Target};
use attain_sources::{Options, Reading, read};

/// A catalogue with nothing in it.
pub fn empty() -> Catalogue {
    Catalogue {
        ..Catalogue::empty("test")
    }
}

/// Builds catalogues line by line.
pub trait Make: Sized {
    fn segment(self, id: &str, matches: &[&str]) -> Self;
    fn service(self, id: &str, value: &str) -> Self;
    fn source(self, id: &str, kind: SourceKind) -> Self;
    fn started(self, id: &str, metric: &str) -> Self;
    fn labels(self, id: &str, segment: &str, service: Option<&str>, customer: Option<&str>)
    -> Self;
    fn slo(self, id: &str, counting: Counting, under_ms: &[u64]) -> Self;
}

impl Make for Catalogue {
    fn segment(mut self, id: &str, matches: &[&str]) -> Self {
        let rank = u32::try_from(self.segments.len() + 1).unwrap();
        let segment = Segment {
            id: id.into(),
            rank,
            contract: Some(Contract::BestEffort),
            price: None,
            customers: None,
            severity: None,
            matches: matches.iter().map(|&text| text.to_owned()).collect(),
            alerting: None,
            meta: Meta::default(),
        };
        self.segments.insert(id.into(), segment);
        self
    }

    fn service(mut self, id: &str, value: &str) -> Self {
        let service = Service {
            id: id.into(),
            owner: None,
            matches: vec![value.to_owned()],
            repository: None,
            capacity: None,
            meta: Meta::default(),
        };
        self.services.insert(id.into(), service);
        self
    }

    fn source(mut self, id: &str, kind: SourceKind) -> Self {
        let source = Source {
            id: id.into(),
            kind,
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
        };
        self.sources.insert(id.into(), source);
        self
    }

    fn started(mut self, id: &str, metric: &str) -> Self {
        let source = self.sources.get_mut(&SourceId::from(id)).unwrap();
        source.started = Some(metric.to_owned());
        self
    }

    fn labels(
        mut self,
        id: &str,
        segment: &str,
        service: Option<&str>,
        customer: Option<&str>,
    ) -> Self {
        self.sources.get_mut(id).unwrap().labels = LabelNames {
            segment: segment.to_owned(),
            service: service.map(str::to_owned),
            customer: customer.map(str::to_owned),
            replica: None,
        };
        self
    }

    fn slo(mut self, id: &str, counting: Counting, under_ms: &[u64]) -> Self {
        let objectives = under_ms
            .iter()
            .map(|ms| Some(Threshold::from_nanoseconds(ms * 1_000_000)))
            .chain([None])
            .map(objective);
        let indicator = Indicator {
            id: None,
            sources: Vec::new(),
            counting,
            buckets: Vec::new(),
            slice: Duration::from_secs(60),
        };
        let slo = Slo {
            objectives: objectives.map(|o| (o.id.clone(), o)).collect(),
            ..Slo::new(id.into(), id.into(), indicator)
        };
        self.slos.insert(id.into(), slo);
        self
    }
}

fn objective(under: Option<Threshold>) -> Objective {
    let id = under.map_or("availability".to_owned(), |t| format!("under-{t}"));
    let promised = Promised {
        target: Target::from_ppb(990_000_000).unwrap(),
        under,
        load: None,
        as_percentile: under.is_some(),
    };
    Objective {
        id: id.as_str().into(),
        terms: vec![Term {
            since: None,
            targets: Targets::All(Goal::Promised(promised)),
        }],
    }
}

/// `key: value` texts as in a catalogue: `~re`, `5xx`, `a|b` for a list.
pub fn matches(pairs: &[(&str, &str)]) -> Matches {
    pairs
        .iter()
        .map(|(label, text)| ((*label).to_owned(), match_of(text)))
        .collect()
}

fn match_of(text: &str) -> Match {
    if let Some(re) = text.strip_prefix('~') {
        return Match::Pattern(Pattern::new(re).unwrap());
    }
    if text.contains('|') {
        return Match::AnyOf(text.split('|').map(match_of).collect());
    }
    match text.strip_suffix("xx") {
        Some(digit) => Match::Class(digit.chars().next().unwrap()),
        None => Match::Exact(text.to_owned()),
    }
}

pub fn only(pairs: &[(&str, &str)]) -> Selector {
    Selector {
        only: matches(pairs),
        except: Matches::new(),
    }
}

/// `{log: ..., where: ..., bad: {status: 5xx}}`
pub fn log_lines(selector: Selector) -> Counting {
    Counting::Log {
        selector,
        outcome: Outcome::Bad(matches(&[("status", "5xx")])),
    }
}

pub fn metric(name: &str, kind: MetricKind, selector: Selector, bad: &[(&str, &str)]) -> Counting {
    Counting::Metric {
        metric: name.to_owned(),
        kind,
        unit: Some(Unit::Seconds),
        selector,
        outcome: if bad.is_empty() {
            Outcome::AllGood
        } else {
            Outcome::Bad(matches(bad))
        },
    }
}

pub fn totals(
    total: (&str, Selector),
    part: Part,
    of: (&str, Selector),
    unit: Option<Unit>,
) -> Counting {
    let selection = |(metric, selector): (&str, Selector)| Selection {
        metric: metric.to_owned(),
        selector,
    };
    Counting::Totals {
        total: selection(total),
        kind: MetricKind::Counter,
        part,
        of: selection(of),
        unit,
    }
}

pub fn log(
    files: &[&str],
    format: LogFormat,
    append: &[&str],
    duration: Option<(&str, Unit)>,
) -> SourceKind {
    SourceKind::Log(LogSource {
        files: files.iter().map(|&text| text.to_owned()).collect(),
        format,
        append: append.iter().map(|&text| text.to_owned()).collect(),
        duration: duration.map(field_unit),
        time: None,
        heartbeat: None,
    })
}

pub fn csv(files: &[&str], layout: CsvLayout, time: &str) -> CsvSource {
    CsvSource {
        files: files.iter().map(|&text| text.to_owned()).collect(),
        time: time.to_owned(),
        layout,
        header_rows: Vec::new(),
        name: None,
        slot: None,
        value: None,
        duration: None,
        count: None,
        received: None,
        created: None,
    }
}

pub fn field_unit((field, unit): (&str, Unit)) -> FieldUnit {
    FieldUnit {
        field: field.to_owned(),
        unit,
    }
}

pub fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// Reads a catalogue's files and gives everything as text.
pub fn read_text(catalogue: &Catalogue, base: &Path, options: &Options) -> String {
    let mut text = String::new();
    let mut progress = Vec::new();
    let reading = read(
        catalogue,
        base,
        options,
        &mut |delivery| {
            show(&mut text, &delivery);
            Ok(())
        },
        &mut |p| progress.push(p),
    );
    match reading {
        Ok(reading) => {
            if let Some(last) = progress.last() {
                assert!(last.total == 0 || last.done == last.total, "{last:?}");
            }
            show_reading(&mut text, &reading);
        }
        Err(error) => {
            let _ = writeln!(text, "error: {error}");
        }
    }
    text
}

fn show(text: &mut String, delivery: &Delivery) {
    let mut w = |line: String| {
        let _ = writeln!(text, "{line}");
    };
    let origin: String = delivery.origin.chars().take(10).collect();
    w(format!("{} {origin} {:?}", delivery.source, delivery.range));
    for counted in &delivery.counted {
        for ((class, bucket), events) in &counted.tally.cells {
            let received = counted
                .received
                .map_or(String::new(), |t| format!(" received {t}"));
            w(format!(
                "  {} {} [{}] {} {events}{received} <{}>",
                counted.slice,
                counted.segment,
                class.as_str().replace('\u{1f}', " "),
                show_bucket(*bucket),
                counted.stream.as_str(),
            ));
        }
    }
    for s in &delivery.samples {
        w(format!(
            "  {} {} [{}] {} ={} {} created {:?} received {:?}",
            s.time,
            s.segment,
            s.class.as_str().replace('\u{1f}', " "),
            show_bucket(s.bucket),
            s.value,
            s.series,
            s.created.map(|t| t.to_string()),
            s.received.map(|t| t.to_string()),
        ));
    }
    for r in &delivery.readings {
        w(format!(
            "  {} {} {} = {}",
            r.time, r.segment, r.series, r.value.0
        ));
    }
    if let Some(observed) = &delivery.observed {
        for interval in observed {
            w(format!("  observed {} to {}", interval.start, interval.end));
        }
    }
    for (stream, intervals) in &delivery.observed_streams {
        let intervals: Vec<String> = intervals
            .iter()
            .map(|interval| format!("{} to {}", interval.start, interval.end))
            .collect();
        w(format!("  <{}> {}", stream.as_str(), intervals.join(", ")));
    }
    for unparsed in &delivery.unparsed {
        w(format!("  unparsed {}: {}", unparsed.place, unparsed.why));
    }
}

fn show_bucket(bucket: Bucket) -> String {
    match bucket {
        Bucket::UNTIMED => "untimed".to_owned(),
        Bucket(index) => format!("bucket {index}"),
    }
}

fn show_reading(text: &mut String, reading: &Reading) {
    for (source, reading) in &reading.sources {
        let _ = writeln!(
            text,
            "{source}: {} lines, {} unparsed",
            reading.lines, reading.unparsed
        );
        for file in &reading.files {
            let same = file
                .same_as
                .as_ref()
                .map_or(String::new(), |f| format!(" same as {}", f.display()));
            let _ = writeln!(text, "  file {}{same}", file.path.display());
        }
        for pattern in &reading.without_files {
            let _ = writeln!(text, "  no file for {pattern}");
        }
        for (value, events) in &reading.unknown_values {
            let _ = writeln!(text, "  unknown value {value}: {events}");
        }
        for note in &reading.notes {
            let _ = writeln!(text, "  note: {note}");
        }
    }
}

/// All events that a catalogue's files give, whatever stream.
pub fn total_events(catalogue: &Catalogue, base: &Path, options: &Options) -> u64 {
    let mut total = 0;
    let mut sink = |delivery: Delivery| {
        total += delivery
            .counted
            .iter()
            .map(|c| c.tally.total())
            .sum::<u64>();
        Ok(())
    };
    read(catalogue, base, options, &mut sink, &mut |_| {}).unwrap();
    total
}

/// Compares with `testdata/expected/<name>.txt`.
pub fn check(name: &str, got: &str) {
    let path = testdata().join("expected").join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, got).unwrap();
    }
    let want = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        got == want,
        "{}\n--- got ---\n{got}--- want ---\n{want}",
        path.display()
    );
}

/// As if an earlier run had taken these positions for every stream.
pub fn taken(
    catalogue: &Catalogue,
    source: &str,
    origin: &str,
    range: Range<u64>,
) -> BTreeMap<(SourceId, String), OriginFacts> {
    let streams = Stream::all(catalogue).into_iter();
    let facts = OriginFacts {
        seen: vec![range.clone()],
        streams: streams
            .map(|stream| (stream.key, vec![range.clone()]))
            .collect(),
        fingerprint: Fingerprint::default(),
    };
    [((source.into(), origin.to_owned()), facts)].into()
}

pub fn override_files(source: &str, files: &[&str]) -> Options {
    let files = files.iter().map(PathBuf::from).collect();
    Options {
        files: [(SourceId::from(source), files)].into(),
        ..Options::default()
    }
}
