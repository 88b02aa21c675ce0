//! What a reader asks of a page: the part of its address behind `?`. Every state of a page is in it, so that a link shows
//! another reader the same. Knows keys and texts; knows no promise.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Keys that a page may be asked with; others are passed over.
const KEYS: [&str; 16] = [
    "at", "audience", "file", "group", "in", "label", "layer", "page", "q", "range", "segment",
    "service", "slo", "state", "team", "zone",
];
/// Those that hold for every page: links keep them.
const EVERYWHERE: [&str; 2] = ["at", "zone"];
/// Bytes of one value; longer ones are cut.
const LONGEST: usize = 400;

/// A question, with at most one value for each key. Empty values are none.
///
/// ```
/// use attain_view::pages::Ask;
/// let ask = Ask::parse("state=bad&q=check+out%21&utm=x");
/// assert_eq!(ask.get("q"), Some("check out!"));
/// assert_eq!(ask.with("state", "").to("/"), "/?q=check%20out%21");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ask {
    values: BTreeMap<&'static str, String>,
}

impl Ask {
    /// Reads what stands behind `?`. What is not understood is passed over; the first value of a key counts.
    #[must_use]
    pub fn parse(query: &str) -> Self {
        let mut ask = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decoded(value);
            let value = value.trim();
            if let Some(key) = KEYS.iter().find(|key| **key == name)
                && !value.is_empty()
            {
                ask.values.entry(key).or_insert_with(|| value.to_owned());
            }
        }
        ask
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// The same with another value; an empty one takes the key out. Another filter begins at its first page again.
    #[must_use]
    pub fn with(&self, key: &str, value: &str) -> Self {
        let mut ask = self.clone();
        if let Some(key) = KEYS.iter().find(|other| **other == key) {
            ask.values.remove(key);
            if *key != "page" {
                ask.values.remove("page");
            }
            if !value.is_empty() {
                ask.values.insert(key, value.to_owned());
            }
        }
        ask
    }

    /// What holds for every page.
    #[must_use]
    pub fn everywhere(&self) -> Self {
        let mut ask = self.clone();
        ask.values.retain(|key, _| EVERYWHERE.contains(key));
        ask
    }

    /// The address of a path with this question.
    #[must_use]
    pub fn to(&self, path: &str) -> String {
        let mut out = path.to_owned();
        for (i, (key, value)) in self.values.iter().enumerate() {
            let mark = if i == 0 { '?' } else { '&' };
            let _ = write!(out, "{mark}{key}={}", encoded(value));
        }
        out
    }

    /// Keys and values, for a form that keeps them.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.values
            .iter()
            .map(|(key, value)| (*key, value.as_str()))
    }

    /// The instant that is asked about: `2026-11-02T10:00:00Z`, or a day or civil time of `zone`. `None` is now; an error
    /// is what could not be read.
    ///
    /// # Errors
    /// The text that is no instant.
    pub fn at(&self, zone: &TimeZone) -> Result<Option<Timestamp>, String> {
        let Some(text) = self.get("at") else {
            return Ok(None);
        };
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Some(at));
        }
        let civil = text
            .parse::<DateTime>()
            .or_else(|_| text.replacen(' ', "T", 1).parse::<DateTime>())
            .or_else(|_| text.parse::<Date>().map(|day| day.at(0, 0, 0, 0)));
        let zoned = civil.and_then(|civil| civil.to_zoned(zone.clone()));
        zoned
            .map(|zoned| Some(zoned.timestamp()))
            .map_err(|_| text.to_owned())
    }
}

/// A path with a name in it that somebody else chose: `/slos/NAME`.
#[must_use]
pub fn path(before: &str, name: &str) -> String {
    format!("{before}{}", encoded(name))
}

/// With everything but letters, digits and `-._~` as `%XX`.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len().min(LONGEST));
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let hex = |byte: &u8| char::from(*byte).to_digit(16);
        match (first, tail) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, tail @ ..]) if hex(high).is_some() && hex(low).is_some() => {
                let value = hex(high).unwrap_or(0) * 16 + hex(low).unwrap_or(0);
                bytes.push(u8::try_from(value).unwrap_or(b'?'));
                rest = tail;
            }
            (other, _) => bytes.push(*other),
        }
        if bytes.len() >= LONGEST {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_question_is_passed_over() {
        for query in ["", "&&", "%", "q", "q=", "x=1&=2", "q=%20", "%71=a"] {
            assert_eq!(Ask::parse(query), Ask::default(), "{query}");
        }
        assert_eq!(Ask::parse("q=a%zz%f").get("q"), Some("a%zz%f"));
        assert_eq!(Ask::parse("q=a&q=b").get("q"), Some("a"));
    }

    #[test]
    fn an_instant_is_read_in_the_readers_zone() {
        let utc = TimeZone::UTC;
        let at = |query: &str| {
            Ask::parse(query)
                .at(&utc)
                .map(|at| at.map(|at| at.to_string()))
        };
        let ten = Ok(Some("2026-11-02T10:00:00Z".to_owned()));
        assert_eq!(at(""), Ok(None));
        assert_eq!(at("at=2026-11-02T10:00:00Z"), ten);
        assert_eq!(at("at=2026-11-02T10:00"), ten);
        assert_eq!(at("at=2026-11-02+10:00"), ten);
        assert_eq!(
            at("at=2026-11-02"),
            Ok(Some("2026-11-02T00:00:00Z".to_owned()))
        );
        assert_eq!(at("at=yesterday"), Err("yesterday".to_owned()));
    }
}
