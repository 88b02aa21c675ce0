//! The table itself, in the order of the reference page.

use attain_model::quantity::CalendarPeriod;

use super::Need::{Always, Optional, When};
use super::Shape::{AnyOf, List, MapOf, Object, Ref, Words};
use super::Text as T;
use super::{Key, Section, Shape, Text, Top};

const TEXT: Shape = Shape::Scalar(Text::Any);
const ID: Shape = Shape::Scalar(Text::Id);
const INT: Shape = Shape::Scalar(Text::Int);
const BOOL: Shape = Shape::Scalar(Text::Bool);
const PERCENT: Shape = Shape::Scalar(Text::Percent);
const DURATION: Shape = Shape::Scalar(Text::Duration);
const URL: Shape = Shape::Scalar(Text::Url);
const TEXTS: Shape = List(&TEXT);
const LABELS: Shape = MapOf(&TEXT);
const MATCH: Shape = List(&Shape::Scalar(T::Match));
const MATCHES: Shape = MapOf(&MATCH);
const TARGET: Shape = Shape::Scalar(T::Target);
const TARGETS: Shape = MapOf(&AnyOf(&[TARGET, MapOf(&TARGET)]));
const PRICE: Shape = Shape::Scalar(T::Price);
const WINDOW: Shape = AnyOf(&[Shape::Scalar(T::Window), Object(&WINDOW_MAP)]);
const SECRET: Shape = Object(&SECRET_MAP);
const SOURCES: Shape = List(&Ref("source"));
const UNIT: Shape = Words(&["s", "ms", "us", "ns", "bytes", "percent"]);
const TIERS: Shape = List(&Object(&TIER));
const BAD_MINUTE: Shape = Object(&BAD_MINUTE_MAP);

const fn key(name: &'static str, shape: Shape, meaning: &'static str) -> Key {
    Key {
        name,
        shape,
        need: Optional,
        default: "",
        meaning,
    }
}

impl Key {
    const fn required(self) -> Self {
        Self {
            need: Always,
            ..self
        }
    }
    const fn when(self, when: &'static str) -> Self {
        Self {
            need: When(when),
            ..self
        }
    }
    const fn or(self, default: &'static str) -> Self {
        Self { default, ..self }
    }
}

/// A small map inside an object.
const fn part(what: &'static str, keys: &'static [Key]) -> Section {
    Section {
        what,
        keys,
        object: false,
        one_of: &[],
    }
}

/// An object that may carry labels, notes and exceptions.
const fn object(what: &'static str, keys: &'static [Key]) -> Section {
    Section {
        what,
        keys,
        object: true,
        one_of: &[],
    }
}

impl Section {
    const fn one_of(self, one_of: &'static [&'static str]) -> Self {
        Self { one_of, ..self }
    }
}

/// Legal on every object.
pub(crate) static COMMON: &[Key] = &[
    key("labels", LABELS, "short texts to select by"),
    key(
        "annotations",
        LABELS,
        "texts that attain carries and does not read",
    ),
    key("description", TEXT, "for people"),
    key(
        "allow",
        MapOf(&TEXT),
        "lints that do not apply here: `<rule>: <reason>`; may end with `until YYYY-MM-DD`",
    ),
    key("formerly", List(&ID), "earlier ids; history follows"),
];

