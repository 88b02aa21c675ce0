//! Which promises a page shows, in which groups and order. Knows filters and groups; draws nothing.

use std::collections::BTreeMap;

use attain_model::slo::Slo;
use attain_model::{Audience, Layer, Scope, Verdict};

use super::Ask;
use crate::html::parts::State;
use crate::report::{Sheet, by_objective, masking, series};
use crate::status::is_promise;

/// With more rows than this a page shows some of each group, the worst first, and leads to the others.
pub(super) const ROWS: usize = 60;
/// Groups that are named on one page.
pub(super) const GROUPS: usize = 80;

/// An objective of an SLO: its series that are looked at.
#[derive(Debug, Clone)]
pub(super) struct Row<'a> {
    pub(super) slo: &'a Slo,
    pub(super) verdicts: Vec<&'a Verdict>,
    pub(super) is_masked: bool,
    /// Whose promises count, where a page is about one; the others stand beside them.
    only: Option<Scope>,
}

impl Row<'_> {
    /// The worst state of a promise in it; `None` where nothing is promised.
    pub(super) fn worst(&self) -> Option<State> {
        self.states().min()
    }

    fn states(&self) -> impl Iterator<Item = State> + '_ {
        self.promised().map(series::state)
    }

    /// The promises that count.
    fn promised(&self) -> impl Iterator<Item = &Verdict> + '_ {
        let is_its = |scope: &Scope| self.only.as_ref().is_none_or(|only| only == scope);
        self.verdicts
            .iter()
            .copied()
            .filter(move |verdict| is_promise(verdict) && is_its(&verdict.name.scope))
    }

    /// The order in which a reader wants them: what is hurt first.
    fn urgency(&self) -> impl Ord + use<> {
        let first = self.verdicts.first();
        let spent = self.promised().map(series::spent_millionths).max();
        (
            self.worst().unwrap_or(State::Quiet),
            !self.is_masked,
            first.map(|first| (first.audience, first.layer)),
            std::cmp::Reverse(spent),
        )
    }
}

/// How many promises stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    counts: [u64; 5],
    pub(super) masked: u64,
}

impl Tally {
    pub(super) fn of<'a>(rows: impl IntoIterator<Item = &'a Row<'a>>) -> Self {
        let mut tally = Self::default();
        for row in rows {
            for state in row.states() {
                tally.counts[state as usize] += 1;
            }
            tally.masked += u64::from(row.is_masked);
        }
        tally
    }

    pub(super) fn count(&self, state: State) -> u64 {
        self.counts[state as usize]
    }

    pub(super) fn promises(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// Rows that belong together.
#[derive(Debug, Clone)]
pub(super) struct Group<'a> {
    /// What it is asked for by: `in=`.
    pub(super) key: String,
    pub(super) title: String,
    pub(super) tally: Tally,
    pub(super) rows: Vec<Row<'a>>,
    /// Rows of it that this page does not show: they follow, or are on other pages.
    pub(super) more: usize,
}

/// The rows that a question leaves, without its state: how many there would be of each state is said beside them.
pub(super) fn rows<'a>(sheet: &'a Sheet<'_>, ask: &Ask, only: Option<&Scope>) -> Vec<Row<'a>> {
    let masked: std::collections::BTreeSet<_> = sheet
        .desk
        .evaluation
        .masked
        .iter()
        .map(|masked| (&masked.name.slo, &masked.name.objective))
        .collect();
    let verdicts = &sheet.desk.evaluation.verdicts;
    let slos = verdicts.chunk_by(|a, b| a.name.slo == b.name.slo);
    let mut rows = Vec::new();
    for group in slos {
        let Some(first) = group.first() else { continue };
        let Some(slo) = sheet.desk.slo(first) else {
            continue;
        };
        if !is_asked_for(ask, slo) {
            continue;
        }
        for objective in by_objective(group) {
            let verdicts: Vec<&Verdict> = objective
                .iter()
                .filter(|verdict| {
                    only.is_none_or(|only| {
                        verdict.name.scope == *only || verdict.name.scope == Scope::All
                    })
                })
                .collect();
            if only.is_some_and(|only| verdicts.iter().all(|verdict| verdict.name.scope != *only)) {
                continue;
            }
            let name = (&first.name.slo, &objective[0].name.objective);
            let is_masked = masked.contains(&name)
                && only.is_none_or(|only| {
                    verdicts
                        .iter()
                        .any(|v| v.name.scope == *only && masking::flag(sheet, v).is_some())
                });
            rows.push(Row {
                slo,
                verdicts,
                is_masked,
                only: only.cloned(),
            });
        }
    }
    rows
}

fn is_asked_for(ask: &Ask, slo: &Slo) -> bool {
    let is = |key: &str, test: &dyn Fn(&str) -> bool| ask.get(key).is_none_or(test);
    is("team", &|team| {
        slo.owners.iter().any(|owner| owner.as_str() == team)
    }) && is("layer", &|layer| slo.layer.word() == layer)
        && is("audience", &|audience| slo.audience.word() == audience)
        && is("service", &|service| slo.service.as_str() == service)
        && is("label", &|label| {
            let (key, value) = label.split_once('=').unwrap_or((label, ""));
            slo.meta
                .labels
                .get(key)
                .is_some_and(|found| value.is_empty() || found == value)
        })
        && is("q", &|words| {
            words.split_whitespace().all(|word| holds(slo, word))
        })
}

