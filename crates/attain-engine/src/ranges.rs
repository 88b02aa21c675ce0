//! Sets of whole numbers kept as merged half-open ranges: positions already taken, slices observed.

use std::ops::Range;

/// A set of whole numbers. Equal sets have equal ranges, whatever the order they were added in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeSet<T> {
    // Invariant: ascending, not empty, neither overlapping nor touching.
    ranges: Vec<Range<T>>,
}

impl<T> Default for RangeSet<T> {
    fn default() -> Self {
        Self { ranges: Vec::new() }
    }
}

impl<T: Copy + Ord> FromIterator<Range<T>> for RangeSet<T> {
    fn from_iter<I: IntoIterator<Item = Range<T>>>(ranges: I) -> Self {
        let mut set = Self::default();
        for range in ranges {
            set.insert(range);
        }
        set
    }
}

impl<T: Copy + Ord> RangeSet<T> {
    /// The ranges, ascending; neighbours do not touch.
    #[must_use]
    pub fn ranges(&self) -> &[Range<T>] {
        &self.ranges
    }

    /// Adds a range; an empty one changes nothing.
    pub fn insert(&mut self, range: Range<T>) {
        if range.start >= range.end {
            return;
        }
        let first = self.ranges.partition_point(|r| r.end < range.start);
        let last = self.ranges.partition_point(|r| r.start <= range.end);
        if first == last {
            self.ranges.insert(first, range);
            return;
        }
        let merged =
            range.start.min(self.ranges[first].start)..range.end.max(self.ranges[last - 1].end);
        self.ranges[first] = merged;
        self.ranges.drain(first + 1..last);
    }

    /// Whether every number of a range is in the set.
    #[must_use]
    pub fn contains(&self, range: &Range<T>) -> bool {
        let at = self.ranges.partition_point(|r| r.end < range.end);
        self.ranges.get(at).is_some_and(|r| r.start <= range.start)
    }

    /// Whether any number of a range is in the set.
    #[must_use]
    pub fn overlaps(&self, range: &Range<T>) -> bool {
        let at = self.ranges.partition_point(|r| r.end <= range.start);
        self.ranges.get(at).is_some_and(|r| r.start < range.end)
    }

    /// The numbers that both sets have.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let (mut a, mut b) = (
            self.ranges.iter().peekable(),
            other.ranges.iter().peekable(),
        );
        let mut both = Self::default();
        while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
            both.insert(x.start.max(y.start)..x.end.min(y.end));
            if x.end < y.end {
                a.next();
            } else {
                b.next();
            }
        }
        both
    }
}

impl RangeSet<i64> {
    /// The numbers of a range that are not in the set.
    pub(crate) fn missing_in(&self, range: &Range<i64>) -> Self {
        let mut missing = Self::default();
        let mut from = range.start;
        let first = self.ranges.partition_point(|r| r.end <= range.start);
        for known in self.ranges[first..]
            .iter()
            .take_while(|r| r.start < range.end)
        {
            missing.insert(from..known.start);
            from = known.end;
        }
        missing.insert(from..range.end);
        missing
    }

    /// The numbers that are not in the other set.
    pub(crate) fn without(&self, other: &Self) -> Self {
        let mut rest = Self::default();
        for range in &self.ranges {
            for missing in other.missing_in(range).ranges {
                rest.insert(missing);
            }
        }
        rest
    }

    /// Adds all numbers of another set.
    pub(crate) fn extend(&mut self, other: &Self) {
        for range in &other.ranges {
            self.insert(range.clone());
        }
    }

    /// How many numbers of a range are in the set.
    #[must_use]
    pub fn count_in(&self, range: &Range<i64>) -> u64 {
        let first = self.ranges.partition_point(|r| r.end <= range.start);
        self.ranges[first..]
            .iter()
            .take_while(|r| r.start < range.end)
            .map(|r| (r.end.min(range.end) - r.start.max(range.start)).unsigned_abs())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_a_set_of_numbers() {
        let mut rng = fastrand::Rng::with_seed(5);
        for _ in 0..300 {
            let (mut set, mut naive) = (RangeSet::<i64>::default(), [false; 60]);
            let mut other = RangeSet::<i64>::default();
            for _ in 0..rng.usize(1..12) {
                let start = rng.i64(0..50);
                let range = start..start + rng.i64(0..10);
                naive[range.start as usize..range.end as usize].fill(true);
                set.insert(range);
                let start = rng.i64(0..50);
                other.insert(start..start + rng.i64(0..10));
            }
            assert!(set.ranges().windows(2).all(|w| w[0].end < w[1].start));
            let start = rng.i64(0..50);
            let probe = start..start + rng.i64(1..10);
            let inside = (probe.start..probe.end)
                .filter(|i| naive[*i as usize])
                .count();
            assert_eq!(set.count_in(&probe), inside as u64);
            assert_eq!(set.overlaps(&probe), inside > 0);
            assert_eq!(
                set.contains(&probe),
                inside as i64 == probe.end - probe.start
            );
            let missing = set.missing_in(&probe);
            let rest = set.without(&other);
            let mut either = set.clone();
            either.extend(&other);
            let both = set.intersection(&other);
            for i in 0..60 {
                let has = |s: &RangeSet<i64>| s.count_in(&(i..i + 1)) == 1;
                assert_eq!(has(&both), has(&set) && has(&other));
                assert_eq!(has(&missing), probe.contains(&i) && !has(&set));
                assert_eq!(has(&rest), has(&set) && !has(&other));
                assert_eq!(has(&either), has(&set) || has(&other));
            }
        }
    }
}
