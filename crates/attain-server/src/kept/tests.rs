//! What is old is kept by the minute.

use attain_engine::Shelf;
use attain_model::delivery::Counted;
use attain_model::{Bucket, Class, CountedSegment, SegmentId, Tally};
use attain_spec::{Input, parse};

use super::*;

const CATALOGUE: &str = "\
attain: 1
segments:
  premium: {rank: 1, contract: best-effort}
sources:
  live: {remote_write: {}}
slos:
  requests:
    outcome: Requests are answered
    service: shop
    owner: shop-team
    indicator: {metric: requests_total, type: counter, bad: {code: 5xx}}
    objectives: {availability: 99%}
    window: 30d
";

/// The counts of a stream on disk.
fn on_time(kept: &Kept, stream: &StreamKey) -> Vec<(i64, u64)> {
    let (facts, damage) = kept.pages().stream(stream);
    assert_eq!(damage, []);
    let columns = facts.columns.into_iter();
    columns.flat_map(|column| column.on_time).collect()
}

#[test]
fn what_is_old_is_kept_by_the_minute() {
    let base = tempfile::tempdir().unwrap();
    let parsed = parse(&[Input {
        name: "shop.yaml".to_owned(),
        text: CATALOGUE.to_owned(),
    }]);
    assert_eq!(parsed.diagnostics, []);
    let catalogue = parsed.catalogue.unwrap();
    let written = Done::Catalogue {
        sha256: "some".to_owned(),
        files: Vec::new(),
    };
    let at = |second| Timestamp::from_second(second).unwrap();
    let start = at(1_793_491_200);
    let slices = 30 * 360;
    let mut kept = Kept::open(base.path(), &catalogue, &written, start).unwrap();
    let streams = Stream::all(&catalogue);
    for part in 0..5 {
        let mut delivery = Delivery::new(SourceId::new("live"), "live", part..part + 1);
        for slice in part as i64 * slices / 5..(part as i64 + 1) * slices / 5 {
            for stream in &streams {
                let mut tally = Tally::default();
                tally.add(Class::good(), Bucket::UNTIMED, 1 + slice as u64 % 7);
                delivery.counted.push(Counted {
                    stream: stream.key.clone(),
                    segment: CountedSegment::Known(SegmentId::from("premium")),
                    slice: at(start.as_second() + slice * 10),
                    tally,
                    received: None,
                });
            }
        }
        kept.append(Together {
            deliveries: vec![delivery],
            live: Vec::new(),
        })
        .unwrap();
        kept.seal().unwrap();
    }
    let end = at(start.as_second() + slices * 10);
    kept.close(end, end).unwrap();
    let counts = |kept: &Kept| -> BTreeMap<StreamKey, Vec<(i64, u64)>> {
        let streams = streams.iter().map(|stream| stream.key.clone());
        streams
            .map(|stream| (stream.clone(), on_time(kept, &stream)))
            .collect()
    };
    let before = counts(&kept);
    while kept.is_untidy {
        kept.tidy().unwrap();
    }
    let after = counts(&kept);
    let first = start.as_second() / 10;
    for (stream, before) in &before {
        let after = &after[stream];
        let sum = |counts: &[(i64, u64)]| counts.iter().map(|(_, events)| events).sum::<u64>();
        assert_eq!(sum(before), sum(after));
        // Of 30 hours those before the 18th, and not the first minute.
        let minutes = 18 * 60 - 1;
        assert_eq!(after.len() as i64, slices - 5 * minutes);
        let old = after.iter().filter(|(slice, _)| *slice < first + 18 * 360);
        assert!(old.skip(6).all(|(slice, _)| slice.rem_euclid(6) == 5));
    }
    // A folder that is opened again has nothing more to do.
    let generation = |kept: &Kept| kept.store.generation();
    drop(kept);
    let mut kept = Kept::open(base.path(), &catalogue, &written, end).unwrap();
    let opened = generation(&kept);
    while kept.is_untidy {
        kept.tidy().unwrap();
    }
    assert_eq!(generation(&kept), opened);
    assert_eq!(counts(&kept), after);
}
