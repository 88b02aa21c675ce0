//! The cascade as a drawing: layers from the top down, a box for each SLO, a line for each dependency. Knows places; what it
//! says stands in the table below it, too.

use super::graph::{Edge, Graph, Kind, Node};
use super::layout::{Band, Layout, MARGIN, Point, Route, WIDTH};
use crate::html::Html;
use crate::html::parts::State;
use crate::pages::{Ask, ask as address};

/// Three lines; one more where some promise is hurt for a segment, and one where something is flagged.
const HEIGHT: f64 = 66.0;
const LINE: f64 = 17.0;
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
    let is_whose = graph.nodes.iter().any(|node| !node.whose.is_empty());
    let more = f64::from(u8::from(is_flagged) + u8::from(is_whose));
    let layout = Layout::of(graph, HEIGHT + more * LINE);
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
        for layer in &layout.bands {
            band(html, layer, layout.width);
        }
        let lines = graph.edges.iter().zip(&layout.routes);
        let labels: Vec<Label> = lines
            .map(|(edge, route)| line(html, graph, route, edge, marked))
            .collect();
        for label in labels {
            label.draw(html);
        }
        for (at, node) in graph.nodes.iter().enumerate() {
            let blame = marked.iter().find(|m| m.path.last() == Some(&node.name));
            draw_node(
                html,
                ask,
                node,
                layout.corners[at],
                layout.box_height,
                blame,
            );
        }
    });
}

fn band(html: &mut Html, band: &Band, width: f64) {
    let (y, height) = (number(band.top), number(band.bottom - band.top));
    let width = number(width);
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
        (MARGIN, band.top + 16.0),
        &format!("{} layer", band.layer),
    );
}

/// What a line says, where it begins.
struct Label {
    at: Point,
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
    route: &Route,
    edge: &Edge<'_>,
    marked: &[Marked],
) -> Label {
    let mut d = format!("M{} {}", number(route.start.0), number(route.start.1));
    let mut at = route.start;
    for (enters, leaves) in &route.passes {
        d.push_str(&curve(at, *enters));
        d.push_str(&format!("V{}", number(leaves.1)));
        at = *leaves;
    }
    d.push_str(&curve(at, route.end));
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
    let next = route
        .passes
        .first()
        .map_or(route.end, |(enters, _)| *enters);
    Label {
        at: (
            (route.start.0 + next.0) / 2.0,
            (route.start.1 + next.1) / 2.0,
        ),
        // What is felt in full needs no word; what is not needed is dashed.
        text: Some(impact(edge))
            .filter(|text| edge.kind == Kind::Needed && text != "100%")
            .unwrap_or_default(),
    }
}

/// Straight down out of one point and straight down into the other; upwards where an edge leads back to a layer above.
fn curve(from: Point, to: Point) -> String {
    let bend = match to.1 > from.1 {
        true => (to.1 - from.1) / 2.0,
        false => 46.0,
    };
    format!(
        "C{} {} {} {} {} {}",
        number(from.0),
        number(from.1 + bend),
        number(to.0),
        number(to.1 - bend),
        number(to.0),
        number(to.1)
    )
}

/// `60%`, `optional`, `100%`: which share of the failures below gets through.
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
        let whose = whose(node);
        let left = node.left.as_ref();
        let left = left.map(|(left, _)| match &node.left_whose {
            None => left.clone(),
            // A box is narrow, and its state is said above.
            Some(whose) => format!("{}: {whose}", left.trim_start_matches("none left, ")),
        });
        text(html, "word", (x + 27.0, y + 38.0), node.word);
        let mut line = y + 56.0;
        for (class, words) in [
            ("word", whose),
            ("small", left.unwrap_or_default()),
            ("hot", flag(node, blame)),
        ] {
            // What is missing leaves no hole.
            if !words.is_empty() {
                text(html, class, (x + 10.0, line), &cut(&words, LETTERS + 5));
                line += LINE;
            }
        }
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

/// `for premium`.
fn whose(node: &Node<'_>) -> String {
    match node.whose.as_slice() {
        [] => String::new(),
        [one] => format!("for {one}"),
        several => format!("for {} segments", several.len()),
    }
}

/// `75% of a loss started here`, or else `all together looks fine`.
fn flag(node: &Node<'_>, blame: Option<&Marked>) -> String {
    match (blame, node.is_masked) {
        (Some(blame), false) => blame.words.clone(),
        (Some(blame), true) => blame.words.clone(),
        (None, true) => "all together looks fine".to_owned(),
        (None, false) => String::new(),
    }
}

fn title(node: &Node<'_>, blame: Option<&Marked>) -> String {
    let mut title = format!("{}: {}", node.name, node.word);
    if !node.whose.is_empty() {
        title.push_str(&format!(" for {}", node.whose.join(", ")));
    }
    if let Some((left, _)) = &node.left {
        title.push_str(&format!("; budget: {left}{}", node.left_of()));
    }
    if node.is_masked {
        title.push_str("; all traffic together looks fine");
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
