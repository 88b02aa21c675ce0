//! A first catalogue for a file of telemetry: says what was found in it, asks what only a person knows, writes.
//! What is found and proposed is attain-sources'.

use std::fs;
use std::path::{Component, Path, PathBuf};

use attain_model::quantity::Unit;
use attain_sources::{
    Answers, Discovery, FileForm, Measured, SegmentAnswer, SegmentBy, SegmentField, StatusKind,
    discover, propose,
};
use attain_view::number::{grouped, instant, plural};
use attain_view::{Look, Tone, wrap};
use jiff::tz::TimeZone;

use super::{ask_for, may_ask, refuse_invalid, write};
use crate::catalogue::shown;
use crate::cli::InitArguments;
use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;

/// Segment values that are named one by one.
const VALUES_SHOWN: usize = 6;

/// Looks, says, asks, writes, and says what to do next.
pub(super) fn run(
    file: &Path,
    dir: &Path,
    target: &Path,
    arguments: &InitArguments,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let discovery = discover(file).map_err(|error| Failure::of(&error))?;
    let look = terminal.look();
    if !terminal.quiet {
        terminal.print(&found(&discovery, &look))?;
    }
    let mut answers = answers(&discovery, arguments)?;
    answers.file = Some(from_folder(file, dir)?);
    let text = propose(&discovery, &answers);
    refuse_invalid(&text)?;
    write(dir, target, &text, arguments.force)?;
    let strong = |text: &str| look.paint(Tone::Strong, text);
    terminal.print(&format!(
        "\nwrote {}\n{}\nNext:\n  {}\n",
        strong(&shown(target)),
        wrap(
            "Its numbers are taken from what was measured: a place to start, promised to nobody yet.",
            look.columns(),
            0
        ),
        strong(&format!("attain status {}", shown(dir))),
    ))?;
    Ok(Exit::Fine)
}

/// What is in the file, a line for each thing.
fn found(discovery: &Discovery, look: &Look) -> String {
    let form = match &discovery.form {
        FileForm::Combined { .. } => "an access log (combined format)",
        FileForm::JsonLines => "JSON lines",
        FileForm::Csv { .. } => "a CSV file, one event a row",
        FileForm::Parquet { .. } => "a Parquet file, one event a row",
    };
    let mut lines = vec![(
        "events",
        format!(
            "{}{} from {} to {}",
            grouped(discovery.all.events),
            if discovery.partly {
                " looked at, more in the file,"
            } else {
                ""
            },
            instant(discovery.span.start, &TimeZone::UTC),
            instant(discovery.span.end, &TimeZone::UTC),
        ),
    )];
    lines.push(("bad", bad(discovery)));
    lines.push(("latency", latency(discovery)));
    lines.push(("segments", segments(discovery)));
    if discovery.unread > 0 {
        lines.push(("unread", plural(discovery.unread, "line")));
    }
    let title = format!("{} is {form}.", shown(&discovery.path));
    let mut out = look.paint(Tone::Strong, &title) + "\n";
    for (name, text) in lines {
        let text = wrap(&text, look.columns() - 11, 0).replace('\n', &format!("\n{:11}", ""));
        out.push_str(&format!("  {name:<9}{text}\n"));
    }
    out
}

fn bad(discovery: &Discovery) -> String {
    let Some(status) = &discovery.status else {
        return "no field says whether an event was good; judged by latency alone".to_owned();
    };
    let what = match &status.kind {
        StatusKind::Http => "5xx".to_owned(),
        StatusKind::Words(words) => words.join(" or "),
    };
    format!("`{}` is {what}: {}", status.field, share(&discovery.all))
}

fn share(measured: &Measured) -> String {
    format!("{} of {}", grouped(measured.bad), grouped(measured.events))
}

/// A unit of durations in words.
pub(super) fn name(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "seconds",
        Unit::Milliseconds => "milliseconds",
        Unit::Microseconds => "microseconds",
        Unit::Nanoseconds => "nanoseconds",
        _ => "unknown unit",
    }
}

fn latency(discovery: &Discovery) -> String {
    let Some(latency) = &discovery.latency else {
        return "no field says how long an event took".to_owned();
    };
    let unit = name(latency.unit);
    let quantiles: Vec<String> = [(500, "p50"), (950, "p95"), (990, "p99")]
        .iter()
        .filter_map(|(per_thousand, name)| {
            let nanoseconds = discovery.all.quantile(*per_thousand)?;
            Some(format!("{name} {}", milliseconds(nanoseconds)))
        })
        .collect();
    format!(
        "`{}` in {unit} ({}): {}",
        latency.field,
        latency.why,
        quantiles.join(", ")
    )
}

