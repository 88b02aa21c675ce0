//! SLOs: one indicator, objectives, a target per segment, commitments, what it rests on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use attain_model::company::Service;
use attain_model::indicator::{Counting, Indicator, MetricKind};
use attain_model::slo::{
    Adoption, Budgeting, Commitment, Dependency, Evidence, Fallback, Judged, MissingData,
    NoTraffic, Objective, OverLoad, Owners, Provider, Retry, ReviewEvery, Term,
};
use attain_model::source::{CsvLayout, Source, SourceKind};
use attain_model::{
    Audience, CreditId, Goal, Layer, Multiple, ObjectiveId, PolicyId, ServiceId, Share, Slo, SloId,
    SourceId, TeamId, Window,
};

use super::common::{
    Cover, check_order, committed_by_objective, low_traffic, meta, share, targets, url, window,
};
use super::company::audience_of;
use super::indicator::{self, Shared, unit_unknown};
use super::objects::Objectives;
use super::read::{At, Obj};
use crate::scalar::{self, Bad};
use crate::schema::{
    ADOPTION, BAD_MINUTE_MAP, BEHAVIOUR, BUDGETING, COMMITMENT, CUSTOMERS, EDGE_OF_CASCADE,
    EVIDENCE, FALLBACK, INDICATOR, OBJECTIVE_TERM, OWNERS, RETRY, REVIEW,
};
use crate::suggest::closest;
use crate::tree::Kind;
use crate::{moment, target};

const DAY: Duration = Duration::from_secs(86_400);

/// What an SLO refers to and was read before it.
pub(crate) struct Around<'a> {
    pub shared: &'a Shared,
    pub sources: &'a BTreeMap<SourceId, Source>,
    pub services: &'a BTreeMap<ServiceId, Service>,
    pub objectives: &'a Objectives,
    /// Sources that only evidence reads: no counts come from them by default.
    pub evidence_only: &'a BTreeSet<String>,
}

pub(crate) fn slo(id: &str, obj: &Obj<'_, '_>, around: &Around<'_>) -> Option<Slo> {
    let layer = match obj.word("layer") {
        Some("product") => Layer::Product,
        Some("infrastructure") => Layer::Infrastructure,
        _ => Layer::Service,
    };
    let audience = audience(obj, layer);
    let outcome = obj.text("outcome");
    if audience == Audience::Customer && !obj.has("outcome") {
        obj.missing("outcome", "what the customer gets, in the customer's words");
    }
    let service = service(id, obj);
    let owners = owners(obj, audience, &service, around);
    let before = obj.cx().count();
    let objectives = objectives(obj);
    let sound = obj.cx().count() == before;
    let indicator = own_indicator(obj, around);
    // A target that could not be read may not have been meant as a latency.
    if let (Some(indicator), true) = (&indicator, sound) {
        check_latency(id, obj, indicator, around);
    }
    let commitments = commitments(id, obj, around);
    let depends_on = obj
        .list("depends_on")
        .iter()
        .filter_map(dependency)
        .collect();
    let evidence = obj.list("evidence").iter().filter_map(evidence).collect();
    customers(obj);
    let out = Rest::read(obj);
    Some(Slo {
        id: SloId::from(id),
        outcome,
        service,
        layer,
        audience,
        owners,
        indicator: indicator?,
        objectives,
        window: out.window,
        budgeting: out.budgeting,
        over_load: out.over_load,
        missing_data: out.missing_data,
        no_traffic: out.no_traffic,
        coverage: out.coverage,
        commitments,
        depends_on,
        evidence,
        review_every: out.review_every,
        reviewed: out.reviewed,
        low_traffic: obj.get("low_traffic").and_then(|at| low_traffic(&at)),
        adoption: out.adoption,
        alerting: out.alerting,
        budget_policy: out.budget_policy,
        runbook: out.runbook,
        retired: out.retired,
        meta: meta(obj),
    })
}

/// The keys that stand by themselves.
struct Rest {
    window: Window,
    budgeting: Budgeting,
    over_load: OverLoad,
    missing_data: MissingData,
    no_traffic: NoTraffic,
    coverage: Share,
    review_every: ReviewEvery,
    reviewed: Option<jiff::civil::Date>,
    adoption: Option<Adoption>,
    alerting: Option<PolicyId>,
    budget_policy: Option<PolicyId>,
    runbook: Option<String>,
    retired: Option<jiff::civil::Date>,
}

