//! Facts kept: the only place that knows bytes and SQL.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]
