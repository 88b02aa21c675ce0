//! A strip: one cell for each stretch of time. How much is said by the height of a cell and by its colour; where nothing
//! is known it is hatched, and where nothing happened there is a dot.

use crate::html::Html;

/// From so many cells on a strip is as wide as the room it is given.
pub const IN_FULL_WIDTH: usize = 20;

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Nothing is known.
    Missing,
    /// Nothing happened.
    Empty,
    /// Something was measured against no limit.
    Measured,
    /// Nothing bad.
    Clean,
    /// Within what was allowed.
    Within,
    /// More than was allowed.
    Over,
    /// Much more than was allowed.
    FarOver,
}

impl Cell {
    fn class(self) -> &'static str {
        match self {
            Cell::Missing => "missing",
            Cell::Empty => "empty",
            Cell::Measured => "measured",
            Cell::Clean => "clean",
            Cell::Within => "within",
            Cell::Over | Cell::FarOver => "over",
        }
    }

    /// Of 20.
    fn height(self) -> u32 {
        match self {
            Cell::Missing | Cell::FarOver => 20,
            Cell::Empty => 3,
            Cell::Measured | Cell::Clean => 4,
            Cell::Within => 8,
            Cell::Over => 14,
        }
    }
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// What it says.
    pub cell: Cell,
    /// Whether a part of it is not known, which is hatched behind the cell.
    pub is_partial: bool,
    /// Whether more is not only much but too much: it is drawn in the colour of what is broken.
    pub is_broken: bool,
}

/// A row of cells. It is written upside down, and the style turns it: no cell needs a `y`. With `titles` each cell says its value under a pointer; without, like
/// cells that follow each other are drawn as one.
pub fn strip(html: &mut Html, label: &str, cells: &[Stretch], titles: Option<&[String]>) {
    // A few cells as wide as the page would be mere bars.
    let width = match cells.len() {
        few @ 0..IN_FULL_WIDTH => (few * 36).to_string(),
        _ => String::new(),
    };
    let attributes = [
        ("class", "strip"),
        ("width", width.as_str()),
        ("role", "img"),
        ("aria-label", label),
    ];
    html.element("svg", &attributes, |html| {
        let each = 100.0 / cells.len().max(1) as f64;
        let mut at = 0;
        for run in cells.chunk_by(|a, b| titles.is_none() && a == b) {
            let Some(stretch) = run.first() else { continue };
            let (x, width) = (at as f64 * each, run.len() as f64 * each);
            if stretch.is_partial {
                rect(html, Cell::Missing, x, width);
            }
            match (stretch.cell, stretch.is_broken) {
                (Cell::Empty, _) => {
                    (at..at + run.len()).for_each(|i| dot(html, (i as f64 + 0.5) * each))
                }
                (Cell::Over | Cell::FarOver, true) => bar(html, "bad", stretch.cell, x, width),
                (cell, _) => rect(html, cell, x, width),
            }
            at += run.len();
        }
        for (i, title) in titles.unwrap_or_default().iter().enumerate() {
            let (x, width) = (percent(i as f64 * each), percent(each));
            html.element(
                "rect",
                &[("x", &x), ("width", &width), ("height", "20")],
                |html| {
                    html.line("title", &[], title);
                },
            );
        }
    });
}

/// Nothing happened: a dot on the ground.
fn dot(html: &mut Html, x: f64) {
    let attributes = [
        ("class", "empty"),
        ("cx", &*percent(x)),
        ("cy", "3"),
        ("r", "1.6"),
    ];
    html.shape("circle", &attributes);
}

fn rect(html: &mut Html, cell: Cell, x: f64, width: f64) {
    bar(html, cell.class(), cell, x, width);
}

fn bar(html: &mut Html, class: &str, cell: Cell, x: f64, width: f64) {
    let height = cell.height();
    let gap = (width * 0.12).min(0.35);
    let attributes = [
        ("class", class),
        ("x", &*percent(x)),
        ("width", &*percent(width - gap)),
        ("height", &*height.to_string()),
    ];
    html.shape("rect", &attributes);
}

fn percent(value: f64) -> String {
    let text = format!("{value:.2}");
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}
