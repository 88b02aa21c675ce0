//! Counts events by the raw bytes of their fields: each combination of what fields say is judged once, by the counter,
//! and then only counted. Knows no format and judges nothing itself.
//!
//! A field's raw bytes are told to a *kind*: two texts are of one kind if no stream, no rule and no note can tell them
//! apart (every path that no selector fits is one kind). A combination of kinds is a *case*. So a line costs some small
//! lookups, however many SLOs look at it.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::count::{Counter, FastHash, Judged};

/// More fields than this are left to the counter.
pub(crate) const MOST_FIELDS: usize = 10;
/// More kinds of one field, nodes or cases than these are noise; the counter takes what is beyond them.
const MOST_KINDS: usize = 4096;
const MOST_NODES: usize = 1 << 16;
/// Each has its place in every row of counts.
const MOST_CASES: usize = 4096;
/// Longer texts are not remembered.
const LONGEST_TEXT_BYTES: usize = 512;

/// Counts the events of one source and one worker.
pub(crate) struct Quick {
    fields: Vec<Kinds>,
    /// A tree of kinds, field by field; its leaves are cases.
    nodes: Vec<Vec<u32>>,
    cases: Vec<Judged>,
    /// The edges of all streams.
    edges: Vec<u64>,
    /// Buckets by the edges of all streams, and one for events without a latency.
    buckets: usize,
    rows: Vec<Row>,
    counts: HashMap<(i64, u32, u32), u64, FastHash>,
    /// The counter may still look at each event of this stretch.
    is_looking: bool,
}

/// The kinds of one field.
#[derive(Default)]
struct Kinds {
    /// Packed texts and their kinds; 0 is none.
    short: Vec<(u128, u32)>,
    long: Vec<Remembered>,
    by_signature: HashMap<Vec<u8>, u32>,
}

struct Remembered {
    raw: Vec<u8>,
    kind: u32,
}

impl Default for Remembered {
    fn default() -> Self {
        Self {
            raw: Vec::new(),
            kind: NOWHERE,
        }
    }
}

/// Counts of one slice by case and bucket.
#[derive(Default)]
struct Row {
    slice: i64,
    counts: Vec<u64>,
    is_used: bool,
}

const NOWHERE: u32 = u32::MAX;
const SHORT_TEXTS: usize = 256;
const LONG_TEXTS: usize = 1024;
const ROWS: usize = 8;

impl Quick {
    /// `None` if the counter looks at too many fields.
    pub(crate) fn new(counter: &Counter) -> Option<Self> {
        let fields = counter.fields.names.len();
        if fields > MOST_FIELDS {
            return None;
        }
        let edges = counter.edges();
        let mut quick = Self {
            fields: Vec::new(),
            nodes: vec![Vec::new()],
            cases: Vec::new(),
            buckets: edges.len() + 2,
            edges,
            rows: Vec::new(),
            counts: HashMap::default(),
            is_looking: true,
        };
        quick.fields.resize_with(fields, Kinds::default);
        for field in &mut quick.fields {
            field.short.resize(SHORT_TEXTS, (0, NOWHERE));
            field.long.resize_with(LONG_TEXTS, Remembered::default);
        }
        quick.rows.resize_with(ROWS, Row::default);
        Some(quick)
    }

