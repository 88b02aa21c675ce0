//! Values that several sections share: what every object may carry, windows, secrets, targets per segment.

use std::collections::BTreeMap;

use attain_model::meta::{Allow, Meta};
use attain_model::policy::{LowTraffic, Secret, Setting};
use attain_model::slo::{CommittedTargets, Goal, Targets};
use attain_model::{Diagnostic, ObjectiveId, SegmentId, Share, Target, Window};

use super::object::Obj;
use super::read::{At, warn_key};
use crate::length;
use crate::scalar::{self, Bad, Parsed};
use crate::schema::{AUTH, LOW_TRAFFIC, SECRET_MAP, WINDOW_MAP};
use crate::tree::Kind;
use crate::{moment, target};

/// Labels, notes, exceptions, earlier names.
pub(crate) fn meta(obj: &Obj<'_, '_>) -> Meta {
    let labels = |key| obj.get(key).map(|at| at.labels()).unwrap_or_default();
    let formerly = obj.list("formerly");
    Meta {
        labels: labels("labels"),
        annotations: labels("annotations"),
        description: obj.text("description"),
        allow: obj.get("allow").map(|at| allow(&at)).unwrap_or_default(),
        formerly: formerly
            .iter()
            .filter_map(|at| {
                let text = at.text()?;
                at.parse(scalar::id)?;
                Some(text.to_owned())
            })
            .collect(),
    }
}

/// What a section that stands once may carry is checked and not kept: nothing selects by it.
pub(crate) fn meta_of_single(obj: &Obj<'_, '_>, section: &crate::schema::Section) {
    if section.object {
        meta(obj);
    }
}

/// Exceptions from lints; each has a reason and may end with `until 2026-12-31`.
pub(crate) fn allow(at: &At<'_, '_>) -> BTreeMap<String, Allow> {
    let mut out = BTreeMap::new();
    for entry in at.entries() {
        let text = match &entry.node.kind {
            Kind::Scalar(scalar) => scalar.text.trim(),
            Kind::Refused => continue,
            Kind::List(_) | Kind::Map(_) => {
                entry.raw();
                continue;
            }
        };
        let (reason, until) = match text.rsplit_once("until ") {
            Some((head, day)) if head.is_empty() || head.ends_with(' ') => {
                match moment::date(day.trim()) {
                    Ok(day) => (head.trim().trim_end_matches([',', ';']), Some(day)),
                    Err(bad) if day.trim().starts_with(|c: char| c.is_ascii_digit()) => {
                        let len = day.len();
                        entry.bad(bad.shifted(text.len() - len, len));
                        continue;
                    }
                    // `until somebody mends it` is a reason and no date.
                    Err(_) => (text, None),
                }
            }
            _ => (text, None),
        };
        if reason.is_empty() {
            let help = format!("write `{}: <why, and until when>`", entry.name);
            entry.error_at_key(
                "allow-without-reason",
                "an exception without a reason cannot be reviewed",
                help,
            );
            continue;
        }
        entry.warn_ambiguous(text);
        out.insert(
            entry.name.to_owned(),
            Allow {
                reason: reason.to_owned(),
                until,
            },
        );
    }
    out
}

/// A window: `30d`, `calendar month` or `{calendar, timezone}`.
pub(crate) fn window(at: &At<'_, '_>) -> Option<Window> {
    if !at.is_map() {
        return at.parse(|text| moment::window(text, &at.cx.zone));
    }
    let obj = at.object(&WINDOW_MAP)?;
    let period = obj.parse("calendar", moment::calendar);
    let zone = match obj.get("timezone") {
        Some(at) => at.parse(moment::zone)?,
        None => at.cx.zone.clone(),
    };
    Some(Window::Calendar(period?, zone))
}

