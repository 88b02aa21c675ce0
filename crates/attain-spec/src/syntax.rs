//! What is wrong with the YAML of a file, in the words of a person who types it.
//!
//! Knows YAML's traps: tabs, comments inside braces, a value that begins with `[` or `>`. Knows no key of the
//! catalogue. See tree.rs for what is read in spite of an error.

use std::ops::Range;

use attain_model::{Diagnostic, Span};
use granit_parser::{ErrorKind, ScanError};

/// A syntax error and the lines that are of no use because of it.
pub(crate) struct Problem {
    pub diagnostic: Diagnostic,
    /// Bytes to blank before reading again.
    pub spoiled: Range<usize>,
}

/// Line and column from 1, the column in characters.
pub(crate) fn line_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..at.min(text.len())];
    let start = line_start(text, at);
    let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
    (
        line,
        String::from_utf8_lossy(&before[start..]).chars().count() + 1,
    )
}

/// Reports lines that are indented with tabs and blanks them. Returns whether anything was lost by it.
pub(crate) fn blank_tabs(file: u32, text: &mut String, diagnostics: &mut Vec<Diagnostic>) -> bool {
    let mut lost = false;
    let mut previous_line_had_one = false;
    let mut at = 0;
    let mut spoiled = Vec::new();
    for line in text.split_inclusive('\n') {
        let content = line.trim_start_matches([' ', '\t']);
        let indent = line.len() - content.len();
        let tab = line[..indent].find('\t');
        let empty = content.trim_end().is_empty();
        match tab {
            Some(tab) if !empty && !content.starts_with('#') => {
                if !previous_line_had_one {
                    let span = span(file, at + tab..at + tab + 1);
                    diagnostics.push(
                        Diagnostic::error("yaml-syntax", span, "this line is indented with a tab")
                            .help("indent with spaces"),
                    );
                }
                previous_line_had_one = true;
                lost = true;
                spoiled.push(at..at + line.len());
            }
            Some(_) => spoiled.push(at..at + indent),
            None => previous_line_had_one &= empty,
        }
        at += line.len();
    }
    for range in spoiled {
        blank(text, range);
    }
    lost
}

/// Overwrites a stretch with spaces, line ends excepted. `false` if there was nothing left to overwrite.
pub(crate) fn blank(text: &mut String, range: Range<usize>) -> bool {
    let Some(part) = text.get(range.clone()) else {
        return false;
    };
    if part.trim().is_empty() && !part.contains('\t') {
        return false;
    }
    let spaces: String = part
        .bytes()
        .map(|b| {
            if b == b'\n' || b == b'\r' {
                char::from(b)
            } else {
                ' '
            }
        })
        .collect();
    text.replace_range(range, &spaces);
    true
}

/// A text block, which attain has no use for.
pub(crate) fn block_scalar(at: Span, mark: char) -> Diagnostic {
    let at = Span {
        end: at.start + 1,
        ..at
    };
    let cause = format!("a value that begins with `{mark}` opens a block of text");
    let help = match mark {
        '>' => {
            "a target begins with what is measured: `p99 < 200ms`; a text stands on one line or in quotes"
        }
        _ => "write the text on one line, or in quotes over several",
    };
    Diagnostic::error("yaml-syntax", at, cause).help(help)
}

/// Says what a parser error means for the person who typed the text.
pub(crate) fn explain(file: u32, text: &str, error: &ScanError) -> Problem {
    let mut at = error
        .marker()
        .byte_offset()
        .unwrap_or(text.len())
        .min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let sketch = Sketch::of(text, at);
    if let Some(problem) = quote_problem(file, text, &sketch, error.kind()) {
        return problem;
    }
    if let Some(problem) = flow_problem(file, text, &sketch, at, error.kind()) {
        return problem;
    }
    let (at, cause, help) = plain_words(text, at, error);
    let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
    let mut diagnostic = Diagnostic::error("yaml-syntax", span(file, at..end), cause);
    diagnostic.help = help;
    Problem {
        diagnostic,
        spoiled: block(text, at),
    }
}

