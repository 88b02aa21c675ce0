//! Text to a tree of maps, lists and scalars, each with its place.
//!
//! Knows YAML and what attain refuses of it. Knows no key of the catalogue: every scalar is text here, and the key
//! decides its type later.
//!
//! A syntax error does not end the reading: the lines it spoils are blanked (same length, so places stay true) and
//! the rest is read again. What was blanked makes the tree `damaged`: absence in it proves nothing.

use std::collections::BTreeMap;

use attain_model::{Diagnostic, Span};
use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

use crate::syntax;

/// The largest file that is read, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;
/// The deepest nesting that is read.
pub(crate) const MAX_DEPTH: usize = 64;
/// From so many diagnostics on, none is worth a search for a better word.
pub(crate) const MANY: usize = 200;
/// How many syntax errors of one file are reported before the rest of it is given up.
const MAX_SYNTAX_ERRORS: usize = 10;

/// A file as a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tree {
    /// The top of the file; `None` if nothing could be read or it is not a map.
    pub root: Option<Node>,
    /// Whether some of the text could not be read: what is absent may have stood there.
    pub damaged: bool,
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    /// From the first to the last byte, quotes and brackets included. Empty where a key has no value.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A map.
    Map(Map),
    /// Something that was refused and reported; nothing more is said about it.
    Refused,
}

/// A text as it was meant, i.e. without quotes and escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scalar {
    /// The text.
    pub text: String,
    /// Whether it stood without quotes; only then other YAML tools guess its type.
    pub plain: bool,
    /// Whether the bytes in the file, between the quotes if any, are exactly the text.
    pub verbatim: bool,
}

/// A map in the order of its text, without duplicate keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Map {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Whether it was written `{a: b}`.
    pub flow: bool,
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// Whether the key stood without quotes.
    pub key_plain: bool,
    /// The value.
    pub value: Node,
}

impl Node {
    /// Whether nothing was written: `key:`.
    pub fn is_absent(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(s) if s.plain && s.text.is_empty())
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// The place of the bytes `start..end` of the text; the whole value if the text has escapes.
    pub fn part(&self, start: usize, end: usize) -> Span {
        match &self.kind {
            Kind::Scalar(s) if s.verbatim => {
                let base = self.span.start + u32::from(!s.plain);
                Span {
                    file: self.span.file,
                    start: base + start as u32,
                    end: base + end as u32,
                }
            }
            _ => self.span,
        }
    }
}

impl Map {
    /// The entry with a key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

/// Reads a file. All that is wrong with its YAML goes to `diagnostics`; what could be read is in the tree.
pub(crate) fn read(file: u32, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Tree {
    let mut tree = Tree {
        root: None,
        damaged: true,
    };
    if text.len() > MAX_BYTES {
        let cause = format!("this file has {} bytes; the most is 1 MiB", text.len());
        let at = Span {
            file,
            start: 0,
            end: 0,
        };
        diagnostics.push(
            Diagnostic::error("file-too-large", at, cause)
                .help("split it: a catalogue is a folder of files"),
        );
        return tree;
    }
    let mut blanked = text.to_owned();
    tree.damaged = syntax::blank_tabs(file, &mut blanked, diagnostics);
    for _ in 0..MAX_SYNTAX_ERRORS {
        let mut found = Vec::new();
        let mut builder = Builder::new(file, &blanked, &mut found);
        match builder.run() {
            Ok(()) => {
                tree.root = builder.root.take();
                tree.damaged |= builder.refused;
                diagnostics.append(&mut found);
                break;
            }
            Err(error) => {
                tree.damaged = true;
                tree.root = builder.finish();
                let problem = syntax::explain(file, &blanked, &error);
                diagnostics.push(problem.diagnostic);
                if !syntax::blank(&mut blanked, problem.spoiled) {
                    diagnostics.append(&mut found);
                    break;
                }
            }
        }
    }
    check_root(file, text, &mut tree, diagnostics);
    tree
}

/// The top of a catalogue file is a map, and an empty file is a mistake.
fn check_root(file: u32, text: &str, tree: &mut Tree, diagnostics: &mut Vec<Diagnostic>) {
    let whole = Span {
        file,
        start: 0,
        end: 0,
    };
    match &tree.root {
        Some(root) if root.is_absent() => tree.root = None,
        Some(Node {
            kind: Kind::Map(_), ..
        }) => return,
        Some(root) => {
            if !matches!(root.kind, Kind::Refused) && !tree.damaged {
                diagnostics.push(
                    Diagnostic::error(
                        "yaml-syntax",
                        root.span,
                        "a catalogue file is a map of sections",
                    )
                    .help("begin with `attain: 1`, then `slos:`"),
                );
            }
            tree.damaged = true;
            tree.root = None;
            return;
        }
        None => {}
    }
    if !tree.damaged {
        let cause = if text.trim().is_empty() {
            "this file is empty"
        } else {
            "this file says nothing"
        };
        diagnostics.push(
            Diagnostic::error("yaml-syntax", whole, cause)
                .help("begin with `attain: 1`, or remove the file"),
        );
        tree.damaged = true;
    }
}

/// Builds the tree from events with an explicit stack, so that no nesting can exhaust ours.
struct Builder<'t, 'd> {
    file: u32,
    text: &'t str,
    diagnostics: &'d mut Vec<Diagnostic>,
    stack: Vec<Open>,
    root: Option<Node>,
    anchors: BTreeMap<usize, usize>,
    documents: usize,
    depth_reported: bool,
    /// Something was refused or left unread.
    refused: bool,
}

/// A collection whose end has not come yet.
struct Open {
    span: Span,
    flow: bool,
    shape: Shape,
    /// Too deep: its contents are dropped.
    dropped: bool,
}

enum Shape {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        seen: BTreeMap<String, Span>,
        key: Option<Node>,
    },
}

impl<'t, 'd> Builder<'t, 'd> {
    fn new(file: u32, text: &'t str, diagnostics: &'d mut Vec<Diagnostic>) -> Self {
        Self {
            file,
            text,
            diagnostics,
            stack: Vec::new(),
            root: None,
            anchors: BTreeMap::new(),
            documents: 0,
            depth_reported: false,
            refused: false,
        }
    }

