//! Labelled incidents in memory, whatever they were written as. Knows which folders hold them; how a file is read is
//! wide.rs' and bins.rs'.

use std::path::{Path, PathBuf};

use attain_cascade::diagnose::{CallGraph, Track, Unit};

use super::{bins, wide};
use crate::exit::Failure;

/// One application over some time: its graph, its usual traffic, incidents in it.
pub struct Scenario {
    /// The folder, as seen from the dataset.
    pub name: String,
    /// The nodes, by position.
    pub names: Vec<String>,
    /// Who calls whom.
    pub graph: CallGraph,
    /// What is usual; of bins there is one for each incident.
    pub usual: Option<Measured>,
    /// What went wrong.
    pub incidents: Vec<Incident>,
}

/// What each node did, by position.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// Requests and mean seconds.
    pub latency: Vec<Track>,
    /// Requests and the share of them that was bad.
    pub availability: Vec<Track>,
}

impl Measured {
    /// In the unit of a budget.
    pub fn tracks(&self, unit: Unit) -> &[Track] {
        match unit {
            Unit::Seconds => &self.latency,
            Unit::Events => &self.availability,
        }
    }
}

/// A labelled incident.
pub struct Incident {
    /// Where it was found.
    pub name: String,
    /// What kind of fault it was, where the dataset says so.
    pub kind: Option<String>,
    /// The node that the customer sees.
    pub target: usize,
    /// What the customer lost.
    pub unit: Unit,
    /// The node at which it started; `None` if no such node is in the graph.
    pub root: Option<usize>,
    /// As it is written.
    pub root_name: String,
    /// What each node did.
    pub window: Measured,
    /// What is usual, where the scenario has none for all.
    pub usual: Option<Measured>,
}

/// Everything below a folder. `baselines` are used where a scenario has no normal traffic of its own.
pub fn read(dir: &Path, baselines: &[PathBuf]) -> Result<Vec<Scenario>, Failure> {
    if !dir.is_dir() {
        let dir = dir.display();
        return Err(Failure::new(format!("{dir} is no folder"))
            .help("name the folder of a dataset: attain bench diagnose --dataset petshop"));
    }
    let mut scenarios = Vec::new();
    find(dir, dir, baselines, &mut scenarios)?;
    if scenarios
        .iter()
        .all(|scenario| scenario.incidents.is_empty() && scenario.usual.is_none())
    {
        return Err(Failure::new(format!("{} holds no dataset", dir.display())).help(
            "a scenario is a folder with graph.csv, noissue/metrics.csv and */issue_*/{metrics.csv,target.json}; or with \
             NAME_bins.csv and NAME_cases.json",
        ));
    }
    Ok(scenarios)
}

fn find(
    root: &Path,
    dir: &Path,
    baselines: &[PathBuf],
    scenarios: &mut Vec<Scenario>,
) -> Result<(), Failure> {
    let shown = dir.strip_prefix(root).unwrap_or(dir).display().to_string();
    for cases in files(dir)?
        .iter()
        .filter(|path| ends_with(path, "_cases.json"))
    {
        scenarios.push(bins::read(cases, &shown)?);
    }
    if dir.join("graph.csv").is_file() {
        scenarios.push(wide::read(dir, &shown, baselines)?);
        return Ok(());
    }
    for below in folders(dir)? {
        find(root, &below, baselines, scenarios)?;
    }
    Ok(())
}

/// The files of a folder, by name.
pub fn files(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    Ok(entries(dir)?
        .into_iter()
        .filter(|path| path.is_file())
        .collect())
}

/// The folders of a folder; `issue_2` comes before `issue_10`.
pub fn folders(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    Ok(entries(dir)?
        .into_iter()
        .filter(|path| path.is_dir())
        .collect())
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", dir.display()));
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort_by_key(|path| {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let digits = name.len() - name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let (word, number) = name.split_at(name.len() - digits);
        (word.to_owned(), number.parse::<u64>().unwrap_or(0), name)
    });
    Ok(paths)
}

fn ends_with(path: &Path, end: &str) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().ends_with(end)
}

/// The text of a file.
pub fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}
