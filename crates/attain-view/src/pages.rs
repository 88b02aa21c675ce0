//! The pages of a server: what a tired person sees. Pure: a [`Scene`] and an [`Ask`] in, one HTML text out.
//!
//! Knows what stands on which page; the numbers and their words are the report's, the look is `html`'s. A page can be
//! read, printed and walked through without its script.
//!
//! - [`overview()`]: who is hurt, then every promise by segment, grouped and filtered; the same for one segment;
//! - [`slo()`]: one SLO in full;
//! - [`cascade()`]: what rests on what, how each stands, who spent a budget;
//! - [`catalogue()`]: what is in force, what is wrong with it, who sends counts;
//! - [`reports()`]: packs to read and print, for customers' promises and for ourselves.

mod ask;
mod cascade;
mod catalogue;
mod choose;
mod filters;
mod frame;
mod overview;
mod reports;
mod segment;
mod slo;
mod teach;
mod when;

use std::time::Duration;

use attain_cascade::why::Why;
use attain_model::detail::Detail;
use attain_model::{
    Diagnostic, Evaluation, GapReason, Promises, Scope, SegmentId, SeriesName, SloId, SourceMap,
    Standing,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::report::{About, CELLS_WITH_TITLES, PLAIN, Sheet};
use crate::status::{Desk, ended, headline, is_promise};
use crate::why::cause;

pub use ask::Ask;
pub use cascade::{Blamed, cascade, to_blame};
pub use catalogue::catalogue;
pub use frame::{SCRIPT, STYLE, policy, refusal};
pub use overview::overview;
pub use reports::{Pack, about as about_pack, reports, wanted};
pub use segment::segment;
pub use slo::{Definition, slo};

/// What a page is about.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// What is promised.
    pub promises: &'a Promises,
    /// How it stands; `None` until anything was judged.
    pub evaluation: Option<&'a Evaluation>,
    /// What lies behind the series that a page shows in full; of others it may be absent.
    pub details: &'a [Detail],
    /// Who spent budgets, as far as it was asked: what [`worth_asking`] names. In a zone of its own.
    pub told: Option<&'a Why>,
    /// The server that says it.
    pub server: &'a Server,
    /// The zone in which times are shown. Days stay those of the catalogue.
    pub zone: &'a TimeZone,
    /// Whether a past instant is looked at, not the newest.
    pub is_past: bool,
}

/// What is known of the server.
#[derive(Debug, Clone, Default)]
pub struct Server {
    /// When the page was made.
    pub now: Timestamp,
    /// Its version: `0.1.0`.
    pub version: String,
    /// Length of a slice.
    pub slice: Duration,
    /// The end of the last slice that was judged.
    pub judged_until: Option<Timestamp>,
    /// How long counts may take to arrive, at most, before a slice is closed.
    pub delay: Duration,
    /// Which catalogue is in force.
    pub catalogue: InForce,
    /// Why nothing can be kept at the moment.
    pub disk: Option<String>,
    /// By how much the machine's clock is off, while it is not believed.
    pub clock_off: Option<SignedDuration>,
    /// Where counts come from.
    pub sources: Vec<SourceState>,
    /// Where to send counts to, as `http://HOST:PORT`.
    pub address: String,
}

/// Which catalogue is in force.
#[derive(Debug, Clone, Default)]
pub struct InForce {
    /// The hash of its files.
    pub sha256: String,
    /// Since when.
    pub since: Timestamp,
    /// Why the files as they are now are not in force.
    pub refused: Option<String>,
    /// How often it was replaced since the server began.
    pub reloads: u64,
    /// How often a new one was refused.
    pub refusals: u64,
    /// Its files, as they were taken.
    pub sources: SourceMap,
    /// What a lint has to say of them.
    pub findings: Vec<Diagnostic>,
}

/// A source of counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceState {
    /// Its name in the catalogue.
    pub name: String,
    /// How counts come: `remote write`, `OTLP`, `scrape`, `pull`, `log`.
    pub way: String,
    /// Samples that were taken.
    pub samples: Option<u64>,
    /// Samples that were refused.
    pub refused: u64,
    /// Samples that no SLO looks at.
    pub unmatched: u64,
    /// Why it cannot be read at the moment.
    pub trouble: Option<String>,
}

