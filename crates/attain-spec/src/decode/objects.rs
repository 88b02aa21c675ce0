//! From trees to a catalogue: which ids exist, then every object in its section.
//!
//! Knows files and sections. The sections themselves stand in the neighbours; what holds between objects (cycles,
//! names that are gone) in cascade.rs and compare.rs.

use std::collections::{BTreeMap, BTreeSet};

use attain_model::policy::AlertPolicy;
use attain_model::{
    Audience, Catalogue, Diagnostic, Level, PolicyId, ServiceId, SloId, SourceMap, Span,
};

use super::common::allow;
use super::indicator::{self, Shared};
use super::read::{At, Cx, Obj, insert_places, section_of, warn_key};
use super::slo::{self, Around};
use super::{cascade, company, policy, source};
use crate::moment;
use crate::scalar;
use crate::schema::{self, SECTIONS, Section, Shape};
use crate::suggest::closest;
use crate::tree::{Entry, Kind, Map, Node, Tree};

/// Objective names by SLO, as written.
pub(crate) type Objectives = BTreeMap<String, Vec<String>>;

/// One object that has an id.
struct Item<'t> {
    entry: &'t Entry,
    /// `defaults:` of its file, for SLOs.
    defaults: Option<&'t Map>,
}

/// The sections of all files.
#[derive(Default)]
struct Sections<'t> {
    by_id: BTreeMap<&'static str, Vec<Item<'t>>>,
    single: BTreeMap<&'static str, &'t Entry>,
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

/// Reads everything that stands in the trees. `diagnostics` are those of the trees.
pub(crate) fn read(
    sources: &SourceMap,
    trees: &[Tree],
    diagnostics: Vec<Diagnostic>,
) -> (Catalogue, crate::Spans, Vec<Diagnostic>) {
    let damaged = trees.iter().any(|tree| tree.damaged);
    let unread = diagnostics.iter().any(|d| d.level == Level::Error) || damaged;
    let mut cx = Cx::new(sources, damaged, diagnostics);
    if unread {
        cx.spans.borrow_mut().mark_broken("");
    }
    let sections = sections(&cx, trees);
    cx.names = names(&sections);
    set_zone(&mut cx, &sections);
    let catalogue = Reader {
        cx: &cx,
        sections: &sections,
    }
    .catalogue();
    let (diagnostics, spans) = cx.finish();
    (catalogue, spans, diagnostics)
}

