//! Commands that take counts and keep them: replay, serve, data.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ReadingArguments, StatusFormat};

/// Arguments of `attain replay`.
#[derive(Debug, Args)]
pub struct ReplayArguments {
    /// The catalogue: a folder of YAML files, or one file
    pub catalogue: PathBuf,
    /// Files to read, in any order [default: those that the sources name]; `-` is standard input
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub reading: ReadingArguments,
    /// Keep what was counted in this folder; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Write the series that were promised as CSV, slice by slice; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub counts: Option<PathBuf>,
    /// How to print what was done
    #[arg(long, value_enum, default_value_t = StatusFormat::Human)]
    pub format: StatusFormat,
}

pub(super) const REPLAY_HELP: &str = "\
Access logs, JSON lines, CSV, Parquet and Prometheus or OpenMetrics text; plain, .gz, .zst or
standard input; many files, in any order. Without --data nothing is kept. With it, what was read
before is not counted again: the same file, grown, rotated or compressed, adds what is new. An SLO
that is new since then is counted from files that are replayed again, and nothing else changes.
Several logs in one (`cat a.log b.log |`) are another log than each of them: give them as files.

EXAMPLES
  attain replay shop/ access.log*                       what the files say, kept nowhere
  attain replay shop/ access.log* --data shop-data      kept, for every later question
  attain status shop/ --data shop-data
  attain replay shop/ old/*.gz --data shop-data
  ssh web cat access.log | attain replay shop/ - --data shop-data
  attain replay shop/ metrics.prom --source prom --data shop-data
  attain replay shop/ access.log --counts -             what was counted, as CSV

EXIT CODES
  0  read
  2  wrong usage, unreadable input, more unreadable lines than allowed, or a data folder that cannot be written
  3  stopped by Ctrl-C; what was kept is kept, and the same command goes on from there";

/// Arguments of `attain serve`.
#[derive(Debug, Args)]
pub struct ServeArguments {
    /// The catalogue: a folder of YAML files, or one file; looked at again whenever it changes
    #[arg(default_value = ".")]
    pub catalogue: PathBuf,
    /// The data folder: made if it is not there
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Where to listen; port 0 is any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7878")]
    pub listen: SocketAddr,
    /// Let everybody who reaches the port read, without a token
    #[arg(long)]
    pub allow_anonymous: bool,
    /// For tests: seconds between two seals. What is counted does not depend on it.
    #[arg(long, hide = true)]
    pub seal_every: Option<u64>,
}

pub(super) const SERVE_HELP: &str = "\
Prometheus writes to it (remote write); what arrived is on disk before it is acknowledged. A slice of ten seconds is
closed when the `delay` of the slowest source has passed, and judged then. The catalogue's files are looked at every two
seconds and on SIGHUP: a catalogue that is not valid never replaces one that is. SIGTERM and Ctrl-C stop it: requests
under way are answered, the rest is sealed.

Standard error has a line for each event, with its time: a catalogue put in force or refused (with all its mistakes), a
source in trouble or well again, the disk, writes turned away, alerts that begin and end. --quiet leaves them out.

On 127.0.0.1 nobody needs a token until one is made. Where other machines reach the port, who reads needs one: attain token.

EXAMPLES
  attain serve shop/ --data shop-data
  attain token new --data shop-data --name Anna
  attain serve shop/ --data shop-data --listen 0.0.0.0:7878
  curl localhost:7878/api/v1/status        the same as attain status --format json
  curl localhost:7878/api/v1/server        which catalogue is in force, and why a newer one is not

EXIT CODES
  0  stopped, and everything is sealed
  2  wrong usage, a catalogue that is not valid, a data folder that cannot be written, an address that is taken";

/// Arguments of `attain data`.
#[derive(Debug, Args)]
pub struct DataArguments {
    #[command(subcommand)]
    pub command: DataCommand,
}

/// What to do with a data folder.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// Read everything back and say what is damaged or missing
    Check {
        /// The data folder
        dir: PathBuf,
    },
    /// What is kept: streams, time, sizes, and what was done to the folder
    Show {
        /// The data folder
        dir: PathBuf,
    },
    /// Copy it while it is in use
    Backup {
        /// The data folder
        dir: PathBuf,
        /// The folder to write; must not exist
        to: PathBuf,
    },
    /// Make a data folder of a backup
    Restore {
        /// The backup
        from: PathBuf,
        /// The folder to write; must not exist
        dir: PathBuf,
    },
    /// Forget whole days older than this
    Prune {
        /// The data folder
        dir: PathBuf,
        /// The first day to keep, in UTC: `2026-01-01`
        #[arg(long, value_name = "DATE")]
        before: String,
    },
}

pub(super) const DATA_HELP: &str = "\
EXAMPLES
  attain data check shop-data
  attain data show shop-data
  attain data backup shop-data /backup/shop-2026-11-22
  attain data restore /backup/shop-2026-11-22 shop-data-again
  attain data prune shop-data --before 2026-01-01

EXIT CODES
  0  done
  1  with check: something is damaged
  2  wrong usage, or a folder that cannot be read or written";
