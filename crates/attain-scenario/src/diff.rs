//! What differs between the expected answer and the actual one, line by line, with line numbers of the scenario.
//! Knows lines of text only.

use std::fmt::Write as _;

/// Both answers as one text: equal lines begin with a blank, expected ones with `-`, actual ones with `+`; then comes
/// the number of the line.
///
/// `first_line` is the number of the first expected line. Actual lines have no number.
pub(crate) fn diff(expected: &[String], actual: &[String], first_line: usize) -> String {
    let common = common_lengths(expected, actual);
    let mut text = String::new();
    let (mut e, mut a) = (0, 0);
    while e < expected.len() || a < actual.len() {
        let line = first_line + e;
        if e < expected.len() && a < actual.len() && expected[e] == actual[a] {
            let _ = writeln!(text, "  {line:>4} | {}", expected[e]);
            (e, a) = (e + 1, a + 1);
        } else if a == actual.len() || (e < expected.len() && common[e + 1][a] >= common[e][a + 1])
        {
            let _ = writeln!(text, "- {line:>4} | {}", expected[e]);
            e += 1;
        } else {
            let _ = writeln!(text, "+      | {}", actual[a]);
            a += 1;
        }
    }
    text
}

/// Length of the longest common subsequence of the lines from `e` and from `a` on, for every pair.
fn common_lengths(expected: &[String], actual: &[String]) -> Vec<Vec<usize>> {
    let mut lengths = vec![vec![0; actual.len() + 1]; expected.len() + 1];
    for e in (0..expected.len()).rev() {
        for a in (0..actual.len()).rev() {
            lengths[e][a] = if expected[e] == actual[a] {
                lengths[e + 1][a + 1] + 1
            } else {
                lengths[e + 1][a].max(lengths[e][a + 1])
            };
        }
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn shows_what_differs_where() {
        let text = diff(&lines("a\nb\nc"), &lines("a\nx\nc\nd"), 7);
        assert_eq!(
            text,
            "     7 | a\n-    8 | b\n+      | x\n     9 | c\n+      | d\n"
        );
    }

    #[test]
    fn an_empty_side_is_all_of_the_other() {
        assert_eq!(diff(&[], &lines("a"), 1), "+      | a\n");
        assert_eq!(diff(&lines("a"), &[], 1), "-    1 | a\n");
    }
}
