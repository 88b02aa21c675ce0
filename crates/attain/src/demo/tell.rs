//! What changed since the demo's server was looked at last, in a few lines: whose promise, since when, how much is left, who
//! it comes from and what to do. Knows words; asks nobody.

use std::collections::{BTreeMap, BTreeSet};

use attain_view::{Look, Tone, number};
use jiff::Timestamp;

use super::seen::{Cause, Row, Seen};

/// The promise that the story is about.
pub const STORY: (&str, &str, &str) = ("checkout-completes", "availability", "premium");
/// Everybody together.
const ALL: &str = "all";

/// What was told so far.
#[derive(Debug, Default)]
pub struct Teller {
    pages: BTreeMap<String, Timestamp>,
    broken: BTreeSet<String>,
    as_of: Option<Timestamp>,
    /// Promises that page, and whose cause is not known yet.
    unexplained: BTreeSet<String>,
    /// What the story came to.
    pub came_to: CameTo,
}

/// What was seen of the story.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CameTo {
    /// Premium paged, and everybody together did not.
    pub burnt: Option<Timestamp>,
    /// Whom it came from.
    pub cause: Option<String>,
    /// The page has ended.
    pub recovered: Option<Timestamp>,
}

impl CameTo {
    /// Burnt and recovered.
    pub fn is_told(&self) -> bool {
        self.burnt.is_some() && self.recovered.is_some()
    }
}

impl Teller {
    /// What is new; each line may be followed by more lines that belong to it. `cause` says whom a loss comes from, if that
    /// can be told.
    pub fn tell(
        &mut self,
        seen: &Seen,
        cause: impl Fn(&Row) -> Option<Cause>,
        look: &Look,
    ) -> Vec<String> {
        if self.as_of == Some(seen.as_of) {
            return Vec::new();
        }
        let is_first = self.as_of.replace(seen.as_of).is_none();
        let mut lines = Vec::new();
        lines.extend(self.inside(seen, look));
        for row in seen.rows.iter().filter(|row| row.is_customers) {
            self.follow(row, seen);
            let page = self.page(row, seen, look);
            let broken = self.broken(row, seen, is_first || !page.is_empty(), look);
            lines.extend(page);
            lines.extend(self.cause(row, &cause));
            lines.extend(broken);
        }
        self.pages = paging(seen)
            .map(|(row, since)| (row.name(), since))
            .collect();
        lines
    }

    fn follow(&mut self, row: &Row, seen: &Seen) {
        if (
            row.slo.as_str(),
            row.objective.as_str(),
            row.segment.as_str(),
        ) != STORY
        {
            return;
        }
        let all = seen.row(STORY.0, STORY.1, ALL);
        let is_hidden = all.is_some_and(|all| all.pages_since.is_none());
        match row.pages_since {
            Some(since) if is_hidden => _ = self.came_to.burnt.get_or_insert(since),
            None if self.came_to.burnt.is_some() => {
                self.came_to.recovered.get_or_insert(seen.as_of);
            }
            _ => {}
        }
    }

    /// A customer's page that has begun or ended.
    fn page(&mut self, row: &Row, seen: &Seen, look: &Look) -> Vec<String> {
        let whom = format!("{} ({}) for {}", row.slo, row.objective, row.segment);
        match (self.pages.get(&row.name()), row.pages_since) {
            (None, Some(since)) => {
                self.unexplained.insert(row.name());
                let pages = look.paint(Tone::Bad, "pages");
                let mut lines = vec![format!("{whom} {pages}, since {}", clock(since))];
                lines.push(more(&how_bad(row)));
                let together = together(row, seen).into_iter().flatten();
                lines.extend(together.map(|text| more(&text)));
                lines
            }
            (Some(since), None) => {
                self.unexplained.remove(&row.name());
                let length = std::time::Duration::try_from(seen.as_of.duration_since(*since));
                let length = number::about(length.unwrap_or_default());
                let over = look.paint(Tone::Good, "over");
                vec![format!(
                    "{whom}: the page is {over} after {length}; {}",
                    left(row)
                )]
            }
            _ => Vec::new(),
        }
    }

    /// Whom a page comes from, once that can be told.
    fn cause(&mut self, row: &Row, cause: impl Fn(&Row) -> Option<Cause>) -> Vec<String> {
        if !self.unexplained.contains(&row.name()) {
            return Vec::new();
        }
        let Some(cause) = cause(row) else {
            return Vec::new();
        };
        self.unexplained.remove(&row.name());
        if row.segment == STORY.2 && row.objective == STORY.1 {
            self.came_to.cause.get_or_insert(cause.name.clone());
        }
        let mut lines = vec![format!(
            "{}% of what {} lost started in {}, owned by {}",
            cause.percent,
            row.segment,
            cause.name,
            cause.owners.join(", ")
        )];
        lines.push(more(&format!("path {}", cause.path.join(" > "))));
        let runbook = cause.runbook.iter();
        lines.extend(runbook.map(|runbook| more(&format!("do   {runbook}"))));
        lines
    }

