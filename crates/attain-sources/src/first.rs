//! A first catalogue for a file never seen before: what is in it, what it may mean, and what could be promised.

pub(crate) mod discover;
pub(crate) mod guess;
pub(crate) mod probe;
pub(crate) mod propose;
pub(crate) mod sniff;
pub(crate) mod targets;
pub(crate) mod yaml_text;
