//! Who spent the budget: a sentence first, then the account. Knows findings with names; how they were found is the
//! caller's.

pub(crate) mod cause;
mod json;

use attain_model::Scope;
use jiff::Timestamp;

use crate::look::{Look, Tone, wrap};
use crate::number;
use crate::table::{Align, Cell, Line, Table};

pub use attain_cascade::why::{Account, Doubt, Earlier, Episode, Finding, Suspect, Why};
pub use json::why_json;

/// The answer for people.
#[must_use]
pub fn why(answer: &Why, look: &Look) -> String {
    let mut findings: Vec<&Finding> = answer.findings.iter().collect();
    // Whoever reads this was woken up: what can be said stands first. Otherwise the order is that of the question.
    findings.sort_by_key(|finding| match worth(finding) {
        Worth::Named => 0,
        Worth::Weak => 1,
        Worth::Little | Worth::Nothing => 2,
    });
    let (calm, told): (Vec<&Finding>, Vec<&Finding>) = findings
        .into_iter()
        .partition(|finding| worth(finding) == Worth::Nothing);
    let mut parts: Vec<String> = told
        .iter()
        .map(|finding| one(answer, finding, look))
        .collect();
    if !calm.is_empty() {
        let mut part = String::new();
        let names: Vec<String> = calm
            .iter()
            .map(|finding| finding.name.to_string())
            .collect();
        indented(&mut part, "", &self::calm(answer, &names), look);
        parts.push(part);
    }
    let mut out = parts.join("\n");
    if !answer.notes.is_empty() {
        out.push_str("\nNotes\n");
        for note in &answer.notes {
            indented(&mut out, "  ", note, look);
        }
    }
    out
}

/// Series that lost no more than they may.
pub(crate) fn calm(answer: &Why, names: &[String]) -> String {
    format!(
        "No more was lost than is allowed in the {} before {}: {}.",
        number::about(answer.looked_back),
        number::instant(answer.instant, &answer.zone),
        names.join(", ")
    )
}

/// How much there is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Worth {
    Named,
    Weak,
    Little,
    Nothing,
}

fn worth(finding: &Finding) -> Worth {
    let Some(episode) = &finding.episode else {
        return Worth::Nothing;
    };
    let mut accounts = episode.accounts.iter();
    if accounts.clone().any(|account| account.is_named) {
        Worth::Named
    } else if accounts.any(|account| !account.suspects.is_empty()) {
        Worth::Weak
    } else {
        Worth::Little
    }
}

fn one(answer: &Why, finding: &Finding, look: &Look) -> String {
    let mut out = String::new();
    let Some(episode) = &finding.episode else {
        return out;
    };
    if worth(finding) == Worth::Little {
        indented(&mut out, "", &little(answer, finding, episode), look);
        return out;
    }
    for (nth, account) in episode.accounts.iter().enumerate() {
        let sentence = sentence(answer, finding, episode, account, nth);
        let strong = if account.is_named {
            Tone::Strong
        } else {
            Tone::Plain
        };
        for line in wrap(&sentence, look.columns(), 0).lines() {
            out.push_str(&look.paint(strong, line));
            out.push('\n');
        }
    }
    facts(&mut out, answer, finding, episode, look);
    for (nth, account) in episode.accounts.iter().enumerate() {
        out.push('\n');
        if nth > 0 {
            out.push_str(&look.paint(Tone::Quiet, "-- of what is left"));
            out.push('\n');
        }
        out.push_str(&table(account, look).render(look));
    }
    out
}

