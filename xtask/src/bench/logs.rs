//! `logs`: the same counts out of the same log with attain, duckdb and polars; and what unpacking alone costs.
//!
//! Everybody uses all the threads it wants. A tool that counts otherwise than the others, or rejects other lines, ends
//! the bench: the speed of a wrong table is of no interest.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::counts::Counts;
use super::measure::{self, Run, highest_peak, median};
use super::peers::{self, PEERS, Peers};
use super::results::table;
use super::traffic::{Format, malformed};
use super::{Setting, inputs};
use crate::{record, root};

const RUNS: usize = 3;

/// Lines per CPU second at least so many times the better peer's, and what is aimed at.
const GOALS: [(Format, f64, f64); 2] = [(Format::Combined, 3.0, 6.0), (Format::Json, 3.0, 5.0)];
/// CPU of attain on a .gz at most so much of `gzip -dc`, and what is aimed at.
const GZIP_GOAL: (f64, f64) = (1.0, 0.6);

const NOTES: &str = "\
What differs besides speed: duckdb and polars answer any question about the log, start a Python, and here read only \
what the table needs (of JSON four keys, of a combined line all columns). attain reads only what the catalogue asks \
for, and beside the table it keeps the position of every line it counted, names malformed lines with file and line, \
and knows traffic of no known segment. The malformed lines are of kinds that all three can reject one by one: an open \
quote in a combined line costs both peers its neighbours, and at a line that is no JSON polars stops.";

