//! Text to statements. Knows the grammar of the language and reports every wrong statement in one pass.
//! Knows no catalogue: whether an SLO exists is found when the scenario runs.

use std::ops::Range;
use std::time::Duration;

use crate::script::{
    At, Kind, Labels, Late, Load, Part, Placed, Question, Samples, Statement, Whose,
};
use crate::words::{Words, Wrong, is_name, is_numeric};

/// What is wrong, and on which line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// Counted from 1.
    pub(crate) line: usize,
    /// A lowercase fragment that ends with what would be legal.
    pub(crate) wrong: Wrong,
}

/// Reads a scenario; statements that are wrong are left out and reported.
pub(crate) fn parse(text: &str) -> (Vec<Placed>, Vec<Mistake>) {
    let lines: Vec<&str> = text.lines().collect();
    let (mut statements, mut mistakes) = (Vec::new(), Vec::new());
    let mut next = 0;
    while next < lines.len() {
        let first = next;
        let stretch = extent(&lines, first);
        next = stretch.end;
        if is_empty(lines[first]) {
            continue;
        }
        match statement(&lines, stretch) {
            Ok(statement) => statements.push(Placed {
                line: first + 1,
                statement,
            }),
            Err(wrong) => mistakes.push(Mistake {
                line: first + 1,
                wrong,
            }),
        }
    }
    mistakes.extend(misplaced(&statements));
    mistakes.sort_by_key(|mistake| mistake.line);
    (statements, mistakes)
}

/// The lines of the statement that begins at `first`: its indented lines, or its expected answer.
fn extent(lines: &[&str], first: usize) -> Range<usize> {
    let mut end = first + 1;
    if is_empty(lines[first]) {
        return first..end;
    }
    if lines.get(end).is_some_and(|line| line.trim_end() == RULE) {
        while lines.get(end).is_some_and(|line| !line.trim().is_empty()) {
            end += 1;
        }
        return first..end;
    }
    // Blank lines belong to an indented block if more of it follows.
    let mut after_blank = end;
    while let Some(line) = lines.get(after_blank) {
        after_blank += 1;
        if line.trim().is_empty() {
            continue;
        }
        if !line.starts_with([' ', '\t']) {
            break;
        }
        end = after_blank;
    }
    first..end
}

/// What separates a question from its expected answer.
pub(crate) const RULE: &str = "----";

