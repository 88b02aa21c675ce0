//! `customer-without-internal`: a customer SLO that rests on no internal SLO cannot be diagnosed.

use attain_model::{Audience, Diagnostic};

use crate::found::Found;
use crate::graph;
use crate::look::Look;
use crate::rules::Rule;

pub(crate) const RULE: This = This;

pub(crate) struct This;

impl Rule for This {
    fn name(&self) -> &'static str {
        NAME
    }

    fn document(&self) -> &'static str {
        include_str!("customer-without-internal.md")
    }

    fn needs_whole_catalogue(&self) -> bool {
        true
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        let is_internal = |slo: &&attain_model::Slo| slo.audience == Audience::Internal;
        let customers = || look.slos().filter(|slo| slo.audience == Audience::Customer);
        // A whole catalogue of customer SLOs is one cause: single-audience-catalogue says so.
        if customers().count() > 1 && look.slos().filter(is_internal).count() == 0 {
            return;
        }
        for slo in customers() {
            let parts = graph::below(look, [slo]);
            let supported = parts
                .iter()
                .filter_map(|id| look.slo(id))
                .any(|part| part.audience == Audience::Internal);
            if supported {
                continue;
            }
            let cause = format!(
                "`{}` rests on no internal SLO: when it breaks, nothing says which service did it",
                slo.id
            );
            let place = look.key(&format!("slos.{}", slo.id));
            found.about(
                &slo.meta,
                Diagnostic::warning(NAME, place, cause)
                    .help("name the internal SLOs that it rests on in `depends_on:`"),
            );
        }
    }
}

const NAME: &str = "customer-without-internal";
