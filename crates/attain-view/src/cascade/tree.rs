//! A cascade on a terminal: whether the parts carry each target, and the parts as a tree whose costs add up.

use attain_cascade::{Carries, Counted, EdgeCost, Explained, Line};

use super::{Group, Shown, words};
use crate::look::{Look, Tone, wrap};
use crate::number;
use crate::table::{Align, Cell, Line as Row, Table};

/// The text; each line ends in a newline.
#[must_use]
pub fn tree(shown: &Shown<'_>, look: &Look) -> String {
    let mut out = String::new();
    for (index, group) in shown.groups().iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        push_group(&mut out, shown, group, look);
    }
    out
}

fn push_group(out: &mut String, shown: &Shown<'_>, group: &Group<'_>, look: &Look) {
    let one = group.tightest();
    let title = format!("{}/{}", one.name.slo, one.name.objective);
    out.push_str(&look.paint(Tone::Strong, &title));
    if let Some(outcome) = &group.slo.outcome {
        out.push_str(&format!("  {}", look.paint(Tone::Quiet, outcome)));
    }
    out.push('\n');
    if !one.rests_on_something() {
        let text = wrap(words::NOTHING_ADDS_UP, look.columns() - 4, 4);
        out.push_str(&format!("  - {}\n", look.paint(Tone::Quiet, &text)));
        return;
    }
    for (member, sentence) in words::sentences(&group.members) {
        let (tone, mark) = tone(member);
        let sentence = wrap(&sentence, look.columns() - 4, 4);
        out.push_str(&format!("  {} {sentence}\n", look.paint(tone, mark)));
    }
    out.push('\n');
    out.push_str(&targets(group).render(look));
    out.push('\n');
    out.push_str(&parts(one, shown.counted.is_some(), look).render(look));
    for note in notes(one, shown) {
        out.push_str(&format!("  {}\n", wrap(&note, look.columns() - 2, 2)));
    }
}

fn tone(one: &Explained) -> (Tone, &'static str) {
    match one.tighter.objective {
        Carries::No => (Tone::Bad, "x"),
        _ if !one.missing.is_empty() => (Tone::Warn, "?"),
        Carries::Independent => (Tone::Warn, "~"),
        Carries::Always => (Tone::Good, "+"),
    }
}

/// One row for each scope.
fn targets(group: &Group<'_>) -> Table {
    let mut table = table(&[
        ("segment", Align::Left),
        ("target", Align::Right),
        ("carried", Align::Right),
        ("whatever fails together", Align::Left),
        ("budget left", Align::Right),
        ("promised outside", Align::Left),
    ]);
    for one in &group.members {
        let target = one.promised.target.ppb();
        let outside = one.tighter.committed.map_or_else(String::new, |outside| {
            let buffer = outside.buffer_ppb / 10_000_000;
            let kept = match outside.carried {
                Carries::No => "not carried",
                _ => "carried",
            };
            format!("{}, buffer {buffer}%: {kept}", outside.promised.target)
        });
        let bounds = format!(
            "{} to {}",
            words::carried(one.composed.low_ppb, target),
            words::carried_up(one.composed.high_ppb, target)
        );
        let left = match one.tighter.objective {
            Carries::No => "none".to_owned(),
            _ => words::left(one.tighter.left_ppb, one.budget_ppb()),
        };
        let (tone, _) = tone(one);
        table.lines.push(Row::Row(vec![
            Cell::from(one.name.scope.to_string()),
            Cell::from(one.promised.to_string()),
            Cell::new(words::carried(one.composed.once_ppb, target), tone),
            Cell::from(bounds),
            Cell::from(left),
            Cell::from(outside),
        ]));
    }
    table
}

/// The tree. Costs of the first level and the line about what is shared add up to the whole.
fn parts(one: &Explained, measured: bool, look: &Look) -> Table {
    let wide = parts_with(one, measured, true, look);
    match wide.width() > look.columns() {
        true => parts_with(one, measured, false, look),
        false => wide,
    }
}

/// With remarks behind the lines, or under them.
fn parts_with(one: &Explained, measured: bool, wide: bool, look: &Look) -> Table {
    let of_budget = format!("of {} budget", words::whose(one));
    let of_budget = if wide {
        of_budget.as_str()
    } else {
        "of budget"
    };
    let mut columns = vec![
        ("rests on", Align::Left),
        ("promises", Align::Right),
        ("may cost", Align::Right),
        (of_budget, Align::Right),
    ];
    if measured {
        let was_bad = if wide { "was bad" } else { "bad" };
        columns.extend([(was_bad, Align::Right), ("did cost", Align::Right)]);
        columns.push((of_budget, Align::Right));
    }
    if wide {
        columns.push(("", Align::Left));
    }
    let mut draw = Draw {
        table: &mut table(&columns),
        budget_ppb: one.budget_ppb(),
        measured,
        wide,
        ascii: look.ascii,
    };
    draw.lines(&one.lines, &mut Vec::new());
    let together = one.together_ppb();
    if words::is_seen(together) {
        let of_budget = words::of_budget(together, one.budget_ppb());
        let cells = [words::difference(together), of_budget];
        draw.total(words::together(together), cells, None);
    }
    let cost = one.cost_ppb();
    let of_budget = words::of_budget(i64::from(cost), one.budget_ppb());
    draw.total("together", [words::cost(cost), of_budget], None);
    if let Some(bad) = one.counted.and_then(Counted::bad_ppb) {
        let what = format!("what {} lost", words::of_whom(one));
        draw.total(&what, [String::new(), String::new()], Some(bad));
    }
    draw.table.clone()
}

