//! What a question reads, beside the core's thread: a copy of what is in no page yet, and the pages of the folder as they
//! were when it was copied.
//!
//! Whoever writes waits for the copy alone, which is minutes of a few streams; months of pages are read by somebody else.

use std::collections::BTreeSet;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use attain_engine::{Counts, Ledger, Shelved};
use attain_model::facts::Damage;
use attain_model::{SourceNames, StreamKey};
use attain_store::{Access, Error, Store};
use tokio::sync::oneshot;

use crate::shelf::Pages;

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

/// The thread that reads pages, one piece after the other.
///
/// One thread and no pool: each would keep the memory of the largest piece that it ever read.
pub(super) struct Reading {
    pieces: mpsc::Sender<Box<dyn FnOnce() + Send>>,
}

impl Reading {
    /// Starts it; it ends when this is let go.
    pub(super) fn start() -> io::Result<Self> {
        let (pieces, waiting) = mpsc::channel::<Box<dyn FnOnce() + Send>>();
        let thread = thread::Builder::new().name("attain-reading".to_owned());
        thread.spawn(move || {
            for piece in waiting {
                // What a piece dies of is its own.
                let _ = catch_unwind(AssertUnwindSafe(piece));
            }
        })?;
        Ok(Self { pieces })
    }

    /// What a piece of work comes to; `None` if it died, or the thread has ended.
    pub(super) async fn of<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let piece = move || {
            // Whoever has gone away is not worked for.
            if !answer.is_closed() {
                let _ = answer.send(work());
            }
        };
        self.pieces.send(Box::new(piece)).ok()?;
        answered.await.ok()
    }
}

/// What of some streams is in no page, and which pages hold the rest.
pub(crate) struct Unpaged {
    pub(crate) ledger: Ledger,
    pub(crate) damage: Vec<Damage>,
    pub(crate) folder: PathBuf,
    /// What sources are called today.
    pub(crate) names: SourceNames,
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
            store: &store,
            damage: &self.damage,
            names: &self.names,
            why: Error::to_string,
        };
        Ok(work(&Shelved::new(&self.ledger, &pages)))
    }
}