impl Rest {
    fn read(obj: &Obj<'_, '_>) -> Self {
        Self {
            window: obj
                .get("window")
                .and_then(|at| window(&at))
                .unwrap_or(Window::Rolling(30 * DAY)),
            budgeting: obj
                .get("budgeting")
                .and_then(|at| budgeting(&at))
                .unwrap_or(Budgeting::Occurrences),
            over_load: match obj.word("over_load") {
                Some("count") => OverLoad::Count,
                _ => OverLoad::Separate,
            },
            missing_data: missing_data(obj),
            no_traffic: match obj.word("no_traffic") {
                Some("bad") => NoTraffic::Bad,
                Some("good") => NoTraffic::Good,
                _ => NoTraffic::Exclude,
            },
            coverage: share(obj, "coverage")
                .or(Share::from_ppb(950_000_000))
                .unwrap_or(Share::WHOLE),
            review_every: match obj
                .object("review", &REVIEW)
                .and_then(|review| review.word("every"))
            {
                Some("month") => ReviewEvery::Month,
                Some("year") => ReviewEvery::Year,
                _ => ReviewEvery::Quarter,
            },
            reviewed: obj.parse("reviewed", moment::date),
            adoption: obj.object("adoption", &ADOPTION).and_then(|obj| {
                let (from, length) = (
                    obj.parse("from", moment::date),
                    obj.parse("for", scalar::positive_duration),
                );
                Some(Adoption {
                    from: from?,
                    length: length?,
                })
            }),
            alerting: policy(obj, "alerting", "alert policy", Some("workbook")),
            budget_policy: policy(obj, "budget_policy", "budget policy", None),
            runbook: obj.parse("runbook", url),
            retired: obj.parse("retired", moment::date),
        }
    }
}

fn audience(obj: &Obj<'_, '_>, layer: Layer) -> Audience {
    let said = obj.word("audience").map(audience_of);
    if said == Some(Audience::Customer) && layer == Layer::Infrastructure {
        if let Some(at) = obj.get("audience") {
            at.error(
                "layer-audience",
                "an infrastructure SLO is not something a customer sees",
                "remove `audience`, or make it a product SLO with an outcome",
            );
        }
        return Audience::Internal;
    }
    said.unwrap_or(if layer == Layer::Product {
        Audience::Customer
    } else {
        Audience::Internal
    })
}

fn service(id: &str, obj: &Obj<'_, '_>) -> ServiceId {
    match obj.get("service") {
        Some(at) => ServiceId::from(at.refer("service").unwrap_or(id)),
        None => {
            let cx = obj.cx();
            if cx.names.contains_key("service") && !cx.knows("service", id) && !cx.damaged {
                let cause = format!(
                    "there is no service `{id}` in this folder, and the SLO names no other"
                );
                let help = cx.did_you_mean("service", id).map_or_else(
                    || "add `service:`, or declare it under `services:`".to_owned(),
                    |help| format!("add `service:`; {help}"),
                );
                obj.at.error_at_key("unknown-service", cause, help);
            }
            ServiceId::from(id)
        }
    }
}

/// One owner, or two seats. The SLO's own word goes before `defaults:`.
fn owners(
    obj: &Obj<'_, '_>,
    audience: Audience,
    service: &ServiceId,
    around: &Around<'_>,
) -> Owners {
    let (one, two) = (obj.has_own("owner"), obj.has_own("owners"));
    if one && two {
        obj.exclusive("owner", "owners");
    }
    let customer = audience == Audience::Customer;
    let take_two = two || !one && obj.has("owners") && (customer || !obj.has("owner"));
    if take_two {
        let seats = obj.object("owners", &OWNERS);
        let seat = |key| {
            let seats = seats.as_ref()?;
            seats.refer(key, "team").map(TeamId::from)
        };
        return Owners {
            product: seat("product"),
            engineering: seat("engineering"),
            owner: None,
        };
    }
    // The default owner of the file stands for internal SLOs; two seats cannot be filled by one.
    let written = if customer && !one {
        None
    } else {
        obj.get("owner")
    };
    let owner = match written {
        Some(at) => at.refer("team").map(TeamId::from),
        None => {
            let of_service = around.services.get(service).and_then(|s| s.owner.clone());
            if of_service.is_none() && !customer {
                let known = around.services.contains_key(service);
                let path = format!("services.{service}");
                if !known || !obj.cx().spans.borrow().is_broken(&path) {
                    obj.missing(
                        "owner",
                        "the team that decides; a service may name it for all its SLOs",
                    );
                }
            }
            of_service.filter(|_| !customer)
        }
    };
    Owners {
        product: None,
        engineering: None,
        owner,
    }
}

