//! The measured edge: how often caller and callee were bad in the same slots, and how much more often the caller is bad when
//! the callee is.
//!
//! Knows two histories. Of one order in time it says nothing; see warning.rs.

use attain_math::compose::{JointSlots, MeasuredJoint, measured_joint};
use attain_model::{Promises, SeriesName};
use jiff::civil::Date;

use super::{Estimate, difference};
use crate::attribution::sides;
use crate::joint::slots_of_both;
use crate::reach::leads_to;
use crate::warning::History;

/// Bad slots of the callee below which no impact is said.
pub const BAD_SLOTS_MIN: u64 = 20;

/// An edge whose two ends were counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlap {
    /// The series of the caller.
    pub caller: SeriesName,
    /// That of the callee.
    pub callee: SeriesName,
    /// The impact that the catalogue declares, in parts per billion.
    pub declared_ppb: u32,
    /// Slots in which both were counted.
    pub slots: JointSlots,
    /// What they come to; `None` without slots.
    pub joint: Option<MeasuredJoint>,
    /// How much more often the caller was bad in slots in which the callee was. `None` below [`BAD_SLOTS_MIN`] bad slots of
    /// the callee.
    pub impact: Option<Estimate>,
}

/// The pairs of series that edges connect: each promised series of an SLO with that of each SLO it depends on directly, with
/// the impact declared.
#[must_use]
pub fn edges(promises: &Promises, on: Date) -> Vec<(SeriesName, SeriesName, u32)> {
    let catalogue = promises.catalogue();
    let mut pairs = Vec::new();
    for slo in catalogue.live_slos(on) {
        for objective in slo.objectives.values() {
            let targets = objective.on(on).map(|term| &term.targets);
            for (scope, goal) in targets.iter().flat_map(|targets| targets.iter()) {
                if goal.promised().is_none() {
                    continue;
                }
                let caller = SeriesName {
                    slo: slo.id.clone(),
                    objective: objective.id.clone(),
                    scope,
                };
                let sides = sides(catalogue, on, &caller);
                let direct = slo.depends_on.iter();
                pairs.extend(
                    direct
                        .flat_map(|edge| leads_to(edge).map(move |to| (edge, to)))
                        .filter_map(|(edge, to)| {
                            let waits = !(edge.optional || edge.asynchronous);
                            let impact = if waits { edge.impact.ppb() } else { 0 };
                            Some((caller.clone(), sides.get(to)?.name.clone(), impact))
                        }),
                );
            }
        }
    }
    pairs
}

/// Lays two histories over each other, in slots of the coarser of the two.
#[must_use]
pub fn overlap(
    promises: &Promises,
    caller: &History,
    callee: &History,
    declared_ppb: u32,
) -> Overlap {
    let slots = slots_of_both(promises, caller, callee);
    let callee_bad = slots.first_up + slots.both_down;
    let impact = difference(
        (slots.both_down, callee_bad),
        (slots.second_up, slots.second_up + slots.both_up),
    );
    Overlap {
        caller: caller.name.clone(),
        callee: callee.name.clone(),
        declared_ppb,
        joint: measured_joint(slots),
        impact: impact.filter(|_| callee_bad >= BAD_SLOTS_MIN),
        slots,
    }
}
