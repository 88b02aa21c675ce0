//! Who spent the budget: the sentence, how strong the evidence is, and who else is suspected. Knows an answer; the words are
//! those of `attain why`.

use attain_cascade::why::{Account, Episode, Finding, Why};

use super::drawing::Marked;
use crate::html::Html;
use crate::html::parts::{self, State, facts, head, link_or_prose, mark};
use crate::number::grouped;
use crate::why;

/// The first sentence that names somebody.
pub(super) fn first(answer: &Why) -> Option<String> {
    let (finding, episode, account) = named(answer).next()?;
    Some(why::sentence(answer, finding, episode, account, 0))
}

/// Who is named, to be found in the drawing.
pub(super) fn marked(answer: &Why) -> Vec<Marked> {
    let of = |account: &Account| {
        let first = account.suspects.first()?;
        Some(Marked {
            path: first.path.clone(),
            words: format!("{} of a loss started here", share(first.score)),
        })
    };
    let mut marked: Vec<Marked> = Vec::new();
    for one in named(answer).filter_map(|(_, _, account)| of(account)) {
        // Of several segments the first says it.
        if !marked
            .iter()
            .any(|other| other.path.last() == one.path.last())
        {
            marked.push(one);
        }
    }
    marked
}

fn named(answer: &Why) -> impl Iterator<Item = (&Finding, &Episode, &Account)> {
    told(answer).filter(|(_, _, account)| account.is_named)
}

fn told(answer: &Why) -> impl Iterator<Item = (&Finding, &Episode, &Account)> {
    let findings = answer.findings.iter();
    let episodes = findings.filter_map(|finding| Some((finding, finding.episode.as_ref()?)));
    episodes.flat_map(|(finding, episode)| {
        let accounts = episode
            .accounts
            .iter()
            .filter(|account| !account.suspects.is_empty());
        accounts.map(move |account| (finding, episode, account))
    })
}

/// The section.
pub(super) fn blame(html: &mut Html, answer: &Why) {
    parts::section(html, "why", "Who spent the budget", |html| {
        let mut all: Vec<_> = told(answer).collect();
        all.sort_by_key(|(_, _, account)| !account.is_named);
        for (finding, episode, account) in &all {
            one(html, answer, finding, episode, account);
        }
        let quiet = answer.findings.iter().filter_map(|finding| {
            let episode = finding.episode.as_ref()?;
            let is_little = episode
                .accounts
                .iter()
                .all(|account| account.suspects.is_empty());
            is_little.then(|| why::little(answer, finding, episode))
        });
        let calm: Vec<String> = answer
            .findings
            .iter()
            .filter(|finding| finding.episode.is_none())
            .map(|finding| finding.name.to_string())
            .collect();
        let mut notes: Vec<String> = quiet.collect();
        if !calm.is_empty() {
            notes.push(why::calm(answer, &calm));
        }
        notes.extend(answer.notes.iter().cloned());
        parts::notes(html, notes.iter().map(String::as_str));
    });
}

fn one(html: &mut Html, answer: &Why, finding: &Finding, episode: &Episode, account: &Account) {
    let nth = episode
        .accounts
        .iter()
        .position(|other| std::ptr::eq(other, account));
    let sentence = why::sentence(answer, finding, episode, account, nth.unwrap_or(0));
    let class = if account.is_named {
        "blame bad"
    } else {
        "blame"
    };
    html.element("div", &[("class", class)], |html| {
        html.element("h3", &[], |html| {
            mark(
                html,
                if account.is_named {
                    State::Bad
                } else {
                    State::Unknown
                },
            );
            html.text(&sentence);
        });
        let lost = why::lost(answer, episode);
        let series = finding.name.to_string();
        let mut rows = vec![("series", series.as_str()), ("lost", lost.as_str())];
        let first = account.suspects.first().filter(|_| account.is_named);
        let owners = first
            .map(|first| first.owners.join(", "))
            .unwrap_or_default();
        if !owners.is_empty() {
            rows.push(("owner", &owners));
        }
        if let Some(runbook) = first.and_then(|first| first.runbook.as_deref()) {
            rows.push(("runbook", runbook));
        }
        facts(html, rows, |html, name, text| match name {
            "runbook" => link_or_prose(html, text),
            _ => html.text(text),
        });
        let columns = ["suspect", "path", "score", "lost", "could be", "explained"];
        let label = format!("Suspects of what {} lost", finding.name);
        parts::table(html, "plain", &label, |html| {
            head(html, columns, 2);
            html.element("tbody", &[], |html| {
                for suspect in &account.suspects {
                    html.element("tr", &[], |html| {
                        html.line("th", &[("scope", "row")], &suspect.name);
                        let path = suspect.path.join(" > ");
                        html.line("td", &[("class", "word said")], &path);
                        let score = (suspect.score * 100.0).floor() / 100.0;
                        html.line("td", &[], &format!("{score:.2}"));
                        html.line("td", &[], &grouped(suspect.lost.max(0.0).round() as u64));
                        html.line("td", &[], &share(suspect.share));
                        let by = suspect.explained_by.join(", ");
                        let explained = match by.as_str() {
                            "" => String::new(),
                            by => format!("{} by {by}", share(suspect.explained)),
                        };
                        html.line("td", &[], &explained);
                    });
                }
            });
        });
    });
}

/// Rounded down: nobody is blamed for more than the evidence says.
fn share(share: f64) -> String {
    why::percent((share * 100.0).floor() / 100.0)
}
