//! Where everything of the drawing stands: boxes in rows, and lines that go around the boxes between their ends. Knows rows
//! and sizes; draws nothing.

use super::graph::Graph;

pub(super) const WIDTH: f64 = 186.0;
pub(super) const MARGIN: f64 = 12.0;
const GAP: f64 = 26.0;
/// What a line takes that passes a row.
const WAY: f64 = 8.0;
/// Between two rows: room for the lines and what they say.
const BETWEEN: f64 = 58.0;
/// Above the first row of a layer: its name.
const HEADING: f64 = 26.0;
/// Between two layers.
const BETWEEN_LAYERS: f64 = 44.0;

/// A point.
pub(super) type Point = (f64, f64);

/// The way of a line.
pub(super) struct Route {
    pub(super) start: Point,
    pub(super) end: Point,
    /// Rows that it passes: where it enters each, and where it leaves it.
    pub(super) passes: Vec<(Point, Point)>,
}

/// A layer.
pub(super) struct Band {
    pub(super) layer: &'static str,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

pub(super) struct Layout {
    /// The upper left corner of each node's box.
    pub(super) corners: Vec<Point>,
    /// Of each edge.
    pub(super) routes: Vec<Route>,
    pub(super) bands: Vec<Band>,
    pub(super) box_height: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// What stands in a row: a box, or a line that passes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Item {
    Node(usize),
    Pass(usize),
}

impl Item {
    fn width(self) -> f64 {
        match self {
            Item::Node(_) => WIDTH,
            Item::Pass(_) => WAY,
        }
    }
}

impl Layout {
    pub(super) fn of(graph: &Graph<'_>, box_height: f64) -> Self {
        let (tops, bands, height) = heights(graph, box_height);
        let mut middles = vec![0.0; graph.nodes.len()];
        let mut passes: Vec<Vec<f64>> = vec![Vec::new(); graph.edges.len()];
        for (row, nodes) in graph.rows.iter().enumerate() {
            place(graph, row, nodes, &mut middles, &mut passes);
        }
        let xs = || middles.iter().chain(passes.iter().flatten());
        let half = WIDTH / 2.0;
        let left = middles
            .iter()
            .map(|x| x - half)
            .chain(passes.iter().flatten().copied());
        let left = left.fold(f64::MAX, f64::min) - MARGIN;
        let right = xs().fold(0.0_f64, |most, x| most.max(x + half)) + MARGIN;
        let corner = |at: usize| (middles[at] - half - left, tops[graph.nodes[at].row]);
        let corners: Vec<Point> = (0..graph.nodes.len()).map(corner).collect();
        let mut layout = Self {
            routes: Vec::new(),
            corners,
            bands,
            box_height,
            width: right - left,
            height,
        };
        layout.route(graph, &tops, &passes, left);
        layout
    }

