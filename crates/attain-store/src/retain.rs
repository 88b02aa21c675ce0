//! Dropping what is old: whole days, with the instant since which facts are kept.

use jiff::Timestamp;

use crate::codec::bytes::parts;
use crate::codec::entry::Done;
use crate::codec::head::Span;
use crate::error::Error;
use crate::seal::Sealing;
use crate::split::{DAY_SECONDS, day_of};
use crate::store::Store;

impl Store {
    /// Drops the pages of whole days (UTC) that end at or before an instant; [`Store::since`] says so from then on.
    /// `at` is the caller's clock, for the record. Frames stay until they are sealed. The files do not shrink: what
    /// comes next takes the room.
    ///
    /// # Errors
    /// Errors of the disk: then nothing has changed, or only the record's entry is missing.
    pub fn retain(&mut self, before: Timestamp, at: Timestamp) -> Result<(), Error> {
        self.writer()?;
        let first = day_of(parts(before).0);
        let since = Span {
            start: first.saturating_mul(DAY_SECONDS),
            end: 0,
        }
        .interval()
        .start;
        let mut next = self.head.clone();
        next.since = Some(self.head.since.map_or(since, |known| known.max(since)));
        let mut sealing = Sealing::default();
        for (key, listed) in &self.head.streams {
            // A stream whose list is lost has lost its pages already, and keeps saying so.
            let Some(mut manifest) = self.manifest(key, listed) else {
                continue;
            };
            let pages = manifest.pages.len();
            manifest.pages.retain(|page| {
                let is_kept = page.day >= first;
                if !is_kept {
                    sealing.dropped.push(page.number);
                }
                is_kept
            });
            if manifest.pages.len() < pages {
                sealing.manifest(&mut next, key, manifest);
            }
        }
        if next != self.head {
            self.commit(next, sealing, None)?;
        }
        self.record(at, &Done::Retained { before })?;
        Ok(())
    }
}
