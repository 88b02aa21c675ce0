//! The cascade as one owner sees it: my promises, who rests on me, whom I rest on. Knows owners and edges; what was spent is
//! [`crate::attribution`]'s.

use attain_model::slo::Audience;
use attain_model::{Catalogue, ObjectiveId, Promised, Scope, SeriesName, Slo, SloId, TeamId};
use jiff::civil::Date;

use crate::carried::EdgeCost;
use crate::explain::{Counted, Counts, Explained, Line, explain};
use crate::part::Part;

/// What one team sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// The team.
    pub team: TeamId,
    /// What it promises, every objective and scope.
    pub promises: Vec<Promise>,
    /// Promises that rest on the team's SLOs directly, those of the team left out; of several segments the tightest.
    pub above: Vec<Edge>,
    /// What the team's promises rest on directly, the team's own left out; of several segments the tightest.
    pub below: Vec<Edge>,
}

/// A promise of the team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// Which.
    pub name: SeriesName,
    /// Its numbers.
    pub promised: Promised,
    /// To whom.
    pub audience: Audience,
    /// The seat that the team has: `owner`, `product` or `engineering`.
    pub seat: &'static str,
    /// Whether its parts carry it; `None` where it rests on nothing.
    pub carries: Option<crate::composed::Carries>,
    /// What was counted over its window.
    pub counted: Option<Counted>,
}

/// A promise and a part of it, of which one is the team's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The promise that rests on the part.
    pub promise: SeriesName,
    /// Its numbers.
    pub promised: Promised,
    /// Who owns the other end: of the promise if the part is the team's, else of the part. Empty for somebody outside.
    pub owners: Vec<TeamId>,
    /// The part; the candidates of a quorum.
    pub parts: Vec<Part>,
    /// What the part promises, in parts per billion.
    pub target_ppb: Option<u32>,
    /// What the part may cost the promise, of its requests.
    pub cost: EdgeCost,
    /// The same with what was counted of the part.
    pub measured_ppb: Option<u32>,
    /// What was counted of the part.
    pub counted: Option<Counted>,
}

/// The SLOs of a team that are not retired on a day, in the order of their ids.
#[must_use]
pub fn owned_by<'c>(catalogue: &'c Catalogue, team: &TeamId, on: Date) -> Vec<&'c Slo> {
    let slos = catalogue.live_slos(on);
    slos.filter(|slo| is_owner(slo, team)).collect()
}

/// What a team sees by the promises of a day. `None` when it owns no SLO.
#[must_use]
pub fn owned(catalogue: &Catalogue, team: &TeamId, on: Date, counts: &Counts<'_>) -> Option<Owned> {
    let mine = owned_by(catalogue, team, on);
    if mine.is_empty() {
        return None;
    }
    let mut seen = Owned {
        team: team.clone(),
        promises: Vec::new(),
        above: Vec::new(),
        below: Vec::new(),
    };
    for slo in &mine {
        for one in explained(catalogue, slo, on, counts) {
            seen.promises.push(promise(slo, team, &one));
        }
        for one in tightest(explained(catalogue, slo, on, counts)) {
            for line in one.lines.iter().filter(|line| line.cost != EdgeCost::Apart) {
                let theirs = owners_of(catalogue, &line.parts);
                if !theirs.contains(team) {
                    seen.below.push(edge(&one, line, theirs));
                }
            }
        }
    }
    for slo in catalogue.live_slos(on).filter(|slo| !is_owner(slo, team)) {
        let is_mine = |part: &Part| match part {
            Part::Slo(id) => mine.iter().any(|slo| slo.id == *id),
            Part::External(_) => false,
        };
        for one in tightest(explained(catalogue, slo, on, counts)) {
            for line in one.lines.iter().filter(|line| line.cost != EdgeCost::Apart) {
                if line.parts.iter().any(is_mine) {
                    let owners = slo.owners.iter().cloned().collect();
                    seen.above.push(edge(&one, line, owners));
                }
            }
        }
    }
    Some(seen)
}

/// Everything that an SLO promises.
fn explained(catalogue: &Catalogue, slo: &Slo, on: Date, counts: &Counts<'_>) -> Vec<Explained> {
    let scopes = slo.objectives.values().flat_map(|objective| {
        let term = objective.on(on);
        let scopes = term.into_iter().flat_map(|term| term.targets.iter());
        scopes.map(|(scope, _)| (&objective.id, scope))
    });
    let scopes: Vec<(&ObjectiveId, Scope)> = scopes.collect();
    scopes
        .into_iter()
        .filter_map(|(id, scope)| explain(catalogue, slo, id, &scope, on, counts))
        .collect()
}

