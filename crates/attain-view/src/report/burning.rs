//! Whether an alert fires: what each condition of the policy sees, beside its limit. A row for each segment and condition.

use attain_model::Verdict;
use attain_model::policy::Urgency;
use attain_model::quantity::duration_text;
use attain_model::verdict::{AlertCondition, AlertRule, AlertState, Burn};
use std::time::Duration;

use super::{Sheet, series};
use crate::html::Html;
use crate::html::parts::{State, badge, block, disclosure, head, spanning, table};
use crate::number;

/// Whether an alert fires, and the rates beside their limits; nothing where no policy looks at the objective.
pub(crate) fn tiers(html: &mut Html, sheet: &Sheet<'_>, objective: &[Verdict]) {
    let watched: Vec<&Verdict> = objective.iter().filter(|v| !v.alerts.is_empty()).collect();
    let conditions = watched.iter().flat_map(|verdict| &verdict.alerts);
    let (mut all, mut firing) = (0, 0);
    for condition in conditions {
        all += 1;
        firing += u64::from(is_firing(condition));
    }
    // A brief page names what fires; where nothing does, its first lines say so.
    if all == 0 || sheet.is_dense && firing == 0 {
        return;
    }
    block(html, "burning", "Would an alert fire?", |html| {
        if firing == 0 {
            html.line("p", &[("class", "answer")], "No alert is firing.");
            disclosure(html, "Burn rates beside their limits", |html| {
                conditions_table(html, sheet, &watched);
            });
        } else {
            let verb = if firing == 1 { "is" } else { "are" };
            let text = format!("{} {verb} firing.", number::counted(firing, "condition"));
            html.line("p", &[("class", "answer")], &text);
            conditions_table(html, sheet, &watched);
        }
    });
}

fn is_firing(condition: &AlertCondition) -> bool {
    matches!(condition.state, AlertState::Firing(_))
}

fn conditions_table(html: &mut Html, sheet: &Sheet<'_>, watched: &[&Verdict]) {
    table(html, "tiers stacks", "Alerts and their limits", |html| {
        let names = [
            "segment",
            "does",
            "long window",
            "short window",
            "limit",
            "now",
        ];
        head(html, names, 2);
        html.element("tbody", &[], |html| {
            for verdict in watched {
                let mut conditions: Vec<&AlertCondition> = verdict
                    .alerts
                    .iter()
                    .filter(|condition| !sheet.is_dense || is_firing(condition))
                    .filter(|condition| condition.state != AlertState::Standby)
                    .collect();
                conditions.sort_by_key(|condition| condition.urgency);
                let rows = conditions.len();
                for (i, condition) in conditions.into_iter().enumerate() {
                    html.element("tr", &[], |html| {
                        if i == 0 {
                            spanning(html, rows, &series::whose(verdict));
                        }
                        row(html, sheet, verdict, condition);
                    });
                }
            }
        });
    });
}

fn row(html: &mut Html, sheet: &Sheet<'_>, verdict: &Verdict, condition: &AlertCondition) {
    let asks = match condition.urgency {
        Urgency::Page => "pages on call",
        Urgency::Ticket => "opens a ticket",
        Urgency::None => "is recorded",
    };
    html.line("td", &[("class", "word"), ("data-of", "does")], asks);
    let rate = |window| {
        let burn = find(verdict, window)
            .and_then(|burn| number::burn(burn.attainment.bad, burn.allowed_billionths));
        let rate = burn.unwrap_or_else(|| "-".to_owned());
        format!("{}: {rate}", duration_text(window))
    };
    let [long, short, limit] = match condition.rule {
        AlertRule::BurnRate { tier, burn } => [
            rate(tier.long),
            rate(tier.short),
            number::times(u128::from(burn.millionths())),
        ],
        AlertRule::LowTraffic { rule } => [
            duration_text(rule.within),
            "-".to_owned(),
            format!("{} bad", rule.at_least_bad),
        ],
    };
    let names = ["long window", "short window", "limit"];
    for (name, text) in names.into_iter().zip([long, short, limit]) {
        html.line("td", &[("data-of", name)], &text);
    }
    let attributes = [("class", "word"), ("data-of", "now")];
    html.element("td", &attributes, |html| match condition.state {
        AlertState::Firing(since) => {
            let state = match condition.urgency {
                Urgency::Page | Urgency::Ticket => State::Warn,
                Urgency::None => State::Quiet,
            };
            badge(
                html,
                state,
                &format!("firing since {}", sheet.desk.event(since)),
            );
        }
        AlertState::Quiet => html.text("not firing"),
        AlertState::Unreachable => html.text("never: everything failing burns less"),
        AlertState::TooFewEvents => html.text("not known: too few requests"),
        AlertState::Standby => html.text("not needed"),
    });
}

/// Every condition that any series has, once.
pub(crate) fn rules(verdicts: &[&Verdict]) -> Vec<(Urgency, AlertRule)> {
    let mut rules = Vec::new();
    for alert in verdicts.iter().flat_map(|verdict| &verdict.alerts) {
        if !rules.contains(&(alert.urgency, alert.rule)) {
            rules.push((alert.urgency, alert.rule));
        }
    }
    rules.sort_by_key(|(urgency, rule)| (*urgency, matches!(rule, AlertRule::LowTraffic { .. })));
    rules
}

pub(crate) fn asks(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Page => "a page",
        Urgency::Ticket => "a ticket",
        Urgency::None => "a record",
    }
}

/// `1h and 5m above 14.4x`, `2 bad in 6h, where requests are few`.
pub(crate) fn when(rule: &AlertRule) -> String {
    match rule {
        AlertRule::BurnRate { tier, burn } => format!(
            "{} and {} above {}",
            duration_text(tier.long),
            duration_text(tier.short),
            number::times(u128::from(burn.millionths()))
        ),
        AlertRule::LowTraffic { rule } => format!(
            "{} bad in {}, where requests are few",
            rule.at_least_bad,
            duration_text(rule.within)
        ),
    }
}

/// What a condition saw: `60x and 71x`; what it makes of it where it does not look at a rate.
pub(crate) fn seen(verdict: &Verdict, condition: &AlertCondition) -> String {
    let quiet = match condition.state {
        AlertState::Unreachable => return "can never fire".to_owned(),
        AlertState::Standby => return "not needed".to_owned(),
        AlertState::TooFewEvents => ", too few events",
        AlertState::Quiet | AlertState::Firing(_) => "",
    };
    match condition.rule {
        AlertRule::BurnRate { tier, .. } => {
            let rate = |window| {
                find(verdict, window)
                    .and_then(|burn| number::burn(burn.attainment.bad, burn.allowed_billionths))
                    .unwrap_or_else(|| "-".to_owned())
            };
            format!("{} and {}{quiet}", rate(tier.long), rate(tier.short))
        }
        AlertRule::LowTraffic { .. } if quiet.is_empty() => match condition.state {
            AlertState::Firing(_) => String::new(),
            _ => "quiet".to_owned(),
        },
        AlertRule::LowTraffic { .. } => "too few events".to_owned(),
    }
}

fn find(verdict: &Verdict, window: Duration) -> Option<&Burn> {
    verdict.burn.iter().find(|burn| burn.window == window)
}
