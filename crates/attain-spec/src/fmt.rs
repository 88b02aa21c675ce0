//! One way to write a catalogue: indentation, spaces inside brackets, quotes against other tools.
//!
//! Knows the text and its tree, and no key of the catalogue. It edits white space and quotes between tokens and never
//! writes a file anew, so that every comment and the order of everything stay. What the tree does not explain is
//! left as it is.

use std::collections::BTreeMap;
use std::ops::Range;

use attain_model::{Diagnostic, Level, Span};

use crate::ambiguous::turns_into;
use crate::tree::{self, Kind, Map, Node};

/// How many spaces a level is indented.
const STEP: usize = 2;

/// Writes a catalogue file in the canonical way: two spaces a level, `{a: b, c: d}`, no trailing white space, line
/// feeds, and quotes around texts that YAML 1.1 tools would change (`no`, `012`, `12:30`). Comments, order, line
/// breaks and alignment after `key:` stay. Formatting twice changes nothing more, and the result reads as the same
/// catalogue.
///
/// # Errors
/// What is wrong with the YAML, as [`parse`](crate::parse) says it; spans are of file 0. Nothing is formatted then.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let before = read(text)?;
    let Some(root) = &before else {
        return Ok(text.to_owned());
    };
    let lines = Lines::of(text);
    let mut edits = Edits::default();
    let mut layout = Layout {
        text,
        lines: &lines,
        indents: BTreeMap::new(),
        owners: BTreeMap::new(),
        edits: &mut edits,
    };
    layout.node(root, 0);
    let (indents, owners) = (layout.indents, layout.owners);
    indentation(text, &lines, &indents, &owners, &mut edits);
    line_ends(text, &lines, &mut edits);
    let out = edits.apply(text);
    // Invariant: a formatted file says what it said before; a doubt leaves it alone.
    let same = read(&out).is_ok_and(|after| match (&before, &after) {
        (Some(a), Some(b)) => alike(a, b),
        _ => false,
    });
    Ok(if same { out } else { text.to_owned() })
}

fn read(text: &str) -> Result<Option<Node>, Vec<Diagnostic>> {
    let mut diagnostics = Vec::new();
    let tree = tree::read(0, text, &mut diagnostics);
    if tree.damaged || diagnostics.iter().any(|d| d.level == Level::Error) {
        return Err(diagnostics);
    }
    Ok(tree.root)
}

/// Whether two trees say the same, wherever it stands and however it is quoted.
fn alike(a: &Node, b: &Node) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Scalar(x), Kind::Scalar(y)) => x.text == y.text && a.is_absent() == b.is_absent(),
        (Kind::List(x), Kind::List(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|(a, b)| alike(a, b))
        }
        (Kind::Map(x), Kind::Map(y)) => {
            let pairs = x.entries.iter().zip(&y.entries);
            x.entries.len() == y.entries.len()
                && pairs
                    .into_iter()
                    .all(|(a, b)| a.key == b.key && alike(&a.value, &b.value))
        }
        (Kind::Refused, Kind::Refused) => true,
        _ => false,
    }
}

/// Where lines begin.
struct Lines {
    starts: Vec<usize>,
    end: usize,
}

impl Lines {
    fn of(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        Self {
            starts,
            end: text.len(),
        }
    }

    /// The line of a byte.
    fn at(&self, byte: usize) -> usize {
        self.starts.partition_point(|&start| start <= byte) - 1
    }

    /// The bytes of a line without its end.
    fn range(&self, line: usize) -> Range<usize> {
        let start = self.starts[line];
        let end = self.starts.get(line + 1).map_or(self.end, |next| next - 1);
        start..end
    }

    /// The first byte that is no space, and how far it is indented.
    fn content(&self, text: &str, line: usize) -> (usize, usize) {
        let range = self.range(line);
        let indent = text[range.clone()]
            .bytes()
            .take_while(|b| matches!(b, b' ' | b'\t'))
            .count();
        (range.start + indent, indent)
    }
}

/// Replacements that do not overlap, by where they begin.
#[derive(Default)]
struct Edits(BTreeMap<usize, (usize, String)>);

impl Edits {
    fn replace(&mut self, range: Range<usize>, with: &str) {
        self.0
            .entry(range.start)
            .or_insert_with(|| (range.end, with.to_owned()));
    }

    fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 64);
        let mut at = 0;
        for (&start, (end, with)) in &self.0 {
            if start < at || *end < start {
                continue;
            }
            out.push_str(&text[at..start]);
            out.push_str(with);
            at = *end;
        }
        out.push_str(&text[at..]);
        out
    }
}

/// Walks the tree and says how far each line is indented.
struct Layout<'t, 'e> {
    text: &'t str,
    lines: &'t Lines,
    /// The indentation of lines that begin with a key, a dash or a value.
    indents: BTreeMap<usize, usize>,
    /// Lines inside a value over several lines, with the line where it begins.
    owners: BTreeMap<usize, usize>,
    edits: &'e mut Edits,
}

