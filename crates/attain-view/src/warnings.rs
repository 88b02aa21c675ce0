//! Which internal breaches warn of which promise, as a table: what warns first, then what does not and why.
//!
//! Knows how shares, intervals and leads are said. Decides nothing: what is predictive is attain-cascade's.

mod json;

use std::time::Duration;

use attain_cascade::warning::{Measured, Pair, Verdict, Warnings};
use attain_math::interval::Interval;
use attain_model::quantity::duration_text;
use attain_model::{Catalogue, Multiple, SeriesName};
use jiff::tz::TimeZone;

use crate::look::{Look, Tone, wrap};
use crate::number::{self, about, instant};
use crate::table::{Align, Cell, Line, Table};

pub use json::warnings_json;

/// Columns from which the second interval is shown, too.
const WIDE: usize = 100;
/// Slots above this are too long for a warning to be early.
const SLOT_MAX: Duration = Duration::from_secs(60);

/// What was asked, for the words around the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// How fast the budget is spent in a slot that counts as breached.
    pub burn: Multiple,
}

/// The tables, one for each promise.
#[must_use]
pub fn warnings(catalogue: &Catalogue, found: &[Warnings], asked: Asked, look: &Look) -> String {
    if found.is_empty() {
        return wrap(
            "No promise to customers rests on anything: say what in `depends_on:`, and what breaks inside can warn.",
            look.columns(),
            0,
        ) + "\n";
    }
    let zone = &catalogue.timezone;
    let mut out = String::new();
    for (place, warnings) in found.iter().enumerate() {
        if place > 0 {
            out.push('\n');
        }
        out.push_str(&of_one(catalogue, warnings, zone, look));
    }
    out.push('\n');
    out.push_str(&legend(found, asked, look));
    out
}

fn of_one(catalogue: &Catalogue, found: &Warnings, zone: &TimeZone, look: &Look) -> String {
    let mut out = wrap(&headline(found), look.columns(), 2) + "\n";
    for pair in alarms(found) {
        let text = format!("NOW {}", ticket(catalogue, found, pair));
        out.push_str(&look.paint(Tone::Warn, &wrap(&text, look.columns(), 2)));
        out.push('\n');
    }
    if found.period.start >= found.period.end {
        return out + "  no data\n";
    }
    out.push('\n');
    let days = Duration::from_secs(found.period.seconds());
    let when = format!(
        "{} to {} ({})",
        instant(found.period.start, zone),
        instant(found.period.end, zone),
        about(days)
    );
    out.push_str(&look.paint(Tone::Strong, &found.customer.to_string()));
    out.push_str(&format!("  {when}\n"));
    out.push_str(&table(found, look).render(look));
    out
}

