//! What every object may carry, and the small maps that several sections share.

use attain_model::quantity::CalendarPeriod;

use super::shapes::{ID, INT, LABELS, PERCENT, SECRET, TEXT, UNIT, key, part};
use crate::schema::Shape::{List, MapOf, Words};
use crate::schema::Text as T;
use crate::schema::{Key, Section, Shape};

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
