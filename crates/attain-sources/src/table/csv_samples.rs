//! Samples of cumulative counters, from long rows to samples per class and bucket. Leaves pairs of counters to
//! counter_pairs.rs. Knows no increments: the ledger makes them.

use std::collections::BTreeMap;

use attain_model::counts::per_bucket;
use attain_model::delivery::{Delivery, Reading, Sample};
use attain_model::indicator::Part;
use attain_model::quantity::Measure;
use attain_model::{Bucket, Class};
use jiff::Timestamp;

use crate::counting::segment::SegmentIndex;
use crate::counting::series::{Hit, Matcher, Role, pair_of};
use crate::table::counter_pairs::{CounterPairs, Point};
use crate::table::csv_long::Row;
use crate::text::number::{events, scaled};

/// Collects samples until all of one instant are there.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    single: Vec<(Key, Class, u64)>,
    readings: Vec<(Key, Measure)>,
    histograms: BTreeMap<(Key, Class), Buckets>,
}

/// The buckets of one instant; `created` is not part of their key, as some writers give it once.
#[derive(Debug, Default)]
struct Buckets {
    at_or_under: BTreeMap<u64, u64>,
    created: Option<Timestamp>,
}

/// Whose sample it is, and when.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    stream: usize,
    segment: SegmentIndex,
    series: String,
    time: Timestamp,
    created: Option<Timestamp>,
    received: Option<Timestamp>,
}

impl Samples {
    /// Takes a row's number for one of its streams; the counters of pairs go to `pairs`.
    pub(crate) fn take(
        &mut self,
        matcher: &Matcher,
        hit: &Hit,
        row: &Row,
        text: &str,
        pairs: &mut CounterPairs,
    ) -> Result<(), String> {
        let key = Key {
            stream: hit.stream,
            segment: hit.segment,
            series: hit.key.clone(),
            time: row.time,
            created: row.created,
            received: row.received,
        };
        let whole = || events(text).ok_or_else(|| format!("`{text}` is not a counter's value"));
        match &hit.role {
            Role::Events(class) => self.single.push((key, class.clone(), whole()?)),
            Role::AtOrUnder(class, edge) => {
                let mut key = key;
                key.created = None;
                let buckets = self.histograms.entry((key, class.clone())).or_default();
                buckets.at_or_under.insert(*edge, whole()?);
                buckets.created = buckets.created.or(row.created);
            }
            Role::Gauge(billionths) => {
                let value =
                    scaled(text, *billionths).ok_or_else(|| format!("`{text}` is not a number"))?;
                self.readings.push((key, Measure(value)));
            }
            Role::Total | Role::Part => {
                if let Some((Part::Ratio, _)) = pair_of(&matcher.streams[hit.stream]) {
                    return Err(
                        "a share cannot be sampled as a counter; use `layout: long`".to_owned()
                    );
                }
                let point = Point {
                    value: whole()?,
                    created: row.created,
                    received: row.received,
                };
                pairs.take(hit, row.time, point);
            }
        }
        Ok(())
    }

    /// Puts everything into a delivery.
    pub(crate) fn finish(self, matcher: &Matcher, delivery: &mut Delivery) {
        for (key, class, value) in self.single {
            delivery
                .samples
                .push(sample(matcher, key, class, Bucket::UNTIMED, value));
        }
        for ((key, class), buckets) in self.histograms {
            let edges: Vec<u64> = matcher.streams[key.stream]
                .edges
                .iter()
                .map(|e| e.nanoseconds())
                .collect();
            for (bucket, value) in (0..).zip(per_bucket(&edges, &buckets.at_or_under)) {
                // Invariant: a series has one value per instant, so each bucket is one of its own.
                let mut key = key.clone();
                key.series = format!("{}#{bucket}", key.series);
                key.created = buckets.created;
                delivery
                    .samples
                    .push(sample(matcher, key, class.clone(), Bucket(bucket), value));
            }
        }
        for (key, value) in self.readings {
            delivery.readings.push(Reading {
                stream: matcher.streams[key.stream].key.clone(),
                segment: matcher.decider.segments.name(key.segment).clone(),
                series: key.series,
                time: key.time,
                value,
                received: key.received,
            });
        }
    }
}

fn sample(matcher: &Matcher, key: Key, class: Class, bucket: Bucket, value: u64) -> Sample {
    Sample {
        stream: matcher.streams[key.stream].key.clone(),
        segment: matcher.decider.segments.name(key.segment).clone(),
        series: key.series,
        class,
        bucket,
        time: key.time,
        value,
        created: key.created,
        received: key.received,
    }
}
