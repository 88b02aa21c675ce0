//! Lines of the combined format as servers usually write them, cut up in a few steps. Whatever looks otherwise is left to
//! access_log.rs, which says the same of what is cut here.

use memchr::memchr;

use crate::access_log::{Combined, Field, path_of, query_of, split_request, unescape};
use crate::count::Counter;
use crate::quick::{MOST_FIELDS, Quick};
use crate::quick_text::{Latency, Minute};
use crate::special::{quote_or_backslash, space};
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
            minute: Minute::default(),
            slice_seconds: counter.slice_seconds(),
        })
    }

    /// Counts one line; `false` is not sure.
    #[inline]
    pub(crate) fn line(&mut self, line: &[u8], counter: &mut Counter) -> bool {
        self.counted(line, counter).unwrap_or(false)
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
            let end = memchr(b' ', line)?;
            combined.remote_addr = &line[..end];
            let who = line.get(end + 1..bracket - 1).unwrap_or_default();
            combined.remote_user = memchr(b' ', who).map_or(&b""[..], |at| &who[at + 1..]);
        }
        let raw_of = |field: Field| raw(&combined, &appended, field);
        let nanoseconds = match &self.duration {
            None => None,
            Some((field, latency)) => match raw_of(*field) {
                b"" | b"-" => None,
                text => Some(latency.nanoseconds(text)?),
            },
        };
        let mut values: [&[u8]; MOST_FIELDS] = [b""; MOST_FIELDS];
        for (value, field) in values.iter_mut().zip(&self.fields) {
            *value = raw_of(*field);
        }
        let values = &values[..self.fields.len()];
        Some(self.quick.take((slice, nanoseconds), values, text, counter))
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

    /// Hands over what was counted.
    pub(crate) fn settle(&mut self, counter: &mut Counter) {
        self.quick.settle(counter);
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
