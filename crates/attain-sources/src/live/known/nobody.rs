//! Series that count for nobody, remembered in a table that never grows: one that falls out is just looked at again.

use super::Entry;

/// 2^17 places of 8 bytes: 1 MiB.
const PLACES: usize = 1 << 17;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Nobodies {
    /// The upper half of a hash, its lowest bit saying which of the two it is; 0 is free. Empty until needed.
    places: Vec<u64>,
}

impl Nobodies {
    #[inline]
    pub(super) fn get(&self, bytes: u128) -> Option<Entry> {
        let (place, mark) = parts(bytes);
        match *self.places.get(place)? ^ mark {
            0 => Some(Entry::Nobody),
            1 => Some(Entry::TooMany),
            _ => None,
        }
    }

    pub(super) fn put(&mut self, bytes: u128, entry: Entry) {
        if self.places.is_empty() {
            self.places = vec![0; PLACES];
        }
        let (place, mark) = parts(bytes);
        self.places[place] = mark | u64::from(entry == Entry::TooMany);
    }

    pub(super) fn clear(&mut self) {
        self.places.fill(0);
    }
}

/// Where a hash stands, and by what it is told from others there. A mark is never 0 or 1.
fn parts(bytes: u128) -> (usize, u64) {
    (bytes as usize % PLACES, (bytes >> 64) as u64 & !1 | 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_place_is_remembered() {
        let mut nobodies = Nobodies::default();
        let (a, b) = (7_u128 << 64 | 5, 9_u128 << 70 | 5);
        assert_eq!(nobodies.get(a), None);
        nobodies.put(a, Entry::Nobody);
        nobodies.put(a + 1, Entry::TooMany);
        assert_eq!(nobodies.get(a), Some(Entry::Nobody));
        assert_eq!(nobodies.get(a + 1), Some(Entry::TooMany));
        assert_eq!(nobodies.get(b), None);
        nobodies.put(b, Entry::TooMany);
        assert_eq!(
            (nobodies.get(a), nobodies.get(b)),
            (None, Some(Entry::TooMany))
        );
        nobodies.clear();
        assert_eq!(nobodies.get(b), None);
        assert_eq!(nobodies.get(0), None);
    }
}
