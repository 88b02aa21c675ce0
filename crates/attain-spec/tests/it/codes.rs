//! The list of codes is the list of what the sources can say, and each one is shown by an example in `testdata/`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use attain_spec::CODES;

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else {
            out.push(path);
        }
    }
}

/// Words in quotes that look like a code.
fn words(text: &str) -> BTreeSet<String> {
    text.split('"')
        .filter(|word| {
            let parts: Vec<_> = word.split('-').collect();
            parts.len() > 1
                && parts
                    .iter()
                    .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase()))
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_list_is_sorted_and_says_something() {
    for pair in CODES.windows(2) {
        assert!(pair[0].code < pair[1].code, "{}", pair[1].code);
    }
    for code in CODES {
        assert!(
            code.explanation.ends_with('.') && !code.title.ends_with('.'),
            "{}",
            code.code
        );
        assert!(
            !code.example.is_empty() && code.example != code.instead,
            "{}",
            code.code
        );
    }
}

#[test]
fn what_the_sources_say_is_in_the_list_and_the_other_way_round() {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    files.retain(|path| !path.ends_with("codes.rs"));
    let mut said = BTreeSet::new();
    for path in files {
        let text = fs::read_to_string(path).unwrap();
        // Unit tests come last in a file and speak of codes, too.
        said.extend(words(text.split("#[cfg(test)]").next().unwrap()));
    }
    said.remove("best-effort"); // a misspelling of a target
    let listed: BTreeSet<String> = CODES.iter().map(|code| code.code.to_owned()).collect();
    assert_eq!(
        said.difference(&listed).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    assert_eq!(
        listed.difference(&said).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
}
