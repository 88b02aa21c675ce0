//! Prometheus and OpenMetrics text: the same samples as in CSV, whatever wrote them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use attain_model::Catalogue;
use attain_model::indicator::{MetricKind, Part};
use attain_model::source::{ApiSource, CsvLayout, SourceKind};
use attain_sources::{Options, read};

use crate::make::*;
use crate::mutated::Noise;

const LATENCY: &str = "http_request_duration_seconds";

fn slos(catalogue: Catalogue, total: &str) -> Catalogue {
    let bad = [("code", "5xx")];
    let errors = format!("errors{}", total.strip_prefix("requests").unwrap());
    catalogue
        .slo(
            "counter",
            metric(total, MetricKind::Counter, only(&[]), &bad),
            &[],
        )
        .slo(
            "histogram",
            metric(LATENCY, MetricKind::Histogram, only(&[]), &bad),
            &[100, 500],
        )
        .slo(
            "gauge",
            metric(
                "queue_age_seconds",
                MetricKind::Gauge,
                only(&[("segment", "premium")]),
                &[],
            ),
            &[],
        )
        .slo(
            "pair",
            totals((total, only(&[])), Part::Bad, (&errors, only(&[])), None),
            &[],
        )
        .segment("premium", &["premium"])
        .segment("free", &["free \"ti\ner\"\\"])
}

fn from_csv_source(file: &str) -> Catalogue {
    let mut source = csv(&[file], CsvLayout::Samples, "t");
    source.name = Some("__name__".to_owned());
    source.created = Some("born".to_owned());
    slos(
        empty().source("m", SourceKind::Csv(source)),
        "requests_total",
    )
}

fn from_prometheus() -> Catalogue {
    let kind = SourceKind::Prometheus(ApiSource {
        url: "http://prometheus.example".to_owned(),
        ..ApiSource::default()
    });
    slos(empty().source("m", kind), "requests_total")
}

/// What is delivered, in order, without names and positions of files.
fn told(catalogue: &Catalogue, base: &Path, options: &Options) -> Vec<String> {
    let text = read_text(catalogue, base, options);
    assert!(!text.starts_with("error"), "{text}");
    let mut lines: Vec<String> = text
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("  file"))
        .map(str::to_owned)
        .collect();
    lines.sort();
    lines
}

/// One sample as it is meant; how it is written is another matter.
struct Meant {
    ms: i64,
    family: &'static str,
    /// After the family's name.
    part: &'static str,
    labels: Vec<(&'static str, &'static str)>,
    value: String,
    /// Milliseconds since 1970.
    born: Option<i64>,
}

/// Two instances of which one restarts, and is born again; a third says nothing of births.
fn meant() -> Vec<Meant> {
    let mut noise = Noise(9);
    let mut meant = Vec::new();
    let mut counts: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    let begin = 1_793_612_400_000_i64;
    for step in 0..60_i64 {
        let ms = begin + step * 15_000 + 123;
        for (instance, name) in ["a", "b", "c"].into_iter().enumerate() {
            if instance == 1 && step == 30 {
                counts.retain(|(of, _), _| *of != instance);
            }
            let born = match instance {
                0 => Some(begin - 5_000),
                1 if step < 30 => Some(begin - 9_500),
                1 => Some(begin + 30 * 15_000 - 2_000),
                _ => None,
            };
            for (at, segment) in ["premium", "free \"ti\ner\"\\", "gold"]
                .into_iter()
                .enumerate()
            {
                let mut count = |counter: usize, most: usize| {
                    let count = counts.entry((instance, at * 100 + counter)).or_default();
                    *count += noise.below(most) as u64;
                    *count
                };
                let (ok, failed, errors) = (count(0, 50), count(1, 3), count(2, 3));
                let buckets = [count(3, 20), count(4, 5), count(5, 3), count(6, 2)];
                let value = noise.below(9000);
                let mut add = |family, part, more: &[(&'static str, &'static str)], value, born| {
                    let mut labels = vec![("instance", name), ("segment", segment)];
                    labels.extend(more);
                    meant.push(Meant {
                        ms,
                        family,
                        part,
                        labels,
                        value,
                        born,
                    });
                };
                add(
                    "requests",
                    "_total",
                    &[("code", "200")],
                    ok.to_string(),
                    born,
                );
                add(
                    "requests",
                    "_total",
                    &[("code", "503")],
                    format!("{failed}.0"),
                    born,
                );
                add(
                    "errors",
                    "_total",
                    &[("code", "503"), ("why", "x")],
                    errors.to_string(),
                    born,
                );
                let mut sum = 0;
                for (le, more) in ["0.05", "0.1", "0.5", "+Inf"].into_iter().zip(buckets) {
                    sum += more;
                    let labels = [("code", "200"), ("le", le)];
                    add(LATENCY, "_bucket", &labels, sum.to_string(), born);
                }
                add("queue_age_seconds", "", &[], format!("{}e-3", value), None);
            }
        }
    }
    meant
}

