//! The segment of a request, decided once. Knows labels, the edge's rules and the roster; knows no file format.
//!
//! In this order: the source's segment label; the customer label by the roster or a contract; for logs and events the
//! rules of `edge.identify`, first hit first. A value that no segment claims is unknown, and so is a request that
//! nothing recognises: it is *served* as `edge.otherwise`, and *counted* as unknown, or the share of untagged traffic
//! could not be seen.

use std::collections::{BTreeMap, HashMap};

use attain_model::company::{Identify, IdentifyBy};
use attain_model::selector::Match;
use attain_model::source::LabelNames;
use attain_model::{Catalogue, CountedSegment, SegmentId};

use crate::counting::roster::{Customers, Index};

/// Index of a segment in [`Segments::names`]; 0 is unknown.
pub(crate) type SegmentIndex = u32;

/// The segments of a catalogue and the label values that mean them.
#[derive(Debug, Clone)]
pub(crate) struct Segments {
    names: Vec<CountedSegment>,
    by_value: BTreeMap<String, SegmentIndex>,
}

impl Segments {
    pub(crate) fn new(catalogue: &Catalogue) -> Self {
        let mut segments = Self {
            names: vec![CountedSegment::Unknown],
            by_value: BTreeMap::new(),
        };
        for (id, segment) in &catalogue.segments {
            let index = u32::try_from(segments.names.len()).unwrap_or(0);
            segments.names.push(CountedSegment::Known(id.clone()));
            for value in &segment.matches {
                segments.by_value.insert(value.clone(), index);
            }
        }
        segments
    }

    /// Whether there are any but unknown.
    pub(crate) fn are_there(&self) -> bool {
        self.names.len() > 1
    }

    /// The segment that a label value means.
    pub(crate) fn of_value(&self, value: &str) -> SegmentIndex {
        self.by_value.get(value).copied().unwrap_or(0)
    }

    /// The segment of this id.
    fn of_id(&self, id: &SegmentId) -> SegmentIndex {
        let wanted = CountedSegment::Known(id.clone());
        let at = self.names.iter().position(|name| *name == wanted);
        at.and_then(|at| u32::try_from(at).ok()).unwrap_or(0)
    }

    /// All of them; unknown comes first.
    pub(crate) fn names(&self) -> &[CountedSegment] {
        &self.names
    }

    pub(crate) fn name(&self, index: SegmentIndex) -> &CountedSegment {
        self.names.get(index as usize).unwrap_or(&self.names[0])
    }
}

/// Decides segments for one source. `usize` is the place of a field among the values of a row.
#[derive(Debug)]
pub(crate) struct Decider {
    pub(crate) segments: Segments,
    label: usize,
    customer: Option<(usize, Index)>,
    contracts: BTreeMap<String, SegmentIndex>,
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    field: usize,
    matches: Option<Match>,
    lookup: Option<Index>,
    segment: Option<SegmentIndex>,
    /// Hashing is dear and keys repeat. Invariant: only looked-up values are remembered, and never leave this map.
    remembered: HashMap<Box<str>, Option<SegmentIndex>>,
}

impl Decider {
    /// `place` gives a field its place among the values of a row; `with_edge` says whether the edge's rules apply.
    pub(crate) fn new(
        catalogue: &Catalogue,
        labels: &LabelNames,
        customers: &Customers,
        with_edge: bool,
        mut place: impl FnMut(&str) -> usize,
    ) -> Self {
        let segments = Segments::new(catalogue);
        let edge = catalogue.edge.as_ref().filter(|_| with_edge);
        let identify = edge.map_or(&[][..], |edge| &edge.identify);
        let rules = identify
            .iter()
            .map(|rule| Rule::new(rule, customers, &segments, place(&field_of(&rule.by))))
            .collect();
        let customer = labels
            .customer
            .as_ref()
            .map(|label| (place(label), customers.index("customer")));
        let contracts = catalogue
            .contracts
            .values()
            .map(|contract| (contract.id.to_string(), segments.of_id(&contract.segment)))
            .collect();
        Self {
            label: place(&labels.segment),
            customer,
            contracts,
            rules,
            segments,
        }
    }

