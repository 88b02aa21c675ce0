//! Questions that need the counts themselves: what lies behind a series, and what was so at an earlier instant.
//!
//! Counts belong to the core's thread. A question is cut into pieces of a few SLOs. Of each the core gives a copy of what
//! is in no page yet, between two frames; pages are read and judged beside it, so that nobody who writes waits for that.
//! What was answered is kept by what was asked and as of when: of all who look at a page within one tick, one pays. Knows
//! no HTTP.

pub(crate) mod burning;
mod reading;
mod why;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use attain_cascade::why::Why;
use attain_engine::{Counts, Period, detail, evaluate_only, statement};
use attain_model::detail::Detail;
use attain_model::statement::Statement;
use attain_model::{AsOf, Evaluation, Promises, SeriesName, SloId, Stream, StreamKey};
use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::{OnceCell, Semaphore, mpsc, oneshot};

use crate::published::{Published, Version};
use burning::{BurnDownKey, Hours, HoursKey};
pub(crate) use reading::{Question, Unpaged};
use reading::{Reading, Unread};

/// Who may have a question under way at once; everybody else is told to come back.
const ASKING_AT_ONCE: usize = 16;
/// How often a question is asked again because pages were written between the copy and the reading. Pages are written
/// every few minutes, and at most every second after a start.
const COPIES_AT_MOST: usize = 5;
/// SLOs that are judged in one piece.
const JUDGED_TOGETHER: usize = 4;
/// Pieces of details that are kept, of one SLO each.
const DETAILS_KEPT: usize = 256;
/// Answers about who spent a budget that are kept.
const WHYS_KEPT: usize = 64;
/// Burn-downs that are kept as text, some 20 KB for each series.
const BURN_DOWNS_KEPT: usize = 32;
/// SLOs whose whole hours are kept, as text: some 20 KB for each series.
const HOURS_KEPT: usize = 256;
/// Evaluations of earlier instants that are kept.
const EVALUATIONS_KEPT: usize = 8;

/// Why a question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// Too many ask at once: ask again in a second.
    Busy,
    /// The core has ended, or could not answer this.
    Ended,
}

/// Asks the core, and remembers what it said.
pub(crate) struct Asking {
    questions: mpsc::Sender<Question>,
    turns: Semaphore,
    reading: Reading,
    /// Who may have the reading thread: a copy is not made before it can be read, for the older it is the likelier pages
    /// have been written since.
    place: Semaphore,
    details: Memory<(Version, AsOf, Vec<SeriesName>), Vec<Detail>>,
    evaluations: Memory<(Version, AsOf), Evaluation>,
    hours: Memory<HoursKey, Hours>,
    burn_downs: Memory<BurnDownKey, Bytes>,
    whys: Memory<(Version, AsOf, Vec<SeriesName>, Option<Timestamp>), Why>,
    /// For questions that hold much while they are answered.
    alone: Semaphore,
}

impl Asking {
    /// With the end that the core listens at.
    ///
    /// # Errors
    /// The thread that reads cannot be started.
    pub(crate) fn new() -> io::Result<(Self, mpsc::Receiver<Question>)> {
        let (questions, asked) = mpsc::channel(ASKING_AT_ONCE);
        let asking = Self {
            questions,
            turns: Semaphore::new(ASKING_AT_ONCE),
            reading: Reading::start()?,
            place: Semaphore::new(1),
            details: Memory::new(DETAILS_KEPT),
            evaluations: Memory::new(EVALUATIONS_KEPT),
            hours: Memory::new(HOURS_KEPT),
            burn_downs: Memory::new(BURN_DOWNS_KEPT),
            whys: Memory::new(WHYS_KEPT),
            alone: Semaphore::new(1),
        };
        Ok((asking, asked))
    }

