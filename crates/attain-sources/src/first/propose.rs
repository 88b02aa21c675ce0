//! A first catalogue for a file, as text for a person to correct. Knows what was measured (discover.rs) and the syntax of
//! the catalogue; decides nothing for anybody: every number says where it came from.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use attain_model::quantity::{Unit, duration_text};

use crate::first::discover::{Discovery, Measured};
use crate::first::guess::{AGENT_FAMILIES, SegmentBy, SegmentField, StatusKind};
use crate::first::sniff::FileForm;
use crate::first::targets::{Number, Proposed, availability, latency, percent, percentile};
use crate::first::yaml_text::{id_of, one_line, quoted, scalar};

/// What a person said about a file. Every answer may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answers {
    /// What the catalogue calls the file; its path unless said. Relative to the catalogue.
    pub file: Option<String>,
    /// The service; `my-service` unless said.
    pub service: Option<String>,
    /// The team that owns the SLO; `my-team` unless said.
    pub team: Option<String>,
    /// How segments are told apart.
    pub segment: SegmentAnswer,
    /// Segments by their values, the first to save first; those not named come after, in a guessed order.
    pub order: Vec<String>,
}

/// How segments are told apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SegmentAnswer {
    /// By the best guess, if there is one.
    #[default]
    Best,
    /// Not at all: all traffic is one.
    Nothing,
    /// By this field, which must be one of [`Discovery::segments`]; else not at all.
    Field(String),
}

/// The YAML text of a catalogue for a file. Always one that attain can read, with comments on what to decide.
///
/// The numbers are a little looser than what was measured, so that they are kept today; they are not what customers
/// need. Who is saved first is promised at least as much as who is saved later, and where that was missed, the comment
/// says so. Segments with fewer than 100 events are measured without a number. Health checks count nowhere.
#[must_use]
pub fn propose(discovery: &Discovery, answers: &Answers) -> String {
    let tiers = Tiers::new(discovery, answers);
    let mut text = head(discovery);
    text.push_str("attain: 1\n\n");
    text.push_str(&segments_text(&tiers));
    text.push_str(&source_text(discovery, answers, &tiers));
    text.push_str(&edge_text(discovery, &tiers));
    text.push_str(&slo_text(discovery, answers, &tiers));
    text
}

/// Segments, the first to save first.
struct Tiers<'d> {
    by: Option<&'d SegmentField>,
    tiers: Vec<Tier>,
}

struct Tier {
    id: String,
    /// The values that mean it, as found.
    values: Vec<String>,
    measured: Measured,
}

impl<'d> Tiers<'d> {
    fn new(discovery: &'d Discovery, answers: &Answers) -> Self {
        let index = match &answers.segment {
            SegmentAnswer::Nothing => None,
            SegmentAnswer::Best => (!discovery.segments.is_empty()).then_some(0),
            SegmentAnswer::Field(name) => discovery.segments.iter().position(|s| s.field == *name),
        };
        let none = Self {
            by: None,
            tiers: Vec::new(),
        };
        let Some((by, measured)) =
            index.and_then(|at| Some((discovery.segments.get(at)?, discovery.by_segment.get(at)?)))
        else {
            return none;
        };
        let shared = shared_beginning(by);
        let mut tiers: BTreeMap<String, Tier> = BTreeMap::new();
        for (number, value) in (1..).zip(&by.values) {
            // A monitor that sends nothing but health checks is no customer.
            let Some(more) = measured.get(value) else {
                continue;
            };
            let spelled = value.chars().any(|c| c.is_ascii_alphabetic());
            let id = if spelled {
                id_of(&value[shared..])
            } else {
                format!("segment-{number}")
            };
            let tier = tiers.entry(id.clone()).or_insert_with(|| Tier {
                id,
                values: Vec::new(),
                measured: Measured::default(),
            });
            tier.values.push(value.clone());
            tier.measured.events += more.events;
            tier.measured.bad += more.bad;
            tier.measured.latencies.extend(&more.latencies);
            tier.measured.latencies.sort_unstable();
        }
        if tiers.is_empty() {
            return none;
        }
        let place = |tier: &Tier| {
            let said = answers
                .order
                .iter()
                .position(|name| tier.values.contains(name) || tier.id == *name);
            (said.unwrap_or(usize::MAX), usual_rank(&tier.id))
        };
        let mut tiers: Vec<Tier> = tiers.into_values().collect();
        tiers.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.id.cmp(&b.id)));
        Self {
            by: Some(by),
            tiers,
        }
    }
}