pub(crate) static WINDOW_MAP: Section = part(
    "a window",
    &[
        key("calendar", Words(&CalendarPeriod::WORDS), "the period").required(),
        key("timezone", Shape::Scalar(T::Zone), "whose midnight").or("of the catalogue"),
    ],
);
pub(crate) static SECRET_MAP: Section = part(
    "a secret",
    &[
        key("env", TEXT, "the environment variable that holds it"),
        key("file", TEXT, "the file that holds it"),
    ],
)
.one_of(&["env", "file"]);
pub(crate) static BAD_MINUTE_MAP: Section = part(
    "a bad minute",
    &[
        key(
            "failing",
            PERCENT,
            "a minute is bad when at least this share of its requests failed",
        )
        .required(),
        key("requests", INT, "and it had at least so many"),
    ],
);
pub(crate) static FIELD_UNIT: Section = part(
    "a duration field",
    &[
        key("field", TEXT, "its name").required(),
        key("unit", UNIT, "the unit of its values").required(),
    ],
);
pub(crate) static AUTH: Section = part(
    "an authentication",
    &[key("bearer", SECRET, "the token").required()],
);

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
pub(crate) static SOURCE: Section = object(
    "a source",
    &[
        key(
            "prometheus",
            Object(&PROMETHEUS),
            "pulled; one of these six",
        ),
        key("otlp", Object(&TOKEN), "pushed to us"),
        key("remote_write", Object(&TOKEN), "pushed to us"),
        key("scrape", Object(&SCRAPE), "scraped by us"),
        key("log", Object(&LOG), "read or tailed"),
        key("csv", Object(&CSV), "counts per slot, events or samples"),
        key(
            "labels",
            Object(&LABEL_NAMES),
            "which label says what; binds the SLO's service and segment",
        )
        .or("segment: segment; OTLP: service.name"),
        key("add", LABELS, "constant labels"),
        key("interval", DURATION, "scrape interval").or("observed"),
        key("delay", DURATION, "later data is late").or("10s"),
    ],
)
.one_of(&["prometheus", "otlp", "remote_write", "scrape", "log", "csv"]);
pub(crate) static PROMETHEUS: Section = part(
    "a Prometheus source",
    &[
        key("url", URL, "where").required(),
        key("tenant", TEXT, "the tenant"),
        key("auth", Object(&AUTH), "how to sign in"),
        key(
            "headers",
            MapOf(&AnyOf(&[TEXT, SECRET])),
            "further request headers",
        ),
        key("timeout", DURATION, "of a request").or("30s"),
        key("push_rules", BOOL, "rules are pushed to its ruler").or("false"),
    ],
);
pub(crate) static TOKEN: Section = part(
    "a push source",
    &[key("token", SECRET, "what senders must show")],
);
pub(crate) static SCRAPE: Section = part(
    "a scrape source",
    &[
        key("targets", TEXTS, "where").required(),
        key("every", DURATION, "how often"),
    ],
);
pub(crate) static LOG: Section = part(
    "a log source",
    &[
        key("files", TEXTS, "file names; `*` matches within a name").required(),
        key(
            "format",
            TEXT,
            "`combined`, `json`, or `~` and a regular expression with named groups",
        )
        .or("combined"),
        key(
            "append",
            TEXTS,
            "fields after the combined format's, in order",
        ),
        key(
            "duration",
            Object(&FIELD_UNIT),
            "which field says how long the request took",
        ),
        key("time", TEXT, "which field holds the time"),
        key(
            "heartbeat",
            Object(&HEARTBEAT),
            "requests whose absence is a gap",
        ),
    ],
);
pub(crate) static HEARTBEAT: Section = part(
    "a heartbeat",
    &[
        key("path", TEXT, "their path").required(),
        key("every", DURATION, "at least one in this time").required(),
    ],
);
pub(crate) static CSV: Section = part(
    "a CSV source",
    &[
        key("files", TEXTS, "file names; `*` matches within a name").required(),
        key("time", TEXT, "the column with the time").required(),
        key(
            "layout",
            Words(&["long", "wide", "events", "samples"]),
            "what a row is",
        )
        .or("long"),
        key(
            "header_rows",
            TEXTS,
            "wide: what the header rows name, in order",
        ),
        key(
            "name",
            TEXT,
            "the column or header row that names the metric",
        ),
        key("slot", DURATION, "long and wide: the length of a slot"),
        key(
            "value",
            TEXT,
            "long and samples: the column with the number",
        )
        .or("value"),
        key("duration", Object(&FIELD_UNIT), "events: how long it took"),
        key("count", TEXT, "events: how many a row stands for"),
        key(
            "received",
            TEXT,
            "the column that says when the row arrived",
        )
        .or("its own time"),
        key(
            "created",
            TEXT,
            "samples: the column with the start time of the counter",
        ),
    ],
);
pub(crate) static LABEL_NAMES: Section = part(
    "the labels of a source",
    &[
        key("segment", TEXT, "the label that says the segment").or("segment"),
        key("service", TEXT, "the label that says the service"),
        key("customer", TEXT, "the label that says the customer"),
    ],
);
pub(crate) static INDICATOR: Section = object(
    "an indicator",
    &[
        key("source", SOURCES, "counts of several sources add up").or("the only one"),
        key("metric", TEXT, "one metric holds good and bad, or"),
        key(
            "total",
            Object(&SELECTION),
            "with one of good, bad, ratio as selections, or",
        ),
        key("log", Ref("source"), "one line is one event, or"),
        key("promql", Object(&PROMQL), "escape hatch"),
        key("type", Words(KINDS), "shape of the metric").or("`_total`: counter, else histogram"),
        key("unit", UNIT, "unit of the metric").or("from name or OTLP"),
        key("where", MATCHES, "EVERY line must hold"),
        key("except", MATCHES, "out if ANY line holds"),
        key(
            "good",
            AnyOf(&[Shape::Scalar(T::Condition), MATCHES, Object(&SELECTION)]),
            "good if EVERY line holds; gauge: `value == 1`; beside `total`: a selection",
        ),
        key(
            "bad",
            AnyOf(&[MATCHES, Object(&SELECTION)]),
            "bad if ANY line holds; beside `total`: a selection",
        ),
        key("ratio", Object(&RATIO), "good share of `total`"),
        key(
            "buckets",
            List(&Shape::Scalar(T::Threshold)),
            "lets the linter check edges offline",
        )
        .or("seen"),
        key(
            "slice",
            DURATION,
            "gauge: one event per series and slice, good if all samples hold",
        )
        .or("1m"),
        key(
            "use",
            Ref("indicator"),
            "only in an SLO: shared indicator plus further where/except",
        ),
    ],
);
/// The shapes of a metric.
pub(crate) const KINDS: &[&str] = &[
    "counter",
    "histogram",
    "native_histogram",
    "exponential_histogram",
    "gauge",
];
pub(crate) static SELECTION: Section = part(
    "a selection",
    &[
        key("metric", TEXT, "its name").required(),
        key("where", MATCHES, "EVERY line must hold"),
        key("except", MATCHES, "out if ANY line holds"),
    ],
);
pub(crate) static RATIO: Section = part(
    "a ratio",
    &[
        key("metric", TEXT, "its name").required(),
        key("where", MATCHES, "EVERY line must hold"),
        key("except", MATCHES, "out if ANY line holds"),
        key("unit", UNIT, "percent for 0 to 100").or("0 to 1"),
    ],
);
pub(crate) static PROMQL: Section = part(
    "raw PromQL",
    &[
        key(
            "slice",
            DURATION,
            "what one evaluation counts; every range equals it",
        )
        .required(),
        key("good", TEXT, "good events of a slice, or"),
        key("bad", TEXT, "bad events of a slice, or"),
        key("ratio", TEXT, "good share of a slice"),
        key(
            "total",
            TEXT,
            "all events of a slice; without it a slice is one event",
        )
        .when("with good or bad"),
    ],
)
.one_of(&["good", "bad", "ratio"]);
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
    key("source", SOURCES, "where its counts come from").or("the indicator's"),
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
pub(crate) static ALERT_POLICY: Section = object(
    "an alert policy",
    &[
        key("page", TIERS, "conditions that page"),
        key("ticket", TIERS, "conditions that open a ticket"),
        key(
            "low_traffic",
            Object(&LOW_TRAFFIC),
            "both must hold when under 10 bad are expected in `long`",
        )
        .or("these"),
        key("no_data", Object(&NO_DATA), "when silence is an alert").or("15m, ticket"),
    ],
);
pub(crate) static TIER: Section = part(
    "a condition",
    &[
        key("long", DURATION, "the window that gathers evidence").required(),
        key("short", DURATION, "the window that lets the alert end soon").or("long/12"),
        key(
            "spends",
            PERCENT,
            "this share of the budget within `long`, or",
        ),
        key("burn", Shape::Scalar(T::Multiple), "this burn rate"),
    ],
)
.one_of(&["spends", "burn"]);
pub(crate) static NO_DATA: Section = part(
    "`no_data`",
    &[
        key("after", DURATION, "after how long").or("15m"),
        key("severity", Ref("severity"), "how severe").or("ticket"),
    ],
);
pub(crate) static BUDGET_POLICY: Section = object(
    "a budget policy",
    &[
        key("steps", List(&Object(&BUDGET_STEP)), "by share spent").required(),
        key(
            "incident",
            Object(&INCIDENT),
            "one incident that costs this much",
        ),
        key("override", Object(&OVERRIDE), "who may lift a freeze").or("seats of the SLO, 72h"),
    ],
);
const ACTIONS: &[&str] = &["notify", "approval", "freeze", "postmortem"];
pub(crate) static BUDGET_STEP: Section = part(
    "a step of a budget policy",
    &[
        key(
            "spent",
            PERCENT,
            "from this share of the budget on; may be above 100%",
        )
        .required(),
        key("do", Words(ACTIONS), "what then").required(),
        key("by", TEXTS, "whose approval a change needs"),
        key("notify", TEXTS, "who is told"),
        key(
            "scope",
            Words(&["service", "dependents"]),
            "what a freeze covers",
        )
        .or("service"),
        key("exempt", TEXTS, "change labels that pass"),
        key("lifts_at", PERCENT, "a freeze ends below this share"),
    ],
);
pub(crate) static INCIDENT: Section = part(
    "an incident rule",
    &[
        key("spends", PERCENT, "from this share of the budget on").required(),
        key("do", Words(ACTIONS), "what then").or("postmortem"),
        key("within", DURATION, "until when"),
    ],
);
pub(crate) static OVERRIDE: Section = part(
    "an override",
    &[
        key("by", TEXTS, "seats").or("seats of the SLO"),
        key("at_most", DURATION, "for how long").or("72h"),
    ],
);
pub(crate) static SEVERITY: Section = object(
    "a severity",
    &[
        key(
            "rank",
            INT,
            "1 is worst; an incident takes the worst of its segments",
        )
        .required(),
        key(
            "do",
            Words(&["page", "ticket", "none"]),
            "what it asks of people",
        )
        .required(),
        key("escalation", Ref("escalation"), "who is told, step by step"),
        key(
            "raised_by",
            List(&Object(&RAISE)),
            "rubric beyond the segment's severity",
        ),
    ],
);
pub(crate) static RAISE: Section = part(
    "a line of the rubric",
    &[
        key("segments", INT, "so many segments are hurt"),
        key(
            "contracts_in_breach",
            INT,
            "so many contracts are in breach",
        ),
        key("spent", PERCENT, "this share of the budget is spent"),
    ],
)
.one_of(&["segments", "contracts_in_breach", "spent"]);
pub(crate) static ESCALATION: Section = object(
    "an escalation",
    &[
        key("steps", List(&Object(&ESCALATION_STEP)), "in order of time").required(),
        key("repeat", DURATION, "the last step again, so often"),
    ],
);
pub(crate) static ESCALATION_STEP: Section = part(
    "a step of an escalation",
    &[
        key("after", DURATION, "unacknowledged for so long").required(),
        key(
            "notify",
            TEXTS,
            "`oncall`, `lead`, `owners`, or a role, team or receiver",
        )
        .required(),
    ],
);
const SETTING: Shape = AnyOf(&[TEXT, SECRET]);
pub(crate) static RECEIVER: Section = object(
    "a receiver",
    &[
        key("pagerduty", Object(&PAGERDUTY), "PagerDuty"),
        key("slack", Object(&SLACK), "Slack"),
        key("webhook", Object(&WEBHOOK), "an HTTP POST"),
        key("email", Object(&EMAIL), "mail"),
        key("opsgenie", Object(&OPSGENIE), "Opsgenie"),
        key(
            "alertmanager",
            Object(&ALERTMANAGER),
            "Prometheus Alertmanager",
        ),
    ],
)
.one_of(&[
    "pagerduty",
    "slack",
    "webhook",
    "email",
    "opsgenie",
    "alertmanager",
]);
pub(crate) static PAGERDUTY: Section = part(
    "a PagerDuty receiver",
    &[key("routing_key", SECRET, "the integration key").required()],
);
pub(crate) static SLACK: Section = part(
    "a Slack receiver",
    &[
        key("webhook", SECRET, "the incoming webhook").required(),
        key("channel", TEXT, "the channel, without `#`"),
    ],
);
pub(crate) static WEBHOOK: Section = part(
    "a webhook receiver",
    &[
        key("url", SETTING, "where").required(),
        key("secret", SECRET, "signs the body"),
    ],
);
pub(crate) static EMAIL: Section = part(
    "an e-mail receiver",
    &[key("to", TEXTS, "addresses").required()],
);
pub(crate) static OPSGENIE: Section = part(
    "an Opsgenie receiver",
    &[key("key", SECRET, "the API key").required()],
);
pub(crate) static ALERTMANAGER: Section = part(
    "an Alertmanager receiver",
    &[key("url", SETTING, "where").required()],
);
pub(crate) static RIGHTS: Section = part(
    "`rights`",
    &[
        key("customer", Object(&RIGHTS_OF), "over customer SLOs"),
        key("internal", Object(&RIGHTS_OF), "over internal SLOs"),
    ],
);
pub(crate) static RIGHTS_OF: Section = object(
    "a set of rights",
    &[
        key(
            "relax",
            TEXTS,
            "who may promise less: seats, `owner`, roles",
        )
        .or("two seats; owner"),
        key("tighten", TEXTS, "who may promise more").or("two seats; owner"),
        key("exclude", TEXTS, "who may plan exclusions").or("two seats; owner"),
        key("cooling_off", DURATION, "how long a relaxation waits").or("24h"),
        key("notice", DURATION, "how long before customers are told").or("30d"),
    ],
);
pub(crate) static EXCLUSION: Section = object(
    "an exclusion",
    &[
        key("slos", List(&Ref("SLO")), "SLOs it touches, or"),
        key("services", List(&Ref("service")), "services it touches, or"),
        key("segments", List(&Ref("segment")), "segments it touches"),
        key("from", Shape::Scalar(T::Time), "when it begins, or"),
        key(
            "every",
            Shape::Scalar(T::Schedule),
            "when it begins, again and again",
        ),
        key("for", DURATION, "for how long").required(),
        key("reason", TEXT, "why").required(),
        key(
            "announced",
            Shape::Scalar(T::Date),
            "must lie before `from`",
        )
        .when("customer"),
    ],
)
.one_of(&["from", "every"]);
pub(crate) static REPORT: Section = object(
    "a report",
    &[
        key(
            "audience",
            Words(&["customer", "internal"]),
            "which SLOs it is about",
        )
        .required(),
        key("every", Shape::Scalar(T::Schedule), "when").required(),
        key("to", TEXTS, "teams or receivers").required(),
    ],
);
pub(crate) static PAGE: Section = object(
    "the page",
    &[
        key("title", TEXT, "its title").required(),
        key("show", List(&Ref("SLO")), "customer SLOs only").required(),
        key("history", DURATION, "how far back").or("365d"),
    ],
);
pub(crate) static COSTS: Section = object(
    "the costs",
    &[
        key("series", TEXT, "e.g. `8 USD/month per 1000`"),
        key("upkeep", TEXT, "e.g. `2 h/month`"),
        key("engineer", TEXT, "an hour, e.g. `110 USD/h`"),
        key("page", Shape::Scalar(T::Money), "one page"),
    ],
);
pub(crate) static EDGE: Section = object(
    "the edge",
    &[
        key("header", TEXT, "the header it sets").or("X-Customer-Segment"),
        key("customer_header", TEXT, "the header with the customer").or("X-Customer-Id"),
        key("sign", Object(&SIGN), "signed twin header"),
        key(
            "identify",
            List(&Object(&IDENTIFY)),
            "first hit wins; also used for logs",
        ),
        key(
            "otherwise",
            Ref("segment"),
            "served as; counted as `unknown`",
        )
        .required(),
        key("lanes", MapOf(&Object(&LANE)), "lanes by rank"),
    ],
);
pub(crate) static SIGN: Section = part("a signature", &[key("key", SECRET, "the key").required()]);
pub(crate) static IDENTIFY: Section = part(
    "a way to recognise a request",
    &[
        key("header", TEXT, "a request header, or"),
        key("claim", TEXT, "a claim of a token, or"),
        key("path", MATCH, "the path"),
        key("match", MATCH, "what it must be"),
        key("lookup", TEXT, "looked up in this column of the roster"),
        key("segment", Ref("segment"), "the segment of a hit").or("the value names it"),
    ],
)
.one_of(&["header", "claim", "path"]);
pub(crate) static LANE: Section = part(
    "a lane",
    &[
        key("reserve", PERCENT, "capacity kept for it"),
        key("queue", INT, "requests that may wait"),
        key("wait", DURATION, "how long they may wait"),
        key("pool", Words(&["own", "shared"]), "connections of its own").or("shared"),
    ],
);

