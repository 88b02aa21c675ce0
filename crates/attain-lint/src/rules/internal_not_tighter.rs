//! `internal-not-tighter`: the parts cannot carry what rests on them.

use std::cmp::Reverse;

use attain_cascade::{percent_down, percent_up};
use attain_model::{Diagnostic, Scope, Span};

use crate::allow;
use crate::committed::committed_by;
use crate::found::Found;
use crate::look::Look;
use crate::rules::Rule;
use crate::shortfall::{Shortfall, shortfall};

pub(crate) const RULE: This = This;

pub(crate) struct This;

impl Rule for This {
    fn name(&self) -> &'static str {
        NAME
    }

    fn document(&self) -> &'static str {
        include_str!("internal-not-tighter.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        let mut worst: Vec<Shortfall<'_>> = Vec::new();
        for slo in look.slos() {
            for objective in slo.objectives.values() {
                let targets = &look.term_on(objective, look.today).targets;
                let scopes = targets.iter().filter_map(|(scope, goal)| {
                    shortfall(look, slo, objective, &scope, *goal.promised()?)
                });
                // Of one objective, the tightest target says it for all.
                worst.extend(scopes.max_by_key(|short| short.target));
            }
        }
        worst.retain(|short| !is_silenced(look, short));
        // Of several callers of one part, the one that needs most of it says it for all.
        worst.sort_by_key(|short| Reverse(short.needs_ppb.unwrap_or(u32::MAX)));
        for short in worst {
            found.about_all(diagnostic(look, &short));
        }
    }
}

const NAME: &str = "internal-not-tighter";

/// Whether somebody wrote why this shortfall is accepted: at the part, at its caller, or in a file of theirs.
pub(crate) fn is_silenced(look: &Look<'_>, short: &Shortfall<'_>) -> bool {
    let on_part = short
        .part_meta
        .is_some_and(|meta| allow::on_object(meta, NAME, look.today));
    on_part
        || allow::on_object(&short.caller.meta, NAME, look.today)
        || allow::on_file(look.spans, short.place, NAME, look.today)
}

/// What is wrong, at the weakest part.
fn diagnostic(look: &Look<'_>, short: &Shortfall<'_>) -> Diagnostic {
    let caller = &short.caller.id;
    let asked = look.at(&look.target_path(short.caller, short.objective, &short.scope));
    let who = match &short.scope {
        Scope::Segment(id) => id.to_string(),
        Scope::All => "it".to_owned(),
    };
    let cause = format!(
        "the parts of {caller} carry {} together; {who} needs {} ({})",
        percent_down(short.carried_ppb, short.target.ppb()),
        short.target,
        look.line(asked)
    );
    let help = match short.needs_ppb {
        Some(ppb) if ppb < 1_000_000_000 => format!(
            "{} needs {} or more, or a fallback on its edge",
            short.weakest,
            percent_up(ppb)
        ),
        _ => format!(
            "no target of {} alone would do: tighten the other parts too, or ask less of {caller}",
            short.weakest
        ),
    };
    let mut diagnostic = Diagnostic::error(NAME, short.place, cause)
        .help(help)
        .label(asked, "what rests on it");
    if let Some(place) = broken_promise(look, short) {
        diagnostic = diagnostic.label(place, "promised outside, and not carried either");
    }
    diagnostic
}

/// A commitment of the same objective and scope that the parts do not carry.
fn broken_promise(look: &Look<'_>, short: &Shortfall<'_>) -> Option<Span> {
    let segment = match &short.scope {
        Scope::Segment(id) => Some(id),
        Scope::All => None,
    };
    committed_by(look, short.caller)
        .into_iter()
        .find(|one| {
            one.objective.id == short.objective.id
                && one.segment == segment
                && one.promised.target.ppb() > short.carried_ppb
        })
        .map(|one| look.at(&one.path))
}
