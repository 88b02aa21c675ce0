//! Arguments of `attain token`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Arguments of `attain token`.
#[derive(Debug, Args)]
pub struct TokenArguments {
    /// What to do with them
    #[command(subcommand)]
    pub command: TokenCommand,
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make one, and print it: the only time that it is shown
    New {
        /// The data folder of the server; made if it is not there
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Whose it is, in words: `grafana`, `Anna's laptop`
        #[arg(long)]
        name: String,
        /// What its bearer may do; each scope includes those before it
        #[arg(long, value_enum, default_value_t = TokenScope::Read)]
        scope: TokenScope,
    },
    /// Which there are: id, scope, since when, whose; never the token itself
    List {
        /// The data folder of the server
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// Let one open nothing any more; a server that runs knows it within a second
    Revoke {
        /// Its id, as `attain token list` shows it
        id: String,
        /// The data folder of the server
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
}

/// What a bearer may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TokenScope {
    /// Look at everything
    Read,
    /// And change what is said and decided
    Write,
    /// And change how the server works
    Admin,
}

pub(super) const TOKEN_HELP: &str = "\
As long as none was ever made, a server that listens on 127.0.0.1 asks for none. From the first on it asks everybody,
revoked or not; sources of telemetry keep their own tokens, which stand in the catalogue. What is kept of a token is its
SHA-256, in tokens.json of the data folder. Programs send `Authorization: Bearer TOKEN`; a browser asks for a name and a
password: any name, and the token. attain status --server takes it from the environment variable ATTAIN_TOKEN.

EXAMPLES
  attain token new --data shop-data --name grafana
  attain token new --data shop-data --name Anna --scope admin > anna.token
  attain token list --data shop-data
  attain token revoke 1f3b9c0a --data shop-data

EXIT CODES
  0  done
  2  wrong usage, no token with this id, or a folder that cannot be read or written";
