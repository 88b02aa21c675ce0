//! `attain report`: the answer as a page, as Markdown, or for programs. Knows where it goes; what is on it is attain-view's.

use std::path::Path;

use attain_engine::detail;
use attain_model::{SeriesName, SloId};
use attain_view::report::{self, report};

use crate::asked::{About, Asked};
use crate::catalogue::shown;
use crate::cli::{ReportArguments, ReportFormat};
use crate::exit::{Exit, Failure};
use crate::facts::reading;
use crate::file;
use crate::terminal::Terminal;

/// Runs the command.
pub fn run(arguments: &ReportArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let about = About {
        at: arguments.at.as_deref(),
        as_known_then: arguments.as_known_then,
        slos: &arguments.slo,
    };
    let asked = Asked::of(&arguments.input, &about, |_| Ok(()), terminal)?;
    let mut evaluation = asked.evaluation(&arguments.slo);
    let verdicts = evaluation.verdicts.iter();
    let names: Vec<SeriesName> = verdicts.map(|verdict| verdict.name.clone()).collect();
    let details = asked
        .facts
        .with(|counts| detail(&asked.promises, counts, &names, asked.as_of));
    // Programs get what `attain status --format json` says, people what it tells in notes.
    let whole = evaluation.clone();
    let run = asked.run(&mut evaluation);
    if arguments.format == ReportFormat::Json {
        evaluation = whole;
    }
    let about = report::About {
        title: None,
        run,
        data: asked.data(),
        reading: reading::reading(&asked.facts),
        slos: arguments
            .slo
            .iter()
            .map(|id| SloId::new(id.as_str()))
            .collect(),
    };
    let report = report(&asked.promises, &evaluation, &details, &about);
    let text = match arguments.format {
        ReportFormat::Html => report.html(),
        ReportFormat::Markdown => report.markdown(),
        ReportFormat::Json => report.json(),
    };
    let path = arguments.out.as_deref().unwrap_or(Path::new("-"));
    file::write_out(path, &text, terminal)?;
    if path != Path::new("-") {
        terminal.note(&format!(
            "wrote {} ({} kB)",
            shown(path),
            text.len().div_ceil(1000)
        ));
    }
    Ok(Exit::Fine)
}
