//! Whether a log says what was counted before from another one: the same lines, put together, cut or sorted anew.
//!
//! A file is known by its content, and such a log is another content. But it has as many events in each slice as were
//! counted there already, which two logs of real traffic do not. That is a guess, so that it is told and nothing more.

use std::collections::{BTreeMap, BTreeSet};

use attain_model::delivery::Delivery;
use attain_model::source::SourceKind;
use attain_model::{Catalogue, SourceId, StreamKey};
use attain_sources::Reading;

use crate::catalogue::shown;

/// Fewer slices are alike by chance.
const FEWEST_SLICES: usize = 20;
/// Traffic that is as regular as a clock is alike everywhere.
const FEWEST_SIZES: usize = 5;
/// Of a hundred slices so many must be alike.
const ALIKE_PERCENT: usize = 95;

/// Events of a stream by slice.
pub type BySlice = BTreeMap<i64, u64>;

/// See the module.
#[derive(Default)]
pub struct Again {
    /// By origin: slices in which both have events, and those of them that are alike.
    seen: BTreeMap<(SourceId, String), (usize, usize)>,
}

impl Again {
    /// Looks at the first delivery of an origin. `counted` gives what was counted before of a stream from a slice to another.
    pub fn look(
        &mut self,
        delivery: &Delivery,
        catalogue: &Catalogue,
        counted: impl FnOnce(&StreamKey, i64, i64) -> BySlice,
    ) {
        let origin = (delivery.source.clone(), delivery.origin.clone());
        let source = catalogue.sources.get(&delivery.source);
        let is_log = source.is_some_and(|source| matches!(source.kind, SourceKind::Log(_)));
        if !is_log || delivery.counted.is_empty() || self.seen.contains_key(&origin) {
            return;
        }
        let Some((stream, told)) = busiest(delivery) else {
            return;
        };
        // The first and the last slice may be told in part.
        let (Some(first), Some(last)) = (told.keys().next(), told.keys().next_back()) else {
            return;
        };
        let before = counted(stream, *first, *last + 1);
        let both = told.iter().filter_map(|(slice, events)| {
            let is_whole = slice != first && slice != last;
            let before = before
                .get(slice)
                .filter(|before| is_whole && **before > 0)?;
            Some((*events, *before))
        });
        let both: Vec<(u64, u64)> = both.collect();
        let alike = both.iter().filter(|(told, before)| told == before);
        let sizes: BTreeSet<u64> = alike.clone().map(|(told, _)| *told).collect();
        let alike = match sizes.len() >= FEWEST_SIZES {
            true => alike.count(),
            false => 0,
        };
        self.seen.insert(origin, (both.len(), alike));
    }

    /// A line for each file that seems to be counted twice now.
    pub fn notes(&self, reading: &Reading) -> Vec<String> {
        let mut notes = Vec::new();
        for ((source, origin), (both, alike)) in &self.seen {
            if *both < FEWEST_SLICES || alike * 100 < both * ALIKE_PERCENT {
                continue;
            }
            let files = reading.sources.get(source).map(|source| &source.files);
            let file = files.and_then(|files| files.iter().find(|file| file.origin == *origin));
            let name = file.map_or_else(|| source.to_string(), |file| shown(&file.path));
            notes.push(format!(
                "{name} has, in {alike} of {both} slices, exactly as many events as were counted there before from another file. If it \
                 is the same log, put together, cut or sorted anew, it counts twice now: restore a backup, or replay the logs into a \
                 new folder, each once"
            ));
        }
        notes
    }
}

/// The stream with the most events, by slice.
fn busiest(delivery: &Delivery) -> Option<(&StreamKey, BySlice)> {
    let mut streams: BTreeMap<&StreamKey, BySlice> = BTreeMap::new();
    for counted in &delivery.counted {
        let slices = streams.entry(&counted.stream).or_default();
        // Seconds, as a grid that is not asked for would have them.
        *slices.entry(counted.slice.as_second()).or_default() += counted.tally.total();
    }
    let events = |slices: &BySlice| slices.values().sum::<u64>();
    streams.into_iter().max_by_key(|(_, slices)| events(slices))
}
