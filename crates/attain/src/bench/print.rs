//! What a bench says: a line for each incident and the totals, and the same as JSON. Knows trials; decides nothing.

use attain_cascade::diagnose::{CONFIDENT, Suspect, Unit};
use attain_view::Look;
use attain_view::table::{Align, Line as Row, Table};
use serde_json::{Value, json};

use super::dataset::Scenario;
use super::normal::Found;
use super::trial::Trial;

/// An incident and how it went.
pub struct Line<'a> {
    /// Where it happened.
    pub scenario: &'a Scenario,
    /// Its name in the scenario.
    pub incident: String,
    /// What kind of fault it was, where the dataset says so.
    pub kind: Option<String>,
    /// What the customer lost.
    pub unit: Unit,
    /// Where it began.
    pub culprits: Vec<String>,
    /// How it went.
    pub trial: Trial,
}

impl Line<'_> {
    fn name(&self) -> String {
        match self.scenario.name.as_str() {
            "" => self.incident.clone(),
            scenario => format!("{scenario}/{}", self.incident),
        }
    }

    fn group(&self) -> String {
        let kind = self
            .kind
            .clone()
            .unwrap_or_else(|| word(self.unit).to_owned());
        match self.scenario.name.as_str() {
            "" => kind,
            scenario => format!("{scenario} {kind}"),
        }
    }

    /// A fault of another sort than what was measured: an exception that takes no time, say.
    fn is_apart(&self) -> bool {
        let kind = self.kind.as_deref();
        self.unit == Unit::Seconds && matches!(kind, Some("exception" | "return"))
    }
}

/// For people.
pub fn text(lines: &[Line<'_>]) -> String {
    let mut out = table(lines).render(&Look::plain());
    out.push('\n');
    out.push_str(&totals(lines).render(&Look::plain()));
    out
}

fn table(lines: &[Line<'_>]) -> Table {
    let columns = [
        ("incident", Align::Left),
        ("lost", Align::Left),
        ("rank", Align::Right),
        ("score", Align::Right),
        ("first suspect", Align::Left),
        ("culprit", Align::Left),
    ];
    let row = |line: &Line<'_>| {
        let first = line.trial.diagnosis.suspects.first();
        let rank = |rank: &Option<usize>| rank.map_or("-".to_owned(), |rank| rank.to_string());
        let ranks: Vec<String> = line.trial.ranks.iter().map(rank).collect();
        let score = match first {
            Some(first) if line.trial.is_named() => format!("{:.2}", first.score),
            Some(first) => format!("weak {:.2}", first.score),
            None => "-".to_owned(),
        };
        let suspect = first.map_or("-", |first| line.scenario.names[first.node].as_str());
        Row::Row(vec![
            line.name().into(),
            line.kind.as_deref().unwrap_or(word(line.unit)).into(),
            if ranks.is_empty() {
                "-".into()
            } else {
                ranks.join(",").into()
            },
            score.into(),
            suspect.into(),
            if line.trial.is_first() {
                "".into()
            } else {
                line.culprits.join(", ").into()
            },
        ])
    };
    Table {
        columns: columns.map(|(name, align)| (name.to_owned(), align)).into(),
        lines: lines.iter().map(row).collect(),
    }
}

/// Some incidents together.
#[derive(Default)]
struct Total {
    incidents: usize,
    first: usize,
    among_three: usize,
    two: usize,
    both: usize,
    named: usize,
    named_right: usize,
    strangest: usize,
    chance: f64,
}

impl Total {
    fn of<'a>(lines: impl Iterator<Item = &'a Line<'a>>) -> Self {
        let mut total = Self::default();
        for line in lines {
            let trial = &line.trial;
            total.incidents += 1;
            total.first += usize::from(trial.is_first());
            total.among_three += usize::from(trial.is_among_three());
            total.two += usize::from(trial.ranks.len() == 2);
            total.both += usize::from(trial.are_first_two());
            total.named += usize::from(trial.is_named());
            total.named_right += usize::from(trial.is_named() && trial.is_first());
            total.strangest += usize::from(trial.strangest_is_right);
            total.chance += trial.chance;
        }
        total
    }

    fn row(&self, name: &str) -> Row {
        let share = |count: usize, of: usize| match of {
            0 => "-".to_owned(),
            of => format!("{count} of {of} {:.3}", count as f64 / of as f64),
        };
        Row::Row(vec![
            name.into(),
            share(self.first, self.incidents).into(),
            share(self.among_three, self.incidents).into(),
            match self.two {
                0 => "".into(),
                two => share(self.both, two).into(),
            },
            share(self.named_right, self.named).into(),
            share(self.strangest, self.incidents).into(),
            format!("{:.3}", self.chance / self.incidents.max(1) as f64).into(),
        ])
    }

    fn json(&self) -> Value {
        json!({
            "incidents": self.incidents,
            "first": self.first,
            "among_three": self.among_three,
            "two_at_once": self.two,
            "both_of_two": self.both,
            "named": self.named,
            "named_right": self.named_right,
            "largest_deviation_right": self.strangest,
            "blind_guess": self.chance / self.incidents.max(1) as f64,
        })
    }
}

