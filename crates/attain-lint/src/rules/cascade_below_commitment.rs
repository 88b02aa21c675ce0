//! `cascade-below-commitment`: an exception for the objective does not excuse the promise.

use attain_cascade::{percent_down, percent_up};
use attain_model::{Diagnostic, Scope};

use crate::committed::{committed, implies};
use crate::found::Found;
use crate::look::Look;
use crate::rules::Rule;
use crate::rules::internal_not_tighter::is_silenced;
use crate::shortfall::shortfall;

pub(crate) const RULE: This = This;

pub(crate) struct This;

impl Rule for This {
    fn name(&self) -> &'static str {
        NAME
    }

    fn document(&self) -> &'static str {
        include_str!("cascade-below-commitment.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for one in committed(look).iter().filter(|one| !one.best_effort) {
            // More than is aimed at is commitment-above-objective.
            let Some(aimed) = one.aimed.promised().copied() else {
                continue;
            };
            if implies(&one.promised, &aimed) && !implies(&aimed, &one.promised) {
                continue;
            }
            let scope = match one.segment {
                Some(id) => Scope::Segment(id.clone()),
                None => Scope::All,
            };
            let asks = |asked| shortfall(look, one.slo, one.objective, &scope, asked);
            let Some(short) = asks(one.promised) else {
                continue;
            };
            // Without an exception, internal-not-tighter says it at the part that is to be mended.
            if asks(aimed).is_some_and(|short| !is_silenced(look, &short)) {
                continue;
            }
            let cause = format!(
                "{} was promised {}, and the parts of {} carry {} together",
                one.who,
                one.promised,
                one.slo.id,
                percent_down(short.carried_ppb, one.promised.target.ppb())
            );
            let help = match short.needs_ppb {
                Some(ppb) if ppb < 1_000_000_000 => format!(
                    "promise less; or {} needs {} or more",
                    short.weakest,
                    percent_up(ppb)
                ),
                _ => "promise less, or tighten the parts".to_owned(),
            };
            found.about(
                one.meta,
                Diagnostic::error(NAME, look.at(&one.path), cause)
                    .help(help)
                    .label(short.place, "the part that costs most"),
            );
        }
    }
}

const NAME: &str = "cascade-below-commitment";
