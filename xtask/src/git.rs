//! Which commit is being tried.

use std::process::Command;

use crate::root;

/// The short commit, and whether the tree has changes besides `page`, into which the run itself is written.
pub fn commit(page: &str) -> Result<String, String> {
    let git = |arguments: &[&str]| {
        Command::new("git")
            .args(arguments)
            .current_dir(root())
            .output()
            .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_string())
            .map_err(|error| format!("git: {error}"))
    };
    let short = git(&["rev-parse", "--short", "HEAD"])?;
    let except = format!(":!{page}");
    let changed = !git(&[
        "status",
        "--porcelain",
        "--untracked-files=no",
        "--",
        ".",
        &except,
    ])?
    .is_empty();
    Ok(if changed {
        format!("{short} and changes")
    } else {
        short
    })
}