fn missing_data(obj: &Obj<'_, '_>) -> MissingData {
    let Some(at) = obj.get("missing_data") else {
        return MissingData::Unknown;
    };
    if at.raw() == Some("good") {
        at.error(
            "missing-data-good",
            "missing data is never good",
            "write `unknown`, or `bad` if silence means failure",
        );
        return MissingData::Unknown;
    }
    match obj.word("missing_data") {
        Some("bad") => MissingData::Bad,
        _ => MissingData::Unknown,
    }
}

/// The name of a policy, `none`, or what is built in.
fn policy(
    obj: &Obj<'_, '_>,
    key: &str,
    kind: &'static str,
    absent: Option<&str>,
) -> Option<PolicyId> {
    let Some(at) = obj.get(key) else {
        return absent.map(PolicyId::from);
    };
    if at.raw() == Some("none") {
        return None;
    }
    at.refer(kind).map(PolicyId::from)
}

fn budgeting(at: &At<'_, '_>) -> Option<Budgeting> {
    if !at.is_map() {
        let word = at.raw()?;
        if word == "timeslices" || word == "ratio_timeslices" {
            at.error(
                "key-missing",
                format!("`{word}` needs to know its slices"),
                format!("write `{{method: {word}, slice: 1m, good_at: 99%}}`"),
            );
            return None;
        }
        return at.word(&["occurrences"]).map(|_| Budgeting::Occurrences);
    }
    let obj = at.object(&BUDGETING)?;
    let method = obj.word("method")?;
    let slice = obj.parse("slice", scalar::positive_duration);
    let slice = slice.unwrap_or(Duration::from_secs(60));
    let good_at = share(&obj, "good_at");
    if method != "timeslices" {
        for key in ["good_at", "slice"] {
            let meant = key == "slice" && method == "ratio_timeslices";
            if let Some(at) = obj.get(key).filter(|_| !meant) {
                at.error_at_key(
                    "key-without-effect",
                    format!("`{key}` means nothing with `method: {method}`"),
                    "remove it, or write `method: timeslices`",
                );
            }
        }
    }
    match method {
        "timeslices" => {
            if !obj.has("good_at") {
                obj.missing(
                    "good_at",
                    "from which share of good events on a time slice is good",
                );
            }
            Some(Budgeting::Timeslices {
                slice,
                good_at: good_at?,
            })
        }
        "ratio_timeslices" => Some(Budgeting::RatioTimeslices { slice }),
        _ => Some(Budgeting::Occurrences),
    }
}

/// `customers:` is checked and not kept: the model has no place for it yet.
fn customers(obj: &Obj<'_, '_>) {
    let Some(customers) = obj.object("customers", &CUSTOMERS) else {
        return;
    };
    customers.parse("track", |text| match text {
        "all" | "contracts" => Ok(()),
        _ => match text.strip_prefix("top ") {
            Some(n) => scalar::rank(n).map(|_| ()),
            None => Err(Bad::new(
                "value-unknown",
                format!("`{text}` does not say which customers are followed"),
            )
            .help("write `all`, `contracts` or `top 20`")),
        },
    });
    if let Some(bad_minute) = customers.object("bad_minute", &BAD_MINUTE_MAP) {
        share(&bad_minute, "failing");
        bad_minute.parse("requests", scalar::whole);
    }
}

/// `{name: targets}`, or a list of them, newest first, each with its first day.
fn objectives(obj: &Obj<'_, '_>) -> BTreeMap<ObjectiveId, Objective> {
    let mut out = BTreeMap::new();
    let Some(at) = obj.get("objectives") else {
        return out;
    };
    if !at.is_list() {
        let entries = at.entries();
        if at.is_map() && entries.is_empty() {
            at.error(
                "value-missing",
                "an SLO without an objective promises nothing",
                "add `availability: 99.9%`",
            );
        }
        add_terms(&mut out, entries, None, Cover::Every);
        return out;
    }
    let items = at.list();
    let mut days = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let Some(entry) = item.object(&OBJECTIVE_TERM) else {
            continue;
        };
        let since = match entry.get("since") {
            Some(at) => {
                let day = at.parse(moment::date);
                if let Some(day) = day {
                    days.push((at, day));
                }
                // A day that could not be read must not turn into `from the beginning`.
                if day.is_none() {
                    continue;
                }
                day
            }
            None => {
                if i + 1 < items.len() {
                    entry.missing("since", "only the last entry holds from the beginning");
                }
                None
            }
        };
        // Segments that came later are no fault of what was promised before.
        let cover = if i == 0 { Cover::Every } else { Cover::Some };
        if let Some(at) = entry.get("targets") {
            add_terms(&mut out, at.entries(), since, cover);
        }
    }
    check_order(&days);
    out
}

