//! Logs of one JSON object per line; its keys are the fields, nested ones with dots.

use attain_model::source::LogSource;

use crate::count::{Counter, Fields};
use crate::json_line::JsonLine;
use crate::named::NamedEvents;

/// Reads lines of one source.
pub(crate) struct JsonLog(NamedEvents);

impl JsonLog {
    pub(crate) fn new(log: &LogSource, fields: &Fields) -> Self {
        Self(NamedEvents::of_log(log, fields))
    }

    /// Counts one line.
    pub(crate) fn line(&mut self, line: &[u8], counter: &mut Counter) -> Result<(), String> {
        self.0.take(&JsonLine::parse(line)?, counter)
    }
}