/// `{env: NAME}` or `{file: path}`, and never the secret itself.
pub(crate) fn secret(at: &At<'_, '_>) -> Option<Secret> {
    if !at.is_map() {
        if at.raw().is_some() {
            at.error(
                "secret-in-file",
                "a secret stands in the catalogue; treat it as leaked and rotate it",
                "write `{env: NAME}` or `{file: path}`",
            );
        }
        return None;
    }
    let obj = at.object(&SECRET_MAP)?;
    if let Some(name) = obj.text("env") {
        return Some(Secret::Env(name));
    }
    obj.text("file").map(Secret::File)
}

/// A setting that may be a secret.
pub(crate) fn setting(at: &At<'_, '_>) -> Option<Setting> {
    if at.is_map() {
        return secret(at).map(Setting::Secret);
    }
    at.owned().map(Setting::Text)
}

/// The bearer token of `auth:`.
pub(crate) fn bearer(obj: &Obj<'_, '_>) -> Option<Secret> {
    secret(&obj.object("auth", &AUTH)?.get("bearer")?)
}

/// `https://...`
pub(crate) fn url(text: &str) -> Parsed<String> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && !text.contains(char::is_whitespace) => {
            Ok(text.to_owned())
        }
        _ => Err(Bad::new("url-syntax", format!("`{text}` is not a URL"))
            .help("write it with `https://`")),
    }
}

pub(crate) fn share(obj: &Obj<'_, '_>, key: &str) -> Option<Share> {
    obj.parse(key, scalar::share)
}

/// `2 bad in 6h` and `1 per 90d`.
pub(crate) fn low_traffic(at: &At<'_, '_>) -> Option<LowTraffic> {
    let obj = at.object(&LOW_TRAFFIC)?;
    let mut out = LowTraffic::default();
    if let Some((at_least_bad, within)) = obj.parse("at_least", length::at_least_bad) {
        out.at_least_bad = at_least_bad;
        out.within = within;
    }
    if let Some(every) = obj.parse("false_pages", length::one_per) {
        out.false_page_every = every;
    }
    Some(out)
}

/// A target of an attainment, e.g. of a credit band.
pub(crate) fn attainment(obj: &Obj<'_, '_>, key: &str) -> Option<Target> {
    obj.parse(key, target::target)
}

/// Which segments a map of targets must name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cover {
    /// Every segment of the folder.
    Every,
    /// Some; the others were promised nothing.
    Some,
}

/// The goals of a map `{segment: target}`, and the one under `all:`.
struct Goals {
    segments: BTreeMap<SegmentId, Goal>,
    all: Option<Goal>,
    /// Everything in it could be read.
    whole: bool,
}

fn goals(at: &At<'_, '_>, cover: Cover) -> Goals {
    let cx = at.cx;
    let mut out = Goals {
        segments: BTreeMap::new(),
        all: None,
        whole: true,
    };
    let mut strangers = false;
    for entry in at.entries() {
        warn_key(&entry);
        let goal = entry.parse(target::goal);
        out.whole &= goal.is_some();
        match entry.name {
            "all" => out.all = goal,
            "unknown" => {
                strangers = true;
                entry.error_at_key(
                    "segment-reserved",
                    "`unknown` is what attain counts untagged traffic under; nothing can be promised to it",
                    "remove it; `attain status` says how much is untagged",
                );
            }
            name if cx.knows("segment", name) || cx.damaged => {
                if let Some(goal) = goal {
                    out.segments.insert(SegmentId::from(name), goal);
                }
            }
            name => {
                strangers = true;
                if let Some(diagnostic) = unknown_segment(&entry, name) {
                    cx.push(diagnostic);
                }
            }
        }
    }
    out.whole &= !strangers;
    // A stranger is most likely the missing segment, misspelt: one cause, one diagnostic.
    if cover == Cover::Every && !strangers && !cx.damaged {
        let declared = cx.names.get("segment").into_iter().flatten();
        for (name, _) in declared {
            let written = matches!(&at.node.kind, Kind::Map(map) if map.get(name).is_some());
            if !written {
                out.whole = false;
                let cause = format!(
                    "objective `{}` says nothing about segment `{name}`",
                    at.name
                );
                let help = format!(
                    "add `{name}: 99%`, or `{name}: best effort` to measure without promising"
                );
                at.error_at_key("segment-missing", cause, help);
                // The place is the same for the next one; adding both is one repair.
                break;
            }
        }
    }
    out
}

