//! Pulling one API: the newest slices first, then backwards until every window is filled, and after an outage what is
//! missing. Knows what the ledger wants and when to ask again; what is asked is attain_sources::pull's.

mod again;
#[cfg(test)]
mod fake;
mod lateness;
mod looking;
// What the tests of attain-sources have to say about PromQL.
#[cfg(test)]
#[path = "../../../attain-sources/tests/it/promql.rs"]
mod promql;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use attain_engine::Wanted;
use attain_model::delivery::Delivery;
use attain_model::quantity::{CalendarPeriod, Window};
use attain_model::source::{ApiSource, Source};
use attain_model::{Catalogue, Promises, StreamKey};
use attain_sources::Customers;
use attain_sources::pull::{Api, HttpApi, ORIGIN, Puller, SLICES_AT_ONCE, Trouble};
use attain_view::number;
use jiff::{SignedDuration, Timestamp};

use self::again::Again;
use self::lateness::Lateness;
use self::looking::{ANSWER_WITHIN, Looking};
use super::Fetcher;

pub(crate) use self::looking::Looked;

/// Slices are a minute: what a Prometheus-compatible system is usually scraped by fits into it several times.
const SLICE: Duration = Duration::from_secs(60);

/// A question that was refused is asked again after this: somebody may have mended something.
const REFUSED_AGAIN: Duration = Duration::from_secs(300);

/// An API that is away is asked again after this, and twice as long each time.
const AWAY_AGAIN: Duration = Duration::from_secs(1);
const AWAY_AGAIN_AT_MOST: Duration = Duration::from_secs(30);

/// Where what was pulled is kept, and what the time is.
trait Side {
    fn now(&self) -> Timestamp;
    fn is_stopped(&self) -> bool;
    /// An error is the end: nobody keeps anything any more.
    fn wanted(&self, range: Range<u64>) -> Result<Vec<Wanted>, ()>;
    fn deliver(&self, delivery: Delivery) -> Result<(), String>;
    /// So many events at most are missing of what was delivered.
    fn uncertain(&self, events: u64);
    fn trouble(&self, why: Option<String>);
    /// So long after its end a minute is asked for, it turned out.
    fn delay(&self, delay: Duration);
    /// Its `delay` is too short, as somebody wrote it: why, and what to write. `None`: it is long enough.
    fn late(&self, why: Option<String>);
}

impl Side for Fetcher {
    fn now(&self) -> Timestamp {
        self.handle.now()
    }

    fn is_stopped(&self) -> bool {
        Fetcher::is_stopped(self)
    }

    fn wanted(&self, range: Range<u64>) -> Result<Vec<Wanted>, ()> {
        let wanted = self.handle.wanted(&self.source.id, ORIGIN, range);
        wanted.map_err(|_| ())
    }

    fn deliver(&self, delivery: Delivery) -> Result<(), String> {
        let kept = self.handle.deliver(delivery);
        kept.map_err(|refused| refused.to_string())
    }

    fn uncertain(&self, events: u64) {
        self.handle.uncertain(events);
    }

    fn trouble(&self, why: Option<String>) {
        self.handle.trouble(&self.source.id, why);
    }

    fn delay(&self, delay: Duration) {
        self.handle.delay(&self.source.id, delay);
    }

    fn late(&self, why: Option<String>) {
        self.handle.late(&self.source.id, why);
    }
}

/// What one round came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    /// Everything that is due is there.
    Done,
    /// Something was pulled, and there is more.
    More,
    /// It was troubled; try again later.
    Later(Duration),
    /// The server is stopping.
    End,
}