    /// What lies behind series: [`detail`], in the order of the names. Names of one SLO should stand together.
    ///
    /// As of the last closed slice it also has what came late since that was judged.
    pub(crate) async fn details(
        &self,
        seen: &Published,
        names: &[SeriesName],
        as_of: AsOf,
    ) -> Result<Vec<Detail>, Unanswered> {
        let mut details = Vec::with_capacity(names.len());
        for names in names.chunk_by(|a, b| a.slo == b.slo) {
            let key = (seen.version(), as_of, names.to_vec());
            let promises = Arc::clone(&seen.promises);
            let names = names.to_vec();
            let piece = self.details.get(key, async || {
                let _turn = self.turns.try_acquire().map_err(|_| Unanswered::Busy)?;
                let streams = streams_of(&promises, names.iter().map(|name| &name.slo));
                self.ask(streams, move |counts| {
                    detail(&promises, counts, &names, as_of)
                })
                .await
            });
            details.extend(piece.await?.iter().cloned());
        }
        Ok(details)
    }

    /// What all counts mean as of an instant: [`attain_engine::evaluate`].
    pub(crate) async fn evaluation(
        &self,
        seen: &Published,
        as_of: AsOf,
    ) -> Result<Arc<Evaluation>, Unanswered> {
        let key = (seen.version(), as_of);
        let whole = self.evaluations.get(key, async || {
            let _turn = self.turns.try_acquire().map_err(|_| Unanswered::Busy)?;
            let slos: Vec<SloId> = seen.promises.catalogue().slos.keys().cloned().collect();
            let mut whole: Option<Evaluation> = None;
            for piece in slos.chunks(JUDGED_TOGETHER) {
                let (promises, slos) = (Arc::clone(&seen.promises), piece.to_vec());
                let streams = streams_of(&promises, slos.iter());
                let part = self
                    .ask(streams, move |counts| {
                        judged(&promises, counts, &slos, as_of)
                    })
                    .await?;
                match &mut whole {
                    None => whole = Some(part),
                    Some(whole) => append(whole, part),
                }
            }
            Ok(whole.unwrap_or(Evaluation {
                as_of,
                verdicts: Vec::new(),
                masked: Vec::new(),
                untagged: Vec::new(),
                gaps: Vec::new(),
            }))
        });
        whole.await
    }

    /// What was promised and kept in a past period: [`statement`] of these SLOs, of which `only` were asked for by name.
    pub(crate) async fn statement(
        &self,
        seen: &Published,
        period: &Period,
        only: Vec<SloId>,
        slos: Vec<SloId>,
    ) -> Result<Statement, Unanswered> {
        let _turn = self.turns.try_acquire().map_err(|_| Unanswered::Busy)?;
        let mut entries = Vec::new();
        let mut whole = None;
        // One that nobody knows states the frame alone.
        for slo in slos.into_iter().chain([SloId::new("")]) {
            let (promises, period) = (Arc::clone(&seen.promises), period.clone());
            let streams = streams_of(&promises, [&slo].into_iter());
            let one = self.ask(streams, move |counts| {
                statement(&promises, counts, &period, &[slo], None)
            });
            let mut one = one.await?;
            entries.append(&mut one.entries);
            whole = Some(one);
        }
        let mut whole = whole.ok_or(Unanswered::Ended)?;
        whole.only = only;
        whole.entries = entries;
        Ok(whole)
    }

    /// One piece, of the counts of some streams.
    async fn ask<T: Send + 'static>(
        &self,
        streams: BTreeSet<StreamKey>,
        mut work: impl FnOnce(&dyn Counts) -> T + Send + 'static,
    ) -> Result<T, Unanswered> {
        let _place = self.place.acquire().await.map_err(|_| Unanswered::Ended)?;
        for _ in 0..COPIES_AT_MOST {
            let unpaged = self.unpaged(streams.clone()).await?;
            let read = self.reading.of(move || unpaged.with(work)).await;
            match read.ok_or(Unanswered::Ended)? {
                Ok(answer) => return Ok(answer),
                Err(Unread::Moved(again)) => work = again,
                Err(Unread::Failed) => return Err(Unanswered::Ended),
            }
        }
        Err(Unanswered::Busy)
    }

    async fn unpaged(&self, streams: BTreeSet<StreamKey>) -> Result<Unpaged, Unanswered> {
        let (answer, answered) = oneshot::channel();
        let sent = self.questions.send(Question { streams, answer }).await;
        sent.map_err(|_| Unanswered::Ended)?;
        answered.await.map_err(|_| Unanswered::Ended)
    }
}

