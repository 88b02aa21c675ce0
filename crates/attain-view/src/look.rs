//! How things look: width, colours, characters. Knows nothing about what is shown.

use anstyle::{AnsiColor, Effects, Style};

use crate::html::turns_direction;

/// A name that comes from whoever sends, such as the value of a label: what could break the line around it, or turn it
/// round, is written out.
///
/// ```
/// assert_eq!(attain_view::visible("it's\n"), r"it's\n");
/// assert_eq!(attain_view::visible("a\u{202e}b"), r"a\u{202e}b");
/// ```
#[must_use]
pub fn visible(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '\n' | '\r' | '\t' => text.extend(letter.escape_default()),
            _ if letter.is_control() || turns_direction(letter) => {
                text.extend(letter.escape_unicode())
            }
            '\u{2028}' | '\u{2029}' => text.extend(letter.escape_unicode()),
            _ => text.push(letter),
        }
    }
    text
}

/// What the reader's end can show. The caller decides; nothing here asks a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Columns; text is wrapped and tables are narrowed to it. Below 40 it counts as 40.
    pub width: usize,
    /// Whether ANSI styles are written.
    pub color: bool,
    /// Whether only ASCII is written. Tables are ASCII either way; drawings are not.
    pub ascii: bool,
}

impl Look {
    /// No colours, 80 columns, all characters: for files, pipes and tests.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            width: 80,
            color: false,
            ascii: false,
        }
    }

    /// Columns to use.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.width.max(40)
    }

    /// The text in a tone, if colours are shown.
    #[must_use]
    pub fn paint(&self, tone: Tone, text: &str) -> String {
        let style = tone.style();
        if !self.color || text.is_empty() || style == Style::new() {
            return text.to_owned();
        }
        format!("{style}{text}{style:#}")
    }
}

impl Default for Look {
    fn default() -> Self {
        Self::plain()
    }
}

/// What a stretch of text says beyond its words. Nothing is said by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// What the eye should find first.
    Strong,
    /// A promise kept.
    Good,
    /// A promise broken.
    Bad,
    /// A promise in danger, or a number that is not known.
    Warn,
    /// Less important.
    Quiet,
}

impl Tone {
    fn style(self) -> Style {
        let fg = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
        match self {
            Tone::Plain => Style::new(),
            Tone::Strong => Style::new().effects(Effects::BOLD),
            Tone::Good => fg(AnsiColor::Green),
            Tone::Bad => fg(AnsiColor::Red).effects(Effects::BOLD),
            Tone::Warn => fg(AnsiColor::Yellow),
            Tone::Quiet => Style::new().effects(Effects::DIMMED),
        }
    }
}

/// Breaks a text at spaces so that each line has at most `width` characters; every line but the first is indented by
/// `indent`. A word longer than a line stands alone on one.
///
/// ```
/// assert_eq!(attain_view::wrap("one two three", 8, 2), "one two\n  three");
/// ```
#[must_use]
pub fn wrap(text: &str, width: usize, indent: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}
