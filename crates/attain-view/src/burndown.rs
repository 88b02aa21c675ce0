//! The budget of one series over time, drawn with characters: 100 % at the top, the zero line, below it what is
//! overspent. Knows points; how they were computed is the caller's.

use attain_model::verdict::ErrorBudget;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::look::{Look, Tone, wrap};
use crate::number;

/// A series to draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Burndown {
    /// What it is, e.g. `checkout-completes/availability/premium`.
    pub title: String,
    /// In order of time. Drawn as steps: a budget holds until the next point.
    pub points: Vec<Point>,
    /// Changes of the target inside the drawing, in order of time, and what is aimed at from then on.
    pub changes: Vec<(Timestamp, String)>,
    /// For the labels.
    pub zone: TimeZone,
}

/// The budget of the window that ends at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// When.
    pub at: Timestamp,
    /// The budget then; `None` where it is not known, which leaves a hole.
    pub budget: Option<ErrorBudget>,
}

const LABEL_WIDTH: usize = 6;

/// The drawing, with a newline at its end. Fewer than two points are said in a sentence, because they are no curve.
#[must_use]
pub fn burndown(series: &Burndown, look: &Look) -> String {
    let lefts: Vec<Option<f64>> = series
        .points
        .iter()
        .map(|p| p.budget.and_then(left_percent))
        .collect();
    let (Some(first), Some(last)) = (series.points.first(), series.points.last()) else {
        return nothing(series, "no slice was counted", look);
    };
    if first.at >= last.at || lefts.iter().all(Option::is_none) {
        return nothing(series, "the budget is not known over time", look);
    }
    let lowest = lefts
        .iter()
        .flatten()
        .copied()
        .fold(f64::INFINITY, f64::min);
    let scale = Scale::down_to(lowest);
    let columns = look.columns().min(120) - LABEL_WIDTH - 2;
    let mut canvas = Canvas::new(columns, scale.rows, look.ascii);
    draw(&mut canvas, series, &lefts, &scale);

    let mut out = look.paint(
        Tone::Strong,
        &format!("{}: error budget left", series.title),
    );
    out.push('\n');
    for row in 0..scale.rows {
        let zero = row == scale.zero_row();
        let line = canvas.row(row, zero);
        let tone = match row.cmp(&scale.zero_row()) {
            std::cmp::Ordering::Less => Tone::Good,
            std::cmp::Ordering::Equal => Tone::Plain,
            std::cmp::Ordering::Greater => Tone::Bad,
        };
        out.push_str(&format!("{:>LABEL_WIDTH$} |", scale.label(row)));
        out.push_str(&look.paint(tone, line.trim_end()));
        out.push('\n');
    }
    out.push_str(&axis(series, first.at, last.at, columns));
    out.push_str(&under(series, lowest, &scale, look));
    out
}

fn nothing(series: &Burndown, why: &str, look: &Look) -> String {
    let text = format!("{}: nothing to draw, {why}.", series.title);
    wrap(&text, look.columns(), 2) + "\n"
}

/// The vertical scale. Steps are chosen so that 100 % and 0 % fall on a row.
struct Scale {
    rows: usize,
    step: f64,
    labels: &'static [(usize, &'static str)],
}

impl Scale {
    /// Overspending beyond -100 % is not drawn but said: a scale down to -5900 % would hide when zero was crossed.
    fn down_to(lowest: f64) -> Self {
        if lowest >= 0.0 {
            return Self {
                rows: 11,
                step: 10.0,
                labels: &[(0, "100%"), (5, "50%"), (10, "0%")],
            };
        }
        if lowest >= -25.0 {
            return Self {
                rows: 11,
                step: 12.5,
                labels: &[(0, "100%"), (4, "50%"), (8, "0%"), (10, "-25%")],
            };
        }
        Self {
            rows: 13,
            step: 100.0 / 6.0,
            labels: &[
                (0, "100%"),
                (3, "50%"),
                (6, "0%"),
                (9, "-50%"),
                (12, "-100%"),
            ],
        }
    }

    fn zero_row(&self) -> usize {
        (100.0 / self.step).round() as usize
    }

    fn bottom(&self) -> f64 {
        100.0 - self.step * (self.rows - 1) as f64
    }

    fn label(&self, row: usize) -> &'static str {
        self.labels
            .iter()
            .find(|(at, _)| *at == row)
            .map_or("", |(_, text)| text)
    }

    /// Rows from the top, as a fraction.
    fn position(&self, percent: f64) -> f64 {
        (100.0 - percent.clamp(self.bottom(), 100.0)) / self.step
    }
}

pub(crate) fn left_percent(budget: ErrorBudget) -> Option<f64> {
    if budget.allowed_billionths == 0 {
        return None;
    }
    let allowed = budget.allowed_billionths as f64 / 1e9;
    Some((1.0 - budget.spent as f64 / allowed) * 100.0)
}

