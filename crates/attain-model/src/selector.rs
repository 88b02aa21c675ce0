//! Which requests count, and which of them were good. Knows label names and values; knows no telemetry format.

use std::collections::BTreeMap;
use std::fmt;

use regex::Regex;

use crate::quantity::Measure;

/// A regular expression that must match the whole value (RE2 syntax).
#[derive(Clone)]
pub struct Pattern {
    text: String,
    regex: Regex,
}

impl Pattern {
    /// Compiles it, anchored at both ends.
    ///
    /// # Errors
    /// The syntax error of the expression.
    pub fn new(text: &str) -> Result<Self, regex::Error> {
        Ok(Self {
            regex: Regex::new(&format!("^(?s:{text})$"))?,
            text: text.to_owned(),
        })
    }

    /// The expression as written, without anchors.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole value matches.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        self.regex.is_match(value)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "~{}", self.text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

/// What a label's value must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// Exactly this text.
    Exact(String),
    /// A status class written `5xx`: a value of three characters that begins with this digit.
    Class(char),
    /// A regular expression written `~re`.
    Pattern(Pattern),
    /// Any of these.
    AnyOf(Vec<Match>),
    /// The label is absent or empty, written `""`.
    Absent,
}

impl Match {
    /// Whether a value holds; an absent label has the value `""`.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        match self {
            Match::Exact(text) => text == value,
            Match::Class(digit) => value.chars().count() == 3 && value.starts_with(*digit),
            Match::Pattern(pattern) => pattern.matches(value),
            Match::AnyOf(matches) => matches.iter().any(|m| m.matches(value)),
            Match::Absent => value.is_empty(),
        }
    }
}

impl fmt::Display for Match {
    /// As a person would write it in a catalogue.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Match::Exact(text) => f.write_str(text),
            Match::Class(digit) => write!(f, "{digit}xx"),
            Match::Pattern(pattern) => write!(f, "~{}", pattern.as_str()),
            Match::AnyOf(matches) => {
                let texts: Vec<_> = matches.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", texts.join(", "))
            }
            Match::Absent => f.write_str("\"\""),
        }
    }
}

/// Label name to what its value must be. Label names are as written in the catalogue.
pub type Matches = BTreeMap<String, Match>;

/// Requests that count: every line of `only` holds, and no line of `except`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    /// `where`: all must hold.
    pub only: Matches,
    /// `except`: out if any holds.
    pub except: Matches,
}

impl Selector {
    /// Whether a request with these labels counts. `label` gives the value of a label, `""` where it is absent.
    pub fn selects<'v>(&self, label: impl Fn(&str) -> &'v str) -> bool {
        self.only.iter().all(|(name, m)| m.matches(label(name)))
            && !self.except.iter().any(|(name, m)| m.matches(label(name)))
    }
}

/// How `value` compares in a [`Condition`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

/// A condition on a gauge, e.g. `value < 1s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition {
    /// How to compare.
    pub comparison: Comparison,
    /// With what, in billionths of the base unit.
    pub value: Measure,
}

impl Condition {
    /// Whether a value holds.
    #[must_use]
    pub fn holds(&self, value: Measure) -> bool {
        match self.comparison {
            Comparison::Equal => value == self.value,
            Comparison::NotEqual => value != self.value,
            Comparison::Below => value < self.value,
            Comparison::AtMost => value <= self.value,
            Comparison::Above => value > self.value,
            Comparison::AtLeast => value >= self.value,
        }
    }
}

/// Which of the selected requests were good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is said: all are good, only latency can fail.
    AllGood,
    /// Good if every line holds.
    Good(Matches),
    /// Bad if any line holds.
    Bad(Matches),
    /// A gauge is good while this holds.
    GoodIf(Condition),
}

impl Outcome {
    /// Whether a request with these labels was bad. A [`Outcome::GoodIf`] judges values, not labels: never bad here.
    pub fn is_bad<'v>(&self, label: impl Fn(&str) -> &'v str) -> bool {
        match self {
            Outcome::AllGood | Outcome::GoodIf(_) => false,
            Outcome::Good(matches) => !matches.iter().all(|(name, m)| m.matches(label(name))),
            Outcome::Bad(matches) => matches.iter().any(|(name, m)| m.matches(label(name))),
        }
    }

    /// The labels it looks at, in order.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        let matches = match self {
            Outcome::Good(matches) | Outcome::Bad(matches) => Some(matches),
            Outcome::AllGood | Outcome::GoodIf(_) => None,
        };
        matches
            .into_iter()
            .flat_map(|m| m.keys().map(String::as_str))
    }
}
