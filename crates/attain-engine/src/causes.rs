//! What the bad events of a window were, in the data's words.
//!
//! Knows classes, thresholds and the units a budget is counted in. Knows neither goals nor windows; see judge.rs.

use std::collections::BTreeMap;

use attain_model::Class;
use attain_model::detail::Cause;

use crate::projection::{Fate, Projection, Why};

/// Bad events as they were counted, before they were made into time slices.
#[derive(Debug, Default)]
pub(crate) struct Causes {
    names: Vec<String>,
    bad: Vec<Bad>,
    is_sorted: bool,
}

/// Where events are judged: within the promise, or above the load of the so-manieth condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Home {
    Inside,
    Over(usize),
}

/// Bad events of one sort in one slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Bad {
    home: Home,
    slice: i64,
    name: usize,
    events: u64,
}

impl Causes {
    /// The number of a sort of events; `None` if they are good.
    pub(crate) fn sort(
        &mut self,
        projection: &Projection<'_>,
        class: &Class,
        fate: Fate,
    ) -> Option<usize> {
        let name = match fate {
            Fate::Good => return None,
            Fate::Bad => match projection.under() {
                Some(under) => format!("{under} or slower"),
                None => words(class, projection.class_labels()),
            },
            Fate::Unclear(Why::Untimed) => "not timed".to_owned(),
            Fate::Unclear(Why::BetweenBuckets) => "between buckets".to_owned(),
            Fate::Unclear(Why::NotKept) => "not kept".to_owned(),
        };
        Some(self.number(name))
    }

    pub(crate) fn add(&mut self, home: Home, slice: i64, name: usize, events: u64) {
        self.is_sorted = false;
        self.bad.push(Bad {
            home,
            slice,
            name,
            events,
        });
    }

    /// To be called when all are added.
    pub(crate) fn sorted(mut self) -> Self {
        self.bad.sort_unstable();
        self.is_sorted = true;
        self
    }

    fn number(&mut self, name: String) -> usize {
        let known = self.names.iter().position(|other| *other == name);
        known.unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        })
    }

    /// Bad events of a half-open range of slices, by sort.
    fn within(&self, home: Home, from: i64, to: i64) -> BTreeMap<&str, u64> {
        debug_assert!(self.is_sorted);
        let start = (self.bad).partition_point(|bad| (bad.home, bad.slice) < (home, from));
        let end = (self.bad).partition_point(|bad| (bad.home, bad.slice) < (home, to));
        let mut sorts: BTreeMap<&str, u64> = BTreeMap::new();
        for bad in &self.bad[start..end.max(start)] {
            let sum = sorts.entry(&self.names[bad.name]).or_default();
            *sum = sum.saturating_add(bad.events);
        }
        sorts
    }
}

/// Shares bad units out among the sorts of bad events that made them.
///
/// A unit is an event, and then each sort gets its own. Of a time slice each sort gets its share, rounded down, and the
/// most frequent one what is left: a slice that is bad as a whole is put down to it.
#[derive(Default)]
pub(crate) struct Shares {
    units: BTreeMap<String, u64>,
}

impl Shares {
    /// Adds the bad units of the half-open range of slices `from..to`; `otherwise` is why there may be bad units without
    /// a bad event.
    pub(crate) fn add(
        &mut self,
        causes: &Causes,
        (home, from, to): (Home, i64, i64),
        units: u64,
        otherwise: impl Fn() -> &'static str,
    ) {
        let sorts = causes.within(home, from, to);
        let total: u128 = sorts.values().map(|events| u128::from(*events)).sum();
        // Of equally frequent ones the first in the alphabet.
        let most = sorts
            .iter()
            .max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0)));
        let Some((most, _)) = most else {
            self.give(otherwise(), units);
            return;
        };
        let mut left = units;
        for (name, events) in &sorts {
            let share = u128::from(units) * u128::from(*events) / total.max(1);
            let share = u64::try_from(share).unwrap_or(u64::MAX).min(left);
            left -= share;
            self.give(name, share);
        }
        self.give(most, left);
    }

    fn give(&mut self, name: &str, units: u64) {
        if units > 0 {
            let sum = self.units.entry(name.to_owned()).or_default();
            *sum = sum.saturating_add(units);
        }
    }

    /// Most frequent first; equally frequent ones by name.
    pub(crate) fn finish(self) -> Vec<Cause> {
        let units = self.units.into_iter();
        let mut causes: Vec<Cause> = units.map(|(what, bad)| Cause { what, bad }).collect();
        causes.sort_by(|a, b| b.bad.cmp(&a.bad).then_with(|| a.what.cmp(&b.what)));
        causes
    }
}

/// `status=503`, `grpc_status=INTERNAL, method=Pay`; where all labels are absent, `without status`.
fn words(class: &Class, labels: &[String]) -> String {
    let text = class.as_str();
    if !text.is_empty() {
        return text.replace(Class::SEPARATOR, ", ");
    }
    if labels.is_empty() {
        return "bad".to_owned();
    }
    format!("without {}", labels.join(", "))
}
