//! `threshold-off-bucket`: a threshold between two bucket edges counts good requests as bad.

use attain_model::indicator::Counting;
use attain_model::quantity::Unit;
use attain_model::{Diagnostic, Slo, Threshold};

use crate::found::Found;
use crate::look::Look;
use crate::rules::Rule;
use crate::words::ratio;

pub(crate) const RULE: This = This;

pub(crate) struct This;

impl Rule for This {
    fn name(&self) -> &'static str {
        NAME
    }

    fn document(&self) -> &'static str {
        include_str!("threshold-off-bucket.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for slo in look.slos() {
            // A log tells each latency; buckets are about metrics.
            let buckets = slo.indicator.buckets.as_slice();
            if buckets.is_empty() || matches!(slo.indicator.counting, Counting::Log { .. }) {
                continue;
            }
            for objective in slo.objectives.values() {
                let term = look.term_on(objective, look.today);
                for (scope, goal) in term.targets.iter() {
                    let Some(under) = goal.promised().and_then(|promised| promised.under) else {
                        continue;
                    };
                    if buckets.contains(&under) {
                        continue;
                    }
                    let value = look.at(&look.target_path(slo, objective, &scope));
                    let place = look.threshold(value);
                    let (cause, help) = words_for(slo, buckets, under);
                    found.about(
                        &slo.meta,
                        Diagnostic::warning(NAME, place, cause).help(help),
                    );
                }
            }
        }
    }
}

const NAME: &str = "threshold-off-bucket";

fn words_for(slo: &Slo, buckets: &[Threshold], under: Threshold) -> (String, String) {
    let below = buckets.iter().rev().find(|edge| **edge < under);
    let above = buckets.iter().find(|edge| **edge > under);
    let (between, instead) = match (below, above) {
        (Some(below), Some(above)) => (
            format!("between the buckets {below} and {above}"),
            format!("{below} or {above}"),
        ),
        (None, Some(above)) => (format!("below the first bucket, {above}"), above.to_string()),
        (Some(below), None) => (format!("above the last bucket, {below}"), below.to_string()),
        (None, None) => (String::new(), String::new()),
    };
    let cause = format!("{under} lies {between}; what cannot be told apart is counted as bad");
    let unit = match &slo.indicator.counting {
        Counting::Metric { unit, .. } | Counting::Totals { unit, .. } => *unit,
        Counting::Log { .. } | Counting::PromQl { .. } => None,
    };
    let one = unit.unwrap_or(Unit::Seconds).billionths().unsigned_abs();
    let edge = ratio(u128::from(under.nanoseconds()), one, 9);
    let help = format!("use {instead}, or add a {edge} bucket to the metric");
    (cause, help)
}
