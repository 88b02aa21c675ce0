//! `attain discover`: who calls whom, by traces, service graphs or counts. Knows which files and series are read; what they
//! mean is attain-cascade's, how it looks attain-view's.

use attain_cascade::discover::{Discovered, Overlap, Traces, compare, edges, overlap};
use attain_model::Multiple;
use attain_sources::spans::{SpanFile, read_spans};
use attain_view::discover::{discovered, discovered_json, overlaps, overlaps_json};
use attain_view::number;
use jiff::Timestamp;

use crate::asked::{About, Asked};
use crate::catalogue::{self, shown};
use crate::cli::{DiscoverArguments, InputArguments, ReadingArguments, StatusFormat};
use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;
use crate::warnings::histories;

/// Spans that wait for the rest of their trace: some hundred megabytes.
const HELD_MOST: usize = 2_000_000;

/// Runs the command.
pub fn run(arguments: &DiscoverArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    match arguments.spans.is_empty() {
        true => of_counts(arguments, terminal),
        false => of_spans(arguments, terminal),
    }
}

fn of_spans(arguments: &DiscoverArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    if arguments.data.is_some() {
        return Err(
            Failure::new("--data holds counts, and files of spans are given, too")
                .help("name one of the two"),
        );
    }
    let (parsed, _) = catalogue::valid(&arguments.catalogue, terminal)?;
    let Some(catalogue) = parsed.catalogue else {
        return Err(Failure::new("the catalogue holds no file"));
    };
    let seen = read(arguments, terminal)?;
    let day = Timestamp::now().to_zoned(catalogue.timezone.clone()).date();
    let compared = compare(&catalogue, &seen, day);
    terminal.print(&match arguments.format {
        StatusFormat::Json => discovered_json(&seen, &compared),
        StatusFormat::Human => discovered(&seen, &compared, &terminal.look()),
    })?;
    Ok(
        match (compared.measured.is_empty(), compared.findings.is_empty()) {
            (true, _) => Exit::Unknown,
            (false, false) => Exit::Broken,
            (false, true) => Exit::Fine,
        },
    )
}

fn read(arguments: &DiscoverArguments, terminal: &Terminal) -> Result<Discovered, Failure> {
    let mut traces = Traces::new(HELD_MOST);
    let mut files = Vec::new();
    for path in &arguments.spans {
        let file = read_spans(path, &mut |span| traces.take(span));
        let file = file.map_err(|error| Failure::of(&error))?;
        tell(&file, &shown(path), terminal);
        files.push(file);
    }
    let mut seen = traces.finish();
    for file in &files {
        seen.add_counts(&file.counts);
    }
    Ok(seen)
}

fn tell(file: &SpanFile, path: &str, terminal: &Terminal) {
    if file.unparsed > 0 {
        let example = file.examples.first();
        let example =
            example.map_or_else(String::new, |e| format!(", e.g. {}: {}", e.place, e.why));
        terminal.note(&format!(
            "{path}: {} of {} could not be read{example}",
            number::grouped(file.unparsed),
            number::grouped(file.read)
        ));
    }
}

/// Without spans: the edges that are declared, by the slots in which both ends were bad.
fn of_counts(arguments: &DiscoverArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let input = InputArguments {
        catalogue: arguments.catalogue.clone(),
        files: Vec::new(),
        reading: ReadingArguments::default(),
        data: arguments.data.clone(),
    };
    let about = About {
        at: None,
        as_known_then: false,
        slos: &[],
    };
    let asked = Asked::of(&input, &about, |_| Ok(()), terminal)?;
    let pairs = edges(&asked.promises, asked.day());
    let ends = pairs
        .iter()
        .flat_map(|(caller, callee, _)| [caller, callee]);
    let histories = histories(&asked, ends.collect(), Multiple::ONE);
    let found: Vec<Overlap> = pairs
        .iter()
        .map(|(caller, callee, declared)| {
            overlap(
                &asked.promises,
                &histories[caller],
                &histories[callee],
                *declared,
            )
        })
        .collect();
    terminal.print(&match arguments.format {
        StatusFormat::Json => overlaps_json(&found),
        StatusFormat::Human => overlaps(&found, &terminal.look()),
    })?;
    Ok(match found.iter().any(|edge| edge.impact.is_some()) {
        true => Exit::Fine,
        false => Exit::Unknown,
    })
}
