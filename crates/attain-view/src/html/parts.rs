//! What pages are made of: states with their mark and word, badges, panels, disclosures, facts. Knows looks, not meaning.

use super::Html;

/// What a colour and a shape say. Each means one thing on every page, and neither stands without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Broken.
    Bad,
    /// Kept so far, and in danger.
    Warn,
    /// Not known; never good.
    Unknown,
    /// Kept.
    Ok,
    /// Nothing to judge: best effort, no traffic.
    Quiet,
}

impl State {
    /// All, the most urgent first.
    pub const ALL: [State; 5] = [
        State::Bad,
        State::Warn,
        State::Unknown,
        State::Ok,
        State::Quiet,
    ];

    /// The class that gives the colour.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            State::Bad => "bad",
            State::Warn => "warn",
            State::Unknown => "unknown",
            State::Ok => "ok",
            State::Quiet => "quiet",
        }
    }

    fn mark(self) -> &'static str {
        match self {
            State::Bad => "#m-bad",
            State::Warn => "#m-warn",
            State::Unknown => "#m-unknown",
            State::Ok => "#m-ok",
            State::Quiet => "#m-quiet",
        }
    }
}

/// The shape of a state. It has no name of its own: a word stands beside it.
pub fn mark(html: &mut Html, state: State) {
    html.element("svg", &[("class", "m")], |html| {
        html.shape("use", &[("href", state.mark())]);
    });
}

/// The shape of a time, which is good or bad for nobody.
pub fn clock(html: &mut Html) {
    html.element("svg", &[("class", "m")], |html| {
        html.shape("use", &[("href", "#m-clock")]);
    });
}

/// A mark and a word.
pub fn badge(html: &mut Html, state: State, word: &str) {
    let class = format!("badge {}", state.class());
    html.element("span", &[("class", &class)], |html| {
        mark(html, state);
        html.text(word);
    });
}

/// A section of a page with a heading of the second level.
pub fn section(html: &mut Html, id: &str, heading: &str, inside: impl FnOnce(&mut Html)) {
    html.own("\n");
    html.element("section", &[("id", id)], |html| {
        html.line("h2", &[], heading);
        inside(html);
    });
}

/// A part of a section with a small heading.
pub fn block(html: &mut Html, class: &str, heading: &str, inside: impl FnOnce(&mut Html)) {
    html.element("div", &[("class", class)], |html| {
        html.small_heading(|html| html.text(heading));
        inside(html);
    });
}

/// A table that scrolls by itself where the page is narrow; `label` says what it is to who reaches it with a keyboard.
pub fn table(html: &mut Html, class: &str, label: &str, inside: impl FnOnce(&mut Html)) {
    let attributes = [
        ("class", "scroll"),
        ("role", "group"),
        ("tabindex", "0"),
        ("aria-label", label),
    ];
    html.element("div", &attributes, |html| {
        html.element("table", &[("class", class)], inside);
    });
}

/// The head of a table. The first `words` columns hold words and lean left; the others hold numbers.
pub fn head<'a>(html: &mut Html, names: impl IntoIterator<Item = &'a str>, words: usize) {
    html.element("thead", &[], |html| {
        html.element("tr", &[], |html| {
            for (i, name) in names.into_iter().enumerate() {
                let class = if i < words { "word" } else { "" };
                html.line("th", &[("class", class), ("scope", "col")], name);
            }
        });
    });
}

/// The name of so many rows, which stands in the first of them.
pub fn spanning(html: &mut Html, rows: usize, name: &str) {
    let rows = match rows {
        0 | 1 => String::new(),
        more => more.to_string(),
    };
    html.line("th", &[("scope", "row"), ("rowspan", &rows)], name);
}

/// What one opens to see more.
pub fn disclosure(html: &mut Html, summary: &str, inside: impl FnOnce(&mut Html)) {
    html.element("details", &[], |html| {
        html.line("summary", &[], summary);
        inside(html);
    });
}

/// Names and values, one below the other.
pub fn facts<'a>(
    html: &mut Html,
    facts: impl IntoIterator<Item = (&'a str, &'a str)>,
    value: impl Fn(&mut Html, &str, &str),
) {
    html.element("dl", &[("class", "facts")], |html| {
        for (name, text) in facts {
            html.element("div", &[], |html| {
                html.line("dt", &[], name);
                html.element("dd", &[], |html| value(html, name, text));
            });
        }
    });
}

/// An address as a link that tells its target nothing; other text with its code.
pub fn link_or_prose(html: &mut Html, text: &str) {
    let is_address = ["https://", "http://"]
        .iter()
        .any(|scheme| text.starts_with(scheme))
        && !text.contains(char::is_whitespace);
    if is_address {
        html.line("a", &[("href", text), ("rel", "noreferrer")], text);
    } else {
        html.prose(text);
    }
}

/// Sentences as a list.
pub fn notes<'a>(html: &mut Html, notes: impl IntoIterator<Item = &'a str>) {
    html.element("ul", &[("class", "notes")], |html| {
        for note in notes {
            html.element("li", &[], |html| html.prose(note));
        }
    });
}
