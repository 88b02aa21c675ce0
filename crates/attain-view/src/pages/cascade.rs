//! The cascade: which SLO rests on which, how each stands, and who spent the budget of one that is broken.
//!
//! Knows what stands where on the page. What each part costs and who is to blame is attain-cascade's.

mod blame;
mod costs;
mod drawing;
mod graph;
mod layout;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use attain_cascade::why::Why;
use attain_cascade::{Choice, chosen, counted, resting};
use attain_model::{Slo, SloId};
use jiff::civil::Date;

use super::frame::{Here, frame};
use super::{Ask, Scene, ask as address};
use crate::cascade::Shown;
use crate::html::Html;
use crate::html::parts::{self, State, mark};
use crate::number;
use crate::status::headline;
use blame::Blame;
use drawing::Marked;
use graph::Graph;

/// SLOs that can be chosen from, the most urgent first.
const CHOICES_MOST: usize = 12;

/// Series that are named although they are not drawn.
const PAGING_MOST: usize = 4;

/// Who spent the budget of the SLO that a page is about, as far as it was asked.
#[derive(Debug, Clone, Copy)]
pub enum Blamed<'a> {
    /// Nobody asked: nothing is broken.
    NotAsked,
    /// The answer.
    Answer(&'a Why),
    /// There is none at the moment; why.
    Unanswered(&'a str),
}

/// Whose budget a page is to explain: the SLO that is named, or else the worst of those for customers; `None` where it is
/// neither broken nor in danger.
#[must_use]
pub fn to_blame(scene: &Scene<'_>, ask: &Ask) -> Option<SloId> {
    let on = day(scene);
    let subject = subject(scene, ask, on)?;
    let graph = Graph::of(scene, Some(subject), on);
    let node = graph
        .nodes
        .iter()
        .find(|node| node.name == subject.as_str())?;
    matches!(node.state, State::Bad | State::Warn).then(|| subject.clone())
}

/// The page at `/cascade`; `?slo=` is about one SLO, with what rests on it and what it rests on.
#[must_use]
pub fn cascade(scene: &Scene<'_>, ask: &Ask, blamed: Blamed<'_>) -> String {
    let on = day(scene);
    let named = ask.get("slo").map(SloId::from);
    let title = match &named {
        Some(slo) => format!("What {slo} rests on"),
        None => "Cascade".to_owned(),
    };
    frame(scene, ask, Here::Cascade, &title, "/cascade", |html| {
        let graph = Graph::of(scene, named.as_ref(), on);
        if graph.edges.is_empty() {
            return teach(html, ask, named.as_ref());
        }
        let answer = match blamed {
            Blamed::Answer(why) => {
                let mut why = why.clone();
                why.zone = scene.zone.clone();
                Some(why)
            }
            Blamed::NotAsked | Blamed::Unanswered(_) => None,
        };
        let verdicts = scene.evaluation.map_or(&[][..], |e| &e.verdicts);
        let blame = answer.as_ref().map(|answer| Blame::of(answer, verdicts));
        let marked = blame.as_ref().map(Blame::marked).unwrap_or_default();
        let subject = subject(scene, ask, on);
        let lead = Lead {
            scene,
            ask,
            graph: &graph,
            subject,
            blame: blame.as_ref(),
            blamed,
        };
        match scene.evaluation {
            Some(_) => lead.write(html),
            None => super::teach::teach(html, scene, ask),
        }
        choices(html, scene, ask, on);
        drawn(html, ask, &graph, &marked);
        if let Some(blame) = &blame {
            blame.write(html);
        }
        explained(html, scene, ask, named.as_ref(), on);
    })
}

fn day(scene: &Scene<'_>) -> Date {
    let at = match scene.evaluation {
        Some(evaluation) => evaluation.as_of.instant,
        None => scene.server.now,
    };
    at.to_zoned(scene.promises.catalogue().timezone.clone())
        .date()
}

/// What the page is about.
fn subject<'a>(scene: &Scene<'a>, ask: &Ask, on: Date) -> Option<&'a SloId> {
    let catalogue = scene.promises.catalogue();
    if let Some(named) = ask.get("slo") {
        return catalogue.slos.get_key_value(named).map(|(id, _)| id);
    }
    let slos: BTreeMap<&SloId, &Slo> = catalogue.live_slos(on).map(|slo| (&slo.id, slo)).collect();
    graph::worst(scene, &graph::taking_part(&slos))
}

