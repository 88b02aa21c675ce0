//! The protocols that telemetry comes in: bytes to series and samples, and back.
//!
//! Knows Prometheus remote write (snappy and protobuf) and OpenTelemetry metrics (protobuf and JSON). Knows no catalogue,
//! no socket and no clock; what a series means is decided in attain-sources.
//!
//! What comes from the network is not trusted: a declared length is checked against a limit before anything is set
//! aside for it, nothing panics, and what is wrong with one series does not spoil the next.
//!
//! ```
//! use attain_wire::remote_write::{self, Item};
//! use attain_wire::snappy::Unpacker;
//!
//! let body = remote_write::encode(&[(&[("__name__", "up"), ("job", "shop")], &[(1.0, 1_793_612_400_000)])]);
//! let mut unpacker = Unpacker::default();
//! let mut seen = Vec::new();
//! remote_write::each_series(unpacker.unpack(&body, 1 << 20)?, |series| {
//!     seen.extend(series.cut().items().flatten());
//! })?;
//! assert_eq!(seen, [Item::Sample { value: 1.0, time_ms: 1_793_612_400_000 }]);
//! # Ok::<(), attain_wire::WireError>(())
//! ```

mod error;
pub mod otlp;
mod proto;
pub mod remote_write;
pub mod snappy;

pub use error::{Broken, WireError};
