//! What is usual for a node. Knows its history; knows nothing of an incident.

use attain_math::robust::{median, spread};

/// In which unit a budget is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bad events: the value of a slot is the share of its requests that were bad.
    Events,
    /// Seconds beyond the usual: the value of a slot is the mean time a request took.
    Seconds,
}

/// What one node did, slot by slot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Track {
    /// Requests of each slot.
    pub requests: Vec<f64>,
    /// The value of each slot in the meaning of its [`Unit`]; NaN where nothing was measured. As long as `requests`.
    pub value: Vec<f64>,
}

impl Track {
    /// How many slots there are. What only one of the two knows is no slot.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.requests.len().min(self.value.len())
    }

    /// What a slot lost over a base; 0 where nothing was measured.
    pub(super) fn loss(&self, slot: usize, base: f64) -> f64 {
        let lost = self.requests[slot] * (self.value[slot] - base);
        if lost.is_finite() { lost } else { 0.0 }
    }

    fn measured(&self) -> impl Iterator<Item = (f64, f64)> {
        let both = self.requests.iter().zip(&self.value);
        both.filter(|(_, value)| value.is_finite())
            .map(|(requests, value)| (if requests.is_finite() { *requests } else { 0.0 }, *value))
    }
}

/// What is usual for a node: its value, and how far the loss of one slot scatters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Baseline {
    /// The usual value; `None` where nothing was ever measured.
    pub base: Option<f64>,
    /// One standard deviation of the loss of one slot, never 0.
    pub spread: f64,
    /// Whether there is enough history to call anything unusual.
    pub is_known: bool,
}

/// Slots with a value that make a history.
const SLOTS_KNOWN: usize = 3;

/// A latency that moves by less than this share of itself is not told apart from standing still.
const STILL: f64 = 0.02;

impl Baseline {
    /// A node without history.
    pub const UNKNOWN: Self = Self {
        base: None,
        spread: SPREAD_LEAST,
        is_known: false,
    };

    /// Fits what is usual to a history of slots.
    #[must_use]
    pub fn fit(unit: Unit, history: &Track) -> Self {
        let slots = history.slots();
        let mut values: Vec<f64> = history.measured().map(|(_, value)| value).collect();
        let is_known = values.len() >= SLOTS_KNOWN;
        let middle = median(&mut values);
        let base = middle.map(|middle| match unit {
            Unit::Seconds => middle,
            // The exact ratio, unless past outages made it worse than a usual slot.
            Unit::Events => ratio(history).unwrap_or(0.0).min(middle),
        });
        let mut requests: Vec<f64> = history.requests[..slots]
            .iter()
            .map(|requests| if requests.is_finite() { *requests } else { 0.0 })
            .collect();
        let usual = median(&mut requests).unwrap_or(0.0).max(1.0);
        let at = base.unwrap_or(0.0);
        let mut losses: Vec<f64> = (0..slots).map(|slot| history.loss(slot, at)).collect();
        let least = match unit {
            Unit::Seconds => STILL * at * usual,
            Unit::Events => events_deviation(at, usual, slots),
        };
        Self {
            base,
            spread: spread(&mut losses).max(least).max(SPREAD_LEAST),
            is_known,
        }
    }
}

/// So that nothing is divided by zero.
const SPREAD_LEAST: f64 = 1e-9;

/// How far the number of bad events of so many requests scatters if each fails by itself. That none ever failed is worth
/// only as much as the slots there were.
fn events_deviation(base: f64, requests: f64, slots: usize) -> f64 {
    let p = base.clamp(0.005 / slots.max(1) as f64, 1.0);
    (requests * p * (1.0 - p) + 0.25).sqrt()
}

fn ratio(history: &Track) -> Option<f64> {
    let (mut bad, mut all) = (0.0, 0.0);
    for (requests, value) in history.measured() {
        bad += requests * value;
        all += requests;
    }
    (all > 0.0).then(|| bad / all.max(1.0))
}
