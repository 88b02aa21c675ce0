//! The layers: which crate may depend on which, and what the pure ones must not touch.
//!
//! The table in ARCHITECTURE.md is the rule; this file reads it and compares the tree with it. Edges of
//! tests (`dev-dependencies`) are free.

use super::{File, Finding};

const TABLE: &str = "ARCHITECTURE.md";

/// One row of the table.
struct Row {
    line: usize,
    layer: String,
    name: String,
    may: May,
}

enum May {
    Nothing,
    All,
    /// Full names.
    These(Vec<String>),
}

/// Compares the crates with the table, and reads the pure ones for I/O and clocks.
pub fn check(files: &[File]) -> Vec<Finding> {
    let Some(table) = files.iter().find(|file| file.path == TABLE) else {
        return vec![Finding::new(
            TABLE,
            0,
            "is missing: it holds the table of layers",
        )];
    };
    let rows = parse(&table.text);
    if rows.is_empty() {
        return vec![Finding::new(
            TABLE,
            0,
            "has no table `| layer | crate | one reason to exist | may depend on |`",
        )];
    }
    let mut findings = edges(&rows, files);
    for row in rows
        .iter()
        .filter(|row| row.layer.starts_with("L0") || row.layer.starts_with("L1"))
    {
        let sources = format!("crates/{}/src/", row.name);
        for file in files
            .iter()
            .filter(|file| file.path.starts_with(&sources) && file.path.ends_with(".rs"))
        {
            impure(file, &mut findings);
        }
    }
    findings.extend(files.iter().filter_map(file_format_of_the_nouns));
    findings
}

/// Model types have no file format: YAML shapes live in spec, views in view.
fn file_format_of_the_nouns(file: &File) -> Option<Finding> {
    let line = file.text.lines().position(|line| line.starts_with("serde"));
    let line = line.filter(|_| file.path == "crates/attain-model/Cargo.toml")?;
    Some(Finding::new(
        &file.path,
        line + 1,
        "the nouns have no file format: shapes live in attain-spec, views in attain-view",
    ))
}

fn parse(text: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let cells: Vec<&str> = line
            .trim()
            .trim_matches('|')
            .split('|')
            .map(str::trim)
            .collect();
        let [layer, name, _, may] = cells[..] else {
            continue;
        };
        let name = name.trim_matches('`');
        if !layer.starts_with('L') || !name.starts_with("attain") {
            continue;
        }
        let may = match may {
            "nothing of ours" => May::Nothing,
            "all" => May::All,
            names => May::These(
                names
                    .split(',')
                    .map(|name| format!("attain-{}", name.trim().trim_matches('`')))
                    .collect(),
            ),
        };
        rows.push(Row {
            line: number + 1,
            layer: layer.to_string(),
            name: name.to_string(),
            may,
        });
    }
    rows
}

fn edges(rows: &[Row], files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let manifests = files.iter().filter_map(|file| {
        let name = file
            .path
            .strip_prefix("crates/")?
            .strip_suffix("/Cargo.toml")?;
        Some((name, file))
    });
    let mut names = Vec::new();
    for (name, manifest) in manifests {
        names.push(name);
        let Some(row) = rows.iter().find(|row| row.name == name) else {
            findings.push(Finding::new(
                &manifest.path,
                0,
                format!("{name} is not in the table of {TABLE}"),
            ));
            continue;
        };
        for (line, dependency) in our_dependencies(&manifest.text) {
            let allowed = match &row.may {
                May::Nothing => false,
                May::All => true,
                May::These(names) => names.contains(&dependency),
            };
            if !allowed {
                let says = format!(
                    "{name} depends on {dependency}, which the table of {TABLE} does not allow"
                );
                findings.push(Finding::new(&manifest.path, line, says));
            }
        }
    }
    for row in rows {
        if !names.contains(&row.name.as_str()) {
            findings.push(Finding::new(
                TABLE,
                row.line,
                format!("there is no crate {}", row.name),
            ));
        }
        let May::These(allowed) = &row.may else {
            continue;
        };
        for unknown in allowed
            .iter()
            .filter(|name| !rows.iter().any(|row| &row.name == *name))
        {
            findings.push(Finding::new(
                TABLE,
                row.line,
                format!("there is no crate {unknown}"),
            ));
        }
    }
    findings
}

/// Our own crates that a manifest needs to build, with their lines.
fn our_dependencies(manifest: &str) -> Vec<(usize, String)> {
    let mut section = "";
    let mut found = Vec::new();
    for (number, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            section = line;
            // `[dependencies.attain-model]` is a dependency by its header.
            if let Some(name) = section
                .strip_prefix("[dependencies.")
                .and_then(|rest| rest.strip_suffix(']'))
                && name.starts_with("attain")
            {
                found.push((number + 1, name.to_string()));
            }
            continue;
        }
        let needed = (section.ends_with("dependencies]")
            || section.ends_with("build-dependencies]"))
            && !section.ends_with("dev-dependencies]");
        let name: String = line
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_')
            .collect();
        if needed && name.starts_with("attain") {
            found.push((number + 1, name));
        }
    }
    found
}

const MODULES: [&str; 4] = ["fs", "net", "env", "process"];
const CLOCKS_AND_RUNTIMES: [&str; 3] = ["SystemTime", "Instant", "tokio"];

