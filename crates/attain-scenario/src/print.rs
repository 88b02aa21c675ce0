//! Answers as text: tables with whole numbers, so that each can be checked by hand.
//! Knows how an evaluation is laid out; shares table and rounding with the status page (attain-view). Decides nothing.

use std::fmt::Write as _;
use std::time::Duration;

use attain_engine::{Counts, Ledger};
use attain_model::policy::{Spends, Urgency};
use attain_model::quantity::duration_text;
use attain_model::slo::{Budgeting, Goal};
use attain_model::verdict::{
    AlertCondition, AlertRule, AlertState, Coverage, ErrorBudget, Masked, OverLoadShare,
};
use attain_model::{
    Bucket, Evaluation, Gap, GapReason, Interval, Promises, Scope, Share, Stream, Verdict, Window,
};
use attain_view::table::{Align, Cell, Line, Table};
use attain_view::{Look, number};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::carried::carried;
use crate::script::Question;

/// How instants are written in an answer.
#[derive(Debug, Clone)]
pub(crate) enum Times {
    /// So long after the start: `719h31m`.
    After(Timestamp),
    /// On the calendar of a zone.
    Calendar(TimeZone),
}

/// What a printer needs.
pub(crate) struct Page<'p> {
    /// What is promised.
    pub(crate) promises: &'p Promises,
    /// What was counted.
    pub(crate) ledger: &'p Ledger,
    /// What was found.
    pub(crate) evaluation: &'p Evaluation,
    /// About this SLO only.
    pub(crate) slo: Option<&'p str>,
    /// How instants are written.
    pub(crate) times: Times,
}

impl Page<'_> {
    /// The answer to a question, line by line, without blank lines.
    pub(crate) fn answer(&self, question: Question) -> Vec<String> {
        let text = match question {
            Question::Evaluate => self.verdicts(),
            Question::Alerts => self.alerts(),
            Question::Masked => self.masked(),
            Question::Parts => self.parts(),
            Question::Untagged => self.untagged(),
            Question::Gaps => self.gaps(),
            Question::Ledger => self.ledger(),
            Question::Carried => carried(self.promises.catalogue(), self.slo, self.day()),
            Question::Status => self.status(),
        };
        lines(&text)
    }
}

/// Lines of an answer; an empty one says so.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.trim_end().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    if lines.is_empty() {
        return vec!["nothing".to_owned()];
    }
    lines
}

/// Wide enough that nothing is wrapped.
pub(crate) const LOOK: Look = Look {
    width: 10_000,
    color: false,
    ascii: true,
};

