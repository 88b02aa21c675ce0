//! What crosses several files of the crate, with data beside it.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test may read files, and from its environment how large it should be"
)]

mod diagnose;
mod random_graphs;
