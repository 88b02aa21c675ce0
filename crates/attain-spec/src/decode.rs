//! Trees of all files to one catalogue. Each section has its file; `read` holds what they share.

pub(crate) mod cascade;
pub(crate) mod commas;
pub(crate) mod common;
pub(crate) mod company;
pub(crate) mod counted;
pub(crate) mod edges;
pub(crate) mod files;
pub(crate) mod indicator;
pub(crate) mod logged;
pub(crate) mod object;
pub(crate) mod objects;
pub(crate) mod parties;
pub(crate) mod policy;
pub(crate) mod promises;
pub(crate) mod read;
pub(crate) mod slo;
pub(crate) mod source;
