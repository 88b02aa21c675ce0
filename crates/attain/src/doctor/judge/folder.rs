//! Whether a data folder can take what comes and gives back what it was given. Knows what was seen of it.

use std::time::Duration;

use attain_view::number;

use super::{length, percent};
use crate::doctor::finding::Diagnosis;
use crate::doctor::seen::{FolderSeen, KeptSeen};

/// Below this nothing is sure to be kept for long: frames of a few minutes, and the room that sealing them takes.
const ROOM_LEAST: u64 = 1 << 30;
/// A write with sync that takes longer holds up whoever sends.
const SYNC_SLOW: Duration = Duration::from_millis(200);
/// A day of the future is a wrong clock.
const AHEAD_SECONDS: i64 = 600;
/// Untagged events beyond this share, in thousandths, are worth a finding.
const UNTAGGED_THOUSANDTHS: u128 = 10;
/// Damages that are quoted.
const DAMAGES_SHOWN: usize = 3;

/// Judges all of it.
pub fn judge(seen: &FolderSeen, out: &mut Diagnosis) {
    let about = format!("data {}", seen.folder);
    room(seen, &about, out);
    sync(seen, &about, out);
    match &seen.kept {
        None => out.look(
            &about,
            "it is not there yet; `attain serve` and `attain replay` make it",
        ),
        Some(Err(why)) => {
            let what = "nothing kept can be read, and a server does not start with it";
            let fix = format!("attain data check {}", seen.folder);
            out.find("data-unreadable", &about, why.clone(), what, fix);
        }
        Some(Ok(kept)) => what_is_kept(kept, &seen.folder, &about, out),
    }
}

fn room(seen: &FolderSeen, about: &str, out: &mut Diagnosis) {
    let Some((free, all)) = seen.disk else {
        out.look(
            about,
            "how much room its disk has is not known: `df` does not say",
        );
        return;
    };
    let bytes = match &seen.kept {
        Some(Ok(kept)) => kept.bytes,
        _ => 0,
    };
    let needed = ROOM_LEAST.max(bytes);
    let said = format!("{} free of {}", size(free), size(all));
    if free >= needed {
        out.look(about, said);
        return;
    }
    let seen_text = match bytes > ROOM_LEAST {
        true => format!(
            "{said}; it holds {}, and a copy of it would not fit",
            size(bytes)
        ),
        false => said,
    };
    let why = "when the disk is full nothing more is taken: senders are told to come again, and what they drop is a gap";
    let fix = format!(
        "make room, move it (attain data backup {} TO), or drop what is old: attain data prune {} --before DAY",
        seen.folder, seen.folder
    );
    out.find("disk-full", about, seen_text, why, fix);
}

/// With less room than this a write fails for that.
const FULL: u64 = 1 << 20;

fn sync(seen: &FolderSeen, about: &str, out: &mut Diagnosis) {
    match &seen.sync {
        // What is said of its room says it all.
        Err(_) if seen.disk.is_some_and(|(free, _)| free < FULL) => {}
        Err(why) => {
            let what = "nothing can be kept there: a server does not start, or answers every write with 503";
            let fix = format!(
                "give it to who runs attain: `ls -ld {}`, `chown`, and see whether the disk is mounted read-only",
                seen.folder
            );
            let text = format!("a file cannot be written and synced there: {why}");
            out.find("disk-read-only", about, text, what, fix);
        }
        Ok((_, middle)) if *middle > SYNC_SLOW => {
            let text = format!("a small write with sync takes {}", length(*middle));
            let why = "every request waits for such a write before it is acknowledged: senders fall behind";
            let fix = "put it on a local disk (not a network's), and see who else writes there: `iostat -x 1`";
            out.find("disk-slow", about, text, why, fix.to_owned());
        }
        Ok((longest, middle)) => {
            let text = format!(
                "a small write with sync takes {}, at most {}",
                length(*middle),
                length(*longest)
            );
            out.look(about, text);
        }
    }
}

fn what_is_kept(kept: &KeptSeen, folder: &str, about: &str, out: &mut Diagnosis) {
    if kept.damage.is_empty() {
        out.look(
            about,
            format!("{}, all as it was written", size(kept.bytes)),
        );
    } else {
        let shown: Vec<&str> = kept
            .damage
            .iter()
            .take(DAMAGES_SHOWN)
            .map(String::as_str)
            .collect();
        let more = kept.damage.len().saturating_sub(DAMAGES_SHOWN);
        let more = if more > 0 {
            format!("; {more} more")
        } else {
            String::new()
        };
        let seen = format!("damaged: {}{more}", shown.join("; "));
        let why = "what it held of that time is a gap: coverage falls";
        let fix = format!(
            "attain data check {folder}; then restore a backup (attain data restore FROM NEW), or replay the files of that \
             time into a new folder"
        );
        out.find("data-damaged", about, seen, why, fix);
    }
    for warning in &kept.warnings {
        out.find(
            "data-warning",
            about,
            warning.clone(),
            "nothing is lost by it yet",
            format!(
                "attain data check {folder}, and take a backup: attain data backup {folder} TO"
            ),
        );
    }
    match kept.newest_age_seconds {
        None => out.look(about, "nothing was counted yet"),
        Some(age) if age < -AHEAD_SECONDS => {
            let by = number::about(Duration::from_secs(age.unsigned_abs()));
            let seen = format!("its newest event is {by} ahead of this machine's clock");
            let why = "one of two clocks is wrong: what was counted by it stands at the wrong time";
            let fix =
                "`timedatectl` here and where requests are logged; then replay into a new folder"
                    .to_owned();
            out.find("clock-off", about, seen, why, fix);
        }
        Some(age) => {
            let age = number::about(Duration::from_secs(age.max(0).unsigned_abs()));
            out.look(about, format!("its newest event is {age} old"));
        }
    }
    for (slos, unknown, all) in &kept.untagged {
        untagged(about, slos, *unknown, *all, out);
    }
}

