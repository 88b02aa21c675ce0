//! From trees to a catalogue: every object in its section.
//!
//! Knows sections and their order. Files and ids stand in files.rs, the sections themselves in the neighbours, what
//! holds between objects in cascade.rs.

use std::collections::{BTreeMap, BTreeSet};

use attain_model::company::{Edge, Roster};
use attain_model::policy::AlertPolicy;
use attain_model::{
    Audience, Catalogue, Diagnostic, Level, PolicyId, ServiceId, SloId, SourceMap, Span,
};

use super::files::{Sections, at, names, sections};
use super::indicator::{self, Shared};
use super::object::Obj;
use super::read::Cx;
use super::slo::{self, Around};
use super::{cascade, company, logged, policy, source};
use crate::moment;
use crate::schema::{self, SECTIONS, Section, Shape};
use crate::tree::{Kind, Map, Node, Tree};

/// Objective names by SLO, as written.
pub(crate) type Objectives = BTreeMap<String, Vec<String>>;

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
    cx.renamed = renamed(&sections);
    cx.log = first_log(&sections);
    set_zone(&mut cx, &sections);
    let catalogue = Reader {
        cx: &cx,
        sections: &sections,
    }
    .catalogue();
    let (diagnostics, spans) = cx.finish();
    (catalogue, spans, diagnostics)
}

/// What the segments are called today that were called otherwise.
fn renamed<'t>(sections: &Sections<'t>) -> BTreeMap<&'t str, &'t str> {
    let mut renamed = BTreeMap::new();
    for item in sections.by_id.get("segments").into_iter().flatten() {
        let Kind::Map(map) = &item.entry.value.kind else {
            continue;
        };
        let earlier = map.get("formerly").map(|entry| &entry.value);
        let earlier = earlier.map_or(&[][..], |node| match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        });
        for name in earlier.iter().filter_map(Node::text) {
            renamed.insert(name, item.entry.key.as_str());
        }
    }
    renamed
}

fn first_log<'t>(sections: &Sections<'t>) -> Option<&'t str> {
    let sources = sections.by_id.get("sources")?;
    let logs = sources.iter().filter(
        |item| matches!(&item.entry.value.kind, Kind::Map(map) if map.get("log").is_some()),
    );
    logs.map(|item| item.entry.key.as_str()).min()
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
            let source = source::source(id, obj)?;
            logged::check_source(obj, &source);
            Some((id.into(), source))
        });
        let shared: Shared = self.each("indicators", |id, obj| {
            let indicator = indicator::indicator(Some(id), obj, &Shared::new())?;
            logged::check_selectors(&obj.at, &indicator.sources, &sources);
            Some((id.into(), indicator))
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
        self.check_matches();
        let roster = self
            .one("roster", &schema::ROSTER)
            .and_then(|obj| company::roster(&obj));
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
            edge: self.edge(&sources, &evidence_only, roster.as_ref()),
            roster,
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
            page: self
                .one("page", &schema::PAGE)
                .and_then(|obj| company::page(&obj)),
            costs: self
                .one("costs", &schema::COSTS)
                .map(|obj| company::costs(&obj)),
        }
    }

    fn edge(
        &self,
        sources: &logged::Sources,
        evidence_only: &BTreeSet<String>,
        roster: Option<&Roster>,
    ) -> Option<Edge> {
        let obj = self.one("edge", &schema::EDGE)?;
        let counted: Vec<_> = sources
            .values()
            .filter(|source| !evidence_only.contains(source.id.as_str()))
            .collect();
        logged::check_edge(&obj, &counted, roster);
        company::edge(&obj)
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

    /// A value of the label means one segment.
    fn check_matches(&self) {
        let mut taken: BTreeMap<&str, (&str, Span)> = BTreeMap::new();
        for item in self.sections.by_id.get("segments").into_iter().flatten() {
            let own = item.entry.key.as_str();
            let named = match &item.entry.value.kind {
                Kind::Map(map) => map.get("match"),
                _ => continue,
            };
            self.cx.enter(&format!("segments.{own}"));
            let list = named.map(|entry| at(self.cx, String::new(), entry).list());
            let values = match &list {
                Some(list) => list
                    .iter()
                    .filter_map(|at| Some((at.node.text()?, at.node.span)))
                    .collect(),
                None => vec![(own, item.entry.key_span)],
            };
            for (value, span) in values {
                let Some((other, place)) = taken.insert(value, (own, span)) else {
                    continue;
                };
                let cause = match other == own {
                    true => continue,
                    false => {
                        format!("`{value}` means `{other}` already: a request is of one segment")
                    }
                };
                let help =
                    format!("leave it to one of them, in `match:` of `{other}` or of `{own}`");
                let found = Diagnostic::error("match-taken", span, cause).help(help);
                self.cx.push(found.label(place, "claimed here"));
            }
        }
    }

    /// An earlier id that lives again, or that two ids name, would give two things one history.
    fn check_formerly(&self) {
        for (name, items) in &self.sections.by_id {
            let mut named: BTreeMap<&str, &str> = BTreeMap::new();
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
                    let Some(text) = earlier.node.text() else {
                        continue;
                    };
                    let own = item.entry.key.as_str();
                    let other = named.insert(text, own).filter(|other| *other != own);
                    let cause = if ids.contains(text) {
                        format!("`{text}` is still an id of its own under `{name}`")
                    } else if let Some(other) = other {
                        format!("`{other}` was formerly `{text}`, too; its history can follow one")
                    } else {
                        continue;
                    };
                    earlier.error("formerly-taken", cause, "remove one of the two");
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