/// What is said first.
fn headline(found: &Warnings) -> String {
    let breaches = found.pairs.iter().map(|p| p.measured.found.targets).max();
    let breaches = breaches.unwrap_or(0);
    let of = |verdict| found.pairs.iter().filter(move |p| p.verdict == verdict);
    let best: Vec<String> = of(Verdict::Predictive)
        .take(3)
        .map(|pair| short(&pair.inside, &found.customer))
        .collect();
    let others = of(Verdict::Predictive).count() - best.len();
    let more = match others {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let what = &found.customer;
    match (
        best.is_empty(),
        of(Verdict::TooFew).count() == found.pairs.len(),
    ) {
        (false, _) => format!(
            "{} of {} below {what} warn of its breaches: {}{more}.",
            best.len() + others,
            found.pairs.len(),
            best.join(", ")
        ),
        (true, true) => format!(
            "Nothing can be said of {what} yet: it was breached {breaches} times, and {} are needed, of it and of what \
             lies below.",
            attain_cascade::warning::WARNED_MIN
        ),
        (true, false) => format!(
            "None of {} below {what} warns of its breaches more often than chance.",
            found.pairs.len()
        ),
    }
}

/// Pairs of which a breach is worth a ticket and has begun, while the customer's promise holds.
#[must_use]
pub fn alarms(found: &Warnings) -> Vec<&Pair> {
    let pairs = found.pairs.iter();
    let is_now = |pair: &&Pair| pair.has_earned_a_ticket() && pair.breached_since.is_some();
    pairs
        .filter(is_now)
        .filter(|_| !found.is_breached)
        .collect()
}

/// The early-warning ticket in a sentence: what broke, what followed so far, how early, and whom it is for.
#[must_use]
pub fn ticket(catalogue: &Catalogue, found: &Warnings, pair: &Pair) -> String {
    let measured = &pair.measured;
    let since = pair.breached_since.map_or_else(String::new, |since| {
        format!(
            " has been breached since {}",
            instant(since, &catalogue.timezone)
        )
    });
    let owners: Vec<&str> = catalogue
        .slos
        .get(&pair.inside.slo)
        .map(|slo| slo.owners.iter().map(|team| team.as_str()).collect())
        .unwrap_or_default();
    let whom = match owners.is_empty() {
        true => "a ticket".to_owned(),
        false => format!("a ticket for {}", owners.join(", ")),
    };
    format!(
        "early warning: {}{since}. {} of {} such breaches were followed by one of {}, {} in the median ({} warned of, \
         chance {}); {whom}",
        pair.inside,
        measured.found.followed,
        measured.found.eligible,
        found.customer,
        lead(measured).map_or("later".to_owned(), |lead| format!("{lead} later")),
        percent(measured.found.recall()),
        percent(measured.chance.map(|chance| chance.recall)),
    )
}

fn table(found: &Warnings, look: &Look) -> Table {
    let wide = look.columns() >= WIDE;
    let columns = [
        ("inside", Align::Left),
        ("warned of", Align::Right),
        ("95%", Align::Right),
        ("chance", Align::Right),
        ("p", Align::Right),
        ("lead", Align::Right),
        ("at once", Align::Right),
        ("right", Align::Right),
        ("95%", Align::Right),
    ];
    let mut table = Table {
        columns: columns.map(|(name, align)| (name.to_owned(), align)).into(),
        lines: Vec::new(),
    };
    for verdict in [
        Verdict::Predictive,
        Verdict::NotAboveChance,
        Verdict::TooFew,
    ] {
        let pairs: Vec<&Pair> = found
            .pairs
            .iter()
            .filter(|p| p.verdict == verdict)
            .collect();
        if pairs.is_empty() {
            continue;
        }
        table.lines.push(Line::Section(verdict.word().to_owned()));
        for pair in pairs {
            let name = short(&pair.inside, &found.customer);
            table
                .lines
                .push(row(&name, &pair.measured, Some(pair.p_corrected), wide));
            if pair.path.len() > 2 && verdict == Verdict::Predictive {
                let path: Vec<&str> = pair.path.iter().map(|slo| slo.as_str()).collect();
                let remark = Cell::new(path.join(" > "), Tone::Quiet);
                table.lines.push(Line::Remark(remark));
            }
        }
    }
    if let Some(any) = &found.any {
        table
            .lines
            .push(Line::Section("all of them together".to_owned()));
        table.lines.push(row(
            &format!("any of {}", found.pairs.len()),
            any,
            None,
            wide,
        ));
    }
    table
}

fn row(name: &str, measured: &Measured, p_corrected: Option<f64>, wide: bool) -> Line {
    let found = &measured.found;
    let of = |part: u64, whole: u64| match whole {
        0 => String::new(),
        _ => format!("{part}/{whole}"),
    };
    let chance = measured.chance.filter(|_| found.targets > 0);
    let texts = [
        name.to_owned(),
        of(found.warned, found.targets),
        between(found.recall_interval()),
        chance.map_or_else(String::new, |chance| percent(Some(chance.recall))),
        p_corrected
            .filter(|_| found.targets > 0)
            .map_or_else(String::new, p_value),
        lead(measured).map_or_else(String::new, |median| match lead_between(measured) {
            Some(between) if wide => format!("{median} ({between})"),
            _ => median,
        }),
        match found.together {
            0 => String::new(),
            together => number::grouped(together),
        },
        of(found.followed, found.eligible),
        match wide {
            true => between(found.precision_interval()),
            false => String::new(),
        },
    ];
    Line::Row(texts.map(Cell::from).into())
}

/// Without what it has in common with the promise.
fn short(inside: &SeriesName, customer: &SeriesName) -> String {
    match (
        inside.objective == customer.objective,
        inside.scope == customer.scope,
    ) {
        (true, true) => inside.slo.to_string(),
        (false, true) => format!("{}/{}", inside.slo, inside.objective),
        _ => inside.to_string(),
    }
}

fn slots(measured: &Measured, slots: i64) -> String {
    let slots = u32::try_from(slots).unwrap_or(u32::MAX);
    about(measured.slot.saturating_mul(slots))
}

fn lead(measured: &Measured) -> Option<String> {
    let median = measured.found.lead()?;
    Some(slots(measured, median.value))
}

fn lead_between(measured: &Measured) -> Option<String> {
    let (low, high) = measured.found.lead()?.between?;
    Some(format!(
        "{}-{}",
        slots(measured, low),
        slots(measured, high)
    ))
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.0}%", share * 100.0))
}

fn between(interval: Option<Interval>) -> String {
    interval.map_or_else(String::new, |interval| {
        format!("{:.0}-{:.0}%", interval.low * 100.0, interval.high * 100.0)
    })
}

fn p_value(p: f64) -> String {
    match p {
        p if p < 0.001 => "<0.001".to_owned(),
        p if p < 0.1 => format!("{p:.3}"),
        p => format!("{p:.2}"),
    }
}

fn legend(found: &[Warnings], asked: Asked, look: &Look) -> String {
    let measured = || {
        found
            .iter()
            .flat_map(|w| &w.pairs)
            .map(|pair| &pair.measured)
    };
    let mut lines = vec![format!(
        "A slot is breached at {} of budget or more. warned of: breaches of the promise with one inside {} before, or \
         still open; chance: the mean over all circular shifts; p: of so many by chance, corrected for all series asked \
         (Holm); at once: begun in the same slot; right: breaches inside that one of the promise followed.",
        asked.burn,
        horizons(measured())
    )];
    if let Some(longest) = measured().map(|m| m.slot).max().filter(|s| *s > SLOT_MAX) {
        lines.push(format!(
            "Slots are up to {} long: a lead below that cannot be seen, and what breaks within one slot counts as \
             breaking at once.",
            duration_text(longest)
        ));
    }
    let mut out = String::new();
    for line in lines {
        out.push_str(&look.paint(Tone::Quiet, &wrap(&line, look.columns(), 0)));
        out.push('\n');
    }
    out
}

/// `1m to 1h`; of several kinds of slots the least and the most.
fn horizons<'m>(measured: impl Iterator<Item = &'m Measured>) -> String {
    let ends = measured.map(|m| {
        let of = |slots: i64| {
            m.slot
                .saturating_mul(u32::try_from(slots).unwrap_or(u32::MAX))
        };
        (of(m.rule.lead_min), of(m.rule.horizon))
    });
    let ends: Vec<(Duration, Duration)> = ends.collect();
    let least = ends.iter().map(|e| e.0).min().unwrap_or_default();
    let most = ends.iter().map(|e| e.1).max().unwrap_or_default();
    format!("{} to {}", duration_text(least), duration_text(most))
}