fn as_csv(meant: &[Meant]) -> String {
    let mut text = "t,__name__,instance,segment,code,why,le,value,born\n".to_owned();
    for m in meant {
        let get = |name: &str| {
            let found = m.labels.iter().find(|(label, _)| *label == name);
            found.map_or(String::new(), |(_, value)| {
                format!("\"{}\"", value.replace('"', "\"\""))
            })
        };
        let born = m.born.map_or(String::new(), |ms| ms.to_string());
        let _ = writeln!(
            text,
            "{},{}{},{},{},{},{},{},{},{born}",
            m.ms,
            m.family,
            m.part,
            get("instance"),
            get("segment"),
            get("code"),
            get("why"),
            get("le"),
            m.value,
        );
    }
    text
}

fn escaped(labels: &[(&str, &str)]) -> String {
    let escape = |value: &str| {
        value
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    };
    let pairs: Vec<String> = labels
        .iter()
        .map(|(name, value)| format!("{name}=\"{}\"", escape(value)))
        .collect();
    pairs.join(",")
}

fn without_le<'m>(labels: &[(&'m str, &'m str)]) -> Vec<(&'m str, &'m str)> {
    labels
        .iter()
        .copied()
        .filter(|(name, _)| *name != "le")
        .collect()
}

const FAMILIES: [(&str, &str); 4] = [
    ("requests", "counter"),
    ("errors", "counter"),
    (LATENCY, "histogram"),
    ("queue_age_seconds", "gauge"),
];

/// Families one after another, a birth after each point, exemplars, seconds.
fn as_openmetrics(meant: &[Meant]) -> String {
    let mut text = String::new();
    for (family, kind) in FAMILIES {
        let _ = writeln!(
            text,
            "# HELP {family} What is counted.\n# TYPE {family} {kind}"
        );
        for m in meant.iter().filter(|m| m.family == family) {
            let time = format!("{}.{:03}", m.ms / 1000, m.ms % 1000);
            let exemplar = if m.part == "_bucket" {
                " # {trace_id=\"4bf9} 2\"} 0.067 1793612399.5"
            } else {
                ""
            };
            let _ = writeln!(
                text,
                "{family}{}{{{}}} {} {time}{exemplar}",
                m.part,
                escaped(&m.labels),
                m.value
            );
            if let Some(born) = m.born {
                let labels = escaped(&without_le(&m.labels));
                let _ = writeln!(text, "{family}_created{{{labels}}} {}e-3 {time}", born);
            }
        }
    }
    text + "# EOF\n"
}

/// Instant by instant, births as gauges of their own, milliseconds, blanks anywhere.
fn as_prometheus(meant: &[Meant]) -> String {
    let mut text = String::new();
    for (family, kind) in FAMILIES {
        let part = if kind == "counter" { "_total" } else { "" };
        let _ = writeln!(
            text,
            "# TYPE {family}{part} {kind}\n# TYPE  {family}_created gauge\n"
        );
    }
    for m in meant {
        let labels = escaped(&m.labels);
        let _ = writeln!(
            text,
            "{}{} {{ {labels}, }}\t{}  {}\r",
            m.family, m.part, m.value, m.ms
        );
        if let Some(born) = m.born {
            let labels = escaped(&without_le(&m.labels));
            let _ = writeln!(
                text,
                "{}_created{{{labels}}} {}.{:03} {}",
                m.family,
                born / 1000,
                born % 1000,
                m.ms
            );
        }
    }
    text
}

