//! What several rows of the table share, so that it is said once: in the heading of their group, or above the table.

use attain_model::quantity::duration_text;
use attain_model::slo::{Budgeting, Load};
use attain_model::verdict::Coverage;
use attain_model::{Share, Verdict, Window};

use super::Desk;
use crate::table::Line;

/// What all rows of a group share.
pub(super) struct Common {
    /// How much was observed.
    pub(super) coverage: Option<Coverage>,
    /// Up to which load they hold.
    pub(super) load: Option<Load>,
}

impl Common {
    pub(super) fn of(group: &[Verdict]) -> Self {
        let first = group.first();
        let coverage = first
            .map(|v| v.coverage)
            .filter(|coverage| group.iter().all(|v| v.coverage == *coverage));
        let loads: Vec<Option<Load>> = group
            .iter()
            .filter_map(|v| Some(v.goal?.promised()?.load))
            .collect();
        let load = loads
            .first()
            .copied()
            .flatten()
            .filter(|load| loads.iter().all(|other| *other == Some(*load)));
        Self { coverage, load }
    }
}

/// What all groups share is said once, above the table.
pub(super) struct Everywhere {
    window: Option<String>,
    coverage: Option<Coverage>,
}

impl Everywhere {
    /// Nothing where there is only one group, whose heading says it as well.
    pub(super) fn of(desk: &Desk<'_>) -> Self {
        let verdicts = &desk.evaluation.verdicts;
        let Some((first, others)) = verdicts.split_first() else {
            return Self::nothing();
        };
        let name = |verdict: &Verdict| (verdict.name.slo.clone(), verdict.name.objective.clone());
        if others.iter().all(|other| name(other) == name(first)) {
            return Self::nothing();
        }
        let window = window_text(desk, first).filter(|text| {
            others
                .iter()
                .all(|v| window_text(desk, v).as_ref() == Some(text))
        });
        let coverage = others.iter().all(|v| v.coverage == first.coverage);
        Self {
            window,
            coverage: coverage.then_some(first.coverage),
        }
    }

    fn nothing() -> Self {
        Self {
            window: None,
            coverage: None,
        }
    }

    /// `each over 30d, coverage 42%`; `None` if nothing is to be said.
    pub(super) fn text(&self) -> Option<String> {
        let coverage = self.coverage.and_then(coverage_text);
        let said: Vec<String> = self.window.iter().cloned().chain(coverage).collect();
        (!said.is_empty()).then(|| format!("each {}", said.join(", ")))
    }
}

/// The name of a group, and what holds for its rows and not for the whole table.
pub(super) fn heading(
    desk: &Desk<'_>,
    group: &[Verdict],
    common: &Common,
    everywhere: &Everywhere,
) -> Line {
    let Some(first) = group.first() else {
        return Line::Group(String::new(), String::new());
    };
    let mut holds = Vec::new();
    if everywhere.window.is_none() {
        holds.extend(window_text(desk, first));
    }
    if let Some(Budgeting::Timeslices { slice, good_at }) = desk.slo(first).map(|slo| slo.budgeting)
    {
        holds.push(format!(
            "slices of {} good at {good_at}",
            duration_text(slice)
        ));
    }
    if let Some(load) = common.load {
        let own = if load.own { " own" } else { "" };
        holds.push(format!("at {}{own}", load.up_to));
    }
    if everywhere.coverage.is_none() {
        holds.extend(common.coverage.and_then(coverage_text));
    }
    Line::Group(
        format!("{}/{}", first.name.slo, first.name.objective),
        holds.join(", "),
    )
}

/// `over 30d`, `calendar month, 2026-11-01 to 2026-12-01`.
pub(crate) fn window_text(desk: &Desk<'_>, verdict: &Verdict) -> Option<String> {
    Some(match &desk.slo(verdict)?.window {
        Window::Rolling(length) => format!("over {}", duration_text(*length)),
        calendar @ Window::Calendar(..) => format!(
            "{calendar}, {} to {}",
            day(desk, verdict.window.start),
            day(desk, verdict.window_closes)
        ),
    })
}

fn day(desk: &Desk<'_>, at: jiff::Timestamp) -> String {
    at.to_zoned(desk.promises.catalogue().timezone.clone())
        .strftime("%Y-%m-%d")
        .to_string()
}

/// `None` when everything was observed.
pub(super) fn coverage_text(coverage: Coverage) -> Option<String> {
    match coverage {
        Coverage::Share(Share::WHOLE) => None,
        Coverage::Share(share) => Some(format!("coverage {}", coverage_percent(share))),
        Coverage::NotKnown => Some("coverage not known".to_owned()),
    }
}

/// One decimal, rounded down; never 0% for something.
pub(crate) fn coverage_percent(share: Share) -> String {
    match share.ppb() / 1_000_000 {
        0 if share.ppb() > 0 => "<0.1%".to_owned(),
        tenths if tenths % 10 == 0 => format!("{}%", tenths / 10),
        tenths => format!("{}.{}%", tenths / 10, tenths % 10),
    }
}
