//! Quantities as people write them: targets, shares, thresholds, rates, windows, money.
//!
//! Everything that decides is an integer; floating point appears in printers only.

use std::fmt;
use std::time::Duration;

use jiff::tz::TimeZone;

/// One whole, in parts per billion.
pub const WHOLE_PPB: u32 = 1_000_000_000;

/// A promised ratio of good events, strictly between 0 and 1, kept as parts per billion.
///
/// Parsed from decimal text and never through a float: 99.99 % is exactly 999,900,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target(u32);

impl Target {
    /// From parts per billion; `None` unless `0 < ppb < 1_000_000_000`, because a target without a budget is no target.
    #[must_use]
    pub fn from_ppb(ppb: u32) -> Option<Self> {
        (ppb > 0 && ppb < WHOLE_PPB).then_some(Self(ppb))
    }

    /// Parts per billion of events that must be good.
    #[must_use]
    pub fn ppb(self) -> u32 {
        self.0
    }

    /// Parts per billion of events that may be bad: the budget.
    #[must_use]
    pub fn budget_ppb(self) -> u32 {
        WHOLE_PPB - self.0
    }
}

impl fmt::Display for Target {
    /// `99.95%`, with just the decimals it needs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Share(self.0).fmt(f)
    }
}

/// A share of a whole, 0 % to 100 % inclusive, kept as parts per billion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u32);

impl Share {
    /// All of it.
    pub const WHOLE: Share = Share(WHOLE_PPB);
    /// None of it.
    pub const NONE: Share = Share(0);

    /// From parts per billion; `None` above one whole.
    #[must_use]
    pub fn from_ppb(ppb: u32) -> Option<Self> {
        (ppb <= WHOLE_PPB).then_some(Self(ppb))
    }

    /// Parts per billion.
    #[must_use]
    pub fn ppb(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 10_000_000, self.0 % 10_000_000);
        if rest == 0 {
            return f.pad(&format!("{whole}%"));
        }
        let digits = format!("{rest:07}");
        f.pad(&format!("{whole}.{}%", digits.trim_end_matches('0')))
    }
}

/// A multiple such as `14.4x`, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Multiple(u64);

impl Multiple {
    /// Once.
    pub const ONE: Multiple = Multiple(1_000_000);

    /// From millionths: 14.4x is 14,400,000.
    #[must_use]
    pub const fn from_millionths(millionths: u64) -> Self {
        Self(millionths)
    }

    /// Millionths.
    #[must_use]
    pub fn millionths(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Multiple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1_000_000, self.0 % 1_000_000);
        if rest == 0 {
            return f.pad(&format!("{whole}x"));
        }
        let digits = format!("{rest:06}");
        f.pad(&format!("{whole}.{}x", digits.trim_end_matches('0')))
    }
}

/// A latency limit, in nanoseconds, above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Threshold(u64);

impl Threshold {
    /// From nanoseconds.
    #[must_use]
    pub fn from_nanoseconds(nanoseconds: u64) -> Self {
        Self(nanoseconds)
    }

    /// Nanoseconds.
    #[must_use]
    pub fn nanoseconds(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Threshold {
    /// `200ms`, `3s`, `0.5ms`: the largest unit in which it is whole, else milliseconds with decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ns = self.0;
        let text = if ns.is_multiple_of(1_000_000_000) {
            format!("{}s", ns / 1_000_000_000)
        } else if ns.is_multiple_of(1_000_000) {
            format!("{}ms", ns / 1_000_000)
        } else {
            let digits = format!("{:06}", ns % 1_000_000);
            format!("{}.{}ms", ns / 1_000_000, digits.trim_end_matches('0'))
        };
        f.pad(&text)
    }
}

/// A rate of requests, in thousandths of a request per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(u64);

impl Rate {
    /// From thousandths of a request per second: 500 rps is 500,000.
    #[must_use]
    pub fn from_millirps(millirps: u64) -> Self {
        Self(millirps)
    }

