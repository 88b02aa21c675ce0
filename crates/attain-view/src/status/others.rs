//! Who else is hurt, beside the one that the first sentence is about. Knows what rests on what.

use std::collections::BTreeSet;

use attain_model::slo::Provider;
use attain_model::{SeriesName, SloId, Standing, Verdict};

use super::Desk;
use super::headline::Hurt;

/// How many of the others are named under the worst one.
const OTHERS_SHOWN: usize = 4;

/// Others that are hurt in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Also {
    /// In which way.
    pub(crate) word: &'static str,
    /// Some of them.
    pub(crate) names: Vec<SeriesName>,
    /// How many are not named.
    pub(crate) more: usize,
}

impl Also {
    /// `Also broken: a/b/premium, a/b/free, and 2 more.`
    pub(crate) fn text(&self) -> String {
        let names: Vec<String> = self.names.iter().map(ToString::to_string).collect();
        format!("{}: {}{}.", self.word, names.join(", "), self.rest())
    }

    /// `, and 2 more`.
    pub(crate) fn rest(&self) -> String {
        match self.more {
            0 => String::new(),
            more => format!(", and {more} more"),
        }
    }
}

/// The others by name: those that are broken, first what the worst one rests on, those that page before their budget is
/// gone, those that are broken and quiet now, then those with a ticket.
pub(super) fn also(desk: &Desk<'_>, worst: &Verdict, others: &[&Verdict]) -> Vec<Also> {
    let is_over = |hurt| matches!(hurt, Hurt::PagingEnded | Hurt::BrokenEarlier);
    let is_quiet = is_over(Hurt::of(desk, worst));
    let under = underneath(desk, &worst.name.slo);
    let (mut below, mut beside, mut paging) = (Vec::new(), Vec::new(), Vec::new());
    let (mut earlier, mut burning) = (Vec::new(), Vec::new());
    for &verdict in others {
        let is_broken = verdict.standing == Standing::Breached;
        let is_below = is_broken && under.contains(&verdict.name.slo);
        match Hurt::of(desk, verdict) {
            // What is quiet by now explains what is quiet, too, but not what burns.
            hurt if is_below && (!is_over(hurt) || is_quiet) => below.push(verdict),
            Hurt::Paging | Hurt::PagingEnded if !is_broken => paging.push(verdict),
            Hurt::Paging | Hurt::BrokenBurning => beside.push(verdict),
            Hurt::PagingEnded | Hurt::BrokenEarlier => earlier.push(verdict),
            Hurt::Starting if is_broken => beside.push(verdict),
            Hurt::Starting | Hurt::Ticket => burning.push(verdict),
        }
    }
    let beside_word = if worst.standing == Standing::Breached {
        "Also broken"
    } else {
        "Broken"
    };
    let burning_word = if desk.is_page { "In danger" } else { "Burning" };
    [
        ("Broken underneath", below),
        (beside_word, beside),
        ("Also paging", paging),
        ("Broken earlier, not burning now", earlier),
        (burning_word, burning),
    ]
    .into_iter()
    .filter(|(_, verdicts)| !verdicts.is_empty())
    .map(|(word, verdicts)| {
        let shown = verdicts.iter().take(OTHERS_SHOWN);
        let names: Vec<SeriesName> = shown.map(|verdict| verdict.name.clone()).collect();
        Also {
            word,
            more: verdicts.len() - names.len(),
            names,
        }
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
