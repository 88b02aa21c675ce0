//! Verdicts as a table: events, bad, allowed, and what stands under a row. Knows no alert; see alerts.rs.

use std::fmt::Write as _;
use std::time::Duration;

use attain_engine::RATIO_UNITS;
use attain_model::quantity::duration_text;
use attain_model::slo::Budgeting;
use attain_model::verdict::{Coverage, ErrorBudget, OverLoadShare};
use attain_model::{Scope, Verdict, Window};
use attain_view::number;
use attain_view::table::{Align, Cell, Line};

use super::{Page, goal, hundredths, rendered, table};

impl Page<'_> {
    /// Every verdict.
    pub(super) fn verdicts(&self) -> String {
        let mut table = table(&[
            ("segment", Align::Left),
            ("events", Align::Right),
            ("bad", Align::Right),
            ("allowed", Align::Right),
            ("attained", Align::Right),
            ("target", Align::Left),
            ("left", Align::Right),
            ("coverage", Align::Right),
            ("verdict", Align::Left),
        ]);
        let mut last = None;
        for verdict in self.shown() {
            let group = (&verdict.name.slo, &verdict.name.objective);
            if last != Some(group) {
                last = Some(group);
                table.lines.push(self.heading(verdict));
            }
            table.lines.push(row(verdict, self.parts_of_unit(verdict)));
            table.lines.extend(
                remarks(verdict)
                    .into_iter()
                    .map(|text| Line::Remark(text.into())),
            );
        }
        rendered(&table)
    }

    /// Into how many parts what is counted is divided: a slice that counts by its ratio is kept in billionths.
    fn parts_of_unit(&self, verdict: &Verdict) -> u64 {
        let slo = self.promises.catalogue().slos.get(&verdict.name.slo);
        match slo.map(|slo| slo.budgeting) {
            Some(Budgeting::RatioTimeslices { .. }) => RATIO_UNITS,
            _ => 1,
        }
    }

    fn heading(&self, verdict: &Verdict) -> Line {
        let mut holds = Vec::new();
        if let Some(slo) = self.promises.catalogue().slos.get(&verdict.name.slo) {
            holds.push(match &slo.window {
                Window::Rolling(length) => format!("over {}", duration_text(*length)),
                window @ Window::Calendar(..) => {
                    format!("{window}, {}", self.interval(verdict.window))
                }
            });
            holds.extend(match slo.budgeting {
                Budgeting::Occurrences => None,
                Budgeting::Timeslices { slice, good_at } => Some(format!(
                    "slices of {} good at {good_at}",
                    duration_text(slice)
                )),
                Budgeting::RatioTimeslices { slice } => {
                    Some(format!("ratios of slices of {}", duration_text(slice)))
                }
            });
        }
        Line::Group(
            format!("{}/{}", verdict.name.slo, verdict.name.objective),
            holds.join(", "),
        )
    }

    /// The parts of windows that span a change of target.
    pub(super) fn parts(&self) -> String {
        let mut table = table(&[
            ("from", Align::Left),
            ("to", Align::Left),
            ("target", Align::Left),
            ("events", Align::Right),
            ("bad", Align::Right),
        ]);
        for verdict in self.shown() {
            table
                .lines
                .push(Line::Group(verdict.name.to_string(), String::new()));
            for part in &verdict.parts {
                table.lines.push(Line::Row(
                    [
                        self.time(part.interval.start),
                        self.time(part.interval.end),
                        goal(part.goal),
                        number::grouped(part.attainment.total()),
                        number::grouped(part.attainment.bad),
                    ]
                    .map(Cell::from)
                    .into(),
                ));
            }
        }
        rendered(&table)
    }
}

fn row(verdict: &Verdict, parts_of_unit: u64) -> Line {
    let parts = u128::from(parts_of_unit);
    let target = verdict
        .goal
        .and_then(|goal| goal.promised().map(|promised| promised.target.ppb()));
    let has_budget = verdict.pooled || target.is_some();
    let segment = match (&verdict.name.scope, verdict.pooled) {
        (Scope::All, true) => "all (pooled)".to_owned(),
        (scope, _) => scope.to_string(),
    };
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    Line::Row(
        [
            segment,
            decimal(verdict.attainment.total().into(), parts),
            decimal(verdict.attainment.bad.into(), parts),
            or_dash(has_budget.then(|| allowed(verdict.budget, parts))),
            or_dash(number::attained(verdict.attainment, target)),
            goal(verdict.goal),
            or_dash(number::budget_left(verdict.budget).filter(|_| has_budget)),
            match verdict.coverage {
                Coverage::Share(share) => hundredths(share),
                Coverage::NotKnown => "not known".to_owned(),
            },
            verdict.standing.word().to_owned(),
        ]
        .map(Cell::from)
        .into(),
    )
}

/// Bad events allowed, exactly: `216`, `0.05`.
fn allowed(budget: ErrorBudget, parts: u128) -> String {
    const BILLION: u128 = 1_000_000_000;
    decimal(budget.allowed_billionths, BILLION * parts)
}

/// A number of parts, in units of so many (a power of ten): `2,671.2`.
fn decimal(number: u128, parts: u128) -> String {
    let (whole, rest) = (number / parts, number % parts);
    let whole = number::grouped(whole);
    if rest == 0 {
        return whole;
    }
    let digits = parts.ilog10() as usize;
    let rest = format!("{rest:0digits$}");
    format!("{whole}.{}", rest.trim_end_matches('0'))
}

/// What stands under a row.
fn remarks(verdict: &Verdict) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(over) = verdict.over_load {
        remarks.push(over_load(over));
    }
    if let Some(excluded) = verdict.excluded {
        remarks.push(format!(
            "excluded: {}, {} bad of {}",
            duration_text(Duration::from_secs(excluded.seconds)),
            number::grouped(excluded.attainment.bad),
            number::plural(excluded.attainment.total(), "event"),
        ));
    }
    if verdict.uncertain > 0 {
        remarks.push(format!(
            "{} of the bad cannot be told from good",
            number::grouped(verdict.uncertain)
        ));
    }
    remarks
}

fn over_load(over: OverLoadShare) -> String {
    let mut text = format!(
        "above the load: {} of {}, {} bad of {}",
        number::grouped(over.minutes),
        number::plural(over.of_minutes, "minute"),
        number::grouped(over.attainment.bad),
        number::plural(over.attainment.total(), "event"),
    );
    if over.judged_minutes > 0 {
        let _ = write!(
            text,
            "; {} above the cap, judged all the same",
            number::plural(over.judged_minutes, "minute")
        );
    }
    text
}
