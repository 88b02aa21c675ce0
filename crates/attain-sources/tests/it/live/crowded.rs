//! Many series: those that are gone make room for others, and nothing counts twice when they come again.

use attain_engine::Meter;
use attain_model::live::Slot;
use attain_model::{Catalogue, Stream};
use attain_wire::remote_write::{Given, encode};

use super::*;

const HOUR_MS: i64 = 3_600_000;

fn limits() -> Limits {
    Limits {
        series: 20,
        ..Limits::default()
    }
}

/// Pods that come and go, what takes them in, and what counts them.
struct Fleet {
    made: Catalogue,
    /// The label that tells pods apart; all else is the same.
    label: &'static str,
    intake: Intake,
    meter: Meter,
    counted: u64,
    /// Who was given up for others, as often as it was told.
    given_up: Vec<Slot>,
}

impl Fleet {
    fn new(label: &'static str) -> Self {
        let made = catalogue("request_seconds");
        let mut meter = Meter::new(10);
        meter.count(&Stream::all(&made));
        Self {
            intake: limited(&made, limits()),
            meter,
            made,
            label,
            counted: 0,
            given_up: Vec::new(),
        }
    }

    /// Each of these pods stands at a value some milliseconds from now; which slots they have.
    fn send(&mut self, pods: &[String], value: u64, at: i64) -> Vec<Slot> {
        let samples = [(value as f64, NOW_MS + at)];
        let labels: Vec<_> = (pods.iter())
            .map(|pod| {
                let mut labels = vec![
                    ("__name__", "http_requests_total"),
                    ("code", "200"),
                    (self.label, pod.as_str()),
                    ("job", "shop"),
                    ("segment", "gold"),
                ];
                labels.sort_unstable();
                labels
            })
            .collect();
        let given: Vec<Given<'_>> = (labels.iter())
            .map(|labels| (&labels[..], &samples[..]))
            .collect();
        let arrived = Timestamp::from_millisecond(NOW_MS + at).unwrap();
        let (batch, outcome) = (self.intake)
            .remote_write(&encode(&given), arrived)
            .unwrap();
        assert_eq!((outcome.refused, outcome.unmatched), (0, 0), "{at}");
        self.given_up.extend(&batch.forgotten);
        assert_eq!(self.meter.take(&batch).unknown, 0);
        for delivery in self.meter.close(arrived) {
            let cells = delivery.counted.iter();
            self.counted += cells
                .flat_map(|counted| counted.tally.cells.values())
                .sum::<u64>();
        }
        batch.samples.iter().map(|sample| sample.slot).collect()
    }

    /// These pods live for an hour, in which each of them counts 3 after what it stood at first.
    fn live(&mut self, pods: &[String], hour: i64) -> Vec<Slot> {
        let mut slots = Vec::new();
        for step in 0..4 {
            let at = hour * HOUR_MS + step * HOUR_MS / 4;
            slots = self.send(pods, 100 + step as u64, at);
        }
        slots
    }

    /// The server is stopped and started again.
    fn restart(&mut self) {
        let facts = self.meter.facts();
        self.intake = limited(&self.made, limits());
        self.intake.restore(&facts);
        self.meter = Meter::restore(facts, 10);
        self.meter.count(&Stream::all(&self.made));
    }
}

fn pods(numbers: std::ops::Range<i64>) -> Vec<String> {
    numbers.map(|number| format!("pod-{number}")).collect()
}

/// One that comes again within a day goes on from where it stood.
#[test]
fn series_that_are_gone_make_room_for_others() {
    let mut fleet = Fleet::new("pod");
    let hours = 19;
    let mut slots = Vec::new();
    for hour in 0..hours {
        slots.extend(fleet.live(&pods(4 * hour..4 * hour + 4), hour));
        assert!(fleet.intake.counters().series <= 20);
        if hour % 5 == 4 {
            fleet.restart();
        }
    }
    let at = hours * HOUR_MS;
    assert_eq!(fleet.send(&pods(0..4), 110, at), slots[..4]);
    fleet.send(&pods(0..4), 110, at + HOUR_MS);
    // 3 of each while it was there, and 7 of those that came again. What each stood at when it came is a birth, but for the
    // first four: they are of one thing.
    let all = 4 * hours as u64;
    assert_eq!(fleet.counted, all * 3 + 4 * 7 + (all - 4) * 100);
    assert!(fleet.given_up.is_empty());
}

/// Pods of months: those that are gone for longest are given up, and what they counted stays counted, once.
#[test]
fn series_that_are_gone_for_long_are_given_up_for_others() {
    let mut fleet = Fleet::new("instance");
    let hours = 200;
    let mut first = Vec::new();
    for hour in 0..hours {
        let slots = fleet.live(&pods(3 * hour..3 * hour + 3), hour);
        if hour == 0 {
            first = slots;
        }
        let facts = fleet.meter.facts();
        assert!(facts.series.len() <= 20 + 80, "{hour}");
        assert_eq!(facts.series.len(), facts.sources[0].1.things.len());
        match hour % 7 {
            3 => fleet.restart(),
            // What was told did not reach the meter, for all that the intake knows.
            5 => fleet.intake.retell(),
            _ => {}
        }
    }
    assert_eq!(fleet.given_up[..3], first);
    // The slice of the last step is open.
    assert_eq!(fleet.counted, 3 * 3 * hours as u64 - 3);

    // The first come again, and nobody knows since when they stand where they do. What they said is no news.
    let at = hours * HOUR_MS;
    let again = fleet.send(&pods(0..3), 110, at);
    assert!(again.iter().all(|slot| !fleet.given_up.contains(slot)));
    fleet.send(&pods(0..3), 112, at + HOUR_MS / 4);
    fleet.send(&pods(0..3), 112, at + HOUR_MS / 2);
    fleet.restart();
    fleet.send(&pods(0..3), 112, at + HOUR_MS);
    assert_eq!(fleet.counted, 3 * 3 * hours as u64 + 3 * 2);
}

/// Of a thing that goes on nothing is given up: what is new beside what is there was born.
#[test]
fn series_of_a_thing_that_is_there_are_not_given_up() {
    let mut fleet = Fleet::new("pod");
    let mut hours_without_room = 0;
    for hour in 0..60 {
        let has_room = fleet.intake.counters().series < 18;
        hours_without_room += i32::from(!has_room);
        let new = if has_room {
            3 * hour + 1..3 * hour + 3
        } else {
            0..0
        };
        let some = [pods(0..1), pods(new)].concat();
        fleet.send(&some, 1_000 + hour as u64, hour * HOUR_MS);
    }
    assert!(hours_without_room > 0);
    assert!(fleet.given_up.is_empty());
}
