//! The arguments of `attain doctor`.

use std::path::PathBuf;

use clap::Args;

use super::StatusFormat;

/// Arguments of `attain doctor`.
#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// The catalogue: a folder of YAML files, or one file
    #[arg(default_value = ".")]
    pub catalogue: PathBuf,
    /// Look at this data folder and its disk, too
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Ask a server that `attain serve` runs what arrives there, e.g. `http://127.0.0.1:7878`
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = StatusFormat::Human)]
    pub format: StatusFormat,
}

pub(super) const DOCTOR_HELP: &str = "\
Asks each source of the catalogue a handful of small questions; writes 256 kB into the data folder to time its disk and
removes them; changes nothing. Each finding has what is seen, why it hurts, and what to type.

EXAMPLES
  attain doctor shop/                              sources, clocks, labels, bucket edges
  attain doctor shop/ --data shop-data             and the data folder and its disk
  attain doctor shop/ --server localhost:7878      and what arrives at a server
  attain doctor shop/ --format json | jq '.findings[].fix'

EXIT CODES
  0  nothing is wrong that can be seen from here
  1  there are findings
  2  wrong usage, unreadable input, a catalogue that is not valid";
