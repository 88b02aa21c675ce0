//! docs/claims.md must name only what exists: files by path, tests as `crate::test_name`.

use super::{File, Finding};

const CLAIMS: &str = "docs/claims.md";

/// Looks up everything in backticks that is a path or a test.
pub fn check(files: &[File]) -> Vec<Finding> {
    let Some(claims) = files.iter().find(|file| file.path == CLAIMS) else {
        return vec![Finding::new(
            CLAIMS,
            0,
            "is missing: it maps the mission to its tests",
        )];
    };
    let mut findings = Vec::new();
    for (number, line) in claims.text.lines().enumerate() {
        for name in line.split('`').skip(1).step_by(2) {
            if let Some(says) = missing(name, files) {
                findings.push(Finding::new(CLAIMS, number + 1, says));
            }
        }
    }
    findings
}

/// What is wrong with a name, if it is one that can be looked up: commands and keys are not.
fn missing(name: &str, files: &[File]) -> Option<String> {
    if name.contains(' ') {
        return None;
    }
    if let Some((package, test)) = name.split_once("::") {
        let test = test.rsplit("::").next().unwrap_or(test);
        let signature = format!("fn {test}(");
        let folder = if package == "xtask" {
            "xtask/".to_string()
        } else {
            format!("crates/{package}/")
        };
        let found = files.iter().any(|file| {
            file.path.starts_with(&folder)
                && file.path.ends_with(".rs")
                && file.text.contains(&signature)
        });
        return (!found).then(|| format!("there is no test `{test}` in {folder}"));
    }
    let path_like = name.contains('/')
        || [".rs", ".md", ".scenario", ".yaml", ".csv"]
            .iter()
            .any(|end| name.ends_with(end));
    if !path_like {
        return None;
    }
    let folder = format!("{}/", name.trim_end_matches('/'));
    let found = files
        .iter()
        .any(|file| file.path == name || file.path.starts_with(&folder));
    (!found).then(|| format!("there is no `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(claims: &str) -> Vec<String> {
        let file = |path: &str, text: &str| File {
            path: path.into(),
            text: text.into(),
        };
        let files = [
            file(CLAIMS, claims),
            file(
                "crates/attain-engine/tests/all.rs",
                "#[test]\nfn budgets_are_exact() {}\n",
            ),
            file("examples/minimal/search.yaml", ""),
        ];
        check(&files)
            .into_iter()
            .map(|finding| finding.says)
            .collect()
    }

    #[test]
    fn what_exists_passes() {
        let line = "| A1 | `attain status` shows it | `attain-engine::budgets_are_exact`, `examples/minimal`, `examples/minimal/search.yaml` |";
        assert_eq!(says(line), [""; 0]);
    }

    #[test]
    fn a_test_that_is_not_there_is_found() {
        assert_eq!(says("`attain-engine::budgets_are`").len(), 1);
        assert_eq!(says("`attain-math::budgets_are_exact`").len(), 1);
    }

    #[test]
    fn a_file_that_is_not_there_is_found() {
        assert_eq!(says("`examples/none` and `masking.scenario`").len(), 2);
    }

    #[test]
    fn a_missing_table_is_found() {
        assert_eq!(check(&[]).len(), 1);
    }
}