/// A quote that is never closed, which parsers notice at the end of the text or at the next line.
fn quote_problem(file: u32, text: &str, sketch: &Sketch, kind: &ErrorKind) -> Option<Problem> {
    use ErrorKind as E;
    if !matches!(
        kind,
        E::UnclosedQuotedScalar
            | E::InvalidQuotedScalarIndent
            | E::DocumentIndicatorInQuotedScalar
            | E::InvalidTrailingDoubleQuotedScalar
            | E::InvalidTrailingSingleQuotedScalar
    ) {
        return None;
    }
    let at = sketch.quote?;
    let cause = "this quote is not closed on its line";
    Some(Problem {
        diagnostic: Diagnostic::error("yaml-syntax", span(file, at..at + 1), cause)
            .help("add the closing quote; a text over several lines is indented"),
        spoiled: block(text, at),
    })
}

/// Errors inside `{}` and `[]`, which parsers notice far from where they were made.
fn flow_problem(
    file: u32,
    text: &str,
    sketch: &Sketch,
    at: usize,
    kind: &ErrorKind,
) -> Option<Problem> {
    let start = sketch
        .open
        .first()
        .map(|open| open.at)
        .or(sketch.last_closed.clone().and_then(|closed| {
            (line_start(text, closed.start) == line_start(text, at)
                || line_start(text, closed.end) == line_start(text, at))
            .then_some(closed.start)
        }))?;
    let problem = |range: Range<usize>, cause: String, help: String| {
        Some(Problem {
            diagnostic: Diagnostic::error("yaml-syntax", span(file, range), cause).help(help),
            spoiled: block(text, start),
        })
    };
    for finding in &sketch.findings {
        match *finding {
            Finding::GoesOn { at, bracket } if at >= start => {
                let (what, open) = if bracket == ']' {
                    ("list", '[')
                } else {
                    ("map", '{')
                };
                let cause = format!(
                    "a value that begins with `{open}` is a {what}, and this one goes on after `{bracket}`"
                );
                let value = value_around(text, at);
                let help = if open == '[' && value.starts_with("[45]..") {
                    "write `[4xx, 5xx]`, or `\"~[45]..\"` for a regular expression".to_owned()
                } else {
                    format!("write `\"{value}\"` in quotes if it is a text")
                };
                return problem(at..at + 1, cause, help);
            }
            Finding::Comment { at, open } if at >= start => {
                let cause = format!(
                    "a `#` after a space starts a comment, so this `{open}` is never closed"
                );
                return problem(at..at + 1, cause, comment_help(text, at));
            }
            _ => {}
        }
    }
    let here = text[at..].chars().next();
    if let (Some(bracket @ ('[' | '{')), ErrorKind::MismatchedFlowCollectionEnd { .. }) =
        (here, kind)
    {
        let close = if bracket == '{' { '}' } else { ']' };
        let cause = format!("this `{bracket}` is never closed");
        return problem(at..at + 1, cause, format!("add the `{close}`"));
    }
    let innermost = sketch.open.last()?;
    let indent_there = indent(text, line_start(text, start));
    let outside = at >= text.trim_end().len()
        || (line_start(text, at) > start && indent(text, line_start(text, at)) <= indent_there);
    let unclosed = matches!(kind, ErrorKind::UnclosedFlowCollection { .. }) || outside;
    if unclosed {
        let cause = format!("this `{}` is never closed", innermost.bracket);
        let close = if innermost.bracket == '{' { '}' } else { ']' };
        return problem(
            innermost.at..innermost.at + 1,
            cause,
            format!("add the `{close}`"),
        );
    }
    let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
    let help = "a comma stands between two entries; a text with `, : { } [ ]` stands in quotes";
    let what = if innermost.bracket == '{' { "{}" } else { "[]" };
    let cause = match kind {
        ErrorKind::UnclosedQuotedScalar => return None,
        ErrorKind::UnexpectedCharacter { character } => {
            format!("a value cannot begin with `{character}`")
        }
        _ => format!("this does not belong here inside `{what}`"),
    };
    problem(at..end, cause, help.to_owned())
}

