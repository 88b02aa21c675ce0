//! What a text says in numbers: each with its unit, as it is printed. Knows no page.

/// How a number is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Percent,
    /// `6.62x`, `6.62 times`.
    Times,
    /// Of anything.
    Plain,
}

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// A number and what its last digit is worth.
    Number { value: f64, last: f64, unit: Unit },
    /// An instant, a day, a length of time, a name: what is printed alike wherever it is printed.
    Word(String),
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// All that a text says, with the words that say it.
pub fn said(text: &str) -> Vec<(String, Said)> {
    let words: Vec<&str> = text.split_whitespace().map(bare).collect();
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let next = words.get(at + 1).copied().unwrap_or_default();
        let after = words.get(at + 2).copied().unwrap_or_default();
        let begun = at;
        at += 1;
        if !word.bytes().any(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let one = if is_day(word) && is_clock(next) {
            at += 1;
            Said::Word(format!("{word} {next}"))
        } else if MONTHS.contains(&next) {
            at += 1;
            let clock = if is_clock(after) {
                format!(" {after}")
            } else {
                String::new()
            };
            at += usize::from(!clock.is_empty());
            Said::Word(format!("{word} {next}{clock}"))
        } else if is_length(word) && is_length(next) && text.contains(&format!("{word} {next}")) {
            at += 1;
            Said::Word(format!("{word} {next}"))
        } else if let Some((value, last, unit)) = number(word) {
            let unit = if unit == Unit::Plain && next == "times" {
                Unit::Times
            } else {
                unit
            };
            Said::Number { value, last, unit }
        } else {
            Said::Word((*word).to_owned())
        };
        all.push((words[begun..at].join(" "), one));
    }
    all
}

/// Without what a sentence puts around it.
fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| ",.;:()[]{}\u{201c}\u{201d}\u{b7}'\"".contains(c))
}

fn number(word: &str) -> Option<(f64, f64, Unit)> {
    let (digits, unit) = match (word.strip_suffix('%'), word.strip_suffix('x')) {
        (Some(digits), _) => (digits, Unit::Percent),
        (_, Some(digits)) => (digits, Unit::Times),
        _ => (word, Unit::Plain),
    };
    let plain = digits.replace(',', "").replace('\u{2212}', "-");
    let last = |text: &str| {
        let decimals = text
            .split_once('.')
            .map_or(0, |(_, decimals)| decimals.len());
        10_f64.powi(-i32::try_from(decimals).unwrap_or(0))
    };
    // Less than that, and not nothing.
    if let Some(most) = plain.strip_prefix('<') {
        return Some((0.0, most.parse().ok()?, unit));
    }
    let is_number = plain
        .trim_start_matches('-')
        .bytes()
        .all(|b| b.is_ascii_digit() || b == b'.');
    Some((
        plain.parse().ok().filter(|_| is_number)?,
        last(&plain),
        unit,
    ))
}

fn shaped(word: &str, shape: &str) -> bool {
    let digits: String = word
        .chars()
        .map(|c| if c.is_ascii_digit() { '9' } else { c })
        .collect();
    digits == shape
}

pub fn is_day(word: &str) -> bool {
    shaped(word, "9999-99-99")
}

fn is_clock(word: &str) -> bool {
    shaped(word, "99:99") || shaped(word, "99:99:99")
}

fn is_length(word: &str) -> bool {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &word[digits.len()..];
    !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && matches!(unit, "d" | "h" | "m" | "s")
}
