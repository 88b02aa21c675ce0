//! A target: one line of text that says what is promised.
//!
//! `99.95%` | `p99 < 200ms` | `99% < 200ms`, each with ` at 500 rps` and ` own`, or `best effort`. Knows neither the
//! objective nor the segment it belongs to.

use attain_model::Target;
use attain_model::slo::{Goal, Load, Promised};

use crate::length::{rate, threshold};
use crate::scalar::{Bad, Parsed, percent_ppb};

/// Reads a target.
pub(crate) fn goal(text: &str) -> Parsed<Goal> {
    if text == "best effort" {
        return Ok(Goal::BestEffort);
    }
    if matches!(text, "best-effort" | "best_effort" | "none") {
        return Err(syntax(format!("`{text}` is not a target")).help("write `best effort`"));
    }
    let (head, load) = match text.split_once(" at ") {
        Some((head, load)) => (head.trim_end(), Some(load_of(load, text)?)),
        None => (text, None),
    };
    if let Some(at) = head.find(['<', '>', '=', '≤', '≥']) {
        return latency(head, at, load);
    }
    if let Some(meant) = without_operator(head) {
        return Err(syntax(format!("`{head}` does not say `<`")).help(format!("write `{meant}`")));
    }
    if let Some(number) = head.strip_prefix('p')
        && number.starts_with(|c: char| c.is_ascii_digit())
    {
        return Err(
            syntax(format!("`{head}` names no threshold")).help(format!("write `{head} < 200ms`"))
        );
    }
    if !head.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == '-') {
        return Err(syntax(format!("`{text}` is not a target"))
            .help("write `99.9%`, `p99 < 200ms`, or `best effort` to measure without promising"));
    }
    Ok(Goal::Promised(Promised {
        target: target(head)?,
        under: None,
        load,
        as_percentile: false,
    }))
}

/// `p99 < 300ms` of what was meant as one: `p99 300ms`, `95% in 300ms`, `300ms`.
fn without_operator(head: &str) -> Option<String> {
    let words: Vec<_> = head.split_whitespace().collect();
    let (measured, limit) = match words[..] {
        [limit] => ("p99", limit),
        [measured, limit] => (measured, limit),
        [measured, "in" | "within" | "under" | "below", limit] => (measured, limit),
        _ => return None,
    };
    share_of(measured).ok()?;
    threshold(limit).ok()?;
    Some(format!("{measured} < {limit}"))
}

/// A target without latency or load, strictly between 0 % and 100 %.
pub(crate) fn target(text: &str) -> Parsed<Target> {
    from_ppb(percent_ppb(text)?, text)
}

fn from_ppb(ppb: u64, text: &str) -> Parsed<Target> {
    match u32::try_from(ppb).ok().and_then(Target::from_ppb) {
        Some(target) => Ok(target),
        None if ppb == 0 => Err(Bad::new(
            "target-promises-nothing",
            "a target of 0% promises nothing",
        )
        .help("write `best effort` to measure without promising")),
        None if ppb == 1_000_000_000 => Err(Bad::new(
            "target-leaves-no-budget",
            "a target of 100% allows no error, so it has no budget to spend",
        )
        .help("the highest target is 99.9999999%")),
        None => Err(
            Bad::new("percent-range", format!("`{text}` is more than the whole"))
                .help("the highest target is 99.9999999%"),
        ),
    }
}

/// `p99 < 200ms` or `99% < 200ms`; `at` is the place of the operator.
fn latency(head: &str, at: usize, load: Option<Load>) -> Parsed<Goal> {
    let measured = head[..at].trim_end();
    let operator = head[at..]
        .find(|c| !['<', '>', '=', '≤', '≥'].contains(&c))
        .map_or(&head[at..], |end| &head[at..at + end]);
    let limit_at = at + operator.len();
    let limit = head[limit_at..].trim();
    if measured.is_empty() {
        return Err(
            syntax("a target begins with what is measured").help(format!(
                "write `p99 < {}`",
                if limit.is_empty() { "200ms" } else { limit }
            )),
        );
    }
    if operator != "<" {
        let cause = "a latency objective promises less than a threshold";
        return Err(syntax(cause)
            .help(format!("write `{measured} < {limit}`"))
            .at(at, at + operator.len()));
    }
    let (as_percentile, target) = share_of(measured)?;
    let limit_start = limit_at + (head[limit_at..].len() - head[limit_at..].trim_start().len());
    let under = threshold(limit).map_err(|bad| bad.shifted(limit_start, limit.len()))?;
    Ok(Goal::Promised(Promised {
        target,
        under: Some(under),
        load,
        as_percentile,
    }))
}

