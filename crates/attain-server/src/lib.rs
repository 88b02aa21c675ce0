//! One process that takes telemetry, keeps it durably and judges it at every tick.
//!
//! Handlers read a body under a budget of bytes, decode and match it under the lock of its source's intake, and put it
//! into a queue; one thread takes what waits there, appends it as one frame, and answers once that is on disk. The same
//! thread closes slices by event time, judges, and publishes what it means:
//!
//! ```text
//! http.rs, routes.rs ──► gate.rs (budget, token, intake) ──► queue ──► core.rs ──► kept.rs (store, ledger, meter)
//!                                  follow.rs (files) ──► handle.rs ──┘    │  ▲
//!                                              published.rs (watch) ◄────┘  └──── watcher.rs (the catalogue's files)
//! ```
//!
//! Knows no argument of a command line and prints nothing: the binary says where the catalogue is and what was started.
// A server reads the clock, files and sockets; see clippy.toml.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod access;
mod app;
mod asked;
mod bell;
mod clock;
mod config;
mod connections;
mod core;
mod error;
mod events;
mod fetch;
mod fitting;
mod follow;
mod gate;
mod handle;
mod http;
mod job;
mod journal;
mod kept;
mod loaded;
mod metrics;
mod parked;
mod patience;
mod published;
mod routes;
mod shelf;
pub mod tokens;
mod told;
mod unsealed;
mod watcher;

pub use config::{Config, Limits, ReadCatalogue, Wall, Written};
pub use error::Error;
pub use handle::{Handle, Refused};
pub use http::{Server, start};
pub use journal::Journal;
pub use kept::Taken;
pub use routes::openapi::openapi;
pub use shelf::Pages;
pub use unsealed::{Unsealed, recorded_streams};
