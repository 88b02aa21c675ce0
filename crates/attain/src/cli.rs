//! The command line: names, defaults, help. Knows no command's work.
//!
//! The help of a command is its reference: what it does, examples that run, and its exit codes. It stands beside the
//! arguments of the command.

mod blame;
mod demo;
mod doctor;
mod input;
mod keeping;
mod rests_on;
mod token;
mod verdicts;
mod writing;

use clap::{Parser, Subcommand, ValueEnum};

use blame::{ATTRIBUTION_HELP, BENCH_HELP, WARNINGS_HELP, WHY_HELP};
pub use blame::{
    AttributionArguments, BenchArguments, BenchCommand, BenchDiagnoseArguments, WarningsArguments,
    WhyArguments,
};
use demo::DEMO_HELP;
pub use demo::DemoArguments;
use doctor::DOCTOR_HELP;
pub use doctor::DoctorArguments;
pub use input::{Beside, InputArguments, ReadingArguments, StatusFormat};
use keeping::{DATA_HELP, REPLAY_HELP, SERVE_HELP};
pub use keeping::{DataArguments, DataCommand, ReplayArguments, ServeArguments};
use rests_on::{ALLOCATE_HELP, CASCADE_HELP, DISCOVER_HELP, OWNER_HELP};
pub use rests_on::{
    AllocateArguments, AllocateFormat, CascadeArguments, CascadeFormat, DiscoverArguments,
    Division, OwnerArguments,
};
use token::TOKEN_HELP;
pub use token::{TokenArguments, TokenCommand, TokenScope};
use verdicts::{REPORT_HELP, STATEMENT_HELP, STATUS_HELP};
pub use verdicts::{
    ReportArguments, ReportFormat, StatementArguments, StatementCommand, StatementFormat,
    StatusArguments, VerifyArguments,
};
use writing::{CHECK_HELP, EXPLAIN_HELP, FMT_HELP, INIT_HELP, SCHEMA_HELP, TEST_HELP};
pub use writing::{
    CheckArguments, CheckFormat, Deny, ExplainArguments, FmtArguments, InitArguments,
    SchemaArguments, TestArguments,
};

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
    /// Show all of it on a small shop that really runs: open the URL, watch premium burn and recover
    #[command(after_long_help = DEMO_HELP)]
    Demo(DemoArguments),
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
    /// Look at sources, clocks, disk, labels and buckets: what is wrong, why it hurts, what to type
    #[command(after_long_help = DOCTOR_HELP)]
    Doctor(DoctorArguments),
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
    /// Make, list and revoke the tokens that open what a server says
    #[command(after_long_help = TOKEN_HELP)]
    Token(TokenArguments),
    /// Print the JSON Schema of a catalogue file, for editors, or the OpenAPI document of the server
    #[command(after_long_help = SCHEMA_HELP)]
    Schema(SchemaArguments),
}
