//! `missing-layer-owner`: a layer whose SLOs nobody runs.

use attain_model::company::Seat;
use attain_model::{Audience, Diagnostic, Layer};

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
        include_str!("missing-layer-owner.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for layer in [Layer::Service, Layer::Infrastructure] {
            for slo in look.layer(layer).filter(|slo| slo.audience == Audience::Internal) {
                let word = layer.word();
                let Some(owner) = &slo.owners.owner else {
                // Two owners of an internal SLO are too many, not too few; and what is absent may stand on a line
                // that could not be read.
                if slo.owners.iter().next().is_some() || !look.is_whole() {
                    continue;
                }
                    let cause = format!("`{}` is of the {word} layer, and nobody owns it", slo.id);
                    let place = look.key(&format!("slos.{}", slo.id));
                    found.about(
                        &slo.meta,
                        Diagnostic::warning(NAME, place, cause)
                            .help("name the team that runs it in `owner:`, or as the owner of its service"),
                    );
                    continue;
                };
                let Some(team) = look.catalogue.teams.get(owner) else {
                    continue; // Without a `teams:` section every name is taken at its word.
                };
                if matches!(team.seat, Seat::Engineering | Seat::Platform) {
                    continue;
                }
                let cause = format!(
                    "`{owner}` sits in the {} seat and cannot run what is of the {word} layer",
                    team.seat.word()
                );
                let place = look.at(&format!("slos.{}.owner", slo.id));
                found.about(
                    &slo.meta,
                    Diagnostic::warning(NAME, place, cause)
                        .help("name a team in the engineering or platform seat"),
                );
            }
        }
    }
}

const NAME: &str = "missing-layer-owner";
