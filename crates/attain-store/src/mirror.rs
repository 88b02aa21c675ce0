//! The copy in record.db of what says what counts.db should hold.
//!
//! It is written after counts.db and is no part of any promise: where it fails or a crash comes between, it is behind,
//! and the next sealing or opening makes up for it.

use std::collections::BTreeMap;

use attain_model::StreamKey;

use crate::codec::blob::{self, Digest, Kind};
use crate::codec::head::Head;
use crate::db::blob_at;
use crate::error::Error;
use crate::seal::LEVEL;
use crate::store::Store;

impl Store {
    /// Brings record.db up to the generation at hand, as far as it can be written.
    pub(crate) fn mirror(&mut self) {
        if self.mirrored == Some(self.head.generation) || self.lock.is_none() {
            return;
        }
        if self.copy().is_ok() {
            self.mirrored = Some(self.head.generation);
        }
    }

    fn copy(&mut self) -> Result<(), Error> {
        let name = self.head.generation.to_le_bytes();
        let head = blob::wrap(Kind::Head, &name, &self.head.encode(), LEVEL);
        let state = self.state_blob()?;
        let manifests = self.manifests_to_copy();
        let (generation, through) = (self.head.generation as i64, self.head.through as i64);
        let Some(record) = &mut self.record else {
            return Ok(());
        };
        record.change(|change| {
            let mut insert = change
                .prepare_cached("INSERT OR REPLACE INTO manifest (stream, body) VALUES (?1, ?2)")?;
            for (number, body) in &manifests {
                insert.execute((*number as i64, body))?;
            }
            change.execute("DELETE FROM head", [])?;
            change.execute(
                "INSERT INTO head (generation, body, state) VALUES (?1, ?2, ?3)",
                (generation, &head, &state),
            )?;
            change.execute("DELETE FROM noted WHERE frame <= ?1", [through])
        })?;
        Ok(())
    }

    /// The manifests that record.db has in another version, or not at all.
    fn manifests_to_copy(&self) -> Vec<(u64, Vec<u8>)> {
        let copied = self.copied();
        self.head
            .streams
            .iter()
            .filter(|(key, listed)| copied.get(*key) != Some(&listed.manifest))
            .filter_map(|(key, listed)| Some((listed.number, self.manifest_blob(key, listed)?)))
            .collect()
    }

    /// What record.db's own head lists.
    fn copied(&self) -> BTreeMap<StreamKey, Digest> {
        let (Some(record), Some(generation)) = (&self.record, self.mirrored) else {
            return BTreeMap::new();
        };
        let sql = "SELECT body FROM head WHERE generation = ?1";
        record
            .row(sql, [generation as i64], |row| blob_at(row, 0))
            .ok()
            .flatten()
            .and_then(|body| blob::open(Kind::Head, &generation.to_le_bytes(), &body).ok())
            .and_then(|content| Head::decode(&content).ok())
            .map(|head| {
                let streams = head.streams.into_iter();
                streams
                    .map(|(key, listed)| (key, listed.manifest))
                    .collect()
            })
            .unwrap_or_default()
    }
}
