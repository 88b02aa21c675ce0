//! What the API says of a series, as exact numbers with a name: everything that a page may say of it must be one of them,
//! rounded. Divides and formats anew, with nothing of the pages' own code.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::said::{Said, Unit, said};
use super::shop::AT;

const BILLION: f64 = 1e9;

/// In which direction a figure may be rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    Down,
    Up,
    Either,
}

#[derive(Debug, Clone)]
struct Figure {
    of: &'static str,
    value: f64,
    unit: Unit,
    round: Round,
}

/// What is known of something.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    numbers: Vec<Figure>,
    words: BTreeSet<String>,
}

impl Figures {
    pub fn number(&mut self, of: &'static str, value: f64, unit: Unit, round: Round) {
        if value.is_finite() {
            self.numbers.push(Figure {
                of,
                value,
                unit,
                round,
            });
        }
    }

    pub fn count(&mut self, of: &'static str, count: f64) {
        self.number(of, count, Unit::Plain, Round::Either);
    }

    pub fn percent(&mut self, of: &'static str, share: f64, round: Round) {
        self.number(of, share * 100.0, Unit::Percent, round);
    }

    fn times(&mut self, of: &'static str, times: f64) {
        self.number(of, times, Unit::Times, Round::Down);
    }

    /// What a text of the API says, in which numbers stand as they are.
    pub fn text(&mut self, of: &'static str, text: &str) {
        for (_, one) in said(text) {
            match one {
                Said::Number { value, unit, .. } => self.number(of, value, unit, Round::Either),
                Said::Word(word) => {
                    self.words.insert(word);
                }
            }
        }
    }

    /// An instant, in each way that instants are written.
    pub fn instant(&mut self, at: &Value) {
        let Some(at) = at.as_str().and_then(|at| at.parse::<Timestamp>().ok()) else {
            return;
        };
        let now: Timestamp = AT.parse().expect("an instant");
        // How long ago it was, in whole minutes; less than one is said as that.
        let minutes = now.duration_since(at).as_secs() / 60;
        if let Ok(minutes) = u64::try_from(minutes) {
            self.length(minutes.max(1) * 60);
        }
        let at = at.to_zoned(TimeZone::UTC);
        for format in ["%Y-%m-%d %H:%M:%S", "%H:%M:%S"] {
            self.words.insert(at.strftime(format).to_string());
        }
        for format in [
            "%Y-%m-%d %H:%M",
            "%H:%M",
            "%-d %b %H:%M",
            "%-d %b",
            "%Y-%m-%d",
        ] {
            let text = at.strftime(format).to_string();
            if at.second() == 0 || !format.contains("%M") {
                self.words.insert(text);
            } else if format != "%-d %b %H:%M" {
                self.words.insert(format!("{text}:{:02}", at.second()));
            }
        }
    }

    /// A length of time, in its one or two largest units.
    pub fn length(&mut self, seconds: u64) {
        let units = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
        let parts: Vec<String> = units
            .iter()
            .scan(seconds, |left, (size, unit)| {
                let count = *left / size;
                *left %= size;
                Some((count, unit))
            })
            .skip_while(|(count, _)| *count == 0)
            .take(2)
            .filter(|(count, _)| *count > 0)
            .map(|(count, unit)| format!("{count}{unit}"))
            .collect();
        self.words.insert(parts.join(" "));
    }

    pub fn with(&mut self, other: &Figures) {
        self.numbers.extend(other.numbers.iter().cloned());
        self.words.extend(other.words.iter().cloned());
    }

    /// Whether it knows what was said; as one of some figures, if they are named.
    pub fn know(&self, one: &Said, only: &[&str]) -> bool {
        match one {
            Said::Word(word) => self.words.contains(word),
            Said::Number { value, last, unit } => self.numbers.iter().any(|figure| {
                let is_one = only.is_empty() || only.contains(&figure.of);
                is_one && figure.unit == *unit && agrees(*value, *last, figure)
            }),
        }
    }
}

/// Whether a number is what a figure reads like with so many digits.
fn agrees(said: f64, last: f64, figure: &Figure) -> bool {
    let slack = figure.value.abs().max(1.0) * 1e-12;
    let off = figure.value - said;
    let is_near = off.abs() < last - slack;
    match (figure.unit, figure.round) {
        // Events are whole, and so is what is said of them.
        (Unit::Plain, Round::Either) => off.abs() <= slack,
        (_, Round::Down) => is_near && off >= -slack,
        (_, Round::Up) => is_near && off <= slack,
        (_, Round::Either) => is_near,
    }
}

