//! Which series tell what an SLO below a promise lost: of the objective that is about the same thing, for the same
//! requests.

use std::collections::BTreeMap;

use attain_model::slo::Objective;
use attain_model::{Catalogue, SeriesName, Slo, SloId};
use jiff::civil::Date;

use crate::reach::{below, series_for};

/// An SLO below a promise and the series that says what it lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// The series.
    pub name: SeriesName,
    /// From the promise's SLO to it, both included.
    pub path: Vec<SloId>,
}

/// The series of each SLO below a promise that is about the same thing: the objective of the same name, or else the only
/// one that is about latency where the promise is, or about outcomes where it is. SLOs without such an objective are left
/// out, and so are those that promise nothing to these requests.
#[must_use]
pub fn sides(catalogue: &Catalogue, on: Date, customer: &SeriesName) -> BTreeMap<SloId, Side> {
    let about_latency = catalogue
        .slos
        .get(&customer.slo)
        .and_then(|slo| is_about_latency(slo.objectives.get(&customer.objective)?, on));
    let of = |(slo, path): (SloId, Vec<SloId>)| {
        let found = counterpart(&catalogue.slos[&slo], customer, about_latency?, on)?;
        let name = series_for(&slo, found, &customer.scope, on)?;
        Some((slo, Side { name, path }))
    };
    below(catalogue, &customer.slo, on)
        .into_iter()
        .filter_map(of)
        .collect()
}

fn counterpart<'s>(
    slo: &'s Slo,
    customer: &SeriesName,
    about_latency: bool,
    on: Date,
) -> Option<&'s Objective> {
    let is_alike = |objective: &&Objective| is_about_latency(objective, on) == Some(about_latency);
    let same = slo.objectives.get(&customer.objective).filter(is_alike);
    let mut alike = slo.objectives.values().filter(is_alike);
    same.or_else(|| match (alike.next(), alike.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    })
}

/// `None` where it promises nothing on that day.
fn is_about_latency(objective: &Objective, on: Date) -> Option<bool> {
    let targets = &objective.on(on)?.targets;
    let mut promised = targets
        .iter()
        .filter_map(|(_, goal)| goal.promised().copied());
    promised.next().map(|promised| promised.under.is_some())
}
