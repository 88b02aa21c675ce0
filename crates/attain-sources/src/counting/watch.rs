//! What the events of a source never said: fields, latencies, segments, what a selector wants. Knows places of fields;
//! knows no format and no counting.

use std::collections::{BTreeMap, BTreeSet};

use crate::counting::asked::{Asked, Strength};
use crate::counting::frequent::Frequent;
use crate::counting::segment::{Decider, SegmentIndex};
use crate::error::Error;

/// So few events may lack anything by chance.
const ENOUGH_EVENTS: u64 = 100;
/// More names than this help nobody.
const KEPT_NAMES: usize = 60;

/// Watches the events of one source.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    events: u64,
    /// Places that had no value yet.
    missing: Vec<usize>,
    timed: u64,
    /// A text that should have been a latency.
    not_a_latency: Option<String>,
    /// Names in the first lines, where each line has its own (JSON), and before how many events each was first seen.
    names: BTreeMap<String, u64>,
    known_segments: u64,
    unknown_segments: u64,
    /// Values at the places that tell segments, until one was told.
    segment_values: Vec<Frequent>,
}

impl Watch {
    /// For events with this many fields.
    pub(crate) fn new(fields: usize) -> Self {
        Self {
            missing: (0..fields).collect(),
            ..Self::default()
        }
    }

    /// Adds what was watched apart, in lines after these.
    pub(crate) fn merge(&mut self, later: Watch) {
        if !self.has_all_names() {
            for (name, after) in later.names {
                let after = self.events + after;
                if after < ENOUGH_EVENTS && self.names.len() < KEPT_NAMES {
                    self.names.entry(name).or_insert(after);
                }
            }
        }
        if self.timed == 0 && self.not_a_latency.is_none() {
            self.not_a_latency = later.not_a_latency;
        }
        self.events += later.events;
        self.timed += later.timed;
        self.missing.retain(|place| later.missing.contains(place));
        self.known_segments += later.known_segments;
        self.unknown_segments += later.unknown_segments;
        let ways = self.segment_values.len().max(later.segment_values.len());
        self.segment_values.resize_with(ways, Frequent::default);
        for (values, more) in self.segment_values.iter_mut().zip(&later.segment_values) {
            values.merge(more);
        }
    }

    /// Takes many events that were counted without looking at each. `has` says whether one of them had a value.
    pub(crate) fn events(&mut self, events: u64, timed: u64, has: impl Fn(usize) -> bool) {
        self.events += events;
        self.timed += timed;
        self.missing.retain(|place| !has(*place));
    }

    /// Many requests were counted for a segment without looking at each; 0 is unknown.
    pub(crate) fn segments(&mut self, segment: SegmentIndex, events: u64) {
        if segment != 0 {
            self.known_segments += events;
        } else {
            self.unknown_segments += events;
        }
    }

    /// Whether a request of a known segment was seen.
    pub(crate) fn knows_segments(&self) -> bool {
        self.known_segments > 0
    }

