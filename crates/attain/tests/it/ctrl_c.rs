//! Ctrl-C ends a replay where it is; the same command goes on from there. And what others may do while one runs.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::shop::{self, answers, arguments};
use crate::{Place, command};

const LINES: usize = 60_000;
/// `O_NONBLOCK` of Linux.
const NONBLOCK: i32 = 0o4000;
const FILES: [&str; 2] = ["access-02.log", "access-03.log"];

fn place() -> Place {
    let place = Place::new();
    place
        .write("shop.yaml", shop::CATALOGUE)
        .write(FILES[0], &shop::log(1, 2, LINES / 2))
        .write(FILES[1], &shop::log(2, 3, LINES / 2));
    place
}

fn start(place: &Place, files: &[&str], more: &[&str]) -> Child {
    command(place.0.path(), &arguments("shop.yaml", files, "data", more))
        .env("ATTAIN_CHUNK_BYTES", "8192")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What Ctrl-C sends.
fn interrupt(child: &Child) {
    let id = child.id().to_string();
    let status = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(status.success());
}

/// The folder has taken deliveries.
fn has_begun(data: &Path) -> bool {
    let length = |name: &str| data.join(name).metadata().map_or(0, |data| data.len());
    length("counts.db-wal") > 200_000
}

/// Interrupts a replay that has begun to keep; `None` if it ended before it could be interrupted.
fn interrupted(place: &Place, more: &[&str]) -> Option<Output> {
    let mut child = start(place, &FILES, more);
    while !has_begun(&place.0.path().join("data")) && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    if child.try_wait().unwrap().is_none() {
        interrupt(&child);
    }
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => None,
        Some(3) => Some(output),
        code => panic!("{code:?} {error}"),
    }
}

/// A busy machine may let the replay end first; then it is tried again with a new folder.
fn interrupted_at_last(place: &Place, more: &[&str]) -> Output {
    for _ in 0..50 {
        let _ = std::fs::remove_dir_all(place.0.path().join("data"));
        if let Some(output) = interrupted(place, more) {
            return output;
        }
    }
    panic!("no replay of 50 was interrupted");
}

fn lines(said: &str) -> u64 {
    let value: Value = serde_json::from_str(said).unwrap();
    value["sources"]["access"]["lines"].as_u64().unwrap()
}

#[test]
fn the_same_command_goes_on_after_ctrl_c() {
    let place = place();
    let output = interrupted_at_last(&place, &["--format", "json"]);
    let said = String::from_utf8(output.stdout).unwrap();
    let value: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(value["stopped"], true, "{said}");
    let first = lines(&said);
    assert!(first > 0 && first < LINES as u64, "{said}");
    place
        .run(&["data", "check", "data"])
        .exits(0)
        .says("0 frames not sealed yet");
    let again = start(&place, &FILES, &["--format", "json"])
        .wait_with_output()
        .unwrap();
    assert_eq!(again.status.code(), Some(0));
    let second = lines(&String::from_utf8(again.stdout).unwrap());
    assert_eq!(first + second, LINES as u64);
    shop::replay(&place, "shop.yaml", &FILES, "whole", &[]).exits(0);
    assert_eq!(
        answers(&place, "shop.yaml", &FILES, "data"),
        answers(&place, "shop.yaml", &FILES, "whole")
    );
}

#[test]
fn ctrl_c_says_how_to_go_on() {
    let place = place();
    let output = interrupted_at_last(&place, &[]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("stopped before the end; the same command goes on from here"),
        "{said}"
    );
}

/// A replay that waits for more to come out of a pipe; while the pipe is held open it does not end.
fn waiting(place: &Place) -> (Child, File) {
    let pipe = place.0.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let mut child = start(place, &[FILES[0], "pipe"], &[]);
    loop {
        // Without waiting, a pipe opens for writing once the replay reads it.
        let writer = OpenOptions::new()
            .write(true)
            .custom_flags(NONBLOCK)
            .open(&pipe);
        match writer {
            Ok(writer) => return (child, writer),
            Err(_) => assert_eq!(child.try_wait().unwrap(), None),
        }
    }
}

/// The first asks to end, but nothing comes out of the pipe that is read.
#[test]
fn a_second_ctrl_c_ends_at_once() {
    let place = place();
    let (mut child, writer) = waiting(&place);
    let mut sent = 0;
    let status = loop {
        interrupt(&child);
        sent += 1;
        // Two signals that come at the same time are one.
        std::thread::yield_now();
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
    };
    drop(writer);
    assert!(sent >= 2, "ended after the first");
    assert_eq!(status.code(), Some(130));
    place.run(&["data", "check", "data"]).exits(0);
    shop::replay(&place, "shop.yaml", &FILES, "data", &[]).exits(0);
    shop::replay(&place, "shop.yaml", &FILES, "whole", &[]).exits(0);
    assert_eq!(
        answers(&place, "shop.yaml", &FILES, "data"),
        answers(&place, "shop.yaml", &FILES, "whole")
    );
}

#[test]
fn one_replay_at_a_time_and_anybody_may_ask() {
    let place = place();
    let (child, writer) = waiting(&place);
    let id = child.id();
    shop::replay(&place, "shop.yaml", &FILES, "data", &[])
        .exits(2)
        .complains(&format!(
            "data: process {id} writes to it; wait until it ends"
        ));
    place.run(&["data", "check", "data"]).exits(0);
    place.run(&["data", "backup", "data", "copy"]).exits(0);
    place.run(&["data", "check", "copy"]).exits(0);
    drop(writer);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    shop::replay(&place, "shop.yaml", &FILES, "data", &[]).exits(0);
    shop::replay(&place, "shop.yaml", &FILES, "copy", &[]).exits(0);
    assert_eq!(
        answers(&place, "shop.yaml", &FILES, "data"),
        answers(&place, "shop.yaml", &FILES, "copy")
    );
}
