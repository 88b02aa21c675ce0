//! A first catalogue from a few answers, where there is no telemetry to look into yet.

use std::fs;
use std::path::Path;

use attain_view::{Tone, wrap};

use super::{ask_for, may_ask, refuse_invalid, write};
use crate::catalogue::shown;
use crate::cli::InitArguments;
use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;

/// What a first catalogue is made of.
struct Answers {
    name: String,
    service: String,
    /// Segment and target; no segment means all traffic as one.
    promises: Vec<(Option<String>, String)>,
}

/// Asks what was not said, writes, and says what to do next.
pub(super) fn run(
    dir: &Path,
    target: &Path,
    arguments: &InitArguments,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let answers = answers(dir, arguments)?;
    let text = template(&answers);
    refuse_invalid(&text)?;
    write(dir, target, &text, arguments.force)?;
    let look = terminal.look();
    let dir = shown(dir);
    let next = |command: &str| look.paint(Tone::Strong, &format!("attain {command} {dir}"));
    terminal.print(&format!(
        "wrote {}\n\n{}\nNext:\n  {}    what is still missing\n  {}   how the promises stand\n",
        look.paint(Tone::Strong, &shown(target)),
        wrap(
            "It reads access.log* beside it. Where your telemetry is elsewhere, change `sources:`.",
            look.columns(),
            0
        ),
        next("check"),
        next("status"),
    ))?;
    Ok(Exit::Fine)
}

fn answers(dir: &Path, arguments: &InitArguments) -> Result<Answers, Failure> {
    let said = arguments.name.is_some()
        || arguments.service.is_some()
        || !arguments.segments.is_empty()
        || !arguments.target.is_empty();
    let ask = !said && may_ask(arguments);
    if !said && !ask && !arguments.yes {
        return Err(
            Failure::new("there is no terminal to ask on, and nothing was said").help(
                "say --from FILE, or --yes, or some of --name, --service, --segments and --target",
            ),
        );
    }
    let asked = |question: &str, default: String| {
        if ask {
            ask_for(question, &default)
        } else {
            Ok(default)
        }
    };
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => asked("Name of the company or product", folder_name(dir))?,
    };
    let service = match &arguments.service {
        Some(service) => service.clone(),
        None => asked("Service", "checkout".to_owned())?,
    };
    let segments = if said {
        arguments.segments.clone()
    } else {
        list(&asked(
            "Customer segments, most important first, or `none`",
            "premium,standard,free".to_owned(),
        )?)
    };
    let targets = if arguments.target.is_empty() {
        list(&asked(
            "Target of each",
            proposed_targets(segments.len()).join(","),
        )?)
    } else {
        arguments.target.clone()
    };
    Ok(Answers {
        name,
        service,
        promises: paired(segments, targets)?,
    })
}

fn list(text: &str) -> Vec<String> {
    text.split(',')
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty() && part != "none")
        .collect()
}

/// The further down, the looser.
fn proposed_targets(segments: usize) -> Vec<String> {
    let all = ["99.95%", "99.9%", "99.5%", "99%", "98%"];
    let chosen: Vec<&str> = match segments {
        0 | 1 => vec!["99.9%"],
        3 => vec!["99.95%", "99.9%", "99%"],
        several => all
            .iter()
            .copied()
            .cycle()
            .take(several.min(all.len()))
            .collect(),
    };
    chosen.into_iter().map(str::to_owned).collect()
}

fn paired(
    segments: Vec<String>,
    targets: Vec<String>,
) -> Result<Vec<(Option<String>, String)>, Failure> {
    match (segments.len(), targets.len()) {
        (0, 1) => Ok(targets.into_iter().map(|target| (None, target)).collect()),
        (segments_count, targets_count) if segments_count == targets_count => {
            Ok(segments.into_iter().map(Some).zip(targets).collect())
        }
        (0, _) => Err(Failure::new("several targets, and no segment to have them")
            .help("name as many segments: --segments premium,standard,free")),
        (segments, targets) => Err(Failure::new(format!(
            "{segments} segments need as many targets, not {targets}"
        ))
        .help("write one for each: --target 99.95%,99.9%,99%")),
    }
}

fn folder_name(dir: &Path) -> String {
    let dir = fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned());
    dir.file_name().map_or_else(
        || "My company".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn template(answers: &Answers) -> String {
    let Answers {
        name,
        service,
        promises,
    } = answers;
    let mut text = format!("attain: 1\ncatalogue: {{name: {}}}\n", quoted(name));
    let named: Vec<&String> = promises
        .iter()
        .filter_map(|(segment, _)| segment.as_ref())
        .collect();
    if !named.is_empty() {
        text.push_str("segments:   # the tiers you sell; rank 1 is the first to save\n");
        for (i, segment) in named.iter().enumerate() {
            let last = i + 1 == named.len() && i > 0;
            let contract = if last {
                "best effort"
            } else {
                "terms of service"
            };
            text.push_str(&format!(
                "  {segment}: {{rank: {}, contract: {contract}}}\n",
                i + 1
            ));
        }
    }
    let labels = if named.is_empty() {
        ""
    } else {
        "\n    # The field that says which segment a request belongs to; set it at the edge, where clients cannot.\
         \n    labels: {segment: http_x_customer_segment}"
    };
    let append = if named.is_empty() {
        ""
    } else {
        ", append: [http_x_customer_segment]"
    };
    text.push_str(&format!(
        "sources:\n  access:\n    log: {{files: [access.log*], format: combined{append}}}{labels}\n"
    ));
    text.push_str(&format!(
        "slos:\n  {service}-works:\n    service: {service}\n    owner: {service}-team\n    \
         indicator: {{log: access, bad: {{status: 5xx}}}}\n    window: 30d\n    alerting: workbook\n    objectives:\n"
    ));
    match promises.as_slice() {
        [(None, target)] => text.push_str(&format!("      availability: {target}\n")),
        promises => {
            text.push_str("      availability:\n");
            for (segment, target) in promises {
                let segment = segment.as_deref().unwrap_or("all");
                text.push_str(&format!("        {segment}: {target}\n"));
            }
        }
    }
    text
}

/// Quoted unless it is plain words.
fn quoted(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_alphabetic())
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || c == ' ' || c == '-' || c == '_')
        && !text.ends_with(' ');
    if plain {
        text.to_owned()
    } else {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}
