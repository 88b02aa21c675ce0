//! Fields by name, where a format does not fix them: JSON and patterns. Knows what the usual servers call the parts of a
//! request; knows no syntax.

use std::borrow::Cow;
use std::collections::BTreeSet;

use attain_model::source::{FieldUnit, LogSource};

use crate::counting::count::{Counter, Event, Fields};
use crate::log::access_log::path_of;
use crate::text::time::parse_time;

/// A line whose fields have names.
pub(crate) trait Named {
    /// The value of a field; `None` or `""` where absent.
    fn get(&self, name: &str) -> Option<Cow<'_, str>>;

    /// Adds the names of its fields where they may differ from line to line.
    fn add_names(&self, _names: &mut BTreeSet<String>) {}
}

/// What the usual servers and libraries call a part of a request: nginx, Caddy, Traefik, OpenTelemetry, bunyan.
const ALSO_CALLED: &[(&str, &[&str])] = &[
    (
        "path",
        &[
            "uri",
            "request_uri",
            "url",
            "url.path",
            "http.target",
            "request.uri",
            "RequestPath",
        ],
    ),
    (
        "method",
        &[
            "request_method",
            "http.method",
            "http.request.method",
            "request.method",
            "RequestMethod",
        ],
    ),
    (
        "status",
        &[
            "status_code",
            "http.status_code",
            "http.response.status_code",
            "DownstreamStatus",
        ],
    ),
    (
        "user_agent",
        &["http_user_agent", "request.headers.User-Agent"],
    ),
    (
        "http_user_agent",
        &["user_agent", "request.headers.User-Agent"],
    ),
    ("referer", &["http_referer", "request.headers.Referer"]),
    ("http_referer", &["referer", "request.headers.Referer"]),
    (
        "remote_addr",
        &["client", "client_ip", "request.remote_ip", "ClientHost"],
    ),
];

/// Where the time is, if the source does not say.
const TIME_NAMES: &[&str] = &[
    "time",
    "timestamp",
    "@timestamp",
    "ts",
    "time_iso8601",
    "time_local",
    "msec",
    "datetime",
    "date",
    "StartUTC",
];

/// Reads events from lines with named fields.
pub(crate) struct NamedEvents {
    fields: Vec<Lookup>,
    times: Vec<String>,
    duration: Option<(Lookup, i128)>,
    count: Option<String>,
    received: Option<String>,
}

impl NamedEvents {
    /// For a log.
    pub(crate) fn of_log(log: &LogSource, fields: &Fields) -> Self {
        let named = log.time.as_ref().map(|name| vec![name.clone()]);
        let usual = || TIME_NAMES.iter().map(|name| (*name).to_owned()).collect();
        Self {
            fields: fields.names.iter().map(|name| Lookup::new(name)).collect(),
            times: named.unwrap_or_else(usual),
            duration: log.duration.as_ref().map(duration_of),
            count: None,
            received: None,
        }
    }

    /// For events in JSON lines.
    pub(crate) fn of_events(csv: &attain_model::source::CsvSource, fields: &Fields) -> Self {
        Self {
            fields: fields.names.iter().map(|name| Lookup::new(name)).collect(),
            times: vec![csv.time.clone()],
            duration: csv.duration.as_ref().map(duration_of),
            count: csv.count.clone(),
            received: csv.received.clone(),
        }
    }

    /// The unit of latencies, if an event is all that a line says: when, how long, whose.
    pub(crate) fn quick_unit(&self) -> Option<i128> {
        let is_plain = self.count.is_none() && self.received.is_none();
        let unit = self.duration.as_ref().map_or(1, |(_, unit)| *unit);
        is_plain.then_some(unit)
    }

    /// Where the time, the latency and the fields are looked for.
    pub(crate) fn wants(&self) -> (&[String], Option<Want<'_>>, Vec<Want<'_>>) {
        let duration = self.duration.as_ref().map(|(lookup, _)| lookup.want());
        let fields = self.fields.iter().map(Lookup::want).collect();
        (&self.times, duration, fields)
    }

