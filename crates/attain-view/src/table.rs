//! Aligned columns without boxes. Knows cells; knows nothing about what they say.
//!
//! Lines never end in spaces. A column in which no row says anything is left out. The table does not narrow itself
//! beyond that: what may be dropped or moved under a row is for the caller to know.

use crate::look::{Look, Tone, wrap};

/// One cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    /// What it says; one line.
    pub text: String,
    /// How it looks.
    pub tone: Tone,
}

impl Cell {
    /// A cell in a tone.
    #[must_use]
    pub fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }

    /// A cell that says nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::new(text, Tone::Plain)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::new(text, Tone::Plain)
    }
}

/// Which way a column leans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A line of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// One cell per column.
    Row(Vec<Cell>),
    /// A heading over the groups that follow.
    Section(String),
    /// A heading over the rows that follow, and what holds for all of them.
    Group(String, String),
    /// Text under the row before it.
    Remark(Cell),
    /// An empty line.
    Blank,
}

/// Columns and lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Heading and alignment of each column.
    pub columns: Vec<(String, Align)>,
    /// The lines, top down.
    pub lines: Vec<Line>,
}

const INDENT: &str = "  ";
const BETWEEN: &str = "  ";

impl Table {
    /// Columns that the widest row takes, the indent included.
    #[must_use]
    pub fn width(&self) -> usize {
        let shown: Vec<usize> = self.widths().into_iter().filter(|w| *w > 0).collect();
        INDENT.len() + shown.iter().sum::<usize>() + BETWEEN.len() * shown.len().saturating_sub(1)
    }

    /// The table as text; each line ends in a newline.
    #[must_use]
    pub fn render(&self, look: &Look) -> String {
        let widths = self.widths();
        let heading: Vec<Cell> = self
            .columns
            .iter()
            .map(|(name, _)| Cell::new(name.as_str(), Tone::Quiet))
            .collect();
        let mut out = String::new();
        self.row(&mut out, &heading, &widths, look);
        for line in &self.lines {
            match line {
                Line::Row(cells) => self.row(&mut out, cells, &widths, look),
                Line::Group(title, holds) => group(&mut out, title, holds, look),
                Line::Section(title) => {
                    out.push_str(&look.paint(Tone::Quiet, &format!("-- {title}")));
                    out.push('\n');
                }
                Line::Remark(cell) => remark(&mut out, cell, look),
                Line::Blank => out.push('\n'),
            }
        }
        out
    }

    /// 0 for a column in which no row says anything.
    fn widths(&self) -> Vec<usize> {
        let rows = || {
            self.lines.iter().filter_map(|line| match line {
                Line::Row(cells) => Some(cells),
                _ => None,
            })
        };
        self.columns
            .iter()
            .enumerate()
            .map(|(i, (name, _))| {
                let widest = rows()
                    .filter_map(|cells| cells.get(i))
                    .map(|cell| cell.text.chars().count())
                    .max()
                    .unwrap_or(0);
                if widest == 0 {
                    0
                } else {
                    widest.max(name.chars().count())
                }
            })
            .collect()
    }

    fn row(&self, out: &mut String, cells: &[Cell], widths: &[usize], look: &Look) {
        let mut pending = INDENT.to_owned();
        for ((cell, width), (_, align)) in cells.iter().zip(widths).zip(&self.columns) {
            if *width == 0 {
                continue;
            }
            let fill = " ".repeat(width - cell.text.chars().count().min(*width));
            if *align == Align::Right {
                pending.push_str(&fill);
            }
            if !cell.text.is_empty() {
                out.push_str(&pending);
                out.push_str(&look.paint(cell.tone, &cell.text));
                pending.clear();
            }
            if *align == Align::Left {
                pending.push_str(&fill);
            }
            pending.push_str(BETWEEN);
        }
        out.push('\n');
    }
}

fn group(out: &mut String, title: &str, holds: &str, look: &Look) {
    out.push_str(&look.paint(Tone::Strong, title));
    if !holds.is_empty() {
        let one_line = title.chars().count() + 2 + holds.chars().count() <= look.columns();
        out.push_str(if one_line { "  " } else { "\n    " });
        out.push_str(&look.paint(Tone::Quiet, &wrap(holds, look.columns() - 4, 4)));
    }
    out.push('\n');
}

fn remark(out: &mut String, cell: &Cell, look: &Look) {
    let text = wrap(&cell.text, look.columns() - 4, 0);
    for line in text.lines() {
        out.push_str("    ");
        out.push_str(&look.paint(cell.tone, line));
        out.push('\n');
    }
}
