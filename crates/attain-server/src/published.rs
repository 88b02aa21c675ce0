//! What the server makes known: what the counts mean, and how it is doing. Written by the core, read by anybody.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use attain_engine::Metered;
use attain_model::delivery::Delivery;
use attain_model::detail::Point;
use attain_model::{
    Diagnostic, Evaluation, LeftBehind, Promises, SeriesName, SourceId, StreamKey, Verdict,
};
use jiff::{SignedDuration, Timestamp};

use crate::loaded::Text;

/// What is known after a tick, or after a catalogue was taken or refused.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    pub(crate) promises: Arc<Promises>,
    /// The catalogue in force.
    pub(crate) catalogue: InForce,
    /// `None` until the first slice was judged.
    pub(crate) judged: Option<Judged>,
    pub(crate) core: CoreState,
    pub(crate) restated: Restated,
    pub(crate) turns: Turns,
}

/// Whole hours of which the verdicts are kept: who asks for a burn-down once a day has it without reading pages.
const TURNS_KEPT: usize = 25;

/// How the windows stood at the last whole hours, as it was judged then.
///
/// Invariant: a window that ends with a whole hour is what the verdict of that hour said as long as [`Restated::of`] its
/// stream is what it was then.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turns {
    /// The oldest first.
    hours: VecDeque<Arc<Turn>>,
}

#[derive(Debug)]
struct Turn {
    at: Timestamp,
    /// Ascending; shared by hours with the same series.
    names: Arc<[SeriesName]>,
    points: Vec<Point>,
    restated: Restated,
}

impl Turns {
    /// Keeps what was judged, if an hour ended with it.
    pub(crate) fn keep(&mut self, evaluation: &Evaluation, restated: &Restated) {
        let at = evaluation.as_of.instant;
        if at != whole_hour(at) {
            return;
        }
        // What is judged less often than every slice may be as of a slice before.
        let verdicts = evaluation.verdicts.iter();
        let mut judged: Vec<&Verdict> = verdicts.filter(|v| v.window.end == at).collect();
        judged.sort_by(|a, b| a.name.cmp(&b.name));
        let point = |verdict: &&Verdict| Point {
            at,
            attainment: verdict.attainment,
            budget: verdict.budget,
        };
        let names = || judged.iter().map(|verdict| &verdict.name);
        let before = self.hours.back().map(|turn| &turn.names);
        let same = before.filter(|before| before.iter().eq(names()));
        let turn = Turn {
            at,
            names: same.map_or_else(|| names().cloned().collect(), Arc::clone),
            points: judged.iter().map(point).collect(),
            restated: restated.clone(),
        };
        self.hours.push_back(Arc::new(turn));
        if self.hours.len() > TURNS_KEPT {
            self.hours.pop_front();
        }
    }

    /// How the window of a series of a stream stood at a whole hour, if that is kept and was judged of the same past.
    pub(crate) fn of(
        &self,
        (name, stream): (&SeriesName, &StreamKey),
        at: Timestamp,
        restated: (u64, u64),
    ) -> Option<Point> {
        let turn = self.hours.iter().rev().find(|turn| turn.at == at)?;
        let place = turn.names.binary_search(name).ok()?;
        let is_same = turn.restated.of(stream) == restated;
        is_same.then(|| turn.points.get(place).copied())?
    }
}

/// How often the past was counted anew since the start: whoever keeps what was so at whole hours keeps it by this.
#[derive(Debug, Clone, Default)]
pub(crate) struct Restated {
    /// All of it.
    pub(crate) all: u64,
    /// Of single streams, whole hours before the last that was judged.
    pub(crate) streams: Arc<BTreeMap<StreamKey, u64>>,
}

impl Restated {
    /// What changes whenever the past of a stream does.
    pub(crate) fn of(&self, stream: &StreamKey) -> (u64, u64) {
        (self.all, self.streams.get(stream).copied().unwrap_or(0))
    }

    /// Something was counted in the past of streams.
    pub(crate) fn restate<'s>(&mut self, streams: impl Iterator<Item = &'s StreamKey>) {
        for stream in streams {
            *Arc::make_mut(&mut self.streams)
                .entry(stream.clone())
                .or_default() += 1;
        }
    }
}

