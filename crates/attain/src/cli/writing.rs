//! Commands about the catalogue itself: check, init, explain, fmt, test, schema.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Arguments of `attain check`.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Folders, each a catalogue of its own; files are one catalogue together [default: .]
    pub paths: Vec<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub format: CheckFormat,
    /// Compare with this older version: what was published is superseded, never edited
    #[arg(long, value_name = "OLD")]
    pub against: Option<PathBuf>,
    /// Treat warnings as errors
    #[arg(long, value_name = "LEVEL")]
    pub deny: Option<Deny>,
    /// Judge dates as of this day instead of today: `2026-11-02`
    #[arg(long, value_name = "DATE")]
    pub today: Option<String>,
}

/// What `--deny` turns into errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    /// Warnings
    Warnings,
}

/// How `attain check` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people: the line, a caret, what to write instead
    Human,
    /// For programs
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow commands of GitHub Actions
    Github,
    /// JUnit XML, for build servers
    Junit,
}

pub(super) const CHECK_HELP: &str = "\
A catalogue is a folder: its files *.yaml and *.yml, not those of its subfolders. A file of the folder that is plainly
something else (no `attain:`, no section that only attain has, not OpenSLO, Sloth or Pyrra) is left out and said so; a
file that is named on the command line is always read. Files of OpenSLO, Sloth and Pyrra are named and not read.

EXAMPLES
  attain check                       the catalogue in this folder
  attain check shop/ --deny warnings
  attain check shop/ --format github
  attain check shop/ --format sarif > attain.sarif
  attain check shop/ --today 2027-01-01
  git worktree add ../before main && attain check shop/ --against ../before/shop
  attain explain unit-missing

EXIT CODES
  0  no errors
  1  errors, or warnings with --deny warnings
  2  wrong usage or unreadable input";

/// Arguments of `attain init`.
#[derive(Debug, Args)]
pub struct InitArguments {
    /// The folder to write to [default: .]
    pub dir: Option<PathBuf>,
    /// Look into this access log, JSON lines or CSV file, or into the Prometheus at this URL, and propose a catalogue that
    /// fits it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "target"])]
    pub from: Option<PathBuf>,
    /// With --from URL: a bearer token is in this file; the catalogue names the file
    #[arg(
        long,
        value_name = "FILE",
        requires = "from",
        conflicts_with = "token_env"
    )]
    pub token_file: Option<PathBuf>,
    /// With --from URL: a bearer token is in this environment variable; the catalogue names the variable
    #[arg(long, value_name = "NAME", requires = "from")]
    pub token_env: Option<String>,
    /// With --from URL: the tenant, sent as `X-Scope-OrgID`
    #[arg(long, requires = "from")]
    pub tenant: Option<String>,
    /// With --from URL: a further request header, `NAME: VALUE`; a secret is `NAME: {env: VARIABLE}` or `NAME: {file: PATH}`
    #[arg(long, value_name = "HEADER", requires = "from")]
    pub header: Vec<String>,
    /// With --from: the field that tells segments apart, or `none`
    #[arg(long, value_name = "FIELD", requires = "from")]
    pub by: Option<String>,
    /// With --from: the team that owns the SLO
    #[arg(long, requires = "from")]
    pub team: Option<String>,
    /// The folder to write to; the same as DIR
    #[arg(short, long, value_name = "DIR", conflicts_with = "dir")]
    pub out: Option<PathBuf>,
    /// The company or product; shown on pages and reports [default: the folder's name]
    #[arg(long)]
    pub name: Option<String>,
    /// Customer segments, the first to save first: `premium,standard,free`
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    pub segments: Vec<String>,
    /// The service whose promise it is
    #[arg(long)]
    pub service: Option<String>,
    /// A target per segment, or one for all traffic: `99.95%,99.9%,99%`
    #[arg(long, value_delimiter = ',', value_name = "PERCENT")]
    pub target: Vec<String>,
    /// Ask nothing
    #[arg(long)]
    pub yes: bool,
    /// Overwrite a file that is there
    #[arg(long)]
    pub force: bool,
}

pub(super) const INIT_HELP: &str = "\
Writes one file, catalogue.yaml, and never over a file that is there unless --force says so. On a terminal it asks what
was not said, unless --yes. Elsewhere it wants --from, --yes, or what the catalogue should say.

EXAMPLES
  attain init --from access.log -o shop    look into the log, write shop/catalogue.yaml
  attain status shop                       and see
  attain init --from http://localhost:9090 -o shop    look into a Prometheus: request counters, durations, segments
  attain init --from https://mimir/prometheus --tenant shop --token-file ~/.mimir-token -o shop
  attain init --from https://vm.example --header 'Authorization: {env: VM_BASIC}' -o shop
  attain init --from requests.csv --by plan --segments premium,standard,free
  attain init shop --segments premium,free --target 99.9%,99%
  attain init shop --yes                   everything as proposed

EXIT CODES
  0  written
  2  wrong usage, a file that is there, or one that nothing can be made of";

/// Arguments of `attain explain`.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// The word in brackets behind `error` or `warning`
    #[arg(required_unless_present = "list")]
    pub code: Option<String>,
    /// List all codes
    #[arg(long)]
    pub list: bool,
}

pub(super) const EXPLAIN_HELP: &str = "\
EXAMPLES
  attain explain unit-missing
  attain explain --list

EXIT CODES
  0  explained
  2  there is no such code";

/// Arguments of `attain fmt`.
#[derive(Debug, Args)]
pub struct FmtArguments {
    /// Files, and folders whose YAML files are meant [default: .]
    pub paths: Vec<PathBuf>,
    /// Change nothing; say which files would change
    #[arg(long)]
    pub check: bool,
    /// Print the one file instead of writing it
    #[arg(long, conflicts_with = "check")]
    pub stdout: bool,
}

pub(super) const FMT_HELP: &str = "\
Quotes what other YAML tools would read as something else, aligns, and orders nothing: the meaning stays to the letter.
A file that does not parse is left as it is.

EXAMPLES
  attain fmt                         the files of this folder
  attain fmt shop/ --check           for a pipeline
  attain fmt shop/customer.yaml --stdout

EXIT CODES
  0  done, or nothing to do
  1  with --check: a file would change
  2  wrong usage, or a file that cannot be read, parsed or written";

/// Arguments of `attain test`.
#[derive(Debug, Args)]
pub struct TestArguments {
    /// `.scenario` files, and folders in which to look for them, at any depth [default: .]
    pub paths: Vec<PathBuf>,
    /// Write the actual answers into the files in place of the expected ones
    #[arg(long)]
    pub update: bool,
}

pub(super) const TEST_HELP: &str = "\
A scenario says what happened and what attain should say about it. Paths in it are relative to it.

EXAMPLES
  attain test                        every .scenario below this folder
  attain test scenarios/masked.scenario
  attain test --update               then look at the difference in version control

EXIT CODES
  0  all cases passed
  1  a case failed
  2  wrong usage, unreadable input, or no scenario found";

/// Arguments of `attain schema`.
#[derive(Debug, Args)]
pub struct SchemaArguments {
    /// The OpenAPI document of the server instead
    #[arg(long)]
    pub openapi: bool,
}

pub(super) const SCHEMA_HELP: &str = "\
EXAMPLES
  attain schema > attain.schema.json
  then, as the first line of a catalogue file:
  # yaml-language-server: $schema=attain.schema.json
  attain schema --openapi > attain.openapi.json

EXIT CODES
  0  printed";
