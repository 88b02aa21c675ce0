//! `too-many-segments`: more than five segments, or two that were sold the same.

use attain_model::Diagnostic;
use attain_model::company::Segment;

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
        include_str!("too-many-segments.md")
    }

    fn needs_whole_catalogue(&self) -> bool {
        true
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        let segments = look.catalogue.segments_by_rank();
        for (index, segment) in segments.iter().enumerate() {
            let place = look.key(&format!("segments.{}", segment.id));
            if index >= AT_MOST {
                let cause = format!(
                    "`{}` is segment {} of {}: each is another set of dashboards, alerts, runbooks and time series",
                    segment.id,
                    index + 1,
                    segments.len()
                );
                let help = format!(
                    "keep at most {AT_MOST}, or say on this segment why it is worth it: `allow: {{{NAME}: <reason>}}`"
                );
                found.about(&segment.meta, Diagnostic::error(NAME, place, cause).help(help));
            } else if let Some(twin) = segments[..index].iter().find(|other| same_deal(other, segment)) {
                let cause = format!(
                    "`{}` has the contract and the price of `{}`: that is one segment with two names",
                    segment.id, twin.id
                );
                let help = "let one segment `match:` the label values of both, or name the contract in which they differ";
                let twins = look.key(&format!("segments.{}", twin.id));
                found.about(
                    &segment.meta,
                    Diagnostic::warning(NAME, place, cause)
                        .help(help)
                        .label(twins, "the same contract and price"),
                );
            }
        }
    }
}

const NAME: &str = "too-many-segments";

/// Three to five work; ten are sprawl.
const AT_MOST: usize = 5;

/// Whether two segments were sold the same. A segment without a contract is another rule's business, and what two of them
/// cost is not known before a price is written, as in the first catalogue that `attain init` proposes.
fn same_deal(a: &Segment, b: &Segment) -> bool {
    let sold = a.contract.is_some() && a.price.is_some();
    sold && a.contract == b.contract && a.price == b.price
}
