//! Sealing: frames become pages, in one transaction.

use std::collections::BTreeMap;

use attain_model::StreamKey;
use attain_model::facts::{State, StreamFacts};
use attain_model::live::MeterFacts;
use rusqlite::Transaction;

use crate::codec::blob::{self, Digest, Kind};
use crate::codec::head::{Head, Listed, Listing, Manifest};
use crate::codec::page::{self, Header};
use crate::codec::state;
use crate::error::Error;
use crate::split::{Day, by_day};
use crate::store::Store;

/// Pages stay: they are packed well. Level 3 is what zstd itself suggests.
pub(crate) const LEVEL: i32 = 3;

impl Store {
    /// Replaces the frames up to and including `through` by pages and by the ledger's state.
    ///
    /// `streams` are the facts since the last sealing: those of the frames, and of nothing that is in a page already.
    /// They add to what there is. What the meter knew stays; frames with live entries are sealed by [`Store::seal_with`].
    ///
    /// # Errors
    /// [`Error::Slices`] if the folder is counted in slices of another length, [`Error::Usage`] if there is no such
    /// frame, and errors of the disk: then nothing has changed, and the store can be used again.
    pub fn seal(
        &mut self,
        state: &State,
        streams: &BTreeMap<StreamKey, StreamFacts>,
        through: u64,
    ) -> Result<(), Error> {
        self.writer()?;
        let meter = self.meter()?;
        self.seal_with(state, &meter, streams, through)
    }

    /// As [`Store::seal`], with what the meter knows once it has taken the live entries of these frames.
    ///
    /// # Errors
    /// As [`Store::seal`].
    pub fn seal_with(
        &mut self,
        state: &State,
        meter: &MeterFacts,
        streams: &BTreeMap<StreamKey, StreamFacts>,
        through: u64,
    ) -> Result<(), Error> {
        self.writer()?;
        self.check_seal(state, through)?;
        let mut next = self.head.clone();
        next.slice_seconds = state.slice_seconds;
        next.through = through;
        let mut sealing = Sealing::default();
        for (key, facts) in streams {
            let days = by_day(facts, state.slice_seconds);
            if days.is_empty() {
                continue;
            }
            let mut manifest = self.manifest_to_extend(key)?;
            for (day, facts) in days {
                sealing.page(&mut next, &mut manifest, key, day, &facts);
            }
            sealing.manifest(&mut next, key, manifest);
        }
        let state = state::encode(state, meter);
        self.commit(next, sealing, Some(&state))
    }

    fn check_seal(&self, state: &State, through: u64) -> Result<(), Error> {
        let kept = self.head.slice_seconds;
        if kept != 0 && kept != state.slice_seconds {
            return Err(Error::Slices {
                folder: self.folder.clone(),
                kept,
                given: state.slice_seconds,
            });
        }
        if through < self.head.through || through > self.last() {
            return Err(Error::Usage(format!(
                "cannot seal through frame {through}: frames {} to {} are open",
                self.head.through + 1,
                self.last()
            )));
        }
        Ok(())
    }

    /// The list of a stream's pages; empty for a new one.
    pub(crate) fn manifest_to_extend(&self, key: &StreamKey) -> Result<Manifest, Error> {
        match self.head.streams.get(key) {
            None => Ok(Manifest::default()),
            Some(listed) => self.manifest(key, listed).ok_or_else(|| Error::Damaged {
                file: self.counts.path.clone(),
                why: format!("the list of the pages of `{}` is lost", key.as_str()),
            }),
        }
    }

    /// Writes a new generation: first counts.db, whose success is success; then the copy.
    pub(crate) fn commit(
        &mut self,
        mut next: Head,
        sealing: Sealing,
        state: Option<&[u8]>,
    ) -> Result<(), Error> {
        next.generation += 1;
        let name = next.generation.to_le_bytes();
        let state = match state {
            Some(state) => blob::wrap(Kind::State, &name, state, LEVEL),
            None => self.state_again(&name)?,
        };
        next.state = blob::digest(&state).unwrap_or_default();
        let head = blob::wrap(Kind::Head, &name, &next.encode(), LEVEL);
        self.counts.change(|change| {
            sealing.write(change)?;
            change.execute("DELETE FROM head", [])?;
            change.execute(
                "INSERT INTO head (generation, body, state) VALUES (?1, ?2, ?3)",
                (next.generation as i64, &head, &state),
            )?;
            change.execute(
                "DELETE FROM frame WHERE number <= ?1",
                [next.through as i64],
            )
        })?;
        self.head = next;
        self.mirror();
        Ok(())
    }

