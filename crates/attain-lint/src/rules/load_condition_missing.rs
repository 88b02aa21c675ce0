//! `load-condition-missing`: a latency that holds at any load, beside one that holds up to a load.

use attain_model::{Diagnostic, Layer, Promised, Slo};

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
        for slo in look.slos() {
            for (path, promised) in latencies(look, slo) {
                if promised.load.is_some() {
                    continue;
                }
                let Some((load, whose)) = expected(look, slo) else {
                    continue;
                };
                let cause = format!("this latency is promised at any load, but {whose} is promised at {load}");
                found.about(
                    &slo.meta,
                    Diagnostic::warning(NAME, look.at(&path), cause)
                        .help(format!("say up to which load it holds: `{promised} at {load}`")),
                );
            }
        }
    }
}

const NAME: &str = "load-condition-missing";

/// The latency targets of an SLO, and where they stand.
fn latencies(look: &Look<'_>, slo: &Slo) -> Vec<(String, Promised)> {
    let mut latencies = Vec::new();
    for objective in slo.objectives.values() {
        let term = look.term_on(objective, look.today);
        for (scope, goal) in term.targets.iter() {
            if let Some(promised) = goal.promised().filter(|promised| promised.under.is_some()) {
                latencies.push((look.target_path(slo, objective, &scope), *promised));
            }
        }
    }
    latencies
}

/// The load that one would expect to be said, and who says it: this SLO elsewhere, one of the same service, or a
/// caller that counts on this latency.
fn expected(look: &Look<'_>, slo: &Slo) -> Option<(String, String)> {
    let load_of = |other: &Slo| {
        let latencies = latencies(look, other);
        let load = latencies.iter().find_map(|(_, promised)| promised.load)?;
        Some(load.up_to.to_string())
    };
    if let Some(load) = load_of(slo) {
        return Some((load, "another one of this SLO".to_owned()));
    }
    let sibling = |other: &&Slo| {
        other.id != slo.id && other.service == slo.service && other.layer == Layer::Service
    };
    if slo.layer == Layer::Service
        && let Some((load, other)) = look
            .slos()
            .filter(sibling)
            .find_map(|other| Some((load_of(other)?, other)))
    {
        return Some((load, format!("`{}` of the same service", other.id)));
    }
    let counts_on = |caller: &&Slo| {
        caller
            .depends_on
            .iter()
            .any(|edge| edge.latency.is_some() && graph::parts(edge).any(|part| *part == slo.id))
    };
    look.slos()
        .filter(counts_on)
        .find_map(|caller| Some((load_of(caller)?, format!("`{}`, which counts on it,", caller.id))))
}