/// As `promtool tsdb dump` does: no comments, the name as a label, one series after another.
fn as_dump(meant: &[Meant]) -> String {
    let mut series: BTreeMap<String, String> = BTreeMap::new();
    for m in meant {
        let mut add = |part: &str, labels: &str, value: &str| {
            let name = format!("{{__name__=\"{}{part}\", {labels}}}", m.family);
            let _ = writeln!(
                series.entry(name.clone()).or_default(),
                "{name} {value} {}",
                m.ms
            );
        };
        add(m.part, &escaped(&m.labels), &m.value);
        if let Some(born) = m.born {
            add(
                "_created",
                &escaped(&without_le(&m.labels)),
                &format!("{}.{:03}", born / 1000, born % 1000),
            );
        }
    }
    series.into_values().collect()
}

#[test]
fn however_samples_are_written_they_say_the_same_as_in_csv() {
    let dir = tempfile::tempdir().unwrap();
    let meant = meant();
    let put = |name: &str, text: String| std::fs::write(dir.path().join(name), text).unwrap();
    put("m.csv", as_csv(&meant));
    put("m.om", as_openmetrics(&meant));
    put("m.prom", as_prometheus(&meant));
    put("m.dump", as_dump(&meant));
    let want = told(&from_csv_source("m.csv"), dir.path(), &Options::default());
    let all = want.join("\n");
    assert!(want.len() > 1000, "{all}");
    for part in [
        "created Some",
        "bucket 2",
        "[outcome=bad]",
        "{__name__=\"queue",
        " free ",
        " unknown ",
    ] {
        assert!(all.contains(part), "{part} in {all}");
    }
    for file in ["m.om", "m.prom", "m.dump"] {
        let got = told(&from_csv_source(file), dir.path(), &Options::default());
        assert!(got == want, "{file}\n{}", first_difference(&got, &want));
        let got = told(
            &from_prometheus(),
            dir.path(),
            &override_files("m", &[file]),
        );
        assert!(
            got == want,
            "{file} for prometheus\n{}",
            first_difference(&got, &want)
        );
    }
    // The family's name is the counter's as well.
    let mut by_family = slos(
        Catalogue {
            sources: from_prometheus().sources,
            ..empty()
        },
        "requests",
    );
    by_family.slos.retain(|id, _| id.as_str() == "counter");
    let mut by_sample = from_prometheus();
    by_sample.slos.retain(|id, _| id.as_str() == "counter");
    let options = override_files("m", &["m.om"]);
    let by_family = told(&by_family, dir.path(), &options).join("\n");
    assert_eq!(
        by_family.replace("\"requests\"", "\"requests_total\""),
        told(&by_sample, dir.path(), &options).join("\n")
    );
}

/// What `options` leaves of a file: samples of single series, those of pairs, and the range of the file.
fn left(base: &Path, options: &Options) -> (usize, usize, Vec<std::ops::Range<u64>>, String) {
    let (mut single, mut pairs, mut ranges, mut origin) = (0, 0, Vec::new(), String::new());
    let mut sink = |delivery: attain_model::delivery::Delivery| {
        if delivery.range.is_empty() {
            pairs += delivery.samples.len();
        } else {
            single += delivery.samples.len() + delivery.readings.len();
            ranges.push(delivery.range);
            origin = delivery.origin;
        }
        Ok(())
    };
    read(&from_prometheus(), base, options, &mut sink, &mut |_| {}).unwrap();
    (single, pairs, ranges, origin)
}

