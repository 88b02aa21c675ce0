//! Scenarios in the form of PetShop: tables with a column for each node, metric and statistic. Knows the files; knows
//! nothing of what is done with the numbers.
//!
//! `graph.csv` has callers in rows and callees in columns, 1 where there is a call. `metrics.csv` has three rows of
//! headings, in any order: `microservice`, `metric` (`requests`, `latency`, `availability`), `statistic`; then a row for
//! each slot, which begins with its time. Requests are sums, latency is in seconds, availability in percent. An empty
//! cell was not measured. `target.json` says who the customer is and what he lost, and at which node it began.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use attain_cascade::diagnose::{CallGraph, Track, Unit};
use serde_json::Value;

use super::dataset::{Incident, Measured, Scenario, folders, text};
use crate::exit::Failure;

/// A scenario of a folder that holds `graph.csv`.
pub fn read(dir: &Path, name: &str, baselines: &[PathBuf]) -> Result<Scenario, Failure> {
    let edges = edges(&dir.join("graph.csv"))?;
    let own = dir.join("noissue").join("metrics.csv");
    let files = match own.is_file() {
        true => std::slice::from_ref(&own),
        false => baselines,
    };
    let mut usual = Vec::new();
    for file in files {
        usual.push(table(file)?);
    }
    let mut incidents = Vec::new();
    issues(dir, dir, &mut incidents)?;
    let mut names: BTreeSet<&str> = BTreeSet::new();
    names.extend(
        edges
            .iter()
            .flat_map(|(from, to)| [from.as_str(), to.as_str()]),
    );
    let tables = usual
        .iter()
        .chain(incidents.iter().map(|issue| &issue.table));
    names.extend(tables.flat_map(|table| table.columns.keys().map(|column| column.0.as_str())));
    names.extend(incidents.iter().map(|issue| issue.target.as_str()));
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let place: BTreeMap<&str, usize> = names
        .iter()
        .enumerate()
        .map(|(at, n)| (n.as_str(), at))
        .collect();
    let mut graph = CallGraph::new(names.len());
    for (from, to) in &edges {
        graph.add(place[from.as_str()], place[to.as_str()]);
    }
    let incidents = incidents.iter().map(|issue| Incident {
        name: issue.name.clone(),
        kind: None,
        target: place[issue.target.as_str()],
        unit: issue.unit,
        root: place.get(issue.root.as_str()).copied(),
        root_name: issue.root.clone(),
        window: measured(std::slice::from_ref(&issue.table), &names, &issue.statistic),
        usual: None,
    });
    Ok(Scenario {
        incidents: incidents.collect(),
        usual: (!usual.is_empty()).then(|| measured(&usual, &names, "Average")),
        name: name.to_owned(),
        graph,
        names,
    })
}

/// Who calls whom, by name.
fn edges(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    let rows = rows(path)?;
    let (head, rows) = rows.split_first().ok_or_else(|| empty(path))?;
    // The corner above the callers may have been left out.
    let has_corner = rows.first().is_none_or(|row| row.len() <= head.len());
    let corner = usize::from(has_corner);
    let callees = &head[corner.min(head.len())..];
    let mut edges = Vec::new();
    for row in rows {
        let Some((caller, cells)) = row.split_first() else {
            continue;
        };
        for (callee, cell) in callees.iter().zip(cells) {
            if cell.trim().parse::<f64>().is_ok_and(|calls| calls > 0.0) {
                edges.push((caller.clone(), callee.clone()));
            }
        }
    }
    Ok(edges)
}

/// An incident as it is written.
struct Issue {
    name: String,
    target: String,
    unit: Unit,
    statistic: String,
    root: String,
    table: Table,
}

/// Every folder below that says what was hurt and holds numbers.
fn issues(root: &Path, dir: &Path, found: &mut Vec<Issue>) -> Result<(), Failure> {
    let (target, metrics) = (dir.join("target.json"), dir.join("metrics.csv"));
    if target.is_file() && metrics.is_file() {
        found.push(issue(root, dir, &target, &metrics)?);
        return Ok(());
    }
    for below in folders(dir)? {
        issues(root, &below, found)?;
    }
    Ok(())
}

