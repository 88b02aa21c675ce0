//! Which past slots say what is usual: recent ones. Knows times only.
//!
//! What was recorded months ago says little of today. So the slots right before the window count, and those of the same
//! time of day on the days before; where there are too few such days, all that is there.

use std::ops::Range;

/// How long before the window every slot counts.
const RIGHT_BEFORE_SECONDS: i64 = 6 * 3600;
/// The same time of day is this much earlier or later at most.
const SAME_TIME_SECONDS: i64 = 3600;
/// No older slot counts.
const OLDEST_SECONDS: i64 = 28 * DAY_SECONDS;
/// From so many comparable days on, the other times of these days do not count.
const COMPARABLE_DAYS: usize = 3;
const DAY_SECONDS: i64 = 86_400;

/// The positions of the slots that say what is usual before a window; `times` are the beginnings of slots in seconds,
/// ascending, and `window` is in seconds, too. Slots of the window and after it are left out.
#[must_use]
pub fn comparable(times: &[i64], window: &Range<i64>) -> Vec<usize> {
    let before = times.partition_point(|time| *time < window.start);
    let oldest = window.start.saturating_sub(OLDEST_SECONDS);
    let from = times.partition_point(|time| *time < oldest).min(before);
    let right_before = |time: i64| time >= window.start.saturating_sub(RIGHT_BEFORE_SECONDS);
    let same_time = |time: i64| {
        let shifted = |edge: i64| edge.saturating_sub(time).rem_euclid(DAY_SECONDS);
        // Within the window's time of day, an hour of tolerance on both sides.
        let length = window.end.saturating_sub(window.start) + 2 * SAME_TIME_SECONDS;
        length >= DAY_SECONDS || shifted(window.end + SAME_TIME_SECONDS) <= length
    };
    let day = |at: &usize| window.start.saturating_sub(times[*at]) / DAY_SECONDS;
    let alike: Vec<usize> = (from..before)
        .filter(|at| right_before(times[*at]) || same_time(times[*at]))
        .collect();
    let mut days: Vec<i64> = alike
        .iter()
        .filter(|at| !right_before(times[**at]))
        .map(day)
        .collect();
    days.dedup();
    if days.len() >= COMPARABLE_DAYS {
        alike
    } else {
        (from..before).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;

    #[test]
    fn with_enough_days_only_what_is_alike_counts() {
        let times: Vec<i64> = (0..10 * 24).map(|hour| hour * HOUR).collect();
        let noon = 8 * DAY_SECONDS + 12 * HOUR;
        let found = comparable(&times, &(noon..noon + HOUR));
        let hours: Vec<i64> = found.iter().map(|at| times[*at] / HOUR).collect();
        // 11:00 to 14:00 of the eight days before, and from 6:00 on of the day itself.
        assert_eq!(hours[..4], [11, 12, 13, 14]);
        assert_eq!(hours.len(), 8 * 4 + 6);
        assert!(hours.iter().all(|hour| *hour < noon / HOUR));
    }

    #[test]
    fn with_few_days_everything_counts_but_nothing_of_long_ago() {
        let times: Vec<i64> = (0..48).map(|hour| hour * HOUR).collect();
        assert_eq!(
            comparable(&times, &(40 * HOUR..41 * HOUR)),
            (0..40).collect::<Vec<_>>()
        );
        let later = 100 * DAY_SECONDS;
        assert_eq!(
            comparable(&times, &(later..later + HOUR)),
            Vec::<usize>::new()
        );
        assert_eq!(comparable(&[], &(0..1)), Vec::<usize>::new());
    }
}