fn add_terms(
    out: &mut BTreeMap<ObjectiveId, Objective>,
    entries: Vec<At<'_, '_>>,
    since: Option<jiff::civil::Date>,
    cover: Cover,
) {
    for at in entries {
        if let Err(bad) = scalar::id(at.name) {
            at.error_at_key(bad.code, bad.cause, bad.help.unwrap_or_default());
        }
        let Some(targets) = targets(&at, cover) else {
            continue;
        };
        let id = ObjectiveId::from(at.name);
        out.entry(id.clone())
            .or_insert_with(|| Objective {
                id,
                terms: Vec::new(),
            })
            .terms
            .push(Term { since, targets });
    }
}

/// The indicator with its sources: the SLO's, else the indicator's, else the only one.
fn own_indicator(obj: &Obj<'_, '_>, around: &Around<'_>) -> Option<Indicator> {
    let own: Vec<SourceId> = obj
        .refers("source", "source")
        .into_iter()
        .map(SourceId::from)
        .collect();
    let at = obj.get("indicator")?;
    let mut indicator = if at.is_map() {
        let inline = at.object(&INDICATOR)?;
        let mut read = indicator::indicator(None, &inline, around.shared)?;
        if let Some(name) = inline.get("use").and_then(|at| at.raw()) {
            read.id = Some(name.into());
        }
        read
    } else {
        let id = at.refer("indicator")?;
        around.shared.get(id)?.clone()
    };
    if matches!(indicator.counting, Counting::Log { .. }) {
        check_log_source(&at, &indicator, around);
        return Some(indicator);
    }
    if !own.is_empty() {
        indicator.sources = own;
    }
    if indicator.sources.is_empty() && !obj.has("source") && !obj.cx().damaged {
        let candidates: Vec<_> = around
            .sources
            .values()
            .filter(|source| carries_counts(source))
            .filter(|source| !around.evidence_only.contains(source.id.as_str()))
            .map(|source| source.id.clone())
            .collect();
        if candidates.len() > 1 {
            let names: Vec<_> = candidates.iter().map(SourceId::as_str).collect();
            at.error_at_key(
                "source-ambiguous",
                format!("this folder has several sources: {}", names.join(", ")),
                format!(
                    "add `source: {}`, or `source: [{}]` to add them up",
                    names[0],
                    names.join(", ")
                ),
            );
        }
        indicator.sources = candidates;
    }
    Some(indicator)
}

/// Whether a source holds metrics rather than single events.
fn carries_counts(source: &Source) -> bool {
    match &source.kind {
        SourceKind::Log(_) => false,
        SourceKind::Csv(csv) => csv.layout != CsvLayout::Events,
        _ => true,
    }
}

fn check_log_source(at: &At<'_, '_>, indicator: &Indicator, around: &Around<'_>) {
    for id in &indicator.sources {
        let Some(source) = around.sources.get(id) else {
            continue;
        };
        let events = match &source.kind {
            SourceKind::Log(_) => true,
            SourceKind::Csv(csv) => csv.layout == CsvLayout::Events,
            _ => false,
        };
        if !events {
            at.error(
                "log-needs-events",
                format!("`{id}` holds no single events"),
                "name a source with `log:`, or `csv:` with `layout: events`",
            );
        }
    }
}