/// The first sentence.
struct Lead<'l> {
    scene: &'l Scene<'l>,
    ask: &'l Ask,
    graph: &'l Graph<'l>,
    subject: Option<&'l SloId>,
    blame: Option<&'l Blame<'l>>,
    blamed: Blamed<'l>,
}

impl Lead<'_> {
    fn write(&self, html: &mut Html) {
        html.element("p", &[("class", "eyebrow crumb")], |html| {
            html.line(
                "a",
                &[("href", &self.ask.everywhere().to("/"))],
                "Every promise",
            );
            html.text(" / cascade");
        });
        let (state, sentence) = self.sentence();
        let class = format!("summary {}", state.class());
        html.element(
            "section",
            &[("class", &class), ("data-key", "now")],
            |html| {
                html.element("h1", &[("class", "lead")], |html| {
                    mark(html, state);
                    html.text(&sentence);
                });
                if let Some((_, _, Some(runbook))) = self.blame.and_then(Blame::first) {
                    html.element("p", &[("class", "body")], |html| {
                        html.text("Runbook: ");
                        parts::link_or_prose(html, runbook);
                    });
                }
                for text in self.body() {
                    html.line("p", &[("class", "body")], &text);
                }
                self.links(html);
            },
        );
    }

    fn sentence(&self) -> (State, String) {
        if let Some((slo, sentence, _)) = self.blame.and_then(Blame::first) {
            return (self.state_of(slo), sentence);
        }
        let worst = self.node();
        let Some(worst) = worst else {
            return (State::Unknown, "Nothing here was judged yet.".to_owned());
        };
        let whose = match worst.whose.as_slice() {
            [] => String::new(),
            whose => format!(" for {}", whose.join(", ")),
        };
        let left = worst
            .left
            .as_ref()
            .map(|(left, _)| format!("; of its budget {left}"));
        let text = format!(
            "{} is {}{whose}{}.",
            worst.name,
            worst.word,
            left.unwrap_or_default()
        );
        (worst.state, text)
    }

    fn node(&self) -> Option<&graph::Node<'_>> {
        self.node_of(self.subject?)
    }

    fn node_of(&self, slo: &SloId) -> Option<&graph::Node<'_>> {
        let mut nodes = self.graph.nodes.iter();
        nodes.find(|node| slo.as_str() == node.name)
    }

    fn state_of(&self, slo: &SloId) -> State {
        self.node_of(slo).map_or(State::Unknown, |node| node.state)
    }

    fn body(&self) -> Vec<String> {
        let mut body = Vec::new();
        if let Blamed::Unanswered(why) = self.blamed {
            body.push(format!(
                "Who spent the budget was not worked out: {why}. Load the page again."
            ));
        }
        let shown = self.graph.nodes.iter().filter(|node| node.slo.is_some());
        let broken = shown
            .clone()
            .filter(|node| node.state == State::Bad)
            .count();
        let broken = match broken {
            0 => "none".to_owned(),
            some => number::thousands(some as u64),
        };
        body.push(format!(
            "{} shown, {broken} of them broken.",
            number::counted(shown.count() as u64, "SLO")
        ));
        body.extend(self.outside());
        if self.graph.left_out > 0 {
            body.push(format!(
                "The cascade has {} more SLOs; this is the part around the one that is worst. Choose another below.",
                number::thousands(self.graph.left_out as u64)
            ));
        }
        body
    }

    /// What pages now and takes no part in what is shown.
    fn outside(&self) -> Option<String> {
        let verdicts = self.scene.evaluation.into_iter().flat_map(|e| &e.verdicts);
        let paging = verdicts.filter(|verdict| headline::pages_now(verdict));
        let outside = paging.filter(|verdict| self.node_of(&verdict.name.slo).is_none());
        let names: Vec<String> = outside.map(|verdict| verdict.name.to_string()).collect();
        let shown = names.get(..names.len().min(PAGING_MOST))?.join(", ");
        let more = match names.len().saturating_sub(PAGING_MOST) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        (!names.is_empty())
            .then(|| format!("Pages now, and is not in this drawing: {shown}{more}."))
    }

    fn links(&self, html: &mut Html) {
        let Some(subject) = self.subject else {
            return;
        };
        let all = self.ask.everywhere();
        html.element("p", &[("class", "also go")], |html| {
            let to = all.to(&address::path("/slos/", subject.as_str()));
            html.line(
                "a",
                &[("href", &to)],
                &format!("Everything about {subject}"),
            );
            html.text(" \u{b7} as JSON: ");
            for (nth, path) in ["/api/v1/cascade", "/api/v1/why"].into_iter().enumerate() {
                html.text(if nth > 0 { ", " } else { "" });
                let word = path.rsplit('/').next().unwrap_or_default();
                html.line("a", &[("href", &self.json(path, subject))], word);
            }
            // A loss that is older than what `why` looks at: ask when the budget went.
            let verdicts = self.scene.evaluation.into_iter().flat_map(|e| &e.verdicts);
            let of_it = verdicts.filter(|verdict| verdict.name.slo == *subject);
            let since = of_it.filter_map(|verdict| verdict.overspent_since).max();
            let is_told = self.blame.is_some_and(|blame| blame.first().is_some());
            if let Some(since) = since.filter(|_| !is_told && self.blame.is_some()) {
                // It began with this slice, which was judged only at its end.
                let since = since.checked_add(self.scene.server.slice).unwrap_or(since);
                html.text(" \u{b7} ");
                let ask = all
                    .with("slo", subject.as_str())
                    .with("at", &since.to_string());
                let word = format!(
                    "Who had spent it by {}, when the budget was gone",
                    number::instant(since, self.scene.zone)
                );
                html.line("a", &[("href", &ask.to("/cascade"))], &word);
            }
        });
    }
}

