//! A scenario as read: statements with the lines they stand on. Knows no catalogue; names are text here.

use std::ops::Range;
use std::time::Duration;

use crate::words::{Moment, Rate};

/// A statement and the line it begins on, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed {
    /// The line.
    pub(crate) line: usize,
    /// What stands there.
    pub(crate) statement: Statement,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Statement {
    /// A catalogue to load, by its path relative to the scenario.
    CataloguePath(String),
    /// A catalogue written into the scenario: the file's own lines, blank above them, so that places are the file's.
    CatalogueText(String),
    /// When instant 0 is.
    Start(Moment),
    /// Length of a slice of the ledger.
    Slice(Duration),
    /// How late counts may arrive.
    Lateness(Duration),
    /// Traffic.
    Load(Load),
    /// Samples of a cumulative counter.
    Samples(Samples),
    /// Counts that arrive after their time.
    Late(Late),
    /// Everything that was delivered is delivered once more.
    DeliverAgain,
    /// A question with its expected answer.
    At(At),
}

/// Whose traffic: an SLO, a segment (`None`: untagged), and labels that all of it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whose {
    /// The SLO's name.
    pub(crate) slo: String,
    /// The segment's name; `None` is untagged.
    pub(crate) segment: Option<String>,
    /// Label values.
    pub(crate) labels: Labels,
}

/// Label names and values as written.
pub(crate) type Labels = Vec<(String, String)>;

/// `load`: traffic in sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Load {
    /// Whose.
    pub(crate) whose: Whose,
    /// When the first part begins; the start unless said.
    pub(crate) from: Option<Moment>,
    /// The parts, one after the other.
    pub(crate) parts: Vec<Part>,
}

/// A part of a load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// Nothing was observed for this long.
    Gap(Duration),
    /// Evenly spread traffic.
    Traffic {
        /// For how long.
        length: Duration,
        /// All requests.
        rate: Rate,
        /// Those of them that are not simply good and fast.
        except: Vec<Kind<Rate>>,
    },
}

/// Requests that are not simply good and fast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kind<N> {
    /// How many.
    pub(crate) events: N,
    /// Whether their outcome is bad.
    pub(crate) bad: bool,
    /// They took longer than this many nanoseconds; `None` is fast.
    pub(crate) over: Option<u64>,
    /// Nothing is known about how long they took.
    pub(crate) untimed: bool,
    /// Label values that they carry.
    pub(crate) labels: Labels,
}

/// `sample`: one series of a cumulative counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Samples {
    /// Whose.
    pub(crate) whose: Whose,
    /// The series' name.
    pub(crate) series: String,
    /// Whether it counts bad requests.
    pub(crate) bad: bool,
    /// When the counter started at zero, if it says so.
    pub(crate) created: Option<Moment>,
    /// Values in order of time.
    pub(crate) values: Vec<(Moment, u64)>,
}

/// `late`: counts of one slice that arrive after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Late {
    /// Whose.
    pub(crate) whose: Whose,
    /// The time they belong to.
    pub(crate) at: Moment,
    /// When they arrived.
    pub(crate) arrives: Moment,
    /// All of them.
    pub(crate) total: u64,
    /// Those that are not simply good and fast.
    pub(crate) except: Vec<Kind<u64>>,
}

/// `at`: a question with its expected answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct At {
    /// About when.
    pub(crate) instant: Moment,
    /// With the knowledge of that instant only.
    pub(crate) as_known_then: bool,
    /// What is asked.
    pub(crate) question: Question,
    /// About this SLO only.
    pub(crate) slo: Option<String>,
    /// Lines of the expected answer, without their ends.
    pub(crate) expected: Vec<String>,
    /// Where these stand, as indices of lines (from 0); empty directly after `----` if nothing stands there.
    pub(crate) expected_lines: Range<usize>,
    /// Whether `----` is there at all; the update adds it.
    pub(crate) has_rule: bool,
}

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// The verdicts.
    Evaluate,
    /// The conditions of the alert policies.
    Alerts,
    /// Segments that the aggregate hides.
    Masked,
    /// The parts of windows that span a change.
    Parts,
    /// Requests without a known segment.
    Untagged,
    /// Missing numbers.
    Gaps,
    /// What was counted, before any objective is applied.
    Ledger,
    /// What the parts of an SLO carry together, and what each would need to promise.
    Carried,
    /// The page that a person on call reads.
    Status,
}

impl Question {
    /// Every question with its word, in the order in which help lists them.
    pub(crate) const ALL: [(&'static str, Question); 9] = [
        ("evaluate", Question::Evaluate),
        ("alerts", Question::Alerts),
        ("masked", Question::Masked),
        ("parts", Question::Parts),
        ("untagged", Question::Untagged),
        ("gaps", Question::Gaps),
        ("ledger", Question::Ledger),
        ("carried", Question::Carried),
        ("status", Question::Status),
    ];
}