/// Of each objective the scope with the smallest budget, the first of equals.
fn tightest(all: Vec<Explained>) -> Vec<Explained> {
    let mut kept: Vec<Explained> = Vec::new();
    for one in all {
        match kept.last_mut() {
            Some(last) if last.name.objective == one.name.objective => {
                if one.budget_ppb() < last.budget_ppb() {
                    *last = one;
                }
            }
            _ => kept.push(one),
        }
    }
    kept
}

fn promise(slo: &Slo, team: &TeamId, one: &Explained) -> Promise {
    let seats = [
        ("product", &slo.owners.product),
        ("engineering", &slo.owners.engineering),
    ];
    let seat = seats.iter().find(|(_, owner)| owner.as_ref() == Some(team));
    Promise {
        name: one.name.clone(),
        promised: one.promised,
        audience: slo.audience,
        seat: seat.map_or("owner", |(seat, _)| seat),
        carries: one.rests_on_something().then_some(one.tighter.objective),
        counted: one.counted,
    }
}

fn edge(one: &Explained, line: &Line, owners: Vec<TeamId>) -> Edge {
    Edge {
        promise: one.name.clone(),
        promised: one.promised,
        owners,
        parts: line.parts.clone(),
        target_ppb: line.target_ppb,
        cost: line.cost,
        measured_ppb: line.measured_ppb,
        counted: line.counted,
    }
}

fn is_owner(slo: &Slo, team: &TeamId) -> bool {
    slo.owners.iter().any(|owner| owner == team)
}

/// Who owns parts, each once.
fn owners_of(catalogue: &Catalogue, parts: &[Part]) -> Vec<TeamId> {
    let ids = parts.iter().filter_map(|part| match part {
        Part::Slo(id) => Some(id),
        Part::External(_) => None,
    });
    let owners = ids.flat_map(|id: &SloId| catalogue.slos.get(id).map(|slo| &slo.owners));
    let mut owners: Vec<TeamId> = owners.flat_map(|owners| owners.iter().cloned()).collect();
    owners.sort();
    owners.dedup();
    owners
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{DAY, shop};
    use attain_model::slo::Owners;

    fn teams() -> Catalogue {
        let mut shop = shop();
        for (slo, team) in [
            ("auth-login", "identity"),
            ("payments-charge", "payments"),
            ("postgres-primary", "platform"),
            ("recommendations", "payments"),
        ] {
            shop.slos.get_mut(slo).unwrap().owners.owner = Some(team.into());
        }
        shop.slos.get_mut("checkout-completes").unwrap().owners = Owners {
            product: Some("growth".into()),
            engineering: Some("payments".into()),
            owner: None,
        };
        shop
    }

    fn of(team: &str) -> Owned {
        owned(&teams(), &team.into(), DAY, &|_| None).expect("a team with SLOs")
    }

    fn named(edges: &[Edge]) -> Vec<String> {
        let text = |edge: &Edge| {
            let owners: Vec<&str> = edge.owners.iter().map(|team| team.as_str()).collect();
            let part = &edge.parts[0];
            format!("{} on {part} ({})", edge.promise, owners.join(", "))
        };
        edges.iter().map(text).collect()
    }

    #[test]
    fn the_platform_is_what_others_rest_on() {
        let platform = of("platform");
        assert_eq!(platform.promises.len(), 2);
        assert!(platform.below.is_empty());
        assert_eq!(
            named(&platform.above),
            [
                "auth-login/availability/all on postgres-primary (identity)",
                "payments-charge/availability/all on postgres-primary (payments)"
            ]
        );
    }

    #[test]
    fn a_seat_is_enough_and_what_is_ones_own_is_not_shown() {
        let payments = of("payments");
        let seats: Vec<_> = payments.promises.iter().map(|p| p.seat).collect();
        assert!(seats.contains(&"engineering") && seats.contains(&"owner"));
        assert!(payments.above.is_empty());
        assert_eq!(
            named(&payments.below),
            [
                "checkout-completes/availability/premium on auth-login (identity)",
                "payments-charge/availability/all on postgres-primary (platform)",
                "payments-charge/availability/all on bank-gateway ()"
            ]
        );
        let growth = of("growth");
        assert_eq!(named(&growth.below).len(), 2);
        assert_eq!(owned(&teams(), &"nobody".into(), DAY, &|_| None), None);
    }
}
