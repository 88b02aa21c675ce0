//! Counters that began again in a way that no query can add up: their samples are fetched, and what the queries left out is
//! added. Knows what [`Query::risen`](super::Query::risen) and [`Query::far`](super::Query::far) made of them.
//!
//! Few series are hard: a process that crashes twice within a minute, or counts more within seconds than before. Only they
//! are fetched, and only around the slice.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::api::{Api, Line, Times, Trouble, runs};
use super::query::{NEAR, Only};
use super::returned::Returned;
use super::{Answers, Ask};
use crate::text::number::events;

/// Raw samples are many: so many slices are asked for at once.
const SLICES_AT_ONCE: i64 = 30;

/// Values of a label that are written into a question; a label with more of them tells nothing apart.
const VALUES_AT_MOST: usize = 20;

/// The labels of a series, without its name.
pub(super) type Labels = BTreeMap<String, String>;

/// Series, and the slices in which they are hard.
type Hard = BTreeMap<Labels, BTreeSet<i64>>;

/// Takes what the queries left out of some slices. A slice whose samples cannot be had is broken: how much is missing of it is
/// not known.
///
/// # Errors
/// The API did not answer at all.
pub(super) fn complete(
    api: &dyn Api,
    ask: &Ask,
    slices: &Range<i64>,
    times: Times,
    returned: &Returned,
    answers: &mut Answers<'_>,
) -> Result<(), Trouble> {
    let mut hard = Hard::new();
    for line in times.ask(api, &ask.query.hard(), slices)? {
        let slices: Vec<i64> = times.slices_of(&line).collect();
        let of_series = hard.entry(nameless(line.labels)).or_default();
        of_series.extend(slices);
    }
    let all: BTreeSet<i64> = hard.values().flatten().copied().collect();
    for run in runs(&all) {
        let mut start = run.start;
        while start < run.end {
            let end = (start + SLICES_AT_ONCE).min(run.end);
            stretch(api, ask, (&hard, returned), start..end, times, answers)?;
            start = end;
        }
    }
    Ok(())
}

fn stretch(
    api: &dyn Api,
    ask: &Ask,
    (hard, returned): (&Hard, &Returned),
    slices: Range<i64>,
    times: Times,
    answers: &mut Answers<'_>,
) -> Result<(), Trouble> {
    let series: Vec<&Labels> = (hard.iter())
        .filter(|(_, hard_in)| hard_in.range(slices.clone()).next().is_some())
        .map(|(labels, _)| labels)
        .collect();
    let count = slices.end - slices.start;
    let length = times.length * u32::try_from(count).unwrap_or(1) + NEAR;
    let query = ask.query.samples_of(&only(&series, |_| true), length);
    let lines = match api.samples(&query, times.time_of(slices.end - 1)) {
        Ok(lines) => lines,
        Err(Trouble::Away(why)) => return Err(Trouble::Away(why)),
        Err(Trouble::TooMuch(_)) if count > 1 => {
            let middle = slices.start + count / 2;
            let hard = (hard, returned);
            stretch(api, ask, hard, slices.start..middle, times, answers)?;
            return stretch(api, ask, hard, middle..slices.end, times, answers);
        }
        Err(why) => {
            for slice in slices {
                let why = format!("{} began again, and its samples: {why}", ask.metric);
                answers.broken(slice, why);
            }
            return Ok(());
        }
    };
    let lines: Vec<Line> = lines
        .into_iter()
        .map(|line| Line {
            labels: nameless(line.labels),
            points: line.points,
        })
        .collect();
    for slice in slices {
        let known = far_back(api, ask, &lines, hard, slice, times)?;
        for line in &lines {
            if !(hard.get(&line.labels)).is_some_and(|hard_in| hard_in.contains(&slice)) {
                continue;
            }
            let window = Window::of(line, slice, times);
            let missing = match window.before {
                Some(before) => window.left_out_near(before),
                None => match known.before(&line.labels, || returned.stood(slice, &line.labels)) {
                    Some(before) => window.left_out_far(before),
                    None => window.left_out_new(),
                },
            };
            if missing > 0 {
                // As the queries say it, so that it adds up with them.
                let mut labels = line.labels.clone();
                labels.retain(|label, _| ask.query.by().contains(label));
                answers.take(ask, &labels, slice, &missing.to_string());
            }
        }
    }
    Ok(())
}

/// What is known of the time before a slice.
#[derive(Default)]
struct Known {
    series: BTreeMap<Labels, u64>,
    instances: BTreeSet<[Option<String>; 2]>,
}

impl Known {
    /// What a series counted from; `None` if nobody saw where. It may have stood somewhere long ago.
    fn before(&self, labels: &Labels, long_ago: impl FnOnce() -> Option<u64>) -> Option<u64> {
        let is_known = || self.instances.contains(&instance_of(labels)).then_some(0);
        let lately = self.series.get(labels).copied();
        lately.or_else(long_ago).or_else(is_known)
    }
}

