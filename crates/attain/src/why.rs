//! `attain why`: who spent a customer's budget. Knows which question is asked and where its counts are; who is to blame is
//! attain-cascade's, how it looks attain-view's.

use attain_cascade::why::{self as cascade, Account, NothingPromised, Why};
use attain_engine::slices_for;
use attain_model::{Evaluation, SeriesName, SloId};
use attain_view::why::{why, why_json};
use jiff::Timestamp;

use crate::asked::{About, Asked};
use crate::cli::{StatusFormat, WhyArguments};
use crate::exit::{Exit, Failure};
use crate::moment;
use crate::terminal::Terminal;

/// Runs the command.
pub fn run(arguments: &WhyArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let slos = [arguments.slo.clone()];
    let about = About {
        at: arguments.at.as_deref(),
        as_known_then: false,
        slos: &slos,
    };
    let asked = Asked::of(&arguments.input(), &about, |_| Ok(()), terminal)?;
    let names = series(&asked, arguments)?;
    let since = arguments.since.as_deref();
    let zone = &asked.promises.catalogue().timezone;
    let since = since
        .map(|text| moment::parse(text, zone, Timestamp::now()))
        .transpose()?;
    if since.is_some_and(|since| since >= asked.as_of.instant) {
        return Err(
            Failure::new("--since is not before the instant that is asked about")
                .help("name both: --since '2026-11-02 14:00' --at '2026-11-02 14:30'"),
        );
    }
    let answer = answer(&asked, &names, since);
    let look = terminal.look();
    terminal.print(&match arguments.format {
        StatusFormat::Human => why(&answer, &look),
        StatusFormat::Json => why_json(&answer),
    })?;
    Ok(exit_of(&answer))
}

/// Invariant: somebody who is named outweighs evidence that is too weak, and that a loss that is nothing unusual.
fn exit_of(answer: &Why) -> Exit {
    let episodes = answer
        .findings
        .iter()
        .filter_map(|finding| finding.episode.as_ref());
    let accounts = episodes.flat_map(|episode| &episode.accounts);
    let accounts: Vec<&Account> = accounts
        .filter(|account| !account.suspects.is_empty())
        .collect();
    match accounts.as_slice() {
        [] => Exit::Fine,
        some if some.iter().any(|account| account.is_named) => Exit::Broken,
        _ => Exit::Unknown,
    }
}

/// The series that are asked about: those that promise something, or the one segment.
fn series(asked: &Asked, arguments: &WhyArguments) -> Result<Vec<SeriesName>, Failure> {
    let slo = SloId::from(arguments.slo.as_str());
    let (objective, segment) = (arguments.objective.as_deref(), arguments.segment.as_deref());
    let refused = |nothing: NothingPromised| {
        let objectives: Vec<&str> = nothing.objectives.iter().map(|id| id.as_str()).collect();
        Failure::new(format!("{slo} promises nothing to what is asked about")).help(format!(
            "objectives: {}; segments: {}",
            objectives.join(", "),
            nothing.scopes.join(", ")
        ))
    };
    cascade::series(&asked.promises, asked.day(), &slo, objective, segment).map_err(refused)
}

fn answer(asked: &Asked, names: &[SeriesName], since: Option<Timestamp>) -> Why {
    let slos = names.iter().take(1).map(|name| name.slo.to_string());
    let evaluation = asked.evaluation(&slos.collect::<Vec<_>>());
    who_spent(asked, &evaluation, names, since)
}

/// Who spent the budgets of series that were judged.
pub fn who_spent(
    asked: &Asked,
    evaluation: &Evaluation,
    names: &[SeriesName],
    since: Option<Timestamp>,
) -> Why {
    let question = cascade::Asked {
        promises: &asked.promises,
        evaluation,
        as_of: asked.as_of,
        known_to: asked.facts.end.unwrap_or(asked.as_of.instant),
        since,
    };
    let reading = question.reading();
    asked.facts.with(|counts| {
        cascade::answer(&question, names, &mut |series, whose| {
            slices_for(&asked.promises, counts, series, whose, reading)
        })
    })
}
