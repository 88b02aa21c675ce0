//! What each part of a promise may cost of its budget, and did. Knows explanations; computes nothing.

use attain_cascade::{Counted, EdgeCost, Explained, Line};

use crate::cascade::{Group, Shown, words};
use crate::html::Html;
use crate::html::parts::{self, head};

/// Promises that are shown; the command shows all.
const SHOWN_MOST: usize = 6;
/// What a share is of, where a row is a card.
const OF_BUDGET: &str = "of the budget";
/// Levels that stand further and further to the right.
const INDENTS: [&str; 5] = ["", "in1", "in2", "in3", "in4"];

pub(super) fn costs(html: &mut Html, shown: &Shown<'_>) {
    let groups = shown.groups();
    let resting = || {
        groups
            .iter()
            .filter(|group| group.tightest().rests_on_something())
    };
    if resting().next().is_none() {
        return;
    }
    parts::section(html, "costs", "What each part may cost, and did", |html| {
        for group in resting().take(SHOWN_MOST) {
            one_group(html, group);
        }
        let left = resting().count().saturating_sub(SHOWN_MOST);
        if left > 0 {
            let text = format!("{left} more: name one SLO above, or ask `attain cascade`.");
            html.element("p", &[("class", "hint")], |html| html.prose(&text));
        }
    });
}

fn one_group(html: &mut Html, group: &Group<'_>) {
    let one = group.tightest();
    let title = format!("{}/{}", one.name.slo, one.name.objective);
    html.line("h3", &[], &title);
    let sentences = words::sentences(&group.members);
    parts::notes(html, sentences.iter().map(|(_, text)| text.as_str()));
    let budget = format!("of {} budget", words::whose(one));
    let columns = [
        "rests on", "how", "promises", "may cost", &*budget, "was bad", "did cost", &*budget,
    ];
    parts::table(
        html,
        "plain stacks",
        &format!("What {title} rests on"),
        |html| {
            head(html, columns, 2);
            html.element("tbody", &[], |html| {
                lines(html, one, &one.lines, 0);
                let together = one.together_ppb();
                if words::is_seen(together) {
                    let cells = [
                        words::difference(together),
                        words::of_budget(together, one.budget_ppb()),
                    ];
                    total(
                        html,
                        words::together(together),
                        cells,
                        [String::new(), String::new()],
                    );
                }
                let cost = one.cost_ppb();
                let may = [
                    words::cost(cost),
                    words::of_budget(i64::from(cost), one.budget_ppb()),
                ];
                let did = one.counted.and_then(Counted::bad_ppb).map(|bad| {
                    let of_budget = words::of_budget(i64::from(bad), one.budget_ppb());
                    [words::cost(bad), of_budget]
                });
                total(
                    html,
                    "together, and what it lost",
                    may,
                    did.unwrap_or_default(),
                );
            });
        },
    );
}

fn lines(html: &mut Html, one: &Explained, of: &[Line], depth: usize) {
    for line in of {
        html.element("tr", &[], |html| {
            let class = INDENTS[depth.min(INDENTS.len() - 1)];
            let attributes = [("scope", "row"), ("class", class)];
            html.line("th", &attributes, &words::parts(line));
            html.line(
                "td",
                &[("class", "word said"), ("data-of", "how")],
                &words::remarks(line),
            );
            html.line("td", &[("data-of", "promises")], &words::promises(line));
            let of_budget = |ppb: u32| words::of_budget(i64::from(ppb), one.budget_ppb());
            let (may, share) = match line.cost {
                EdgeCost::Ppb(ppb) => (words::cost(ppb), of_budget(ppb)),
                _ => (words::why_no_cost(line).to_owned(), String::new()),
            };
            html.line("td", &[("data-of", "may cost")], &may);
            html.line("td", &[("data-of", OF_BUDGET)], &share);
            let bad = line.counted.and_then(Counted::bad_ppb).map(words::cost);
            html.line("td", &[("data-of", "was bad")], &bad.unwrap_or_default());
            let did = line.measured_ppb;
            html.line(
                "td",
                &[("data-of", "did cost")],
                &did.map_or_else(String::new, words::cost),
            );
            html.line(
                "td",
                &[("data-of", OF_BUDGET)],
                &did.map_or_else(String::new, of_budget),
            );
        });
        lines(html, one, &line.below, depth + 1);
    }
}

fn total(html: &mut Html, what: &str, may: [String; 2], did: [String; 2]) {
    html.element("tr", &[("class", "sum")], |html| {
        html.line("th", &[("scope", "row")], what);
        for cell in ["", ""] {
            html.line("td", &[], cell);
        }
        for (of, cell) in ["may cost", OF_BUDGET].into_iter().zip(&may) {
            html.line("td", &[("data-of", of)], cell);
        }
        html.line("td", &[], "");
        for (of, cell) in ["did cost", OF_BUDGET].into_iter().zip(&did) {
            html.line("td", &[("data-of", of)], cell);
        }
    });
}
