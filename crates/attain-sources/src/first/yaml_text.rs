//! Text that every YAML reader takes for what it is. Knows quoting and ids; knows no catalogue.

use std::fmt::Write as _;

/// `[a-z][a-z0-9-]{0,62}`, not a word that is taken.
pub(crate) fn id_of(value: &str) -> String {
    let mut id = String::new();
    for c in value.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => id.push(c),
            _ if !id.is_empty() && !id.ends_with('-') => id.push('-'),
            _ => {}
        }
    }
    let id = id.trim_end_matches('-');
    let fine = id.starts_with(|c: char| c.is_ascii_lowercase()) && !matches!(id, "all" | "unknown");
    // YAML 1.1 reads these as truth values, also as keys.
    let truth = matches!(
        id,
        "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null"
    );
    let id = if fine && !truth {
        id.to_owned()
    } else {
        format!("s-{id}")
    };
    let short: String = id.chars().take(63).collect();
    short.trim_end_matches('-').to_owned()
}

/// A scalar in block context: plain if no YAML reader can take it for something else.
pub(crate) fn scalar(text: &str) -> String {
    let first =
        text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '.' | '~' | '_'));
    let inner = |c: char| c.is_ascii_alphanumeric() || "/._-~()*|?\\+$^".contains(c);
    // `~` alone is null, `.5` and `.inf` are numbers, `...` ends a document.
    let number = text.starts_with('.') && !text.starts_with("./") && !text.starts_with("../");
    let word = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "~",
    ]
    .iter()
    .any(|word| text.eq_ignore_ascii_case(word));
    if first && text.chars().all(inner) && !number && !word {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// Between double quotes, whatever it is.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{85}') => {
                let _ = write!(out, "\\u{:04x}", u32::from(c).min(0xffff));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Text for a comment: what came from a file must not end the line.
pub(crate) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            }
        })
        .collect()
}
