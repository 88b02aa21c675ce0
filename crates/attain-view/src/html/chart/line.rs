//! A value over time, drawn as steps: it holds until the next point. The threshold is zero, and what lies under it is
//! drawn in the colour of what is broken. Where nothing is known the ground is hatched and the line has a hole.

use crate::html::Html;

/// What is drawn. Times are shares of the width that lies behind us: 0 is the first instant, 1 is now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Line {
    /// What it shows, for who does not see it.
    pub label: String,
    /// In order of time: when, and the value in percent; `None` leaves a hole.
    pub points: Vec<(f64, Option<f64>)>,
    /// Where nothing is known: from, to.
    pub hatched: Vec<(f64, f64)>,
    /// Where what is aimed at changed.
    pub changes: Vec<f64>,
    /// How far ahead of now the value reaches zero, if it goes on like this; as a share of the width behind us.
    pub zero_in: Option<f64>,
    /// Where the page has what stands under the ends (see [`ends`]); may be empty.
    pub ends: String,
    /// What the value is now, said where it lies below the drawing.
    pub now: String,
    /// What is said under a pointer: from, to, what.
    pub titles: Vec<(f64, f64, String)>,
    /// Whether the ground between the line and zero is filled.
    pub filled: bool,
}

const LEFT: f64 = 34.0;
/// Now; what lies to the right of it is to come.
const NOW: f64 = 214.0;
const RIGHT: f64 = 238.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 98.0;

/// The lowest value that is drawn: what lies below is drawn at the edge. Each has its own place for zero, and a colour
/// change of its own at that place.
#[derive(Clone, Copy)]
enum Floor {
    Zero,
    Quarter,
    Whole,
}

impl Floor {
    fn of(line: &Line) -> Self {
        let lowest = line
            .points
            .iter()
            .filter_map(|(_, value)| *value)
            .fold(0.0, f64::min);
        if lowest >= 0.0 {
            Floor::Zero
        } else if lowest >= -25.0 {
            Floor::Quarter
        } else {
            Floor::Whole
        }
    }

    fn percent(self) -> f64 {
        match self {
            Floor::Zero => 0.0,
            Floor::Quarter => -25.0,
            Floor::Whole => -100.0,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Floor::Zero => "line floor-0",
            Floor::Quarter => "line floor-25",
            Floor::Whole => "line floor-100",
        }
    }

    fn ground(self) -> &'static str {
        match self {
            Floor::Zero => "#f0",
            Floor::Quarter => "#f25",
            Floor::Whole => "#f100",
        }
    }

    fn y(self, value: f64) -> f64 {
        let value = value.clamp(self.percent(), 100.0);
        TOP + (100.0 - value) / (100.0 - self.percent()) * (BOTTOM - TOP)
    }
}

/// What lines share, for each floor: where the colour changes, and the ground with its scale. A page that draws lines has
/// this once.
pub const SHARED: &str = "<svg class=defs width=0 height=0 aria-hidden=true><defs>\
<linearGradient id=g0 gradientUnits=userSpaceOnUse x1=0 x2=0 y1=8 y2=99><stop offset=1 class=above /><stop offset=1 class=below /></linearGradient>\
<linearGradient id=g25 gradientUnits=userSpaceOnUse x1=0 x2=0 y1=8 y2=98><stop offset=.805 class=above /><stop offset=.805 class=below /></linearGradient>\
<linearGradient id=g100 gradientUnits=userSpaceOnUse x1=0 x2=0 y1=8 y2=98><stop offset=.505 class=above /><stop offset=.505 class=below /></linearGradient>\
<g id=f0><path class=grid d=\"M34 8h204\"/><path class=zero d=\"M34 98h204M214 8v90\"/><text class=y x=224 y=5>now</text>\
<text class=y x=31 y=12>100%</text><text class=y x=31 y=102>0%</text></g>\
<g id=f25><path class=grid d=\"M34 8h204\"/><path class=zero d=\"M34 80h204M214 8v90\"/><text class=y x=224 y=5>now</text>\
<text class=y x=31 y=12>100%</text><text class=y x=31 y=84>0%</text><text class=y x=31 y=102>\u{2212}25%</text></g>\
<g id=f100><path class=grid d=\"M34 8h204\"/><path class=zero d=\"M34 53h204M214 8v90\"/><text class=y x=224 y=5>now</text>\
<text class=y x=31 y=12>100%</text><text class=y x=31 y=57>0%</text><text class=y x=31 y=102>\u{2212}100%</text></g>\
</defs></svg>";

/// Draws it.
pub fn line(html: &mut Html, line: &Line) {
    let floor = Floor::of(line);
    let attributes = [
        ("class", floor.class()),
        ("viewBox", "0 0 240 116"),
        ("role", "img"),
        ("aria-label", line.label.as_str()),
    ];
    html.element("svg", &attributes, |html| {
        ground(html, line);
        html.shape("use", &[("href", floor.ground())]);
        if line.filled {
            let d = steps(line, floor, true);
            html.shape("path", &[("class", "area"), ("d", &d)]);
        }
        html.shape(
            "path",
            &[("class", "curve"), ("d", &steps(line, floor, false))],
        );
        forecast(html, line, floor);
        cut(html, line, floor);
        if !line.ends.is_empty() {
            html.shape("use", &[("href", &line.ends)]);
        }
        for (from, to, title) in &line.titles {
            let (from, to) = (x(*from), x(*to));
            let attributes = [
                ("class", "hit"),
                ("x", &*whole(from)),
                ("y", "8"),
                ("width", &*whole((to - from).max(1.0))),
                ("height", "90"),
            ];
            html.element("rect", &attributes, |html| html.line("title", &[], title));
        }
    });
}

