//! What is replayed again, under whatever name and for whatever catalogue, is counted once.

use std::collections::BTreeMap;
use std::process::Stdio;

use serde_json::Value;

use crate::shop::{self, replay};
use crate::{Place, Ran};

const CATALOGUE: &str = "shop.yaml";
/// Of another question to the same log.
const NEW_SLO: &str = "  \
  items:
    owner: web
    indicator: {log: access, where: {method: GET}, bad: {status: 503}}
    objectives: {availability: {premium: 99%, standard: 99%, free: 99%}}
    window: 7d
    coverage: 1%
    alerting: none
";

/// Objective and segment, with good and all events.
type Totals = BTreeMap<(String, String), (u64, u64)>;

/// What the lines of logs say, read in the simplest way.
fn said_by(logs: &[&str]) -> Totals {
    let mut totals = Totals::new();
    for line in logs.iter().flat_map(|log| log.lines()) {
        let words: Vec<&str> = line.split(' ').collect();
        if words.len() != 14 {
            continue;
        }
        let (status, milliseconds, segment) = (words[8], milliseconds(words[12]), words[13]);
        let limit = match segment {
            "premium" => 200,
            "standard" => 500,
            _ => 2000,
        };
        for (objective, good) in [
            ("availability", status == "200"),
            ("latency", milliseconds < limit),
        ] {
            let of = totals.entry((objective.to_owned(), segment.to_owned()));
            let (was_good, total) = of.or_default();
            *was_good += u64::from(good);
            *total += 1;
        }
    }
    totals
}

fn milliseconds(seconds: &str) -> u64 {
    seconds.strip_prefix("0.").unwrap().parse().unwrap()
}

/// What a folder says of an SLO.
fn kept(place: &Place, catalogue: &str, slo: &str) -> Totals {
    let status = status(place, catalogue);
    let verdicts = status["verdicts"].as_array().unwrap().iter();
    verdicts
        .filter(|verdict| verdict["slo"] == slo && verdict["segment"] != "all")
        .map(|verdict| {
            let text = |key: &str| verdict[key].as_str().unwrap().to_owned();
            let number = |key: &str| verdict[key].as_u64().unwrap();
            (
                (text("objective"), text("segment")),
                (number("good"), number("total")),
            )
        })
        .collect()
}

fn status(place: &Place, catalogue: &str) -> Value {
    let ran = place.run(&["status", catalogue, "--data", "data", "--format", "json"]);
    assert_eq!(ran.err, "");
    serde_json::from_str(&ran.out).unwrap()
}

fn take(place: &Place, files: &[&str]) -> Ran {
    let ran = replay(place, CATALOGUE, files, "data", &[]);
    ran.exits(0);
    ran
}

fn shop_with(catalogue: &str) -> Place {
    let place = Place::new();
    place.write(CATALOGUE, catalogue);
    place
}

#[test]
fn a_file_is_counted_once_whatever_becomes_of_it() {
    let place = shop_with(shop::CATALOGUE);
    let first = shop::log(1, 2, 1_000);
    let second = shop::log(2, 3, 1_000);
    let third = shop::log(3, 4, 1_000);
    let path = |name: &str| place.0.path().join(name);
    let check = |files: &[&str], logs: &[&str], is_new: bool| {
        let ran = take(&place, files);
        assert_eq!(!ran.out.contains(": 0 new,"), is_new, "{}", ran.out);
        assert_eq!(
            kept(&place, CATALOGUE, "requests"),
            said_by(logs),
            "{files:?}"
        );
    };
    place.write("access.log", &first);
    check(&["access.log"], &[&first], true);
    check(&["access.log"], &[&first], false);
    // It grows.
    let grown = format!("{first}{second}");
    place.write("access.log", &grown);
    check(&["access.log"], &[&first, &second], true);
    check(&["access.log"], &[&first, &second], false);
    // It is rotated; what follows goes into a new file of the old name.
    std::fs::rename(path("access.log"), path("access.log.1")).unwrap();
    place.write("access.log", &third);
    let all: [&str; 3] = [&first, &second, &third];
    check(&["access.log", "access.log.1"], &all, true);
    check(&["access.log"], &all, false);
    // It is compressed.
    std::fs::remove_file(path("access.log.1")).unwrap();
    std::fs::write(path("access.log.1.gz"), shop::gzip(&grown)).unwrap();
    check(&["access.log.1.gz", "access.log"], &all, false);
    // It is copied, and a part of it lies beside it.
    place.write("copy.log", &grown).write("part.log", &first);
    check(&["copy.log"], &all, false);
    check(&["part.log"], &all, false);
    let ran = take(&place, &["copy.log", "part.log", "access.log.1.gz"]);
    ran.says("is left out:").says(": 0 new,");
    assert_eq!(kept(&place, CATALOGUE, "requests"), said_by(&all));
    place.run(&["data", "check", "data"]).exits(0);
}

