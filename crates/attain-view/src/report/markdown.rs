//! The report as Markdown: the same words and tables, no drawings. For a pull request, a ticket, a chat.

use attain_model::{Scope, Verdict};

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
        out.push_str(&format!("{}\n\n", text(line)));
    }
}

fn matrix(sheet: &Sheet<'_>, out: &mut String) {
    head(
        &[
            "promise",
            "segment",
            "attained",
            "target",
            "budget left",
            "verdict",
        ],
        2,
        out,
    );
    for slo in sheet.by_slo() {
        for verdict in slo {
            row(
                [
                    format!("{}/{}", verdict.name.slo, verdict.name.objective),
                    series::whose(verdict),
                    or_dash(series::attained(verdict)),
                    series::target(verdict),
                    or_dash(series::left(verdict)),
                    series::words(sheet, verdict),
                ],
                out,
            );
        }
    }
    out.push('\n');
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
        let window = window_text(&sheet.desk, first)
            .map_or_else(String::new, |window| format!("{window}; "));
        let owners = crate::status::owners(&sheet.desk, slo);
        out.push_str(&format!("{}owned by {}\n\n", text(&window), text(&owners)));
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
        let over: Vec<String> = objective
            .iter()
            .filter_map(|v| history::over_load_text(sheet, v))
            .collect();
        list("Outside the promise:", &over, out);
    }
    list(
        "Notes on the data:",
        &history::about_slo(sheet, &first.name.slo),
        out,
    );
}

fn budgets(sheet: &Sheet<'_>, objective: &[Verdict], out: &mut String) {
    head(
        &["segment", "spent", "as time", "gone in", "observed"],
        1,
        out,
    );
    for verdict in objective {
        let has_budget = series::left(verdict).is_some();
        row(
            [
                series::whose(verdict),
                or_dash(has_budget.then(|| series::spent(sheet, verdict))),
                or_dash(series::minutes(sheet, verdict).filter(|_| has_budget)),
                or_dash(verdict.exhausted_in.map(number::about)),
                series::observed(verdict).unwrap_or_else(|| "all of the window".to_owned()),
            ],
            out,
        );
    }
    out.push('\n');
}

fn tiers(sheet: &Sheet<'_>, objective: &[Verdict], out: &mut String) {
    let watched: Vec<&Verdict> = objective.iter().filter(|v| !v.alerts.is_empty()).collect();
    let rules = burning::rules(&watched);
    if rules.is_empty() {
        return;
    }
    let mut names = vec!["asks for".to_owned(), "when".to_owned()];
    names.extend(watched.iter().map(|verdict| text(&series::whose(verdict))));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    head(&names, 2, out);
    for (urgency, rule) in rules {
        let mut cells = vec![burning::asks(urgency).to_owned(), burning::when(&rule)];
        for verdict in &watched {
            let condition = verdict
                .alerts
                .iter()
                .find(|alert| alert.urgency == urgency && alert.rule == rule);
            cells.push(or_dash(condition.map(|condition| {
                let seen = burning::seen(verdict, condition);
                match condition.state {
                    attain_model::verdict::AlertState::Firing(since) => {
                        format!("firing since {} {seen}", sheet.desk.near(since))
                    }
                    _ => seen,
                }
            })));
        }
        row(cells, out);
    }
    out.push('\n');
}

fn hours(sheet: &Sheet<'_>, objective: &[Verdict], out: &mut String) {
    let hours = worst::worst_hours(sheet, objective);
    if hours.is_empty() {
        return;
    }
    head(
        &["segment", "worst hours from", "bad", "of", "of the budget"],
        2,
        out,
    );
    for (verdict, hour) in hours {
        row(
            [
                series::whose(verdict),
                worst::when(sheet, hour),
                series::count(sheet, verdict, hour.attainment.bad),
                series::count(sheet, verdict, hour.attainment.total()),
                worst::of_budget(verdict, hour),
            ],
            out,
        );
    }
    out.push('\n');
}

fn causes(sheet: &Sheet<'_>, objective: &[Verdict], out: &mut String) {
    let mut is_first = true;
    for verdict in objective
        .iter()
        .filter(|v| !(v.pooled && v.name.scope == Scope::All && objective.len() > 1))
    {
        let causes = sheet
            .detail(&verdict.name)
            .map_or(&[][..], |detail| &detail.causes);
        for (what, bad, total) in worst::ranked(causes) {
            if is_first {
                head(
                    &["segment", "what burned the budget", "bad", "share"],
                    2,
                    out,
                );
                is_first = false;
            }
            let bad_text = number::grouped(bad);
            row(
                [
                    series::whose(verdict),
                    what,
                    bad_text,
                    worst::share(bad, total),
                ],
                out,
            );
        }
    }
    if !is_first {
        out.push('\n');
    }
}

fn parts(sheet: &Sheet<'_>, objective: &[Verdict], out: &mut String) {
    let changed: Vec<&Verdict> = objective.iter().filter(|v| v.parts.len() > 1).collect();
    if changed.is_empty() {
        return;
    }
    head(
        &["segment", "from", "to", "promised", "attained", "bad", "of"],
        4,
        out,
    );
    for verdict in changed {
        for part in history::part_rows(sheet, verdict) {
            row(part, out);
        }
    }
    out.push('\n');
}

/// A heading and the line under it; columns from `words` on hold numbers.
fn head(names: &[&str], words: usize, out: &mut String) {
    out.push_str(&format!("| {} |\n|", names.join(" | ")));
    for column in 0..names.len() {
        out.push_str(if column < words { " --- |" } else { " ---: |" });
    }
    out.push('\n');
}

fn row(cells: impl IntoIterator<Item = String>, out: &mut String) {
    out.push('|');
    for cell in cells {
        out.push_str(&format!(" {} |", text(&cell)));
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
