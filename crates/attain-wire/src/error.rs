//! What can be wrong with a message. Knows no status codes: the server gives them.

/// Why a whole request is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// It unpacks to more than is taken at once. Nothing was unpacked.
    #[error(
        "the body unpacks to {declared} bytes, and at most {limit} are taken; send smaller requests"
    )]
    TooLarge {
        /// What the body says of itself.
        declared: u64,
        /// What is taken at most.
        limit: u64,
    },
    /// It cannot be read.
    #[error("the body is no {form}: {broken}")]
    Unreadable {
        /// What was expected, e.g. `snappy block`.
        form: &'static str,
        /// What is wrong.
        broken: Broken,
    },
}

/// What is wrong in a message, or in a part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(std::borrow::Cow<'static, str>);

impl Broken {
    /// From words that do not depend on the message.
    #[must_use]
    pub const fn new(why: &'static str) -> Self {
        Self(std::borrow::Cow::Borrowed(why))
    }

    /// From words that say where.
    #[must_use]
    pub fn at(why: String) -> Self {
        Self(std::borrow::Cow::Owned(why))
    }
}