/// What comes through a pipe is a content like that of a file: one after another, and files of the same before and after.
#[test]
fn standard_input_is_known_by_its_content() {
    let place = shop_with(shop::CATALOGUE);
    let logs = [
        shop::log(1, 2, 3_000),
        shop::log(2, 3, 1_000),
        shop::log(3, 4, 1_000),
    ];
    let pipe = |input: &str, files: &[&str], counted: &[&str], is_new: bool| {
        let arguments = [&["replay", CATALOGUE], files, &["--data", "data"]].concat();
        let ran = place.run_with(&arguments, input);
        ran.exits(0);
        assert_eq!(!ran.out.contains(": 0 new,"), is_new, "{}", ran.out);
        assert_eq!(kept(&place, CATALOGUE, "requests"), said_by(counted));
        let names = std::fs::read_dir(place.0.path().join("data")).unwrap();
        let mut names = names.map(|name| name.unwrap().file_name());
        assert!(names.all(|name| !name.to_string_lossy().contains("incoming")));
        ran
    };
    let [first, second, third] = &logs;
    pipe(first, &["-"], &[first], true);
    pipe(first, &["-"], &[first], false);
    // Another one is not taken for the rest of the first.
    pipe(second, &["-"], &[first, second], true);
    let grown = format!("{second}{}", third.trim_end());
    let all: [&str; 3] = [first, second, third];
    pipe(&grown, &["-"], &all, true);
    // The same as files, at once or later.
    place
        .write("first.log", first)
        .write("second.log", &format!("{second}{third}"));
    pipe("", &["first.log", "second.log"], &all, false);
    pipe(first, &["-", "first.log"], &all, false).says("is left out:");
}

/// The same lines in another file are another log. That they were counted before shows, and is said.
#[test]
fn a_log_that_was_put_together_anew_is_told_of() {
    let log = shop::log(1, 2, 15_000);
    let half = log[..log.len() / 2].rfind('\n').unwrap() + 1;
    let (early, late) = log.split_at(half);
    let mut sorted: Vec<&str> = log.lines().collect();
    sorted.sort_unstable();
    let sorted = sorted.join("\n") + "\n";
    let twice = "exactly as many events as were counted there before";
    let said = |first: &[(&str, &str)], then: &str| {
        let place = shop_with(shop::CATALOGUE);
        for (name, text) in first {
            place.write(name, text);
        }
        place.write("then.log", then);
        let names: Vec<&str> = first.iter().map(|(name, _)| *name).collect();
        let ran = replay(&place, CATALOGUE, &names, "data", &[]);
        ran.exits(0);
        assert!(!ran.err.contains(twice), "{}", ran.err);
        let ran = replay(&place, CATALOGUE, &["then.log"], "data", &[]);
        ran.exits(0);
        ran.err.contains(twice)
    };
    let pieces = [("early.log", early), ("late.log", late)];
    assert!(said(&pieces, &log));
    assert!(said(&[("log", &log)], &sorted));
    assert!(said(&[("log", &log)], late));
    // Another replica, and the next day.
    assert!(!said(&[("log", &log)], &shop::log(2, 2, 15_000)));
    assert!(!said(&[("log", &log)], &shop::log(1, 3, 15_000)));
    // The same file again.
    assert!(!said(&[("log", &log)], &log));
}

