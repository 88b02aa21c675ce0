//! Every vector of `testdata/diagnose.json`, by what it says: nodes, scores, losses, and nothing beside them.

use attain_cascade::diagnose::{Baseline, CallGraph, Question, Track, Unit, diagnose};
use serde_json::Value;

#[test]
fn every_vector_is_reproduced() {
    let file: Value =
        serde_json::from_str(include_str!("../../../testdata/diagnose.json")).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 8);
    for vector in vectors {
        check(vector);
    }
}

fn check(vector: &Value) {
    let (id, input) = (&vector["id"], &vector["input"]);
    let names: Vec<&str> = list(&input["names"], |name| name.as_str().unwrap());
    let at = |name: &str| names.iter().position(|n| *n == name).unwrap();
    let mut graph = CallGraph::new(names.len());
    for (caller, callees) in input["graph"].as_object().unwrap() {
        for callee in callees.as_array().unwrap() {
            graph.add(at(caller), at(callee.as_str().unwrap()));
        }
    }
    let unit = match input["metric"].as_str().unwrap() {
        "latency" => Unit::Seconds,
        _ => Unit::Events,
    };
    let baselines: Vec<Baseline> = tracks(unit, &input["history"])
        .iter()
        .map(|history| Baseline::fit(unit, history))
        .collect();
    let found = diagnose(&Question {
        unit,
        graph: &graph,
        target: at(input["target"].as_str().unwrap()),
        baselines: &baselines,
        window: &tracks(unit, &input["window"]),
    });
    let expected = vector["expect"]["ranked"].as_array().unwrap();
    let ours: Vec<&str> = found.suspects.iter().map(|s| names[s.node]).collect();
    let theirs: Vec<&str> = expected
        .iter()
        .map(|s| s["node"].as_str().unwrap())
        .collect();
    assert_eq!(ours, theirs, "{id}");
    for (ours, theirs) in found.suspects.iter().zip(expected) {
        let tolerance = vector["rel_tol"].as_f64().unwrap();
        let same = |key: &str, ours: f64| {
            let theirs = theirs[key].as_f64().unwrap();
            let near = (ours - theirs).abs() <= tolerance * theirs.abs().max(1e-9);
            assert!(near, "{id}: {key} is {ours}, not {theirs}");
        };
        same("score", ours.score);
        same("loss", ours.loss);
        same("z", ours.sigmas);
        same("share", ours.share);
        same("explained", ours.explained);
    }
}

/// Rows are slots, columns nodes; of availability the percentage that was good.
fn tracks(unit: Unit, table: &Value) -> Vec<Track> {
    let values = table["value"].as_array().unwrap();
    let requests = table["requests"].as_array().unwrap();
    let nodes = values[0].as_array().unwrap().len();
    let column = |rows: &[Value], node: usize| -> Vec<f64> {
        let cells = rows.iter().map(|row| row[node].as_f64());
        cells.map(|cell| cell.unwrap_or(f64::NAN)).collect()
    };
    (0..nodes)
        .map(|node| {
            let mut value = column(values, node);
            if unit == Unit::Events {
                value.iter_mut().for_each(|v| *v = 1.0 - *v / 100.0);
            }
            Track {
                requests: column(requests, node),
                value,
            }
        })
        .collect()
}

fn list<'v, T>(value: &'v Value, of: impl Fn(&'v Value) -> T) -> Vec<T> {
    value.as_array().unwrap().iter().map(of).collect()
}
