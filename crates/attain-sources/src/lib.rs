//! Telemetry in: one file per source.
//!
//! Knows files: access logs, JSON and pattern logs, CSV, JSON lines and Parquet, Prometheus and OpenMetrics text; turns
//! them into [`Delivery`] values by chunk.
//! Decides the segment of a request once ([`segment`]). Knows nothing of objectives, windows or budgets, and keeps
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

mod access_log;
mod asked;
mod chunk;
mod count;
mod counter_pairs;
mod csv_events;
mod csv_long;
mod csv_samples;
mod csv_wide;
mod discover;
mod error;
mod exposition;
mod files;
mod frequent;
mod guess;
mod heard;
mod identity;
mod job;
mod json_line;
mod json_log;
mod lines;
pub mod live;
mod marks;
mod named;
mod number;
mod numbers;
mod parquet_column;
mod parquet_events;
mod parquet_file;
mod pattern_log;
mod pool;
mod probe;
mod propose;
pub mod pull;
mod quick;
mod quick_combined;
mod quick_json;
#[cfg(test)]
mod quick_tests;
mod quick_text;
mod read;
mod roster;
mod scan;
pub mod scrape;
mod segment;
mod series;
mod silent;
mod slot_pairs;
mod slots;
mod sniff;
pub mod spans;
mod special;
mod stops;
mod targets;
mod time;
mod wanted;
mod watch;
mod whole;
mod yaml_text;

pub use discover::{Discovery, Measured, discover};
pub use error::Error;
pub use guess::{LatencyField, SegmentBy, SegmentField, StatusField, StatusKind};
pub use propose::{Answers, SegmentAnswer, propose};
pub use read::{
    FileReading, Options, Progress, Reading, Sink, SinkError, SourceReading, files_now, read,
};
pub use roster::{Customer, Customers};
pub use sniff::FileForm;
