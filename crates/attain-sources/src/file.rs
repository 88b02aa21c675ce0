//! Files as such: finding, opening and telling them apart, and what of them is still to be read. Knows bytes and line ends;
//! knows no form.

pub(crate) mod chunk;
pub(crate) mod files;
pub(crate) mod identity;
pub(crate) mod marks;
pub(crate) mod pipes;
pub(crate) mod pool;
pub(crate) mod scan;
pub(crate) mod wanted;
pub(crate) mod whole;
