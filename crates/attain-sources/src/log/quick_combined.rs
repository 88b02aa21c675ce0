//! Lines of the combined format as servers usually write them, cut up in a few steps. Whatever looks otherwise is left to
//! access_log.rs, which says the same of what is cut here.
//!
//! Most lines are walked once from their beginning, and their end is where the last part ends. What has something unusual
//! in it (a quote behind a backslash, several times in one field) is cut part by part.

use memchr::memchr;

use crate::counting::count::Counter;
use crate::log::access_log::{Combined, Field, path_of, query_of, split_request, unescape};
use crate::log::quick::{Case, Quick, Raw};
use crate::log::quick_text::{Latency, Minute, Short};
use crate::log::special::{
    blank, bracket_or_line_end, chunk, digits, query_or_fragment, quote_or_backslash, space,
};
use crate::log::stops::Stops;
use crate::text::time::parse_log_time;

/// More appended fields are left to access_log.rs.
const MOST_APPENDED: usize = 8;
/// `02/Nov/2026:09:40:00 +0100`, and where its seconds stand.
const TIME_BYTES: usize = 26;
const SECONDS_AT: usize = 17;

/// Reads lines of one source.
pub(crate) struct QuickCombined {
    quick: Quick,
    fields: Vec<Field>,
    duration: Option<(Field, Latency)>,
    appended: usize,
    minute: Minute,
    slice_seconds: i64,
    /// Somebody looks at a part of the request, or at who sent it.
    needs_request: bool,
    needs_sender: bool,
    /// Where quoted parts of the run at hand end.
    stops: Stops,
}

impl QuickCombined {
    /// `None` if lines of this source are not for it.
    pub(crate) fn new(
        counter: &Counter,
        fields: &[Field],
        duration: Option<(Field, i128)>,
        appended: usize,
    ) -> Option<Self> {
        let duration = match duration {
            Some((field, unit)) => Some((field, Latency::new(u64::try_from(unit).ok()?))),
            None => None,
        };
        let timed = duration.as_ref().map(|(field, _)| *field);
        let all = || fields.iter().copied().chain(timed);
        let any = |wanted: &[Field]| all().any(|field| wanted.contains(&field));
        if appended > MOST_APPENDED {
            return None;
        }
        Some(Self {
            quick: Quick::new(counter)?,
            needs_request: any(&[Field::Method, Field::Path, Field::Query, Field::Protocol]),
            needs_sender: any(&[Field::RemoteAddr, Field::RemoteUser]),
            fields: fields.to_vec(),
            duration,
            appended,
            minute: Minute::default().surround(b" [", b"] \""),
            slice_seconds: counter.slice_seconds(),
            stops: Stops::default(),
        })
    }

    /// Another run of lines begins.
    pub(crate) fn run(&mut self, run: &[u8]) {
        self.stops.mark_quotes(run);
    }

    /// Counts lines of a run from the beginning of one on, up to one that is not sure; gives where that begins, and how
    /// many lines were counted.
    pub(crate) fn lines(&mut self, run: &[u8], mut at: usize) -> (usize, u64) {
        let mut counted = 0;
        while let Some(next) = self.walk(run, at) {
            at = next;
            counted += 1;
        }
        (at, counted)
    }