/// A series: SLO, objective, segment.
pub type Name = (String, String, String);

/// What the API says of each series, and of each of its days.
#[derive(Default)]
pub struct Known {
    pub series: BTreeMap<Name, Figures>,
    pub days: BTreeMap<(Name, String), Figures>,
    /// Of which series a loss was explained, by series.
    pub why: BTreeMap<Name, Figures>,
    /// What the parts of a promise cost: by series and part.
    pub costs: BTreeMap<(Name, String), Figures>,
    /// What is said of the catalogue, in its own words.
    pub written: Figures,
    /// By segment: what it was sold.
    pub sold: BTreeMap<String, Figures>,
    /// Whatever is looked at: as of when.
    pub everywhere: Figures,
}

fn name(entry: &Value) -> Name {
    let of = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    (of("slo"), of("objective"), of("segment"))
}

fn float(value: &Value) -> f64 {
    match value {
        Value::String(text) => text.parse().unwrap_or(f64::NAN),
        other => other.as_f64().unwrap_or(f64::NAN),
    }
}

fn allowed(entry: &Value) -> f64 {
    float(&entry["allowed_billionths"]) / BILLION
}

impl Known {
    /// What `/api/v1/status` says.
    pub fn status(&mut self, status: &Value) {
        self.everywhere.instant(&status["as_of"]);
        let verdicts = status["verdicts"].as_array().unwrap();
        for verdict in verdicts {
            let all = verdicts.iter().find(|other| {
                other["slo"] == verdict["slo"]
                    && other["objective"] == verdict["objective"]
                    && other["segment"] == "all"
            });
            let figures = self.series.entry(name(verdict)).or_default();
            of_verdict(figures, verdict, all);
        }
        for masked in status["masked"].as_array().unwrap() {
            let (slo, objective, segment) = name(masked);
            for scope in [segment, "all".to_owned()] {
                let figures = self
                    .series
                    .entry((slo.clone(), objective.clone(), scope))
                    .or_default();
                figures.instant(&masked["since"]);
                figures.times("masked", float(&masked["segment_burn_millionths"]) / 1e6);
                figures.times("masked", float(&masked["aggregate_burn_millionths"]) / 1e6);
                figures.percent(
                    "share",
                    float(&masked["share_ppb"]) / BILLION,
                    Round::Either,
                );
            }
        }
        let slos: BTreeSet<String> = self.series.keys().map(|(slo, ..)| slo.clone()).collect();
        for gap in status["gaps"].as_array().unwrap() {
            let about = gap["about"].as_str().unwrap_or_default();
            let of = slos.iter().find(|slo| about.starts_with(slo.as_str()));
            let mut figures = Figures::default();
            figures.instant(&gap["start"]);
            figures.instant(&gap["end"]);
            figures.count("gap", float(&gap["count"]));
            for (_, series) in self
                .series
                .iter_mut()
                .filter(|((slo, ..), _)| of.is_none_or(|of| of == slo))
            {
                series.with(&figures);
            }
        }
        for untagged in status["untagged"].as_array().unwrap() {
            let of = untagged["slo"].as_str().unwrap_or_default();
            for (_, series) in self.series.iter_mut().filter(|((slo, ..), _)| slo == of) {
                series.count("untagged", float(&untagged["unknown"]));
                series.count("untagged", float(&untagged["total"]));
                let share = float(&untagged["unknown"]) / float(&untagged["total"]);
                series.percent("untagged", share, Round::Either);
            }
        }
    }

    /// The ends of the slices in which budgets were used up: by then it was known.
    pub fn ends_of_slices(&mut self, status: &Value, slice_seconds: i64) {
        for verdict in status["verdicts"].as_array().unwrap() {
            let since = verdict["overspent_since"]
                .as_str()
                .and_then(|at| at.parse::<Timestamp>().ok());
            if let Some(since) = since {
                let end = since + SignedDuration::from_secs(slice_seconds);
                let series = self.series.entry(name(verdict)).or_default();
                series.instant(&Value::from(end.to_string()));
            }
        }
    }

