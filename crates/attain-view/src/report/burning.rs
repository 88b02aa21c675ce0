//! Burn rates beside the thresholds of the alert policy: a row for each condition, a column for each segment.

use attain_model::Verdict;
use attain_model::policy::Urgency;
use attain_model::quantity::duration_text;
use attain_model::verdict::{AlertCondition, AlertRule, AlertState, Burn};
use std::time::Duration;

use super::{Sheet, series};
use crate::html::Html;
use crate::html::chart::bar;
use crate::html::parts::{State, badge, block, head, table};
use crate::number;

/// The table; nothing where no policy looks at the objective.
pub(super) fn tiers(html: &mut Html, sheet: &Sheet<'_>, objective: &[Verdict]) {
    let watched: Vec<&Verdict> = objective.iter().filter(|v| !v.alerts.is_empty()).collect();
    let mut rules = rules(&watched);
    if sheet.is_dense {
        rules.retain(|rule| is_needed(&watched, rule));
    }
    if rules.is_empty() {
        return;
    }
    block(html, "burning", "Burn rates against the alerts", |html| {
        table(html, "tiers", |html| {
            let segments: Vec<String> = watched.iter().map(|v| series::whose(v)).collect();
            let names = ["asks for", "when"].into_iter();
            head(html, names.chain(segments.iter().map(String::as_str)), 2);
            html.element("tbody", &[], |html| {
                for (urgency, rule) in rules {
                    html.element("tr", &[], |html| {
                        html.line("th", &[], asks(urgency));
                        html.line("td", &[], &when(&rule));
                        for verdict in &watched {
                            let condition = verdict
                                .alerts
                                .iter()
                                .find(|alert| alert.urgency == urgency && alert.rule == rule);
                            html.element("td", &[], |html| {
                                if let Some(condition) = condition {
                                    cell(html, sheet, verdict, condition);
                                }
                            });
                        }
                    });
                }
            });
        });
    });
}

/// Whether a condition looks at any series: where there are requests enough, the one for few of them does not.
fn is_needed(verdicts: &[&Verdict], rule: &(Urgency, AlertRule)) -> bool {
    verdicts
        .iter()
        .flat_map(|verdict| &verdict.alerts)
        .any(|alert| (alert.urgency, alert.rule) == *rule && alert.state != AlertState::Standby)
}

/// Every condition that any series has, once.
pub(super) fn rules(verdicts: &[&Verdict]) -> Vec<(Urgency, AlertRule)> {
    let mut rules = Vec::new();
    for alert in verdicts.iter().flat_map(|verdict| &verdict.alerts) {
        if !rules.contains(&(alert.urgency, alert.rule)) {
            rules.push((alert.urgency, alert.rule));
        }
    }
    rules.sort_by_key(|(urgency, rule)| (*urgency, matches!(rule, AlertRule::LowTraffic { .. })));
    rules
}

pub(super) fn asks(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Page => "a page",
        Urgency::Ticket => "a ticket",
        Urgency::None => "a record",
    }
}

/// `1h and 5m above 14.4x`, `2 bad in 6h, where requests are few`.
pub(super) fn when(rule: &AlertRule) -> String {
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
pub(super) fn seen(verdict: &Verdict, condition: &AlertCondition) -> String {
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

fn cell(html: &mut Html, sheet: &Sheet<'_>, verdict: &Verdict, condition: &AlertCondition) {
    let text = seen(verdict, condition);
    if let AlertState::Firing(since) = condition.state {
        let word = format!("firing since {}", sheet.desk.near(since));
        let state = match condition.urgency {
            Urgency::Page | Urgency::Ticket => State::Warn,
            Urgency::None => State::Quiet,
        };
        badge(html, state, &word);
    }
    html.text(&text);
    let AlertRule::BurnRate { tier, burn } = condition.rule else {
        return;
    };
    if sheet.is_dense || matches!(condition.state, AlertState::Unreachable) {
        return;
    }
    // An alert needs both windows: the slower one is what is missing to it.
    let rate = [tier.long, tier.short]
        .into_iter()
        .filter_map(|window| find(verdict, window))
        .filter(|burn| burn.allowed_billionths > 0)
        .map(|burn| burn.attainment.bad as f64 * 1e9 / burn.allowed_billionths as f64)
        .fold(f64::INFINITY, f64::min);
    if rate.is_finite() {
        bar::against(html, rate, burn.millionths() as f64 / 1e6, "");
    }
}
