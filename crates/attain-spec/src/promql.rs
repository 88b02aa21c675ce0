//! The ranges in a PromQL text, e.g. `[5m]`. Knows nothing else of the language.

use std::time::Duration;

/// A range with its brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    /// Byte of `[`.
    pub start: usize,
    /// One past `]`.
    pub end: usize,
    /// How long; `None` for a subquery or what cannot be read.
    pub length: Option<Duration>,
}

/// All ranges outside of quotes.
pub(crate) fn ranges(text: &str) -> Vec<Range> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            quote @ (b'"' | b'\'' | b'`') => {
                i += 1;
                while i < bytes.len() && bytes[i] != quote {
                    i += if bytes[i] == b'\\' && quote != b'`' {
                        2
                    } else {
                        1
                    };
                }
            }
            b'[' => {
                let Some(length) = text[i..].find(']') else {
                    break;
                };
                let end = i + length + 1;
                out.push(Range {
                    start: i,
                    end,
                    length: duration(text[i + 1..end - 1].trim()),
                });
                i = end - 1;
            }
            _ => {}
        }
        i += 1;
    }
    out
}

/// A PromQL duration: `5m`, `1h30m`.
fn duration(text: &str) -> Option<Duration> {
    let mut total = 0u64;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let size = match &rest[..letters] {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            "y" => 31_536_000_000,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(size)?)?;
        rest = &rest[letters..];
    }
    Some(Duration::from_millis(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_found_outside_of_quotes() {
        let text = r#"sum(increase(a{b="[1m]\"",c=~'[2m]'}[5m])) / rate(d[300s]) + e[1h:5m]"#;
        let found = ranges(text);
        let five = Some(Duration::from_secs(300));
        let lengths: Vec<_> = found.iter().map(|range| range.length).collect();
        assert_eq!(lengths, [five, five, None]);
        assert_eq!(&text[found[0].start..found[0].end], "[5m]");
        assert!(ranges("a[").is_empty());
        assert!(ranges("\"\\").is_empty());
    }
}
