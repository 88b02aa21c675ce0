//! The command line: names, defaults, help. Knows no command's work.
//!
//! The help of a command is its reference: what it does, examples that run, and its exit codes.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cascade::Beside;

/// Keeps reliability promises, per customer segment.
#[derive(Debug, Parser)]
#[command(
    name = "attain",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
#[command(after_help = "`attain COMMAND --help` shows examples and exit codes.")]
pub struct Cli {
    /// When to use colours; `auto` is on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// Say less: no hints, no progress, no summary when all is well
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    // No doc comments: they would make this one option eight lines of every help.
    Auto,
    Always,
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say how every promise stands: who is hurt, how much budget is left
    #[command(after_long_help = STATUS_HELP)]
    Status(StatusArguments),
    /// Read logs at speed and keep what they say: once, exactly, for every later question
    #[command(after_long_help = REPLAY_HELP)]
    Replay(ReplayArguments),
    /// Say who spent a customer's budget, to the event
    #[command(after_long_help = ATTRIBUTION_HELP)]
    Attribution(AttributionArguments),
    /// Take telemetry as it comes, keep it durably, judge it every ten seconds
    #[command(after_long_help = SERVE_HELP)]
    Serve(ServeArguments),
    /// Find who calls whom in traces, compare it with `depends_on:`, propose what to write
    #[command(after_long_help = DISCOVER_HELP)]
    Discover(DiscoverArguments),
    /// Find which internal breaches come before a customer's, how early, and which only seem to
    #[command(after_long_help = WARNINGS_HELP)]
    Warnings(WarningsArguments),
    /// Write a report that people forward: one HTML file, or Markdown, or JSON
    #[command(after_long_help = REPORT_HELP)]
    Report(ReportArguments),
    /// State what was promised in a past period and what was kept of it; verify such a statement
    #[command(after_long_help = STATEMENT_HELP)]
    Statement(StatementArguments),
    /// Explain a promise by its parts: what each may cost, and whether they carry it
    #[command(after_long_help = CASCADE_HELP)]
    Cascade(CascadeArguments),
    /// Say who spent a customer's budget: the service, its path, and how strong the evidence is
    #[command(after_long_help = WHY_HELP)]
    Why(WhyArguments),
    /// Measure how often the diagnosis is right, on incidents whose culprit is known
    #[command(after_long_help = BENCH_HELP)]
    Bench(BenchArguments),
    /// Propose internal targets that carry a promise, or say why none would
    #[command(after_long_help = ALLOCATE_HELP)]
    Allocate(AllocateArguments),
    /// Show the cascade as one team sees it: its promises, who rests on it, whom it rests on
    #[command(after_long_help = OWNER_HELP)]
    Owner(OwnerArguments),
    /// Look after a data folder: check, back up, restore, prune
    #[command(after_long_help = DATA_HELP)]
    Data(DataArguments),
    /// Find what is wrong or unwise in a catalogue, with line and remedy
    #[command(after_long_help = CHECK_HELP)]
    Check(CheckArguments),
    /// Write a first catalogue: from a log or a CSV file, or from a few answers
    #[command(after_long_help = INIT_HELP)]
    Init(InitArguments),
    /// Explain a code such as `unit-missing` or `internal-not-tighter`
    #[command(after_long_help = EXPLAIN_HELP)]
    Explain(ExplainArguments),
    /// Write catalogue files in the one form; comments stay
    #[command(after_long_help = FMT_HELP)]
    Fmt(FmtArguments),
    /// Run scenarios: traffic in, the expected status out
    #[command(after_long_help = TEST_HELP)]
    Test(TestArguments),
    /// Print the JSON Schema of a catalogue file, for editors
    #[command(after_long_help = SCHEMA_HELP)]
    Schema,
}

/// How files are read.
#[derive(Debug, Args)]
pub struct ReadingArguments {
    /// Which source FILES belong to; needed where the catalogue has several that read files
    #[arg(long, value_name = "ID")]
    pub source: Option<String>,
    /// Give up when more than this share of the lines of a source cannot be read
    #[arg(long, value_name = "SHARE", default_value = "1%")]
    pub max_unparsed: String,
}

