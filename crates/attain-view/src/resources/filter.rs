//! Which SLOs, and which of their series, somebody wants to see. Knows no page and no parameter.

use attain_model::verdict::AlertState;
use attain_model::{Evaluation, Promises, Scope, Slo, Standing, Verdict};

/// What somebody wants to see; what is `None` lets everything through.
///
/// Team, layer, audience and `q` are about SLOs; segment and state choose among the series of these. An SLO of which no
/// series is left is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// An owner.
    pub team: Option<String>,
    /// `product`, `service` or `infrastructure`.
    pub layer: Option<String>,
    /// `customer` or `internal`.
    pub audience: Option<String>,
    /// A segment, or `all`.
    pub segment: Option<String>,
    /// What the verdict says.
    pub state: Option<State>,
    /// Words that all stand in the SLO's id, outcome, service or owners, in any case.
    pub q: Option<String>,
}

/// What a series is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its verdict.
    Is(Standing),
    /// An alert of it fires.
    Alerting,
    /// It burns while the sum of all traffic looks fine.
    Masked,
}

impl State {
    /// Every word that names one.
    pub const WORDS: [&'static str; 7] = [
        "met",
        "breached",
        "unknown",
        "no-traffic",
        "best-effort",
        "alerting",
        "masked",
    ];

    /// The state of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "met" => Self::Is(Standing::Met),
            "breached" => Self::Is(Standing::Breached),
            "unknown" => Self::Is(Standing::Unknown),
            "no-traffic" => Self::Is(Standing::NoTraffic),
            "best-effort" => Self::Is(Standing::BestEffort),
            "alerting" => Self::Alerting,
            "masked" => Self::Masked,
            _ => return None,
        })
    }

    fn fits(self, verdict: &Verdict, evaluation: &Evaluation) -> bool {
        match self {
            Self::Is(standing) => verdict.standing == standing,
            Self::Alerting => {
                let mut alerts = verdict.alerts.iter();
                alerts.any(|alert| matches!(alert.state, AlertState::Firing(_)))
            }
            Self::Masked => evaluation.masked.iter().any(|one| one.name == verdict.name),
        }
    }
}

impl Filter {
    /// The SLOs that are let through, by id, with the series that are, in the order of the evaluation.
    #[must_use]
    pub fn select<'a>(
        &self,
        promises: &'a Promises,
        evaluation: &'a Evaluation,
    ) -> Vec<(&'a Slo, Vec<&'a Verdict>)> {
        let slos = &promises.catalogue().slos;
        let groups = evaluation
            .verdicts
            .chunk_by(|a, b| a.name.slo == b.name.slo);
        let mut found: Vec<(&Slo, Vec<&Verdict>)> = groups
            .filter_map(|group| {
                let slo = slos.get(&group.first()?.name.slo)?;
                let series = group.iter().filter(|verdict| self.has(verdict, evaluation));
                let series: Vec<&Verdict> = series.collect();
                (self.is_about(slo) && !series.is_empty()).then_some((slo, series))
            })
            .collect();
        found.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
        found
    }

    fn is_about(&self, slo: &Slo) -> bool {
        let is = |asked: &Option<String>, has: &str| asked.as_deref().is_none_or(|one| one == has);
        let mut owners = slo.owners.iter();
        let has_team = self
            .team
            .as_ref()
            .is_none_or(|team| owners.any(|owner| owner.as_str() == team));
        has_team
            && is(&self.layer, slo.layer.word())
            && is(&self.audience, slo.audience.word())
            && self.q.as_deref().is_none_or(|words| says(slo, words))
    }

    fn has(&self, verdict: &Verdict, evaluation: &Evaluation) -> bool {
        let is_its = match (&self.segment, &verdict.name.scope) {
            (None, _) => true,
            (Some(asked), Scope::Segment(segment)) => segment.as_str() == asked,
            (Some(asked), Scope::All) => asked == "all",
        };
        is_its
            && self
                .state
                .is_none_or(|state| state.fits(verdict, evaluation))
    }
}

fn says(slo: &Slo, words: &str) -> bool {
    let mut texts = vec![slo.id.as_str(), slo.service.as_str()];
    texts.extend(slo.outcome.as_deref());
    texts.extend(slo.owners.iter().map(|team| team.as_str()));
    let text = texts.join("\n").to_lowercase();
    words
        .to_lowercase()
        .split_whitespace()
        .all(|word| text.contains(word))
}
