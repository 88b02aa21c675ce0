//! Logs and events of one JSON object per line; its keys are the fields, nested ones with dots.

use crate::count::Counter;
use crate::json_line::JsonLine;
use crate::lines::LineReader;
use crate::named::NamedEvents;

/// Reads lines of one source.
pub(crate) struct JsonLog(NamedEvents);

impl JsonLog {
    pub(crate) fn new(events: NamedEvents) -> Self {
        Self(events)
    }
}

impl LineReader for JsonLog {
    fn line(&mut self, line: &[u8], counter: &mut Counter) -> Result<(), String> {
        self.0.take(&JsonLine::parse(line)?, counter)
    }
}
