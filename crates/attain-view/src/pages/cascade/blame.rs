//! Who spent the budget: the sentence, how strong the evidence is, and who else is suspected. Knows an answer; the words are
//! those of `attain why`.

use attain_cascade::why::{Account, Episode, Finding, Suspect, Why};
use attain_model::{Scope, SloId, Verdict};

use super::drawing::Marked;
use crate::html::Html;
use crate::html::parts::{self, State, facts, head, link_or_prose, mark};
use crate::number::{self, thousands};
use crate::report::series;
use crate::status::headline::pages_now;
use crate::why::{self, cause};

/// An answer beside how its series stand now: what is worst and goes on stands first, what is over stands last.
pub(super) struct Blame<'b> {
    answer: &'b Why,
    ranked: Vec<(Rank, &'b Finding)>,
    verdicts: &'b [Verdict],
}

/// How urgent a finding is; the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// No page fires whose loss goes on.
    can_wait: bool,
    harm: Harm,
    has_ended: bool,
}

/// How a series stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Harm {
    Broken,
    InDanger,
    None,
}

/// A loss with suspects.
type Told<'b> = (&'b Finding, &'b Episode, &'b Account);

impl<'b> Blame<'b> {
    pub(super) fn of(answer: &'b Why, verdicts: &'b [Verdict]) -> Self {
        let rank = |finding: &Finding| {
            let verdict = verdicts.iter().find(|one| one.name == finding.name);
            let episode = finding.episode.as_ref();
            let has_ended = episode.is_none_or(|episode| cause::is_over(answer, episode, verdict));
            Rank {
                can_wait: has_ended || !verdict.is_some_and(pages_now),
                harm: match verdict.map(series::state) {
                    Some(State::Bad) => Harm::Broken,
                    Some(State::Warn) => Harm::InDanger,
                    _ => Harm::None,
                },
                has_ended,
            }
        };
        let findings = answer.findings.iter();
        let mut ranked: Vec<_> = findings.map(|finding| (rank(finding), finding)).collect();
        // Of those alike the highest segment stays first.
        ranked.sort_by_key(|(rank, _)| *rank);
        Self {
            answer,
            ranked,
            verdicts,
        }
    }

    /// What it is about: whose loss, who spent the budget that is worst off now, if somebody is named; with what to do next.
    pub(super) fn first(&self) -> Option<(&'b SloId, String, Option<&'b str>)> {
        // What is over and hurts nobody is no headline.
        let (_, worst) = self.ranked.first().filter(|(rank, _)| is_hurt(*rank))?;
        let (finding, episode, account) = told(worst).find(|(_, _, account)| account.is_named)?;
        let runbook = account.suspects.first()?.runbook.as_deref();
        let mut verdicts = self.verdicts.iter();
        let verdict = verdicts.find(|one| one.name == finding.name);
        let is_over = cause::is_over(self.answer, episode, verdict);
        let sentence = headline(self.answer, finding, episode, account, is_over)?;
        Some((&finding.name.slo, sentence, runbook))
    }

