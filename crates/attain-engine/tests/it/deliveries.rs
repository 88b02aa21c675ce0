//! Deliveries in any order, split and repeated: the ledger is what was said, not how it came.

use std::time::Duration;

use attain_engine::{Counts, Ledger, Refusal};
use attain_model::delivery::{Counted, Delivery, Reading, Sample};
use attain_model::quantity::Measure;
use attain_model::{Bucket, Catalogue, GapReason, Interval, SourceId, Stream, Tally};
use fastrand::Rng;
use jiff::Timestamp;

use crate::build::*;

const SEED: u64 = 77;
pub(crate) const LATENESS: Duration = Duration::from_secs(3600);
pub(crate) const START: i64 = 1_772_000_040;

pub(crate) fn catalogue_() -> Catalogue {
    let objective = objective("availability", &[(None, &[("all", "99.9%")])]);
    catalogue(&[slo("checkout", rolling(30), &[objective])])
}

pub(crate) fn empty(catalogue: &Catalogue) -> Ledger {
    Ledger::new(&Stream::all(catalogue), 60, Some(LATENESS))
}

#[test]
fn deliveries_in_any_order_give_the_same_ledger() {
    let count = if std::env::var_os("ATTAIN_SOAK").is_some() {
        100_000
    } else {
        2_000
    };
    let mut rng = Rng::with_seed(SEED);
    let catalogue = catalogue_();
    let mut delivered = 0;
    while delivered < count {
        let told = Told::random(&mut rng, &catalogue);
        let mut in_order = empty(&catalogue);
        for delivery in told.whole() {
            assert_eq!(in_order.take(delivery).refused, None);
        }
        let mut shuffled = empty(&catalogue);
        for delivery in told.pieces(&mut rng) {
            let taken = shuffled.take(delivery);
            assert_eq!((taken.refused, taken.too_late, taken.ahead), (None, 0, 0));
            delivered += 1;
        }
        assert_eq!(shuffled.export(), in_order.export(), "seed {SEED}");
        later_ones_are_refused(&mut shuffled, &told);
    }
    println!("soak: {delivered} of {delivered}, seed {SEED}");
}

/// Moves the watermark on, and says something old again and something old for the first time.
fn later_ones_are_refused(ledger: &mut Ledger, told: &Told) {
    let now = second(START + 3 * 3600);
    let mut newest = told.rows[0].clone();
    newest.slice = now;
    newest.received = Some(now);
    let mut delivery = Delivery::new(SourceId::from("main"), "later", 0..1);
    delivery.counted.push(newest);
    assert_eq!(ledger.take(delivery.clone()).too_late, 0);
    let before = ledger.export();
    assert!(ledger.take(delivery).already > 0);

    let known = ledger.take(told.whole().remove(0));
    assert_eq!((known.counted, known.too_late), (0, 0));
    assert_eq!(ledger.export(), before);

    let old = told.rows[0].clone();
    let mut delivery = Delivery::new(SourceId::from("main"), "later", 1..2);
    delivery.counted.push(Counted {
        received: Some(now),
        ..old.clone()
    });
    let refused = ledger.take(delivery);
    assert_eq!((refused.counted, refused.too_late), (0, old.tally.total()));
    use attain_engine::Counts as _;
    let shown = ledger.gaps().into_iter().map(|gap| (gap.about, gap.why));
    let late = GapReason::TooLate(old.tally.total());
    assert!(
        shown
            .into_iter()
            .any(|gap| gap == ("source main".to_owned(), late.clone()))
    );
}

/// Fifty minutes of a service.
pub(crate) struct Told {
    rows: Vec<Counted>,
    samples: Vec<Sample>,
    readings: Vec<Reading>,
}

impl Told {
    pub(crate) fn random(rng: &mut Rng, catalogue: &Catalogue) -> Self {
        let key = Stream::all(catalogue)[0].key.clone();
        let mut time = || {
            let time = START + rng.i64(0..3000);
            (time, Some(second(time + rng.i64(0..600))))
        };
        let mut times: Vec<_> = (0..60).map(|_| time()).collect();
        let mut next = || times.pop().unwrap();
        let row = |(time, received): (i64, Option<Timestamp>)| {
            let mut tally = Tally::default();
            tally.add(status("200"), Bucket(0), 1 + time.unsigned_abs() % 9);
            Counted {
                stream: key.clone(),
                segment: segment(["premium", "free", "unknown"][time as usize % 3]),
                slice: second(time - time % 60),
                tally,
                received,
            }
        };
        let rows = (0..30).map(|_| row(next())).collect();
        let samples = (0..20).map(|i| {
            let (time, received) = next();
            Sample {
                received,
                ..sample(&key, ["a", "b"][i % 2], time, i as u64 * 3)
            }
        });
        let samples = samples.collect();
        let readings = (0..10).map(|_| {
            let (time, received) = next();
            Reading {
                stream: key.clone(),
                segment: segment("free"),
                series: "up".to_owned(),
                time: second(time),
                value: Measure(i128::from(time % 2)),
                received,
            }
        });
        let readings = readings.collect();
        Self {
            rows,
            samples,
            readings,
        }
    }

    /// In order, each kind at once.
    fn whole(&self) -> Vec<Delivery> {
        let mut sampled = self.sampled(&self.samples, &self.readings);
        sampled.observed = None;
        vec![self.counted(0..self.rows.len()), sampled]
    }