    /// Counts the line that begins at `start`; gives where the next one begins. `None` is not sure.
    #[inline(always)]
    fn walk(&mut self, run: &[u8], start: usize) -> Option<usize> {
        let bracket = bracket(run, start)?;
        // A minute that is not known is learnt from the line as it is cut part by part.
        let slice = self.minute.slice_around(chunk(run, bracket - 1)?)?;
        let request = bracket + TIME_BYTES + 4;
        let quote = |from: usize| quote((run, &self.stops), from);
        let request_end = quote(request)?;
        let after_request = u64::from_le_bytes(*chunk(run, request_end)?);
        let size = request_end + 6;
        let size_end = match run.get(size)? {
            b'-' => size + 1,
            _ => size + digits(run.get(size..)?),
        };
        if !is_status(after_request) || size_end == size {
            return None;
        }
        let (referer, referer_end) = match chunk(run, size_end)? {
            b" \"-\" \"" => (size_end + 2, size_end + 3),
            [b' ', b'"', ..] => (size_end + 2, quote(size_end + 2)?),
            _ => return None,
        };
        let agent = referer_end + 3;
        let agent_end = quote(agent)?;
        if chunk(run, referer_end)? != b"\" \"" {
            return None;
        }
        let mut tokens = [(0, 0); MOST_APPENDED];
        let mut at = agent_end + 1;
        for token in tokens.iter_mut().take(self.appended) {
            if run.get(at) == Some(&b'\n') {
                break;
            }
            (*token, at) = if chunk(run, at)? == b" \"" {
                let end = quote(at + 2)?;
                ((at + 2, end), end + 1)
            } else {
                let end = plain_token(run, at)?;
                ((at + 1, end), end)
            };
        }
        let line_end = line_end((run, &self.stops), at)?;
        let asked = if self.needs_request {
            Asked::of(run, (request, request_end))?
        } else {
            Asked::default()
        };
        let sender = if self.needs_sender {
            Sender::of(run, (start, bracket - 1))?
        } else {
            Sender::default()
        };
        let parts = Parts {
            run,
            time: (bracket + 1, bracket + 1 + TIME_BYTES),
            request: (request, request_end),
            size: (size, size_end),
            referer: (referer, referer_end),
            agent: (agent, agent_end),
            tokens: &tokens,
            asked,
            sender,
        };
        let nanoseconds = match &self.duration {
            None => None,
            Some((field, latency)) => latency_of(latency, parts.raw(*field)?)?,
        };
        let mut case = Case::FIRST;
        for (place, field) in self.fields.iter().enumerate() {
            case = self.quick.step(case, place, parts.raw(*field)?)?;
        }
        let is_counted = self.quick.count((slice, nanoseconds), case);
        is_counted.then_some(line_end + 1)
    }

    /// Counts one line; `false` is not sure.
    #[inline]
    pub(crate) fn line(&mut self, line: &[u8], counter: &mut Counter) -> bool {
        self.counted(line, counter).unwrap_or(false)
    }

    /// Hands over what was counted.
    pub(crate) fn settle(&mut self, counter: &mut Counter) {
        self.quick.settle(counter);
    }

    #[inline]
    fn counted(&mut self, line: &[u8], counter: &mut Counter) -> Option<bool> {
        let mut appended: [&[u8]; MOST_APPENDED] = [b""; MOST_APPENDED];
        let bracket = memchr(b'[', line)?;
        if bracket == 0 || line[bracket - 1] != b' ' {
            return None;
        }
        let time = line.get(bracket + 1..bracket + 1 + TIME_BYTES)?;
        let slice = match self.minute.slice(time, SECONDS_AT) {
            Some(slice) => slice,
            None => self.new_minute(time)?,
        };
        let mut rest = line[bracket + 1 + TIME_BYTES..].strip_prefix(b"] \"")?;
        let mut combined = Combined {
            request: quoted(&mut rest)?,
            ..Combined::default()
        };
        combined.time = time;
        let [
            b' ',
            a @ b'0'..=b'9',
            b @ b'0'..=b'9',
            c @ b'0'..=b'9',
            b' ',
            ..,
        ] = rest
        else {
            return None;
        };
        let _ = (a, b, c);
        combined.status = &rest[1..4];
        rest = &rest[4..];
        combined.bytes = token(&mut rest)??;
        combined.referer = token(&mut rest)?.unwrap_or_default();
        combined.user_agent = token(&mut rest)?.unwrap_or_default();
        for place in &mut appended[..self.appended] {
            match token(&mut rest)? {
                Some(token) => *place = token,
                None => break,
            }
        }
        if !rest.is_empty() && rest.trim_ascii_start().first() == Some(&b'"') {
            return None;
        }
        if self.needs_request {
            split_request(&mut combined);
        }
        if self.needs_sender {
            cut_sender(&mut combined, line, bracket)?;
        }
        let raw_of = |field: Field| raw(&combined, &appended, field);
        let nanoseconds = match &self.duration {
            None => None,
            Some((field, latency)) => match raw_of(*field) {
                b"" | b"-" => None,
                text => Some(latency.nanoseconds(text)?),
            },
        };
        let fields = &self.fields;
        let raw_at = |place: usize| Some(Raw::of(raw_of(*fields.get(place)?)));
        Some(self.quick.take((slice, nanoseconds), raw_at, text, counter))
    }