/// A latency objective needs to know how long each request took.
fn check_latency(id: &str, obj: &Obj<'_, '_>, indicator: &Indicator, around: &Around<'_>) {
    let Some(objectives) = obj.get("objectives") else {
        return;
    };
    let Some(at) = first_latency(&objectives) else {
        return;
    };
    let needs = |cause: String, help: &str| at.error("latency-needs-histogram", cause, help);
    const HELP: &str = "use the histogram of the same requests, in an SLO of its own";
    match &indicator.counting {
        Counting::Metric {
            metric, kind, unit, ..
        } if indicator.measures_latency() => {
            let otel = metric.contains('.')
                || !indicator.sources.is_empty()
                    && indicator.sources.iter().all(|id| {
                        around
                            .sources
                            .get(id)
                            .is_some_and(|source| matches!(source.kind, SourceKind::Otlp { .. }))
                    })
                || *kind == MetricKind::ExponentialHistogram;
            if unit.is_none() && !otel {
                metric_place(id, obj, indicator, metric);
            }
        }
        Counting::Metric { metric, kind, .. } => {
            let what = if *kind == MetricKind::Gauge {
                "gauge"
            } else {
                "counter"
            };
            needs(
                format!("`{metric}` is a {what}: it does not say how long a request took"),
                HELP,
            );
        }
        Counting::Totals { total, .. } => needs(
            format!(
                "`{}` is a count: it does not say how long a request took",
                total.metric
            ),
            HELP,
        ),
        Counting::PromQl { .. } => needs(
            "raw PromQL gives counts: it does not say how long a request took".into(),
            "count the fast ones as `good`, and write the objective as a percentage",
        ),
        Counting::Log { .. } => {
            let timed =
                indicator
                    .sources
                    .iter()
                    .all(|id| match around.sources.get(id).map(|s| &s.kind) {
                        Some(SourceKind::Log(log)) => log.duration.is_some(),
                        Some(SourceKind::Csv(csv)) => csv.duration.is_some(),
                        _ => true,
                    });
            if !timed {
                let id = &indicator.sources[0];
                needs(
                    format!("`{id}` does not say which field holds how long a request took"),
                    "add `duration: {field: request_time, unit: s}` to the source",
                );
            }
        }
    }
}

/// Reports an unknown unit at the metric, wherever the indicator stands.
fn metric_place(id: &str, obj: &Obj<'_, '_>, indicator: &Indicator, metric: &str) {
    let inline = obj.get("indicator").and_then(|at| match &at.node.kind {
        Kind::Map(map) => {
            let entry = map.get("metric")?;
            Some(At {
                cx: at.cx,
                path: format!("slos.{id}.indicator.metric"),
                name: &entry.key,
                key: entry.key_span,
                node: &entry.value,
            })
        }
        _ => None,
    });
    if let Some(at) = inline {
        return unit_unknown(&at, metric);
    }
    let Some(shared) = &indicator.id else { return };
    let span = obj
        .cx()
        .spans
        .borrow()
        .value(&format!("indicators.{shared}.metric"));
    if let Some(span) = span {
        let cause = format!("the unit of `{metric}` cannot be told from its name");
        obj.cx().push(
            attain_model::Diagnostic::error("unit-unknown", span, cause)
                .help("add `unit: s` (or `ms`)"),
        );
    }
}

/// The first target with a latency threshold.
fn first_latency<'c, 't>(at: &At<'c, 't>) -> Option<At<'c, 't>> {
    match &at.node.kind {
        Kind::Scalar(scalar) => match target::goal(&scalar.text) {
            Ok(Goal::Promised(promised)) if promised.under.is_some() => Some(at.clone()),
            _ => None,
        },
        Kind::Map(map) => map.entries.iter().find_map(|entry| {
            first_latency(&At {
                cx: at.cx,
                path: format!("{}.{}", at.path, entry.key),
                name: &entry.key,
                key: entry.key_span,
                node: &entry.value,
            })
        }),
        Kind::List(items) => items.iter().find_map(|item| {
            first_latency(&At {
                node: item,
                key: item.span,
                ..at.clone()
            })
        }),
        Kind::Refused => None,
    }
}

fn commitments(id: &str, obj: &Obj<'_, '_>, around: &Around<'_>) -> Vec<Commitment> {
    let objectives = around.objectives.get(id);
    let known = |name: &str| objectives.is_none_or(|known| known.iter().any(|o| o == name));
    let near =
        |typed: &str| closest(typed, objectives?.iter().map(String::as_str)).map(str::to_owned);
    let mut days = Vec::new();
    let mut out = Vec::new();
    for item in obj.list("commitments") {
        let Some(entry) = item.object(&COMMITMENT) else {
            continue;
        };
        let since = entry.get("since").and_then(|at| {
            let day = at.parse(moment::date)?;
            days.push((at, day));
            Some(day)
        });
        let targets = entry
            .get("targets")
            .map(|at| committed_by_objective(&at, id, &known, &near))
            .unwrap_or_default();
        let window = entry.get("window").and_then(|at| window(&at));
        let judged = match entry.word("judged") {
            Some("per customer") => Judged::PerCustomer,
            _ => Judged::PerSegment,
        };
        let published = entry.texts("published");
        let credits = entry
            .refer("credits", "credit schedule")
            .map(CreditId::from);
        let Some(since) = since else { continue };
        out.push(Commitment {
            since,
            targets,
            window,
            judged,
            published,
            credits,
        });
    }
    check_order(&days);
    out
}

