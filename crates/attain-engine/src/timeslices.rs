//! Budgeting by time slices: from events to slices that are good or bad as a whole.
//!
//! Knows judged events per slice of the ledger. A slice stands in the last ledger slice it touches: it is not over
//! before that.

use std::ops::Range;

use attain_math::budget::slice_is_good;
use attain_model::slo::{Budgeting, MissingData, NoTraffic};

use crate::counts::Heard;
use crate::grid::Grid;
use crate::ranges::RangeSet;
use crate::series::Entry;

/// The most slices that are filled in where there is no traffic: three years of minutes.
const FILLED_AT_MOST: i64 = 3 * 366 * 1440;

/// A slice budgeted by ratio counts as so many units, the good share of them good: attainments and budgets of such an SLO
/// are counted in units, not in slices.
///
/// Rounded against ourselves, by less than a billionth of a slice.
pub const RATIO_UNITS: u64 = 1_000_000_000;

/// How time slices are judged.
pub(crate) struct Rule<'a> {
    pub(crate) budgeting: Budgeting,
    pub(crate) no_traffic: NoTraffic,
    pub(crate) missing_data: MissingData,
    pub(crate) heard: &'a Heard,
    /// Slices whose counts can no longer be read; not heard either, where that is known.
    pub(crate) damaged: &'a RangeSet<i64>,
    /// Slices outside the promise: there nothing is filled in.
    pub(crate) excluded: &'a RangeSet<i64>,
    pub(crate) grid: Grid,
}

impl Rule<'_> {
    /// Events as they are, or the time slices they make.
    ///
    /// `span` is from the first slice with data to the instant; `target_at` says what was promised in a slice;
    /// `set_aside` are slices of the ledger with traffic that is judged elsewhere, so that they are not empty.
    pub(crate) fn apply(
        &self,
        entries: Vec<Entry>,
        span: Range<i64>,
        target_at: impl Fn(i64) -> Option<u32>,
        set_aside: &[i64],
    ) -> Vec<Entry> {
        let (length, good_at) = match self.budgeting {
            Budgeting::Occurrences => return entries,
            Budgeting::Timeslices { slice, good_at } => (slice, Some(good_at.ppb())),
            Budgeting::RatioTimeslices { slice } => (slice, None),
        };
        let length = self.grid.slices(length.as_secs());
        let mut slices = group(entries, length);
        self.fill(&mut slices, length, span, target_at, set_aside);
        slices
            .into_iter()
            .map(|entry| weigh(entry, length, good_at))
            .collect()
    }

    /// Adds slices without traffic where they count.
    fn fill(
        &self,
        slices: &mut Vec<Entry>,
        length: i64,
        span: Range<i64>,
        target_at: impl Fn(i64) -> Option<u32>,
        set_aside: &[i64],
    ) {
        let is_quiet_counted = self.no_traffic != NoTraffic::Exclude;
        let is_missing_counted = self.missing_data == MissingData::Bad;
        if !is_quiet_counted && !is_missing_counted {
            return;
        }
        let busy: std::collections::BTreeSet<i64> = slices
            .iter()
            .map(|entry| entry.slice)
            .chain(set_aside.iter().map(|slice| slice.div_euclid(length)))
            .collect();
        let end = span.end.div_euclid(length);
        let start = span.start.div_euclid(length).max(end - FILLED_AT_MOST);
        for slice in (start..end).filter(|slice| !busy.contains(slice)) {
            let first = slice * length;
            let range = first..first + length;
            if self.excluded.contains(&range) {
                continue;
            }
            let missing = match self.heard {
                Heard::Slices(heard) => !heard.overlaps(&range),
                Heard::NotKnown | Heard::Never => self.damaged.contains(&range),
            };
            let good = match (missing, self.no_traffic) {
                (true, _) if is_missing_counted => 0,
                (false, NoTraffic::Good) => 1,
                (false, NoTraffic::Bad) => 0,
                _ => continue,
            };
            slices.push(Entry {
                slice,
                good,
                bad: 1 - good,
                uncertain: 0,
                target_ppb: target_at(first),
            });
        }
    }
}

/// Adds up ledger slices into time slices; their index is that of the time slice.
fn group(mut entries: Vec<Entry>, length: i64) -> Vec<Entry> {
    entries.sort_by_key(|entry| entry.slice);
    let mut slices: Vec<Entry> = Vec::new();
    for entry in entries {
        let slice = entry.slice.div_euclid(length);
        match slices.last_mut() {
            Some(last) if last.slice == slice => {
                last.good = last.good.saturating_add(entry.good);
                last.bad = last.bad.saturating_add(entry.bad);
                last.uncertain = last.uncertain.saturating_add(entry.uncertain);
                last.target_ppb = entry.target_ppb;
            }
            _ => slices.push(Entry { slice, ..entry }),
        }
    }
    slices
}

/// Turns a time slice into one unit (or billionths of one) in its last ledger slice.
fn weigh(entry: Entry, length: i64, good_at: Option<u32>) -> Entry {
    let total = entry.good.saturating_add(entry.bad);
    let (good, unit) = match good_at {
        Some(good_at) => {
            let is_good = slice_is_good(entry.good, total, good_at).unwrap_or(false);
            (u64::from(is_good), 1)
        }
        None => {
            let units = u128::from(entry.good) * u128::from(RATIO_UNITS) / u128::from(total.max(1));
            (u64::try_from(units).unwrap_or(0), RATIO_UNITS)
        }
    };
    // With the unclear ones good, would the slice be?
    let could = entry.good.saturating_add(entry.uncertain);
    let uncertain = match good_at {
        Some(good_at) => u64::from(good == 0 && slice_is_good(could, total, good_at) == Some(true)),
        None => {
            let units = u128::from(could) * u128::from(RATIO_UNITS) / u128::from(total.max(1));
            u64::try_from(units).unwrap_or(0).saturating_sub(good)
        }
    };
    Entry {
        slice: entry.slice * length + length - 1,
        good,
        bad: unit - good.min(unit),
        uncertain,
        ..entry
    }
}
