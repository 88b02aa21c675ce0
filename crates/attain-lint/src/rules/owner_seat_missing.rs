//! `owner-seat-missing`: a customer SLO needs a voice for the customer and one for the service.

use attain_model::company::Seat;
use attain_model::{Audience, Diagnostic, Slo, TeamId};

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
        include_str!("owner-seat-missing.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for slo in look.slos().filter(|slo| slo.audience == Audience::Customer) {
            let base = format!("slos.{}.owners", slo.id);
            let owners = &slo.owners;
            let product = seat(look, owners.product.as_ref(), &[Seat::Product]);
            let engineering = seat(
                look,
                owners.engineering.as_ref(),
                &[Seat::Engineering, Seat::Platform],
            );
            if let (Held::ByOther(first, Seat::Engineering | Seat::Platform), Held::ByOther(second, Seat::Product)) =
                (&product, &engineering)
            {
                let cause = format!("`{first}` and `{second}` sit in each other's seats");
                let help =
                    format!("swap them: `owners: {{product: {second}, engineering: {first}}}`");
                found.about(&slo.meta, Diagnostic::error(NAME, look.at(&base), cause).help(help));
                continue;
            }
            for (key, held) in [("product", &product), ("engineering", &engineering)] {
                if let Held::ByOther(team, wrong) = held {
                    let cause = format!(
                        "`{team}` sits in the {} seat, and a customer SLO needs it in the {key} seat",
                        wrong.word()
                    );
                    let place = look.at(&format!("{base}.{key}"));
                    found.about(
                        &slo.meta,
                        Diagnostic::error(NAME, place, cause).help(advice(look, &[key])),
                    );
                }
            }
            missing(look, found, slo, &base, &product, &engineering);
        }
    }
}

const NAME: &str = "owner-seat-missing";

/// Who holds a seat.
enum Held<'a> {
    Well,
    ByNobody,
    ByOther(&'a TeamId, Seat),
}

/// Without a `teams:` section every name is taken at its word.
fn seat<'a>(look: &Look<'_>, team: Option<&'a TeamId>, seats: &[Seat]) -> Held<'a> {
    let Some(team) = team else {
        return Held::ByNobody;
    };
    match look.catalogue.teams.get(team) {
        Some(known) if !seats.contains(&known.seat) => Held::ByOther(team, known.seat),
        _ => Held::Well,
    }
}

fn missing(
    look: &Look<'_>,
    found: &mut Found<'_>,
    slo: &Slo,
    base: &str,
    product: &Held<'_>,
    engineering: &Held<'_>,
) {
    let keys: Vec<&str> = [("product", product), ("engineering", engineering)]
        .into_iter()
        .filter(|(_, held)| matches!(held, Held::ByNobody))
        .map(|(key, _)| key)
        .collect();
    let cause = match keys.as_slice() {
        [] => return,
        [key] => format!("a customer SLO has two owners, and nobody sits in the {key} seat"),
        _ => "a customer SLO has two owners, and this one names neither".to_owned(),
    };
    let one = format!("slos.{}.owner", slo.id);
    let (place, help) = match look.spans.key(&one) {
        Some(place) if keys.len() == 2 => (place, two_owners(look)),
        _ => (look.at(base), advice(look, &keys)),
    };
    found.about(
        &slo.meta,
        Diagnostic::error(NAME, place, cause).help(help),
    );
}

/// The line that stands for one owner, with the first team of each seat.
fn two_owners(look: &Look<'_>) -> String {
    let team = |seat: Seat| {
        let mut teams = look.catalogue.teams.values();
        teams
            .find(|team| team.seat == seat)
            .map_or("<team>", |team| team.id.as_str())
    };
    let (product, engineering) = (team(Seat::Product), team(Seat::Engineering));
    format!(
        "replace `owner:` by `owners: {{product: {product}, engineering: {engineering}}}`"
    )
}

fn advice(look: &Look<'_>, keys: &[&str]) -> String {
    let parts: Vec<String> = keys
        .iter()
        .map(|key| {
            let teams: Vec<&str> = look
                .catalogue
                .teams
                .values()
                .filter(|team| team.seat.word() == *key)
                .map(|team| team.id.as_str())
                .collect();
            if teams.is_empty() {
                format!("add `{key}: <team>`")
            } else {
                format!("add `{key}: <team>`; teams with that seat: {}", teams.join(", "))
            }
        })
        .collect();
    parts.join("; ")
}
