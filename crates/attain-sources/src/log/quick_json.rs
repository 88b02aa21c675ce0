//! Lines of flat JSON objects whose keys come as in a line before, walked once. Whatever looks otherwise (nested values,
//! other keys, characters by their number, bytes beyond ASCII) is left to json_line.rs, which says the same of what is
//! walked here.
//!
//! Every byte of a line is looked at: keys and what is between them are compared with a *shape* that was learnt, strings
//! and numbers are checked, so what is no JSON is never counted here.
//!
//! A line among others is walked with what stands behind it, and its end is where the shape ends.

use std::borrow::Cow;

use memchr::memchr;

use crate::counting::count::Counter;
use crate::log::access_log::path_of;
use crate::log::named::{NamedEvents, Want};
use crate::log::quick::{Case, Quick, Raw};
use crate::log::quick_text::{Latency, Minute, Short, quick_epoch};
use crate::log::special::{chunk, digits, quote_or_backslash};
use crate::log::stops::{Stops, is_escape};
use crate::text::time::parse_time;

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
    /// Where strings of the run at hand end.
    stops: Stops,
}

/// The first byte of each value of a line, and the one after it; a string's last quote is left out.
type Values = [(u32, u32); MOST_KEYS];

/// How the lines of one writer look.
struct Shape {
    /// What stands before each value: `{"time":`, `,"status":`.
    before: Vec<Between>,
    /// What stands after the last.
    after: Vec<u8>,
    /// The same with the line's end, for comparing.
    end: Between,
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
            minute: Minute::default().surround(b"\"", b"\""),
            slice_seconds: counter.slice_seconds(),
            stops: Stops::default(),
        })
    }

    /// Another run of lines begins.
    pub(crate) fn run(&mut self, run: &[u8]) {
        self.stops.mark_strings(run);
    }

    /// Counts lines of a run from the beginning of one on, up to one that is not sure; gives where that begins, and how
    /// many lines were counted.
    pub(crate) fn lines(&mut self, run: &[u8], mut at: usize) -> (usize, u64) {
        let mut counted = 0;
        if u32::try_from(run.len()).is_err() {
            return (at, counted);
        }
        while let Some(next) = self.walk(run, at) {
            at = next;
            counted += 1;
        }
        (at, counted)
    }

    /// Counts the line that begins at `start`; gives where the next one begins. `None` is not sure.
    #[inline(always)]
    fn walk(&mut self, run: &[u8], start: usize) -> Option<usize> {
        let first = chunk(run, start)?;
        let begins = |shape: &Shape| shape.before[0].is_first(first);
        if !self.shapes.get(self.current).is_some_and(begins) {
            self.current = self.shapes.iter().position(begins)?;
        }
        let shape = &self.shapes[self.current];
        let values = &mut self.values;
        let end = shape.walk_on((run, &self.stops), start, values)?;
        let span = |key: usize| {
            let (from, to) = values[key];
            (from as usize, to as usize)
        };
        let (from, to) = span(shape.time);
        let slice = match self.minute.slice_around(chunk(run, from)?) {
            Some(slice) => slice,
            None => match run.get(from..to)? {
                [b'"', time @ ..] => self.minute.slice_with_fraction(time, SECONDS_AT)?,
                number => quick_epoch(number)?.div_euclid(self.slice_seconds),
            },
        };
        let nanoseconds = match shape.duration {
            None => None,
            Some(place) => {
                let raw = place.raw(Raw::at(run, span(place.key)))?;
                latency_of(&self.latency, raw)?
            }
        };
        let mut case = Case::FIRST;
        for (number, place) in shape.fields.iter().enumerate() {
            let raw = match place {
                Some(place) => place.raw(Raw::at(run, span(place.key)))?,
                None => Raw::EMPTY,
            };
            case = self.quick.step(case, number, raw)?;
        }
        let is_counted = self.quick.count((slice, nanoseconds), case);
        is_counted.then_some(end)
    }

    /// Hands over what was counted.
    pub(crate) fn settle(&mut self, counter: &mut Counter) {
        self.lessons = 0;
        self.quick.settle(counter);
    }

    /// Counts one line; `false` is not sure.
    #[inline]
    pub(crate) fn line(
        &mut self,
        line: &[u8],
        events: &NamedEvents,
        counter: &mut Counter,
    ) -> bool {
        if !is_plain(line) {
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
        let raw_of = |place: Place| place.raw(Raw::of(value(line, &self.values, place.key)));
        let nanoseconds = match shape.duration {
            None => None,
            Some(place) => latency_of(&self.latency, raw_of(place)?)?,
        };
        let fields = &shape.fields;
        let raw_at = |place: usize| match fields.get(place)? {
            Some(place) => raw_of(*place),
            None => Some(Raw::EMPTY),
        };
        Some(self.quick.take((slice, nanoseconds), raw_at, text, counter))
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
}

/// The latency that a value says, if it says one; `None` is not sure.
#[inline(always)]
fn latency_of(latency: &Latency, value: Raw<'_>) -> Option<Option<u64>> {
    if value.is(b"") {
        return Some(None);
    }
    let short = value
        .word()
        .and_then(|(word, length)| Short::of(word, length));
    Some(Some(match (short, value.bytes()) {
        (Some(short), _) => latency.of_short(short)?,
        (None, [b'"', text @ ..] | text) => latency.nanoseconds(text)?,
    }))
}

impl Place {
    /// What a value says, strings with their first quote; empty if it says nothing. `None` is not sure.
    #[inline(always)]
    fn raw(self, raw: Raw<'_>) -> Option<Raw<'_>> {
        if raw.is(b"\"") | raw.is(b"\"-") | raw.is(b"null") {
            return (!self.has_other).then_some(Raw::EMPTY);
        }
        if self.is_path {
            Self::path(raw)
        } else {
            Some(raw)
        }
    }

    #[inline(never)]
    fn path(raw: Raw<'_>) -> Option<Raw<'_>> {
        // A path that looks like another value would be told as one.
        let path = path_of(raw.bytes().strip_prefix(b"\"")?);
        matches!(path, [] | [b'/', ..]).then(|| Raw::of(path))
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

    /// Whether it is short, and these are its bytes.
    #[inline(always)]
    fn is_first(&self, bytes: &[u8; WORDS * 8]) -> bool {
        let mut differs = 0;
        for (at, bytes) in bytes.as_chunks::<8>().0.iter().enumerate() {
            differs |= (u64::from_le_bytes(*bytes) ^ self.words[at]) & self.masks[at];
        }
        differs == 0 && self.text.len() <= WORDS * 8
    }

    /// What follows it.
    #[inline(always)]
    fn strip<'l>(&self, rest: &'l [u8]) -> Option<&'l [u8]> {
        if self.text.len() > WORDS * 8 {
            return rest.strip_prefix(&self.text[..]);
        }
        let Some(first) = rest.first_chunk() else {
            return rest.strip_prefix(&self.text[..]);
        };
        if self.is_first(first) {
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

    /// Walks a line with what stands behind it; gives where the next one begins.
    #[inline(always)]
    fn walk_on(
        &self,
        (run, stops): (&[u8], &Stops),
        start: usize,
        values: &mut Values,
    ) -> Option<usize> {
        let mut at = start;
        for (before, value) in self.before.iter().zip(values) {
            if !before.is_first(chunk(run, at)?) {
                return None;
            }
            let from = at + before.text.len();
            let rest = run.get(from..)?;
            // The quote that ends a string is not kept: an empty string is one quote.
            let to = if *rest.first()? == b'"' {
                let quote = stops.next(from + 1)?;
                // Anything else is no plain text.
                if *run.get(quote)? != b'"' {
                    return None;
                }
                at = quote + 1;
                quote
            } else {
                at = from + other_length(rest)?;
                at
            };
            *value = (from as u32, to as u32);
        }
        let is_end = self.end.is_first(chunk(run, at)?);
        is_end.then_some(at + self.end.text.len())
    }

    /// The shape of a line; `None` if it is not flat, or what is looked for cannot be told from its keys.
    fn of(line: &[u8], events: &NamedEvents) -> Option<Self> {
        let (mut before, mut keys) = (Vec::new(), Vec::<&str>::new());
        let (mut at, mut opening) = (0, b'{');
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
            end: Between::new(&[&line[at..], b"\n"].concat()),
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
        if !is_escape(*escaped) {
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
        _ => other_length(rest),
    }
}

/// As [`value_length`], of what is no string.
#[inline(always)]
fn other_length(rest: &[u8]) -> Option<usize> {
    match rest.first()? {
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
