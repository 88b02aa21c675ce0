//! What an aggregate hides: all together beside the segment that is broken under it.

use attain_model::verdict::Masked;
use attain_model::{Scope, Verdict};

use super::{Sheet, series};
use crate::html::Html;
use crate::html::parts::{badge, section};
use crate::number;
use crate::status::headline::short_share;

/// A server's page has a filter for all of them.
const SHOWN_ON_PAGES: usize = 4;

/// The section; nothing where nothing is hidden.
pub(crate) fn masking(html: &mut Html, sheet: &Sheet<'_>) {
    let masked = &sheet.desk.evaluation.masked;
    if masked.is_empty() {
        return;
    }
    section(html, "hidden", "Not seen in all traffic together", |html| {
        let shown = match sheet.place {
            Some(_) => SHOWN_ON_PAGES,
            None => masked.len(),
        };
        for masked in masked.iter().take(shown) {
            panel(html, sheet, masked);
        }
        if masked.len() > shown {
            let more = format!(
                "{} more: the filter \u{201c}not seen in all traffic\u{201d} shows them all.",
                number::thousands((masked.len() - shown) as u64)
            );
            html.line("p", &[("class", "also")], &more);
        }
    });
}

/// The verdicts of a masked series and of the aggregate that hides it.
pub(crate) fn pair<'a>(
    sheet: &'a Sheet<'_>,
    masked: &Masked,
) -> Option<(&'a Verdict, &'a Verdict)> {
    let verdicts = &sheet.desk.evaluation.verdicts;
    let own = verdicts.iter().find(|v| v.name == masked.name)?;
    let all = verdicts.iter().find(|v| {
        v.name.slo == masked.name.slo
            && v.name.objective == masked.name.objective
            && v.name.scope == Scope::All
    })?;
    Some((own, all))
}

/// `Since …: premium fails 60 times as often as is allowed, all together 0.14 times; premium is 2% of the traffic.`
pub(crate) fn sentence(sheet: &Sheet<'_>, masked: &Masked) -> String {
    format!(
        "Since {}: {} fails {} as often as is allowed, all together {}; {} is {} of the traffic.",
        sheet.desk.event(masked.since),
        masked.name.scope,
        times(masked.segment_burn_millionths),
        times(masked.aggregate_burn_millionths),
        masked.name.scope,
        short_share(masked.share.ppb()),
    )
}

fn times(millionths: u128) -> String {
    format!("{} times", number::times(millionths).trim_end_matches('x'))
}

/// `all together looks fine` on a series that the aggregate hides, `but premium is broken` on the aggregate.
pub(crate) fn flag(sheet: &Sheet<'_>, verdict: &Verdict) -> Option<String> {
    let masked = &sheet.desk.evaluation.masked;
    if masked.iter().any(|masked| masked.name == verdict.name) {
        return Some("all together looks fine".to_owned());
    }
    if verdict.name.scope != Scope::All {
        return None;
    }
    let hidden: Vec<String> = masked
        .iter()
        .filter(|masked| {
            masked.name.slo == verdict.name.slo && masked.name.objective == verdict.name.objective
        })
        .map(|masked| masked.name.scope.to_string())
        .collect();
    let verb = if hidden.len() == 1 { "is" } else { "are" };
    (!hidden.is_empty()).then(|| format!("but {} {verb} broken", hidden.join(", ")))
}

fn panel(html: &mut Html, sheet: &Sheet<'_>, masked: &Masked) {
    let Some((own, all)) = pair(sheet, masked) else {
        return;
    };
    html.element("div", &[("class", "masked")], |html| {
        html.line(
            "h3",
            &[],
            &format!("{} / {}", masked.name.slo, masked.name.objective),
        );
        html.element("div", &[("class", "sides")], |html| {
            side(html, all, "What a dashboard of all traffic shows");
            html.element(
                "div",
                &[("class", "between"), ("aria-hidden", "true")],
                |html| html.text("hides"),
            );
            side(html, own, &format!("What {} gets", masked.name.scope));
        });
        html.line("p", &[], &sentence(sheet, masked));
    });
}

fn side(html: &mut Html, verdict: &Verdict, caption: &str) {
    let class = format!("side {}", series::state(verdict).class());
    html.element("div", &[("class", &class)], |html| {
        html.line("p", &[("class", "caption")], caption);
        html.element("p", &[("class", "figure")], |html| {
            html.text(&series::attained(verdict).unwrap_or_else(|| "-".to_owned()));
            if let Some(under) = series::under(verdict) {
                html.line("small", &[], &format!(" {under}"));
            }
        });
        html.element("p", &[], |html| {
            badge(html, series::state(verdict), series::word(verdict));
            html.text(&format!("; promised {}", series::promised(verdict)));
        });
    });
}
