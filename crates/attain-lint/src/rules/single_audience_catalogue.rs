//! `single-audience-catalogue`: a catalogue with one kind of SLO shows half of the picture.

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
        include_str!("single-audience-catalogue.md")
    }

    fn needs_whole_catalogue(&self) -> bool {
        true
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        let total = look.slos().count();
        let customer = look
            .slos()
            .filter(|slo| slo.audience == Audience::Customer)
            .count();
        let mut services = look.slos().map(|slo| &slo.service);
        let first = services.next();
        let is_one_service = services.all(|service| Some(service) == first);
        // A single SLO, or those of a single service, is a beginning, not a picture.
        if total < 2 || is_one_service || (customer > 0 && customer < total) {
            return;
        }
        let (cause, help) = if customer == 0 {
            (
                format!("all {total} SLOs are internal: nothing here says what customers get"),
                "add a customer SLO (`layer: product`, an `outcome` in their words) that rests on these",
            )
        } else {
            (
                format!("all {total} SLOs are customer SLOs: when one breaks, nothing says which service did it"),
                "add internal SLOs for the services, and name them in `depends_on:`",
            )
        };
        found.about_all(Diagnostic::warning(NAME, look.key("slos"), cause).help(help));
    }
}

const NAME: &str = "single-audience-catalogue";
