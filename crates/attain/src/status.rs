//! `attain status`: reads the files, asks the engine, prints the answer. Knows the order of these and which instant is
//! meant; what the numbers mean is attain-engine's, how they look attain-view's.

mod chart;

pub use chart::all_series;

use attain_engine::evaluate;
use attain_model::policy::Urgency;
use attain_model::verdict::AlertState;
use attain_model::{AsOf, Catalogue, Evaluation, GapReason, Promises, Standing, Verdict};
use attain_view::number;
use attain_view::status::{Run, status};
use attain_view::status_json::status_json;
use jiff::Timestamp;

use crate::catalogue;
use crate::check;
use crate::cli::{StatusArguments, StatusFormat};
use crate::exit::{Exit, Failure};
use crate::facts::{Facts, notes, reading};
use crate::moment;
use crate::terminal::Terminal;

/// Runs the command.
pub fn run(arguments: &StatusArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let (parsed, base) = catalogue::valid(&arguments.input.catalogue, terminal)?;
    let errors = check::errors(&parsed);
    let Some(catalogue) = parsed.catalogue else {
        return Err(Failure::new("the catalogue holds no file"));
    };
    refuse_unknown(&catalogue, &arguments.slo)?;
    let chart = arguments
        .chart
        .as_deref()
        .map(|name| chart::series(&catalogue, name))
        .transpose()?;
    let now = Timestamp::now();
    let at = arguments
        .at
        .as_deref()
        .map(|text| moment::parse(text, &catalogue.timezone, now))
        .transpose()?;

    let facts = Facts::of(&catalogue, &base, &arguments.input, terminal)?;

    let as_of = as_of(at, &facts, now, arguments.as_known_then);
    let promises = Promises::of(catalogue);
    if let Some(name) = chart {
        chart::draw(
            &promises,
            &facts,
            &name,
            as_of.instant,
            arguments.ascii,
            terminal,
        )?;
        let mut evaluation = facts.with(|counts| evaluate(&promises, counts, as_of));
        evaluation.verdicts.retain(|verdict| verdict.name == name);
        evaluation.masked.retain(|masked| masked.name == name);
        return Ok(exit_of(&evaluation));
    }
    let mut evaluation = facts.with(|counts| evaluate(&promises, counts, as_of));
    only(&mut evaluation, &arguments.slo);
    let text = match arguments.format {
        StatusFormat::Json => status_json(&promises, &evaluation, &reading::reading(&facts)),
        StatusFormat::Human => {
            // The notes of reading say the same with an example.
            evaluation
                .gaps
                .retain(|gap| !matches!(gap.why, GapReason::Unparsed(_)));
            let run = Run {
                instant_is: at.is_none().then(|| facts.instant_is(now).to_owned()),
                notes: notes::notes(&promises, &facts),
                caution: facts.beyond(as_of.instant, now, &promises.catalogue().timezone),
                nothing_read: facts.end.is_none(),
            };
            status(&promises, &evaluation, &run, &terminal.look())
        }
    };
    terminal.print(&text)?;
    if arguments.format == StatusFormat::Human {
        hint(&evaluation, arguments, terminal);
        tell_of_errors(errors, arguments, terminal);
    }
    Ok(exit_of(&evaluation))
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
        terminal.note(&format!(
            "`attain status {catalogue} --chart {name}` draws its budget"
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

fn refuse_unknown(catalogue: &Catalogue, slos: &[String]) -> Result<(), Failure> {
    let unknown = slos
        .iter()
        .find(|id| !catalogue.slos.contains_key(id.as_str()));
    let Some(id) = unknown else {
        return Ok(());
    };
    let has: Vec<&str> = catalogue.slos.keys().map(|id| id.as_str()).collect();
    Err(
        Failure::new(format!("there is no SLO `{id}` in this catalogue"))
            .help(format!("it has {}", has.join(", "))),
    )
}

/// What is about these SLOs, or all. Everything was read and judged, so that the instant is the same whatever is asked.
fn only(evaluation: &mut Evaluation, slos: &[String]) {
    if slos.is_empty() {
        return;
    }
    let asked = |id: &str| slos.iter().any(|slo| slo == id);
    evaluation
        .verdicts
        .retain(|verdict| asked(verdict.name.slo.as_str()));
    evaluation
        .masked
        .retain(|masked| asked(masked.name.slo.as_str()));
    evaluation
        .untagged
        .retain(|untagged| asked(untagged.slo.as_str()));
    evaluation.gaps.retain(|gap| {
        let about = gap.about.split('/').next().unwrap_or_default();
        about.starts_with("source ") || asked(about)
    });
}

fn as_of(at: Option<Timestamp>, facts: &Facts, now: Timestamp, as_known_then: bool) -> AsOf {
    // A row with a time in the future is no reason to judge the future.
    let instant = at.unwrap_or_else(|| facts.end.map_or(now, |end| end.min(now)));
    AsOf {
        instant,
        known_until: if as_known_then {
            instant
        } else {
            Timestamp::MAX
        },
    }
}
