//! `attain status`: asks the engine, prints the answer. Knows which answer and which exit code; what the numbers mean is
//! attain-engine's, how they look attain-view's.

mod chart;
mod served;

pub use chart::all_series;

use attain_model::policy::Urgency;
use attain_model::verdict::AlertState;
use attain_model::{Evaluation, Standing, Verdict};
use attain_view::number;
use attain_view::status::{self, status};
use attain_view::status_json::status_json;

use crate::asked::{About, Asked};
use crate::catalogue;
use crate::cli::{StatusArguments, StatusFormat};
use crate::exit::{Exit, Failure};
use crate::facts::reading;
use crate::terminal::Terminal;
use crate::warnings;
use crate::why;

/// Runs the command.
pub fn run(arguments: &StatusArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    if let Some(url) = &arguments.server {
        return served::run(url, &arguments.slo, arguments.format, terminal);
    }
    let about = About {
        at: arguments.at.as_deref(),
        as_known_then: arguments.as_known_then,
        slos: &arguments.slo,
    };
    let mut chart = None;
    let asked = Asked::of(
        &arguments.input,
        &about,
        |catalogue| {
            let name = arguments.chart.as_deref();
            chart = name
                .map(|name| chart::series(catalogue, name))
                .transpose()?;
            Ok(())
        },
        terminal,
    )?;
    if let Some(name) = chart {
        chart::draw(&asked, &name, arguments.ascii, terminal)?;
        let mut evaluation = asked.evaluation(&[]);
        evaluation.verdicts.retain(|verdict| verdict.name == name);
        evaluation.masked.retain(|masked| masked.name == name);
        return Ok(exit_of(&evaluation));
    }
    let mut evaluation = asked.evaluation(&arguments.slo);
    match arguments.format {
        StatusFormat::Json => {
            let reading = reading::reading(&asked.facts);
            terminal.print(&status_json(&asked.promises, &evaluation, &reading))?;
        }
        StatusFormat::Human => {
            let mut run = asked.run(&mut evaluation);
            run.notes.splice(0..0, warnings::due(&asked, &evaluation));
            run.losing = losing_now(&asked, &evaluation);
            let text = status(&asked.promises, &evaluation, &run, &terminal.look());
            terminal.print(&text)?;
            hint(&evaluation, arguments, terminal);
            tell_of_errors(asked.errors, arguments, terminal);
        }
    }
    Ok(exit_of(&evaluation))
}

/// Who loses budget right now. Where nobody does, nothing more is read for it.
fn losing_now(asked: &Asked, evaluation: &Evaluation) -> Option<String> {
    let names = status::losing(evaluation);
    let zone = &asked.promises.catalogue().timezone;
    let why = (!names.is_empty()).then(|| why::who_spent(asked, evaluation, &names, None));
    status::losing_now(evaluation, &why?, zone)
}

/// Where to look next, for somebody who has a broken promise before them.
fn hint(evaluation: &Evaluation, arguments: &StatusArguments, terminal: &Terminal) {
    let masked = evaluation.masked.first().map(|masked| &masked.name);
    let broken = evaluation
        .verdicts
        .iter()
        .find(|verdict| verdict.standing == Standing::Breached && !verdict.pooled)
        .map(|verdict| &verdict.name);
    if let Some(name) = masked.or(broken) {
        let catalogue = catalogue::shown(&arguments.input.catalogue);
        let data = arguments.input.data.as_deref();
        let data = data.map_or_else(String::new, |data| {
            format!(" --data {}", catalogue::shown(data))
        });
        terminal.note(&format!(
            "`attain status {catalogue}{data} --chart {name}` draws its budget"
        ));
    }
}

/// A catalogue that can be judged may promise what it had better not.
fn tell_of_errors(errors: u64, arguments: &StatusArguments, terminal: &Terminal) {
    if errors > 0 {
        terminal.note(&format!(
            "check has {}: attain check {}",
            number::plural(errors, "error"),
            catalogue::shown(&arguments.input.catalogue)
        ));
    }
}

/// Invariant: a masked segment is breached, and a broken promise or a page outweighs an unknown one.
fn exit_of(evaluation: &Evaluation) -> Exit {
    let promises = || evaluation.verdicts.iter().filter(|verdict| !verdict.pooled);
    if promises().any(|verdict| verdict.standing == Standing::Breached)
        || promises().any(is_paging)
        || !evaluation.masked.is_empty()
    {
        return Exit::Broken;
    }
    let judged = promises().any(|verdict| verdict.standing == Standing::Met);
    let unknown = promises().any(|verdict| verdict.standing == Standing::Unknown);
    let silent = promises().any(|verdict| verdict.standing == Standing::NoTraffic);
    if unknown || (silent && !judged) {
        Exit::Unknown
    } else {
        Exit::Fine
    }
}

/// A ticket waits until somebody has time; a page says that somebody must come now.
fn is_paging(verdict: &Verdict) -> bool {
    verdict
        .alerts
        .iter()
        .any(|alert| alert.urgency == Urgency::Page && matches!(alert.state, AlertState::Firing(_)))
}
