//! Lines of flat JSON objects whose keys come as in a line before, walked once. Whatever looks otherwise (nested values,
//! other keys, characters by their number, bytes beyond ASCII) is left to json_line.rs, which says the same of what is
//! walked here.
//!
//! Every byte of a line is looked at: keys and what is between them are compared with a *shape* that was learnt, strings
//! and numbers are checked, so what is no JSON is never counted here.

use std::borrow::Cow;

use memchr::memchr;

use crate::access_log::path_of;
use crate::count::Counter;
use crate::named::{NamedEvents, Want};
use crate::quick::{MOST_FIELDS, Quick};
use crate::quick_text::{Latency, Minute, quick_epoch};
use crate::special::{digits, quote_or_backslash};
use crate::time::parse_time;

const MOST_KEYS: usize = 48;
const MOST_SHAPES: usize = 8;
/// So many lines of a stretch may teach a shape: where each line has its own, learning is in vain.
const MOST_LESSONS: u32 = 64;
/// Where the seconds stand in `2026-11-02T09:40:00Z`.
const SECONDS_AT: usize = 16;

/// Reads lines of one source.
pub(crate) struct QuickJson {
    quick: Quick,
    latency: Latency,
    shapes: Vec<Shape>,
    /// The shape of the last line.
    current: usize,
    lessons: u32,
    /// Where the values of the last line stand, by key.
    values: Values,
    minute: Minute,
    slice_seconds: i64,
    /// All bytes of the lines at hand are plain.
    is_plain: bool,
}

/// The first byte of each value of a line, and the one after it; a string's last quote is left out.
type Values = [(u32, u32); MOST_KEYS];

/// How the lines of one writer look.
struct Shape {
    /// What stands before each value: `{"time":`, `,"status":`.
    before: Vec<Between>,
    /// What stands after the last.
    after: Vec<u8>,
    time: usize,
    duration: Option<Place>,
    fields: Vec<Option<Place>>,
}

/// Which value a field has.
#[derive(Debug, Clone, Copy)]
struct Place {
    key: usize,
    /// If it is empty, another value has it.
    has_other: bool,
    is_path: bool,
}

impl QuickJson {
    /// `None` if lines of this source are not for it.
    pub(crate) fn new(events: &NamedEvents, counter: &Counter) -> Option<Self> {
        Some(Self {
            quick: Quick::new(counter)?,
            latency: Latency::new(u64::try_from(events.quick_unit()?).ok()?),
            shapes: Vec::new(),
            current: 0,
            lessons: 0,
            values: [(0, 0); MOST_KEYS],
            minute: Minute::default(),
            slice_seconds: counter.slice_seconds(),
            is_plain: false,
        })
    }

    /// Looks at the bytes of many lines at once.
    pub(crate) fn run(&mut self, bytes: &[u8]) {
        self.is_plain = is_plain(bytes);
    }

    /// Counts one line; `false` is not sure.
    #[inline]
    pub(crate) fn line(
        &mut self,
        line: &[u8],
        events: &NamedEvents,
        counter: &mut Counter,
    ) -> bool {
        if !self.is_plain && !is_plain(line) {
            return false;
        }
        let begins = |shape: &Shape| shape.before[0].strip(line).is_some();
        if !self.shapes.get(self.current).is_some_and(begins) {
            let other = self.shapes.iter().position(begins);
            self.current = other.unwrap_or(self.current);
        }
        let shape = self.shapes.get(self.current);
        let mut fits = shape.is_some_and(|shape| shape.walk(line, &mut self.values));
        if !fits {
            fits = self.other_shape(line) || self.learn(line, events);
        }
        fits && self.count(line, counter).unwrap_or(false)
    }

    #[inline(never)]
    fn other_shape(&mut self, line: &[u8]) -> bool {
        let found = self
            .shapes
            .iter()
            .position(|shape| shape.walk(line, &mut self.values));
        self.current = found.unwrap_or(self.current);
        found.is_some()
    }

    #[cold]
    fn learn(&mut self, line: &[u8], events: &NamedEvents) -> bool {
        self.lessons += 1;
        if self.lessons > MOST_LESSONS {
            return false;
        }
        let Some(shape) = Shape::of(line, events) else {
            return false;
        };
        let fits = shape.walk(line, &mut self.values);
        if self.shapes.len() < MOST_SHAPES {
            self.shapes.push(shape);
            self.current = self.shapes.len() - 1;
        } else {
            self.current = (self.current + 1) % MOST_SHAPES;
            self.shapes[self.current] = shape;
        }
        fits
    }