    /// What a budget in slices of time comes to in time, by the length that the catalogue gives them.
    pub fn slices(&mut self, slo: &str, seconds: f64) {
        for (_, series) in self.series.iter_mut().filter(|((of, ..), _)| of == slo) {
            let budgets: Vec<f64> = series
                .numbers
                .iter()
                .filter(|f| matches!(f.of, "spent" | "exactly allowed"))
                .map(|f| f.value)
                .collect();
            budgets
                .iter()
                .for_each(|slices| series.length((slices * seconds) as u64));
        }
    }

    /// What `/api/v1/slos/ID` says more.
    pub fn detail(&mut self, detail: &Value, verdict: &Value) {
        let name = name(detail);
        let series = self.series.entry(name.clone()).or_default();
        let list = |key: &str| detail[key].as_array().cloned().unwrap_or_default();
        let points = list("burn_down");
        let last = points
            .last()
            .map_or(f64::NAN, |point| allowed(&point["budget"]));
        // A window that fills for the first time is drawn against what it allows now.
        let is_calendar = verdict["window_closes"] != verdict["window"]["end"];
        let is_filling = !is_calendar
            && points
                .first()
                .is_some_and(|first| float(&first["good"]) + float(&first["bad"]) == 0.0);
        let left = |point: &Value| {
            let allowed = if is_filling {
                last
            } else {
                allowed(&point["budget"])
            };
            1.0 - float(&point["budget"]["spent"]) / allowed
        };
        for point in &points {
            series.instant(&point["at"]);
            series.percent("left over time", left(point), Round::Down);
        }
        let of_causes: f64 = list("causes")
            .iter()
            .map(|cause| float(&cause["bad"]))
            .sum();
        for cause in list("causes") {
            series.text("cause", cause["what"].as_str().unwrap_or_default());
            series.count("cause", float(&cause["bad"]));
            series.percent("cause", float(&cause["bad"]) / of_causes, Round::Down);
        }
        let hours = list("worst_hours");
        for hour in &hours {
            series.instant(&hour["start"]);
            series.instant(&hour["end"]);
            series.count("hour bad", float(&hour["bad"]));
            series.count("hour total", float(&hour["good"]) + float(&hour["bad"]));
            let share = float(&hour["budget"]["spent"]) / allowed(&verdict["budget"]);
            series.percent("hour of budget", share, Round::Up);
        }
        (1..=hours.len()).for_each(|count| series.count("hours", count as f64));
        for silent in list("silent") {
            series.instant(&silent["start"]);
            series.instant(&silent["end"]);
        }
        for day in list("days") {
            series.instant(&day["start"]);
            let mut figures = Figures::default();
            let (bad, spent) = (float(&day["bad"]), float(&day["budget"]["spent"]));
            figures.instant(&day["start"]);
            figures.count("day bad", bad);
            figures.count("day total", bad + float(&day["good"]));
            figures.times("day burn", spent / allowed(&day["budget"]));
            if bad == 0.0 {
                figures.times("day burn", 0.0);
            }
            figures.percent("coverage", float(&day["coverage"]) / BILLION, Round::Either);
            let is_in = |point: &&Value| point["at"].as_str() <= day["end"].as_str();
            if let Some(point) = points.iter().rfind(is_in) {
                figures.percent("day left", left(point), Round::Down);
            }
            let date = day["start"].as_str().unwrap_or_default()[..10].to_owned();
            self.days.insert((name.clone(), date), figures);
        }
    }

    /// What `/api/v1/why` says.
    pub fn why(&mut self, why: &Value) {
        let mut shared = Figures::default();
        shared.instant(&why["as_of"]);
        shared.text("looked back", why["looked_back"].as_str().unwrap());
        for note in why["notes"].as_array().unwrap() {
            shared.text("note", note.as_str().unwrap());
        }
        for finding in why["findings"].as_array().unwrap() {
            let mut figures = shared.clone();
            let episode = &finding["episode"];
            figures.instant(&episode["start"]);
            figures.instant(&episode["end"]);
            figures.instant(&finding["budget_back_at"]);
            figures.count("lost", float(&episode["bad"]));
            figures.count("lost", float(&episode["bad"]) + float(&episode["good"]));
            let whole = |figures: &mut Figures, of, value: f64| figures.count(of, value.round());
            whole(&mut figures, "lost", float(&episode["beyond_usual"]));
            figures.percent(
                "of the budget",
                float(&episode["budget_share"]),
                Round::Either,
            );
            figures.percent(
                "as bad before",
                float(&episode["as_bad_before"]),
                Round::Either,
            );
            for account in episode["accounts"].as_array().into_iter().flatten() {
                whole(&mut figures, "lost", float(&account["lost"]));
                for suspect in account["suspects"].as_array().into_iter().flatten() {
                    let score = float(&suspect["score"]);
                    figures.percent("score", score, Round::Down);
                    figures.number("score", score, Unit::Plain, Round::Down);
                    whole(&mut figures, "suspect lost", float(&suspect["lost"]));
                    figures.percent("could be", float(&suspect["share"]), Round::Down);
                    figures.percent("explained", float(&suspect["explained"]), Round::Down);
                }
            }
            self.why.insert(name(finding), figures);
        }
    }

