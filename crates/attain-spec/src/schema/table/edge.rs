//! Where the segment of a request is decided, once.

use super::shapes::{DURATION, INT, MATCH, PERCENT, SECRET, TEXT, key, object, part};
use crate::schema::Section;
use crate::schema::Shape::{List, MapOf, Object, Ref, Words};

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
