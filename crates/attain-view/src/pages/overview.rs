//! Every promise: who is hurt, how many stand how, the matrix of SLOs and segments. Also for one segment.

use std::collections::BTreeSet;

use attain_cascade::why::{Episode, Finding, Why};
use attain_model::slo::Slo;
use attain_model::{Scope, Verdict};

use super::choose::{self, GROUPS, Group, ROWS, Row, Tally};
use super::filters;
use super::frame::{Here, frame};
use super::teach::teach;
use super::{Ask, Scene, Subject, ask, place, sheet};
use crate::html::Html;
use crate::html::parts::{self, State, badge};
use crate::number::thousands;
use crate::report::{About, Sheet, masking, matrix, series, top};
use crate::status::ended::has_ended;
use crate::status::headline;
use crate::status::{LOSING_NOW, is_promise, no_slos, no_verdicts};
use crate::why::cause;

/// What the bars below are.
const BARS: &str = "Each bar is a budget: right of its mark what is left, the whole of it at the end; left of its mark what was \
                    lost beyond it, as much again at the end.";

/// How the sentence stands at the top of a page.
const FIRST: top::First = top::First {
    heading: "h1",
    class: "wide",
    is_of_slo: false,
    reader: top::Reader::OnCall,
};

/// The page at `/`.
#[must_use]
pub fn overview(scene: &Scene<'_>, ask: &Ask) -> String {
    frame(scene, ask, Here::Overview, &title(scene), "/", |html| {
        let Some(evaluation) = scene.evaluation else {
            return teach(html, scene, ask);
        };
        let about = About::default();
        let place = |name: &attain_model::SeriesName| place(ask, name);
        let sheet = sheet(scene, evaluation, &about, &place);
        if scene.promises.catalogue().slos.is_empty() {
            return top::empty(html, &no_slos(&sheet.desk));
        }
        if evaluation.verdicts.is_empty() {
            return top::empty(html, &no_verdicts(&sheet.desk));
        }
        if sheet.is_empty() {
            return teach(html, scene, ask);
        }
        summary(html, &sheet, ask, FIRST);
        parts::section(html, "promises", "Every promise", |html| {
            promises(html, scene, &sheet, ask, "/", None);
        });
        masking::masking(html, &sheet);
    })
}

/// What a tab says that nobody looks at: `! premium broken (4)`.
fn title(scene: &Scene<'_>) -> String {
    let verdicts = scene
        .evaluation
        .into_iter()
        .flat_map(|evaluation| &evaluation.verdicts);
    let states = verdicts
        .filter(|verdict| is_promise(verdict))
        .map(series::state);
    let broken = states.filter(|state| *state == State::Bad).count();
    match (super::hurt(scene, Subject::default()), broken) {
        (None, _) => String::new(),
        (Some(hurt), 0 | 1) => format!("! {hurt}"),
        (Some(hurt), broken) => format!("! {hurt} ({})", thousands(broken as u64)),
    }
}

/// Who is hurt; where nobody is, what is closest to its limit stands beside it.
pub(super) fn summary(html: &mut Html, sheet: &Sheet<'_>, ask: &Ask, first: top::First) {
    let evaluation = sheet.desk.evaluation;
    let promises = || {
        evaluation
            .verdicts
            .iter()
            .filter(|verdict| is_promise(verdict))
    };
    let is_calm = !promises().any(|verdict| headline::hurts(&sheet.desk, verdict));
    // What is lost now stands before a first sentence about what is over.
    let is_first = is_about_what_is_over(sheet);
    if is_first {
        losses(html, sheet, ask, |is_over| !is_over);
    }
    html.element("div", &[("class", "now"), ("data-key", "now")], |html| {
        top::summarised(html, sheet, first, |html| {
            losses(html, sheet, ask, |is_over| is_over || !is_first);
            ways(html, sheet, ask);
        });
        if is_calm {
            closest(html, sheet, promises().collect());
        }
    });
}

/// What was lost last, beside what is hurt worst: whoever was woken minutes ago asks for it.
pub(super) fn last(html: &mut Html, sheet: &Sheet<'_>, ask: &Ask) {
    losses(html, sheet, ask, |_| true);
}

fn is_about_what_is_over(sheet: &Sheet<'_>) -> bool {
    let Some(worst) = headline::worst(&sheet.desk, &|_| true) else {
        return false;
    };
    let mut verdicts = sheet.desk.evaluation.verdicts.iter();
    verdicts.any(|verdict| verdict.name == worst && has_ended(&sheet.desk, verdict))
}

