//! Judges a board of many series slice by slice: `cycle SERIES TARGETS`, then commands on standard input. It reads no
//! clock: who runs it looks at its CPU time between two answers.
//!
//! ```text
//! > (filled)            series 100000, targets 5
//! < cycles 60
//! > cycles 60, changed 24371, dropped 0
//! < again               old counts made once more, as those cycles asked for them, and nothing else
//! > again 12000000
//! ```
//!
//! Five segments for each SLO, 99.99 % to 95 % over 30 days, under the built-in alert policy: eight windows each. TARGETS
//! is how many different targets there are: five, or more where SLOs of the same segment differ. Before the board's time
//! there is one busy minute in each hour of 31 days, and every minute of the last two days.
// An example is a program: it takes arguments.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::error::Error;
use std::ops::Range;
use std::process::ExitCode;
use std::time::Duration;

use attain_engine::board::{Counted, Leaving, Row, RowError};
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
    Scope, SegmentId, SegmentNames, ServiceId, Slo, SloId, SourceId, Stream, StreamKey, Target,
    Targets,
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
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u32>());
    let (Some(series), Some(targets), None) = (numbers.next(), numbers.next(), numbers.next())
    else {
        return Err("usage: cycle SERIES TARGETS".into());
    };
    let slos = usize::try_from(series?)?.div_ceil(SEGMENTS.len());
    let each = (targets? / SEGMENTS.len() as u32).max(1);
    let catalogue = catalogue(slos, each);
    let streams = Stream::all(&catalogue).into_iter().enumerate();
    let made = Made(streams.map(|(i, stream)| (stream.key, i)).collect());
    let (board, _) = Board::new(&Promises::of(catalogue), &made, UNTIL);
    let numbers: Vec<usize> = (0..board.len()).map(|i| number(&board, i)).collect();
    let row = |slice| numbers.iter().map(|s| events(*s, slice)).collect();
    let mut driven = Driven {
        rows: (0..PATTERN).map(row).collect(),
        again: Again {
            numbers,
            asked: Vec::new(),
        },
        slice: UNTIL,
        board,
    };
    let targets = each as usize * SEGMENTS.len();
    println!("series {}, targets {targets}", driven.board.len());
    for line in std::io::stdin().lines() {
        println!("{}", driven.obey(&line?)?);
    }
    Ok(())
}

/// A board that does what it is told.
struct Driven {
    board: Board,
    rows: Vec<Vec<Attainment>>,
    again: Again,
    slice: i64,
}

impl Driven {
    fn obey(&mut self, line: &str) -> Result<String, Box<dyn Error>> {
        if line == "again" {
            return Ok(format!("again {}", self.again.once_more()));
        }
        let count = line.strip_prefix("cycles ").ok_or("cycles N, or again")?;
        let changed = self.cycles(count.parse()?)?;
        let dropped = self.board.dropped().count();
        Ok(format!("{line}, changed {changed}, dropped {dropped}"))
    }

    /// Closes and judges so many slices; how many changes of standing there were.
    fn cycles(&mut self, count: i64) -> Result<usize, RowError> {
        let (mut changed, mut sum) = (Vec::new(), 0);
        self.again.asked.clear();
        for slice in self.slice..self.slice + count {
            let row = Row {
                counted: Counted::All(&self.rows[slice.rem_euclid(PATTERN) as usize]),
                silent: &[],
                busy: &[],
            };
            self.board.push(row, &mut self.again)?;
            self.board.cycle(&mut changed);
            sum += changed.len();
        }
        self.slice += count;
        Ok(sum)
    }
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

    fn read(
        &self,
        stream: &StreamKey,
        _: &Indicator,
        _: &SegmentNames,
        slices: Range<i64>,
        _: Timestamp,
    ) -> Read {
        let slo = self.0.get(stream).copied().unwrap_or(0);
        let start = slices.start.max(slices.end - 31 * DAY);
        let busy: Vec<i64> = (start..slices.end).filter(|s| is_busy(*s)).collect();
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

    fn damage(&self, _: &StreamKey, _: Range<i64>) -> Vec<Damage> {
        Vec::new()
    }

    fn gaps(&self) -> Vec<Gap> {
        Vec::new()
    }
}

/// The same counts once more, by the numbers of the board's series.
struct Again {
    numbers: Vec<usize>,
    /// What the last cycles asked for.
    asked: Vec<(Range<i64>, Range<usize>)>,
}

impl Again {
    /// Makes once more what was asked for; how many numbers that is.
    fn once_more(&self) -> usize {
        let mut into = Vec::new();
        let mut made = 0;
        for (slices, series) in &self.asked {
            into.resize(slices.clone().count() * series.len(), Attainment::default());
            self.make(slices, series, &mut into);
            made += std::hint::black_box(&into).len();
        }
        made
    }

    fn make(&self, slices: &Range<i64>, series: &Range<usize>, into: &mut [Attainment]) {
        let each = slices.clone().count();
        let numbers = &self.numbers[series.clone()];
        for (number, into) in numbers.iter().zip(into.chunks_mut(each)) {
            for (slice, into) in slices.clone().zip(into) {
                if is_busy(slice) {
                    *into = events(*number, slice);
                }
            }
        }
    }
}

impl Leaving for Again {
    fn counts(&mut self, slices: Range<i64>, series: Range<usize>, into: &mut [Attainment]) {
        self.make(&slices, &series, into);
        self.asked.push((slices, series));
    }
}

/// `targets` of each segment, in turn.
fn catalogue(slos: usize, targets: u32) -> Catalogue {
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
        slos: (0..slos)
            .map(|number| slo(number, number as u32 % targets))
            .map(|slo| (slo.id.clone(), slo))
            .collect(),
        alert_policies: [(workbook.id.clone(), workbook)].into(),
        ..Catalogue::empty("cycle")
    }
}

/// A little less is promised with each `easier`.
fn slo(number: usize, easier: u32) -> Slo {
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
            target: Target::from_ppb(*ppb - easier)?,
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