    /// What `/api/v1/cascade` says.
    pub fn cascade(&mut self, cascade: &Value) {
        for promise in cascade["promises"].as_array().unwrap() {
            let budget = float(&promise["budget_ppb"]);
            let mut all = Figures::default();
            ppbs(&mut all, promise, budget);
            let mut parts = Vec::new();
            flat(&promise["parts"], &mut parts);
            for part in parts {
                let mut own = Figures::default();
                own.percent(
                    "promises",
                    float(&part["target_ppb"]) / BILLION,
                    Round::Either,
                );
                own.percent("how", float(&part["share_ppb"]) / BILLION, Round::Either);
                own.percent("how", float(&part["impact_ppb"]) / BILLION, Round::Either);
                cost(
                    &mut own,
                    "may cost",
                    "may cost of budget",
                    float(&part["cost_ppb"]),
                    budget,
                );
                cost(
                    &mut own,
                    "did cost",
                    "did cost of budget",
                    float(&part["measured_cost_ppb"]),
                    budget,
                );
                let counted = &part["counted"];
                own.percent(
                    "was bad",
                    float(&counted["bad"]) / float(&counted["total"]),
                    Round::Either,
                );
                let named = part["parts"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter_map(Value::as_str);
                let named = named.collect::<Vec<_>>().join(", ");
                all.with(&own);
                self.costs.insert((name(promise), named), own);
            }
            let mut sum = Figures::default();
            cost(
                &mut sum,
                "may cost",
                "may cost of budget",
                float(&promise["cost_ppb"]),
                budget,
            );
            let lost =
                float(&promise["counted"]["bad"]) / float(&promise["counted"]["total"]) * BILLION;
            cost(&mut sum, "did cost", "did cost of budget", lost, budget);
            self.costs.insert(
                (name(promise), "together, and what it lost".to_owned()),
                sum,
            );
            let mut once = Figures::default();
            cost(
                &mut once,
                "may cost",
                "may cost of budget",
                float(&promise["shared_ppb"]),
                budget,
            );
            self.costs
                .insert((name(promise), "shared, counted once".to_owned()), once);
            self.costs.insert((name(promise), String::new()), all);
        }
    }

    /// What `/api/v1/segments` says.
    pub fn segments(&mut self, segments: &Value) {
        for segment in segments["segments"].as_array().unwrap() {
            let mut sold = Figures::default();
            for key in ["contract", "severity", "description"] {
                sold.text(key, segment[key].as_str().unwrap_or_default());
            }
            sold.count("rank", float(&segment["rank"]));
            sold.count(
                "rank",
                segments["segments"].as_array().unwrap().len() as f64,
            );
            sold.count("customers", float(&segment["customers"]));
            sold.count("price", float(&segment["price"]["cents"]) / 100.0);
            let name = segment["segment"].as_str().unwrap().to_owned();
            self.everywhere
                .text("severity", segment["severity"].as_str().unwrap_or_default());
            self.sold.insert(name, sold);
        }
    }
}

fn cost(figures: &mut Figures, of: &'static str, of_budget: &'static str, ppb: f64, budget: f64) {
    figures.percent(of, ppb / BILLION, Round::Either);
    figures.percent(of_budget, ppb / budget, Round::Either);
}

/// Everything in parts per billion, as it is and as a share of the budget.
fn ppbs(figures: &mut Figures, value: &Value, budget: f64) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if key.ends_with("_ppb")
                    || matches!(key.as_str(), "once" | "low" | "high" | "sum_of_edges")
                {
                    cost(figures, "ppb", "ppb", float(value), budget);
                }
                ppbs(figures, value, budget);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| ppbs(figures, value, budget)),
        _ => {}
    }
}

fn flat(parts: &Value, all: &mut Vec<Value>) {
    for part in parts.as_array().into_iter().flatten() {
        all.push(part.clone());
        flat(&part["rests_on"], all);
    }
}

