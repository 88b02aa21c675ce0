//! The lines of Prometheus' text format and of OpenMetrics text. Knows their syntax; knows no streams and no meaning of a
//! number.
//!
//! ```text
//! # TYPE http_requests counter
//! http_requests_total{code="200"} 1027 1793612400.123 # {trace_id="4bf92f"} 1
//! {__name__="http_requests_total", code="500"} 3 1793612400123
//! ```

use std::io::BufRead;
use std::path::Path;

use jiff::Timestamp;

use crate::error::Error;
use crate::first::sniff::not_understood;
use crate::text::number::scaled;

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line<'l> {
    /// Blank, help, or any other comment.
    Nothing,
    /// `# TYPE family kind`.
    Type { family: &'l str, kind: &'l str },
    /// A number of a series.
    Sample(Sample<'l>),
}

/// A number of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sample<'l> {
    /// Name and labels as written.
    pub(crate) series: &'l str,
    /// A decimal number, or an infinity; `None` is NaN.
    pub(crate) value: Option<&'l str>,
    /// When, if the line says so.
    pub(crate) time: Option<Timestamp>,
}

/// The name and the labels of a series, as written.
pub(crate) type Series = (String, Vec<(String, String)>);

/// Whether content is exposition text.
pub(crate) fn is_in(reader: &mut dyn BufRead) -> bool {
    reader.fill_buf().is_ok_and(is_exposition)
}

/// For a file that is none, of a source that reads no other.
pub(crate) fn is_none(path: &Path) -> Error {
    let why = "it is not Prometheus or OpenMetrics text, and a source of this kind reads no other file; give it samples \
               as `promtool tsdb dump-openmetrics` writes them, or use a csv or log source";
    not_understood(path, why)
}

/// By its first lines.
fn is_exposition(beginning: &[u8]) -> bool {
    let whole = memchr::memrchr(b'\n', beginning).map_or(beginning, |end| &beginning[..end]);
    for line in whole.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        let is_told = |word: &&str| {
            let rest = line.strip_prefix(word.as_bytes());
            rest.is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
        };
        if ["# TYPE", "# HELP", "# UNIT", "# EOF"].iter().any(is_told) {
            return true;
        }
        match parse(line) {
            Ok(Line::Sample(sample)) => return series_of(sample.series).is_ok(),
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    false
}

/// Cuts a line up. Labels stay as they are: most series come again.
pub(crate) fn parse(line: &[u8]) -> Result<Line<'_>, String> {
    let text = std::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
    let text = text.trim_matches(is_blank);
    if text.is_empty() {
        return Ok(Line::Nothing);
    }
    if let Some(comment) = text.strip_prefix('#') {
        let mut words = comment.split(is_blank).filter(|word| !word.is_empty());
        return Ok(match (words.next(), words.next(), words.next()) {
            (Some("TYPE"), Some(family), Some(kind)) => Line::Type {
                family: family.trim_matches('"'),
                kind,
            },
            _ => Line::Nothing,
        });
    }
    let (series, rest) = text.split_at(end_of_series(text)?);
    let mut words = rest.split(is_blank).filter(|word| !word.is_empty());
    let value = value_of(words.next().ok_or("no value after the series")?)?;
    let time = match words.next() {
        None => None,
        // An exemplar.
        Some(word) if word.starts_with('#') => None,
        Some(word) => {
            match words.next() {
                Some(more) if !more.starts_with('#') => {
                    return Err(format!(
                        "`{more}` after the time; there is nothing to be there"
                    ));
                }
                _ => {}
            }
            Some(time_of(word)?)
        }
    };
    Ok(Line::Sample(Sample {
        series: series.trim_end_matches(is_blank),
        value,
        time,
    }))
}

