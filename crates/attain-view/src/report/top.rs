//! The top of the page: what it is about, the first sentence, who owns it and what next, how many promises stand how.

use attain_model::{SeriesName, Verdict};
use jiff::Timestamp;

use super::{Sheet, series};
use crate::html::Html;
use crate::html::parts::{State, badge, facts, link_or_prose, mark};
use crate::look::Tone;
use crate::number::{self, counted};
use crate::status::headline::{
    Summary, WAS_BROKEN, WAS_IN_DANGER, firing, hurts, needs_somebody, summary,
};
use crate::status::others::Also;
use crate::status::{ended, is_promise, no_slos, no_verdicts, now};
use crate::why::{Suspect, cause};

/// Header and summary; on its own a whole report where nothing is promised.
pub(crate) fn top(html: &mut Html, sheet: &Sheet<'_>) {
    html.element("header", &[("class", "top")], |html| {
        html.element("p", &[("class", "eyebrow")], |html| {
            html.text("Reliability report \u{b7} ");
            html.line("b", &[], sheet.title());
        });
        html.line("p", &[("class", "asof")], &as_of(sheet));
        if let Some(caution) = &sheet.about.run.caution {
            html.element("p", &[("class", "caution")], |html| {
                mark(html, State::Warn);
                html.prose(caution);
            });
        }
    });
    summarised(html, sheet, First::OF_PAGE, |_| ());
}

/// Where it started, while nobody is named.
const NOT_KNOWN_YET: &str = "not known yet";

/// How the first sentence stands on a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct First {
    /// `h1`, or `h2` below a name.
    pub(crate) heading: &'static str,
    /// A class more.
    pub(crate) class: &'static str,
    /// Whether the page is about the one SLO that is hurt: its outcome and the way to it are there already.
    pub(crate) is_of_slo: bool,
    /// Who reads it.
    pub(crate) reader: Reader,
}

/// Who reads the first sentence, and so what stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Whoever was woken: whom to wake, what to do.
    OnCall,
    /// Whoever looks back and runs it: whose it is, and what to do.
    Engineer,
    /// Whoever looks back and answers to customers: whose it is. Alerts and runbooks are no concern of theirs.
    Product,
}

impl First {
    /// The first thing on a report.
    pub(crate) const OF_PAGE: First = First {
        heading: "h1",
        class: "",
        is_of_slo: false,
        reader: Reader::Engineer,
    };
}

/// The first sentence, who and what next, who else, how many stand how; where nothing is promised, what to write first.
/// `more` stands below, in the same section.
pub(crate) fn summarised(
    html: &mut Html,
    sheet: &Sheet<'_>,
    first: First,
    more: impl FnOnce(&mut Html),
) {
    let desk = &sheet.desk;
    if desk.promises.catalogue().slos.is_empty() {
        return empty(html, &no_slos(desk));
    }
    if desk.evaluation.verdicts.is_empty() {
        return empty(html, &no_verdicts(desk));
    }
    let summary = summary(desk, &sheet.about.run);
    let worst = summary.worst.as_ref();
    let is_broken = desk.evaluation.verdicts.iter().any(|verdict| {
        worst == Some(&verdict.name) && verdict.standing == attain_model::Standing::Breached
    });
    let state = match summary.tone {
        // An alert fires, and the budget is not gone: as it looks in the tables.
        Tone::Bad if !is_broken => State::Warn,
        Tone::Bad => State::Bad,
        Tone::Warn => State::Unknown,
        // Somebody is named although nobody is hurt: little is left.
        Tone::Good if summary.worst.is_some() => State::Warn,
        Tone::Good => State::Ok,
        _ => State::Quiet,
    };
    let class = format!("summary {} {}", state.class(), first.class);
    let class = class.trim_end();
    html.element("section", &[("class", class), ("id", "summary")], |html| {
        html.element(first.heading, &[("class", "lead")], |html| {
            mark(html, state);
            html.prose(&over_since(sheet, &summary));
        });
        if !summary.body.is_empty() {
            html.element("p", &[("class", "body")], |html| {
                html.prose(&summary.body.replace("(-", "(\u{2212}"))
            });
        }
        if !summary.facts.is_empty() {
            let rows = rows(sheet, &summary, first);
            let pairs = rows.iter().map(|(name, text)| (*name, text.as_str()));
            facts(html, pairs, |html, name, text| match name {
                "now" | "wake" | "ask first" => html.line("b", &[], text),
                // The script asks again soon.
                "cause" if text == NOT_KNOWN_YET => {
                    html.line("span", &[("data-soon", "true")], text);
                }
                "runbook" | "its runbook" => link_or_prose(html, text),
                _ => html.prose(text),
            });
        }
        for also in &summary.also {
            html.element("p", &[("class", "also")], |html| others(html, sheet, also));
        }
        // A server's page says it with the other ways that it has.
        let worst = summary.worst.as_ref().filter(|_| sheet.place.is_none());
        if let Some(place) = worst.and_then(|name| place(sheet, name)) {
            html.element("p", &[("class", "also go")], |html| {
                html.line("a", &[("href", &place)], "How it came to that");
            });
        }
        more(html);
        tally(html, sheet);
    });
}

