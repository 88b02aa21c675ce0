//! Pulling one API: the newest slices first, then backwards until every window is filled, and after an outage what is
//! missing. Knows what the ledger wants and when to ask again; what is asked is attain_sources::pull's.

use std::ops::Range;
use std::time::Duration;

use attain_model::policy::Secret;
use attain_model::quantity::{CalendarPeriod, Window};
use attain_model::{Catalogue, StreamKey};
use attain_sources::pull::{HttpApi, ORIGIN, Puller, SLICES_AT_ONCE, Trouble};

use super::Fetcher;
use crate::gate::{Beside, token_of};

/// Slices are a minute: what a Prometheus-compatible system is usually scraped by fits into it several times.
const SLICE: Duration = Duration::from_secs(60);

/// A question that was refused is asked again after this: somebody may have mended something.
const REFUSED_AGAIN: Duration = Duration::from_secs(300);

/// An API that is away is asked again after this, and twice as long each time.
const AWAY_AGAIN: Duration = Duration::from_secs(1);
const AWAY_AGAIN_AT_MOST: Duration = Duration::from_secs(30);

/// How the API is reached.
pub(super) struct Asked {
    pub(super) url: String,
    pub(super) tenant: Option<String>,
    pub(super) bearer: Option<Secret>,
}

/// What one round came to.
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
pub(super) fn run(fetcher: &Fetcher, asked: &Asked) {
    let promises = fetcher.handle.promises();
    let mut pulling = Pulling {
        puller: Puller::new(
            promises.catalogue(),
            &fetcher.source,
            &fetcher.handle.beside().customers,
            SLICE,
        ),
        slices_back: slices_back(promises.catalogue()),
        at_once: SLICES_AT_ONCE,
        away: AWAY_AGAIN,
        troubled: None,
    };
    if let Some(note) = pulling.puller.notes().first() {
        fetcher
            .handle
            .trouble(&fetcher.source.id, Some(note.clone()));
    }
    while !fetcher.is_stopped() {
        match pulling.round(fetcher, asked) {
            Round::More => {}
            Round::Done => fetcher.wait(Duration::from_secs(1)),
            Round::Later(time) => fetcher.wait(time),
            Round::End => return,
        }
    }
}

struct Pulling {
    puller: Puller,
    /// As far back as the longest window reaches.
    slices_back: i64,
    /// Slices in one question: fewer where answers were too large.
    at_once: i64,
    /// How long to wait the next time that it is away.
    away: Duration,
    troubled: Option<String>,
}

impl Pulling {
    /// Pulls the newest stretch of each stream that is missing.
    fn round(&mut self, fetcher: &Fetcher, asked: &Asked) -> Round {
        let api = match reached(asked, &fetcher.handle.beside()) {
            Ok(api) => api,
            Err(why) => return self.later(fetcher, why, REFUSED_AGAIN),
        };
        let due = self.due(fetcher);
        let mut streams: Vec<StreamKey> = Vec::new();
        streams.extend(self.puller.asks().iter().map(|ask| ask.stream.clone()));
        streams.dedup();
        let mut round = Round::Done;
        for stream in streams {
            if fetcher.is_stopped() {
                return Round::End;
            }
            match self.stretch(fetcher, &stream, &due) {
                Err(()) => return Round::End,
                Ok(None) => continue,
                Ok(Some(slices)) => match self.pull(fetcher, &api, &stream, slices) {
                    Round::More => round = Round::More,
                    other => return other,
                },
            }
        }
        if matches!(round, Round::Done | Round::More) {
            self.well(fetcher);
        }
        round
    }

    fn pull(
        &mut self,
        fetcher: &Fetcher,
        api: &HttpApi,
        stream: &StreamKey,
        slices: Range<i64>,
    ) -> Round {
        match self.puller.pull(api, stream, slices) {
            Ok(Some(pulled)) => match fetcher.handle.deliver(pulled.delivery) {
                Ok(()) => Round::More,
                Err(refused) => self.later(fetcher, refused.to_string(), AWAY_AGAIN),
            },
            Ok(None) => Round::Done,
            Err(Trouble::TooMuch(_)) if self.at_once > 1 => {
                self.at_once /= 2;
                Round::More
            }
            Err(Trouble::Away(why)) => {
                let wait = self.away;
                self.away = (self.away * 2).min(AWAY_AGAIN_AT_MOST);
                self.later(fetcher, why, wait)
            }
            Err(Trouble::Refused(why) | Trouble::TooMuch(why)) => {
                self.later(fetcher, why, REFUSED_AGAIN)
            }
        }
    }

    /// The slices that ought to be there by now.
    fn due(&self, fetcher: &Fetcher) -> Range<i64> {
        let delay = i64::try_from(fetcher.source.delay.as_millis()).unwrap_or(0);
        let length = i64::try_from(SLICE.as_millis()).unwrap_or(60_000);
        let now = fetcher.handle.now().as_millisecond().saturating_sub(delay);
        let end = now.div_euclid(length);
        end.saturating_sub(self.slices_back).max(0)..end.max(0)
    }

    /// The newest stretch of a stream that is missing.
    fn stretch(
        &self,
        fetcher: &Fetcher,
        stream: &StreamKey,
        due: &Range<i64>,
    ) -> Result<Option<Range<i64>>, ()> {
        let range = position(due.start)..position(due.end);
        let wanted = fetcher.handle.wanted(&fetcher.source.id, ORIGIN, range);
        let wanted = wanted.map_err(|_| ())?;
        let newest = wanted
            .iter()
            .rev()
            .find(|wanted| wanted.streams.contains(stream));
        Ok(newest.map(|wanted| {
            let slice = |position| i64::try_from(position).unwrap_or(i64::MAX);
            let (start, end) = (slice(wanted.range.start), slice(wanted.range.end));
            start.max(end - self.at_once)..end
        }))
    }

    fn later(&mut self, fetcher: &Fetcher, why: String, wait: Duration) -> Round {
        if self.troubled.as_ref() != Some(&why) {
            self.troubled = Some(why.clone());
            fetcher.handle.trouble(&fetcher.source.id, Some(why));
        }
        Round::Later(wait)
    }

    fn well(&mut self, fetcher: &Fetcher) {
        self.away = AWAY_AGAIN;
        if self.troubled.take().is_some() {
            let note = self.puller.notes().first().cloned();
            fetcher.handle.trouble(&fetcher.source.id, note);
        }
    }
}

/// The API, with what it must be told.
fn reached(asked: &Asked, beside: &Beside) -> Result<HttpApi, String> {
    let mut api = HttpApi::new(&asked.url, None);
    if let Some(tenant) = &asked.tenant {
        api = api.with_header("X-Scope-OrgID", tenant);
    }
    if let Some(bearer) = &asked.bearer {
        let token = token_of(bearer, &beside.base)?;
        api = api.with_header("Authorization", &format!("Bearer {token}"));
    }
    Ok(api)
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