fn dependency(at: &At<'_, '_>) -> Option<Dependency> {
    let edge = |on| Dependency {
        on,
        share: Share::WHOLE,
        calls: Multiple::ONE,
        impact: Share::WHOLE,
        optional: false,
        asynchronous: false,
        fallback: None,
        retry: None,
        latency: None,
    };
    if !at.is_map() {
        return at
            .refer("SLO")
            .map(|id| edge(Provider::Slo(SloId::from(id))));
    }
    let obj = at.object(&EDGE_OF_CASCADE)?;
    let optional = obj.parse("optional", scalar::truth).unwrap_or(false);
    let asynchronous = obj.parse("async", scalar::truth).unwrap_or(false);
    let impact = share(&obj, "impact");
    if (optional || asynchronous) && impact.is_some_and(|impact| impact != Share::NONE) {
        obj.exclusive(if optional { "optional" } else { "async" }, "impact");
    }
    let impact = if optional || asynchronous {
        Some(Share::NONE)
    } else {
        impact
    };
    let out = Dependency {
        share: share(&obj, "share").unwrap_or(Share::WHOLE),
        calls: obj
            .parse("calls", scalar::multiple)
            .unwrap_or(Multiple::ONE),
        impact: impact.unwrap_or(Share::WHOLE),
        optional: optional || asynchronous,
        asynchronous,
        fallback: obj.object("fallback", &FALLBACK).and_then(|obj| {
            let (slo, covers) = (obj.refer("slo", "SLO"), share(&obj, "covers"));
            Some(Fallback {
                slo: SloId::from(slo?),
                covers: covers?,
            })
        }),
        retry: obj.object("retry", &RETRY).and_then(|obj| {
            let (attempts, again) = (
                obj.parse("attempts", scalar::rank),
                share(&obj, "fails_again"),
            );
            Some(Retry {
                attempts: attempts?,
                fails_again: again?,
            })
        }),
        latency: obj.parse("latency", scalar::positive_duration),
        ..edge(Provider::Slo(SloId::from("")))
    };
    Some(Dependency {
        on: provider(&obj)?,
        ..out
    })
}

fn provider(obj: &Obj<'_, '_>) -> Option<Provider> {
    for (key, beside) in [("promised", "external"), ("need", "any_of")] {
        match (obj.get(key), obj.has(beside)) {
            (Some(at), false) => at.error_at_key(
                "key-without-effect",
                format!("`{key}` means nothing without `{beside}`"),
                "remove it",
            ),
            (None, true) => obj.missing(key, &format!("`{beside}` says it")),
            _ => {}
        }
    }
    if obj.has("external") {
        let promised = obj.parse("promised", target::target);
        return Some(Provider::External {
            name: obj.text("external")?,
            promised: promised?,
        });
    }
    if let Some(at) = obj.get("any_of") {
        let written = at.list().len();
        let slos: Vec<_> = obj
            .refers("any_of", "SLO")
            .into_iter()
            .map(SloId::from)
            .collect();
        let need = obj.parse("need", |text| match scalar::rank(text)? {
            n if n as usize > written => Err(Bad::new(
                "number-range",
                format!("{n} of {written} cannot work"),
            )
            .help(format!("write at most `{written}`"))),
            n => Ok(n),
        })?;
        return (slos.len() == written).then_some(Provider::AnyOf { slos, need });
    }
    obj.refer("slo", "SLO")
        .map(|id| Provider::Slo(SloId::from(id)))
}

fn evidence(at: &At<'_, '_>) -> Option<Evidence> {
    let obj = at.object(&EVIDENCE)?;
    if let Some(behaviour) = obj.object("behaviour", &BEHAVIOUR) {
        let source = behaviour.refer("source", "source");
        let unit = behaviour.parse("unit", |text| scalar::unit(text).map(|_| text.to_owned()));
        let (latency, outcome) = (behaviour.text("latency"), behaviour.text("outcome"));
        let strata = behaviour.texts("strata");
        return Some(Evidence::Behaviour {
            source: SourceId::from(source?),
            latency: latency?,
            unit,
            outcome: outcome?,
            strata,
        });
    }
    let (from, url) = (obj.text("from"), obj.parse("url", url));
    Some(Evidence::Statement {
        says: obj.text("says")?,
        from,
        url,
    })
}