/// What stands beside the sentence: whether it goes on, since when, where it started and whom to ask about that; then the
/// promise, who owns that, who is woken.
fn rows(sheet: &Sheet<'_>, summary: &Summary, first: First) -> Vec<(&'static str, String)> {
    let mut rest = brief(&summary.facts);
    let worst = summary.worst.as_ref();
    let verdict = verdict(sheet, summary);
    let cause = cause_of(sheet, summary);
    let mut rows = Vec::new();
    if rest.first().is_some_and(|(name, _)| *name == "now") {
        rows.push(rest.remove(0));
    }
    if let Some(cause) = &cause {
        let mut began = sheet.desk.event(cause.began);
        let ended = verdict.and_then(|verdict| ended::over_since(&sheet.desk, verdict));
        if let Some(ended) = ended {
            // One end is enough: this one is the finer.
            if let Some((_, now)) = rows.first_mut() {
                *now = now::without_when(now);
            }
            began.push_str(&format!(", ended {}", sheet.desk.event(ended)));
        }
        rows.push(("fault began", began));
    } else if let Some(by) = verdict.filter(|_| sheet.desk.is_live).and_then(hurt_by) {
        rows.push(("fault began", format!("by {}", sheet.desk.event(by))));
    }
    let named = cause.as_ref().and_then(|cause| cause.named);
    let named_at = cause.as_ref().and_then(|cause| cause.named_at);
    let as_of = named_at.map_or_else(String::new, |at| {
        format!(", as of {}", sheet.desk.event(at))
    });
    // Whoever did it itself has its owners and its runbook below.
    let named = match named.filter(|named| named.path.len() < 2) {
        Some(own) => {
            let text = format!(
                "{} itself, {} of the loss{as_of}",
                own.name,
                cause::share(own)
            );
            rows.push(("started in", text));
            None
        }
        None => named,
    };
    let is_named = rows.iter().any(|(name, _)| *name == "started in") || named.is_some();
    let is_hurt = verdict.is_some_and(|verdict| hurts(&sheet.desk, verdict));
    if !is_named && is_hurt && sheet.desk.is_live {
        // What is worked out and not certain is no secret: two faults at once look like that.
        let suspected = cause.as_ref().map_or(&[][..], |cause| &cause.suspected);
        rows.push((
            "cause",
            match suspected {
                [] => NOT_KNOWN_YET.to_owned(),
                names => format!("not certain: perhaps {}", names.join(", or ")),
            },
        ));
    }
    // Nobody is woken for what is over, nor by a report.
    let is_woken = first.reader == Reader::OnCall
        && verdict.is_some_and(|verdict| needs_somebody(&sheet.desk, verdict));
    let first_word = match (first.reader, is_woken) {
        (Reader::OnCall, true) => "wake",
        (Reader::OnCall, false) => "ask first",
        (Reader::Engineer | Reader::Product, _) => "owner of that",
    };
    if let Some(named) = named {
        rows.extend(whom(sheet, named, first_word, &as_of));
        let runbook = format!("Follow the runbook of {} below.", named.name);
        if let Some((_, now)) = rows.first_mut().filter(|_| named.runbook.is_some()) {
            *now = now
                .replace(now::FOLLOW, &runbook)
                .replace(now::ASK, &runbook);
        }
    } else if let Some(slo) = verdict
        .filter(|_| is_woken)
        .and_then(|one| sheet.desk.slo(one))
    {
        let whose = [
            &slo.owners.engineering,
            &slo.owners.owner,
            &slo.owners.product,
        ];
        let team = whose.into_iter().flatten().next();
        rows.extend(team.map(|team| ("wake", sheet.desk.team(team.as_str()))));
    }
    let outcome = worst.filter(|_| !first.is_of_slo);
    if let Some(outcome) = outcome.and_then(|name| sheet.outcome(&name.slo)) {
        rows.push(("promise", outcome.to_owned()));
    }
    // Whom to ask first, and what to do, is the cause's: the promise's own stand beside it under other names.
    let has_runbook = named.is_some_and(|named| named.runbook.is_some());
    rows.extend(rest.into_iter().map(|(name, text)| match name {
        "owners" if named.is_some() => ("its owners", text),
        "runbook" if has_runbook => ("its runbook", text),
        _ => (name, text),
    }));
    if first.reader == Reader::Product {
        rows.retain(|(name, _)| !FOR_ON_CALL.contains(name));
        for (_, text) in rows.iter_mut().filter(|(name, _)| *name == "now") {
            *text = now::without_help(text);
        }
    }
    rows
}