impl Page<'_> {
    fn shown(&self) -> impl Iterator<Item = &Verdict> {
        self.evaluation
            .verdicts
            .iter()
            .filter(|verdict| self.slo.is_none_or(|slo| verdict.name.slo.as_str() == slo))
    }

    fn verdicts(&self) -> String {
        let mut table = table(&[
            ("segment", Align::Left),
            ("events", Align::Right),
            ("bad", Align::Right),
            ("allowed", Align::Right),
            ("attained", Align::Right),
            ("target", Align::Left),
            ("left", Align::Right),
            ("coverage", Align::Right),
            ("verdict", Align::Left),
        ]);
        let mut last = None;
        for verdict in self.shown() {
            let group = (&verdict.name.slo, &verdict.name.objective);
            if last != Some(group) {
                last = Some(group);
                table.lines.push(self.heading(verdict));
            }
            table.lines.push(row(verdict, self.parts_of_unit(verdict)));
            table.lines.extend(
                remarks(verdict)
                    .into_iter()
                    .map(|text| Line::Remark(text.into())),
            );
        }
        if table.lines.is_empty() {
            return String::new();
        }
        table.render(&LOOK)
    }

    /// Into how many parts what is counted is divided: a slice that counts by its ratio is kept in billionths.
    fn parts_of_unit(&self, verdict: &Verdict) -> u64 {
        const RATIO_PARTS: u64 = 1_000_000_000;
        let slo = self.promises.catalogue().slos.get(&verdict.name.slo);
        match slo.map(|slo| slo.budgeting) {
            Some(Budgeting::RatioTimeslices { .. }) => RATIO_PARTS,
            _ => 1,
        }
    }

    fn heading(&self, verdict: &Verdict) -> Line {
        let mut holds = Vec::new();
        if let Some(slo) = self.promises.catalogue().slos.get(&verdict.name.slo) {
            holds.push(match &slo.window {
                Window::Rolling(length) => format!("over {}", duration_text(*length)),
                window @ Window::Calendar(..) => {
                    format!("{window}, {}", self.interval(verdict.window))
                }
            });
            holds.extend(match slo.budgeting {
                Budgeting::Occurrences => None,
                Budgeting::Timeslices { slice, good_at } => Some(format!(
                    "slices of {} good at {good_at}",
                    duration_text(slice)
                )),
                Budgeting::RatioTimeslices { slice } => {
                    Some(format!("ratios of slices of {}", duration_text(slice)))
                }
            });
        }
        Line::Group(
            format!("{}/{}", verdict.name.slo, verdict.name.objective),
            holds.join(", "),
        )
    }

    fn alerts(&self) -> String {
        let mut table = table(&[
            ("asks", Align::Left),
            ("when", Align::Left),
            ("long", Align::Right),
            ("short", Align::Right),
            ("over", Align::Right),
            ("state", Align::Left),
        ]);
        for verdict in self.shown().filter(|verdict| !verdict.alerts.is_empty()) {
            table
                .lines
                .push(Line::Group(verdict.name.to_string(), String::new()));
            for condition in &verdict.alerts {
                table.lines.push(self.condition(verdict, condition));
            }
        }
        if table.lines.is_empty() {
            return String::new();
        }
        table.render(&LOOK)
    }

    fn condition(&self, verdict: &Verdict, condition: &AlertCondition) -> Line {
        let asks = match condition.urgency {
            Urgency::Page => "page",
            Urgency::Ticket => "ticket",
            Urgency::None => "nothing",
        };
        let state = match condition.state {
            AlertState::Quiet => "quiet".to_owned(),
            AlertState::Firing(since) => format!("firing since {}", self.time(since)),
            AlertState::Unreachable => "can never fire".to_owned(),
            AlertState::TooFewEvents => "too few events".to_owned(),
            AlertState::Standby => "not needed".to_owned(),
        };
        let cells = match condition.rule {
            AlertRule::BurnRate { tier, burn } => {
                let (long, short) = (duration_text(tier.long), duration_text(tier.short));
                let when = match tier.spends {
                    Spends::BudgetShare(share) => format!("{share} in {long}, {short}"),
                    Spends::Burn(multiple) => format!("{multiple} over {long}, {short}"),
                };
                [
                    when,
                    burn_over(verdict, tier.long),
                    burn_over(verdict, tier.short),
                    number::times(u128::from(burn.millionths())),
                    state,
                ]
            }
            AlertRule::LowTraffic { rule } => [
                format!(
                    "few events: {} bad in {}, 1 false per {}",
                    rule.at_least_bad,
                    duration_text(rule.within),
                    duration_text(rule.false_page_every)
                ),
                String::new(),
                String::new(),
                String::new(),
                state,
            ],
        };
        Line::Row(
            [asks.to_owned()]
                .into_iter()
                .chain(cells)
                .map(Cell::from)
                .collect(),
        )
    }

    fn masked(&self) -> String {
        let mut text = String::new();
        let shown = |masked: &&Masked| self.slo.is_none_or(|slo| masked.name.slo.as_str() == slo);
        for masked in self.evaluation.masked.iter().filter(shown) {
            let _ = writeln!(
                text,
                "{} since {}: burns {} where all burns {}, with {} of the events",
                masked.name,
                self.time(masked.since),
                number::times(masked.segment_burn_millionths),
                number::times(masked.aggregate_burn_millionths),
                hundredths(masked.share),
            );
        }
        text
    }

    fn parts(&self) -> String {
        let mut table = table(&[
            ("from", Align::Left),
            ("to", Align::Left),
            ("target", Align::Left),
            ("events", Align::Right),
            ("bad", Align::Right),
        ]);
        for verdict in self.shown() {
            table
                .lines
                .push(Line::Group(verdict.name.to_string(), String::new()));
            for part in &verdict.parts {
                table.lines.push(Line::Row(
                    [
                        self.time(part.interval.start),
                        self.time(part.interval.end),
                        goal(part.goal),
                        number::grouped(part.attainment.total()),
                        number::grouped(part.attainment.bad),
                    ]
                    .map(Cell::from)
                    .into(),
                ));
            }
        }
        if table.lines.is_empty() {
            return String::new();
        }
        table.render(&LOOK)
    }

    fn untagged(&self) -> String {
        let mut text = String::new();
        for untagged in &self.evaluation.untagged {
            if self.slo.is_none_or(|slo| untagged.slo.as_str() == slo) {
                let _ = writeln!(
                    text,
                    "{}: {} of {} carry no known segment",
                    untagged.slo,
                    number::grouped(untagged.unknown),
                    number::plural(untagged.total, "event"),
                );
            }
        }
        text
    }

    fn gaps(&self) -> String {
        let mut text = String::new();
        for gap in &self.evaluation.gaps {
            let about = |slo: &str| {
                gap.about == slo
                    || gap
                        .about
                        .strip_prefix(slo)
                        .is_some_and(|rest| rest.starts_with('/'))
            };
            if self.slo.is_none_or(about) {
                let _ = writeln!(text, "{}", self.gap(gap));
            }
        }
        text
    }

    fn gap(&self, gap: &Gap) -> String {
        let why = match &gap.why {
            GapReason::NotYet => "nothing was measured yet".to_owned(),
            GapReason::NoData => "no data".to_owned(),
            GapReason::UnknownBirth(events) => {
                format!(
                    "a counter's beginning is unknown, at most {} missing",
                    number::plural(*events, "event")
                )
            }
            GapReason::NotKept(what) => format!("not kept: {what}"),
            GapReason::Untimed(events) => {
                format!(
                    "{} without a latency, counted as bad",
                    number::plural(*events, "event")
                )
            }
            GapReason::BetweenBuckets(events) => {
                format!(
                    "{} between two buckets, counted as bad",
                    number::plural(*events, "event")
                )
            }
            GapReason::TooLate(events) => {
                format!("{} too late, refused", number::plural(*events, "event"))
            }
            GapReason::Unparsed(lines) => {
                format!("{} could not be read", number::plural(*lines, "line"))
            }
            GapReason::CoverageUnknown => "coverage is not known".to_owned(),
        };
        match gap.interval {
            Some(interval) => format!("{} {}: {why}", gap.about, self.interval(interval)),
            None => format!("{}: {why}", gap.about),
        }
    }

    fn ledger(&self) -> String {
        let mut table = table(&[
            ("segment", Align::Left),
            ("class", Align::Left),
            ("took", Align::Left),
            ("events", Align::Right),
        ]);
        let as_of = self.evaluation.as_of;
        let until = self.ledger.grid().index(as_of.instant);
        for (id, slo) in &self.promises.catalogue().slos {
            if self.slo.is_some_and(|slo| id.as_str() != slo) {
                continue;
            }
            let key = Stream::key_of(self.promises.catalogue(), slo);
            let Some(stream) = self.ledger.kept(&key) else {
                continue;
            };
            table.lines.push(Line::Group(id.to_string(), String::new()));
            let read = self
                .ledger
                .read(&key, &slo.indicator, until, as_of.known_until);
            for column in &read.columns {
                let events: u64 = column.counts.iter().map(|(_, events)| events).sum();
                if events > 0 {
                    table.lines.push(Line::Row(
                        [
                            column.segment.to_string(),
                            column.class.as_str().replace('\u{1f}', " "),
                            took(stream, column.bucket),
                            number::grouped(events),
                        ]
                        .map(Cell::from)
                        .into(),
                    ));
                }
            }
        }
        if table.lines.is_empty() {
            return String::new();
        }
        table.render(&LOOK)
    }

    /// The day of the instant, in the catalogue's zone.
    fn day(&self) -> Date {
        let zone = self.promises.catalogue().timezone.clone();
        self.evaluation.as_of.instant.to_zoned(zone).date()
    }

    fn status(&self) -> String {
        attain_view::status::status(
            self.promises,
            self.evaluation,
            &attain_view::status::Run::default(),
            &Look::plain(),
        )
    }

    fn interval(&self, interval: Interval) -> String {
        format!(
            "{} to {}",
            self.time(interval.start),
            self.time(interval.end)
        )
    }

    fn time(&self, at: Timestamp) -> String {
        match &self.times {
            Times::After(start) => after(*start, at),
            Times::Calendar(zone) => number::instant(at, zone),
        }
    }
}

