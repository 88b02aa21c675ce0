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
#[derive(Debug, Clone, Default)]
pub(crate) struct Series {
    slices: Slices,
    before: Before,
}

/// How many more slices than those with events there may be before only these are kept: a stray line of 1970 costs one
/// slice, not fifty years of them.
const HOLES_AT_MOST: i64 = 8;

/// The slices that sums are kept for.
#[derive(Debug, Clone)]
enum Slices {
    /// All of a range, so that a place is found without a search.
    All(Range<i64>),
    /// Those with events: ascending, each once.
    Some(Vec<i64>),
}

impl Default for Slices {
    fn default() -> Self {
        Slices::All(0..0)
    }
}

impl Slices {
    /// Of entries that ascend.
    fn of(entries: &[Entry]) -> Self {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return Self::default();
        };
        let range = first.slice..last.slice.saturating_add(1);
        let length = range.end.saturating_sub(range.start);
        if length / HOLES_AT_MOST <= entries.len() as i64 {
            return Slices::All(range);
        }
        let same = entries.chunk_by(|a, b| a.slice == b.slice);
        Slices::Some(same.map(|same| same[0].slice).collect())
    }

    fn len(&self) -> usize {
        match self {
            Slices::All(range) => usize::try_from(range.end - range.start).unwrap_or(0),
            Slices::Some(slices) => slices.len(),
        }
    }

    fn at(&self, place: usize) -> i64 {
        match self {
            Slices::All(range) => range.start + place as i64,
            Slices::Some(slices) => slices[place],
        }
    }

    /// How many of them lie before a slice.
    fn before(&self, slice: i64) -> usize {
        match self {
            Slices::All(range) => {
                let inside = slice.clamp(range.start, range.end) - range.start;
                usize::try_from(inside).unwrap_or(0)
            }
            Slices::Some(slices) => slices.partition_point(|s| *s < slice),
        }
    }
}

/// Sums of everything in front of each slice, and one more for the end.
///
/// Months of minutes are walked through for each series, so that their size is what judging costs.
#[derive(Debug, Clone)]
enum Before {
    /// All of it was promised under one target and nothing is uncertain: the allowance follows from the counts.
    One {
        target_ppb: u32,
        sums: Vec<Attainment>,
    },
    /// Anything else.
    Any(Vec<Sums>),
}

impl Default for Before {
    fn default() -> Self {
        Before::Any(vec![Sums::default()])
    }
}

impl Before {
    /// The sums in front of a place.
    fn at(&self, place: usize) -> Sums {
        match self {
            Before::One { target_ppb, sums } => {
                let promised = sums[place];
                Sums {
                    promised,
                    allowed_billionths: allowed(promised, *target_ppb),
                    ..Sums::default()
                }
            }
            Before::Any(sums) => sums[place],
        }
    }
}

impl Series {
    /// From entries in any order; those of one slice add up.
    pub(crate) fn new(mut entries: Vec<Entry>) -> Self {
        // Mostly they are so already, and a sort would ask for room.
        if !entries.is_sorted_by_key(|entry| entry.slice) {
            entries.sort_by_key(|entry| entry.slice);
        }
        let slices = Slices::of(&entries);
        let before = match one_target(&entries) {
            Some(target_ppb) => Before::One {
                target_ppb,
                sums: cumulative(&entries, &slices, |sum: &Attainment, entry| Attainment {
                    good: sum.good.saturating_add(entry.good),
                    bad: sum.bad.saturating_add(entry.bad),
                }),
            },
            None => Before::Any(cumulative(&entries, &slices, |sum: &Sums, entry| {
                sum.plus(&Sums::of(entry))
            })),
        };
        Self { slices, before }
    }

    /// What happened in a half-open range of slices.
    pub(crate) fn sum(&self, range: Range<i64>) -> Sums {
        if range.start >= range.end {
            return Sums::default();
        }
        let (start, end) = (
            self.slices.before(range.start),
            self.slices.before(range.end),
        );
        self.before.at(end).less(&self.before.at(start))
    }

    /// Each slice with events in a half-open range, ascending.
    pub(crate) fn each(&self, range: Range<i64>) -> impl Iterator<Item = (i64, Sums)> {
        let (start, end) = (
            self.slices.before(range.start),
            self.slices.before(range.end),
        );
        let between = |at: usize| self.before.at(at + 1).less(&self.before.at(at));
        let each = (start..end).map(move |at| (self.slices.at(at), between(at)));
        each.filter(|(_, sums)| sums.all().total() > 0)
    }

    /// The budget of a half-open range of slices; what alerts ask for at every slice they look back to.
    pub(crate) fn budget(&self, range: Range<i64>) -> ErrorBudget {
        if range.start >= range.end {
            return ErrorBudget::default();
        }
        let (start, end) = (
            self.slices.before(range.start),
            self.slices.before(range.end),
        );
        match &self.before {
            Before::One { target_ppb, sums } => {
                let events = less(sums[end], sums[start]);
                ErrorBudget {
                    allowed_billionths: allowed(events, *target_ppb),
                    spent: events.bad,
                }
            }
            Before::Any(sums) => sums[end].less(&sums[start]).budget(),
        }
    }

    /// The last slice before a slice that may have events.
    pub(crate) fn last_before(&self, slice: i64) -> Option<i64> {
        let place = self.slices.before(slice).checked_sub(1)?;
        Some(self.slices.at(place))
    }
}

/// The target of all entries, if they have one and the same and none is uncertain.
///
/// Invariant: a sum that could saturate is left to [`Sums`], whose allowance stays that of the entries.
fn one_target(entries: &[Entry]) -> Option<u32> {
    let target = entries.first()?.target_ppb?;
    let mut events: u64 = 0;
    for entry in entries {
        if entry.target_ppb != Some(target) || entry.uncertain > 0 {
            return None;
        }
        events = events.checked_add(entry.good)?.checked_add(entry.bad)?;
    }
    Some(target)
}

/// The sums in front of each slice, and over all.
fn cumulative<S: Default + Copy>(
    entries: &[Entry],
    slices: &Slices,
    add: impl Fn(&S, &Entry) -> S,
) -> Vec<S> {
    let mut before = Vec::with_capacity(slices.len() + 1);
    let mut sum = S::default();
    for same in entries.chunk_by(|a, b| a.slice == b.slice) {
        before.resize(slices.before(same[0].slice) + 1, sum);
        sum = same.iter().fold(sum, |sum, entry| add(&sum, entry));
    }
    before.resize(slices.len() + 1, sum);
    before
}

fn allowed(events: Attainment, target_ppb: u32) -> u128 {
    ppb::allowed_bad_billionths(events.total(), target_ppb)
}

fn less(events: Attainment, before: Attainment) -> Attainment {
    Attainment {
        good: events.good.saturating_sub(before.good),
        bad: events.bad.saturating_sub(before.bad),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_window_is_the_sum_of_its_slices() {
        let mut rng = fastrand::Rng::with_seed(17);
        for _ in 0..200 {
            let (dense, of_one) = (rng.bool(), rng.bool());
            let entries: Vec<Entry> = (0..rng.usize(0..200))
                .map(|i| Entry {
                    slice: if dense {
                        i as i64 / 2
                    } else {
                        rng.i64(-100..300)
                    },
                    good: rng.u64(0..50),
                    bad: rng.u64(0..5),
                    uncertain: if of_one { 0 } else { rng.u64(0..2) },
                    target_ppb: match of_one {
                        true => Some(999_000_000),
                        false => rng.bool().then(|| rng.u32(1..1_000_000_000)),
                    },
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