/// `82% of the budget premium lost since 14:05 started in payments-db; path checkout > payments > payments-db. Ask dba.`
pub(crate) fn sentence(
    answer: &Why,
    finding: &Finding,
    episode: &Episode,
    account: &Account,
    nth: usize,
) -> String {
    let when = when(answer, episode);
    let lost = match (nth, &finding.name.scope) {
        (0, Scope::All) => format!("the budget that was lost {when}"),
        (0, Scope::Segment(segment)) => format!("the budget {segment} lost {when}"),
        _ => "what is left".to_owned(),
    };
    let Some(first) = account.suspects.first() else {
        return String::new();
    };
    // Rounded down: nobody is blamed for more than the evidence says.
    let share = percent((first.score * 100.0).floor() / 100.0);
    if !account.is_named {
        let doubt = match &account.doubt {
            None => String::new(),
            Some(Doubt::Noise) => {
                ", but what it rests on is always so unsteady that it may have started there"
                    .to_owned()
            }
            Some(Doubt::Rival(other)) => format!(", but {other} has as good a claim"),
        };
        return format!(
            "The evidence is too weak to name anybody: of {lost}, {share} may have started in {}{doubt}.",
            first.name
        );
    }
    let mut text = match first.path.as_slice() {
        [_] | [] => format!(
            "{share} of {lost} started in {} itself: what it rests on did not lose as much.",
            first.name
        ),
        path => format!(
            "{share} of {lost} started in {}; path {}.",
            first.name,
            path.join(" > ")
        ),
    };
    if let Some(next) = next_step(first) {
        text.push(' ');
        text.push_str(&next);
    }
    text
}

/// `Ask payments; runbook https://wiki.example/payments`: what to do, as far as the catalogue says it.
fn next_step(suspect: &Suspect) -> Option<String> {
    let who = suspect.owners.join(", ");
    match (&suspect.runbook, suspect.owners.is_empty()) {
        (None, true) => None,
        (None, false) => Some(format!("Ask {who}.")),
        (Some(runbook), true) => Some(format!("Runbook {runbook}")),
        (Some(runbook), false) => Some(format!("Ask {who}; runbook {runbook}")),
    }
}

/// A loss that nobody is looked for.
pub(crate) fn little(answer: &Why, finding: &Finding, episode: &Episode) -> String {
    let why = match episode.as_bad_before {
        _ if !episode.accounts.is_empty() => "too little to tell who spent it".to_owned(),
        Some(share) => format!(
            "nothing unusual, for {} of times as long lose as much",
            percent(share)
        ),
        None => "nothing unusual".to_owned(),
    };
    format!(
        "{} lost {} of {} {}: {why}.",
        finding.name,
        number::grouped(episode.attainment.bad),
        number::grouped(episode.attainment.total()),
        when(answer, episode)
    )
}

/// `since 14:05`, or `from 14:05 to 14:30`.
pub(crate) fn when(answer: &Why, episode: &Episode) -> String {
    let near = |at: Timestamp| near(at, answer, episode);
    if episode.until >= answer.instant {
        format!("since {}", near(episode.from))
    } else {
        format!("from {} to {}", near(episode.from), near(episode.until))
    }
}

fn near(at: Timestamp, answer: &Why, episode: &Episode) -> String {
    clock(at, episode.from, episode.until, answer)
}

/// `14:05`; with seconds where one end of the loss has some, so that both ends are written alike.
fn clock(at: Timestamp, from: Timestamp, until: Timestamp, answer: &Why) -> String {
    let text = number::instant_near(at, answer.instant, &answer.zone);
    match has_seconds(from) || has_seconds(until) {
        true if !has_seconds(at) => text + ":00",
        _ => text,
    }
}

fn has_seconds(at: Timestamp) -> bool {
    at.as_second().rem_euclid(60) != 0
}

/// `275 of 1500 bad from 14:05 to 14:30, 262 more than usual; 41% of the budget of 30d`.
pub(crate) fn lost(answer: &Why, episode: &Episode) -> String {
    let events = episode.attainment;
    let near = |at: Timestamp| near(at, answer, episode);
    // In full, and to the second where the beginning is.
    let until = match has_seconds(episode.from) || has_seconds(episode.until) {
        true => number::moment(episode.until, &answer.zone),
        false => number::instant(episode.until, &answer.zone),
    };
    let mut lost = format!(
        "{} of {} bad from {} to {}, {} more than usual",
        number::grouped(events.bad),
        number::grouped(events.total()),
        near(episode.from),
        until,
        count(episode.beyond_usual)
    );
    if let Some((share, window)) = &episode.budget_share {
        lost.push_str(&format!("; {} of the budget of {window}", percent(*share)));
    }
    lost
}