    #[inline]
    fn count(&mut self, line: &[u8], counter: &mut Counter) -> Option<bool> {
        let shape = &self.shapes[self.current];
        let slice = match value(line, &self.values, shape.time) {
            [b'"', time @ ..] => match self.minute.slice_with_fraction(time, SECONDS_AT) {
                Some(slice) => slice,
                None => self.new_minute(line)?,
            },
            number => quick_epoch(number)?.div_euclid(self.slice_seconds),
        };
        let shape = &self.shapes[self.current];
        let raw_of = |place: Place| place.raw(value(line, &self.values, place.key));
        let nanoseconds = match shape.duration {
            None => None,
            Some(place) => match raw_of(place)? {
                b"" => None,
                [b'"', text @ ..] | text => Some(self.latency.nanoseconds(text)?),
            },
        };
        let mut raw: [&[u8]; MOST_FIELDS] = [b""; MOST_FIELDS];
        for (raw, place) in raw.iter_mut().zip(&shape.fields) {
            if let Some(place) = place {
                *raw = raw_of(*place)?;
            }
        }
        let raw = &raw[..shape.fields.len()];
        Some(self.quick.take((slice, nanoseconds), raw, text, counter))
    }

    #[cold]
    fn new_minute(&mut self, line: &[u8]) -> Option<i64> {
        let time = &value(line, &self.values, self.shapes[self.current].time)[1..];
        if memchr(b'\\', time).is_some() {
            return None;
        }
        let is_dated = matches!(time, [b'0'..=b'9', _, _, _, b'-', _, _, b'-', ..]);
        let read = parse_time(std::str::from_utf8(time).ok()?).filter(|_| is_dated)?;
        self.minute
            .learn(time, SECONDS_AT, read, self.slice_seconds)
    }

    /// Hands over what was counted.
    pub(crate) fn settle(&mut self, counter: &mut Counter) {
        self.lessons = 0;
        self.quick.settle(counter);
    }
}

impl Place {
    /// What a value says, strings with their first quote; empty if it says nothing. `None` is not sure.
    #[inline(always)]
    fn raw(self, value: &[u8]) -> Option<&[u8]> {
        match value {
            b"\"" | b"\"-" | b"null" => (!self.has_other).then_some(b""),
            // A path that looks like another value would be told as one.
            [b'"', target @ ..] if self.is_path => {
                Some(path_of(target)).filter(|path| matches!(path, [] | [b'/', ..]))
            }
            _ if self.is_path => None,
            raw => Some(raw),
        }
    }
}

#[inline(always)]
fn value<'l>(line: &'l [u8], values: &Values, key: usize) -> &'l [u8] {
    let (from, to) = values[key];
    line.get(from as usize..to as usize).unwrap_or_default()
}

/// What stands between two values.
struct Between {
    text: Vec<u8>,
    /// Its first bytes, and which of them there are, for comparing without a loop.
    words: [u64; WORDS],
    masks: [u64; WORDS],
}

const WORDS: usize = 4;

impl Between {
    fn new(text: &[u8]) -> Self {
        let word = |at: usize, byte: &dyn Fn(usize) -> u8| {
            u64::from_le_bytes(std::array::from_fn(|i| byte(at * 8 + i)))
        };
        Self {
            words: std::array::from_fn(|at| word(at, &|i| text.get(i).copied().unwrap_or(0))),
            masks: std::array::from_fn(|at| word(at, &|i| if i < text.len() { 0xff } else { 0 })),
            text: text.to_vec(),
        }
    }

    /// What follows it.
    #[inline(always)]
    fn strip<'l>(&self, rest: &'l [u8]) -> Option<&'l [u8]> {
        if self.text.len() > WORDS * 8 {
            return rest.strip_prefix(&self.text[..]);
        }
        let Some(first) = rest.first_chunk::<{ WORDS * 8 }>() else {
            return rest.strip_prefix(&self.text[..]);
        };
        let mut differs = 0;
        for (at, bytes) in first.as_chunks::<8>().0.iter().enumerate() {
            differs |= (u64::from_le_bytes(*bytes) ^ self.words[at]) & self.masks[at];
        }
        if differs == 0 {
            rest.get(self.text.len()..)
        } else {
            None
        }
    }
}

/// What raw bytes say.
fn text(raw: &[u8]) -> Option<Cow<'_, str>> {
    match raw {
        // Invariant: nothing that an escape may stand for ends a path, so a path is cut the same with its escapes.
        [b'/', ..] if memchr(b'\\', raw).is_some() => {
            unescaped(&[b"\"", raw, b"\""].concat()).map(Cow::Owned)
        }
        [b'"', text @ ..] if memchr(b'\\', text).is_some() => {
            unescaped(&[raw, b"\""].concat()).map(Cow::Owned)
        }
        [b'"', text @ ..] => Some(String::from_utf8_lossy(text)),
        // A number is told as it is written again.
        [b'0'..=b'9', ..] if memchr(b'.', raw).is_some() => {
            let number: serde_json::Number = serde_json::from_slice(raw).ok()?;
            Some(Cow::Owned(number.to_string()))
        }
        raw => Some(String::from_utf8_lossy(raw)),
    }
}

/// What a string in its quotes says.
fn unescaped(quoted: &[u8]) -> Option<String> {
    serde_json::from_slice(quoted).ok()
}

