//! Counts to verdicts: tallies, windows, attainment, budget, burn, alert conditions.
//!
//! Knows promises and counts. Does no I/O, reads no clock and keeps no state besides the ledger: time is an argument.
//!
//! ```text
//! Ledger::new(&[Stream], slice_seconds, lateness)     an empty ledger; no lateness for files
//! ledger.take(Delivery) -> Taken                      counts each row once, in whatever order rows come
//! ledger.take_at(Delivery, arrived) -> Taken          live: with the time of arrival
//! ledger.wanted(source, origin, range) -> Vec<Wanted> what is still to be read, and for which streams
//! Meter::new(slice_seconds), meter.apply(&LiveEntry)  live samples into deliveries, slice by slice
//! ledger.unload(), ledger.state()                     the counts moved out; what is known beside them
//! Ledger::restore(State, lateness), ledger.count(..)  goes on; says what is counted from now on
//! Shelved::new(&Ledger, &dyn Shelf)                   reads what is in memory and what was moved out
//! ledger.export() -> String                           canonical text: equal content, equal bytes
//! evaluate(&Promises, &dyn Counts, AsOf) -> Evaluation
//! detail(&Promises, &dyn Counts, &[SeriesName], AsOf) -> Vec<Detail>
//! statement(&Promises, &dyn Counts, &Period, &[SloId], Option<Timestamp>) -> Statement
//! slices_for(&Promises, &dyn Counts, &SeriesName, &Scope, AsOf)      what a segment met, judged by another's promise
//! history(&Promises, &dyn Counts, &SeriesName, from, to, step) -> Vec<Point>
//! Board::new(&Promises, &dyn Counts, until) -> (Board, not carried)     the same numbers at every tick, in a millisecond
//! ledger.changes() -> Changes                         what was counted since this was asked last
//! Monitor::new(Arc<Promises>, counts, until)          verdicts kept up to date: reads all counts once
//! monitor.push(changes, counts, until) -> Vec<SeriesName>    closes slices; what changed; see monitor.evaluation()
//! window::resolve(&Window, Timestamp, Grid) -> Resolved
//! ```
//!
//! The way of a number: a [`Delivery`](attain_model::delivery::Delivery) enters the [`Ledger`] by class and bucket
//! (admit.rs, cells.rs), is read as columns of counts (pile.rs, read.rs; counter.rs and gauge.rs make events of samples and readings) by the
//! SLOs that look at it (look.rs), is judged under an objective (projection.rs) by the goal of its time, load and slice
//! (judge.rs, load.rs, timeslices.rs) without what is excluded (exclusions.rs), summed over windows (series.rs, window.rs), and said as a verdict (evaluate.rs,
//! standing.rs, alerts.rs, masking.rs) next to what is missing (silence.rs).
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod admit;
mod alerts;
pub mod board;
mod by_slice;
mod causes;
mod cells;
mod changes;
mod counter;
mod counts;
mod cuts;
mod detail;
mod evaluate;
mod exclusions;
mod export;
mod gauge;
mod grid;
mod hearing;
mod history;
mod judge;
mod ledger;
mod load;
mod look;
mod masking;
mod meter;
mod monitor;
mod origins;
mod period;
mod pile;
mod projection;
mod ranges;
mod read;
mod series;
mod shelved;
mod silence;
mod slices;
mod standing;
mod statement;
mod timeslices;
pub mod window;

pub use admit::{Refusal, Taken};
pub use board::Board;
pub use changes::Changes;
pub use counts::{Birth, Column, Counts, Heard, Read, Run};
pub use cuts::Cuts;
pub use detail::{detail, stood_at};
pub use evaluate::{evaluate, evaluate_only};
pub use export::export;
pub use grid::Grid;
pub use history::history;
pub use ledger::Ledger;
pub use meter::{Meter, Metered};
pub use monitor::Monitor;
pub use origins::Wanted;
pub use period::{Period, PeriodError};
pub use ranges::RangeSet;
pub use shelved::{Shelf, Shelved};
pub use slices::{slices, slices_for, spending, spending_of};
pub use statement::statement;
pub use timeslices::RATIO_UNITS;
