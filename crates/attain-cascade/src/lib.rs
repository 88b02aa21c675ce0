//! Composition: what the parts of a promise carry together.
//!
//! Knows the edges of a catalogue and the formula of an edge: `share * impact * (1 - a^calls)`. Knows no counts: it says
//! what was promised to hold, not what held. Rounds against ourselves: whoever reads "carried" may rely on it.
//!
//! - [`carried`]: do the edges hold the whole? [`needed`]: what would each part have to promise?
//! - [`composed`]: what do the parts carry, each counted once, and whatever fails together?
//! - [`explain`]: which part costs how much of a budget, by what was promised and by what was counted?
//! - [`joint`]: what did two of the parts do together?
//! - [`allocate`]: which internal targets would carry a promise?
//! - [`discover`]: who calls whom, by traces and service graphs, and is that what is declared?
//! - [`attribution`]: who spent how much of a budget?
//! - [`why`](mod@why): who spent a budget in the last loss?
//! - [`owner`]: what does one team promise, who rests on it, whom does it rest on?
//! - [`warning`]: what breaks inside before a customer feels it?
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod allocate;
pub mod attribution;
mod carried;
mod chosen;
mod composed;
pub mod diagnose;
pub mod discover;
mod edge;
mod explain;
mod graph;
pub mod joint;
mod needed;
mod once;
pub mod owner;
mod part;
mod reach;
mod shown;
mod tighter;
pub mod warning;
pub mod why;

#[cfg(test)]
mod fixture;

pub use allocate::{Allocated, Allotment, By, TooTight, Wish, allocate};
pub use carried::{Carried, EdgeCost, carried};
pub use chosen::{Choice, chosen, counted, resting};
pub use composed::{Carries, Composed, PartCost, Shared, composed, needed_once};
pub use explain::{Counted, Counts, Explained, Line, explain};
pub use needed::{Need, needed};
pub use part::{Missing, Part, Why};
pub use reach::{below, customer_series, slot_seconds};
pub use shown::{percent_down, percent_up};
pub use tighter::{Outside, Tighter, with_buffer};
