//! Counters that go on under other labels, as when a Prometheus is reloaded with another external label. To the queries they
//! are new, of an instance that is known, and would count from zero: their whole life once more.
//!
//! A series that is really new stands beside others of its process: at the scrape that it comes with, they are there, too. One
//! that goes on comes when all like it have ended, differs from one of these in few labels that nobody counts by, and says no
//! less than that did. Knows samples of few series, and asks for them only where at least half of a process is new at once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Ask;
use super::api::{Api, Times, Trouble};
use super::query::NEAR;
use super::resets::{Labels, nameless, only};
use crate::text::number::events;

/// Series that seem to be new, by slice, and the least that each says there.
pub(super) type New = BTreeMap<(i64, Labels), u64>;

/// The same: where each stood under other labels, and the least that it says.
pub(super) type GoneOn = BTreeMap<(i64, Labels), (u64, u64)>;

/// Labels in which two series differ.
type Differing = BTreeSet<String>;

/// Where those of some that seem new stood last under other labels, and the least that they say. What an API does not say is
/// taken for new.
///
/// # Errors
/// The API did not answer at all.
pub(super) fn look(
    api: &dyn Api,
    ask: &Ask,
    slices: &Range<i64>,
    times: Times,
    new: &New,
) -> Result<GoneOn, Trouble> {
    let kin = Kin::of(ask);
    let mut found = GoneOn::new();
    let mut news: BTreeMap<(i64, Labels), u64> = BTreeMap::new();
    for (slice, labels) in new.keys() {
        *news.entry((*slice, kin.key(labels))).or_default() += 1;
    }
    if news.is_empty() {
        return Ok(found);
    }
    let mut changed: BTreeMap<i64, BTreeSet<Labels>> = BTreeMap::new();
    for line in unless_refused(times.ask(api, &ask.query.there_before(&kin.labels), slices))? {
        let key = kin.key(&line.labels);
        for (time, value) in &line.points {
            let slice = times.slice_of(*time);
            let there = events(value).unwrap_or(u64::MAX);
            if (news.get(&(slice, key.clone()))).is_some_and(|new| new.saturating_mul(2) >= there) {
                changed.entry(slice).or_default().insert(key.clone());
            }
        }
    }
    for (slice, keys) in changed {
        let of: Vec<&Labels> = keys.iter().collect();
        let query = ask
            .query
            .samples_of(&only(&of, |_| true), times.length + NEAR);
        let mut all: BTreeMap<Labels, Vec<Series>> = BTreeMap::new();
        for line in unless_refused(api.samples(&query, times.time_of(slice)))? {
            let labels = nameless(line.labels);
            let points = line.points.iter();
            let points: Vec<(i64, u64)> = points
                .filter_map(|(time, value)| Some((time.as_millisecond(), events(value)?)))
                .collect();
            let least = new.get(&(slice, labels.clone())).copied();
            let series = Series {
                labels,
                points,
                least,
            };
            all.entry(kin.key(&series.labels)).or_default().push(series);
        }
        for key in keys {
            for (labels, stood) in gone_on(all.get(&key).map_or(&[], Vec::as_slice)) {
                found.insert((slice, labels), stood);
            }
        }
    }
    Ok(found)
}

/// Nothing, where the question was refused.
fn unless_refused<T: Default>(answer: Result<T, Trouble>) -> Result<T, Trouble> {
    match answer {
        Err(Trouble::Away(why)) => Err(Trouble::Away(why)),
        answer => Ok(answer.unwrap_or_default()),
    }
}

/// What series of one process have in common that count as the same.
struct Kin {
    labels: Vec<String>,
}

impl Kin {
    fn of(ask: &Ask) -> Self {
        let by = ask.query.by().iter().map(String::as_str);
        let labels: BTreeSet<&str> = by.chain(["job", "instance"]).collect();
        Self {
            labels: labels.into_iter().map(str::to_owned).collect(),
        }
    }

    /// A label that is absent is left out.
    fn key(&self, labels: &Labels) -> Labels {
        let own = self.labels.iter();
        own.filter_map(|label| Some((label.clone(), labels.get(label)?.clone())))
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }
}

/// One series around a slice.
struct Series {
    labels: Labels,
    /// Milliseconds and values, ascending.
    points: Vec<(i64, u64)>,
    /// The least that it says in the slice, if it seems to be new.
    least: Option<u64>,
}

/// Of series of one process that count as the same: those that go on under other labels, where they stood, and the least that
/// they say.
fn gone_on(all: &[Series]) -> Vec<(Labels, (u64, u64))> {
    let last_of_known = (all.iter().filter(|series| series.least.is_none()))
        .filter_map(|series| series.points.last())
        .map(|(time, _)| *time)
        .max();
    let mut pairs: Vec<(Differing, u64, usize, usize)> = Vec::new();
    for (index, new) in all.iter().enumerate() {
        let (Some(least), Some((first, _))) = (new.least, new.points.first()) else {
            continue;
        };
        // They are still there: it was born beside them.
        if last_of_known.is_none_or(|last| last >= *first) {
            continue;
        }
        for (other, old) in all.iter().enumerate() {
            let (None, Some((_, stood))) = (old.least, old.points.last()) else {
                continue;
            };
            if *stood <= least {
                let differing = differing(&new.labels, &old.labels);
                pairs.push((differing, *stood, index, other));
            }
        }
    }
    // What differs least, and of these what stood highest: the others ended before.
    pairs.sort_by_key(|(differing, stood, ..)| (differing.len(), std::cmp::Reverse(*stood)));
    let Some(changed) = pairs.first().map(|(differing, ..)| differing.clone()) else {
        return Vec::new();
    };
    let (mut taken, mut gone_on) = (BTreeSet::new(), BTreeMap::new());
    // All of a process are relabelled alike.
    for (_, stood, new, old) in pairs.into_iter().filter(|pair| pair.0 == changed) {
        if !gone_on.contains_key(&new) && taken.insert(old) {
            gone_on.insert(new, stood);
        }
    }
    let with = |(new, stood): (usize, u64)| {
        let series: &Series = &all[new];
        (series.labels.clone(), (stood, series.least.unwrap_or(0)))
    };
    gone_on.into_iter().map(with).collect()
}

fn differing(one: &Labels, other: &Labels) -> Differing {
    let names = one.keys().chain(other.keys());
    names
        .filter(|name| one.get(*name) != other.get(*name))
        .cloned()
        .collect()
}
