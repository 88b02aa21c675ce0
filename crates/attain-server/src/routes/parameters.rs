//! What may stand behind a path: each parameter of a route has a kind and a limit, and what is unknown, twice there or
//! larger is refused with words. Knows no answer; the same rows make the parameters of the OpenAPI document.

use std::collections::BTreeMap;

use axum::extract::{Query, RawPathParams};
use axum::http::Uri;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::problem::Problem;

/// Characters of a name or a text.
pub(super) const TEXT: usize = 200;

/// Characters of one of several names.
const NAME: usize = 100;

/// A parameter of a route.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) about: &'static str,
}

/// What a parameter may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A part of the path.
    Path,
    /// A text that must be there.
    Needed,
    /// Any text; an empty one is as if it were not there.
    Text,
    /// A text that may be there several times, at most so often.
    Texts(usize),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number from and to.
    Number(u32, u32),
    /// `true` or `false`.
    Flag,
    /// RFC 3339.
    Instant,
    /// A month, quarter, year, day, or days from the first to the last.
    Period,
}

/// How periods are written, with 9 for any digit.
const PERIODS: [&str; 5] = [
    "9999",
    "9999-Q9",
    "9999-99",
    "9999-99-99",
    "9999-99-99..9999-99-99",
];

/// What was asked, as far as the route knows it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    values: BTreeMap<&'static str, Vec<String>>,
}

impl Asked {
    /// Reads what stands in a path and behind it.
    pub(crate) fn read(
        parameters: &[Parameter],
        path: &RawPathParams,
        uri: &Uri,
    ) -> Result<Self, Problem> {
        let query: Query<Vec<(String, String)>> = Query::try_from_uri(uri)
            .map_err(|error| Problem::parameter(format!("the query cannot be read: {error}")))?;
        let mut asked = Self::default();
        let in_path = path
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned(), true));
        let behind = query
            .0
            .into_iter()
            .map(|(name, value)| (name, value, false));
        for (name, value, is_path) in in_path.chain(behind) {
            let known = parameters
                .iter()
                .find(|known| known.name == name && (known.kind == Kind::Path) == is_path);
            let Some(known) = known else {
                return Err(unknown(&name, parameters));
            };
            check(known, &value)?;
            let values = asked.values.entry(known.name).or_default();
            values.push(value);
            if values.len() > known.kind.at_most() {
                let why = format!("{name} is there more than {} times", known.kind.at_most());
                return Err(Problem::parameter(why));
            }
        }
        let is_there = |needed: &&Parameter| asked.values.contains_key(needed.name);
        let mut needed = parameters.iter().filter(|one| one.kind == Kind::Needed);
        match needed.find(|needed| !is_there(needed)) {
            Some(Parameter { name, about, .. }) => {
                Err(Problem::parameter(format!("{name} is missing: {about}")))
            }
            None => Ok(asked),
        }
    }

    /// A text that is there and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let values = self.values.get(name)?;
        values
            .first()
            .map(String::as_str)
            .filter(|text| !text.is_empty())
    }

    /// All texts of a name that are not empty.
    pub(crate) fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        let values = self.values.get(name).into_iter().flatten();
        values.map(String::as_str).filter(|text| !text.is_empty())
    }

    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.text(name)?.parse().ok()
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    pub(crate) fn instant(&self, name: &str) -> Option<Timestamp> {
        self.text(name)?.parse().ok()
    }
}

impl Kind {
    fn at_most(self) -> usize {
        match self {
            Kind::Texts(count) => count,
            _ => 1,
        }
    }

    /// As JSON Schema.
    pub(super) fn schema(self) -> Value {
        match self {
            Kind::Path | Kind::Needed => {
                json!({"type": "string", "minLength": 1, "maxLength": TEXT})
            }
            Kind::Text => json!({"type": "string", "maxLength": TEXT}),
            Kind::Texts(count) => json!({
                "type": "array",
                "maxItems": count,
                "items": {"type": "string", "maxLength": NAME},
            }),
            Kind::Choice(words) => json!({"type": "string", "enum": words}),
            Kind::Number(least, most) => {
                json!({"type": "integer", "minimum": least, "maximum": most})
            }
            Kind::Flag => json!({"type": "boolean"}),
            Kind::Instant => json!({"type": "string", "format": "date-time"}),
            Kind::Period => {
                let any = |shape: &&str| shape.replace('.', "\\.").replace('9', "[0-9]");
                let shapes: Vec<String> = PERIODS.iter().map(any).collect();
                json!({"type": "string", "pattern": format!("^({})$", shapes.join("|"))})
            }
        }
    }
}

fn check(parameter: &Parameter, value: &str) -> Result<(), Problem> {
    let name = parameter.name;
    let wants = |what: String| Err(Problem::parameter(format!("{name} is {what}")));
    match parameter.kind {
        Kind::Path | Kind::Needed if value.is_empty() => wants("a name".to_owned()),
        Kind::Texts(_) if value.chars().count() > NAME => {
            wants(format!("at most {NAME} characters long"))
        }
        Kind::Path | Kind::Needed | Kind::Text if value.chars().count() > TEXT => {
            wants(format!("at most {TEXT} characters long"))
        }
        Kind::Path | Kind::Needed | Kind::Text | Kind::Texts(_) => Ok(()),
        Kind::Choice(words) if words.contains(&value) => Ok(()),
        Kind::Choice(words) => wants(format!("one of {}", words.join(", "))),
        Kind::Number(least, most) => {
            let is_plain = value.bytes().all(|byte| byte.is_ascii_digit());
            let number = value.parse::<u32>().ok().filter(|_| is_plain);
            match number.filter(|number| (least..=most).contains(number)) {
                Some(_) => Ok(()),
                None => wants(format!("a whole number from {least} to {most}")),
            }
        }
        Kind::Flag if matches!(value, "true" | "false") => Ok(()),
        Kind::Flag => wants("true or false".to_owned()),
        Kind::Period => {
            let is_digit = |c: char| c.is_ascii_digit();
            match PERIODS.contains(&value.replace(is_digit, "9").as_str()) {
                true => Ok(()),
                false => wants(
                    "a month 2026-10, a quarter 2026-Q3, a year 2026, a day 2026-10-05, or days from the first to the \
                     last 2026-10-01..2026-10-15"
                        .to_owned(),
                ),
            }
        }
        Kind::Instant if value.parse::<Timestamp>().is_ok() => Ok(()),
        Kind::Instant => wants("an instant, e.g. 2026-11-02T12:00:00Z; write + as %2B".to_owned()),
    }
}

fn unknown(name: &str, parameters: &[Parameter]) -> Problem {
    let shown: String = name.chars().take(40).collect();
    let known: Vec<&str> = parameters
        .iter()
        .filter(|known| known.kind != Kind::Path)
        .map(|known| known.name)
        .collect();
    let hint = match known.as_slice() {
        [] => "this path takes none".to_owned(),
        known => format!("this path takes {}", known.join(", ")),
    };
    Problem::parameter(format!("`{shown}` is no parameter of this path")).hint(hint)
}
