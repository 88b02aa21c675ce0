//! Who loses budget right now, in a line above the table. Knows what the overview of a server says of it; who spent it is
//! asked by whoever has the counts.

use attain_cascade::why::Why;
use attain_model::{Evaluation, SeriesName};
use jiff::tz::TimeZone;

use super::ended::goes_on;
use super::is_promise;
use crate::why::cause;

/// How it begins, on pages, too.
pub(crate) const LOSING_NOW: &str = "Losing now: ";

/// Series that lose more than they may right now, as their windows say: those are worth asking about.
#[must_use]
pub fn losing(evaluation: &Evaluation) -> Vec<SeriesName> {
    let verdicts = evaluation.verdicts.iter();
    cause::lost_lately(verdicts.filter(|verdict| is_promise(verdict) && goes_on(verdict)))
}

/// Which segment loses how much, since when and where it started; `None` if what was lost is over.
#[must_use]
pub fn losing_now(evaluation: &Evaluation, why: &Why, zone: &TimeZone) -> Option<String> {
    let verdicts = &evaluation.verdicts;
    let mut now = cause::losses(why, verdicts);
    now.retain(|(finding, _)| !cause::is_over_of(why, finding, verdicts));
    let whole = now.clone();
    now.retain(|(finding, _)| {
        let mut others = whole.iter();
        !others.any(|(other, _)| cause::is_part_of(finding, other))
    });
    let ((finding, episode), others) = now.split_first()?;
    let name = &finding.name;
    let mut text = format!(
        "{LOSING_NOW}{}/{}: {}",
        name.slo,
        name.objective,
        cause::told(why, finding, episode, zone, false)
    );
    if !others.is_empty() {
        let others: Vec<String> = (others.iter())
            .map(|(finding, _)| finding.name.to_string())
            .collect();
        text.push_str(&format!(" Also losing: {}.", others.join(", ")));
    }
    Some(text)
}
