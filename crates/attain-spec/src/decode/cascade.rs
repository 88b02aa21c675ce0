//! Dependencies lead somewhere and never in a circle. Knows edges, not what they cost.

use std::collections::{BTreeMap, BTreeSet};

use attain_model::slo::{Dependency, Provider};
use attain_model::{Diagnostic, Slo, SloId};

use super::read::Cx;

/// Reports each circle once, and takes edges out that would make one or lead nowhere.
pub(crate) fn refuse_cycles(cx: &Cx<'_>, slos: &mut BTreeMap<SloId, Slo>) {
    let ids: BTreeSet<SloId> = slos.keys().cloned().collect();
    for slo in slos.values_mut() {
        slo.depends_on
            .retain(|edge| targets(edge).iter().all(|id| ids.contains(id)));
    }
    while let Some(circle) = circle(slos) {
        report(cx, &circle);
        // Without its edges the circle is open, and other circles show.
        for id in &circle {
            if let Some(slo) = slos.get_mut(id) {
                slo.depends_on
                    .retain(|edge| !targets(edge).iter().any(|id| circle.contains(id)));
            }
        }
    }
}

/// The SLOs that an edge leads to.
fn targets(edge: &Dependency) -> Vec<SloId> {
    let mut out = match &edge.on {
        Provider::Slo(id) => vec![id.clone()],
        Provider::AnyOf { slos, .. } => slos.clone(),
        Provider::External { .. } => Vec::new(),
    };
    out.extend(edge.fallback.iter().map(|fallback| fallback.slo.clone()));
    out
}

/// A circle of dependencies in its order, beginning with the smallest id; without recursion, so that no chain is
/// too long.
fn circle(slos: &BTreeMap<SloId, Slo>) -> Option<Vec<SloId>> {
    let edges: BTreeMap<&SloId, Vec<&SloId>> = slos
        .iter()
        .map(|(id, slo)| {
            let next = slo.depends_on.iter().flat_map(targets);
            let next = next.filter_map(|id| slos.get_key_value(&id).map(|(id, _)| id));
            (id, next.collect())
        })
        .collect();
    let mut done: BTreeSet<&SloId> = BTreeSet::new();
    for start in slos.keys() {
        let mut path: Vec<(&SloId, usize)> = vec![(start, 0)];
        let mut on_path: BTreeSet<&SloId> = BTreeSet::from([start]);
        while let Some((id, next)) = path.last_mut() {
            let id = *id;
            let target = edges.get(id).and_then(|edges| edges.get(*next)).copied();
            *next += 1;
            match target {
                None => {
                    done.insert(id);
                    on_path.remove(id);
                    path.pop();
                }
                Some(target) if on_path.contains(target) => {
                    let from = path.iter().position(|(id, _)| *id == target)?;
                    let mut circle: Vec<SloId> =
                        path[from..].iter().map(|(id, _)| (*id).clone()).collect();
                    let least = (0..circle.len()).min_by_key(|&i| circle[i].clone())?;
                    circle.rotate_left(least);
                    return Some(circle);
                }
                Some(target) if done.contains(target) => {}
                Some(target) => {
                    on_path.insert(target);
                    path.push((target, 0));
                }
            }
        }
    }
    None
}

fn report(cx: &Cx<'_>, circle: &[SloId]) {
    let place = |id: &SloId| cx.spans.borrow().nearest(&format!("slos.{id}.depends_on"));
    let Some((first, others)) = circle.split_first() else {
        return;
    };
    let Some(span) = place(first) else { return };
    let cause = if others.is_empty() {
        format!("{first} depends on itself")
    } else {
        let names: Vec<_> = others.iter().map(SloId::as_str).collect();
        format!("{first} depends on itself, through {}", names.join(", "))
    };
    let help = if others.is_empty() {
        "remove the edge"
    } else {
        "remove one of the edges"
    };
    let mut diagnostic = Diagnostic::error("dependency-cycle", span, cause).help(help);
    for id in others {
        if let Some(span) = place(id) {
            diagnostic = diagnostic.label(span, "part of the circle");
        }
    }
    for id in circle {
        cx.spans.borrow_mut().mark_broken(&format!("slos.{id}"));
    }
    cx.enter(&format!("slos.{first}"));
    cx.push(diagnostic);
}