/// How many bytes all keys begin with, up to a `-` or `_`: nothing that tells them apart.
fn shared_beginning(by: &SegmentField) -> usize {
    let word = |value: &str| value.find(['-', '_']).map(|at| value[..=at].to_owned());
    let first = by
        .values
        .first()
        .and_then(|value| word(value))
        .unwrap_or_default();
    let shared = by.by == SegmentBy::KeyPrefix
        && by
            .values
            .iter()
            .all(|value| value.starts_with(&first) && value.len() > first.len());
    if shared { first.len() } else { 0 }
}

/// Where names of tiers usually stand; what is not known stands in the middle.
pub(crate) fn usual_rank(id: &str) -> usize {
    const MIDDLE: usize = 9;
    const USUAL: &[&str] = &[
        "enterprise",
        "ent",
        "platinum",
        "premium",
        "gold",
        "partner",
        "paid",
        "people",
        "pro",
        "",
        "business",
        "team",
        "standard",
        "silver",
        "basic",
        "bronze",
        "starter",
        "programs",
        "feed-readers",
        "monitors",
        "crawlers",
        "trial",
        "free",
        "public",
        "anonymous",
        "internal",
    ];
    USUAL.iter().position(|name| *name == id).unwrap_or(MIDDLE)
}

fn head(discovery: &Discovery) -> String {
    let file = discovery
        .path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let mut text = String::new();
    let mut line = |words: String| {
        let _ = writeln!(text, "# {}", one_line(&words));
    };
    let minute = |time: jiff::Timestamp| {
        time.to_string()
            .chars()
            .take(16)
            .collect::<String>()
            .replace('T', " ")
    };
    let per_minute = discovery.events_per_minute();
    let (rate, unit) = if per_minute < 1.0 {
        (per_minute * 60.0, "an hour")
    } else {
        (per_minute, "a minute")
    };
    line(format!(
        "Written by `attain init` from {file}: {}, {} to {} UTC, {rate:.1} {unit}.",
        counted(discovery.all.events, "event"),
        minute(discovery.span.start),
        minute(discovery.span.end),
    ));
    if discovery.partly {
        line("The file goes on after these; only its beginning was measured.".to_owned());
    }
    if discovery.unread > 0 {
        line(format!(
            "{} could not be read.",
            counted(discovery.unread, "line")
        ));
    }
    if let Some((path, _)) = &discovery.heartbeat {
        line(format!(
            "Besides, {} of {path}; no number below counts them.",
            counted(discovery.health_checks, "health check")
        ));
    }
    line("Every number below was measured or guessed, and says so. Nothing here is promised to anybody yet:".to_owned());
    line("correct it, then `attain check`.".to_owned());
    text
}

/// `1 line`, `2 lines`.
fn counted(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

fn segments_text(tiers: &Tiers<'_>) -> String {
    let Some(by) = tiers.by else {
        return "# No field was found that tells customer segments apart, so all traffic is one. To promise different\n\
                # things to different customers, log the plan (or an API key) with each request, then add:\n\
                #   segments:\n\
                #     premium: {rank: 1, contract: MSA 4.2, price: 5000 USD/month}\n\
                #     free:    {rank: 2, contract: best effort, price: 0 USD/month}\n\
                # and `labels: {segment: plan}` to the source.\n\n"
            .to_owned();
    };
    let mut text = format!(
        "# Customer segments, as found in `{}`.",
        one_line(&by.field)
    );
    if by.score < 50 {
        text.push_str(
            " A last resort: anybody can forge it, and who asks\n# is not what they were sold.",
        );
    }
    text.push_str(
        "\n# `rank` is a guess: 1 is the first to save when not everybody can be.\n\
         # `contract` names the document that a segment was sold with, e.g. `MSA 4.2`; `best effort` promises nothing.\n\
         # Add what a customer pays: `price: 5000 USD/month`.\nsegments:\n",
    );
    for (rank, tier) in (1..).zip(&tiers.tiers) {
        let _ = write!(
            text,
            "  {}:\n    rank: {rank}\n    contract: best effort\n",
            tier.id
        );
        if by.by == SegmentBy::Value && tier.values != [tier.id.as_str()] {
            let values: Vec<String> = tier.values.iter().map(|value| quoted(value)).collect();
            let _ = writeln!(text, "    match: [{}]", values.join(", "));
        }
    }
    text.push('\n');
    text
}

fn source_text(discovery: &Discovery, answers: &Answers, tiers: &Tiers<'_>) -> String {
    let path = discovery.path.to_string_lossy();
    let file = scalar(answers.file.as_deref().unwrap_or(&path));
    let mut text = "sources:\n  requests:\n".to_owned();
    let _ = match &discovery.form {
        FileForm::Combined { append } => {
            let mut lines =
                format!("    log:\n      files:\n        - {file}\n      format: combined\n");
            if !append.is_empty() {
                let names: Vec<String> = append.iter().map(|name| scalar(name)).collect();
                lines.push_str("      # The fields at the end of a line have no names of their own; these were guessed.\n");
                let _ = writeln!(lines, "      append: [{}]", names.join(", "));
            }
            text.write_str(&lines)
        }
        FileForm::JsonLines => {
            write!(
                text,
                "    log:\n      files:\n        - {file}\n      format: json\n"
            )
        }
        FileForm::Csv { .. } | FileForm::Parquet { .. } => {
            write!(
                text,
                "    csv:\n      files:\n        - {file}\n      layout: events\n"
            )
        }
    };
    if let Some(time) = &discovery.time {
        let _ = writeln!(text, "      time: {}", scalar(time));
    }
    if let Some(latency) = &discovery.latency {
        let unit = symbol(latency.unit);
        let _ = writeln!(text, "      # Unit: {}.", latency.why);
        let _ = write!(
            text,
            "      duration:\n        field: {}\n        unit: {unit}\n",
            scalar(&latency.field)
        );
    }
    if let Some((path, every)) = &discovery.heartbeat {
        text.push_str("      # A log cannot tell silence from no traffic; this health check came all the time.\n");
        let every = duration_text(*every);
        let _ = write!(
            text,
            "      heartbeat:\n        path: {}\n        every: {every}\n",
            scalar(path)
        );
    }
    if let Some(by) = tiers
        .by
        .filter(|by| by.by == SegmentBy::Value && by.field != "segment")
    {
        let _ = write!(text, "    labels:\n      segment: {}\n", scalar(&by.field));
    }
    text.push('\n');
    text
}

/// A unit of durations, as a catalogue has it.
pub(crate) fn symbol(unit: Unit) -> &'static str {
    match unit {
        Unit::Milliseconds => "ms",
        Unit::Microseconds => "us",
        Unit::Nanoseconds => "ns",
        _ => "s",
    }
}