    /// The state as it is, under the name of the next generation. Somebody waits: it is not unpacked for that.
    fn state_again(&self, name: &[u8]) -> Result<Vec<u8>, Error> {
        if self.head.generation == 0 {
            let state = state::encode(&State::default(), &MeterFacts::default());
            return Ok(blob::wrap(Kind::State, name, &state, LEVEL));
        }
        let body = self.state_blob()?;
        let before = self.head.generation.to_le_bytes();
        blob::renamed(Kind::State, &before, name, body).map_err(|_| self.no_state())
    }
}

/// What a new generation writes and deletes.
#[derive(Debug, Default)]
pub(crate) struct Sealing {
    pages: Vec<(u64, Vec<u8>)>,
    manifests: Vec<(u64, Vec<u8>)>,
    /// Pages that go.
    pub(crate) dropped: Vec<u64>,
    /// Streams whose last page goes.
    emptied: Vec<u64>,
}

impl Sealing {
    /// One more page, at the end of a manifest.
    pub(crate) fn page(
        &mut self,
        head: &mut Head,
        manifest: &mut Manifest,
        key: &StreamKey,
        day: i64,
        facts: &Day,
    ) {
        let listing = self.page_at(head, key, day, facts);
        manifest.pages.push(listing);
    }

    /// One more page; the caller puts it into a manifest.
    pub(crate) fn page_at(
        &mut self,
        head: &mut Head,
        key: &StreamKey,
        day: i64,
        facts: &Day,
    ) -> Listing {
        let number = head.next_page.max(1);
        head.next_page = number + 1;
        let header = Header {
            stream: key.clone(),
            day,
        };
        let content = page::encode(&header, &facts.facts);
        let body = blob::wrap(Kind::Page, &number.to_le_bytes(), &content, LEVEL);
        let listing = Listing {
            number,
            day,
            span: facts.span,
            bytes: body.len() as u64,
            digest: blob::digest(&body).unwrap_or_default(),
        };
        self.pages.push((number, body));
        listing
    }

    /// The new list of a stream's pages, oldest day first; without pages the stream is not listed any more.
    pub(crate) fn manifest(&mut self, head: &mut Head, key: &StreamKey, mut manifest: Manifest) {
        let Some(span) = manifest.span() else {
            let removed = head.streams.remove(key);
            self.emptied.extend(removed.map(|listed| listed.number));
            return;
        };
        // Invariant: of one day, pages stay in the order in which they were written: the first sample counts.
        manifest.pages.sort_by_key(|page| (page.day, page.number));
        let number = match head.streams.get(key) {
            Some(listed) => listed.number,
            None => {
                head.next_stream += 1;
                head.next_stream
            }
        };
        let body = blob::wrap(
            Kind::Manifest,
            key.as_str().as_bytes(),
            &manifest.encode(),
            LEVEL,
        );
        let digest: Digest = blob::digest(&body).unwrap_or_default();
        self.manifests.push((number, body));
        let listed = Listed {
            number,
            manifest: digest,
            span,
        };
        head.streams.insert(key.clone(), listed);
    }

    fn write(&self, change: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut delete = change.prepare_cached("DELETE FROM page WHERE number = ?1")?;
        for number in &self.dropped {
            delete.execute([*number as i64])?;
        }
        let mut delete = change.prepare_cached("DELETE FROM manifest WHERE stream = ?1")?;
        for number in &self.emptied {
            delete.execute([*number as i64])?;
        }
        let mut insert =
            change.prepare_cached("INSERT OR REPLACE INTO page (number, body) VALUES (?1, ?2)")?;
        for (number, body) in &self.pages {
            insert.execute((*number as i64, body))?;
        }
        let mut insert = change
            .prepare_cached("INSERT OR REPLACE INTO manifest (stream, body) VALUES (?1, ?2)")?;
        for (number, body) in &self.manifests {
            insert.execute((*number as i64, body))?;
        }
        Ok(())
    }
}