    /// Counts one line.
    pub(crate) fn take(&self, line: &impl Named, counter: &mut Counter) -> Result<(), String> {
        let get = |name: &str| line.get(name).unwrap_or_default();
        let time_text = self
            .times
            .iter()
            .map(|name| get(name))
            .find(|text| !text.is_empty())
            .ok_or_else(|| match self.times.as_slice() {
                [name] => format!("no time in `{name}`"),
                _ => "no time; name its field in `time` of the source".to_owned(),
            })?;
        let time = parse_time(&time_text).ok_or_else(|| format!("`{time_text}` is not a time"))?;
        let received = match self.received.as_deref().map(get) {
            None => None,
            Some(text) if text.is_empty() => None,
            Some(text) => Some(parse_time(&text).ok_or_else(|| format!("`{text}` is not a time"))?),
        };
        let count = match self.count.as_deref().map(get) {
            None => 1,
            Some(text) => count_of(&text)?,
        };
        let nanoseconds = self
            .duration
            .as_ref()
            .and_then(|(lookup, unit)| counter.latency(&lookup.find(line)?, *unit));
        if counter.wants_names() {
            let mut names = BTreeSet::new();
            line.add_names(&mut names);
            counter.watch.add_names(names);
        }
        let values: Vec<Cow<'_, str>> = self
            .fields
            .iter()
            .map(|lookup| lookup.find(line).unwrap_or_default())
            .collect();
        counter.take(&Event {
            time,
            received,
            nanoseconds,
            count,
            values: &values,
        });
        Ok(())
    }
}

/// How many events a row stands for; an empty cell is one.
pub(crate) fn count_of(text: &str) -> Result<u64, String> {
    match text.trim() {
        "" => Ok(1),
        text => text
            .parse()
            .map_err(|_| format!("`{text}` is not a whole number of events")),
    }
}

fn duration_of(duration: &FieldUnit) -> (Lookup, i128) {
    (Lookup::new(&duration.field), duration.unit.billionths())
}

/// Every name under which a field is looked for.
pub(crate) fn lookup_names(name: &str) -> impl Iterator<Item = String> {
    let lookup = Lookup::new(name);
    let in_request = (lookup.part != Part::AsIs).then(|| "request".to_owned());
    std::iter::once(lookup.name)
        .chain(lookup.also)
        .chain(in_request)
}

/// The names under which a field is looked for, the first that says something.
pub(crate) struct Want<'n> {
    pub(crate) names: Vec<&'n str>,
    /// It may also be cut out of the request line.
    pub(crate) is_request_part: bool,
    /// Its query is cut off.
    pub(crate) is_path: bool,
}

/// Where a field may stand.
struct Lookup {
    name: String,
    also: Vec<String>,
    part: Part,
}

/// What is made of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    AsIs,
    /// Without its query; else from the request line.
    Path,
    /// Else from the request line.
    Method,
}

impl Lookup {
    fn new(name: &str) -> Self {
        let known = ALSO_CALLED.iter().find(|(field, _)| *field == name);
        let mut also: Vec<String> = known
            .map_or(&[][..], |(_, also)| also)
            .iter()
            .map(|&text| text.to_owned())
            .collect();
        // Header X-Y is field `http_x_y`; Caddy and others keep headers as an object.
        if let Some(header) = name.strip_prefix("http_") {
            let header: Vec<String> = header.split('_').map(capitalised).collect();
            also.push(format!("request.headers.{}", header.join("-")));
            also.push(format!("headers.{}", header.join("-")));
            also.push(format!("headers.{}", header.join("-").to_ascii_lowercase()));
        }
        let part = match name {
            "path" => Part::Path,
            "method" => Part::Method,
            _ => Part::AsIs,
        };
        Self {
            name: name.to_owned(),
            also,
            part,
        }
    }

    fn want(&self) -> Want<'_> {
        let also = self.also.iter().map(String::as_str);
        Want {
            names: std::iter::once(self.name.as_str()).chain(also).collect(),
            is_request_part: self.part != Part::AsIs,
            is_path: self.part == Part::Path,
        }
    }

    fn find<'l>(&self, line: &'l impl Named) -> Option<Cow<'l, str>> {
        let found = std::iter::once(&self.name)
            .chain(&self.also)
            .find_map(|name| {
                line.get(name)
                    .filter(|text| !text.is_empty() && text != "-")
            });
        match (self.part, found) {
            (Part::AsIs, found) | (Part::Method, found @ Some(_)) => found,
            (Part::Path, Some(target)) => Some(cut_path(&target)),
            (Part::Path, None) => {
                let request = line.get("request")?;
                Some(cut_path(request.split(' ').nth(1)?))
            }
            (Part::Method, None) => {
                let request = line.get("request")?;
                let mut parts = request.split(' ');
                let method = parts.next()?.to_owned();
                parts.next().map(|_| Cow::Owned(method))
            }
        }
    }
}

fn cut_path<'l>(target: &str) -> Cow<'l, str> {
    Cow::Owned(String::from_utf8_lossy(path_of(target.as_bytes())).into_owned())
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map(|first| first.to_ascii_uppercase())
        .into_iter()
        .chain(chars)
        .collect()
}
