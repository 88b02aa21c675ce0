//! Every promise: who is hurt, how many stand how, the matrix of SLOs and segments. Also for one segment.

use std::collections::BTreeSet;

use attain_model::slo::Slo;
use attain_model::{Promises, Scope, Verdict};

use super::choose::{self, GROUPS, Group, ROWS, Row, Tally};
use super::frame::{Here, frame, keep};
use super::{Ask, Scene, ask, place, sheet};
use crate::html::Html;
use crate::html::parts::{self, State, badge, mark};
use crate::number::{self, grouped, plural};
use crate::report::{About, Sheet, masking, matrix, series, top};
use crate::status::headline::{self, is_hurt};
use crate::status::{is_promise, no_slos, no_verdicts};

/// How the sentence stands at the top of a page.
const FIRST: top::First = top::First {
    heading: "h1",
    class: "wide",
    is_of_slo: false,
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

/// What a tab says that nobody looks at: `2 broken`.
fn title(scene: &Scene<'_>) -> String {
    let verdicts = scene
        .evaluation
        .into_iter()
        .flat_map(|evaluation| &evaluation.verdicts);
    let states = verdicts
        .filter(|verdict| is_promise(verdict))
        .map(series::state);
    match states.filter(|state| *state == State::Bad).count() {
        0 => String::new(),
        broken => format!("{} broken", grouped(broken as u64)),
    }
}

/// Who is hurt; where nobody is, what is closest to its limit stands beside it.
pub(super) fn summary(html: &mut Html, sheet: &Sheet<'_>, ask: &Ask, first: top::First) {
    html.element("div", &[("class", "now"), ("data-key", "now")], |html| {
        top::summarised(html, sheet, first);
        ways(html, sheet, ask);
        let evaluation = sheet.desk.evaluation;
        let promises = || {
            evaluation
                .verdicts
                .iter()
                .filter(|verdict| is_promise(verdict))
        };
        if !promises().any(is_hurt) {
            closest(html, sheet, promises().collect());
        }
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
    states(html, &all, ask, path);
    segments(html, scene.promises, ask, only);
    filters(html, scene.promises, ask, path);
    choose::of_state(&mut rows, ask);
    if rows.is_empty() {
        html.element("p", &[("class", "none-left")], |html| {
            html.text("No promise is like this. ");
            html.line("a", &[("href", &ask.everywhere().to(path))], "Show all");
        });
        return;
    }
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

/// How many promises stand how, each a filter.
fn states(html: &mut Html, tally: &Tally, ask: &Ask, path: &str) {
    let attributes = [
        ("class", "chips"),
        ("aria-label", "By state"),
        ("data-key", "states"),
    ];
    html.element("nav", &attributes, |html| {
        let chosen = ask.get("state").unwrap_or_default();
        let all = format!("{} promises", grouped(tally.promises()));
        chip(
            html,
            None,
            &all,
            &ask.with("state", "").with("in", "").to(path),
            chosen.is_empty(),
        );
        for state in State::ALL {
            let key = choose::state_key(state);
            let count = tally.count(state);
            if count > 0 || chosen == key {
                let word = format!("{} {}", grouped(count), top::word(state));
                let to = ask.with("state", key).with("in", "").to(path);
                chip(html, Some(state), &word, &to, chosen == key);
            }
        }
        if tally.masked > 0 || chosen == "masked" {
            let word = format!("{} hidden by the aggregate", grouped(tally.masked));
            let to = ask.with("state", "masked").with("in", "").to(path);
            chip(html, Some(State::Bad), &word, &to, chosen == "masked");
        }
    });
}

fn chip(html: &mut Html, state: Option<State>, word: &str, to: &str, is_chosen: bool) {
    let class = state.map_or_else(
        || "chip".to_owned(),
        |state| format!("chip {}", state.class()),
    );
    let attributes = [
        ("class", &*class),
        ("href", to),
        ("aria-current", if is_chosen { "true" } else { "" }),
    ];
    html.element("a", &attributes, |html| {
        if let Some(state) = state {
            mark(html, state);
        }
        html.text(word);
    });
}

/// A page for each segment.
fn segments(html: &mut Html, promises: &Promises, ask: &Ask, only: Option<&Scope>) {
    let segments = promises.catalogue().segments_by_rank();
    if segments.is_empty() {
        return;
    }
    html.element(
        "nav",
        &[("class", "chips"), ("aria-label", "By segment")],
        |html| {
            chip(html, None, "All segments", &ask.to("/"), only.is_none());
            for segment in segments {
                let scope = Scope::Segment(segment.id.clone());
                let to = ask.to(&ask::path("/segments/", segment.id.as_str()));
                chip(html, None, segment.id.as_str(), &to, only == Some(&scope));
            }
        },
    );
}

/// What else rows can be chosen by.
fn filters(html: &mut Html, promises: &Promises, ask: &Ask, path: &str) {
    let slos = || promises.catalogue().slos.values();
    let teams: BTreeSet<&str> = slos()
        .flat_map(|slo| slo.owners.iter().map(|team| team.as_str()))
        .collect();
    let services: BTreeSet<&str> = slos().map(|slo| slo.service.as_str()).collect();
    let labels: BTreeSet<&str> = slos()
        .flat_map(|slo| slo.meta.labels.keys().map(String::as_str))
        .collect();
    let layers: BTreeSet<&str> = slos().map(|slo| slo.layer.word()).collect();
    let audiences: BTreeSet<&str> = slos().map(|slo| slo.audience.word()).collect();
    let mut ways: Vec<(String, String)> = choose::WAYS
        .iter()
        .map(|(key, word)| ((*key).to_owned(), (*word).to_owned()))
        .collect();
    ways.extend(
        labels
            .iter()
            .map(|label| (format!("label:{label}"), format!("label {label}"))),
    );
    let attributes = [("class", "filters"), ("action", path), ("method", "get")];
    html.element("form", &attributes, |html| {
        let mut kept = ask.everywhere();
        for key in ["q", "state"] {
            kept = kept.with(key, ask.get(key).unwrap_or_default());
        }
        keep(html, &kept);
        for (key, word, values) in [
            ("audience", "Audience", audiences),
            ("layer", "Layer", layers),
            ("team", "Team", teams),
            ("service", "Service", services),
        ] {
            let values: Vec<(String, String)> = std::iter::once((String::new(), "any".to_owned()))
                .chain(
                    values
                        .into_iter()
                        .map(|value| (value.to_owned(), value.to_owned())),
                )
                .collect();
            // One value is no choice.
            if values.len() > 2 || ask.get(key).is_some() {
                choice(html, key, word, &values, ask.get(key).unwrap_or_default());
            }
        }
        choice(
            html,
            "group",
            "Group by",
            &ways,
            ask.get("group").unwrap_or_default(),
        );
        html.own("<button type=submit class=tool>Show</button>");
        let is_filtered = ask.iter().any(|(key, _)| !["at", "zone"].contains(&key));
        if is_filtered {
            html.line(
                "a",
                &[("class", "tool"), ("href", &ask.everywhere().to(path))],
                "Reset",
            );
        }
    });
    if let Some(words) = ask.get("q") {
        html.element("p", &[("class", "hint")], |html| {
            html.text(&format!(
                "Only what has \u{201c}{words}\u{201d} in its name, service, owner or outcome. "
            ));
            html.line("a", &[("href", &ask.with("q", "").to(path))], "Show all");
        });
    }
}

fn choice(html: &mut Html, key: &str, word: &str, values: &[(String, String)], chosen: &str) {
    html.element("label", &[], |html| {
        html.text(word);
        html.element("select", &[("name", key)], |html| {
            for (value, word) in values {
                let selected = if value == chosen { "selected" } else { "" };
                // An empty value must be said: without it the text would be the value.
                if value.is_empty() {
                    html.own("<option value=\"\">");
                    html.text(word);
                    html.own("</option>");
                } else {
                    html.line("option", &[("value", value), ("selected", selected)], word);
                }
            }
        });
    });
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
                &format!("{} {}", grouped(count), top::word(state)),
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
            let word = format!("{} more in {}", grouped(group.more as u64), group.title);
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
            &format!("All groups ({} rows)", grouped(total as u64)),
        );
    });
}

fn total_pages(group: &Group<'_>, page: usize) -> usize {
    page + group.more.div_ceil(ROWS)
}

/// Nothing was counted yet: what to send where.
pub(super) fn teach(html: &mut Html, scene: &Scene<'_>, ask: &Ask) {
    let catalogue = scene.promises.catalogue();
    let server = scene.server;
    html.element("section", &[("class", "summary unknown"), ("id", "summary")], |html| {
        html.element("h1", &[("class", "lead")], |html| {
            mark(html, State::Unknown);
            html.text(&format!(
                "Nothing was counted yet: {} wait for their first request.",
                plural(catalogue.slos.len() as u64, "SLO")
            ));
        });
        html.element("p", &[("class", "body")], |html| {
            let slice = number::about(server.slice);
            html.text(&format!(
                "A promise is judged when counts arrive. Slices are {slice} long; the first numbers stand here one slice after the first counts."
            ));
        });
    });
    parts::section(html, "send", "What to send where", |html| {
        if server.sources.is_empty() {
            html.element("p", &[("class", "outcome")], |html| {
                html.prose("The catalogue names no source. Add one to a file of it, e.g.");
            });
            html.own("<pre>sources:\n  prom: {remote_write: {}}</pre>");
        }
        for source in &server.sources {
            html.element("div", &[("class", "objective")], |html| {
                html.line("h3", &[], &source.name);
                how_to_send(html, server, source);
            });
        }
    });
    html.element("p", &[("class", "also")], |html| {
        html.text("Sent already? ");
        let to = ask.everywhere().to("/catalogue") + "#sources";
        html.line("a", &[("href", &to)], "What was taken, refused and matched");
        html.text(" says what became of it.");
    });
}

fn how_to_send(html: &mut Html, server: &super::Server, source: &super::SourceState) {
    let (address, name) = (&server.address, &source.name);
    let several = server
        .sources
        .iter()
        .filter(|other| other.way == source.way)
        .count()
        > 1;
    let of = if several {
        format!("/{name}")
    } else {
        String::new()
    };
    if let Some(why) = &source.trouble {
        html.element("p", &[], |html| {
            badge(html, State::Unknown, &format!("cannot be read: {why}"));
        });
    }
    match source.way.as_str() {
        "remote write" => html.line(
            "pre",
            &[],
            &format!("# prometheus.yml\nremote_write:\n  - url: {address}/api/v1/write{of}"),
        ),
        "OTLP" => html.line(
            "pre",
            &[],
            &format!("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT={address}/v1/metrics{of}"),
        ),
        way => {
            let taken = source.samples.map_or_else(String::new, |samples| {
                format!(" {} were taken so far.", plural(samples, "sample"))
            });
            html.line(
                "p",
                &[],
                &format!("Read by attain itself ({way}): nothing is to be sent.{taken}"),
            );
        }
    }
}
