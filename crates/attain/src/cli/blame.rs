//! Commands that say who did it, or is about to: why, attribution, warnings, bench.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{InputArguments, ReadingArguments, StatusFormat};

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
    #[command(flatten)]
    pub reading: ReadingArguments,
    /// Read no file: use what `attain replay` keeps in this folder
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
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

impl WhyArguments {
    /// What is judged.
    pub fn input(&self) -> InputArguments {
        InputArguments {
            catalogue: self.catalogue.clone(),
            files: self.files.clone(),
            reading: self.reading.clone(),
            data: self.data.clone(),
        }
    }
}

pub(super) const WHY_HELP: &str = "\
Of the SLO and of all that it rests on (`depends_on`) the counts of the same segment are compared
with what is usual for each and with how each was just before. A part is suspected of what it lost
itself, as far as that can have reached the customer, less what its own parts lost. All is counted in
the SLO's own unit, bad events: of an objective of latency those slower than its threshold. `score` is the
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
  2  wrong usage, unreadable input, or a catalogue that cannot be used
  3  budget was lost, and the evidence is too weak to name anybody";

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

pub(super) const ATTRIBUTION_HELP: &str = "\
Each bad event of a promise is put down to one SLO: to the deepest one below it whose own losses
explain it, or to the promise's own. Whole events, and none is lost: those of the promises and those
of the SLOs are the same events, counted by row and by column.

EXAMPLES
  attain attribution shop/                              every promise to customers, over its window
  attain attribution shop/ --period 2026-10 --data shop-data
  attain attribution shop/ --slo checkout-completes --format json | jq '.nodes[0]'

EXIT CODES
  0  told
  2  wrong usage, unreadable input, or a catalogue that cannot be used
  3  there are no data";

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

pub(super) const WARNINGS_HELP: &str = "\
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
  2  wrong usage, unreadable input, or a catalogue that cannot be used
  3  too few breaches to tell anything";

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

pub(super) const BENCH_HELP: &str = "\
A dataset is not part of attain: PetShop is at https://github.com/amazon-science/petshop-root-cause-analysis, as a
folder `dataset` that is given by its path.

EXAMPLES
  attain bench diagnose --dataset petshop-root-cause-analysis/dataset";

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

pub(super) const BENCH_DIAGNOSE_HELP: &str = "\
A dataset is a folder of scenarios. A scenario is a folder with graph.csv (callers in rows, callees in
columns), noissue/metrics.csv (normal traffic) and, at any depth, folders with metrics.csv and
target.json: the form of PetShop. Or it is NAME_bins.csv with NAME_cases.json: calls and mean latency
by case, slot and service; what is usual for a case are then the other cases. A culprit counts as named
from a score of 0.5 on, unless another has as good a claim or its callees are too noisy to be ruled
out; otherwise the evidence is called weak.

PetShop is no part of attain: https://github.com/amazon-science/petshop-root-cause-analysis has it, in `dataset`; below,
that folder is called `petshop`. (examples/petshop is a catalogue, not this.)

EXAMPLES
  attain bench diagnose --dataset petshop
  attain bench diagnose --dataset petshop --json result.json \\
    --baseline petshop/low_traffic/noissue/metrics.csv petshop/high_traffic/noissue/metrics.csv
  attain bench diagnose --dataset petshop --synthetic 720 --two 140 --seed 7
  attain bench diagnose --dataset petshop --normal

EXIT CODES
  0  every incident was looked at, whoever was right
  2  wrong usage or unreadable input";
