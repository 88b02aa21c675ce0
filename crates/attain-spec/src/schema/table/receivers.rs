//! Where pages and words go.

use super::shapes::{SECRET, TEXT, TEXTS, key, object, part};
use crate::schema::Shape::{AnyOf, Object};
use crate::schema::{Section, Shape};

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
