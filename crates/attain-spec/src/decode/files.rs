//! Files to sections: which objects there are and under which ids, before any of them is read.
//!
//! Knows the top of a file: its schema version, its sections, exceptions and defaults of a whole file.

use std::collections::BTreeMap;

use attain_model::policy::AlertPolicy;
use attain_model::{Diagnostic, Span};

use super::common::allow;
use super::read::{At, Cx, insert_places, section_of, warn_key};
use crate::scalar;
use crate::schema::{self, SECTIONS};
use crate::suggest::closest;
use crate::tree::{Entry, Kind, Map, Node, Tree};

/// One object that has an id.
pub(crate) struct Item<'t> {
    pub entry: &'t Entry,
    /// `defaults:` of its file, for SLOs.
    pub defaults: Option<&'t Map>,
}

/// The sections of all files.
#[derive(Default)]
pub(crate) struct Sections<'t> {
    pub by_id: BTreeMap<&'static str, Vec<Item<'t>>>,
    pub single: BTreeMap<&'static str, &'t Entry>,
}

/// The kinds of things that may be referred to.
const KINDS: &[&str] = &[
    "SLO",
    "segment",
    "team",
    "role",
    "service",
    "source",
    "indicator",
    "alert policy",
    "budget policy",
    "severity",
    "escalation",
    "receiver",
    "credit schedule",
];

/// Sorts the entries of all files into sections; reports unknown sections and ids that are given twice.
pub(crate) fn sections<'t>(cx: &Cx<'t>, trees: &'t [Tree]) -> Sections<'t> {
    let mut out = Sections::default();
    for (file, tree) in trees.iter().enumerate() {
        let Some(Node {
            kind: Kind::Map(map),
            ..
        }) = &tree.root
        else {
            continue;
        };
        if foreign(cx, map) {
            continue;
        }
        check_version(cx, map, file as u32, tree.damaged);
        let defaults = match map.get("defaults").map(|entry| &entry.value.kind) {
            Some(Kind::Map(map)) => Some(map),
            _ => None,
        };
        if tree.damaged {
            mark_broken(cx, map);
        }
        for entry in &map.entries {
            let Some(top) = SECTIONS.iter().find(|top| top.name == entry.key) else {
                cx.enter("");
                cx.push(unknown_section(entry));
                continue;
            };
            match top.name {
                "attain" => {}
                "allow" => file_allow(cx, entry, file as u32),
                "defaults" => check_defaults(cx, entry),
                name if top.by_id => by_id(cx, &mut out, name, entry, defaults),
                name => single(cx, &mut out, name, entry),
            }
        }
    }
    out
}

/// What is absent from an object of a damaged file may be what could not be read: none of them is the whole truth.
fn mark_broken(cx: &Cx<'_>, map: &Map) {
    let mut spans = cx.spans.borrow_mut();
    for entry in &map.entries {
        let by_id = SECTIONS
            .iter()
            .any(|top| top.by_id && top.name == entry.key);
        match &entry.value.kind {
            Kind::Map(objects) if by_id => objects
                .entries
                .iter()
                .for_each(|object| spans.mark_broken(&format!("{}.{}", entry.key, object.key))),
            _ => spans.mark_broken(&entry.key),
        }
    }
}

/// A file of another format is named as such, once.
fn foreign(cx: &Cx<'_>, map: &Map) -> bool {
    let text = |key: &str| {
        map.get(key)
            .and_then(|entry| entry.value.text())
            .unwrap_or("")
    };
    let (api, version) = (text("apiVersion"), text("version"));
    let format = match (api, version) {
        (api, _) if api.starts_with("openslo/") => "an OpenSLO",
        (api, _) if api.starts_with("pyrra.dev/") => "a Pyrra",
        (api, _) if api.starts_with("sloth.") => "a Sloth",
        (_, "prometheus/v1") => "a Sloth",
        (api, _) if !api.is_empty() => "a Kubernetes",
        _ => return false,
    };
    let key = if api.is_empty() {
        "version"
    } else {
        "apiVersion"
    };
    if let Some(entry) = map.get(key) {
        cx.enter("");
        cx.push(
            Diagnostic::error(
                "format-unsupported",
                entry.key_span,
                format!("this is {format} file, and attain reads its own format only"),
            )
            .help("move it out of the folder"),
        );
    }
    true
}

