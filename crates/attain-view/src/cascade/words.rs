//! The words of a cascade, the same on a terminal, in a drawing and beside it. Knows one edge, one verdict.

use attain_cascade::joint::{Needs, Together};
use attain_cascade::{Carries, Counted, EdgeCost, Explained, Line, Part, percent_down, percent_up};
use attain_math::{Fraction, ONE_PPB};
use attain_model::Scope;
use attain_model::quantity::{Multiple, Share, duration_text};
use attain_model::slo::{Dependency, Provider};

use crate::number;

/// Parts per billion as a percentage, rounded up to two digits that say something and at least four decimals:
/// `0.025%`, `0.0036%`, `1.2%`.
pub(crate) fn cost(ppb: u32) -> String {
    let Some(share) = Fraction::new(i128::from(ppb), u128::from(ONE_PPB)) else {
        return String::new();
    };
    let decimals = match ppb {
        10_000.. => 4,
        1_000.. => 5,
        100.. => 6,
        _ => 7,
    };
    trimmed(&share.percent_ceil(decimals))
}

/// What is carried, rounded down, with three decimals and those of the target: `99.850%`.
pub(crate) fn carried(ppb: u32, target_ppb: u32) -> String {
    fixed(ppb, decimals(target_ppb), Fraction::percent_floor)
}

/// What is carried at most, rounded up, with as many decimals.
pub(crate) fn carried_up(ppb: u32, target_ppb: u32) -> String {
    fixed(ppb, decimals(target_ppb), Fraction::percent_ceil)
}

fn decimals(target_ppb: u32) -> u32 {
    let text = attain_math::ppb::percent_of_ppb(target_ppb);
    let decimals = text
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    (decimals as u32).max(3)
}

fn fixed(ppb: u32, decimals: u32, print: fn(&Fraction, u32) -> String) -> String {
    let share = Fraction::new(i128::from(ppb), u128::from(ONE_PPB));
    share.map_or_else(String::new, |share| print(&share, decimals) + "%")
}

/// A difference of costs: `-0.006%`, `+0.05%`. What is saved is rounded down.
pub(crate) fn difference(ppb: i64) -> String {
    let size = ppb.unsigned_abs().min(u64::from(ONE_PPB)) as u32;
    match ppb {
        ..0 => format!("-{}", cost(size / 1_000 * 1_000)),
        _ => format!("+{}", cost(size)),
    }
}

/// Whether a difference of costs is anything once it is rounded: that what fails by itself rarely fails twice saves parts
/// per billion, and nothing is shared for it.
pub(crate) fn is_seen(ppb: i64) -> bool {
    ppb > 0 || ppb <= -1_000
}

/// A share of a budget as a whole percentage, rounded up; `<1%` for what is less than one.
pub(crate) fn of_budget(ppb: i64, budget_ppb: u32) -> String {
    let share = Fraction::new(i128::from(ppb), u128::from(budget_ppb.max(1)));
    let text = share.map_or_else(String::new, |share| match ppb {
        // What is saved is rounded down, so towards zero.
        ..0 => share.percent_ceil(0),
        _ => share.percent_ceil(0),
    });
    if text == "1" && ppb.saturating_mul(100) < i64::from(budget_ppb) {
        return "<1%".to_owned();
    }
    text + "%"
}

/// What is left of a budget as a whole percentage, rounded down.
pub(crate) fn left(ppb: u32, budget_ppb: u32) -> String {
    let share = Fraction::new(i128::from(ppb), u128::from(budget_ppb.max(1)));
    share.map_or_else(String::new, |share| share.percent_floor(0) + "%")
}

/// The parts of a line: `auth-login`, `2 of store-a, store-b, store-c`.
pub(crate) fn parts(line: &Line) -> String {
    let names: Vec<String> = line.parts.iter().map(Part::to_string).collect();
    match &line.edge.on {
        Provider::AnyOf { need, .. } => format!("{need} of {}", names.join(", ")),
        _ => names.join(", "),
    }
}

