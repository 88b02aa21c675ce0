//! Files: found, gunzipped, told apart.

use std::io::Write as _;
use std::path::Path;

use attain_model::Catalogue;
use attain_model::source::LogFormat;
use attain_sources::{Options, read};

use crate::make::*;

fn site(files: &[&str]) -> Catalogue {
    empty()
        .source("access", log(files, LogFormat::Combined, &[], None))
        .slo("site", log_lines(only(&[])), &[])
}

fn line(second: u32, path: &str) -> String {
    format!(
        "192.0.2.1 - - [02/Nov/2026:09:40:{second:02} +0000] \"GET {path} HTTP/1.1\" 200 1 \"-\" \"a\"\n"
    )
}

fn gzip(path: &Path, text: &str) {
    let file = std::fs::File::create(path).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap();
}

#[test]
fn a_rotated_a_compressed_and_a_grown_file_count_once() {
    let dir = tempfile::tempdir().unwrap();
    let old = line(0, "/health") + &line(1, "/a");
    let grown = old.clone() + &line(2, "/b");
    let other_replica = line(0, "/health") + &line(1, "/c");
    std::fs::write(dir.path().join("access.log"), &grown).unwrap();
    std::fs::write(dir.path().join("access.log.1"), &old).unwrap();
    gzip(&dir.path().join("access.log.1.gz"), &old);
    std::fs::write(dir.path().join("access.log.replica"), other_replica).unwrap();
    std::fs::write(dir.path().join("unrelated"), "x").unwrap();
    let text = read_text(&site(&["access.log*"]), dir.path(), &Options::default());
    let want = "access: 5 lines, 0 unparsed
  file access.log
  file access.log.1 same as access.log
  file access.log.1.gz same as access.log
  file access.log.replica
";
    assert!(text.ends_with(want), "{text}");
}

#[test]
fn an_appended_file_goes_on_where_it_was_left() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.log");
    let catalogue = site(&["*.log"]);
    std::fs::write(&path, line(0, "/a") + &line(1, "/b")).unwrap();
    let first = read(
        &catalogue,
        dir.path(),
        &Options::default(),
        &mut |_| Ok(()),
        &mut |_| {},
    )
    .unwrap();
    let origin = first.sources["access"].files[0].origin.clone();
    std::fs::write(&path, line(0, "/a") + &line(1, "/b") + &line(2, "/c")).unwrap();
    let options = Options {
        taken: taken(&catalogue, "access", &origin, 0..150),
        ..Options::default()
    };
    let mut seen = Vec::new();
    read(
        &catalogue,
        dir.path(),
        &options,
        &mut |delivery| {
            seen.push((delivery.origin, delivery.range));
            Ok(())
        },
        &mut |_| {},
    )
    .unwrap();
    assert_eq!(seen, [(origin, 150..225)]);
}

#[test]
fn chunks_cover_every_line_once() {
    let dir = tempfile::tempdir().unwrap();
    let text: String = (0..50).map(|second| line(second, "/a")).collect();
    gzip(&dir.path().join("a.log.gz"), &text);
    let options = Options {
        chunk_bytes: 500,
        ..Options::default()
    };
    let (mut next, mut events) = (0, 0);
    read(
        &site(&["a.log.gz"]),
        dir.path(),
        &options,
        &mut |delivery| {
            assert_eq!(delivery.range.start, next);
            next = delivery.range.end;
            events += delivery.counted[0].tally.total();
            Ok(())
        },
        &mut |_| {},
    )
    .unwrap();
    assert_eq!((next, events), (text.len() as u64, 50));
}

#[test]
fn a_compressed_file_that_breaks_off_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.log.gz");
    let text: String = (0..5000)
        .map(|n| line(n % 60, &format!("/{}", n * 7919 % 4999)))
        .collect();
    gzip(&path, &text);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let site = site(&["a.log.gz"]);
    let read = attain_sources::read(
        &site,
        dir.path(),
        &Options::default(),
        &mut |_| Ok(()),
        &mut |_| {},
    );
    let error = read.unwrap_err().to_string();
    assert!(error.contains("a.log.gz breaks off after line"), "{error}");
}

#[test]
fn missing_files_are_said() {
    let dir = tempfile::tempdir().unwrap();
    let text = read_text(&site(&["no/*.log"]), dir.path(), &Options::default());
    assert_eq!(
        text,
        "access: 0 lines, 0 unparsed\n  no file for no/*.log\n"
    );
    let text = read_text(
        &site(&[]),
        dir.path(),
        &override_files("access", &["gone.log"]),
    );
    assert!(text.starts_with("error: cannot open "), "{text}");
    let text = read_text(
        &site(&[]),
        dir.path(),
        &override_files("acess", &["gone.log"]),
    );
    assert_eq!(
        text,
        "error: acess is not a source of this catalogue; its sources are `access`\n"
    );
}

#[test]
fn a_file_without_lines_does_not_fill_the_memory_and_windows_lines_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.log");
    let long = "x".repeat(3 << 20);
    let text = format!(
        "{}\r\n{long}\n\n{}",
        line(0, "/a").trim_end(),
        line(1, "/b").trim_end()
    );
    std::fs::write(&path, text).unwrap();
    let text = read_text(&site(&["a.log"]), dir.path(), &Options::default());
    let want =
        "  unparsed a.log:2: this is not a line of an access log\naccess: 3 lines, 1 unparsed\n";
    assert!(text.contains(want), "{text}");
    assert_eq!(
        total_events(&site(&["a.log"]), dir.path(), &Options::default()),
        2
    );
}
