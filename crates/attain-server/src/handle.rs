//! The core, for threads that fetch telemetry themselves: files that grow, targets that are scraped, APIs that are pulled.
//!
//! Every call waits until its work is done. Knows nothing of what is fetched.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use attain_engine::Wanted;
use attain_model::delivery::Delivery;
use attain_model::live::LiveBatch;
use attain_model::{Promises, SourceId};
use attain_sources::live::{Intake, Outcome};
use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::app::App;
use crate::bell::Bell;
use crate::fetch::Looked;
use crate::gate::Beside;
use crate::job::{Job, NotKept};
use crate::kept::Taken;

/// What a thread that fetches telemetry talks to. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    app: Arc<App>,
}

/// What was delivered is not kept: say it again later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not kept: {0}")]
pub struct Refused(pub String);

impl Handle {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self { app }
    }

    /// Keeps a delivery: durable and counted on return.
    ///
    /// # Errors
    /// The disk, or the server is stopping.
    pub fn deliver(&self, delivery: Delivery) -> Result<(), Refused> {
        let (answer, kept) = oneshot::channel();
        let delivery = Box::new(delivery);
        self.ask(Job::Read { delivery, answer }, kept)?
            .map_err(|NotKept(why)| Refused(why))
    }

    /// What of an origin is still to be delivered, and for which streams.
    ///
    /// # Errors
    /// The server is stopping.
    pub fn wanted(
        &self,
        source: &SourceId,
        origin: &str,
        range: Range<u64>,
    ) -> Result<Vec<Wanted>, Refused> {
        let (answer, wanted) = oneshot::channel();
        let (source, origin) = (source.clone(), origin.to_owned());
        self.ask(
            Job::Wanted {
                source,
                origin,
                range,
                answer,
            },
            wanted,
        )
    }

    /// From where files are read on.
    ///
    /// # Errors
    /// The server is stopping.
    pub fn taken(&self) -> Result<Taken, Refused> {
        let (answer, taken) = oneshot::channel();
        self.ask(Job::Taken(answer), taken)
    }

    /// Matches what was fetched of a source with its intake, and keeps it: durable on return. `false` if the source is not
    /// in the catalogue any more.
    ///
    /// # Errors
    /// The disk, or the server is stopping.
    pub fn live(
        &self,
        source: &SourceId,
        matched: impl FnOnce(&mut Intake) -> (LiveBatch, Outcome),
    ) -> Result<bool, Refused> {
        let Some(gate) = self.app.gates.open().get(source).cloned() else {
            return Ok(false);
        };
        // Invariant: a place in the queue first, then the intake, and both until the batch is in the queue.
        let place = self.app.runtime.block_on(self.app.jobs.reserve());
        let place = place.map_err(|_| stopping())?;
        let (answer, kept) = oneshot::channel();
        {
            let mut intake = gate.entry();
            let (batch, outcome) = matched(&mut intake);
            gate.note(&intake, &outcome);
            place.send(Job::Live {
                batch,
                answer,
                room: Vec::new(),
            });
        }
        let kept = kept.blocking_recv().map_err(|_| stopping())?;
        kept.map(|()| true).map_err(|NotKept(why)| Refused(why))
    }

    /// Says why a source cannot be read at the moment, or that it can.
    pub fn trouble(&self, source: &SourceId, why: Option<String>) {
        let _ = self
            .app
            .jobs
            .blocking_send(Job::Trouble(source.clone(), why));
    }

    /// Says how long a source needs until all of a minute can be seen, where nobody wrote that down.
    pub fn delay(&self, source: &SourceId, delay: Duration) {
        let _ = self
            .app
            .jobs
            .blocking_send(Job::Delay(source.clone(), delay));
    }

    /// Says that the `delay` that somebody wrote for a source is too short, or that it is not.
    pub(crate) fn late(&self, source: &SourceId, why: Option<String>) {
        let _ = self.app.jobs.blocking_send(Job::Late(source.clone(), why));
    }

    /// Says that so many events at most are missing of what was delivered: nobody saw where their counters began.
    pub fn uncertain(&self, events: u64) {
        let _ = self.app.jobs.blocking_send(Job::Uncertain(events));
    }

    /// The time, as far as it is believed.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.app.clock.now()
    }

    /// The promises in force.
    #[must_use]
    pub fn promises(&self) -> Arc<Promises> {
        Arc::clone(&self.app.published.borrow().promises)
    }

    /// Rings when other promises are in force, and when the core has ended.
    pub(crate) fn bell(&self) -> Arc<Bell> {
        Arc::clone(&self.app.bell)
    }

    /// What an API that is pulled has of what these promises want of it.
    pub(crate) fn looked(&self, source: &SourceId, promises: &Arc<Promises>, looked: Vec<Looked>) {
        let fitting = &self.app.gates.fitting;
        fitting.looked(source, promises, looked);
    }

    pub(crate) fn beside(&self) -> Arc<Beside> {
        self.app.gates.beside()
    }

    /// Whether the core has ended: nothing can be asked of it any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.app.jobs.is_closed()
    }

    fn ask<T>(&self, job: Job, answer: oneshot::Receiver<T>) -> Result<T, Refused> {
        self.app.jobs.blocking_send(job).map_err(|_| stopping())?;
        answer.blocking_recv().map_err(|_| stopping())
    }
}

fn stopping() -> Refused {
    Refused("the server is stopping".to_owned())
}
