//! Who may change a promise, and which time it leaves out.

use super::shapes::{DURATION, TEXT, TEXTS, key, object, part};
use crate::schema::Shape::{List, Object, Ref};
use crate::schema::Text as T;
use crate::schema::{Section, Shape};

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
        key(
            "slos",
            List(&Ref("SLO")),
            "SLOs it touches; `slos`, `services` or `segments` must be named, and segments alone mean all SLOs",
        ),
        key(
            "services",
            List(&Ref("service")),
            "services whose SLOs it touches",
        ),
        key(
            "segments",
            List(&Ref("segment")),
            "only the requests of these segments",
        ),
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
            "when customers were told; at the latest on the day it begins",
        )
        .when("customer"),
    ],
)
.one_of(&["from", "every"]);
