//! A first catalogue for an API, as text for a person to correct. Knows what was found in it (survey.rs) and the syntax of
//! the catalogue; decides nothing for anybody: every number says where it came from.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::survey::{Births, Survey};
use crate::first::discover::Measured;
use crate::first::propose::{Answers, SegmentAnswer, symbol, usual_rank};
use crate::first::targets::availability;
use crate::first::yaml_text::{id_of, one_line, quoted, scalar};
use crate::text::number::nanoseconds;
use attain_model::policy::{Secret, Setting};
use attain_model::quantity::Threshold;
use attain_model::source::ApiSource;

/// The YAML text of a catalogue that pulls from an API. Always one that attain can read, if the survey found anything.
///
/// [`Answers::file`] is not looked at. Nothing is promised to anybody by it.
#[must_use]
pub fn propose_pulled(survey: &Survey, answers: &Answers, api: &ApiSource) -> String {
    let label = match &answers.segment {
        SegmentAnswer::Nothing => None,
        SegmentAnswer::Best => survey.segments.first(),
        SegmentAnswer::Field(name) => survey.segments.iter().find(|(label, _)| label == name),
    };
    // What was measured was measured by the first label.
    let is_measured = label == survey.segments.first();
    let tiers = label.map_or(Vec::new(), |(_, values)| tiers(values, &answers.order));
    let named = answers.service.as_ref().or(survey.service.as_ref());
    let service = named.map_or("my-service".to_owned(), |named| id_of(named));
    let team = match (&answers.team, named) {
        (Some(team), _) => id_of(team),
        (None, Some(_)) => format!("{service}-team"),
        (None, None) => "my-team".to_owned(),
    };
    let mut text = format!(
        "# Written by `attain init` from {}. Every number below was measured over the last day or guessed, and says\n\
         # so. Nothing here is promised to anybody yet: correct it, then `attain check`.\nattain: 1\n\n",
        one_line(&api.url)
    );
    match label {
        Some((label, _)) => {
            let _ = writeln!(
                text,
                "# Customer segments, as found in the label `{}`. `rank` is a guess: 1 is the first to save when not\n\
                 # everybody can be. `contract` names the document that a segment was sold with.\nsegments:",
                one_line(label)
            );
        }
        None if answers.segment == SegmentAnswer::Nothing => text.push_str(
            "# All traffic is one. To promise different things to different customers, add `segments:`, and `labels: {segment:\n\
             # LABEL}` to the source.\n\n",
        ),
        None => text.push_str(
            "# No label was found that tells customer segments apart, so all traffic is one. Where requests are counted,\n\
             # count them by plan too, then add `segments:` and `labels: {segment: plan}` to the source.\n\n",
        ),
    }
    if let (Some((label, _)), Some(share)) = (label.filter(|_| is_measured), survey.untagged()) {
        let _ = writeln!(
            text,
            "  # {share} of the requests of the last day had no `{}`: they are in no segment's promise. Add it where they are\n\
             \x20 # counted; what is no customer's (health checks) belongs under `except` of the indicators.",
            one_line(label)
        );
    }
    for (rank, (id, values)) in (1..).zip(&tiers) {
        let _ = write!(
            text,
            "  {id}:\n    rank: {rank}\n    contract: best effort\n"
        );
        if *values != [id.as_str()] {
            let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
            let _ = writeln!(text, "    match: [{}]", values.join(", "));
        }
    }
    text.push_str("sources:\n  metrics:\n    prometheus:\n");
    text.push_str(&reached(api));
    if let Some((label, _)) = label.filter(|(label, _)| label != "segment") {
        let _ = write!(text, "    labels:\n      segment: {}\n", scalar(label));
    }
    if let Some(births) = &survey.births {
        text.push_str(&started(births));
    }
    text.push_str("\nslos:\n");
    let head = |text: &mut String, id: &str| {
        let _ = write!(
            text,
            "  {service}-{id}:\n    service: {service}\n    owner: {team}\n    window: 30d\n    alerting: workbook\n"
        );
    };
    let measured = |all: &BTreeMap<String, Measured>, values: &[String]| {
        let of = all
            .iter()
            .filter(|(value, _)| values.is_empty() || values.contains(value));
        let mut sum = Measured::default();
        for (_, measured) in of {
            sum.events += measured.events;
            sum.bad += measured.bad;
        }
        sum
    };
    let targets = |text: &mut String, all: &BTreeMap<String, Measured>, name: &str, goal: &str| {
        // Who is saved first is promised at least as much as who is saved later.
        let mut rows: Vec<(String, String, String)> = Vec::new();
        let mut after = None;
        let everybody = [("all".to_owned(), Vec::new())];
        let of: &[(String, Vec<String>)] = if tiers.is_empty() { &everybody } else { &tiers };
        for (id, values) in of.iter().rev() {
            let (number, why) = match tiers.is_empty() || is_measured {
                true => availability(&measured(all, values)),
                false => (None, "not measured by this label".to_owned()),
            };
            let guess = "99%".to_owned();
            let number = number.map(|number| number.no_looser_than(after));
            after = number.or(after);
            let target = number.or(after).map_or(guess, |number| number.text());
            rows.push((id.clone(), format!("{target}{goal}"), why));
        }
        rows.reverse();
        let _ = writeln!(text, "    objectives:");
        if tiers.is_empty() {
            for (_, target, why) in rows {
                let _ = writeln!(text, "      {name}: {}   # {why}", quoted(&target));
            }
            return;
        }
        let _ = writeln!(text, "      {name}:");
        for (id, target, why) in rows {
            let _ = writeln!(text, "        {id}: {}   # {why}", quoted(&target));
        }
    };
    if let Some(requests) = &survey.requests {
        head(&mut text, "works");
        let bad: Vec<String> = requests.bad.iter().map(|value| quoted(value)).collect();
        let _ = write!(
            text,
            "    indicator:\n      metric: {}\n      type: counter\n      bad:\n        {}: [{}]\n",
            scalar(&requests.metric),
            scalar(&requests.label),
            bad.join(", ")
        );
        targets(&mut text, &requests.measured, "availability", "");
    }
    if let Some(durations) = &survey.durations {
        head(&mut text, "is-fast");
        let shown = |le: &String| {
            let ns = nanoseconds(le, durations.unit.billionths())?;
            Some(Threshold::from_nanoseconds(ns).to_string())
        };
        let edges: Vec<String> = durations.edges.iter().filter_map(shown).collect();
        let _ = write!(
            text,
            "    indicator:\n      metric: {}\n      type: histogram\n      unit: {}{}\n      buckets: [{}]\n",
            scalar(&durations.metric),
            symbol(durations.unit),
            match durations.says_unit {
                true => "",
                false => "   # guessed from the size of its buckets; check it",
            },
            edges.join(", ")
        );
        let edge = shown(&durations.edge).unwrap_or_default();
        targets(
            &mut text,
            &durations.measured,
            "latency",
            &format!(" < {edge}"),
        );
    }
    text
}

