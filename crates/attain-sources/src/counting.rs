//! From what was read to tallies: whose request it was, which streams it counts for, and what nobody looks at. Knows no
//! form of file.

pub(crate) mod asked;
pub(crate) mod count;
pub(crate) mod frequent;
pub(crate) mod heard;
pub(crate) mod roster;
pub(crate) mod segment;
pub(crate) mod series;
pub(crate) mod silent;
pub(crate) mod watch;
