//! Files in, deliveries out as text. `UPDATE_EXPECT=1` rewrites `testdata/expected`.
// Tests read the crate's own testdata and write temporary files.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod access_log;
mod asked;
mod discovery;
mod exposition;
mod families;
mod files;
mod live;
mod make;
mod mutated;
mod pairs;
mod parquet;
mod promql;
mod pull;
mod resumed;
mod rows;
mod segments;
mod survey;
