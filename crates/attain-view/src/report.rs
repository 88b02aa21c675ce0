//! The report: how the promises stand and how they came to stand there, as one page that people forward. The same as
//! Markdown, and as JSON for programs.
//!
//! Knows the order: words first (who is hurt, since when, what is left, who owns it, what next), then the matrix, what
//! the aggregate hides, each SLO, and at the end what the numbers leave out. What is said is status's; each file below
//! knows one part of how it is shown.

pub(crate) mod burning;
pub(crate) mod cards;
pub(crate) mod days;
mod filling;
pub(crate) mod history;
mod json;
mod markdown;
pub(crate) mod masking;
pub(crate) mod matrix;
mod page;
pub(crate) mod series;
pub(crate) mod top;
pub(crate) mod worst;

use std::cmp::Reverse;
use std::collections::BTreeSet;

use attain_model::detail::Detail;
use attain_model::verdict::SeriesName;
use attain_model::{Evaluation, Interval, Promises, SloId, Verdict};

use jiff::tz::TimeZone;

use crate::look::Look;
use crate::status::{Desk, Run, is_promise};
use crate::status_json::Reading;

/// What the caller knows about a report beside the numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// What stands at the top; `None` is the catalogue's name.
    pub title: Option<String>,
    /// What is known about the run: what the instant is, remarks, whether anything was read.
    pub run: Run,
    /// From the first to the last instant that was read, over all sources; `None` if nothing was.
    pub data: Option<Interval>,
    /// What was read, by source.
    pub reading: Reading,
    /// Only these SLOs, if any are named; those that are not in the catalogue are passed over.
    pub slos: Vec<SloId>,
}

/// How the promises stand, ready to be shown.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    promises: &'a Promises,
    evaluation: Evaluation,
    details: &'a [Detail],
    about: &'a About,
}

/// A report about an evaluation and the details of its series. A series without a detail is shown without its charts.
#[must_use]
pub fn report<'a>(
    promises: &'a Promises,
    evaluation: &Evaluation,
    details: &'a [Detail],
    about: &'a About,
) -> Report<'a> {
    let mut evaluation = evaluation.clone();
    if !about.slos.is_empty() {
        only(&mut evaluation, &|slo| about.slos.contains(slo));
    }
    Report {
        promises,
        evaluation,
        details,
        about,
    }
}

impl Report<'_> {
    /// One self-contained page: no request to anywhere, no script, light and dark as the reader prefers, printable.
    #[must_use]
    pub fn html(&self) -> String {
        self.html_in("")
    }

    /// The page in a theme of its own, against the reader's preference: `light` or `dark`.
    #[must_use]
    pub fn html_in(&self, theme: &str) -> String {
        page::page(&self.sheet(), theme)
    }

    /// The same in words and tables, for where no page can be shown.
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown::markdown(&self.sheet())
    }

    /// The same for programs: exact whole numbers. See `docs/reference/report-json.md`.
    #[must_use]
    pub fn json(&self) -> String {
        json::json(&self.sheet())
    }

    /// Days of series that are shown.
    fn cells(&self) -> usize {
        let names: BTreeSet<&SeriesName> =
            self.evaluation.verdicts.iter().map(|v| &v.name).collect();
        let shown = self
            .details
            .iter()
            .filter(|detail| names.contains(&detail.name));
        shown.map(|detail| detail.days.len()).sum()
    }

    fn sheet(&self) -> Sheet<'_> {
        Sheet {
            desk: Desk {
                promises: self.promises,
                evaluation: &self.evaluation,
                look: &PLAIN,
                zone: &self.promises.catalogue().timezone,
                is_page: true,
                is_live: false,
                told: None,
            },
            details: self.details,
            about: self.about,
            has_titles: self.cells() <= CELLS_WITH_TITLES,
            is_dense: self.cells() > CELLS_IN_FULL,
            place: None,
        }
    }
}

/// With more days of series than this (20 series over 30 days) charts say no values under the pointer; tables do.
pub(crate) const CELLS_WITH_TITLES: usize = 600;

/// With more than this (66 series over 30 days) a page is brief: it leaves out what its tables say as well, and totals by
/// day.
const CELLS_IN_FULL: usize = 2_000;

pub(crate) static PLAIN: Look = Look {
    width: 80,
    color: false,
    ascii: false,
};

