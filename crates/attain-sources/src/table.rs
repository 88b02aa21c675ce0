//! Tables: CSV, Parquet and what their rows and columns say of events, slots and counters. Knows columns; opens no file.

pub(crate) mod counter_pairs;
pub(crate) mod csv_events;
pub(crate) mod csv_long;
pub(crate) mod csv_samples;
pub(crate) mod csv_wide;
pub(crate) mod numbers;
pub(crate) mod parquet_column;
pub(crate) mod parquet_events;
pub(crate) mod parquet_file;
pub(crate) mod slot_pairs;
pub(crate) mod slots;
