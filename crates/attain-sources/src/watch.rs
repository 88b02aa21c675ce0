//! What the events of a source never said: fields, latencies, segments, what a selector wants. Knows places of fields;
//! knows no format and no counting.

use std::collections::BTreeSet;

use crate::asked::{Asked, Strength};
use crate::error::Error;

/// So few events may lack anything by chance.
const ENOUGH_EVENTS: u64 = 100;

/// Watches the events of one source.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    events: u64,
    /// Places that had no value yet.
    missing: Vec<usize>,
    timed: u64,
    /// A text that should have been a latency.
    not_a_latency: Option<String>,
    /// Names in the first lines, where each line has its own (JSON).
    pub(crate) names: BTreeSet<String>,
}

impl Watch {
    /// For events with this many fields.
    pub(crate) fn new(fields: usize) -> Self {
        Self {
            missing: (0..fields).collect(),
            ..Self::default()
        }
    }

    /// Takes an event.
    pub(crate) fn event<'v>(&mut self, is_timed: bool, value: impl Fn(usize) -> &'v str) {
        self.events += 1;
        self.timed += u64::from(is_timed);
        if !self.missing.is_empty() {
            self.missing.retain(|place| value(*place).is_empty());
        }
    }

    /// A latency could not be understood.
    pub(crate) fn not_a_latency(&mut self, text: &str) {
        if self.timed == 0 && self.not_a_latency.is_none() && !text.is_empty() && text != "-" {
            self.not_a_latency = Some(shortened(text));
        }
    }

    /// Whether names of fields are still collected.
    pub(crate) fn wants_names(&self) -> bool {
        self.events < ENOUGH_EVENTS && self.names.len() < 60
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
                has: self.names.iter().cloned().collect(),
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
            self.names.iter().cloned().collect()
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