/// The name and the labels of a series.
pub(crate) fn series_of(series: &str) -> Result<Series, String> {
    let (name, mut rest) = match series.split_once('{') {
        None => (series, ""),
        Some((name, labels)) => {
            let labels = labels.trim_end_matches(is_blank);
            let labels = labels
                .strip_suffix('}')
                .ok_or("the labels do not end with `}`")?;
            (name.trim_end_matches(is_blank), labels)
        }
    };
    let mut name = name.to_owned();
    let mut labels: Vec<(String, String)> = Vec::new();
    loop {
        rest = rest.trim_start_matches(is_blank);
        if rest.is_empty() {
            break;
        }
        let (label, after) = label_name(rest)?;
        rest = after.trim_start_matches(is_blank);
        if let Some(after) = rest.strip_prefix('=') {
            let (value, after) = quoted(after.trim_start_matches(is_blank))?;
            rest = after.trim_start_matches(is_blank);
            if label == "__name__" {
                set_name(&mut name, value)?;
            } else if labels.iter().any(|(known, _)| *known == label) {
                return Err(format!("the label `{label}` stands there twice"));
            } else {
                labels.push((label, value));
            }
        } else {
            // `{"a.metric", code="200"}`
            set_name(&mut name, label)?;
        }
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.is_empty() => {}
            None => return Err("no `,` between two labels".to_owned()),
        }
    }
    if name.is_empty() {
        return Err("the series has no name".to_owned());
    }
    Ok((name, labels))
}

fn set_name(name: &mut String, found: String) -> Result<(), String> {
    if !name.is_empty() {
        return Err("the series has two names".to_owned());
    }
    *name = found;
    Ok(())
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r')
}

/// Where name and labels end.
fn end_of_series(text: &str) -> Result<usize, String> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.' | '-');
    let name = text.find(|c| !is_of_name(c)).unwrap_or(text.len());
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("a line begins with the name of a metric".to_owned());
    }
    let after = text[name..].trim_start_matches(is_blank);
    if !after.starts_with('{') {
        let parted = text[name..].starts_with(is_blank);
        return if parted && name > 0 {
            Ok(name)
        } else {
            Err("a line begins with the name of a metric".to_owned())
        };
    }
    let bytes = text.as_bytes();
    let mut at = text.len() - after.len();
    let mut is_quoted = false;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let found = match is_quoted {
            true => memchr::memchr2(b'"', b'\\', rest),
            false => memchr::memchr2(b'"', b'}', rest),
        };
        let Some(found) = found else {
            return Err("the labels do not end with `}`".to_owned());
        };
        at += found + 1;
        match rest[found] {
            b'}' => return Ok(at),
            b'"' => is_quoted = !is_quoted,
            // Whatever is escaped is not the end.
            _ => at += 1,
        }
    }
}

/// A bare or quoted name, and what follows.
fn label_name(text: &str) -> Result<(String, &str), String> {
    if text.starts_with('"') {
        return quoted(text);
    }
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = text.find(|c| !is_of_name(c)).unwrap_or(text.len());
    if end == 0 || text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("a label has no name".to_owned());
    }
    Ok((text[..end].to_owned(), &text[end..]))
}

/// A text in quotes without them and its escapes, and what follows.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let inner = text
        .strip_prefix('"')
        .ok_or("a label's value has no quotes")?;
    let mut value = String::new();
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &inner[at + 1..])),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, c @ ('"' | '\\'))) => value.push(c),
                Some((_, c)) => value.extend(['\\', c]),
                None => break,
            },
            c => value.push(c),
        }
    }
    Err("a quote is not closed".to_owned())
}

/// A number as text, without a `+`; `None` is NaN, by which Prometheus also writes that a series has ended.
fn value_of(word: &str) -> Result<Option<&str>, String> {
    // Most are whole.
    if word.bytes().all(|byte| byte.is_ascii_digit()) && !word.is_empty() {
        return Ok(Some(word));
    }
    let size = word.trim_start_matches(['+', '-']);
    if size.eq_ignore_ascii_case("nan") {
        return Ok(None);
    }
    let is_infinite = ["inf", "infinity"]
        .iter()
        .any(|name| size.eq_ignore_ascii_case(name));
    // More digits than fit are a number all the same.
    let is_number = || {
        size.starts_with(|c: char| c.is_ascii_digit() || c == '.') && size.parse::<f64>().is_ok()
    };
    if is_infinite || scaled(word, 1).is_some() || is_number() {
        Ok(Some(word))
    } else {
        Err(format!("`{word}` is not a number"))
    }
}