/// Who reads which file.
struct Contestant {
    tool: Tool,
    format: Format,
    file: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tool {
    Attain,
    /// Its place in `PEERS`.
    Peer(usize),
    /// Starts the peer and reads nothing.
    StartOf(usize),
    CountLines,
    Unpack(&'static str),
}

impl Tool {
    fn name(self) -> String {
        match self {
            Tool::Attain => "attain replay".into(),
            Tool::Peer(peer) => PEERS[peer].into(),
            Tool::StartOf(peer) => format!("{}, start alone", PEERS[peer]),
            Tool::CountLines => "wc -l".into(),
            Tool::Unpack(program) => format!("{program} -dc"),
        }
    }
}

/// What everybody must agree on.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    counts: Counts,
    rejected: u64,
}

/// Runs the bench; its section of the page.
pub fn run(setting: &Setting) -> Result<String, String> {
    let peers = peers::find_or_install();
    if let Err(why) = &peers {
        println!("without the peers: {why}");
    }
    let contestants = contestants(setting.lines, peers.is_ok())?;
    let scratch = inputs::folder("logs")?;
    let mut answer = None;
    let runs = measure::interleaved(RUNS, &contestants, |contestant| {
        let out = scratch.join("counts.csv");
        warm(&contestant.file)?;
        let mut command = command(contestant, setting, peers.as_ref().ok(), &out);
        let named = |error| format!("{}: {error}", contestant.tool.name());
        let run = match contestant.tool {
            Tool::Unpack(_) => measure::run_unheard(&mut command, &scratch),
            _ => measure::run(&mut command, &scratch),
        };
        let run = run.and_then(|run| run.ended_with(&[0])).map_err(named)?;
        println!(
            "{:<20} {:<12} {:6.2} CPU s {:6.2} s",
            contestant.tool.name(),
            ending(&contestant.file),
            run.cpu_seconds,
            run.wall_seconds
        );
        if let Some(said) = answered(contestant.tool, &run, &out).map_err(named)? {
            agree(&mut answer, said, setting.lines).map_err(named)?;
        }
        Ok(run)
    })?;
    let answer = answer.ok_or("nobody counted")?;
    let hash = record::through("sha256sum", &[], answer.counts.text().into_bytes())
        .map_err(|error| error.to_string())?;
    let hash = String::from_utf8_lossy(&hash)
        .chars()
        .take(16)
        .collect::<String>();
    let rows: Vec<Vec<String>> = contestants
        .iter()
        .zip(&runs)
        .map(|(contestant, runs)| row(contestant, runs, setting.lines))
        .collect();
    let header = [
        "tool",
        "input",
        "CPU s",
        "wall s",
        "M lines / CPU s",
        "MB unpacked / CPU s",
        "peak MB",
    ];
    let versions = match &peers {
        Ok(peers) => peers.versions.join(", "),
        Err(why) => format!("duckdb and polars could not be installed ({why})"),
    };
    Ok(format!(
        "{}; {versions}.\n\n{:.1} M lines of one day, {} of them malformed; combined {} MB, JSON {} MB. Medians of {RUNS} \
         interleaved runs, files in the page cache. Per minute and segment: requests, those that did not fail, those \
         within the segment's threshold: everybody gives the same table ({} requests, SHA-256 {hash}...) and rejects \
         the same {} lines.\n\n{}\n{}\n{NOTES}\n",
        setting.facts(),
        setting.lines as f64 / 1e6,
        malformed(setting.lines),
        megabytes(&contestants, Format::Combined),
        megabytes(&contestants, Format::Json),
        answer.counts.total(),
        answer.rejected,
        table(&header, &rows),
        table(
            &["goal", "measured", "must", "aim"],
            &verdicts(&contestants, &runs)
        ),
    ))
}

/// Reads a file, so that nobody pays for what the one before has pushed out of the page cache.
fn warm(file: &Path) -> Result<(), String> {
    let failed = |error: io::Error| format!("{}: {error}", file.display());
    if file.as_os_str().is_empty() {
        return Ok(());
    }
    let mut input = fs::File::open(file).map_err(failed)?;
    io::copy(&mut input, &mut io::sink()).map_err(failed)?;
    Ok(())
}

fn contestants(lines: u64, with_peers: bool) -> Result<Vec<Contestant>, String> {
    let mut contestants = Vec::new();
    for format in [Format::Combined, Format::Json] {
        let log = inputs::log(format, lines)?;
        let mut add = |tool, file: &Path| {
            contestants.push(Contestant {
                tool,
                format,
                file: file.to_path_buf(),
            });
        };
        add(Tool::Attain, &log);
        for peer in (0..PEERS.len()).filter(|_| with_peers) {
            add(Tool::Peer(peer), &log);
        }
        add(Tool::CountLines, &log);
        for (program, ending) in [("gzip", ".gz"), ("zstd", ".zst")] {
            if let Some(packed) = inputs::packed(&log, program, ending)? {
                add(Tool::Unpack(program), &packed);
                add(Tool::Attain, &packed);
            }
        }
        if format == Format::Json {
            for peer in (0..PEERS.len()).filter(|_| with_peers) {
                add(Tool::StartOf(peer), Path::new(""));
            }
        }
    }
    Ok(contestants)
}

fn command(
    contestant: &Contestant,
    setting: &Setting,
    peers: Option<&Peers>,
    out: &Path,
) -> Command {
    let file = &contestant.file;
    let plain = |program: &str, option: &str| {
        let mut command = Command::new(program);
        command.arg(option).arg(file);
        command
    };
    match (contestant.tool, peers) {
        (Tool::Peer(peer), Some(peers)) => peers.count(PEERS[peer], contestant.format, file, out),
        (Tool::StartOf(peer), Some(peers)) => peers.start_only(PEERS[peer]),
        (Tool::Unpack(program), _) => plain(program, "-dc"),
        (Tool::CountLines, _) => plain("wc", "-l"),
        (Tool::Attain | Tool::Peer(_) | Tool::StartOf(_), _) => {
            let catalogue = format!("bench/logs/{}.yaml", contestant.format.name());
            let mut command = Command::new(&setting.program);
            command
                .arg("replay")
                .arg(root().join(catalogue))
                .arg(file)
                .args(["--format", "json", "--counts"])
                .arg(out);
            command
        }
    }
}

/// What a tool that counts has counted.
fn answered(tool: Tool, run: &Run, out: &Path) -> Result<Option<Answer>, String> {
    if !matches!(tool, Tool::Attain | Tool::Peer(_)) {
        return Ok(None);
    }
    let csv = fs::read_to_string(out).map_err(|error| format!("{}: {error}", out.display()))?;
    // The next one shall not be taken for right because of what this one wrote.
    fs::remove_file(out).map_err(|error| format!("{}: {error}", out.display()))?;
    let (counts, key) = match tool {
        Tool::Attain => (Counts::from_attain(&csv)?, "\"unparsed\": "),
        _ => (Counts::from_peer(&csv)?, "rejected "),
    };
    let rejected = number_after(&run.said, key).ok_or("says not how many lines it rejected")?;
    Ok(Some(Answer { counts, rejected }))
}

fn agree(known: &mut Option<Answer>, said: Answer, lines: u64) -> Result<(), String> {
    if said.counts.total() + said.rejected != lines {
        return Err(format!(
            "counted {} and rejected {} of {lines} lines",
            said.counts.total(),
            said.rejected
        ));
    }
    match known {
        Some(known) if *known != said => Err(difference(known, &said)),
        _ => {
            *known = Some(said);
            Ok(())
        }
    }
}

fn difference(known: &Answer, said: &Answer) -> String {
    let (known_text, said_text) = (known.counts.text(), said.counts.text());
    let row = known_text
        .lines()
        .zip(said_text.lines())
        .find(|(known, said)| known != said);
    format!(
        "counts otherwise than those before it: {row:?}, rejected {} and {}",
        known.rejected, said.rejected
    )
}

fn number_after(text: &str, key: &str) -> Option<u64> {
    let (_, rest) = text.split_once(key)?;
    let end = rest
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..end].parse().ok()
}