/// The same, of those that are over or that are not.
fn losses(html: &mut Html, sheet: &Sheet<'_>, ask: &Ask, is_shown: impl Fn(bool) -> bool) {
    let Some(why) = sheet.desk.told else { return };
    // Of what the first sentence is about, its own rows say it.
    let worst = headline::worst(&sheet.desk, &|_| true);
    let verdicts = &sheet.desk.evaluation.verdicts;
    for (nth, (finding, episode)) in cause::last(why, verdicts, worst.as_ref())
        .into_iter()
        .enumerate()
    {
        let is_over = cause::is_over_of(why, finding, verdicts);
        if is_shown(is_over) {
            one_last(html, sheet, ask, nth, why, (finding, episode, is_over));
        }
    }
}

fn one_last(
    html: &mut Html,
    sheet: &Sheet<'_>,
    ask: &Ask,
    nth: usize,
    why: &Why,
    (finding, episode, is_over): (&Finding, &Episode, bool),
) {
    let key = format!("last {nth}");
    let name = &finding.name;
    html.element("p", &[("class", "last"), ("data-key", &key)], |html| {
        let word = match is_over {
            true => "Last: ",
            false => LOSING_NOW,
        };
        html.line("b", &[], word);
        let to = place(ask, name);
        html.line(
            "a",
            &[("href", &to)],
            &format!("{}/{}", name.slo, name.objective),
        );
        html.text(&format!(
            ": {} ",
            cause::told(why, finding, episode, sheet.desk.zone, is_over)
        ));
        let asked = ask.everywhere().with("slo", name.slo.as_str());
        let to = asked
            .with("segment", &name.scope.to_string())
            .to("/cascade")
            + "#why";
        html.line("a", &[("href", &to)], "Who spent it");
    });
}

/// From the sentence to what explains it.
fn ways(html: &mut Html, sheet: &Sheet<'_>, ask: &Ask) {
    let Some(worst) = headline::summary(&sheet.desk, &sheet.about.run).worst else {
        return;
    };
    html.element("p", &[("class", "also go")], |html| {
        let to = place(ask, &worst);
        html.line("a", &[("href", &to)], "How it came to that");
        let slos = &sheet.desk.promises.catalogue().slos;
        if slos
            .get(&worst.slo)
            .is_some_and(|slo| !slo.depends_on.is_empty())
        {
            let asked = ask.everywhere().with("slo", worst.slo.as_str());
            let to = asked
                .with("segment", &worst.scope.to_string())
                .to("/cascade");
            html.text(" \u{b7} ");
            html.line(
                "a",
                &[("href", &to)],
                "What carries it, and who spent its budget",
            );
        }
    });
}

/// The promises with the least left.
fn closest(html: &mut Html, sheet: &Sheet<'_>, mut promises: Vec<&Verdict>) {
    const SHOWN: usize = 4;
    promises.retain(|verdict| series::left(verdict).is_some() && verdict.budget.spent > 0);
    promises.sort_by_key(|verdict| std::cmp::Reverse(series::spent_millionths(verdict)));
    if promises.is_empty() {
        return;
    }
    html.element("div", &[("class", "closest")], |html| {
        html.line("h2", &[], "Least left");
        html.element("ul", &[], |html| {
            for verdict in promises.into_iter().take(SHOWN) {
                html.element("li", &[], |html| {
                    let to = sheet
                        .place
                        .map_or_else(String::new, |place| place(&verdict.name));
                    html.line("a", &[("href", &to)], &verdict.name.to_string());
                    let left = series::left(verdict).unwrap_or_default();
                    html.line("b", &[], &series::signed(&left));
                });
            }
        });
    });
}

