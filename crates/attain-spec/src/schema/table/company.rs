//! The company: the whole, its segments, customers, contracts and credits, teams and services.

use super::common::AUTH;
use super::shapes::{
    BAD_MINUTE, DURATION, INT, PERCENT, PRICE, TARGETS, TEXT, TEXTS, URL, WINDOW, key, object, part,
};
use crate::schema::Shape::{AnyOf, List, MapOf, Object, Ref, Words};
use crate::schema::Text as T;
use crate::schema::{Section, Shape};

pub(crate) static CATALOGUE: Section = object(
    "the catalogue",
    &[
        key("name", TEXT, "shown on pages and reports").or("folder name"),
        key(
            "timezone",
            Shape::Scalar(T::Zone),
            "for `calendar` windows and reports that name no zone",
        )
        .or("UTC"),
    ],
);
pub(crate) static SEGMENT: Section = object(
    "a segment",
    &[
        key("rank", INT, "1 is the first to save").required(),
        key(
            "contract",
            TEXT,
            "the commercial document, or `best effort`",
        )
        .when("lint `segment-not-commercial`"),
        key("price", PRICE, "per customer"),
        key("customers", INT, "how many").or("from roster"),
        key(
            "severity",
            Ref("severity"),
            "severity of an incident that degrades it",
        )
        .or("by rank"),
        key("match", TEXTS, "label values that mean this segment").or("own id"),
        key("alerting", Ref("alert policy"), "policy for this segment"),
    ],
);
pub(crate) static ROSTER: Section = object(
    "the roster",
    &[
        key("csv", TEXT, "customers as a file, or"),
        key("http", Object(&ROSTER_HTTP), "customers as JSON"),
        key(
            "columns",
            Object(&ROSTER_COLUMNS),
            "which column is what; keys only as SHA-256",
        )
        .required(),
        key("every", DURATION, "reload").or("5m"),
    ],
)
.one_of(&["csv", "http"]);
pub(crate) static ROSTER_HTTP: Section = part(
    "a roster over HTTP",
    &[
        key("url", URL, "where").required(),
        key("auth", Object(&AUTH), "how to sign in"),
    ],
);
pub(crate) static ROSTER_COLUMNS: Section = part(
    "the columns of a roster",
    &[
        key("customer", TEXT, "the customer's id").required(),
        key("segment", TEXT, "the segment").required(),
        key("fee", TEXT, "what the customer pays"),
        key("contract", TEXT, "the contract number"),
        key("key_sha256", TEXT, "SHA-256 of the API key"),
    ],
);
pub(crate) static CONTRACT: Section = object(
    "a contract",
    &[
        key("name", TEXT, "customer id is the key"),
        key("segment", Ref("segment"), "must equal the roster's").required(),
        key("reference", TEXT, "contract number"),
        key("fee", PRICE, "credit base").or("from roster"),
        key("credits", Ref("credit schedule"), "own credit schedule").or("of the commitment"),
        key(
            "terms",
            List(&Object(&CONTRACT_TERM)),
            "negotiated numbers, newest first, never edited",
        ),
    ],
);
pub(crate) static CONTRACT_TERM: Section = part(
    "a negotiated term",
    &[
        key("since", Shape::Scalar(T::Date), "the first day").required(),
        key("targets", MapOf(&TARGETS), "by SLO and objective").required(),
    ],
);
pub(crate) static CREDITS: Section = object(
    "a credit schedule",
    &[
        key("window", WINDOW, "what is judged").or("calendar month"),
        key(
            "measure",
            AnyOf(&[Words(&["requests"]), Object(&MEASURE)]),
            "unit of the contract",
        )
        .or("requests"),
        key("consecutive", DURATION, "shorter runs do not count").or("0m"),
        key(
            "bands",
            List(&Object(&BAND)),
            "lowest band that applies; half-open",
        )
        .required(),
        key("cap", PERCENT, "of the fee").or("100%"),
        key(
            "claim",
            Shape::Scalar(T::Claim),
            "who starts it: `automatic` or `within <duration>`",
        )
        .or("automatic"),
        key("exclude", TEXTS, "what the contract leaves out").or("[maintenance]"),
    ],
);
pub(crate) static MEASURE: Section = part(
    "a measure",
    &[
        key("bad_minute", BAD_MINUTE, "minutes in which too many failed"),
        key(
            "mean_of",
            DURATION,
            "the mean of ratios over slices of this length",
        ),
    ],
)
.one_of(&["bad_minute", "mean_of"]);
pub(crate) static BAND: Section = part(
    "a band",
    &[
        key("below", PERCENT, "below this attainment").required(),
        key("credit", PERCENT, "this share of the fee is owed").required(),
    ],
);
pub(crate) static TEAM: Section = object(
    "a team",
    &[
        key(
            "seat",
            Words(&["product", "engineering", "platform", "legal"]),
            "the voice it has in decisions",
        )
        .required(),
        key(
            "members",
            TEXTS,
            "people, by login of the identity provider",
        )
        .required(),
        key("lead", TEXT, "escalation step `lead`").or("first member"),
        key("notify", List(&Ref("receiver")), "where words go"),
        key("oncall", Ref("receiver"), "where pages go"),
    ],
);
pub(crate) static ROLE: Section = object(
    "a role",
    &[
        key("members", TEXTS, "people outside teams: commander, cto").required(),
        key("oncall", Ref("receiver"), "where pages go"),
        key("notify", List(&Ref("receiver")), "where words go"),
    ],
);
pub(crate) static SERVICE: Section = object(
    "a service",
    &[
        key("owner", Ref("team"), "default owner of its SLOs"),
        key("match", TEXTS, "label values that mean this service").or("own id"),
        key("repository", TEXT, "used by the deploy gate"),
        key("capacity", Object(&CAPACITY), "for the capacity plan"),
    ],
);
pub(crate) static CAPACITY: Section = part(
    "a capacity",
    &[
        key("unit", TEXT, "e.g. pod").required(),
        key("handles", Shape::Scalar(T::Rate), "requests a unit handles"),
        key("cost", PRICE, "what a unit costs"),
        key("spare", INT, "units kept spare"),
        key(
            "dedicated",
            List(&Ref("segment")),
            "segments with units of their own",
        ),
    ],
);