fn row(contestant: &Contestant, runs: &[Run], lines: u64) -> Vec<String> {
    let cpu = median(runs, |run| run.cpu_seconds);
    let wall = median(runs, |run| run.wall_seconds);
    let bytes = inputs::size(&unpacked(&contestant.file)) as f64;
    let (speed, rate) = match contestant.tool {
        Tool::StartOf(_) => ("".into(), "".into()),
        _ if cpu < measure::GRAIN_SECONDS => ("-".into(), "-".into()),
        _ => (
            format!("{:.2}", lines as f64 / cpu / 1e6),
            format!("{:.0}", bytes / cpu / 1e6),
        ),
    };
    vec![
        contestant.tool.name(),
        match contestant.tool {
            Tool::StartOf(_) => "".into(),
            _ => format!("{}{}", contestant.format.name(), ending(&contestant.file)),
        },
        format!("{cpu:.2}"),
        format!("{wall:.2}"),
        speed,
        rate,
        format!("{}", highest_peak(runs) / 1_000_000),
    ]
}

/// `.gz`, `.zst`, or nothing for a plain log.
fn ending(file: &Path) -> String {
    match file.extension() {
        Some(end) if end != "log" => format!(".{}", end.to_string_lossy()),
        _ => String::new(),
    }
}

/// The plain log of which `file` is the packed form, or `file` itself.
fn unpacked(file: &Path) -> PathBuf {
    match ending(file).as_str() {
        "" => file.to_path_buf(),
        _ => file.with_extension(""),
    }
}

fn megabytes(contestants: &[Contestant], format: Format) -> u64 {
    contestants
        .iter()
        .find(|contestant| contestant.format == format)
        .map_or(0, |contestant| inputs::size(&contestant.file) / 1_000_000)
}

