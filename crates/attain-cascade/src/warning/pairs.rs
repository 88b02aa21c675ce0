//! Which series may warn of which: every promise to a customer with what lies below it.

use attain_model::{Promises, SeriesName, SloId};
use jiff::civil::Date;

use crate::reach::{below, customer_series, series_for};

/// A promise to a customer and what may warn of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The promise.
    pub customer: SeriesName,
    /// Series of SLOs below it, each with the path that leads there. Of an SLO with a target for the customer's segment it
    /// is that segment's series, of any other that of all traffic.
    pub insides: Vec<(SeriesName, Vec<SloId>)>,
}

/// Every promise to customers that is in force on a day and rests on something, with all that may warn of it.
#[must_use]
pub fn candidates(promises: &Promises, on: Date) -> Vec<Candidate> {
    let catalogue = promises.catalogue();
    let of = |customer: SeriesName| {
        let mut insides = Vec::new();
        for (slo, path) in below(catalogue, &customer.slo, on) {
            for objective in catalogue.slos[&slo].objectives.values() {
                if let Some(name) = series_for(&slo, objective, &customer.scope, on) {
                    insides.push((name, path.clone()));
                }
            }
        }
        Candidate { customer, insides }
    };
    let all = customer_series(promises, on).into_iter().map(of);
    all.filter(|candidate| !candidate.insides.is_empty())
        .collect()
}
