//! Which version a peer is. Knows no peer.

use std::path::Path;
use std::process::Command;

use super::live::said;
use crate::peers::install;

/// The version that a program says it has: `Prometheus 2.42.0`, if that is its name. Without one where it says none.
pub fn of_program(program: &Path, flag: &str, name: &str) -> Result<String, String> {
    let output = Command::new(program).arg(flag).output();
    let output = output.map_err(|error| format!("{name}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    Ok(format!("{name} {}", number_in(&said))
        .trim_end()
        .to_string())
}

/// The version of a Debian package that was unpacked: Debian's VictoriaMetrics does not say its own.
pub fn of_package(package: &str, name: &str) -> Result<String, String> {
    let debs = install::folder("debs", false).map_err(said)?;
    let listed =
        std::fs::read_dir(&debs).map_err(|error| format!("{}: {error}", debs.display()))?;
    let begins = format!("{package}_");
    let version = listed.flatten().find_map(|file| {
        let name = file.file_name().to_string_lossy().into_owned();
        let version = name.strip_prefix(&begins)?.split(['+', '-', '_']).next()?;
        Some(version.to_string())
    });
    let version = version.unwrap_or_else(|| "of unknown version".to_string());
    Ok(format!("{name} {version}"))
}

/// The first number with a point and what belongs to it; nothing if there is none.
fn number_in(said: &str) -> &str {
    let is_of_number = |c: char| c.is_ascii_digit() || c == '.';
    let words = said.split(|c| !is_of_number(c));
    let mut versions = words.filter(|word| {
        let mut parts = word.split('.');
        word.contains('.') && parts.by_ref().take(2).all(|part| !part.is_empty())
    });
    versions.next().unwrap_or("").trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_number_with_a_point() {
        assert_eq!(
            number_in("prometheus, version 2.42.0+ds (branch: debian/sid, go 1.19.8)\n"),
            "2.42.0"
        );
        assert_eq!(number_in("victoria-metrics-\n"), "");
        assert_eq!(number_in("version 7. It is new"), "");
    }
}
