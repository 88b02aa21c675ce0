//! What came of which bytes, in the order in which they came first.
//!
//! A sender repeats its series in one order, so that what follows is looked at first: it lies next in memory, where a table
//! of hashes would have to be asked at another place each time. The table is asked when the order changes.

use std::collections::HashMap;

use super::{AsIs, Entry};

/// See the module.
#[derive(Default)]
pub(super) struct Row {
    entries: Vec<Came>,
    // Invariant: has each of `entries` at its place.
    places: HashMap<u128, usize, AsIs>,
    /// What is expected to come next.
    next: usize,
}

/// What came once.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Came {
    /// A hash of the bytes.
    pub(in super::super) bytes: u128,
    /// What came of them.
    pub(in super::super) entry: Entry,
    /// How many bytes there are, if what comes next may be guessed by them; else 0.
    pub(in super::super) length: u32,
}

impl Row {
    /// What is expected to come next, if anything is.
    #[inline]
    pub(super) fn expected(&self) -> Option<&Came> {
        self.entries.get(self.next)
    }

    /// What was expected has come.
    #[inline]
    pub(super) fn came(&mut self) {
        self.next += 1;
    }

    /// What came of these bytes; what follows them is expected next.
    #[inline]
    pub(super) fn get(&mut self, bytes: u128) -> Option<Entry> {
        if let Some(expected) = self.entries.get(self.next)
            && expected.bytes == bytes
        {
            self.next += 1;
            return Some(expected.entry);
        }
        let place = *self.places.get(&bytes)?;
        self.next = place + 1;
        self.entries.get(place).map(|came| came.entry)
    }

    pub(super) fn insert(&mut self, bytes: u128, entry: Entry, length: u32) {
        let came = Came {
            bytes,
            entry,
            length,
        };
        if let Some(place) = self.places.get(&bytes) {
            self.entries[*place] = came;
            return;
        }
        self.places.insert(bytes, self.entries.len());
        self.entries.push(came);
        self.next = self.entries.len();
    }

    /// Forgets bytes; the last of the row takes their place.
    pub(super) fn remove(&mut self, bytes: u128) {
        let Some(place) = self.places.remove(&bytes) else {
            return;
        };
        self.entries.swap_remove(place);
        if let Some(moved) = self.entries.get(place) {
            self.places.insert(moved.bytes, place);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.places.clear();
        self.next = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_any_order_it_is_a_table() {
        let mut random = fastrand::Rng::with_seed(11);
        let mut row = Row::default();
        let mut table = HashMap::new();
        for _ in 0..20_000 {
            let bytes = u128::from(random.u64(0..60)) << 64 | 1;
            match random.u32(0..10) {
                0 => {
                    row.remove(bytes);
                    table.remove(&bytes);
                }
                1..=2 => {
                    let entry = Entry::Slot(random.u32(..));
                    row.insert(bytes, entry, 0);
                    table.insert(bytes, entry);
                }
                3 if random.u32(0..200) == 0 => {
                    row.clear();
                    table.clear();
                }
                // What is expected is what is in the table.
                7 => {
                    if let Some(came) = row.expected().copied() {
                        assert_eq!(table.get(&came.bytes), Some(&came.entry));
                        row.came();
                    }
                }
                // Often the one that follows.
                4..=6 => {
                    let following = bytes + (1 << 64);
                    assert_eq!(row.get(bytes), table.get(&bytes).copied());
                    assert_eq!(row.get(following), table.get(&following).copied());
                }
                _ => assert_eq!(row.get(bytes), table.get(&bytes).copied()),
            }
        }
    }
}
