//! The pages of a data folder as the shelf of a ledger: whoever judges reads of them what the ledger has handed over. Knows
//! what stands for a stream that cannot be read.

use attain_engine::{Cuts, Shelf};
use attain_model::facts::{Damage, StreamFacts};
use attain_model::{Interval, StreamKey};
use attain_store::{Error, Store};

/// See the module.
pub struct Pages<'f> {
    /// The folder.
    pub store: &'f Store,
    /// What of it is known to be missing.
    pub damage: &'f [Damage],
    /// How it is said that a stream cannot be read.
    pub why: fn(&Error) -> String,
}

impl Pages<'_> {
    /// What was read, or that all of the stream is missing.
    fn or_unread(
        &self,
        stream: &StreamKey,
        read: Result<(StreamFacts, Vec<Damage>), Error>,
    ) -> (StreamFacts, Vec<Damage>) {
        read.unwrap_or_else(|error| {
            let damage = Damage::of_stream(stream, (self.why)(&error));
            (StreamFacts::default(), vec![damage])
        })
    }
}

impl Shelf for Pages<'_> {
    fn stream(&self, stream: &StreamKey) -> (StreamFacts, Vec<Damage>) {
        self.or_unread(stream, self.store.stream(stream))
    }

    fn stream_within(&self, stream: &StreamKey, interval: Interval) -> (StreamFacts, Vec<Damage>) {
        self.or_unread(stream, self.store.stream_within(stream, interval))
    }

    fn stream_cut(&self, stream: &StreamKey, cuts: &Cuts) -> StreamFacts {
        let read = self.store.stream_cut(stream, cuts.slices());
        self.or_unread(stream, read).0
    }

    fn damage(&self) -> Vec<Damage> {
        self.damage.to_vec()
    }
}
