//! A promise that is broken in total while each segment's own is kept: that is not everyone. Says only what subtraction
//! gives: the segments that are promised something, and what is left when all segments are taken from the whole.

use attain_model::verdict::Attainment;
use attain_model::{Scope, Standing, Verdict};

use super::headline::counts_slices;
use super::{Desk, is_promise};
use crate::number::{grouped, plural};

/// `people, feed-readers and crawlers are all kept`; `None` unless the verdict is about all traffic and every segment that
/// is promised something gets it.
pub(super) fn kept_beside(desk: &Desk<'_>, verdict: &Verdict) -> Option<String> {
    if verdict.name.scope != Scope::All || verdict.pooled {
        return None;
    }
    let promised: Vec<&Verdict> = segments(desk, verdict).filter(|v| is_promise(v)).collect();
    if promised.iter().any(|v| v.standing != Standing::Met) {
        return None;
    }
    let names: Vec<String> = promised.iter().map(|v| v.name.scope.to_string()).collect();
    let (last, others) = names.split_last()?;
    Some(match others {
        [] => format!("{last} is kept"),
        [one] => format!("{one} and {last} are both kept"),
        many => format!("{} and {last} are all kept", many.join(", ")),
    })
}

/// `99 of the 210 failures come from 381 requests of no known segment.` Only where the rest is exactly what carries no
/// known segment.
pub(super) fn from_nobody(desk: &Desk<'_>, verdict: &Verdict) -> Option<String> {
    kept_beside(desk, verdict)?;
    let is_whole = |v: &Verdict| v.over_load.is_none() && v.excluded.is_none();
    if counts_slices(desk, verdict) || !is_whole(verdict) || !segments(desk, verdict).all(is_whole)
    {
        return None;
    }
    let rest = segments(desk, verdict).try_fold(verdict.attainment, |rest, segment| {
        Some(Attainment {
            good: rest.good.checked_sub(segment.attainment.good)?,
            bad: rest.bad.checked_sub(segment.attainment.bad)?,
        })
    })?;
    let untagged = desk.evaluation.untagged.iter();
    let unknown = untagged
        .filter(|untagged| untagged.slo == verdict.name.slo)
        .find(|untagged| untagged.unknown == rest.total())?;
    (rest.bad > 0).then(|| {
        format!(
            "{} of the {} come from {} of no known segment.",
            grouped(rest.bad),
            plural(verdict.attainment.bad, "failure"),
            plural(unknown.unknown, "request"),
        )
    })
}

fn segments<'a>(desk: &'a Desk<'_>, verdict: &'a Verdict) -> impl Iterator<Item = &'a Verdict> {
    desk.evaluation.verdicts.iter().filter(|other| {
        other.name.slo == verdict.name.slo
            && other.name.objective == verdict.name.objective
            && other.name.scope != Scope::All
    })
}