impl Scene<'_> {
    /// How old what is shown is; `None` until anything was judged.
    fn age(&self) -> Option<Duration> {
        let until = self.server.judged_until?;
        let age = self.server.now.duration_since(until);
        Some(Duration::try_from(age).unwrap_or_default())
    }

    /// Whether the newest slices are missing. A slice is judged when its counts have had their time to arrive; three
    /// slices and half a minute later something is wrong.
    fn is_stale(&self) -> bool {
        let patience = self.server.delay + self.server.slice * 3 + Duration::from_secs(30);
        self.age().is_some_and(|age| age > patience)
    }

    /// Sources of which nothing was heard up to the instant that is shown, and since when. A slice or two of silence is
    /// none: senders are not that regular.
    fn silent(&self) -> Vec<(&str, Timestamp)> {
        let Some(evaluation) = self.evaluation else {
            return Vec::new();
        };
        let near = |length: Duration| SignedDuration::try_from(length).unwrap_or_default();
        let at_most = near((self.server.slice * 3).max(Duration::from_secs(90)));
        let instant = evaluation.as_of.instant;
        let gaps = evaluation
            .gaps
            .iter()
            .filter(|gap| gap.why == GapReason::NoData);
        gaps.filter_map(|gap| {
            let (source, silent) = (gap.about.strip_prefix("source ")?, gap.interval?);
            let reaches = instant.duration_since(silent.end) <= near(self.server.slice * 2);
            let is_long = silent.end.duration_since(silent.start) > at_most;
            (reaches && is_long).then_some((source, silent.start))
        })
        .collect()
    }
}

/// Of which series a page speaks first.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subject<'a> {
    /// Only what was promised to this segment.
    pub segment: Option<&'a SegmentId>,
    /// Only this SLO.
    pub slo: Option<&'a SloId>,
}

impl Subject<'_> {
    fn has(&self, name: &SeriesName) -> bool {
        let segment = self
            .segment
            .is_none_or(|id| matches!(&name.scope, Scope::Segment(own) if own == id));
        segment && self.slo.is_none_or(|slo| name.slo == *slo)
    }

    /// What is hurt worst of it.
    fn worst(&self, scene: &Scene<'_>) -> Option<SeriesName> {
        headline::worst(&desk(scene, scene.evaluation?), &|name| self.has(name))
    }
}

/// The series of which a page should be told who spent their budgets: the one that is hurt worst, and the few that lost most
/// in the last hours.
#[must_use]
pub fn worth_asking(scene: &Scene<'_>, subject: Subject<'_>) -> Vec<SeriesName> {
    let Some(evaluation) = scene.evaluation else {
        return Vec::new();
    };
    let worst = subject.worst(scene);
    let verdicts = evaluation.verdicts.iter();
    let its = verdicts.filter(|verdict| is_promise(verdict) && subject.has(&verdict.name));
    // Whoever was woken minutes ago asks what that was, whatever is worst by now; what else pages is asked about since its
    // windows do not know yet that it is over.
    let paging = headline::paging(&desk(scene, evaluation), &|name| subject.has(name));
    let lately = cause::lost_lately(its);
    let mut names: Vec<SeriesName> = Vec::new();
    for name in worst.into_iter().chain(paging).chain(lately) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Whose promise is hurt worst, and how: `premium broken`. For a title.
fn hurt(scene: &Scene<'_>, subject: Subject<'_>) -> Option<String> {
    let name = subject.worst(scene)?;
    let mut verdicts = scene.evaluation?.verdicts.iter();
    let worst = verdicts.find(|verdict| verdict.name == name)?;
    let has_ended = ended::has_ended(&desk(scene, scene.evaluation?), worst);
    let word = match (worst.standing, has_ended) {
        (Standing::Breached, true) => headline::WAS_BROKEN,
        (Standing::Breached, false) => "broken",
        (_, true) => headline::WAS_IN_DANGER,
        (_, false) => "in danger",
    };
    Some(match &worst.name.scope {
        Scope::Segment(id) => format!("{id} {word}"),
        Scope::All => format!("all traffic {word}"),
    })
}

fn desk<'a>(scene: &Scene<'a>, evaluation: &'a Evaluation) -> Desk<'a> {
    Desk {
        promises: scene.promises,
        evaluation,
        look: &PLAIN,
        zone: scene.zone,
        is_page: true,
        is_live: true,
        told: scene.told,
    }
}

/// The parts of the report, about a page's evaluation, with links to pages.
fn sheet<'a>(
    scene: &Scene<'a>,
    evaluation: &'a Evaluation,
    about: &'a About,
    place: &'a dyn Fn(&SeriesName) -> String,
) -> Sheet<'a> {
    let days = scene.details.iter().map(|detail| detail.days.len());
    Sheet {
        desk: desk(scene, evaluation),
        details: scene.details,
        about,
        has_titles: days.sum::<usize>() <= CELLS_WITH_TITLES,
        is_dense: false,
        place: Some(place),
    }
}

/// The page of a series.
fn place(ask: &Ask, name: &SeriesName) -> String {
    let ask = ask.everywhere().with("segment", &name.scope.to_string());
    ask.to(&ask::path("/slos/", name.slo.as_str()))
}
