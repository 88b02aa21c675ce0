//! Measured edges: in which slots caller and callee were bad together, as a table and for programs.

use attain_cascade::discover::{BAD_SLOTS_MIN, Overlap};
use serde::Serialize;

use super::json::ends;
use super::{estimate, percent};
use crate::json::pretty;
use crate::look::{Look, Tone, wrap};
use crate::number::grouped;
use crate::table::{Align, Cell, Line, Table};

/// The version of the shape.
const VERSION: u32 = 1;

/// The table.
#[must_use]
pub fn overlaps(found: &[Overlap], look: &Look) -> String {
    if found.is_empty() {
        let text = "No SLO depends on another one that is about the same thing. Give traces or a service graph to see who \
                    calls whom: attain discover CATALOGUE spans.jsonl";
        return wrap(text, look.columns(), 0) + "\n";
    }
    let mut table = Table {
        columns: [
            ("caller > callee", Align::Left),
            ("slots", Align::Right),
            ("bad", Align::Right),
            ("callee bad", Align::Right),
            ("both", Align::Right),
            ("phi", Align::Right),
            ("impact", Align::Right),
            ("declared", Align::Right),
        ]
        .map(|(name, align)| (name.to_owned(), align))
        .into(),
        lines: Vec::new(),
    };
    for edge in found {
        let slots = &edge.slots;
        let all = slots.both_up + slots.first_up + slots.second_up + slots.both_down;
        let phi = edge.joint.and_then(|joint| joint.phi);
        let texts = [
            format!("{} > {}", edge.caller, edge.callee.slo),
            grouped(all),
            grouped(slots.second_up + slots.both_down),
            grouped(slots.first_up + slots.both_down),
            grouped(slots.both_down),
            phi.map_or_else(|| "-".to_owned(), |phi| format!("{phi:.2}")),
            edge.impact
                .map_or_else(|| "-".to_owned(), |impact| estimate(&impact)),
            percent(f64::from(edge.declared_ppb) / 1e9),
        ];
        table.lines.push(Line::Row(texts.map(Cell::from).into()));
    }
    let mut out = table.render(look);
    let legend = format!(
        "A slot is bad when its budget is spent faster than allowed. impact: how much more often the caller is bad when the \
         callee is, with its interval; not said below {BAD_SLOTS_MIN} bad slots of the callee. It holds for slots, not for \
         single requests: traces say that, see attain discover --help."
    );
    out.push('\n');
    out.push_str(&look.paint(Tone::Quiet, &wrap(&legend, look.columns(), 0)));
    out.push('\n');
    out
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    edges: Vec<Edge<'a>>,
}

#[derive(Serialize)]
struct Edge<'a> {
    caller: String,
    callee: String,
    slo: &'a str,
    on: &'a str,
    slots_both_good: u64,
    slots_callee_bad: u64,
    slots_caller_bad: u64,
    slots_both_bad: u64,
    phi: Option<f64>,
    impact: Option<f64>,
    impact_95: Option<[f64; 2]>,
    declared_ppb: u32,
}

/// The same as JSON. `slots_callee_bad` and `slots_caller_bad` are those in which only the one was bad.
#[must_use]
pub fn overlaps_json(found: &[Overlap]) -> String {
    pretty(&Document {
        version: VERSION,
        edges: found.iter().map(of).collect(),
    })
}

fn of(edge: &Overlap) -> Edge<'_> {
    Edge {
        caller: edge.caller.to_string(),
        callee: edge.callee.to_string(),
        slo: edge.caller.slo.as_str(),
        on: edge.callee.slo.as_str(),
        slots_both_good: edge.slots.both_up,
        slots_callee_bad: edge.slots.first_up,
        slots_caller_bad: edge.slots.second_up,
        slots_both_bad: edge.slots.both_down,
        phi: edge.joint.and_then(|joint| joint.phi),
        impact: edge.impact.map(|impact| impact.value),
        impact_95: edge.impact.as_ref().map(ends),
        declared_ppb: edge.declared_ppb,
    }
}