/// Pulls until it is stopped.
pub(super) fn run(fetcher: &Fetcher, asked: &ApiSource) {
    let promises = fetcher.handle.promises();
    let customers = &fetcher.handle.beside().customers;
    let mut pulling = Pulling::new(promises.catalogue(), &fetcher.source, customers);
    let mut looking = Looking::new(promises.catalogue(), &fetcher.source);
    fetcher.trouble(pulling.note());
    fetcher.late(None);
    while !fetcher.is_stopped() {
        let round = match HttpApi::reached(asked, &fetcher.handle.beside().base, None) {
            Ok(api) => pulling.round(fetcher, &api),
            Err(why) => pulling.later(fetcher, why, REFUSED_AGAIN),
        };
        let is_reached = matches!(round, Round::More | Round::Done);
        if is_reached && !fetcher.is_stopped() && looking.is_due(fetcher.now()) {
            look(fetcher, asked, &promises, &pulling.puller, &mut looking);
            continue;
        }
        match round {
            Round::More => {}
            Round::Done => fetcher.wait(Duration::from_secs(1)),
            Round::Later(time) => fetcher.wait(time),
            Round::End => return,
        }
    }
}

/// Asks whether the API has the next metric that is wanted. What is not answered is not known, and no trouble.
fn look(
    fetcher: &Fetcher,
    asked: &ApiSource,
    promises: &Arc<Promises>,
    puller: &Puller,
    looking: &mut Looking,
) {
    let (handle, source) = (&fetcher.handle, &fetcher.source);
    let within = asked.timeout.unwrap_or(ANSWER_WITHIN).min(ANSWER_WITHIN);
    let asked = ApiSource {
        timeout: Some(within),
        ..asked.clone()
    };
    let Ok(api) = HttpApi::reached(&asked, &handle.beside().base, None) else {
        return;
    };
    let of = (promises.catalogue(), source);
    if let Some(looked) = looking.step(&api, of, puller, fetcher.now()) {
        handle.looked(&source.id, promises, looked);
    }
}

struct Pulling {
    puller: Puller,
    /// Data of a slice may come so much later, as somebody wrote.
    written: Option<Duration>,
    lateness: Lateness,
    again: Again,
    /// Whether the API is to be asked how far its queries are behind: it may have changed.
    asks_delay: bool,
    /// What was last said of the delay, and of its being too short.
    said_delay: Option<Duration>,
    said_late: Option<String>,
    /// As far back as the longest window reaches.
    slices_back: i64,
    /// Slices in one question: fewer where answers were too large.
    at_once: i64,
    /// The same where it broke off amidst: what many questions make up is done only if all of them are answered.
    at_a_stretch: i64,
    /// How long to wait the next time that it is away.
    away: Duration,
    /// Streams whose question was refused, and until when they are left out: they hold up no other.
    refused: BTreeMap<StreamKey, Timestamp>,
    troubled: Option<String>,
}

impl Pulling {
    fn new(catalogue: &Catalogue, source: &Source, customers: &Customers) -> Self {
        let puller = Puller::new(catalogue, source, customers, SLICE);
        Self {
            lateness: Lateness::new(&puller),
            again: Again::default(),
            puller,
            written: source.delay,
            asks_delay: true,
            said_delay: None,
            said_late: None,
            slices_back: slices_back(catalogue),
            at_once: SLICES_AT_ONCE,
            at_a_stretch: SLICES_AT_ONCE,
            away: AWAY_AGAIN,
            refused: BTreeMap::new(),
            troubled: None,
        }
    }

    /// What cannot be pulled at all.
    fn note(&self) -> Option<String> {
        self.puller.notes().first().cloned()
    }

    /// Pulls the newest stretch of each stream that is missing.
    fn round(&mut self, side: &dyn Side, api: &dyn Api) -> Round {
        if let Some(round) = self.ask_delay(side, api) {
            return round;
        }
        self.watch(side, api);
        let due = self.due(side);
        let now = side.now();
        self.refused.retain(|_, until| *until > now);
        let mut streams: Vec<StreamKey> = Vec::new();
        streams.extend(self.puller.asks().iter().map(|ask| ask.stream.clone()));
        streams.dedup();
        streams.retain(|stream| !self.refused.contains_key(stream));
        let mut round = Round::Done;
        for stream in streams {
            if side.is_stopped() {
                return Round::End;
            }
            match self.stretch(side, &stream, &due) {
                Err(()) => return Round::End,
                Ok(None) => continue,
                Ok(Some(slices)) => match self.pull(side, api, &stream, slices) {
                    Round::More => round = Round::More,
                    Round::Done => {}
                    other => return other,
                },
            }
        }
        if round == Round::Done {
            round = self.again(side, api);
            if !matches!(round, Round::Done | Round::More) {
                return round;
            }
        }
        self.away = AWAY_AGAIN;
        if self.refused.is_empty() && self.troubled.take().is_some() {
            side.trouble(self.note());
        }
        round
    }

