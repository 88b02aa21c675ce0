//! Numbers, times and metrics as texts write them. Knows syntax; knows no meaning.

pub(crate) mod exposition;
pub(crate) mod number;
pub(crate) mod time;
