//! One owner's view: my promises, who rests on me, whom I rest on, what I spent of theirs. On a terminal and for programs.

use attain_cascade::attribution::{Account, Attribution};
use attain_cascade::owner::{Edge, Owned, Promise};
use attain_cascade::{Carries, Counted, EdgeCost, percent_up};
use attain_math::ONE_PPB;
use attain_model::slo::Audience;
use attain_model::verdict::ErrorBudget;
use attain_model::{SeriesName, SloId};
use serde::Serialize;

use super::words;
use crate::json::pretty;
use crate::look::{Look, Tone};
use crate::number;
use crate::table::{Align, Cell, Line as Row, Table};

/// What a team sees, beside what it spent of the budgets of customers.
#[derive(Debug, Clone, Copy)]
pub struct OwnerView<'a> {
    /// The team's cascade.
    pub owned: &'a Owned,
    /// Who spent what of the promises to customers; `None` where nothing was counted.
    pub spent: Option<&'a Attribution>,
    /// The SLOs of the team.
    pub slos: &'a [SloId],
    /// Over which time was counted, in words; `None` where nothing was.
    pub counted: Option<&'a str>,
}

/// What a team's SLO spent of a promise.
struct Spent<'a> {
    promise: &'a SeriesName,
    slo: &'a SloId,
    events: u64,
    budget: ErrorBudget,
}