/// The key that makes births exact, and when not to have it.
fn started(births: &Births) -> String {
    let Births {
        metric,
        said,
        targets,
    } = births;
    let of = match said == targets {
        true => String::new(),
        false => format!(" {said} of {targets} targets say it."),
    };
    format!(
        "    # What a new process has counted before it was first scraped counts by this.{of} Take it out where an exporter\n    \
         # speaks for others: it begins anew, and what it counts does not.\n    started: {}\n",
        scalar(metric)
    )
}

/// How the API is reached. Of a secret only where it lies.
fn reached(api: &ApiSource) -> String {
    let by_place = |secret: &Secret| match secret {
        Secret::Env(name) => format!("{{env: {}}}", quoted(name)),
        Secret::File(name) => format!("{{file: {}}}", quoted(name)),
    };
    let mut text = format!("      url: {}\n", quoted(&api.url));
    if let Some(tenant) = &api.tenant {
        let _ = writeln!(text, "      tenant: {}", quoted(tenant));
    }
    if let Some(bearer) = &api.bearer {
        let _ = writeln!(text, "      auth:\n        bearer: {}", by_place(bearer));
    }
    if !api.headers.is_empty() {
        text.push_str("      headers:\n");
    }
    for (name, setting) in &api.headers {
        let value = match setting {
            Setting::Text(value) => quoted(value),
            Setting::Secret(secret) => by_place(secret),
        };
        let _ = writeln!(text, "        {}: {value}", quoted(name));
    }
    text
}

/// Segments by id with the values that mean them, in a guessed order.
fn tiers(values: &[String], order: &[String]) -> Vec<(String, Vec<String>)> {
    let mut by_id: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for value in values {
        by_id.entry(id_of(value)).or_default().push(value.clone());
    }
    let mut tiers: Vec<(String, Vec<String>)> = by_id.into_iter().collect();
    let place = |(id, values): &(String, Vec<String>)| {
        let said = order
            .iter()
            .position(|name| values.contains(name) || name == id);
        (said.unwrap_or(usize::MAX), usual_rank(id))
    };
    tiers.sort_by_key(place);
    tiers
}