/// A log is replayed while a server writes to it.
#[test]
fn a_line_that_is_half_written_is_counted_when_it_is_whole() {
    let place = shop_with(shop::CATALOGUE);
    let log = shop::log(1, 2, 400);
    let whole = log.trim_end().rfind('\n').unwrap() + 1;
    let line = &log[whole..];
    for cut in [1, line.len() / 2, line.len() - 9, line.len() - 1] {
        let half = &log[..whole + cut];
        place.write("access.log", half);
        let ran = take(&place, &["access.log"]);
        ran.says("has no line end yet");
        let complete = &log[..whole];
        assert_eq!(kept(&place, CATALOGUE, "requests"), said_by(&[complete]));
    }
    // Whoever asks for another SLO meanwhile is told the same by all of them.
    place.write(CATALOGUE, &format!("{}{NEW_SLO}", shop::CATALOGUE));
    place.write("access.log", &log);
    take(&place, &["access.log"]);
    let all = said_by(&[&log]);
    assert_eq!(kept(&place, CATALOGUE, "requests"), all);
    let events = |totals: &Totals, objective: &str| -> u64 {
        let of = totals.iter().filter(|((name, _), _)| name == objective);
        of.map(|(_, (_, total))| total).sum()
    };
    let items = kept(&place, CATALOGUE, "items");
    assert_eq!(events(&items, "availability"), events(&all, "availability"));
}

/// As the logs of two replicas that were started together.
#[test]
fn files_that_begin_alike_are_told_apart() {
    for (common, with_small_deliveries) in [(3, false), (400, false), (400, true)] {
        let place = shop_with(shop::CATALOGUE);
        let begin: Vec<String> = shop::log(1, 2, common).lines().map(str::to_owned).collect();
        let begin = begin.join("\n") + "\n";
        let one = format!("{begin}{}", shop::log(2, 2, 500));
        let other = format!("{begin}{}", shop::log(3, 2, 700));
        place.write("one.log", &one).write("other.log", &other);
        let small: &[(&str, &str)] = match with_small_deliveries {
            true => &[("ATTAIN_CHUNK_BYTES", "4096")],
            false => &[],
        };
        let both: [&str; 2] = [&one, &other];
        // In two runs, and in one.
        for (files, logs) in [
            (&["one.log"][..], &both[..1]),
            (&["other.log"], &both),
            (&["other.log", "one.log"], &both),
            (&["one.log", "other.log"], &both),
            (&["one.log"], &both),
        ] {
            place
                .run_in(&shop::arguments(CATALOGUE, files, "data", &[]), small)
                .exits(0);
            let kept = kept(&place, CATALOGUE, "requests");
            assert_eq!(kept, said_by(logs), "{common} lines, {files:?}");
        }
        std::fs::remove_dir_all(place.0.path().join("data")).unwrap();
        take(&place, &["one.log", "other.log"]);
        assert_eq!(
            kept(&place, CATALOGUE, "requests"),
            said_by(&[&one, &other])
        );
    }
}

/// Two logs that begin alike: so many lines in common, and so many of their own.
fn two_logs(common: usize, one: usize, other: usize) -> (String, String) {
    let begin = shop::log(1, 2, common);
    let log = |seed, lines| format!("{begin}{}", shop::log(seed, 2, lines));
    (log(2, one), log(3, other))
}