#[test]
fn what_was_taken_is_not_told_again() {
    let dir = tempfile::tempdir().unwrap();
    let meant = meant();
    let half = as_dump(&meant[..meant.len() / 2]).len();
    let text = as_dump(&meant[..meant.len() / 2]) + &as_dump(&meant[meant.len() / 2..]);
    std::fs::write(dir.path().join("m.prom"), &text).unwrap();
    let all = override_files("m", &["m.prom"]);
    let (single, pairs, ranges, origin) = left(dir.path(), &all);
    assert_eq!(ranges[0], 0..text.len() as u64);
    let taken = |to: usize| {
        let streams = attain_model::Stream::all(&from_prometheus());
        let ranges = || std::iter::once(0..to as u64).collect::<Vec<_>>();
        let facts = attain_model::facts::OriginFacts {
            seen: ranges(),
            streams: streams
                .into_iter()
                .map(|stream| (stream.key, ranges()))
                .collect(),
            fingerprint: attain_model::facts::Fingerprint::default(),
        };
        Options {
            taken: [(("m".into(), origin.clone()), facts)].into(),
            ..all.clone()
        }
    };
    // The sums of pairs are told again: their counters' restarts are known from all samples only.
    let (rest, again, ranges, _) = left(dir.path(), &taken(half));
    assert!(
        rest > single / 3 && rest < single * 2 / 3,
        "{rest} of {single}"
    );
    assert_eq!((again, ranges.len()), (pairs, 1));
    assert_eq!(ranges[0], half as u64..text.len() as u64);
    assert_eq!(left(dir.path(), &taken(text.len())).0, 0);
    // Whoever stops gets nothing of a page, and the page again the next time.
    let stop = Options {
        stop: Some(std::sync::Arc::new(true.into())),
        ..all.clone()
    };
    assert_eq!(left(dir.path(), &stop), (0, 0, vec![], String::new()));
}

fn first_difference(got: &[String], want: &[String]) -> String {
    let differs = got.iter().zip(want).find(|(got, want)| got != want);
    format!("{} and {} lines; {differs:?}", got.len(), want.len())
}

/// What one file says to the prometheus source.
fn said(text: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("m.prom"), text).unwrap();
    let text = read_text(
        &from_prometheus(),
        dir.path(),
        &override_files("m", &["m.prom"]),
    );
    text.replace(&format!("{}/", dir.path().display()), "")
}

fn unparsed(text: &str) -> Vec<String> {
    let text = said(text);
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("  unparsed "));
    lines.map(str::to_owned).collect()
}

#[test]
fn what_is_no_number_is_never_good() {
    let text = "queue_age_seconds{segment=\"premium\"} 1 1793612400000\n\
                queue_age_seconds{segment=\"premium\"} NaN 1793612415000\n\
                queue_age_seconds{segment=\"premium\"} +Inf 1793612430000\n\
                requests_total{segment=\"premium\",code=\"200\"} 5 1793612400000\n\
                requests_total{segment=\"premium\",code=\"200\"} Inf 1793612430000\n\
                requests_total{segment=\"premium\",code=\"200\"} -1 1793612445000\n\
                requests_total{segment=\"premium\",code=\"200\"} 9 1793612445000";
    assert_eq!(
        unparsed(text),
        [
            "m.prom:3: `+Inf` is not a number",
            "m.prom:5: `Inf` is not a counter's value",
            "m.prom:6: `-1` is not a counter's value",
        ]
    );
    let text = said(text);
    assert_eq!(text.matches("queue_age_seconds\"").count(), 1, "{text}");
    // Where a series has ended, its source was not heard by it.
    let ends = "requests_total{code=\"200\"} 5 1793612400\nrequests_total{code=\"200\"} 7 1793612415\n\
                requests_total{code=\"200\"} NaN 1793612430\n";
    let text = said(ends);
    let want = "observed 2026-11-02T09:40:00Z to 2026-11-02T09:40:15Z\n";
    assert!(text.contains(want) && !text.contains("unparsed "), "{text}");
}

