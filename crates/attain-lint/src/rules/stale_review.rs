//! `stale-review`: a published number that nobody has looked at for too long.

use attain_model::slo::ReviewEvery;
use attain_model::{Diagnostic, Slo};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::found::Found;
use crate::look::Look;
use crate::rules::Rule;

pub(crate) const RULE: This = This;

pub(crate) struct This;

impl Rule for This {
    fn name(&self) -> &'static str {
        NAME
    }

    fn document(&self) -> &'static str {
        include_str!("stale-review.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for slo in look.slos() {
            if let Some(day) = slo.reviewed.filter(|day| *day > look.today) {
                let place = look.at(&format!("slos.{}.reviewed", slo.id));
                let cause = format!("the review of {day} is yet to come");
                found.about(
                    &slo.meta,
                    Diagnostic::warning(NAME, place, cause)
                        .help("write the day on which somebody last looked at these numbers"),
                );
                continue;
            }
            let Some((last, path, cause)) = last_look(look, slo) else {
                continue;
            };
            let (word, period) = match slo.review_every {
                ReviewEvery::Month => ("month", 1.month()),
                ReviewEvery::Quarter => ("quarter", 3.months()),
                ReviewEvery::Year => ("year", 1.year()),
            };
            if last.checked_add(period).is_ok_and(|due| look.today <= due) {
                continue;
            }
            let cause = format!("{cause}; they are due every {word}");
            found.about(
                &slo.meta,
                Diagnostic::warning(NAME, look.at(&path), cause)
                    .help("hold them against field data, then write the day into `reviewed:`"),
            );
        }
    }
}

const NAME: &str = "stale-review";

/// When somebody last looked at numbers that somebody has to look at: the last review, or the day on which a promise or
/// an objective that is in force was made.
fn last_look(look: &Look<'_>, slo: &Slo) -> Option<(Date, String, String)> {
    if slo.reviewed.is_none() && slo.commitments.is_empty() {
        return None;
    }
    let reviewed = slo.reviewed.map(|day| {
        let path = format!("slos.{}.reviewed", slo.id);
        (day, path, format!("these numbers were last reviewed on {day}"))
    });
    let promised = slo.commitments.iter().enumerate().map(|(index, one)| {
        let path = format!("slos.{}.commitments.{index}.since", slo.id);
        let cause = format!("these numbers are promised since {} and were not reviewed", one.since);
        (one.since, path, cause)
    });
    let aimed = slo.objectives.values().filter_map(|objective| {
        let since = look.term_on(objective, look.today).since?;
        let path = format!("slos.{}.objectives", slo.id);
        Some((since, path, format!("these numbers are aimed at since {since} and were not reviewed")))
    });
    promised
        .chain(aimed)
        .chain(reviewed)
        .filter(|(day, ..)| *day <= look.today)
        .max_by_key(|(day, ..)| *day)
}
