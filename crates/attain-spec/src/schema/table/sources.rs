//! Where counts come from: the sources and how each is read.

use super::common::{AUTH, FIELD_UNIT};
use super::shapes::{BOOL, DURATION, LABELS, SECRET, TEXT, TEXTS, URL, key, object, part};
use crate::schema::Section;
use crate::schema::Shape::{AnyOf, MapOf, Object, Words};

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
        key("delay", DURATION, "later data is late")
            .or("10s; pulled: as long as samples are found to take"),
        key(
            "started",
            TEXT,
            "a metric that says when processes began, in seconds since 1970, e.g. `process_start_time_seconds`: what the \
             counters of the same `job` and `instance` stand at when they are first met has happened since",
        ),
    ],
)
.one_of(&["prometheus", "otlp", "remote_write", "scrape", "log", "csv"]);
pub(crate) static PROMETHEUS: Section = part(
    "a Prometheus source",
    &[
        key("url", URL, "where").required(),
        key("tenant", TEXT, "the tenant, sent as `X-Scope-OrgID`"),
        key("auth", Object(&AUTH), "how to sign in"),
        key(
            "headers",
            MapOf(&AnyOf(&[TEXT, SECRET])),
            "further request headers; what lets somebody in is a secret",
        ),
        key("timeout", DURATION, "of a request").or("60s"),
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
        key(
            "replica",
            TEXT,
            "remote write: the label that tells two Prometheus apart that send the same; one of them counts",
        )
        .or("__replica__ and prometheus_replica"),
    ],
);
