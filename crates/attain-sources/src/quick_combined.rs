//! Lines of the combined format as servers usually write them, cut up in a few steps. Whatever looks otherwise is left to
//! access_log.rs, which says the same of what is cut here.
//!
//! Most lines are walked once from their beginning, and their end is where the last part ends. What has something unusual
//! in it (a quote behind a backslash, several times in one field) is cut part by part.

use memchr::memchr;

use crate::access_log::{Combined, Field, path_of, query_of, split_request, unescape};
use crate::count::Counter;
use crate::quick::{Case, Quick, Raw};
use crate::quick_text::{Latency, Minute, Short};
use crate::special::{blank, bracket_or_line_end, chunk, digits, quote_or_backslash, space};
use crate::stops::Stops;
use crate::time::parse_log_time;

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
            let to = short_token(run, at)?;
            (*token, at) = ((at + 1, to), to);
        }
        if run.get(at) != Some(&b'\n') {
            return None;
        }
        let rest = if self.needs_request || self.needs_sender {
            let line = run.get(start..at)?;
            let request = run.get(request..request_end)?;
            Some(self.cut_rest(line, bracket - start, request)?)
        } else {
            None
        };
        let parts = Parts {
            run,
            time: (bracket + 1, bracket + 1 + TIME_BYTES),
            request: (request, request_end),
            size: (size, size_end),
            referer: (referer, referer_end),
            agent: (agent, agent_end),
            tokens: &tokens,
            rest: rest.as_deref(),
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
        is_counted.then_some(at + 1)
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

    /// Cuts up what only some look at.
    #[inline(never)]
    fn cut_rest<'l>(
        &self,
        line: &'l [u8],
        bracket: usize,
        request: &'l [u8],
    ) -> Option<Box<Combined<'l>>> {
        let mut combined = Combined {
            request,
            ..Combined::default()
        };
        if self.needs_request {
            split_request(&mut combined);
        }
        if self.needs_sender {
            cut_sender(&mut combined, line, bracket)?;
        }
        Some(Box::new(combined))
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
    /// What only some look at.
    rest: Option<&'l Combined<'l>>,
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
            Field::Nowhere => (0, 0),
            other => return Some(Raw::of(raw(self.rest?, &[], other))),
        };
        Some(Raw::at(self.run, part))
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

/// Where the token behind a space ends, if it is short and nothing is odd about it.
#[inline(always)]
fn short_token(run: &[u8], at: usize) -> Option<usize> {
    let length = blank(chunk(run, at + 1)?);
    let end = at + 1 + length;
    let around: &[u8; 3] = chunk(run, end - 1)?;
    // nginx writes several times in one field, with commas and colons.
    let fits = (run[at] == b' ')
        & (length.wrapping_sub(1) < 15)
        & ((around[1] == b'\n') | (around[1] == b' ') & (around[2] > b' ') & (around[2] != b':'))
        & (around[0] != b',');
    fits.then_some(end)
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
