//! `commitment-above-objective`: more was promised outside than is aimed at inside.

use attain_model::Diagnostic;

use crate::committed::{committed, implies};
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
        include_str!("commitment-above-objective.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for commitment in committed(look).iter().filter(|one| !one.best_effort) {
            let Some(aimed) = commitment.aimed.promised() else {
                continue;
            };
            let promised = &commitment.promised;
            if !implies(promised, aimed) || implies(aimed, promised) {
                continue;
            }
            let who = &commitment.who;
            let cause = format!("{who} was promised {promised}, but the team aims at {aimed}");
            let help = match promised.under {
                None => format!("promise less, or raise the objective above {promised}"),
                Some(_) => format!("promise less, or aim at more than {promised}"),
            };
            found.about(
                commitment.meta,
                Diagnostic::error(NAME, look.at(&commitment.path), cause).help(help),
            );
        }
    }
}

const NAME: &str = "commitment-above-objective";
