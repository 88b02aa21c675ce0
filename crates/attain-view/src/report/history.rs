//! What was promised before, what lies outside the promise, and what the numbers leave out.

use std::collections::BTreeSet;
use std::time::Duration;

use attain_model::company::{Exclusion, ExclusionTime};
use attain_model::{Audience, Evaluation, GapReason, Scope, SloId, Verdict};

use jiff::Timestamp;

use super::{Sheet, only, series, slo_of};
use crate::html::Html;
use crate::html::parts::{block, head, notes as list, section, table};
use crate::number::{self, counted, thousands};
use crate::status::Desk;
use crate::status::notes::of_evaluation;

/// What was promised in the window, where that changed.
pub(crate) fn promises(html: &mut Html, sheet: &Sheet<'_>, objective: &[Verdict]) {
    let changed: Vec<&Verdict> = objective.iter().filter(|v| v.parts.len() > 1).collect();
    if changed.is_empty() {
        return;
    }
    block(
        html,
        "history",
        "The promise changed in the window",
        |html| {
            table(html, "parts", "Promises by time", |html| {
                let names = ["segment", "from", "to", "promised", "attained", "bad", "of"];
                head(html, names, 4);
                html.element("tbody", &[], |html| {
                    for verdict in changed {
                        for row in part_rows(sheet, verdict) {
                            html.element("tr", &[], |html| {
                                for (i, cell) in row.iter().enumerate() {
                                    let class = if i < 4 { "word" } else { "" };
                                    html.line("td", &[("class", class)], cell);
                                }
                            });
                        }
                    }
                });
            });
        },
    );
}

/// Segment, from, to, promised, attained, bad, of: a row for each part of the window.
pub(crate) fn part_rows(sheet: &Sheet<'_>, verdict: &Verdict) -> Vec<[String; 7]> {
    let zone = sheet.day_zone();
    verdict
        .parts
        .iter()
        .map(|part| {
            let promised = part.goal.as_ref().and_then(|goal| goal.promised());
            [
                series::whose(verdict),
                number::day(part.interval.start, zone),
                number::day(part.interval.end, zone),
                part.goal
                    .as_ref()
                    .map_or_else(|| "nothing".to_owned(), series::goal_text),
                number::attained(part.attainment, promised.map(|p| p.target.ppb()))
                    .unwrap_or_else(|| "-".to_owned()),
                series::count(sheet, verdict, part.attainment.bad),
                series::count(sheet, verdict, part.attainment.total()),
            ]
        })
        .collect()
}

/// What was left out of the judging: above the load up to which something is promised, and by exclusions.
pub(crate) fn outside(html: &mut Html, sheet: &Sheet<'_>, objective: &[Verdict]) {
    let sentences = outside_texts(sheet, objective);
    if sentences.is_empty() {
        return;
    }
    block(html, "history", "Outside the promise", |html| {
        list(html, sentences.iter().map(String::as_str));
    });
}

/// A sentence for each series and reason.
pub(crate) fn outside_texts(sheet: &Sheet<'_>, objective: &[Verdict]) -> Vec<String> {
    objective
        .iter()
        .flat_map(|verdict| [over_load(sheet, verdict), excluded(sheet, verdict)])
        .flatten()
        .collect()
}

/// `premium: 12 of 43,200 minutes above the load, 3 bad of 5000`.
fn over_load(sheet: &Sheet<'_>, verdict: &Verdict) -> Option<String> {
    let over = verdict.over_load.filter(|over| over.minutes > 0)?;
    let mut text = format!(
        "{}: {} of {} above the load, {} bad of {}",
        series::whose(verdict),
        thousands(over.minutes),
        counted(over.of_minutes, "minute"),
        series::count(sheet, verdict, over.attainment.bad),
        series::count(sheet, verdict, over.attainment.total()),
    );
    if over.judged_minutes > 0 {
        text.push_str(&format!(
            "; {} over the cap were judged all the same",
            counted(over.judged_minutes, "minute")
        ));
    }
    Some(text)
}

/// `premium: 2h excluded by restart (the weekly restart), 3 bad of 5000`.
fn excluded(sheet: &Sheet<'_>, verdict: &Verdict) -> Option<String> {
    let excluded = verdict.excluded?;
    let by: Vec<String> = sheet
        .desk
        .promises
        .catalogue()
        .exclusions
        .values()
        .filter(|exclusion| may_touch(sheet, exclusion, verdict))
        .map(|exclusion| format!("{} ({})", exclusion.id, exclusion.reason))
        .collect();
    let by = match by.as_slice() {
        [] => String::new(),
        by => format!(" by {}", by.join(", ")),
    };
    Some(format!(
        "{}: {} excluded{by}, {} bad of {}",
        series::whose(verdict),
        number::about(Duration::from_secs(excluded.seconds)),
        series::count(sheet, verdict, excluded.attainment.bad),
        series::count(sheet, verdict, excluded.attainment.total()),
    ))
}

