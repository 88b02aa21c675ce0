//! How often the diagnosis is right: real incidents with labelled culprits, renamed and shuffled ones, made ones, and
//! normal traffic in which nobody is one.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{Place, Ran};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(name)
}

/// Runs over a dataset, and gives what it wrote as JSON.
fn bench(dataset: &Path, more: &[&str]) -> (Ran, Value) {
    let place = Place::new();
    let baseline = |traffic: &str| {
        let file = dataset.join(traffic).join("noissue").join("metrics.csv");
        file.is_file().then(|| file.to_str().unwrap().to_owned())
    };
    let baselines: Vec<String> = ["low_traffic", "high_traffic"]
        .iter()
        .filter_map(|t| baseline(t))
        .collect();
    let mut arguments = vec!["bench", "diagnose", "--dataset", dataset.to_str().unwrap()];
    arguments.extend(["--json", "result.json"]);
    arguments.extend(more);
    // Incidents are made on a scenario's own traffic only.
    if !baselines.is_empty() && more.is_empty() {
        arguments.push("--baseline");
        arguments.extend(baselines.iter().map(String::as_str));
    }
    let ran = place.run(&arguments);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let json = serde_json::from_str(&place.read("result.json")).unwrap();
    (ran, json)
}

fn count(json: &Value, group: &str, what: &str) -> u64 {
    json["totals"][group][what]
        .as_u64()
        .unwrap_or_else(|| panic!("no {group}: {what}"))
}

/// Suspects and scores of the first three, by incident.
fn suspects(json: &Value) -> Vec<(String, Vec<(String, f64)>)> {
    let incidents = json["incidents"].as_array().unwrap().iter();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    incidents
        .map(|incident| {
            let name = format!(
                "{}/{}",
                word(&incident["scenario"]),
                word(&incident["incident"])
            );
            let suspects = incident["suspects"].as_array().unwrap().iter().take(3);
            let suspect = |s: &Value| (word(&s["node"]), s["score"].as_f64().unwrap());
            (name, suspects.map(suspect).collect())
        })
        .collect()
}