fn unknown_segment(entry: &At<'_, '_>, name: &str) -> Option<Diagnostic> {
    let cx = entry.cx;
    let cause = format!("there is no segment `{name}` in this folder");
    let diagnostic = Diagnostic::error("unknown-segment", entry.key, cause);
    let help = cx
        .did_you_mean("segment", name)
        .unwrap_or_else(|| match cx.names.get("segment") {
            Some(names) => {
                let names: Vec<&str> = names.keys().copied().collect();
                format!("the segments are {}", names.join(", "))
            }
            None => "declare it under `segments:`, or write one target for all traffic".to_owned(),
        });
    Some(diagnostic.help(help))
}

/// The targets of one objective.
pub(crate) fn targets(at: &At<'_, '_>, cover: Cover) -> Option<Targets> {
    if !at.is_map() {
        return at.parse(target::goal).map(Targets::All);
    }
    let goals = goals(at, cover);
    if goals.segments.is_empty() {
        if goals.whole && goals.all.is_none() {
            at.error_at_key(
                "value-missing",
                format!("objective `{}` has no target", at.name),
                "write one target, or one for each segment",
            );
        }
        return goals.all.map(Targets::All);
    }
    Some(Targets::PerSegment {
        segments: goals.segments,
        all: goals.all,
    })
}

/// The targets of one objective in a commitment or a contract.
pub(crate) fn committed(at: &At<'_, '_>) -> Option<CommittedTargets> {
    if !at.is_map() {
        return at.parse(target::goal).map(CommittedTargets::All);
    }
    let goals = goals(at, Cover::Some);
    match goals.all {
        Some(_) if !goals.segments.is_empty() => {
            at.error_at_key(
                "commitment-all",
                "a commitment is made to all traffic or to segments, not to both",
                "name the segments, or write `all:` alone",
            );
            Some(CommittedTargets::Segments(goals.segments))
        }
        Some(goal) => Some(CommittedTargets::All(goal)),
        None if goals.segments.is_empty() => None,
        None => Some(CommittedTargets::Segments(goals.segments)),
    }
}

/// Committed targets by objective; `known` says whether the SLO has an objective.
pub(crate) fn committed_by_objective(
    at: &At<'_, '_>,
    slo: &str,
    known: &dyn Fn(&str) -> bool,
    near: &dyn Fn(&str) -> Option<String>,
) -> BTreeMap<ObjectiveId, CommittedTargets> {
    let mut out = BTreeMap::new();
    for entry in at.entries() {
        if !known(entry.name) {
            let cause = format!("`{slo}` has no objective `{}`", entry.name);
            let help = match near(entry.name) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("add the objective to `{slo}`"),
            };
            entry.error_at_key("unknown-objective", cause, help);
            continue;
        }
        if let Some(targets) = committed(&entry) {
            out.insert(ObjectiveId::from(entry.name), targets);
        }
    }
    out
}

/// Checks that entries stand newest first and no day twice. `since` are the days with their places.
pub(crate) fn check_order(days: &[(At<'_, '_>, jiff::civil::Date)]) {
    for pair in days.windows(2) {
        let [(above, newer), (at, day)] = pair else {
            continue;
        };
        let cause = if day == newer {
            format!("two entries begin on {day}")
        } else if day > newer {
            format!("{day} stands below {newer}, and the newest entry stands first")
        } else {
            continue;
        };
        let help = if day == newer {
            "what was promised is never edited: give the newer entry a later day"
        } else {
            "move the entry up"
        };
        at.cx.push(
            Diagnostic::error("since-order", at.node.span, cause)
                .help(help)
                .label(above.node.span, "the entry above"),
        );
    }
}
