//! OpenTelemetry metrics (OTLP): a request, metric by metric and point by point. Knows the message; leaves what a metric
//! is to its caller.
//!
//! ```text
//! ExportMetricsServiceRequest { repeated ResourceMetrics resource_metrics = 1; }
//! ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
//! ScopeMetrics    { repeated Metric metrics = 2; }
//! Metric          { string name = 1; string unit = 3; one of: gauge = 5, sum = 7, histogram = 9,
//!                   exponential_histogram = 10, summary = 11 }
//! ```
//!
//! JSON becomes the same bytes first ([`from_json`]), so that there is one reading of each message.

mod answer;
mod attributes;
mod json;
mod point;

pub use answer::{accepted_json, accepted_protobuf, failed_json, failed_protobuf};
pub use attributes::{Attributes, Said};
pub use json::from_json;
pub use point::{Explicit, Exponential, Point, Points, Recorded};

use crate::error::{Broken, WireError};
use crate::proto::{Fields, Value, message};

/// What kind of numbers a metric has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Values that go up and down.
    Gauge,
    /// A sum.
    Sum {
        /// It only rises.
        is_monotonic: bool,
    },
    /// Counts between explicit bounds.
    Histogram,
    /// Counts between powers of a base.
    Exponential,
    /// A count and quantiles; the quantiles say nothing that adds up.
    Summary,
}

/// Since when a sum or a histogram counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Temporality {
    /// It does not say, which it must.
    Unspecified,
    /// Since the point before.
    Delta,
    /// Since it began.
    Cumulative,
}

/// A metric of a request.
#[derive(Debug, Clone, Copy)]
pub struct Metric<'a> {
    /// What it is observed of.
    pub resource: Attributes<'a>,
    /// The name of the library that recorded it, its instrumentation scope, as it came; empty is not said.
    pub scope: &'a [u8],
    /// Its name, as it came.
    pub name: &'a [u8],
    /// Its unit in UCUM, as it came; empty is not said.
    pub unit: &'a [u8],
    /// What kind of numbers it has.
    pub kind: Kind,
    /// Since when it counts; a gauge does not, and a summary always counts since it began.
    pub temporality: Temporality,
    data: &'a [u8],
}

impl<'a> Metric<'a> {
    /// Its points, in the order in which they came.
    #[must_use]
    pub fn points(&self) -> Points<'a> {
        Points::new(self.kind, self.data)
    }
}

/// Calls `visit` for each metric of a request, in order. A metric of a kind that is not known is passed over.
///
/// # Errors
/// [`WireError::Unreadable`] if the request cannot be cut into metrics; then `visit` was not called at all. What is wrong
/// with a point is found by who walks the points.
pub fn each_metric<'a>(
    request: &'a [u8],
    mut visit: impl FnMut(Metric<'a>),
) -> Result<(), WireError> {
    // Walked twice: a request is taken point by point, or not at all.
    walk(request, &mut |_| {}).map_err(unreadable)?;
    walk(request, &mut visit).map_err(unreadable)
}

fn walk<'a>(request: &'a [u8], visit: &mut impl FnMut(Metric<'a>)) -> Result<(), Broken> {
    let mut resources = Fields::new(request);
    while let Some((field, value)) = resources.next_field()? {
        if field != 1 {
            continue;
        }
        let of_resource = message(value)?;
        let mut resource = Attributes::none();
        let mut fields = Fields::new(of_resource);
        while let Some((field, value)) = fields.next_field()? {
            if field == 1 {
                resource = Attributes::of(message(value)?, 1)?;
            }
        }
        let mut fields = Fields::new(of_resource);
        while let Some((field, value)) = fields.next_field()? {
            if field == 2 {
                scope(message(value)?, resource, visit)?;
            }
        }
    }
    Ok(())
}

fn scope<'a>(
    of_scope: &'a [u8],
    resource: Attributes<'a>,
    visit: &mut impl FnMut(Metric<'a>),
) -> Result<(), Broken> {
    let mut name: &[u8] = b"";
    let mut fields = Fields::new(of_scope);
    while let Some((field, value)) = fields.next_field()? {
        if field == 1 {
            name = name_of(message(value)?)?;
        }
    }
    let mut fields = Fields::new(of_scope);
    while let Some((field, value)) = fields.next_field()? {
        if field == 2
            && let Some(metric) = metric(message(value)?, resource, name)?
        {
            visit(metric);
        }
    }
    Ok(())
}

/// `InstrumentationScope { string name = 1; string version = 2; repeated KeyValue attributes = 3; }`
fn name_of(scope: &[u8]) -> Result<&[u8], Broken> {
    let mut name: &[u8] = b"";
    let mut fields = Fields::new(scope);
    while let Some((field, value)) = fields.next_field()? {
        if field == 1 {
            name = message(value)?;
        }
    }
    Ok(name)
}

fn metric<'a>(
    bytes: &'a [u8],
    resource: Attributes<'a>,
    scope: &'a [u8],
) -> Result<Option<Metric<'a>>, Broken> {
    let (mut name, mut unit): (&[u8], &[u8]) = (b"", b"");
    let mut found = None;
    let mut fields = Fields::new(bytes);
    while let Some((field, value)) = fields.next_field()? {
        match field {
            1 => name = message(value)?,
            3 => unit = message(value)?,
            5 | 7 | 9 | 10 | 11 => found = Some((field, message(value)?)),
            _ => {}
        }
    }
    let Some((field, data)) = found else {
        return Ok(None);
    };
    let (mut temporality, mut is_monotonic) = (Temporality::Unspecified, false);
    let mut fields = Fields::new(data);
    while let Some(found) = fields.next_field()? {
        match found {
            (2, Value::Varint(1)) => temporality = Temporality::Delta,
            (2, Value::Varint(2)) => temporality = Temporality::Cumulative,
            (3, Value::Varint(is)) => is_monotonic = is != 0,
            (1, Value::Bytes(_)) => {}
            (1, _) => return Err(Broken::new("a point is no message")),
            _ => {}
        }
    }
    let kind = match field {
        5 => Kind::Gauge,
        7 => Kind::Sum { is_monotonic },
        9 => Kind::Histogram,
        10 => Kind::Exponential,
        _ => Kind::Summary,
    };
    if kind == Kind::Summary {
        temporality = Temporality::Cumulative;
    }
    Ok(Some(Metric {
        resource,
        scope,
        name,
        unit,
        kind,
        temporality,
        data,
    }))
}

fn unreadable(broken: Broken) -> WireError {
    WireError::Unreadable {
        form: "OTLP metrics request",
        broken,
    }
}
