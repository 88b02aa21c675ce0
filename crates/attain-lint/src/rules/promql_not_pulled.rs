//! `promql-not-pulled`: raw PromQL that attain does not ask, so that nothing is ever counted of it.

use attain_model::indicator::Counting;
use attain_model::quantity::duration_text;
use attain_model::source::SourceKind;
use attain_model::{Diagnostic, Slo};

use crate::found::Found;
use crate::look::Look;
use crate::rules::Rule;

pub(crate) const RULE: This = This;

/// What is pulled is pulled a minute at a time.
const PULLED_SECONDS: u64 = 60;

pub(crate) struct This;

impl Rule for This {
    fn name(&self) -> &'static str {
        NAME
    }

    fn document(&self) -> &'static str {
        include_str!("promql-not-pulled.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for slo in look.slos().filter(|slo| is_pulled(look, slo)) {
            let Counting::PromQl { total_query, .. } = &slo.indicator.counting else {
                continue;
            };
            let of = |key: &str| look.at(&format!("{}.promql{key}", place(look, slo)));
            let slice = slo.indicator.slice;
            if total_query.is_none() {
                let cause = "a `ratio` without `total` is not pulled: how many events it is a share of is not known";
                let help = "write `total:` beside it, e.g. `total: sum by (plan) (increase(x_total[1m]))`";
                let diagnostic = Diagnostic::warning(NAME, of(".ratio"), cause);
                found.about(&slo.meta, diagnostic.help(help));
            } else if slice.as_secs() != PULLED_SECONDS {
                let cause = format!(
                    "a slice of {} is not pulled: attain asks minute by minute, so nothing is ever counted",
                    duration_text(slice)
                );
                let help = "write `slice: 1m`, and `[1m]` for the ranges of its queries";
                let diagnostic = Diagnostic::warning(NAME, of(".slice"), cause);
                found.about(&slo.meta, diagnostic.help(help));
            }
        }
    }
}

fn is_pulled(look: &Look<'_>, slo: &Slo) -> bool {
    let sources = slo.indicator.sources.iter();
    let mut kinds = sources.filter_map(|id| Some(&look.catalogue.sources.get(id)?.kind));
    kinds.any(|kind| matches!(kind, SourceKind::Prometheus(_)))
}

/// Where its indicator is written: under its own name, if it is a shared one.
fn place(look: &Look<'_>, slo: &Slo) -> String {
    let shared = slo.indicator.id.as_ref().map(|id| format!("indicators.{id}"));
    let shared = shared.filter(|path| look.spans.value(path).is_some());
    shared.unwrap_or_else(|| format!("slos.{}.indicator", slo.id))
}

const NAME: &str = "promql-not-pulled";
