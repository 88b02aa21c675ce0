//! What is counted: the indicators.

use super::shapes::{DURATION, MATCHES, SOURCES, TEXT, UNIT, key, object, part};
use crate::schema::Shape::{AnyOf, List, Object, Ref, Words};
use crate::schema::Text as T;
use crate::schema::{Section, Shape};

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