fn of_verdict(figures: &mut Figures, verdict: &Value, all: Option<&Value>) {
    let (good, bad, total) = (
        float(&verdict["good"]),
        float(&verdict["bad"]),
        float(&verdict["total"]),
    );
    let (allowed, spent) = (
        allowed(&verdict["budget"]),
        float(&verdict["budget"]["spent"]),
    );
    figures.count("bad", bad);
    figures.count("total", total);
    figures.count("spent", spent);
    figures.count("allowed", allowed.floor());
    figures.number("exactly allowed", allowed, Unit::Plain, Round::Either);
    figures.percent("attained", good / total, Round::Down);
    figures.percent("failing", bad / total, Round::Up);
    let target = float(&verdict["goal"]["target_ppb"]);
    figures.percent("target", target / BILLION, Round::Either);
    figures.percent("may", 1.0 - target / BILLION, Round::Either);
    if verdict["pooled"] == true {
        figures.percent("target", 1.0 - allowed / total, Round::Up);
    }
    figures.text("goal", verdict["goal"]["text"].as_str().unwrap_or_default());
    figures.percent("left", 1.0 - spent / allowed, Round::Down);
    if spent > allowed {
        figures.percent("left", spent / allowed - 1.0, Round::Up);
    }
    figures.instant(&verdict["window"]["start"]);
    figures.instant(&verdict["window"]["end"]);
    figures.times("burn", spent / allowed);
    figures.instant(&verdict["overspent_since"]);
    figures.instant(&verdict["window_closes"]);
    figures.percent(
        "coverage",
        float(&verdict["coverage"]) / BILLION,
        Round::Either,
    );
    figures.count("uncertain", float(&verdict["uncertain"]));
    if let Some(seconds) = verdict["exhausted_in_seconds"].as_u64() {
        figures.length(seconds);
    }
    let instant = |key: &str| {
        verdict["window"][key]
            .as_str()
            .and_then(|at| at.parse::<Timestamp>().ok())
    };
    let closes = verdict["window_closes"]
        .as_str()
        .and_then(|at| at.parse::<Timestamp>().ok());
    if let (Some(start), Some(end)) = (instant("start"), instant("end")) {
        figures.length(u64::try_from(end.as_second() - start.as_second()).unwrap_or(0));
    }
    for burn in verdict["burn"].as_array().unwrap() {
        let (bad, total) = (
            float(&burn["bad"]),
            float(&burn["bad"]) + float(&burn["good"]),
        );
        figures.length(burn["window_seconds"].as_u64().unwrap());
        // How long what is left lasts at that rate: of a calendar period what it allows by its end.
        if let (Some(start), Some(end), Some(closes)) = (instant("start"), instant("end"), closes)
            && bad > 0.0
        {
            let whole = (closes.as_second() - start.as_second()) as f64;
            let so_far = (end.as_second() - start.as_second()) as f64;
            let left = 1.0 - spent / (allowed * whole / so_far);
            let seconds = left * whole / (bad / self::allowed(burn));
            figures.length(seconds.max(0.0) as u64);
        }
        figures.times("recent", bad / self::allowed(burn));
        figures.count("recent", bad);
        figures.count("recent", total);
        figures.percent("recent", bad / total, Round::Up);
    }
    for alert in verdict["alerts"].as_array().unwrap() {
        figures.text("rule", alert["rule"].as_str().unwrap());
        figures.instant(&alert["since"]);
    }
    let excluded = &verdict["excluded"];
    if let Some(seconds) = excluded["seconds"].as_u64() {
        figures.length(seconds);
        figures.count("excluded", float(&excluded["bad"]));
        figures.count(
            "excluded",
            float(&excluded["bad"]) + float(&excluded["good"]),
        );
    }
    for part in verdict["parts"].as_array().unwrap() {
        figures.instant(&part["start"]);
        figures.instant(&part["end"]);
        figures.text("goal", part["goal"]["text"].as_str().unwrap_or_default());
        let (good, bad) = (float(&part["good"]), float(&part["bad"]));
        figures.percent("part attained", good / (good + bad), Round::Down);
        figures.count("part", bad);
        figures.count("part", good + bad);
    }
    if let Some(all) = all {
        figures.percent("share", total / float(&all["total"]), Round::Either);
        let often = bad / total / (float(&all["bad"]) / float(&all["total"]));
        figures.times("beside all", often);
    }
}
