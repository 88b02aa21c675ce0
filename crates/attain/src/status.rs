//! `attain status`: reads the files, asks the engine, prints the answer. Knows the order of these and which instant is
//! meant; what the numbers mean is attain-engine's, how they look attain-view's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use attain_engine::{Ledger, evaluate, history};
use attain_model::delivery::Delivery;
use attain_model::source::SourceKind;
use attain_model::{
    AsOf, Catalogue, Evaluation, GapReason, Interval, Promises, Scope, SeriesName, SourceId,
    Standing, Stream,
};
use attain_sources::{Options, Reading, read};
use attain_view::burndown::{Burndown, Point, burndown};
use attain_view::number;
use attain_view::status::{Run, status};
use attain_view::status_json::status_json;
use jiff::Timestamp;

use crate::catalogue;
use crate::cli::{StatusArguments, StatusFormat};
use crate::exit::{Exit, Failure};
use crate::moment;
use crate::progress::Meter;
use crate::terminal::Terminal;

/// Length of a slice of what is read from files.
const SLICE_SECONDS: u32 = 60;
/// Points of a drawing at most, about: a minute each for a window of 30 days.
const CHART_POINTS: u64 = 43_200;
/// Unreadable lines that are quoted.
const EXAMPLES_SHOWN: usize = 3;

/// Runs the command.
pub fn run(arguments: &StatusArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let (parsed, base) = catalogue::valid(&arguments.catalogue, terminal)?;
    let Some(catalogue) = parsed.catalogue else {
        return Err(Failure::new("the catalogue holds no file"));
    };
    refuse_unknown(&catalogue, &arguments.slo)?;
    let chart = arguments
        .chart
        .as_deref()
        .map(|name| series(&catalogue, name))
        .transpose()?;
    let at = arguments
        .at
        .as_deref()
        .map(|text| moment::parse(text, &catalogue.timezone, Timestamp::now()))
        .transpose()?;

    let options = options(&catalogue, arguments)?;
    let facts = Facts::read(&catalogue, &base, &options, terminal)?;
    refuse_unparsed(&facts.reading, &arguments.max_unparsed)?;

    let as_of = as_of(at, &facts, arguments.as_known_then);
    let promises = Promises::of(catalogue);
    if let Some(name) = chart {
        return draw(&promises, &facts, &name, as_of.instant, arguments, terminal);
    }
    let mut evaluation = evaluate(&promises, &facts.ledger, as_of);
    only(&mut evaluation, &arguments.slo);
    let text = match arguments.format {
        StatusFormat::Json => status_json(&promises, &evaluation),
        StatusFormat::Human => {
            // The notes of reading say the same with an example.
            evaluation
                .gaps
                .retain(|gap| !matches!(gap.why, GapReason::Unparsed(_)));
            let run = Run {
                instant_is: at.is_none().then(|| facts.instant_is().to_owned()),
                notes: notes(&promises, &facts),
                nothing_read: facts.end.is_none(),
            };
            status(&promises, &evaluation, &run, &terminal.look())
        }
    };
    terminal.print(&text)?;
    if arguments.format == StatusFormat::Human {
        hint(&evaluation, arguments, terminal);
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
        let catalogue = catalogue::shown(&arguments.catalogue);
        terminal.note(&format!(
            "`attain status {catalogue} --chart {name}` draws its budget"
        ));
    }
}

/// Invariant: a masked segment is breached, and a broken promise outweighs an unknown one.
fn exit_of(evaluation: &Evaluation) -> Exit {
    let promises = || evaluation.verdicts.iter().filter(|verdict| !verdict.pooled);
    if promises().any(|verdict| verdict.standing == Standing::Breached)
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

/// Which files to read.
fn options(catalogue: &Catalogue, arguments: &StatusArguments) -> Result<Options, Failure> {
    let mut options = Options {
        slice: Duration::from_secs(u64::from(SLICE_SECONDS)),
        ..Options::default()
    };
    if arguments.files.is_empty() {
        if arguments.source.is_some() {
            return Err(
                Failure::new("--source says whose files are given, but no file is")
                    .help("name files behind the catalogue"),
            );
        }
        return Ok(options);
    }
    let id = match &arguments.source {
        Some(id) => SourceId::new(id.as_str()),
        None => only_file_source(catalogue)?,
    };
    // Names are the user's, so they are relative to where the user is, not to the catalogue.
    let here = std::env::current_dir()
        .map_err(|error| Failure::new(format!("cannot tell the current folder: {error}")))?;
    let absolute = |path: &PathBuf| match path.to_str() {
        Some("-") => path.clone(),
        _ => here.join(path),
    };
    options.files = BTreeMap::from([(id, arguments.files.iter().map(absolute).collect())]);
    Ok(options)
}

fn only_file_source(catalogue: &Catalogue) -> Result<SourceId, Failure> {
    let sources: Vec<&SourceId> = catalogue
        .sources
        .values()
        .filter(|source| matches!(source.kind, SourceKind::Log(_) | SourceKind::Csv(_)))
        .map(|source| &source.id)
        .collect();
    match sources.as_slice() {
        [only] => Ok((*only).clone()),
        [] => Err(Failure::new("no source of this catalogue reads files")
            .help("add one: sources: {access: {log: {files: [access.log*], format: combined}}}")),
        several => {
            let names: Vec<&str> = several.iter().map(|id| id.as_str()).collect();
            Err(Failure::new("several sources of this catalogue read files")
                .help(format!("say which with --source: {}", names.join(", "))))
        }
    }
}

/// What was read.
struct Facts {
    ledger: Ledger,
    reading: Reading,
    /// The end of the last slice in which anything was counted.
    end: Option<Timestamp>,
    /// Sources of the catalogue that this version does not read.
    not_read: Vec<SourceId>,
}

impl Facts {
    fn read(
        catalogue: &Catalogue,
        base: &Path,
        options: &Options,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        let mut ledger = Ledger::new(&Stream::all(catalogue), SLICE_SECONDS, None);
        let mut end = None;
        let mut meter = Meter::start(terminal);
        let reading = read(
            catalogue,
            base,
            options,
            &mut |delivery| {
                end = end.max(end_of(&delivery));
                ledger.take(delivery);
            },
            &mut |progress| meter.at(progress.done, progress.total),
        )
        .map_err(|error| Failure::of(&error))?;
        let not_read = catalogue
            .sources
            .values()
            .filter(|source| !matches!(source.kind, SourceKind::Log(_) | SourceKind::Csv(_)))
            .map(|source| source.id.clone())
            .collect();
        Ok(Self {
            ledger,
            reading,
            end,
            not_read,
        })
    }

    fn instant_is(&self) -> &'static str {
        match self.end {
            Some(_) => "the end of the data",
            None => "now, for no data was read",
        }
    }
}

