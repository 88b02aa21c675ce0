//! Events of many columns added up slice by slice.
//!
//! Knows slices and what events were. Knows neither goals nor windows; see judge.rs.

use crate::projection::Fate;
use crate::series::Entry;

/// How many more slices than counts there may be before slices without counts are left out.
const HOLES_AT_MOST: usize = 8;

/// Events by slice.
pub(crate) struct BySlice {
    first: i64,
    /// One for each slice from the first to the last; empty where there are too many holes.
    good: Vec<u64>,
    bad: Vec<u64>,
    /// How many of the bad could have been good; empty as long as none could.
    uncertain: Vec<u64>,
    /// Where there are too many holes: as they come.
    sparse: Vec<(i64, u64, Fate)>,
}

impl BySlice {
    /// Room for the events of some columns, each ascending.
    pub(crate) fn of<'c>(columns: impl Iterator<Item = &'c [(i64, u64)]>) -> Self {
        let (mut first, mut last, mut counts) = (i64::MAX, i64::MIN, 0_usize);
        for column in columns {
            if let (Some((start, _)), Some((end, _))) = (column.first(), column.last()) {
                first = first.min(*start);
                last = last.max(*end);
                counts += column.len();
            }
        }
        let slices = usize::try_from(last.saturating_sub(first).saturating_add(1)).unwrap_or(0);
        let is_dense = slices / HOLES_AT_MOST <= counts;
        let room = if is_dense { slices } else { 0 };
        Self {
            first,
            good: vec![0; room],
            bad: vec![0; room],
            uncertain: Vec::new(),
            sparse: Vec::new(),
        }
    }

    /// Adds the events of a column.
    pub(crate) fn add_all(&mut self, column: &[(i64, u64)], fate: Fate) {
        let (Some((first, _)), Some((last, _))) = (column.first(), column.last()) else {
            return;
        };
        let is_whole = usize::try_from(last - first).is_ok_and(|d| d + 1 == column.len());
        let Some(start) = self.place(*first).filter(|_| is_whole) else {
            for (slice, events) in column {
                self.add(*slice, *events, fate);
            }
            return;
        };
        // A slice after the other, without a question for each.
        let sums = if fate == Fate::Good {
            &mut self.good
        } else {
            &mut self.bad
        };
        add_run(&mut sums[start..], column);
        if matches!(fate, Fate::Unclear(_)) {
            self.uncertain.resize(self.bad.len(), 0);
            add_run(&mut self.uncertain[start..], column);
        }
    }

    /// Adds events of a slice.
    pub(crate) fn add(&mut self, slice: i64, events: u64, fate: Fate) {
        let Some(at) = self.place(slice) else {
            self.sparse.push((slice, events, fate));
            return;
        };
        let sums = if fate == Fate::Good {
            &mut self.good
        } else {
            &mut self.bad
        };
        sums[at] = sums[at].saturating_add(events);
        if matches!(fate, Fate::Unclear(_)) {
            self.uncertain.resize(self.bad.len(), 0);
            self.uncertain[at] = self.uncertain[at].saturating_add(events);
        }
    }

    /// The slices with events, ascending, each once, under one target.
    pub(crate) fn entries(mut self, target_ppb: Option<u32>) -> Vec<Entry> {
        let entry = |slice| Entry {
            slice,
            good: 0,
            bad: 0,
            uncertain: 0,
            target_ppb,
        };
        let mut entries = Vec::with_capacity(self.good.len().max(self.sparse.len()));
        for (at, (good, bad)) in self.good.iter().zip(&self.bad).enumerate() {
            if *good > 0 || *bad > 0 {
                entries.push(Entry {
                    good: *good,
                    bad: *bad,
                    uncertain: self.uncertain.get(at).copied().unwrap_or(0),
                    ..entry(self.first + at as i64)
                });
            }
        }
        // Invariant: there are only these or only those, so that all ascend.
        self.sparse.sort_by_key(|(slice, _, _)| *slice);
        for (slice, events, fate) in self.sparse {
            if entries.last().is_none_or(|last| last.slice != slice) {
                entries.push(entry(slice));
            }
            if let Some(last) = entries.last_mut() {
                let is_good = fate == Fate::Good;
                let is_unclear = matches!(fate, Fate::Unclear(_));
                let plus = |sum: u64, adds: bool| sum.saturating_add(if adds { events } else { 0 });
                last.good = plus(last.good, is_good);
                last.bad = plus(last.bad, !is_good);
                last.uncertain = plus(last.uncertain, is_unclear);
            }
        }
        entries
    }

    fn place(&self, slice: i64) -> Option<usize> {
        let at = usize::try_from(slice.checked_sub(self.first)?).ok()?;
        (at < self.good.len()).then_some(at)
    }
}

fn add_run(sums: &mut [u64], column: &[(i64, u64)]) {
    for (sum, (_, events)) in sums.iter_mut().zip(column) {
        *sum = sum.saturating_add(*events);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projection::Why;

    #[test]
    fn with_holes_or_without_it_is_the_same_sum() {
        let mut rng = fastrand::Rng::with_seed(31);
        for round in 0..300 {
            let reach = [40, 1_000_000, 3, 40][round % 4];
            let mut columns: Vec<(Fate, Vec<(i64, u64)>)> = Vec::new();
            for fate in [Fate::Good, Fate::Bad, Fate::Unclear(Why::Untimed)] {
                let slices = (0..rng.usize(0..30)).map(|_| rng.i64(-reach..reach));
                let slices: std::collections::BTreeSet<i64> = slices.collect();
                let column = slices.into_iter().map(|slice| (slice, rng.u64(1..9)));
                columns.push((fate, column.collect()));
            }
            let mut found = BySlice::of(columns.iter().map(|(_, c)| &c[..]));
            assert!(reach < 100 || found.good.len() < 1000);
            let mut naive: std::collections::BTreeMap<i64, [u64; 3]> = Default::default();
            for (fate, column) in &columns {
                found.add_all(column, *fate);
                for (slice, events) in column {
                    let sum = naive.entry(*slice).or_default();
                    sum[usize::from(*fate != Fate::Good)] += events;
                    sum[2] += if matches!(fate, Fate::Unclear(_)) {
                        *events
                    } else {
                        0
                    };
                }
            }
            let found: Vec<(i64, [u64; 3])> = (found.entries(None).iter())
                .map(|e| (e.slice, [e.good, e.bad, e.uncertain]))
                .collect();
            assert_eq!(found, naive.into_iter().collect::<Vec<_>>());
        }
    }
}