impl<'a> OwnerView<'a> {
    /// Each promise of which the team spent something, in the order of the promises.
    fn spent(&self) -> Vec<Spent<'a>> {
        let lines = self.spent.map_or([].as_slice(), |spent| &spent.lines);
        let each = lines.iter().flat_map(|line| {
            line.shares.iter().filter_map(|share| match &share.account {
                Account::Slo(slo) if self.slos.contains(slo) => Some(Spent {
                    promise: &line.customer,
                    slo,
                    events: share.spent,
                    budget: line.budget,
                }),
                Account::Slo(_) | Account::Unexplained => None,
            })
        });
        each.collect()
    }

    /// The text; each line ends in a newline.
    #[must_use]
    pub fn text(&self, look: &Look) -> String {
        let owned = self.owned;
        let mut out = format!("{}\n", look.paint(Tone::Strong, owned.team.as_str()));
        out.push_str(&self.summary());
        let heading = |out: &mut String, text: &str| {
            out.push_str(&format!("\n{}\n", look.paint(Tone::Strong, text)));
        };
        heading(&mut out, "What we promise");
        out.push_str(&self.promises().render(look));
        heading(&mut out, "Who rests on us");
        match owned.above.is_empty() {
            true => out.push_str("  nobody outside the team says so\n"),
            false => {
                out.push_str(&edges(&owned.above, Side::Above, self.is_counted()).render(look))
            }
        }
        heading(&mut out, "Whom we rest on");
        match owned.below.is_empty() {
            true => out.push_str("  nobody outside the team\n"),
            false => {
                out.push_str(&edges(&owned.below, Side::Below, self.is_counted()).render(look))
            }
        }
        heading(&mut out, "What we spent of the customers' budgets");
        out.push_str(&self.spent_text(look));
        if let Some(counted) = self.counted {
            out.push_str(&format!("\n  counted {counted}\n"));
        }
        out
    }

    fn is_counted(&self) -> bool {
        self.counted.is_some()
    }

    fn summary(&self) -> String {
        let missed = self.owned.promises.iter().filter(|one| is_missed(one));
        let short = self.owned.promises.iter();
        let short = short.filter(|one| one.carries == Some(Carries::No)).count() as u64;
        let mut said = vec![number::plural(self.owned.promises.len() as u64, "promise")];
        if self.is_counted() {
            said.push(match missed.count() as u64 {
                0 => "none broken".to_owned(),
                some => format!("{some} broken"),
            });
        }
        if short > 0 {
            said.push(format!("{short} that the parts do not carry"));
        }
        format!("  {}\n", said.join(", "))
    }

    fn promises(&self) -> Table {
        let mut table = table(&[
            ("promise", Align::Left),
            ("target", Align::Right),
            ("was bad", Align::Right),
            ("", Align::Left),
            ("parts", Align::Left),
            ("our seat", Align::Left),
        ]);
        for one in &self.owned.promises {
            let bad = one.counted.and_then(Counted::bad_ppb);
            let (kept, tone) = match bad {
                None => ("", Tone::Plain),
                Some(_) if is_missed(one) => ("broken", Tone::Bad),
                Some(_) => ("kept", Tone::Good),
            };
            let (carries, carried_tone) = match one.carries {
                None => ("", Tone::Plain),
                Some(Carries::No) => ("do not carry it", Tone::Bad),
                Some(_) => ("carry it", Tone::Plain),
            };
            let audience = match one.audience {
                Audience::Customer => format!("{}, to customers", one.seat),
                Audience::Internal => one.seat.to_owned(),
            };
            table.lines.push(Row::Row(vec![
                Cell::from(one.name.to_string()),
                Cell::from(one.promised.to_string()),
                Cell::from(bad.map_or_else(String::new, words::cost)),
                Cell::new(kept, tone),
                Cell::new(carries, carried_tone),
                Cell::new(audience, Tone::Quiet),
            ]));
        }
        table
    }

    fn spent_text(&self, look: &Look) -> String {
        if self.spent.is_none() {
            return "  nothing was counted\n".to_owned();
        }
        let spent = self.spent();
        if spent.is_empty() {
            return "  nothing\n".to_owned();
        }
        let mut table = table(&[
            ("promise", Align::Left),
            ("spent by", Align::Left),
            ("bad events", Align::Right),
            ("of its budget", Align::Right),
            ("of all it spent", Align::Right),
        ]);
        for one in &spent {
            let events = number::grouped(one.events);
            table.lines.push(Row::Row(vec![
                Cell::from(one.promise.to_string()),
                Cell::from(one.slo.to_string()),
                Cell::from(events),
                Cell::from(of_budget(one)),
                Cell::from(of_all(one)),
            ]));
        }
        let sum: u64 = spent.iter().map(|one| one.events).sum();
        table.lines.push(Row::Row(vec![
            Cell::new("together", Tone::Strong),
            Cell::empty(),
            Cell::new(number::grouped(sum), Tone::Strong),
        ]));
        table.render(look)
    }

    /// The view for programs: parts per billion and events as whole numbers.
    #[must_use]
    pub fn json(&self) -> String {
        let owned = self.owned;
        let spent = self.spent.map(|_| self.spent());
        pretty(&Document {
            version: VERSION,
            team: owned.team.as_str(),
            counted: self.counted,
            promises: owned.promises.iter().map(promise_entry).collect(),
            rests_on_us: owned.above.iter().map(edge_entry).collect(),
            we_rest_on: owned.below.iter().map(edge_entry).collect(),
            spent: spent.map(|spent| {
                let entry = |one: &Spent<'_>| SpentEntry {
                    promise: one.promise.to_string(),
                    slo: one.slo.to_string(),
                    bad: one.events,
                    of_spent: one.budget.spent,
                    allowed_billionths: one.budget.allowed_billionths.to_string(),
                };
                spent.iter().map(entry).collect()
            }),
        })
    }
}

fn is_missed(one: &Promise) -> bool {
    let bad = one.counted.and_then(Counted::bad_ppb);
    bad.is_some_and(|bad| bad > one.promised.target.budget_ppb())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Above,
    Below,
}

fn edges(edges: &[Edge], side: Side, counted: bool) -> Table {
    let mut columns = match side {
        Side::Above => vec![
            ("promise", Align::Left),
            ("of", Align::Left),
            ("rests on", Align::Left),
        ],
        Side::Below => vec![
            ("promise", Align::Left),
            ("rests on", Align::Left),
            ("of", Align::Left),
        ],
    };
    columns.extend([
        ("promises", Align::Right),
        ("may cost", Align::Right),
        ("of budget", Align::Right),
    ]);
    if counted {
        columns.extend([("did cost", Align::Right), ("of budget", Align::Right)]);
    }
    let mut table = table(&columns);
    for edge in edges {
        table.lines.push(Row::Row(edge_row(edge, side, counted)));
    }
    table
}

