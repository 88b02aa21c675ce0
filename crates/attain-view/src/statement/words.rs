//! A statement in words that a customer or a lawyer understands, as Markdown and as plain text.
//!
//! Knows values of the model. Rounds attainment down, and as finely as it takes to differ from what was promised.

use std::collections::BTreeMap;

use attain_math::{ONE_PPB, ppb};
use attain_model::quantity::{Window, duration_text};
use attain_model::statement::{CommittedWindow, Entry, Excluded, Statement, Term, Unit, Whole};
use attain_model::verdict::{Attainment, Coverage, ErrorBudget};
use attain_model::{Gap, GapReason, Goal, Interval, Scope};
use jiff::tz::TimeZone;

use super::document::{content, hash};
use crate::look::wrap;
use crate::number::{self, grouped};

/// The most characters of a line of plain text.
const WIDTH: usize = 100;

/// A statement as Markdown. `inputs` as in [`document`](super::document), whose hash it shows.
#[must_use]
pub fn markdown(statement: &Statement, inputs: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for block in blocks(statement, inputs) {
        if !block.is_item() {
            text.push('\n');
        }
        match block {
            Block::Title(words) => text.push_str(&format!("# {words}\n\n")),
            Block::Heading(words) => text.push_str(&format!("## {words}\n\n")),
            Block::Says(words) => text.push_str(&format!("**{words}**\n\n")),
            Block::Line(words) => text.push_str(&format!("{words}\n\n")),
            Block::Item(words) => text.push_str(&format!("- {words}\n")),
        }
    }
    tidy(&text)
}

/// The same as plain text, at most 100 characters wide.
#[must_use]
pub fn text(statement: &Statement, inputs: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for block in blocks(statement, inputs) {
        match block {
            Block::Title(words) | Block::Heading(words) => text.push_str(&format!("\n{words}\n")),
            Block::Says(words) => lines(&mut text, "  ", "  ", &words),
            Block::Line(words) => {
                text.push('\n');
                lines(&mut text, "", "", &words);
            }
            Block::Item(words) => lines(&mut text, "  - ", "    ", &words),
        }
    }
    tidy(&text)
}

