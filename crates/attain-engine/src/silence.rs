//! Silence within windows: when nothing was heard although data had begun, said once per source.
//!
//! Knows when sources and streams were heard. Knows no goal, and not the time before the first data: that is not yet.

use std::collections::BTreeMap;

use attain_model::{Gap, GapReason, SourceId, Stream};

use crate::counts::{Counts, Heard};
use crate::grid::Grid;
use crate::look::Looked;
use crate::ranges::RangeSet;

/// The most silent stretches that are listed of one source or SLO: the longest ones.
const LISTED_AT_MOST: usize = 20;

/// The silence of all sources in the windows of the SLOs that look at them.
#[derive(Default)]
pub(crate) struct Silence {
    by_source: BTreeMap<SourceId, RangeSet<i64>>,
}

impl Silence {
    /// Adds what an SLO did not hear of its sources; gives the gaps in which its stream alone was silent.
    pub(crate) fn add(&mut self, looked: &Looked<'_>, counts: &dyn Counts) -> Vec<Gap> {
        let Heard::Slices(heard) = &looked.heard else {
            return Vec::new();
        };
        let since = looked.span.start.max(looked.window.start)..looked.window.end;
        // What can no longer be read is said as that.
        let silent = heard.missing_in(&since).without(&looked.damaged);
        let mut alone = silent.clone();
        let key = Stream::key_of(looked.promises.catalogue(), looked.slo);
        for (source, heard) in counts.heard_sources(&key) {
            if let Heard::Slices(heard) = heard {
                let own = silent.intersection(&heard.missing_in(&since));
                alone = alone.without(&own);
                self.by_source.entry(source).or_default().extend(&own);
            }
        }
        listed(&alone, looked.slo.id.as_str(), looked.grid)
    }

    /// The silence of the sources, by source and time.
    pub(crate) fn gaps(&self, grid: Grid) -> Vec<Gap> {
        let by_source = self.by_source.iter();
        by_source
            .flat_map(|(source, silent)| listed(silent, &format!("source {source}"), grid))
            .collect()
    }
}

/// The longest stretches, in the order of time; of equally long ones the earliest.
fn listed(silent: &RangeSet<i64>, about: &str, grid: Grid) -> Vec<Gap> {
    let mut longest = silent.ranges().to_vec();
    longest.sort_by_key(|range| (range.start - range.end, range.start));
    longest.truncate(LISTED_AT_MOST);
    longest.sort_by_key(|range| range.start);
    let gap = |range| Gap {
        about: about.to_owned(),
        interval: Some(grid.interval(&range)),
        why: GapReason::NoData,
    };
    longest.into_iter().map(gap).collect()
}
