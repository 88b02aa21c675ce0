//! How much of an SLO's window was heard, slice by slice.
//!
//! Knows silence. Knows no counts of series; see lane.rs.

use std::collections::VecDeque;
use std::ops::Range;

use attain_model::Share;
use attain_model::verdict::Coverage;

use crate::counts::Heard;

/// What one SLO hears of its sources.
pub(super) struct Hearing {
    /// The SLO's window, in slices.
    window: i64,
    /// What the SLO asks for.
    coverage: Share,
    sources: Sources,
}

enum Sources {
    /// Silence within the window, ascending, and how many slices that is.
    Told {
        silent: VecDeque<Range<i64>>,
        slices: i64,
    },
    /// At least one cannot tell silence from no traffic: the last slice in which anything was counted.
    NotKnown { last_busy: i64 },
}

impl Hearing {
    /// As heard up to `end`; `last_busy` is the last slice in which any request of the SLO was counted.
    pub(super) fn new(
        heard: &Heard,
        window: i64,
        coverage: Share,
        end: i64,
        last_busy: Option<i64>,
    ) -> Self {
        let range = end - window..end;
        let sources = match heard {
            Heard::NotKnown => Sources::NotKnown {
                last_busy: last_busy.unwrap_or(i64::MIN),
            },
            Heard::Never => told([range].into()),
            Heard::Slices(slices) => told(slices.missing_in(&range).ranges().to_vec().into()),
        };
        Self {
            window,
            coverage,
            sources,
        }
    }

    /// No source was heard in the slice that is being closed.
    pub(super) fn silence(&mut self, slice: i64) {
        let Sources::Told { silent, slices } = &mut self.sources else {
            return;
        };
        match silent.back_mut() {
            Some(last) if last.end > slice => return,
            Some(last) if last.end == slice => last.end += 1,
            _ => silent.push_back(slice..slice + 1),
        }
        *slices += 1;
    }

    /// Requests were counted in the slice that is being closed.
    pub(super) fn busy(&mut self, slice: i64) {
        if let Sources::NotKnown { last_busy } = &mut self.sources {
            *last_busy = slice;
        }
    }

    /// Lets go of what lies before the window of a new end.
    pub(super) fn close(&mut self, end: i64) {
        let Sources::Told { silent, slices } = &mut self.sources else {
            return;
        };
        let start = end - self.window;
        while let Some(first) = silent.front_mut() {
            let left = start.min(first.end) - first.start;
            if left <= 0 {
                return;
            }
            *slices -= left;
            first.start += left;
            if first.is_empty() {
                silent.pop_front();
            }
        }
    }

    pub(super) fn coverage(&self) -> Coverage {
        match &self.sources {
            Sources::NotKnown { .. } => Coverage::NotKnown,
            Sources::Told { slices, .. } => {
                let heard = u128::from((self.window - slices).max(0).unsigned_abs());
                let all = u128::from(self.window.max(1).unsigned_abs());
                let ppb = heard * u128::from(attain_math::ONE_PPB) / all;
                let share = u32::try_from(ppb).ok().and_then(Share::from_ppb);
                Coverage::Share(share.unwrap_or(Share::WHOLE))
            }
        }
    }

    /// Whether a series without events can be judged: enough was heard, or others had events.
    pub(super) fn is_covered(&self, end: i64) -> bool {
        match &self.sources {
            Sources::NotKnown { last_busy } => *last_busy >= end - self.window,
            Sources::Told { slices: 0, .. } => true,
            Sources::Told { .. } => match self.coverage() {
                Coverage::Share(share) => share >= self.coverage,
                Coverage::NotKnown => false,
            },
        }
    }

    /// Whether a series with events can be judged even so.
    pub(super) fn trusts_events(&self) -> bool {
        matches!(self.sources, Sources::NotKnown { .. })
    }
}

fn told(silent: VecDeque<Range<i64>>) -> Sources {
    let slices = silent.iter().map(|range| range.end - range.start).sum();
    Sources::Told { silent, slices }
}