fn lines(text: &mut String, first: &str, rest: &str, words: &str) {
    let wrapped = wrap(words, WIDTH - rest.len(), 0);
    for (at, line) in wrapped.lines().enumerate() {
        text.push_str(if at == 0 { first } else { rest });
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

/// No two empty lines, none in front, one line end.
fn tidy(text: &str) -> String {
    let mut tidy = String::new();
    for line in text.trim().lines() {
        if !(line.is_empty() && tidy.ends_with("\n\n")) {
            tidy.push_str(line);
            tidy.push('\n');
        }
    }
    tidy
}

/// A piece of a statement.
enum Block {
    Title(String),
    Heading(String),
    /// What matters most.
    Says(String),
    Line(String),
    Item(String),
}

impl Block {
    fn is_item(&self) -> bool {
        matches!(self, Block::Item(_))
    }
}

fn blocks(statement: &Statement, inputs: &BTreeMap<String, String>) -> Vec<Block> {
    let zone = &statement.timezone;
    let mut blocks = vec![
        Block::Title(format!(
            "{}: what was promised and kept, {}",
            statement.company, statement.period
        )),
        Block::Line(format!(
            "From {}, in the time zone {}.{}",
            between(statement.interval, zone),
            number::zone_name(zone),
            statement.known_until.map_or_else(String::new, |at| format!(
                " Only what had arrived by {at} counts."
            ))
        )),
    ];
    if statement.entries.is_empty() {
        blocks.push(Block::Line(
            "Nothing was promised to customers in this period.".to_owned(),
        ));
    }
    for entry in &statement.entries {
        entry_blocks(entry, statement.interval, zone, &mut blocks);
    }
    let mut hashed = content(statement);
    hashed.insert("inputs".to_owned(), serde_json::json!(inputs));
    blocks.push(Block::Heading("How to check this".to_owned()));
    blocks.push(Block::Line(format!(
        "The statement as a document has the hash {}.",
        hash(&hashed)
    )));
    for (name, value) in inputs {
        blocks.push(Block::Item(format!("{name}: {value}")));
    }
    blocks.push(Block::Line(
        "Whoever has the same catalogue and the same data gets the same document: `attain statement verify` counts \
         again and names every number that differs, by day. The hash covers all of the document, so that a later \
         edit shows."
            .to_owned(),
    ));
    blocks
}

fn entry_blocks(entry: &Entry, period: Interval, zone: &TimeZone, blocks: &mut Vec<Block>) {
    let outcome = entry.outcome.as_deref().unwrap_or(entry.name.slo.as_str());
    let whose = match &entry.name.scope {
        Scope::All if entry.is_pooled => "all segments with a promise, taken together".to_owned(),
        Scope::All => "everybody".to_owned(),
        Scope::Segment(id) => id.to_string(),
    };
    blocks.push(Block::Heading(format!(
        "{outcome}, {}, for {whose}",
        entry.name.objective
    )));
    let (what, whole) = match &entry.committed {
        Some(whole) => ("The published promise", whole),
        None if entry.is_pooled => ("The sum of the segments' budgets", &entry.objective),
        None => ("The objective", &entry.objective),
    };
    let windows = windows_of(entry, period);
    blocks.push(Block::Says(match windows {
        [] => verdict(entry, what, whole),
        windows => verdict_by_window(windows),
    }));
    blocks.extend(by_window(entry, period, zone).map(Block::Item));
    for term in &entry.terms {
        blocks.extend(term_items(entry, term, zone).into_iter().map(Block::Item));
    }
    if entry.committed.is_some() {
        blocks.push(Block::Item(format!(
            "Against the internal objective: {}{}",
            counted(entry, &entry.objective),
            kept(entry.objective.kept)
        )));
    }
    blocks.push(Block::Item(match entry.coverage {
        Coverage::Share(share) => format!(
            "Observed: {}{} of the period{}.",
            // Of a log only what is lost is known.
            if entry
                .gaps
                .iter()
                .any(|gap| matches!(gap.why, GapReason::Damaged(_)))
            {
                "at most "
            } else {
                ""
            },
            cut(share.ppb()),
            if entry.excluded.iter().any(|e| e.holds) {
                ", without what is excluded"
            } else {
                ""
            }
        ),
        Coverage::NotKnown => {
            "How much of the period was observed is not known: the data cannot tell silence from \
                               no traffic."
                .to_owned()
        }
    }));
    if entry.uncertain > 0 {
        blocks.push(Block::Item(format!(
            "{} of the bad cannot be told from good, and count as bad.",
            amount(entry.uncertain.into(), entry.unit)
        )));
    }
    for excluded in &entry.excluded {
        blocks.push(Block::Item(exclusion(entry, excluded, zone)));
    }
    for gap in &entry.gaps {
        blocks.push(Block::Item(missing(gap, zone)));
    }
}

/// `The published promise was kept: 99.5 % ...`.
fn verdict(entry: &Entry, what: &str, whole: &Whole) -> String {
    let numbers = counted(entry, whole);
    let is_promised = whole.budget.allowed_billionths > 0;
    match whole.kept {
        Some(true) => format!("{what} was kept. {numbers}"),
        Some(false) => format!("{what} was not kept. {numbers}"),
        None if whole.attainment.total() == 0 => {
            format!(
                "Nothing was counted: whether {} was kept cannot be said.",
                lower(what)
            )
        }
        None if is_promised => format!(
            "Whether {} was kept cannot be said: too little is known. {numbers}",
            lower(what)
        ),
        None => format!("Nothing was promised; this was measured. {numbers}"),
    }
}

fn lower(what: &str) -> String {
    what.replacen("The", "the", 1)
}

/// `Of 21,000 events 20,790 were good and 210 bad: 99.000%. At most 1,050 could be bad.`
fn counted(entry: &Entry, whole: &Whole) -> String {
    let attainment = whole.attainment;
    let is_promised = whole.budget.allowed_billionths > 0;
    let target = number::pooled_target_ppb(attainment, whole.budget).filter(|_| is_promised);
    let Some(attained) = number::attained(attainment, target) else {
        return "Nothing was counted.".to_owned();
    };
    let counts = counts(entry, attainment);
    if !is_promised {
        return format!("{counts}: {attained} good.");
    }
    format!(
        "{counts}: {attained} good. At most {} could be bad.",
        allowed(whole.budget, entry.unit)
    )
}

fn counts(entry: &Entry, attainment: Attainment) -> String {
    format!(
        "Of {} {} {} were good and {} bad",
        amount(attainment.total().into(), entry.unit),
        noun(entry.unit),
        amount(attainment.good.into(), entry.unit),
        amount(attainment.bad.into(), entry.unit),
    )
}

/// The windows of the promise, where they are not the period itself.
fn windows_of(entry: &Entry, period: Interval) -> &[CommittedWindow] {
    match &entry.windows[..] {
        [one] if one.interval == period => &[],
        windows => windows,
    }
}

/// `The published promise was kept in 2 of 3 of its windows.`
fn verdict_by_window(windows: &[CommittedWindow]) -> String {
    let are = |kept| {
        windows
            .iter()
            .filter(|window| window.whole.kept == kept)
            .count()
    };
    let unknown = match are(None) {
        0 => String::new(),
        unknown => format!(" Of {unknown} that cannot be said."),
    };
    format!(
        "The published promise was kept in {} of {} of its windows, and not in {}.{unknown}",
        are(Some(true)),
        windows.len(),
        are(Some(false)),
    )
}

/// Which windows of a promise were not kept, or that it is judged over other ones than the period.
fn by_window(entry: &Entry, period: Interval, zone: &TimeZone) -> Option<String> {
    let mut promised = (entry.terms.iter()).filter_map(|term| term.commitment.as_ref());
    let promise = promised.next_back()?;
    let window = each(&promise.window);
    if entry.windows.is_empty() {
        return Some(format!(
            "This counts all of the period as one; the promise is over {window}."
        ));
    }
    let named = |kept| {
        let windows = windows_of(entry, period).iter();
        let named = windows.filter(|window| window.whole.kept == kept);
        let named: Vec<String> = named.map(|window| between(window.interval, zone)).collect();
        named.join("; ")
    };
    let parts = [("Not kept", Some(false)), ("Not known", None)].map(|(word, kept)| {
        let named = named(kept);
        (!named.is_empty()).then(|| format!("{word} over {window}: {named}."))
    });
    let text: Vec<String> = parts.into_iter().flatten().collect();
    (!text.is_empty()).then(|| text.join(" "))
}

/// `each calendar month`, `any 30d`.
fn each(window: &Window) -> String {
    match window {
        Window::Rolling(_) => format!("any {window}"),
        Window::Calendar(..) => format!("each {window}"),
    }
}

/// What was in force in a part of the period.
fn term_items(entry: &Entry, term: &Term, zone: &TimeZone) -> Vec<String> {
    let when = if entry.terms.len() == 1 {
        "All of the period".to_owned()
    } else {
        format!("From {}", between(term.interval, zone))
    };
    let aimed = match term.objective {
        None if entry.is_pooled => "no objective of its own".to_owned(),
        None => "no objective".to_owned(),
        Some(Goal::BestEffort) => "best effort".to_owned(),
        Some(goal) => format!("objective {goal}"),
    };
    let Some(committed) = &term.commitment else {
        let counts = counts(entry, term.attainment);
        return vec![format!(
            "{when}: {aimed}; no promise was published. {counts}."
        )];
    };
    let place = match &committed.published[..] {
        [] => String::new(),
        places => format!(", published in {}", places.join(" and ")),
    };
    let whole = Whole {
        attainment: committed.attainment,
        budget: committed.budget,
        kept: committed.kept,
    };
    vec![format!(
        "{when}: promised {} over {} since {}{place}; internally: {aimed}. {}{}",
        committed.goal,
        each(&committed.window),
        committed.since,
        counted(entry, &whole),
        // Over windows of its own it is judged there.
        match entry.windows[..] {
            [] | [_] => kept(committed.kept),
            _ => "",
        },
    )]
}

fn kept(kept: Option<bool>) -> &'static str {
    match kept {
        Some(true) => " Kept.",
        Some(false) => " Not kept.",
        None => "",
    }
}

fn exclusion(entry: &Entry, excluded: &Excluded, zone: &TimeZone) -> String {
    let times: Vec<String> = excluded
        .intervals
        .iter()
        .map(|time| between(*time, zone))
        .collect();
    let told = match excluded.announced {
        Some(day) => format!("announced on {day}"),
        None => "announced to nobody".to_owned(),
    };
    let (what, then) = if excluded.holds {
        ("Excluded", "")
    } else {
        (
            "Not excluded, for customers were not told before",
            " That counts in the promise.",
        )
    };
    let counts = if excluded.attainment.total() > 0 {
        format!(" {}.{then}", counts(entry, excluded.attainment))
    } else {
        " Nothing was counted in it.".to_owned()
    };
    format!(
        "{what}: {} ({}), {told}: {}.{counts}",
        excluded.id,
        excluded.reason,
        times.join("; ")
    )
}

fn missing(gap: &Gap, zone: &TimeZone) -> String {
    let when = gap
        .interval
        .map(|interval| format!(", {}", between(interval, zone)));
    format!(
        "Missing of {}{}: {}.",
        gap.about,
        when.unwrap_or_default(),
        why(&gap.why)
    )
}

/// Why a number is missing.
pub(super) fn why(why: &GapReason) -> String {
    let events = |events: &u64| number::plural(*events, "event");
    match why {
        GapReason::NotYet => "nothing was measured yet".to_owned(),
        GapReason::NoData => "no data".to_owned(),
        GapReason::UnknownBirth(n) => {
            format!(
                "a counter's beginning is unknown, at most {} missing",
                events(n)
            )
        }
        GapReason::NotKept(what) => format!("not kept: {what}"),
        GapReason::Untimed(n) => format!("{} without a latency, counted as bad", events(n)),
        GapReason::BetweenBuckets(n) => {
            format!("{} between two bucket edges, counted as bad", events(n))
        }
        GapReason::TooLate(n) => format!("{} came too late and were refused", events(n)),
        GapReason::Ahead(n) => format!("{} came too far ahead and were refused", events(n)),
        GapReason::Unparsed(n) => format!("{} could not be read", number::plural(*n, "line")),
        GapReason::CoverageUnknown => "coverage is not known".to_owned(),
        GapReason::NotCounted => "it was not counted".to_owned(),
        GapReason::Damaged(what) => format!("counts that were kept can no longer be read: {what}"),
        GapReason::NeverHeard(what) => format!("never heard: {what}"),
        GapReason::NoLabel(what) => what.clone(),
    }
}

fn noun(unit: Unit) -> String {
    match unit {
        Unit::Events => "events".to_owned(),
        Unit::Slices(length) | Unit::SliceBillionths(length) => {
            format!("slices of {}", duration_text(length))
        }
    }
}

/// A number of units: `1,234`, `2.5`.
fn amount(number: u128, unit: Unit) -> String {
    match unit {
        Unit::Events | Unit::Slices(_) => grouped(number),
        Unit::SliceBillionths(_) => decimal(number, u128::from(ONE_PPB)),
    }
}

fn allowed(budget: ErrorBudget, unit: Unit) -> String {
    let billion = u128::from(ONE_PPB);
    let parts = match unit {
        Unit::Events | Unit::Slices(_) => billion,
        Unit::SliceBillionths(_) => billion * billion,
    };
    decimal(budget.allowed_billionths, parts)
}

/// A number of parts, in units of so many (a power of ten), exactly.
fn decimal(number: u128, parts: u128) -> String {
    let (whole, rest) = (number / parts, number % parts);
    if rest == 0 {
        return grouped(whole);
    }
    let digits = parts.ilog10() as usize;
    let rest = format!("{rest:0digits$}");
    format!("{}.{}", grouped(whole), rest.trim_end_matches('0'))
}

/// A share in percent, rounded down to two decimals.
fn cut(share_ppb: u32) -> String {
    let text = ppb::percent_floor(u128::from(share_ppb), u128::from(ONE_PPB), 2);
    text.map_or_else(String::new, |text| text + "%")
}

/// `2026-10-01 00:00 to 2026-10-11 00:00`.
fn between(interval: Interval, zone: &TimeZone) -> String {
    let local = |at: jiff::Timestamp| {
        at.to_zoned(zone.clone())
            .strftime("%Y-%m-%d %H:%M")
            .to_string()
    };
    format!("{} to {}", local(interval.start), local(interval.end))
}
