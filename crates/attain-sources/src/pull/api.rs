//! An API that answers PromQL, as far as pulling needs it; and how a stream is pulled through it.
//!
//! Knows which queries belong together and what to do when an answer is missing. Opens no connection: whoever has one
//! implements [`Api`].

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use attain_model::StreamKey;
use attain_model::source::Source;
use jiff::Timestamp;

use super::returned::Returned;
use super::{Answers, Ask, Pulled, Puller, resets};
use crate::text::number::events;

/// An API that answers PromQL.
pub trait Api {
    /// The values of a query at `from`, one step later, and so on, until `to` included.
    ///
    /// # Errors
    /// It did not answer, or not understandably.
    fn range(
        &self,
        query: &str,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<Vec<Line>, Trouble>;

    /// The raw samples of a range selector at an instant.
    ///
    /// # Errors
    /// As [`Api::range`].
    fn samples(&self, query: &str, at: Timestamp) -> Result<Vec<Line>, Trouble>;

    /// By how much its queries are behind its clock: VictoriaMetrics lets nobody see the newest 30 seconds unless told
    /// otherwise. `None` if it does not tell the time.
    ///
    /// # Errors
    /// As [`Api::range`].
    fn held_back(&self) -> Result<Option<Duration>, Trouble> {
        Ok(None)
    }

    /// How old the newest sample is that a query sees of some series, by the time for queries, which [`Api::held_back`] may be
    /// behind; `None` if it sees none.
    ///
    /// # Errors
    /// As [`Api::range`].
    fn newest_age(&self, _selector: &str) -> Result<Option<Duration>, Trouble> {
        Ok(None)
    }
}

/// The `delay` that a source needs whose queries are behind by so much: whole tens of seconds, and never less than usual.
#[must_use]
pub fn delay_for(held_back: Duration) -> Duration {
    const STEP_SECONDS: u64 = 10;
    // Its clock is told to the second.
    let seconds = held_back.as_secs().saturating_sub(1);
    let enough = Duration::from_secs(seconds.div_ceil(STEP_SECONDS) * STEP_SECONDS);
    enough.max(Source::USUAL_DELAY)
}

/// One series of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its values as text, by time: `NaN` and `+Inf` are values, too.
    pub points: Vec<(Timestamp, String)>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It cannot be reached, or broke off: the same question may be answered later.
    #[error("{0}")]
    Away(String),
    /// It refuses the question: asking again is in vain until somebody changes something.
    #[error("{0}")]
    Refused(String),
    /// It does not know who asks, or does not let them in: a token or a tenant is missing or wrong.
    #[error("{0}")]
    Denied(String),
    /// The answer would be too large: ask for less at once.
    #[error("{0}")]
    TooMuch(String),
}

/// Slices that are asked for at once; an API gives at most 11,000 points a series.
pub const SLICES_AT_ONCE: i64 = 1_440;

/// Slices so far apart are asked for together, where that is cheap.
const NEAR_SLICES: i64 = 15;

/// Raw samples are many: so many slices are asked for at once.
const GAUGE_SLICES_AT_ONCE: i64 = 60;

impl Puller {
    /// Pulls one stream over some slices.
    ///
    /// # Errors
    /// The API did not answer all of it: then nothing of it is known, and the same may be asked again.
    pub fn pull(
        &mut self,
        api: &dyn Api,
        stream: &StreamKey,
        slices: Range<i64>,
    ) -> Result<Option<Pulled>, Trouble> {
        let asks: Vec<Ask> = (self.asks.iter())
            .filter(|ask| ask.stream == *stream)
            .cloned()
            .collect();
        let times = Times::of(self);
        let Some(mut answers) = self.answers(stream, slices.clone()) else {
            return Ok(None);
        };
        for ask in &asks {
            if let Some(query) = ask.query.written() {
                written(api, ask, query, &slices, times, &mut answers)?;
            } else if ask.is_gauge {
                gauge(api, ask, &slices, times, &mut answers)?;
            } else {
                increments(api, ask, &slices, times, &mut answers)?;
            }
        }
        Ok(Some(answers.finish()))
    }
}

/// How slices and instants go together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) length: Duration,
    pub(super) milliseconds: i64,
}

impl Times {
    fn of(puller: &Puller) -> Self {
        let milliseconds = i64::try_from(puller.slice.as_millis()).unwrap_or(60_000);
        Self {
            length: puller.slice,
            milliseconds: milliseconds.max(1),
        }
    }

    /// One millisecond before the end of a slice.
    pub(super) fn time_of(self, slice: i64) -> Timestamp {
        let end = slice.saturating_add(1).saturating_mul(self.milliseconds) - 1;
        Timestamp::from_millisecond(end).unwrap_or(Timestamp::MAX)
    }

    pub(super) fn slice_of(self, time: Timestamp) -> i64 {
        time.as_millisecond().div_euclid(self.milliseconds)
    }

