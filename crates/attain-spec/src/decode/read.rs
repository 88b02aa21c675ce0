//! Reading values out of a tree: each by its type, with its place, and with a word about what is wrong.
//!
//! Knows scalars, lists, maps and references to ids. Objects with known keys stand in object.rs; its neighbours know
//! the sections.

use std::cell::RefCell;
use std::collections::BTreeMap;

use attain_model::{Diagnostic, Level, SourceMap, Span};
use jiff::tz::TimeZone;

use super::commas::commas;
use super::object::Obj;
use crate::ambiguous::turns_into;
use crate::scalar::{Bad, Parsed};
use crate::schema::Section;
use crate::spans::Spans;
use crate::suggest::closest;
use crate::tree::{Kind, MANY, Node};

/// What all readers share.
pub(crate) struct Cx<'t> {
    pub sources: &'t SourceMap,
    /// Some text could not be read: what is absent may have stood there.
    pub damaged: bool,
    /// The first source that is a log, by name.
    pub log: Option<&'t str>,
    /// The catalogue's zone and its name.
    pub zone: TimeZone,
    pub zone_name: String,
    /// Ids by kind, e.g. `SLO`; a kind whose section no file has is absent.
    pub names: BTreeMap<&'static str, BTreeMap<&'t str, Span>>,
    /// The segments of today by their earlier ids.
    pub renamed: BTreeMap<&'t str, &'t str>,
    pub spans: RefCell<Spans>,
    diagnostics: RefCell<Vec<Diagnostic>>,
    object: RefCell<String>,
}

impl<'t> Cx<'t> {
    pub fn new(sources: &'t SourceMap, damaged: bool, diagnostics: Vec<Diagnostic>) -> Self {
        Self {
            sources,
            damaged,
            log: None,
            zone: TimeZone::UTC,
            zone_name: "UTC".to_owned(),
            names: BTreeMap::new(),
            renamed: BTreeMap::new(),
            spans: RefCell::default(),
            diagnostics: RefCell::new(diagnostics),
            object: RefCell::default(),
        }
    }

    /// From here on errors belong to the object at this path.
    pub fn enter(&self, path: &str) {
        path.clone_into(&mut self.object.borrow_mut());
    }

    pub fn push(&self, diagnostic: Diagnostic) {
        if diagnostic.level == Level::Error {
            self.spans.borrow_mut().mark_broken(&self.object.borrow());
        }
        self.diagnostics.borrow_mut().push(diagnostic);
    }

    /// Whether a name of a kind is declared or built in.
    pub fn knows(&self, kind: &str, name: &str) -> bool {
        self.names
            .get(kind)
            .is_some_and(|names| names.contains_key(name))
    }

    /// `did you mean `auth-login` (internal.yaml:7)?`
    pub fn did_you_mean(&self, kind: &str, typed: &str) -> Option<String> {
        if self.count() >= MANY {
            return None;
        }
        if let Some(today) = self.renamed.get(typed).filter(|_| kind == "segment") {
            return Some(format!("`{typed}` is called `{today}` now: write that"));
        }
        let names = self.names.get(kind)?;
        let near = closest(typed, names.keys().copied())?;
        Some(match names.get(near) {
            Some(span) if span.end > span.start => {
                let file = &self.sources.files[span.file as usize].name;
                let (line, _) = self.sources.line_column(*span);
                format!("did you mean `{near}` ({file}:{line})?")
            }
            _ => format!("did you mean `{near}`?"),
        })
    }

    /// How many things were wrong so far.
    pub fn count(&self) -> usize {
        self.diagnostics.borrow().len()
    }

    pub fn finish(self) -> (Vec<Diagnostic>, Spans) {
        (self.diagnostics.into_inner(), self.spans.into_inner())
    }
}

/// A value at its path.
#[derive(Clone)]
pub(crate) struct At<'c, 't> {
    pub cx: &'c Cx<'t>,
    pub path: String,
    /// The key, or the item of a list.
    pub name: &'t str,
    pub key: Span,
    pub node: &'t Node,
}

impl<'c, 't> At<'c, 't> {
    /// Reports what is wrong with the value.
    pub fn bad(&self, bad: Bad) {
        let span = match bad.range {
            Some((start, end)) => self.node.part(start, end),
            None => self.node.span,
        };
        let mut diagnostic = Diagnostic::error(bad.code, span, bad.cause);
        diagnostic.help = bad.help;
        self.cx.push(diagnostic);
    }

    /// Reports something at the value.
    pub fn error(&self, code: &'static str, cause: impl Into<String>, help: impl Into<String>) {
        self.bad(Bad::new(code, cause).help(help));
    }

    /// Reports something at the key.
    pub fn error_at_key(
        &self,
        code: &'static str,
        cause: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.cx
            .push(Diagnostic::error(code, self.key, cause).help(help));
    }

