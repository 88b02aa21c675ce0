//! `cargo xtask soak NAME`: claims at their full size. The last run of each stands in docs/soak.md.
//!
//! A run is a test that reads `ATTAIN_SOAK=1`, grows to its full size, and prints one line of the form
//! `soak: N of N, seed S`, and behind a semicolon what it measured. A run that does not say how many is not believed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::{cargo, git, root};

const PAGE: &str = "docs/soak.md";

struct Soak {
    name: &'static str,
    says: &'static str,
    package: &'static str,
    test: &'static str,
}

const SOAKS: [Soak; 23] = [
    Soak {
        name: "histories",
        says: "10,000 random histories agree with the slow oracle to the event",
        package: "attain-engine",
        test: "histories_match_the_oracle",
    },
    Soak {
        name: "deliveries",
        says: "100,000 deliveries in any order, some twice, give the same ledger",
        package: "attain-engine",
        test: "deliveries_in_any_order_give_the_same_ledger",
    },
    Soak {
        name: "low-traffic",
        says: "400 months at 10, 30 and 100 requests an hour: each rate pages falsely at most 0.15 times a month",
        package: "attain-math",
        test: "low_traffic_false_pages",
    },
    Soak {
        name: "diagnose",
        says: "720 incidents made on real normal traffic, 140 of them two at once: the culprit stands first in 88 %, of two one in 70 %",
        package: "attain",
        test: "culprits_of_made_incidents_stand_first",
    },
    Soak {
        name: "random-graphs",
        says: "1,000 random systems, 300,000 requests each: no promise that is told carried or not is told wrong beyond 3 standard errors",
        package: "attain-cascade",
        test: "random_graphs_agree_with_their_simulation",
    },
    Soak {
        name: "random-targets",
        says: "1,000 random systems with limits: internal targets are found whenever there are any, and keep to the limits",
        package: "attain-cascade",
        test: "random_graphs_are_given_targets_whenever_there_are_any",
    },
    Soak {
        name: "kills",
        says: "a replay killed 200 times at any moment ends where an undisturbed one does, and counts nothing twice",
        package: "attain",
        test: "killed_replays_count_everything_once",
    },
    Soak {
        name: "served-kills",
        says: "a server killed 500 times under load, 2,000,000 samples acknowledged: none is lost, none counts twice",
        package: "attain",
        test: "a_killed_server_loses_nothing_and_counts_nothing_twice",
    },
    Soak {
        name: "slips",
        says: "300 mutated catalogues under live load: none is put in force, no slice is left out, nothing sent is lost",
        package: "attain-server",
        test: "slips_of_the_hand_change_nothing_under_load",
    },
    Soak {
        name: "flood",
        says: "5,000,000 unique series and bombs that unpack to gigabytes within 256 MiB: alive, and what was known is counted on",
        package: "attain",
        test: "a_flood_of_series_is_survived_in_bounded_memory",
    },
    Soak {
        name: "stops",
        says: "a server stopped 200 times under load ends well, and what it answered is counted",
        package: "attain",
        test: "a_server_that_is_stopped_under_load_answers_what_it_has_taken",
    },
    Soak {
        name: "pause",
        says: "a server that stood still for 60 s judges every slice in order and loses nothing",
        package: "attain",
        test: "a_server_that_stood_still_leaves_out_no_slice",
    },
    Soak {
        name: "outages",
        says: "a pulled API away for 10 minutes, 6 hours or a day, and spoiling one answer of five: the ledger has what the samples add up to",
        package: "attain-server",
        test: "after_an_outage_the_ledger_has_what_the_samples_add_up_to",
    },
    Soak {
        name: "failing-disk",
        says: "every write, sync and rename of a replay fails, once and from then on: nothing kept is lost, and the same command goes on",
        package: "attain",
        test: "a_failing_disk_loses_nothing_and_says_what_to_do",
    },
    Soak {
        name: "flips",
        says: "2,000 flipped bits of a data folder: an answer is as it was, or says what is damaged",
        package: "attain",
        test: "no_answer_is_silently_another",
    },
    Soak {
        name: "power",
        says: "2,000 states of a disk after a power loss: all that was acknowledged is there, and nothing twice",
        package: "attain-store",
        test: "a_power_loss_loses_nothing_that_was_acknowledged",
    },
    Soak {
        name: "damage",
        says: "10,000 flips, scribbles, zeroes and cuts of a data folder: what comes back was written, or is named as lost",
        package: "attain-store",
        test: "damage_is_never_silent",
    },
    Soak {
        name: "failing-writes",
        says: "every write, sync and rename of the store fails, once and from then on: nothing acknowledged is lost",
        package: "attain-store",
        test: "failing_writes_lose_nothing_that_was_acknowledged",
    },
    Soak {
        name: "fuzz-remote-write",
        says: "ten minutes of mutated remote-write requests, packed and unpacked: no panic, and what is said of each adds up",
        package: "attain-sources",
        test: "fuzz::remote_write_requests",
    },
    Soak {
        name: "fuzz-otlp",
        says: "ten minutes of mutated OTLP requests in protobuf: no panic, and what is said of each adds up",
        package: "attain-sources",
        test: "fuzz::opentelemetry_protobuf",
    },
    Soak {
        name: "fuzz-otlp-json",
        says: "ten minutes of mutated OTLP requests in JSON: no panic, and what is said of each adds up",
        package: "attain-sources",
        test: "fuzz::opentelemetry_json",
    },
    Soak {
        name: "fuzz-scrape",
        says: "ten minutes of mutated scraped pages: no panic, and what is said of each adds up",
        package: "attain-sources",
        test: "fuzz::scraped_pages",
    },
    Soak {
        name: "fuzz-api",
        says: "ten minutes of mutated answers of a Prometheus API: no panic, and what is said of each adds up",
        package: "attain-sources",
        test: "fuzz::answers_of_a_prometheus_api",
    },
];

