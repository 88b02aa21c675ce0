//! One segment: what it was sold, who is in it, and every promise made to it.

use attain_model::company::{Contract, CustomerContract, RosterFrom, Segment};
use attain_model::quantity::Price;
use attain_model::slo::Slo;
use attain_model::{Evaluation, ObjectiveId, Scope, SegmentId};

use super::frame::{Here, frame};
use super::teach::teach;
use super::{Ask, Scene, Subject, ask, overview, place, sheet};
use crate::html::Html;
use crate::html::parts::{disclosure, head, notes, section, table};
use crate::number::{counted, thousands};
use crate::report::{About, Sheet, top};
use crate::status::published;

const FIRST: top::First = top::First {
    heading: "h2",
    class: "wide second",
    is_of_slo: false,
    reader: top::Reader::OnCall,
};

/// The page at `/segments/ID`; `None` if the catalogue has no such segment.
#[must_use]
pub fn segment(scene: &Scene<'_>, ask: &Ask, id: &SegmentId) -> Option<String> {
    let catalogue = scene.promises.catalogue();
    let segment = catalogue.segments.get(id)?;
    let path = ask::path("/segments/", id.as_str());
    let subject = Subject {
        segment: Some(id),
        ..Subject::default()
    };
    let title = match super::hurt(scene, subject) {
        Some(hurt) => format!("! {hurt}"),
        None => format!("Segment {id}"),
    };
    Some(frame(scene, ask, Here::Elsewhere, &title, &path, |html| {
        html.element("p", &[("class", "eyebrow crumb")], |html| {
            html.line("a", &[("href", &ask.everywhere().to("/"))], "Every promise");
            html.text(&format!(" / segment {id}"));
        });
        let Some(evaluation) = scene.evaluation else {
            teach(html, scene, ask);
            return sold(html, scene, segment);
        };
        let of_it = only(evaluation, id);
        let about = About::default();
        let place = |name: &attain_model::SeriesName| place(ask, name);
        if of_it
            .verdicts
            .iter()
            .all(|verdict| verdict.attainment.total() == 0)
        {
            html.element("h1", &[("class", "lead")], |html| {
                html.text(&format!("No request of {id} was counted."));
            });
            html.element("p", &[("class", "body")], |html| {
                html.prose(&format!(
                    "If there should have been some, look at how the segment is recognised: requests count as {id} when \
                     their segment label is one of {}.",
                    segment.matches.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
                ));
            });
        } else {
            html.line("h1", &[("class", "name")], id.as_str());
            overview::summary(html, &sheet(scene, &of_it, &about, &place), ask, FIRST);
        }
        sold(html, scene, segment);
        let sheet = sheet(scene, evaluation, &about, &place);
        section(html, "promises", &format!("Promised to {id}"), |html| {
            let only = Scope::Segment(id.clone());
            overview::promises(html, scene, &sheet, ask, &path, Some(&only));
        });
        published(html, &sheet, id);
    }))
}

/// What is known of the requests of one segment.
fn only(evaluation: &Evaluation, id: &SegmentId) -> Evaluation {
    let is_its = |scope: &Scope| matches!(scope, Scope::Segment(other) if other == id);
    let mut of_it = evaluation.clone();
    // The aggregate stays for the sentence that says what hides it.
    of_it.verdicts.retain(|verdict| is_its(&verdict.name.scope));
    of_it.masked.retain(|masked| is_its(&masked.name.scope));
    of_it
}

/// Contract, price and customers.
fn sold(html: &mut Html, scene: &Scene<'_>, segment: &Segment) {
    let catalogue = scene.promises.catalogue();
    let mut facts: Vec<(&str, String)> = Vec::new();
    facts.push((
        "contract",
        match &segment.contract {
            Some(Contract::Document(name)) => name.clone(),
            Some(Contract::BestEffort) => "best effort: nothing is promised".to_owned(),
            None => "none is named".to_owned(),
        },
    ));
    facts.extend(segment.price.as_ref().map(|price| ("price", money(price))));
    let roster = catalogue.roster.as_ref().map(|roster| match &roster.from {
        RosterFrom::Csv(file) => format!("listed in {file}"),
        RosterFrom::Http { url, .. } => format!("listed at {url}"),
    });
    let who = match (segment.customers, roster) {
        (Some(count), Some(roster)) => Some(format!("{}, {roster}", thousands(count))),
        (Some(count), None) => Some(thousands(count)),
        (None, roster) => roster,
    };
    facts.extend(who.map(|text| ("customers", text)));
    facts.push((
        "priority",
        format!("{} of {}", segment.rank, catalogue.segments.len()),
    ));
    facts.extend(
        segment
            .severity
            .as_ref()
            .map(|severity| ("severity", severity.to_string())),
    );
    facts.extend(segment.meta.description.clone().map(|text| ("about", text)));
    section(
        html,
        "contract",
        &format!("What {} was sold", segment.id),
        |html| {
            let pairs = facts.iter().map(|(name, text)| (*name, text.as_str()));
            crate::html::parts::facts(html, pairs, |html, _, text| html.prose(text));
            let contracts: Vec<&CustomerContract> = catalogue
                .contracts
                .values()
                .filter(|contract| contract.segment == segment.id)
                .collect();
            if contracts.is_empty() {
                return;
            }
            let summary = format!("{} of its own", counted(contracts.len() as u64, "contract"));
            disclosure(html, &summary, |html| customers(html, &contracts));
        },
    );
}

