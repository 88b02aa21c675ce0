//! What the demo's shop counted in the day before the demo began: made up by the rates of its traffic, the same in every
//! run but for the time.
//!
//! There was one incident in it, almost an hour ago, so that premium has little budget left when the next one comes, and
//! gets some back soon after.

use attain_model::counts::{Bucket, Class, CountedSegment, Interval, Tally};
use attain_model::delivery::{Counted, Delivery};
use attain_model::{Catalogue, SegmentId, SourceId, Stream};
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use super::counters::CODES;
use super::shop::{Need, SEGMENTS, SERVICES};
use super::traffic::PER_SECOND;

/// How far back it goes.
const LENGTH: SignedDuration = SignedDuration::from_hours(24);
/// What is nearer is as fine as what comes live.
const FINE: SignedDuration = SignedDuration::from_mins(90);
const COARSE_SECONDS: i64 = 60;

/// The incident: how long before the end it began, how long it took, and which share of premium's queries failed.
const INCIDENT_SECONDS_AGO: i64 = 57 * 60;
const INCIDENT_SECONDS: i64 = 30;
const INCIDENT_PPM: u64 = 700_000;

/// Of the requests of a service so many are in the bucket after its usual one.
const SLOWER_PPM: u64 = 6_000;
const SEED: u64 = 20_261_122;

/// The day that ends at an instant, as one delivery of a source. Slices have this length.
pub fn history(
    catalogue: &Catalogue,
    source: &SourceId,
    end: Timestamp,
    slice_seconds: u32,
) -> Delivery {
    let slice = i64::from(slice_seconds);
    let end = end.as_second().div_euclid(slice) * slice;
    let begin = (end - LENGTH.as_secs()).div_euclid(COARSE_SECONDS) * COARSE_SECONDS;
    let fine_from = (end - FINE.as_secs()).div_euclid(COARSE_SECONDS) * COARSE_SECONDS;
    let streams = streams(catalogue);
    let mut rng = Rng::with_seed(SEED);
    let mut counted = Vec::new();
    let mut at = begin;
    while at < end {
        let seconds = if at < fine_from {
            COARSE_SECONDS
        } else {
            slice
        };
        let Ok(start) = Timestamp::from_second(at) else {
            break;
        };
        for (segment, name) in SEGMENTS.iter().enumerate() {
            let incident = end - INCIDENT_SECONDS_AGO;
            let is_incident = segment == 0 && (incident..incident + INCIDENT_SECONDS).contains(&at);
            let requests = PER_SECOND[segment] * u64::try_from(seconds).unwrap_or(0);
            let tallies = tallies(requests, is_incident, &mut rng);
            for (service, stream) in &streams {
                counted.push(Counted {
                    stream: stream.clone(),
                    segment: match *name {
                        "" => CountedSegment::Unknown,
                        name => CountedSegment::Known(SegmentId::new(name)),
                    },
                    slice: start,
                    tally: tallies[*service].clone(),
                    received: None,
                });
            }
        }
        at += seconds;
    }
    let mut delivery = Delivery::new(source.clone(), "a day before the demo", 0..1);
    delivery.counted = counted;
    let instant = |second| Timestamp::from_second(second).unwrap_or(Timestamp::MIN);
    delivery.observed = Some(vec![Interval {
        start: instant(begin),
        end: instant(end),
    }]);
    delivery
}

/// The streams of the catalogue that look at a service, each with the service's place.
fn streams(catalogue: &Catalogue) -> Vec<(usize, attain_model::StreamKey)> {
    let streams = Stream::all(catalogue).into_iter();
    let of_service = streams.filter_map(|stream| {
        let name = stream.service_matches.first()?;
        let place = SERVICES.iter().position(|service| service.name == name)?;
        Some((place, stream.key))
    });
    of_service.collect()
}

/// What each service counts of so many requests of a segment.
fn tallies(requests: u64, is_incident: bool, rng: &mut Rng) -> Vec<Tally> {
    let (mut failed, mut tallies): (Vec<u64>, Vec<Tally>) = (Vec::new(), Vec::new());
    for service in &SERVICES {
        let from_others = service
            .rests_on
            .iter()
            .filter(|(_, need)| *need == Need::Must)
            .map(|(on, _)| failed[*on])
            .sum::<u64>();
        let is_hurt = is_incident && service.name == "payments-db";
        let ppm = service.fails_ppm + if is_hurt { INCIDENT_PPM } else { 0 };
        let bad = (from_others + share(requests, ppm, rng)).min(requests);
        let slower = share(requests - bad, SLOWER_PPM, rng);
        let mut tally = Tally::default();
        let class = |code: usize| Class::from_labels([("code", CODES[code].1)]);
        let usual = Bucket(service.usual_bucket);
        tally.add(class(0), usual, requests - bad - slower);
        tally.add(class(0), Bucket(service.usual_bucket + 1), slower);
        tally.add(class(1), usual, bad);
        failed.push(bad);
        tallies.push(tally);
    }
    tallies
}

/// So many parts of a million, a fraction by luck.
fn share(of: u64, ppm: u64, rng: &mut Rng) -> u64 {
    let parts = of * ppm;
    parts / 1_000_000 + u64::from(rng.u64(0..1_000_000) < parts % 1_000_000)
}