/// `82ms`, `0.4ms`.
fn milliseconds(nanoseconds: u64) -> String {
    match nanoseconds / 1_000_000 {
        0 => format!("0.{}ms", nanoseconds / 100_000),
        whole => format!("{}ms", grouped(whole)),
    }
}

fn segments(discovery: &Discovery) -> String {
    let Some((best, others)) = discovery.segments.split_first() else {
        return "no field tells customers apart; all traffic is one".to_owned();
    };
    let mut text = format!("{}: {}", told_by(best), values(discovery, best, 0));
    if best.score < 50 {
        text.push_str("; a last resort, for anybody can forge it");
    }
    if !others.is_empty() {
        let names: Vec<String> = others
            .iter()
            .map(|other| format!("`{}`", other.field))
            .collect();
        text.push_str(&format!("; also possible with --by: {}", names.join(", ")));
    }
    text
}

fn told_by(field: &SegmentField) -> String {
    match field.by {
        SegmentBy::Value => format!("by `{}`", field.field),
        SegmentBy::KeyPrefix => format!("by the beginning of `{}`", field.field),
        SegmentBy::UserAgent => format!("by the user agent in `{}`", field.field),
    }
}

/// `premium (600 of 20,000 bad), free (3 of 600,000 bad)`.
fn values(discovery: &Discovery, field: &SegmentField, index: usize) -> String {
    let measured = discovery.by_segment.get(index);
    let mut texts: Vec<String> = field
        .values
        .iter()
        .take(VALUES_SHOWN)
        .map(|value| match measured.and_then(|by| by.get(value)) {
            Some(measured) => format!("{value} ({} bad)", share(measured)),
            None => value.clone(),
        })
        .collect();
    if field.values.len() > VALUES_SHOWN {
        texts.push(format!("and {} more", field.values.len() - VALUES_SHOWN));
    }
    texts.join(", ")
}

/// What only a person knows: which field, which order, who.
fn answers(discovery: &Discovery, arguments: &InitArguments) -> Result<Answers, Failure> {
    let ask = may_ask(arguments);
    let mut answers = Answers {
        service: arguments.service.clone(),
        team: arguments.team.clone(),
        order: arguments.segments.clone(),
        segment: by(discovery, arguments.by.as_deref())?,
        ..Answers::default()
    };
    if !ask {
        return Ok(answers);
    }
    if arguments.by.is_none()
        && let Some(best) = discovery.segments.first()
    {
        let field = ask_for("Tell segments apart by (a field, or `none`)", &best.field)?;
        answers.segment = by(discovery, Some(&field))?;
    }
    if answers.service.is_none() {
        answers.service = Some(ask_for("Service", "my-service")?);
    }
    if answers.team.is_none() {
        answers.team = Some(ask_for("Team that owns it", "my-team")?);
    }
    Ok(answers)
}

fn by(discovery: &Discovery, field: Option<&str>) -> Result<SegmentAnswer, Failure> {
    match field {
        None => Ok(SegmentAnswer::Best),
        Some("none") => Ok(SegmentAnswer::Nothing),
        Some(field) if discovery.segments.iter().any(|known| known.field == field) => {
            Ok(SegmentAnswer::Field(field.to_owned()))
        }
        Some(field) => {
            let known: Vec<&str> = discovery
                .segments
                .iter()
                .map(|known| known.field.as_str())
                .collect();
            let failure = Failure::new(format!("`{field}` tells no segments apart in this file"));
            Err(match known.as_slice() {
                [] => failure.help("no field does; leave --by out"),
                known => failure.help(format!("these may: {}", known.join(", "))),
            })
        }
    }
}

/// The file as the catalogue in `dir` names it: relative where both are below one folder, else absolute.
fn from_folder(file: &Path, dir: &Path) -> Result<String, Failure> {
    let failed =
        |error: std::io::Error| Failure::new(format!("cannot resolve {}: {error}", shown(file)));
    let file = fs::canonicalize(file).map_err(failed)?;
    let dir = absolute(dir).map_err(failed)?;
    let shared = file
        .components()
        .zip(dir.components())
        .take_while(|(a, b)| a == b)
        .count();
    let up = dir.components().count() - shared;
    // Sharing nothing but the root is sharing nothing.
    if shared <= 1 || up > 3 {
        return Ok(shown(&file));
    }
    let mut path = PathBuf::new();
    path.extend(std::iter::repeat_n(Component::ParentDir, up));
    path.extend(file.components().skip(shared));
    Ok(shown(&path))
}

/// An absolute path of a folder that may not be there yet.
fn absolute(dir: &Path) -> std::io::Result<PathBuf> {
    if let Ok(path) = fs::canonicalize(dir) {
        return Ok(path);
    }
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
    let name = dir.file_name().unwrap_or_default();
    Ok(absolute(parent.unwrap_or(Path::new(".")))?.join(name))
}
