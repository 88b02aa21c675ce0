//! Where each thing of the catalogue was written.
//!
//! Knows object paths and places. Knows nothing about what the things mean.
//!
//! A path is the keys from the top, joined by dots: `slos.checkout-completes.objectives.availability.premium`.
//! Items of a list are `.0`, `.1`, ...; a list of one that was written as plain text has the path of its text and
//! the same place again as `.0`. A key that itself holds a dot (an OpenTelemetry label) stands in the path as it is.
//! A key that an SLO takes from `defaults:` has the places of the default.

use std::collections::{BTreeMap, BTreeSet};

use attain_model::Span;
use attain_model::meta::Allow;

/// Places of keys and values by object path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans {
    places: BTreeMap<String, Place>,
    broken: BTreeSet<String>,
    /// Some text could not be read at all, or an error belongs to no object.
    incomplete: bool,
    allowed: Vec<FileAllow>,
}

/// An exception that holds in a whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FileAllow {
    file: u32,
    rule: String,
    allow: Allow,
    key: Span,
}

/// Where one path stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    /// The key; of a list item, the item itself.
    key: Span,
    /// The value; a map or list has the span from its first to its last byte.
    value: Span,
}

impl Spans {
    /// The place of the key at `path`; of a list item the item itself. `None` if the path was not written.
    #[must_use]
    pub fn key(&self, path: &str) -> Option<Span> {
        self.places.get(path).map(|place| place.key)
    }

    /// The place of the value at `path`. `None` if the path was not written.
    #[must_use]
    pub fn value(&self, path: &str) -> Option<Span> {
        self.places.get(path).map(|place| place.value)
    }

    /// The value at `path`, or the key of the closest enclosing path that was written. `None` only if nothing at
    /// all encloses it: then no file has the section.
    #[must_use]
    pub fn nearest(&self, path: &str) -> Option<Span> {
        if let Some(span) = self.value(path) {
            return Some(span);
        }
        let mut rest = path;
        while let Some((parent, _)) = rest.rsplit_once('.') {
            if let Some(span) = self.key(parent) {
                return Some(span);
            }
            rest = parent;
        }
        None
    }

    /// Whether the object at `path` (or one that encloses it) had an error: what is known of it is not the whole
    /// truth, and a rule that looks at it would only repeat the cause. `slos.x.window` is broken if `slos.x` is.
    #[must_use]
    pub fn is_broken(&self, path: &str) -> bool {
        if self.broken.contains(path) {
            return true;
        }
        let mut rest = path;
        while let Some((parent, _)) = rest.rsplit_once('.') {
            if self.broken.contains(parent) {
                return true;
            }
            rest = parent;
        }
        false
    }

    /// Whether nothing is broken in any file: what is absent is absent. `false` also if some text could not be read
    /// as YAML, or if an error belongs to no object.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.incomplete && self.broken.is_empty()
    }

    /// The exceptions that hold in a whole file (`allow:` at its top), in their order: rule, exception, place of the
    /// rule's name. `file` is an index into the [`SourceMap`](attain_model::SourceMap).
    pub fn file_allows(&self, file: u32) -> impl Iterator<Item = (&str, &Allow, Span)> {
        self.allowed
            .iter()
            .filter(move |entry| entry.file == file)
            .map(|entry| (entry.rule.as_str(), &entry.allow, entry.key))
    }

    /// All paths that were written, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }

    /// Notes a place; the first one of a path stays, because the second is a duplicate.
    pub(crate) fn insert(&mut self, path: String, key: Span, value: Span) {
        self.places.entry(path).or_insert(Place { key, value });
    }

    /// Notes that the object at `path` had an error; the empty path is no object.
    pub(crate) fn mark_broken(&mut self, path: &str) {
        if path.is_empty() {
            self.incomplete = true;
        } else {
            self.broken.insert(path.to_owned());
        }
    }

    /// Notes an exception that holds in a whole file.
    pub(crate) fn allow_in_file(&mut self, file: u32, rule: &str, allow: Allow, key: Span) {
        self.allowed.push(FileAllow {
            file,
            rule: rule.to_owned(),
            allow,
            key,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: u32) -> Span {
        Span {
            file: 0,
            start,
            end: start + 1,
        }
    }

    #[test]
    fn the_closest_enclosing_key_stands_in_for_a_path_that_was_not_written() {
        let mut spans = Spans::default();
        spans.insert("slos".into(), span(1), span(2));
        spans.insert("slos.a".into(), span(3), span(4));
        assert_eq!(spans.value("slos.a"), Some(span(4)));
        assert_eq!(spans.nearest("slos.a"), Some(span(4)));
        assert_eq!(spans.nearest("slos.a.window"), Some(span(3)));
        assert_eq!(spans.nearest("slos.b.window"), Some(span(1)));
        assert_eq!(spans.nearest("teams.b"), None);
    }

    #[test]
    fn what_is_inside_a_broken_object_is_broken() {
        let mut spans = Spans::default();
        spans.mark_broken("slos.a");
        assert!(spans.is_broken("slos.a.window"));
        assert!(!spans.is_broken("slos"));
        assert!(!spans.is_broken("slos.ab"));
    }
}
