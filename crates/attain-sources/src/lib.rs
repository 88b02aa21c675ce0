//! Telemetry in: one file per source.