/// The streams that SLOs look at.
fn streams_of<'s>(
    promises: &Promises,
    slos: impl Iterator<Item = &'s SloId>,
) -> BTreeSet<StreamKey> {
    let catalogue = promises.catalogue();
    let slos = slos.filter_map(|id| catalogue.slos.get(id));
    slos.map(|slo| Stream::key_of(catalogue, slo)).collect()
}

fn judged(promises: &Promises, counts: &dyn Counts, slos: &[SloId], as_of: AsOf) -> Evaluation {
    evaluate_only(promises, counts, as_of, &|slo| slos.contains(slo))
}

/// Adds what was judged of other SLOs. What is said of a source is said in every piece.
fn append(whole: &mut Evaluation, part: Evaluation) {
    whole.verdicts.extend(part.verdicts);
    whole.masked.extend(part.masked);
    whole.untagged.extend(part.untagged);
    for gap in part.gaps {
        if !whole.gaps.contains(&gap) {
            whole.gaps.push(gap);
        }
    }
}

/// The newest answers, each worked out once however many ask for it at the same time.
struct Memory<K, V> {
    at_most: usize,
    kept: Mutex<Remembered<K, V>>,
}

struct Remembered<K, V> {
    cells: BTreeMap<K, Arc<OnceCell<Arc<V>>>>,
    /// The oldest first.
    order: VecDeque<K>,
}

impl<K: Ord + Clone, V> Memory<K, V> {
    fn new(at_most: usize) -> Self {
        Self {
            at_most,
            kept: Mutex::new(Remembered {
                cells: BTreeMap::new(),
                order: VecDeque::new(),
            }),
        }
    }

    /// What is remembered, or what `work` says. If it fails, whoever waits beside tries it next.
    async fn get(
        &self,
        key: K,
        work: impl AsyncFnOnce() -> Result<V, Unanswered>,
    ) -> Result<Arc<V>, Unanswered> {
        let cell = self.cell(key);
        let answer = cell.get_or_try_init(async || work().await.map(Arc::new));
        answer.await.cloned()
    }

    /// What is remembered by some keys, in their order; it is forgotten here.
    fn take(&self, which: impl Fn(&K) -> bool) -> Vec<(K, Arc<V>)> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let taken: Vec<K> = kept
            .cells
            .keys()
            .filter(|key| which(key))
            .cloned()
            .collect();
        kept.order.retain(|key| !which(key));
        let cells = taken.into_iter().filter_map(|key| {
            let cell = kept.cells.remove(&key)?;
            Some((key, Arc::clone(cell.get()?)))
        });
        cells.collect()
    }

    fn cell(&self, key: K) -> Arc<OnceCell<Arc<V>>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = kept.cells.get(&key) {
            return Arc::clone(cell);
        }
        while kept.order.len() >= self.at_most {
            if let Some(oldest) = kept.order.pop_front() {
                kept.cells.remove(&oldest);
            }
        }
        let cell = Arc::new(OnceCell::new());
        kept.order.push_back(key.clone());
        kept.cells.insert(key, Arc::clone(&cell));
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_worked_out_once_and_a_failure_is_tried_again() {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let memory: Memory<u32, u32> = Memory::new(2);
        runtime.unwrap().block_on(async {
            let failed = memory.get(1, async || Err(Unanswered::Busy)).await;
            assert_eq!(failed, Err(Unanswered::Busy));
            assert_eq!(memory.get(1, async || Ok(7)).await.as_deref(), Ok(&7));
            assert_eq!(memory.get(1, async || Ok(8)).await.as_deref(), Ok(&7));
            for key in [2, 3] {
                memory.get(key, async || Ok(key)).await.unwrap();
            }
            // The oldest had to go.
            assert_eq!(memory.get(1, async || Ok(9)).await.as_deref(), Ok(&9));
            assert_eq!(memory.kept.lock().unwrap().cells.len(), 2);
        });
    }
}
