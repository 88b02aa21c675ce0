//! `attain warnings`: which internal breaches come before a customer's. Knows which series are read; what they mean is
//! attain-cascade's, how it looks attain-view's.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use attain_cascade::slot_seconds;
use attain_cascade::warning::{
    self, Candidate, History, Inside, Matching, Slot, Warnings, candidates,
};
use attain_engine::spending_of;
use attain_model::{Evaluation, Multiple, Promises, SeriesName, Verdict};
use attain_view::warnings::{self as view, alarms};

use crate::asked::{About, Asked};
use crate::cli::{StatusFormat, WarningsArguments};
use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;

/// Burns that are asked about by default: a budget of 30 days gone in 5.
pub const BURN: Multiple = Multiple::from_millionths(6_000_000);

/// Runs the command.
pub fn run(arguments: &WarningsArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let burn = times(&arguments.burn)?;
    let matching = Matching {
        horizon: duration("--horizon", &arguments.horizon)?,
        gap: duration("--gap", &arguments.gap)?,
    };
    let about = About {
        at: arguments.at.as_deref(),
        as_known_then: false,
        slos: &arguments.slo,
    };
    let asked = Asked::of(&arguments.input, &about, |_| Ok(()), terminal)?;
    let mut all = candidates(&asked.promises, asked.day());
    if !arguments.slo.is_empty() {
        let is_asked = |c: &Candidate| arguments.slo.iter().any(|s| s == c.customer.slo.as_str());
        all.retain(is_asked);
    }
    let found = measure(&asked, &all, burn, matching);
    let catalogue = asked.promises.catalogue();
    let words = view::Asked { burn };
    terminal.print(&match arguments.format {
        StatusFormat::Json => view::warnings_json(catalogue, &found, words),
        StatusFormat::Human => view::warnings(catalogue, &found, words, &terminal.look()),
    })?;
    Ok(exit_of(&found))
}

fn exit_of(found: &[Warnings]) -> Exit {
    if found.iter().any(|warnings| !alarms(warnings).is_empty()) {
        return Exit::Broken;
    }
    let is_told = |w: &Warnings| {
        w.pairs
            .iter()
            .any(|p| p.verdict != warning::Verdict::TooFew)
    };
    match found.iter().any(is_told) {
        true => Exit::Fine,
        false => Exit::Unknown,
    }
}

/// Early warnings that are due now, a sentence each: something inside is breached, and such breaches have come before the
/// customer's often enough to be worth a ticket.
///
/// The past is measured only for promises that were asked about, and only where something that was judged inside went
/// wrong within the last hour, so that a calm status costs nothing.
pub fn due(asked: &Asked, evaluation: &Evaluation) -> Vec<String> {
    let matching = Matching::default();
    let judged = |name: &SeriesName| evaluation.verdicts.iter().find(|v| v.name == *name);
    let is_calm = |verdict: &Verdict| {
        let recent = verdict.burn.iter().filter(|b| b.window <= matching.horizon);
        let mut bad = recent.map(|burn| burn.attainment.bad).peekable();
        verdict.attainment.bad == 0 || (bad.peek().is_some() && bad.all(|bad| bad == 0))
    };
    let mut all = candidates(&asked.promises, asked.day());
    all.retain(|candidate| {
        let mut insides = candidate
            .insides
            .iter()
            .filter_map(|(name, _)| judged(name));
        judged(&candidate.customer).is_some() && insides.any(|inside| !is_calm(inside))
    });
    let found = measure(asked, &all, BURN, matching);
    let catalogue = asked.promises.catalogue();
    let of = |warnings: &Warnings| -> Vec<String> {
        let tickets = alarms(warnings).into_iter();
        tickets
            .map(|pair| view::ticket(catalogue, warnings, pair))
            .collect()
    };
    found.iter().flat_map(of).collect()
}

/// Reads each series once and measures every promise.
fn measure(
    asked: &Asked,
    candidates: &[Candidate],
    burn: Multiple,
    matching: Matching,
) -> Vec<Warnings> {
    let names = candidates.iter().flat_map(|candidate| {
        let insides = candidate.insides.iter().map(|(name, _)| name);
        [&candidate.customer].into_iter().chain(insides)
    });
    let histories = histories(asked, names.collect(), burn);
    let of = |candidate: &Candidate| {
        let insides: Vec<Inside<'_>> = candidate
            .insides
            .iter()
            .map(|(name, path)| Inside {
                path,
                history: &histories[name],
            })
            .collect();
        warning::warnings(&histories[&candidate.customer], &insides, matching)
    };
    candidates.iter().map(of).collect()
}

/// Series slot by slot, each read once; a slot is breached when it spends its budget so many times as fast as allowed.
pub fn histories(
    asked: &Asked,
    names: BTreeSet<&SeriesName>,
    burn: Multiple,
) -> BTreeMap<SeriesName, History> {
    let names: Vec<SeriesName> = names.into_iter().cloned().collect();
    let spent = asked
        .facts
        .with(|counts| spending_of(&asked.promises, counts, &names, asked.as_of));
    let of = |(name, slices): (SeriesName, Vec<_>)| {
        let slots = slices.into_iter();
        let history = History {
            name: name.clone(),
            slot: slot(&asked.promises, &name),
            slots: slots
                .map(|(at, events, budget)| Slot::new(at, events, budget, burn))
                .collect(),
        };
        (name, history)
    };
    names.into_iter().zip(spent).map(of).collect()
}

/// The length of the slots that a series comes in.
fn slot(promises: &Promises, name: &SeriesName) -> Duration {
    let seconds = slot_seconds(promises.catalogue(), &name.slo);
    Duration::from_secs(seconds.unsigned_abs())
}

fn times(text: &str) -> Result<Multiple, Failure> {
    let digits = text.trim().strip_suffix('x').unwrap_or(text.trim());
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = !whole.is_empty() && decimals.len() <= 6 && plain(whole) && plain(decimals);
    let millionths = is_number.then(|| format!("{whole}{decimals:0<6}").parse().ok());
    let millionths = millionths.flatten().filter(|millionths| *millionths > 0);
    millionths.map(Multiple::from_millionths).ok_or_else(|| {
        Failure::new(format!("`{text}` is no burn rate")).help("write it like this: --burn 6x")
    })
}

fn duration(name: &str, text: &str) -> Result<Duration, Failure> {
    let split = text.trim().find(|c: char| !c.is_ascii_digit());
    let (digits, unit) = text.trim().split_at(split.unwrap_or(text.trim().len()));
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => 0,
    };
    let length = digits
        .parse::<u64>()
        .ok()
        .and_then(|n| n.checked_mul(seconds));
    let length = length.filter(|length| (1..=366 * 86_400).contains(length));
    length.map(Duration::from_secs).ok_or_else(|| {
        Failure::new(format!("`{text}` is no length of time"))
            .help(format!("write it like this: {name} 1h"))
    })
}