    #[cold]
    fn new_minute(&mut self, time: &[u8]) -> Option<i64> {
        // A bracket in the text would have ended it.
        if memchr(b']', time).is_some() {
            return None;
        }
        let read = parse_log_time(time)?;
        self.minute
            .learn(time, SECONDS_AT, read, self.slice_seconds)
    }
}

/// A line, cut up: where its parts begin and end.
struct Parts<'l> {
    run: &'l [u8],
    time: (usize, usize),
    request: (usize, usize),
    size: (usize, usize),
    referer: (usize, usize),
    agent: (usize, usize),
    tokens: &'l [(usize, usize); MOST_APPENDED],
    asked: Asked,
    sender: Sender,
}

/// The parts of a request, empty if nobody looks at them.
#[derive(Default)]
struct Asked {
    method: (usize, usize),
    path: (usize, usize),
    query: (usize, usize),
    protocol: (usize, usize),
}

/// Who sent a request, empty if nobody asks.
#[derive(Default)]
struct Sender {
    address: (usize, usize),
    user: (usize, usize),
}

impl<'l> Parts<'l> {
    #[inline(always)]
    fn raw(&self, field: Field) -> Option<Raw<'l>> {
        let part = match field {
            Field::Appended(place) => *self.tokens.get(place)?,
            Field::Status => (self.request.1 + 2, self.request.1 + 5),
            Field::TimeLocal => self.time,
            Field::Request => self.request,
            Field::Bytes => self.size,
            Field::Referer => self.referer,
            Field::UserAgent => self.agent,
            Field::Method => self.asked.method,
            Field::Path => self.asked.path,
            Field::Query => self.asked.query,
            Field::Protocol => self.asked.protocol,
            Field::RemoteAddr => self.sender.address,
            Field::RemoteUser => self.sender.user,
            Field::Nowhere => (0, 0),
        };
        Some(Raw::at(self.run, part))
    }
}

impl Asked {
    /// `GET /path?query HTTP/1.1`, with a method of few letters; `None` is not sure.
    // Invariant: what is cut here is cut as `split_request`, `path_of` and `query_of` do.
    #[inline(always)]
    fn of(run: &[u8], (from, to): (usize, usize)) -> Option<Self> {
        let method_end = from + method(chunk(run, from)?)?;
        let target = method_end + 1;
        // Protocols end in `HTTP/1.1` or `HTTP/2`.
        let (protocol, version) = match chunk::<9>(run, to.checked_sub(9)?)? {
            [b' ', b'H', b'T', b'T', b'P', b'/', version @ ..] => (to - 8, *version),
            [_, _, b' ', b'H', b'T', b'T', b'P', b'/', version] => (to - 6, [*version; 3]),
            _ => return None,
        };
        let target_end = protocol - 1;
        if target_end <= target || version.contains(&b' ') || run.get(target) != Some(&b'/') {
            return None;
        }
        let behind = run.get(target..target_end)?;
        let (path_end, query) = match query_or_fragment(behind) {
            None => (target_end, target_end),
            Some(at) if behind[at] == b'?' => (target + at, target + at + 1),
            Some(_) => return None,
        };
        Some(Self {
            method: (from, method_end),
            path: (target, path_end),
            query: (query, target_end),
            protocol: (protocol, to),
        })
    }
}