    /// Counts an event; `false` leaves it to the counter. `raw` are its fields, `text` says what one of them says: equal
    /// bytes must say equal texts, and `None` is not sure.
    #[inline]
    pub(crate) fn take<'l>(
        &mut self,
        (slice, nanoseconds): (i64, Option<u64>),
        raw: &[&'l [u8]],
        text: impl Fn(&'l [u8]) -> Option<Cow<'l, str>>,
        counter: &mut Counter,
    ) -> bool {
        if self.is_looking {
            self.is_looking = counter.is_looking();
            if self.is_looking {
                return false;
            }
        }
        let Some(case) = self.case(raw, text, counter) else {
            return false;
        };
        if self.cases[case as usize].is_heartbeat {
            return false;
        }
        let bucket = match nanoseconds {
            None => self.edges.len() + 1,
            Some(latency) => self.edges.iter().filter(|edge| **edge <= latency).count(),
        };
        let place = case as usize * self.buckets + bucket;
        let row = &mut self.rows[slice.rem_euclid(ROWS as i64) as usize];
        if row.slice == slice
            && let Some(count) = row.counts.get_mut(place)
        {
            *count += 1;
        } else {
            self.count_in_new_row(slice, place);
        }
        true
    }

    /// The case of fields; `None` is not sure, or too much to remember.
    #[inline(always)]
    fn case<'l>(
        &mut self,
        raw: &[&'l [u8]],
        text: impl Fn(&'l [u8]) -> Option<Cow<'l, str>>,
        counter: &mut Counter,
    ) -> Option<u32> {
        let mut node = 0_u32;
        for place in 0..self.fields.len() {
            let raw_field = raw[place];
            let kind = match self.fields[place].remembered(raw_field) {
                Some(kind) => kind,
                None => {
                    let value = text(raw_field)?;
                    self.fields[place].learn(place, raw_field, &value, counter)?
                }
            };
            match self.nodes[node as usize].get(kind as usize) {
                Some(next) if *next != NOWHERE => node = *next,
                _ => node = self.grow((node, place), kind, (raw, &text), counter)?,
            }
        }
        // The nodes under the last field are cases.
        Some(node)
    }

    /// A node under another, for a kind of the field at `place`.
    #[cold]
    #[inline(never)]
    fn grow<'l>(
        &mut self,
        (node, place): (u32, usize),
        kind: u32,
        (raw, text): (&[&'l [u8]], &impl Fn(&'l [u8]) -> Option<Cow<'l, str>>),
        counter: &mut Counter,
    ) -> Option<u32> {
        if self.nodes.len() >= MOST_NODES || self.cases.len() >= MOST_CASES {
            return None;
        }
        let new = if place + 1 == self.fields.len() {
            let values: Vec<Cow<'l, str>> =
                raw.iter().map(|raw| text(raw)).collect::<Option<_>>()?;
            self.cases.push(counter.judge(&values));
            self.cases.len() - 1
        } else {
            self.nodes.push(Vec::new());
            self.nodes.len() - 1
        };
        let (new, kind) = (u32::try_from(new).ok()?, kind as usize);
        let children = &mut self.nodes[node as usize];
        if children.len() <= kind {
            children.resize(kind + 1, NOWHERE);
        }
        children[kind] = new;
        Some(new)
    }

    #[cold]
    #[inline(never)]
    fn count_in_new_row(&mut self, slice: i64, place: usize) {
        let at = slice.rem_euclid(ROWS as i64) as usize;
        if self.rows[at].slice != slice {
            self.empty_row(at);
            self.rows[at].slice = slice;
        }
        let row = &mut self.rows[at];
        let places = self.cases.len() * self.buckets;
        row.counts.resize(places.max(row.counts.len()), 0);
        row.is_used = true;
        row.counts[place] += 1;
    }

    fn empty_row(&mut self, at: usize) {
        let row = &mut self.rows[at];
        if !std::mem::take(&mut row.is_used) {
            return;
        }
        for (place, count) in row
            .counts
            .iter_mut()
            .enumerate()
            .filter(|(_, count)| **count > 0)
        {
            let key = (
                row.slice,
                (place / self.buckets) as u32,
                (place % self.buckets) as u32,
            );
            *self.counts.entry(key).or_insert(0) += *count;
        }
        // Invariant: a row without counts is not counted in before it is marked as used again.
        row.counts.clear();
    }

    /// Hands everything to the counter.
    pub(crate) fn settle(&mut self, counter: &mut Counter) {
        for at in 0..self.rows.len() {
            self.empty_row(at);
        }
        let last = self.edges.len() + 1;
        for ((slice, case, bucket), events) in self.counts.drain() {
            let bucket = bucket as usize;
            // Any latency of the bucket falls into the same bucket of every stream: its edges are among these.
            let latency = match bucket {
                0 => Some(0),
                bucket if bucket == last => None,
                bucket => Some(self.edges[bucket - 1]),
            };
            let judged = &self.cases[case as usize];
            counter.add(judged, (slice, latency), events);
        }
        self.is_looking = true;
    }
}

impl Kinds {
    #[inline(always)]
    fn remembered(&self, raw: &[u8]) -> Option<u32> {
        if let Some(packed) = packed(raw) {
            let (known, kind) = self.short[mix(packed) as usize % SHORT_TEXTS];
            return (known == packed).then_some(kind);
        }
        let known = &self.long[hash(raw) as usize % LONG_TEXTS];
        (known.raw == raw && known.kind != NOWHERE).then_some(known.kind)
    }

    /// The kind of a text, by what can be told of it.
    #[inline(never)]
    fn learn(
        &mut self,
        place: usize,
        raw: &[u8],
        value: &str,
        counter: &mut Counter,
    ) -> Option<u32> {
        if raw.len() > LONGEST_TEXT_BYTES {
            return None;
        }
        let signature = counter.signature(place, value);
        let kind = match self.by_signature.get(&signature) {
            Some(kind) => *kind,
            None if self.by_signature.len() >= MOST_KINDS => return None,
            None => {
                let kind = u32::try_from(self.by_signature.len()).ok()?;
                self.by_signature.insert(signature, kind);
                kind
            }
        };
        if let Some(packed) = packed(raw) {
            self.short[mix(packed) as usize % SHORT_TEXTS] = (packed, kind);
            return Some(kind);
        }
        let known = &mut self.long[hash(raw) as usize % LONG_TEXTS];
        known.raw.clear();
        known.raw.extend_from_slice(raw);
        known.kind = kind;
        Some(kind)
    }
}

/// A text of up to fifteen bytes in one word, never 0.
#[inline]
pub(crate) fn packed(raw: &[u8]) -> Option<u128> {
    // Invariant: two texts of one length have the same word only if they are the same, and the length is in it.
    let length = raw.len() as u128 + 1;
    match raw.len() {
        0 => Some(length),
        1..4 => {
            let (first, middle, last) = (raw[0], raw[raw.len() / 2], raw[raw.len() - 1]);
            let bytes = u64::from(first) << 8 | u64::from(middle) << 16 | u64::from(last) << 24;
            Some(u128::from(bytes) | length)
        }
        // The bytes that both words have are shifted into each other: what is left of them is still there.
        4..8 => {
            let (first, last) = (raw.first_chunk()?, raw.last_chunk()?);
            let last = u64::from(u32::from_le_bytes(*last)) >> (8 * (8 - raw.len())) << 32;
            let bytes = u64::from(u32::from_le_bytes(*first)) | last;
            Some(u128::from(bytes) << 8 | length)
        }
        8..16 => {
            let (first, last) = (raw.first_chunk()?, raw.last_chunk()?);
            let last = u128::from(u64::from_le_bytes(*last)) >> (8 * (16 - raw.len())) << 64;
            let bytes = u128::from(u64::from_le_bytes(*first)) | last;
            Some(bytes << 8 | length)
        }
        _ => None,
    }
}

#[inline]
fn mix(packed: u128) -> u64 {
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let (low, high) = (packed as u64, (packed >> 64) as u64);
    (low ^ high.rotate_left(29)).wrapping_mul(MIX) >> 40
}

/// A hash of texts that are compared anyway: whoever makes them collide makes himself slow, and nothing wrong.
#[inline]
fn hash(raw: &[u8]) -> u64 {
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = raw.len() as u64;
    let mut chunks = raw.chunks_exact(8);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        hash = (hash.rotate_left(23) ^ u64::from_le_bytes(word)).wrapping_mul(MIX);
    }
    let mut word = 0_u64;
    for byte in chunks.remainder() {
        word = word << 8 | u64::from(*byte);
    }
    hash = (hash.rotate_left(23) ^ word).wrapping_mul(MIX);
    hash >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_text_is_one_text() {
        let mut seen = std::collections::BTreeMap::new();
        let mut texts: Vec<Vec<u8>> = vec![Vec::new()];
        for length in 0..16_usize {
            for (at, byte) in
                (0..length).flat_map(|at| [0_u8, 1, 0x7f, 0xff].map(|byte| (at, byte)))
            {
                let mut text = b"abcdefghijklmno"[..length].to_vec();
                text[at] = byte;
                texts.push(text.clone());
                text.reverse();
                texts.push(text);
            }
        }
        texts.sort();
        texts.dedup();
        for text in texts {
            let packed = packed(&text).unwrap();
            assert_ne!(packed, 0);
            assert_eq!(seen.insert(packed, text.clone()), None, "{text:?}");
        }
        assert_eq!(packed(b"abcdefghijklmnop"), None);
    }
}
