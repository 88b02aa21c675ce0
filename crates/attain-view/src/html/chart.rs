//! Drawings from plain numbers, as SVG. Knows points and cells; knows nothing of budgets, and writes no word that it was
//! not given.
//!
//! - [`Line`](line::Line): a value in steps over time, with a threshold at zero, holes, a forecast;
//! - [`strip`]: a cell for each stretch of time, its weight said by height as well as by colour;
//! - [`bar`]: one value of a whole.

pub mod bar;
pub mod line;
pub mod strip;

/// A coordinate with at most one decimal, without a zero at its end.
fn coordinate(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
