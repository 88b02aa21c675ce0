//! `attain attribution`: who spent how much of a customer's budget. Knows which series and which window are read; the
//! division is attain-cascade's, how it looks attain-view's.

use std::collections::BTreeMap;

use attain_cascade::attribution::{Attribution, Line, Track, attribute as divide, sides};
use attain_cascade::customer_series;
use attain_engine::{Counts, Period, spending};
use attain_model::verdict::ErrorBudget;
use attain_model::{AsOf, Interval, Scope, SeriesName, SloId};
use attain_view::attribution::{attribution, attribution_json};
use jiff::Timestamp;

use crate::asked::{About, Asked};
use crate::cli::{AttributionArguments, StatusFormat};
use crate::exit::{Exit, Failure};
use crate::status::all_series;
use crate::terminal::Terminal;

/// Runs the command.
pub fn run(arguments: &AttributionArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let about = About {
        at: arguments.at.as_deref(),
        as_known_then: false,
        slos: &arguments.slo,
    };
    let period = arguments.period.as_deref().map(Period::parse);
    let period = period.transpose().map_err(|error| Failure::of(&error))?;
    let asked = Asked::of(&arguments.input, &about, |_| Ok(()), terminal)?;
    let catalogue = asked.promises.catalogue();
    let period = period.map(|period| period.interval(&catalogue.timezone));
    let found = attribute(&asked, &arguments.slo, period);
    terminal.print(&match arguments.format {
        StatusFormat::Json => attribution_json(catalogue, &found),
        StatusFormat::Human => attribution(catalogue, &found, &terminal.look()),
    })?;
    Ok(match asked.data() {
        Some(_) => Exit::Fine,
        None => Exit::Unknown,
    })
}

/// Who spent what of every promise to customers, or of these SLOs, over the window of each or over a period.
pub fn attribute(asked: &Asked, slos: &[String], period: Option<Interval>) -> Attribution {
    let names = match slos.is_empty() {
        true => customer_series(&asked.promises, asked.day()),
        false => all_series(asked.promises.catalogue())
            .into_iter()
            .filter(|name| slos.iter().any(|slo| slo == name.slo.as_str()))
            .collect(),
    };
    let names = each_event_once(names);
    let evaluation = asked.evaluation(&[]);
    let mut lines = asked.facts.with(|counts| {
        let mut tracks = Tracks {
            asked,
            counts,
            read: BTreeMap::new(),
        };
        let mut lines = Vec::new();
        for name in names {
            let verdict = evaluation.verdicts.iter().find(|v| v.name == name);
            let Some(verdict) = verdict.filter(|v| v.goal.is_some_and(|g| g.promised().is_some()))
            else {
                continue;
            };
            lines.push(match period {
                None => tracks.line(&name, verdict.window, Some(verdict.budget)),
                Some(period) => tracks.line(&name, period, None),
            });
        }
        lines
    });
    lines.retain(|line| line.window.start < line.window.end);
    let start = lines.iter().map(|line| line.window.start).min();
    let end = lines.iter().map(|line| line.window.end).max();
    let none = Interval {
        start: asked.as_of.instant,
        end: asked.as_of.instant,
    };
    Attribution {
        window: start
            .zip(end)
            .map_or(none, |(start, end)| Interval { start, end }),
        lines,
    }
}

/// Without the target of all traffic beside those of segments: its events are theirs, and would be counted twice.
fn each_event_once(names: Vec<SeriesName>) -> Vec<SeriesName> {
    let is_again = |name: &SeriesName| {
        name.scope == Scope::All
            && names.iter().any(|other| {
                let is_same = other.slo == name.slo && other.objective == name.objective;
                is_same && other.scope != Scope::All
            })
    };
    names
        .iter()
        .filter(|name| !is_again(name))
        .cloned()
        .collect()
}

/// Series slot by slot, each read once.
struct Tracks<'a> {
    asked: &'a Asked,
    counts: &'a dyn Counts,
    read: BTreeMap<SeriesName, Vec<Slot>>,
}

#[derive(Clone, Copy)]
struct Slot {
    at: Timestamp,
    events: attain_model::verdict::Attainment,
    budget: ErrorBudget,
}

impl Tracks<'_> {
    fn of(&mut self, name: &SeriesName, window: Interval) -> Vec<Slot> {
        let (asked, counts) = (self.asked, self.counts);
        // A period ends before the instant, or else the instant is all that is known.
        let as_of = AsOf {
            instant: asked.as_of.instant.max(window.end).min(Timestamp::MAX),
            known_until: asked.as_of.known_until,
        };
        let slots = self.read.entry(name.clone()).or_insert_with(|| {
            let slots = spending(&asked.promises, counts, name, as_of).into_iter();
            slots
                .map(|(at, events, budget)| Slot { at, events, budget })
                .collect()
        });
        let is_in = |slot: &&Slot| window.start <= slot.at && slot.at < window.end;
        slots.iter().filter(is_in).copied().collect()
    }

    fn line(&mut self, name: &SeriesName, window: Interval, budget: Option<ErrorBudget>) -> Line {
        let catalogue = self.asked.promises.catalogue();
        let on = self.asked.day();
        let own = self.of(name, window);
        let sum = own
            .iter()
            .fold(ErrorBudget::default(), |sum, slot| ErrorBudget {
                allowed_billionths: sum
                    .allowed_billionths
                    .saturating_add(slot.budget.allowed_billionths),
                spent: sum.spent.saturating_add(slot.budget.spent),
            });
        let track = |slots: Vec<Slot>| -> Track {
            slots.iter().map(|slot| (slot.at, slot.events)).collect()
        };
        let insides: BTreeMap<SloId, Track> = sides(catalogue, on, name)
            .into_iter()
            .map(|(slo, side)| (slo, track(self.of(&side.name, window))))
            .collect();
        let budget = budget.unwrap_or(sum);
        divide(catalogue, on, name, window, budget, &track(own), &insides)
    }
}