#[test]
fn the_incidents_of_petshop_are_ranked_as_the_reference_ranks_them() {
    let (ran, json) = bench(&data("petshop"), &[]);
    assert_eq!(count(&json, "all", "first"), 20, "{}", ran.out);
    assert_eq!(count(&json, "all", "named_right"), 20);
    let text = std::fs::read_to_string(data("petshop/expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let ours = suspects(&json);
    let incidents = expected["incidents"].as_array().unwrap();
    assert_eq!(ours.len(), incidents.len());
    for incident in incidents {
        let name = incident["incident"].as_str().unwrap();
        let (_, ours) = ours.iter().find(|(n, _)| n == name).unwrap();
        let theirs = incident["first"].as_array().unwrap();
        assert_eq!(ours.len(), theirs.len(), "{name}");
        for ((node, score), theirs) in ours.iter().zip(theirs) {
            assert_eq!(node, theirs[0].as_str().unwrap(), "{name}");
            assert!(
                (score - theirs[1].as_f64().unwrap()).abs() < 1e-4,
                "{name}: {node} {score}"
            );
        }
    }
}

/// A diagnosis knows what nodes did and who calls whom: neither names nor the order of files and columns may help it.
#[test]
fn names_and_order_do_not_matter() {
    let place = Place::new();
    let mut rng = fastrand::Rng::with_seed(20);
    let root = place.0.path().join("shuffled");
    let mut disguise = Disguise::default();
    disguise.folder(&data("petshop"), &root, &mut rng);
    let (ran, json) = bench(&root, &[]);
    assert_eq!(count(&json, "all", "first"), 20, "{}", ran.out);
    assert!(!ran.out.contains("PetSearch"));
    let (_, plain) = bench(&data("petshop"), &[]);
    let (plain, disguised) = (suspects(&plain), suspects(&json));
    for ((name, plain), (_, disguised)) in plain.iter().zip(&disguised) {
        let renamed: Vec<&String> = plain.iter().map(|(node, _)| &disguise.ids[node]).collect();
        let found: Vec<&String> = disguised.iter().map(|(node, _)| node).collect();
        assert_eq!(renamed, found, "{name}");
    }
}

/// Copies a dataset with random ids for names, columns and edges in another order.
#[derive(Default)]
struct Disguise {
    ids: std::collections::BTreeMap<String, String>,
}

impl Disguise {
    fn id(&mut self, name: &str, rng: &mut fastrand::Rng) -> String {
        if name.is_empty() {
            return String::new();
        }
        let fresh = || format!("n{:016x}", rng.u64(..));
        self.ids
            .entry(name.to_owned())
            .or_insert_with(fresh)
            .clone()
    }

    fn folder(&mut self, from: &Path, to: &Path, rng: &mut fastrand::Rng) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let target = to.join(path.file_name().unwrap());
            if path.is_dir() {
                self.folder(&path, &target, rng);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let text = match path.file_name().unwrap().to_str().unwrap() {
                "metrics.csv" => self.metrics(&text, rng),
                "graph.csv" => self.graph(&text, rng),
                "target.json" => self.target(&text, rng),
                _ => continue,
            };
            std::fs::write(target, text).unwrap();
        }
    }

    fn metrics(&mut self, text: &str, rng: &mut fastrand::Rng) -> String {
        let mut rows: Vec<Vec<String>> = cells(text);
        for name in &mut rows[0][1..] {
            *name = self.id(name, rng);
        }
        shuffle_columns(&mut rows, rng);
        joined(&rows)
    }

    fn graph(&mut self, text: &str, rng: &mut fastrand::Rng) -> String {
        let mut rows: Vec<Vec<String>> = cells(text);
        for name in &mut rows[0][1..] {
            *name = self.id(name, rng);
        }
        for row in &mut rows[1..] {
            row[0] = self.id(&row[0], rng);
        }
        shuffle_columns(&mut rows, rng);
        rng.shuffle(&mut rows[1..]);
        joined(&rows)
    }

    fn target(&mut self, text: &str, rng: &mut fastrand::Rng) -> String {
        let mut json: Value = serde_json::from_str(text).unwrap();
        for section in ["target", "root_cause"] {
            let name = json[section]["node"].as_str().unwrap().to_owned();
            json[section]["node"] = self.id(&name, rng).into();
        }
        json.to_string()
    }
}

fn shuffle_columns(rows: &mut [Vec<String>], rng: &mut fastrand::Rng) {
    let mut order: Vec<usize> = (1..rows[0].len()).collect();
    rng.shuffle(&mut order);
    for row in rows {
        let shuffled = order.iter().map(|at| row[*at].clone());
        *row = std::iter::once(row[0].clone()).chain(shuffled).collect();
    }
}

fn cells(text: &str) -> Vec<Vec<String>> {
    assert!(!text.contains('"'));
    text.lines()
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}

fn joined(rows: &[Vec<String>]) -> String {
    rows.iter().map(|row| row.join(",") + "\n").collect()
}

#[test]
fn latency_faults_of_another_shop_are_found_and_weak_evidence_is_called_weak() {
    let (ran, json) = bench(&data("onlineboutique"), &[]);
    let count = |what| count(&json, "all other faults", what);
    assert_eq!(count("incidents"), 37);
    assert!(count("first") >= 29, "{}", ran.out);
    assert!(count("named") >= 21, "{}", ran.out);
    assert!(
        count("named_right") * 100 >= count("named") * 95,
        "{}",
        ran.out
    );
    assert!(ran.out.contains("exception and return faults"));
}

/// 100 made incidents, 720 at full size, on real normal traffic; of the last 20 or 140 two begin at once.
#[test]
fn culprits_of_made_incidents_stand_first() {
    let is_soak = std::env::var_os("ATTAIN_SOAK").is_some();
    let (made, two) = if is_soak { (720, 140) } else { (100, 20) };
    let (made_text, two_text) = (made.to_string(), two.to_string());
    let arguments = ["--synthetic", &made_text, "--two", &two_text, "--seed", "7"];
    let (ran, json) = bench(&data("petshop"), &arguments);
    let first = count(&json, "all", "first");
    assert_eq!(count(&json, "all", "incidents"), made);
    assert_eq!(count(&json, "all", "two_at_once"), two);
    assert!(first * 100 >= made * 88, "{}", ran.out);
    let of_two = json["incidents"].as_array().unwrap().iter();
    let of_two = of_two.filter(|i| i["culprits"].as_array().unwrap().len() == 2);
    let is_first = |i: &&Value| i["ranks"].as_array().unwrap().contains(&1.into());
    let first_of_two = of_two.filter(is_first).count() as u64;
    assert!(first_of_two * 100 >= two * 70, "{}", ran.out);
    // Whoever looks strangest, and a blind guess, are no match: the incidents are not easy.
    assert!(count(&json, "all", "largest_deviation_right") < first);
    println!("{}", ran.out);
    println!("soak: {made} of {made}, seed 7");
}

#[test]
fn nobody_is_named_in_normal_traffic() {
    let place = Place::new();
    let dataset = data("petshop");
    let ran = place.run(&[
        "bench",
        "diagnose",
        "--dataset",
        dataset.to_str().unwrap(),
        "--normal",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let all = ran.out.lines().last().unwrap();
    let numbers: Vec<f64> = all
        .split_whitespace()
        .filter_map(|cell| cell.parse().ok())
        .collect();
    let [windows, _, named, share] = numbers[..] else {
        panic!("{all}");
    };
    assert!(windows > 2000.0);
    assert!((named / windows - share).abs() < 1e-3);
    assert!(share <= 0.04, "{}", ran.out);
}

#[test]
fn what_is_no_dataset_or_has_nothing_usual_is_refused_with_advice() {
    let place = Place::new();
    let ran = place.run(&["bench", "diagnose", "--dataset", "nowhere"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("nowhere is no folder"), "{}", ran.err);
    let ran = place.run(&["bench", "diagnose", "--dataset", "."]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("graph.csv"), "{}", ran.err);
    let alone = data("petshop/temporal_traffic1");
    let ran = place.run(&["bench", "diagnose", "--dataset", alone.to_str().unwrap()]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("--baseline"), "{}", ran.err);
}
