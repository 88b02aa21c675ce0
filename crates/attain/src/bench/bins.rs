//! Scenarios of traces that were summed up: `NAME_bins.csv` has a row for each case, slot and service with calls and
//! mean latency, `NAME_cases.json` the graph, the customer's node and the faults. Knows the two files; knows nothing of
//! what is done with the numbers.
//!
//! What is usual for a case are the windows of all other cases.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use attain_cascade::diagnose::{CallGraph, Track, Unit};
use serde_json::Value;

use super::dataset::{Incident, Measured, Scenario, text};
use crate::exit::Failure;

/// The column with the latency as the caller sees it: what is lost on the way counts.
const LATENCY: &str = "mean_latency_us_caller_view";

/// The scenario of `NAME_cases.json` and the file of bins beside it.
pub fn read(cases: &Path, dir: &str) -> Result<Scenario, Failure> {
    let wrong = |what: &str| Failure::new(format!("{}: {what}", cases.display()));
    let json: Value =
        serde_json::from_str(&text(cases)?).map_err(|error| wrong(&error.to_string()))?;
    let file = cases
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let name = file.trim_end_matches("_cases.json").to_owned();
    let rows = bins(&cases.with_file_name(format!("{name}_bins.csv")))?;
    let customer = json["customer_node"]
        .as_str()
        .ok_or_else(|| wrong("no customer_node"))?;
    let calls = json["graph"].as_object().ok_or_else(|| wrong("no graph"))?;
    let mut names: BTreeSet<&str> = rows.iter().map(|row| row.service.as_str()).collect();
    names.insert(customer);
    let edges: Vec<(&str, &str)> = calls
        .iter()
        .flat_map(|(from, to)| {
            let to = to
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            to.map(move |to| (from.as_str(), to))
        })
        .collect();
    names.extend(edges.iter().flat_map(|(from, to)| [*from, *to]));
    let place: BTreeMap<&str, usize> = names.iter().enumerate().map(|(at, n)| (*n, at)).collect();
    let mut graph = CallGraph::new(names.len());
    for (from, to) in edges {
        graph.add(place[from], place[to]);
    }
    let mut incidents = Vec::new();
    for case in json["cases"].as_array().ok_or_else(|| wrong("no cases"))? {
        let word = |key: &str| case[key].as_str();
        let id = word("case").ok_or_else(|| wrong("a case without `case`"))?;
        let root = word("root").ok_or_else(|| wrong("a case without `root`"))?;
        incidents.push(Incident {
            name: id.to_owned(),
            kind: word("kind").map(str::to_owned),
            target: place[customer],
            unit: Unit::Seconds,
            root: place.get(root).copied(),
            root_name: root.to_owned(),
            window: measured(&rows, &place, |row| row.case == id),
            usual: Some(measured(&rows, &place, |row| row.case != id)),
        });
    }
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    Ok(Scenario {
        name: Path::new(dir).join(name).display().to_string(),
        graph,
        names,
        usual: None,
        incidents,
    })
}

struct Bin {
    case: String,
    time: i64,
    service: String,
    calls: f64,
    seconds: f64,
}

fn bins(path: &Path) -> Result<Vec<Bin>, Failure> {
    let failed = |error: csv::Error| Failure::new(format!("{}: {error}", path.display()));
    let mut reader = csv::Reader::from_path(path).map_err(failed)?;
    let head = reader.headers().map_err(failed)?.clone();
    let column = |name: &str| {
        let at = head.iter().position(|head| head == name);
        at.ok_or_else(|| Failure::new(format!("{}: no column `{name}`", path.display())))
    };
    let (case, time, service) = (column("case")?, column("t_unix")?, column("service")?);
    let (calls, latency) = (column("calls")?, column(LATENCY)?);
    let mut bins = Vec::new();
    for record in reader.records() {
        let record = record.map_err(failed)?;
        let cell = |at: usize| record.get(at).unwrap_or("").trim();
        let Ok(time) = cell(time).parse::<f64>() else {
            continue;
        };
        let micros: f64 = cell(latency).parse().unwrap_or(f64::NAN);
        bins.push(Bin {
            case: cell(case).to_owned(),
            time: time as i64,
            service: cell(service).to_owned(),
            calls: cell(calls).parse().unwrap_or(0.0),
            seconds: micros / 1e6,
        });
    }
    Ok(bins)
}

/// The bins that are wanted as tracks; a service without a bin in a slot was not called.
fn measured(
    bins: &[Bin],
    place: &BTreeMap<&str, usize>,
    wanted: impl Fn(&Bin) -> bool,
) -> Measured {
    let wanted: Vec<&Bin> = bins.iter().filter(|bin| wanted(bin)).collect();
    let times: BTreeSet<i64> = wanted.iter().map(|bin| bin.time).collect();
    let slot: BTreeMap<i64, usize> = times.iter().enumerate().map(|(at, t)| (*t, at)).collect();
    let empty = Track {
        requests: vec![0.0; times.len()],
        value: vec![f64::NAN; times.len()],
    };
    let mut latency = vec![empty.clone(); place.len()];
    for bin in wanted {
        let track = &mut latency[place[bin.service.as_str()]];
        track.requests[slot[&bin.time]] = bin.calls;
        track.value[slot[&bin.time]] = bin.seconds;
    }
    Measured {
        availability: vec![empty; place.len()],
        latency,
    }
}
