//! `never-rolled-up`: an internal SLO that no customer SLO rests on has lost its business context.

use attain_model::{Audience, Diagnostic, Slo};

use crate::allow;
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
        include_str!("never-rolled-up.md")
    }

    fn needs_whole_catalogue(&self) -> bool {
        true
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        let customers: Vec<_> = look
            .slos()
            .filter(|slo| slo.audience == Audience::Customer)
            .collect();
        // Without a customer SLO there is nothing to roll up to: single-audience-catalogue says so.
        if customers.is_empty() {
            return;
        }
        let reached = graph::below(look, customers.iter().copied());
        // No customer SLO rests on anything: customer-without-internal says so, unless somebody wrote why.
        let is_said = |slo: &&Slo| !allow::on_object(&slo.meta, "customer-without-internal", look.today);
        if reached.is_empty() && customers.iter().any(is_said) {
            return;
        }
        let lost: Vec<_> = look
            .slos()
            .filter(|slo| slo.audience == Audience::Internal && !reached.contains(&slo.id))
            .collect();
        // What only a lost SLO rests on is lost for the same cause.
        let under_lost = graph::below(look, lost.iter().copied());
        for slo in lost.iter().filter(|slo| !under_lost.contains(&slo.id)) {
            let cause = format!(
                "no customer SLO rests on `{}`: nobody can say whom it hurts when it breaks",
                slo.id
            );
            let place = look.key(&format!("slos.{}", slo.id));
            found.about(
                &slo.meta,
                Diagnostic::warning(NAME, place, cause)
                    .help("add it to the `depends_on:` of the customer SLO that feels it, or retire it"),
            );
        }
    }
}

const NAME: &str = "never-rolled-up";
