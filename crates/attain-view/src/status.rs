//! What a person reads when asking how the promises stand: one sentence, the table, what the numbers leave out.
//!
//! The sentence says who is hurt and what to do (headline.rs; calm.rs where nobody is), the table every promise
//! (matrix.rs, shared.rs), the notes what the numbers do not cover (notes.rs). Knows the order of these; each file knows one.

pub(crate) mod calm;
pub(crate) mod ended;
pub(crate) mod headline;
pub(crate) mod lasting;
mod lately;
mod losing;
pub(crate) mod matrix;
mod next;
pub(crate) mod notes;
pub(crate) mod now;
pub(crate) mod others;
pub(crate) mod published;
pub(crate) mod shared;
pub(crate) mod starting;
mod total;

pub(crate) use losing::LOSING_NOW;
pub use losing::{losing, losing_now};
pub(crate) use next::owners;
pub use next::severity;
pub use notes::begins_anew;
pub(crate) use now::units;

use attain_cascade::why::Why;
use attain_model::slo::{Goal, Objective, Slo};
use attain_model::{Evaluation, Gap, GapReason, Promises, Scope, Standing, Verdict};
use jiff::tz::TimeZone;

use crate::look::{Look, Tone, wrap};
use crate::number;

/// What the caller knows about a run beside the evaluation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    /// Said behind the instant, e.g. `the end of the data`.
    pub instant_is: Option<String>,
    /// Lines for the notes, e.g. what could not be read.
    pub notes: Vec<String>,
    /// Said on a line of its own under the instant, e.g. that the data end days before it.
    pub caution: Option<String>,
    /// Who loses budget right now ([`losing_now`]).
    pub losing: Option<String>,
    /// Whether any event was read at all.
    pub nothing_read: bool,
}

/// The status of every promise, as text for `look`.
///
/// Without SLOs and without data it says what to do next instead of printing an empty table.
#[must_use]
pub fn status(promises: &Promises, evaluation: &Evaluation, run: &Run, look: &Look) -> String {
    let desk = Desk {
        promises,
        evaluation,
        look,
        zone: &promises.catalogue().timezone,
        is_page: false,
        is_live: false,
        told: None,
    };
    if promises.catalogue().slos.is_empty() {
        return no_slos(&desk);
    }
    if evaluation.verdicts.is_empty() {
        return no_verdicts(&desk);
    }
    let mut out = headline::headline(&desk, run);
    out.push('\n');
    out.push_str(&as_of_line(&desk, run));
    out.push('\n');
    out.push_str(&matrix::matrix(&desk));
    let notes = notes::notes(&desk, run);
    if !notes.is_empty() {
        out.push('\n');
        out.push_str(&notes);
    }
    out
}

/// What every part needs.
pub(crate) struct Desk<'a> {
    pub(crate) promises: &'a Promises,
    pub(crate) evaluation: &'a Evaluation,
    pub(crate) look: &'a Look,
    pub(crate) zone: &'a TimeZone,
    /// Whether it is for a page that is passed on and read later: dates in full, no command to type.
    pub(crate) is_page: bool,
    /// Whether it follows a server: times say how long ago they were. What is read later does not.
    pub(crate) is_live: bool,
    /// Who spent budgets, as far as it was asked.
    pub(crate) told: Option<&'a Why>,
}