    /// Who is named of what is not over, to be found in the drawing.
    pub(super) fn marked(&self) -> Vec<Marked> {
        let of = |account: &Account| {
            let first = account.suspects.first()?;
            Some(Marked {
                path: first.path.clone(),
                words: format!("{} of a loss started here", share(first.score)),
            })
        };
        let now = self.now().flat_map(told);
        let named = now.filter(|(_, _, account)| account.is_named);
        let mut marked: Vec<Marked> = Vec::new();
        for one in named.filter_map(|(_, _, account)| of(account)) {
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

    /// The worst, and whatever else is hurt and still losing.
    fn now(&self) -> impl Iterator<Item = &'b Finding> + '_ {
        let ranked = self.ranked.iter().enumerate();
        ranked
            .filter(|(place, (rank, _))| match place {
                0 => is_hurt(*rank),
                _ => is_now(*rank),
            })
            .map(|(_, (_, finding))| *finding)
    }

    fn earlier(&self) -> impl Iterator<Item = &'b Finding> + '_ {
        let ranked = self.ranked.iter().enumerate();
        ranked
            .filter(|(place, (rank, _))| match place {
                0 => !is_hurt(*rank),
                _ => !is_now(*rank),
            })
            .map(|(_, (_, finding))| *finding)
    }

    /// The section.
    pub(super) fn write(&self, html: &mut Html) {
        parts::section(html, "why", "Who spent the budget", |html| {
            // A part that lost on the way is told with the loss that it is part of.
            let is_whole = |finding: &&Finding| {
                let mut others = self.answer.findings.iter();
                !others.any(|other| cause::is_part_of(finding, other))
            };
            let now = self.now().filter(is_whole);
            self.accounts(html, now.flat_map(told).collect());
            let earlier = self.earlier().filter(is_whole);
            let earlier: Vec<Told<'_>> = earlier.flat_map(told).collect();
            if !earlier.is_empty() {
                html.line("h3", &[], "Earlier");
                self.accounts(html, earlier);
            }
            let mut notes = self.notes();
            notes.extend(self.answer.notes.iter().cloned());
            parts::notes(html, notes.iter().map(String::as_str));
        });
    }

    fn accounts(&self, html: &mut Html, mut told: Vec<Told<'_>>) {
        told.sort_by_key(|(_, _, account)| !account.is_named);
        for (finding, episode, account) in told {
            one(html, self.answer, finding, episode, account);
        }
    }

    /// Series of which nobody is suspected.
    fn notes(&self) -> Vec<String> {
        let (mut notes, mut calm) = (Vec::new(), Vec::new());
        for (rank, finding) in &self.ranked {
            match &finding.episode {
                _ if told(finding).next().is_some() => {}
                _ if rank.harm != Harm::None => notes.push(self.nobody(finding)),
                Some(episode) => notes.push(why::little(self.answer, finding, episode)),
                None => calm.push(finding.name.to_string()),
            }
        }
        if !calm.is_empty() {
            notes.push(why::calm(self.answer, &calm));
        }
        notes
    }

    /// A series that is hurt, and why nobody is named.
    fn nobody(&self, finding: &Finding) -> String {
        let why = match &finding.episode {
            Some(episode) => format!(
                "it lost {}, and none of what it rests on lost more than usual then",
                why::lost(self.answer, episode)
            ),
            None => format!(
                "it lost no more than is allowed in the {} before, so what it lost is older",
                number::about(self.answer.looked_back)
            ),
        };
        let verdict = self.verdicts.iter().find(|one| one.name == finding.name);
        let (word, bad) = verdict.map_or(("hurt", 0), |verdict| {
            (series::word(verdict), verdict.attainment.bad)
        });
        format!(
            "{} is {word} with {} bad in its window, and who spent its budget cannot be told: {why}.",
            finding.name,
            thousands(bad)
        )
    }
}

fn is_hurt(rank: Rank) -> bool {
    rank.harm != Harm::None
}

fn is_now(rank: Rank) -> bool {
    is_hurt(rank) && !rank.has_ended
}

fn told(finding: &Finding) -> impl Iterator<Item = Told<'_>> {
    let episode = finding.episode.iter();
    episode.flat_map(move |episode| {
        let accounts = episode
            .accounts
            .iter()
            .filter(|account| !account.suspects.is_empty());
        accounts.map(move |account| (finding, episode, account))
    })
}

/// `checkout: premium lost 42% of its budget since 14:05:00 UTC (2m ago); 99% of that started in auth-login. Ask platform.`
fn headline(
    answer: &Why,
    finding: &Finding,
    episode: &Episode,
    account: &Account,
    is_over: bool,
) -> Option<String> {
    let first = account.suspects.first()?;
    let whose = match &finding.name.scope {
        Scope::All => finding.name.slo.to_string(),
        Scope::Segment(segment) => format!("{}: {segment}", finding.name.slo),
    };
    let of_budget = match &episode.budget_share {
        Some((share, _)) => format!("{} of its budget", why::percent(*share)),
        None => "budget".to_owned(),
    };
    // The way to it is drawn, and stands in the account below.
    let own = match first.path.len() {
        0 | 1 => " itself",
        _ => "",
    };
    let next = match first.owners.as_slice() {
        [] => String::new(),
        owners => format!(" Ask {}.", owners.join(", ")),
    };
    // A later account is about what the others leave over.
    let is_all = episode
        .accounts
        .first()
        .is_some_and(|one| std::ptr::eq(one, account));
    let of = if is_all {
        "that"
    } else {
        "what is left of that"
    };
    Some(format!(
        "{whose} lost {of_budget} {}; {} of {of} started in {}{own}.{next}",
        cause::when(answer, episode, &answer.zone, is_over),
        share(first.score),
        first.name
    ))
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
            // The runbook stands below, as a link.
            let (sentence, _) = sentence.split_once("; runbook ").unwrap_or((&sentence, ""));
            html.text(sentence);
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
        let mut columns = vec![
            "suspect",
            "path",
            "started there",
            "beyond usual",
            "explains up to",
        ];
        // Where nobody's loss is explained by somebody else's, there is nothing to say.
        let is_explained = |suspect: &&Suspect| !suspect.explained_by.is_empty();
        let has_explained = account
            .suspects
            .iter()
            .any(|suspect| is_explained(&suspect));
        if has_explained {
            columns.push("of that by its own parts");
        }
        let label = format!("Suspects of what {} lost", finding.name);
        parts::table(html, "plain stacks", &label, |html| {
            head(html, columns, 2);
            html.element("tbody", &[], |html| {
                for suspect in &account.suspects {
                    html.element("tr", &[], |html| {
                        html.line("th", &[("scope", "row")], &suspect.name);
                        let path = suspect.path.join(" > ");
                        html.line("td", &[("class", "word said"), ("data-of", "path")], &path);
                        html.line("td", &[("data-of", "started there")], &share(suspect.score));
                        html.line(
                            "td",
                            &[("data-of", "beyond usual")],
                            &thousands(suspect.lost.max(0.0).round() as u64),
                        );
                        html.line(
                            "td",
                            &[("data-of", "explains up to")],
                            &share(suspect.share),
                        );
                        if !has_explained {
                            return;
                        }
                        let by = suspect.explained_by.join(", ");
                        let explained = match by.as_str() {
                            "" => "-".to_owned(),
                            by => format!("{} by {by}", share(suspect.explained)),
                        };
                        html.line("td", &[("data-of", "by its parts")], &explained);
                    });
                }
            });
        });
        html.line("p", &[("class", "hint")], SUSPECTED);
    });
}

/// What the columns of a suspect mean.
const SUSPECTED: &str = "Started there: the share of what was lost that the evidence puts down to it. Beyond usual: bad events of \
                         its own more than usual. Explains up to: the share that it comes to with all that it rests on.";

/// Rounded down: nobody is blamed for more than the evidence says.
fn share(share: f64) -> String {
    why::percent((share * 100.0).floor() / 100.0)
}