    /// Thousandths of a request per second.
    #[must_use]
    pub fn millirps(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1000, self.0 % 1000);
        if rest == 0 {
            return f.pad(&format!("{whole} rps"));
        }
        let digits = format!("{rest:03}");
        f.pad(&format!("{whole}.{} rps", digits.trim_end_matches('0')))
    }
}

/// The period over which a budget is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Window {
    /// The last so-and-so long, e.g. `30d`; whole seconds.
    Rolling(Duration),
    /// A calendar period in a zone, from its local midnight; daylight saving makes some longer than others.
    Calendar(CalendarPeriod, TimeZone),
}

/// A period of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CalendarPeriod {
    /// ISO week, from Monday.
    Week,
    /// Month.
    Month,
    /// Quarter, from 1 January, April, July, October.
    Quarter,
    /// Year.
    Year,
}

impl CalendarPeriod {
    /// All of them, shortest first.
    pub const ALL: [Self; 4] = [Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// Their words, in the same order.
    pub const WORDS: [&'static str; 4] = {
        let [a, b, c, d] = Self::ALL;
        [a.word(), b.word(), c.word(), d.word()]
    };

    /// The period of a [`CalendarPeriod::word`]; `None` for any other text.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.word() == word)
    }

    /// `week`, `month`, `quarter`, `year`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            CalendarPeriod::Week => "week",
            CalendarPeriod::Month => "month",
            CalendarPeriod::Quarter => "quarter",
            CalendarPeriod::Year => "year",
        }
    }
}

impl Window {
    /// The length by which alert tiers scale: a calendar period counts as 7, 30, 90 or 365 days.
    #[must_use]
    pub fn nominal(&self) -> Duration {
        const DAY_SECONDS: u64 = 86_400;
        match self {
            Window::Rolling(length) => *length,
            Window::Calendar(CalendarPeriod::Week, _) => Duration::from_secs(7 * DAY_SECONDS),
            Window::Calendar(CalendarPeriod::Month, _) => Duration::from_secs(30 * DAY_SECONDS),
            Window::Calendar(CalendarPeriod::Quarter, _) => Duration::from_secs(90 * DAY_SECONDS),
            Window::Calendar(CalendarPeriod::Year, _) => Duration::from_secs(365 * DAY_SECONDS),
        }
    }
}

impl fmt::Display for Window {
    /// `30d`, `calendar month`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Window::Rolling(length) => f.pad(&duration_text(*length)),
            Window::Calendar(period, _) => f.pad(&format!("calendar {}", period.word())),
        }
    }
}

/// `30d`, `6h`, `90m`, `1500ms`: the largest unit in which it is whole; weeks are written as days.
#[must_use]
pub fn duration_text(duration: Duration) -> String {
    let ms = duration.as_millis();
    for (unit, size) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1000),
    ] {
        if ms >= size && ms.is_multiple_of(size) {
            return format!("{}{unit}", ms / size);
        }
    }
    format!("{ms}ms")
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// Hundredths of the currency's unit.
    pub cents: u64,
    /// ISO 4217, e.g. `EUR`.
    pub currency: String,
}

/// Money per period, e.g. `5000 USD/month`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// How much.
    pub amount: Money,
    /// Per what: `month`, `year`, ...
    pub period: String,
}

/// A number in billionths of its base unit: seconds, bytes, percent, or nothing. `1s` is 1,000,000,000; `1` too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Measure(pub i128);

/// The unit of a metric's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Nanoseconds.
    Nanoseconds,
    /// Bytes.
    Bytes,
    /// Percent, 0 to 100.
    Percent,
    /// A plain number.
    None,
}

impl Unit {
    /// How many billionths of the base unit one of this unit is: a millisecond is 1,000,000 billionths of a second.
    #[must_use]
    pub fn billionths(self) -> i128 {
        match self {
            Unit::Seconds | Unit::Bytes | Unit::Percent | Unit::None => 1_000_000_000,
            Unit::Milliseconds => 1_000_000,
            Unit::Microseconds => 1000,
            Unit::Nanoseconds => 1,
        }
    }
}