impl Layout<'_, '_> {
    fn node(&mut self, node: &Node, indent: usize) {
        match &node.kind {
            Kind::Map(map) if !map.flow => self.block_map(map, indent),
            Kind::List(items) if !self.is_flow(node) => self.block_list(items, indent),
            _ => self.inline(node, indent),
        }
    }

    fn is_flow(&self, node: &Node) -> bool {
        self.text.as_bytes().get(node.span.start as usize) == Some(&b'[')
    }

    fn block_map(&mut self, map: &Map, indent: usize) {
        for entry in &map.entries {
            self.begins(entry.key_span.start as usize, indent);
            if entry.key_plain {
                self.quote(&entry.key, entry.key_span);
            }
            self.gap_after_key(entry.key_span, &entry.value);
            self.node(&entry.value, indent + STEP);
        }
    }

    fn block_list(&mut self, items: &[Node], indent: usize) {
        for item in items {
            let start = item.span.start as usize;
            let before = self.text[..start].trim_end_matches([' ', '\t', '\r', '\n']);
            if item.is_absent() || !before.ends_with('-') {
                continue;
            }
            let dash = before.len() - 1;
            self.begins(dash, indent);
            if self.lines.at(dash) == self.lines.at(start) {
                self.edits.replace(dash + 1..start, " ");
            }
            self.node(item, indent + STEP);
        }
    }

    /// A value in brackets or a text: where it begins, the lines it goes on over, the spaces in it.
    fn inline(&mut self, node: &Node, indent: usize) {
        if node.is_absent() {
            return;
        }
        let (start, end) = (node.span.start as usize, node.span.end as usize);
        self.begins(start, indent);
        let (first, last) = (self.lines.at(start), self.lines.at(end.max(start + 1) - 1));
        for line in first + 1..=last {
            self.owners.insert(line, first);
        }
        self.spaces(node);
    }

    fn begins(&mut self, at: usize, indent: usize) {
        let line = self.lines.at(at);
        if self.lines.content(self.text, line).0 == at {
            self.indents.entry(line).or_insert(indent);
        }
    }

    fn quote(&mut self, text: &str, span: Span) {
        if turns_into(text).is_some() {
            let range = span.start as usize..span.end as usize;
            self.edits.replace(range, &format!("\"{text}\""));
        }
    }

    /// `key:   value` keeps its alignment; a tab becomes a space.
    fn gap_after_key(&mut self, key: Span, value: &Node) {
        let range = key.end as usize..value.span.start as usize;
        let Some(gap) = self.text.get(range.clone()) else {
            return;
        };
        if value.is_absent() || !gap.contains('\t') || gap.contains(['\n', '#']) {
            return;
        }
        self.edits.replace(range, ": ");
    }

    /// White space between the tokens of a value in brackets.
    fn spaces(&mut self, node: &Node) {
        match &node.kind {
            Kind::Scalar(scalar) if scalar.plain => self.quote(&scalar.text, node.span),
            Kind::Map(map) => {
                let mut at = self.open(node, map.entries.first().map(|e| e.key_span));
                for (i, entry) in map.entries.iter().enumerate() {
                    // A key without a value is most likely a text that a comma cut: its author must look at it.
                    if entry.value.is_absent() {
                        at = usize::MAX;
                        continue;
                    }
                    if i > 0 {
                        self.gap(at, entry.key_span.start as usize, ", ");
                    }
                    if entry.key_plain {
                        self.quote(&entry.key, entry.key_span);
                    }
                    self.colon(entry.key_span, &entry.value);
                    self.spaces(&entry.value);
                    at = entry.value.span.end as usize;
                }
                self.close(node, at);
            }
            Kind::List(items) => {
                let mut at = self.open(node, items.first().map(|item| item.span));
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        self.gap(at, item.span.start as usize, ", ");
                    }
                    self.spaces(item);
                    at = if item.is_absent() {
                        usize::MAX
                    } else {
                        item.span.end as usize
                    };
                }
                self.close(node, at);
            }
            Kind::Scalar(_) | Kind::Refused => {}
        }
    }

    /// `{ a` is `{a`. Gives the place after the bracket.
    fn open(&mut self, node: &Node, first: Option<Span>) -> usize {
        let after = node.span.start as usize + 1;
        if let Some(first) = first {
            self.gap(after, first.start as usize, "");
        }
        after
    }

    /// `a }` is `a}`, and a comma before it on the same line goes.
    fn close(&mut self, node: &Node, at: usize) {
        self.gap(at, (node.span.end as usize).saturating_sub(1), "");
    }

    fn colon(&mut self, key: Span, value: &Node) {
        if value.is_absent() {
            return;
        }
        let (from, to) = (key.end as usize, value.span.start as usize);
        let Some(gap) = self.text.get(from..to) else {
            return;
        };
        let aligned = gap.starts_with(": ") && gap[1..].bytes().all(|b| b == b' ');
        if !aligned {
            self.gap(from, to, ": ");
        }
    }

    /// Rewrites a gap on one line that holds nothing but spaces and the punctuation it stands for.
    fn gap(&mut self, from: usize, to: usize, with: &str) {
        if from > to {
            return;
        }
        let Some(gap) = self.text.get(from..to) else {
            return;
        };
        let plain = gap.bytes().all(|b| matches!(b, b' ' | b'\t' | b',' | b':'));
        let stands_for = match with {
            ", " => gap.trim() == ",",
            ": " => gap.trim() == ":",
            _ => matches!(gap.trim(), "" | ","),
        };
        if plain && stands_for && gap != with {
            self.edits.replace(from..to, with);
        }
    }
}

