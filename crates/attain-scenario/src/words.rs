//! The words of a line: names, durations, rates, instants. Knows how each is written and what to say where it is not.
//! Knows nothing about statements; see `parse.rs`.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

/// The words of one statement, read from left to right. A comma is a word of its own.
pub(crate) struct Words<'t> {
    words: Vec<&'t str>,
    next: usize,
}

/// What is wrong with a statement, with what would be legal. A lowercase fragment.
pub(crate) type Wrong = String;

impl<'t> Words<'t> {
    /// Splits at white space and around commas.
    pub(crate) fn of(text: &'t str) -> Self {
        let mut words = Vec::new();
        for chunk in text.split_whitespace() {
            let mut rest = chunk;
            while let Some((before, after)) = rest.split_once(',') {
                words.extend((!before.is_empty()).then_some(before));
                words.push(",");
                rest = after;
            }
            words.extend((!rest.is_empty()).then_some(rest));
        }
        Self { words, next: 0 }
    }

    /// The next word, not taken.
    pub(crate) fn peek(&self) -> Option<&'t str> {
        self.words.get(self.next).copied()
    }

    /// The word after the next one.
    pub(crate) fn second(&self) -> Option<&'t str> {
        self.words.get(self.next + 1).copied()
    }

    /// Takes the next word; `legal` says what should stand there.
    pub(crate) fn take(&mut self, legal: &str) -> Result<&'t str, Wrong> {
        let word = self
            .peek()
            .filter(|word| *word != ",")
            .ok_or_else(|| match self.peek() {
                Some(word) => format!("`{word}` stands where {legal} should be"),
                None => format!("the line ends where {legal} should be"),
            })?;
        self.next += 1;
        Ok(word)
    }

    /// Takes the next word if it is this one.
    pub(crate) fn takes(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(word);
        self.next += usize::from(found);
        found
    }

    /// Takes exactly this word.
    pub(crate) fn expect(&mut self, word: &str) -> Result<(), Wrong> {
        if self.takes(word) {
            return Ok(());
        }
        Err(match self.peek() {
            Some(found) => format!("`{found}` stands where `{word}` should be"),
            None => format!("the line ends where `{word}` should be"),
        })
    }

    /// Nothing may be left.
    pub(crate) fn end(&self, legal: &str) -> Result<(), Wrong> {
        match self.peek() {
            None => Ok(()),
            Some(word) => Err(format!("`{word}` is one word too many; {legal}")),
        }
    }

    /// Takes a duration such as `90m`.
    pub(crate) fn duration(&mut self, what: &str) -> Result<Duration, Wrong> {
        let word = self.take(&format!("{what}, such as `90m`,"))?;
        seconds(word).map(Duration::from_secs).ok_or_else(|| {
            format!(
                "`{word}` is not {what}; write a whole number with s, m, h, d or w, such as `90m`"
            )
        })
    }

    /// Takes a whole number; `_` may group its digits.
    pub(crate) fn count(&mut self, what: &str) -> Result<u64, Wrong> {
        let word = self.take(&format!("{what}, a whole number,"))?;
        whole(word).ok_or_else(|| {
            format!("`{word}` is not {what}; write a whole number, such as `600000` or `600_000`, up to 10^16")
        })
    }

    /// Takes a rate such as `600000/h` or `1/30d`.
    pub(crate) fn rate(&mut self) -> Result<Rate, Wrong> {
        let word = self.take("a rate, such as `600000/h`,")?;
        rate(word).ok_or_else(|| {
            format!(
                "`{word}` is not a rate; write whole events per time, such as `600000/h` or `1/30d`"
            )
        })
    }

    /// Takes a latency such as `300ms`, as nanoseconds.
    pub(crate) fn latency(&mut self) -> Result<u64, Wrong> {
        let word = self.take("a latency, such as `300ms`,")?;
        let (digits, unit) = split_unit(word);
        let size = match unit {
            "us" => Some(1000),
            "ms" => Some(1_000_000),
            "s" => Some(1_000_000_000),
            _ => None,
        };
        whole(digits)
            .zip(size)
            .and_then(|(n, size)| n.checked_mul(size))
            .ok_or_else(|| {
                format!(
                    "`{word}` is not a latency; write a whole number with us, ms or s, such as `300ms`"
                )
            })
    }

    /// Takes an instant: so long after the start (`720h`), or `2026-03-01 00:00 Europe/Berlin`.
    pub(crate) fn instant(&mut self) -> Result<Moment, Wrong> {
        const LEGAL: &str =
            "write how long after the start, such as `720h`, or `2026-03-01 00:00 UTC`";
        let word = self.take("an instant")?;
        if let Some(seconds) = seconds(word) {
            return Ok(Moment::After(Duration::from_secs(seconds)));
        }
        let Ok(date) = word.parse::<Date>() else {
            return Err(format!("`{word}` is not an instant; {LEGAL}"));
        };
        let time = self.take("a time of day, such as `00:00`,")?;
        let Ok(time) = time.parse::<Time>() else {
            return Err(format!("`{time}` is not a time of day; {LEGAL}"));
        };
        let zone = self.take("a time zone, such as `UTC`,")?;
        let Ok(zone) = TimeZone::get(zone) else {
            return Err(format!(
                "`{zone}` is not a time zone; write `UTC` or a name such as `Europe/Berlin`"
            ));
        };
        date.to_datetime(time)
            .to_zoned(zone)
            .map(|zoned| Moment::Absolute(zoned.timestamp()))
            .map_err(|_| format!("`{word}` lies outside the calendar; {LEGAL}"))
    }
}

