//! What a reader sees, as text: golden files under `testdata/`, rewritten with `UPDATE_EXPECT=1`.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests read and rewrite golden files"
)]

mod burndown;
mod cascade_page;
mod diagnostics;
mod lasting;
mod month;
mod page;
mod pages;
mod report;
mod shop;
mod statement;
mod status;
mod told;
mod whole_hours;
mod why;

use std::path::Path;

/// Compares with `testdata/<name>`; with `UPDATE_EXPECT=1` rewrites it.
fn expect(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, actual).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == actual,
        "{name} differs (UPDATE_EXPECT=1 rewrites it)\n--- expected\n{expected}\n--- actual\n{actual}"
    );
}

/// No line is wider than the look asks for.
fn fits(text: &str, width: usize) {
    for line in text.lines() {
        assert!(line.chars().count() <= width, "wider than {width}: {line}");
    }
}