/// The end of the last slice that a delivery says anything about.
fn end_of(delivery: &Delivery) -> Option<Timestamp> {
    let slice = jiff::SignedDuration::from_secs(i64::from(SLICE_SECONDS));
    let counted = delivery.counted.iter().map(|counted| counted.slice).max();
    let samples = delivery.samples.iter().map(|sample| sample.time).max();
    let readings = delivery.readings.iter().map(|reading| reading.time).max();
    let last = counted.max(samples.map(floor)).max(readings.map(floor));
    let observed = delivery
        .observed
        .iter()
        .flatten()
        .map(|interval| interval.end)
        .max();
    last.and_then(|at| at.checked_add(slice).ok()).max(observed)
}

fn floor(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    let slice = i64::from(SLICE_SECONDS);
    Timestamp::from_second(second - second.rem_euclid(slice)).unwrap_or(at)
}

fn as_of(at: Option<Timestamp>, facts: &Facts, as_known_then: bool) -> AsOf {
    let instant = at.or(facts.end).unwrap_or_else(Timestamp::now);
    AsOf {
        instant,
        known_until: if as_known_then {
            instant
        } else {
            Timestamp::MAX
        },
    }
}

/// More unreadable lines than this is another format, and its numbers would be fiction.
fn refuse_unparsed(reading: &Reading, at_most: &str) -> Result<(), Failure> {
    let limit = percent_ppb(at_most).ok_or_else(|| {
        Failure::new(format!("`{at_most}` is no share"))
            .help("write it like this: --max-unparsed 1%")
    })?;
    for (id, source) in &reading.sources {
        let over = u128::from(source.unparsed) * 1_000_000_000 > limit * u128::from(source.lines);
        if over {
            let examples: Vec<String> = source
                .examples
                .iter()
                .take(EXAMPLES_SHOWN)
                .map(|line| format!("\n         {}: {}", line.place, line.why))
                .collect();
            return Err(Failure::new(format!(
                "{} of {} of source {id} could not be read{}",
                number::grouped(source.unparsed),
                number::plural(source.lines, "line"),
                examples.concat()
            ))
            .help("correct the `format:` of the source, or allow more with --max-unparsed 5%"));
        }
    }
    Ok(())
}

/// `1%`, `0.5%` in parts per billion; exact.
fn percent_ppb(text: &str) -> Option<u128> {
    let digits = text.trim().strip_suffix('%')?;
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || decimals.len() > 7 || !plain(whole) || !plain(decimals) {
        return None;
    }
    let ppb: u128 = format!("{whole}{decimals:0<7}").parse().ok()?;
    (ppb <= 1_000_000_000).then_some(ppb)
}

/// What the numbers leave out, as far as reading knows it.
fn notes(promises: &Promises, facts: &Facts) -> Vec<String> {
    let mut notes = Vec::new();
    for (id, source) in &facts.reading.sources {
        if source.unparsed > 0 {
            let example = source.examples.first().map_or_else(String::new, |line| {
                format!(", e.g. {}: {}", line.place, line.why)
            });
            notes.push(format!(
                "source {id}: {} of {} could not be read{example}",
                number::grouped(source.unparsed),
                number::plural(source.lines, "line")
            ));
        }
        for pattern in &source.without_files {
            notes.push(format!("source {id}: no file fits `{pattern}`"));
        }
        if !source.unknown_values.is_empty() {
            notes.push(unclaimed(promises, id, &source.unknown_values));
        }
        notes.extend(
            source
                .notes
                .iter()
                .map(|note| format!("source {id}: {note}")),
        );
    }
    for id in &facts.not_read {
        notes.push(format!(
            "source {id}: not read; this version reads files (log, csv) and nothing over the network"
        ));
    }
    notes
}

