//! Pages for a browser: an escaping writer, and the parts that pages share. Knows no verdict and no report.
//!
//! A page is one file. It asks nobody for anything and runs no script, and says so in its content security policy: the
//! only style it allows is the one whose hash it names. So it looks the same in a mail, a wiki and a locked-down browser.
//! What comes from a catalogue or from data reaches a page only through the writer, which escapes it.
//!
//! - [`Html`]: the writer;
//! - [`page`]: the frame of a page: head, policy, style, shared marks;
//! - [`parts`]: badge, panel, table, disclosure: what pages are made of;
//! - [`chart`]: drawings from plain numbers;
//! - `style.css`: the tokens (colours of the states in light and dark, type scale, spacing) and how each part looks.

pub mod chart;
pub mod page;
pub mod parts;

/// Attributes of an element: name and value. One with an empty value is left out.
pub type Attributes<'a> = &'a [(&'static str, &'a str)];

/// Elements whose end HTML lets one leave out; in tables of thousands of cells that is a third of the page.
const END_IMPLIED: [&str; 8] = ["td", "th", "tr", "thead", "tbody", "li", "dt", "dd"];

/// Writes HTML. Text and attribute values are escaped; tags and names are the program's own.
#[derive(Debug, Clone, Default)]
pub struct Html {
    out: String,
    /// Whether small headings stand right under one of the second level, with none of the third between.
    is_flat: bool,
}

impl Html {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was written.
    #[must_use]
    pub fn finish(self) -> String {
        self.out
    }

    /// Text, escaped. Control characters and those that turn the direction of writing become U+FFFD.
    pub fn text(&mut self, text: &str) {
        escape_into(&mut self.out, text);
    }

    /// Text in which `` `this` `` is code.
    pub fn prose(&mut self, text: &str) {
        let mut pieces = text.split('`').peekable();
        let mut is_code = false;
        while let Some(piece) = pieces.next() {
            let is_closed = pieces.peek().is_some();
            match (is_code, is_closed) {
                (true, true) => self.line("code", &[], piece),
                // A lone backtick is a backtick.
                (true, false) => {
                    self.text("`");
                    self.text(piece);
                }
                (false, _) => self.text(piece),
            }
            is_code = !is_code;
        }
    }

    /// An element and what is in it.
    pub fn element(
        &mut self,
        tag: &'static str,
        attributes: Attributes<'_>,
        inside: impl FnOnce(&mut Html),
    ) {
        self.open(tag, attributes);
        inside(self);
        if !END_IMPLIED.contains(&tag) {
            self.out.push_str("</");
            self.out.push_str(tag);
            self.out.push('>');
        }
    }

    /// An element with text only.
    pub fn line(&mut self, tag: &'static str, attributes: Attributes<'_>, text: &str) {
        self.element(tag, attributes, |html| html.text(text));
    }

    /// An element of HTML that has no inside: `meta`, `br`.
    pub fn void(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.open(tag, attributes);
    }

    /// A shape of SVG that has no inside.
    pub fn shape(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.open(tag, attributes);
        self.out.pop();
        // A slash right behind a bare value would be part of it.
        if !self.out.ends_with('"') {
            self.out.push(' ');
        }
        self.out.push_str("/>");
    }

    /// A small heading: of the fourth level, or of the third inside [`Html::flat`].
    pub fn small_heading(&mut self, inside: impl FnOnce(&mut Html)) {
        match self.is_flat {
            true => self.element("h3", &[("class", "h4")], inside),
            false => self.element("h4", &[], inside),
        }
    }

    /// A stretch in which small headings stand right under one of the second level.
    pub fn flat(&mut self, inside: impl FnOnce(&mut Html)) {
        let before = std::mem::replace(&mut self.is_flat, true);
        inside(self);
        self.is_flat = before;
    }

    /// The program's own markup, as it is. `&'static`, so that nothing from outside can come this way.
    pub fn own(&mut self, markup: &'static str) {
        self.out.push_str(markup);
    }

    fn open(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.out.push('<');
        self.out.push_str(tag);
        for (name, value) in attributes.iter().filter(|(_, value)| !value.is_empty()) {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push('=');
            if value.bytes().all(may_stand_bare) {
                self.out.push_str(value);
            } else {
                self.out.push('"');
                escape_into(&mut self.out, value);
                self.out.push('"');
            }
        }
        self.out.push('>');
    }
}

/// Whether a value may stand without quotes. Fewer than HTML allows.
fn may_stand_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'#' | b'%')
}

fn escape_into(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(character),
            _ if character.is_control() || turns_direction(character) => out.push('\u{fffd}'),
            _ => out.push(character),
        }
    }
}

/// Characters by which a name could make the text around it read backwards.
pub(crate) fn turns_direction(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Html)) -> String {
        let mut html = Html::new();
        write(&mut html);
        html.finish()
    }

    #[test]
    fn text_and_values_are_escaped() {
        let out = written(|html| html.line("p", &[("title", "a \"b\" 'c'")], "<i>&\u{202e}\u{7}"));
        assert_eq!(
            out,
            "<p title=\"a &quot;b&quot; &#39;c&#39;\">&lt;i&gt;&amp;\u{fffd}\u{fffd}</p>"
        );
    }

    #[test]
    fn bare_values_end_before_a_slash() {
        assert_eq!(
            written(|html| html.shape("use", &[("href", "#m")])),
            "<use href=#m />"
        );
        assert_eq!(
            written(|html| html.shape("path", &[("d", "M0 0"), ("class", "")])),
            "<path d=\"M0 0\"/>"
        );
    }

    #[test]
    fn code_in_prose() {
        assert_eq!(
            written(|html| html.prose("name `a<b` in `x")),
            "name <code>a&lt;b</code> in `x"
        );
    }
}
