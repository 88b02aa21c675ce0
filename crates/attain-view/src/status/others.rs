//! Who else is hurt, beside the one that the first sentence is about. Knows what rests on what.

use std::collections::BTreeSet;

use attain_model::slo::Provider;
use attain_model::{SloId, Standing, Verdict};

use super::Desk;

/// How many of the others are named under the worst one.
const OTHERS_SHOWN: usize = 4;

/// The others by name: those that are broken, first what the worst one rests on, then those that burn.
pub(super) fn also(desk: &Desk<'_>, worst: &Verdict, others: &[&Verdict]) -> Vec<String> {
    let under = underneath(desk, &worst.name.slo);
    let (broken, burning): (Vec<&Verdict>, Vec<&Verdict>) = others
        .iter()
        .partition(|verdict| verdict.standing == Standing::Breached);
    let (below, beside): (Vec<&Verdict>, Vec<&Verdict>) = broken
        .into_iter()
        .partition(|verdict| under.contains(&verdict.name.slo));
    [
        ("Broken underneath", below),
        ("Also broken", beside),
        ("Burning", burning),
    ]
    .into_iter()
    .filter(|(_, verdicts)| !verdicts.is_empty())
    .map(|(word, verdicts)| {
        let names: Vec<String> = verdicts
            .iter()
            .take(OTHERS_SHOWN)
            .map(|verdict| verdict.name.to_string())
            .collect();
        let more = match verdicts.len() - names.len() {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        format!("{word}: {}{more}.", names.join(", "))
    })
    .collect()
}

/// Every SLO that one rests on, however far below.
fn underneath<'a>(desk: &'a Desk<'_>, top: &'a SloId) -> BTreeSet<&'a SloId> {
    let mut reached = BTreeSet::new();
    let mut open = vec![top];
    while let Some(id) = open.pop() {
        let Some(slo) = desk.promises.catalogue().slos.get(id) else {
            continue;
        };
        for edge in &slo.depends_on {
            let direct = match &edge.on {
                Provider::Slo(id) => std::slice::from_ref(id),
                Provider::AnyOf { slos, .. } => slos,
                Provider::External { .. } => &[],
            };
            let fallback = edge.fallback.as_ref().map(|fallback| &fallback.slo);
            open.extend(
                direct
                    .iter()
                    .chain(fallback)
                    .filter(|id| reached.insert(*id)),
            );
        }
    }
    reached
}