impl Lead<'_> {
    /// The same for programs, of the same instant.
    fn json(&self, path: &str, slo: &SloId) -> String {
        let mut ask = Ask::default().with("slo", slo.as_str());
        if let Some(segment) = self.ask.get("segment") {
            ask = ask.with("segment", segment);
        }
        match self.scene.evaluation {
            Some(evaluation) if self.scene.is_past => ask
                .with("at", &evaluation.as_of.instant.to_string())
                .to(path),
            _ => ask.to(path),
        }
    }
}

/// The whole cascade, or the part around one SLO for customers.
fn choices(html: &mut Html, scene: &Scene<'_>, ask: &Ask, on: Date) {
    let catalogue = scene.promises.catalogue();
    let mut slos: Vec<&SloId> = resting(catalogue, on)
        .into_iter()
        .map(|slo| &slo.id)
        .collect();
    let chosen = ask.get("slo").unwrap_or_default();
    if let Some((id, _)) = catalogue.slos.get_key_value(chosen)
        && !slos.contains(&id)
    {
        slos.push(id);
    }
    let graph = Graph::of(scene, None, on);
    let state = |id: &SloId| {
        let node = graph.nodes.iter().find(|node| node.name == id.as_str());
        node.map_or(State::Unknown, |node| node.state)
    };
    slos.sort_by_key(|id| (chosen != id.as_str(), state(id), (*id).clone()));
    let attributes = [
        ("class", "chips"),
        ("aria-label", "By SLO"),
        ("data-key", "slos"),
    ];
    html.element("nav", &attributes, |html| {
        let current = |is: bool| if is { "true" } else { "" };
        let to = ask.with("slo", "").to("/cascade");
        let attributes = [
            ("class", "chip"),
            ("href", &*to),
            ("aria-current", current(chosen.is_empty())),
        ];
        html.line("a", &attributes, "Whole cascade");
        for id in slos.into_iter().take(CHOICES_MOST) {
            let to = ask.with("slo", id.as_str()).to("/cascade");
            let class = format!("chip {}", state(id).class());
            let attributes = [
                ("class", &*class),
                ("href", &*to),
                ("aria-current", current(chosen == id.as_str())),
            ];
            html.element("a", &attributes, |html| {
                mark(html, state(id));
                html.text(id.as_str());
            });
        }
    });
}