/// Rows that say what to do about it now.
const FOR_ON_CALL: [&str; 5] = ["page", "ticket", "recorded", "runbook", "its runbook"];

/// The series that the first sentence is about.
fn verdict<'s>(sheet: &'s Sheet<'_>, summary: &Summary) -> Option<&'s Verdict> {
    let mut verdicts = sheet.desk.evaluation.verdicts.iter();
    verdicts.find(|verdict| summary.worst.as_ref() == Some(&verdict.name))
}

fn cause_of<'s>(sheet: &'s Sheet<'_>, summary: &Summary) -> Option<cause::Cause<'s>> {
    let (why, worst) = sheet.desk.told.zip(summary.worst.as_ref())?;
    cause::cause(why, worst)
}

/// By when it had begun at the latest: an alert fired, or the budget was gone.
fn hurt_by(verdict: &Verdict) -> Option<Timestamp> {
    let alerts = firing(verdict).map(|(_, since)| since);
    alerts.chain(verdict.overspent_since).min()
}

/// `checkout-completes (availability) was broken for premium; over since 13:46:40 UTC (2m ago): ...`
fn over_since(sheet: &Sheet<'_>, summary: &Summary) -> String {
    let title = summary.title.clone();
    let ended = verdict(sheet, summary).and_then(|one| ended::over_since(&sheet.desk, one));
    let Some((ended, (head, rest))) = ended.zip(title.split_once(": ")) else {
        return title;
    };
    match head.contains(WAS_BROKEN) || head.contains(WAS_IN_DANGER) {
        true => format!("{head}; over since {}: {rest}", sheet.desk.event(ended)),
        false => title,
    }
}

/// Where it started, and who knows about that.
fn whom(
    sheet: &Sheet<'_>,
    named: &Suspect,
    first_word: &'static str,
    as_of: &str,
) -> Vec<(&'static str, String)> {
    let (share, path) = (cause::share(named), named.path.join(" > "));
    let way = format!("{}, {share} of the loss: {path}{as_of}", named.name);
    let mut rows = vec![("started in", way)];
    if !named.owners.is_empty() {
        let teams = named.owners.iter().map(|team| sheet.desk.team(team));
        rows.push((first_word, teams.collect::<Vec<_>>().join(", ")));
    }
    rows.extend(named.runbook.clone().map(|runbook| ("runbook", runbook)));
    rows
}

