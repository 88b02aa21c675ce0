//! Names that people give to things. Knows that a name is text; its syntax is checked where it is read (attain-spec).

use std::borrow::Borrow;
use std::fmt;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Takes the text as it is.
            #[must_use]
            pub fn new(text: impl Into<Box<str>>) -> Self {
                Self(text.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }
    )*};
}

names! {
    /// An SLO, e.g. `checkout-completes`.
    SloId
    /// An objective of an SLO, e.g. `availability`.
    ObjectiveId
    /// A customer segment, e.g. `premium`. Never `all` nor `unknown`.
    SegmentId
    /// A service, e.g. `checkout`.
    ServiceId
    /// A team, e.g. `payments`.
    TeamId
    /// A role outside teams, e.g. `incident-commander`.
    RoleId
    /// A source of telemetry, e.g. `main`.
    SourceId
    /// A shared indicator, e.g. `http`.
    IndicatorId
    /// An alert policy or a budget policy, e.g. `workbook`.
    PolicyId
    /// A severity, e.g. `sev1`.
    SeverityId
    /// An escalation, e.g. `all-hands`.
    EscalationId
    /// A receiver of pages and words, e.g. `pager`.
    ReceiverId
    /// A credit schedule, e.g. `plans-2026`.
    CreditId
    /// A customer, e.g. `acc-1007`.
    CustomerId
    /// A planned exclusion, e.g. `db-upgrade`.
    ExclusionId
    /// A report, e.g. `product-review`.
    ReportId
}
