//! The report as Markdown: the same words and tables, no drawings. For a pull request, a ticket, a chat.

use attain_model::Verdict;
use attain_model::verdict::{AlertCondition, AlertState};

use super::{Sheet, burning, by_objective, history, masking, series, top, worst};
use crate::html::turns_direction;
use crate::number;
use crate::status::headline::summary;
use crate::status::shared::window_text;
use crate::status::{no_slos, no_verdicts};

/// The whole report.
pub(super) fn markdown(sheet: &Sheet<'_>) -> String {
    let mut out = format!(
        "# {}: reliability report\n\n{}\n\n",
        text(sheet.title()),
        text(&top::as_of(sheet))
    );
    if let Some(caution) = &sheet.about.run.caution {
        out.push_str(&format!("> {}\n\n", text(caution)));
    }
    let desk = &sheet.desk;
    if desk.promises.catalogue().slos.is_empty() {
        return out + "```text\n" + &no_slos(desk).replace("```", "'''") + "```\n";
    }
    if desk.evaluation.verdicts.is_empty() {
        return out + &text(&no_verdicts(desk)) + "\n";
    }
    first_words(sheet, &mut out);
    out.push_str("## Every promise\n\n");
    matrix(sheet, &mut out);
    hidden(sheet, &mut out);
    for slo in sheet.by_slo() {
        one(sheet, slo, &mut out);
    }
    list(
        "## What was read, and what the numbers leave out",
        &history::about_data(sheet),
        &mut out,
    );
    out.truncate(out.trim_end().len());
    out + "\n"
}

fn first_words(sheet: &Sheet<'_>, out: &mut String) {
    let summary = summary(&sheet.desk, &sheet.about.run);
    out.push_str(&format!("**{}**\n\n", text(&summary.title)));
    if !summary.body.is_empty() {
        out.push_str(&format!("{}\n\n", text(&summary.body)));
    }
    for (name, value) in &summary.facts {
        out.push_str(&format!("- {name}: {}\n", text(value)));
    }
    if !summary.facts.is_empty() {
        out.push('\n');
    }
    for line in &summary.also {
        out.push_str(&format!("{}\n\n", text(&line.text())));
    }
}

fn matrix(sheet: &Sheet<'_>, out: &mut String) {
    let names = [
        "promise",
        "segment",
        "verdict",
        "attained",
        "target",
        "budget left",
    ];
    let verdicts = sheet.by_slo().into_iter().flatten();
    let rows: Vec<Vec<String>> = verdicts
        .map(|verdict| {
            vec![
                format!("{}/{}", verdict.name.slo, verdict.name.objective),
                series::whose(verdict),
                series::words(sheet, verdict),
                or_dash(series::attained(verdict).filter(|_| series::is_measured(sheet, verdict))),
                series::target(verdict),
                or_dash(series::left(verdict)),
            ]
        })
        .collect();
    table(&names, 3, &rows, out);
}

fn hidden(sheet: &Sheet<'_>, out: &mut String) {
    let masked = &sheet.desk.evaluation.masked;
    if masked.is_empty() {
        return;
    }
    out.push_str("## What the aggregate hides\n\n");
    for masked in masked {
        let Some((own, all)) = masking::pair(sheet, masked) else {
            continue;
        };
        out.push_str(&format!(
            "- {}/{}: all together {} ({}), {} {} ({}). {}\n",
            text(masked.name.slo.as_str()),
            text(masked.name.objective.as_str()),
            or_dash(series::attained(all)),
            all.standing.word(),
            text(&own.name.scope.to_string()),
            or_dash(series::attained(own)),
            own.standing.word(),
            text(&masking::sentence(sheet, masked)),
        ));
    }
    out.push('\n');
}

fn one(sheet: &Sheet<'_>, slo: &[Verdict], out: &mut String) {
    let Some(first) = slo.first() else { return };
    out.push_str(&format!("## {}\n\n", text(first.name.slo.as_str())));
    if let Some(slo) = sheet.desk.slo(first) {
        if let Some(outcome) = &slo.outcome {
            out.push_str(&format!("{}\n\n", text(outcome)));
        }
        let mut said: Vec<String> = window_text(&sheet.desk, first).into_iter().collect();
        said.push(format!(
            "owned by {}",
            crate::status::owners(&sheet.desk, slo)
        ));
        out.push_str(&format!(
            "{}

",
            text(&said.join("; "))
        ));
    }
    for objective in by_objective(slo) {
        let name = objective
            .first()
            .map_or("", |first| first.name.objective.as_str());
        out.push_str(&format!("### {}\n\n", text(name)));
        budgets(sheet, objective, out);
        tiers(sheet, objective, out);
        hours(sheet, objective, out);
        causes(sheet, objective, out);
        parts(sheet, objective, out);
        let outside = history::outside_texts(sheet, objective);
        list("Outside the promise:", &outside, out);
    }
    list(
        "Notes on the data:",
        &history::about_slo(sheet, &first.name.slo),
        out,
    );
}

