//! Alert conditions and masked segments: what burns how fast, since when. Knows rates and states.

use std::fmt::Write as _;
use std::time::Duration;

use attain_model::Verdict;
use attain_model::policy::{Spends, Urgency};
use attain_model::quantity::duration_text;
use attain_model::verdict::{AlertCondition, AlertRule, AlertState, Masked};
use attain_view::number;
use attain_view::table::{Align, Cell, Line};

use super::{Page, hundredths, rendered, table};

impl Page<'_> {
    /// Every condition of every alert policy.
    pub(super) fn alerts(&self) -> String {
        let mut table = table(&[
            ("asks", Align::Left),
            ("when", Align::Left),
            ("long", Align::Right),
            ("short", Align::Right),
            ("over", Align::Right),
            ("state", Align::Left),
        ]);
        for verdict in self.shown().filter(|verdict| !verdict.alerts.is_empty()) {
            table
                .lines
                .push(Line::Group(verdict.name.to_string(), String::new()));
            for condition in &verdict.alerts {
                table.lines.push(self.condition(verdict, condition));
            }
        }
        rendered(&table)
    }

    fn condition(&self, verdict: &Verdict, condition: &AlertCondition) -> Line {
        let asks = match condition.urgency {
            Urgency::Page => "page",
            Urgency::Ticket => "ticket",
            Urgency::None => "nothing",
        };
        let state = match condition.state {
            AlertState::Quiet => "quiet".to_owned(),
            AlertState::Firing(since) => format!("firing since {}", self.time(since)),
            AlertState::Unreachable => "can never fire".to_owned(),
            AlertState::TooFewEvents => "too few events".to_owned(),
            AlertState::Standby => "not needed".to_owned(),
        };
        let cells = match condition.rule {
            AlertRule::BurnRate { tier, burn } => {
                let (long, short) = (duration_text(tier.long), duration_text(tier.short));
                let when = match tier.spends {
                    Spends::BudgetShare(share) => format!("{share} in {long}, {short}"),
                    Spends::Burn(multiple) => format!("{multiple} over {long}, {short}"),
                };
                [
                    when,
                    burn_over(verdict, tier.long),
                    burn_over(verdict, tier.short),
                    number::times(u128::from(burn.millionths())),
                    state,
                ]
            }
            AlertRule::LowTraffic { rule } => [
                format!(
                    "few events: {} bad in {}, 1 false per {}",
                    rule.at_least_bad,
                    duration_text(rule.within),
                    duration_text(rule.false_page_every)
                ),
                String::new(),
                String::new(),
                String::new(),
                state,
            ],
        };
        Line::Row(
            [asks.to_owned()]
                .into_iter()
                .chain(cells)
                .map(Cell::from)
                .collect(),
        )
    }

    /// Segments that the aggregate hides.
    pub(super) fn masked(&self) -> String {
        let mut text = String::new();
        let shown = |masked: &&Masked| self.slo.is_none_or(|slo| masked.name.slo.as_str() == slo);
        for masked in self.evaluation.masked.iter().filter(shown) {
            let _ = writeln!(
                text,
                "{} since {}: burns {} where all burns {}, with {} of the events",
                masked.name,
                self.time(masked.since),
                number::times(masked.segment_burn_millionths),
                number::times(masked.aggregate_burn_millionths),
                hundredths(masked.share),
            );
        }
        text
    }
}

fn burn_over(verdict: &Verdict, window: Duration) -> String {
    verdict
        .burn
        .iter()
        .find(|burn| burn.window == window)
        .and_then(|burn| number::burn(burn.attainment.bad, burn.allowed_billionths))
        .unwrap_or_else(|| "-".to_owned())
}
