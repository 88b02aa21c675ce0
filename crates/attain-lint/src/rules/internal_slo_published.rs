//! `internal-slo-published`: an internal SLO was shown to people outside.

use attain_model::{Audience, Diagnostic};

use crate::found::Found;
use crate::look::Look;
use crate::rules::Rule;

pub(crate) const RULE: This = This;

pub(crate) struct This;

impl Rule for This {
    fn name(&self) -> &'static str {
        NAME
    }

    fn document(&self) -> &'static str {
        include_str!("internal-slo-published.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for slo in look.slos().filter(|slo| slo.audience == Audience::Internal) {
            let mut places: Vec<_> = slo
                .commitments
                .iter()
                .enumerate()
                .take(1)
                .map(|(index, _)| look.key(&format!("slos.{}.commitments.{index}.published", slo.id)))
                .collect();
            let shown = look.catalogue.page.iter().flat_map(|page| &page.show);
            for (index, _) in shown.enumerate().filter(|(_, id)| **id == slo.id) {
                places.push(look.at(&format!("page.show.{index}")));
            }
            let mut places = places.into_iter();
            let Some(place) = places.next() else { continue };
            let cause = format!(
                "`{}` is internal, and people outside are told about it: what was published is hard to take back",
                slo.id
            );
            let mut diagnostic = Diagnostic::error(NAME, place, cause)
                .help("publish the customer SLO that rests on it, or make this one a product SLO with an `outcome`");
            for other in places {
                diagnostic = diagnostic.label(other, "and here");
            }
            found.about(&slo.meta, diagnostic);
        }
    }
}

const NAME: &str = "internal-slo-published";