/// Whether an exclusion may be what took something out: it names the series or everything, falls into the window, and
/// customers were told of it.
fn may_touch(sheet: &Sheet<'_>, exclusion: &Exclusion, verdict: &Verdict) -> bool {
    let service = sheet.desk.slo(verdict).map(|slo| &slo.service);
    let is_of_all = exclusion.slos.is_empty() && exclusion.services.is_empty();
    let names_it = exclusion.slos.contains(&verdict.name.slo)
        || service.is_some_and(|service| exclusion.services.contains(service));
    let is_of_segment = match &verdict.name.scope {
        Scope::Segment(id) => exclusion.segments.is_empty() || exclusion.segments.contains(id),
        Scope::All => true,
    };
    let is_told = verdict.audience == Audience::Internal || exclusion.announced.is_some();
    let is_in_window = match exclusion.when {
        ExclusionTime::Once { from, length } => {
            let end = from.checked_add(length).unwrap_or(Timestamp::MAX);
            from < verdict.window.end && end > verdict.window.start
        }
        ExclusionTime::Every { .. } => true,
    };
    (is_of_all || names_it) && is_of_segment && is_told && is_in_window
}

/// What the numbers of one SLO leave out.
pub(crate) fn notes_of(html: &mut Html, sheet: &Sheet<'_>, verdicts: &[Verdict]) {
    let Some(slo) = verdicts.first().map(|verdict| &verdict.name.slo) else {
        return;
    };
    let notes = about_slo(sheet, slo);
    if notes.is_empty() {
        return;
    }
    block(html, "data", "Notes on the data", |html| {
        list(html, notes.iter().map(String::as_str));
    });
}

/// Notes on one SLO. What `over_load` shows stands in a place of its own.
pub(crate) fn about_slo(sheet: &Sheet<'_>, slo: &SloId) -> Vec<String> {
    let known: Vec<SloId> = slos(sheet);
    let mut evaluation = sheet.desk.evaluation.clone();
    only(&mut evaluation, &|other| other == slo);
    evaluation
        .gaps
        .retain(|gap| slo_of(&gap.about, &known).is_some());
    for verdict in &mut evaluation.verdicts {
        verdict.over_load = None;
        verdict.excluded = None;
        verdict.pooled = false;
    }
    notes(sheet, &evaluation)
}

/// What no SLO is to blame for: sources, the run.
pub(crate) fn about_data(sheet: &Sheet<'_>) -> Vec<String> {
    let known = slos(sheet);
    let mut evaluation = sheet.desk.evaluation.clone();
    evaluation
        .gaps
        .retain(|gap| slo_of(&gap.about, &known).is_none());
    evaluation.untagged.clear();
    let pooled = evaluation
        .verdicts
        .iter()
        .find(|verdict| verdict.pooled)
        .cloned();
    evaluation.verdicts = pooled
        .map(|mut verdict| {
            verdict.over_load = None;
            verdict.excluded = None;
            verdict.uncertain = 0;
            verdict.alerts.clear();
            verdict
        })
        .into_iter()
        .collect();
    let mut all = notes(sheet, &evaluation);
    for source in sheet
        .about
        .reading
        .sources
        .iter()
        .filter(|source| source.supported)
    {
        let mut text = format!(
            "source {}: {} in {}",
            source.source,
            counted(source.lines, "line"),
            counted(source.files, "file")
        );
        // A gap says the same.
        let name = format!("source {}", source.source);
        let is_said = evaluation
            .gaps
            .iter()
            .any(|gap| gap.about == name && matches!(gap.why, GapReason::Unparsed(_)));
        if source.unparsed > 0 && !is_said {
            text.push_str(&format!(
                ", {} of them could not be read",
                thousands(source.unparsed)
            ));
        }
        all.push(text);
        all.extend(source.notes.iter().cloned());
    }
    all.extend(sheet.about.run.notes.iter().cloned());
    all
}

fn slos(sheet: &Sheet<'_>) -> Vec<SloId> {
    let slos: BTreeSet<&SloId> = sheet
        .desk
        .evaluation
        .verdicts
        .iter()
        .map(|v| &v.name.slo)
        .collect();
    slos.into_iter().cloned().collect()
}

fn notes(sheet: &Sheet<'_>, evaluation: &Evaluation) -> Vec<String> {
    of_evaluation(&Desk {
        promises: sheet.desk.promises,
        evaluation,
        look: sheet.desk.look,
        zone: sheet.desk.zone,
        is_page: true,
        is_live: sheet.desk.is_live,
        told: sheet.desk.told,
    })
}

/// The section about the data as a whole.
pub(crate) fn left_out(html: &mut Html, sheet: &Sheet<'_>) {
    let notes = about_data(sheet);
    if notes.is_empty() {
        return;
    }
    section(
        html,
        "data",
        "What was read, and what the numbers leave out",
        |html| {
            list(html, notes.iter().map(String::as_str));
        },
    );
}