fn budgets(sheet: &Sheet<'_>, objective: &[Verdict], out: &mut String) {
    let names = ["segment", "bad", "as time", "at this rate", "observed"];
    let rows: Vec<Vec<String>> = objective
        .iter()
        .map(|verdict| {
            let has_budget = series::left(verdict).is_some();
            vec![
                series::whose(verdict),
                or_dash(has_budget.then(|| series::spent(sheet, verdict))),
                or_dash(series::minutes(sheet, verdict).filter(|_| has_budget)),
                or_dash(series::lasts(sheet, verdict)),
                series::observed(verdict).unwrap_or_else(|| "all of the window".to_owned()),
            ]
        })
        .collect();
    table(&names, 1, &rows, out);
}

fn tiers(sheet: &Sheet<'_>, objective: &[Verdict], out: &mut String) {
    let watched: Vec<&Verdict> = objective.iter().filter(|v| !v.alerts.is_empty()).collect();
    let segments: Vec<String> = watched
        .iter()
        .map(|verdict| series::whose(verdict))
        .collect();
    let names: Vec<&str> = ["asks for", "when"]
        .into_iter()
        .chain(segments.iter().map(String::as_str))
        .collect();
    let rows: Vec<Vec<String>> = burning::rules(&watched)
        .into_iter()
        .map(|(urgency, rule)| {
            let mut cells = vec![burning::asks(urgency).to_owned(), burning::when(&rule)];
            for verdict in &watched {
                let mut conditions = verdict.alerts.iter();
                let condition =
                    conditions.find(|alert| (alert.urgency, alert.rule) == (urgency, rule));
                cells.push(or_dash(
                    condition.map(|condition| fires(sheet, verdict, condition)),
                ));
            }
            cells
        })
        .collect();
    table(&names, 2, &rows, out);
}

/// `firing since 14:25: 60x and 71x`.
fn fires(sheet: &Sheet<'_>, verdict: &Verdict, condition: &AlertCondition) -> String {
    let seen = burning::seen(verdict, condition);
    let AlertState::Firing(since) = condition.state else {
        return seen;
    };
    let since = format!("firing since {}", sheet.desk.event(since));
    if seen.is_empty() {
        return since;
    }
    format!("{since}: {seen}")
}

fn hours(sheet: &Sheet<'_>, objective: &[Verdict], out: &mut String) {
    let names = ["segment", "worst hours from", "bad", "of", "of the budget"];
    let rows: Vec<Vec<String>> = worst::worst_hours(sheet, objective)
        .into_iter()
        .map(|(verdict, hour)| {
            vec![
                series::whose(verdict),
                worst::when(sheet, hour),
                series::count(sheet, verdict, hour.attainment.bad),
                series::count(sheet, verdict, hour.attainment.total()),
                worst::of_budget(verdict, hour),
            ]
        })
        .collect();
    table(&names, 2, &rows, out);
}

fn causes(sheet: &Sheet<'_>, objective: &[Verdict], out: &mut String) {
    let names = ["segment", "what burned the budget", "bad", "share"];
    let rows: Vec<Vec<String>> = worst::told(sheet, objective)
        .flat_map(|(verdict, detail)| {
            let whose = series::whose(verdict);
            worst::ranked(&detail.causes)
                .into_iter()
                .map(move |(what, bad, total)| {
                    vec![
                        whose.clone(),
                        what,
                        number::thousands(bad),
                        worst::share(bad, total),
                    ]
                })
        })
        .collect();
    table(&names, 2, &rows, out);
}

fn parts(sheet: &Sheet<'_>, objective: &[Verdict], out: &mut String) {
    let names = ["segment", "from", "to", "promised", "attained", "bad", "of"];
    let rows: Vec<Vec<String>> = objective
        .iter()
        .filter(|verdict| verdict.parts.len() > 1)
        .flat_map(|verdict| history::part_rows(sheet, verdict))
        .map(Vec::from)
        .collect();
    table(&names, 4, &rows, out);
}

/// A table. The first `words` columns lean left, the others hold numbers; a column in which no row says anything is left
/// out.
fn table(names: &[&str], words: usize, rows: &[Vec<String>], out: &mut String) {
    if rows.is_empty() {
        return;
    }
    let says = |column: &usize| {
        let cells = rows.iter().filter_map(|row| row.get(*column));
        cells.into_iter().any(|cell| cell != "-")
    };
    let columns: Vec<usize> = (0..names.len()).filter(says).collect();
    for column in &columns {
        out.push_str(&format!("| {} ", text(names.get(*column).unwrap_or(&""))));
    }
    out.push_str("|\n");
    for column in &columns {
        out.push_str(if *column < words { "| --- " } else { "| ---: " });
    }
    out.push_str("|\n");
    for row in rows {
        for column in &columns {
            out.push_str(&format!(
                "| {} ",
                row.get(*column).map_or_else(String::new, |cell| text(cell))
            ));
        }
        out.push_str("|\n");
    }
    out.push('\n');
}

fn list(heading: &str, lines: &[String], out: &mut String) {
    if lines.is_empty() {
        return;
    }
    out.push_str(&format!("{heading}\n\n"));
    for line in lines {
        out.push_str(&format!("- {}\n", text(line)));
    }
    out.push('\n');
}

fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

/// Text that Markdown shows as it is, on one line. Our own `` `code` `` stays code.
fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let words = raw.split_whitespace().collect::<Vec<_>>().join(" ");
    for character in words.chars() {
        match character {
            '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(character);
            }
            '&' => out.push_str("&amp;"),
            _ if character.is_control() || turns_direction(character) => out.push('\u{fffd}'),
            _ => out.push(character),
        }
    }
    out
}
