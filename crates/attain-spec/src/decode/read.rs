//! Reading objects out of a tree: keys by the schema, values by their type, places for everything.
//!
//! Knows sections, keys, references and the rules that hold for all of them: unknown, missing and exclusive keys.
//! Knows no section in particular; its neighbours do.

use std::cell::RefCell;
use std::collections::BTreeMap;

use attain_model::{Diagnostic, Level, SourceMap, Span};
use jiff::tz::TimeZone;

use crate::ambiguous::turns_into;
use crate::scalar::{Bad, Parsed};
use crate::schema::{Need, Section, Shape, Text};
use crate::spans::Spans;
use crate::suggest::closest;
use crate::tree::{Kind, Map, Node};

/// What all readers share.
pub(crate) struct Cx<'t> {
    pub sources: &'t SourceMap,
    /// Some text could not be read: what is absent may have stood there.
    pub damaged: bool,
    /// The catalogue's zone and its name.
    pub zone: TimeZone,
    pub zone_name: String,
    /// Ids by kind, e.g. `SLO`; a kind whose section no file has is absent.
    pub names: BTreeMap<&'static str, BTreeMap<&'t str, Span>>,
    pub spans: RefCell<Spans>,
    diagnostics: RefCell<Vec<Diagnostic>>,
    object: RefCell<String>,
}