/// What is judged: a catalogue, and where its counts are.
#[derive(Debug, Args)]
pub struct InputArguments {
    /// The catalogue: a folder of YAML files, or one file
    #[arg(default_value = ".")]
    pub catalogue: PathBuf,
    /// Read these instead of the files that the source names; `-` is standard input
    #[arg(conflicts_with = "data")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub reading: ReadingArguments,
    /// Read no file: use what `attain replay` keeps in this folder
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

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
    /// For tests: seconds between two seals. What is counted does not depend on it.
    #[arg(long, hide = true)]
    pub seal_every: Option<u64>,
}

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
        conflicts_with_all = ["files", "data", "source", "at", "slo", "chart"]
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

/// Arguments of `attain attribution`.
#[derive(Debug, Args)]
pub struct AttributionArguments {
    #[command(flatten)]
    pub input: InputArguments,
    /// Over the window that ends at this instant, as in `attain status`
    #[arg(long, value_name = "TIME", conflicts_with = "period")]
    pub at: Option<String>,
    /// Over a past period instead of the window: `2026-10`, `2026-Q3`, a day, or `2026-10-01..2026-10-15`
    #[arg(long, value_name = "PERIOD")]
    pub period: Option<String>,
    /// Only this SLO, for customers or not; may be given several times [default: those promised to customers]
    #[arg(long, value_name = "ID")]
    pub slo: Vec<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = StatusFormat::Human)]
    pub format: StatusFormat,
}

/// Arguments of `attain discover`.
#[derive(Debug, Args)]
pub struct DiscoverArguments {
    /// The catalogue: a folder of YAML files, or one file
    pub catalogue: PathBuf,
    /// Files with spans or a service graph, in any order; `-` is standard input
    pub spans: Vec<PathBuf>,
    /// Without SPANS: use what `attain replay` keeps in this folder
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = StatusFormat::Human)]
    pub format: StatusFormat,
}

/// Arguments of `attain warnings`.
#[derive(Debug, Args)]
pub struct WarningsArguments {
    #[command(flatten)]
    pub input: InputArguments,
    /// Look back from this instant, as in `attain status`
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Only this SLO of a customer; may be given several times
    #[arg(long, value_name = "ID")]
    pub slo: Vec<String>,
    /// A slot is breached when its budget is spent at least so many times as fast as allowed
    #[arg(long, value_name = "TIMES", default_value = "6x")]
    pub burn: String,
    /// A breach inside warns of what follows within this; at least three slots
    #[arg(long, value_name = "LENGTH", default_value = "1h")]
    pub horizon: String,
    /// Breaches with less than this between them are one; at least two slots
    #[arg(long, value_name = "LENGTH", default_value = "10m")]
    pub gap: String,
    /// How to print it
    #[arg(long, value_enum, default_value_t = StatusFormat::Human)]
    pub format: StatusFormat,
}

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

/// Arguments of `attain cascade`.
#[derive(Debug, Args)]
pub struct CascadeArguments {
    #[command(flatten)]
    pub beside: Beside,
    /// The SLO to explain [default: those promised to customers]
    pub slo: Option<String>,
    /// Only this objective
    #[arg(long, value_name = "NAME")]
    pub objective: Option<String>,
    /// Only this segment; `all` is all traffic
    #[arg(long, value_name = "ID")]
    pub segment: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = CascadeFormat::Human)]
    pub format: CascadeFormat,
    /// Draw it into this file, too
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

/// How `attain cascade` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CascadeFormat {
    /// For people: a tree whose costs add up
    Human,
    /// For programs; parts per billion
    Json,
    /// A drawing
    Svg,
}

/// Arguments of `attain why`.
#[derive(Debug, Args)]
pub struct WhyArguments {
    /// The catalogue: a folder of YAML files, or one file
    pub catalogue: PathBuf,
    /// The SLO whose budget was lost
    pub slo: String,
    /// Read these instead of the files that the source names; `-` is standard input
    #[arg(conflicts_with = "data")]
    pub files: Vec<PathBuf>,
    /// Which source FILES belong to; needed where the catalogue has several that read files
    #[arg(long, value_name = "ID")]
    pub source: Option<String>,
    /// Read no file: use what `attain replay` keeps in this folder
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Give up when more than this share of the lines of a source cannot be read
    #[arg(long, value_name = "SHARE", default_value = "1%")]
    pub max_unparsed: String,
    /// Look back from this instant, as in `attain status` [default: the end of the data]
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Ask about all that was lost since then [default: the last loss within 6 hours]
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only this segment, or `all` [default: each that is promised something]
    #[arg(long, value_name = "ID")]
    pub segment: Option<String>,
    /// Only this objective [default: each]
    #[arg(long, value_name = "ID")]
    pub objective: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = StatusFormat::Human)]
    pub format: StatusFormat,
}

