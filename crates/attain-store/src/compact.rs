//! Many small pages of a day made into one, a bounded part at a time.

use attain_model::StreamKey;

use crate::codec::head::{Head, Listing, Manifest};
use crate::codec::page::{self, Scratch};
use crate::error::Error;
use crate::gather::Gather;
use crate::seal::Sealing;
use crate::split::Day;
use crate::store::Store;

/// So many pages of one stream and day are worth the writing.
const MANY: usize = 4;
/// A step reads about so much.
const STEP_BYTES: u64 = 8 << 20;

impl Store {
    /// Merges the pages of days that have several: one bounded step. Returns whether there is more to do. Pages that
    /// cannot be read stay as they are.
    ///
    /// # Errors
    /// Errors of the disk: then nothing has changed.
    pub fn compact(&mut self) -> Result<bool, Error> {
        self.writer()?;
        let mut next = self.head.clone();
        let mut sealing = Sealing::default();
        let mut budget = STEP_BYTES;
        for (key, listed) in &self.head.streams {
            let Some(manifest) = self.manifest(key, listed) else {
                continue;
            };
            if let Some(merged) =
                self.merge_days(&mut next, &mut sealing, key, &manifest, &mut budget)
            {
                sealing.manifest(&mut next, key, merged);
            }
            if budget == 0 {
                break;
            }
        }
        if sealing.dropped.is_empty() {
            return Ok(false);
        }
        self.commit(next, sealing, None)?;
        Ok(budget == 0)
    }

    /// A stream's pages with days merged as long as the budget lasts; `None` if nothing was.
    fn merge_days(
        &self,
        head: &mut Head,
        sealing: &mut Sealing,
        key: &StreamKey,
        manifest: &Manifest,
        budget: &mut u64,
    ) -> Option<Manifest> {
        let mut merged = Manifest::default();
        for day in manifest.pages.chunk_by(|a, b| a.day == b.day) {
            let day_merged = (day.len() >= MANY && *budget > 0)
                .then(|| self.merge(day))
                .flatten();
            match day_merged {
                None => merged.pages.extend_from_slice(day),
                Some(facts) => {
                    *budget = budget.saturating_sub(day.iter().map(|page| page.bytes.max(1)).sum());
                    sealing.dropped.extend(day.iter().map(|page| page.number));
                    let listing = sealing.page_at(head, key, day[0].day, &facts);
                    merged.pages.push(listing);
                }
            }
        }
        (merged != *manifest).then_some(merged)
    }

    /// The facts of some pages together; `None` if one cannot be read.
    fn merge(&self, pages: &[Listing]) -> Option<Day> {
        let mut gather = Gather::default();
        let mut scratch = Scratch::default();
        for listing in pages {
            let content = self.page(listing).ok()?;
            page::decode(&content, &mut scratch, &mut gather).ok()?;
        }
        let span = Manifest {
            pages: pages.to_vec(),
        }
        .span()?;
        Some(Day {
            facts: gather.finish(),
            span,
        })
    }
}