impl Shape {
    /// Walks a line; whether it is of this shape.
    #[inline(always)]
    fn walk(&self, line: &[u8], values: &mut Values) -> bool {
        let mut rest = line;
        for (before, value) in self.before.iter().zip(values) {
            let Some(after) = before.strip(rest) else {
                return false;
            };
            let Some(length) = value_length(after) else {
                return false;
            };
            let from = line.len() - after.len();
            // The quote that ends a string is not kept: an empty string is one quote.
            let is_string = usize::from(after[0] == b'"');
            let (Ok(from), Ok(to)) = (
                u32::try_from(from),
                u32::try_from(from + length - is_string),
            ) else {
                return false;
            };
            *value = (from, to);
            rest = &after[length..];
        }
        rest == self.after
    }

    /// The shape of a line; `None` if it is not flat, or what is looked for cannot be told from its keys.
    fn of(line: &[u8], events: &NamedEvents) -> Option<Self> {
        let (mut before, mut keys) = (Vec::new(), Vec::<&str>::new());
        let mut at = 0;
        let mut opening = b'{';
        loop {
            let start = at;
            at = skip(line, at, opening)?;
            let key_length = string_length(&line[at..])?;
            let key = std::str::from_utf8(&line[at + 1..at + key_length - 1]).ok()?;
            if key.contains('\\') {
                return None;
            }
            // Of two equal keys json_line.rs takes the last.
            if keys.contains(&key) || keys.len() == MOST_KEYS {
                return None;
            }
            keys.push(key);
            at = skip(line, at + key_length, b':')?;
            before.push(Between::new(&line[start..at]));
            at += value_length(&line[at..])?;
            opening = b',';
            if skip(line, at, b'}') == Some(line.len()) {
                break;
            }
        }
        let place = |want: Want<'_>| -> Option<Option<Place>> {
            let found: Vec<usize> = want
                .names
                .iter()
                .filter_map(|name| keys.iter().position(|key| key == name))
                .collect();
            // A part of the request line is not looked for here.
            let has_line = want.is_request_part && keys.contains(&"request");
            match found[..] {
                [] if has_line => None,
                [] => Some(None),
                [key, ..] => Some(Some(Place {
                    key,
                    has_other: found.len() > 1 || has_line,
                    is_path: want.is_path,
                })),
            }
        };
        let (times, duration, fields) = events.wants();
        let time = times
            .iter()
            .find_map(|name| keys.iter().position(|key| key == name))?;
        Some(Self {
            time,
            duration: duration.map_or(Some(None), place)?,
            fields: fields.into_iter().map(place).collect::<Option<_>>()?,
            after: line[at..].to_vec(),
            before,
        })
    }
}

/// Behind blanks, one byte, and blanks.
fn skip(line: &[u8], at: usize, byte: u8) -> Option<usize> {
    let blanks = |at: usize| line[at..].iter().take_while(|byte| **byte == b' ').count();
    let at = at + blanks(at);
    if line.get(at) != Some(&byte) {
        return None;
    }
    Some(at + 1 + blanks(at + 1))
}

/// The length of a string with its quotes; `None` for what is no string, and for what is rare in one.
#[inline(always)]
fn string_length(rest: &[u8]) -> Option<usize> {
    let [b'"', body @ ..] = rest else {
        return None;
    };
    let mut end = quote_or_backslash(body)?;
    while body[end] != b'"' {
        let [b'\\', escaped, after @ ..] = &body[end..] else {
            return None;
        };
        if !matches!(
            escaped,
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't'
        ) {
            return None;
        }
        end += 2 + quote_or_backslash(after)?;
    }
    Some(end + 2)
}

/// The length of a string, a plain number or a word; `None` for what is not one of them, and for what is rare.
#[inline(always)]
fn value_length(rest: &[u8]) -> Option<usize> {
    match rest.first()? {
        b'"' => string_length(rest),
        b'0'..=b'9' => number_length(rest),
        b't' if rest.starts_with(b"true") => Some(4),
        b'n' if rest.starts_with(b"null") => Some(4),
        b'f' if rest.starts_with(b"false") => Some(5),
        _ => None,
    }
}

#[inline(always)]
fn number_length(rest: &[u8]) -> Option<usize> {
    /// A float keeps so many digits; longer integers are rare.
    const LONGEST: usize = 16;
    let whole = digits(rest);
    if whole > 1 && rest[0] == b'0' {
        return None;
    }
    let length = match rest.get(whole) {
        Some(b'.') => match digits(&rest[whole + 1..]) {
            0 => return None,
            fraction => whole + 1 + fraction,
        },
        Some(b'e' | b'E') => return None,
        _ => whole,
    };
    let has_exponent = matches!(rest.get(length), Some(b'e' | b'E'));
    (length <= LONGEST && !has_exponent).then_some(length)
}

/// Whether there are only characters that may stand in a JSON string, and line ends.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    // Without a branch, so that many bytes are looked at at once. As signed bytes, what is no ASCII lies under the blank.
    let is_odd = |byte: &u8| (byte.cast_signed() < 0x20) & (*byte != b'\n');
    bytes
        .chunks(4096)
        .all(|chunk| !chunk.iter().fold(false, |odd, byte| odd | is_odd(byte)))
}
