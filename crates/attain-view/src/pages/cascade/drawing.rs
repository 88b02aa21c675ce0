//! The cascade as a drawing: layers from the top down, a box for each SLO, a line for each dependency. Knows places; what it
//! says stands in the table below it, too.

use super::graph::{Edge, Graph, Kind, Node};
use crate::html::Html;
use crate::html::parts::State;
use crate::pages::{Ask, ask as address};

const WIDTH: f64 = 186.0;
/// Three lines; one more where something is flagged.
const HEIGHT: f64 = 66.0;
const FLAG: f64 = 17.0;
const GAP: f64 = 26.0;
/// Between two rows: room for the lines and what they say.
const BETWEEN: f64 = 62.0;
/// Above the first row of a layer: its name.
const HEADING: f64 = 26.0;
const MARGIN: f64 = 12.0;
/// Letters of a name that fit into a box.
const LETTERS: usize = 22;

/// Where somebody is said to have spent a budget: on the way there, or the place itself.
pub(super) struct Marked {
    /// Names from the SLO that lost it to the one that spent it.
    pub(super) path: Vec<String>,
    /// `75% started here`.
    pub(super) words: String,
}

pub(super) fn drawing(html: &mut Html, ask: &Ask, graph: &Graph<'_>, marked: &[Marked]) {
    let is_flagged = !marked.is_empty() || graph.nodes.iter().any(|node| node.is_masked);
    let layout = Layout::of(graph, if is_flagged { HEIGHT + FLAG } else { HEIGHT });
    let (width, height) = (number(layout.width), number(layout.height));
    let view = format!("0 0 {width} {height}");
    let attributes = [
        ("class", "graph"),
        ("viewBox", &*view),
        ("width", &*width),
        ("height", &*height),
        ("role", "group"),
        (
            "aria-label",
            "What rests on what; the table below says the same",
        ),
    ];
    html.element("svg", &attributes, |html| {
        for (name, top, bottom) in &layout.bands {
            band(html, name, *top, *bottom, layout.width);
        }
        let labels: Vec<Label> = graph
            .edges
            .iter()
            .enumerate()
            .map(|(at, edge)| line(html, graph, &layout, at, edge, marked))
            .collect();
        for label in labels {
            label.draw(html);
        }
        for (at, node) in graph.nodes.iter().enumerate() {
            let blame = marked.iter().find(|m| m.path.last() == Some(&node.name));
            draw_node(html, ask, node, layout.corner(at), layout.box_height, blame);
        }
    });
}