const fn top(
    name: &'static str,
    section: &'static Section,
    meaning: &'static str,
    example: &'static str,
) -> Top {
    Top {
        name,
        shape: Object(section),
        by_id: true,
        meaning,
        example,
    }
}

const fn single(
    name: &'static str,
    section: &'static Section,
    meaning: &'static str,
    example: &'static str,
) -> Top {
    Top {
        by_id: false,
        ..top(name, section, meaning, example)
    }
}

/// The top-level sections.
pub(crate) static SECTIONS: &[Top] = &[
    Top {
        name: "attain",
        shape: INT,
        by_id: false,
        meaning: "schema version; this page is 1",
        example: "attain: 1",
    },
    Top {
        name: "allow",
        shape: MapOf(&TEXT),
        by_id: false,
        meaning: "lints that do not apply in this file: `<rule>: <reason>`",
        example: "allow: {never-rolled-up: trial until the summer}",
    },
    single(
        "catalogue",
        &CATALOGUE,
        "names the whole",
        "catalogue: {name: Shop}",
    ),
    single(
        "defaults",
        &SLO,
        "fills absent keys of the SLOs in THIS file; a key is replaced whole, never merged",
        "defaults: {window: 28d}",
    ),
    top(
        "segments",
        &SEGMENT,
        "customer segments: pricing tiers with a contract",
        "premium: {rank: 1, contract: MSA 4.2}",
    ),
    single(
        "roster",
        &ROSTER,
        "the list of customers",
        "roster: {csv: c.csv, columns: {customer: id, segment: plan}}",
    ),
    top(
        "contracts",
        &CONTRACT,
        "contracts with single customers",
        "acc-7: {segment: premium}",
    ),
    top(
        "credits",
        &CREDITS,
        "what is owed when a commitment is not kept",
        "basic: {bands: [{below: 99.9%, credit: 10%}]}",
    ),
    top(
        "teams",
        &TEAM,
        "who owns SLOs; without this section any owner name is accepted",
        "pay: {seat: engineering, members: [kim]}",
    ),
    top(
        "roles",
        &ROLE,
        "people outside teams",
        "cto: {members: [noor]}",
    ),
    top(
        "services",
        &SERVICE,
        "what SLOs are about; without this section any name is accepted",
        "auth: {owner: pay}",
    ),
    top(
        "sources",
        &SOURCE,
        "where counts come from",
        "main: {otlp: {}}",
    ),
    top(
        "indicators",
        &INDICATOR,
        "what is counted, by name",
        "http: {metric: http_requests_total, bad: {code: 5xx}}",
    ),
    top(
        "slos",
        &SLO,
        "the promises",
        "auth-login: {owner: pay, indicator: http, objectives: {availability: 99.9%}}",
    ),
    top(
        "alert_policies",
        &ALERT_POLICY,
        "when to page; `workbook` is built in",
        "slow: {ticket: [{long: 3d, spends: 10%}]}",
    ),
    top(
        "budget_policies",
        &BUDGET_POLICY,
        "what happens as a budget is spent",
        "freeze: {steps: [{spent: 100%, do: freeze}]}",
    ),
    top(
        "severities",
        &SEVERITY,
        "how bad an incident is; sev1, sev2 and ticket are built in",
        "sev3: {rank: 3, do: ticket}",
    ),
    top(
        "escalations",
        &ESCALATION,
        "who is told, step by step",
        "team: {steps: [{after: 0m, notify: [oncall]}]}",
    ),
    top(
        "receivers",
        &RECEIVER,
        "where pages and words go; secrets only `{env: NAME}` or `{file: path}`",
        "pager: {pagerduty: {routing_key: {env: PD}}}",
    ),
    single(
        "rights",
        &RIGHTS,
        "who may change what; may be stricter than built in, never laxer",
        "rights: {internal: {relax: [owner, cto]}}",
    ),
    top(
        "exclusions",
        &EXCLUSION,
        "time that a promise leaves out",
        "move: {slos: [a], from: 2026-12-06 02:00 UTC, for: 2h, reason: move}",
    ),
    top(
        "reports",
        &REPORT,
        "reports that go out by themselves",
        "weekly: {audience: customer, every: monday at 09:00 UTC, to: [pay]}",
    ),
    single(
        "page",
        &PAGE,
        "the public page",
        "page: {title: Shop, show: [checkout]}",
    ),
    single(
        "costs",
        &COSTS,
        "price of a segment",
        "costs: {series: 8 USD/month per 1000}",
    ),
    single(
        "edge",
        &EDGE,
        "where the segment is decided once",
        "edge: {identify: [{claim: plan}], otherwise: free}",
    ),
];
