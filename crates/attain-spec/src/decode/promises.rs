//! What an SLO aims at and what was published: objectives and commitments, each with its past, newest first.

use std::collections::BTreeMap;

use attain_model::slo::{Commitment, Judged, Objective, Term};
use attain_model::{CreditId, ObjectiveId};

use super::common::{Cover, check_order, committed_by_objective, targets, window};
use super::object::Obj;
use super::objects::Objectives;
use super::read::At;
use crate::schema::{COMMITMENT, OBJECTIVE_TERM};
use crate::suggest::closest;
use crate::{moment, scalar};

/// `{name: targets}`, or a list of them, newest first, each with its first day.
pub(crate) fn objectives(obj: &Obj<'_, '_>) -> BTreeMap<ObjectiveId, Objective> {
    let mut out = BTreeMap::new();
    let Some(at) = obj.get("objectives") else {
        return out;
    };
    if !at.is_list() {
        let entries = at.entries();
        if at.is_map() && entries.is_empty() {
            at.error(
                "value-missing",
                "an SLO without an objective promises nothing",
                "add `availability: 99.9%`",
            );
        }
        add_terms(&mut out, entries, None, Cover::Every);
        return out;
    }
    let items = at.list();
    let mut days = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let Some(entry) = item.object(&OBJECTIVE_TERM) else {
            continue;
        };
        let since = match entry.get("since") {
            Some(at) => {
                let day = at.parse(moment::date);
                if let Some(day) = day {
                    days.push((at, day));
                }
                // A day that could not be read must not turn into `from the beginning`.
                if day.is_none() {
                    continue;
                }
                day
            }
            None => {
                if i + 1 < items.len() {
                    entry.missing("since", "only the last entry holds from the beginning");
                }
                None
            }
        };
        // Segments that came later are no fault of what was promised before.
        let cover = if i == 0 { Cover::Every } else { Cover::Some };
        if let Some(at) = entry.get("targets") {
            add_terms(&mut out, at.entries(), since, cover);
        }
    }
    check_order(&days);
    out
}

fn add_terms(
    out: &mut BTreeMap<ObjectiveId, Objective>,
    entries: Vec<At<'_, '_>>,
    since: Option<jiff::civil::Date>,
    cover: Cover,
) {
    for at in entries {
        if let Err(bad) = scalar::id(at.name) {
            at.error_at_key(bad.code, bad.cause, bad.help.unwrap_or_default());
        }
        let Some(targets) = targets(&at, cover) else {
            continue;
        };
        let id = ObjectiveId::from(at.name);
        out.entry(id.clone())
            .or_insert_with(|| Objective {
                id,
                terms: Vec::new(),
            })
            .terms
            .push(Term { since, targets });
    }
}

pub(crate) fn commitments(id: &str, obj: &Obj<'_, '_>, known: &Objectives) -> Vec<Commitment> {
    let objectives = known.get(id);
    let exists = |name: &str| objectives.is_none_or(|known| known.iter().any(|o| o == name));
    let near =
        |typed: &str| closest(typed, objectives?.iter().map(String::as_str)).map(str::to_owned);
    let mut days = Vec::new();
    let mut out = Vec::new();
    for item in obj.list("commitments") {
        let Some(entry) = item.object(&COMMITMENT) else {
            continue;
        };
        let since = entry.get("since").and_then(|at| {
            let day = at.parse(moment::date)?;
            days.push((at, day));
            Some(day)
        });
        let targets = entry
            .get("targets")
            .map(|at| committed_by_objective(&at, id, &exists, &near))
            .unwrap_or_default();
        let window = entry.get("window").and_then(|at| window(&at));
        let judged = match entry.word("judged") {
            Some("per customer") => Judged::PerCustomer,
            _ => Judged::PerSegment,
        };
        let published = entry.texts("published");
        let credits = entry
            .refer("credits", "credit schedule")
            .map(CreditId::from);
        let Some(since) = since else { continue };
        out.push(Commitment {
            since,
            targets,
            window,
            judged,
            published,
            credits,
        });
    }
    check_order(&days);
    out
}