fn instance_of(labels: &Labels) -> [Option<String>; 2] {
    ["job", "instance"].map(|label| labels.get(label).cloned())
}

/// Looks far back for the series that said nothing shortly before; asks nothing if there are none.
fn far_back(
    api: &dyn Api,
    ask: &Ask,
    lines: &[Line],
    hard: &Hard,
    slice: i64,
    times: Times,
) -> Result<Known, Trouble> {
    let silent: Vec<&Labels> = (lines.iter())
        .filter(|line| (hard.get(&line.labels)).is_some_and(|hard_in| hard_in.contains(&slice)))
        .filter(|line| Window::of(line, slice, times).before.is_none())
        .map(|line| &line.labels)
        .collect();
    if silent.is_empty() {
        return Ok(Known::default());
    }
    // Another series of the same instance is enough.
    let only = only(&silent, |label| label == "job" || label == "instance");
    let mut known = Known::default();
    for line in times.ask(api, &ask.query.before_of(&only), &(slice..slice + 1))? {
        let labels = nameless(line.labels);
        known.instances.insert(instance_of(&labels));
        if let Some(value) = line.points.last().and_then(|(_, value)| events(value)) {
            known.series.insert(labels, value);
        }
    }
    if let Some(young) = ask.query.young() {
        let lines = times.ask(api, &young, &(slice..slice + 1))?.into_iter();
        let instances = lines.map(|line| instance_of(&nameless(line.labels)));
        known.instances.extend(instances);
    }
    Ok(known)
}

/// What one series said in a slice, and last before it.
struct Window {
    before: Option<u64>,
    values: Vec<u64>,
}

impl Window {
    fn of(line: &Line, slice: i64, times: Times) -> Self {
        let end = times.time_of(slice).as_millisecond();
        let start = end - times.milliseconds;
        let near = start - i64::try_from(NEAR.as_millis()).unwrap_or(0);
        let (mut before, mut values) = (None, Vec::new());
        for (time, value) in &line.points {
            let (time, value) = (time.as_millisecond(), events(value));
            if (near..=start).contains(&time) {
                before = value.or(before);
            } else if (start + 1..=end).contains(&time) {
                values.extend(value);
            }
        }
        Self { before, values }
    }

    /// What was counted, less what [`Query::risen`](super::Query::risen) has of it.
    fn left_out_near(&self, before: u64) -> u64 {
        let Some(now) = self.values.last().copied() else {
            return 0;
        };
        let peak = self.values.iter().copied().max().unwrap_or(now);
        let taken = match now.checked_sub(before) {
            _ if peak > now && peak >= before => (peak - before).saturating_add(now),
            None => now,
            Some(risen) => risen,
        };
        self.exactly(before).saturating_sub(taken)
    }

    /// What was counted, less what [`Query::far`](super::Query::far) has of it.
    fn left_out_far(&self, before: u64) -> u64 {
        let Some(now) = self.values.last().copied() else {
            return 0;
        };
        let least = self.values.iter().copied().min().unwrap_or(now);
        let taken = if before <= least { now - before } else { now };
        self.exactly(before).saturating_sub(taken)
    }

    /// The same of a series of which nobody saw where it began: its first sample is a baseline.
    fn left_out_new(&self) -> u64 {
        let (Some(first), Some(now)) = (self.values.first(), self.values.last()) else {
            return 0;
        };
        let least = self.values.iter().min().unwrap_or(now);
        self.exactly(*first).saturating_sub(now - least)
    }

    /// A value that is lower than the one before it began again at zero.
    fn exactly(&self, before: u64) -> u64 {
        let (mut sum, mut last) = (0_u64, before);
        for value in &self.values {
            sum = sum.saturating_add(value.checked_sub(last).unwrap_or(*value));
            last = *value;
        }
        sum
    }
}

/// By which values of which labels some series are selected, and few others.
pub(super) fn only(series: &[&Labels], may: impl Fn(&str) -> bool) -> Only {
    let mut only = Only::new();
    let labels: BTreeSet<&String> = series.iter().flat_map(|labels| labels.keys()).collect();
    // Names beyond these are written differently from version to version.
    let is_plain = |label: &str| {
        label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    for label in labels
        .into_iter()
        .filter(|label| is_plain(label) && may(label))
    {
        let value = |labels: &&Labels| labels.get(label).cloned().unwrap_or_default();
        let values: BTreeSet<String> = series.iter().map(value).collect();
        if values.len() <= VALUES_AT_MOST {
            only.insert(label.clone(), values);
        }
    }
    only
}

pub(super) fn nameless(mut labels: Labels) -> Labels {
    labels.remove("__name__");
    labels
}