    fn run(&mut self) -> Result<(), granit_parser::ScanError> {
        let mut options = granit_parser::options! {
            emit_unresolved_aliases: true,
            emit_anchor_events: true,
            disallow_directives: true,
            simple_key_max_lookahead: 1024,
        };
        options.set_emit_comments(false);
        for next in Parser::new_from_str_with_options(self.text, options) {
            let (event, span) = next?;
            let tag = span.tag_span().and_then(|tag| tag.byte_range());
            let at = self.span(&span);
            if let Some(tag) = tag {
                self.refuse_tag(tag);
                // `!5xx` is all tag and no value.
                if matches!(&event, Event::Scalar(..)) && at.start == at.end {
                    self.node(Node {
                        span: at,
                        kind: Kind::Refused,
                    });
                    continue;
                }
            }
            if !self.event(event, at) {
                break;
            }
        }
        Ok(())
    }

    /// Takes one event; `false` when the rest is of no interest.
    fn event(&mut self, event: Event<'_>, span: Span) -> bool {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.diagnostics.push(
                        Diagnostic::error(
                            "yaml-documents",
                            span,
                            "a second document begins here; a catalogue file is one document",
                        )
                        .help("put it into a file of its own, or remove the `---`"),
                    );
                    self.refused = true;
                    return false;
                }
            }
            Event::Scalar(text, style, ..) => self.scalar(&text, style, span),
            Event::SequenceStart(style, ..) => self.open(span, style, Shape::List(Vec::new())),
            Event::MappingStart(style, ..) => self.open(
                span,
                style,
                Shape::Map {
                    entries: Vec::new(),
                    seen: BTreeMap::new(),
                    key: None,
                },
            ),
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Anchor(id, _) => {
                self.anchors.insert(id, self.diagnostics.len());
                self.diagnostics.push(anchor(span));
            }
            Event::Alias(id) => {
                // The alias is the anchor's fault: one cause, one diagnostic.
                if let Some(diagnostic) = self
                    .anchors
                    .get(&id)
                    .and_then(|&at| self.diagnostics.get_mut(at))
                {
                    diagnostic.labels.push(attain_model::Label {
                        span,
                        text: "used here".to_owned(),
                    });
                }
                self.node(Node {
                    span,
                    kind: Kind::Refused,
                });
            }
            Event::UnresolvedAlias(_) => {
                let mut diagnostic = anchor(span);
                diagnostic.help = Some(
                    "if the `*` is text, put the value in quotes; else write the value out"
                        .to_owned(),
                );
                self.diagnostics.push(diagnostic);
                self.node(Node {
                    span,
                    kind: Kind::Refused,
                });
            }
            _ => {}
        }
        true
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, span: Span) {
        let plain = style == ScalarStyle::Plain;
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            let mark = if style == ScalarStyle::Literal {
                '|'
            } else {
                '>'
            };
            let before = &self.text[..span.start as usize];
            let start = before.rfind(mark).unwrap_or(before.len()) as u32;
            let at = Span { start, ..span };
            self.diagnostics.push(syntax::block_scalar(at, mark));
            return self.node(Node {
                span,
                kind: Kind::Refused,
            });
        }
        let raw = self
            .text
            .get(span.start as usize..span.end as usize)
            .unwrap_or("");
        // YAML's null is an empty text here: a key without a value.
        let text = if plain && raw.is_empty() { "" } else { text };
        let verbatim = if plain {
            raw == text
        } else {
            raw.len() >= 2 && raw.get(1..raw.len() - 1) == Some(text)
        };
        self.node(Node {
            span,
            kind: Kind::Scalar(Scalar {
                text: text.to_owned(),
                plain,
                verbatim,
            }),
        });
    }

    fn open(&mut self, span: Span, style: StructureStyle, shape: Shape) {
        let mut dropped = self.stack.last().is_some_and(|open| open.dropped);
        if self.stack.len() >= MAX_DEPTH && !dropped {
            dropped = true;
            if !self.depth_reported {
                self.depth_reported = true;
                let cause = format!("this is nested more than {MAX_DEPTH} deep");
                self.diagnostics
                    .push(Diagnostic::error("too-deep", span, cause));
            }
        }
        let flow = style == StructureStyle::Flow;
        self.stack.push(Open {
            span,
            flow,
            shape,
            dropped,
        });
    }

    fn close(&mut self, end: Span) {
        let Some(open) = self.stack.pop() else { return };
        let node = self.closed(open, end.end);
        self.node(node);
    }

    fn closed(&mut self, open: Open, end: u32) -> Node {
        let mut span = open.span;
        // A block collection ends with its last child, not with the blank lines after it.
        let last = match &open.shape {
            Shape::List(items) => items.last().map(|item| item.span.end),
            Shape::Map { entries, .. } => entries
                .last()
                .map(|entry| entry.value.span.end.max(entry.key_span.end)),
        };
        span.end = if open.flow { end } else { last.unwrap_or(end) }.max(span.start);
        let kind = match open.shape {
            _ if open.dropped => Kind::Refused,
            Shape::List(items) => Kind::List(items),
            Shape::Map { entries, .. } => Kind::Map(Map {
                entries,
                flow: open.flow,
            }),
        };
        Node { span, kind }
    }

    /// Puts a finished node where it belongs.
    fn node(&mut self, node: Node) {
        self.refused |= matches!(node.kind, Kind::Refused);
        let Some(open) = self.stack.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        if open.dropped {
            return;
        }
        match &mut open.shape {
            Shape::List(items) => items.push(node),
            Shape::Map {
                entries,
                seen,
                key: slot,
            } => match slot.take() {
                None => *slot = Some(node),
                Some(key) => {
                    if let Some(entry) = keyed(key, node, seen, self.text, self.diagnostics) {
                        entries.push(entry);
                    }
                }
            },
        }
    }

    /// Closes what a syntax error left open.
    fn finish(&mut self) -> Option<Node> {
        while let Some(mut open) = self.stack.pop() {
            if let Shape::Map { key, .. } = &mut open.shape {
                *key = None;
            }
            let end = open.span.end;
            let node = self.closed(open, end);
            self.node(node);
        }
        self.root.take()
    }

    fn refuse_tag(&mut self, range: std::ops::Range<usize>) {
        let span = Span {
            file: self.file,
            start: range.start as u32,
            end: range.end as u32,
        };
        self.diagnostics.push(
            Diagnostic::error(
                "yaml-tag",
                span,
                "tags (`!...`) have no meaning here: the key decides the type of a value",
            )
            .help("remove the tag; to exclude something use the key `except`"),
        );
    }

    fn span(&self, span: &granit_parser::Span) -> Span {
        let range = span.byte_range().unwrap_or(0..0);
        let limit = self.text.len();
        let start = range.start.min(limit);
        Span {
            file: self.file,
            start: start as u32,
            end: range.end.clamp(start, limit) as u32,
        }
    }
}

