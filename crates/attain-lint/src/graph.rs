//! What rests on what. Knows edges; knows no numbers (attain-cascade does).

use std::collections::BTreeSet;

use attain_model::slo::{Dependency, Provider};
use attain_model::{Catalogue, Slo, SloId};

use crate::look::Look;

/// The SLOs that an edge leads to: the provider, the candidates of a quorum, the fallback.
pub(crate) fn parts(edge: &Dependency) -> impl Iterator<Item = &SloId> {
    let direct: &[SloId] = match &edge.on {
        Provider::Slo(id) => std::slice::from_ref(id),
        Provider::AnyOf { slos, .. } => slos,
        Provider::External { .. } => &[],
    };
    direct
        .iter()
        .chain(edge.fallback.as_ref().map(|fallback| &fallback.slo))
}

/// Whether something below an SLO shall help out where something else fails: a quorum or a fallback, however far.
pub(crate) fn is_redundant(catalogue: &Catalogue, top: &Slo) -> bool {
    let mut reached = BTreeSet::new();
    let mut open = vec![top];
    while let Some(slo) = open.pop() {
        for edge in &slo.depends_on {
            if edge.fallback.is_some() || matches!(edge.on, Provider::AnyOf { .. }) {
                return true;
            }
            let new = parts(edge).filter(|id| reached.insert(*id));
            open.extend(new.filter_map(|id| catalogue.slos.get(id)));
        }
    }
    false
}

/// Every SLO below these, however far; they themselves only if something below rests on them.
pub(crate) fn below<'a>(
    look: &Look<'a>,
    tops: impl IntoIterator<Item = &'a Slo>,
) -> BTreeSet<&'a SloId> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Slo> = tops.into_iter().collect();
    while let Some(slo) = open.pop() {
        for id in slo.depends_on.iter().flat_map(parts) {
            if reached.insert(id) {
                open.extend(look.slo(id));
            }
        }
    }
    reached
}
