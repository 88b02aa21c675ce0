//! The company around the promises: segments, teams, services, contracts, credits, exclusions, the edge.

use std::collections::BTreeMap;
use std::time::Duration;

use attain_model::catalogue::{Rights, RightsOf};
use attain_model::company::{
    Capacity, Contract, ContractTerm, Costs, CreditBand, CreditMeasure, CreditSchedule,
    CustomerContract, Edge, Exclusion, ExclusionTime, Identify, IdentifyBy, Page, Report, Role,
    Roster, RosterFrom, Seat, Segment, Service, Team,
};
use attain_model::policy::Lane;
use attain_model::quantity::CalendarPeriod;
use attain_model::selector::Match;
use attain_model::{
    Audience, CreditId, CustomerId, ExclusionId, PolicyId, ReceiverId, ReportId, RoleId, SegmentId,
    ServiceId, SeverityId, Share, SloId, TeamId, Window,
};

use super::common::{
    attainment, bearer, check_order, committed_by_objective, meta, secret, share, url, window,
};
use super::indicator::matches_of;
use super::object::Obj;
use super::objects::Objectives;
use super::parties::{self, Who};
use super::read::At;
use crate::length;
use crate::money;
use crate::schema::{
    BAD_MINUTE_MAP, BAND, CAPACITY, CONTRACT_TERM, IDENTIFY, LANE, MEASURE, RIGHTS_OF,
    ROSTER_COLUMNS, ROSTER_HTTP, SIGN,
};
use crate::{moment, scalar};

const DAY: Duration = Duration::from_secs(86_400);

fn ids<'t, I: From<&'t str>>(names: Vec<&'t str>) -> Vec<I> {
    names.into_iter().map(I::from).collect()
}

/// Label values that mean a thing: its own id unless said.
fn own_or(obj: &Obj<'_, '_>, id: &str) -> Vec<String> {
    match obj.get("match") {
        Some(at) => at.texts(),
        None => vec![id.to_owned()],
    }
}

pub(crate) fn segment(id: &str, obj: &Obj<'_, '_>) -> Option<Segment> {
    let contract = obj.text("contract").map(|text| match text.as_str() {
        "best effort" => Contract::BestEffort,
        _ => Contract::Document(text),
    });
    let rank = obj.parse("rank", scalar::rank);
    Some(Segment {
        id: SegmentId::from(id),
        contract,
        price: obj.parse("price", money::price),
        customers: obj.parse("customers", scalar::whole),
        severity: obj.refer("severity", "severity").map(SeverityId::from),
        matches: own_or(obj, id),
        alerting: obj.refer("alerting", "alert policy").map(PolicyId::from),
        meta: meta(obj),
        rank: rank?,
    })
}

pub(crate) fn team(id: &str, obj: &Obj<'_, '_>) -> Option<Team> {
    let seat = obj.word("seat").map(|word| match word {
        "product" => Seat::Product,
        "platform" => Seat::Platform,
        "legal" => Seat::Legal,
        _ => Seat::Engineering,
    });
    let members = obj.texts("members");
    let lead = obj.text("lead");
    if let (Some(lead), Some(at)) = (&lead, obj.get("lead"))
        && !members.is_empty()
        && !members.contains(lead)
    {
        let cause = format!("`{lead}` is not a member of `{id}`");
        at.error(
            "lead-not-member",
            cause,
            format!("add `{lead}` to `members`"),
        );
    }
    Some(Team {
        id: TeamId::from(id),
        lead,
        notify: ids::<ReceiverId>(obj.refers("notify", "receiver")),
        oncall: obj.refer("oncall", "receiver").map(ReceiverId::from),
        meta: meta(obj),
        members,
        seat: seat?,
    })
}

pub(crate) fn role(id: &str, obj: &Obj<'_, '_>) -> Option<Role> {
    Some(Role {
        id: RoleId::from(id),
        members: obj.texts("members"),
        oncall: obj.refer("oncall", "receiver").map(ReceiverId::from),
        notify: ids::<ReceiverId>(obj.refers("notify", "receiver")),
        meta: meta(obj),
    })
}

pub(crate) fn service(id: &str, obj: &Obj<'_, '_>) -> Option<Service> {
    Some(Service {
        id: ServiceId::from(id),
        owner: obj.refer("owner", "team").map(TeamId::from),
        matches: own_or(obj, id),
        repository: obj.text("repository"),
        capacity: obj.object("capacity", &CAPACITY).and_then(|c| capacity(&c)),
        meta: meta(obj),
    })
}