    /// The segment of a request. `value` gives the value at a place, `""` where it is absent.
    pub(crate) fn decide<'v>(&mut self, value: impl Fn(usize) -> &'v str) -> SegmentIndex {
        let label = value(self.label);
        if !label.is_empty() {
            return self.segments.of_value(label);
        }
        if let Some((field, index)) = &self.customer {
            let customer = value(*field);
            if let Some(segment) = self.contracts.get(customer) {
                return *segment;
            }
            if let Some(segment) = index.segment(customer) {
                return self.segments.of_value(segment);
            }
        }
        for rule in &mut self.rules {
            if let Some(segment) = rule.hit(value(rule.field), &self.segments) {
                return segment;
            }
        }
        0
    }

    /// What can be told of a value at a place: two values with the same signature are decided alike, and of a label that
    /// no segment claims each text is its own.
    pub(crate) fn add_signature(&mut self, place: usize, value: &str, signature: &mut Vec<u8>) {
        let mut add = |segment: Option<SegmentIndex>| {
            signature.extend_from_slice(&segment.unwrap_or(SegmentIndex::MAX).to_le_bytes());
        };
        for rule in self.rules.iter_mut().filter(|rule| rule.field == place) {
            add(rule.hit(value, &self.segments));
        }
        if let Some((field, index)) = &self.customer
            && *field == place
        {
            let contract = self.contracts.get(value).copied();
            let segment = || Some(self.segments.of_value(index.segment(value)?));
            add(contract.or_else(segment));
        }
        if self.label == place {
            let segment = self.segments.of_value(value);
            add(Some(segment));
            if segment == 0 {
                signature.extend_from_slice(value.as_bytes());
            }
        }
    }

    /// The places that are looked at, and whether values are looked up where nothing is. The segment label is the first.
    pub(crate) fn ways(&self) -> Vec<(usize, bool)> {
        let mut ways = vec![(self.label, false)];
        if let Some((place, index)) = &self.customer {
            ways.push((*place, index.is_empty() && self.contracts.is_empty()));
        }
        ways.extend(self.rules.iter().map(|rule| {
            let in_vain = rule.lookup.as_ref().is_some_and(Index::is_empty);
            (rule.field, in_vain)
        }));
        ways
    }

    /// The value of the segment label if it is there and no segment claims it.
    pub(crate) fn unclaimed<'v>(&self, value: impl Fn(usize) -> &'v str) -> Option<&'v str> {
        let label = value(self.label);
        (!label.is_empty() && self.segments.of_value(label) == 0).then_some(label)
    }
}

impl Rule {
    fn new(rule: &Identify, customers: &Customers, segments: &Segments, field: usize) -> Self {
        Self {
            field,
            matches: rule.matches.clone(),
            lookup: rule.lookup.as_ref().map(|column| customers.index(column)),
            segment: rule.segment.as_ref().map(|id| segments.of_id(id)),
            remembered: HashMap::new(),
        }
    }

    /// The segment of a hit; `None` lets the next rule look.
    fn hit(&mut self, value: &str, segments: &Segments) -> Option<SegmentIndex> {
        if value.is_empty() || self.matches.as_ref().is_some_and(|m| !m.matches(value)) {
            return None;
        }
        let Some(index) = &self.lookup else {
            return Some(self.segment.unwrap_or_else(|| segments.of_value(value)));
        };
        if let Some(known) = self.remembered.get(value) {
            return *known;
        }
        let found = index
            .segment(value)
            .map(|name| self.segment.unwrap_or_else(|| segments.of_value(name)));
        // A client that sends random keys must not fill the memory.
        if self.remembered.len() < 100_000 {
            self.remembered.insert(value.into(), found);
        }
        found
    }
}

/// The field of a log that holds what a rule looks at. Header `X-Api-Key` is `http_x_api_key`, as in nginx.
fn field_of(by: &IdentifyBy) -> String {
    match by {
        IdentifyBy::Header(name) => {
            let name: String = name
                .chars()
                .map(|c| {
                    if c == '-' {
                        '_'
                    } else {
                        c.to_ascii_lowercase()
                    }
                })
                .collect();
            format!("http_{name}")
        }
        IdentifyBy::Claim(name) => name.clone(),
        IdentifyBy::Path => "path".to_owned(),
    }
}
