//! Counters as a Prometheus may have scraped them: instances that come late, fall silent and restart, series of failures
//! that begin when the first one happens; some say when they began. And what they come to, minute by minute, without any
//! query.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::random::draw;

const SCRAPED_EVERY_MS: i64 = 15_000;
const MINUTE_MS: i64 = 60_000;
/// How long before the end of a minute a process may have begun to be young in it.
const YOUNG_MS: i64 = 6 * MINUTE_MS;

/// The metric that says when processes began.
pub const STARTED: &str = "process_start_time_seconds";

/// The segments of every history.
pub const SEGMENTS: [&str; 2] = ["premium", "free"];

/// The series of one metric.
pub struct History {
    pub metric: String,
    job: String,
    series: Vec<Series>,
    /// By instance: when it says at a time that it began, in seconds since 1970.
    started: BTreeMap<u64, BTreeMap<i64, i64>>,
}

struct Series {
    segment: &'static str,
    is_bad: bool,
    instance: u64,
    /// By time in milliseconds since 1970.
    samples: BTreeMap<i64, u64>,
}

/// Good and bad events by segment and minute since 1970.
pub type PerMinute = BTreeMap<(&'static str, i64), (u64, u64)>;

/// The draws of one thing, one after the other.
struct Draws {
    seed: u64,
    id: u64,
    asked: u64,
}

impl Draws {
    fn below(&mut self, limit: i64) -> i64 {
        self.asked += 1;
        let limit = u64::try_from(limit).unwrap_or(1).max(1);
        i64::try_from(draw(self.seed, self.id, self.asked) % limit).unwrap_or(0)
    }
}

impl History {
    /// The `index`-th history of a seed, from `from_ms` for so many minutes.
    pub fn random(seed: u64, index: u64, from_ms: i64, minutes: i64) -> Self {
        let mut draws = Draws {
            seed,
            id: index,
            asked: 0,
        };
        let mut series = Vec::new();
        let mut started = BTreeMap::new();
        for instance in 0..=draws.below(3) {
            let birth = if instance == 0 {
                0
            } else {
                draws.below(minutes / 2) * MINUTE_MS
            };
            let offset = draws.below(SCRAPED_EVERY_MS);
            let away = (10 + draws.below(minutes - 10)) * MINUTE_MS;
            let back = away + (1 + draws.below(19)) * MINUTE_MS;
            // At any instant, and sometimes twice within a minute.
            let restart = birth + (1 + draws.below(minutes)) * MINUTE_MS + draws.below(MINUTE_MS);
            let restarts = [restart, restart + SCRAPED_EVERY_MS * (1 + draws.below(3))];
            let number = u64::try_from(instance).unwrap_or(0);
            // One that was there long before it was scraped is not young.
            let (says, age) = (draws.below(2) == 0, draws.below(2) * 60 * MINUTE_MS);
            let mut begun = from_ms + birth - age;
            for time in (birth + offset..minutes * MINUTE_MS).step_by(SCRAPED_EVERY_MS as usize) {
                let restarted = restarts.into_iter().rfind(|restart| time >= *restart);
                begun = restarted.map_or(begun, |restart| from_ms + restart);
                if says && !(away..back).contains(&time) {
                    let of_it: &mut BTreeMap<i64, i64> = started.entry(number).or_default();
                    of_it.insert(from_ms + time, begun.div_euclid(1000));
                }
            }
            for segment in SEGMENTS {
                for is_bad in [false, true] {
                    let since = if is_bad {
                        birth + draws.below(minutes) * MINUTE_MS
                    } else {
                        birth
                    };
                    let mut value = if draws.below(2) == 0 {
                        0
                    } else {
                        draws.below(10_000)
                    };
                    let mut samples = BTreeMap::new();
                    let mut time = birth + offset;
                    let mut restarts = restarts.into_iter().peekable();
                    while time < minutes * MINUTE_MS {
                        while restarts.next_if(|restart| time >= *restart).is_some() {
                            value = 0;
                        }
                        value += draws.below(20);
                        // One scrape of twenty fails.
                        let is_scraped = !(away..back).contains(&time) && draws.below(20) > 0;
                        if is_scraped && time >= since {
                            samples.insert(from_ms + time, u64::try_from(value).unwrap_or(0));
                        }
                        time += SCRAPED_EVERY_MS;
                    }
                    series.push(Series {
                        segment,
                        is_bad,
                        instance: number,
                        samples,
                    });
                }
            }
        }
        Self {
            metric: format!("history_{index}_total"),
            job: format!("shop-{index}"),
            series,
            started,
        }
    }

    /// In OpenMetrics text, without its end.
    pub fn write(&self, out: &mut String) {
        let family = self.metric.trim_end_matches("_total");
        let _ = writeln!(out, "# TYPE {family} counter");
        for series in &self.series {
            let code = if series.is_bad { 500 } else { 200 };
            for (time, value) in &series.samples {
                let _ = writeln!(
                    out,
                    "{}{{segment=\"{}\",code=\"{code}\",job=\"{}\",instance=\"i{}\"}} {value} {}.{:03}",
                    self.metric,
                    series.segment,
                    self.job,
                    series.instance,
                    time.div_euclid(1000),
                    time.rem_euclid(1000),
                );
            }
        }
    }

    /// When processes began, one metric of all histories, as a gauge in OpenMetrics text.
    pub fn write_started(histories: &[Self], out: &mut String) {
        let _ = writeln!(out, "# TYPE {STARTED} gauge");
        for history in histories {
            for (instance, samples) in &history.started {
                for (time, begun) in samples {
                    let _ = writeln!(
                        out,
                        "{STARTED}{{job=\"{}\",instance=\"i{instance}\"}} {begun} {}.{:03}",
                        history.job,
                        time.div_euclid(1000),
                        time.rem_euclid(1000),
                    );
                }
            }
        }
    }

    /// Whether an instance says at the end of a minute that it began shortly before.
    fn is_young(&self, instance: u64, minute: i64) -> bool {
        let end = (minute + 1) * MINUTE_MS - 1;
        let said = self.started.get(&instance);
        let newest = said.and_then(|said| said.range(end - YOUNG_MS..=end).next_back());
        newest.is_some_and(|(_, begun)| begun * 1000 > end - YOUNG_MS)
    }

    /// What was counted in each minute, sample by sample. One that is lower than the one before began again at zero, and so
    /// did a series that is new on an instance that was seen before, or is young; what another one stood at when it was first
    /// seen is nobody's.
    pub fn per_minute(&self) -> PerMinute {
        let mut counted = PerMinute::new();
        for one in &self.series {
            let (mut before, mut birth) = (None, None);
            for (time, value) in &one.samples {
                let minute = time.div_euclid(MINUTE_MS);
                let was_seen = |other: &Series| {
                    let earlier = other.samples.range(..minute * MINUTE_MS).next();
                    other.instance == one.instance && earlier.is_some()
                };
                if before.is_none() && !self.series.iter().any(was_seen) {
                    birth = Some(minute);
                }
                let is_new = birth == Some(minute) && !self.is_young(one.instance, minute);
                let added = match before {
                    None if is_new => 0,
                    Some(before) => value.checked_sub(before).unwrap_or(*value),
                    None => *value,
                };
                let (good, bad) = counted.entry((one.segment, minute)).or_default();
                *if one.is_bad { bad } else { good } += added;
                before = Some(*value);
            }
        }
        counted
    }
}