fn draw(canvas: &mut Canvas, series: &Burndown, lefts: &[Option<f64>], scale: &Scale) {
    let (start, end) = (
        series.points[0].at,
        series.points[series.points.len() - 1].at,
    );
    let span = (end.as_second() - start.as_second()).max(1);
    let dots = canvas.dot_columns();
    let mut index = 0;
    let mut before: Option<usize> = None;
    for x in 0..dots {
        let at = start.as_second() + span * x as i64 / (dots.max(2) - 1) as i64;
        while index + 1 < series.points.len() && series.points[index + 1].at.as_second() <= at {
            index += 1;
        }
        let Some(percent) = lefts[index] else {
            before = None;
            continue;
        };
        let y = canvas.dot_row(scale.position(percent));
        let from = before.unwrap_or(y);
        for step in y.min(from)..=y.max(from) {
            canvas.set(x, step);
        }
        before = Some(y);
    }
}

/// The line under the drawing with its ends, and marks where the target changed.
fn axis(series: &Burndown, start: Timestamp, end: Timestamp, columns: usize) -> String {
    let mut marks = vec!['-'; columns];
    let span = (end.as_second() - start.as_second()).max(1);
    for (at, _) in &series.changes {
        let offset = (at.as_second() - start.as_second()).clamp(0, span);
        let column = (offset as usize * (columns - 1)) / span as usize;
        marks[column] = '^';
    }
    let line: String = marks.into_iter().collect();
    let pad = " ".repeat(LABEL_WIDTH + 1);
    let from = number::instant(start, &series.zone);
    let to = number::instant(end, &series.zone);
    let gap = " ".repeat(columns.saturating_sub(from.len() + to.len()).max(1));
    format!("{pad}+{line}\n{pad} {from}{gap}{to}\n")
}

fn under(series: &Burndown, lowest: f64, scale: &Scale, look: &Look) -> String {
    let mut lines = Vec::new();
    let now = series.points.iter().rev().find_map(|point| point.budget);
    if let Some(left) = now.and_then(number::budget_left) {
        lines.push(format!("left at the end: {left}"));
    }
    if lowest < scale.bottom() {
        lines.push(format!(
            "the lowest is {}, below the drawing",
            lowest_text(series)
        ));
    }
    match first_overspent(series) {
        // Since when, nothing here tells.
        Some(_) if series.points.first().is_some_and(is_overspent) => {
            lines.push("overspent from the first point on".to_owned());
        }
        Some(crossed) => lines.push(format!(
            "first overspent: {}",
            number::instant(crossed, &series.zone)
        )),
        None => {}
    }
    for (at, goal) in &series.changes {
        lines.push(format!(
            "^ {goal} from {}",
            number::instant(*at, &series.zone)
        ));
    }
    lines
        .iter()
        .map(|line| {
            format!(
                "{}{}\n",
                " ".repeat(LABEL_WIDTH + 2),
                wrap(line, look.columns() - 8, 10)
            )
        })
        .collect()
}

fn lowest_text(series: &Burndown) -> String {
    series
        .points
        .iter()
        .filter_map(|point| point.budget)
        .filter(|budget| budget.allowed_billionths > 0)
        .min_by(|a, b| {
            let (a, b) = (left_percent(*a), left_percent(*b));
            a.partial_cmp(&b).unwrap_or(std::cmp::Ordering::Equal)
        })
        .and_then(number::budget_left)
        .unwrap_or_default()
}

fn is_overspent(point: &Point) -> bool {
    point.budget.is_some_and(|budget| !budget.is_met())
}

/// The start of the slice that overspent the budget, as `since` says it: a point is the end of what it counts, which
/// began at the point before.
fn first_overspent(series: &Burndown) -> Option<Timestamp> {
    let crossed = series.points.iter().position(is_overspent)?;
    series
        .points
        .get(crossed.saturating_sub(1))
        .map(|point| point.at)
}

/// A grid of dots: braille has 2 x 4 in a character, ASCII one.
struct Canvas {
    columns: usize,
    ascii: bool,
    cells: Vec<u8>,
}

impl Canvas {
    fn new(columns: usize, rows: usize, ascii: bool) -> Self {
        Self {
            columns,
            ascii,
            cells: vec![0; columns * rows],
        }
    }

    fn dot_columns(&self) -> usize {
        if self.ascii {
            self.columns
        } else {
            self.columns * 2
        }
    }

    /// The middle of a row is where its label is.
    fn dot_row(&self, position: f64) -> usize {
        if self.ascii {
            position.round() as usize
        } else {
            (position * 4.0 + 1.5).round() as usize
        }
    }

    fn set(&mut self, x: usize, y: usize) {
        // Unicode 10.4: dots 1, 2, 3, 7 are the left column, 4, 5, 6, 8 the right one.
        const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
        let (column, row, bit) = if self.ascii {
            (x, y, 1)
        } else {
            (x / 2, y / 4, BITS[x % 2][y % 4])
        };
        if let Some(cell) = self.cells.get_mut(row * self.columns + column) {
            *cell |= bit;
        }
    }

    fn row(&self, row: usize, zero: bool) -> String {
        self.cells[row * self.columns..(row + 1) * self.columns]
            .iter()
            .map(|cell| match (cell, self.ascii) {
                (0, _) if zero => '-',
                (0, _) => ' ',
                (_, true) => '*',
                (dots, false) => char::from_u32(0x2800 + u32::from(*dots)).unwrap_or('*'),
            })
            .collect()
    }
}