/// Which catalogue is in force, and what became of the newest try to replace it.
#[derive(Debug, Clone)]
pub(crate) struct InForce {
    pub(crate) sha256: String,
    pub(crate) since: Timestamp,
    /// Why the files as they are now are not in force.
    pub(crate) refused: Option<String>,
    pub(crate) reloads: u64,
    pub(crate) refusals: u64,
    /// Its files.
    pub(crate) text: Arc<Text>,
}

/// Of what an answer is that is kept: the catalogue in force, and the slice that was judged last. What comes late changes what
/// was so at an earlier instant, too, from the next slice on.
pub(crate) type Version = (String, Option<Timestamp>);

impl Published {
    pub(crate) fn version(&self) -> Version {
        let judged = self.judged.as_ref().map(|judged| judged.until);
        (self.catalogue.sha256.clone(), judged)
    }

    /// What reading and lints say of the catalogue in force today, the worst first.
    pub(crate) fn findings(&self, now: Timestamp) -> Vec<Diagnostic> {
        let (catalogue, text) = (self.promises.catalogue(), &self.catalogue.text);
        let today = now.to_zoned(catalogue.timezone.clone()).date();
        let unwise = attain_lint::lint(catalogue, &text.spans, &text.sources, today);
        let mut findings: Vec<Diagnostic> = text.said.iter().cloned().chain(unwise).collect();
        findings.sort_by_key(|found| (found.level, found.span));
        findings
    }
}

/// What a tick found.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    pub(crate) evaluation: Arc<Evaluation>,
    /// The end of the last slice that was judged.
    pub(crate) until: Timestamp,
    pub(crate) took: Duration,
}

/// How the core is doing.
#[derive(Debug, Clone, Default)]
pub(crate) struct CoreState {
    /// Slices judged since the start.
    pub(crate) slices: u64,
    /// By how long the newest judged slice lies behind the one that could have been judged.
    pub(crate) lag: Duration,
    pub(crate) frames: u64,
    pub(crate) frames_failed: u64,
    /// Samples and readings in frames.
    pub(crate) samples: u64,
    pub(crate) appending: Duration,
    pub(crate) seals: u64,
    pub(crate) sealing: Duration,
    /// Why nothing can be kept at the moment.
    pub(crate) disk: Option<String>,
    pub(crate) metered: Metered,
    pub(crate) clock_off: Option<SignedDuration>,
    /// Why sources cannot be read at the moment.
    pub(crate) trouble: BTreeMap<SourceId, String>,
    /// How long after the end of a minute a source can see all of it, as it was found to be.
    pub(crate) delays: BTreeMap<SourceId, Duration>,
    /// Why the `delay` that somebody wrote is too short.
    pub(crate) late: BTreeMap<SourceId, String>,
    /// What is kept of sources that the catalogue in force does not name, and that it seems to count under another name.
    pub(crate) left: Arc<Vec<LeftBehind>>,
    /// What came of sources that are read and pulled, since the start.
    pub(crate) reads: BTreeMap<SourceId, Reads>,
    /// How long after its end a slice is judged.
    pub(crate) judged_after: SignedDuration,
}

/// What came of a source that is read or pulled, since the start.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reads {
    /// Events that count for somebody.
    pub(crate) events: u64,
    /// Until when it was heard, or something was counted.
    pub(crate) newest: Option<Timestamp>,
}

impl Reads {
    pub(crate) fn add(&mut self, delivery: &Delivery) {
        let heard = delivery.observed_streams.values().flatten();
        let heard = heard.map(|heard| heard.end);
        let counted = delivery.counted.iter().map(|row| row.slice);
        let readings = delivery.readings.iter().map(|reading| reading.time);
        let newest = heard.chain(counted).chain(readings).max();
        self.newest = self.newest.max(newest);
        let cells = (delivery.counted.iter()).flat_map(|row| row.tally.cells.values());
        let events = cells.fold(0, |sum: u64, events| sum.saturating_add(*events));
        self.events = self.events.saturating_add(events);
    }
}

/// The beginning of the hour that an instant lies in, since 1970.
pub(crate) fn whole_hour(instant: Timestamp) -> Timestamp {
    const HOUR: i64 = 3600;
    let second = instant.as_second().div_euclid(HOUR) * HOUR;
    Timestamp::from_second(second).unwrap_or(instant)
}
