//! PromQL for the increments of a stream, slice by slice. Knows selectors and the shape of a query; asks nobody.
//!
//! A slice ends one millisecond before its end, so that a sample at its very end belongs to the next one. The last sample
//! inside the slice less the last one before it: slices telescope, as no sample is left out and none is used twice. Both
//! are read with `last_over_time`, which sees what a series said before it went stale.

use std::fmt::Write as _;
use std::time::Duration;

use attain_model::selector::{Match, Selector};

/// How far back the sample before a slice is looked for at first, which is cheap.
const NEAR: &str = "5m";
/// How far back it is looked for where a series has none that near: it was silent, or it is new.
const FAR: &str = "1d";

/// What is selected of one metric, and by which labels it is told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// What somebody wrote; then there is nothing else.
    written: Option<String>,
    selector: String,
    by: Vec<String>,
    slice: String,
}

impl Query {
    pub(crate) fn new(
        metric: &str,
        selector: &Selector,
        services: Option<(&str, &[String])>,
        by: Vec<String>,
        slice: Duration,
    ) -> Self {
        Self {
            written: None,
            selector: selected(metric, selector, services),
            by,
            slice: format!("{}s", slice.as_secs()),
        }
    }

    /// A query that somebody wrote, whose range is the slice.
    pub(crate) fn written_as(text: &str) -> Self {
        Self {
            written: Some(text.to_owned()),
            selector: String::new(),
            by: Vec::new(),
            slice: String::new(),
        }
    }

    /// A query that somebody wrote, to be asked as it is at the end of each slice.
    #[must_use]
    pub fn written(&self) -> Option<&str> {
        self.written.as_deref()
    }

    /// What is selected, as PromQL: `{__name__="…",…}`.
    #[must_use]
    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// The increments of series that said something shortly before the slice.
    #[must_use]
    pub fn near(&self) -> String {
        let (now, before) = (self.now(), self.before(NEAR));
        self.sum(&format!("({now} - {before}) >= 0 or ({now} and {before})"))
    }

    /// How many series said nothing shortly before the slice: where there are any, [`Query::far`] is asked instead.
    #[must_use]
    pub fn absent(&self) -> String {
        format!("count({} unless {})", self.now(), self.before(NEAR))
    }

    /// The increments of all series: one that was silent is caught up, and one that is new counts from zero if its
    /// instance was seen before.
    #[must_use]
    pub fn far(&self) -> String {
        let (now, before) = (self.now(), self.before(FAR));
        self.sum(&format!(
            "({now} - {before}) >= 0 or ({now} and {before}) or ({now} and on (job, instance) {before})"
        ))
    }

    /// First values of series whose instance was not seen before either: at most so many events are missing.
    #[must_use]
    pub fn unborn(&self) -> String {
        let (now, before) = (self.now(), self.before(FAR));
        self.sum(&format!("{now} unless on (job, instance) {before}"))
    }

    /// The samples of a gauge in a slice, as they are.
    #[must_use]
    pub fn samples(&self, length: Duration) -> String {
        format!("{}[{}s]", self.selector, length.as_secs())
    }

    fn now(&self) -> String {
        format!("last_over_time({}[{}])", self.selector, self.slice)
    }

    fn before(&self, how_far: &str) -> String {
        format!(
            "last_over_time({}[{how_far}] offset {})",
            self.selector, self.slice
        )
    }

    fn sum(&self, of: &str) -> String {
        format!("sum by ({}) ({of})", self.by.join(", "))
    }
}

/// `metric{label="value",…}`.
pub(super) fn selected(
    metric: &str,
    selector: &Selector,
    services: Option<(&str, &[String])>,
) -> String {
    let mut matchers = vec![format!("__name__={}", quoted(metric))];
    for (label, value) in &selector.only {
        matchers.push(matcher(label, value, true));
    }
    for (label, value) in &selector.except {
        matchers.push(matcher(label, value, false));
    }
    if let Some((label, values)) = services
        && !values.is_empty()
    {
        let any: Vec<String> = values.iter().map(|value| regex::escape(value)).collect();
        matchers.push(format!("{label}=~{}", quoted(&any.join("|"))));
    }
    format!("{{{}}}", matchers.join(","))
}

pub(super) fn matcher(label: &str, value: &Match, holds: bool) -> String {
    let (exactly, matching) = if holds { ("=", "=~") } else { ("!=", "!~") };
    match value {
        Match::Exact(text) => format!("{label}{exactly}{}", quoted(text)),
        Match::Absent => format!("{label}{exactly}\"\""),
        other => format!("{label}{matching}{}", quoted(&expression(other))),
    }
}

/// What a value must be, as a regular expression that is anchored at both ends.
fn expression(value: &Match) -> String {
    match value {
        Match::Exact(text) => regex::escape(text),
        Match::Class(digit) => format!("{digit}.."),
        Match::Pattern(pattern) => pattern.as_str().to_owned(),
        Match::AnyOf(any) => {
            let any: Vec<String> = any.iter().map(expression).collect();
            any.join("|")
        }
        Match::Absent => String::new(),
    }
}

/// A string of PromQL.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(character);
            }
            '\n' => quoted.push_str("\\n"),
            control if control.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use attain_model::selector::Pattern;

    use super::*;

    #[test]
    fn a_selector_becomes_matchers() {
        let selector = Selector {
            only: BTreeMap::from([
                ("route".to_owned(), Match::Exact("/a\"b\\".to_owned())),
                (
                    "env".to_owned(),
                    Match::Pattern(Pattern::new("prod.*").unwrap()),
                ),
            ]),
            except: BTreeMap::from([(
                "code".to_owned(),
                Match::AnyOf(vec![Match::Class('4'), Match::Exact("5.0".to_owned())]),
            )]),
        };
        let services = ["a.b".to_owned(), "c".to_owned()];
        assert_eq!(
            selected(
                "http_requests_total",
                &selector,
                Some(("service", &services))
            ),
            r#"{__name__="http_requests_total",env=~"prod.*",route="/a\"b\\",code!~"4..|5\\.0",service=~"a\\.b|c"}"#
        );
    }

    #[test]
    fn queries_read_what_is_inside_the_slice_and_what_was_before_it() {
        let by = vec!["segment".to_owned(), "code".to_owned()];
        let slice = Duration::from_secs(60);
        let query = Query::new("x", &Selector::default(), None, by, slice);
        assert_eq!(
            query.near(),
            "sum by (segment, code) ((last_over_time({__name__=\"x\"}[60s]) - \
             last_over_time({__name__=\"x\"}[5m] offset 60s)) >= 0 or (last_over_time({__name__=\"x\"}[60s]) and \
             last_over_time({__name__=\"x\"}[5m] offset 60s)))"
        );
        assert!(query.far().contains("on (job, instance)"));
        assert!(query.unborn().contains("unless on (job, instance)"));
        assert!(query.absent().starts_with("count("));
    }
}