impl Sender {
    /// From what stands before the bracket.
    #[inline(always)]
    fn of(run: &[u8], (from, to): (usize, usize)) -> Option<Self> {
        // Invariant: there is a space before the bracket, so neither search leaves the line.
        let address_end = from + space(run.get(from..)?)?;
        let who = run.get(address_end + 1..to).unwrap_or_default();
        let user = space(who).map_or(to, |at| address_end + 1 + at + 1);
        Some(Self {
            address: (from, address_end),
            user: (user, to),
        })
    }
}

#[inline(always)]
fn raw<'l>(combined: &Combined<'l>, appended: &[&'l [u8]], field: Field) -> &'l [u8] {
    match field {
        Field::RemoteAddr => combined.remote_addr,
        Field::RemoteUser => combined.remote_user,
        Field::TimeLocal => combined.time,
        Field::Request => combined.request,
        Field::Method => combined.method,
        Field::Path => path_of(combined.target),
        Field::Query => query_of(combined.target),
        Field::Protocol => combined.protocol,
        Field::Status => combined.status,
        Field::Bytes => combined.bytes,
        Field::Referer => combined.referer,
        Field::UserAgent => combined.user_agent,
        Field::Appended(place) => appended.get(place).copied().unwrap_or_default(),
        Field::Nowhere => b"",
    }
}

/// Who sent a request, from what stands before the bracket.
fn cut_sender<'l>(combined: &mut Combined<'l>, line: &'l [u8], bracket: usize) -> Option<()> {
    let end = memchr(b' ', line)?;
    combined.remote_addr = &line[..end];
    let who = line.get(end + 1..bracket - 1).unwrap_or_default();
    combined.remote_user = memchr(b' ', who).map_or(&b""[..], |at| &who[at + 1..]);
    Some(())
}

/// The latency that a field says, if it says one; `None` is not sure.
#[inline(always)]
fn latency_of(latency: &Latency, text: Raw<'_>) -> Option<Option<u64>> {
    if text.is(b"") || text.is(b"-") {
        return Some(None);
    }
    let nanoseconds = match text.word() {
        Some((word, length)) => latency.of_short(Short::of(word, length)?)?,
        None => latency.nanoseconds(text.bytes())?,
    };
    Some(Some(nanoseconds))
}

