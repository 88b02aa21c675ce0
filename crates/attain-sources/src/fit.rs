//! Whether what a source says fits what a catalogue wants of it: metrics that never came, labels that no series has.
//!
//! Readers put what they see into a [`MetricSeen`] (heard.rs what was sent, page.rs what is scraped, asked.rs what an API has),
//! [`misfits`] judges it. Pure but for asked.rs: knows the catalogue and what was seen, and no way of saying it.

mod alike;
mod asked;
mod copies;
mod heard;
mod misfit;
mod page;
mod seen;
mod wanted;

pub use alike::{alike, nearness};
pub use asked::Asking;
pub use copies::{Copies, copies};
pub use heard::metrics_heard;
pub use misfit::{Misfit, claimed_by, misfits};
pub use page::metrics_on;
pub use seen::{ClassLabel, MetricSeen, Shape, Tagged};
pub use wanted::Wanted;
