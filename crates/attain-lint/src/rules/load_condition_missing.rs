//! `load-condition-missing`: a latency that holds at any load, beside one that holds up to a load.

use std::collections::BTreeMap;

use attain_model::slo::Objective;
use attain_model::{Diagnostic, Layer, Promised, Rate, Scope, ServiceId, Slo, SloId};

use crate::found::Found;
use crate::graph;
use crate::look::Look;
use crate::rules::Rule;

pub(crate) const RULE: This = This;

pub(crate) struct This;

impl Rule for This {
    fn name(&self) -> &'static str {
        NAME
    }

    fn document(&self) -> &'static str {
        include_str!("load-condition-missing.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        let loads = Loads::new(look);
        for slo in look.slos() {
            let Some((load, whose)) = loads.expected(slo) else {
                continue;
            };
            for (scope, objective, promised) in latencies(look, slo) {
                if promised.load.is_some() {
                    continue;
                }
                let cause =
                    format!("this latency is promised at any load, but {whose} is promised at {load}");
                let place = look.at(&look.target_path(slo, objective, &scope));
                found.about(
                    &slo.meta,
                    Diagnostic::warning(NAME, place, cause)
                        .help(format!("say up to which load it holds: `{promised} at {load}`")),
                );
            }
        }
    }
}

const NAME: &str = "load-condition-missing";

/// Who says up to which load a latency holds.
struct Loads<'a> {
    by_slo: BTreeMap<&'a SloId, Rate>,
    /// The first service-layer SLO of each service that says one.
    by_service: BTreeMap<&'a ServiceId, &'a SloId>,
    /// The first caller that says one, for each part on whose latency it counts.
    by_part: BTreeMap<&'a SloId, &'a SloId>,
}

impl<'a> Loads<'a> {
    fn new(look: &Look<'a>) -> Self {
        let mut loads = Self {
            by_slo: BTreeMap::new(),
            by_service: BTreeMap::new(),
            by_part: BTreeMap::new(),
        };
        for slo in look.slos() {
            let said = latencies(look, slo).into_iter().find_map(|(.., promised)| promised.load);
            let Some(load) = said else { continue };
            loads.by_slo.insert(&slo.id, load.up_to);
            if slo.layer == Layer::Service {
                loads.by_service.entry(&slo.service).or_insert(&slo.id);
            }
            let counted_on = slo.depends_on.iter().filter(|edge| edge.latency.is_some());
            for part in counted_on.flat_map(graph::parts) {
                loads.by_part.entry(part).or_insert(&slo.id);
            }
        }
        loads
    }

    /// The load that one would expect to be said, and who says it: this SLO elsewhere, one of the same service, or a
    /// caller that counts on this latency.
    fn expected(&self, slo: &Slo) -> Option<(Rate, String)> {
        if let Some(load) = self.by_slo.get(&slo.id) {
            return Some((*load, "another one of this SLO".to_owned()));
        }
        let sibling = self.by_service.get(&slo.service);
        if let Some(id) = sibling.filter(|_| slo.layer == Layer::Service) {
            return Some((*self.by_slo.get(*id)?, format!("`{id}` of the same service")));
        }
        let caller = self.by_part.get(&slo.id)?;
        let load = self.by_slo.get(*caller)?;
        Some((*load, format!("`{caller}`, which counts on it,")))
    }
}

/// The latency targets of an SLO.
fn latencies<'a>(look: &Look<'a>, slo: &'a Slo) -> Vec<(Scope, &'a Objective, Promised)> {
    let mut latencies = Vec::new();
    for objective in slo.objectives.values() {
        for (scope, goal) in look.term_on(objective, look.today).targets.iter() {
            if let Some(promised) = goal.promised().filter(|promised| promised.under.is_some()) {
                latencies.push((scope, objective, *promised));
            }
        }
    }
    latencies
}
