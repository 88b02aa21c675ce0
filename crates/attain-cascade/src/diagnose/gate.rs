//! Whether there is anything to explain: a window is looked into only if the customer lost more in it than in nearly any
//! window of the same length before. Knows the customer's own history, no other node.

use super::baseline::{Baseline, Track};

/// The share of the windows of normal times that are looked into.
const LOOKED_INTO: f64 = 0.01;

/// What the customer lost in windows of some length.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    base: f64,
    /// Sums of loss of each window, ascending.
    sums: Vec<f64>,
}

impl Gate {
    /// From the history of the customer's node, and what is usual for it, for windows of so many slots.
    #[must_use]
    pub fn of(baseline: &Baseline, history: &Track, slots: usize) -> Self {
        let base = baseline.base.unwrap_or(0.0);
        let losses: Vec<f64> = (0..history.slots())
            .map(|slot| history.loss(slot, base))
            .collect();
        let windows = losses.windows(slots.max(1));
        let mut sums: Vec<f64> = windows.map(|window| window.iter().sum()).collect();
        sums.sort_by(f64::total_cmp);
        Self { base, sums }
    }

    /// The share of windows in which the customer lost at least as much, this one included: in (0, 1].
    #[must_use]
    pub fn share_as_bad(&self, window: &Track) -> f64 {
        let lost: f64 = (0..window.slots())
            .map(|slot| window.loss(slot, self.base))
            .sum();
        let below = self.sums.partition_point(|sum| *sum < lost);
        let as_bad = 1 + self.sums.len() - below;
        as_bad as f64 / (1 + self.sums.len()) as f64
    }

    /// Whether the window is worth a question. With a history of fewer than 99 windows it never is: then only an alert
    /// can say so.
    #[must_use]
    pub fn is_open(&self, window: &Track) -> bool {
        self.share_as_bad(window) <= LOOKED_INTO
    }
}
