//! An object and the schema of its keys: unknown, missing and exclusive keys, and the values by key.
//!
//! Knows that an SLO's absent keys may stand in `defaults:`. Knows no section in particular.

use attain_model::{Diagnostic, Span};

use super::commas::commas;
use super::read::{At, Cx, insert_places, quoted};
use crate::scalar::Parsed;
use crate::schema::{Need, Section, Shape, Text};
use crate::suggest::closest;
use crate::tree::Map;

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

    /// Whether one of some keys stands there misspelt.
    pub fn has_misspelt(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.meant.contains(key))
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
