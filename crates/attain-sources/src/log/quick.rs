//! Counts events by the raw bytes of their fields: each combination of what fields say is judged once, by the counter,
//! and then only counted. Knows no format and judges nothing itself.
//!
//! A field's raw bytes are told to a *kind*: two texts are of one kind if no stream, no rule and no note can tell them
//! apart (every path that no selector fits is one kind). A combination of kinds is a *case*. So a line costs some small
//! lookups, however many SLOs look at it.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::counting::count::{Counter, FastHash, Judged};
use crate::log::special::chunk;

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
    /// Which of them say that the log was being written.
    is_beat: Vec<bool>,
    /// The edges of all streams.
    edges: Vec<u64>,
    /// Buckets by the edges of all streams, and one for events without a latency.
    buckets: usize,
    rows: Vec<Row>,
    counts: HashMap<(i64, u32, u32), u64, FastHash>,
    /// The counter may still look at each event of this stretch.
    is_looking: bool,
}

/// A combination of kinds of the first fields, or of all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case(u32);

impl Case {
    /// Of no field yet.
    pub(crate) const FIRST: Self = Self(0);
}

/// The kinds of one field.
struct Kinds {
    /// Packed texts and their kinds; 0 is none.
    short: Box<[(u128, u32); SHORT_TEXTS]>,
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
            is_beat: Vec::new(),
            buckets: edges.len() + 2,
            edges,
            rows: Vec::new(),
            counts: HashMap::default(),
            is_looking: true,
        };
        quick.fields.resize_with(fields, Kinds::new);
        quick.rows.resize_with(ROWS, Row::default);
        Some(quick)
    }

    /// Counts an event; `false` leaves it to the counter. `raw` are its fields by place, `text` says what one of them says:
    /// equal bytes must say equal texts, and `None` is not sure.
    #[inline]
    pub(crate) fn take<'l>(
        &mut self,
        (slice, nanoseconds): (i64, Option<u64>),
        raw: impl Fn(usize) -> Option<Raw<'l>>,
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
        self.count((slice, nanoseconds), case)
    }

    /// Counts an event of a case; `false` leaves it to the counter.
    #[inline(always)]
    pub(crate) fn count(
        &mut self,
        (slice, nanoseconds): (i64, Option<u64>),
        Case(case): Case,
    ) -> bool {
        if self.is_looking || self.is_beat.get(case as usize) != Some(&false) {
            return false;
        }
        let bucket = match nanoseconds {
            None => self.edges.len() + 1,
            Some(latency) => {
                let is_below = |edge: &u64| usize::from(*edge <= latency);
                self.edges.iter().map(is_below).sum()
            }
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

    /// Goes on from a case of the fields before a place to one with the field there; `None` if it was not seen before.
    #[inline(always)]
    pub(crate) fn step(&self, Case(node): Case, place: usize, raw: Raw<'_>) -> Option<Case> {
        let kind = self.fields.get(place)?.remembered(raw)?;
        let next = *self.nodes.get(node as usize)?.get(kind as usize)?;
        (next != NOWHERE).then_some(Case(next))
    }

    /// The case of fields; `None` is not sure, or too much to remember.
    #[inline(always)]
    fn case<'l>(
        &mut self,
        raw: impl Fn(usize) -> Option<Raw<'l>>,
        text: impl Fn(&'l [u8]) -> Option<Cow<'l, str>>,
        counter: &mut Counter,
    ) -> Option<Case> {
        let mut node = 0_u32;
        for place in 0..self.fields.len() {
            let raw_field = raw(place)?;
            let kind = match self.fields[place].remembered(raw_field) {
                Some(kind) => kind,
                None => {
                    let value = text(raw_field.bytes())?;
                    self.fields[place].learn(place, raw_field, &value, counter)?
                }
            };
            match self.nodes[node as usize].get(kind as usize) {
                Some(next) if *next != NOWHERE => node = *next,
                _ => node = self.grow((node, place), kind, (&raw, &text), counter)?,
            }
        }
        // The nodes under the last field are cases.
        Some(Case(node))
    }

    /// A node under another, for a kind of the field at `place`.
    #[cold]
    #[inline(never)]
    fn grow<'l>(
        &mut self,
        (node, place): (u32, usize),
        kind: u32,
        (raw, text): (
            &impl Fn(usize) -> Option<Raw<'l>>,
            &impl Fn(&'l [u8]) -> Option<Cow<'l, str>>,
        ),
        counter: &mut Counter,
    ) -> Option<u32> {
        if self.nodes.len() >= MOST_NODES || self.cases.len() >= MOST_CASES {
            return None;
        }
        let new = if place + 1 == self.fields.len() {
            let values: Vec<Cow<'l, str>> = (0..self.fields.len())
                .map(|place| text(raw(place)?.bytes()))
                .collect::<Option<_>>()?;
            self.cases.push(counter.judge(&values));
            self.is_beat
                .extend(self.cases.last().map(|case| case.is_heartbeat));
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
    fn new() -> Self {
        Self {
            short: Box::new([(0, NOWHERE); SHORT_TEXTS]),
            long: (0..LONG_TEXTS).map(|_| Remembered::default()).collect(),
            by_signature: HashMap::new(),
        }
    }

    #[inline(always)]
    fn remembered(&self, raw: Raw<'_>) -> Option<u32> {
        if raw.packed != 0 {
            let (known, kind) = self.short[mix(raw.packed) as usize % SHORT_TEXTS];
            return (known == raw.packed).then_some(kind);
        }
        let known = &self.long[hash(raw.bytes()) as usize % LONG_TEXTS];
        (known.raw == raw.bytes() && known.kind != NOWHERE).then_some(known.kind)
    }

    /// The kind of a text, by what can be told of it.
    #[inline(never)]
    fn learn(
        &mut self,
        place: usize,
        raw: Raw<'_>,
        value: &str,
        counter: &mut Counter,
    ) -> Option<u32> {
        let (raw, packed) = (raw.bytes(), raw.packed);
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
        if packed != 0 {
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

/// What a field says, as it stands in lines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Raw<'l> {
    lines: &'l [u8],
    from: usize,
    length: usize,
    /// The same in one word if it is short; else 0.
    packed: u128,
}

impl<'l> Raw<'l> {
    pub(crate) const EMPTY: Self = Self {
        lines: b"",
        from: 0,
        length: 0,
        packed: 1,
    };

    /// A text alone.
    #[inline(always)]
    pub(crate) fn of(lines: &'l [u8]) -> Self {
        Self {
            packed: packed(lines).unwrap_or(0),
            from: 0,
            length: lines.len(),
            lines,
        }
    }

    /// A part of lines; what stands behind it is read with it, which spares asking how long it is.
    #[inline(always)]
    pub(crate) fn at(lines: &'l [u8], (from, to): (usize, usize)) -> Self {
        let length = to.wrapping_sub(from);
        match (BEGINNINGS.get(length), chunk(lines, from)) {
            (Some(mask), Some(text)) => Self {
                lines,
                from,
                length,
                packed: (u128::from_le_bytes(*text) & mask) << 8 | (length as u128 + 1),
            },
            _ => Self::of(lines.get(from..to).unwrap_or_default()),
        }
    }

    pub(crate) fn bytes(self) -> &'l [u8] {
        self.lines
            .get(self.from..self.from + self.length)
            .unwrap_or_default()
    }

    /// All its bytes in a word, and how many they are, if they are so few.
    #[inline(always)]
    pub(crate) fn word(self) -> Option<(u64, usize)> {
        let is_short = self.packed != 0 && self.length <= 8;
        is_short.then_some(((self.packed >> 8) as u64, self.length))
    }

    /// Whether it is a short text.
    #[inline(always)]
    pub(crate) fn is<const N: usize>(self, text: &[u8; N]) -> bool {
        let mut word = [0; 16];
        word[0] = N as u8 + 1;
        word[1..=N].copy_from_slice(text);
        self.packed == u128::from_le_bytes(word)
    }
}

/// The first bytes of a word, by their number.
const BEGINNINGS: [u128; 16] = {
    let mut masks = [0; 16];
    let mut length = 0;
    while length < 16 {
        masks[length] = (1 << (8 * length)) - 1;
        length += 1;
    }
    masks
};

/// A text of up to fifteen bytes in one word, never 0: its bytes behind its length.
#[inline]
pub(crate) fn packed(raw: &[u8]) -> Option<u128> {
    // Invariant: two texts of one length have the same word only if they are the same, and the length is in it.
    let length = raw.len() as u128 + 1;
    match raw.len() {
        0 => Some(length),
        1..4 => {
            let byte = |at: usize| u64::from(raw[at]) << (8 * at);
            let bytes = byte(0) | byte(raw.len() / 2) | byte(raw.len() - 1);
            Some(u128::from(bytes) << 8 | length)
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
            // The same however it is read.
            for behind in [0, 16] {
                let lines = [b"\xff", &text[..], &vec![0xff; behind]].concat();
                let raw = Raw::at(&lines, (1, 1 + text.len()));
                assert_eq!((raw.bytes(), raw.packed), (&text[..], packed));
            }
        }
        assert_eq!(packed(b"abcdefghijklmnop"), None);
        assert_eq!(Raw::EMPTY.packed, packed(b"").unwrap());
        assert!(Raw::EMPTY.is(b"") && Raw::of(b"null").is(b"null") && !Raw::of(b"nul").is(b"null"));
    }
}