    /// Lines leave and enter a box in the order of where they come from and go to, so that they do not cross there.
    fn route(&mut self, graph: &Graph<'_>, tops: &[f64], passes: &[Vec<f64>], left: f64) {
        let middle = |at: usize| self.corners[at].0 + WIDTH / 2.0 + left;
        let count = graph.nodes.len();
        let (mut out, mut into) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        for (at, edge) in graph.edges.iter().enumerate() {
            let next = passes[at]
                .first()
                .copied()
                .unwrap_or_else(|| middle(edge.to));
            let last = passes[at]
                .last()
                .copied()
                .unwrap_or_else(|| middle(edge.from));
            out[edge.from].push((next, at));
            into[edge.to].push((last, at));
        }
        let mut parts = vec![(0.5, 0.5); graph.edges.len()];
        for (ends, is_end) in [(&mut out, false), (&mut into, true)] {
            for of_node in ends.iter_mut() {
                of_node.sort_by(|a: &(f64, usize), b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                let several = of_node.len() as f64 + 1.0;
                for (place, (_, at)) in of_node.iter().enumerate() {
                    let part = (place as f64 + 1.0) / several;
                    match is_end {
                        true => parts[*at].1 = part,
                        false => parts[*at].0 = part,
                    }
                }
            }
        }
        for (at, edge) in graph.edges.iter().enumerate() {
            let (from, to) = (self.corners[edge.from], self.corners[edge.to]);
            let first = graph.nodes[edge.from].row + 1;
            let pass = |(nth, x): (usize, &f64)| {
                let top = tops[first + nth];
                ((x - left, top), (x - left, top + self.box_height))
            };
            let route = Route {
                start: (from.0 + WIDTH * parts[at].0, from.1 + self.box_height),
                end: (to.0 + WIDTH * parts[at].1, to.1),
                passes: passes[at].iter().enumerate().map(pass).collect(),
            };
            self.routes.push(route);
        }
    }
}

/// The upper end of each row, layers, and the height of it all.
fn heights(graph: &Graph<'_>, box_height: f64) -> (Vec<f64>, Vec<Band>, f64) {
    let mut tops = Vec::with_capacity(graph.rows.len());
    let mut bands: Vec<Band> = Vec::new();
    let mut y = 0.0;
    for row in &graph.rows {
        let layer = row.first().map_or("", |at| graph.nodes[*at].layer());
        match bands.last_mut().filter(|band| band.layer == layer) {
            Some(band) => {
                y += BETWEEN;
                band.bottom = y + box_height + MARGIN;
            }
            None => {
                y += HEADING
                    + if bands.is_empty() {
                        0.0
                    } else {
                        BETWEEN_LAYERS
                    };
                bands.push(Band {
                    layer,
                    top: y - HEADING,
                    bottom: y + box_height + MARGIN,
                });
            }
        }
        tops.push(y);
        y += box_height;
    }
    (tops, bands, y + MARGIN + 2.0)
}

/// Puts the boxes of a row, and the lines that pass it, as near as there is room to what leads to them from above.
fn place(
    graph: &Graph<'_>,
    row: usize,
    nodes: &[usize],
    middles: &mut [f64],
    passes: &mut [Vec<f64>],
) {
    let row_of = |at: usize| graph.nodes[at].row;
    let above = |at: usize| {
        let edge = &graph.edges[at];
        passes[at].last().copied().unwrap_or(middles[edge.from])
    };
    let mut items: Vec<(f64, Item)> = Vec::new();
    for (place, node) in nodes.iter().enumerate() {
        let edges = graph.edges.iter().enumerate();
        let into = edges.filter(|(_, edge)| edge.to == *node && row_of(edge.from) < row);
        let xs: Vec<f64> = into.map(|(at, _)| above(at)).collect();
        let wanted = match xs.len() {
            // Nothing leads here: in the order of the row, around the middle.
            0 => (place as f64 - (nodes.len() as f64 - 1.0) / 2.0) * (WIDTH + GAP),
            count => xs.iter().sum::<f64>() / count as f64,
        };
        items.push((wanted, Item::Node(*node)));
    }
    for (at, edge) in graph.edges.iter().enumerate() {
        if row_of(edge.from) < row && row < row_of(edge.to) {
            items.push((above(at), Item::Pass(at)));
        }
    }
    items.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut taken = Vec::with_capacity(items.len());
    let mut end = f64::MIN;
    for (wanted, item) in &items {
        let start = (wanted - item.width() / 2.0).max(end + GAP);
        taken.push(start);
        end = start + item.width();
    }
    // All of them give way as far, not only those on the right.
    let off: f64 = items
        .iter()
        .zip(&taken)
        .map(|((wanted, item), start)| start + item.width() / 2.0 - wanted)
        .sum();
    let off = off / items.len().max(1) as f64;
    for ((_, item), start) in items.iter().zip(taken) {
        let middle = start + item.width() / 2.0 - off;
        match item {
            Item::Node(at) => middles[*at] = middle,
            Item::Pass(at) => passes[*at].push(middle),
        }
    }
}