fn capacity(obj: &Obj<'_, '_>) -> Option<Capacity> {
    let unit = obj.text("unit");
    let out = Capacity {
        unit: String::new(),
        handles: obj.parse("handles", length::rate),
        cost: obj.parse("cost", money::price),
        spare: obj.parse("spare", scalar::small),
        dedicated: ids::<SegmentId>(obj.refers("dedicated", "segment")),
    };
    Some(Capacity { unit: unit?, ..out })
}

pub(crate) fn roster(obj: &Obj<'_, '_>) -> Option<Roster> {
    let from = match obj.get("csv") {
        Some(at) => at.owned().map(RosterFrom::Csv),
        None => obj.object("http", &ROSTER_HTTP).and_then(|http| {
            let bearer = bearer(&http);
            Some(RosterFrom::Http {
                url: http.parse("url", url)?,
                bearer,
            })
        }),
    };
    let columns = obj.object("columns", &ROSTER_COLUMNS).map(|columns| {
        ["customer", "segment", "fee", "contract", "key_sha256"]
            .into_iter()
            .filter_map(|key| Some((key.to_owned(), columns.text(key)?)))
            .collect::<BTreeMap<_, _>>()
    });
    let every = obj.parse("every", length::positive_duration);
    Some(Roster {
        from: from?,
        columns: columns?,
        every: every.unwrap_or(Duration::from_secs(300)),
    })
}

pub(crate) fn contract(
    id: &str,
    obj: &Obj<'_, '_>,
    known: &Objectives,
) -> Option<CustomerContract> {
    let terms: Vec<_> = obj
        .list("terms")
        .iter()
        .filter_map(|at| at.object(&CONTRACT_TERM))
        .filter_map(|term| {
            let since = term.get("since")?;
            let day = since.parse(moment::date)?;
            Some((term, since, day))
        })
        .collect();
    let days: Vec<_> = terms
        .iter()
        .map(|(_, at, day)| (at.clone(), *day))
        .collect();
    check_order(&days);
    let terms = terms
        .iter()
        .map(|(term, _, since)| ContractTerm {
            since: *since,
            targets: term
                .get("targets")
                .map(|at| contract_targets(&at, known))
                .unwrap_or_default(),
        })
        .collect();
    let segment = obj.refer("segment", "segment");
    let out = CustomerContract {
        id: CustomerId::from(id),
        name: obj.text("name"),
        segment: SegmentId::from(""),
        reference: obj.text("reference"),
        fee: obj.parse("fee", money::price),
        credits: obj.refer("credits", "credit schedule").map(CreditId::from),
        terms,
        meta: meta(obj),
    };
    Some(CustomerContract {
        segment: SegmentId::from(segment?),
        ..out
    })
}

/// `{slo: {objective: target}}`.
fn contract_targets(
    at: &At<'_, '_>,
    known: &Objectives,
) -> BTreeMap<SloId, BTreeMap<attain_model::ObjectiveId, attain_model::slo::CommittedTargets>> {
    let mut out = BTreeMap::new();
    for entry in at.entries() {
        if !entry.cx.damaged && !entry.cx.knows("SLO", entry.name) {
            let cause = format!("there is no SLO `{}` in this folder", entry.name);
            let help = entry
                .cx
                .did_you_mean("SLO", entry.name)
                .unwrap_or_else(|| "declare it under `slos:`".to_owned());
            entry.error_at_key("unknown-slo", cause, help);
            continue;
        }
        let objectives = known.get(entry.name);
        let exists = |name: &str| objectives.is_none_or(|known| known.iter().any(|o| o == name));
        let near = |typed: &str| {
            crate::suggest::closest(typed, objectives?.iter().map(String::as_str))
                .map(str::to_owned)
        };
        let targets = committed_by_objective(&entry, entry.name, &exists, &near);
        out.insert(SloId::from(entry.name), targets);
    }
    out
}