    fn counted(&self, range: std::ops::Range<usize>) -> Delivery {
        let positions = range.start as u64..range.end as u64;
        let mut delivery = Delivery::new(SourceId::from("main"), "rows", positions);
        delivery.counted = self.rows[range].to_vec();
        delivery.observed = Some(vec![Interval {
            start: second(START),
            end: second(START + 3000),
        }]);
        // A column with empty cells: this stream was heard where there are rows.
        let heard = delivery.counted.iter().map(|row| Interval {
            start: row.slice,
            end: second(row.slice.as_second() + 60),
        });
        let heard = heard.collect();
        let key = delivery.counted[0].stream.clone();
        delivery.observed_streams.insert(key, heard);
        delivery
    }

    fn sampled(&self, samples: &[Sample], readings: &[Reading]) -> Delivery {
        let mut delivery = Delivery::new(SourceId::from("main"), "scrape", 0..0);
        delivery.samples = samples.to_vec();
        delivery.readings = readings.to_vec();
        delivery
    }

    /// Cut at random, out of order, some twice.
    pub(crate) fn pieces(&self, rng: &mut Rng) -> Vec<Delivery> {
        let mut pieces = Vec::new();
        let mut start = 0;
        while start < self.rows.len() {
            let end = (start + rng.usize(1..8)).min(self.rows.len());
            pieces.push(self.counted(start..end));
            start = end;
        }
        let mut samples = self.samples.clone();
        rng.shuffle(&mut samples);
        let reading_pieces = self.readings.chunks(3);
        pieces.extend(reading_pieces.map(|readings| self.sampled(&[], readings)));
        let chunk = rng.usize(1..9);
        pieces.extend(
            samples
                .chunks(chunk)
                .map(|samples| self.sampled(samples, &[])),
        );
        for _ in 0..rng.usize(0..6) {
            pieces.push(rng.choice(&pieces).unwrap().clone());
        }
        rng.shuffle(&mut pieces);
        pieces
    }
}

#[test]
fn a_range_taken_in_part_is_refused_and_the_rest_can_come_alone() {
    let catalogue = catalogue_();
    let mut rows = Rows::of(&catalogue);
    rows.each_minute(second(START), second(START + 600), "free", 5, 1);
    let mut ledger = Ledger::new(&Stream::all(&catalogue), 60, None);
    let piece = |range: std::ops::Range<u64>| {
        let mut delivery = rows.delivery.clone();
        delivery.counted = delivery.counted[range.start as usize..range.end as usize].to_vec();
        delivery.range = range;
        delivery
    };
    assert_eq!(ledger.take(piece(0..4)).counted, 24);
    let overlap = ledger.take(piece(2..6));
    assert_eq!(overlap.counted, 0);
    assert_eq!(
        overlap.refused,
        Some(Refusal::Overlap {
            origin: "rows".to_owned(),
            range: 2..6,
            taken: 2..4,
        })
    );
    let main = SourceId::from("main");
    assert_eq!(
        ledger.taken(&main, "rows").seen,
        std::slice::from_ref(&(0..4))
    );
    // One position at a time it can be told apart.
    let by_one: Vec<_> = (2..6).map(|i| ledger.take(piece(i..i + 1))).collect();
    assert_eq!(
        by_one.iter().map(|taken| taken.counted).collect::<Vec<_>>(),
        [0, 0, 6, 6]
    );
    assert_eq!(
        by_one.iter().map(|taken| taken.already).collect::<Vec<_>>(),
        [6, 6, 0, 0]
    );
    // Two identical rows are two events.
    assert_eq!(ledger.take(piece(6..10)).counted, 24);
    let mut nowhere = piece(0..1);
    nowhere.range = 0..0;
    assert!(matches!(
        ledger.take(nowhere).refused,
        Some(Refusal::NoRange { .. })
    ));
}

#[test]
fn one_sample_five_days_ahead_blocks_nothing() {
    let catalogue = catalogue_();
    let key = Stream::all(&catalogue)[0].key.clone();
    let scrape = |time: i64, received: Option<i64>| {
        let mut delivery = Delivery::new(SourceId::from("main"), "scrape", 0..0);
        delivery.samples.push(Sample {
            received: received.map(second),
            ..sample(&key, "a", time, 7)
        });
        delivery
    };
    let ahead = START + 5 * 86_400;
    // Live: refused by its arrival, whether the row says it or the caller.
    let mut ledger = empty(&catalogue);
    assert_eq!(ledger.take(scrape(ahead, Some(START))).ahead, 1);
    assert_eq!(ledger.take_at(scrape(ahead, None), second(START)).ahead, 1);
    assert_eq!(ledger.ahead(&SourceId::from("main")), 2);
    let gaps = ledger.gaps();
    assert_eq!(
        (gaps[0].about.as_str(), &gaps[0].why),
        ("source main", &GapReason::Ahead(2))
    );
    // Nothing vouches for its time: it is taken and moves no watermark.
    assert_eq!(ledger.take(scrape(ahead, None)).counted, 1);
    assert_eq!(ledger.watermark(), None);
    assert_eq!(
        ledger
            .take_at(scrape(START, None), second(START + 5))
            .counted,
        1
    );
    assert_eq!(ledger.watermark(), Some(second(START)));
    assert_eq!(
        ledger
            .take_at(scrape(START - 3000, None), second(START + 5))
            .counted,
        1
    );
    assert_eq!(
        ledger
            .take_at(scrape(START - 3700, None), second(START + 5))
            .too_late,
        1
    );
    // Files: it is there and counts for no instant before it.
    let mut files = Ledger::new(&Stream::all(&catalogue), 60, None);
    for time in [ahead, START, START - 86_400] {
        assert_eq!(files.take(scrape(time, None)).counted, 1);
    }
    let found = evaluate(&catalogue, &files, second(START + 60));
    assert_eq!(found.verdicts[0].attainment.total(), 0);
}