struct Draw<'d> {
    table: &'d mut Table,
    budget_ppb: u32,
    measured: bool,
    wide: bool,
    ascii: bool,
}

impl Draw<'_> {
    /// `last` says of each level above whether its line was the last there.
    fn lines(&mut self, lines: &[Line], last: &mut Vec<bool>) {
        for (index, line) in lines.iter().enumerate() {
            let is_last = index + 1 == lines.len();
            let branch = self.branch(last, is_last);
            self.line(line, &branch);
            last.push(is_last);
            self.lines(&line.below, last);
            last.pop();
        }
    }

    fn branch(&self, last: &[bool], is_last: bool) -> String {
        let [down, on, end] = self.strokes();
        let above = last.iter().map(|was| if *was { "   " } else { down });
        above.chain([if is_last { end } else { on }]).collect()
    }

    fn strokes(&self) -> [&'static str; 3] {
        match self.ascii {
            true => ["|  ", "|- ", "`- "],
            false => ["│  ", "├─ ", "└─ "],
        }
    }

    fn line(&mut self, line: &Line, branch: &str) {
        let (cost, of_budget) = match line.cost {
            EdgeCost::Ppb(ppb) => (words::cost(ppb), self.of_budget(ppb)),
            _ => (words::why_no_cost(line).to_owned(), String::new()),
        };
        let mut cells = vec![
            Cell::from(format!("{branch}{}", words::parts(line))),
            Cell::from(words::promises(line)),
            Cell::from(cost),
            Cell::from(of_budget),
        ];
        if self.measured {
            let is_over = words::is_over(line);
            let tone = if is_over { Tone::Bad } else { Tone::Plain };
            let bad = line.counted.and_then(Counted::bad_ppb);
            cells.push(Cell::new(bad.map_or_else(String::new, words::cost), tone));
            cells.extend(self.did(line.measured_ppb));
        }
        let remarks = words::remarks(line);
        if self.wide {
            cells.push(Cell::new(remarks, Tone::Quiet));
            self.table.lines.push(Row::Row(cells));
            return;
        }
        self.table.lines.push(Row::Row(cells));
        if !remarks.is_empty() {
            let [down, on, end] = self.strokes();
            let beside = branch.replace(on, down).replace(end, "   ");
            let mut cells = vec![Cell::empty(); self.table.columns.len()];
            cells[0] = Cell::new(format!("{beside}{remarks}"), Tone::Quiet);
            self.table.lines.push(Row::Row(cells));
        }
    }

    fn did(&self, ppb: Option<u32>) -> [Cell; 2] {
        let of_budget = ppb.map_or_else(String::new, |ppb| self.of_budget(ppb));
        let cost = ppb.map_or_else(String::new, words::cost);
        [Cell::from(cost), Cell::from(of_budget)]
    }

    fn of_budget(&self, ppb: u32) -> String {
        words::of_budget(i64::from(ppb), self.budget_ppb)
    }

    fn total(&mut self, what: &str, costs: [String; 2], measured: Option<u32>) {
        let mut cells = vec![Cell::new(what, Tone::Strong), Cell::empty()];
        cells.extend(costs.map(Cell::from));
        if self.measured {
            cells.push(Cell::empty());
            cells.extend(self.did(measured));
        }
        self.table.lines.push(Row::Row(cells));
    }
}

fn notes(one: &Explained, shown: &Shown<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    for shared in &one.composed.shared {
        notes.push(format!(
            "{} is reached over {}: when it fails, they fail together",
            shared.part,
            number::plural(u64::from(shared.ways), "edge")
        ));
    }
    notes.extend(words::measured(shown.together(one), one));
    for missing in &one.missing {
        notes.push(format!(
            "{} promises nothing for this: it is not in the sum",
            missing.part
        ));
    }
    if one.composed.given_up_ppb > 0 {
        notes.push(format!(
            "so much is shared that {} was not gone through; it is counted as failing",
            words::cost(one.composed.given_up_ppb)
        ));
    }
    if let Some(counted) = shown.counted {
        notes.push(format!("counted {counted}"));
    }
    notes
}

fn table(columns: &[(&str, Align)]) -> Table {
    Table {
        columns: columns
            .iter()
            .map(|(name, align)| ((*name).to_owned(), *align))
            .collect(),
        lines: Vec::new(),
    }
}