impl Desk<'_> {
    pub(crate) fn slo(&self, verdict: &Verdict) -> Option<&Slo> {
        self.promises.catalogue().slos.get(&verdict.name.slo)
    }

    /// Whether what was counted is what the objective is about: where nothing is promised of a latency, no limit says which
    /// requests were fast; where a label is missing, none can be bad.
    pub(crate) fn is_measured(&self, verdict: &Verdict) -> bool {
        let objective = self
            .slo(verdict)
            .and_then(|slo| slo.objectives.get(&verdict.name.objective));
        let is_judged = !self.is_blind(verdict);
        let is_limited = verdict.goal != Some(Goal::BestEffort);
        is_judged && (is_limited || !objective.is_some_and(Objective::is_latency))
    }

    /// Whether nothing that was counted tells good from bad.
    pub(crate) fn is_blind(&self, verdict: &Verdict) -> bool {
        let is_its = |gap: &Gap| {
            matches!(gap.why, GapReason::NoLabel(_)) && gap.about == verdict.name.slo.as_str()
        };
        verdict.standing == Standing::Unknown && self.evaluation.gaps.iter().any(is_its)
    }

    /// Whether nothing that counts for it was ever heard, although its sources are.
    pub(crate) fn is_unheard(&self, verdict: &Verdict) -> bool {
        let is_its = |gap: &Gap| {
            matches!(gap.why, GapReason::NeverHeard(_)) && gap.about == verdict.name.slo.as_str()
        };
        verdict.standing == Standing::Unknown
            && verdict.attainment.total() == 0
            && self.evaluation.gaps.iter().any(is_its)
    }

    /// Place of a scope in the order in which segments are saved; all traffic comes last.
    pub(crate) fn rank(&self, scope: &Scope) -> u32 {
        match scope {
            Scope::Segment(id) => self
                .promises
                .catalogue()
                .segments
                .get(id)
                .map_or(u32::MAX - 1, |segment| segment.rank),
            Scope::All => u32::MAX,
        }
    }

    /// An instant in the words of who reads it: in a terminal without what is plain there, on a page in full.
    pub(crate) fn near(&self, at: jiff::Timestamp) -> String {
        if self.is_page {
            return number::instant(at, self.zone);
        }
        number::instant_near(at, self.evaluation.as_of.instant, self.zone)
    }

    /// When something happened to a promise: on a page to the second; where somebody looks on, with how long ago.
    pub(crate) fn event(&self, at: jiff::Timestamp) -> String {
        match (self.is_page, self.is_live) {
            (true, true) => number::event(at, self.evaluation.as_of.instant, self.zone),
            (true, false) => number::moment(at, self.zone),
            (false, _) => self.near(at),
        }
    }

    /// A team with who is reached in it: `platform (on call: pager)`, else its lead: `platform (ivo)`.
    pub(crate) fn team(&self, name: &str) -> String {
        let Some(team) = self.promises.catalogue().teams.get(name) else {
            return name.to_owned();
        };
        let lead = team.lead.as_ref().or(team.members.first());
        match (&team.oncall, lead) {
            (Some(oncall), _) => format!("{name} (on call: {oncall})"),
            (None, Some(lead)) => format!("{name} ({lead})"),
            (None, None) => name.to_owned(),
        }
    }

    fn wrapped(&self, text: &str) -> String {
        wrap(text, self.look.columns(), 2) + "\n"
    }
}

/// Whether a verdict is about a promise, not a best effort or a pooled sum.
pub(crate) fn is_promise(verdict: &Verdict) -> bool {
    !verdict.pooled
        && verdict.goal.is_some_and(|goal| goal.promised().is_some())
        && verdict.standing != Standing::BestEffort
}

/// Parts per billion to compare an attainment with: the goal's, or what a pooled budget comes to.
pub(crate) fn target_ppb(verdict: &Verdict) -> Option<u32> {
    if verdict.pooled {
        return number::pooled_target_ppb(verdict.attainment, verdict.budget);
    }
    Some(verdict.goal?.promised()?.target.ppb())
}

fn as_of_line(desk: &Desk<'_>, run: &Run) -> String {
    let as_of = &desk.evaluation.as_of;
    let mut text = format!(
        "{}, as of {}",
        desk.promises.catalogue().name,
        number::instant(as_of.instant, desk.zone)
    );
    if let Some(what) = &run.instant_is {
        text.push_str(", ");
        text.push_str(what);
    }
    if as_of.known_until == as_of.instant {
        text.push_str(", as known then");
    }
    if let Some(shared) = shared::Everywhere::of(desk).text() {
        text.push_str("; ");
        text.push_str(&shared);
    }
    let mut out = desk
        .look
        .paint(Tone::Quiet, &wrap(&text, desk.look.columns(), 2))
        + "\n";
    if let Some(caution) = &run.caution {
        let caution = wrap(caution, desk.look.columns(), 2);
        out.push_str(&desk.look.paint(Tone::Warn, &caution));
        out.push('\n');
    }
    if let Some(losing) = &run.losing {
        let losing = wrap(losing, desk.look.columns(), 2);
        out.push_str(&desk.look.paint(Tone::Bad, &losing));
        out.push('\n');
    }
    out
}

pub(crate) fn no_slos(desk: &Desk<'_>) -> String {
    let name = &desk.promises.catalogue().name;
    format!(
        "{name} promises nothing yet: there is no SLO in this catalogue.\n\n\
         Add one to a file of the catalogue, e.g.\n\n  \
           slos:\n    \
             checkout-completes:\n      \
               owner: payments\n      \
               indicator: {{metric: http_requests_total, bad: {{code: 5xx}}}}\n      \
               objectives: {{availability: 99.9%}}\n\n\
         or let attain propose one from what you have: attain init --from FILE\n"
    )
}

pub(crate) fn no_verdicts(desk: &Desk<'_>) -> String {
    let day = number::instant(desk.evaluation.as_of.instant, desk.zone);
    desk.wrapped(&format!(
        "No SLO was in force at {day}: all of them are retired or were promised later. Ask about another time with --at."
    ))
}