impl<'t> Cx<'t> {
    pub fn new(sources: &'t SourceMap, damaged: bool, diagnostics: Vec<Diagnostic>) -> Self {
        Self {
            sources,
            damaged,
            zone: TimeZone::UTC,
            zone_name: "UTC".to_owned(),
            names: BTreeMap::new(),
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

/// An object and the schema of its keys.
#[derive(Clone)]
pub(crate) struct Obj<'c, 't> {
    pub at: At<'c, 't>,
    map: &'t Map,
    /// `defaults:` of the file.
    fallback: Option<&'t Map>,
    section: &'static Section,
    /// Keys that are there, misspelt: they are not missing as well.
    meant: Vec<&'static str>,
}

impl<'c, 't> Obj<'c, 't> {
    /// Checks the keys against the schema.
    pub fn new(
        at: At<'c, 't>,
        map: &'t Map,
        fallback: Option<&'t Map>,
        section: &'static Section,
    ) -> Self {
        let mut this = Self {
            at,
            map,
            fallback,
            section,
            meant: Vec::new(),
        };
        this.meant = this.check_unknown(map);
        this.check_needed();
        this
    }

    pub fn cx(&self) -> &'c Cx<'t> {
        self.at.cx
    }

    /// Reports unknown keys. Returns the keys that were meant.
    fn check_unknown(&self, map: &'t Map) -> Vec<&'static str> {
        let mut meant = Vec::new();
        let cx = self.cx();
        let known = |key: &str| self.section.key(key).is_some();
        let counted = |key: &str| {
            matches!(
                self.section.key(key).map(|key| key.shape),
                Some(Shape::Scalar(Text::Int))
            )
        };
        let commas = commas(cx, map, &known, &counted);
        for entry in &map.entries {
            if known(&entry.key) || commas.contains(&entry.key_span) {
                continue;
            }
            meant.extend(closest(&entry.key, self.section.all().map(|key| key.name)));
            cx.push(unknown_key(self.section, &entry.key, entry.key_span));
        }
        meant
    }

    fn check_needed(&self) {
        let cx = self.cx();
        if cx.damaged {
            return;
        }
        for key in self.section.all().filter(|key| key.need == Need::Always) {
            if !self.has(key.name) {
                self.missing(key.name, key.meaning);
            }
        }
        let one_of = self.section.one_of;
        let given: Vec<_> = one_of.iter().filter(|key| self.has(key)).collect();
        let misspelt = one_of.iter().any(|key| self.meant.contains(key));
        if !one_of.is_empty() && given.is_empty() && !misspelt {
            let cause = format!("{} names one of {}", self.section.what, quoted(one_of));
            self.at
                .error_at_key("key-missing", cause, format!("add `{}:`", one_of[0]));
        }
        if let [first, second, ..] = given[..] {
            self.exclusive(first, second);
        }
    }

    /// Reports two keys that exclude each other, at the later one.
    pub fn exclusive(&self, first: &str, second: &str) {
        let (Some(a), Some(b)) = (self.get(first), self.get(second)) else {
            return;
        };
        let (early, late) = if a.key.start <= b.key.start {
            (a, b)
        } else {
            (b, a)
        };
        let cause = format!(
            "`{}` and `{}` exclude each other in {}",
            early.name, late.name, self.section.what
        );
        self.cx().push(
            Diagnostic::error("keys-exclusive", late.key, cause)
                .help("keep one")
                .label(early.key, "given here"),
        );
    }

    /// Reports a key that is missing.
    pub fn missing(&self, key: &str, meaning: &str) {
        if self.cx().damaged || self.meant.contains(&key) {
            return;
        }
        let cause = format!("{} needs `{key}`: {meaning}", self.section.what);
        self.at
            .error_at_key("key-missing", cause, format!("add `{key}:`"));
    }

    pub fn has(&self, key: &str) -> bool {
        self.map.get(key).is_some() || self.fallback.is_some_and(|map| map.get(key).is_some())
    }

    /// Whether the key stands in the object itself, not in `defaults:`.
    pub fn has_own(&self, key: &str) -> bool {
        self.map.get(key).is_some()
    }

    /// The value of a key, from the object or else from `defaults:`.
    pub fn get(&self, key: &str) -> Option<At<'c, 't>> {
        debug_assert!(self.section.key(key).is_some(), "{key} is in the schema");
        let own = self.map.get(key);
        let entry = own.or_else(|| self.fallback?.get(key))?;
        let path = format!("{}.{key}", self.at.path);
        if own.is_none() {
            let mut spans = self.cx().spans.borrow_mut();
            insert_places(&mut spans, &path, entry.key_span, &entry.value);
        }
        Some(At {
            cx: self.cx(),
            path,
            name: &entry.key,
            key: entry.key_span,
            node: &entry.value,
        })
    }

    pub fn parse<T>(&self, key: &str, parse: impl FnOnce(&str) -> Parsed<T>) -> Option<T> {
        self.get(key)?.parse(parse)
    }

    pub fn text(&self, key: &str) -> Option<String> {
        self.get(key)?.owned()
    }

    pub fn texts(&self, key: &str) -> Vec<String> {
        self.get(key).map(|at| at.texts()).unwrap_or_default()
    }

    /// One of the words that the schema names.
    pub fn word(&self, key: &str) -> Option<&'static str> {
        let at = self.get(key)?;
        match self.section.key(key)?.shape {
            Shape::Words(words) => at.word(words),
            _ => None,
        }
    }

    pub fn object(&self, key: &str, section: &'static Section) -> Option<Obj<'c, 't>> {
        self.get(key)?.object(section)
    }

    pub fn list(&self, key: &str) -> Vec<At<'c, 't>> {
        self.get(key).map(|at| at.list()).unwrap_or_default()
    }

    pub fn refer(&self, key: &str, kind: &'static str) -> Option<&'t str> {
        self.get(key)?.refer(kind)
    }

    /// Ids that all exist; those that do not are reported and left out.
    pub fn refers(&self, key: &str, kind: &'static str) -> Vec<&'t str> {
        self.list(key)
            .iter()
            .filter_map(|at| at.refer(kind))
            .collect()
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

pub(crate) fn unknown_key(section: &Section, key: &str, span: Span) -> Diagnostic {
    let cause = format!("`{key}` is not a key of {}", section.what);
    let help = match closest(key, section.all().map(|key| key.name)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let names: Vec<&str> = section.keys.iter().map(|key| key.name).collect();
            format!("its keys are {}", names.join(", "))
        }
    };
    Diagnostic::error("unknown-key", span, cause).help(help)
}

/// Finds keys without a value that a comma in a text made, and reports them. Returns their places.
///
/// In `{price: 5,000 USD}` the key `000 USD` is none, and the fault is the comma before it.
fn commas(
    cx: &Cx<'_>,
    map: &Map,
    known: &dyn Fn(&str) -> bool,
    counted: &dyn Fn(&str) -> bool,
) -> Vec<Span> {
    let mut found = Vec::new();
    if !map.flow {
        return found;
    }
    for pair in map.entries.windows(2) {
        let [before, entry] = pair else { continue };
        let key = entry.key.as_str();
        if !entry.value.is_absent() || !entry.key_plain || known(key) {
            continue;
        }
        let Kind::Scalar(value) = &before.value.kind else {
            continue;
        };
        let text = value.text.as_str();
        if !value.plain {
            continue;
        }
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let group = key.len() >= 3 && key.as_bytes()[..3].iter().all(u8::is_ascii_digit);
        let target = key.contains('<') || key.contains('%');
        if digits && group {
            let joined = format!("{text}{key}");
            let (code, joined) = if counted(&before.key) {
                ("number-syntax", joined)
            } else if before.key == "price" && !joined.contains('/') {
                ("unit-missing", format!("{joined}/month"))
            } else {
                ("unit-missing", joined)
            };
            let cause = match code {
                "unit-missing" => {
                    format!("`{text}` has no unit: a comma ends a value inside `{{}}`")
                }
                _ => {
                    format!("`{text}` is not the whole number: a comma ends a value inside `{{}}`")
                }
            };
            cx.push(
                Diagnostic::error(code, before.value.span, cause)
                    .help(format!("write `{joined}` without a separator")),
            );
        } else if target || key.contains(' ') {
            let cause = format!(
                "a comma ends a value inside `{{}}`, so `{key}` became a key without a value"
            );
            let (code, help) = if target {
                let help = format!(
                    "one target per objective: `{{{}: {text}, {}-typical: {key}}}`",
                    before.key, before.key
                );
                ("target-syntax", help)
            } else {
                (
                    "comma-in-value",
                    format!("write `{}: \"{text}, {key}\"`", before.key),
                )
            };
            cx.push(Diagnostic::error(code, entry.key_span, cause).help(help));
        } else {
            continue;
        }
        found.push(entry.key_span);
    }
    found
}

/// `a`, `b` or `c`.
fn either(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [head @ .., last] => format!("{} or `{last}`", quoted(head)),
    }
}

fn quoted(words: &[&str]) -> String {
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