/// Events of some SLOs that are in no segment.
pub fn untagged(about: &str, slos: &[String], unknown: u64, all: u64, out: &mut Diagnosis) {
    if unknown == 0 || u128::from(unknown) * 1000 < u128::from(all) * UNTAGGED_THOUSANDTHS {
        return;
    }
    let seen = format!(
        "{} of {} events are of no known segment ({})",
        number::grouped(unknown),
        number::grouped(all),
        percent(unknown, all)
    );
    let why =
        "requests that no segment claims are counted as unknown: they are in no segment's promise";
    let fix = "name the label that says the segment (`labels: {segment: LABEL}` at the source), and its values (`match` at \
               the segments)";
    out.find_for("untagged", about, slos, seen, why, fix.to_owned());
}

/// Bytes as people say them.
fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        1_000_000_000.. => (1_000_000_000, "GB"),
        1_000_000.. => (1_000_000, "MB"),
        _ => (1_000, "kB"),
    };
    let tenths = bytes / (unit / 10);
    match tenths {
        0..100 => format!("{}.{} {name}", tenths / 10, tenths % 10),
        _ => format!("{} {name}", number::grouped(tenths / 10)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> FolderSeen {
        FolderSeen {
            folder: "shop-data".to_owned(),
            is_there: true,
            disk: Some((50_000_000_000, 100_000_000_000)),
            sync: Ok((Duration::from_millis(9), Duration::from_millis(3))),
            kept: Some(Ok(KeptSeen {
                bytes: 1_234_567,
                newest_age_seconds: Some(12),
                ..KeptSeen::default()
            })),
        }
    }

    fn judged(change: impl FnOnce(&mut FolderSeen)) -> Vec<&'static str> {
        let (mut seen, mut out) = (folder(), Diagnosis::default());
        change(&mut seen);
        judge(&seen, &mut out);
        out.findings.iter().map(|found| found.code).collect()
    }

    #[test]
    fn a_folder_that_is_well_is_told_in_four_lines() {
        let mut out = Diagnosis::default();
        judge(&folder(), &mut out);
        assert_eq!(out.findings, []);
        let said: Vec<&str> = out.looked.iter().map(|looked| &*looked.said).collect();
        assert_eq!(
            said,
            [
                "50 GB free of 100 GB",
                "a small write with sync takes 3 ms, at most 9 ms",
                "1.2 MB, all as it was written",
                "its newest event is 12s old",
            ]
        );
    }

    #[test]
    fn what_is_wrong_with_a_disk_is_found() {
        assert_eq!(
            judged(|seen| seen.disk = Some((1 << 29, 1 << 40))),
            ["disk-full"]
        );
        assert_eq!(
            judged(|seen| seen.sync = Err("read-only".into())),
            ["disk-read-only"]
        );
        let slow = Duration::from_secs(1);
        assert_eq!(judged(|seen| seen.sync = Ok((slow, slow))), ["disk-slow"]);
        assert_eq!(
            judged(|seen| seen.kept = Some(Err("newer".into()))),
            ["data-unreadable"]
        );
        assert!(judged(|seen| seen.kept = None).is_empty());
        assert!(judged(|seen| seen.disk = None).is_empty());
    }

    #[test]
    fn a_folder_must_have_room_for_a_copy_of_itself() {
        let large = |seen: &mut FolderSeen| {
            if let Some(Ok(kept)) = &mut seen.kept {
                kept.bytes = 60_000_000_000;
            }
        };
        assert_eq!(judged(large), ["disk-full"]);
    }

    #[test]
    fn what_is_wrong_with_what_is_kept_is_found() {
        let with = |change: fn(&mut KeptSeen)| {
            judged(|seen| {
                if let Some(Ok(kept)) = &mut seen.kept {
                    change(kept);
                }
            })
        };
        assert_eq!(
            with(|kept| kept.damage.push("a day".into())),
            ["data-damaged"]
        );
        assert_eq!(
            with(|kept| kept.warnings.push("a copy".into())),
            ["data-warning"]
        );
        assert_eq!(
            with(|kept| kept.newest_age_seconds = Some(-700)),
            ["clock-off"]
        );
        assert_eq!(
            with(|kept| kept.untagged.push((vec![], 1, 99))),
            ["untagged"]
        );
        assert!(with(|kept| kept.untagged.push((vec![], 1, 101))).is_empty());
    }
}