/// An instant as written; what it comes to depends on the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// So long after the start.
    After(Duration),
    /// On the calendar.
    Absolute(Timestamp),
}

impl Moment {
    /// What it comes to. An instant beyond the calendar is its last one.
    pub(crate) fn on(self, start: Timestamp) -> Timestamp {
        match self {
            Moment::Absolute(instant) => instant,
            Moment::After(length) => start.saturating_add(length).unwrap_or(Timestamp::MAX),
        }
    }
}

/// Whole events per time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    events: u64,
    per_seconds: u64,
}

impl Rate {
    /// Events within a length of time.
    ///
    /// # Errors
    /// Where that is not a whole number, or no `u64`.
    pub(crate) fn over(self, length: Duration) -> Result<u64, Wrong> {
        let product = u128::from(self.events) * u128::from(length.as_secs());
        let per = u128::from(self.per_seconds);
        if !product.is_multiple_of(per) {
            return Err(format!(
                "{} events per {} do not come to whole events in {}; choose numbers that do",
                self.events,
                attain_model::quantity::duration_text(Duration::from_secs(self.per_seconds)),
                attain_model::quantity::duration_text(length),
            ));
        }
        u64::try_from(product / per)
            .ok()
            .filter(|events| *events <= EVENTS_AT_MOST)
            .ok_or_else(|| format!("more than {EVENTS_AT_MOST} events; write fewer"))
    }
}

/// Whether a word begins like a number.
pub(crate) fn is_numeric(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether a word can be the name of an SLO or a segment.
pub(crate) fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
        && word
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn rate(word: &str) -> Option<Rate> {
    let (events, per) = word.split_once('/')?;
    let per = if is_numeric(per) {
        seconds(per)?
    } else {
        unit_seconds(per)?
    };
    (per > 0).then_some(Rate {
        events: whole(events)?,
        per_seconds: per,
    })
}

/// `90m`, or several units: `700h20m`.
fn seconds(word: &str) -> Option<u64> {
    let (digits, rest) = split_unit(word);
    let unit_end = rest
        .find(|c: char| c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(unit_end);
    let length = whole(digits)?.checked_mul(unit_seconds(unit)?)?;
    if rest.is_empty() {
        return Some(length);
    }
    length.checked_add(seconds(rest)?)
}

fn unit_seconds(unit: &str) -> Option<u64> {
    match unit {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3600),
        "d" => Some(86_400),
        "w" => Some(7 * 86_400),
        _ => None,
    }
}

fn split_unit(word: &str) -> (&str, &str) {
    let end = word
        .find(|c: char| !c.is_ascii_digit() && c != '_')
        .unwrap_or(word.len());
    word.split_at(end)
}

fn whole(digits: &str) -> Option<u64> {
    if !is_numeric(digits) {
        return None;
    }
    let number = digits.replace('_', "").parse().ok()?;
    (number <= EVENTS_AT_MOST).then_some(number)
}

/// The largest number that can be written. Sums of more parts than anybody writes stay within a `u64`.
const EVENTS_AT_MOST: u64 = 10_000_000_000_000_000;
