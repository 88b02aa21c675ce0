//! Commands about what a promise rests on: cascade, allocate, owner, discover.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Beside, StatusFormat};

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

pub(super) const CASCADE_HELP: &str = "\
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
  2  wrong usage, unreadable input, or a catalogue that cannot be used
  3  nothing is known to be short, but a part promises nothing";

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

pub(super) const ALLOCATE_HELP: &str = "\
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
  2  wrong usage, unreadable input, or a catalogue that cannot be used";

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

pub(super) const OWNER_HELP: &str = "\
What a team promises and whether it is kept and carried, which promises of others rest on its SLOs, whose SLOs its own
promises rest on, and what it spent of the customers' budgets (as `attain attribution` tells it). Of several segments
the tightest is shown.

EXAMPLES
  attain owner shop/                       who owns how many SLOs
  attain owner shop/ payments
  attain owner shop/ platform --data shop-data --at 2026-10-31

EXIT CODES
  0  shown
  2  wrong usage, unreadable input, a catalogue that cannot be used, or a team that owns nothing";

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

pub(super) const DISCOVER_HELP: &str = "\
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
  2  wrong usage, unreadable input, or a catalogue that cannot be used
  3  nothing was seen that could be compared, or too few bad slots to say an impact";
