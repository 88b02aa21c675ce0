//! Sources of telemetry: how each is reached and which label says what.

use attain_model::SourceId;
use attain_model::policy::Setting;
use attain_model::selector::Pattern;
use attain_model::source::{
    ApiSource, CsvLayout, CsvSource, FieldUnit, Heartbeat, LabelNames, LogFormat, LogSource,
    Source, SourceKind,
};

use super::common::{bearer, meta, secret, setting, url};
use super::object::Obj;
use super::read::At;
use crate::length;
use crate::scalar::{self, Bad, Parsed};
use crate::schema::{CSV, FIELD_UNIT, HEARTBEAT, LABEL_NAMES, LOG, PROMETHEUS, SCRAPE, TOKEN};

pub(crate) fn source(id: &str, obj: &Obj<'_, '_>) -> Option<Source> {
    let kind = kind(obj);
    let labels = obj.object("labels", &LABEL_NAMES);
    let label = |key: &str| labels.as_ref().and_then(|labels| labels.text(key));
    let otlp = obj.has("otlp");
    let names = LabelNames {
        segment: label("segment").unwrap_or_else(|| "segment".to_owned()),
        service: label("service").or_else(|| otlp.then(|| "service.name".to_owned())),
        customer: label("customer"),
        replica: label("replica"),
    };
    let replica = labels.as_ref().and_then(|labels| labels.get("replica"));
    if let Some(at) = replica.filter(|_| !obj.has("remote_write")) {
        at.error_at_key(
            "key-without-effect",
            "`replica` has no effect here: only senders of remote write are told apart by it",
            "take the line out; where an API has what two Prometheus saw, select one: `where: {replica: a}` at the indicator",
        );
    }
    let add = obj.get("add").map(|at| at.labels()).unwrap_or_default();
    let interval = obj.parse("interval", length::positive_duration);
    let delay = obj.parse("delay", length::duration);
    let started = obj.text("started");
    let has_processes = ["prometheus", "remote_write", "scrape"];
    if let Some(at) = obj.get("started")
        && !has_processes.into_iter().any(|kind| obj.has(kind))
    {
        at.error_at_key(
            "key-without-effect",
            "`started` has no effect here: nothing from this source says when processes began in a metric",
            "take the line out",
        );
    }
    let meta = meta(obj);
    Some(Source {
        id: SourceId::from(id),
        kind: kind?,
        labels: names,
        add,
        interval,
        delay,
        started,
        meta,
    })
}

fn kind(obj: &Obj<'_, '_>) -> Option<SourceKind> {
    let token = |obj: &Obj<'_, '_>| obj.get("token").and_then(|at| secret(&at));
    if let Some(at) = obj.get("prometheus") {
        return prometheus(&at.object(&PROMETHEUS)?);
    }
    if let Some(at) = obj.get("otlp") {
        let token = token(&at.object(&TOKEN)?);
        return Some(SourceKind::Otlp { token });
    }
    if let Some(at) = obj.get("remote_write") {
        let token = token(&at.object(&TOKEN)?);
        return Some(SourceKind::RemoteWrite { token });
    }
    if let Some(at) = obj.get("scrape") {
        let obj = at.object(&SCRAPE)?;
        return Some(SourceKind::Scrape {
            targets: obj.texts("targets"),
            every: obj.parse("every", length::positive_duration),
        });
    }
    if let Some(at) = obj.get("log") {
        return log(&at.object(&LOG)?).map(SourceKind::Log);
    }
    csv(&obj.object("csv", &CSV)?).map(SourceKind::Csv)
}

fn prometheus(obj: &Obj<'_, '_>) -> Option<SourceKind> {
    let headers = obj.get("headers").map(|at| at.entries());
    let headers = headers.unwrap_or_default();
    let mut source = ApiSource {
        headers: headers.iter().filter_map(header).collect(),
        timeout: obj.parse("timeout", length::positive_duration),
        tenant: obj.text("tenant"),
        bearer: bearer(obj),
        push_rules: obj.parse("push_rules", scalar::truth).unwrap_or(false),
        url: String::new(),
    };
    once_each(&source, &headers);
    source.url = obj.parse("url", api_url)?;
    Some(SourceKind::Prometheus(source))
}

/// A header that is sent twice is refused by some servers, and others take the one that was not meant.
fn once_each(source: &ApiSource, headers: &[At<'_, '_>]) {
    let bearer = source.bearer.as_ref().map(|_| ("Authorization", "`auth`"));
    let tenant = source
        .tenant
        .as_ref()
        .map(|_| ("X-Scope-OrgID", "`tenant`"));
    let mut sent: Vec<(&str, &str)> = bearer.into_iter().chain(tenant).collect();
    for at in headers {
        let before = sent
            .iter()
            .find(|(name, _)| at.name.eq_ignore_ascii_case(name));
        match before {
            Some((name, by)) => at.error_at_key(
                "header-twice",
                format!("`{}` is sent twice: {by} sends `{name}` already", at.name),
                "keep one of the two",
            ),
            None => sent.push((at.name, "another line")),
        }
    }
}