fn is_empty(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

fn statement(lines: &[&str], stretch: Range<usize>) -> Result<Statement, Wrong> {
    let first = lines[stretch.start];
    if first.starts_with([' ', '\t']) {
        return Err("an indented line continues a statement, and none is above it; begin in the first column".into());
    }
    if without_comment(first).trim_end() == "catalogue" {
        return catalogue_text(lines, stretch);
    }
    let is_at = first.split_whitespace().next() == Some("at");
    let continued = if is_at { 1 } else { stretch.len() };
    let text: Vec<&str> = lines[stretch.clone()]
        .iter()
        .take(continued)
        .filter(|line| !is_empty(line))
        .map(|line| without_comment(line))
        .collect();
    let text = text.join(" ");
    let mut words = Words::of(&text);
    if is_at {
        return at(&mut words, lines, stretch);
    }
    if lines[stretch.clone()]
        .get(1)
        .is_some_and(|line| line.trim_end() == RULE)
    {
        return Err(
            "only `at` has an expected answer; remove `----` or write `at` before it".into(),
        );
    }
    simple(&mut words)
}

/// A `#` after white space begins a comment.
fn without_comment(line: &str) -> &str {
    line.find(" #").map_or(line, |at| &line[..at])
}

fn simple(words: &mut Words) -> Result<Statement, Wrong> {
    const LEGAL: &str =
        "write catalogue, start, slice, lateness, load, sample, late, deliver again or at";
    let verb = words.take("a statement")?;
    let statement = match verb {
        "catalogue" => Statement::CataloguePath(words.take("a path")?.to_owned()),
        "start" => Statement::Start(words.instant()?),
        "slice" => Statement::Slice(slice(words)?),
        "lateness" => Statement::Lateness(words.duration("a lateness")?),
        "load" => Statement::Load(load(words)?),
        "sample" => Statement::Samples(samples(words)?),
        "late" => Statement::Late(late(words)?),
        "deliver" => {
            words.expect("again")?;
            Statement::DeliverAgain
        }
        _ => return Err(format!("`{verb}` is not a statement; {LEGAL}")),
    };
    words.end(&format!("`{verb}` is complete before it"))?;
    Ok(statement)
}

fn slice(words: &mut Words) -> Result<Duration, Wrong> {
    const DAY: Duration = Duration::from_secs(86_400);
    let length = words.duration("the length of a slice")?;
    if length.is_zero() || length > DAY {
        return Err("a slice is at least 1s and at most 1d long".into());
    }
    Ok(length)
}

fn catalogue_text(lines: &[&str], stretch: Range<usize>) -> Result<Statement, Wrong> {
    if stretch.len() == 1 {
        return Err(
            "a catalogue is missing; write its path, or its text indented on the lines below"
                .into(),
        );
    }
    // The lines above are kept as blank ones, so that a place in the catalogue is a place in this file.
    let mut text = "\n".repeat(stretch.start + 1);
    for line in &lines[stretch.start + 1..stretch.end] {
        text.push_str(line);
        text.push('\n');
    }
    Ok(Statement::CatalogueText(text))
}

fn load(words: &mut Words) -> Result<Load, Wrong> {
    let whose = whose(words)?;
    let from = words.takes("from").then(|| words.instant()).transpose()?;
    let mut parts = vec![part(words)?];
    while words.takes(",") {
        parts.push(part(words)?);
    }
    Ok(Load { whose, from, parts })
}

fn part(words: &mut Words) -> Result<Part, Wrong> {
    if words.takes("gap") {
        return Ok(Part::Gap(words.duration("the length of a gap")?));
    }
    let length = words.duration("the length of a part")?;
    words.expect("@")?;
    let rate = words.rate()?;
    let except = kinds(words, |words| words.rate())?;
    Ok(Part::Traffic {
        length,
        rate,
        except,
    })
}

/// `bad N [over T | untimed] [label=value ..]`, `slow N over T`, `untimed N`, in any number.
fn kinds<N>(
    words: &mut Words,
    events: impl Fn(&mut Words) -> Result<N, Wrong>,
) -> Result<Vec<Kind<N>>, Wrong> {
    let mut kinds = Vec::new();
    while let Some(word @ ("bad" | "slow" | "untimed")) = words.peek() {
        words.expect(word)?;
        let events = events(words)?;
        let over = match word {
            "slow" => {
                words.expect("over")?;
                Some(words.latency()?)
            }
            _ if words.takes("over") => Some(words.latency()?),
            _ => None,
        };
        kinds.push(Kind {
            events,
            bad: word == "bad",
            over,
            untimed: word == "untimed" || (word == "bad" && takes_untimed(words)),
            labels: labels(words),
        });
    }
    Ok(kinds)
}

/// `untimed` after `bad N`, unless it begins a kind of its own: `untimed N`.
fn takes_untimed(words: &mut Words) -> bool {
    let is_own_kind = words.second().is_some_and(is_numeric);
    !is_own_kind && words.takes("untimed")
}

fn samples(words: &mut Words) -> Result<Samples, Wrong> {
    let whose = whose(words)?;
    words.expect("series")?;
    let series = words.take("the name of a series")?.to_owned();
    let bad = words.takes("bad");
    let created = words
        .takes("created")
        .then(|| words.instant())
        .transpose()?;
    let mut values = vec![(words.instant()?, words.count("the counter's value")?)];
    while words.takes(",") {
        values.push((words.instant()?, words.count("the counter's value")?));
    }
    Ok(Samples {
        whose,
        series,
        bad,
        created,
        values,
    })
}

fn late(words: &mut Words) -> Result<Late, Wrong> {
    let whose = whose(words)?;
    words.expect("at")?;
    let at = words.instant()?;
    words.expect("arrives")?;
    let arrives = words.instant()?;
    words.expect("total")?;
    let total = words.count("the number of events")?;
    let except = kinds(words, |words| words.count("the number of events"))?;
    Ok(Late {
        whose,
        at,
        arrives,
        total,
        except,
    })
}

/// An SLO, perhaps a segment, perhaps labels.
fn whose(words: &mut Words) -> Result<Whose, Wrong> {
    let slo = words.take("the name of an SLO")?;
    if !is_name(slo) {
        return Err(format!(
            "`{slo}` is not the name of an SLO; write a name such as `checkout-completes`"
        ));
    }
    let segment = match words.peek() {
        Some("from" | "gap" | "series" | "at" | ",") | None => None,
        Some(word) if is_numeric(word) || word.contains('=') => None,
        Some(word) if is_name(word) => Some(words.take("a segment")?.to_owned()),
        Some(word) => {
            return Err(format!(
                "`{word}` is not a segment; write its name, or `unknown` for untagged traffic"
            ));
        }
    };
    Ok(Whose {
        slo: slo.to_owned(),
        segment: segment.filter(|segment| segment != "unknown"),
        labels: labels(words),
    })
}

fn labels(words: &mut Words) -> Labels {
    let mut labels = Vec::new();
    while let Some((name, value)) = words.peek().and_then(|word| word.split_once('=')) {
        labels.push((name.to_owned(), value.to_owned()));
        words.takes(words.peek().unwrap_or_default());
    }
    labels
}

fn at(words: &mut Words, lines: &[&str], stretch: Range<usize>) -> Result<Statement, Wrong> {
    words.expect("at")?;
    let instant = words.instant()?;
    let word = words.take("a question")?;
    let Some((_, question)) = Question::ALL.iter().find(|(name, _)| *name == word) else {
        let legal: Vec<_> = Question::ALL.iter().map(|(name, _)| *name).collect();
        return Err(format!(
            "`{word}` is not a question; write one of {}",
            legal.join(", ")
        ));
    };
    let slo = match words.peek() {
        Some("as") | None => None,
        Some(word) if is_name(word) => Some(words.take("an SLO")?.to_owned()),
        Some(word) => {
            return Err(format!(
                "`{word}` is neither the name of an SLO nor `as known then`"
            ));
        }
    };
    let as_known_then = words.takes("as");
    if as_known_then {
        words.expect("known")?;
        words.expect("then")?;
    }
    words.end("write the expected answer below, after a line `----`")?;
    let has_rule = stretch.len() > 1;
    if has_rule && lines[stretch.start + 1].trim_end() != RULE {
        return Err(
            "an indented line follows `at`; write `----` and the expected answer below it".into(),
        );
    }
    let expected_lines = if has_rule {
        stretch.start + 2..stretch.end
    } else {
        stretch.end..stretch.end
    };
    Ok(Statement::At(At {
        instant,
        as_known_then,
        question: *question,
        slo,
        expected: lines[expected_lines.clone()]
            .iter()
            .map(|line| line.trim_end().to_owned())
            .collect(),
        expected_lines,
        has_rule,
    }))
}

/// Statements in the wrong order.
fn misplaced(statements: &[Placed]) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let (mut catalogue, mut facts) = (false, false);
    for Placed { line, statement } in statements {
        let wrong = match statement {
            Statement::CataloguePath(_) | Statement::CatalogueText(_) => {
                catalogue = true;
                None
            }
            Statement::Start(_) | Statement::Slice(_) | Statement::Lateness(_) if facts => Some(
                "`start`, `slice` and `lateness` hold for the whole scenario; write them above the first load",
            ),
            Statement::Start(_) | Statement::Slice(_) | Statement::Lateness(_) => None,
            _ if !catalogue => {
                facts = true;
                Some(
                    "there is no catalogue yet; write `catalogue PATH`, or `catalogue` and its text indented below",
                )
            }
            _ => {
                facts = true;
                None
            }
        };
        mistakes.extend(wrong.map(|wrong| Mistake {
            line: *line,
            wrong: wrong.to_owned(),
        }));
    }
    mistakes
}