    /// A customer's promise that is broken from now on, or kept again.
    fn broken(&mut self, row: &Row, seen: &Seen, is_first: bool, look: &Look) -> Vec<String> {
        let (name, is_broken) = (row.name(), row.verdict == "breached");
        let was_broken = self.broken.contains(&name);
        if is_broken {
            self.broken.insert(name);
        } else {
            self.broken.remove(&row.name());
        }
        if is_first || is_broken == was_broken {
            return Vec::new();
        }
        let whom = format!("{} ({}) for {}", row.slo, row.objective, row.segment);
        if !is_broken {
            let kept = look.paint(Tone::Good, "kept again");
            let over = format!("older losses are over {} ago", number::about(row.window));
            return vec![format!("{whom} is {kept}, {over}; {}", left(row))];
        }
        let broken = look.paint(Tone::Bad, "broken");
        let mut lines = vec![format!("{whom} is {broken}; {}", left(row))];
        if row.is_masked {
            let all = seen.row(&row.slo, &row.objective, ALL);
            let all = all.map_or_else(String::new, |all| {
                format!(": all together have {}", left(all))
            });
            lines.push(more(&format!("masked{all}")));
        }
        lines
    }

    /// What begins or ends to page inside: one line each.
    fn inside(&self, seen: &Seen, look: &Look) -> Vec<String> {
        let internal = |row: &&Row| !row.is_customers;
        let begun = seen.rows.iter().filter(internal);
        let begun =
            begun.filter(|row| row.pages_since.is_some() && !self.pages.contains_key(&row.name()));
        let ended = seen.rows.iter().filter(internal);
        let ended =
            ended.filter(|row| row.pages_since.is_none() && self.pages.contains_key(&row.name()));
        let mut lines = Vec::new();
        for (rows, what) in [
            (begun.collect::<Vec<_>>(), look.paint(Tone::Warn, "burns")),
            (ended.collect(), "is calm again".to_owned()),
        ] {
            if !rows.is_empty() {
                lines.push(format!("inside, {}: {what}", grouped(&rows)));
            }
        }
        lines
    }
}

/// `checkout-works, payments-charge (premium)`
fn grouped(rows: &[&Row]) -> String {
    let mut by_segment: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in rows {
        by_segment.entry(&row.segment).or_default().insert(&row.slo);
    }
    let group = |(segment, slos): (&str, BTreeSet<&str>)| {
        let slos: Vec<&str> = slos.into_iter().collect();
        format!("{} ({segment})", slos.join(", "))
    };
    let groups: Vec<String> = by_segment.into_iter().map(group).collect();
    groups.join("; ")
}

fn paging(seen: &Seen) -> impl Iterator<Item = (&Row, Timestamp)> {
    let rows = seen.rows.iter();
    rows.filter_map(|row| Some((row, row.pages_since?)))
}

/// How the promises of the story stand, as a small table.
pub fn table(seen: &Seen, look: &Look) -> String {
    let is_shown = |row: &&Row| row.slo == STORY.0 && row.objective == STORY.1;
    let rows: Vec<&Row> = seen.rows.iter().filter(is_shown).collect();
    let window = rows
        .first()
        .map_or_else(String::new, |row| number::about(row.window));
    let mut text = format!(
        "{} ({}), as of {} UTC; each over {window}\n  {:<10}{:>10}{:>9}{:>13}  verdict\n",
        STORY.0,
        STORY.1,
        clock(seen.as_of),
        "segment",
        "attained",
        "target",
        "budget left"
    );
    for row in rows {
        let attained = number::attained(row.attainment, row.target_ppb);
        let tone = if row.verdict == "met" {
            Tone::Good
        } else {
            Tone::Bad
        };
        text.push_str(&format!(
            "  {:<10}{:>10}{:>9}{:>13}  {}\n",
            row.segment,
            attained.unwrap_or_default(),
            row.goal.as_deref().unwrap_or("-"),
            number::budget_left(row.budget).unwrap_or_default(),
            look.paint(tone, &row.verdict)
        ));
    }
    text
}

/// `in the last 1m 24% of 540 requests failed where 0.5% may; -8% of the budget is left`
fn how_bad(row: &Row) -> String {
    let lately = row.lately.and_then(|(window, counted)| {
        Some(format!(
            "in the last {} {} of {} requests {}{}; ",
            number::about(window),
            number::failing(counted)?,
            number::grouped(counted.total()),
            if row.is_latency {
                "were too slow"
            } else {
                "failed"
            },
            may(row)
        ))
    });
    lately.unwrap_or_default() + &left(row)
}

/// What everybody's number says meanwhile.
fn together(row: &Row, seen: &Seen) -> Option<[String; 2]> {
    let all = seen.row(&row.slo, &row.objective, ALL);
    let all = all.filter(|_| row.segment != ALL)?;
    let failing = number::failing(all.lately?.1)?;
    let hides = match all.pages_since {
        None => "that pages nobody: the aggregate hides it",
        Some(_) => "that pages, too",
    };
    Some([
        format!("all together {failing}{}; {}", may(all), left(all)),
        hides.to_owned(),
    ])
}

fn may(row: &Row) -> String {
    let allowed = row.target_ppb.map(|target| 1_000_000_000 - target);
    let percent = allowed.map(|ppb| f64::from(ppb) / 1e7);
    percent.map_or_else(String::new, |percent| format!(" where {percent}% may"))
}

fn left(row: &Row) -> String {
    let left = number::budget_left(row.budget).unwrap_or_else(|| "none".to_owned());
    format!("{left} of the budget left")
}

/// A line that belongs to the one before.
fn more(text: &str) -> String {
    format!("  {text}")
}

/// `12:00:09`, in UTC.
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}