/// `write `channel: reliability` without `#``, from the key before the comment and the word in it.
fn comment_help(text: &str, at: usize) -> String {
    let before = text[line_start(text, at)..at].trim_end();
    let comment: &str = text[at + 1..].lines().next().unwrap_or("");
    let word = comment.trim_start_matches('#').trim();
    let word = word.split([',', '}', ']']).next().unwrap_or("").trim();
    let key = before
        .strip_suffix(':')
        .map(|rest| rest.rsplit(['{', ',', '[', ' ']).next().unwrap_or(rest));
    match key {
        Some(key) if !word.is_empty() => format!("write `{key}: {word}` without `#`"),
        _ => "put the comment on a line of its own, or the text in quotes".to_owned(),
    }
}

/// The whole of a value that YAML cut at a bracket, e.g. `[45]..`.
fn value_around(text: &str, close: usize) -> &str {
    let line = line_start(text, close);
    let start = text[line..close]
        .rfind(['[', '{'])
        .map_or(close, |i| line + i);
    let end = text[close + 1..]
        .find([',', '}', '\n', ' '])
        .map_or(text.len(), |i| close + 1 + i);
    &text[start..end]
}

/// Place, cause and help of an error outside of brackets.
fn plain_words(text: &str, at: usize, error: &ScanError) -> (usize, String, Option<String>) {
    let to = |cause: &str, help: &str| (at, cause.to_owned(), Some(help.to_owned()));
    match error.kind() {
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => to(
            "a second `: ` stands in this value",
            "put the value in quotes, or start a new line for the key",
        ),
        ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::MappingKeyNotAllowed => {
            let line = line_start(text, at);
            let first = line + indent(text, line);
            (
                first.max(at.min(first)),
                "this line does not fit the lines above it".to_owned(),
                Some("indent all keys of one map alike, and write `key: value`".to_owned()),
            )
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            to("this line has no `: `", "write `key: value`")
        }
        ErrorKind::UnclosedQuotedScalar | ErrorKind::UnexpectedEof => {
            to("this quote is never closed", "add the closing quote")
        }
        ErrorKind::UnexpectedCharacter { character } => (
            at,
            format!("a value cannot begin with `{character}`"),
            Some("put it in quotes".to_owned()),
        ),
        ErrorKind::DirectiveDisallowed => to(
            "a line that begins with `%` is a YAML directive, and attain has no use for one",
            "remove it",
        ),
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar => {
            to("a tab stands where spaces belong", "indent with spaces")
        }
        ErrorKind::UnknownQuotedScalarEscape | ErrorKind::InvalidQuotedScalarHexEscape => to(
            "YAML does not know this `\\` escape",
            "write the text in single quotes: there `\\` is just a character",
        ),
        ErrorKind::InvalidTrailingDoubleQuotedScalar
        | ErrorKind::InvalidTrailingSingleQuotedScalar => to(
            "the text goes on after its closing quote",
            "put the whole value in quotes",
        ),
        ErrorKind::InvalidBlockScalarHeader
        | ErrorKind::ZeroBlockScalarIndent
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::InvalidBlockScalarIndent => {
            let line = line_start(text, at);
            let mark = text[line..at].find(['>', '|']).map_or(at, |i| line + i);
            let symbol = if text[mark..].starts_with('|') {
                '|'
            } else {
                '>'
            };
            let d = block_scalar(span(0, mark..mark + 1), symbol);
            (mark, d.cause, d.help)
        }
        ErrorKind::MisplacedFlowCollectionEnd | ErrorKind::MismatchedFlowCollectionEnd { .. } => {
            to(
                "this closing bracket has no opening one",
                "remove it, or put the value in quotes",
            )
        }
        ErrorKind::RecursionLimitExceeded => to(
            "this is nested too deep",
            "no key of a catalogue is nested this deep",
        ),
        _ => (at, format!("this is not YAML: {}", error.info()), None),
    }
}

/// The lines of the block that begins at `at`: its line and all that are indented more.
fn block(text: &str, at: usize) -> Range<usize> {
    let start = line_start(text, at);
    let own = indent(text, start);
    let mut end = start;
    for (i, line) in text[start..].split_inclusive('\n').enumerate() {
        let blank = line.trim().is_empty();
        if i > 0 && !blank && indent(text, end) <= own {
            break;
        }
        end += line.len();
    }
    start..end
}

fn line_start(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())]
        .iter()
        .rposition(|&b| b == b'\n')
        .map_or(0, |i| i + 1)
}

