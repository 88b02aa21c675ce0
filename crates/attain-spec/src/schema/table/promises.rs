//! What is promised: SLOs, with what they rest on and why their numbers are what they are.

use super::indicators::INDICATOR;
use super::shapes::{
    BAD_MINUTE, BOOL, DURATION, INT, PERCENT, SOURCES, TARGETS, TEXT, TEXTS, UNIT, URL, WINDOW,
    key, object, part,
};
use crate::schema::Shape::{AnyOf, List, Object, Ref, Words};
use crate::schema::Text as T;
use crate::schema::{Section, Shape};

pub(crate) static SLO: Section = object("an SLO", &[
    key("outcome", TEXT, "in the customer's words").when("customer"),
    key("service", Ref("service"), "what it is about").or("own id"),
    key("layer", Words(&["product", "service", "infrastructure"]), "of the cascade").or("service"),
    key("audience", Words(&["customer", "internal"]), "whom it is promised to").or("customer if product"),
    key("owners", Object(&OWNERS), "both decide").when("customer"),
    key("owner", Ref("team"), "decides alone").when("internal").or("of the service"),
    key("indicator", AnyOf(&[Ref("indicator"), Object(&INDICATOR)]), "one SLO, one indicator").required(),
    key("objectives", AnyOf(&[TARGETS, List(&Object(&OBJECTIVE_TERM))]),
        "scalar: all traffic as one; map: names every segment; list: newest first, each with `since`").required(),
    key("window", WINDOW, "over which the budget is kept").or("30d"),
    key("budgeting", AnyOf(&[Words(&["occurrences"]), Object(&BUDGETING)]), "how events become a budget").or("occurrences"),
    key("over_load", Words(&["separate", "count"]), "slices above `at`: own ledger, or judged all the same").or("separate"),
    key("missing_data", Words(&["unknown", "bad"]), "`good` does not exist").or("unknown"),
    key("no_traffic", Words(&["exclude", "bad", "good"]), "time slices only").or("exclude"),
    key("coverage", PERCENT, "below it the verdict is `unknown`").or("95%"),
    key("commitments", List(&Object(&COMMITMENT)), "newest first, superseded by adding"),
    key("customers", Object(&CUSTOMERS), "truth per customer").or("contracts"),
    key("depends_on", List(&AnyOf(&[Ref("SLO"), Object(&EDGE_OF_CASCADE)])), "what it rests on"),
    key("evidence", List(&Object(&EVIDENCE)), "why this number"),
    key("review", Object(&REVIEW), "how often the numbers are reviewed").or("quarter"),
    key("reviewed", Shape::Scalar(T::Date), "last review"),
    key("low_traffic", Object(&LOW_TRAFFIC), "when few requests arrive").or("of the policy"),
    key("adoption", Object(&ADOPTION), "measured; tickets instead of pages"),
    key("alerting", Ref("alert policy"), "or `none`").or("workbook"),
    key("budget_policy", Ref("budget policy"), "or `none`").or("none"),
    key("runbook", URL, "what the person on call reads"),
    key("source", SOURCES, "where its counts come from; in `defaults:` for indicators that name none").or("the indicator's"),
    key("retired", Shape::Scalar(T::Date), "instead of deleting"),
]);
pub(crate) static OWNERS: Section = part(
    "the owners of a customer SLO",
    &[
        key("product", Ref("team"), "speaks for the customer").when("lint `owner-seat-missing`"),
        key("engineering", Ref("team"), "speaks for the service").when("lint `owner-seat-missing`"),
    ],
);
pub(crate) static OBJECTIVE_TERM: Section = part(
    "an entry of `objectives`",
    &[
        key(
            "since",
            Shape::Scalar(T::Date),
            "the first day; only the last entry may lack it",
        ),
        key("targets", TARGETS, "what is aimed at").required(),
    ],
);
pub(crate) static BUDGETING: Section = part(
    "budgeting",
    &[
        key(
            "method",
            Words(&["occurrences", "timeslices", "ratio_timeslices"]),
            "how events become a budget",
        )
        .required(),
        key("slice", DURATION, "length of a time slice").or("1m"),
        key(
            "good_at",
            PERCENT,
            "a time slice is good if at least this share of its events is",
        )
        .when("with timeslices"),
    ],
);
pub(crate) static COMMITMENT: Section = part(
    "a commitment",
    &[
        key("since", Shape::Scalar(T::Date), "the first day").required(),
        key(
            "targets",
            TARGETS,
            "what was promised; segments not named were promised nothing",
        )
        .required(),
        key("window", WINDOW, "over which it is judged").or("of the SLO"),
        key(
            "judged",
            Words(&["per segment", "per customer"]),
            "whose experience counts",
        )
        .or("per segment"),
        key("published", TEXTS, "where it stands"),
        key(
            "credits",
            Ref("credit schedule"),
            "what is owed when it is not kept",
        ),
    ],
);
pub(crate) static CUSTOMERS: Section = part(
    "`customers`",
    &[
        key("track", TEXT, "`all`, `contracts` or `top N`").or("contracts"),
        key(
            "bad_minute",
            BAD_MINUTE,
            "when a minute was bad for a customer",
        ),
    ],
);
pub(crate) static EDGE_OF_CASCADE: Section = part(
    "a dependency",
    &[
        key("slo", Ref("SLO"), "an SLO of this folder, or"),
        key("external", TEXT, "somebody else's service, or"),
        key("any_of", List(&Ref("SLO")), "a quorum"),
        key("promised", PERCENT, "what `external` promised").when("with external"),
        key("need", INT, "how many of `any_of` must work").when("with any_of"),
        key("share", PERCENT, "of the requests that call it").or("100%"),
        key("calls", Shape::Scalar(T::Multiple), "per call").or("1x"),
        key("impact", PERCENT, "of the affected that fail").or("100%"),
        key("optional", BOOL, "the caller works without it").or("false"),
        key("async", BOOL, "optional, and no suspect").or("false"),
        key("fallback", Object(&FALLBACK), "what takes over"),
        key("retry", Object(&RETRY), "how often a failed call is tried"),
        key("latency", DURATION, "its share of the caller's threshold"),
    ],
)
.one_of(&["slo", "external", "any_of"]);
pub(crate) static FALLBACK: Section = part(
    "a fallback",
    &[
        key("slo", Ref("SLO"), "the SLO of the fallback").required(),
        key("covers", PERCENT, "of the failed calls that it can answer").required(),
    ],
);
pub(crate) static RETRY: Section = part(
    "a retry",
    &[
        key("attempts", INT, "tries in all").required(),
        key("fails_again", PERCENT, "of the retries that fail again").required(),
    ],
);
pub(crate) static EVIDENCE: Section = part(
    "evidence",
    &[
        key("says", TEXT, "what somebody found"),
        key("from", TEXT, "where from"),
        key("url", URL, "where to read it"),
        key(
            "behaviour",
            Object(&BEHAVIOUR),
            "user behaviour that attain can read",
        ),
    ],
)
.one_of(&["says", "behaviour"]);
pub(crate) static BEHAVIOUR: Section = part(
    "behaviour",
    &[
        key("source", Ref("source"), "where sessions are read from").required(),
        key("latency", TEXT, "the column with the latency").required(),
        key("unit", UNIT, "the unit of that column"),
        key(
            "outcome",
            TEXT,
            "the column that says whether the user got what they came for",
        )
        .required(),
        key("strata", TEXTS, "columns within which sessions are alike"),
    ],
);
pub(crate) static REVIEW: Section = part(
    "a review",
    &[key("every", Words(&["month", "quarter", "year"]), "how often").required()],
);
pub(crate) static LOW_TRAFFIC: Section = part(
    "low traffic",
    &[
        key("at_least", TEXT, "so many bad events in this time").or("2 bad in 6h"),
        key("false_pages", TEXT, "at most so many").or("1 per 90d"),
    ],
);
pub(crate) static ADOPTION: Section = part(
    "adoption",
    &[
        key("from", Shape::Scalar(T::Date), "the first day").required(),
        key("for", DURATION, "for how long").required(),
    ],
);
