//! Catalogues as people write them, right and wrong: text in, diagnostics or a catalogue out.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // Tests read files.

mod catalogues;
mod codes;
mod compare;
mod docs;
mod examples;
mod folders;
mod formatting;
mod mistakes;
mod mutations;

use std::fs;
use std::path::{Path, PathBuf};

use attain_spec::{Input, Parsed, parse};

/// A path under `testdata/`.
pub fn testdata(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(path)
}

/// The YAML files of a folder under `testdata/`, by name.
pub fn folder(path: &str) -> Vec<Input> {
    let mut files: Vec<_> = fs::read_dir(testdata(path))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "yaml"))
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| Input {
            name: path.file_name().unwrap().to_str().unwrap().to_owned(),
            text: fs::read_to_string(path).unwrap(),
        })
        .collect()
}

/// The folders of valid catalogues.
pub const FOLDERS: &[&str] = &["ledgerly", "parcelo", "petshop", "search", "shop", "tiles"];

/// The files of one of [`FOLDERS`].
pub fn catalogue(name: &str) -> Vec<Input> {
    folder(&format!("catalogues/{name}"))
}

/// `unit-missing search.yaml:8:32: cause | help`, a line each.
pub fn listing(parsed: &Parsed) -> String {
    parsed
        .diagnostics
        .iter()
        .map(|d| {
            let place = parsed.sources.place(d.span);
            let help = d.help.as_deref().unwrap_or("-");
            format!(
                "{} {place} {}: {} | {help}\n",
                d.level.word(),
                d.code,
                d.cause
            )
        })
        .collect()
}

/// Parses one text under a name.
pub fn one(name: &str, text: &str) -> Parsed {
    parse(&[Input {
        name: name.to_owned(),
        text: text.to_owned(),
    }])
}