fn check_version(cx: &Cx<'_>, map: &Map, file: u32, damaged: bool) {
    cx.enter("");
    let Some(entry) = map.get("attain") else {
        if !damaged {
            let at = Span {
                file,
                start: 0,
                end: 0,
            };
            cx.push(
                Diagnostic::error(
                    "version-missing",
                    at,
                    "this file does not say which schema it is written in",
                )
                .help("add `attain: 1` as the first line"),
            );
        }
        return;
    };
    let text = entry.value.text();
    if text != Some("1") && !matches!(entry.value.kind, Kind::Refused) {
        let cause = match text {
            Some(text) if !text.is_empty() => format!("there is no schema version `{text}`"),
            _ => "`attain` says the version of the schema".to_owned(),
        };
        cx.push(
            Diagnostic::error("version-unknown", entry.value.span, cause).help("write `attain: 1`"),
        );
    }
}

fn unknown_section(entry: &Entry) -> Diagnostic {
    let cause = format!("`{}` is not a section of a catalogue", entry.key);
    let diagnostic = Diagnostic::error("unknown-key", entry.key_span, cause);
    let names = || SECTIONS.iter().map(|top| top.name);
    match closest(&entry.key, names()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!(
            "the sections are {}",
            names().collect::<Vec<_>>().join(", ")
        )),
    }
}

pub(crate) fn at<'c, 't>(cx: &'c Cx<'t>, path: String, entry: &'t Entry) -> At<'c, 't> {
    At {
        cx,
        path,
        name: &entry.key,
        key: entry.key_span,
        node: &entry.value,
    }
}

fn file_allow(cx: &Cx<'_>, entry: &Entry, file: u32) {
    cx.enter("");
    let here = at(cx, "allow".to_owned(), entry);
    let keys: BTreeMap<_, _> = match &entry.value.kind {
        Kind::Map(map) => map
            .entries
            .iter()
            .map(|e| (e.key.as_str(), e.key_span))
            .collect(),
        _ => BTreeMap::new(),
    };
    let allowed = allow(&here);
    let mut spans = cx.spans.borrow_mut();
    for (rule, exception) in allowed {
        if let Some(key) = keys.get(rule.as_str()) {
            spans.allow_in_file(file, &rule, exception, *key);
        }
    }
}

/// Keys of `defaults:` are those of an SLO; values are read with each SLO that takes them.
fn check_defaults(cx: &Cx<'_>, entry: &Entry) {
    cx.enter("");
    match &entry.value.kind {
        Kind::Map(map) => {
            for entry in &map.entries {
                if schema::SLO.key(&entry.key).is_none() {
                    let mut diagnostic =
                        super::object::unknown_key(&schema::SLO, &entry.key, entry.key_span);
                    diagnostic.cause = format!("`{}` is not a key of an SLO", entry.key);
                    cx.push(diagnostic);
                }
            }
        }
        Kind::Refused => {}
        _ => {
            at(cx, "defaults".to_owned(), entry).entries();
        }
    }
}

