//! Which streams a series of numbers belongs to, and as what. Knows labels; knows no file format and no values.

use std::collections::BTreeMap;
use std::rc::Rc;

use attain_model::indicator::{Counting, MetricKind, Part, Selection};
use attain_model::quantity::Unit;
use attain_model::selector::Selector;
use attain_model::source::Source;
use attain_model::{Catalogue, Class, Stream};

use crate::counting::count::Fields;
use crate::counting::roster::Customers;
use crate::counting::segment::{Decider, SegmentIndex};
use crate::text::number::scaled;

/// Labels of a series, the source's constant ones included.
pub(crate) type Labels = BTreeMap<String, String>;

/// What a series is to one stream.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    /// Index in [`Matcher::streams`].
    pub(crate) stream: usize,
    pub(crate) segment: SegmentIndex,
    pub(crate) role: Role,
    /// The series without what its role already says; a share and its total agree in it.
    pub(crate) key: String,
    /// The series, all labels.
    pub(crate) series: String,
    /// The labels of `key`.
    pub(crate) labels: Rc<Labels>,
}

/// As what a number counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    /// Events of a class.
    Events(Class),
    /// Events of a class at or under a latency in nanoseconds; `u64::MAX` is all.
    AtOrUnder(Class, u64),
    /// A value in this many billionths.
    Gauge(i128),
    /// All events of a pair.
    Total,
    /// The other number of a pair.
    Part,
}

/// Finds the streams of a series.
pub(crate) struct Matcher {
    pub(crate) streams: Vec<Stream>,
    pub(crate) decider: Decider,
    fields: Fields,
    /// The label that names the metric, if one does; else a series is of any metric.
    name: Option<String>,
    service: Option<String>,
    add: Labels,
}

impl Matcher {
    /// For a source whose rows name their metric in the label `name`.
    pub(crate) fn new(
        catalogue: &Catalogue,
        source: &Source,
        customers: &Customers,
        name: Option<String>,
    ) -> Self {
        let mut fields = Fields::default();
        let decider = Decider::new(catalogue, &source.labels, customers, false, |name| {
            fields.place(name)
        });
        let streams = Stream::all(catalogue)
            .into_iter()
            .filter(|stream| stream.sources.contains(&source.id))
            .collect();
        Self {
            streams,
            decider,
            fields,
            name,
            service: source.labels.service.clone(),
            add: source.add.clone(),
        }
    }

    /// Has another label name the metric; gives the one that did.
    pub(crate) fn name_by(&mut self, label: Option<String>) -> Option<String> {
        std::mem::replace(&mut self.name, label)
    }

    /// What a series is to each stream that wants it.
    pub(crate) fn hits(&mut self, labels: &Labels) -> Vec<Hit> {
        let all = self.with_constants(labels);
        let segment = self.segment_of(&all);
        let mut hits = Vec::new();
        for (index, stream) in self.streams.iter().enumerate() {
            if !self.is_of_service(stream, &all) {
                continue;
            }
            for (role, left_out) in self.roles(stream, &all) {
                hits.push(Hit {
                    stream: index,
                    segment,
                    role,
                    key: series_text(&all, &left_out),
                    series: series_text(&all, &[]),
                    labels: Rc::new(without(&all, &left_out)),
                });
            }
        }
        hits
    }

    /// What a series is to some of the streams, by their numbers; of what a [`Hit`] says just the role.
    pub(crate) fn roles_for(
        &mut self,
        mut labels: Labels,
        streams: &[usize],
    ) -> (SegmentIndex, Vec<(usize, Role)>) {
        for (name, value) in &self.add {
            if !labels.contains_key(name) {
                labels.insert(name.clone(), value.clone());
            }
        }
        let segment = self.segment_of(&labels);
        let mut found = Vec::new();
        for (index, stream) in streams
            .iter()
            .filter_map(|at| Some((*at, self.streams.get(*at)?)))
        {
            if self.is_of_service(stream, &labels) {
                let roles = self.roles(stream, &labels).into_iter();
                found.extend(roles.map(|(role, _)| (index, role)));
            }
        }
        (segment, found)
    }

    fn is_of_service(&self, stream: &Stream, labels: &Labels) -> bool {
        self.service.as_deref().is_none_or(|label| {
            let service = labels.get(label).map_or("", String::as_str);
            stream.service_matches.is_empty()
                || stream.service_matches.iter().any(|value| value == service)
        })
    }

    /// The labels that tell whose a series is.
    pub(crate) fn segment_labels(&self) -> impl Iterator<Item = &str> {
        self.fields.names.iter().map(String::as_str)
    }

    /// What a series is to a stream that is known to select it; `role` is told its labels, the constant ones included.
    pub(crate) fn hit_of(
        &mut self,
        stream: usize,
        labels: &Labels,
        role: impl FnOnce(&Self, &Labels) -> Option<Role>,
    ) -> Option<Hit> {
        let all = self.with_constants(labels);
        let segment = self.segment_of(&all);
        let role = role(self, &all)?;
        let left_out: &[&str] = match role {
            Role::AtOrUnder(..) => &["le"],
            _ => &[],
        };
        Some(Hit {
            stream,
            segment,
            key: series_text(&all, left_out),
            series: series_text(&all, &[]),
            labels: Rc::new(without(&all, left_out)),
            role,
        })
    }