    /// The slices that one series of an answer is about.
    pub(super) fn slices_of(self, line: &Line) -> impl Iterator<Item = i64> {
        let points = line.points.iter();
        points.map(move |(time, _)| self.slice_of(*time))
    }

    pub(super) fn ask(
        self,
        api: &dyn Api,
        query: &str,
        slices: &Range<i64>,
    ) -> Result<Vec<Line>, Trouble> {
        let (from, to) = (self.time_of(slices.start), self.time_of(slices.end - 1));
        api.range(query, from, to, self.length)
    }
}

fn increments(
    api: &dyn Api,
    ask: &Ask,
    slices: &Range<i64>,
    times: Times,
    answers: &mut Answers<'_>,
) -> Result<(), Trouble> {
    let slices_of = |query: &str, slices: &Range<i64>| -> Result<BTreeSet<i64>, Trouble> {
        let lines = times.ask(api, query, slices)?;
        Ok(lines
            .iter()
            .flat_map(|line| times.slices_of(line))
            .collect())
    };
    let unusual = slices_of(&ask.query.unusual(), slices)?;
    let mut take = |query: &str, slices: &Range<i64>, of: &dyn Fn(&i64) -> bool| {
        for line in times.ask(api, query, slices)? {
            for (time, value) in &line.points {
                let slice = times.slice_of(*time);
                if of(&slice) {
                    answers.take(ask, &line.labels, slice, value);
                }
            }
        }
        Ok::<_, Trouble>(())
    };
    let is_unusual = |slice: &i64| unusual.contains(slice);
    take(&ask.query.near(), slices, &|slice| !is_unusual(slice))?;
    // Somebody began again, was silent, or is new.
    let mut away = BTreeSet::new();
    for stretch in stretches(&unusual) {
        take(&ask.query.risen(), &stretch, &is_unusual)?;
        away.extend(slices_of(&ask.query.absent(), &stretch)?);
    }
    let mut returned = Returned::default();
    for run in runs(&away) {
        returned.look(api, ask, &run, times)?;
        for line in times.ask(api, &ask.query.far(), &run)? {
            for (time, value) in &line.points {
                let slice = times.slice_of(*time);
                match returned.counted_before(ask, slice, &line.labels) {
                    _ if !away.contains(&slice) => {}
                    0 => answers.take(ask, &line.labels, slice, value),
                    before => {
                        let rest = events(value).map(|all| all.saturating_sub(before));
                        let rest = rest.map_or_else(|| value.clone(), |rest| rest.to_string());
                        answers.take(ask, &line.labels, slice, &rest);
                    }
                }
            }
        }
    }
    for run in runs(&away) {
        for line in times.ask(api, &ask.query.unborn(), &run)? {
            for (_, value) in &line.points {
                answers.unborn(ask, &line.labels, value);
            }
        }
    }
    for stretch in stretches(&unusual) {
        resets::complete(api, ask, &stretch, times, &returned, answers)?;
    }
    Ok(())
}

/// A query as it was written: its values are what happened in a slice.
fn written(
    api: &dyn Api,
    ask: &Ask,
    query: &str,
    slices: &Range<i64>,
    times: Times,
    answers: &mut Answers<'_>,
) -> Result<(), Trouble> {
    for line in times.ask(api, query, slices)? {
        for (time, value) in &line.points {
            // A share of nothing is no number.
            if !(ask.is_share() && value == "NaN") {
                answers.take(ask, &line.labels, times.slice_of(*time), value);
            }
        }
    }
    Ok(())
}

fn gauge(
    api: &dyn Api,
    ask: &Ask,
    slices: &Range<i64>,
    times: Times,
    answers: &mut Answers<'_>,
) -> Result<(), Trouble> {
    let mut start = slices.start;
    while start < slices.end {
        let end = (start + GAUGE_SLICES_AT_ONCE).min(slices.end);
        let length = times.length * u32::try_from(end - start).unwrap_or(1);
        let query = ask.query.samples(length);
        for line in api.samples(&query, times.time_of(end - 1))? {
            for (time, value) in &line.points {
                answers.take_sample(ask, &line.labels, *time, value);
            }
        }
        start = end;
    }
    Ok(())
}

/// What is near each other together: a question more costs more than some minutes more of what is cheap to know.
fn stretches(slices: &BTreeSet<i64>) -> Vec<Range<i64>> {
    let mut stretches: Vec<Range<i64>> = Vec::new();
    for run in runs(slices) {
        match stretches.last_mut() {
            Some(last) if run.start - last.end <= NEAR_SLICES => last.end = run.end,
            _ => stretches.push(run),
        }
    }
    stretches
}

/// Neighbours together.
pub(super) fn runs(slices: &BTreeSet<i64>) -> Vec<Range<i64>> {
    let mut runs: Vec<Range<i64>> = Vec::new();
    for slice in slices {
        match runs.last_mut() {
            Some(run) if run.end == *slice => run.end += 1,
            _ => runs.push(*slice..slice + 1),
        }
    }
    runs
}
