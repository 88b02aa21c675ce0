//! `size`: bytes of the release binary, and how many crates it is built of.

use std::process::Command;

use super::results::table;
use super::{Setting, inputs};
use crate::{cargo, root};

/// Runs the bench; its section of the page.
pub fn run(setting: &Setting) -> Result<String, String> {
    let output = Command::new(cargo())
        .args([
            "tree", "--locked", "-p", "attain", "--edges", "normal", "--prefix", "none",
        ])
        .current_dir(root())
        .output()
        .map_err(|error| format!("cargo tree: {error}"))?;
    let (ours, others) = crates(&String::from_utf8_lossy(&output.stdout));
    if ours == 0 {
        return Err("cargo tree does not list attain".into());
    }
    let megabytes = inputs::size(&setting.program) as f64 / 1e6;
    let rows = [
        vec!["release binary".into(), format!("{megabytes:.1} MB")],
        vec!["crates in it, of this workspace".into(), ours.to_string()],
        vec!["crates in it, of others".into(), others.to_string()],
    ];
    Ok(format!(
        "{}.\n\n{}",
        setting.facts(),
        table(&["what", "measured"], &rows)
    ))
}

/// Ours and others' in what `cargo tree` lists; a crate in two versions counts twice.
fn crates(tree: &str) -> (usize, usize) {
    let mut names: Vec<&str> = tree
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .filter(|line| !line.is_empty())
        .collect();
    names.sort_unstable();
    names.dedup();
    let ours = names
        .iter()
        .filter(|name| name.starts_with("attain"))
        .count();
    (ours, names.len() - ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_counts_once_however_often_it_is_listed() {
        let tree = "attain v0.1.0 (/a)\nserde v1.0.1\nattain-model v0.1.0 (/b)\nserde v1.0.1 (*)\n\nsyn v1.0.0\nsyn v2.0.0\n";
        assert_eq!(crates(tree), (2, 3));
    }
}
