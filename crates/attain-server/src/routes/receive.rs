//! A request with telemetry, from its first byte to its answer: token, size, room, intake, queue, disk.
//!
//! Knows nothing of what the bytes mean: that is given to it. Overload is 503 with Retry-After and never 429, which common
//! senders take for "drop it".

use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};

use attain_model::live::LiveBatch;
use attain_sources::live::{Intake, Outcome};
use attain_wire::WireError;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use tokio::sync::mpsc::OwnedPermit;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::app::{App, ROOM_UNIT};
use crate::gate::{Closed, Gate, Way};
use crate::job::{Job, NotKept};

/// Why a request is not taken.
#[derive(Debug)]
pub(super) enum Refusal {
    /// No source, no token, another name.
    Closed(Closed),
    /// Larger than this many bytes.
    TooLarge(usize),
    /// It did not arrive in time, or broke off.
    Broke(String),
    /// It cannot be read as what it says it is.
    Wire(WireError),
    /// The same, before anything was decoded.
    Unreadable(String),
    /// No room at the moment, or no disk: the same again a little later.
    Busy(String),
    /// A bug of ours.
    Bug,
}

impl Refusal {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Refusal::Closed(Closed::NoSource | Closed::NoSuchSource(_)) => StatusCode::NOT_FOUND,
            Refusal::Closed(Closed::WhichSource(_)) => StatusCode::BAD_REQUEST,
            Refusal::Closed(Closed::Token) => StatusCode::UNAUTHORIZED,
            Refusal::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::Broke(_) => StatusCode::REQUEST_TIMEOUT,
            Refusal::Wire(WireError::TooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::Wire(_) | Refusal::Unreadable(_) => StatusCode::BAD_REQUEST,
            Refusal::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Bug => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What is wrong and what to do about it.
    pub(super) fn says(&self, way: Way) -> String {
        match self {
            Refusal::Closed(Closed::NoSource) => {
                let kind = match way {
                    Way::RemoteWrite => "remote_write",
                    Way::Otlp => "otlp",
                    Way::Scrape => "scrape",
                };
                format!(
                    "no source of the catalogue is sent this way; add one: sources: {{NAME: {{{kind}: {{}}}}}}"
                )
            }
            Refusal::Closed(Closed::NoSuchSource(source)) => {
                format!("no source of the catalogue that is sent this way is called `{source}`")
            }
            Refusal::Closed(Closed::WhichSource(sources)) => {
                let names: Vec<&str> = sources.iter().map(|source| source.as_str()).collect();
                format!(
                    "several sources of the catalogue are sent this way ({}): name one at the end of the path",
                    names.join(", ")
                )
            }
            Refusal::Closed(Closed::Token) => {
                "the source asks for a bearer token, and this is not it".to_owned()
            }
            Refusal::TooLarge(limit) => {
                format!("larger than {limit} bytes: send less at once")
            }
            Refusal::Broke(why) => why.clone(),
            Refusal::Wire(error) => error.to_string(),
            Refusal::Unreadable(why) => why.clone(),
            Refusal::Busy(why) => format!("not kept: {why}; send it again"),
            Refusal::Bug => "this request broke something in attain; it is not kept".to_owned(),
        }
    }
}

/// Unpacks gzip, taking room as it grows.
pub(super) async fn gunzip(app: &Arc<App>, mut sent: Sent, limit: usize) -> Result<Sent, Refusal> {
    const STEP: usize = 256 << 10;
    let app = Arc::clone(app);
    let work = tokio::task::spawn_blocking(move || {
        let packed = std::mem::take(&mut sent.body);
        let mut unpacked = Vec::new();
        let mut reader = flate2::read::MultiGzDecoder::new(packed.as_slice());
        loop {
            sent.take_room(&app, STEP)?;
            let before = unpacked.len();
            let read = (&mut reader).take(STEP as u64).read_to_end(&mut unpacked);
            read.map_err(|error| Refusal::Unreadable(format!("the body is no gzip: {error}")))?;
            if unpacked.len() > limit {
                return Err(Refusal::TooLarge(limit));
            }
            if unpacked.len() - before < STEP {
                sent.body = unpacked;
                return Ok(sent);
            }
        }
    });
    work.await.map_err(|_| Refusal::Bug)?
}

/// What was sent, and the room that it takes.
pub(super) struct Sent {
    pub(super) body: Vec<u8>,
    room: Vec<OwnedSemaphorePermit>,
}

/// Finds the source and reads the body.
pub(super) async fn read(
    app: &Arc<App>,
    way: Way,
    named: Option<&str>,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Arc<Gate>, Sent), Refusal> {
    let gate = app
        .gates
        .gate(way, named, bearer(headers))
        .map_err(Refusal::Closed)?;
    let limit = app.limits.body_bytes;
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|declared| declared > limit) {
        return Err(Refusal::TooLarge(limit));
    }
    let mut sent = Sent {
        body: Vec::new(),
        room: Vec::new(),
    };
    let arrival = app.limits.arrival;
    tokio::time::timeout(arrival, sent.fill(app, body, limit))
        .await
        .map_err(|_| Refusal::Broke(format!("it took longer than {} s", arrival.as_secs())))??;
    Ok((gate, sent))
}

