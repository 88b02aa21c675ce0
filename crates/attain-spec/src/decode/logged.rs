//! Fields of logs: a line in the combined format has these and no others, so a name that it lacks selects nothing.
//!
//! Knows the names of the format. Knows no JSON and no patterns: their fields are known when a line is read.

use std::collections::BTreeMap;

use attain_model::company::{Roster, RosterFrom};
use attain_model::source::{LogFormat, LogSource, Source, SourceKind};
use attain_model::{Diagnostic, SourceId};

use super::object::Obj;
use super::read::{At, quoted};
use crate::matching;
use crate::suggest::closest;
use crate::tree::Kind;

/// Sources by id.
pub(crate) type Sources = BTreeMap<SourceId, Source>;

// Invariant: these are the names that the reader of the combined format knows; another would be empty on every line.
const FIELDS: [&str; 10] = [
    "remote_addr",
    "remote_user",
    "method",
    "path",
    "query",
    "protocol",
    "status",
    "bytes",
    "referer",
    "user_agent",
];

/// Other names of the same, as nginx calls them.
const ALSO: [&str; 11] = [
    "time_local",
    "request",
    "request_method",
    "uri",
    "args",
    "server_protocol",
    "body_bytes_sent",
    "bytes_sent",
    "http_referer",
    "http_user_agent",
    "time",
];

/// Reports labels of an indicator that no line of its log has. `at` is the indicator, `ids` where it counts.
pub(crate) fn check_selectors(at: &At<'_, '_>, ids: &[SourceId], sources: &Sources) {
    let Some(Kept { log, source }) = ids.iter().find_map(|id| kept(sources.get(id)?)) else {
        return;
    };
    for (key, map) in at.children() {
        if !matches!(key, "where" | "except" | "good" | "bad") {
            continue;
        }
        for (name, label) in map.children() {
            if has(log, name) || source.add.contains_key(name) {
                if name == "status" {
                    check_status(&label);
                }
                continue;
            }
            unknown(&label, log, name, true);
        }
    }
}

/// Reports fields that a log's own keys name and its lines lack.
pub(crate) fn check_source(obj: &Obj<'_, '_>, source: &Source) {
    let Some(Kept { log, .. }) = kept(source) else {
        return;
    };
    let Some(own) = obj.get("log") else { return };
    for (key, at) in own.children() {
        let field = match key {
            "duration" => at.children().into_iter().find(|(key, _)| *key == "field"),
            "time" => Some((key, at)),
            _ => None,
        };
        let Some((_, at)) = field else { continue };
        let Some(name) = at.node.text() else { continue };
        // No field of the combined format itself says how long a request took.
        let known = match key {
            "duration" => log.append.iter().any(|field| field == name),
            _ => has(log, name),
        };
        if !known {
            unknown(&at, log, name, false);
        }
    }
    for (_, at) in obj
        .get("labels")
        .map(|at| at.children())
        .unwrap_or_default()
    {
        let Some(name) = at.node.text() else { continue };
        if !has(log, name) && !source.add.contains_key(name) {
            unknown(&at, log, name, false);
        }
    }
}

/// Reports headers that no log keeps, and columns that the roster does not have.
pub(crate) fn check_edge(obj: &Obj<'_, '_>, sources: &[&Source], roster: Option<&Roster>) {
    let logs: Vec<_> = sources.iter().filter_map(|source| kept(source)).collect();
    let only_logs = !logs.is_empty() && logs.len() == sources.len();
    let Some(rules) = obj.get("identify") else {
        return;
    };
    for rule in rules.list() {
        for (key, at) in rule.children() {
            match (key, at.node.text()) {
                ("header", Some(name)) if only_logs => check_header(&at, name, &logs),
                ("lookup", Some(name)) => check_column(&at, name, roster),
                _ => {}
            }
        }
    }
}

fn check_header(at: &At<'_, '_>, header: &str, logs: &[Kept<'_>]) {
    let field = format!("http_{}", header.to_ascii_lowercase().replace('-', "_"));
    if logs
        .iter()
        .any(|kept| has(kept.log, &field) || kept.source.add.contains_key(&field))
    {
        return;
    }
    let cause = format!("no log of this folder keeps the header `{header}`, so it is never seen");
    at.cx.push(
        Diagnostic::warning("header-not-logged", at.node.span, cause).help(format!(
            "write the header at the end of each line of the log, and `append: [{field}]` in the source"
        )),
    );
}

fn check_column(at: &At<'_, '_>, name: &str, roster: Option<&Roster>) {
    if at.cx.damaged {
        return;
    }
    let Some(roster) = roster else { return };
    let named = || {
        roster
            .columns
            .iter()
            .flat_map(|(role, column)| [role.as_str(), column.as_str()])
    };
    if named().any(|column| column == name) {
        return;
    }
    let near = closest(name, named());
    let mut roles: Vec<_> = roster.columns.keys().map(String::as_str).collect();
    roles.sort_unstable();
    if near.is_none() && matches!(roster.from, RosterFrom::Csv(_)) {
        // A file may have more columns than the catalogue names, and all of them can be looked up.
        let cause = format!("`columns` of the roster does not name `{name}`");
        at.cx.push(
            Diagnostic::warning("column-not-named", at.node.span, cause).help(format!(
                "it names {}; any other must stand in the file's first line exactly so",
                quoted(&roles)
            )),
        );
        return;
    }
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the roster has {}", quoted(&roles)),
    };
    at.error(
        "unknown-column",
        format!("the roster has no column `{name}`"),
        help,
    );
}

/// A log whose fields are known, and its source.
#[derive(Clone, Copy)]
struct Kept<'a> {
    log: &'a LogSource,
    source: &'a Source,
}

fn kept(source: &Source) -> Option<Kept<'_>> {
    match &source.kind {
        SourceKind::Log(log) if matches!(log.format, LogFormat::Combined) => {
            Some(Kept { log, source })
        }
        _ => None,
    }
}

fn has(log: &LogSource, name: &str) -> bool {
    FIELDS.contains(&name) || ALSO.contains(&name) || log.append.iter().any(|field| field == name)
}

fn unknown(at: &At<'_, '_>, log: &LogSource, name: &str, at_key: bool) {
    let appended = || log.append.iter().map(String::as_str);
    let near = closest(name, FIELDS.into_iter().chain(appended()).chain(ALSO));
    let mut help = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
    help.push_str("it has ");
    help.push_str(&FIELDS.join(", "));
    help.push_str(", and what `append:` names");
    if log.append.is_empty() {
        help.push_str(" (nothing)");
    } else {
        help.push_str(&format!(" ({})", log.append.join(", ")));
    }
    let cause = format!("`{name}` is no field of this log");
    if at_key {
        at.error_at_key("unknown-field", cause, help);
    } else {
        at.error("unknown-field", cause, help);
    }
}

/// The status of an access log is a number of three digits.
fn check_status(at: &At<'_, '_>) {
    match &at.node.kind {
        Kind::Scalar(scalar) => {
            if let Err(bad) = matching::status(&scalar.text, true) {
                // What no reader would take for a status was reported with the value.
                if matching::status(&scalar.text, false).is_ok() {
                    at.bad(bad);
                }
            }
        }
        Kind::List(_) => at.list().iter().for_each(check_status),
        Kind::Map(_) | Kind::Refused => {}
    }
}