fn drawn(html: &mut Html, ask: &Ask, graph: &Graph<'_>, marked: &[Marked]) {
    parts::section(html, "rests", "What rests on what", |html| {
        let attributes = [
            ("class", "scroll cascade-drawing"),
            ("role", "region"),
            ("tabindex", "0"),
            ("aria-label", "Drawing of the cascade"),
            ("data-key", "cascade"),
        ];
        html.element("div", &attributes, |html| {
            drawing::drawing(html, ask, graph, marked)
        });
        html.element(
            "div",
            &[("class", "cascade-list"), ("data-key", "tree")],
            |html| {
                table::tree(html, ask, graph, marked);
            },
        );
        html.own(
            "<p class=\"hint cascade-legend\">A line leads down from whoever waits to what it waits for. On it stands which share \
             of the failures below gets through, unless all do; a dashed line is not needed for the answer, a dotted one has a spare. A thick \
             line is the way that a lost budget took.</p>",
        );
        html.element("div", &[("data-key", "cascade-table")], |html| {
            table::table(html, ask, graph);
        });
    });
}

/// What the parts may cost; of one SLO, or of those that customers were promised.
fn explained(html: &mut Html, scene: &Scene<'_>, ask: &Ask, named: Option<&SloId>, on: Date) {
    let catalogue = scene.promises.catalogue();
    let slos: Vec<&Slo> = match named {
        Some(id) => catalogue.slos.get(id).into_iter().collect(),
        None => resting(catalogue, on),
    };
    let choice = Choice {
        objective: None,
        segment: ask.get("segment"),
    };
    // A page of thousands of promises helps nobody.
    let few: BTreeSet<&SloId> = slos
        .iter()
        .take(graph::DRAWN_MOST)
        .map(|slo| &slo.id)
        .collect();
    let slos: Vec<&Slo> = slos
        .into_iter()
        .filter(|slo| few.contains(&slo.id))
        .collect();
    let counts = scene.evaluation.map(counted).unwrap_or_default();
    let explained = chosen(catalogue, &slos, choice, on, &counts);
    costs::costs(
        html,
        &Shown {
            catalogue,
            explained: &explained,
            counted: None,
            together: &BTreeMap::new(),
        },
    );
}

fn teach(html: &mut Html, ask: &Ask, named: Option<&SloId>) {
    html.element("section", &[("class", "summary unknown")], |html| {
        html.element("h1", &[("class", "lead")], |html| {
            mark(html, State::Unknown);
            html.text(&match named {
                Some(slo) => format!("{slo} rests on nothing, and nothing rests on it."),
                None => "No SLO says what it rests on.".to_owned(),
            });
        });
        html.element("p", &[("class", "body")], |html| {
            html.prose(
                "Say it in the SLO that customers see, and this page shows what they wait for, which budget each part may \
                 spend, and who spent it:",
            );
        });
        html.own("<pre>slos:\n  checkout-completes:\n    depends_on: [auth-login, {slo: payments, share: 60%}]</pre>");
        html.element("p", &[("class", "also")], |html| {
            html.prose("`attain discover` finds who calls whom in traces and proposes what to write. ");
            let to = ask.everywhere().to("/cascade");
            html.line("a", &[("href", &to)], "The whole cascade");
        });
    });
}
