//! `attain bench diagnose`: how often the diagnosis is right on incidents whose culprit is known. Knows the command;
//! datasets are bench/dataset.rs', a trial is bench/trial.rs'.

mod bins;
mod dataset;
mod normal;
mod print;
mod synthetic;
mod trial;
mod wide;

use attain_cascade::diagnose::Unit;

use crate::cli::{BenchArguments, BenchCommand, BenchDiagnoseArguments};
use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;
use dataset::{Incident, Scenario};
use print::Line;
use trial::{Case, Trial, Usual};

/// How often a culprit and a window are drawn anew when the customer would not have been hurt.
const MADE_TRIES: usize = 20;

/// Runs the command.
pub fn run(arguments: &BenchArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let BenchCommand::Diagnose(arguments) = &arguments.command;
    diagnose(arguments, terminal)
}

fn diagnose(arguments: &BenchDiagnoseArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let scenarios = dataset::read(&arguments.dataset, &arguments.baseline)?;
    if arguments.normal {
        return normal(&scenarios, terminal);
    }
    let lines = match arguments.synthetic {
        Some(count) => synthetic(&scenarios, count, arguments)?,
        None => {
            let mut lines = Vec::new();
            for scenario in &scenarios {
                lines.extend(labelled(scenario)?);
            }
            lines
        }
    };
    terminal.print(&print::text(&lines))?;
    if let Some(path) = &arguments.json {
        let json = print::json(&lines);
        std::fs::write(path, json)
            .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    }
    Ok(Exit::Fine)
}

/// The incidents of a scenario as they were recorded.
fn labelled(scenario: &Scenario) -> Result<Vec<Line<'_>>, Failure> {
    let fit = |unit: Unit| {
        let usual = scenario.usual.as_ref();
        usual.map(|usual| Usual::of(unit, usual.tracks(unit)))
    };
    let (seconds, events) = (fit(Unit::Seconds), fit(Unit::Events));
    let mut lines = Vec::new();
    for incident in &scenario.incidents {
        let unit = incident.unit;
        let own = incident
            .usual
            .as_ref()
            .map(|usual| Usual::of(unit, usual.tracks(unit)));
        let shared = match unit {
            Unit::Seconds => &seconds,
            Unit::Events => &events,
        };
        let usual = own
            .as_ref()
            .or(shared.as_ref())
            .ok_or_else(|| no_baseline(scenario, incident))?;
        let roots: Vec<usize> = incident.root.into_iter().collect();
        lines.push(Line {
            scenario,
            incident: incident.name.clone(),
            kind: incident.kind.clone(),
            unit,
            culprits: vec![incident.root_name.clone()],
            trial: Trial::of(&Case {
                graph: &scenario.graph,
                unit,
                target: incident.target,
                usual,
                window: incident.window.tracks(unit),
                roots: &roots,
            }),
        });
    }
    Ok(lines)
}

/// So many incidents made on normal traffic, over all scenarios that have some.
fn synthetic<'a>(
    scenarios: &'a [Scenario],
    count: usize,
    arguments: &BenchDiagnoseArguments,
) -> Result<Vec<Line<'a>>, Failure> {
    let with_traffic: Vec<&Scenario> = scenarios.iter().filter(|s| s.usual.is_some()).collect();
    let mut rng = fastrand::Rng::with_seed(arguments.seed);
    let mut lines = Vec::new();
    for nth in 0..count {
        let two = nth >= count.saturating_sub(arguments.two);
        let unit = [Unit::Seconds, Unit::Events][nth % 2];
        let made = with_traffic
            .get(nth / 2 % with_traffic.len().max(1))
            .and_then(|scenario| {
                let made =
                    (0..MADE_TRIES).find_map(|_| synthetic::make(scenario, unit, two, &mut rng));
                Some((*scenario, made?))
            });
        let Some((scenario, made)) = made else {
            return Err(Failure::new("no incident can be made on this dataset").help(
                "it needs normal traffic of its own, and one incident that says who the customer is",
            ));
        };
        let usual = Usual::of(unit, &made.history);
        lines.push(Line {
            scenario,
            incident: format!("made_{nth}"),
            kind: two.then(|| format!("{} two at once", print::word(unit))),
            unit,
            culprits: made
                .roots
                .iter()
                .map(|root| scenario.names[*root].clone())
                .collect(),
            trial: Trial::of(&Case {
                graph: &scenario.graph,
                unit: made.unit,
                target: made.target,
                usual: &usual,
                window: &made.window,
                roots: &made.roots,
            }),
        });
    }
    Ok(lines)
}

/// How often somebody is named though nothing happened.
fn normal(scenarios: &[Scenario], terminal: &Terminal) -> Result<Exit, Failure> {
    let mut found = Vec::new();
    for scenario in scenarios.iter().filter(|s| s.usual.is_some()) {
        for unit in [Unit::Seconds, Unit::Events] {
            found.push((scenario.name.as_str(), unit, normal::look(scenario, unit)));
        }
    }
    terminal.print(&print::normal(&found))?;
    Ok(Exit::Fine)
}

fn no_baseline(scenario: &Scenario, incident: &Incident) -> Failure {
    let name = &scenario.name;
    Failure::new(format!(
        "{name}: nothing says what is usual before {}",
        incident.name
    ))
    .help("add noissue/metrics.csv to the scenario, or name another's with --baseline FILE")
}
