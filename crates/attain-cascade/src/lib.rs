//! Composition: what the parts of a promise carry together.
//!
//! Knows the edges of a catalogue and the formula of an edge: `share * impact * (1 - a^calls)`. Knows no counts: it says
//! what was promised to hold, not what held. Rounds against ourselves: whoever reads "carried" may rely on it.
//!
//! [`warning`] asks what breaks inside before a customer feels it. [`carried`] answers "do the parts hold the whole?", [`needed`] "what would each part have to promise?".
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod carried;
pub mod diagnose;
mod edge;
mod needed;
mod part;
mod reach;
mod shown;
pub mod warning;

#[cfg(test)]
mod fixture;

pub use carried::{Carried, EdgeCost, carried};
pub use needed::{Need, needed};
pub use part::{Missing, Part, Why};
pub use reach::{below, customer_series};
pub use shown::{percent_down, percent_up};