    /// Finds out how far the queries of the API are behind its clock: a minute that is asked for too early would be counted
    /// without its end, or not at all. What it refuses to say is taken to be as usual.
    fn ask_delay(&mut self, side: &dyn Side, api: &dyn Api) -> Option<Round> {
        if !std::mem::take(&mut self.asks_delay) {
            return None;
        }
        match api.held_back() {
            Ok(held_back) => self.lateness.met(held_back.unwrap_or_default()),
            Err(Trouble::Away(why)) => return Some(self.away(side, why)),
            Err(_) => self.lateness.met(Duration::ZERO),
        }
        None
    }

    /// Watches how late samples come, and says what that means once it is known.
    fn watch(&mut self, side: &dyn Side, api: &dyn Api) {
        // What is waited for meanwhile proves nothing.
        let enough = self.written.unwrap_or_else(|| self.lateness.delay());
        self.lateness.step(api, side.now(), enough);
        if !self.lateness.is_settled() {
            return;
        }
        let Some(written) = self.written else {
            let delay = self.lateness.delay();
            if self.said_delay.replace(delay) != Some(delay) {
                side.delay(delay);
            }
            return;
        };
        let why = self.too_short(written);
        if self.said_late != why {
            self.said_late.clone_from(&why);
            side.late(why);
        }
    }

    /// That what somebody wrote is too short, which stays as it is: they may know why.
    fn too_short(&self, written: Duration) -> Option<String> {
        let held_back = self.lateness.held_back;
        let (what, behind) = match self.lateness.worst() {
            Some((metric, behind)) if behind > held_back => (
                format!(
                    "samples of `{metric}` take {} to arrive",
                    number::about(behind)
                ),
                behind,
            ),
            _ => (
                format!(
                    "its queries see nothing younger than {}",
                    number::about(held_back)
                ),
                held_back,
            ),
        };
        // A second is how well clocks can be compared.
        (behind > written.saturating_add(Duration::from_secs(1))).then(|| {
            format!(
                "{what}, `delay` is {}: what arrives later counts minutes later, or never; write `delay: {}s`",
                number::about(written),
                self.lateness.delay().as_secs()
            )
        })
    }

    /// How long after its end a slice is asked for.
    fn delay(&self) -> Duration {
        let measured = || self.lateness.delay().max(self.lateness.meanwhile());
        self.written.unwrap_or_else(measured)
    }

    /// Nobody is there: whoever is there afterwards is asked anew.
    fn away(&mut self, side: &dyn Side, why: String) -> Round {
        let wait = self.away;
        self.away = (self.away * 2).min(AWAY_AGAIN_AT_MOST);
        self.asks_delay = true;
        self.later(side, why, wait)
    }

    fn pull(
        &mut self,
        side: &dyn Side,
        api: &dyn Api,
        stream: &StreamKey,
        slices: Range<i64>,
    ) -> Round {
        match self.puller.pull(api, stream, slices.clone()) {
            Ok(Some(pulled)) => {
                self.at_a_stretch = (self.at_a_stretch * 2).min(SLICES_AT_ONCE);
                let now = self.minute(side);
                let noted = (self.again).note(&self.puller, stream, slices, &pulled, now);
                match side.deliver(pulled.delivery) {
                    Ok(()) => {
                        noted.into_iter().for_each(|noted| self.again.given(noted));
                        if pulled.unborn > 0 {
                            side.uncertain(pulled.unborn);
                        }
                        Round::More
                    }
                    Err(refused) => self.later(side, refused, AWAY_AGAIN),
                }
            }
            Ok(None) => Round::Done,
            Err(Trouble::TooMuch(_)) if self.at_once > 1 => {
                self.at_once /= 2;
                Round::More
            }
            Err(Trouble::Away(why)) => {
                self.at_a_stretch = (self.at_a_stretch / 2).max(1);
                self.away(side, why)
            }
            Err(Trouble::Refused(why) | Trouble::Denied(why) | Trouble::TooMuch(why)) => {
                let again = SignedDuration::try_from(REFUSED_AGAIN).unwrap_or_default();
                let until = side.now().saturating_add(again).unwrap_or(Timestamp::MAX);
                self.refused.insert(stream.clone(), until);
                self.say(side, why);
                Round::Done
            }
        }
    }