/// What to do about a place that refers to an anchor.
const WRITTEN_OUT: &str =
    "write the value out; what SLOs share goes under `indicators:` or `defaults:`";

fn anchor(span: Span) -> Diagnostic {
    Diagnostic::error(
        "yaml-anchor",
        span,
        "anchors, aliases and `<<` hide what a line means from grep and diff",
    )
    .help("name the thing under `indicators:`, or use `defaults:`")
}

/// An entry, unless its key was refused or given before.
fn keyed(
    key: Node,
    value: Node,
    seen: &mut BTreeMap<String, Span>,
    text: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Entry> {
    let (name, plain) = match key.kind {
        Kind::Scalar(scalar) => (scalar.text, scalar.plain),
        Kind::Refused => return None,
        Kind::List(_) | Kind::Map(_) => {
            diagnostics.push(
                Diagnostic::error(
                    "yaml-syntax",
                    key.span,
                    "a key is a word, not a list or a map",
                )
                .help("write `\"{...}\"` in quotes if the braces are meant as text"),
            );
            return None;
        }
    };
    if name == "<<" && plain {
        // An alias was reported where its anchor stands.
        if !matches!(value.kind, Kind::Refused) {
            diagnostics.push(anchor(key.span).help(WRITTEN_OUT));
        }
        return None;
    }
    if let Some(first) = seen.get(&name) {
        // Counting lines costs a look at the text: a hostile file gets its later places without one.
        let place = if diagnostics.len() < MANY {
            let (line, column) = syntax::line_column(text, first.start as usize);
            format!(" (first at {line}:{column})")
        } else {
            String::new()
        };
        let cause = format!("`{name}` is given twice{place}; YAML readers disagree on which wins");
        diagnostics.push(
            Diagnostic::error("duplicate-key", key.span, cause)
                .help("keep one")
                .label(*first, "first given here"),
        );
        return None;
    }
    seen.insert(name.clone(), key.span);
    Some(Entry {
        key: name,
        key_span: key.span,
        key_plain: plain,
        value,
    })
}