fn issue(root: &Path, dir: &Path, target: &Path, metrics: &Path) -> Result<Issue, Failure> {
    let wrong = |what: &str| Failure::new(format!("{}: {what}", target.display()));
    let json: Value =
        serde_json::from_str(&text(target)?).map_err(|error| wrong(&error.to_string()))?;
    let word = |section: &str, key: &str| json[section][key].as_str().map(str::to_owned);
    let unit = match word("target", "metric").as_deref() {
        Some("latency") => Unit::Seconds,
        Some("availability") => Unit::Events,
        _ => return Err(wrong("target.metric is neither latency nor availability")),
    };
    Ok(Issue {
        name: dir.strip_prefix(root).unwrap_or(dir).display().to_string(),
        target: word("target", "node").ok_or_else(|| wrong("no target.node"))?,
        unit,
        statistic: word("target", "agg").unwrap_or_else(|| "Average".to_owned()),
        root: word("root_cause", "node").ok_or_else(|| wrong("no root_cause.node"))?,
        table: table(metrics)?,
    })
}

/// Node, metric, statistic.
type Column = (String, String, String);

struct Table {
    slots: usize,
    columns: BTreeMap<Column, Vec<f64>>,
}

fn table(path: &Path) -> Result<Table, Failure> {
    let rows = rows(path)?;
    let heading = |word: &str| {
        let row = rows
            .iter()
            .take(3)
            .find(|row| row.first().is_some_and(|first| first == word));
        row.ok_or_else(|| {
            Failure::new(format!(
                "{}: no row `{word}` among the first three",
                path.display()
            ))
        })
    };
    let (nodes, metrics) = (heading("microservice")?, heading("metric")?);
    let statistics = heading("statistic")?;
    let is_slot = |row: &&Vec<String>| row.first().is_some_and(|t| t.parse::<f64>().is_ok());
    let slots: Vec<&Vec<String>> = rows[3..].iter().filter(is_slot).collect();
    if slots.is_empty() {
        return Err(empty(path));
    }
    let heads = nodes
        .iter()
        .zip(metrics)
        .zip(statistics)
        .enumerate()
        .skip(1);
    let columns = heads.map(|(at, ((node, metric), statistic))| {
        let cell = |row: &Vec<String>| row.get(at).and_then(|cell| cell.trim().parse().ok());
        let cells = slots.iter().map(|row| cell(row).unwrap_or(f64::NAN));
        (
            (node.clone(), metric.clone(), statistic.clone()),
            cells.collect(),
        )
    });
    Ok(Table {
        columns: columns.collect(),
        slots: slots.len(),
    })
}

/// Tables one after the other, by the position of a name.
fn measured(tables: &[Table], names: &[String], statistic: &str) -> Measured {
    let of = |name: &str, metric: &str, statistics: &[&str]| -> Vec<f64> {
        let cells = tables.iter().flat_map(|table| {
            let key =
                |statistic: &&str| (name.to_owned(), metric.to_owned(), (*statistic).to_owned());
            let column = statistics
                .iter()
                .find_map(|word| table.columns.get(&key(word)));
            column
                .cloned()
                .unwrap_or_else(|| vec![f64::NAN; table.slots])
        });
        cells.collect()
    };
    let mut measured = Measured::default();
    for name in names {
        let requests: Vec<f64> = of(name, "requests", &["Sum", "Average"])
            .into_iter()
            .map(zero)
            .collect();
        let good = of(name, "availability", &[statistic, "Average"]);
        measured.latency.push(Track {
            requests: requests.clone(),
            value: of(name, "latency", &[statistic, "Average"]),
        });
        measured.availability.push(Track {
            requests,
            value: good
                .into_iter()
                .map(|percent| 1.0 - percent / 100.0)
                .collect(),
        });
    }
    measured
}

/// Nobody counted is nobody came.
fn zero(requests: f64) -> f64 {
    if requests.is_finite() { requests } else { 0.0 }
}

fn rows(path: &Path) -> Result<Vec<Vec<String>>, Failure> {
    let failed = |error: csv::Error| Failure::new(format!("{}: {error}", path.display()));
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_path(path)
        .map_err(failed)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(failed)?;
        rows.push(record.iter().map(str::to_owned).collect());
    }
    Ok(rows)
}

fn empty(path: &Path) -> Failure {
    Failure::new(format!("{} holds no rows", path.display()))
}