    /// Asks once more for minutes of one stream that are settled, and delivers what came meanwhile.
    fn again(&mut self, side: &dyn Side, api: &dyn Api) -> Round {
        let Some((stream, slices)) = self.again.due(self.minute(side)) else {
            return Round::Done;
        };
        match self.puller.pull(api, &stream, slices.clone()) {
            Ok(Some(pulled)) => {
                let excess = self.again.excess(&self.puller, &stream, &slices, pulled);
                // What cannot be kept is lost to this second look alone, and the disk is somebody's trouble already.
                let _ = excess.map_or(Ok(()), |excess| side.deliver(excess));
            }
            Err(Trouble::Away(why)) => return self.away(side, why),
            Ok(None) | Err(_) => {}
        }
        self.again.done(&stream, &slices);
        Round::More
    }

    /// The minute that is not over yet.
    fn minute(&self, side: &dyn Side) -> i64 {
        self.puller.slice_of(side.now())
    }

    /// The slices that ought to be there by now.
    fn due(&self, side: &dyn Side) -> Range<i64> {
        let delay = i64::try_from(self.delay().as_millis()).unwrap_or(0);
        let length = i64::try_from(SLICE.as_millis()).unwrap_or(60_000);
        let now = side.now().as_millisecond().saturating_sub(delay);
        let end = now.div_euclid(length);
        end.saturating_sub(self.slices_back).max(0)..end.max(0)
    }

    /// The newest stretch of a stream that is missing.
    fn stretch(
        &self,
        side: &dyn Side,
        stream: &StreamKey,
        due: &Range<i64>,
    ) -> Result<Option<Range<i64>>, ()> {
        let wanted = side.wanted(position(due.start)..position(due.end))?;
        let newest = wanted
            .iter()
            .rev()
            .find(|wanted| wanted.streams.contains(stream));
        Ok(newest.map(|wanted| {
            let slice = |position| i64::try_from(position).unwrap_or(i64::MAX);
            let (start, end) = (slice(wanted.range.start), slice(wanted.range.end));
            start.max(end - self.at_once.min(self.at_a_stretch))..end
        }))
    }

    fn later(&mut self, side: &dyn Side, why: String, wait: Duration) -> Round {
        self.say(side, why);
        Round::Later(wait)
    }

    fn say(&mut self, side: &dyn Side, why: String) {
        if self.troubled.as_ref() != Some(&why) {
            self.troubled = Some(why.clone());
            side.trouble(Some(why));
        }
    }
}

/// As far back as the longest window of a catalogue reaches, and a day for what is compared with the day before.
fn slices_back(catalogue: &Catalogue) -> i64 {
    const DAY: u64 = 86_400;
    let seconds = |window: &Window| match window {
        Window::Rolling(length) => length.as_secs(),
        Window::Calendar(CalendarPeriod::Week, _) => 7 * DAY,
        Window::Calendar(CalendarPeriod::Month, _) => 31 * DAY,
        Window::Calendar(CalendarPeriod::Quarter, _) => 92 * DAY,
        Window::Calendar(CalendarPeriod::Year, _) => 366 * DAY,
    };
    let longest = catalogue
        .slos
        .values()
        .map(|slo| seconds(&slo.window))
        .max();
    let seconds = longest.unwrap_or(0).saturating_add(DAY);
    i64::try_from(seconds / SLICE.as_secs()).unwrap_or(i64::MAX / 2)
}

fn position(slice: i64) -> u64 {
    u64::try_from(slice).unwrap_or(0)
}
