//! `nothing-is-bad`: a share of good events is promised where no event can be bad.

use attain_model::indicator::Counting;
use attain_model::selector::{Match, Outcome, Selector};
use attain_model::slo::Objective;
use attain_model::source::{CsvLayout, SourceKind};
use attain_model::{Diagnostic, Scope, Slo};

use crate::found::Found;
use crate::look::Look;
use crate::rules::Rule;
use crate::words::list;

pub(crate) const RULE: This = This;

pub(crate) struct This;

impl Rule for This {
    fn name(&self) -> &'static str {
        NAME
    }

    fn document(&self) -> &'static str {
        include_str!("nothing-is-bad.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for slo in look.slos() {
            let Some(cause) = cause(look, slo) else {
                continue;
            };
            let mut promised = slo.objectives.values().filter_map(|o| Some((o, share(look, o)?)));
            let Some((objective, scope)) = promised.next() else {
                continue;
            };
            let place = look.at(&look.target_path(slo, objective, &scope));
            let help = "say what is bad, e.g. `bad: {status: 5xx}`, or promise how long it takes, e.g. `p99 < 200ms`";
            found.about(&slo.meta, Diagnostic::warning(NAME, place, cause).help(help));
        }
    }
}

const NAME: &str = "nothing-is-bad";

/// To whom an objective promises a share of good events, whatever they take.
fn share(look: &Look<'_>, objective: &Objective) -> Option<Scope> {
    let targets = &look.term_on(objective, look.today).targets;
    let mut shares = targets.iter().filter(|(_, goal)| {
        let promised = goal.promised();
        promised.is_some_and(|promised| promised.under.is_none())
    });
    Some(shares.next()?.0)
}

/// Why no event of an SLO can be bad.
fn cause(look: &Look<'_>, slo: &Slo) -> Option<String> {
    let (Counting::Metric {
        selector, outcome, ..
    }
    | Counting::Log { selector, outcome }) = &slo.indicator.counting
    else {
        return None;
    };
    // The numbers of a table may say themselves what was good.
    let sources = slo.indicator.sources.iter();
    let mut sources = sources.filter_map(|id| look.catalogue.sources.get(id));
    if sources.any(|source| matches!(&source.kind, SourceKind::Csv(csv) if csv.layout != CsvLayout::Events)) {
        return None;
    }
    match outcome {
        Outcome::AllGood => Some(format!(
            "nothing says which events of {} are bad: it is at 100 % whatever happens",
            slo.id
        )),
        Outcome::Bad(bad) if !bad.iter().any(|(label, values)| meets(selector, label, values)) => {
            let labels: Vec<String> = bad.keys().map(|label| format!("`{label}`")).collect();
            Some(format!(
                "`where` leaves out every {} that `bad` names: {} is at 100 % whatever happens",
                list(&labels),
                slo.id
            ))
        }
        _ => None,
    }
}

/// Whether a value of a label that counts can be one of these, as far as texts and classes tell.
fn meets(selector: &Selector, label: &str, these: &Match) -> bool {
    let Some(only) = selector.only.get(label) else {
        return true;
    };
    let mut values = Vec::new();
    let is_told = examples(only, &mut values) && examples(these, &mut values);
    !is_told || values.iter().any(|value| only.matches(value) && these.matches(value))
}

/// Values one of which is matched, if any is; `false` of what only data can tell.
fn examples(of: &Match, values: &mut Vec<String>) -> bool {
    match of {
        Match::Exact(text) => values.push(text.clone()),
        Match::Class(digit) => values.push(format!("{digit}00")),
        Match::Absent => values.push(String::new()),
        Match::AnyOf(any) => return any.iter().all(|one| examples(one, values)),
        Match::Pattern(_) => return false,
    }
    true
}