/// Who else is hurt, by names that lead there.
fn others(html: &mut Html, sheet: &Sheet<'_>, also: &Also) {
    html.text(&format!("{}: ", also.word));
    for (i, name) in also.names.iter().enumerate() {
        if i > 0 {
            html.text(", ");
        }
        let place = place(sheet, name).unwrap_or_default();
        html.line("a", &[("href", &place)], &name.to_string());
    }
    html.text(&format!("{}.", also.rest()));
}

/// Where an SLO is shown.
fn place(sheet: &Sheet<'_>, name: &SeriesName) -> Option<String> {
    if let Some(place) = sheet.place {
        return Some(place(name));
    }
    let slos = sheet.by_slo();
    let mut firsts = slos.iter().map(|slo| slo.first());
    let at = firsts.position(|first| first.is_some_and(|first| first.name.slo == name.slo))?;
    Some(format!("#slo-{}", at + 1))
}

/// Alerts that fire, once for each urgency, each of them in full; a time that they share is said once.
fn brief(facts: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
    facts
        .chunk_by(|a, b| a.0 == b.0)
        .filter_map(|same| {
            let ((name, first), others) = same.split_first()?;
            let since = first.split_once(": ").map_or("", |(since, _)| since);
            let mut text = first.clone();
            for (_, other) in others {
                text.push_str("; ");
                let rest = other
                    .strip_prefix(since)
                    .and_then(|rest| rest.strip_prefix(": "));
                text.push_str(rest.unwrap_or(other));
            }
            Some((*name, text))
        })
        .collect()
}

/// `As of 2026-11-02 23:59 UTC, the end of the data; data from … to …`
pub(crate) fn as_of(sheet: &Sheet<'_>) -> String {
    let as_of = sheet.desk.evaluation.as_of;
    let zone = sheet.desk.zone;
    let mut text = format!("As of {}", number::instant(as_of.instant, zone));
    if let Some(what) = &sheet.about.run.instant_is {
        text.push_str(", ");
        text.push_str(what);
    }
    if as_of.known_until == as_of.instant {
        text.push_str(", as known then");
    }
    if let Some(data) = sheet.about.data {
        text.push_str(&format!(
            " \u{b7} data from {} to {}",
            number::day(data.start, zone),
            number::day(data.end, zone)
        ));
    }
    text
}

pub(crate) fn empty(html: &mut Html, text: &str) {
    html.element(
        "section",
        &[("class", "summary unknown"), ("id", "summary")],
        |html| {
            let (first, rest) = text.split_once("\n\n").unwrap_or((text, ""));
            html.element("h1", &[("class", "lead")], |html| {
                mark(html, State::Unknown);
                html.prose(&first.split_whitespace().collect::<Vec<_>>().join(" "));
            });
            if !rest.is_empty() {
                html.line("pre", &[], rest);
            }
        },
    );
}

/// How many promises stand how; what there is none of is not said.
fn tally(html: &mut Html, sheet: &Sheet<'_>) {
    let promises: Vec<State> = sheet
        .desk
        .evaluation
        .verdicts
        .iter()
        .filter(|verdict| is_promise(verdict))
        .map(series::state)
        .collect();
    // A server's page has them as filters.
    if sheet.place.is_some() {
        return;
    }
    html.element("p", &[("class", "tally")], |html| {
        html.line(
            "span",
            &[("class", "of")],
            &format!("{}:", counted(promises.len() as u64, "promise")),
        );
        for state in State::ALL {
            let count = promises.iter().filter(|other| **other == state).count();
            if count > 0 {
                badge(html, state, &format!("{count} {}", word(state)));
            }
        }
    });
}

pub(crate) fn word(state: State) -> &'static str {
    match state {
        State::Bad => "broken",
        State::Warn => "kept, in danger",
        State::Unknown => "not known",
        State::Ok => "kept",
        State::Quiet => "without traffic",
    }
}