/// Whether a word begins as what stands behind a request does: `" 200 `.
#[inline(always)]
fn is_status(word: u64) -> bool {
    const FORM: u64 = u64::from_le_bytes(*b"\" 000 \0\0");
    const REST: u64 = u64::from_le_bytes([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0]);
    const TO_HIGH: u64 = u64::from_le_bytes([0x7f, 0x7f, 0x76, 0x76, 0x76, 0x7f, 0, 0]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    // Invariant: a carry comes only from a byte that does not fit, which is found without it.
    let differs = (word ^ FORM) & REST;
    (differs.wrapping_add(TO_HIGH) | differs) & HIGH == 0
}

/// The place of the first bracket of a line, if a space stands before it.
#[inline(always)]
fn bracket(run: &[u8], start: usize) -> Option<usize> {
    let bracket = start + bracket_or_line_end(run.get(start..)?)?;
    let before = bracket.checked_sub(1).filter(|before| *before >= start)?;
    (chunk(run, before)? == b" [").then_some(bracket)
}

/// The place of the next quote in the same line, if no backslash is before it.
// Invariant: such a quote ends what is quoted, whatever else is escaped in it.
#[inline(always)]
fn quote((run, stops): (&[u8], &Stops), from: usize) -> Option<usize> {
    let at = stops.next(from)?;
    let around: &[u8; 2] = chunk(run, at.checked_sub(1)?)?;
    (around[1] == b'"' && around[0] != b'\\').then_some(at)
}

/// Where a line ends of which nobody looks at what is left; a quote there may be open.
#[inline(always)]
fn line_end((run, stops): (&[u8], &Stops), at: usize) -> Option<usize> {
    match chunk(run, at) {
        Some([b'\n', _]) => Some(at),
        Some([b' ', first]) if *first > b' ' && *first != b'"' => behind_fields((run, stops), at),
        Some(_) => None,
        None => (run.get(at) == Some(&b'\n')).then_some(at),
    }
}

#[inline(never)]
fn behind_fields((run, stops): (&[u8], &Stops), mut at: usize) -> Option<usize> {
    loop {
        at = stops.next(at)?;
        if run.get(at) == Some(&b'\n') {
            return Some(at);
        }
        at += 1;
    }
}

/// Where the token behind a space ends, if nothing is odd about it.
#[inline(always)]
fn plain_token(run: &[u8], at: usize) -> Option<usize> {
    let mut end = at + 1 + blank(chunk(run, at + 1)?);
    if end == at + 17 {
        end = long_token_end(run, end)?;
    }
    let around: &[u8; 3] = chunk(run, end - 1)?;
    // nginx writes several times in one field, with commas and colons.
    let fits = (run[at] == b' ')
        & (end > at + 1)
        & ((around[1] == b'\n') | (around[1] == b' ') & (around[2] > b' ') & (around[2] != b':'))
        & (around[0] != b',');
    fits.then_some(end)
}

#[inline(never)]
fn long_token_end(run: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match blank(chunk(run, at)?) {
            16 => at += 16,
            length => return Some(at + length),
        }
    }
}

/// How long a method is that stands before a space: a few letters.
#[inline(always)]
fn method(text: &[u8; 8]) -> Option<usize> {
    let word = u64::from_le_bytes(*text);
    let length = space(text)?;
    // Letters differ from small ones in one bit only.
    let letters = (word | u64::from_le_bytes([0x20; 8])) & !(u64::MAX << (8 * length));
    let is_letter = |at: usize| ((letters >> (8 * at)) as u8).is_ascii_lowercase();
    (length > 0 && (0..length).all(is_letter)).then_some(length)
}

/// What raw bytes say.
fn text(raw: &[u8]) -> Option<std::borrow::Cow<'_, str>> {
    match raw {
        b"-" => Some("".into()),
        raw => Some(unescape(raw)),
    }
}

/// The rest of a quoted field behind its first quote.
#[inline(always)]
fn quoted<'l>(rest: &mut &'l [u8]) -> Option<&'l [u8]> {
    let all = *rest;
    let mut end = quote_or_backslash(all)?;
    while all[end] == b'\\' {
        // What is escaped ends nothing.
        let after = all.get(end + 2..)?;
        end += 2 + quote_or_backslash(after)?;
    }
    *rest = &all[end + 1..];
    Some(&all[..end])
}

/// The next field behind one space; `Some(None)` at the end of the line, `None` is not sure.
#[inline(always)]
fn token<'l>(rest: &mut &'l [u8]) -> Option<Option<&'l [u8]>> {
    let all = *rest;
    match all {
        [] => Some(None),
        [b' ', b'"', b'-', b'"', ..] => {
            *rest = &all[4..];
            Some(Some(&all[2..3]))
        }
        [b' ', b'"', ..] => {
            *rest = &all[2..];
            quoted(rest).map(Some)
        }
        [b' ', first, ..] if !first.is_ascii_whitespace() => {
            let after = &all[1..];
            let end = space(after).unwrap_or(after.len());
            // nginx writes several times in one field, with commas and colons.
            if after[end - 1] == b',' || after[end..].starts_with(b" : ") {
                return None;
            }
            *rest = &after[end..];
            Some(Some(&after[..end]))
        }
        _ => None,
    }
}