    fn missing(&self) {
        // What stood there may be what could not be read.
        if self.cx.damaged {
            return;
        }
        let cause = format!("`{}` has no value", self.name);
        self.cx.push(
            Diagnostic::error("value-missing", self.key, cause)
                .help("give it one, or remove the key"),
        );
    }

    fn wrong_shape(&self, expected: &str) {
        let is = match self.node.kind {
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
            _ => "a text",
        };
        let cause = if self.name.is_empty() {
            format!("{expected} is expected here, and this is {is}")
        } else {
            format!("`{}` is {expected}, and this is {is}", self.name)
        };
        self.bad(Bad::new("value-shape", cause));
    }

    /// A text as it was written, `""` included.
    pub fn raw(&self) -> Option<&'t str> {
        match &self.node.kind {
            Kind::Scalar(_) if self.node.is_absent() => {
                self.missing();
                None
            }
            Kind::Scalar(scalar) => Some(&scalar.text),
            Kind::Refused => None,
            Kind::List(_) | Kind::Map(_) => {
                self.wrong_shape("one text");
                None
            }
        }
    }

    /// A text that is not empty.
    fn scalar(&self) -> Option<&'t str> {
        let text = self.raw()?;
        if text.is_empty() {
            self.missing();
            return None;
        }
        Some(text)
    }

    /// A free text. Other tools guess its type, so that a plain `no` is worth a warning.
    pub fn text(&self) -> Option<&'t str> {
        let text = self.scalar()?;
        self.warn_ambiguous(text);
        Some(text)
    }

    pub fn owned(&self) -> Option<String> {
        self.text().map(str::to_owned)
    }

    pub fn warn_ambiguous(&self, text: &str) {
        let plain = matches!(&self.node.kind, Kind::Scalar(s) if s.plain);
        if let Some(other) = turns_into(text).filter(|_| plain) {
            self.cx.push(ambiguous(text, self.node.span, &other));
        }
    }

    /// A text of the format.
    pub fn parse<T>(&self, parse: impl FnOnce(&str) -> Parsed<T>) -> Option<T> {
        let text = self.scalar()?;
        parse(text).map_err(|bad| self.bad(bad)).ok()
    }

    /// One of some words.
    pub fn word(&self, words: &[&'static str]) -> Option<&'static str> {
        let text = self.scalar()?;
        let found = words.iter().find(|word| **word == text);
        if found.is_none() {
            let what = if self.name.is_empty() {
                "this"
            } else {
                self.name
            };
            let cause = format!("`{text}` is not a value of `{what}`");
            let help = match closest(text, words.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write {}", either(words)),
            };
            self.error("value-unknown", cause, help);
        }
        found.copied()
    }

    /// The id of something that must exist, unless its section is optional and absent.
    pub fn refer(&self, kind: &'static str) -> Option<&'t str> {
        let text = self.text()?;
        self.refers(kind, text).then_some(text)
    }

    /// Whether a name of a kind exists; reports it if not.
    pub fn refers(&self, kind: &'static str, text: &str) -> bool {
        let free = matches!(kind, "team" | "service") && !self.cx.names.contains_key(kind);
        if free || self.cx.damaged || self.cx.knows(kind, text) {
            return true;
        }
        let mut bad = Bad::new(
            unknown_code(kind),
            format!("there is no {kind} `{text}` in this folder"),
        );
        bad.help = self.cx.did_you_mean(kind, text).or_else(|| {
            let known = self.cx.names.get(kind)?;
            let names: Vec<&str> = known.keys().copied().collect();
            (names.len() <= 8 && !names.is_empty())
                .then(|| format!("known: {}", names.join(", ")))
                .or(Some(format!("declare it under `{}:`", section_of(kind))))
        });
        if bad.help.is_none() {
            bad = bad.help(format!("declare it under `{}:`", section_of(kind)));
        }
        self.bad(bad);
        false
    }

    /// The items of a list; one value stands for a list of one.
    pub fn list(&self) -> Vec<At<'c, 't>> {
        match &self.node.kind {
            Kind::Refused => Vec::new(),
            Kind::Scalar(_) if self.node.is_absent() => {
                self.missing();
                Vec::new()
            }
            Kind::List(items) => items
                .iter()
                .enumerate()
                .map(|(i, item)| self.item(i, item))
                .collect(),
            Kind::Scalar(_) | Kind::Map(_) => {
                let item = self.item(0, self.node);
                self.cx
                    .spans
                    .borrow_mut()
                    .insert(item.path.clone(), item.key, item.node.span);
                vec![item]
            }
        }
    }

    fn item(&self, i: usize, node: &'t Node) -> At<'c, 't> {
        At {
            cx: self.cx,
            path: format!("{}.{i}", self.path),
            name: self.name,
            key: node.span,
            node,
        }
    }

    /// Free texts.
    pub fn texts(&self) -> Vec<String> {
        self.list().iter().filter_map(At::owned).collect()
    }

    /// The entries of a map whose keys a person chooses.
    pub fn entries(&self) -> Vec<At<'c, 't>> {
        let map = match &self.node.kind {
            Kind::Map(map) => map,
            Kind::Refused => return Vec::new(),
            Kind::Scalar(_) if self.node.is_absent() => {
                self.missing();
                return Vec::new();
            }
            Kind::Scalar(_) | Kind::List(_) => {
                self.wrong_shape("a map");
                return Vec::new();
            }
        };
        let comma = commas(self.cx, map, &|_| false, &|_| false);
        map.entries
            .iter()
            .filter(|entry| !comma.contains(&entry.key_span))
            .map(|entry| At {
                cx: self.cx,
                path: format!("{}.{}", self.path, entry.key),
                name: &entry.key,
                key: entry.key_span,
                node: &entry.value,
            })
            .collect()
    }

    /// Label names and free texts.
    pub fn labels(&self) -> BTreeMap<String, String> {
        self.entries()
            .iter()
            .filter_map(|at| {
                warn_key(at);
                Some((at.name.to_owned(), at.owned()?))
            })
            .collect()
    }

    /// The entries of a map, if it is one; reports nothing.
    pub fn children(&self) -> Vec<(&'t str, At<'c, 't>)> {
        let Kind::Map(map) = &self.node.kind else {
            return Vec::new();
        };
        map.entries
            .iter()
            .map(|entry| {
                let at = At {
                    cx: self.cx,
                    path: format!("{}.{}", self.path, entry.key),
                    name: &entry.key,
                    key: entry.key_span,
                    node: &entry.value,
                };
                (entry.key.as_str(), at)
            })
            .collect()
    }

    pub fn is_map(&self) -> bool {
        matches!(self.node.kind, Kind::Map(_))
    }

    pub fn is_list(&self) -> bool {
        matches!(self.node.kind, Kind::List(_))
    }

    /// A map with known keys.
    pub fn object(&self, section: &'static Section) -> Option<Obj<'c, 't>> {
        match &self.node.kind {
            Kind::Map(map) => Some(Obj::new(self.clone(), map, None, section)),
            Kind::Refused => None,
            Kind::Scalar(_) if self.node.is_absent() => {
                self.missing();
                None
            }
            Kind::Scalar(_) | Kind::List(_) => {
                self.wrong_shape("a map");
                None
            }
        }
    }
}

/// Places of a value and of everything in it.
pub(crate) fn insert_places(spans: &mut Spans, path: &str, key: Span, node: &Node) {
    spans.insert(path.to_owned(), key, node.span);
    match &node.kind {
        Kind::Map(map) => {
            for entry in &map.entries {
                let inner = format!("{path}.{}", entry.key);
                insert_places(spans, &inner, entry.key_span, &entry.value);
            }
        }
        Kind::List(items) => {
            for (i, item) in items.iter().enumerate() {
                insert_places(spans, &format!("{path}.{i}"), item.span, item);
            }
        }
        Kind::Scalar(_) | Kind::Refused => {}
    }
}

/// A plain key that YAML 1.1 tools would turn into a truth value or a number.
pub(crate) fn warn_key(at: &At<'_, '_>) {
    let text = &at.cx.sources.files[at.key.file as usize].text;
    let raw = text.get(at.key.start as usize..at.key.end as usize);
    if raw != Some(at.name) {
        return;
    }
    if let Some(other) = turns_into(at.name) {
        at.cx.push(ambiguous(at.name, at.key, &other));
    }
}

fn ambiguous(text: &str, span: Span, other: &str) -> Diagnostic {
    let cause = format!("attain reads `{text}` as text, but YAML 1.1 tools turn it into {other}");
    Diagnostic::warning("yaml-ambiguous", span, cause)
        .help(format!("write `\"{text}\"` (`attain fmt` does it)"))
}

/// `a`, `b` or `c`.
fn either(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [head @ .., last] => format!("{} or `{last}`", quoted(head)),
    }
}

pub(crate) fn quoted(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

fn unknown_code(kind: &str) -> &'static str {
    match kind {
        "SLO" => "unknown-slo",
        "segment" => "unknown-segment",
        "team" => "unknown-team",
        "service" => "unknown-service",
        "source" => "unknown-source",
        "indicator" => "unknown-indicator",
        "alert policy" | "budget policy" => "unknown-policy",
        "severity" => "unknown-severity",
        "escalation" => "unknown-escalation",
        "receiver" => "unknown-receiver",
        "credit schedule" => "unknown-credits",
        _ => "unknown-party",
    }
}

/// The section in which a kind of thing is declared.
pub(crate) fn section_of(kind: &str) -> &'static str {
    match kind {
        "SLO" => "slos",
        "segment" => "segments",
        "team" => "teams",
        "service" => "services",
        "source" => "sources",
        "indicator" => "indicators",
        "alert policy" => "alert_policies",
        "budget policy" => "budget_policies",
        "severity" => "severities",
        "escalation" => "escalations",
        "receiver" => "receivers",
        "credit schedule" => "credits",
        "role" => "roles",
        _ => "teams",
    }
}
