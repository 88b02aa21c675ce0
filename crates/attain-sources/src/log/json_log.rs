//! Logs and events of one JSON object per line; its keys are the fields, nested ones with dots.

use crate::counting::count::Counter;
use crate::log::json_line::JsonLine;
use crate::log::lines::LineReader;
use crate::log::named::NamedEvents;
use crate::log::quick_json::QuickJson;

/// Reads lines of one source.
pub(crate) struct JsonLog {
    events: NamedEvents,
    quick: Option<QuickJson>,
}

impl JsonLog {
    pub(crate) fn new(events: NamedEvents, counter: &Counter) -> Self {
        Self {
            quick: QuickJson::new(&events, counter),
            events,
        }
    }
}

impl LineReader for JsonLog {
    fn line(&mut self, line: &[u8], counter: &mut Counter) -> Result<(), String> {
        self.events.take(&JsonLine::parse(line)?, counter)
    }

    fn run(&mut self, run: &[u8]) {
        if let Some(quick) = &mut self.quick {
            quick.run(run);
        }
    }

    fn quick_lines(&mut self, run: &[u8], at: usize) -> (usize, u64) {
        match &mut self.quick {
            Some(quick) => quick.lines(run, at),
            None => (at, 0),
        }
    }

    fn quick(&mut self, line: &[u8], counter: &mut Counter) -> bool {
        match &mut self.quick {
            Some(quick) => quick.line(line, &self.events, counter),
            None => false,
        }
    }

    fn settle(&mut self, counter: &mut Counter) {
        if let Some(quick) = &mut self.quick {
            quick.settle(counter);
        }
    }
}