/// Keys and user agents are recognised by the rules of the edge.
fn edge_text(discovery: &Discovery, tiers: &Tiers<'_>) -> String {
    let (Some(by), Some(last)) = (tiers.by, tiers.tiers.last()) else {
        return String::new();
    };
    if by.by == SegmentBy::Value {
        return String::new();
    }
    let mut text = "# How a request is recognised; the first rule that fits. What none fits is counted as `unknown`.\n\
                    edge:\n"
        .to_owned();
    let _ = write!(text, "  otherwise: {}\n  identify:\n", last.id);
    let looked_at = looked_at(discovery, &by.field);
    let mut rule = |pattern: String, segment: &str| {
        let _ = write!(
            text,
            "    - {looked_at}\n      match: {}\n      segment: {segment}\n",
            scalar(&pattern)
        );
    };
    match by.by {
        SegmentBy::KeyPrefix => {
            for tier in &tiers.tiers {
                for value in &tier.values {
                    rule(format!("~{}(-|_).*", regex::escape(value)), &tier.id);
                }
            }
        }
        _ => {
            // In the order of the families, not of ranks: a crawler calls itself Mozilla too.
            for (family, parts) in AGENT_FAMILIES {
                if tiers.tiers.iter().any(|tier| tier.id == *family) {
                    rule(format!("~(?i).*({}).*", parts.join("|")), family);
                }
            }
        }
    }
    text.push('\n');
    text
}

/// A header if the log names it as one, else the field as it is.
fn looked_at(discovery: &Discovery, field: &str) -> String {
    let is_log = !matches!(
        discovery.form,
        FileForm::Csv { .. } | FileForm::Parquet { .. }
    );
    if is_log && matches!(field, "user_agent" | "http_user_agent") {
        return "header: User-Agent".to_owned();
    }
    let in_object = ["request.headers.", "headers."]
        .iter()
        .find_map(|object| field.strip_prefix(object));
    if let Some(header) = in_object.filter(|_| is_log) {
        return format!("header: {}", scalar(header));
    }
    match field.strip_prefix("http_").filter(|_| is_log) {
        Some(header) => {
            let words: Vec<String> = header.split('_').map(capitalised).collect();
            format!("header: {}", scalar(&words.join("-")))
        }
        None => format!("claim: {}", scalar(field)),
    }
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or(String::new(), |first| {
        first.to_ascii_uppercase().to_string() + chars.as_str()
    })
}