/// Each goal, what was measured, and the bars.
fn verdicts(contestants: &[Contestant], runs: &[Vec<Run>]) -> Vec<Vec<String>> {
    let cpu = |tool: Tool, format: Format, end: &str| {
        contestants
            .iter()
            .zip(runs)
            .find(|(contestant, _)| {
                (contestant.tool, contestant.format) == (tool, format)
                    && ending(&contestant.file) == end
            })
            .map(|(_, runs)| median(runs, |run| run.cpu_seconds))
    };
    let mut rows = Vec::new();
    for (format, must, aim) in GOALS {
        let best = (0..PEERS.len())
            .filter_map(|peer| Some((cpu(Tool::Peer(peer), format, "")?, peer)))
            .min_by(|a, b| a.0.total_cmp(&b.0));
        if let (Some((whole, peer)), Some(own)) = (best, cpu(Tool::Attain, format, "")) {
            let start = start(contestants, runs, peer);
            rows.push(vec![
                format!(
                    "{}: lines per CPU second, times those of {}",
                    format.name(),
                    PEERS[peer]
                ),
                format!(
                    "{:.1}x ({:.1}x without its start)",
                    whole / own,
                    (whole - start) / own
                ),
                format!("{must}x"),
                format!("{aim}x"),
            ]);
        }
    }
    for format in [Format::Combined, Format::Json] {
        let unpacking = cpu(Tool::Unpack("gzip"), format, ".gz");
        let unpacking = unpacking.filter(|cpu| *cpu >= measure::GRAIN_SECONDS);
        if let (Some(unpacking), Some(own)) = (unpacking, cpu(Tool::Attain, format, ".gz")) {
            rows.push(vec![
                format!("{}.gz: CPU, of what `gzip -dc` alone takes", format.name()),
                format!("{:.2}x", own / unpacking),
                format!("at most {}x", GZIP_GOAL.0),
                format!("{}x", GZIP_GOAL.1),
            ]);
        }
    }
    rows
}

/// CPU seconds in which a peer starts; 0 if that was not measured.
fn start(contestants: &[Contestant], runs: &[Vec<Run>], peer: usize) -> f64 {
    contestants
        .iter()
        .zip(runs)
        .find(|(contestant, _)| contestant.tool == Tool::StartOf(peer))
        .map_or(0.0, |(_, runs)| median(runs, |run| run.cpu_seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(available: u64, rejected: u64) -> Answer {
        let csv = format!("minute,segment,total,available,fast\n09:40,free,5,{available},5\n");
        Answer {
            counts: Counts::from_peer(&csv).unwrap(),
            rejected,
        }
    }

    #[test]
    fn who_counts_otherwise_is_named_by_the_row() {
        let mut known = None;
        assert!(agree(&mut known, answer(4, 1), 6).is_ok());
        assert!(agree(&mut known, answer(4, 1), 6).is_ok());
        let error = agree(&mut known, answer(3, 1), 6).unwrap_err();
        assert!(error.contains("09:40,free,5,4,5") && error.contains("09:40,free,5,3,5"));
    }

    #[test]
    fn a_line_that_is_neither_counted_nor_rejected_is_found() {
        let error = agree(&mut None, answer(4, 1), 7).unwrap_err();
        assert_eq!(error, "counted 5 and rejected 1 of 7 lines");
    }

    #[test]
    fn the_better_peer_is_the_one_to_beat() {
        let contestant = |tool, file: &str| Contestant {
            tool,
            format: Format::Combined,
            file: file.into(),
        };
        let contestants = [
            contestant(Tool::Attain, "a.log"),
            contestant(Tool::Peer(0), "a.log"),
            contestant(Tool::Peer(1), "a.log"),
            contestant(Tool::Unpack("gzip"), "a.log.gz"),
            contestant(Tool::Attain, "a.log.gz"),
            contestant(Tool::StartOf(1), ""),
        ];
        let runs = [0.2, 1.0, 0.8, 0.5, 0.4, 0.2].map(|cpu_seconds| {
            vec![Run {
                cpu_seconds,
                ..Run::default()
            }]
        });
        let rows = verdicts(&contestants, &runs);
        assert_eq!(
            rows[0][..2],
            [
                "combined: lines per CPU second, times those of polars",
                "4.0x (3.0x without its start)"
            ]
        );
        assert_eq!(rows[1][1], "0.80x");
        assert_eq!(rows.len(), 2);
    }

    #[test]
    fn a_number_is_found_behind_its_key() {
        assert_eq!(number_after("rejected 12\n", "rejected "), Some(12));
        assert_eq!(number_after("{\"unparsed\": 7,", "\"unparsed\": "), Some(7));
        assert_eq!(number_after("rejected", "rejected "), None);
    }
}
