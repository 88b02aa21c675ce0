//! Ticks a monitor beside its ledger: `ticks SLOS HOURS`, then commands on standard input. It reads no clock: who runs it
//! looks at its CPU time between two answers.
//!
//! ```text
//! > (filled)            slos 250, series 1000
//! < ticks 60            counts arrive, a slice of 10 s is closed, everything is judged
//! > ticks 60, changed 17, rest 0
//! < takes 60            counts arrive, and nobody judges them
//! > takes 60
//! < late 10             as ticks, and one SLO in a hundred gets counts of an hour ago
//! > late 10, changed 3, rest 0
//! ```
//!
//! Four segments for each SLO, a promise for each of them, 30 days, the built-in alert policy. HOURS is how much there is
//! already, in every slice.
// An example is a program: it takes arguments.
#![allow(clippy::disallowed_methods)]

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use attain_engine::{Ledger, Monitor};
use attain_model::company::Segment;
use attain_model::delivery::{Counted, Delivery};
use attain_model::indicator::{Counting, Indicator, MetricKind};
use attain_model::meta::Meta;
use attain_model::policy::AlertPolicy;
use attain_model::selector::{Match, Outcome, Selector};
use attain_model::slo::{Objective, Term};
use attain_model::{
    Bucket, Catalogue, Class, CountedSegment, Goal, Interval, ObjectiveId, PolicyId, Promised,
    Promises, SegmentId, ServiceId, Slo, SloId, SourceId, Stream, StreamKey, Tally, Target,
    Targets,
};
use jiff::Timestamp;

const SEGMENTS: [(&str, u32); 4] = [
    ("free", 950_000_000),
    ("gold", 999_500_000),
    ("platinum", 999_900_000),
    ("silver", 999_000_000),
];
const SLICE: i64 = 10;
const START: i64 = 177_244_380;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<i64>());
    let (Some(slos), Some(hours), None) = (numbers.next(), numbers.next(), numbers.next()) else {
        return Err("usage: ticks SLOS HOURS".into());
    };
    let (slos, hours) = (slos?, hours?);
    let catalogue = catalogue(slos);
    let streams = Stream::all(&catalogue);
    let mut driven = Driven {
        streams: streams.iter().map(|stream| stream.key.clone()).collect(),
        ledger: Ledger::new(&streams, 10, None),
        monitor: None,
        slice: START,
        delivered: 0,
    };
    for _ in 0..hours * 3600 / SLICE {
        driven.take(false)?;
    }
    drop(driven.ledger.changes());
    let until = Timestamp::from_second(driven.slice * SLICE)?;
    let promises = Arc::new(Promises::of(catalogue));
    driven.monitor = Some(Monitor::new(promises, &driven.ledger, until));
    println!("slos {slos}, series {}", slos * SEGMENTS.len() as i64);
    for line in std::io::stdin().lines() {
        println!("{}", driven.obey(&line?)?);
    }
    Ok(())
}

struct Driven {
    streams: Vec<StreamKey>,
    ledger: Ledger,
    monitor: Option<Monitor>,
    slice: i64,
    delivered: u64,
}

impl Driven {
    fn obey(&mut self, line: &str) -> Result<String, Box<dyn Error>> {
        let (what, count) = line.split_once(' ').ok_or("ticks N, takes N or late N")?;
        let (mut changed, mut rest) = (0, 0);
        for _ in 0..count.parse::<u32>()? {
            self.take(what == "late")?;
            let changes = self.ledger.changes();
            let until = Timestamp::from_second(self.slice * SLICE)?;
            if what != "takes"
                && let Some(monitor) = &mut self.monitor
            {
                changed += monitor.push(changes, &self.ledger, until).len();
                rest = monitor.rest().count();
            }
        }
        Ok(format!("{line}, changed {changed}, rest {rest}"))
    }

    /// What all SLOs count in a slice, and a few of them an hour before.
    fn take(&mut self, is_late: bool) -> Result<(), Box<dyn Error>> {
        let at = self.delivered;
        self.delivered += 1;
        let mut delivery = Delivery::new(SourceId::from("main"), "live", at..at + 1);
        delivery.observed = Some(vec![Interval {
            start: Timestamp::from_second(self.slice * SLICE)?,
            end: Timestamp::from_second((self.slice + 1) * SLICE)?,
        }]);
        for (number, stream) in self.streams.iter().enumerate() {
            for (rank, (name, _)) in SEGMENTS.iter().enumerate() {
                let series = (number * SEGMENTS.len() + rank) as u64;
                let mixed = (series * 31 + self.slice as u64 * 17)
                    .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                    >> 40;
                let bad = u64::from(mixed.is_multiple_of(8));
                for back in [0, 360] {
                    if back > 0 && !(is_late && number % 100 == 7) {
                        continue;
                    }
                    let mut tally = Tally::default();
                    for (status, events) in [("200", 400 + mixed % 211), ("500", bad)] {
                        let class = Class::from_labels([("status", status)]);
                        tally.add(class, Bucket::UNTIMED, events);
                    }
                    delivery.counted.push(Counted {
                        stream: stream.clone(),
                        segment: CountedSegment::Known(SegmentId::from(*name)),
                        slice: Timestamp::from_second((self.slice - back) * SLICE)?,
                        tally,
                        received: None,
                    });
                }
            }
        }
        self.slice += 1;
        match self.ledger.take(delivery).refused {
            Some(refusal) => Err(refusal.to_string().into()),
            None => Ok(()),
        }
    }
}

fn catalogue(slos: i64) -> Catalogue {
    let segment = |(rank, (name, _)): (usize, &(&str, u32))| Segment {
        id: SegmentId::from(*name),
        rank: rank as u32 + 1,
        contract: None,
        price: None,
        customers: None,
        severity: None,
        matches: vec![(*name).to_owned()],
        alerting: None,
        meta: Meta::default(),
    };
    let segments = SEGMENTS.iter().enumerate().map(segment);
    let workbook = AlertPolicy::workbook();
    Catalogue {
        segments: segments.map(|s| (s.id.clone(), s)).collect(),
        slos: (0..slos).map(slo).map(|s| (s.id.clone(), s)).collect(),
        alert_policies: [(workbook.id.clone(), workbook)].into(),
        ..Catalogue::empty("ticks")
    }
}

fn slo(number: i64) -> Slo {
    let bad = [("status".to_owned(), Match::Class('5'))];
    let indicator = Indicator {
        id: None,
        sources: vec![SourceId::from("main")],
        counting: Counting::Metric {
            metric: format!("requests_{number:06}"),
            kind: MetricKind::Histogram,
            unit: None,
            selector: Selector::default(),
            outcome: Outcome::Bad(bad.into()),
        },
        buckets: Vec::new(),
        slice: Duration::from_secs(60),
    };
    let goals = SEGMENTS.iter().filter_map(|(name, ppb)| {
        let promised = Promised {
            target: Target::from_ppb(*ppb)?,
            under: None,
            load: None,
            as_percentile: false,
        };
        Some((SegmentId::from(*name), Goal::Promised(promised)))
    });
    let objective = Objective {
        id: ObjectiveId::from("availability"),
        terms: vec![Term {
            since: None,
            targets: Targets::PerSegment {
                segments: goals.collect(),
                all: None,
            },
        }],
    };
    let name = format!("slo-{number:06}");
    Slo {
        objectives: [(objective.id.clone(), objective)].into(),
        alerting: Some(PolicyId::from(AlertPolicy::WORKBOOK)),
        ..Slo::new(
            SloId::from(name.as_str()),
            ServiceId::from(name.as_str()),
            indicator,
        )
    }
}
