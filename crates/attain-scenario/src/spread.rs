//! Spreading whole events evenly over slices, and kinds of events evenly over events, without losing one.
//! Knows numbers only.

/// Events of each of `slices` slices when `total` are spread evenly.
///
/// Slice `i` gets `floor((i + 1) * total / slices) - floor(i * total / slices)`: the sum is exact, no two slices differ
/// by more than one, and a single event falls into the last slice.
pub(crate) fn over_slices(total: u64, slices: u64) -> impl Iterator<Item = u64> {
    (0..slices).map(move |slice| upto(total, slice + 1, slices) - upto(total, slice, slices))
}

/// How many of each kind are among the events `from..to` of `total`, when `kinds` of them are spread evenly.
///
/// The last number is what is left: events of no kind. Kinds must not come to more than `total`.
pub(crate) fn over_events(from: u64, to: u64, total: u64, kinds: &[u64]) -> Vec<u64> {
    let mut counts = Vec::with_capacity(kinds.len() + 1);
    // Each kind is spread over the events that the kinds before it left, so that no event is of two kinds.
    let (mut from, mut to, mut total) = (from, to, total);
    for kind in kinds {
        let (before, after) = (upto(*kind, from, total), upto(*kind, to, total));
        counts.push(after - before);
        (from, to, total) = (from - before, to - after, total - kind);
    }
    counts.push(to - from);
    counts
}

/// `floor(share * part / whole)`; 0 of an empty whole.
fn upto(share: u64, part: u64, whole: u64) -> u64 {
    if whole == 0 {
        return 0;
    }
    let product = u128::from(share) * u128::from(part) / u128::from(whole);
    u64::try_from(product).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost() {
        for (total, slices) in [
            (0, 7),
            (1, 7),
            (6, 7),
            (7, 7),
            (10_000, 43_200),
            (600_000, 60),
        ] {
            let counts: Vec<u64> = over_slices(total, slices).collect();
            assert_eq!(counts.len() as u64, slices);
            assert_eq!(counts.iter().sum::<u64>(), total);
            let (min, max) = (counts.iter().min(), counts.iter().max());
            assert!(max.unwrap() - min.unwrap() <= 1, "{total} over {slices}");
        }
    }

    #[test]
    fn one_event_falls_into_the_last_slice() {
        assert_eq!(over_slices(1, 3).collect::<Vec<_>>(), [0, 0, 1]);
        assert_eq!(over_slices(3, 6).collect::<Vec<_>>(), [0, 1, 0, 1, 0, 1]);
    }

    #[test]
    fn kinds_never_exceed_their_events() {
        for (total, slices, kinds) in [
            (3, 5, vec![2]),
            (3, 5, vec![1, 2]),
            (1000, 37, vec![999, 1]),
            (17, 60, vec![5, 5, 5]),
            (0, 4, vec![0, 0]),
        ] {
            let (mut done, mut sums) = (0, vec![0; kinds.len() + 1]);
            for events in over_slices(total, slices) {
                let counts = over_events(done, done + events, total, &kinds);
                assert_eq!(counts.iter().sum::<u64>(), events);
                sums.iter_mut().zip(&counts).for_each(|(sum, n)| *sum += n);
                done += events;
            }
            let rest = total - kinds.iter().sum::<u64>();
            assert_eq!(sums, [kinds, vec![rest]].concat());
        }
    }
}