/// `719h31m`, `12m`, `90s`; before the start with a `-`.
fn after(start: Timestamp, at: Timestamp) -> String {
    if at == Timestamp::MIN || at == Timestamp::MAX {
        return "always".to_owned();
    }
    let seconds = at.as_second() - start.as_second();
    let sign = if seconds < 0 { "-" } else { "" };
    let seconds = seconds.unsigned_abs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = String::new();
    for (number, unit) in [(hours, "h"), (minutes, "m"), (rest, "s")] {
        if number > 0 {
            let _ = write!(text, "{number}{unit}");
        }
    }
    if text.is_empty() {
        text.push_str("0h");
    }
    format!("{sign}{text}")
}

pub(crate) fn table(columns: &[(&str, Align)]) -> Table {
    Table {
        columns: columns
            .iter()
            .map(|(name, align)| ((*name).to_owned(), *align))
            .collect(),
        lines: Vec::new(),
    }
}

fn row(verdict: &Verdict, parts_of_unit: u64) -> Line {
    let parts = u128::from(parts_of_unit);
    let target = verdict
        .goal
        .and_then(|goal| goal.promised().map(|promised| promised.target.ppb()));
    let has_budget = verdict.pooled || target.is_some();
    let segment = match (&verdict.name.scope, verdict.pooled) {
        (Scope::All, true) => "all (pooled)".to_owned(),
        (scope, _) => scope.to_string(),
    };
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    Line::Row(
        [
            segment,
            decimal(verdict.attainment.total().into(), parts),
            decimal(verdict.attainment.bad.into(), parts),
            or_dash(has_budget.then(|| allowed(verdict.budget, parts))),
            or_dash(number::attained(verdict.attainment, target)),
            goal(verdict.goal),
            or_dash(number::budget_left(verdict.budget).filter(|_| has_budget)),
            match verdict.coverage {
                Coverage::Share(share) => hundredths(share),
                Coverage::NotKnown => "not known".to_owned(),
            },
            verdict.standing.word().to_owned(),
        ]
        .map(Cell::from)
        .into(),
    )
}