/// Finds I/O and clocks in the code of a pure crate. Comments may speak of them.
fn impure(file: &File, findings: &mut Vec<Finding>) {
    for (number, line) in file.text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or("");
        for word in impure_words(code) {
            let says = format!(
                "`{word}` in a pure crate: it is given bytes and instants, it fetches none"
            );
            findings.push(Finding::new(&file.path, number + 1, says));
        }
    }
}

fn impure_words(code: &str) -> Vec<String> {
    let words: Vec<&str> = code
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .collect();
    let mut found: Vec<String> = CLOCKS_AND_RUNTIMES
        .iter()
        .filter(|word| words.contains(word))
        .map(|word| word.to_string())
        .collect();
    let after_std = code.split("std::").skip(1);
    for rest in after_std {
        // `std::fs::read` or `use std::{fmt, fs}`.
        let group = rest
            .strip_prefix('{')
            .map(|inside| inside.split('}').next().unwrap_or(inside));
        let heads: Vec<&str> = match group {
            Some(inside) => inside.split(',').map(str::trim).collect(),
            None => vec![rest],
        };
        for head in heads {
            let head = head
                .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .next()
                .unwrap_or("");
            if MODULES.contains(&head) {
                found.push(format!("std::{head}"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARCHITECTURE: &str = "\
| layer | crate | one reason to exist | may depend on |
|---|---|---|---|
| L0 | attain-model | the nouns | nothing of ours |
| L1a | attain-engine | counts to verdicts | model |
| L4 | attain | the binary | all |
";

    fn tree(model: &str, engine: &str, engine_source: &str) -> Vec<File> {
        let file = |path: &str, text: &str| File {
            path: path.into(),
            text: text.into(),
        };
        vec![
            file(TABLE, ARCHITECTURE),
            file("crates/attain-model/Cargo.toml", model),
            file("crates/attain-engine/Cargo.toml", engine),
            file(
                "crates/attain/Cargo.toml",
                "[dependencies]\nattain-model.workspace = true\n",
            ),
            file("crates/attain-engine/src/lib.rs", engine_source),
        ]
    }

    fn says(files: &[File]) -> Vec<String> {
        check(files)
            .into_iter()
            .map(|finding| finding.says)
            .collect()
    }

    #[test]
    fn an_edge_of_the_table_passes() {
        let files = tree(
            "",
            "[dependencies]\nattain-model = { workspace = true }\n",
            "//! E.\n",
        );
        assert_eq!(says(&files), [""; 0]);
    }

    #[test]
    fn an_edge_that_the_table_lacks_is_found() {
        let files = tree("[dependencies]\nattain-engine.workspace = true\n", "", "");
        assert_eq!(
            says(&files),
            [
                "attain-model depends on attain-engine, which the table of ARCHITECTURE.md does not allow"
            ]
        );
        let by_header = tree("[dependencies.attain-engine]\nworkspace = true\n", "", "");
        assert_eq!(says(&by_header).len(), 1);
        let to_build = tree(
            "[build-dependencies]\nattain-engine.workspace = true\n",
            "",
            "",
        );
        assert_eq!(says(&to_build).len(), 1);
    }

    #[test]
    fn a_file_format_of_the_nouns_is_found() {
        let files = tree("[dependencies]\nserde.workspace = true\n", "", "");
        assert_eq!(
            says(&files),
            ["the nouns have no file format: shapes live in attain-spec, views in attain-view"]
        );
    }

    #[test]
    fn tests_may_depend_on_anything() {
        assert!(
            says(&tree(
                "[dev-dependencies]\nattain-engine.workspace = true\n",
                "",
                ""
            ))
            .is_empty()
        );
    }

    #[test]
    fn a_crate_without_a_row_and_a_row_without_a_crate_are_found() {
        let mut files = tree("", "", "");
        files.push(File {
            path: "crates/attain-extra/Cargo.toml".into(),
            text: String::new(),
        });
        files.retain(|file| file.path != "crates/attain/Cargo.toml");
        assert_eq!(
            says(&files),
            [
                "attain-extra is not in the table of ARCHITECTURE.md",
                "there is no crate attain"
            ]
        );
    }

    #[test]
    fn a_missing_table_is_found() {
        assert_eq!(says(&[]).len(), 1);
        assert_eq!(
            says(&[File {
                path: TABLE.into(),
                text: "# No table\n".into()
            }])
            .len(),
            1
        );
    }

    #[test]
    fn io_and_clocks_in_a_pure_crate_are_found_however_they_are_written() {
        for code in [
            "let text = std::fs::read_to_string(path);",
            "use std::{collections::BTreeMap, env};",
            "use std::process::Command;",
            "use std::net::TcpStream;",
            "let now = Instant::now();",
            "fn f(t: std::time::SystemTime) {}",
            "use tokio::sync::mpsc;",
        ] {
            assert_eq!(says(&tree("", "", code)).len(), 1, "{code}");
        }
    }

    #[test]
    fn what_only_looks_like_io_passes() {
        for code in [
            "// reads no clock: no Instant",
            "use std::fmt;",
            "let instant = as_of.instant;",
            "use std::{fmt, mem};",
            "env!(\"X\")",
        ] {
            assert!(says(&tree("", "", code)).is_empty(), "{code}");
        }
    }
}