#[test]
fn a_line_that_cannot_be_read_is_told_with_its_number() {
    let text = "# HELP requests_total \"}{\nrequests_total{code=\"200\"} 5 1793612400000\n\
                requests_total{code=\"200\" 6 1793612415000\nrequests_total{code=\"200\"} 6\n\
                requests_total{code=\"200\"} six 1793612415000\nrequests_total 6 yesterday\n";
    assert_eq!(
        unparsed(text),
        [
            "m.prom:3: the labels do not end with `}`",
            "m.prom:4: no time after the value",
            "m.prom:5: `six` is not a number",
            "m.prom:6: `yesterday` is not a time",
        ]
    );
    let text = said(text);
    assert!(text.contains("m: 5 lines, 4 unparsed"), "{text}");
}

#[test]
fn a_page_without_times_is_refused_with_help() {
    let text = said("# TYPE requests_total counter\nrequests_total{code=\"200\"} 5\n");
    assert!(
        text.starts_with("error: m.prom:2: no sample says when it was taken"),
        "{text}"
    );
    assert!(text.contains("promtool tsdb dump"), "{text}");
    let text = said("192.0.2.1 - - [02/Nov/2026:09:40:00 +0000] \"GET / HTTP/1.1\" 200 5\n");
    assert!(
        text.starts_with("error: m.prom: it is not Prometheus or OpenMetrics text"),
        "{text}"
    );
}

#[test]
fn a_promise_that_the_samples_cannot_tell_is_said() {
    let point = |name: &str, second: i64| format!("{name} {second} {}\n", 1_793_612_400 + second);
    let few = said(
        &(0..10)
            .map(|s| point("requests_total{status=\"200\"}", s))
            .collect::<String>(),
    );
    let notes: Vec<&str> = few
        .lines()
        .filter_map(|line| line.strip_prefix("  note: "))
        .collect();
    assert!(
        notes
            .iter()
            .any(|note| note.contains("the field `code`") && note.contains("`counter`")),
        "{few}"
    );
    assert!(
        notes.contains(&"no series is called `queue_age_seconds`; it counts nothing"),
        "{few}"
    );
    let many = said(
        &(0..100)
            .map(|s| point("requests_total{status=\"200\"}", s))
            .collect::<String>(),
    );
    assert!(
        many.contains("\nerror: no line of `m.prom` has the field `code`"),
        "{many}"
    );
    let gauge = said(&format!(
        "# TYPE requests_total gauge\n{}",
        point("requests_total{code=\"200\"}", 1)
    ));
    assert!(gauge.contains("`requests_total` is a gauge"), "{gauge}");
    let current = "# TYPE http_request_duration_seconds gaugehistogram\n\
                   http_request_duration_seconds_bucket{code=\"200\",le=\"+Inf\"} 4 1793612400\n";
    assert!(said(current).contains("no series of `http_request_duration_seconds` is selected"));
}

#[test]
fn noise_never_panics() {
    let dir = tempfile::tempdir().unwrap();
    let text = as_openmetrics(&meant());
    let lines: Vec<&[u8]> = text
        .as_bytes()
        .split(|byte| *byte == b'\n')
        .take(400)
        .collect();
    let mut noise = Noise(21);
    let mut out = lines[..3].join(&b'\n');
    for _ in 0..5000 {
        out.push(b'\n');
        let line = lines[noise.below(lines.len())];
        out.extend(noise.mutate(line));
    }
    std::fs::write(dir.path().join("m.prom"), out).unwrap();
    let mut told = 0;
    let mut sink = |delivery: attain_model::delivery::Delivery| {
        told += delivery.unparsed.len() as u64;
        Ok(())
    };
    let options = override_files("m", &["m.prom"]);
    let reading = read(
        &from_prometheus(),
        dir.path(),
        &options,
        &mut sink,
        &mut |_| {},
    )
    .unwrap();
    let source = reading.sources.values().next().unwrap();
    assert_eq!(source.unparsed, told);
    assert!(
        source.lines > 4000 && told > 1000 && told < source.lines,
        "{told} of {}",
        source.lines
    );
}
