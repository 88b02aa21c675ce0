//! SLOs: one indicator, objectives, a target per segment, commitments, what it rests on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use attain_model::company::Service;
use attain_model::slo::{
    Adoption, Budgeting, Evidence, MissingData, NoTraffic, OverLoad, Owners, ReviewEvery,
};
use attain_model::source::Source;
use attain_model::{
    Audience, Layer, PolicyId, ServiceId, Share, Slo, SloId, SourceId, TeamId, Window,
};

use super::common::{low_traffic, meta, share, url, window};
use super::company::audience_of;
use super::counted::{check_latency, own_indicator};
use super::edges::dependency;
use super::indicator::Shared;
use super::object::Obj;
use super::objects::Objectives;
use super::promises::{commitments, objectives};
use super::read::At;
use crate::scalar::{self, Bad};
use crate::schema::{
    ADOPTION, BAD_MINUTE_MAP, BEHAVIOUR, BUDGETING, CUSTOMERS, EVIDENCE, OWNERS, REVIEW,
};
use crate::{length, moment};

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
    let commitments = commitments(id, obj, around.objectives);
    let depends_on = obj
        .list("depends_on")
        .iter()
        .filter_map(dependency)
        .collect();
    let evidence = obj.list("evidence").iter().filter_map(evidence).collect();
    customers(obj);
    let out = Rest::read(obj);
    let low_traffic = obj.get("low_traffic").and_then(|at| low_traffic(&at));
    let meta = meta(obj);
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
        low_traffic,
        adoption: out.adoption,
        alerting: out.alerting,
        budget_policy: out.budget_policy,
        runbook: out.runbook,
        retired: out.retired,
        meta,
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
                    obj.parse("for", length::positive_duration),
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

/// What counts are kept by.
const MINUTE: Duration = Duration::from_secs(60);

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
    let slice = obj.parse("slice", length::positive_duration);
    let slice = slice.unwrap_or(MINUTE);
    // Counts are kept by the minute: a slice that ends within one cannot be judged apart.
    if slice.as_millis() % MINUTE.as_millis() != 0
        && let Some(at) = obj.get("slice")
    {
        at.error(
            "slice-not-minutes",
            format!(
                "a slice of {} ends within a minute, and counts are kept by the minute",
                attain_model::quantity::duration_text(slice)
            ),
            "write whole minutes: `1m`, `5m`",
        );
    }
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

fn evidence(at: &At<'_, '_>) -> Option<Evidence> {
    let obj = at.object(&EVIDENCE)?;
    if let Some(behaviour) = obj.object("behaviour", &BEHAVIOUR) {
        let source = behaviour.refer("source", "source");
        let unit = behaviour.parse("unit", |text| length::unit(text).map(|_| text.to_owned()));
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
