//! `cargo xtask tidy`: what must hold of the tree and what no compiler checks.
//!
//! One file per check; each is a function from texts to findings, and is tested on small texts. This file
//! reads the tree and prints.

mod claims;
mod crates;
mod layers;
mod words;

use std::fs;
use std::process::Command;

use crate::root;

/// A file of the tree, by its path from the root.
pub struct File {
    pub path: String,
    pub text: String,
}

/// What is wrong, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    pub path: String,
    /// From 1; 0 for the whole file.
    pub line: usize,
    pub says: String,
}

impl Finding {
    fn new(path: &str, line: usize, says: impl Into<String>) -> Finding {
        Finding {
            path: path.to_string(),
            line,
            says: says.into(),
        }
    }
}

/// Runs every check; an error if one found something.
pub fn command() -> Result<(), String> {
    let files = tree()?;
    let mut findings = words::check(&files);
    findings.extend(layers::check(&files));
    findings.extend(claims::check(&files));
    findings.extend(crates::check()?);
    for note in words::long_files(&files) {
        println!("note: {}: {}", note.path, note.says);
    }
    for Finding { path, line, says } in &findings {
        println!("{path}:{line}: {says}");
    }
    match findings.len() {
        0 => {
            println!("tidy: {} files, nothing found", files.len());
            Ok(())
        }
        count => Err(format!("tidy found {count} things")),
    }
}

/// Every file that git knows or would add. What is not UTF-8 is data: it exists, and has no text to check.
fn tree() -> Result<Vec<File>, String> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "-z",
        ])
        .current_dir(root())
        .output()
        .map_err(|error| format!("git: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "git ls-files: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ));
    }
    let names = String::from_utf8_lossy(&output.stdout);
    let mut files = Vec::new();
    for path in names.split('\0').filter(|path| !path.is_empty()) {
        // A file that is deleted but not yet committed is listed and gone.
        if let Ok(bytes) = fs::read(root().join(path)) {
            let text = String::from_utf8(bytes).unwrap_or_default();
            files.push(File {
                path: path.to_string(),
                text,
            });
        }
    }
    Ok(files)
}
