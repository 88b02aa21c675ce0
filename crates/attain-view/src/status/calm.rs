//! The first sentence when nobody is known to be hurt: how many promises are kept, which one is closest to its limit,
//! and what to do where nothing is known.

use attain_model::source::SourceKind;
use attain_model::{Standing, Verdict};

use super::headline::Summary;
use super::{Desk, Run, is_promise};
use crate::look::Tone;
use crate::number;

/// Nobody is hurt, as far as can be told.
pub(super) fn calm(desk: &Desk<'_>, run: &Run) -> Summary {
    let promises: Vec<&Verdict> = desk
        .evaluation
        .verdicts
        .iter()
        .filter(|verdict| is_promise(verdict))
        .collect();
    let count = |standing| promises.iter().filter(|v| v.standing == standing).count() as u64;
    let (met, unknown, silent) = (
        count(Standing::Met),
        count(Standing::Unknown),
        count(Standing::NoTraffic),
    );
    if promises.is_empty() {
        return said(
            Tone::Plain,
            "Nothing is promised: every objective is best effort.".to_owned(),
        );
    }
    if met == 0 {
        return nothing_known(desk, run, unknown, silent);
    }
    let mut text = if unknown + silent == 0 {
        match met {
            1 => "The one promise is kept.".to_owned(),
            2 => "Both promises are kept.".to_owned(),
            _ => format!("All {met} promises are kept."),
        }
    } else {
        format!(
            "{} kept, none is known to be broken.",
            number::plural(met, "promise")
        )
    };
    let unheard = promises.iter().filter(|verdict| desk.is_unheard(verdict));
    let unheard = unheard.count() as u64;
    if unheard > 0 {
        let were = if unheard == 1 { "was" } else { "were" };
        text.push_str(&format!(
            " {unheard} {were} never heard of: the notes say what is not sent."
        ));
    }
    let blind = promises.iter().filter(|verdict| desk.is_blind(verdict));
    let blind = blind.count() as u64;
    if blind > 0 {
        text.push_str(&format!(
            " {blind} cannot be judged: nothing tells good from bad."
        ));
    }
    let little = unknown.saturating_sub(unheard + blind);
    if little > 0 {
        text.push_str(&format!(
            " {little} cannot be judged: too little was observed."
        ));
    }
    if silent > 0 {
        text.push_str(&format!(" {silent} had no traffic."));
    }
    let closest = closest(&promises);
    let low = closest.filter(|verdict| desk.is_page && is_low(verdict));
    let mut body = String::new();
    if let Some(low) = low {
        // The tables and the chips count them under that word.
        let count = promises.iter().filter(|verdict| is_low(verdict)).count() as u64;
        let are = if count == 1 { "is" } else { "are" };
        text = format!(
            "{}; {} {are} in danger.",
            text.trim_end_matches('.'),
            number::thousands(count)
        );
        body = little_left(desk, low, &promises);
    } else if let Some(left) = closest.and_then(|verdict| number::budget_left(verdict.budget)) {
        let name = closest.map_or_else(String::new, |verdict| verdict.name.to_string());
        text.push_str(&format!(" Closest: {name}, {left} of its budget left."));
    }
    let tone = if unknown == 0 { Tone::Good } else { Tone::Warn };
    Summary {
        body,
        worst: low.map(|verdict| verdict.name.clone()),
        ..said(tone, text)
    }
}

fn said(tone: Tone, title: String) -> Summary {
    Summary {
        tone,
        title,
        body: String::new(),
        facts: Vec::new(),
        also: Vec::new(),
        worst: None,
    }
}

/// Whether a promise is kept with less than a fifth of its budget left.
pub(crate) fn is_low(verdict: &Verdict) -> bool {
    let spent = u128::from(verdict.budget.spent).saturating_mul(1_000_000_000);
    verdict.standing == Standing::Met
        && spent.saturating_mul(5) > verdict.budget.allowed_billionths.saturating_mul(4)
}

/// `a/b/premium has 4.8% of its budget left. Owner: growth.`
fn little_left(desk: &Desk<'_>, low: &Verdict, promises: &[&Verdict]) -> String {
    let left = number::budget_left(low.budget).unwrap_or_else(|| "nothing".to_owned());
    let more = match promises.iter().filter(|verdict| is_low(verdict)).count() - 1 {
        0 => String::new(),
        1 => " Another one has less than 20%.".to_owned(),
        more => format!(" {more} others have less than 20%."),
    };
    let owner = desk.slo(low).map_or_else(String::new, |slo| {
        format!(" Owner: {}.", super::owners(desk, slo))
    });
    format!("{} has {left} of its budget left.{owner}{more}", low.name)
}

/// The promise with the least budget left.
fn closest<'a>(promises: &[&'a Verdict]) -> Option<&'a Verdict> {
    promises
        .iter()
        .copied()
        .filter(|verdict| verdict.standing == Standing::Met && verdict.budget.spent > 0)
        .max_by_key(|verdict| {
            u128::from(verdict.budget.spent)
                .saturating_mul(1_000_000_000)
                .saturating_mul(1_000_000)
                / verdict.budget.allowed_billionths.max(1)
        })
}

fn nothing_known(desk: &Desk<'_>, run: &Run, unknown: u64, silent: u64) -> Summary {
    let reads_files = desk
        .promises
        .catalogue()
        .sources
        .values()
        .any(|source| matches!(source.kind, SourceKind::Log(_) | SourceKind::Csv(_)));
    let text = if run.nothing_read && !reads_files {
        "Nothing is known: no source of this catalogue is a log or a csv, and nothing else is read yet. Try the promises \
         on a file: attain init --from FILE -o DIR"
            .to_owned()
    } else if run.nothing_read {
        "Nothing is known: no event was read. Check `files:` of the source, or name files behind the catalogue: \
         attain status CATALOGUE FILE.."
            .to_owned()
    } else if unknown == 0 {
        format!(
            "No promise can be judged: {} had no traffic in the window.",
            number::plural(silent, "series")
        )
    } else {
        "No promise can be judged yet: too little of the window was observed. The notes say what is missing; \
         `coverage:` of an SLO says how much is enough."
            .to_owned()
    };
    if desk.is_page && unknown > 0 {
        let title = format!(
            "No data: nothing can be said about {}.",
            number::plural(unknown, "promise")
        );
        return Summary {
            body: format!(
                "For whoever runs attain: {}",
                text.strip_prefix("Nothing is known: ").unwrap_or(&text)
            ),
            ..said(Tone::Warn, title)
        };
    }
    said(Tone::Warn, text)
}