fn x(share: f64) -> f64 {
    LEFT + share.clamp(0.0, 1.0) * (NOW - LEFT)
}

fn ground(html: &mut Html, line: &Line) {
    for (from, to) in &line.hatched {
        let (from, to) = (x(*from), x(*to));
        // What is thinner than the line cannot be seen as hatched.
        if to - from < 1.5 {
            continue;
        }
        let attributes = [
            ("class", "missing"),
            ("x", &*super::coordinate(from)),
            ("y", "8"),
            ("width", &*super::coordinate((to - from).max(1.0))),
            ("height", "90"),
        ];
        html.shape("rect", &attributes);
    }
    for change in &line.changes {
        let d = format!("M{} 8v90", super::coordinate(x(*change)));
        html.shape("path", &[("class", "change"), ("d", &d)]);
    }
}

/// The steps, in whole units and without those that change nothing: a quiet series is a short text.
fn steps(line: &Line, floor: Floor, closed: bool) -> String {
    let zero = round(floor.y(0.0));
    let mut out = String::new();
    for run in line
        .points
        .chunk_by(|a, b| a.1.is_some() && b.1.is_some())
        .filter(|run| run.first().is_some_and(|point| point.1.is_some()))
    {
        let place = |(at, value): &(f64, Option<f64>)| {
            (round(x(*at)), round(floor.y(value.unwrap_or_default())))
        };
        let Some((mut at, mut y)) = run.first().map(place) else {
            continue;
        };
        if closed {
            out.push_str(&format!("M{at} {zero}V{y}"));
        } else {
            out.push_str(&format!("M{at} {y}"));
        }
        let mut drawn = at;
        for (next, next_y) in run.iter().skip(1).map(place) {
            at = next;
            if next_y != y {
                out.push_str(&format!("h{}v{}", at - drawn, next_y - y));
                (drawn, y) = (at, next_y);
            }
        }
        if at != drawn {
            out.push_str(&format!("h{}", at - drawn));
        }
        if closed {
            out.push_str(&format!("V{zero}z"));
        }
    }
    out
}

/// From now on, dashed, until zero or until the edge.
fn forecast(html: &mut Html, line: &Line, floor: Floor) {
    let (Some(ahead), Some((_, Some(now)))) = (line.zero_in, line.points.last()) else {
        return;
    };
    let width = ahead * (NOW - LEFT);
    let shown = width.min(RIGHT - NOW);
    if *now <= 0.0 || width <= 0.0 {
        return;
    }
    let end = floor.y(now * (1.0 - shown / width));
    let d = format!(
        "M{} {}L{} {}",
        whole(NOW),
        whole(floor.y(*now)),
        super::coordinate(NOW + shown),
        super::coordinate(end)
    );
    html.shape("path", &[("class", "forecast"), ("d", &d)]);
}

/// An arrow out of the drawing where the value of now lies below it.
fn cut(html: &mut Html, line: &Line, floor: Floor) {
    let Some((_, Some(now))) = line.points.last() else {
        return;
    };
    if *now >= floor.percent() || line.now.is_empty() {
        return;
    }
    html.own("<path class=cut-off d=\"M210 96l4 6l4-6z\"/>");
    let attributes = [("class", "off"), ("x", "207"), ("y", "94")];
    html.line("text", &attributes, &line.now);
}

/// What stands under both ends of lines; a page that draws many of the same time has it once.
pub fn ends(html: &mut Html, id: &str, first: &str, last: &str) {
    let attributes = [
        ("class", "defs"),
        ("width", "0"),
        ("height", "0"),
        ("aria-hidden", "true"),
    ];
    html.element("svg", &attributes, |html| {
        html.element("defs", &[], |html| {
            html.element("g", &[("id", id)], |html| {
                html.line("text", &[("class", "x"), ("x", "34"), ("y", "112")], first);
                html.line("text", &[("class", "y"), ("x", "214"), ("y", "112")], last);
            });
        });
    });
}

#[expect(clippy::cast_possible_truncation, reason = "coordinates of a drawing")]
fn round(value: f64) -> i64 {
    value.round() as i64
}

fn whole(value: f64) -> String {
    round(value).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_line_is_one_step_and_a_hole_is_a_new_one() {
        let mut line = Line {
            points: (0..=10)
                .map(|i| (f64::from(i) / 10.0, Some(100.0)))
                .collect(),
            ..Line::default()
        };
        assert_eq!(steps(&line, Floor::Zero, false), "M34 8h180");
        line.points[5].1 = None;
        assert_eq!(steps(&line, Floor::Zero, false), "M34 8h72M142 8h72");
    }

    #[test]
    fn a_deep_fall_is_drawn_at_the_edge() {
        let line = Line {
            points: vec![(0.0, Some(100.0)), (1.0, Some(-5_900.0))],
            ..Line::default()
        };
        assert_eq!(steps(&line, Floor::of(&line), false), "M34 8h180v90");
        // The ground is filled down to the edge: the worst minute must not look the emptiest.
        let filled = steps(&line, Floor::of(&line), true);
        assert_eq!(filled, "M34 53V8h180v90V53z");
    }
}
