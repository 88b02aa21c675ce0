//! What a trace says of one piece of work. Plain data; attain-sources reads it, attain-cascade puts it together.

/// A span of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceSpan {
    /// Which trace, as a number that is the same for the same id.
    pub trace: u64,
    /// Which span of it.
    pub id: u64,
    /// The span that it was done for; `None` begins a trace.
    pub parent: Option<u64>,
    /// Who did it.
    pub service: String,
    /// On which side of a call it stands.
    pub side: CallSide,
    /// Whether it failed.
    pub failed: bool,
    /// When it began and ended, in whatever unit the file has; `None` where it does not say.
    pub time: Option<(u64, u64)>,
    /// Of a call to somebody who sends no spans: whom.
    pub peer: Option<String>,
}

/// On which side of a call a span stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum CallSide {
    /// Inside of a service, or not said.
    #[default]
    Within,
    /// It calls and waits.
    Client,
    /// It was called.
    Server,
    /// It leaves a message for somebody.
    Producer,
    /// It takes a message.
    Consumer,
}

/// What a service-graph metric says of one pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallCount {
    /// Calls.
    pub calls: u64,
    /// Those that failed.
    pub failed: u64,
}
