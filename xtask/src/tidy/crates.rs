//! How many crates the binary is made of. A number that only grows unless somebody looks at it.

use std::collections::BTreeSet;
use std::process::Command;

use super::Finding;
use crate::{cargo, root};

/// A server that speaks HTTP/1 and HTTP/2 on an async runtime takes thirty of them.
const LIMIT: usize = 180;

/// Prints the count, and finds it too large.
pub fn check() -> Result<Vec<Finding>, String> {
    let output = Command::new(cargo())
        .args([
            "tree",
            "--locked",
            "-e",
            "normal,build",
            "--prefix",
            "none",
            "-p",
            "attain",
        ])
        .current_dir(root())
        .output()
        .map_err(|error| format!("cargo tree: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "cargo tree: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ));
    }
    let count = distinct(&String::from_utf8_lossy(&output.stdout));
    println!("tidy: the binary is made of {count} crates (at most {LIMIT})");
    Ok(too_many(count).into_iter().collect())
}

fn too_many(count: usize) -> Option<Finding> {
    (count > LIMIT).then(|| {
        Finding::new(
            "Cargo.lock",
            0,
            format!("{count} crates, more than {LIMIT}"),
        )
    })
}

/// Distinct `name version` pairs; `cargo tree` repeats a crate for each that needs it.
fn distinct(tree: &str) -> usize {
    let names: BTreeSet<_> = tree
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.next()?))
        })
        .collect();
    names.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_counts_once_per_version() {
        let tree = "attain v0.1.0 (here)\nserde v1.0.1\nserde v1.0.1 (*)\nserde_derive v1.0.1 (proc-macro)\n\nserde v2.0.0\n";
        assert_eq!(distinct(tree), 4);
    }

    #[test]
    fn the_limit_is_a_limit() {
        assert!(too_many(LIMIT).is_none());
        assert!(too_many(LIMIT + 1).is_some());
    }
}
