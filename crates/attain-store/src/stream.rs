//! A stream's pages, read back.

use attain_model::facts::{Damage, StreamFacts};
use attain_model::{Interval, StreamKey};

use crate::codec::blob::{self, Kind};
use crate::codec::head::{Listed, Listing, Manifest};
use crate::codec::page::{self, Scratch};
use crate::db::blob_at;
use crate::error::Error;
use crate::gather::Gather;
use crate::store::Store;

impl Store {
    /// The facts of a stream that were sealed, and what of them is lost. One column, series and gauge of each name.
    ///
    /// # Errors
    /// Those of the disk. A page that cannot be read is damage, not an error.
    pub fn stream(&self, key: &StreamKey) -> Result<(StreamFacts, Vec<Damage>), Error> {
        self.pages(key, Gather::default(), |_| true)
    }

    /// The same of a stretch of time, from the pages that have any of it: they may say more. Where there are samples or
    /// readings in it, all of the stream, for what they mean depends on those before.
    ///
    /// # Errors
    /// As [`Store::stream`]. Pages that are not read are not found to be damaged.
    pub fn stream_within(
        &self,
        key: &StreamKey,
        interval: Interval,
    ) -> Result<(StreamFacts, Vec<Damage>), Error> {
        let (facts, damage) = self.pages(key, Gather::default(), |own| {
            own.start < interval.end && interval.start < own.end
        })?;
        if facts.series.is_empty() && facts.gauges.is_empty() {
            Ok((facts, damage))
        } else {
            self.stream(key)
        }
    }

    /// The same, with the events of before each cut and up to the next added up in it, and those of before the first in the
    /// slice before it: months of minutes are a few sums then. Cuts are slices that ascend. Samples and readings stay.
    ///
    /// # Errors
    /// As [`Store::stream`].
    pub fn stream_cut(
        &self,
        key: &StreamKey,
        cuts: &[i64],
    ) -> Result<(StreamFacts, Vec<Damage>), Error> {
        self.pages(key, Gather::cut(cuts), |_| true)
    }

    fn pages(
        &self,
        key: &StreamKey,
        mut gather: Gather,
        is_wanted: impl Fn(Interval) -> bool,
    ) -> Result<(StreamFacts, Vec<Damage>), Error> {
        let Some(listed) = self.head.streams.get(key) else {
            return Ok((StreamFacts::default(), Vec::new()));
        };
        let Some(manifest) = self.manifest(key, listed) else {
            return Ok((StreamFacts::default(), vec![no_manifest(key, listed)]));
        };
        let mut scratch = Scratch::default();
        let mut damage = Vec::new();
        for (at, listing) in manifest.pages.iter().enumerate() {
            if !is_wanted(listing.span.interval()) {
                continue;
            }
            gather.page(manifest.pages.len() - at - 1);
            let page = self.page(listing);
            let read = page.and_then(|content| {
                page::decode(&content, &mut scratch, &mut gather)
                    .map_err(|error| format!("page {} is malformed: {error}", listing.number))
            });
            damage.extend(read.err().map(|why| no_page(key, listing, why)));
        }
        Ok((gather.finish(), damage))
    }

    /// What is lost of a stream, as far as checksums tell: a fraction of the time that [`Store::stream`] takes.
    #[must_use]
    pub fn lost(&self, key: &StreamKey) -> Vec<Damage> {
        let Some(listed) = self.head.streams.get(key) else {
            return Vec::new();
        };
        let Some(manifest) = self.manifest(key, listed) else {
            return vec![no_manifest(key, listed)];
        };
        let pages = manifest.pages.iter();
        let lost = pages.filter_map(|listing| {
            let why = self.page_by(listing, blob::verify).err()?;
            Some(no_page(key, listing, why))
        });
        lost.collect()
    }

    /// The list of a stream's pages, from whichever file has the one that the head names.
    pub(crate) fn manifest(&self, key: &StreamKey, listed: &Listed) -> Option<Manifest> {
        let body = self.manifest_blob(key, listed)?;
        let content = blob::open(Kind::Manifest, key.as_str().as_bytes(), &body).ok()?;
        Manifest::decode(&content).ok()
    }

    pub(crate) fn manifest_blob(&self, key: &StreamKey, listed: &Listed) -> Option<Vec<u8>> {
        let files = [Some(&self.counts), self.record.as_ref()];
        files.into_iter().flatten().find_map(|db| {
            let sql = "SELECT body FROM manifest WHERE stream = ?1";
            let number = listed.number as i64;
            let body = db.row(sql, [number], |row| blob_at(row, 0)).ok()??;
            let fits = blob::digest(&body) == Some(listed.manifest)
                && blob::open(Kind::Manifest, key.as_str().as_bytes(), &body).is_ok();
            fits.then_some(body)
        })
    }

    /// The content of a page, if it is what the manifest says; else why not.
    pub(crate) fn page(&self, listing: &Listing) -> Result<Vec<u8>, String> {
        self.page_by(listing, blob::open)
    }

    fn page_by<T>(
        &self,
        listing: &Listing,
        open: impl Fn(Kind, &[u8], &[u8]) -> Result<T, blob::Broken>,
    ) -> Result<T, String> {
        let number = listing.number;
        let sql = "SELECT body FROM page WHERE number = ?1";
        let read = |row: &rusqlite::Row<'_>| {
            let body = row.get_ref(0)?.as_blob().unwrap_or(&[]);
            if blob::digest(body) != Some(listing.digest) {
                return Ok(Err("is not the one that was written"));
            }
            Ok(
                open(Kind::Page, &number.to_le_bytes(), body).map_err(|broken| match broken {
                    blob::Broken::Checksum => "fails its checksum",
                    blob::Broken::Newer => "was written by a newer version",
                    blob::Broken::Compression => "cannot be decompressed",
                }),
            )
        };
        let ask = || self.counts.row(sql, [number as i64], read);
        // On its way to a page SQLite may stumble over damage elsewhere, once: what it then reads has its own checksum.
        match ask().or_else(|_| ask()) {
            Ok(Some(Ok(content))) => Ok(content),
            Ok(Some(Err(why))) => Err(format!("page {number} of counts.db {why}")),
            Ok(None) => Err(format!("page {number} of counts.db is gone")),
            Err(error) => Err(format!(
                "page {number} of counts.db cannot be read: {error}"
            )),
        }
    }
}

fn no_manifest(key: &StreamKey, listed: &Listed) -> Damage {
    Damage {
        stream: Some(key.clone()),
        interval: Some(listed.span.interval()),
        why: "the list of its pages can no longer be read".to_owned(),
    }
}

fn no_page(key: &StreamKey, listing: &Listing, why: String) -> Damage {
    Damage {
        stream: Some(key.clone()),
        interval: Some(listing.span.interval()),
        why,
    }
}