/// `under 200ms`, `200ms to 500ms`, `500ms or more`; nothing where latency is not known.
fn took(stream: &Stream, bucket: Bucket) -> String {
    if bucket == Bucket::UNTIMED || stream.edges.is_empty() {
        return String::new();
    }
    let index = usize::from(bucket.0);
    let lower = index.checked_sub(1).and_then(|i| stream.edges.get(i));
    match (lower, stream.edges.get(index)) {
        (None, Some(upper)) => format!("under {upper}"),
        (Some(lower), Some(upper)) => format!("{lower} to {upper}"),
        (Some(lower), None) => format!("{lower} or more"),
        (None, None) => String::new(),
    }
}

fn goal(goal: Option<Goal>) -> String {
    goal.map_or_else(|| "-".to_owned(), |goal| goal.to_string())
}

/// Cut to two decimals: `2.91%`.
fn hundredths(share: Share) -> String {
    const HUNDREDTH_PPB: u32 = 100_000;
    let cut = share.ppb() / HUNDREDTH_PPB * HUNDREDTH_PPB;
    Share::from_ppb(cut).unwrap_or(share).to_string()
}

/// Bad events allowed, exactly: `216`, `0.05`.
fn allowed(budget: ErrorBudget, parts: u128) -> String {
    const BILLION: u128 = 1_000_000_000;
    decimal(budget.allowed_billionths, BILLION * parts)
}

/// A number of parts, in units of so many (a power of ten): `2,671.2`.
fn decimal(number: u128, parts: u128) -> String {
    let (whole, rest) = (number / parts, number % parts);
    let whole = number::grouped(whole);
    if rest == 0 {
        return whole;
    }
    let digits = parts.ilog10() as usize;
    let rest = format!("{rest:0digits$}");
    format!("{whole}.{}", rest.trim_end_matches('0'))
}

fn burn_over(verdict: &Verdict, window: Duration) -> String {
    verdict
        .burn
        .iter()
        .find(|burn| burn.window == window)
        .and_then(|burn| number::burn(burn.attainment.bad, burn.allowed_billionths))
        .unwrap_or_else(|| "-".to_owned())
}

/// What stands under a row.
fn remarks(verdict: &Verdict) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(over) = verdict.over_load {
        remarks.push(over_load(over));
    }
    if verdict.uncertain > 0 {
        remarks.push(format!(
            "{} of the bad cannot be told from good",
            number::grouped(verdict.uncertain)
        ));
    }
    remarks
}

fn over_load(over: OverLoadShare) -> String {
    let mut text = format!(
        "above the load: {} of {}, {} bad of {}",
        number::grouped(over.minutes),
        number::plural(over.of_minutes, "minute"),
        number::grouped(over.attainment.bad),
        number::plural(over.attainment.total(), "event"),
    );
    if over.judged_minutes > 0 {
        let _ = write!(
            text,
            "; {} above the cap, judged all the same",
            number::plural(over.judged_minutes, "minute")
        );
    }
    text
}