pub(crate) fn credits(id: &str, obj: &Obj<'_, '_>) -> Option<CreditSchedule> {
    let month = || Window::Calendar(CalendarPeriod::Month, obj.cx().zone.clone());
    let bands: Vec<CreditBand> = obj
        .list("bands")
        .iter()
        .filter_map(|at| at.object(&BAND))
        .filter_map(|band| {
            let (below, credit) = (attainment(&band, "below"), share(&band, "credit"));
            Some(CreditBand {
                below: below?,
                credit: credit?,
            })
        })
        .collect();
    let claim = obj.parse("claim", moment::claim).flatten();
    Some(CreditSchedule {
        id: CreditId::from(id),
        window: obj
            .get("window")
            .and_then(|at| window(&at))
            .unwrap_or_else(month),
        measure: obj
            .get("measure")
            .and_then(|at| measure(&at))
            .unwrap_or(CreditMeasure::Requests),
        consecutive: obj
            .parse("consecutive", length::duration)
            .unwrap_or_default(),
        bands,
        cap: share(obj, "cap").unwrap_or(Share::WHOLE),
        claim_within: claim,
        exclude: match obj.get("exclude") {
            Some(at) => at.texts(),
            None => vec!["maintenance".to_owned()],
        },
        meta: meta(obj),
    })
}

fn measure(at: &At<'_, '_>) -> Option<CreditMeasure> {
    if !at.is_map() {
        return at.word(&["requests"]).map(|_| CreditMeasure::Requests);
    }
    let obj = at.object(&MEASURE)?;
    if let Some(bad_minute) = obj.object("bad_minute", &BAD_MINUTE_MAP) {
        bad_minute.parse("requests", scalar::whole);
        return share(&bad_minute, "failing").map(CreditMeasure::BadMinute);
    }
    obj.parse("mean_of", length::positive_duration)
        .map(CreditMeasure::MeanOf)
}

/// `promised` says whether an SLO is promised to customers: they are told before time is taken out of a promise.
pub(crate) fn exclusion(
    id: &str,
    obj: &Obj<'_, '_>,
    promised: &dyn Fn(&str) -> bool,
) -> Option<Exclusion> {
    let zone = obj.cx().zone_name.clone();
    let slos = ids::<SloId>(obj.refers("slos", "SLO"));
    let services = ids::<ServiceId>(obj.refers("services", "service"));
    let segments = ids::<SegmentId>(obj.refers("segments", "segment"));
    if !["slos", "services", "segments"]
        .iter()
        .any(|key| obj.has(key))
    {
        obj.missing("slos", "whom it touches: `slos`, `services` or `segments`");
    }
    let length = obj.parse("for", length::positive_duration);
    let from = obj
        .get("from")
        .map(|at| (at.parse(|text| moment::time(text, &zone)), at));
    let every = obj.parse("every", |text| moment::schedule(text, &zone));
    let announced = obj.parse("announced", moment::date);
    if !obj.has("announced") && slos.iter().any(|id| promised(id.as_str())) {
        obj.missing(
            "announced",
            "customers are told before it begins, and on which day",
        );
    }
    if let (Some((Some(from), _)), Some(announced), Some(at)) =
        (&from, announced, obj.get("announced"))
        && announced > from.to_zoned(obj.cx().zone.clone()).date()
    {
        at.error(
            "announced-too-late",
            "an exclusion is announced before it begins, not after",
            "announce it on an earlier day",
        );
    }
    let reason = obj.text("reason");
    let meta = meta(obj);
    let length = length?;
    let when = match (from, every) {
        (Some((from, _)), _) => ExclusionTime::Once {
            from: from?,
            length,
        },
        (None, schedule) => ExclusionTime::Every {
            schedule: schedule?,
            length,
        },
    };
    Some(Exclusion {
        id: ExclusionId::from(id),
        slos,
        services,
        segments,
        when,
        reason: reason?,
        announced,
        meta,
    })
}

pub(crate) fn report(id: &str, obj: &Obj<'_, '_>) -> Option<Report> {
    let zone = obj.cx().zone_name.clone();
    let every = obj.parse("every", |text| moment::schedule(text, &zone));
    let audience = obj.word("audience").map(audience_of);
    let to = parties::list(obj, "to", Who::TeamsAndReceivers);
    Some(Report {
        id: ReportId::from(id),
        to,
        meta: meta(obj),
        audience: audience?,
        every: every?.text,
    })
}

pub(crate) fn audience_of(word: &str) -> Audience {
    match word {
        "customer" => Audience::Customer,
        _ => Audience::Internal,
    }
}

pub(crate) fn page(obj: &Obj<'_, '_>) -> Option<Page> {
    let show = ids::<SloId>(obj.refers("show", "SLO"));
    let history = obj.parse("history", length::positive_duration);
    Some(Page {
        title: obj.text("title")?,
        show,
        history: history.unwrap_or(365 * DAY),
    })
}

