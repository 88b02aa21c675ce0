//! How late samples come to an API: how old the newest one is, and what that says of the others. Asks nobody by itself.
//!
//! Just after a sample has come it is as old as it took to arrive. One look sees it up to a whole interval later, so that
//! less the interval is what it took at least.

use std::time::Duration;

use attain_model::source::Source;
use jiff::Timestamp;

use super::api::Line;

/// A query does not see a series that has said nothing for so long, and what is as late cannot be seen.
pub const LONGEST: Duration = Duration::from_secs(300);

/// How old the newest sample is, by the time for queries. VictoriaMetrics dates its answers by its clock, and asks 30 s ago.
pub(super) fn age_asked(selector: &str) -> String {
    format!("time() - {}", Newest::query(selector))
}

/// What the answer says; `None` if no series is there. What is newer than the query is as new as can be.
pub(super) fn age_told(lines: &[Line]) -> Option<Duration> {
    let (_, value) = lines.first()?.points.last()?;
    let seconds: f64 = value.parse().ok()?;
    Duration::try_from_secs_f64(seconds.max(0.0)).ok()
}

/// The newest sample of some series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Newest {
    /// When it was taken.
    sampled: Timestamp,
    /// The time of the answer.
    seen: Timestamp,
}

impl Newest {
    /// How old it was; nothing if its clock is ahead.
    pub(crate) fn age(self) -> Duration {
        Duration::try_from(self.seen.duration_since(self.sampled)).unwrap_or_default()
    }

    /// The query for it, of series that a selector chooses.
    pub(super) fn query(selector: &str) -> String {
        format!("max(timestamp({selector}))")
    }

    /// What the answer to [`Newest::query`] says; `None` if no series is there.
    pub(super) fn in_answer(lines: &[Line]) -> Option<Self> {
        let (seen, value) = lines.first()?.points.last()?;
        let seconds: f64 = value.parse().ok()?;
        // A float as large as it likes becomes an integer at its end.
        let sampled = Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok()?;
        let seen = *seen;
        seconds.is_finite().then_some(Self { sampled, seen })
    }
}

/// What samples take to arrive at least, by one look at the newest.
#[must_use]
pub fn arrives_after(age: Duration, interval: Option<Duration>) -> Duration {
    interval.map_or(Duration::ZERO, |interval| age.saturating_sub(interval))
}

/// The `delay` for samples that take so long to arrive: whole tens of seconds, never less than usual, and never more than
/// could be seen.
#[must_use]
pub fn delay_of_late(behind: Duration) -> Duration {
    const STEP_MS: u128 = 10_000;
    let steps = behind.min(LONGEST).as_millis().div_ceil(STEP_MS);
    let enough = Duration::from_secs(10) * u32::try_from(steps).unwrap_or(0);
    enough.max(Source::USUAL_DELAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_sample_says_how_old_it_is() {
        let line = |value: &str| Line {
            points: vec![(Timestamp::from_second(1_000).unwrap(), value.to_owned())],
            ..Line::default()
        };
        let age = |value: &str| Newest::in_answer(&[line(value)]).map(Newest::age);
        assert_eq!(age("970.5"), Some(Duration::from_millis(29_500)));
        assert_eq!(age("1003"), Some(Duration::ZERO));
        for none in ["NaN", "+Inf", "1e300", "x"] {
            assert_eq!(age(none), None, "{none}");
        }
        assert_eq!(Newest::in_answer(&[]), None);
        let told = |value: &str| age_told(&[line(value)]);
        assert_eq!(told("29.5"), Some(Duration::from_millis(29_500)));
        assert_eq!(told("-0.3"), Some(Duration::ZERO));
        for none in ["+Inf", "1e300", "x"] {
            assert_eq!(told(none), None, "{none}");
        }
        assert_eq!(age_told(&[]), None);
    }

    #[test]
    fn a_delay_is_long_enough_and_bounded() {
        let delay = |seconds| delay_of_late(Duration::from_secs(seconds)).as_secs();
        let needed = [0, 10, 11, 27, 30, 120, 9_000].map(delay);
        assert_eq!(needed, [10, 10, 20, 30, 30, 120, 300]);
        let interval = Some(Duration::from_secs(15));
        let arrives = |age| arrives_after(Duration::from_secs(age), interval).as_secs();
        assert_eq!([0, 15, 42].map(arrives), [0, 0, 27]);
        assert_eq!(arrives_after(LONGEST, None), Duration::ZERO);
    }
}