/// Segment values that nobody claims, most frequent first.
fn unclaimed(promises: &Promises, id: &SourceId, values: &BTreeMap<String, u64>) -> String {
    let mut values: Vec<(&String, &u64)> = values.iter().collect();
    values.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let shown: Vec<String> = values
        .iter()
        .take(EXAMPLES_SHOWN)
        .map(|(value, events)| format!("`{value}` ({})", number::grouped(**events)))
        .collect();
    let more = match values.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let segments: Vec<&str> = promises
        .catalogue()
        .segments
        .keys()
        .map(|segment| segment.as_str())
        .collect();
    format!(
        "source {id}: no segment claims {}{more}; add them to `match:` of {}",
        shown.join(", "),
        segments.join(", ")
    )
}

/// `slo/objective/segment` of the catalogue.
fn series(catalogue: &Catalogue, text: &str) -> Result<SeriesName, Failure> {
    let known = all_series(catalogue);
    known
        .iter()
        .find(|name| name.to_string() == text)
        .cloned()
        .ok_or_else(|| {
            let names: Vec<String> = known.iter().map(ToString::to_string).collect();
            Failure::new(format!("there is no series `{text}` in this catalogue"))
                .help(format!("it has {}", names.join(", ")))
        })
}

fn all_series(catalogue: &Catalogue) -> Vec<SeriesName> {
    let mut names = Vec::new();
    for slo in catalogue.slos.values() {
        for objective in slo.objectives.values() {
            let mut scopes: Vec<Scope> = objective
                .current()
                .targets
                .iter()
                .map(|(scope, _)| scope)
                .collect();
            if !scopes.contains(&Scope::All) {
                scopes.push(Scope::All);
            }
            names.extend(scopes.into_iter().map(|scope| SeriesName {
                slo: slo.id.clone(),
                objective: objective.id.clone(),
                scope,
            }));
        }
    }
    names
}

/// The budget of one series over its window.
fn draw(
    promises: &Promises,
    facts: &Facts,
    name: &SeriesName,
    instant: Timestamp,
    arguments: &StatusArguments,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let slo = &promises.catalogue().slos[&name.slo];
    let grid = attain_engine::Grid::new(SLICE_SECONDS);
    let window = attain_engine::window::resolve(&slo.window, instant, grid).interval;
    // Exact to the slice where that is affordable: "first overspent" is read off the points.
    let seconds = (window.seconds() / CHART_POINTS).max(1);
    let step = seconds.div_ceil(u64::from(SLICE_SECONDS)) * u64::from(SLICE_SECONDS);
    let step = Duration::from_secs(step);
    let points = history(
        promises,
        &facts.ledger,
        name,
        window.start,
        window.end,
        step,
    );
    let series = Burndown {
        title: name.to_string(),
        points: points
            .into_iter()
            .map(|point| Point {
                at: point.at,
                budget: (point.budget.allowed_billionths > 0).then_some(point.budget),
            })
            .collect(),
        changes: changes(promises, name, window),
        zone: promises.catalogue().timezone.clone(),
    };
    let look = terminal.look();
    let look = attain_view::Look {
        ascii: look.ascii || arguments.ascii,
        ..look
    };
    terminal.print(&burndown(&series, &look))?;
    let as_of = as_of(Some(instant), facts, arguments.as_known_then);
    Ok(exit_of(&one(
        evaluate(promises, &facts.ledger, as_of),
        name,
    )))
}

/// Changes of the target inside the window.
fn changes(promises: &Promises, name: &SeriesName, window: Interval) -> Vec<(Timestamp, String)> {
    let objective = &promises.catalogue().slos[&name.slo].objectives[&name.objective];
    promises
        .goals(objective, &name.scope, window)
        .into_iter()
        .skip(1)
        .map(|span| {
            let goal = span
                .goal
                .map_or("nothing promised".to_owned(), |goal| goal.to_string());
            (span.interval.start, goal)
        })
        .collect()
}

/// The evaluation of one series alone.
fn one(mut evaluation: Evaluation, name: &SeriesName) -> Evaluation {
    evaluation.verdicts.retain(|verdict| verdict.name == *name);
    evaluation.masked.retain(|masked| masked.name == *name);
    evaluation
}

#[cfg(test)]
mod tests {
    use super::percent_ppb;

    #[test]
    fn shares() {
        assert_eq!(percent_ppb("1%"), Some(10_000_000));
        assert_eq!(percent_ppb("0.5%"), Some(5_000_000));
        assert_eq!(percent_ppb("100%"), Some(1_000_000_000));
        for text in ["1", "%", "-1%", "101%", "1e2%", "0.00000001%", ""] {
            assert_eq!(percent_ppb(text), None, "{text}");
        }
    }
}
