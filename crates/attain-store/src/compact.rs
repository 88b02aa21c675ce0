//! Many small pages of a day made into one, and old counts made coarser: a bounded part at a time.

use attain_model::StreamKey;
use jiff::Timestamp;

use crate::codec::bytes::parts;
use crate::codec::head::{Head, Listing, Manifest};
use crate::codec::page::{self, Scratch};
use crate::error::Error;
use crate::gather::Gather;
use crate::seal::Sealing;
use crate::split::Day;
use crate::store::Store;

/// So many pages of one stream and day are worth the writing.
const MANY: usize = 4;
/// A step reads about so much, one stream's day at least.
const STEP_BYTES: u64 = 256 << 10;

/// Which counts are kept less finely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coarser {
    /// Those of slices before this instant.
    pub before: Timestamp,
    /// So many slices become one: see [`StreamFacts::coarsen`](attain_model::facts::StreamFacts::coarsen).
    pub slices: u32,
}

impl Store {
    /// Merges the pages of days that have several: one bounded step. Returns whether there is more to do. Pages that
    /// cannot be read stay as they are.
    ///
    /// # Errors
    /// Errors of the disk: then nothing has changed.
    pub fn compact(&mut self) -> Result<bool, Error> {
        self.compact_with(None)
    }

    /// As [`Store::compact`], and makes old counts coarser on the way. The first group of slices of a stream stays as it
    /// is: it says since when there are counts.
    ///
    /// # Errors
    /// As [`Store::compact`].
    pub fn compact_with(&mut self, coarser: Option<&Coarser>) -> Result<bool, Error> {
        self.writer()?;
        let mut step = Step {
            next: self.head.clone(),
            sealing: Sealing::default(),
            left: STEP_BYTES,
            coarse: Vec::new(),
        };
        for (key, listed) in &self.head.streams {
            let Some(manifest) = self.manifest(key, listed) else {
                continue;
            };
            let merged = self.merge_days(&mut step, key, &manifest, coarser);
            if merged != manifest {
                step.sealing.manifest(&mut step.next, key, merged);
            }
            if step.left == 0 {
                break;
            }
        }
        let (is_more, dropped) = (step.left == 0, step.sealing.dropped.clone());
        if !dropped.is_empty() {
            self.commit(step.next, step.sealing, None)?;
        }
        // Only now: the numbers of pages that were not written are given again.
        for number in dropped {
            self.coarse.remove(&number);
        }
        self.coarse.extend(step.coarse);
        Ok(is_more)
    }

    /// A stream's pages, with days merged and made coarser as long as the step lasts.
    fn merge_days(
        &self,
        step: &mut Step,
        key: &StreamKey,
        manifest: &Manifest,
        coarser: Option<&Coarser>,
    ) -> Manifest {
        let mut merged = Manifest::default();
        let first = manifest.span().map_or(0, |span| span.start);
        for day in manifest.pages.chunk_by(|a, b| a.day == b.day) {
            let is_many = day.len() >= MANY;
            let coarser = coarser.filter(|coarser| self.is_fine(day, coarser));
            if step.left == 0 || !is_many && coarser.is_none() {
                merged.pages.extend_from_slice(day);
                continue;
            }
            let bytes = day.iter().map(|page| page.bytes.max(1)).sum();
            step.left = step.left.saturating_sub(bytes);
            let pages = match self.merge(day) {
                Some(mut facts) => {
                    let is_coarser =
                        coarser.is_some_and(|coarser| self.coarsen(&mut facts, first, coarser));
                    (is_many || is_coarser).then(|| step.page(key, day, &facts))
                }
                None => None,
            };
            let pages = pages.map_or_else(|| day.to_vec(), |page| vec![page]);
            // Also if it cannot be read: it does not get any better.
            if let Some(coarser) = coarser {
                let before = parts(coarser.before).0;
                let numbers = pages.iter().map(|page| (page.number, before));
                step.coarse.extend(numbers);
            }
            merged.pages.extend(pages);
        }
        merged
    }

    /// Whether some pages may hold counts that are to be coarser and are not known to be. What was found out is forgotten
    /// when the folder is closed: pages are looked at again, each once.
    fn is_fine(&self, pages: &[Listing], coarser: &Coarser) -> bool {
        let before = parts(coarser.before).0;
        pages.iter().any(|page| {
            let known = self.coarse.get(&page.number).copied();
            let wanted = page.span.end.min(before);
            page.span.start < wanted && known.is_none_or(|known| known < wanted)
        })
    }

    /// Makes what is old of a day coarser, but for the first of its stream. Says whether anything changed.
    fn coarsen(&self, day: &mut Day, first: i64, coarser: &Coarser) -> bool {
        let seconds = i64::from(self.head.slice_seconds.max(1));
        let by = i64::from(coarser.slices.max(1));
        let first_group = first.div_euclid(seconds * by);
        let after_first = (first_group + 1).saturating_mul(by);
        let slices = after_first..parts(coarser.before).0.div_euclid(seconds);
        let is_changed = day.facts.coarsen(slices, by);
        if is_changed {
            // Counts may now stand behind where they ended.
            let group = seconds * by;
            let groups = day.span.end.saturating_add(group - 1).div_euclid(group);
            day.span.end = groups.saturating_mul(group);
        }
        is_changed
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

/// What one step does.
struct Step {
    next: Head,
    sealing: Sealing,
    /// Bytes that may still be read.
    left: u64,
    /// Pages that hold nothing finer from before an instant, in seconds since 1970.
    coarse: Vec<(u64, i64)>,
}

impl Step {
    /// One page instead of several of a day.
    fn page(&mut self, key: &StreamKey, pages: &[Listing], facts: &Day) -> Listing {
        let numbers = pages.iter().map(|page| page.number);
        self.sealing.dropped.extend(numbers);
        self.sealing
            .page_at(&mut self.next, key, pages[0].day, facts)
    }
}
