//! Logs, line by line: what a line of each form says, and the quick way through the usual ones. Knows forms; counts
//! nothing but through [`crate::counting`].

pub(crate) mod access_log;
pub(crate) mod json_line;
pub(crate) mod json_log;
pub(crate) mod lines;
pub(crate) mod named;
pub(crate) mod pattern_log;
pub(crate) mod quick;
pub(crate) mod quick_combined;
pub(crate) mod quick_json;
#[cfg(test)]
mod quick_tests;
pub(crate) mod quick_text;
pub(crate) mod special;
pub(crate) mod stops;
