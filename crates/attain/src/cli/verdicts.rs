//! Commands that say how promises stand and stood: status, report, statement.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{InputArguments, StatusFormat};

/// Arguments of `attain status`.
#[derive(Debug, Args)]
pub struct StatusArguments {
    #[command(flatten)]
    pub input: InputArguments,
    /// Judge this instant: `2026-11-02 12:00 Europe/Berlin`, RFC 3339, a day, or `now`
    ///
    /// Without it the end of the data is judged: the end of the last slice in which anything was counted. A time
    /// without a zone is in the catalogue's zone; a day alone means its end.
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Use only what had arrived by then, and so repeat what was said then
    #[arg(long, requires = "at")]
    pub as_known_then: bool,
    /// Ask a server that `attain serve` runs, e.g. `http://127.0.0.1:7878`, as of its last closed slice
    #[arg(
        long,
        value_name = "URL",
        conflicts_with_all = ["files", "data", "source", "at", "chart"]
    )]
    pub server: Option<String>,
    /// Only this SLO; may be given several times
    #[arg(long, value_name = "ID")]
    pub slo: Vec<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = StatusFormat::Human)]
    pub format: StatusFormat,
    /// Draw the budget of one series over its window: `slo/objective/segment`
    #[arg(long, value_name = "SERIES", conflicts_with = "format")]
    pub chart: Option<String>,
    /// Use ASCII characters only in a drawing
    #[arg(long)]
    pub ascii: bool,
}

pub(super) const STATUS_HELP: &str = "\
EXAMPLES
  attain status shop/                          as of the end of the data
  attain status shop/ access.log               the same promises, another file
  attain status shop/ --at '2026-11-02 12:00'  what is known today about then
  attain status shop/ --at 2026-11-02T11:00:00Z --as-known-then
  attain status shop/ --chart checkout-completes/availability/premium
  attain status shop/ --data shop-data         what attain replay kept
  attain status --server http://127.0.0.1:7878 what a server judged last
  attain status --server localhost:7878 --slo checkout-completes
  attain status shop/ --format json | jq .masked
  ssh web cat access.log | attain status shop/ -

EXIT CODES
  0  every promise is kept
  1  a promise is broken, hidden by its aggregate, or paging
  2  wrong usage, unreadable input, or a catalogue that cannot be used
  3  nothing is known to be broken, but not every promise can be judged";

/// Arguments of `attain report`.
#[derive(Debug, Args)]
pub struct ReportArguments {
    #[command(flatten)]
    pub input: InputArguments,
    /// Judge this instant, as in `attain status`
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Use only what had arrived by then, and so repeat what was said then
    #[arg(long, requires = "at")]
    pub as_known_then: bool,
    /// Only this SLO; may be given several times
    #[arg(long, value_name = "ID")]
    pub slo: Vec<String>,
    /// How to write it
    #[arg(long, value_enum, default_value_t = ReportFormat::Html)]
    pub format: ReportFormat,
    /// Write it to this file [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// How `attain report` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// One HTML file that asks nothing of anybody
    Html,
    /// For a ticket or a wiki
    Markdown,
    /// For programs; exact whole numbers
    Json,
}

pub(super) const REPORT_HELP: &str = "\
EXAMPLES
  attain report shop/ -o report.html
  attain report shop/ --data shop-data --at 2026-10-31 -o october.html
  attain report shop/ --slo checkout-completes --format markdown

EXIT CODES
  0  written
  2  wrong usage, unreadable input, or a catalogue that cannot be used";

/// Arguments of `attain statement`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct StatementArguments {
    #[command(subcommand)]
    pub command: Option<StatementCommand>,
    #[command(flatten)]
    pub input: InputArguments,
    /// The period: `2026-10`, `2026-Q3`, `2026`, a day, or `2026-10-01..2026-10-15` (both days in it)
    #[arg(long, value_name = "PERIOD", required = true)]
    pub period: Option<String>,
    /// Only this SLO; may be given several times [default: those that were promised to customers]
    #[arg(long, value_name = "ID")]
    pub slo: Vec<String>,
    /// How to write it
    #[arg(long, value_enum, default_value_t = StatementFormat::Text)]
    pub format: StatementFormat,
    /// Write it to this file [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// What else there is to do with a statement.
#[derive(Debug, Subcommand)]
pub enum StatementCommand {
    /// Recompute a statement (its JSON) from the data and say what differs
    Verify(VerifyArguments),
}

/// Arguments of `attain statement verify`.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// The statement as JSON
    pub statement: PathBuf,
    #[command(flatten)]
    pub input: InputArguments,
}

/// How `attain statement` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StatementFormat {
    /// For people, on a terminal
    Text,
    /// For people, as Markdown
    Markdown,
    /// The document that can be verified
    Json,
}

pub(super) const STATEMENT_HELP: &str = "\
A statement says for each promise to customers what was in force, what was counted, how much was
observed and whether it was kept, with a hash over all of it. Whoever has the catalogue and the
data can recompute it.

EXAMPLES
  attain statement shop/ --data shop-data --period 2026-10
  attain statement shop/ --data shop-data --period 2026-Q3 --format json -o q3.json
  attain statement verify q3.json shop/ --data shop-data

EXIT CODES
  0  written; verified
  1  with verify: the statement is not what the data say
  2  wrong usage, unreadable input, or a catalogue that cannot be used";
