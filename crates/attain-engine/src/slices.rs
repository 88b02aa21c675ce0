//! A series slice by slice: the table behind every window, for people who want to add it up themselves.

use std::collections::BTreeSet;

use attain_model::verdict::{Attainment, ErrorBudget};
use attain_model::{AsOf, Goal, Promises, Scope, SeriesName};
use jiff::Timestamp;

use crate::counts::Counts;
use crate::judge::Judged;
use crate::look::{Looked, Reader};
use crate::series::Sums;

/// The slices of a series that have events, oldest first, each with what was good and bad in it.
///
/// Promised or not: each slice is judged by what was aimed at then, and what lies above the load of a promise is left out
/// as it is in a verdict. Empty for a name that the catalogue lacks.
#[must_use]
pub fn slices(
    promises: &Promises,
    counts: &dyn Counts,
    name: &SeriesName,
    as_of: AsOf,
) -> Vec<(Timestamp, Attainment)> {
    let mut reader = Reader::new(promises, counts, as_of.instant, as_of.known_until);
    let each = by_slice(promises, &mut reader, name).into_iter();
    each.map(|(at, sums)| (at, sums.all())).collect()
}

/// The same, with the budget that each slice allowed and spent: what was promised, and nothing else.
///
/// What a window spent is the sum over its slices. Slices in which nothing was promised are left out.
#[must_use]
pub fn spending(
    promises: &Promises,
    counts: &dyn Counts,
    name: &SeriesName,
    as_of: AsOf,
) -> Vec<(Timestamp, Attainment, ErrorBudget)> {
    let names = std::slice::from_ref(name);
    let mut each = spending_of(promises, counts, names, as_of);
    each.pop().unwrap_or_default()
}

/// The same of several series, in their order; each stream is read once.
#[must_use]
pub fn spending_of(
    promises: &Promises,
    counts: &dyn Counts,
    names: &[SeriesName],
    as_of: AsOf,
) -> Vec<Vec<(Timestamp, Attainment, ErrorBudget)>> {
    let mut reader = Reader::new(promises, counts, as_of.instant, as_of.known_until);
    let mut of = |name: &SeriesName| {
        let each = by_slice(promises, &mut reader, name).into_iter();
        let promised = each.filter(|(_, sums)| sums.promised.total() > 0);
        promised
            .map(|(at, sums)| (at, sums.promised, sums.budget()))
            .collect()
    };
    names.iter().map(&mut of).collect()
}

/// The slices of what somebody asked for, judged by what a series aims at, at any load: `whose` may be a segment of which
/// the series itself promises nothing.
///
/// Who looks for a cause needs it: a part that promises something to all may fail one segment only, and a load above its
/// promise is no excuse to look away. Empty where the series aims at nothing.
#[must_use]
pub fn slices_for(
    promises: &Promises,
    counts: &dyn Counts,
    name: &SeriesName,
    whose: &Scope,
    as_of: AsOf,
) -> Vec<(Timestamp, Attainment)> {
    let slo = promises.catalogue().slos.get(&name.slo);
    let Some((slo, objective)) = slo.and_then(|s| Some((s, s.objectives.get(&name.objective)?)))
    else {
        return Vec::new();
    };
    let looked = Reader::new(promises, counts, as_of.instant, as_of.known_until).look(slo);
    let mut spans = promises.goals(objective, &name.scope, looked.interval(&looked.span));
    for span in &mut spans {
        if let Some(Goal::Promised(promised)) = &mut span.goal {
            promised.load = None;
        }
    }
    if spans.iter().all(|span| span.goal.is_none()) {
        return Vec::new();
    }
    let judged = looked.judge_by(whose, spans);
    each_slice(&looked, &judged)
        .into_iter()
        .map(|(at, sums)| (at, sums.all()))
        .collect()
}

fn by_slice<'a>(
    promises: &'a Promises,
    reader: &mut Reader<'a>,
    name: &SeriesName,
) -> Vec<(Timestamp, Sums)> {
    let slo = promises.catalogue().slos.get(&name.slo);
    let Some((slo, objective)) = slo.and_then(|s| Some((s, s.objectives.get(&name.objective)?)))
    else {
        return Vec::new();
    };
    let looked = reader.look(slo);
    let judged = looked.judge(objective, &name.scope);
    each_slice(&looked, &judged)
}

fn each_slice(looked: &Looked<'_>, judged: &Judged) -> Vec<(Timestamp, Sums)> {
    let columns = looked.read.columns.iter();
    let busy: BTreeSet<i64> = columns
        .flat_map(|column| column.counts.iter().map(|(slice, _)| *slice))
        .collect();
    let sums = busy.into_iter().filter_map(|slice| {
        let sums = judged.sum_before(looked, &(slice..slice + 1));
        (sums.all().total() > 0).then(|| (looked.grid.start(slice), sums))
    });
    sums.collect()
}
