//! Why a server cannot start.

use std::io;
use std::net::SocketAddr;

/// What went wrong before anything was served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is taken, or not this machine's.
    #[error("cannot listen on {address}: {why}; name another one with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        why: io::Error,
    },
    /// The catalogue cannot be read or is not valid.
    #[error("{0}")]
    Catalogue(String),
    /// A token that the catalogue names is not there.
    #[error("{0}")]
    Token(String),
    /// Others than this machine reach the address, and nobody has a token.
    #[error(
        "{0} can be reached from other machines, and no token says who may read; make one with attain token new, or let \
         everybody read with --allow-anonymous"
    )]
    Open(SocketAddr),
    /// The tokens of the data folder.
    #[error(transparent)]
    Tokens(#[from] crate::tokens::TokenError),
    /// The data folder.
    #[error(transparent)]
    Store(#[from] attain_store::Error),
    /// Threads could not be started.
    #[error("cannot start: {0}")]
    Start(io::Error),
}