/// What an edge says beyond that it is one: `60% of requests`, `3 calls`, `2 attempts`.
pub(crate) fn edge(edge: &Dependency) -> Vec<String> {
    let mut words = Vec::new();
    if edge.share != Share::WHOLE {
        words.push(format!("{} of requests", edge.share));
    }
    if edge.calls != Multiple::ONE {
        words.push(format!(
            "{} calls",
            edge.calls.to_string().trim_end_matches('x')
        ));
    }
    if edge.impact != Share::WHOLE && !edge.optional && !edge.asynchronous {
        words.push(format!("{} of failures hurt", edge.impact));
    }
    if let Some(retry) = edge.retry {
        words.push(format!("{} attempts", retry.attempts));
    }
    if let Some(fallback) = &edge.fallback {
        words.push(format!("{} covers {}", fallback.slo, fallback.covers));
    }
    if let Some(time) = edge.latency {
        words.push(format!("has {}", duration_text(time)));
    }
    if matches!(edge.on, Provider::External { .. }) {
        words.push("not ours".to_owned());
    }
    if edge.asynchronous {
        words.push("after the answer".to_owned());
    } else if edge.optional {
        words.push("optional".to_owned());
    }
    words
}

/// Whether the counts of a part break its promise.
pub(crate) fn is_over(line: &Line) -> bool {
    let bad = line.counted.and_then(Counted::bad_ppb);
    bad.zip(line.target_ppb)
        .is_some_and(|(bad, target)| bad > ONE_PPB - target)
}

/// What stands behind a line: what its edge says, and what is to be known of it.
pub(crate) fn remarks(line: &Line) -> String {
    let mut words = edge(&line.edge);
    if is_over(line) {
        words.push("worse than promised".to_owned());
    }
    if line.is_repeated {
        words.push("shown above".to_owned());
    }
    words.join(", ")
}

/// Why a line costs nothing or is not known; empty for one that costs something.
pub(crate) fn why_no_cost(line: &Line) -> &'static str {
    match line.cost {
        EdgeCost::Ppb(_) => "",
        EdgeCost::Apart => "nothing",
        EdgeCost::Unknown => "not known",
    }
}

/// Whose budget: `premium's`, `the`.
pub(crate) fn whose(one: &Explained) -> String {
    match &one.name.scope {
        Scope::All => "the".to_owned(),
        Scope::Segment(id) => format!("{id}'s"),
    }
}

/// Who lost something: `premium`, `all`.
pub(crate) fn of_whom(one: &Explained) -> String {
    match &one.name.scope {
        Scope::All => "everybody".to_owned(),
        Scope::Segment(id) => id.to_string(),
    }
}

/// What stands between the sum of the edges and the whole.
pub(crate) fn together(ppb: i64) -> &'static str {
    match ppb {
        ..0 => "shared, counted once",
        _ => "redundancy that is shared",
    }
}

/// Why there is nothing to see where no edge takes part.
pub(crate) const NOTHING_ADDS_UP: &str = "no edge takes part: nothing is known to add up (an objective of latency needs `latency:` on its edges)";

/// The promises of a group, most pressing first; those that are carried for certain in one sentence together.
pub(crate) fn sentences<'a>(members: &[&'a Explained]) -> Vec<(&'a Explained, String)> {
    let is_fine = |one: &&&Explained| one.tighter.objective == Carries::Always;
    let mut said: Vec<(&Explained, String)> = members
        .iter()
        .filter(|one| !is_fine(one))
        .map(|one| (*one, sentence(one)))
        .collect();
    let fine: Vec<&&Explained> = members.iter().filter(is_fine).collect();
    let least = fine.iter().min_by_key(|one| {
        u64::from(one.tighter.left_ppb) * 1_000 / u64::from(one.budget_ppb().max(1))
    });
    if let Some(least) = least {
        let text = match fine.len() {
            1 => sentence(least),
            several => format!(
                "the parts carry {several} targets, whatever fails together; {} has least to spare, {} of its budget for its \
                 own failures",
                least.name.scope,
                left(least.tighter.left_ppb, least.budget_ppb())
            ),
        };
        said.push((least, text));
    }
    said
}

