//! Offered load: which minutes were above the load that a promise holds up to.

use std::ops::Range;

use attain_model::Rate;

use crate::grid::Grid;
use crate::ranges::RangeSet;

/// The share of a window's minutes that may lie above the load and outside the promise: one in twenty.
const CAP_DIVISOR: i64 = 20;

/// Minutes with traffic, and those above the load, ascending.
#[derive(Debug, Clone, Default)]
pub(crate) struct Minutes {
    over: Vec<i64>,
    busy: Vec<i64>,
}

impl Minutes {
    /// From events by slice, ascending by slice; above `up_to` over the minute is over.
    pub(crate) fn new(
        events: impl IntoIterator<Item = (i64, u64)>,
        up_to: Rate,
        grid: Grid,
    ) -> Self {
        let mut minutes: Vec<(i64, u64)> = Vec::new();
        for (slice, n) in events {
            let minute = minute_of(slice, grid);
            match minutes.last_mut() {
                Some((last, sum)) if *last == minute => *sum = sum.saturating_add(n),
                _ => minutes.push((minute, n)),
            }
        }
        let seconds = u128::from(minute_length(grid).unsigned_abs());
        let most = u128::from(up_to.millirps()) * seconds;
        let is_over = |(_, n): &&(i64, u64)| u128::from(*n) * 1000 > most;
        Self {
            over: minutes.iter().filter(is_over).map(|(m, _)| *m).collect(),
            busy: minutes.iter().map(|(m, _)| *m).collect(),
        }
    }

    /// Without the minutes that lie in these slices whole: they neither use up the cap nor count as traffic.
    pub(crate) fn without(mut self, slices: &RangeSet<i64>, grid: Grid) -> Self {
        let per_minute = minute_length(grid) / grid.seconds();
        let is_in = |minute: &i64| {
            let first = minute * per_minute;
            !slices.contains(&(first..first + per_minute))
        };
        self.over.retain(is_in);
        self.busy.retain(is_in);
        self
    }

    /// Whether any minute was above the load.
    pub(crate) fn is_any_over(&self) -> bool {
        !self.over.is_empty()
    }

    /// Whether a slice lies in a minute above the load.
    pub(crate) fn is_over(&self, slice: i64, grid: Grid) -> bool {
        self.over.binary_search(&minute_of(slice, grid)).is_ok()
    }

    /// Minutes above the load in a range of slices.
    pub(crate) fn over_in(&self, range: &Range<i64>, grid: Grid) -> u64 {
        within(&self.over, range, grid).len() as u64
    }

    /// Minutes with traffic in a range of slices.
    pub(crate) fn busy_in(&self, range: &Range<i64>, grid: Grid) -> u64 {
        within(&self.busy, range, grid).len() as u64
    }

    /// Minutes of a window beyond the cap, and the slice from which minutes above the load are judged all the same.
    pub(crate) fn judged(&self, window: &Range<i64>, grid: Grid) -> (u64, i64) {
        let over = within(&self.over, window, grid);
        let per_minute = minute_length(grid) / grid.seconds();
        let cap = (window.end - window.start).max(0) / per_minute / CAP_DIVISOR;
        let cap = usize::try_from(cap).unwrap_or(usize::MAX);
        match over.get(cap) {
            None => (0, i64::MAX),
            Some(minute) => ((over.len() - cap) as u64, minute * per_minute),
        }
    }
}

fn within<'m>(minutes: &'m [i64], range: &Range<i64>, grid: Grid) -> &'m [i64] {
    let per_minute = minute_length(grid) / grid.seconds();
    let first = |slice: i64| {
        let minute = slice.div_euclid(per_minute) + i64::from(slice.rem_euclid(per_minute) > 0);
        minutes.partition_point(|m| *m < minute)
    };
    let (start, end) = (first(range.start), first(range.end));
    &minutes[start..end.max(start)]
}

fn minute_of(slice: i64, grid: Grid) -> i64 {
    slice.div_euclid(minute_length(grid) / grid.seconds())
}

/// A minute, or one slice where slices are longer or do not divide a minute.
fn minute_length(grid: Grid) -> i64 {
    if 60 % grid.seconds() == 0 {
        60
    } else {
        grid.seconds()
    }
}