/// A URL without a password: it stands in messages, on pages and in the repository.
fn api_url(text: &str) -> Parsed<String> {
    let url = url(text)?;
    let host = url.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or("");
    match host.rsplit_once('@') {
        None => Ok(url),
        Some((who, _)) => {
            let start = text.len() - text.split_once("://").map_or(0, |(_, rest)| rest.len());
            Err(Bad::new(
                "secret-in-file",
                "a name and a password stand in the URL; treat them as leaked and rotate them",
            )
            .help("take them out, and write `headers: {Authorization: {env: NAME}}`")
            .at(start, start + who.len()))
        }
    }
}

/// A header and its value. What lets somebody in is a secret.
fn header(at: &At<'_, '_>) -> Option<(String, Setting)> {
    const SECRETS: [&str; 3] = ["Authorization", "Proxy-Authorization", "Cookie"];
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if at.name.is_empty() || !at.name.chars().all(is_token) {
        at.error_at_key(
            "header-syntax",
            format!("`{}` cannot be the name of a header", at.name),
            "letters, digits and `-`, e.g. `X-Scope-OrgID`",
        );
        return None;
    }
    let value = match SECRETS
        .iter()
        .any(|name| at.name.eq_ignore_ascii_case(name))
    {
        true => Setting::Secret(secret(at)?),
        false => setting(at)?,
    };
    match &value {
        Setting::Text(text) if text.chars().any(char::is_control) => {
            at.error(
                "header-syntax",
                format!("the value of `{}` is no single line of text", at.name),
                "write it in one line",
            );
            None
        }
        _ => Some((at.name.to_owned(), value)),
    }
}

fn field_unit(at: &At<'_, '_>) -> Option<FieldUnit> {
    let obj = at.object(&FIELD_UNIT)?;
    let (field, unit) = (obj.text("field"), obj.parse("unit", length::unit));
    Some(FieldUnit {
        field: field?,
        unit: unit?,
    })
}

fn log(obj: &Obj<'_, '_>) -> Option<LogSource> {
    let format = match obj.get("format") {
        None => Some(LogFormat::Combined),
        Some(at) => at.parse(log_format),
    };
    let heartbeat = obj.object("heartbeat", &HEARTBEAT).and_then(|obj| {
        let (path, every) = (
            obj.text("path"),
            obj.parse("every", length::positive_duration),
        );
        Some(Heartbeat {
            path: path?,
            every: every?,
        })
    });
    let out = LogSource {
        files: obj.texts("files"),
        format: LogFormat::Combined,
        append: obj.texts("append"),
        duration: obj.get("duration").and_then(|at| field_unit(&at)),
        time: obj.text("time"),
        heartbeat,
    };
    Some(LogSource {
        format: format?,
        ..out
    })
}

fn log_format(text: &str) -> Result<LogFormat, Bad> {
    match text {
        "combined" => Ok(LogFormat::Combined),
        "json" => Ok(LogFormat::Json),
        _ => match text.strip_prefix('~') {
            Some(expression) => Pattern::new(expression)
                .map(LogFormat::Pattern)
                .map_err(|_| {
                    Bad::new(
                        "regex-syntax",
                        format!("`{expression}` is not a regular expression"),
                    )
                    .help("RE2 syntax; each field is a group `(?P<name>...)`")
                }),
            None => Err(Bad::new(
                "value-unknown",
                format!("`{text}` is not a format of a log"),
            )
            .help("write `combined`, `json`, or `~` and a regular expression with named groups")),
        },
    }
}

fn csv(obj: &Obj<'_, '_>) -> Option<CsvSource> {
    let layout = match obj.word("layout") {
        Some("wide") => CsvLayout::Wide,
        Some("events") => CsvLayout::Events,
        Some("samples") => CsvLayout::Samples,
        _ => CsvLayout::Long,
    };
    only_in(obj, layout);
    let out = CsvSource {
        files: obj.texts("files"),
        time: String::new(),
        layout,
        header_rows: obj.texts("header_rows"),
        name: obj.text("name"),
        slot: obj.parse("slot", length::positive_duration),
        value: obj.text("value"),
        duration: obj.get("duration").and_then(|at| field_unit(&at)),
        count: obj.text("count"),
        received: obj.text("received"),
        created: obj.text("created"),
    };
    Some(CsvSource {
        time: obj.text("time")?,
        ..out
    })
}

/// Keys that have a meaning in some layouts only.
fn only_in(obj: &Obj<'_, '_>, layout: CsvLayout) {
    use CsvLayout::{Events, Long, Samples, Wide};
    let rules: [(&str, &[CsvLayout], &str); 6] = [
        ("header_rows", &[Wide], "`layout: wide`"),
        ("slot", &[Long, Wide], "`layout: long` and `layout: wide`"),
        (
            "value",
            &[Long, Samples],
            "`layout: long` and `layout: samples`",
        ),
        ("duration", &[Events], "`layout: events`"),
        ("count", &[Events], "`layout: events`"),
        ("created", &[Samples], "`layout: samples`"),
    ];
    for (key, layouts, words) in rules {
        if layouts.contains(&layout) {
            continue;
        }
        if let Some(at) = obj.get(key) {
            at.error_at_key(
                "key-without-effect",
                format!("`{key}` has a meaning in {words} only"),
                "remove it, or name the layout",
            );
        }
    }
}