struct Layout {
    corners: Vec<(f64, f64)>,
    box_height: f64,
    bands: Vec<(&'static str, f64, f64)>,
    width: f64,
    height: f64,
}

impl Layout {
    fn of(graph: &Graph<'_>, box_height: f64) -> Self {
        let widest = graph.rows.iter().map(Vec::len).max().unwrap_or(1).max(1) as f64;
        let width = widest * (WIDTH + GAP) - GAP + 2.0 * MARGIN;
        let mut corners = vec![(0.0, 0.0); graph.nodes.len()];
        let mut bands: Vec<(&'static str, f64, f64)> = Vec::new();
        let mut y = 0.0;
        for row in &graph.rows {
            let layer = row.first().map_or("", |at| graph.nodes[*at].layer());
            match bands.last_mut().filter(|band| band.0 == layer) {
                Some(band) => {
                    y += BETWEEN;
                    band.2 = y + box_height + MARGIN;
                }
                None => {
                    // The lines into a layer need room, too.
                    y += if bands.is_empty() {
                        HEADING
                    } else {
                        HEADING + 46.0
                    };
                    bands.push((layer, y - HEADING, y + box_height + MARGIN));
                }
            }
            let taken = row.len() as f64 * (WIDTH + GAP) - GAP;
            let left = (width - taken) / 2.0;
            for (place, at) in row.iter().enumerate() {
                corners[*at] = (left + place as f64 * (WIDTH + GAP), y);
            }
            y += box_height;
        }
        Self {
            corners,
            box_height,
            bands,
            width,
            height: y + MARGIN + 2.0,
        }
    }

    fn corner(&self, at: usize) -> (f64, f64) {
        self.corners[at]
    }
}

fn band(html: &mut Html, name: &str, top: f64, bottom: f64, width: f64) {
    let (y, width, height) = (number(top), number(width), number(bottom - top));
    let attributes = [
        ("class", "band"),
        ("x", "0"),
        ("y", &*y),
        ("width", &*width),
        ("height", &*height),
        ("rx", "8"),
    ];
    html.shape("rect", &attributes);
    text(
        html,
        "layer",
        (MARGIN, top + 16.0),
        &format!("{name} layer"),
    );
}

/// What a line says, in its middle.
struct Label {
    at: (f64, f64),
    text: String,
}

impl Label {
    fn draw(&self, html: &mut Html) {
        if self.text.is_empty() {
            return;
        }
        let width = self.text.chars().count() as f64 * 6.6 + 8.0;
        let (x, y) = (number(self.at.0 - width / 2.0), number(self.at.1 - 9.0));
        let width = number(width);
        let attributes = [
            ("class", "ground"),
            ("x", &*x),
            ("y", &*y),
            ("width", &*width),
            ("height", "16"),
            ("rx", "3"),
        ];
        html.shape("rect", &attributes);
        text(html, "impact", (self.at.0, self.at.1 + 3.5), &self.text);
    }
}

fn line(
    html: &mut Html,
    graph: &Graph<'_>,
    layout: &Layout,
    at: usize,
    edge: &Edge<'_>,
    marked: &[Marked],
) -> Label {
    let (from, to) = (layout.corner(edge.from), layout.corner(edge.to));
    let start = (
        from.0 + WIDTH * part(graph, layout, at, false),
        from.1 + layout.box_height,
    );
    let end = (to.0 + WIDTH * part(graph, layout, at, true), to.1);
    // Upwards, where an edge leads back to a layer above.
    let bend = if end.1 > start.1 {
        ((end.1 - start.1) / 2.0).min(70.0)
    } else {
        46.0
    };
    let d = format!(
        "M{} {}C{} {} {} {} {} {}",
        number(start.0),
        number(start.1),
        number(start.0),
        number(start.1 + bend),
        number(end.0),
        number(end.1 - bend),
        number(end.0),
        number(end.1)
    );
    let is_on_path = marked.iter().any(|marked| {
        let names = [&graph.nodes[edge.from].name, &graph.nodes[edge.to].name];
        marked.path.windows(2).any(|two| two.iter().eq(names))
    });
    let class = match (is_on_path, edge.kind) {
        (true, _) => "edge way",
        (false, Kind::Needed) => "edge",
        (false, Kind::Spare) => "edge spare",
        (false, Kind::Unneeded) => "edge unneeded",
    };
    html.element("path", &[("class", class), ("d", &d)], |html| {
        let words = super::table::edge_words(graph, edge);
        html.line("title", &[], &words);
    });
    // Not all in the middle, so that lines into one box do not write over each other.
    let t = 0.5 + (part(graph, layout, at, false) - 0.5) * 0.3;
    Label {
        at: on_curve(start, end, bend, t),
        // What is felt in full needs no word.
        text: Some(impact(edge))
            .filter(|text| text != "100%")
            .unwrap_or_default(),
    }
}

/// A point of the curve that [`line`] draws.
fn on_curve(start: (f64, f64), end: (f64, f64), bend: f64, t: f64) -> (f64, f64) {
    let mix = |a: f64, b: f64, c: f64, d: f64| {
        let u = 1.0 - t;
        u * u * u * a + 3.0 * u * u * t * b + 3.0 * u * t * t * c + t * t * t * d
    };
    (
        mix(start.0, start.0, end.0, end.0),
        mix(start.1, start.1 + bend, end.1 - bend, end.1),
    )
}

/// Where an edge leaves or enters a box, from the left: the lines of a box in the order of their other ends.
fn part(graph: &Graph<'_>, layout: &Layout, at: usize, is_end: bool) -> f64 {
    let of = |edge: &Edge<'_>| match is_end {
        true => (edge.to, edge.from),
        false => (edge.from, edge.to),
    };
    let (own, _) = of(&graph.edges[at]);
    let mut beside: Vec<(usize, f64)> = graph
        .edges
        .iter()
        .enumerate()
        .filter(|(_, edge)| of(edge).0 == own)
        .map(|(other, edge)| (other, layout.corner(of(edge).1).0))
        .collect();
    beside.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let place = beside
        .iter()
        .position(|(other, _)| *other == at)
        .unwrap_or(0);
    (place as f64 + 1.0) / (beside.len() as f64 + 1.0)
}

/// `60%`, `optional`, `100%`: how much of the failures below is felt above.
pub(super) fn impact(edge: &Edge<'_>) -> String {
    match (edge.kind, edge.of.asynchronous) {
        (Kind::Unneeded, true) => "after the answer".to_owned(),
        (Kind::Unneeded, false) => "optional".to_owned(),
        (Kind::Spare, _) => "one helps out".to_owned(),
        (Kind::Needed, _) => {
            let ppb = edge.impact_ppb();
            let share = ppb as f64 / 1e7;
            match ppb {
                0 => "0%".to_owned(),
                1..100_000_000 => format!("{share:.1}%"),
                _ => format!("{share:.0}%"),
            }
        }
    }
}

fn draw_node(
    html: &mut Html,
    ask: &Ask,
    node: &Node<'_>,
    (x, y): (f64, f64),
    height: f64,
    blame: Option<&Marked>,
) {
    let class = match blame {
        Some(_) => format!("node {} blamed", node.state.class()),
        None => format!("node {}", node.state.class()),
    };
    let to = node.slo.map(|slo| {
        ask.everywhere()
            .to(&address::path("/slos/", slo.id.as_str()))
    });
    let (tag, to) = match &to {
        Some(to) => ("a", to.as_str()),
        None => ("g", ""),
    };
    html.element(tag, &[("class", &class), ("href", to)], |html| {
        html.line("title", &[], &title(node, blame));
        let (left, top) = (number(x), number(y));
        let (width, height) = (number(WIDTH), number(height));
        let attributes = [
            ("class", "box"),
            ("x", &*left),
            ("y", &*top),
            ("width", &*width),
            ("height", &*height),
            ("rx", "7"),
        ];
        html.shape("rect", &attributes);
        let (left, top) = (number(x + 10.0), number(y + 27.5));
        let attributes = [
            ("class", "m"),
            ("href", mark(node.state)),
            ("x", &*left),
            ("y", &*top),
            ("width", "12"),
            ("height", "12"),
        ];
        html.shape("use", &attributes);
        text(
            html,
            "name",
            (x + 10.0, y + 19.0),
            &cut(&node.name, LETTERS),
        );
        text(
            html,
            "word",
            (x + 27.0, y + 38.0),
            &cut(&state_words(node), LETTERS),
        );
        let left = node
            .left
            .as_ref()
            .map(|(left, _)| format!("{left} of budget left"));
        let left = left.unwrap_or_default();
        text(
            html,
            "small",
            (x + 10.0, y + 56.0),
            &cut(&left, LETTERS + 4),
        );
        let flag = flag(node, blame);
        text(
            html,
            "hot",
            (x + 10.0, y + 56.0 + FLAG),
            &cut(&flag, LETTERS + 5),
        );
    });
}

/// `broken for premium`.
pub(super) fn state_words(node: &Node<'_>) -> String {
    match node.whose.as_slice() {
        [] => node.word.to_owned(),
        [one] => format!("{}: {one}", node.word),
        several => format!("{}: {} segments", node.word, several.len()),
    }
}

/// `75% of a loss started here`, `hidden by the aggregate`, or both in short.
fn flag(node: &Node<'_>, blame: Option<&Marked>) -> String {
    match (blame, node.is_masked) {
        (Some(blame), false) => blame.words.clone(),
        (Some(blame), true) => format!("{}, masked", blame.words.replace(" of a loss", "")),
        (None, true) => "hidden by the aggregate".to_owned(),
        (None, false) => String::new(),
    }
}

fn title(node: &Node<'_>, blame: Option<&Marked>) -> String {
    let mut title = format!("{}: {}", node.name, node.word);
    if !node.whose.is_empty() {
        title.push_str(&format!(" for {}", node.whose.join(", ")));
    }
    if let Some((left, _)) = &node.left {
        title.push_str(&format!("; {left} of its budget left"));
    }
    if node.is_masked {
        title.push_str("; the aggregate hides it");
    }
    if let Some(blame) = blame {
        title.push_str(&format!("; {}", blame.words));
    }
    title
}

fn mark(state: State) -> &'static str {
    match state {
        State::Bad => "#m-bad",
        State::Warn => "#m-warn",
        State::Unknown => "#m-unknown",
        State::Ok => "#m-ok",
        State::Quiet => "#m-quiet",
    }
}

fn text(html: &mut Html, class: &'static str, at: (f64, f64), text: &str) {
    if text.is_empty() {
        return;
    }
    let (x, y) = (number(at.0), number(at.1));
    html.line("text", &[("class", class), ("x", &x), ("y", &y)], text);
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(most - 1).collect();
    kept.push('\u{2026}');
    kept
}

/// At most one decimal.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