/// What every part of a report needs; the pages of a server show the same parts.
pub(crate) struct Sheet<'a> {
    pub(crate) desk: Desk<'a>,
    pub(crate) details: &'a [Detail],
    pub(crate) about: &'a About,
    /// Whether charts say their values under the pointer.
    pub(crate) has_titles: bool,
    /// Whether there are so many series that the page must be brief.
    pub(crate) is_dense: bool,
    /// Where more is said of a series; `None` where this page says it all.
    pub(crate) place: Option<&'a dyn Fn(&SeriesName) -> String>,
}

impl Sheet<'_> {
    /// The zone whose days are counted, whichever zone times are shown in.
    pub(crate) fn day_zone(&self) -> &TimeZone {
        &self.desk.promises.catalogue().timezone
    }

    pub(crate) fn detail(&self, name: &SeriesName) -> Option<&Detail> {
        self.details.iter().find(|detail| detail.name == *name)
    }

    /// Whether nothing was counted at all: cards, days and alerts would say so again and again, and are left out.
    pub(crate) fn is_empty(&self) -> bool {
        let mut verdicts = self.desk.evaluation.verdicts.iter();
        verdicts.all(|verdict| verdict.attainment.total() == 0)
    }

    /// Whether SLOs that hurt nobody are folded.
    pub(crate) fn is_long(&self) -> bool {
        const SLOS_IN_FULL: usize = 8;
        self.is_dense || self.by_slo().len() > SLOS_IN_FULL
    }

    /// What an SLO promises in the catalogue's words, unless they only repeat its name.
    pub(crate) fn outcome(&self, slo: &SloId) -> Option<&str> {
        let slo = self.desk.promises.catalogue().slos.get(slo)?;
        let outcome = slo.outcome.as_deref()?;
        let words = |text: &str| {
            let letters = text.chars().filter(|c| c.is_alphanumeric());
            letters.flat_map(char::to_lowercase).collect::<String>()
        };
        let name = words(slo.id.as_str());
        (name.is_empty() || words(outcome) != name).then_some(outcome)
    }

    pub(crate) fn title(&self) -> &str {
        self.about
            .title
            .as_deref()
            .unwrap_or(&self.desk.promises.catalogue().name)
    }

    /// The verdicts by SLO: customers' first, then the layers downwards; in each, what is broken, what alerts, what is not
    /// known, and then what has the least left.
    pub(crate) fn by_slo(&self) -> Vec<&[Verdict]> {
        let verdicts = &self.desk.evaluation.verdicts;
        let mut groups: Vec<&[Verdict]> =
            verdicts.chunk_by(|a, b| a.name.slo == b.name.slo).collect();
        groups.sort_by_cached_key(|group| {
            let promised = group.iter().filter(|verdict| is_promise(verdict));
            let worst = promised.clone().map(series::state).min();
            let spent = promised.map(series::spent_millionths).max();
            let first = group.first().map(|first| (first.audience, first.layer));
            (first, worst.is_none(), worst, Reverse(spent))
        });
        groups
    }
}

/// The series of an objective that are shown one by one. A page that must be brief leaves out the sum of the others, which
/// has no promise of its own and stands in the matrix.
fn shown<'a>(sheet: &Sheet<'_>, objective: &'a [Verdict]) -> impl Iterator<Item = &'a Verdict> {
    let is_dense = sheet.is_dense;
    objective
        .iter()
        .filter(move |verdict| !(is_dense && verdict.pooled && objective.len() > 1))
}

/// The verdicts of one SLO by objective.
pub(crate) fn by_objective(slo: &[Verdict]) -> impl Iterator<Item = &[Verdict]> {
    slo.chunk_by(|a, b| a.name.objective == b.name.objective)
}

/// Keeps what is about some SLOs; gaps that are about none of them by name stay.
pub(crate) fn only(evaluation: &mut Evaluation, keep: &dyn Fn(&SloId) -> bool) {
    let all: Vec<SloId> = evaluation
        .verdicts
        .iter()
        .map(|verdict| verdict.name.slo.clone())
        .collect();
    evaluation
        .gaps
        .retain(|gap| slo_of(&gap.about, &all).is_none_or(keep));
    evaluation.verdicts.retain(|v| keep(&v.name.slo));
    evaluation.masked.retain(|m| keep(&m.name.slo));
    evaluation.untagged.retain(|u| keep(&u.slo));
}

/// The SLO that a gap is about, if it is about one: `slo`, or `slo/objective/segment`.
fn slo_of<'a>(about: &str, slos: &'a [SloId]) -> Option<&'a SloId> {
    let name = about.split('/').next().unwrap_or(about);
    slos.iter().find(|slo| slo.as_str() == name)
}
