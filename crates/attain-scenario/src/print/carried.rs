//! The cascade as text: what the parts of an SLO carry together, what each costs, and what each would need to promise.
//! Knows promises only; nothing that was counted.

use attain_cascade::{EdgeCost, Need, carried as carried_by, needed, percent_down, percent_up};
use attain_model::slo::Provider;
use attain_model::{Catalogue, ObjectiveId, Scope, Slo};
use attain_view::table::{Align, Cell, Line, Table};
use jiff::civil::Date;

use super::{rendered, table};
use crate::deliver::names;

/// Every SLO that rests on others, or the one named, by the promises of a day.
pub(super) fn carried(catalogue: &Catalogue, only: Option<&str>, on: Date) -> String {
    let mut table = table(&[
        ("segment", Align::Left),
        ("target", Align::Right),
        ("carried", Align::Right),
        ("part", Align::Left),
        ("costs", Align::Right),
        ("needs", Align::Right),
    ]);
    for slo in catalogue.live_slos(on) {
        if slo.depends_on.is_empty() || only.is_some_and(|only| slo.id.as_str() != only) {
            continue;
        }
        for objective in slo.objectives.values() {
            let Some(term) = objective.on(on) else {
                continue;
            };
            let title = format!("{}/{}", slo.id, objective.id);
            table.lines.push(Line::Group(title, String::new()));
            for (scope, _) in term.targets.iter() {
                push_scope(&mut table, catalogue, slo, &objective.id, &scope, on);
            }
        }
    }
    rendered(&table)
}

fn push_scope(
    table: &mut Table,
    catalogue: &Catalogue,
    slo: &Slo,
    objective: &ObjectiveId,
    scope: &Scope,
    on: Date,
) {
    let target = slo
        .objectives
        .get(objective)
        .and_then(|objective| objective.on(on)?.targets.goal(scope)?.promised().copied());
    let found = carried_by(catalogue, slo, objective, scope, on);
    let (Some(promised), Some(found)) = (target, found) else {
        return;
    };
    let whole = if found.rests_on_something() {
        percent_down(found.ppb, promised.target.ppb())
    } else {
        "-".to_owned()
    };
    let cells = [scope.to_string(), promised.target.to_string(), whole];
    table.lines.push(Line::Row(cells.map(Cell::from).into()));
    let needs = needed(catalogue, slo, objective, scope, on);
    for (edge, (dependency, cost)) in slo.depends_on.iter().zip(&found.edges).enumerate() {
        let need = needs.iter().find(|need| need.edge == edge);
        let cells = [
            String::new(),
            String::new(),
            String::new(),
            provider(&dependency.on),
            cost_text(*cost),
            need_text(need),
        ];
        table.lines.push(Line::Row(cells.map(Cell::from).into()));
    }
}

fn provider(provider: &Provider) -> String {
    match provider {
        Provider::Slo(id) => id.to_string(),
        Provider::External { name, .. } => name.clone(),
        Provider::AnyOf { slos, need } => format!("{need} of {}", names(slos)),
    }
}

fn cost_text(cost: EdgeCost) -> String {
    match cost {
        EdgeCost::Ppb(ppb) => percent_up(ppb),
        EdgeCost::Apart => "nothing".to_owned(),
        EdgeCost::Unknown => "not known".to_owned(),
    }
}

/// What a part would need to promise, the others staying as they are.
fn need_text(need: Option<&Need>) -> String {
    match need {
        None => "-".to_owned(),
        Some(need) => need
            .ppb
            .map_or_else(|| "more than 100%".to_owned(), percent_up),
    }
}