    fn with_constants(&self, labels: &Labels) -> Labels {
        let mut all = self.add.clone();
        all.extend(
            labels
                .iter()
                .map(|(name, value)| (name.clone(), value.clone())),
        );
        all
    }

    fn segment_of(&mut self, all: &Labels) -> SegmentIndex {
        let names = &self.fields.names;
        self.decider
            .decide(|place| all.get(&names[place]).map_or("", String::as_str))
    }

    /// The value of the segment label if no segment claims it.
    pub(crate) fn unclaimed<'l>(&self, labels: &'l Labels) -> Option<&'l str> {
        let names = &self.fields.names;
        self.decider
            .unclaimed(|place| labels.get(&names[place]).map_or("", String::as_str))
    }

    /// The roles of a series in a stream (a pair may take both its numbers from one metric), each with the labels that
    /// the role already says.
    fn roles<'s>(&'s self, stream: &'s Stream, labels: &Labels) -> Vec<(Role, Vec<&'s str>)> {
        let get = |name: &str| labels.get(name).map_or("", String::as_str);
        let named = |metric: &str| match &self.name {
            Some(label) => get(label) == metric,
            None => true,
        };
        let fits = |metric: &str, selector: &Selector| named(metric) && selector.selects(get);
        match &stream.indicator.counting {
            Counting::Metric {
                metric,
                kind,
                unit,
                selector,
                ..
            } => {
                let bucket = format!("{metric}_bucket");
                if !fits(metric, selector) && !fits(&bucket, selector) {
                    return Vec::new();
                }
                let unit = unit.unwrap_or(if *kind == MetricKind::Gauge {
                    Unit::None
                } else {
                    Unit::Seconds
                });
                let role = role_of(*kind, unit, class_of(stream, labels), get("le"));
                role.map(|role| (role, vec!["le"])).into_iter().collect()
            }
            Counting::Totals { total, of, .. } => {
                let mut left_out: Vec<&str> = self.name.as_deref().into_iter().collect();
                for Selection { selector, .. } in [total, of] {
                    left_out.extend(
                        selector
                            .only
                            .keys()
                            .chain(selector.except.keys())
                            .map(String::as_str),
                    );
                }
                let mut roles = Vec::new();
                if fits(&total.metric, &total.selector) {
                    roles.push((Role::Total, left_out.clone()));
                }
                if fits(&of.metric, &of.selector) {
                    roles.push((Role::Part, left_out));
                }
                roles
            }
            Counting::Log { .. } | Counting::PromQl { .. } => Vec::new(),
        }
    }
}

/// A histogram's series without `le` (its count or sum) says nothing that the bucket `+Inf` does not.
pub(crate) fn role_of(kind: MetricKind, unit: Unit, class: Class, le: &str) -> Option<Role> {
    match kind {
        MetricKind::Gauge => Some(Role::Gauge(unit.billionths())),
        MetricKind::Counter => Some(Role::Events(class)),
        MetricKind::Histogram | MetricKind::NativeHistogram | MetricKind::ExponentialHistogram => {
            let edge = match le {
                "" => return None,
                "+Inf" | "Inf" | "inf" => u64::MAX,
                text => u64::try_from(scaled(text, unit.billionths())?).ok()?,
            };
            Some(Role::AtOrUnder(class, edge))
        }
    }
}

pub(crate) fn class_of(stream: &Stream, labels: &Labels) -> Class {
    let values = stream.class_labels.iter();
    Class::from_labels(
        values.map(|name| (name.as_str(), labels.get(name).map_or("", String::as_str))),
    )
}

/// The labels that have a value, without some.
fn without(labels: &Labels, left_out: &[&str]) -> Labels {
    let mut kept = labels.clone();
    kept.retain(|name, value| !value.is_empty() && !left_out.contains(&name.as_str()));
    kept
}

/// `{a="b",c="d"}`, in the order of the names.
fn series_text(labels: &Labels, left_out: &[&str]) -> String {
    let pairs: Vec<String> = without(labels, left_out)
        .iter()
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    format!("{{{}}}", pairs.join(","))
}

/// What the other number of a stream's pairs is, and the unit of a ratio.
pub(crate) fn pair_of(stream: &Stream) -> Option<(Part, Option<Unit>)> {
    match &stream.indicator.counting {
        Counting::Totals { part, unit, .. } => Some((*part, *unit)),
        Counting::PromQl {
            part,
            total_query: Some(_),
            ..
        } => Some((*part, None)),
        _ => None,
    }
}

/// The name of the metric of a stream's total and part, for messages.
pub(crate) fn pair_names(stream: &Stream) -> (&str, &str) {
    match &stream.indicator.counting {
        Counting::Totals { total, of, .. } => (&total.metric, &of.metric),
        Counting::PromQl {
            part_query,
            total_query: Some(total),
            ..
        } => (total, part_query),
        _ => ("", ""),
    }
}