/// Arguments of `attain bench`.
#[derive(Debug, Args)]
pub struct BenchArguments {
    #[command(subcommand)]
    pub command: BenchCommand,
}

/// What is measured.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Who spent the budget: how often the culprit is named first
    #[command(after_long_help = BENCH_DIAGNOSE_HELP)]
    Diagnose(BenchDiagnoseArguments),
}

/// Arguments of `attain bench diagnose`.
#[derive(Debug, Args)]
pub struct BenchDiagnoseArguments {
    /// The folder of the dataset; scenarios are looked for at any depth
    #[arg(long, value_name = "DIR")]
    pub dataset: PathBuf,
    /// What is usual where a scenario has no normal traffic of its own: a metrics.csv; several are put together
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub baseline: Vec<PathBuf>,
    /// Instead of its incidents, make so many on its normal traffic
    #[arg(long, value_name = "COUNT")]
    pub synthetic: Option<usize>,
    /// With --synthetic: the last so many of them begin at two nodes at once
    #[arg(
        long,
        value_name = "COUNT",
        requires = "synthetic",
        default_value_t = 0
    )]
    pub two: usize,
    /// With --synthetic: the same seed makes the same incidents
    #[arg(long, requires = "synthetic", default_value_t = 1)]
    pub seed: u64,
    /// Instead of its incidents, look through its normal traffic, and say how often somebody is named
    #[arg(long, conflicts_with = "synthetic")]
    pub normal: bool,
    /// Write every incident with its suspects as JSON
    #[arg(long, value_name = "FILE", conflicts_with = "normal")]
    pub json: Option<PathBuf>,
}

/// Arguments of `attain allocate`.
#[derive(Debug, Args)]
pub struct AllocateArguments {
    #[command(flatten)]
    pub beside: Beside,
    /// The SLO whose promise is to be carried [default: the one promised to customers]
    pub slo: Option<String>,
    /// Only this objective [default: the one of outcomes]
    #[arg(long, value_name = "NAME")]
    pub objective: Option<String>,
    /// Only this segment [default: the one with the tightest target]
    #[arg(long, value_name = "ID")]
    pub segment: Option<String>,
    /// How the budget is divided
    #[arg(long, value_enum, default_value_t = Division::Equal)]
    pub by: Division,
    /// Keep this share of the budget in reserve
    #[arg(long, value_name = "SHARE", default_value = "0%")]
    pub buffer: String,
    /// The best that a part can keep: `auth-login=99.99%`; may be given several times
    #[arg(long, value_name = "SLO=TARGET")]
    pub floor: Vec<String>,
    /// With --by cost, what a further nine of a part costs: `auth-login=3` [default: 1]; may be given several times
    #[arg(long, value_name = "SLO=NUMBER")]
    pub cost: Vec<String>,
    /// Let targets become looser than they are today
    #[arg(long)]
    pub loosen: bool,
    /// Put the targets into the files; comments stay
    #[arg(long)]
    pub write: bool,
    /// How to print them
    #[arg(long, value_enum, default_value_t = AllocateFormat::Human)]
    pub format: AllocateFormat,
}

/// How `attain allocate` divides a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Division {
    /// Every part the same
    Equal,
    /// By what the parts cost today, counted or promised: all improve by one factor
    Proportional,
    /// As cheap as can be, where further nines cost what --cost says
    Cost,
}

/// How `attain allocate` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AllocateFormat {
    /// For people
    Human,
    /// For programs; parts per billion
    Json,
    /// To be pasted into a catalogue
    Yaml,
}