/// How many spaces a line begins with.
fn indent(text: &str, line: usize) -> usize {
    text.as_bytes()[line..]
        .iter()
        .take_while(|&&b| b == b' ')
        .count()
}

fn span(file: u32, range: Range<usize>) -> Span {
    Span {
        file,
        start: range.start as u32,
        end: range.end as u32,
    }
}

/// The brackets and comments of a text up to a place: just enough to say which bracket is to blame.
#[derive(Default)]
struct Sketch {
    /// Brackets that are open at the place.
    open: Vec<Bracket>,
    /// The outermost pair that was closed last.
    last_closed: Option<Range<usize>>,
    findings: Vec<Finding>,
    /// The quote that begins the last text over several lines.
    quote: Option<usize>,
}

struct Bracket {
    at: usize,
    bracket: char,
}

enum Finding {
    /// Text right after a closing bracket.
    GoesOn { at: usize, bracket: char },
    /// A comment inside brackets that itself holds a closing bracket.
    Comment { at: usize, open: char },
}

impl Sketch {
    fn of(text: &str, end: usize) -> Self {
        let bytes = text.as_bytes();
        let mut sketch = Self::default();
        // A value may begin here: at the start of a line, after `- `, `: ` or inside brackets.
        let mut fresh = true;
        let mut i = 0;
        while i < bytes.len() && (i < end.max(1) || !sketch.open.is_empty() && i <= end) {
            let b = bytes[i];
            let spaced = i == 0 || matches!(bytes[i - 1], b' ' | b'\t' | b'\n' | b'\r');
            match b {
                b'#' if spaced => {
                    let line_end = text[i..].find('\n').map_or(text.len(), |n| i + n);
                    sketch.comment(i, &text[i..line_end]);
                    i = line_end;
                    continue;
                }
                b'"' | b'\'' if fresh => {
                    let end = skip_quoted(bytes, i).min(bytes.len());
                    if bytes[i..end].contains(&b'\n') {
                        sketch.quote = Some(i);
                    }
                    i = end;
                    fresh = false;
                    continue;
                }
                b'[' | b'{' if fresh => sketch.open.push(Bracket {
                    at: i,
                    bracket: char::from(b),
                }),
                b']' | b'}' if !sketch.open.is_empty() => {
                    sketch.close(text, i);
                    fresh = false;
                }
                b',' if !sketch.open.is_empty() => fresh = true,
                b'\n' => fresh = true,
                b' ' | b'\t' | b'\r' => {
                    if i > 0 && matches!(bytes[i - 1], b':' | b'-' | b'?') {
                        fresh = true;
                    }
                }
                _ => fresh = false,
            }
            i += 1;
        }
        sketch
    }

    fn close(&mut self, text: &str, at: usize) {
        let Some(open) = self.open.pop() else { return };
        if self.open.is_empty() {
            self.last_closed = Some(open.at..at);
        }
        let rest = &text[at + 1..];
        let after = rest.trim_start_matches([' ', '\t']);
        let comment = after.len() < rest.len() && after.starts_with('#');
        let fine = after.is_empty() || after.starts_with([',', ']', '}', ':', '\n', '\r']);
        if !fine && !comment {
            self.findings.push(Finding::GoesOn {
                at,
                bracket: if open.bracket == '[' { ']' } else { '}' },
            });
        }
    }

    fn comment(&mut self, at: usize, comment: &str) {
        let Some(open) = self.open.last() else { return };
        let closers = comment.matches(['}', ']']).count();
        let openers = comment.matches(['{', '[']).count();
        if closers > openers {
            self.findings.push(Finding::Comment {
                at,
                open: open.bracket,
            });
        }
    }
}

/// The place after a quoted text, or the end of the text.
fn skip_quoted(bytes: &[u8], start: usize) -> usize {
    let quote = bytes[start];
    let mut i = start + 1;
    while i < bytes.len() {
        if bytes[i] == b'\\' && quote == b'"' {
            i += 2;
            continue;
        }
        if bytes[i] == quote {
            if quote == b'\'' && bytes.get(i + 1) == Some(&quote) {
                i += 2;
                continue;
            }
            return i + 1;
        }
        i += 1;
    }
    bytes.len()
}