/// What a run said of itself.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    held: u64,
    of: u64,
    seed: String,
    /// What it measured, in words.
    measured: Option<String>,
}

/// `cargo xtask soak [NAME] [--list]`. Without a name: all, one after the other.
pub fn command(arguments: &[String]) -> Result<(), String> {
    let chosen: Vec<&Soak> = match arguments {
        [] => SOAKS.iter().collect(),
        [list] if list == "--list" => {
            for soak in &SOAKS {
                println!("{:<14} {}", soak.name, soak.says);
            }
            return Ok(());
        }
        [name] => SOAKS.iter().filter(|soak| soak.name == name).collect(),
        [_, other, ..] => {
            return Err(format!(
                "`{other}` is one argument too many: see `cargo xtask help`"
            ));
        }
    };
    if chosen.is_empty() {
        return Err(format!(
            "there is no soak `{}`: see `cargo xtask soak --list`",
            arguments.join(" ")
        ));
    }
    chosen.into_iter().try_for_each(run)
}

fn run(soak: &Soak) -> Result<(), String> {
    let start = Instant::now();
    let mut child = Command::new(cargo())
        .args([
            "test",
            "--release",
            "-p",
            soak.package,
            soak.test,
            "--",
            "--nocapture",
        ])
        .env("ATTAIN_SOAK", "1")
        .current_dir(root())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cargo test: {error}"))?;
    let stdout = child.stdout.take().ok_or("cargo test: no output")?;
    let mut said = None;
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        println!("{line}");
        said = said_in(&line).or(said);
    }
    let status = child
        .wait()
        .map_err(|error| format!("cargo test: {error}"))?;
    let Said {
        held,
        of,
        seed,
        measured,
    } =
        said.ok_or_else(|| format!("soak {}: printed no line `soak: N of N, seed S`", soak.name))?;
    let minutes = start.elapsed().as_secs_f64() / 60.0;
    let commit = git::commit(PAGE)?;
    println!(
        "soak {}: {held} of {of}, seed {seed}, {minutes:.1} min, commit {commit}",
        soak.name
    );
    if !status.success() || held != of {
        return Err(format!("soak {} did not hold", soak.name));
    }
    let path = root().join(PAGE);
    let page = fs::read_to_string(&path).map_err(|error| format!("{PAGE}: {error}"))?;
    let measured = measured.map_or_else(String::new, |measured| format!("; {measured}"));
    let row = format!(
        "| {} | {} | {held} of {of}{measured} | {seed} | {minutes:.1} | {commit} |",
        soak.name, soak.says
    );
    // Another soak may read the page at any moment: never half of it.
    let beside = path.with_extension(format!("md.{}", std::process::id()));
    fs::write(&beside, with_row(&page, soak.name, &row))
        .and_then(|()| fs::rename(&beside, &path))
        .map_err(|error| format!("{PAGE}: {error}"))
}

fn said_in(line: &str) -> Option<Said> {
    // With --nocapture the line may stand behind the `test name ... ` that cargo test has begun.
    let (_, rest) = line.split_once("soak: ")?;
    let (counts, seed) = rest.split_once(", seed ")?;
    let (held, of) = counts.split_once(" of ")?;
    let (seed, measured) = match seed.split_once("; ") {
        Some((seed, measured)) => (seed, Some(measured.trim().to_string())),
        None => (seed, None),
    };
    let seed = seed
        .split_whitespace()
        .next()?
        .trim_end_matches(',')
        .to_string();
    Some(Said {
        held: held.trim().parse().ok()?,
        of: of.trim().parse().ok()?,
        seed,
        measured,
    })
}

/// The page with the row of `name` replaced, or added at the end of the table.
fn with_row(page: &str, name: &str, row: &str) -> String {
    let begins = format!("| {name} |");
    let mut lines: Vec<&str> = page.lines().collect();
    match lines.iter().position(|line| line.starts_with(&begins)) {
        Some(at) => lines[at] = row,
        None => {
            let end = lines
                .iter()
                .rposition(|line| line.starts_with('|'))
                .map_or(lines.len(), |last| last + 1);
            lines.insert(end, row);
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_says_how_many_held() {
        let said = Said {
            held: 10_000,
            of: 10_000,
            seed: "42".into(),
            measured: None,
        };
        assert_eq!(said_in("soak: 10000 of 10000, seed 42"), Some(said));
        assert_eq!(
            said_in("test x ... soak: 9 of 10, seed 0x2a").map(|said| (said.held, said.of)),
            Some((9, 10))
        );
        let measured = said_in("soak: 2 of 2, seed 7; p99 3 ms").unwrap();
        assert_eq!(measured.seed, "7");
        assert_eq!(measured.measured.as_deref(), Some("p99 3 ms"));
        assert_eq!(said_in("test result: ok. 0 passed"), None);
    }

    #[test]
    fn the_last_run_replaces_the_one_before() {
        let page = "# Soak\n\n| run | a |\n|---|---|\n| one | old |\n\nEnd.\n";
        assert_eq!(
            with_row(page, "one", "| one | new |"),
            page.replace("old", "new")
        );
        assert!(
            with_row(page, "two", "| two | x |").contains("| one | old |\n| two | x |\n\nEnd.")
        );
    }
}