    /// Takes an event.
    pub(crate) fn event<'v>(&mut self, is_timed: bool, value: impl Fn(usize) -> &'v str) {
        self.events += 1;
        self.timed += u64::from(is_timed);
        if !self.missing.is_empty() {
            self.missing.retain(|place| value(*place).is_empty());
        }
    }

    /// A request was counted for a segment; 0 is unknown.
    pub(crate) fn segment<'v>(
        &mut self,
        segment: SegmentIndex,
        decider: &Decider,
        value: impl Fn(usize) -> &'v str,
    ) {
        if segment != 0 {
            self.known_segments += 1;
        } else if self.known_segments == 0 {
            self.unknown_segments += 1;
            if !self.looks() {
                return;
            }
            let ways = decider.ways();
            self.segment_values
                .resize_with(ways.len(), Frequent::default);
            for ((place, _), values) in ways.into_iter().zip(&mut self.segment_values) {
                if !value(place).is_empty() {
                    values.take(value(place));
                }
            }
        }
    }

    /// Why no request at all could be told to a segment.
    pub(crate) fn no_segment(
        &self,
        source: &str,
        decider: &Decider,
        fields: &[String],
    ) -> Option<String> {
        if self.known_segments > 0 || self.unknown_segments < ENOUGH_EVENTS {
            return None;
        }
        let ways = decider.ways();
        let mut why = Vec::new();
        for (at, (place, in_vain)) in ways.iter().enumerate() {
            let field = fields.get(*place).map_or("", String::as_str);
            let is_missing = self.missing.contains(place);
            // The label that every source may have says nothing where there are other ways.
            if is_missing && at == 0 && field == "segment" && ways.len() > 1 {
                continue;
            }
            why.push(match (is_missing, in_vain) {
                (true, _) => format!("no line has the field `{field}`"),
                (_, true) => format!("the roster has nothing to look `{field}` up in"),
                _ => {
                    let values = self.segment_values.get(at);
                    // A label is told in full; anything else may be a secret.
                    let show = |text: &str| {
                        if at == 0 {
                            text.to_owned()
                        } else {
                            shortened(text)
                        }
                    };
                    let values = values.map_or_else(String::new, |values| values.text(show));
                    format!("no segment claims what `{field}` says, most often {values}")
                }
            });
        }
        let why = why.join("; ");
        Some(format!(
            "no request of source `{source}` could be told to a segment: {why}"
        ))
    }

    /// A latency could not be understood.
    pub(crate) fn not_a_latency(&mut self, text: &str) {
        if self.timed == 0 && self.not_a_latency.is_none() && !text.is_empty() && text != "-" {
            self.not_a_latency = Some(shortened(text));
        }
    }

    /// Whether it is still asked what events say instead. The first of a stretch are enough: more say the same.
    pub(crate) fn looks(&self) -> bool {
        const LOOKED_AT: u64 = 1024;
        self.events <= LOOKED_AT
    }

    /// How many events there were, if enough for none of them to be no chance.
    pub(crate) fn enough_events(&self) -> Option<u64> {
        (self.events >= ENOUGH_EVENTS).then_some(self.events)
    }

    /// Whether names of fields are still collected.
    pub(crate) fn wants_names(&self) -> bool {
        self.events < ENOUGH_EVENTS && self.names.len() < KEPT_NAMES
    }

    /// Whether the names of what is merged are passed over.
    pub(crate) fn has_all_names(&self) -> bool {
        self.events >= ENOUGH_EVENTS
    }

    /// The names of a line's fields.
    pub(crate) fn add_names(&mut self, names: BTreeSet<String>) {
        for name in names {
            self.names.entry(name).or_insert(self.events);
        }
    }

    /// Fields that no JSON line has.
    ///
    /// # Errors
    /// Good and bad cannot be told without one of them, in enough events.
    pub(crate) fn absent_fields(
        &self,
        asked: &[Asked],
        fields: &[String],
        files: &str,
    ) -> Result<Vec<String>, Error> {
        let mut notes = Vec::new();
        if self.events == 0 || self.names.is_empty() {
            return Ok(notes);
        }
        let is_missing = |field: &str| {
            let place = fields.iter().position(|name| name == field);
            place.is_some_and(|place| self.missing.contains(&place))
        };
        for asked in asked.iter().filter(|asked| is_missing(&asked.field)) {
            let error = Error::Absent {
                files: files.to_owned(),
                field: asked.field.clone(),
                by: asked.by.clone(),
                has: self.names.keys().cloned().collect(),
            };
            if asked.strength == Strength::Judges && self.events >= ENOUGH_EVENTS {
                return Err(error);
            }
            notes.push(error.to_string());
        }
        Ok(notes)
    }

    /// A latency that no line has.
    ///
    /// # Errors
    /// Somebody asks for it, in enough events.
    pub(crate) fn absent_latency(
        &self,
        field: &str,
        files: &str,
        has: &[String],
        is_asked: bool,
    ) -> Result<Option<String>, Error> {
        if self.timed > 0 || self.events < ENOUGH_EVENTS {
            return Ok(None);
        }
        let why = match &self.not_a_latency {
            Some(text) => format!("`{text}` is not a number; check the order of the fields"),
            None => "it is absent or empty on every line".to_owned(),
        };
        let has = if self.names.is_empty() {
            has.to_vec()
        } else {
            self.names.keys().cloned().collect()
        };
        let error = Error::Untimed {
            files: files.to_owned(),
            field: field.to_owned(),
            why,
            has,
        };
        if is_asked {
            Err(error)
        } else {
            Ok(Some(error.to_string()))
        }
    }
}

/// Enough of a value to recognise it: it may be a key that opens something.
pub(crate) fn shortened(text: &str) -> String {
    if text.chars().count() <= 6 {
        return text.to_owned();
    }
    text.chars().take(4).chain("...".chars()).collect()
}
