//! What a question reads, beside the core's thread: a copy of what is in no page yet, and the pages of the folder as they
//! were when it was copied.
//!
//! Whoever writes waits for the copy alone, which is minutes of a few streams; months of pages are read by somebody else.

use std::collections::BTreeSet;
use std::path::PathBuf;

use attain_engine::{Counts, Ledger, Shelf, Shelved};
use attain_model::facts::{Damage, StreamFacts};
use attain_model::{Interval, StreamKey};
use attain_store::{Access, Store};
use tokio::sync::oneshot;

use crate::kept::unread;

/// A question to the core: a copy of what it holds of these streams.
pub(crate) struct Question {
    pub(super) streams: BTreeSet<StreamKey>,
    pub(super) answer: oneshot::Sender<Unpaged>,
}

impl Question {
    /// Answers, unless whoever asked has gone away.
    pub(crate) fn answer(self, copy: impl FnOnce(&BTreeSet<StreamKey>) -> Unpaged) {
        if !self.answer.is_closed() {
            let _ = self.answer.send(copy(&self.streams));
        }
    }
}

/// What of some streams is in no page, and which pages hold the rest.
pub(crate) struct Unpaged {
    pub(crate) ledger: Ledger,
    pub(crate) damage: Vec<Damage>,
    pub(crate) folder: PathBuf,
    /// The folder's when this was copied.
    pub(crate) generation: u64,
}

/// Why counts could not be read.
pub(super) enum Unread<W> {
    /// Pages were written since the copy was made: what to do, with another copy.
    Moved(W),
    /// The folder cannot be read.
    Failed,
}

impl Unpaged {
    /// Does something with the counts. Blocks for as long as that takes.
    pub(super) fn with<T, W: FnOnce(&dyn Counts) -> T>(self, work: W) -> Result<T, Unread<W>> {
        let store = Store::open(&self.folder, Access::Read).map_err(|_| Unread::Failed)?;
        // Invariant: what is in a page is in no copy: a sealing between the two would count twice.
        if store.generation() != self.generation {
            return Err(Unread::Moved(work));
        }
        let pages = Pages {
            store,
            damage: self.damage,
        };
        Ok(work(&Shelved::new(&self.ledger, &pages)))
    }
}

/// The pages of a folder, in one state.
struct Pages {
    store: Store,
    damage: Vec<Damage>,
}

impl Shelf for Pages {
    fn stream(&self, stream: &StreamKey) -> (StreamFacts, Vec<Damage>) {
        let read = self.store.stream(stream);
        read.unwrap_or_else(|error| unread(stream, &error))
    }

    fn stream_within(&self, stream: &StreamKey, interval: Interval) -> (StreamFacts, Vec<Damage>) {
        let read = self.store.stream_within(stream, interval);
        read.unwrap_or_else(|error| unread(stream, &error))
    }

    fn damage(&self) -> Vec<Damage> {
        self.damage.clone()
    }
}
