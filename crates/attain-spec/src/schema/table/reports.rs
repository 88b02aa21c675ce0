//! What is shown to people outside: reports, the public page; and what a segment costs.

use super::shapes::{DURATION, TEXT, TEXTS, key, object};
use crate::schema::Shape::{List, Ref, Words};
use crate::schema::Text as T;
use crate::schema::{Section, Shape};

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
