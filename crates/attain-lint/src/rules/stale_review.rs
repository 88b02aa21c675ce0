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

/// When somebody last looked at the numbers: the review or, without one, the day the promise in force was made.
fn last_look(look: &Look<'_>, slo: &Slo) -> Option<(Date, String, String)> {
    if let Some(reviewed) = slo.reviewed {
        let path = format!("slos.{}.reviewed", slo.id);
        return Some((reviewed, path, format!("these numbers were last reviewed on {reviewed}")));
    }
    let (index, since) = slo
        .commitments
        .iter()
        .map(|commitment| commitment.since)
        .enumerate()
        .filter(|(_, since)| *since <= look.today)
        .max_by_key(|(_, since)| *since)?;
    let path = format!("slos.{}.commitments.{index}.since", slo.id);
    let cause = format!("these numbers are promised since {since} and were never reviewed");
    Some((since, path, cause))
}