/// Milliseconds (Prometheus) or seconds with a fraction (OpenMetrics) since 1970, told apart by size: the one begin in
/// 1973, the other end in 5138.
fn time_of(word: &str) -> Result<Timestamp, String> {
    const MILLISECONDS_BEGIN: u128 = 100_000_000_000;
    let time = || {
        let whole = scaled(word, 1)?;
        let unit_nanoseconds = if whole.unsigned_abs() < MILLISECONDS_BEGIN {
            1_000_000_000
        } else {
            1_000_000
        };
        Timestamp::from_nanosecond(scaled(word, unit_nanoseconds)?).ok()
    };
    time().ok_or_else(|| format!("`{word}` is not a time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(line: &str) -> Result<(Series, Option<String>, Option<String>), String> {
        match parse(line.as_bytes())? {
            Line::Sample(sample) => Ok((
                series_of(sample.series)?,
                sample.value.map(str::to_owned),
                sample.time.map(|time| time.to_string()),
            )),
            line => Err(format!("{line:?}")),
        }
    }

    #[test]
    fn the_forms_of_one_sample() {
        let want = sample("up{job=\"a\",path=\"/x\"} 1 1793612400000").unwrap();
        assert_eq!(want.0.0, "up");
        assert_eq!(want.2.as_deref(), Some("2026-11-02T09:40:00Z"));
        for line in [
            "up{job=\"a\",path=\"/x\",} 1 1793612400000",
            "up { job = \"a\" , path = \"/x\" }\t1\t1793612400000\r",
            "up{job=\"a\",path=\"/x\"} 1 1793612400",
            "up{job=\"a\",path=\"/x\"} 1 1793612400.000 # {trace_id=\"x } y\"} 0.5 1793612400.1",
            "up{job=\"a\",path=\"/x\"} 1 1.7936124e9",
            "{__name__=\"up\", job=\"a\", path=\"/x\"} 1 1793612400000",
            "{\"up\",\"job\"=\"a\",path=\"/x\"} 1 1793612400000",
        ] {
            assert_eq!(sample(line).as_ref(), Ok(&want), "{line}");
        }
    }

    #[test]
    fn names_values_and_escapes() {
        let (series, value, time) = sample(r#"a:b_c{x="\\ \" \n \d } , # ",y=""} +Inf"#).unwrap();
        let labels = [("x", "\\ \" \n \\d } , # "), ("y", "")];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(series, ("a:b_c".to_owned(), labels.to_vec()));
        assert_eq!((value.as_deref(), time), (Some("+Inf"), None));
        assert_eq!(sample("a NaN # {} 1").unwrap().1, None);
        assert_eq!(sample("a -nan 5").unwrap().1, None);
        assert_eq!(sample("a 1e400 5").unwrap().1.as_deref(), Some("1e400"));
        assert_eq!(sample("\"a\" 1").ok(), None);
    }

    #[test]
    fn what_is_no_sample() {
        for line in [
            "a",
            "a{} ",
            "a{x=\"1\" 1 2",
            "a{x=1} 1",
            "a{x=\"1\"y=\"2\"} 1",
            "a{x=\"1\",x=\"2\"} 1",
            "a{=\"1\"} 1",
            "a{\"b\"} 1",
            "{x=\"1\"} 1",
            "a one",
            "a 1 2026-11-02",
            "a 1 2 3",
            "1 2 3",
            "a,b,c",
            "a{x=\"1\"}{y=\"2\"} 1",
            "a{x=\"1\\",
            "a{x=\"1} 1",
        ] {
            assert!(sample(line).is_err(), "{line}");
        }
    }

    #[test]
    fn comments() {
        let kind = Line::Type {
            family: "http_requests",
            kind: "counter",
        };
        assert_eq!(parse(b"# TYPE http_requests counter"), Ok(kind));
        assert_eq!(parse(b"#TYPE\thttp_requests  counter "), Ok(kind));
        for line in [
            "",
            " ",
            "# EOF",
            "# HELP a b c",
            "#",
            "# TYPE a",
            "# anything",
        ] {
            assert_eq!(parse(line.as_bytes()), Ok(Line::Nothing), "{line}");
        }
    }

    #[test]
    fn known_by_its_first_lines() {
        for text in [
            "# HELP up Whether.\n",
            "# EOF\n",
            "\n# made by hand\nup 1 5\n",
            "up{job=\"a\"} 1 1793612400000\nup{jo",
            "{__name__=\"up\", job=\"a\"} 1 1793612400000\n",
        ] {
            assert!(is_exposition(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            "t,name,value\n0,up,1\n",
            "time;value\n",
            "# TYPEs\ntime,value\n",
            "PAR1",
            "{\"time\":1}\n",
            "time\tvalue\n0\t1\n",
        ] {
            assert!(!is_exposition(text.as_bytes()), "{text}");
        }
    }
}
