//! Telemetry in: a folder per way in, a file per form of file.
//!
//! Knows files: access logs, JSON and pattern logs, CSV, JSON lines and Parquet, Prometheus and OpenMetrics text; turns
//! them into [`Delivery`] values by chunk.
//! Decides the segment of a request once (`counting/segment.rs`). Knows nothing of objectives, windows or budgets, and keeps
//! nothing: the ledger of attain-engine does.
//!
//! [`read`] reads every file source of a catalogue; [`discover`] looks into a file never seen before, and [`propose`]
//! writes a first catalogue for it.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use attain_sources::{Answers, discover, propose};
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("access.log");
//! let line = r#"192.0.2.1 - - [02/Nov/2026:09:40:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8" 0.020"#;
//! std::fs::write(&path, format!("{line}\n").repeat(1000))?;
//! let catalogue = propose(&discover(&path)?, &Answers::default());
//! assert!(catalogue.contains("latency: p99 < 50ms  # measured: p99 20 ms"));
//! # Ok(())
//! # }
//! ```
//!
//! [`Delivery`]: attain_model::delivery::Delivery
// This crate is the edge: opening files is what it is for. It still reads no clock and no environment.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

#[cfg(test)]
extern crate self as attain_sources;

mod counting;
mod error;
mod file;
mod first;
pub mod fit;
pub mod live;
mod log;
pub mod pull;
mod read;
mod reading;
pub mod scrape;
pub mod spans;
mod table;
mod text;

pub use counting::roster::{Customer, Customers};
pub use error::Error;
pub use first::discover::{Discovery, Measured, discover};
pub use first::guess::{LatencyField, SegmentBy, SegmentField, StatusField, StatusKind};
pub use first::propose::{Answers, SegmentAnswer, propose};
pub use first::sniff::FileForm;
pub use read::{files_now, read};
pub use reading::{FileReading, Options, Progress, Reading, Sink, SinkError, SourceReading};