pub(crate) fn costs(obj: &Obj<'_, '_>) -> Costs {
    Costs {
        series: obj.parse("series", money::price_per),
        upkeep: obj.parse("upkeep", money::upkeep),
        engineer: obj.parse("engineer", money::hourly),
        page: obj.parse("page", money::money),
    }
}

pub(crate) fn edge(obj: &Obj<'_, '_>) -> Option<Edge> {
    let header = |key: &str, default: &str| obj.text(key).unwrap_or_else(|| default.to_owned());
    let sign = obj
        .object("sign", &SIGN)
        .and_then(|sign| secret(&sign.get("key")?));
    let identify = obj
        .list("identify")
        .iter()
        .filter_map(|at| identify(&at.object(&IDENTIFY)?))
        .collect();
    let lanes: Vec<Lane> = obj
        .get("lanes")
        .map(|at| at.entries())
        .unwrap_or_default()
        .iter()
        .filter_map(lane)
        .collect();
    let otherwise = obj.refer("otherwise", "segment");
    let out = Edge {
        header: header("header", "X-Customer-Segment"),
        customer_header: header("customer_header", "X-Customer-Id"),
        sign,
        identify,
        otherwise: SegmentId::from(""),
        lanes,
    };
    Some(Edge {
        otherwise: SegmentId::from(otherwise?),
        ..out
    })
}

fn identify(obj: &Obj<'_, '_>) -> Option<Identify> {
    let mut matches = obj.get("match").and_then(|at| matches_of(&at));
    let by = if obj.has("header") {
        obj.text("header").map(IdentifyBy::Header)
    } else if obj.has("claim") {
        obj.text("claim").map(IdentifyBy::Claim)
    } else if let Some(at) = obj.get("path") {
        let path: Option<Match> = matches_of(&at);
        matches = matches.or(path);
        Some(IdentifyBy::Path)
    } else {
        None
    };
    let segment = obj.refer("segment", "segment").map(SegmentId::from);
    let lookup = obj.text("lookup");
    Some(Identify {
        by: by?,
        matches,
        lookup,
        segment,
    })
}

fn lane(at: &At<'_, '_>) -> Option<Lane> {
    let cx = at.cx;
    if !cx.damaged && !cx.knows("segment", at.name) {
        let cause = format!("there is no segment `{}` in this folder", at.name);
        let help = cx
            .did_you_mean("segment", at.name)
            .unwrap_or_else(|| "declare it under `segments:`".to_owned());
        at.error_at_key("unknown-segment", cause, help);
        return None;
    }
    let obj = at.object(&LANE)?;
    Some(Lane {
        segment: SegmentId::from(at.name),
        reserve: share(&obj, "reserve"),
        queue: obj.parse("queue", scalar::small),
        wait: obj.parse("wait", length::duration),
        own_pool: obj.word("pool") == Some("own"),
    })
}

/// Rights may be stricter than built in, never laxer: whoever decides alone today needs the others' word.
pub(crate) fn rights(obj: &Obj<'_, '_>) -> Rights {
    let of = |key: &str, needed: &[&str]| {
        obj.object(key, &RIGHTS_OF)
            .map(|obj| rights_of(&obj, needed))
            .unwrap_or_default()
    };
    Rights {
        customer: of("customer", &["product", "engineering"]),
        internal: of("internal", &["owner"]),
    }
}

fn rights_of(obj: &Obj<'_, '_>, needed: &[&str]) -> RightsOf {
    let deciders = |key: &str| {
        let list = parties::list(obj, key, Who::Deciders);
        let lacking = needed.iter().find(|one| !list.iter().any(|l| l == *one));
        if let (Some(lacking), Some(at)) = (lacking, obj.get(key)) {
            at.error(
                "rights-laxer",
                format!("`{lacking}` decides by what is built in, and rights are never laxer"),
                format!("add `{lacking}`"),
            );
        }
        list
    };
    let least = |key: &str, least: Duration| {
        let said = obj.parse(key, length::duration)?;
        if let Some(at) = obj.get(key).filter(|_| said < least) {
            let least = attain_model::quantity::duration_text(least);
            at.error(
                "rights-laxer",
                format!("built in are {least}, and rights are never laxer"),
                format!("write `{least}` or more"),
            );
        }
        Some(said)
    };
    RightsOf {
        relax: deciders("relax"),
        tighten: deciders("tighten"),
        exclude: deciders("exclude"),
        cooling_off: least("cooling_off", DAY),
        notice: least("notice", 30 * DAY),
    }
}
