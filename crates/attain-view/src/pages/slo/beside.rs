//! Each segment beside the aggregate.

use attain_model::{Scope, Verdict};

use crate::html::Html;
use crate::html::parts::{badge, block, head, table};
use crate::number;
use crate::report::{Sheet, series};

/// Each segment beside the aggregate: who fails how often, whose budget it is.
pub(super) fn beside(html: &mut Html, sheet: &Sheet<'_>, all: &[&Verdict]) {
    if all.len() < 2 {
        return;
    }
    let aggregate = all.iter().find(|verdict| verdict.name.scope == Scope::All);
    let total = aggregate.map(|verdict| verdict.attainment.total());
    block(html, "beside", "Segments side by side", |html| {
        table(
            html,
            "sides-table stacks",
            "Segments side by side",
            |html| {
                let names = [
                    "segment",
                    "state",
                    "attained",
                    "promised",
                    "left",
                    "bad",
                    "of",
                    "of all traffic",
                    "fails, against all",
                ];
                head(html, names, 2);
                html.element("tbody", &[], |html| {
                    for verdict in all {
                        html.element("tr", &[], |html| {
                            html.line("th", &[("scope", "row")], &series::whose(verdict));
                            let attributes = [("class", "word"), ("data-of", names[1])];
                            html.element("td", &attributes, |html| {
                                badge(html, series::state(verdict), series::word(verdict));
                            });
                            let none = || "-".to_owned();
                            let cells = [
                                series::attained(verdict)
                                    .filter(|_| series::is_measured(sheet, verdict))
                                    .unwrap_or_else(none),
                                series::target(verdict),
                                series::left(verdict).map_or_else(none, |left| left_cell(&left)),
                                match series::is_measured(sheet, verdict) {
                                    true => series::count(sheet, verdict, verdict.attainment.bad),
                                    false => none(),
                                },
                                series::count(sheet, verdict, verdict.attainment.total()),
                                total
                                    .and_then(|total| share(verdict, total))
                                    .unwrap_or_else(none),
                                aggregate
                                    .and_then(|all| ratio(verdict, all))
                                    .unwrap_or_else(none),
                            ];
                            for (name, cell) in names[2..].iter().zip(&cells) {
                                html.line("td", &[("data-of", name)], cell);
                            }
                        });
                    }
                });
            },
        );
    });
}

/// `31%`, `none, 31% over`.
fn left_cell(left: &str) -> String {
    series::left_words(left).replacen(" left", "", 1)
}

/// Its share of all events: `2.4%`.
fn share(verdict: &Verdict, total: u64) -> Option<String> {
    let own = verdict.attainment.total();
    if verdict.name.scope == Scope::All || total == 0 || own > total {
        return None;
    }
    let ppb = u128::from(own) * 1_000_000_000 / u128::from(total);
    Some(crate::status::headline::short_share(
        u32::try_from(ppb).ok()?,
    ))
}

/// How many times as often as all together its events are bad: `11.5x`.
fn ratio(verdict: &Verdict, all: &Verdict) -> Option<String> {
    if verdict.name.scope == Scope::All
        || all.attainment.bad == 0
        || verdict.attainment.total() == 0
    {
        return None;
    }
    let own = u128::from(verdict.attainment.bad).checked_mul(u128::from(all.attainment.total()))?;
    let whole =
        u128::from(all.attainment.bad).checked_mul(u128::from(verdict.attainment.total()))?;
    own.checked_mul(1_000_000)?
        .checked_div(whole)
        .map(number::times)
}
