//! Words that must not be in the tree, and the form of its files.

use super::{File, Finding};

/// Built from halves, so that this file does not find itself.
const ANYWHERE: [(&str, &str); 6] = [
    (concat!("/wo", "rk/"), "a path of somebody's machine"),
    (concat!("/tmp/", "target"), "a path of somebody's machine"),
    (concat!("../", "shared"), "a path outside the project"),
    (
        concat!("static.crates", ".", "io"),
        "the host of a package registry",
    ),
    (
        concat!("registry.npmjs", ".", "org"),
        "the host of a package registry",
    ),
    (
        concat!("python", "hosted"),
        "the host of a package registry",
    ),
];

const IN_RUST: [(&str, &str); 4] = [
    (concat!("todo", "!("), "unfinished code"),
    (concat!("unimplemented", "!("), "unfinished code"),
    (concat!("#[ign", "ore"), "a silenced test"),
    (concat!("db", "g!("), "a forgotten print"),
];

const LONG: usize = 900;

/// Forbidden words, trailing white space, and sources that do not say what they are.
pub fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path != "Cargo.lock") {
        forbidden(file, &mut findings);
        trailing_space(file, &mut findings);
        opening(file, &mut findings);
    }
    findings
}

/// Files that are so long that one should ask whether each is one thing.
pub fn long_files(files: &[File]) -> Vec<Finding> {
    files
        .iter()
        .filter(|file| file.path.ends_with(".rs"))
        .map(|file| (file, file.text.lines().count()))
        .filter(|(_, lines)| *lines > LONG)
        .map(|(file, lines)| {
            Finding::new(&file.path, 0, format!("{lines} lines: is it one thing?"))
        })
        .collect()
}

fn forbidden(file: &File, findings: &mut Vec<Finding>) {
    let rust: &[_] = if file.path.ends_with(".rs") {
        &IN_RUST
    } else {
        &[]
    };
    for (number, line) in file.text.lines().enumerate() {
        for (word, why) in ANYWHERE.iter().chain(rust) {
            if line.contains(word) {
                findings.push(Finding::new(
                    &file.path,
                    number + 1,
                    format!("`{word}` is {why}"),
                ));
            }
        }
    }
}

fn trailing_space(file: &File, findings: &mut Vec<Finding>) {
    if !(file.path.ends_with(".rs") || file.path.ends_with(".md"))
        || file.path.contains("testdata/")
    {
        return;
    }
    for (number, line) in file.text.lines().enumerate() {
        if line.ends_with([' ', '\t']) {
            findings.push(Finding::new(
                &file.path,
                number + 1,
                "white space at the end of the line",
            ));
        }
    }
}

fn opening(file: &File, findings: &mut Vec<Finding>) {
    let of_a_crate = file.path.starts_with("crates/") && file.path.contains("/src/")
        || file.path.starts_with("xtask/src/");
    if of_a_crate && file.path.ends_with(".rs") && !file.text.starts_with("//!") {
        findings.push(Finding::new(
            &file.path,
            1,
            "does not open with `//!`: say what the file knows and what it does not",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<(usize, String)> {
        let file = File {
            path: path.into(),
            text: text.into(),
        };
        check(&[file])
            .into_iter()
            .map(|finding| (finding.line, finding.says))
            .collect()
    }

    #[test]
    fn a_machine_path_is_found_in_any_file() {
        let text = format!("one\nsee {}main\n", ANYWHERE[0].0);
        assert_eq!(
            found("docs/start.md", &text),
            [(
                2,
                format!("`{}` is a path of somebody's machine", ANYWHERE[0].0)
            )]
        );
        assert!(found("docs/start.md", "the work/ folder\n").is_empty());
    }

    #[test]
    fn unfinished_code_is_found_in_rust_and_may_be_written_about() {
        let text = format!("//! A file.\nfn f() {{ {}) }}\n", IN_RUST[0].0);
        assert_eq!(found("crates/a/src/lib.rs", &text).len(), 1);
        assert!(found("CONTRIBUTING.md", &text).is_empty());
    }

    #[test]
    fn a_silenced_test_is_found_with_and_without_a_reason() {
        for end in ["]", " = \"slow\"]"] {
            let text = format!("//! T.\n{}{end}\nfn t() {{}}\n", IN_RUST[2].0);
            assert_eq!(found("crates/a/tests/all.rs", &text).len(), 1);
        }
    }

    #[test]
    fn trailing_space_is_found() {
        assert_eq!(found("docs/a.md", "a \nb\nc\t\n").len(), 2);
        assert!(found("data.csv", "a \n").is_empty());
    }

    #[test]
    fn a_source_opens_with_what_it_knows() {
        assert_eq!(found("crates/a/src/b.rs", "fn f() {}\n").len(), 1);
        assert!(found("crates/a/src/b.rs", "//! F.\nfn f() {}\n").is_empty());
        assert!(found("crates/a/tests/all.rs", "fn f() {}\n").is_empty());
    }

    #[test]
    fn only_a_long_file_is_noted() {
        let of = |lines: usize| File {
            path: "a.rs".into(),
            text: "x\n".repeat(lines),
        };
        assert_eq!(long_files(&[of(901), of(900)]).len(), 1);
    }
}
