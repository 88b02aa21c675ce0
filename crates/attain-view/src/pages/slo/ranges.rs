//! How far back the charts of an SLO look.

use attain_model::detail::Detail;
use jiff::{SignedDuration, Timestamp};

use crate::html::Html;
use crate::pages::{Ask, Scene};

/// Stretches before the instant that charts can be narrowed to.
const RANGES: [(&str, i64); 5] = [
    ("1h", 3_600),
    ("6h", 6 * 3_600),
    ("1d", 86_400),
    ("7d", 7 * 86_400),
    ("14d", 14 * 86_400),
];

/// What lies behind the series, in the stretch that is asked for; since when, if that is less than the window.
pub(super) fn narrowed(scene: &Scene<'_>, ask: &Ask) -> (Option<Timestamp>, Vec<Detail>) {
    let mut details = scene.details.to_vec();
    let asked = ask
        .get("range")
        .and_then(|asked| RANGES.iter().find(|(word, _)| *word == asked));
    let until = scene.evaluation.map(|evaluation| evaluation.as_of.instant);
    let since = asked.zip(until).and_then(|((_, seconds), until)| {
        until.checked_sub(SignedDuration::from_secs(*seconds)).ok()
    });
    if let Some(since) = since {
        for detail in &mut details {
            detail.burn_down.retain(|point| point.at >= since);
            detail.days.retain(|day| day.interval.end > since);
            detail.worst_hours.retain(|hour| hour.interval.end > since);
            detail.silent.retain(|silent| silent.end > since);
        }
    }
    (since, details)
}

/// How far back charts look.
pub(super) fn ranges(
    html: &mut Html,
    scene: &Scene<'_>,
    ask: &Ask,
    path: &str,
    since: Option<Timestamp>,
) {
    const POINTS_AT_LEAST: i64 = 5;
    let finest = scene
        .details
        .iter()
        .map(|detail| detail.step.as_secs())
        .max();
    let Some(step) = finest
        .and_then(|step| i64::try_from(step).ok())
        .filter(|step| *step > 0)
    else {
        return;
    };
    let window = scene
        .evaluation
        .into_iter()
        .flat_map(|evaluation| &evaluation.verdicts);
    let ids = scene.details.iter().map(|detail| &detail.name.slo).next();
    let window = window
        .filter(|verdict| Some(&verdict.name.slo) == ids)
        .map(|verdict| verdict.window.seconds())
        .max()
        .unwrap_or_default();
    let fits = |seconds: i64| seconds >= step * POINTS_AT_LEAST && seconds.unsigned_abs() < window;
    let shown: Vec<&(&str, i64)> = RANGES
        .iter()
        .filter(|(_, seconds)| fits(*seconds))
        .collect();
    if shown.is_empty() {
        return;
    }
    html.element(
        "nav",
        &[
            ("class", "chips ranges"),
            ("aria-label", "How far back charts look"),
        ],
        |html| {
            let chosen = if since.is_some() {
                ask.get("range").unwrap_or_default()
            } else {
                ""
            };
            let current = |is: bool| if is { "true" } else { "" };
            for (word, key) in shown
                .iter()
                .map(|(word, _)| (format!("last {word}"), *word))
                .chain([("whole window".to_owned(), "")])
            {
                let to = ask.with("range", key).to(path);
                let attributes = [
                    ("class", "chip"),
                    ("href", &*to),
                    ("aria-current", current(chosen == key)),
                ];
                html.line("a", &attributes, &word);
            }
        },
    );
    if since.is_some() {
        let text = "Charts, days and hours look at this stretch; budgets and causes stay those of the whole window.";
        html.line("p", &[("class", "hint")], text);
    }
}
