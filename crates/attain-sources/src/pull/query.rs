//! PromQL for the increments of a stream, slice by slice. Knows selectors and the shape of a query; asks nobody.
//!
//! A slice ends one millisecond before its end, so that a sample at its very end belongs to the next one. The last sample
//! inside the slice less the last one before it: slices telescope, as no sample is left out and none is used twice. Both
//! are read with `last_over_time`, which sees what a series said before it went stale.
//!
//! A counter that began again within the slice stood at its highest right before: from the last sample before the slice up
//! to there, and what it has counted since. That holds for one new beginning that left it under its peak; the others are
//! [`Query::hard`], and pull/resets.rs adds what is missing from their samples.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use attain_model::selector::{Match, Selector};

/// How far back the sample before a slice is looked for at first, which is cheap.
pub(super) const NEAR: Duration = Duration::from_secs(300);
/// How far back it is looked for where a series has none that near: it was silent, or it is new.
const FAR: Duration = Duration::from_secs(86_400);
/// How far back it is looked for where one is new to that, and its instance is not: few series.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// Labels, each with the values of which a series has one.
pub(super) type Only = BTreeMap<String, BTreeSet<String>>;

/// What is selected of one metric, and by which labels it is told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// What somebody wrote; then there is nothing else.
    written: Option<String>,
    selector: String,
    by: Vec<String>,
    slice: Duration,
    /// The metric that says when processes began, as a selector.
    started: Option<String>,
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
            slice,
            started: None,
        }
    }

    /// A metric says when processes began.
    pub(crate) fn with_started(mut self, metric: Option<&str>) -> Self {
        self.started = metric.map(|metric| format!("{{__name__={}}}", quoted(metric)));
        self
    }

    /// A query that somebody wrote, whose range is the slice.
    pub(crate) fn written_as(text: &str) -> Self {
        Self {
            written: Some(text.to_owned()),
            selector: String::new(),
            by: Vec::new(),
            slice: Duration::ZERO,
            started: None,
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

    /// How many series said nothing shortly before the slice, or began again: where there are none, [`Query::near`] is all
    /// there is to know.
    #[must_use]
    pub fn unusual(&self) -> String {
        let (now, before) = (self.now(), self.before(NEAR));
        let (until_now, until_before) = (self.resets_until_now(), self.resets_until_before());
        format!("count(({now} unless {before}) or ({until_now} > {until_before}))")
    }

    /// The labels by which answers are told apart.
    pub(super) fn by(&self) -> &[String] {
        &self.by
    }

    /// The increments of series that said something shortly before the slice and did not begin again.
    #[must_use]
    pub fn near(&self) -> String {
        self.sum(&format!("{} - {}", self.now(), self.before(NEAR)))
    }

    /// The increments of series that said something shortly before the slice, whether they began again or not.
    #[must_use]
    pub fn risen(&self) -> String {
        let (now, before, peak) = (self.now(), self.before(NEAR), self.over("max_over_time"));
        self.sum(&format!(
            "((({peak} > {now}) - {before}) >= 0) + {now} or ({now} < {before}) or ({now} - {before})"
        ))
    }

    /// The series of which [`Query::risen`] and [`Query::far`] cannot say all: those that began again twice in the slice, or
    /// have grown beyond their peak since, or were silent before and began again.
    #[must_use]
    pub fn hard(&self) -> String {
        let (now, before, peak) = (self.now(), self.before(NEAR), self.over("max_over_time"));
        let (until_now, until_before) = (self.resets_until_now(), self.resets_until_before());
        let resets = format!("({until_now} - {until_before})");
        let inside = self.over("resets");
        format!(
            "({resets} > 1) or ((({resets} > 0) and ({now} >= {before})) unless ({peak} > {now})) or (({inside} > 0) unless \
             {before})"
        )
    }

    /// How many series said nothing shortly before the slice: where there are any, [`Query::far`] is asked, too.
    #[must_use]
    pub fn absent(&self) -> String {
        format!("count({} unless {})", self.now(), self.before(NEAR))
    }

    /// The increments of the series that [`Query::absent`] is about: one that was silent is caught up, and one that is new
    /// counts from zero if its instance was seen before, or its process began a moment ago; else from its first sample.
    #[must_use]
    pub fn far(&self) -> String {
        let now = format!("({} unless {})", self.now(), self.before(NEAR));
        let (before, least) = (self.before(FAR), self.over("min_over_time"));
        let young = self
            .young()
            .map(|young| format!(" or ({now} and on (job, instance) {young})"));
        self.sum(&format!(
            "({now} - ({before} <= {least})) or ({now} and {before}) or ({now} and on (job, instance) {before}){} or ({now} - \
             {least})",
            young.unwrap_or_default()
        ))
    }

    /// First values of series whose instance was not seen before either: at most so many events are missing.
    #[must_use]
    pub fn unborn(&self) -> String {
        let (least, before) = (self.over("min_over_time"), self.before(FAR));
        let young = self
            .young()
            .map(|young| format!(" unless on (job, instance) {young}"));
        let young = young.unwrap_or_default();
        self.sum(&format!(
            "{least} unless on (job, instance) {before}{young}"
        ))
    }

    /// The least that series say in the slice which are new, though their instance and its process are not: [`Query::far`]
    /// has them from zero on.
    pub(super) fn new_of_known(&self) -> String {
        let (least, before) = (self.over("min_over_time"), self.before(FAR));
        let young = self
            .young()
            .map(|young| format!(" unless on (job, instance) {young}"));
        let young = young.unwrap_or_default();
        format!("({least} unless {before}) and on (job, instance) {before}{young}")
    }

    /// How many series said something shortly before the slice, by some labels.
    pub(super) fn there_before(&self, by: &[String]) -> String {
        format!("count by ({}) ({})", by.join(", "), self.before(NEAR))
    }

    /// What series said last before the slice, as far back as anybody looks: of those with one of some labels' values.
    pub(super) fn long_before_of(&self, only: &Only) -> String {
        let (longest, slice) = (LONGEST.as_secs(), self.slice.as_secs());
        let selector = self.narrowed(only);
        format!("last_over_time({selector}[{longest}s] offset {slice}s)")
    }

    /// The processes that began shortly before the slice or in it.
    ///
    /// An older one that was not seen before may have been counted by whoever was asked before: an API whose disk is new has
    /// forgotten all of them.
    pub(super) fn young(&self) -> Option<String> {
        let (started, reach) = (
            self.started.as_ref()?,
            NEAR.saturating_add(self.slice).as_secs(),
        );
        Some(format!(
            "(last_over_time({started}[{reach}s]) > time() - {reach})"
        ))
    }

    /// What series said last before the slice, however far back, as they are: of those with one of some labels' values.
    pub(super) fn before_of(&self, only: &Only) -> String {
        let (far, slice) = (FAR.as_secs(), self.slice.as_secs());
        let selector = self.narrowed(only);
        format!("last_over_time({selector}[{far}s] offset {slice}s)")
    }

    /// The samples of so long, as they are: of series with one of some labels' values.
    pub(super) fn samples_of(&self, only: &Only, length: Duration) -> String {
        format!("{}[{}s]", self.narrowed(only), length.as_secs())
    }

    /// The samples of a gauge in a slice, as they are.
    #[must_use]
    pub fn samples(&self, length: Duration) -> String {
        format!("{}[{}s]", self.selector, length.as_secs())
    }

    fn now(&self) -> String {
        self.over("last_over_time")
    }

    /// A function over the slice.
    fn over(&self, function: &str) -> String {
        format!("{function}({}[{}s])", self.selector, self.slice.as_secs())
    }

    fn before(&self, how_far: Duration) -> String {
        let (far, slice) = (how_far.as_secs(), self.slice.as_secs());
        format!("last_over_time({}[{far}s] offset {slice}s)", self.selector)
    }

    /// Invariant: this and the next look back to the same instant, so that their difference is how often a series began
    /// again since the last sample before the slice.
    fn resets_until_now(&self) -> String {
        let reach = NEAR.saturating_add(self.slice).as_secs();
        format!("resets({}[{reach}s])", self.selector)
    }

    fn resets_until_before(&self) -> String {
        let (near, slice) = (NEAR.as_secs(), self.slice.as_secs());
        format!("resets({}[{near}s] offset {slice}s)", self.selector)
    }

    fn narrowed(&self, only: &Only) -> String {
        let mut selector = self.selector.trim_end_matches('}').to_owned();
        for (label, values) in only {
            let any: Vec<String> = values.iter().map(|value| regex::escape(value)).collect();
            let _ = write!(selector, ",{label}=~{}", quoted(&any.join("|")));
        }
        selector + "}"
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
            "sum by (segment, code) (last_over_time({__name__=\"x\"}[60s]) - last_over_time({__name__=\"x\"}[300s] offset \
             60s))"
        );
        assert!(query.unusual().ends_with(
            "(resets({__name__=\"x\"}[360s]) > resets({__name__=\"x\"}[300s] offset 60s)))"
        ));
        assert!(query.far().contains("on (job, instance)"));
        assert!(query.unborn().contains("unless on (job, instance)"));
        assert!(query.absent().starts_with("count("));
    }

    #[test]
    fn few_series_are_asked_for_by_the_values_of_their_labels() {
        let query = Query::new("x", &Selector::default(), None, Vec::new(), NEAR);
        let values = ["10.0.0.1:80", "b\""].map(str::to_owned);
        let only = Only::from([("instance".to_owned(), BTreeSet::from(values))]);
        assert_eq!(
            query.samples_of(&only, NEAR),
            r#"{__name__="x",instance=~"10\\.0\\.0\\.1:80|b\""}[300s]"#
        );
    }
}
