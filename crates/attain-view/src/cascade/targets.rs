//! Targets that would carry a promise, or why none would: as a table, as YAML, for programs.

use attain_cascade::{Allocated, Allotment, Carries, TooTight, percent_up};
use attain_math::ONE_PPB;
use attain_model::{Promised, Scope, SeriesName, Target};
use serde::Serialize;

use super::words;
use crate::json::pretty;
use crate::look::{Look, Tone, wrap};
use crate::number;
use crate::table::{Align, Cell, Line as Row, Table};

/// A target as it is written in a catalogue: the promise with another share.
#[must_use]
pub fn written(one: &Allotment) -> String {
    with_target(one.today, one.target_ppb)
}

fn with_target(promised: Promised, target_ppb: u32) -> String {
    let target = Target::from_ppb(target_ppb).unwrap_or(promised.target);
    Promised { target, ..promised }.to_string()
}

/// The answer on a terminal. `place` says where a target is written.
#[must_use]
pub fn table(found: &Allocated, place: &dyn Fn(&SeriesName) -> String, look: &Look) -> String {
    let mut out = format!("{}\n", look.paint(Tone::Strong, &found.name.to_string()));
    let (tone, text) = sentence(found);
    out.push_str(&format!(
        "  {}\n\n",
        look.paint(tone, &wrap(&text, look.columns() - 2, 2))
    ));
    let columns = [
        ("part", Align::Left),
        ("today", Align::Right),
        ("was bad", Align::Right),
        ("target", Align::Right),
        ("", Align::Left),
        ("written in", Align::Left),
    ];
    let mut table = Table {
        columns: columns
            .map(|(name, align)| (name.to_owned(), align))
            .to_vec(),
        lines: Vec::new(),
    };
    for one in &found.targets {
        table.lines.push(Row::Row(row(one, place(&one.name))));
    }
    out.push_str(&table.render(look));
    for part in &found.without {
        out.push_str(&format!(
            "  {part} promises nothing: it is not in the division\n"
        ));
    }
    out
}

fn sentence(found: &Allocated) -> (Tone, String) {
    let new = found.targets.iter().filter(|one| one.is_new()).count() as u64;
    let asked = percent_up(found.asked_ppb);
    let buffer = match found.asked_ppb == found.promised.target.ppb() {
        true => String::new(),
        false => format!(" ({} with the buffer)", asked),
    };
    let how = match found.carries {
        Carries::Always => "whatever fails together",
        _ => "each part counted once, if what they do not share fails independently",
    };
    let carried = words::carried(found.carried_ppb, found.asked_ppb);
    match new {
        0 => (
            Tone::Good,
            format!(
                "nothing to do: today's targets carry {}{buffer}, {how}: {carried}",
                found.promised
            ),
        ),
        _ => (
            Tone::Plain,
            format!(
                "{} to change, then the parts carry {}{buffer}, {how}: {carried}",
                number::plural(new, "target"),
                found.promised
            ),
        ),
    }
}

fn row(one: &Allotment, place: String) -> Vec<Cell> {
    let name = match one.is_direct {
        true => one.name.slo.to_string(),
        false => format!("  {}", one.name.slo),
    };
    let name = match &one.name.scope {
        Scope::All => name,
        Scope::Segment(id) => format!("{name}, {id}"),
    };
    let change = match one.target_ppb.cmp(&one.today.target.ppb()) {
        std::cmp::Ordering::Greater => "tighter",
        std::cmp::Ordering::Less => "looser",
        std::cmp::Ordering::Equal => "as it is",
    };
    // A target that was not kept is not kept by writing a better one.
    let is_missed = one
        .bad_ppb
        .is_some_and(|bad| bad > ONE_PPB - one.target_ppb);
    let bad = one.bad_ppb.map_or_else(String::new, words::cost);
    let tone = if is_missed { Tone::Bad } else { Tone::Plain };
    let change = if is_missed {
        format!("{change}, and not kept so far")
    } else {
        change.to_owned()
    };
    vec![
        Cell::from(name),
        Cell::from(one.today.to_string()),
        Cell::new(bad, tone),
        Cell::new(
            written(one),
            if one.is_new() {
                Tone::Strong
            } else {
                Tone::Plain
            },
        ),
        Cell::new(change, Tone::Quiet),
        Cell::new(place, Tone::Quiet),
    ]
}