fn by_id<'t>(
    cx: &Cx<'t>,
    out: &mut Sections<'t>,
    name: &'static str,
    entry: &'t Entry,
    defaults: Option<&'t Map>,
) {
    cx.enter("");
    let section = at(cx, name.to_owned(), entry);
    cx.spans
        .borrow_mut()
        .insert(name.to_owned(), entry.key_span, entry.value.span);
    if entry.value.is_absent() {
        // `slos:` with nothing under it is a section that has not been filled yet.
        out.by_id.entry(name).or_default();
        section.entries();
        return;
    }
    let items = out.by_id.entry(name).or_default();
    section.entries();
    let Kind::Map(map) = &entry.value.kind else {
        return;
    };
    let known: BTreeMap<&str, Span> = items
        .iter()
        .map(|item| (item.entry.key.as_str(), item.entry.key_span))
        .collect();
    for entry in &map.entries {
        let path = format!("{name}.{}", entry.key);
        cx.enter(&path);
        if let Some(&first) = known.get(entry.key.as_str()) {
            let place = cx.sources.place(first);
            cx.push(
                Diagnostic::error(
                    "duplicate-id",
                    entry.key_span,
                    format!(
                        "`{}` is declared twice under `{name}` (first at {place})",
                        entry.key
                    ),
                )
                .help("rename one; ids are global in a folder")
                .label(first, "first declared here"),
            );
            continue;
        }
        check_id(cx, name, &path, entry);
        insert_places(
            &mut cx.spans.borrow_mut(),
            &path,
            entry.key_span,
            &entry.value,
        );
        items.push(Item { entry, defaults });
    }
}

fn check_id(cx: &Cx<'_>, section: &str, path: &str, entry: &Entry) {
    let here = at(cx, path.to_owned(), entry);
    if section == "contracts" {
        // A customer's id is given by other systems; it only must be a text that can be shown.
        if entry.key.is_empty() || entry.key.chars().any(char::is_control) {
            here.error_at_key(
                "id-syntax",
                "a customer id is a text",
                "write the customer's id",
            );
        }
        return warn_key(&here);
    }
    if section == "segments" && matches!(entry.key.as_str(), "unknown" | "all") {
        let cause = match entry.key.as_str() {
            "unknown" => {
                "`unknown` is what attain counts untagged traffic under; nothing can be promised to it"
            }
            _ => "`all` stands for all traffic together and is no segment",
        };
        return here.error_at_key("segment-reserved", cause, "choose another id");
    }
    if let Err(bad) = scalar::id(&entry.key) {
        let mut help = bad.help.unwrap_or_default();
        if section == "slos" {
            help.push_str("; put the title in `outcome`");
        }
        return here.error_at_key(bad.code, bad.cause, help);
    }
    warn_key(&here);
}

fn single<'t>(cx: &Cx<'t>, out: &mut Sections<'t>, name: &'static str, entry: &'t Entry) {
    cx.enter(name);
    if let Some(first) = out.single.get(name) {
        let place = cx.sources.place(first.key_span);
        cx.push(
            Diagnostic::error(
                "duplicate-id",
                entry.key_span,
                format!("`{name}` is given twice in this folder (first at {place})"),
            )
            .help("keep one")
            .label(first.key_span, "first given here"),
        );
        return;
    }
    insert_places(
        &mut cx.spans.borrow_mut(),
        name,
        entry.key_span,
        &entry.value,
    );
    out.single.insert(name, entry);
}

/// All ids by kind, what is built in included.
pub(crate) fn names<'t>(
    sections: &Sections<'t>,
) -> BTreeMap<&'static str, BTreeMap<&'t str, Span>> {
    let built_in = Span {
        file: 0,
        start: 0,
        end: 0,
    };
    let mut out: BTreeMap<&'static str, BTreeMap<&'t str, Span>> = BTreeMap::new();
    for kind in KINDS {
        if let Some(items) = sections.by_id.get(section_of(kind)) {
            let names = items
                .iter()
                .map(|item| (item.entry.key.as_str(), item.entry.key_span))
                .collect();
            out.insert(kind, names);
        }
    }
    out.entry("alert policy")
        .or_default()
        .entry(AlertPolicy::WORKBOOK)
        .or_insert(built_in);
    let severities = out.entry("severity").or_default();
    for name in ["sev1", "sev2", "ticket"] {
        severities.entry(name).or_insert(built_in);
    }
    if let Some(segments) = out.get_mut("segment") {
        segments.retain(|name, _| !matches!(*name, "unknown" | "all"));
    }
    out
}
