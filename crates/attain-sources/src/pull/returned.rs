//! Counters that come back after longer than a slice's queries look back, or under other labels. To these they are new; they go
//! on from where they stood. Knows what [`Query::far`](super::Query::far) made of them; asks for few series, and only where some are new.

use std::ops::Range;

use super::Ask;
use super::api::{Api, Times, Trouble};
use super::relabelled::{self, GoneOn, New};
use super::resets::{Labels, nameless, only};
use crate::text::number::events;

/// Where series stood that seem to be new in a slice, though their instance is not.
#[derive(Default)]
pub(super) struct Returned {
    /// By slice and labels: where it stood, and the least that it says in the slice.
    stood: GoneOn,
}

impl Returned {
    /// Looks for them in some slices. What an API does not say of so long ago is taken for new.
    ///
    /// # Errors
    /// The API did not answer at all.
    pub(super) fn look(
        &mut self,
        api: &dyn Api,
        ask: &Ask,
        slices: &Range<i64>,
        times: Times,
    ) -> Result<(), Trouble> {
        let mut new = New::new();
        for line in times.ask(api, &ask.query.new_of_known(), slices)? {
            let labels = nameless(line.labels);
            for (time, value) in &line.points {
                let key = (times.slice_of(*time), labels.clone());
                new.extend(events(value).map(|least| (key, least)));
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        let series: Vec<&Labels> = new.keys().map(|(_, labels)| labels).collect();
        let query = ask.query.long_before_of(&only(&series, |_| true));
        let lines = match times.ask(api, &query, slices) {
            Ok(lines) => lines,
            Err(Trouble::Away(why)) => return Err(Trouble::Away(why)),
            Err(_) => Vec::new(),
        };
        for line in lines {
            let labels = nameless(line.labels);
            for (time, value) in &line.points {
                let key = (times.slice_of(*time), labels.clone());
                if let (Some(least), Some(stood)) = (new.remove(&key), events(value)) {
                    self.stood.insert(key, (stood, least));
                }
            }
        }
        self.stood
            .extend(relabelled::look(api, ask, slices, times, &new)?);
        Ok(())
    }

    /// Where a series stood.
    pub(super) fn stood(&self, slice: i64, labels: &Labels) -> Option<u64> {
        let known = self.stood.get(&(slice, labels.clone()));
        known.map(|(stood, _)| *stood)
    }

    /// What of an answer of [`Query::far`](super::Query::far) was counted before: it has them from zero on. One that has
    /// begun again since has.
    pub(super) fn counted_before(&self, ask: &Ask, slice: i64, labels: &Labels) -> u64 {
        let of_slice = self.stood.iter().filter(|((at, _), _)| *at == slice);
        let is_of_it = |own: &Labels| {
            let mut by = ask.query.by().iter();
            by.all(|label| {
                own.get(label).unwrap_or(&String::new())
                    == labels.get(label).unwrap_or(&String::new())
            })
        };
        of_slice
            .filter(|((_, own), (stood, least))| stood <= least && is_of_it(own))
            .fold(0, |sum, (_, (stood, _))| sum.saturating_add(*stood))
    }
}
