//! Histograms whose buckets come in requests of their own, in any order, while attain is stopped now and then: every event
//! counts once, and as fast as it was. A meter counts, as in a server.

use std::collections::BTreeMap;

use attain_engine::Meter;
use attain_model::Stream;
use fastrand::Rng;

use super::*;

const ROUND_MS: i64 = 10_000;
const LIMITS: [&str; 6] = ["0.05", "0.1", "0.25", "0.5", "1", "+Inf"];

/// By slice: events under 100 ms, under 300 ms, slower.
type Slices = BTreeMap<i64, [u64; 3]>;

struct World {
    made: Catalogue,
    intake: Intake,
    meter: Meter,
    counted: Slices,
}

impl World {
    fn new() -> Self {
        let made = catalogue("request_seconds");
        let mut meter = Meter::new(10);
        meter.count(&Stream::all(&made));
        Self {
            intake: intake(&made),
            made,
            meter,
            counted: Slices::new(),
        }
    }

    fn take(&mut self, body: &[u8], arrived_ms: i64) {
        let arrived = Timestamp::from_millisecond(arrived_ms).unwrap();
        let (batch, outcome) = self.intake.remote_write(body, arrived).unwrap();
        assert_eq!(outcome.refused, 0);
        self.meter.take(&batch);
    }

    fn close(&mut self, until_ms: i64) {
        let until = Timestamp::from_millisecond(until_ms).unwrap();
        let deliveries = self.meter.close(until);
        for counted in deliveries.iter().flat_map(|delivery| &delivery.counted) {
            let slice = counted.slice.as_millisecond();
            for ((_, bucket), events) in &counted.tally.cells {
                self.counted.entry(slice).or_default()[usize::from(bucket.0)] += events;
            }
        }
    }

    /// Another process goes on where this one left off.
    fn restart(&mut self) {
        let facts = self.meter.facts();
        self.intake = intake(&self.made);
        self.intake.restore(&facts);
        self.meter = Meter::restore(facts, 10);
        self.meter.count(&Stream::all(&self.made));
    }
}

/// What the buckets of a pod stand at, one more than there are limits for what is counted by each alone.
type Pod = [u64; 6];

fn said(pod: usize, counts: &Pod, at: usize) -> (String, &'static str, f64) {
    let all: u64 = counts[..=at].iter().sum();
    (format!("pod-{pod}"), LIMITS[at], all as f64)
}

#[test]
fn buckets_in_requests_of_their_own_count_once_whenever_it_is_stopped() {
    let mut rng = Rng::with_seed(41);
    for run in 0..100 {
        let mut world = World::new();
        let mut expected = Slices::new();
        let mut pods: Vec<Pod> = (0..3)
            .map(|_| [(); 6].map(|()| rng.u64(0..100_000)))
            .collect();
        for round in 0..20 {
            let at_ms = NOW_MS + round * ROUND_MS;
            if round > 0 {
                let slice = expected.entry(at_ms).or_default();
                for pod in &mut pods {
                    for (place, count) in pod.iter_mut().enumerate() {
                        let events = rng.u64(0..5);
                        *count += events;
                        slice[[0, 0, 1, 2, 2, 2][place]] += events;
                    }
                }
            }
            let mut all: Vec<_> = (0..pods.len())
                .flat_map(|pod| (0..LIMITS.len()).map(move |at| (pod, at)))
                .map(|(pod, at)| said(pod, &pods[pod], at))
                .collect();
            rng.shuffle(&mut all);
            let mut rest = &all[..];
            while !rest.is_empty() {
                let (some, others) = rest.split_at(rng.usize(1..=rest.len()));
                rest = others;
                world.take(&request(some, at_ms), at_ms);
                // All buckets are known by then.
                if round > 0 && rng.u8(0..10) == 0 {
                    world.restart();
                }
            }
            world.close(at_ms - 2 * ROUND_MS);
        }
        world.close(NOW_MS + 3_600_000);
        expected.retain(|_, counts| counts.iter().any(|events| *events > 0));
        assert_eq!(world.counted, expected, "run {run}");
    }
}

/// A process that is first seen beside others: whichever of its buckets comes first, what it was first heard with is as
/// fast as it was.
#[test]
fn the_buckets_of_a_new_histogram_count_once_in_whatever_order_they_come_first() {
    let mut rng = Rng::with_seed(43);
    for run in 0..100 {
        let mut world = World::new();
        let mut expected = Slices::new();
        let mut pods = vec![[3; 6]];
        for round in 0..8 {
            let at_ms = NOW_MS + round * ROUND_MS;
            if round == 4 {
                pods.push([0; 6]);
            }
            if round > 0 {
                let slice = expected.entry(at_ms).or_default();
                for pod in &mut pods {
                    for (place, count) in pod.iter_mut().enumerate() {
                        let events = rng.u64(0..5);
                        *count += events;
                        slice[[0, 0, 1, 2, 2, 2][place]] += events;
                    }
                }
            }
            let mut all: Vec<_> = (0..pods.len())
                .flat_map(|pod| (0..LIMITS.len()).map(move |at| (pod, at)))
                .map(|(pod, at)| said(pod, &pods[pod], at))
                .collect();
            rng.shuffle(&mut all);
            let mut rest = &all[..];
            while !rest.is_empty() {
                let (some, others) = rest.split_at(rng.usize(1..=rest.len().min(4)));
                rest = others;
                world.take(&request(some, at_ms), at_ms);
            }
            world.close(at_ms - 2 * ROUND_MS);
        }
        world.close(NOW_MS + 3_600_000);
        assert_eq!(world.counted, expected, "run {run}");
    }
}

/// One that was removed, beside one that is new: who comes first after a restart cannot know.
#[test]
fn a_bucket_waits_a_minute_for_one_that_does_not_come() {
    let mut world = World::new();
    let at = |round: i64| NOW_MS + round * ROUND_MS;
    let whole = |pod, counts: &Pod| -> Vec<_> {
        (0..LIMITS.len()).map(|at| said(pod, counts, at)).collect()
    };
    for round in 0..3 {
        world.take(&request(&whole(0, &[7; 6]), at(round)), at(round));
        world.close(at(round));
    }
    world.restart();
    let mut counts: Pod = [5; 6];
    for round in 3..30 {
        counts[0] += 1;
        counts[2] += 1;
        world.take(&request(&whole(1, &counts), at(round)), at(round));
        world.close(at(round) - 2 * ROUND_MS);
    }
    world.close(NOW_MS + 3_600_000);
    let as_fast_as_they_were = (world.counted.range(at(3)..))
        .filter(|(_, counts)| **counts == [1, 1, 0])
        .count();
    assert_eq!(as_fast_as_they_were, 20, "{:?}", world.counted);
    // All that it was first heard with happened since, and the bucket at 100 ms waits for nobody.
    let all: u64 = world.counted.values().flatten().sum();
    assert_eq!(all, counts.iter().sum::<u64>());
}

fn request(some: &[(String, &str, f64)], at_ms: i64) -> Vec<u8> {
    let all: Vec<_> = (some.iter())
        .map(|(pod, le, value)| {
            let labels = vec![
                ("__name__", "request_seconds_bucket"),
                ("le", *le),
                ("pod", pod.as_str()),
                ("segment", "free"),
            ];
            (labels, [(*value, at_ms)])
        })
        .collect();
    let all: Vec<_> = (all.iter())
        .map(|(labels, at)| (labels.as_slice(), at.as_slice()))
        .collect();
    attain_wire::remote_write::encode(&all)
}
