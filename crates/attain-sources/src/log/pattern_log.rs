//! Logs in a form of their own: a regular expression whose named groups are the fields.

use std::borrow::Cow;

use attain_model::SourceId;
use attain_model::selector::Pattern;
use attain_model::source::LogSource;
use regex::{Captures, Regex};

use crate::counting::asked::{Asked, Strength};
use crate::counting::count::{Counter, Fields};
use crate::error::Error;
use crate::log::lines::LineReader;
use crate::log::named::{Named, NamedEvents, lookup_names};

/// Reads lines of one source.
pub(crate) struct PatternLog {
    /// `None` never matches; a [`Pattern`] has been compiled once already, so it is always there.
    regex: Option<Regex>,
    events: NamedEvents,
}

impl PatternLog {
    pub(crate) fn new(pattern: &Pattern, log: &LogSource, fields: &Fields) -> Self {
        Self {
            regex: Regex::new(&format!("^(?s:{})$", pattern.as_str())).ok(),
            events: NamedEvents::of_log(log, fields),
        }
    }
}

impl LineReader for PatternLog {
    fn line(&mut self, line: &[u8], counter: &mut Counter) -> Result<(), String> {
        let line = String::from_utf8_lossy(line);
        let captures = self.regex.as_ref().and_then(|regex| regex.captures(&line));
        let groups = Groups(captures.ok_or("the pattern does not match this line")?);
        self.events.take(&groups, counter)
    }
}

/// Whether a pattern has the groups that somebody looks at.
///
/// # Errors
/// One of them is missing.
pub(crate) fn check_groups(
    pattern: &Pattern,
    log: &LogSource,
    asked: &[Asked],
    source: &SourceId,
) -> Result<(), Error> {
    let Ok(regex) = Regex::new(pattern.as_str()) else {
        return Ok(());
    };
    let has: Vec<String> = regex.capture_names().flatten().map(str::to_owned).collect();
    let duration = log.duration.as_ref().map(|duration| Asked {
        field: duration.field.clone(),
        by: format!("`duration` of source `{source}`"),
        strength: Strength::Judges,
    });
    let is_there = |name: &str| lookup_names(name).any(|name| has.contains(&name));
    match asked
        .iter()
        .chain(&duration)
        .find(|asked| !is_there(&asked.field))
    {
        None => Ok(()),
        Some(asked) => Err(Error::Group {
            source_id: source.to_string(),
            group: asked.field.clone(),
            by: asked.by.clone(),
            has,
        }),
    }
}

struct Groups<'l>(Captures<'l>);

impl Named for Groups<'_> {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.0.name(name).map(|found| Cow::Borrowed(found.as_str()))
    }
}