/// Sorts the entries of all files into sections; reports unknown sections and ids that are given twice.
fn sections<'t>(cx: &Cx<'t>, trees: &'t [Tree]) -> Sections<'t> {
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

fn at<'c, 't>(cx: &'c Cx<'t>, path: String, entry: &'t Entry) -> At<'c, 't> {
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
                        super::read::unknown_key(&schema::SLO, &entry.key, entry.key_span);
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
fn names<'t>(sections: &Sections<'t>) -> BTreeMap<&'static str, BTreeMap<&'t str, Span>> {
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

/// The zone comes first: windows and times need it.
fn set_zone(cx: &mut Cx<'_>, sections: &Sections<'_>) {
    let Some(entry) = sections.single.get("catalogue") else {
        return;
    };
    let Kind::Map(map) = &entry.value.kind else {
        return;
    };
    let Some(name) = map.get("timezone").and_then(|entry| entry.value.text()) else {
        return;
    };
    if let Ok(zone) = moment::zone(name) {
        cx.zone = zone;
        cx.zone_name = name.to_owned();
    }
}

struct Reader<'c, 't> {
    cx: &'c Cx<'t>,
    sections: &'c Sections<'t>,
}

impl<'c, 't> Reader<'c, 't> {
    fn catalogue(&self) -> Catalogue {
        let objectives = self.objective_names();
        let sources = self.each("sources", |id, obj| {
            Some((id.into(), source::source(id, obj)?))
        });
        let shared: Shared = self.each("indicators", |id, obj| {
            Some((
                id.into(),
                indicator::indicator(Some(id), obj, &Shared::new())?,
            ))
        });
        let mut services: BTreeMap<ServiceId, _> = self.each("services", |id, obj| {
            Some((id.into(), company::service(id, obj)?))
        });
        let evidence_only = self.evidence_only();
        let around = Around {
            shared: &shared,
            sources: &sources,
            services: &services,
            objectives: &objectives,
            evidence_only: &evidence_only,
        };
        let mut slos = self.each("slos", |id, obj| {
            Some((id.into(), slo::slo(id, obj, &around)?))
        });
        cascade::refuse_cycles(self.cx, &mut slos);
        for slo in slos.values() {
            services
                .entry(slo.service.clone())
                .or_insert_with(|| service_of(&slo.service));
        }
        let mut alert_policies = self.each("alert_policies", |id, obj| {
            Some((id.into(), policy::alert_policy(id, obj)?))
        });
        alert_policies
            .entry(PolicyId::from(AlertPolicy::WORKBOOK))
            .or_insert_with(AlertPolicy::workbook);
        let mut severities = self.each("severities", |id, obj| {
            Some((id.into(), policy::severity(id, obj)?))
        });
        for severity in policy::built_in_severities() {
            severities.entry(severity.id.clone()).or_insert(severity);
        }
        let customer: BTreeSet<SloId> = slos
            .values()
            .filter(|slo| slo.audience == Audience::Customer)
            .map(|slo| slo.id.clone())
            .collect();
        self.check_formerly();
        let named = self.one("catalogue", &schema::CATALOGUE);
        let zone = named
            .as_ref()
            .and_then(|obj| obj.parse("timezone", moment::zone));
        Catalogue {
            name: named
                .and_then(|obj| obj.text("name"))
                .unwrap_or_else(|| folder_name(self.cx.sources)),
            timezone: zone.unwrap_or_else(|| self.cx.zone.clone()),
            segments: self.each("segments", |id, obj| {
                Some((id.into(), company::segment(id, obj)?))
            }),
            slos,
            indicators: shared.clone(),
            services,
            teams: self.each("teams", |id, obj| {
                Some((id.into(), company::team(id, obj)?))
            }),
            roles: self.each("roles", |id, obj| {
                Some((id.into(), company::role(id, obj)?))
            }),
            sources,
            alert_policies,
            budget_policies: self.each("budget_policies", |id, obj| {
                Some((id.into(), policy::budget_policy(id, obj)?))
            }),
            severities,
            escalations: self.each("escalations", |id, obj| {
                Some((id.into(), policy::escalation(id, obj)?))
            }),
            receivers: self.each("receivers", |id, obj| {
                Some((id.into(), policy::receiver(id, obj)?))
            }),
            rights: self
                .one("rights", &schema::RIGHTS)
                .map(|obj| company::rights(&obj))
                .unwrap_or_default(),
            exclusions: self.each("exclusions", |id, obj| {
                Some((
                    id.into(),
                    company::exclusion(id, obj, &|id| customer.contains(id))?,
                ))
            }),
            contracts: self.each("contracts", |id, obj| {
                Some((id.into(), company::contract(id, obj, &objectives)?))
            }),
            credits: self.each("credits", |id, obj| {
                Some((id.into(), company::credits(id, obj)?))
            }),
            reports: self.each("reports", |id, obj| {
                Some((id.into(), company::report(id, obj)?))
            }),
            roster: self
                .one("roster", &schema::ROSTER)
                .and_then(|obj| company::roster(&obj)),
            page: self
                .one("page", &schema::PAGE)
                .and_then(|obj| company::page(&obj)),
            costs: self
                .one("costs", &schema::COSTS)
                .map(|obj| company::costs(&obj)),
            edge: self
                .one("edge", &schema::EDGE)
                .and_then(|obj| company::edge(&obj)),
        }
    }

    /// Reads the objects of a section; those of which too little is known are left out.
    fn each<K: Ord, V>(
        &self,
        name: &'static str,
        read: impl Fn(&str, &Obj<'c, 't>) -> Option<(K, V)>,
    ) -> BTreeMap<K, V> {
        let Some(section) = section(name) else {
            return BTreeMap::new();
        };
        let items = self.sections.by_id.get(name).into_iter().flatten();
        items
            .filter_map(|item| {
                let path = format!("{name}.{}", item.entry.key);
                self.cx.enter(&path);
                let at = at(self.cx, path, item.entry);
                let Kind::Map(map) = &item.entry.value.kind else {
                    at.object(section)?;
                    return None;
                };
                let defaults = item.defaults.filter(|_| name == "slos");
                read(&item.entry.key, &Obj::new(at, map, defaults, section))
            })
            .collect()
    }

    /// Reads a section that stands once.
    fn one(&self, name: &'static str, section: &'static Section) -> Option<Obj<'c, 't>> {
        let entry = self.sections.single.get(name)?;
        self.cx.enter(name);
        let obj = at(self.cx, name.to_owned(), entry).object(section)?;
        super::common::meta_of_single(&obj, section);
        Some(obj)
    }

    /// The names of all objectives, before any of them is read.
    fn objective_names(&self) -> Objectives {
        let items = self.sections.by_id.get("slos").into_iter().flatten();
        items
            .filter_map(|item| {
                let own = match &item.entry.value.kind {
                    Kind::Map(map) => map.get("objectives"),
                    _ => return None,
                };
                let entry = own.or_else(|| item.defaults?.get("objectives"))?;
                let keys = |map: &Map| {
                    map.entries
                        .iter()
                        .map(|e| e.key.clone())
                        .collect::<Vec<_>>()
                };
                let names = match &entry.value.kind {
                    Kind::Map(map) => keys(map),
                    Kind::List(items) => items
                        .iter()
                        .filter_map(|item| match &item.kind {
                            Kind::Map(map) => map.get("targets"),
                            _ => None,
                        })
                        .flat_map(|entry| match &entry.value.kind {
                            Kind::Map(map) => keys(map),
                            _ => Vec::new(),
                        })
                        .collect(),
                    _ => return None,
                };
                Some((item.entry.key.clone(), names))
            })
            .collect()
    }

    /// Sources that stand in `evidence: {behaviour: {source: ...}}` and nowhere else.
    fn evidence_only(&self) -> BTreeSet<String> {
        let mut behind = BTreeSet::new();
        let mut counted = BTreeSet::new();
        let items = self
            .sections
            .by_id
            .iter()
            .filter(|(name, _)| matches!(**name, "slos" | "indicators"));
        for item in items.flat_map(|(_, items)| items) {
            walk(&item.entry.value, false, &mut behind, &mut counted);
        }
        &behind - &counted
    }

    /// An earlier id that lives again would give two things one history.
    fn check_formerly(&self) {
        for (name, items) in &self.sections.by_id {
            let ids: BTreeSet<&str> = items.iter().map(|item| item.entry.key.as_str()).collect();
            for item in items {
                let Kind::Map(map) = &item.entry.value.kind else {
                    continue;
                };
                let Some(entry) = map.get("formerly") else {
                    continue;
                };
                self.cx.enter(&format!("{name}.{}", item.entry.key));
                for earlier in at(self.cx, String::new(), entry).list() {
                    if let Some(text) = earlier.node.text().filter(|text| ids.contains(text)) {
                        let cause = format!("`{text}` is still an id of its own under `{name}`");
                        earlier.error("formerly-taken", cause, "remove one of the two");
                    }
                }
            }
        }
    }
}

fn walk(
    node: &Node,
    behaviour: bool,
    behind: &mut BTreeSet<String>,
    counted: &mut BTreeSet<String>,
) {
    match &node.kind {
        Kind::Map(map) => {
            for entry in &map.entries {
                if entry.key == "source" || entry.key == "log" {
                    let to = if behaviour {
                        &mut *behind
                    } else {
                        &mut *counted
                    };
                    match &entry.value.kind {
                        Kind::Scalar(scalar) => drop(to.insert(scalar.text.clone())),
                        Kind::List(items) => {
                            to.extend(items.iter().filter_map(|i| i.text()).map(str::to_owned))
                        }
                        _ => {}
                    }
                }
                walk(&entry.value, entry.key == "behaviour", behind, counted);
            }
        }
        Kind::List(items) => items
            .iter()
            .for_each(|item| walk(item, behaviour, behind, counted)),
        Kind::Scalar(_) | Kind::Refused => {}
    }
}

/// The schema of a section with ids.
fn section(name: &str) -> Option<&'static Section> {
    let top = SECTIONS.iter().find(|top| top.name == name)?;
    match top.shape {
        Shape::Object(section) => Some(section),
        _ => None,
    }
}

/// The folder of the first file.
fn folder_name(sources: &SourceMap) -> String {
    let name = sources.files.first().map_or("", |file| file.name.as_str());
    let folder = name
        .rsplit('/')
        .nth(1)
        .filter(|part| !matches!(*part, "" | "." | ".."));
    folder.unwrap_or("catalogue").to_owned()
}

/// A service that only an SLO names.
fn service_of(id: &ServiceId) -> attain_model::company::Service {
    attain_model::company::Service {
        id: id.clone(),
        owner: None,
        matches: vec![id.as_str().to_owned()],
        repository: None,
        capacity: None,
        meta: attain_model::meta::Meta::default(),
    }
}