#[test]
fn a_shorter_file_that_goes_on_otherwise_is_another() {
    let place = shop_with(shop::CATALOGUE);
    let (one, other) = two_logs(400, 6_000, 600);
    place.write("one.log", &one).write("other.log", &other);
    take(&place, &["one.log"]);
    take(&place, &["other.log"]).says("1000 lines");
    let both: [&str; 2] = [&one, &other];
    assert_eq!(kept(&place, CATALOGUE, "requests"), said_by(&both));
    // The beginning of one of them is none; it is named, also among others.
    let cut = one.split_inclusive('\n').take(3_000);
    place.write("cut.log", &cut.collect::<String>());
    take(&place, &["cut.log"])
        .says("cut.log: nothing beyond what was taken")
        .says(": 0 new,");
    let third = shop::log(4, 3, 100);
    place.write("third.log", &third);
    let ran = take(&place, &["other.log", "third.log", "one.log"]);
    ran.says("one.log: nothing beyond what was taken")
        .says("other.log, ")
        .says("100 lines");
    assert!(!ran.out.contains("third.log"), "{}", ran.out);
    let all: [&str; 3] = [&one, &other, &third];
    assert_eq!(kept(&place, CATALOGUE, "requests"), said_by(&all));
}

/// What a killed replay leaves is told from a file that begins alike as well as what a finished one does.
#[test]
fn files_that_begin_alike_are_told_apart_after_a_kill() {
    for (one, other) in [(20_000, 500), (20_000, 30_000)] {
        let place = shop_with(shop::CATALOGUE);
        let (one, other) = two_logs(400, one, other);
        place.write("one.log", &one).write("other.log", &other);
        let arguments = shop::arguments(CATALOGUE, &["one.log"], "data", &[]);
        let mut child = crate::command(place.0.path(), &arguments)
            .env("ATTAIN_CHUNK_BYTES", "4096")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Some way into the file; where exactly does not matter, nor whether it was done before.
        let log = place.0.path().join("data/counts.db-wal");
        let has_begun = || log.metadata().is_ok_and(|log| log.len() > 200_000);
        while !has_begun() && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        take(&place, &["other.log"]);
        take(&place, &["one.log"]);
        let both: [&str; 2] = [&one, &other];
        assert_eq!(kept(&place, CATALOGUE, "requests"), said_by(&both));
        take(&place, &["other.log", "one.log"]).says("read 0 lines");
    }
}

#[test]
fn a_new_slo_is_counted_from_files_that_are_replayed_again() {
    let place = shop_with(shop::CATALOGUE);
    let (old, new) = (shop::log(1, 2, 1_500), shop::log(2, 3, 500));
    place.write("old.log", &old).write("new.log", &new);
    take(&place, &["old.log"]);
    let before = kept(&place, CATALOGUE, "requests");
    place.write(CATALOGUE, &format!("{}{NEW_SLO}", shop::CATALOGUE));
    let check_not_counted = || {
        place
            .run(&["status", CATALOGUE, "--data", "data", "--slo", "items"])
            .exits(3)
            .says("items: not counted so far; replay the files again to count it");
    };
    check_not_counted();
    let gaps = status(&place, CATALOGUE)["gaps"].to_string();
    assert!(gaps.contains("\"not counted\""), "{gaps}");
    assert_eq!(kept(&place, CATALOGUE, "requests"), before);
    // Of what comes from now on it is counted, and nothing is said about the time before.
    take(&place, &["new.log"]).says("500 lines");
    let totals = |log: &[&str]| availability_of(&said_by(log));
    assert_eq!(kept(&place, CATALOGUE, "items"), totals(&[&new]));
    // The old file fills it.
    take(&place, &["old.log"]).says("1500 lines");
    assert_eq!(kept(&place, CATALOGUE, "items"), totals(&[&old, &new]));
    assert_eq!(kept(&place, CATALOGUE, "requests"), said_by(&[&old, &new]));
    take(&place, &["old.log", "new.log"])
        .says("read 0 lines")
        .says(": 0 new,");
    // As if it had been there from the beginning.
    let filled = answers_of(&place);
    std::fs::remove_dir_all(place.0.path().join("data")).unwrap();
    take(&place, &["new.log", "old.log"]);
    assert_eq!(filled, answers_of(&place));
}