/// Arguments of `attain owner`.
#[derive(Debug, Args)]
pub struct OwnerArguments {
    #[command(flatten)]
    pub beside: Beside,
    /// The team; without it, who there is
    pub team: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = StatusFormat::Human)]
    pub format: StatusFormat,
}

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

/// How `attain status` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StatusFormat {
    /// For people
    Human,
    /// For programs; exact whole numbers
    Json,
}

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

/// Arguments of `attain init`.
#[derive(Debug, Args)]
pub struct InitArguments {
    /// The folder to write to [default: .]
    pub dir: Option<PathBuf>,
    /// Look into this access log, JSON lines or CSV file, or into the Prometheus at this URL, and propose a catalogue that
    /// fits it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "target"])]
    pub from: Option<PathBuf>,
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

/// Arguments of `attain test`.
#[derive(Debug, Args)]
pub struct TestArguments {
    /// `.scenario` files, and folders in which to look for them, at any depth [default: .]
    pub paths: Vec<PathBuf>,
    /// Write the actual answers into the files in place of the expected ones
    #[arg(long)]
    pub update: bool,
}

const STATUS_HELP: &str = "\
EXAMPLES
  attain status shop/                          as of the end of the data
  attain status shop/ access.log               the same promises, another file
  attain status shop/ --at '2026-11-02 12:00'  what is known today about then
  attain status shop/ --at 2026-11-02T11:00:00Z --as-known-then
  attain status shop/ --chart checkout-completes/availability/premium
  attain status shop/ --data shop-data         what attain replay kept
  attain status --server http://127.0.0.1:7878 what a server judged last
  attain status shop/ --format json | jq .masked
  ssh web cat access.log | attain status shop/ -

EXIT CODES
  0  every promise is kept
  1  a promise is broken, hidden by its aggregate, or paging
  2  wrong usage, unreadable input, or a catalogue with errors
  3  nothing is known to be broken, but not every promise can be judged";

const ATTRIBUTION_HELP: &str = "\
Each bad event of a promise is put down to one SLO: to the deepest one below it whose own losses
explain it, or to the promise's own. Whole events, and none is lost: those of the promises and those
of the SLOs are the same events, counted by row and by column.

EXAMPLES
  attain attribution shop/                              every promise to customers, over its window
  attain attribution shop/ --period 2026-10 --data shop-data
  attain attribution shop/ --slo checkout-completes --format json | jq '.nodes[0]'

EXIT CODES
  0  told
  2  wrong usage, unreadable input, or a catalogue with errors
  3  there are no data";

const DISCOVER_HELP: &str = "\
SPANS are OTLP as JSON (a document on each line, or over several), CSV with a header (trace_id, span_id,
parent_id, service; if there: kind, error or status, start, end, peer), or the metric
traces_service_graph_request_total as exposition text. Plain, .gz, .zst or standard input.
Edges get the share of requests that call, calls for each of these, and the impact of a failed call.
Without SPANS the declared edges are measured by counts: how often both ends were bad at once.

EXAMPLES
  attain discover shop/ spans.jsonl.gz
  attain discover shop/ spans.csv --format json | jq .findings
  curl -s http://tempo:3200/metrics | attain discover shop/ -
  attain discover shop/ --data shop-data

EXIT CODES
  0  what is declared is what was seen
  1  edges are missing, idle, or have other numbers
  2  wrong usage, unreadable input, or a catalogue with errors
  3  nothing was seen that could be compared, or too few bad slots to say an impact";

const WARNINGS_HELP: &str = "\
Looks back over all data at every SLO below a promise to customers. Being first is not being the
cause; that is for a diagnosis to say. The chance level stands beside every number: of many
dependencies, one or another breaks before almost anything.

EXAMPLES
  attain warnings shop/                           every promise to customers
  attain warnings shop/ --slo checkout-completes --data shop-data
  attain warnings shop/ --burn 14.4x --horizon 2h
  attain warnings shop/ --format json | jq '.promises[].pairs[] | select(.earned_ticket)'

EXIT CODES
  0  told; nothing that warns is breached now
  1  something that has earned it is breached now: expect the customer's promise to follow
  2  wrong usage, unreadable input, or a catalogue with errors
  3  too few breaches to tell anything";

