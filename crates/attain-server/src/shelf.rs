//! The pages of a data folder as the shelf of a ledger: whoever judges reads of them what the ledger has handed over. Knows
//! what stands for a stream that cannot be read.

use attain_engine::{Cuts, Shelf};
use attain_model::facts::{Damage, StreamFacts};
use attain_model::{Interval, SourceNames, StreamKey};
use attain_store::{Error, Store};

/// See the module.
pub struct Pages<'f> {
    /// The folder.
    pub store: &'f Store,
    /// What of it is known to be missing.
    pub damage: &'f [Damage],
    /// What sources are called today.
    pub names: &'f SourceNames,
    /// How it is said that a stream cannot be read.
    pub why: fn(&Error) -> String,
}

impl Pages<'_> {
    /// What was read, or that all of the stream is missing.
    fn or_unread(
        &self,
        stream: &StreamKey,
        read: impl Fn(&StreamKey) -> Result<(StreamFacts, Vec<Damage>), Error>,
    ) -> (StreamFacts, Vec<Damage>) {
        let read = |key: &StreamKey| {
            read(key).unwrap_or_else(|error| {
                let damage = Damage::of_stream(key, (self.why)(&error));
                (StreamFacts::default(), vec![damage])
            })
        };
        if self.names.is_empty() {
            return read(stream);
        }
        // What was counted under an earlier name of its sources is its own.
        let (mut facts, mut damage) = (StreamFacts::default(), Vec::new());
        for (key, _) in self.store.streams() {
            if self.names.stream_today(key) == *stream {
                let (more, missing) = read(key);
                facts.merge(more.renamed(self.names));
                damage.extend(missing.into_iter().map(|one| one.renamed(self.names)));
            }
        }
        (facts, damage)
    }
}

impl Shelf for Pages<'_> {
    fn stream(&self, stream: &StreamKey) -> (StreamFacts, Vec<Damage>) {
        self.or_unread(stream, |key| self.store.stream(key))
    }

    fn stream_within(&self, stream: &StreamKey, interval: Interval) -> (StreamFacts, Vec<Damage>) {
        self.or_unread(stream, |key| self.store.stream_within(key, interval))
    }

    fn stream_cut(&self, stream: &StreamKey, cuts: &Cuts) -> StreamFacts {
        self.or_unread(stream, |key| self.store.stream_cut(key, cuts.slices()))
            .0
    }

    fn damage(&self) -> Vec<Damage> {
        let damage = self.damage.iter().cloned();
        damage.map(|one| one.renamed(self.names)).collect()
    }
}
