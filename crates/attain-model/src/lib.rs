//! The nouns of attain: what is promised, what happened, what it means.
//!
//! Knows no YAML, no bytes on disk, no clock, no printer. Types are plain data; functions are short and total.
//! Nothing here is `Serialize`: YAML shapes live in attain-spec, views in attain-view.
//!
//! *Promised*: [`Catalogue`], [`Slo`], [`Segment`](company::Segment), [`Commitment`](slo::Commitment), [`Promises`].
//! *Happened*: [`Stream`], [`Tally`], [`Facts`](facts::Facts), [`Gap`]. *Means*: [`Evaluation`], [`Verdict`]. *Wrong*: [`Diagnostic`].
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod catalogue;
pub mod company;
pub mod counts;
pub mod delivery;
pub mod detail;
mod diagnostic;
pub mod facts;
pub mod id;
pub mod indicator;
mod left;
pub mod live;
pub mod meta;
mod names;
pub mod policy;
pub mod promises;
pub mod quantity;
mod renamed;
pub mod schedule;
pub mod selector;
pub mod slo;
pub mod source;
pub mod statement;
pub mod stream;
pub mod trace;
pub mod verdict;

pub use catalogue::Catalogue;
pub use counts::{Bucket, Class, CountedSegment, Gap, GapReason, Interval, Tally};
pub use diagnostic::{Diagnostic, Label, Level, SourceFile, SourceMap, Span};
pub use id::{
    CreditId, CustomerId, EscalationId, ExclusionId, IndicatorId, ObjectiveId, PolicyId,
    ReceiverId, ReportId, RoleId, SegmentId, ServiceId, SeverityId, SloId, SourceId, TeamId,
};
pub use left::{LeftBehind, left_behind, left_behind_lately};
pub use names::{SegmentNames, SourceNames};
pub use promises::Promises;
pub use quantity::{Multiple, Rate, Share, Target, Threshold, Window};
pub use slo::{Audience, Goal, Layer, Promised, Scope, Slo, Targets};
pub use stream::{Stream, StreamKey};
pub use verdict::{AsOf, Evaluation, SeriesName, Standing, Verdict};