/// Indents lines: those of the tree as it says, those inside a value with it, comments with what follows.
fn indentation(
    text: &str,
    lines: &Lines,
    indents: &BTreeMap<usize, usize>,
    owners: &BTreeMap<usize, usize>,
    edits: &mut Edits,
) {
    let shift = |line: usize| -> isize {
        let (_, old) = lines.content(text, line);
        indents
            .get(&line)
            .map_or(0, |&new| new as isize - old as isize)
    };
    for line in 0..lines.starts.len() {
        let (content, old) = lines.content(text, line);
        let range = lines.range(line);
        if text[content..range.end].trim().is_empty() {
            continue;
        }
        let new = if let Some(&new) = indents.get(&line) {
            new
        } else if let Some(&owner) = owners.get(&line) {
            (old as isize + shift(owner)).max(0) as usize
        } else if text[content..].starts_with('#') {
            comment_indent(text, lines, indents, line, old)
        } else {
            old
        };
        let spaces = " ".repeat(new);
        if text[range.start..content] != spaces {
            edits.replace(range.start..content, &spaces);
        }
    }
}

/// A comment goes with the line below it if it stood like that one, else with the line above, else as far as the
/// line below moved.
fn comment_indent(
    text: &str,
    lines: &Lines,
    indents: &BTreeMap<usize, usize>,
    line: usize,
    old: usize,
) -> usize {
    let below = indents.range(line..).next();
    let above = indents.range(..line).next_back();
    let stood_like = |(line, _): &(&usize, &usize)| lines.content(text, **line).1 == old;
    let moved = |(line, new): (&usize, &usize)| {
        let was = lines.content(text, *line).1;
        (old as isize + *new as isize - was as isize).max(0) as usize
    };
    below
        .filter(stood_like)
        .or(above.filter(stood_like))
        .map(|(_, &new)| new)
        .or(below.or(above).map(moved))
        .unwrap_or(old)
}

/// No white space at the end of lines, line feeds only, one at the end of the file, no byte order mark.
fn line_ends(text: &str, lines: &Lines, edits: &mut Edits) {
    if text.starts_with('\u{feff}') {
        edits.replace(0..3, "");
    }
    let content_end = text.trim_end().len();
    if &text[content_end..] != "\n" {
        edits.replace(content_end..text.len(), "\n");
    }
    for line in 0..lines.starts.len() {
        let range = lines.range(line);
        if range.start > content_end {
            break;
        }
        let kept = range.start + text[range.clone()].trim_end().len();
        if kept < range.end {
            edits.replace(kept..range.end, "");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::format;

    #[test]
    fn white_space_and_quotes_are_settled_and_nothing_else() {
        for (text, wanted) in [
            ("a:   1\n", "a:   1\n"),
            ("a: { b: c ,d: [ e,f ] }", "a: {b: c, d: [e, f]}\n"),
            (
                "a:\n    b: 1   \n    c: 2 # x  \n\n\n",
                "a:\n  b: 1\n  c: 2 # x\n",
            ),
            (
                "a:\n- b\n-   c: 1\n    d: 2\n",
                "a:\n  - b\n  - c: 1\n    d: 2\n",
            ),
            ("a: no\r\nb: 012\r\n", "a: \"no\"\nb: \"012\"\n"),
            ("no: {on: 12:30}\n", "\"no\": {\"on\": \"12:30\"}\n"),
            ("a: {b: }\n", "a: {b: }\n"),
            ("a: {b: c,}\n", "a: {b: c}\n"),
            (
                "a:\n    # about b\n    b: 1\n# end\n",
                "a:\n  # about b\n  b: 1\n# end\n",
            ),
            ("a:\n    {b: c,\n     d: e}\n", "a:\n  {b: c,\n   d: e}\n"),
            ("a:\n    b: x\n      y\n", "a:\n  b: x\n    y\n"),
            (
                "a: {\n  b: c, # why {\n  d: e\n}\n",
                "a: {\n  b: c, # why {\n  d: e\n}\n",
            ),
            ("a:\n    - - 1\n      - 2\n", "a:\n  - - 1\n    - 2\n"),
            ("\u{feff}a: true\n", "a: true\n"),
            ("a:\tb\n", "a: b\n"),
            ("a: {\"b\":c}\n", "a: {\"b\": c}\n"),
        ] {
            let once = format(text).unwrap();
            assert_eq!(once, wanted, "{text:?}");
            assert_eq!(format(&once).unwrap(), once, "{text:?} twice");
        }
    }

    #[test]
    fn a_file_that_is_not_yaml_is_left_to_its_author() {
        let diagnostics = format("a: [1\nb: 2\n").unwrap_err();
        assert_eq!(diagnostics[0].code, "yaml-syntax");
    }
}
