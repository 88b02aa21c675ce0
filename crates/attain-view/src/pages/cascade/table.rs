//! The cascade in words: a table of all that is drawn, and the tree of it for narrow pages. Knows the graph.

use super::drawing::{Marked, impact, state_words};
use super::graph::{Edge, Graph, Kind, Node};
use crate::cascade::words;
use crate::html::Html;
use crate::html::parts::{self, State, badge, head, mark};
use crate::pages::{Ask, ask as address};

/// Levels of the tree; what lies deeper stands in the table.
const DEEPEST: usize = 12;

/// What an edge says: `checkout rests on payments: 60% of requests`.
pub(super) fn edge_words(graph: &Graph<'_>, edge: &Edge<'_>) -> String {
    let (from, to) = (&graph.nodes[edge.from].name, &graph.nodes[edge.to].name);
    let mut text = format!("{from} rests on {to}");
    let mut more = words::edge(edge.of);
    if edge.kind == Kind::Spare {
        more.push("one helps out for another".to_owned());
    }
    if more.is_empty() {
        more.push("every failure gets through".to_owned());
    }
    text.push_str(&format!(": {}", more.join(", ")));
    text
}

pub(super) fn table(html: &mut Html, ask: &Ask, graph: &Graph<'_>) {
    let columns = [
        "SLO",
        "layer",
        "state",
        "rests on, and which share of its failures gets through",
        "owner",
        "least left",
    ];
    parts::table(
        html,
        "plain stacks cascade-table",
        "Every SLO of the cascade",
        |html| {
            head(html, columns, 5);
            html.element("tbody", &[], |html| {
                for at in graph.rows.iter().flatten().copied() {
                    row(html, ask, graph, at);
                }
            });
        },
    );
}

fn row(html: &mut Html, ask: &Ask, graph: &Graph<'_>, at: usize) {
    let node = &graph.nodes[at];
    html.element("tr", &[], |html| {
        html.element("th", &[("scope", "row")], |html| {
            named(html, ask, graph, at)
        });
        html.line(
            "td",
            &[("class", "word"), ("data-of", "layer")],
            node.layer(),
        );
        html.element("td", &[("class", "word"), ("data-of", "state")], |html| {
            badge(html, node.state, node.word);
            if !node.whose.is_empty() {
                html.line("small", &[], &format!(" for {}", node.whose.join(", ")));
            }
            why(html, ask, node);
            if node.is_masked {
                html.line("div", &[("class", "flag")], "all together looks fine");
            }
        });
        html.element(
            "td",
            &[("class", "word said"), ("data-of", "rests on")],
            |html| {
                for (nth, edge) in graph.below(at).enumerate() {
                    html.text(if nth > 0 { ", " } else { "" });
                    named(html, ask, graph, edge.to);
                    html.line("small", &[], &format!(" {}", impact(edge)));
                }
                if graph.below(at).next().is_none() {
                    html.text("nothing");
                }
            },
        );
        let owners = node.slo.map(|slo| {
            let owners: Vec<String> = slo.owners.iter().map(ToString::to_string).collect();
            owners.join(", ")
        });
        let owners = owners.unwrap_or_else(|| "somebody else".to_owned());
        html.line("td", &[("class", "word"), ("data-of", "owner")], &owners);
        let left = node.left.as_ref().map_or("-", |(left, _)| left.as_str());
        html.element("td", &[("data-of", "least left")], |html| {
            html.text(left);
            if let Some(of) = &node.left_whose {
                html.line("small", &[], &format!(" {of}"));
            }
        });
    });
}

/// Who spent the budget of one that is hurt: the same page about it.
fn why(html: &mut Html, ask: &Ask, node: &Node<'_>) {
    let Some(slo) = node
        .slo
        .filter(|_| matches!(node.state, State::Bad | State::Warn))
    else {
        return;
    };
    let to = ask.with("slo", slo.id.as_str()).to("/cascade") + "#why";
    let label = format!("who spent it? {}", slo.id);
    html.text(" ");
    html.line(
        "a",
        &[("href", &to), ("aria-label", &label)],
        "who spent it?",
    );
}

fn named(html: &mut Html, ask: &Ask, graph: &Graph<'_>, at: usize) {
    let node = &graph.nodes[at];
    match node.slo {
        Some(slo) => {
            let to = ask
                .everywhere()
                .to(&address::path("/slos/", slo.id.as_str()));
            html.line("a", &[("href", &to)], &node.name);
        }
        None => html.text(&node.name),
    }
}

/// The same as a list, for where a drawing does not fit.
pub(super) fn tree(html: &mut Html, ask: &Ask, graph: &Graph<'_>, marked: &[Marked]) {
    let mut tree = Tree {
        ask,
        graph,
        marked,
        seen: vec![false; graph.nodes.len()],
    };
    html.element("ul", &[("class", "tree")], |html| {
        for root in graph.roots() {
            tree.branch(html, root, None, 0);
        }
    });
}

struct Tree<'t> {
    ask: &'t Ask,
    graph: &'t Graph<'t>,
    marked: &'t [Marked],
    /// What was told already is not told again.
    seen: Vec<bool>,
}

impl Tree<'_> {
    fn branch(&mut self, html: &mut Html, at: usize, by: Option<&Edge<'_>>, depth: usize) {
        let (ask, graph, marked) = (self.ask, self.graph, self.marked);
        let node = &graph.nodes[at];
        let is_again = std::mem::replace(&mut self.seen[at], true);
        html.element("li", &[], |html| {
            html.element("span", &[("class", node.state.class())], |html| {
                mark(html, node.state)
            });
            html.text(" ");
            named(html, ask, graph, at);
            let mut words = vec![state_words(node)];
            if let Some((left, _)) = &node.left {
                words.push(format!("{left}{}", node.left_of()));
            }
            let felt = by.map(impact).filter(|felt| felt != "100%");
            words.extend(felt.map(|felt| match felt.ends_with('%') {
                true => format!("{felt} of its failures get through"),
                false => felt,
            }));
            if node.is_masked {
                words.push("all together looks fine".to_owned());
            }
            let has_more = graph.below(at).next().is_some();
            if is_again && has_more {
                words.push("what it rests on stands above".to_owned());
            }
            html.line("small", &[], &format!(" {}", words.join(" \u{b7} ")));
            if let Some(blame) = marked.iter().find(|m| m.path.last() == Some(&node.name)) {
                html.line("div", &[("class", "flag")], &blame.words);
            }
            why(html, ask, node);
            if is_again || !has_more || depth >= DEEPEST {
                return;
            }
            html.element("ul", &[], |html| {
                for edge in graph.below(at) {
                    self.branch(html, edge.to, Some(edge), depth + 1);
                }
            });
        });
    }
}