/// Why no targets would do, on a terminal.
#[must_use]
pub fn refusal(refused: &TooTight, look: &Look) -> String {
    let mut out = format!("{}\n", look.paint(Tone::Strong, &refused.name.to_string()));
    let text = format!(
        "no targets carry it: at their best the parts lack {}; the best target they support is {}{}",
        words::cost(refused.gap_ppb),
        words::carried(refused.best_ppb, refused.promised.target.ppb()),
        match refused.asked_ppb == refused.promised.target.ppb() {
            true => String::new(),
            false => format!(
                ", or {} with the same buffer",
                words::carried(refused.best_with_buffer_ppb, refused.promised.target.ppb())
            ),
        }
    );
    out.push_str(&format!(
        "  {}\n\n",
        look.paint(Tone::Bad, &wrap(&text, look.columns() - 2, 2))
    ));
    let mut table = Table {
        columns: vec![
            ("part".to_owned(), Align::Left),
            ("at its best".to_owned(), Align::Right),
        ],
        lines: Vec::new(),
    };
    for (part, ppb) in &refused.floors {
        let cells = [part.to_string(), percent_up(*ppb)];
        table.lines.push(Row::Row(cells.map(Cell::from).to_vec()));
    }
    out + &table.render(look)
}

/// What is to change, as it stands in a catalogue.
#[must_use]
pub fn yaml(found: &Allocated) -> String {
    let mut out = format!("# carries {} of {}\n", found.promised, found.name.slo);
    let new: Vec<&Allotment> = found.targets.iter().filter(|one| one.is_new()).collect();
    if new.is_empty() {
        return out + "# nothing to change\n";
    }
    out.push_str("slos:\n");
    for one in new {
        let objective = &one.name.objective;
        let target = written(one);
        let value = match &one.name.scope {
            Scope::All => target,
            Scope::Segment(id) => format!("{{{id}: {target}}}"),
        };
        out.push_str(&format!(
            "  {}: {{objectives: {{{objective}: {value}}}}}  # today {}\n",
            one.name.slo, one.today
        ));
    }
    out
}

/// The version of the shape for programs.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Answer {
    version: u32,
    slo: String,
    objective: String,
    segment: String,
    goal: String,
    feasible: bool,
    asked_ppb: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    carried_ppb: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gap_ppb: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    best_supported_ppb: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    best_supported_with_buffer_ppb: Option<u32>,
    targets: Vec<TargetEntry>,
    promises_nothing: Vec<String>,
}

#[derive(Serialize)]
struct TargetEntry {
    slo: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    objective: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    today_ppb: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_ppb: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bad_ppb: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    best_ppb: Option<u32>,
}

/// The answer for programs: parts per billion as whole numbers.
#[must_use]
pub fn json(found: &Result<Allocated, Box<TooTight>>) -> String {
    pretty(&match found {
        Ok(found) => Answer {
            feasible: true,
            carried_ppb: Some(found.carried_ppb),
            targets: found.targets.iter().map(entry).collect(),
            promises_nothing: found.without.iter().map(ToString::to_string).collect(),
            ..answer(&found.name, &found.promised, found.asked_ppb)
        },
        Err(refused) => Answer {
            gap_ppb: Some(refused.gap_ppb),
            best_supported_ppb: Some(refused.best_ppb),
            best_supported_with_buffer_ppb: Some(refused.best_with_buffer_ppb),
            targets: refused
                .floors
                .iter()
                .map(|(part, best)| TargetEntry {
                    slo: part.to_string(),
                    objective: None,
                    segment: None,
                    today_ppb: None,
                    target_ppb: None,
                    bad_ppb: None,
                    best_ppb: Some(*best),
                })
                .collect(),
            ..answer(&refused.name, &refused.promised, refused.asked_ppb)
        },
    })
}

fn answer(name: &SeriesName, promised: &Promised, asked_ppb: u32) -> Answer {
    Answer {
        version: VERSION,
        slo: name.slo.to_string(),
        objective: name.objective.to_string(),
        segment: name.scope.to_string(),
        goal: promised.to_string(),
        feasible: false,
        asked_ppb,
        carried_ppb: None,
        gap_ppb: None,
        best_supported_ppb: None,
        best_supported_with_buffer_ppb: None,
        targets: Vec::new(),
        promises_nothing: Vec::new(),
    }
}

fn entry(one: &Allotment) -> TargetEntry {
    TargetEntry {
        slo: one.name.slo.to_string(),
        objective: Some(one.name.objective.to_string()),
        segment: Some(one.name.scope.to_string()),
        today_ppb: Some(one.today.target.ppb()),
        target_ppb: Some(one.target_ppb),
        bad_ppb: one.bad_ppb,
        best_ppb: None,
    }
}