const SERVE_HELP: &str = "\
Prometheus writes to it (remote write); what arrived is on disk before it is acknowledged. A slice of ten seconds is
closed when the `delay` of the slowest source has passed, and judged then. The catalogue's files are looked at every two
seconds and on SIGHUP: a catalogue that is not valid never replaces one that is. SIGTERM and Ctrl-C stop it: requests
under way are answered, the rest is sealed.

EXAMPLES
  attain serve shop/ --data shop-data
  attain serve shop/ --data shop-data --listen 0.0.0.0:7878
  curl localhost:7878/api/v1/status        the same as attain status --format json
  curl localhost:7878/api/v1/server        which catalogue is in force, and why a newer one is not

EXIT CODES
  0  stopped, and everything is sealed
  2  wrong usage, a catalogue that is not valid, a data folder that cannot be written, an address that is taken";

const REPLAY_HELP: &str = "\
Access logs, JSON lines, CSV, Parquet and Prometheus or OpenMetrics text; plain, .gz, .zst or
standard input; many files, in any order. Without --data nothing is kept. With it, what was read
before is not counted again: the same file, grown, rotated or compressed, adds what is new. An SLO
that is new since then is counted from files that are replayed again, and nothing else changes.

EXAMPLES
  attain replay shop/ access.log*                       what the files say, kept nowhere
  attain replay shop/ access.log* --data shop-data      kept, for every later question
  attain status shop/ --data shop-data
  zcat old/*.gz | attain replay shop/ - --data shop-data
  attain replay shop/ metrics.prom --source prom --data shop-data
  attain replay shop/ access.log --counts -             what was counted, as CSV

EXIT CODES
  0  read
  2  wrong usage, unreadable input, more unreadable lines than allowed, or a data folder that cannot be written
  3  stopped by Ctrl-C; what was kept is kept, and the same command goes on from there";

const REPORT_HELP: &str = "\
EXAMPLES
  attain report shop/ -o report.html
  attain report shop/ --data shop-data --at 2026-10-31 -o october.html
  attain report shop/ --slo checkout-completes --format markdown

EXIT CODES
  0  written
  2  wrong usage, unreadable input, or a catalogue with errors";

const STATEMENT_HELP: &str = "\
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
  2  wrong usage, unreadable input, or a catalogue with errors";

const CASCADE_HELP: &str = "\
A part may fail as often as it promises; an edge of `depends_on` says how much of that the caller feels: share of
requests, calls, impact, retries, fallback. The costs add up, and a part that several edges lead to is counted once.
`whatever fails together` are the bounds that hold under any dependence. Where counts are there (as in `attain status`),
what the parts did cost stands beside what they may.

EXAMPLES
  attain cascade shop/                                what the customers' promises rest on
  attain cascade shop/ checkout-completes --promised  by the promises alone; reads no counts
  attain cascade shop/ --data shop-data --at 2026-10-31
  attain cascade shop/ checkout-completes --segment premium --svg checkout.svg
  attain cascade shop/ --format json | jq '.promises[] | {slo, segment, carries}'

EXIT CODES
  0  the parts carry every promise shown
  1  the parts of a promise cannot carry it
  2  wrong usage, unreadable input, or a catalogue with errors
  3  nothing is known to be short, but a part promises nothing";

const WHY_HELP: &str = "\
Of the SLO and of all that it rests on (`depends_on`) the counts of the same segment are compared
with what is usual for each and with how each was just before. A part is suspected of what it lost
itself, as far as that can have reached the customer, less what its own parts lost. `score` is the
share of the lost budget that started there: from 0.5 on it is named, below the evidence is too weak.
A part of which nothing is counted cannot be suspected; the notes name those.

EXAMPLES
  attain why shop/ checkout-completes                    the last loss before the end of the data
  attain why shop/ checkout-completes --at '2026-11-02 14:30' --segment premium
  attain why shop/ checkout-completes --data shop-data --since '2026-11-02 09:00' --at '2026-11-02 10:00'
  attain why shop/ checkout-completes --format json | jq .findings

EXIT CODES
  0  no more was lost than is allowed, or nothing unusual
  1  somebody is named
  2  wrong usage, unreadable input, or a catalogue with errors
  3  budget was lost, and the evidence is too weak to name anybody";

const BENCH_HELP: &str = "\
EXAMPLES
  attain bench diagnose --dataset petshop";

const BENCH_DIAGNOSE_HELP: &str = "\
A dataset is a folder of scenarios. A scenario is a folder with graph.csv (callers in rows, callees in
columns), noissue/metrics.csv (normal traffic) and, at any depth, folders with metrics.csv and
target.json: the form of PetShop. Or it is NAME_bins.csv with NAME_cases.json: calls and mean latency
by case, slot and service; what is usual for a case are then the other cases. A culprit counts as named
from a score of 0.5 on, unless another has as good a claim or its callees are too noisy to be ruled
out; otherwise the evidence is called weak.

EXAMPLES
  attain bench diagnose --dataset petshop
  attain bench diagnose --dataset petshop --json result.json \\
    --baseline petshop/low_traffic/noissue/metrics.csv petshop/high_traffic/noissue/metrics.csv
  attain bench diagnose --dataset petshop --synthetic 720 --two 140 --seed 7
  attain bench diagnose --dataset petshop --normal

EXIT CODES
  0  every incident was looked at, whoever was right
  2  wrong usage or unreadable input";

const ALLOCATE_HELP: &str = "\
Divides the budget of a promise over the parts that it rests on, and the budget of each part over its own parts. No
target gets looser unless --loosen says so, so everything else that rests on a part is still carried. If the parts at
their best (--floor) do not carry the promise, it says by how much, and the best promise that they support.

EXAMPLES
  attain allocate shop/ checkout-completes
  attain allocate shop/ checkout-completes --by proportional --buffer 30%
  attain allocate shop/ checkout-completes --by cost --cost payments-charge=4 --floor auth-login=99.99%
  attain allocate shop/ checkout-completes --write     then look at the difference in version control

EXIT CODES
  0  there are such targets; with --write, they are written
  1  even the best that the parts can keep does not carry the promise
  2  wrong usage, unreadable input, or a catalogue with errors";

const OWNER_HELP: &str = "\
What a team promises and whether it is kept and carried, which promises of others rest on its SLOs, whose SLOs its own
promises rest on, and what it spent of the customers' budgets (as `attain attribution` tells it). Of several segments
the tightest is shown.

EXAMPLES
  attain owner shop/                       who owns how many SLOs
  attain owner shop/ payments
  attain owner shop/ platform --data shop-data --at 2026-10-31

EXIT CODES
  0  shown
  2  wrong usage, unreadable input, a catalogue with errors, or a team that owns nothing";

const DATA_HELP: &str = "\
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

const CHECK_HELP: &str = "\
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

const INIT_HELP: &str = "\
Writes one file, catalogue.yaml, and never over a file that is there unless --force says so. On a terminal it asks what
was not said, unless --yes. Elsewhere it wants --from, --yes, or what the catalogue should say.

EXAMPLES
  attain init --from access.log -o shop    look into the log, write shop/catalogue.yaml
  attain status shop                       and see
  attain init --from http://localhost:9090 -o shop    look into a Prometheus: request counters, durations, segments
  attain init --from requests.csv --by plan --segments premium,standard,free
  attain init shop --segments premium,free --target 99.9%,99%
  attain init shop --yes                   everything as proposed

EXIT CODES
  0  written
  2  wrong usage, a file that is there, or one that nothing can be made of";

const EXPLAIN_HELP: &str = "\
EXAMPLES
  attain explain unit-missing
  attain explain --list

EXIT CODES
  0  explained
  2  there is no such code";

const FMT_HELP: &str = "\
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

const TEST_HELP: &str = "\
A scenario says what happened and what attain should say about it. Paths in it are relative to it.

EXAMPLES
  attain test                        every .scenario below this folder
  attain test scenarios/masked.scenario
  attain test --update               then look at the difference in version control

EXIT CODES
  0  all cases passed
  1  a case failed
  2  wrong usage, unreadable input, or no scenario found";

const SCHEMA_HELP: &str = "\
EXAMPLES
  attain schema > attain.schema.json
  then, as the first line of a catalogue file:
  # yaml-language-server: $schema=attain.schema.json

EXIT CODES
  0  printed";
