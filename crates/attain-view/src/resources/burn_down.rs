//! The burn-down of one SLO for programs: columns of numbers, an hour a place. Knows no HTTP.
//!
//! What stood at a whole hour stands there as long as anybody asks, so that it is kept as it is written.

use attain_model::detail::Point;
use attain_model::{Evaluation, SeriesName, SloId, Verdict};
use jiff::{SignedDuration, Timestamp};

use super::VERSION;
use crate::status_json::utc;

const BILLION: u128 = 1_000_000_000;

/// Seconds between two places.
const STEP_SECONDS: i64 = 3600;

/// The windows of an SLO's series as they stood at whole hours, an hour apart, the same hours of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeHours {
    last: Timestamp,
    /// Places of each column.
    count: usize,
    series: Vec<(SeriesName, Columns)>,
}

/// Numbers as they are written.
///
/// Invariant: in each there are as many numbers, oldest first, and a comma behind each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Columns {
    good: String,
    bad: String,
    allowed: String,
}

impl WholeHours {
    /// Up to a whole hour, from the points of each series, oldest first and as many of each.
    #[must_use]
    pub fn of(last: Timestamp, points: Vec<(SeriesName, Vec<Point>)>) -> Self {
        let count = points.iter().map(|(_, points)| points.len()).min();
        let count = count.unwrap_or(0);
        let columns = points.into_iter().map(|(name, points)| {
            let mut columns = Columns::default();
            let newest = &points[points.len() - count..];
            newest.iter().for_each(|point| columns.push(point));
            (name, columns)
        });
        Self {
            last,
            count,
            series: columns.collect(),
        }
    }

    /// The newest hour.
    #[must_use]
    pub fn last(&self) -> Timestamp {
        self.last
    }

    /// The series, in their order.
    pub fn names(&self) -> impl Iterator<Item = &SeriesName> {
        self.series.iter().map(|(name, _)| name)
    }

    /// One hour more, with a point for each series in their order; the oldest hour is forgotten.
    pub fn go_on(&mut self, points: &[Point]) {
        self.last += SignedDuration::from_secs(STEP_SECONDS);
        for ((_, columns), point) in self.series.iter_mut().zip(points) {
            for column in columns.each_mut() {
                let oldest = column.len() - newest(column, self.count, self.count - 1).len();
                column.drain(..oldest);
            }
            columns.push(point);
        }
    }
}

impl Columns {
    fn each_mut(&mut self) -> [&mut String; 3] {
        [&mut self.good, &mut self.bad, &mut self.allowed]
    }

    fn push(&mut self, point: &Point) {
        number(&mut self.good, point.attainment.good);
        number(&mut self.bad, point.attainment.bad);
        decimal(&mut self.allowed, point.budget.allowed_billionths);
        for column in self.each_mut() {
            column.push(',');
        }
    }
}

/// The windows of an SLO's series as they stood at whole hours, and as they are judged: at most `points` places, the
/// newest. A place is a window: the last one ends with the instant that is judged, the others with whole hours.
#[must_use]
pub fn burn_down_json(
    evaluation: &Evaluation,
    slo: &SloId,
    hours: &WholeHours,
    points: usize,
) -> String {
    let places = hours.count.min(points.saturating_sub(1));
    let first = match i64::try_from(places) {
        Ok(places @ 1..) => hours.last - SignedDuration::from_secs((places - 1) * STEP_SECONDS),
        _ => evaluation.as_of.instant,
    };
    let of_series = hours.series.iter().map(|(_, columns)| columns);
    let room = of_series.map(|own| own.good.len() + own.bad.len() + own.allowed.len());
    let mut text = String::with_capacity(1024 + room.sum::<usize>());
    text.push_str("{\"version\":");
    number(&mut text, VERSION.into());
    member(&mut text, "slo", slo.as_str());
    member(&mut text, "as_of", &utc(evaluation.as_of.instant));
    member(&mut text, "first", &utc(first));
    text.push_str(",\"step_seconds\":3600,\"series\":[");
    let verdicts = evaluation.verdicts.iter();
    for (at, verdict) in verdicts.filter(|own| own.name.slo == *slo).enumerate() {
        text.push_str(if at == 0 { "{" } else { ",{" });
        let own = hours.series.iter().find(|(name, _)| *name == verdict.name);
        series(
            &mut text,
            verdict,
            own.map(|(_, columns)| columns),
            |column| newest(column, hours.count, places),
        );
        text.push('}');
    }
    text.push_str("]}\n");
    text
}

fn series<'c>(
    text: &mut String,
    verdict: &Verdict,
    columns: Option<&'c Columns>,
    newest: impl Fn(&'c str) -> &'c str,
) {
    text.push_str("\"objective\":");
    quoted(text, verdict.name.objective.as_str());
    member(text, "segment", &verdict.name.scope.to_string());
    let mut now = Columns::default();
    now.push(&Point {
        at: verdict.window.end,
        attainment: verdict.attainment,
        budget: verdict.budget,
    });
    let places = |of: fn(&Columns) -> &String| columns.map_or("", |columns| newest(of(columns)));
    for (name, before, now) in [
        ("good", places(|own| &own.good), &now.good),
        ("bad", places(|own| &own.bad), &now.bad),
        ("allowed", places(|own| &own.allowed), &now.allowed),
    ] {
        text.push_str(",\"");
        text.push_str(name);
        text.push_str("\":[");
        text.push_str(before);
        text.push_str(now.trim_end_matches(','));
        text.push(']');
    }
}

/// The newest of so many numbers.
fn newest(column: &str, count: usize, wanted: usize) -> &str {
    let skipped = count.saturating_sub(wanted);
    let end_of_skipped = match skipped {
        0 => None,
        few if few <= wanted => column.match_indices(',').nth(few - 1),
        _ => column.rmatch_indices(',').nth(wanted),
    };
    &column[end_of_skipped.map_or(0, |(comma, _)| comma + 1)..]
}

fn member(text: &mut String, name: &str, value: &str) {
    text.push_str(",\"");
    text.push_str(name);
    text.push_str("\":");
    quoted(text, value);
}

fn quoted(text: &mut String, value: &str) {
    text.push_str(&serde_json::to_string(value).unwrap_or_default());
}

/// Thousands of them are written at once: without the formatter, which takes several times as long.
fn number(text: &mut String, mut number: u64) {
    let mut digits = [0; 20];
    let mut from = digits.len();
    loop {
        from -= 1;
        digits[from] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.extend(digits[from..].iter().copied().map(char::from));
}

/// Billionths as a decimal number, exact, without zeros at its end.
fn decimal(text: &mut String, billionths: u128) {
    let (whole, part) = (billionths / BILLION, (billionths % BILLION) as u64);
    match u64::try_from(whole) {
        Ok(small) => number(text, small),
        Err(_) => text.push_str(&whole.to_string()),
    }
    if part > 0 {
        text.push_str(&format!(".{part:09}"));
        text.truncate(text.trim_end_matches('0').len());
    }
}
