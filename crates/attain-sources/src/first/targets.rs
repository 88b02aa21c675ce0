//! First targets from what was measured: a little looser, and round. Knows numbers; knows no catalogue text.

use crate::first::discover::Measured;

/// A target and what it was taken from.
pub(crate) type Proposed = (Option<Number>, String);

/// Larger is tighter within one kind; for latency the kind is the percentile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    /// Good events per hundred thousand.
    Share(u64),
    /// Per thousand under so many nanoseconds.
    Under(u64, u64),
}

impl Number {
    pub(crate) fn text(self) -> String {
        match self {
            Number::Share(per_100_000) => format!("{}%", decimal(per_100_000, 1000)),
            Number::Under(per_thousand, ns) => {
                let under = attain_model::Threshold::from_nanoseconds(ns);
                format!("p{} < {under}", decimal(per_thousand, 10))
            }
        }
    }

    /// At least as tight as the segment that is saved after it. Both are of one percentile.
    pub(crate) fn no_looser_than(self, after: Option<Number>) -> Number {
        match (self, after) {
            (Number::Share(own), Some(Number::Share(after))) => Number::Share(own.max(after)),
            (Number::Under(p, own), Some(Number::Under(_, after))) => {
                Number::Under(p, own.min(after))
            }
            (own, _) => own,
        }
    }

    /// Whether what was measured is worse than this.
    pub(crate) fn is_missed_by(self, measured: &Measured) -> bool {
        match self {
            Number::Share(per_100_000) => {
                u128::from(measured.bad) * 100_000
                    > u128::from(measured.events) * u128::from(100_000 - per_100_000)
            }
            Number::Under(per_thousand, ns) => measured
                .quantile(per_thousand)
                .is_none_or(|found| found >= ns),
        }
    }
}

/// Fewer events than this say nothing about a target.
const FEWEST_EVENTS: u64 = 100;

pub(crate) fn availability(measured: &Measured) -> Proposed {
    const LADDER: &[u64] = &[
        99_990, 99_950, 99_900, 99_800, 99_500, 99_000, 98_000, 95_000, 90_000, 80_000, 50_000,
    ];
    let why = format!(
        "measured: {} of {} bad ({})",
        measured.bad,
        measured.events,
        percent(measured.error_share())
    );
    if measured.events < FEWEST_EVENTS {
        return (None, format!("{why}; too few for a number"));
    }
    let fits = |target: &&u64| {
        let budget = u128::from(measured.events) * u128::from(100_000 - **target);
        // At least two bad events fit into the budget, and what was measured spends at most four fifths of it.
        budget >= 200_000 && u128::from(measured.bad) * 500_000 <= budget * 4
    };
    (
        LADDER
            .iter()
            .find(fits)
            .map(|target| Number::Share(*target)),
        why,
    )
}

/// The percentile, per thousand, in which all of them can be measured: segments are compared in one.
pub(crate) fn percentile<'m>(measured: impl Iterator<Item = &'m Measured>) -> u64 {
    let enough = |m: &&Measured| m.events >= FEWEST_EVENTS;
    let fewest = measured.filter(enough).map(|m| m.events).min();
    if fewest.is_some_and(|events| events >= 1000) {
        990
    } else {
        950
    }
}

pub(crate) fn latency(measured: &Measured, per_thousand: u64) -> Proposed {
    const LADDER_MS: &[u64] = &[
        1, 2, 5, 10, 20, 50, 75, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 1500, 2000, 3000,
        5000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000,
    ];
    let name = decimal(per_thousand, 10);
    let Some(found) = measured.quantile(per_thousand) else {
        return (
            None,
            format!(
                "measured: {} of {} say how long they took",
                measured.latencies.len(),
                measured.events
            ),
        );
    };
    let mut why = format!("measured: p{name} {} ms", decimal(found / 1000, 1000));
    let untimed = measured
        .events
        .saturating_sub(measured.latencies.len() as u64);
    if untimed > 0 {
        why += &format!(
            "; {untimed} of {} do not say how long they took and are the slowest in it",
            measured.events
        );
    }
    if measured.events < FEWEST_EVENTS {
        return (
            None,
            format!("{why} of {}; too few for a number", measured.events),
        );
    }
    // A tenth looser, at least.
    let fits = |ms: &&u64| u128::from(**ms) * 10_000_000 > u128::from(found) * 11;
    (
        LADDER_MS
            .iter()
            .find(fits)
            .map(|ms| Number::Under(per_thousand, ms * 1_000_000)),
        why,
    )
}

/// `value / unit` with just the decimals it needs; `unit` is a power of ten.
fn decimal(value: u64, unit: u64) -> String {
    let width = unit.ilog10() as usize;
    let text = format!("{}.{:0width$}", value / unit, value % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(crate) fn percent(share: f64) -> String {
    let text = format!("{:.3}", share * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}