/// Each group, then all; faults that the measured metric cannot show are counted apart.
fn groups<'a>(lines: &'a [Line<'a>]) -> Vec<(String, Total)> {
    let mut names: Vec<String> = Vec::new();
    for line in lines {
        let group = line.group();
        if !names.contains(&group) {
            names.push(group);
        }
    }
    let mut groups: Vec<(String, Total)> = match names.len() {
        1 => Vec::new(),
        _ => names
            .into_iter()
            .map(|name| {
                let of = lines.iter().filter(|line| line.group() == name);
                let total = Total::of(of);
                (name, total)
            })
            .collect(),
    };
    if lines.iter().any(Line::is_apart) {
        let apart = lines.iter().filter(|line| line.is_apart());
        groups.push(("exception and return faults".to_owned(), Total::of(apart)));
        let rest = lines.iter().filter(|line| !line.is_apart());
        groups.push(("all other faults".to_owned(), Total::of(rest)));
    } else {
        groups.push(("all".to_owned(), Total::of(lines.iter())));
    }
    groups
}

fn totals(lines: &[Line<'_>]) -> Table {
    let columns = [
        ("", Align::Left),
        ("first", Align::Right),
        ("among three", Align::Right),
        ("both of two", Align::Right),
        ("right where named", Align::Right),
        ("largest deviation", Align::Right),
        ("blind guess", Align::Right),
    ];
    Table {
        columns: columns.map(|(name, align)| (name.to_owned(), align)).into(),
        lines: groups(lines)
            .iter()
            .map(|(name, total)| total.row(name))
            .collect(),
    }
}

/// Who is named though nothing happened.
pub fn normal(found: &[(&str, Unit, Found)]) -> String {
    let columns = [
        ("normal traffic", Align::Left),
        ("windows", Align::Right),
        ("looked into", Align::Right),
        ("somebody named", Align::Right),
        ("share", Align::Right),
    ];
    let row = |name: String, windows: usize, looked_into: usize, named: usize| {
        Row::Row(vec![
            name.into(),
            windows.to_string().into(),
            looked_into.to_string().into(),
            named.to_string().into(),
            format!("{:.4}", named as f64 / windows.max(1) as f64).into(),
        ])
    };
    let mut lines: Vec<Row> = found
        .iter()
        .map(|(name, unit, found)| {
            let name = format!("{name} {}", word(*unit));
            row(name, found.windows, found.looked_into, found.named)
        })
        .collect();
    let sum = |of: fn(&Found) -> usize| found.iter().map(|(_, _, found)| of(found)).sum();
    lines.push(row(
        "all".to_owned(),
        sum(|found| found.windows),
        sum(|found| found.looked_into),
        sum(|found| found.named),
    ));
    Table {
        columns: columns.map(|(name, align)| (name.to_owned(), align)).into(),
        lines,
    }
    .render(&Look::plain())
}

/// For programs.
pub fn json(lines: &[Line<'_>]) -> String {
    let suspect = |line: &Line<'_>, suspect: &Suspect| {
        let name = |node: &usize| line.scenario.names[*node].as_str();
        json!({
            "node": name(&suspect.node),
            "score": suspect.score,
            "share": suspect.share,
            "loss": suspect.loss,
            "sigmas": suspect.sigmas,
            "explained": suspect.explained,
            "explained_by": suspect.explained_by.iter().map(|by| name(&by.node)).collect::<Vec<_>>(),
            "path": suspect.path.iter().map(name).collect::<Vec<_>>(),
        })
    };
    let incident = |line: &Line<'_>| {
        let suspects = line.trial.diagnosis.suspects.iter();
        json!({
            "scenario": line.scenario.name,
            "incident": line.incident,
            "kind": line.kind,
            "metric": word(line.unit),
            "culprits": line.culprits,
            "ranks": line.trial.ranks,
            "named": line.trial.named.iter().map(|node| line.scenario.names[*node].as_str()).collect::<Vec<_>>(),
            "lost": line.trial.diagnosis.lost,
            "suspects": suspects.map(|s| suspect(line, s)).collect::<Vec<_>>(),
        })
    };
    let totals: serde_json::Map<String, Value> = groups(lines)
        .iter()
        .map(|(name, total)| (name.clone(), total.json()))
        .collect();
    let all = json!({
        "named_from_score": CONFIDENT,
        "incidents": lines.iter().map(incident).collect::<Vec<_>>(),
        "totals": totals,
    });
    format!("{all:#}\n")
}

/// What the customer loses, in the words of the dataset.
pub fn word(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "latency",
        Unit::Events => "availability",
    }
}