fn edge_row(edge: &Edge, side: Side, counted: bool) -> Vec<Cell> {
    let budget = edge.promised.target.budget_ppb();
    let owners: Vec<&str> = edge.owners.iter().map(|team| team.as_str()).collect();
    let owners = match owners.is_empty() {
        true => "somebody outside".to_owned(),
        false => owners.join(", "),
    };
    let part = names(edge);
    let mut cells = vec![Cell::from(edge.promise.to_string())];
    cells.extend(match side {
        Side::Above => [Cell::new(owners, Tone::Quiet), Cell::from(part)],
        Side::Below => [Cell::from(part), Cell::new(owners, Tone::Quiet)],
    });
    cells.push(Cell::from(
        edge.target_ppb.map_or_else(String::new, percent_up),
    ));
    let of_budget = |ppb: u32| words::of_budget(i64::from(ppb), budget);
    cells.extend(match edge.cost {
        EdgeCost::Ppb(ppb) => [Cell::from(words::cost(ppb)), Cell::from(of_budget(ppb))],
        _ => [Cell::from("not known"), Cell::empty()],
    });
    if counted {
        cells.extend(match edge.measured_ppb {
            Some(ppb) => {
                let bad = edge.counted.and_then(Counted::bad_ppb).unwrap_or(0);
                let is_over = edge.target_ppb.is_some_and(|target| bad > ONE_PPB - target);
                let tone = if is_over { Tone::Bad } else { Tone::Plain };
                [
                    Cell::new(words::cost(ppb), tone),
                    Cell::from(of_budget(ppb)),
                ]
            }
            None => [Cell::empty(), Cell::empty()],
        });
    }
    cells
}

fn names(edge: &Edge) -> String {
    let names: Vec<String> = edge.parts.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// Events as a share of what the promise allowed, rounded up.
fn of_budget(one: &Spent<'_>) -> String {
    let spent = u128::from(one.events) * u128::from(ONE_PPB) * 100;
    match one.budget.allowed_billionths {
        0 => String::new(),
        allowed => format!("{}%", spent.div_ceil(allowed)),
    }
}

fn of_all(one: &Spent<'_>) -> String {
    match one.budget.spent {
        0 => String::new(),
        all => format!(
            "{}%",
            (u128::from(one.events) * 100).div_ceil(u128::from(all))
        ),
    }
}

fn table(columns: &[(&str, Align)]) -> Table {
    let column = |(name, align): &(&str, Align)| ((*name).to_owned(), *align);
    Table {
        columns: columns.iter().map(column).collect(),
        lines: Vec::new(),
    }
}

/// The version of the shape for programs.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    team: &'a str,
    counted: Option<&'a str>,
    promises: Vec<PromiseEntry>,
    rests_on_us: Vec<EdgeEntry>,
    we_rest_on: Vec<EdgeEntry>,
    spent: Option<Vec<SpentEntry>>,
}

#[derive(Serialize)]
struct PromiseEntry {
    promise: String,
    goal: String,
    audience: &'static str,
    seat: &'static str,
    carries: Option<&'static str>,
    bad: Option<u64>,
    total: Option<u64>,
}

#[derive(Serialize)]
struct EdgeEntry {
    promise: String,
    budget_ppb: u32,
    parts: Vec<String>,
    owners: Vec<String>,
    target_ppb: Option<u32>,
    cost_ppb: Option<u32>,
    measured_cost_ppb: Option<u32>,
}

#[derive(Serialize)]
struct SpentEntry {
    promise: String,
    slo: String,
    bad: u64,
    of_spent: u64,
    allowed_billionths: String,
}

fn promise_entry(one: &Promise) -> PromiseEntry {
    PromiseEntry {
        promise: one.name.to_string(),
        goal: one.promised.to_string(),
        audience: one.audience.word(),
        seat: one.seat,
        carries: one.carries.map(super::json::word),
        bad: one.counted.map(|counted| counted.bad),
        total: one.counted.map(|counted| counted.total),
    }
}

fn edge_entry(edge: &Edge) -> EdgeEntry {
    EdgeEntry {
        promise: edge.promise.to_string(),
        budget_ppb: edge.promised.target.budget_ppb(),
        parts: edge.parts.iter().map(ToString::to_string).collect(),
        owners: edge.owners.iter().map(ToString::to_string).collect(),
        target_ppb: edge.target_ppb,
        cost_ppb: match edge.cost {
            EdgeCost::Ppb(ppb) => Some(ppb),
            EdgeCost::Apart | EdgeCost::Unknown => None,
        },
        measured_cost_ppb: edge.measured_ppb,
    }
}
