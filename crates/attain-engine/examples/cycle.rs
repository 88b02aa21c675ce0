//! Judges a board of many series for so many slices: `cycle SERIES CYCLES`. Measured from outside; it reads no clock.
//!
//! Five segments for each SLO, 99.99 % to 95 % over 30 days, under the built-in alert policy: eight windows each. Before
//! the board's time there is one busy minute in each hour of 31 days, and every minute of the last two days.
// An example is a program: it takes arguments.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::ops::Range;
use std::process::ExitCode;
use std::time::Duration;

use attain_engine::board::{Counted, Leaving, Row};
use attain_engine::{Board, Column, Counts, Grid, Heard, RangeSet, Read};
use attain_model::company::Segment;
use attain_model::facts::{Damage, KeptStream, Layout};
use attain_model::indicator::{Counting, Indicator, MetricKind};
use attain_model::meta::Meta;
use attain_model::policy::AlertPolicy;
use attain_model::selector::{Match, Outcome, Selector};
use attain_model::slo::{Objective, Term};
use attain_model::verdict::Attainment;
use attain_model::{
    Bucket, Catalogue, Class, CountedSegment, Gap, Goal, ObjectiveId, PolicyId, Promised, Promises,
    Scope, SegmentId, ServiceId, Slo, SloId, SourceId, Stream, StreamKey, Target, Targets,
};
use jiff::Timestamp;

/// In the order of their names, which is that of the columns.
const SEGMENTS: [(&str, u32); 5] = [
    ("bronze", 990_000_000),
    ("free", 950_000_000),
    ("gold", 999_500_000),
    ("platinum", 999_900_000),
    ("silver", 999_000_000),
];

/// The first slice that is pushed; in the middle of an hour.
const UNTIL: i64 = 29_540_730;
const DAY: i64 = 1440;

fn main() -> ExitCode {
    let mut numbers = std::env::args()
        .skip(1)
        .map(|text| text.parse::<u32>().ok());
    let (Some(Some(series)), Some(Some(cycles))) = (numbers.next(), numbers.next()) else {
        eprintln!("usage: cycle SERIES CYCLES");
        return ExitCode::FAILURE;
    };
    let slos = usize::try_from(series)
        .unwrap_or(0)
        .div_ceil(SEGMENTS.len());
    let catalogue = catalogue(slos);
    let streams = Stream::all(&catalogue).into_iter().enumerate();
    let made = Made(streams.map(|(i, stream)| (stream.key, i)).collect());
    let (mut board, _) = Board::new(&Promises::of(catalogue), &made, UNTIL);
    let mut again = Again((0..board.len()).map(|i| number(&board, i)).collect());
    let rows: Vec<Vec<Attainment>> = (0..PATTERN)
        .map(|slice| again.0.iter().map(|s| events(*s, slice)).collect())
        .collect();
    let (mut changed, mut sum) = (Vec::new(), 0);
    for slice in UNTIL..UNTIL + i64::from(cycles) {
        let row = Row {
            counted: Counted::All(&rows[slice.rem_euclid(PATTERN) as usize]),
            silent: &[],
            busy: &[],
        };
        if let Err(error) = board.push(row, &mut again) {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
        board.cycle(&mut changed);
        sum += changed.len();
    }
    let dropped = board.dropped().count();
    println!(
        "series {}, cycles {cycles}, changed {sum}, dropped {dropped}",
        board.len()
    );
    ExitCode::SUCCESS
}

/// Counts repeat after so many slices, so that making them costs nothing.
const PATTERN: i64 = 7;

/// What a series counts in a busy slice. Some fail more than they may, some now and then.
fn events(series: usize, slice: i64) -> Attainment {
    let slice = slice.rem_euclid(PATTERN) as u64;
    let series = series as u64;
    let mixed = (series * 31 + slice * 17).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    let failing = if series.is_multiple_of(97) { 6 } else { 0 };
    Attainment {
        good: 400 + mixed % 211,
        bad: u64::from(mixed.is_multiple_of(8)) * (1 + failing),
    }
}

fn is_busy(slice: i64) -> bool {
    slice >= UNTIL - 2 * DAY || slice.rem_euclid(60) == 7
}

/// The number of a series by its name.
fn number(board: &Board, index: usize) -> usize {
    let found = board.name(index).and_then(|name| {
        let Scope::Segment(id) = &name.scope else {
            return None;
        };
        let slo: usize = name.slo.as_str().strip_prefix("slo-")?.parse().ok()?;
        let segment = SEGMENTS.iter().position(|(name, _)| *name == id.as_str())?;
        Some(slo * SEGMENTS.len() + segment)
    });
    found.unwrap_or(0)
}

/// Kept counts, made when they are read.
struct Made(BTreeMap<StreamKey, usize>);

impl Counts for Made {
    fn grid(&self) -> Grid {
        Grid::new(60)
    }

    fn kept(&self, _: &StreamKey) -> Option<&KeptStream> {
        None
    }

    fn is_counted(&self, stream: &StreamKey) -> bool {
        self.0.contains_key(stream)
    }

    fn read(&self, stream: &StreamKey, _: &Indicator, until: i64, _: Timestamp) -> Read {
        let slo = self.0.get(stream).copied().unwrap_or(0);
        let busy: Vec<i64> = (until - 31 * DAY..until).filter(|s| is_busy(*s)).collect();
        let mut columns = Vec::new();
        for (i, (name, _)) in SEGMENTS.iter().enumerate() {
            let series = slo * SEGMENTS.len() + i;
            for (status, is_bad) in [("200", false), ("500", true)] {
                let counts = busy.iter().map(|slice| {
                    let events = events(series, *slice);
                    (*slice, if is_bad { events.bad } else { events.good })
                });
                let counts: Vec<(i64, u64)> = counts.filter(|(_, events)| *events > 0).collect();
                columns.push(Column {
                    segment: CountedSegment::Known(SegmentId::from(*name)),
                    class: Class::from_labels([("status", status)]),
                    bucket: Bucket::UNTIMED,
                    layout: 0,
                    counts: counts.into(),
                });
            }
        }
        let layout = Layout {
            edges: Vec::new(),
            class_labels: vec!["status".to_owned()],
        };
        Read {
            columns,
            layouts: vec![layout],
            births: Vec::new(),
        }
    }

    fn heard(&self, _: &StreamKey) -> Heard {
        let mut heard = RangeSet::default();
        heard.insert(UNTIL - 31 * DAY..UNTIL);
        Heard::Slices(heard)
    }

    fn heard_sources(&self, _: &StreamKey) -> Vec<(SourceId, Heard)> {
        Vec::new()
    }

    fn damage(&self, _: &StreamKey) -> Vec<Damage> {
        Vec::new()
    }

    fn gaps(&self) -> Vec<Gap> {
        Vec::new()
    }
}

/// The same counts once more, by the numbers of the board's series.
struct Again(Vec<usize>);

impl Leaving for Again {
    fn counts(&mut self, slices: Range<i64>, series: Range<usize>, into: &mut [Attainment]) {
        let each = slices.clone().count();
        for (number, into) in self.0[series].iter().zip(into.chunks_mut(each)) {
            for (slice, into) in slices.clone().zip(into) {
                if is_busy(slice) {
                    *into = events(*number, slice);
                }
            }
        }
    }
}

fn catalogue(slos: usize) -> Catalogue {
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
        ..Catalogue::empty("cycle")
    }
}

fn slo(number: usize) -> Slo {
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
