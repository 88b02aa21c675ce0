//! `tiers-inverted`: who pays more gets less.

use attain_model::company::Segment;
use attain_model::slo::CommittedTargets;
use attain_model::{Diagnostic, Goal, Slo, Targets};

use crate::committed::{in_force, is_looser};
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
        include_str!("tiers-inverted.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for slo in look.slos() {
            for objective in slo.objectives.values() {
                let term = look.term_on(objective, look.today);
                if let Targets::PerSegment { segments, .. } = &term.targets {
                    let base = look.objective_path(slo, objective, term);
                    let goal = |segment: &Segment| segments.get(&segment.id).copied();
                    compare(look, found, slo, &base, "gets", &goal);
                }
            }
            for (index, commitment) in in_force(&slo.commitments, look.today, |c| c.since) {
                for (objective, targets) in &commitment.targets {
                    if let CommittedTargets::Segments(segments) = targets {
                        let base = format!("slos.{}.commitments.{index}.targets.{objective}", slo.id);
                        // Who is not named was promised nothing.
                        let goal = |segment: &Segment| {
                            Some(segments.get(&segment.id).copied().unwrap_or(Goal::BestEffort))
                        };
                        compare(look, found, slo, &base, "was promised", &goal);
                    }
                }
            }
        }
    }
}

const NAME: &str = "tiers-inverted";

/// Reports a segment that pays more than one that is ranked above it: one of the two is wrong, and every goal of both
/// looks inverted by one of them. It stands at the price, where [`Found`] keeps the first.
fn price_against_rank(look: &Look<'_>, found: &mut Found<'_>, high: &Segment, low: &Segment) {
    let cause = format!(
        "{} pays more than {}, and its rank {} is below rank {}",
        low.id, high.id, low.rank, high.rank
    );
    let other = look.at(&format!("segments.{}.rank", high.id));
    found.about(
        &low.meta,
        Diagnostic::error(NAME, look.at(&format!("segments.{}.price", low.id)), cause)
            .help("rank 1 is saved first: swap the ranks, or mend the price")
            .label(other, "ranked above it"),
    );
}

/// Whether rank says one thing of two segments and price the other.
fn is_contradicted(high: &Segment, low: &Segment) -> bool {
    high.rank < low.rank && is_higher(low, high)
}

/// Reports each higher tier whose goal is looser than that of a lower one.
fn compare(
    look: &Look<'_>,
    found: &mut Found<'_>,
    slo: &Slo,
    base: &str,
    verb: &str,
    goal: &dyn Fn(&Segment) -> Option<Goal>,
) {
    let tiers = look.catalogue.segments_by_rank();
    for high in &tiers {
        let Some(loose) = goal(high) else { continue };
        let Some((low, tight)) = tiers.iter().find_map(|low| {
            let tight = goal(low)?;
            (is_higher(high, low) && is_looser(&loose, &tight)).then_some((low, tight))
        }) else {
            continue;
        };
        if is_contradicted(high, low) {
            price_against_rank(look, found, high, low);
            continue;
        }
        if is_contradicted(low, high) {
            price_against_rank(look, found, low, high);
            continue;
        }
        let less = match loose {
            Goal::BestEffort if verb != "gets" => "nothing".to_owned(),
            _ => loose.to_string(),
        };
        let cause = format!(
            "{} {verb} {less}, less than {} below it with {tight}",
            high.id, low.id
        );
        let place = look.at(&format!("{base}.{}", high.id));
        let other = look.at(&format!("{base}.{}", low.id));
        found.about(
            &slo.meta,
            Diagnostic::error(NAME, place, cause)
                .help(format!("give {} at least {tight}, or {} less", high.id, low.id))
                .label(other, "the lower tier"),
        );
    }
}

/// Whether a segment is the higher tier: saved first or, at the same rank or against it, the one that pays more.
fn is_higher(high: &Segment, low: &Segment) -> bool {
    let pays_more = match (&high.price, &low.price) {
        (Some(high), Some(low)) => {
            high.period == low.period
                && high.amount.currency == low.amount.currency
                && high.amount.cents > low.amount.cents
        }
        _ => false,
    };
    high.rank < low.rank || pays_more
}