/// Filters, groups and the tables; `only` leaves the columns of one segment and of all together.
pub(super) fn promises(
    html: &mut Html,
    scene: &Scene<'_>,
    sheet: &Sheet<'_>,
    ask: &Ask,
    path: &str,
    only: Option<&Scope>,
) {
    let mut rows = choose::rows(sheet, ask, only);
    let all = Tally::of(&rows);
    filters::states(html, &all, ask, path);
    filters::segments(html, scene.promises, ask, only);
    filters::filters(html, scene.promises, ask, path);
    choose::of_state(&mut rows, ask);
    if rows.is_empty() {
        html.element("p", &[("class", "none-left")], |html| {
            html.text("No promise is like this. ");
            html.line("a", &[("href", &ask.everywhere().to(path))], "Show all");
        });
        return;
    }
    html.line("p", &[("class", "hint bar-hint")], BARS);
    let total = rows.len();
    let groups = choose::groups(rows, ask);
    let count = groups.len();
    for group in groups.iter().take(GROUPS) {
        one_group(html, sheet, ask, path, group, total);
    }
    if count > GROUPS {
        let text = format!(
            "{} more groups are not shown: filter, or group by something else.",
            count - GROUPS
        );
        html.line("p", &[("class", "hint")], &text);
    }
}

fn one_group(
    html: &mut Html,
    sheet: &Sheet<'_>,
    ask: &Ask,
    path: &str,
    group: &Group<'_>,
    total: usize,
) {
    let key = format!("group {}", group.key);
    html.element("div", &[("class", "group"), ("data-key", &key)], |html| {
        html.element("div", &[("class", "group-head")], |html| {
            html.line("h3", &[], &group.title);
            // Where there is one group, the filters above say the same.
            html.element("p", &[("class", "tally")], |html| tally(html, &group.tally));
        });
        let scopes = scopes(sheet, &group.rows);
        if !group.rows.is_empty() {
            matrix::tables(html, sheet, &group.title, "SLO", &scopes, |html| {
                let mut before: Option<&Slo> = None;
                for row in &group.rows {
                    let is_first = before.is_none_or(|before| before.id != row.slo.id);
                    before = Some(row.slo);
                    one_row(html, sheet, ask, row, &scopes, is_first);
                }
            });
        }
        pages(html, ask, path, group, total);
    });
}

fn tally(html: &mut Html, tally: &Tally) {
    for state in State::ALL {
        let count = tally.count(state);
        if count > 0 {
            badge(
                html,
                state,
                &format!("{} {}", thousands(count), top::word(state)),
            );
        }
    }
}

fn scopes(sheet: &Sheet<'_>, rows: &[Row<'_>]) -> Vec<Scope> {
    let scopes: BTreeSet<&Scope> = rows
        .iter()
        .flat_map(|row| row.verdicts.iter().map(|verdict| &verdict.name.scope))
        .collect();
    let mut scopes: Vec<Scope> = scopes.into_iter().cloned().collect();
    scopes.sort_by_key(|scope| sheet.desk.rank(scope));
    scopes
}

fn one_row(
    html: &mut Html,
    sheet: &Sheet<'_>,
    ask: &Ask,
    row: &Row<'_>,
    scopes: &[Scope],
    is_first: bool,
) {
    let anchor = ask
        .everywhere()
        .to(&ask::path("/slos/", row.slo.id.as_str()));
    matrix::row(html, sheet, &row.verdicts, scopes, &anchor, is_first);
}

/// The way to the rows that are not shown.
fn pages(html: &mut Html, ask: &Ask, path: &str, group: &Group<'_>, total: usize) {
    let is_alone = ask.get("in").is_some();
    let page = choose::page_number(ask);
    if group.more == 0 && !is_alone {
        return;
    }
    html.element("p", &[("class", "pages")], |html| {
        let to = |page: usize| {
            let ask = ask.with("in", &group.key);
            let ask = if page > 1 {
                ask.with("page", &page.to_string())
            } else {
                ask
            };
            ask.to(path)
        };
        if !is_alone {
            let word = format!("{} more in {}", thousands(group.more as u64), group.title);
            html.line("a", &[("href", &to(1))], &word);
            return;
        }
        html.text(&format!(
            "Page {page} of {}, the worst first. ",
            total_pages(group, page)
        ));
        if page > 1 {
            html.line("a", &[("href", &to(page - 1)), ("rel", "prev")], "Previous");
            html.text(" ");
        }
        if group.more > 0 {
            html.line("a", &[("href", &to(page + 1)), ("rel", "next")], "Next");
            html.text(" ");
        }
        let back = ask.with("in", "").to(path);
        html.line(
            "a",
            &[("href", &back)],
            &format!("All groups ({} rows)", thousands(total as u64)),
        );
    });
}

fn total_pages(group: &Group<'_>, page: usize) -> usize {
    page + group.more.div_ceil(ROWS)
}