/// What the parts of a promise come to, as a sentence.
pub(crate) fn sentence(one: &Explained) -> String {
    let who = &one.name.scope;
    let target = one.promised.target.ppb();
    let carried = carried(one.composed.once_ppb, target);
    let mut text = match one.tighter.objective {
        Carries::Always => format!(
            "{who}: the parts carry {}, whatever fails together, and leave {} of the budget for its own failures",
            one.promised,
            left(one.tighter.left_ppb, one.budget_ppb())
        ),
        Carries::Independent => format!(
            "{who}: the parts carry {} if what they do not share fails independently ({carried}); if all that can fails \
             apart, only {}",
            one.promised,
            self::carried(one.composed.low_ppb, target)
        ),
        Carries::No => format!(
            "{who}: the parts carry {carried} together, {} short of {}",
            cost(one.tighter.gap_ppb),
            one.promised
        ),
    };
    if one.tighter.objective == Carries::No {
        text.push_str(&outside(one));
    }
    text
}

/// What a shortfall means for what was promised outside.
fn outside(one: &Explained) -> String {
    let Some(outside) = &one.tighter.committed else {
        return String::new();
    };
    let target = outside.promised.target.ppb();
    let supported = percent_down(outside.supported_ppb, target);
    let buffer =
        Share::from_ppb(outside.buffer_ppb / 10_000_000 * 10_000_000).unwrap_or(Share::NONE);
    match outside.carried {
        Carries::No => format!(
            "; {} was promised outside, and that is not carried either; with its buffer of {buffer} the parts support \
             {supported}",
            outside.promised
        ),
        _ => format!(
            "; {} was promised outside, and that is carried, but not its buffer of {buffer}: with it the parts support \
             {supported}",
            outside.promised
        ),
    }
}

/// Pairs that are told of; programs get all.
const PAIRS_MOST: usize = 3;

/// What pairs of parts did together, a sentence each, and how many more there are.
pub(crate) fn measured(together: &[Together], one: &Explained) -> Vec<String> {
    let mut said: Vec<String> = together
        .iter()
        .take(PAIRS_MOST)
        .map(|pair| measured_pair(pair, one.promised.target.ppb()))
        .collect();
    if let Some(more @ 1..) = together.len().checked_sub(PAIRS_MOST) {
        let pairs = number::plural(more as u64, "more pair");
        said.push(format!("{pairs} measured: see --format json"));
    }
    said
}

fn measured_pair(two: &Together, target_ppb: u32) -> String {
    let [first, second] = &two.pair.parts;
    let (and, kept) = match two.pair.needs {
        Needs::Both => ("and", "both kept what they promise"),
        Needs::Either => ("or", "one at least kept what it promises"),
    };
    let assumed = two.assumed();
    format!(
        "{} {and} {}, as measured: {kept} in {} of {} slots; if independent {}, whatever fails together {} to {} (slots that \
         were worse: {}, {}, both at once {})",
        first.slo,
        second.slo,
        carried(kept_ppb(two), target_ppb),
        number::grouped(two.counted()),
        carried(floor(assumed.independent), target_ppb),
        carried(floor(assumed.low), target_ppb),
        carried_up(floor(assumed.high), target_ppb),
        number::grouped(two.slots.second_up + two.slots.both_down),
        number::grouped(two.slots.first_up + two.slots.both_down),
        number::grouped(two.slots.both_down),
    )
}

/// The share of slots in which what is needed of two was there, in parts per billion, rounded down.
pub(crate) fn kept_ppb(two: &Together) -> u32 {
    let (kept, all) = (u128::from(two.kept()), u128::from(two.counted().max(1)));
    (kept * u128::from(ONE_PPB) / all) as u32
}

/// A share as parts per billion; what is below a thousandth of one is the float's.
pub(crate) fn floor(share: f64) -> u32 {
    (share.clamp(0.0, 1.0) * f64::from(ONE_PPB) + 1e-3) as u32
}

/// What a part promises: `99.95%`.
pub(crate) fn promises(line: &Line) -> String {
    line.target_ppb.map_or_else(String::new, percent_up)
}

fn trimmed(text: &str) -> String {
    match text.contains('.') {
        true => format!("{}%", text.trim_end_matches('0').trim_end_matches('.')),
        false => format!("{text}%"),
    }
}
