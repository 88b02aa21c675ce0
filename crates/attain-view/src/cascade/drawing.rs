//! A cascade as one SVG that stands alone: light or dark as the reader's end is, no script, nothing fetched.
//!
//! Every promise is a bar of its budget, filled by its parts; below it stands the tree, each part with what it may cost
//! and, where it was counted, what it did cost. Nothing is said by colour alone.

use attain_cascade::{Carries, EdgeCost, Explained, Line};
use attain_math::ONE_PPB;

use super::{Group, Shown, words};
use crate::html::Html;
use crate::look::wrap;

/// The colours are those of the pages; a test compares them.
const STYLE: &str = "\
.paper{fill:#fbfbf9}.ink{fill:#1b1f24}.ink3{fill:#646c76}.line{stroke:#c9ccc8;fill:none}.track{fill:#e4e5e1}\
.part{fill:#7d858e}.part2{fill:#4a525b}.ok{fill:#1d6b4a}.warn{fill:#855000}.bad{fill:#ad2018}.over{fill:#c9352b}\
.did{fill:#b77405}.tick{stroke:#1b1f24;stroke-width:1.5}\
text{font:13px ui-sans-serif,system-ui,-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",Arial,sans-serif;\
font-variant-numeric:tabular-nums}.h{font-size:18px;font-weight:650}.b{font-weight:600}.s{font-size:12px}\
@media (prefers-color-scheme:dark){.paper{fill:#131519}.ink{fill:#e9eaec}.ink3{fill:#949ba5}.line{stroke:#434954}\
.track{fill:#2a2e35}.part{fill:#7a828c}.part2{fill:#b4bac2}.ok{fill:#7ecba6}.warn{fill:#e8b759}.bad{fill:#ff9388}\
.over{fill:#e5584b}.did{fill:#d19a33}.tick{stroke:#e9eaec}}";

const WIDTH: f64 = 960.0;
const MARGIN: f64 = 32.0;
/// Where the columns of the tree begin, and the bars.
const PROMISES_END: f64 = 470.0;
const BAR_START: f64 = 490.0;
const BAR_WIDTH: f64 = 250.0;
const COST_END: f64 = 830.0;
const ROW: f64 = 30.0;

/// The drawing.
#[must_use]
pub fn svg(shown: &Shown<'_>) -> String {
    let mut pen = Pen {
        out: String::new(),
        y: MARGIN,
    };
    for group in &shown.groups() {
        draw_group(&mut pen, group, shown);
    }
    if let Some(counted) = shown.counted {
        pen.text("ink3 s", MARGIN, "start", &format!("Counted {counted}"));
        pen.y += ROW;
    }
    let height = pen.y + MARGIN / 2.0;
    let names: Vec<String> = shown
        .groups()
        .iter()
        .map(|group| format!("{}/{}", group.slo.id, group.tightest().name.objective))
        .collect();
    let title = escaped(&format!("What these rest on: {}", names.join(", ")));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
         role=\"img\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
         <rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\"/>\n{}</svg>\n",
        pen.out
    )
}

fn draw_group(pen: &mut Pen, group: &Group<'_>, shown: &Shown<'_>) {
    let one = group.tightest();
    pen.y += 8.0;
    pen.text(
        "ink h",
        MARGIN,
        "start",
        &format!("{}/{}", one.name.slo, one.name.objective),
    );
    if let Some(outcome) = &group.slo.outcome {
        pen.y += 20.0;
        pen.text("ink3", MARGIN, "start", outcome);
    }
    pen.y += 12.0;
    if !one.rests_on_something() {
        pen.y += 16.0;
        pen.text("ink3", MARGIN, "start", words::NOTHING_ADDS_UP);
        pen.y += ROW;
        return;
    }
    for member in &group.members {
        draw_budget(pen, member);
    }
    pen.y += 34.0;
    let counted = has_counts(&one.lines);
    pen.text("ink3 s", MARGIN, "start", "rests on");
    pen.text("ink3 s", PROMISES_END, "end", "promises");
    let scope = words::whose(one);
    let heading = format!(
        "of {scope} budget: may cost{}",
        if counted { ", did cost" } else { "" }
    );
    pen.text("ink3 s", BAR_START, "start", &heading);
    pen.text("ink3 s", COST_END, "end", "of requests");
    pen.y += 8.0;
    pen.rule();
    let mut tree = Tree {
        pen,
        budget_ppb: one.budget_ppb(),
    };
    tree.lines(&one.lines, 0);
    let together = one.together_ppb();
    if words::is_seen(together) {
        tree.sum(words::together(together), together, true);
    }
    tree.sum("together", i64::from(one.cost_ppb()), false);
    for sentence in words::measured(shown.together(one), one) {
        pen.y += 8.0;
        // As many characters as fit a line of small text.
        for line in wrap(&sentence, 140, 0).lines() {
            pen.y += 16.0;
            pen.text("ink3 s", MARGIN + 4.0, "start", line);
        }
    }
    pen.y += ROW;
}

/// One budget, filled by the parts in their order.
fn draw_budget(pen: &mut Pen, one: &Explained) {
    pen.y += 26.0;
    let target = one.promised.target.ppb();
    let scope = one.name.scope.to_string();
    pen.text(
        "ink b",
        MARGIN,
        "start",
        &format!("{scope}  {}", one.promised),
    );
    let (start, width) = (MARGIN + 190.0, 430.0);
    // A budget that does not hold its parts is drawn at their scale, with a tick where it ends.
    let budget = f64::from(one.budget_ppb());
    let cost = f64::from(one.cost_ppb());
    let scale = width / budget.max(cost).max(1.0);
    let top = pen.y - 11.0;
    pen.rect("track", start, top, budget * scale, 14.0);
    let shrink = cost / f64::from(one.lines_ppb()).max(1.0);
    let mut x = start;
    for (index, line) in one.lines.iter().enumerate() {
        let EdgeCost::Ppb(ppb) = line.cost else {
            continue;
        };
        let length = f64::from(ppb) * shrink * scale;
        let class = if index % 2 == 0 { "part" } else { "part2" };
        pen.titled_rect(class, x, top, length, 14.0, &words::parts(line));
        x += length;
    }
    let end = start + budget * scale;
    if x > end + 0.05 {
        pen.rect("over", end, top + 15.0, x - end, 3.0);
    }
    pen.path("tick", &format!("M{} {}v20", short(end), short(top - 3.0)));
    let (class, verdict) = match one.tighter.objective {
        Carries::Always => ("ok", "carried"),
        Carries::Independent => ("warn", "carried if independent"),
        Carries::No => ("bad", "not carried"),
    };
    let carried = words::carried(one.composed.once_ppb, target);
    let text = match one.tighter.objective {
        Carries::No => format!("{verdict}: {carried}"),
        _ => format!(
            "{verdict}: {carried}, {} left",
            words::left(one.tighter.left_ppb, one.budget_ppb())
        ),
    };
    pen.text(&format!("{class} b"), start + width + 16.0, "start", &text);
}

struct Tree<'p> {
    pen: &'p mut Pen,
    budget_ppb: u32,
}

impl Tree<'_> {
    fn lines(&mut self, lines: &[Line], depth: usize) {
        let x = MARGIN + 4.0 + depth as f64 * 20.0;
        let mut from = self.pen.y + 6.0;
        for line in lines {
            self.pen.y += ROW;
            let y = self.pen.y;
            if depth > 0 {
                let path = format!("M{} {}V{}h10", short(x - 12.0), short(from), short(y - 4.0));
                self.pen.path("line", &path);
            }
            from = y - 4.0;
            self.line(line, x);
            self.lines(&line.below, depth + 1);
        }
    }

    fn line(&mut self, line: &Line, x: f64) {
        let name = words::parts(line);
        self.pen.two(x, &name, &words::remarks(line));
        self.pen
            .text("ink", PROMISES_END, "end", &words::promises(line));
        match line.cost {
            EdgeCost::Ppb(ppb) => self.cost(ppb, line),
            EdgeCost::Apart | EdgeCost::Unknown => {
                let why = words::why_no_cost(line);
                self.pen.text("ink3", BAR_START, "start", why);
            }
        }
    }

    fn cost(&mut self, ppb: u32, line: &Line) {
        let top = self.pen.y - 11.0;
        self.pen.rect("track", BAR_START, top, BAR_WIDTH, 8.0);
        self.bar(ppb, "part2", top, 8.0);
        if let Some(did) = line.measured_ppb {
            self.bar(
                did,
                if words::is_over(line) { "over" } else { "did" },
                top + 9.0,
                4.0,
            );
        }
        let share = words::of_budget(i64::from(ppb), self.budget_ppb);
        let cost = words::cost(ppb);
        self.pen.text("ink", COST_END, "end", &cost);
        self.pen.text("ink b", WIDTH - MARGIN, "end", &share);
    }

    fn bar(&mut self, ppb: u32, class: &str, top: f64, height: f64) {
        let share = f64::from(ppb) / f64::from(self.budget_ppb.max(1));
        let width = (share * BAR_WIDTH).min(BAR_WIDTH);
        // What is there is seen.
        let width = if ppb > 0 { width.max(1.0) } else { 0.0 };
        self.pen.rect(class, BAR_START, top, width, height);
        if share > 1.0 {
            let end = BAR_START + BAR_WIDTH;
            let arrow = format!(
                "M{} {}l6 {}l-6 {}z",
                short(end),
                short(top),
                short(height / 2.0),
                short(height / 2.0)
            );
            self.pen.path("over", &arrow);
        }
    }

    fn sum(&mut self, what: &str, ppb: i64, is_difference: bool) {
        self.pen.y += ROW - 4.0;
        self.pen.text("ink b", MARGIN + 4.0, "start", what);
        let share = words::of_budget(ppb, self.budget_ppb);
        let cost = match is_difference {
            true => words::difference(ppb),
            false => words::cost(ppb.unsigned_abs().min(u64::from(ONE_PPB)) as u32),
        };
        self.pen.text("ink", COST_END, "end", &cost);
        self.pen.text("ink b", WIDTH - MARGIN, "end", &share);
    }
}

fn has_counts(lines: &[Line]) -> bool {
    lines
        .iter()
        .any(|line| line.measured_ppb.is_some() || has_counts(&line.below))
}

/// Writes shapes from the top down. Everything from a catalogue is escaped here.
struct Pen {
    out: String,
    y: f64,
}

impl Pen {
    fn text(&mut self, class: &str, x: f64, anchor: &str, text: &str) {
        self.out.push_str(&format!(
            "<text class=\"{class}\" x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>\n",
            short(x),
            short(self.y),
            escaped(text)
        ));
    }

    /// A name and, behind it, what is less important.
    fn two(&mut self, x: f64, name: &str, remark: &str) {
        let room = ((PROMISES_END - 70.0 - x) / 6.6) as usize;
        let length = name.chars().count();
        let remark = match length + 2 + remark.chars().count() <= room {
            true => remark.to_owned(),
            false => cut(remark, room.saturating_sub(length + 2)),
        };
        self.out.push_str(&format!(
            "<text class=\"ink\" x=\"{}\" y=\"{}\">{}<tspan class=\"ink3 s\" dx=\"8\">{}</tspan></text>\n",
            short(x),
            short(self.y),
            escaped(&cut(name, room)),
            escaped(&remark)
        ));
    }

    fn rect(&mut self, class: &str, x: f64, y: f64, width: f64, height: f64) {
        self.titled_rect(class, x, y, width, height, "");
    }

    fn titled_rect(&mut self, class: &str, x: f64, y: f64, width: f64, height: f64, title: &str) {
        if width <= 0.0 {
            return;
        }
        let shape = format!(
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
            short(x),
            short(y),
            short(width),
            short(height)
        );
        self.out.push_str(&match title {
            "" => format!("{shape}/>\n"),
            _ => format!("{shape}><title>{}</title></rect>\n", escaped(title)),
        });
    }

    fn path(&mut self, class: &str, path: &str) {
        self.out
            .push_str(&format!("<path class=\"{class}\" d=\"{path}\"/>\n"));
    }

    fn rule(&mut self) {
        let path = format!("M{MARGIN} {}H{}", short(self.y), WIDTH - MARGIN);
        self.path("line", &path);
    }
}

/// A text of at most so many characters.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    if kept.is_empty() { kept } else { kept + "…" }
}

fn escaped(text: &str) -> String {
    let mut html = Html::new();
    html.text(text);
    html.finish()
}

/// A coordinate with at most one decimal.
fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::STYLE;
    use crate::html::page;

    #[test]
    fn the_colours_are_those_of_the_pages() {
        let colours: Vec<&str> = STYLE.split('#').skip(1).map(|text| &text[..6]).collect();
        assert!(colours.len() > 15);
        for colour in colours {
            assert!(page::STYLE.contains(&format!("#{colour}")), "{colour}");
        }
    }
}
