//! What the READMEs show is what attain prints: each `status` command that is followed by a block of text is run.
//!
//! A block that ends in `...` is the beginning of the output. `UPDATE_EXPECT=1` rewrites the blocks.

use std::path::{Path, PathBuf};
use std::process::Command;

const COMMANDS: [&str; 2] = ["    attain ", "    cargo run --release -- "];
const WIDTH: &str = "100";

#[test]
fn what_a_readme_shows_is_what_attain_prints() {
    let root = root();
    let mut readmes = vec![root.join("README.md")];
    for entry in std::fs::read_dir(root.join("examples")).unwrap() {
        let readme = entry.unwrap().path().join("README.md");
        if readme.exists() {
            readmes.push(readme);
        }
    }
    readmes.sort();
    let mut blocks = 0;
    for readme in &readmes {
        let text = std::fs::read_to_string(readme).unwrap();
        let (now, found) = with_outputs(&text, &root);
        blocks += found;
        if now == text {
            continue;
        }
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(readme, now).unwrap();
        } else {
            panic!(
                "{} shows something else than attain prints; UPDATE_EXPECT=1 rewrites it\n{now}",
                readme.display()
            );
        }
    }
    assert!(blocks >= 5, "only {blocks} blocks were found");
}

/// The text with each shown output as it is now, and how many there are.
fn with_outputs(text: &str, root: &Path) -> (String, usize) {
    let lines: Vec<&str> = text.lines().collect();
    let (mut out, mut at, mut found) = (Vec::new(), 0, 0);
    while at < lines.len() {
        out.push(lines[at].to_owned());
        let shown = COMMANDS.iter().find_map(|c| lines[at].strip_prefix(c));
        let begins = (at + 1..lines.len()).find(|&i| !lines[i].is_empty());
        let begins = begins.filter(|&i| lines[i] == "```text");
        at += 1;
        let (Some(arguments), Some(begins)) = (shown, begins) else {
            continue;
        };
        let ends = (begins..lines.len()).find(|&i| lines[i] == "```").unwrap();
        out.extend(lines[at..=begins].iter().map(|&line| line.to_owned()));
        out.extend(output(arguments, &lines[begins + 1..ends], root));
        at = ends;
        found += 1;
    }
    (out.join("\n") + "\n", found)
}

fn output(arguments: &str, shown: &[&str], root: &Path) -> Vec<String> {
    let ran = Command::new(env!("CARGO_BIN_EXE_attain"))
        .args(arguments.split(' '))
        .current_dir(root)
        .env("COLUMNS", WIDTH)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    let lines = text.trim_end().lines().map(str::to_owned);
    if shown.last() != Some(&"...") {
        return lines.collect();
    }
    let beginning = lines.take(shown.len() - 1);
    beginning.chain(["...".to_owned()]).collect()
}

fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.join("../..").canonicalize().unwrap()
}