impl Sent {
    /// Takes room for so many bytes more, until the request is answered.
    pub(super) fn take_room(&mut self, app: &App, bytes: usize) -> Result<(), Refusal> {
        let permits = u32::try_from(bytes.div_ceil(ROOM_UNIT)).unwrap_or(u32::MAX);
        let room = Arc::clone(&app.room).try_acquire_many_owned(permits);
        let room = room.map_err(|_| {
            app.counters.shed.fetch_add(1, Ordering::Relaxed);
            Refusal::Busy("too much is under way".to_owned())
        })?;
        self.room.push(room);
        Ok(())
    }

    async fn fill(&mut self, app: &App, mut body: Body, limit: usize) -> Result<(), Refusal> {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Refusal::Broke(format!("it broke off: {error}")))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if self.body.len() + data.len() > limit {
                return Err(Refusal::TooLarge(limit));
            }
            self.take_room(app, data.len())?;
            self.body.extend_from_slice(&data);
        }
        Ok(())
    }
}

/// What a body becomes outside of any lock, e.g. unpacked.
type Prepare = fn(Vec<u8>) -> Result<Vec<u8>, WireError>;
/// What an intake makes of it.
type Match = fn(&mut Intake, &[u8], Timestamp) -> Result<(LiveBatch, Outcome), WireError>;

/// What is worth a thread of its own: what is smaller is matched sooner than handed over.
const AT_ONCE_BYTES: usize = 512 << 10;

/// Decodes, matches, and waits until it is on disk. `weight` is how many bytes are walked, about.
pub(super) async fn keep(
    app: &Arc<App>,
    gate: Arc<Gate>,
    sent: Sent,
    weight: usize,
    prepare: Prepare,
    matched: Match,
) -> Result<Outcome, Refusal> {
    // A place in the queue before anything is matched: what is matched must be kept, or told again.
    let place = app.jobs.clone().try_reserve_owned().map_err(|_| {
        app.counters.shed.fetch_add(1, Ordering::Relaxed);
        Refusal::Busy("too many requests wait".to_owned())
    })?;
    let (answer, kept) = oneshot::channel();
    let work = Work {
        gate,
        sent,
        arrived: app.clock.now(),
        place,
        answer,
        prepare,
        matched,
    };
    let (outcome, is_kept) = work.done(weight).await?;
    if is_kept {
        kept.await
            .map_err(|_| Refusal::Busy("the server is stopping".to_owned()))?
            .map_err(|NotKept(why)| Refusal::Busy(why))?;
    }
    Ok(outcome)
}

/// What is to be matched and queued.
struct Work {
    gate: Arc<Gate>,
    sent: Sent,
    arrived: Timestamp,
    place: OwnedPermit<Job>,
    answer: oneshot::Sender<Result<(), NotKept>>,
    prepare: Prepare,
    matched: Match,
}

impl Work {
    /// What became of it, and whether there is anything to be kept.
    async fn done(self, weight: usize) -> Result<(Outcome, bool), Refusal> {
        let gate = Arc::clone(&self.gate);
        // Here only if nobody is at the gate: to wait for it would keep others waiting who are not for it.
        if weight <= AT_ONCE_BYTES
            && let Some(intake) = gate.free()
        {
            // A bug must not end more than this request, as on a thread of its own.
            let at_once = AssertUnwindSafe(|| self.run(Some(intake)));
            let ran = catch_unwind(at_once).map_err(|_| Refusal::Bug)?;
            return ran.map_err(Refusal::Wire);
        }
        tokio::task::spawn_blocking(move || self.run(None))
            .await
            .map_err(|_| Refusal::Bug)?
            .map_err(Refusal::Wire)
    }

    fn run(self, intake: Option<MutexGuard<'_, Intake>>) -> Result<(Outcome, bool), WireError> {
        let body = (self.prepare)(self.sent.body)?;
        let gate = &self.gate;
        let mut intake = intake.unwrap_or_else(|| gate.entry());
        let (batch, outcome) = (self.matched)(&mut intake, &body, self.arrived)?;
        gate.note(&intake, &outcome);
        let is_kept =
            !batch.is_empty() || batch.newest_ms.is_some_and(|newest| gate.is_news(newest));
        if is_kept {
            if let Some(newest) = batch.newest_ms {
                gate.heard(newest);
            }
            // Invariant: in the queue before the intake is free, so that series are told before their samples.
            self.place.send(Job::Live {
                batch,
                answer: self.answer,
                room: self.sent.room,
            });
        }
        drop(intake);
        Ok((outcome, is_kept))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