fn customers(html: &mut Html, contracts: &[&CustomerContract]) {
    table(
        html,
        "plain",
        "Customers with a contract of their own",
        |html| {
            head(html, ["customer", "contract", "fee", "terms"], 4);
            html.element("tbody", &[], |html| {
                for contract in contracts {
                    html.element("tr", &[], |html| {
                        let name = contract.name.as_deref().unwrap_or(contract.id.as_str());
                        html.line("th", &[("scope", "row")], name);
                        let fee = contract.fee.as_ref().map_or_else(|| "-".to_owned(), money);
                        let terms: Vec<String> = contract
                            .terms
                            .first()
                            .into_iter()
                            .flat_map(|term| &term.targets)
                            .flat_map(|(slo, targets)| {
                                targets.iter().flat_map(move |(objective, goals)| {
                                    goals
                                        .goals()
                                        .into_iter()
                                        .map(move |goal| format!("{slo}/{objective} {goal}"))
                                })
                            })
                            .collect();
                        let reference =
                            contract.reference.clone().unwrap_or_else(|| "-".to_owned());
                        for text in [reference, fee, terms.join(", ")] {
                            html.line("td", &[("class", "word")], &text);
                        }
                    });
                }
            });
        },
    );
}

/// What was published to it, by SLO, and whether what was counted holds it.
fn published(html: &mut Html, sheet: &Sheet<'_>, id: &SegmentId) {
    let slos = sheet.desk.promises.catalogue().slos.values();
    let texts: Vec<String> = slos.filter_map(|slo| newest(sheet, slo, id)).collect();
    if texts.is_empty() {
        return;
    }
    section(html, "published", "What was published", |html| {
        notes(html, texts.iter().map(String::as_str));
    });
}

/// `checkout-completes: availability 99.9% (held) since 2026-01-01, in pricing page, MSA 4.2`.
fn newest(sheet: &Sheet<'_>, slo: &Slo, id: &SegmentId) -> Option<String> {
    let scope = Scope::Segment(id.clone());
    let stands = |objective: &ObjectiveId| {
        let mut verdicts = sheet.desk.evaluation.verdicts.iter();
        let verdict = verdicts.find(|verdict| {
            verdict.name.slo == slo.id
                && verdict.name.objective == *objective
                && verdict.name.scope == scope
        });
        match verdict.and_then(|verdict| published::published(&sheet.desk, verdict)) {
            Some(published) if published.is_held => " (held)",
            Some(_) => " (broken)",
            None => "",
        }
    };
    slo.commitments.iter().find_map(|commitment| {
        let goals: Vec<String> = commitment
            .targets
            .iter()
            .filter_map(|(objective, targets)| {
                let goal = targets.goal(&scope)?;
                Some(format!("{objective} {goal}{}", stands(objective)))
            })
            .collect();
        let places = match commitment.published.as_slice() {
            [] => String::new(),
            places => format!(", in {}", places.join(", ")),
        };
        (!goals.is_empty()).then(|| {
            format!(
                "{}: {} since {}{places}",
                slo.id,
                goals.join(", "),
                commitment.since
            )
        })
    })
}

/// `5000 USD/month`, as it is written.
fn money(price: &Price) -> String {
    let (whole, cents) = (price.amount.cents / 100, price.amount.cents % 100);
    let cents = if cents == 0 {
        String::new()
    } else {
        format!(".{cents:02}")
    };
    format!(
        "{}{cents} {}/{}",
        thousands(whole),
        price.amount.currency,
        price.period
    )
}