fn answers_of(place: &Place) -> shop::Answers {
    shop::answers(place, CATALOGUE, &["old.log", "new.log"], "data")
}

fn availability_of(totals: &Totals) -> Totals {
    let of = totals.iter();
    of.filter(|((objective, _), _)| objective == "availability")
        .map(|(name, counts)| (name.clone(), *counts))
        .collect()
}

#[test]
fn a_changed_target_is_judged_without_reading() {
    let place = shop_with(shop::CATALOGUE);
    let log = shop::log(1, 2, 5_000);
    place.write("access.log", &log);
    take(&place, &["access.log"]);
    std::fs::remove_file(place.0.path().join("access.log")).unwrap();
    let budget = |catalogue: &str| {
        let status = status(&place, catalogue);
        let verdicts = status["verdicts"].as_array().unwrap().clone();
        let of = |objective: &str| {
            let is_asked = |verdict: &&Value| {
                verdict["segment"] == "standard" && verdict["objective"] == objective
            };
            verdicts.iter().find(is_asked).unwrap()["budget"].clone()
        };
        (of("availability"), of("latency"))
    };
    let before = budget(CATALOGUE);
    let changed = shop::CATALOGUE.replace("99.5%", "99.75%");
    place.write("changed.yaml", &changed);
    let after = budget("changed.yaml");
    let allowed = |budget: &Value| -> u64 {
        let text = budget["allowed_billionths"].as_str().unwrap();
        text.parse().unwrap()
    };
    assert_eq!(allowed(&after.0) * 2, allowed(&before.0));
    assert_eq!(after.0["spent"], before.0["spent"]);
    assert_eq!(after.1, before.1);
    assert_eq!(kept(&place, "changed.yaml", "requests"), said_by(&[&log]));
}

/// What was counted was cut at 200, 500 and 2000 ms; nobody can tell afterwards what took 250.
#[test]
fn a_changed_threshold_leaves_old_counts_as_they_were_cut() {
    let place = shop_with(shop::CATALOGUE);
    let (old, new) = (shop::log(1, 2, 3_000), shop::log(2, 3, 2_000));
    place.write("old.log", &old).write("new.log", &new);
    take(&place, &["old.log"]);
    place.write(CATALOGUE, &shop::CATALOGUE.replace("< 200ms", "< 250ms"));
    let within = |log: &str, from: u64, to: u64| {
        let of_premium = |line: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            (words.last() == Some(&"premium")).then(|| milliseconds(words[12]))
        };
        let times = log.lines().filter_map(of_premium);
        times.filter(|time| (from..to).contains(time)).count() as u64
    };
    let premium = || {
        let status = status(&place, CATALOGUE);
        let verdicts = status["verdicts"].as_array().unwrap();
        let is_asked =
            |verdict: &&Value| verdict["segment"] == "premium" && verdict["objective"] == "latency";
        let verdict = verdicts.iter().find(is_asked).unwrap();
        let number = |key: &str| verdict[key].as_u64().unwrap();
        (number("good"), number("uncertain"), number("total"))
    };
    let untold = within(&old, 200, 500);
    assert!(untold > 10, "{untold}");
    let old_good = within(&old, 0, 200);
    let old_total = within(&old, 0, 1_000);
    assert_eq!(premium(), (old_good, untold, old_total));
    place
        .run(&["status", CATALOGUE, "--data", "data"])
        .says(&format!("{untold} events could not be told from 250ms"));
    // Reading the old file again changes nothing; a new one is cut where the promise is now.
    take(&place, &["old.log"]).says(": 0 new,");
    take(&place, &["new.log"]);
    let good = old_good + within(&new, 0, 250);
    assert_eq!(
        premium(),
        (good, untold, old_total + within(&new, 0, 1_000))
    );
    place.run(&["data", "check", "data"]).exits(0);
}
