//! What the core can be asked to do, and where it is asked. Knows the questions; knows nothing of how they are answered.

use std::ops::Range;
use std::time::Duration;

use attain_engine::Wanted;
use attain_model::SourceId;
use attain_model::delivery::Delivery;
use attain_model::live::LiveBatch;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::asked::Question;
use crate::kept::Taken;
use crate::loaded::Loaded;

/// What the core is asked to do.
pub(crate) enum Job {
    /// Keep what arrived.
    Live {
        batch: LiveBatch,
        answer: oneshot::Sender<Result<(), NotKept>>,
        /// The room that it takes.
        room: Vec<OwnedSemaphorePermit>,
    },
    /// Keep what was read of a file.
    Read {
        delivery: Box<Delivery>,
        answer: oneshot::Sender<Result<(), NotKept>>,
    },
    /// Say what was taken of each origin so far.
    Taken(oneshot::Sender<Taken>),
    /// Say what of an origin is still to be delivered.
    Wanted {
        source: SourceId,
        origin: String,
        range: Range<u64>,
        answer: oneshot::Sender<Vec<Wanted>>,
    },
    /// Put another catalogue in force, or say why that is not done. The answer is whether that is settled.
    Catalogue(Result<Box<Loaded>, String>, oneshot::Sender<bool>),
    /// A source cannot be read, or can be again.
    Trouble(SourceId, Option<String>),
    /// A source that is pulled needs so long until all of a minute can be seen.
    Delay(SourceId, Duration),
    /// The `delay` that somebody wrote for one is too short, or long enough.
    Late(SourceId, Option<String>),
    /// So many events at most are missing, as nobody saw where their counters began.
    Uncertain(u64),
    /// Seal and end.
    Stop(oneshot::Sender<Result<(), String>>),
}

/// Nothing of it is kept: say it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotKept(pub(crate) String);

/// Where the core is asked.
pub(crate) struct Inbox {
    pub(crate) jobs: mpsc::Receiver<Job>,
    pub(crate) questions: mpsc::Receiver<Question>,
}