/// Earlier losses that are told; of more, how many there are.
const EARLIER_MOST: usize = 3;

/// `13:35:50 to 13:36:20 (302 bad, started in payments-db), 2 more`, the newest first: what the same series lost before that. `None` without any.
pub(crate) fn earlier(answer: &Why, finding: &Finding) -> Option<String> {
    let times = |earlier: &Earlier| {
        let near = |at| clock(at, earlier.from, earlier.until, answer);
        format!("{} to {}", near(earlier.from), near(earlier.until))
    };
    let told = |earlier: &Earlier| {
        let bad = number::grouped(earlier.attainment.bad);
        let start = earlier.started_in.as_ref();
        let start = start.map_or_else(String::new, |name| format!(", started in {name}"));
        format!("{} ({bad} bad{start})", times(earlier))
    };
    let newest = finding.earlier.iter().rev();
    let mut texts: Vec<String> = newest.take(EARLIER_MOST).map(told).collect();
    let more = finding.earlier.len().saturating_sub(EARLIER_MOST);
    if more > 0 {
        texts.push(format!("{more} more"));
    }
    (!texts.is_empty()).then(|| texts.join(", "))
}

/// What stands under the sentence.
fn facts(out: &mut String, answer: &Why, finding: &Finding, episode: &Episode, look: &Look) {
    let mut rows = vec![
        ("series", finding.name.to_string()),
        ("lost", lost(answer, episode)),
    ];
    rows.extend(earlier(answer, finding).map(|text| ("earlier", text)));
    for (word, text) in rows {
        let indent = "           ";
        for (nth, line) in wrap(&text, look.columns() - indent.len(), 0)
            .lines()
            .enumerate()
        {
            let head = if nth == 0 {
                format!("  {word:<9}")
            } else {
                indent.to_owned()
            };
            out.push_str(&look.paint(Tone::Quiet, &head));
            out.push_str(line);
            out.push('\n');
        }
    }
}

fn table(account: &Account, look: &Look) -> Table {
    let columns = [
        ("suspect", Align::Left),
        ("score", Align::Right),
        ("lost", Align::Right),
        ("could be", Align::Right),
        ("explained", Align::Right),
        ("by", Align::Left),
        ("path", Align::Left),
    ];
    let mut table = Table {
        columns: columns.map(|(name, align)| (name.to_owned(), align)).into(),
        lines: Vec::new(),
    };
    for suspect in &account.suspects {
        let path = suspect.path.join(" > ");
        table.lines.push(Line::Row(vec![
            suspect.name.as_str().into(),
            format!("{:.2}", (suspect.score * 100.0).floor() / 100.0).into(),
            count(suspect.lost).into(),
            percent(suspect.share).into(),
            match suspect.explained_by.is_empty() {
                true => Cell::empty(),
                false => percent(suspect.explained).into(),
            },
            suspect.explained_by.join(", ").into(),
            Cell::new(path, Tone::Quiet),
        ]));
    }
    // The path is in the sentence; the width is the reader's.
    if table.width() > look.columns() {
        for line in &mut table.lines {
            if let Line::Row(cells) = line {
                cells[6] = Cell::empty();
            }
        }
    }
    table
}

fn indented(out: &mut String, indent: &str, text: &str, look: &Look) {
    for line in wrap(text, look.columns().saturating_sub(indent.len()), 0).lines() {
        out.push_str(indent);
        out.push_str(line);
        out.push('\n');
    }
}

/// Whole percent; of what is little, one digit.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 1.0 {
        return format!("{:.1}%", percent.max(0.1));
    }
    format!("{percent:.0}%")
}

fn count(events: f64) -> String {
    number::grouped(events.round().max(0.0) as u64)
}