fn slo_text(discovery: &Discovery, answers: &Answers, tiers: &Tiers<'_>) -> String {
    let mut text = String::new();
    if !discovery.groups.is_empty() {
        text.push_str("# What was asked for most. One SLO per thing that customers do says more than one for everything:\n");
        text.push_str("# narrow the indicator, e.g. `where: {path: ~/checkout.*}`.\n");
        for (group, measured) in discovery.groups.iter().take(5) {
            let share = percent(measured.error_share());
            let _ = writeln!(
                text,
                "#   {}: {}, {share} bad",
                one_line(group),
                counted(measured.events, "event")
            );
        }
    }
    text.push_str("slos:\n  requests-succeed:\n");
    text.push_str("    # In the customer's words, e.g. `Checkout completes`.\n    outcome: A request is answered\n");
    let service = answers
        .service
        .as_deref()
        .map_or("my-service".to_owned(), id_of);
    let team = answers.team.as_deref().map_or("my-team".to_owned(), id_of);
    let _ = write!(
        text,
        "    service: {service}\n    owner: {team}\n    indicator:\n      log: requests\n"
    );
    if let Some(status) = &discovery.status {
        let bad = match &status.kind {
            StatusKind::Http => "5xx".to_owned(),
            StatusKind::Words(words) => {
                let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
                format!("[{}]", words.join(", "))
            }
        };
        let _ = write!(
            text,
            "      bad:\n        {}: {bad}\n",
            scalar(&status.field)
        );
    }
    if let Some((path, _)) = &discovery.heartbeat {
        let _ = write!(
            text,
            "      # Nobody waits for a health check.\n      except:\n        path: {}\n",
            scalar(path)
        );
    }
    text.push_str("    objectives:\n");
    if discovery.status.is_some() {
        objective(&mut text, "availability", discovery, tiers, &availability);
    }
    if discovery.latency.is_some() {
        let own = std::iter::once(&discovery.all).filter(|_| tiers.tiers.is_empty());
        let per_thousand = percentile(own.chain(tiers.tiers.iter().map(|tier| &tier.measured)));
        let propose_for = |measured: &Measured| latency(measured, per_thousand);
        objective(&mut text, "latency", discovery, tiers, &propose_for);
    }
    let _ = writeln!(text, "    window: {}", window(discovery));
    text.push_str(
        "    evidence:\n      - says: taken from what was measured, not yet what customers need\n        \
         from: guess\n",
    );
    text
}

/// A month; where coverage will be known, the longest usual window that the data fill, for the first verdict would be
/// `unknown` else.
fn window(discovery: &Discovery) -> &'static str {
    const HOUR: u64 = 3600;
    const SHORTER: [(u64, &str); 7] = [
        (14 * 24 * HOUR, "14d"),
        (7 * 24 * HOUR, "7d"),
        (3 * 24 * HOUR, "3d"),
        (24 * HOUR, "1d"),
        (12 * HOUR, "12h"),
        (6 * HOUR, "6h"),
        (HOUR, "1h"),
    ];
    // Of a window 95 % must be covered, as a catalogue has it that does not say `coverage:`.
    let is_filled = |seconds: u64| discovery.span.seconds() * 100 >= seconds * 96;
    if discovery.heartbeat.is_none() || is_filled(30 * 24 * HOUR) {
        return "30d";
    }
    SHORTER
        .iter()
        .find(|(seconds, _)| is_filled(*seconds))
        .map_or("1h", |(_, text)| text)
}

fn objective(
    text: &mut String,
    name: &str,
    discovery: &Discovery,
    tiers: &Tiers<'_>,
    propose_for: &dyn Fn(&Measured) -> Proposed,
) {
    let best_effort = || "best effort".to_owned();
    if tiers.tiers.is_empty() {
        let (number, why) = propose_for(&discovery.all);
        let number = number.map_or_else(best_effort, Number::text);
        let _ = writeln!(text, "      {name}: {number}  # {why}");
        return;
    }
    let _ = writeln!(text, "      {name}:");
    let mut lines = Vec::new();
    // From the last to save to the first: who is saved first is promised at least as much.
    let mut after: Option<(Number, &str)> = None;
    for tier in tiers.tiers.iter().rev() {
        let (own, mut why) = propose_for(&tier.measured);
        // A segment with too few events for a number of its own stands above promised ones: `best effort` there would
        // be a tier that is saved first and promised less.
        let below = after.map(|(number, _)| number);
        let number = own.map_or(below, |own| Some(own.no_looser_than(below)));
        if let (None, Some((_, below))) = (own, after) {
            let _ = write!(why, ", so that it gets what {below} gets");
        } else if let (Some(number), Some((_, below))) = (number.filter(|_| number != own), after) {
            let missed = if number.is_missed_by(&tier.measured) {
                "would have missed"
            } else {
                "kept"
            };
            let _ = write!(why, "; raised to what {below} gets, which it {missed}");
        }
        after = number.map(|number| (number, tier.id.as_str())).or(after);
        let number = number.map_or_else(best_effort, Number::text);
        lines.push(format!("        {}: {number}  # {why}\n", tier.id));
    }
    text.extend(lines.into_iter().rev());
}