/// `p99` and `99%` are the same share.
fn share_of(measured: &str) -> Parsed<(bool, Target)> {
    let within = |bad: Bad| bad.shifted(0, measured.len());
    let Some(number) = measured.strip_prefix('p') else {
        if measured.ends_with('%') {
            return Ok((false, target(measured).map_err(within)?));
        }
        let what = format!("`{measured}` is neither a percentile nor a percentage");
        return Err(syntax(what)
            .help("write `p99 < 200ms` or `99% < 200ms`")
            .at(0, measured.len()));
    };
    let percent = format!("{number}%");
    let ppb = percent_ppb(&percent).map_err(|_| {
        syntax(format!("`{measured}` is not a percentile"))
            .help("write it like `p99` or `p99.9`")
            .at(0, measured.len())
    })?;
    if ppb > 1_000_000_000 && number.len() > 2 && number.bytes().all(|b| b.is_ascii_digit()) {
        let meant = format!("p{}.{}", &number[..2], &number[2..]);
        return Err(Bad::new(
            "percent-range",
            format!("`{measured}` is above the 100th percentile"),
        )
        .help(format!("write `{meant}`"))
        .at(0, measured.len()));
    }
    Ok((true, from_ppb(ppb, measured).map_err(within)?))
}

fn load_of(load: &str, whole: &str) -> Parsed<Load> {
    let (up_to, own) = match load.trim_end().strip_suffix(" own") {
        Some(head) => (head.trim_end(), true),
        None => (load.trim_end(), false),
    };
    let start = whole.len() - load.len();
    let up_to = rate(up_to).map_err(|bad| bad.shifted(start, up_to.len()))?;
    Ok(Load { up_to, own })
}

fn syntax(cause: impl Into<String>) -> Bad {
    Bad::new("target-syntax", cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_without_its_operator_is_repaired() {
        for (text, meant) in [
            ("300ms", "p99 < 300ms"),
            ("p95 300ms", "p95 < 300ms"),
            ("95% in 0.3s", "95% < 0.3s"),
            ("95% under 300ms", "95% < 300ms"),
        ] {
            let help = goal(text).unwrap_err().help.unwrap();
            assert_eq!(help, format!("write `{meant}`"), "{text}");
        }
    }

    #[test]
    fn a_target_is_written_back_as_it_was_read() {
        for text in [
            "99.95%",
            "best effort",
            "p99 < 200ms",
            "99% < 200ms",
            "p99.9 < 3s at 500 rps",
            "p95 < 0.5ms at 2.5 rps own",
            "99.9999999%",
            "0.0000001%",
            "99.9% at 500 rps",
        ] {
            assert_eq!(goal(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_target_is_never_rounded() {
        assert_eq!(goal("99.99999999%").unwrap_err().code, "too-precise");
        assert_eq!(
            goal("99.9999999999999999%").unwrap_err().code,
            "too-precise"
        );
        assert_eq!(target("99.10%").unwrap().ppb(), 991_000_000);
        assert_eq!(target("99.99999990%").unwrap().ppb(), 999_999_999);
    }

    #[test]
    fn what_is_wrong_with_a_target_is_said() {
        for (text, code, range) in [
            ("100%", "target-leaves-no-budget", None),
            ("0%", "target-promises-nothing", None),
            ("101%", "percent-range", None),
            ("99.9", "unit-missing", None),
            ("p99 > 200ms", "target-syntax", Some((4, 5))),
            ("p99 <= 200ms", "target-syntax", Some((4, 6))),
            ("p99 < 200", "unit-missing", Some((6, 9))),
            ("p99 < 200 sec", "unit-unknown", Some((6, 13))),
            ("p999 < 200ms", "percent-range", Some((0, 4))),
            ("p100 < 200ms", "target-leaves-no-budget", Some((0, 4))),
            ("p99", "target-syntax", None),
            ("< 200ms", "target-syntax", None),
            ("99,9%", "percent-syntax", None),
            ("p99 < 200ms at 500", "unit-missing", Some((15, 18))),
            ("p99 < 200ms at 5 kps", "unit-unknown", Some((15, 20))),
            ("three nines", "target-syntax", None),
            ("-1%", "percent-syntax", None),
        ] {
            let bad = goal(text).unwrap_err();
            assert_eq!((bad.code, bad.range), (code, range), "{text}: {bad:?}");
        }
    }
}
