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
    dense: Vec<Cell>,
    /// Then these, as they come.
    sparse: Vec<(i64, Cell)>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    good: u64,
    bad: u64,
    uncertain: u64,
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
        Self {
            first,
            dense: vec![Cell::default(); if is_dense { slices } else { 0 }],
            sparse: Vec::new(),
        }
    }

    /// Adds the events of a column.
    pub(crate) fn add_all(&mut self, column: &[(i64, u64)], fate: Fate) {
        for (slice, events) in column {
            self.add(*slice, *events, fate);
        }
    }

    /// Adds events of a slice.
    #[inline]
    pub(crate) fn add(&mut self, slice: i64, events: u64, fate: Fate) {
        let at = usize::try_from(slice.wrapping_sub(self.first));
        match at.ok().and_then(|at| self.dense.get_mut(at)) {
            Some(cell) => cell.add(events, fate),
            None => {
                let mut cell = Cell::default();
                cell.add(events, fate);
                self.sparse.push((slice, cell));
            }
        }
    }

    /// The slices with events, ascending, each once, under one target.
    pub(crate) fn entries(mut self, target_ppb: Option<u32>) -> Vec<Entry> {
        self.sparse.sort_by_key(|(slice, _)| *slice);
        self.sparse.dedup_by(|later, sum| {
            let same = later.0 == sum.0;
            if same {
                sum.1.merge(later.1);
            }
            same
        });
        let dense = self.dense.into_iter().enumerate();
        let dense = dense.map(|(at, cell)| (self.first + at as i64, cell));
        let all = dense.chain(self.sparse);
        all.filter(|(_, cell)| cell.good > 0 || cell.bad > 0)
            .map(|(slice, cell)| Entry {
                slice,
                good: cell.good,
                bad: cell.bad,
                uncertain: cell.uncertain,
                target_ppb,
            })
            .collect()
    }
}

impl Cell {
    #[inline]
    fn add(&mut self, events: u64, fate: Fate) {
        match fate {
            Fate::Good => self.good = self.good.saturating_add(events),
            Fate::Bad => self.bad = self.bad.saturating_add(events),
            Fate::Unclear(_) => {
                self.bad = self.bad.saturating_add(events);
                self.uncertain = self.uncertain.saturating_add(events);
            }
        }
    }

    fn merge(&mut self, other: Cell) {
        self.good = self.good.saturating_add(other.good);
        self.bad = self.bad.saturating_add(other.bad);
        self.uncertain = self.uncertain.saturating_add(other.uncertain);
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
            let reach = if round % 2 == 0 { 40 } else { 1_000_000 };
            let mut columns: Vec<(Fate, Vec<(i64, u64)>)> = Vec::new();
            for fate in [Fate::Good, Fate::Bad, Fate::Unclear(Why::Untimed)] {
                let slices = (0..rng.usize(0..30)).map(|_| rng.i64(-reach..reach));
                let slices: std::collections::BTreeSet<i64> = slices.collect();
                let column = slices.into_iter().map(|slice| (slice, rng.u64(1..9)));
                columns.push((fate, column.collect()));
            }
            let mut found = BySlice::of(columns.iter().map(|(_, c)| &c[..]));
            assert!(round % 2 == 0 || found.dense.len() < 1000);
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