/// Whether a word stands in what names an SLO.
fn holds(slo: &Slo, word: &str) -> bool {
    let word = word.to_lowercase();
    let mut texts = vec![slo.id.as_str(), slo.service.as_str()];
    texts.extend(slo.outcome.as_deref());
    texts.extend(slo.owners.iter().map(|team| team.as_str()));
    texts.iter().any(|text| text.to_lowercase().contains(&word))
}

/// The word of a state in an address.
pub(super) fn state_key(state: State) -> &'static str {
    match state {
        State::Bad => "broken",
        State::Warn => "danger",
        State::Unknown => "unknown",
        State::Ok => "kept",
        State::Quiet => "quiet",
    }
}

/// Keeps rows of which a promise is in the asked state.
pub(super) fn of_state(rows: &mut Vec<Row<'_>>, ask: &Ask) {
    let Some(state) = ask.get("state") else {
        return;
    };
    if state == "masked" {
        rows.retain(|row| row.is_masked);
        return;
    }
    let state = State::ALL
        .into_iter()
        .find(|known| state_key(*known) == state);
    if let Some(state) = state {
        rows.retain(|row| row.states().any(|other| other == state));
    }
}

/// By what rows can be thousands, beside labels.
pub(super) const WAYS: [(&str, &str); 4] = [
    ("", "audience and layer"),
    ("team", "team"),
    ("service", "service"),
    ("state", "state"),
];

/// The groups, each with as many rows as fit the page.
pub(super) fn groups<'a>(rows: Vec<Row<'a>>, ask: &Ask) -> Vec<Group<'a>> {
    let total = rows.len();
    let by = ask.get("group").unwrap_or_default();
    let mut groups: BTreeMap<(String, String, String), Vec<Row<'a>>> = BTreeMap::new();
    for row in rows {
        let key = key(&row, by);
        groups.entry(key).or_default().push(row);
    }
    let mut groups: Vec<Group<'a>> = groups
        .into_iter()
        .map(|((_, key, title), rows)| Group {
            key,
            title,
            tally: Tally::of(&rows),
            rows,
            more: 0,
        })
        .collect();
    if let Some(only) = ask.get("in") {
        groups.retain(|group| group.key == only);
        if let [group] = groups.as_mut_slice() {
            one_page(group, ask);
        }
        return groups;
    }
    for group in &mut groups {
        // Invariant: a page that shows all keeps one order, so that rows stay where they are while numbers change.
        if total > ROWS {
            group.rows.sort_by_cached_key(Row::urgency);
        } else {
            group
                .rows
                .sort_by_key(|row| row.verdicts.first().map(|v| (v.audience, v.layer)));
        }
    }
    if total > ROWS {
        some_of_each(&mut groups);
    }
    groups
}

/// Sorts first, is asked for by, is shown as.
fn key(row: &Row<'_>, by: &str) -> (String, String, String) {
    let slo = row.slo;
    let named = |name: &str| (name.to_owned(), name.to_owned(), name.to_owned());
    match by {
        "team" => match slo.owners.iter().next() {
            Some(team) => named(team.as_str()),
            None => (
                "\u{7f}".to_owned(),
                "nobody".to_owned(),
                "owned by nobody".to_owned(),
            ),
        },
        "service" => named(slo.service.as_str()),
        "state" => {
            let state = row.worst().unwrap_or(State::Quiet);
            let title = crate::report::top::word(state);
            (
                (state as usize).to_string(),
                state_key(state).to_owned(),
                title.to_owned(),
            )
        }
        label if label.starts_with("label:") => {
            let value = slo.meta.labels.get(label.trim_start_matches("label:"));
            match value {
                Some(value) => named(value),
                None => ("\u{7f}".to_owned(), "-".to_owned(), "without it".to_owned()),
            }
        }
        _ => {
            let (place, key, title) = match (slo.audience, slo.layer) {
                (Audience::Customer, _) => (0, "customer", "Promised to customers"),
                (_, Layer::Product) => (1, "product", "Internal, product layer"),
                (_, Layer::Service) => (2, "service", "Internal, service layer"),
                (_, Layer::Infrastructure) => {
                    (3, "infrastructure", "Internal, infrastructure layer")
                }
            };
            (place.to_string(), key.to_owned(), title.to_owned())
        }
    }
}

/// One group alone is turned page by page.
fn one_page(group: &mut Group<'_>, ask: &Ask) {
    group.rows.sort_by_cached_key(Row::urgency);
    let first = page_number(ask).saturating_sub(1).saturating_mul(ROWS);
    group.rows.drain(..first.min(group.rows.len()));
    group.more = group.rows.len().saturating_sub(ROWS);
    group.rows.truncate(ROWS);
}

/// Which page of a group, from 1.
pub(super) fn page_number(ask: &Ask) -> usize {
    ask.get("page")
        .and_then(|page| page.parse().ok())
        .unwrap_or(1)
        .clamp(1, 100_000)
}

/// Every group shows its share, and what is hurt as far as there is room.
fn some_of_each(groups: &mut [Group<'_>]) {
    const HURT_OF_ONE: usize = 15;
    let share = ROWS / groups.len().max(1);
    let mut room = ROWS;
    for group in groups {
        let hurt = group.rows.iter().filter(|row| is_hurt(row)).count();
        let shown = share
            .max(hurt.min(HURT_OF_ONE))
            .min(room)
            .min(group.rows.len());
        room -= shown;
        group.more = group.rows.len() - shown;
        group.rows.truncate(shown);
    }
}

fn is_hurt(row: &Row<'_>) -> bool {
    row.is_masked || matches!(row.worst(), Some(State::Bad | State::Warn))
}
