//! Sums over slices: any window in constant time where slices have no holes, else in a binary search.
//!
//! Knows judged counts and the budget each slice allows. Knows nothing of goals or windows; see judge.rs.

use std::ops::Range;

use attain_math::ppb;
use attain_model::verdict::{Attainment, ErrorBudget};

/// Judged events of one slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) slice: i64,
    pub(crate) good: u64,
    pub(crate) bad: u64,
    /// How many of the bad could have been good.
    pub(crate) uncertain: u64,
    /// The target in force; `None` where nothing was promised.
    pub(crate) target_ppb: Option<u32>,
}

/// Sums over some slices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    /// Within a promise.
    pub(crate) promised: Attainment,
    /// Outside every promise.
    pub(crate) other: Attainment,
    /// How many bad ones, promised or not, could have been good.
    pub(crate) uncertain: u64,
    /// Bad events allowed, in billionths.
    pub(crate) allowed_billionths: u128,
}

impl Sums {
    pub(crate) fn budget(&self) -> ErrorBudget {
        ErrorBudget {
            allowed_billionths: self.allowed_billionths,
            spent: self.promised.bad,
        }
    }

    /// Promised or not.
    pub(crate) fn all(&self) -> Attainment {
        Attainment {
            good: self.promised.good.saturating_add(self.other.good),
            bad: self.promised.bad.saturating_add(self.other.bad),
        }
    }

    pub(crate) fn plus(&self, more: &Sums) -> Sums {
        let add = |a: Attainment, b: Attainment| Attainment {
            good: a.good.saturating_add(b.good),
            bad: a.bad.saturating_add(b.bad),
        };
        Sums {
            promised: add(self.promised, more.promised),
            other: add(self.other, more.other),
            uncertain: self.uncertain.saturating_add(more.uncertain),
            allowed_billionths: self
                .allowed_billionths
                .saturating_add(more.allowed_billionths),
        }
    }

    /// What lies between an earlier cumulative sum and this one.
    fn less(&self, before: &Sums) -> Sums {
        let less = |a: Attainment, b: Attainment| Attainment {
            good: a.good.saturating_sub(b.good),
            bad: a.bad.saturating_sub(b.bad),
        };
        Sums {
            promised: less(self.promised, before.promised),
            other: less(self.other, before.other),
            uncertain: self.uncertain.saturating_sub(before.uncertain),
            allowed_billionths: self
                .allowed_billionths
                .saturating_sub(before.allowed_billionths),
        }
    }

    fn of(entry: &Entry) -> Sums {
        let events = Attainment {
            good: entry.good,
            bad: entry.bad,
        };
        let (promised, other) = match entry.target_ppb {
            Some(_) => (events, Attainment::default()),
            None => (Attainment::default(), events),
        };
        let allowed_billionths = entry.target_ppb.map_or(0, |target| {
            ppb::allowed_bad_billionths(events.total(), target)
        });
        Sums {
            promised,
            other,
            uncertain: entry.uncertain,
            allowed_billionths,
        }
    }
}

/// Judged counts over time, cumulative.
///
/// Only slices with events are kept: a stray line of 1970 costs one slice, not fifty years of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Series {
    // Invariant: ascending, each once; `before[i]` sums everything in front of `slices[i]`, and one more for the end.
    slices: Vec<i64>,
    before: Vec<Sums>,
}

impl Series {
    /// From entries in any order; those of one slice add up.
    pub(crate) fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_by_key(|entry| entry.slice);
        let mut series = Series {
            slices: Vec::with_capacity(entries.len()),
            before: Vec::with_capacity(entries.len() + 1),
        };
        let mut sum = Sums::default();
        for entry in entries {
            if series.slices.last() != Some(&entry.slice) {
                series.slices.push(entry.slice);
                series.before.push(sum);
            }
            sum = sum.plus(&Sums::of(&entry));
        }
        series.before.push(sum);
        series
    }

    /// What happened in a half-open range of slices.
    pub(crate) fn sum(&self, range: Range<i64>) -> Sums {
        if range.start >= range.end || self.slices.is_empty() {
            return Sums::default();
        }
        let (start, end) = (self.position(range.start), self.position(range.end));
        self.before[end].less(&self.before[start])
    }

    /// Each slice with events in a half-open range, ascending.
    pub(crate) fn each(&self, range: Range<i64>) -> impl Iterator<Item = (i64, Sums)> {
        let (start, end) = (self.position(range.start), self.position(range.end));
        (start..end).map(|at| (self.slices[at], self.before[at + 1].less(&self.before[at])))
    }

    /// The budget of a half-open range of slices; what alerts ask for at every slice they look back to.
    pub(crate) fn budget(&self, range: Range<i64>) -> ErrorBudget {
        if range.start >= range.end || self.slices.is_empty() {
            return ErrorBudget::default();
        }
        let start = &self.before[self.position(range.start)];
        let end = &self.before[self.position(range.end)];
        ErrorBudget {
            allowed_billionths: end
                .allowed_billionths
                .saturating_sub(start.allowed_billionths),
            spent: end.promised.bad.saturating_sub(start.promised.bad),
        }
    }

    /// The last slice with events before a slice.
    pub(crate) fn last_before(&self, slice: i64) -> Option<i64> {
        let position = self.position(slice).checked_sub(1)?;
        self.slices.get(position).copied()
    }

    /// How many slices with events lie before a slice.
    fn position(&self, slice: i64) -> usize {
        let Some(first) = self.slices.first() else {
            return 0;
        };
        // Without holes the answer is at hand.
        let guess = usize::try_from(slice.saturating_sub(*first)).unwrap_or(0);
        if self.slices.get(guess) == Some(&slice) {
            return guess;
        }
        self.slices.partition_point(|s| *s < slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_window_is_the_sum_of_its_slices() {
        let mut rng = fastrand::Rng::with_seed(17);
        for _ in 0..200 {
            let dense = rng.bool();
            let entries: Vec<Entry> = (0..rng.usize(0..200))
                .map(|i| Entry {
                    slice: if dense {
                        i as i64 / 2
                    } else {
                        rng.i64(-100..300)
                    },
                    good: rng.u64(0..50),
                    bad: rng.u64(0..5),
                    uncertain: rng.u64(0..2),
                    target_ppb: rng.bool().then(|| rng.u32(1..1_000_000_000)),
                })
                .collect();
            let series = Series::new(entries.clone());
            for _ in 0..30 {
                let range = rng.i64(-120..320)..rng.i64(-120..320);
                let inside = entries.iter().filter(|e| range.contains(&e.slice));
                let naive = inside.fold(Sums::default(), |sum, e| sum.plus(&Sums::of(e)));
                assert_eq!(series.budget(range.clone()), naive.budget());
                assert_eq!(series.sum(range), naive);
            }
        }
    }
}
