//! Who spent a budget, asked of the core: the counts of one part in a piece, the answer beside the core's thread.

use std::collections::BTreeMap;
use std::sync::Arc;

use attain_cascade::why::{self, Why, answer, wanted};
use attain_engine::slices_for;
use attain_model::{Evaluation, SeriesName};
use jiff::Timestamp;

use super::{Asking, Unanswered, streams_of};
use crate::published::Published;

impl Asking {
    /// Who spent the budgets of series of one SLO, as of an evaluation: [`answer`].
    ///
    /// One such question at a time: it holds every slice of each part while it is answered.
    pub(crate) async fn why(
        &self,
        seen: &Published,
        evaluation: &Arc<Evaluation>,
        names: &[SeriesName],
        since: Option<Timestamp>,
    ) -> Result<Arc<Why>, Unanswered> {
        let as_of = evaluation.as_of;
        let key = (seen.version(), as_of, names.to_vec(), since);
        let judged_until = seen.judged.as_ref().map(|judged| judged.until);
        let known_to = judged_until.unwrap_or(as_of.instant);
        let answered = self.whys.get(key, async || {
            let _turn = self.turns.try_acquire().map_err(|_| Unanswered::Busy)?;
            let _alone = self.alone.acquire().await.map_err(|_| Unanswered::Ended)?;
            let (promises, evaluation) = (Arc::clone(&seen.promises), Arc::clone(evaluation));
            let names = names.to_vec();
            let reading = asked(&promises, &evaluation, known_to, since).reading();
            let mut read = BTreeMap::new();
            for (series, whose) in wanted(&promises, &names) {
                let promises = Arc::clone(&promises);
                let key = (series.clone(), whose.clone());
                let work = move |counts: &dyn attain_engine::Counts| {
                    slices_for(&promises, counts, &series, &whose, reading)
                };
                let streams = streams_of(&seen.promises, [&key.0.slo].into_iter());
                read.insert(key, self.ask(streams, work).await?);
            }
            let answered = tokio::task::spawn_blocking(move || {
                let asked = asked(&promises, &evaluation, known_to, since);
                // One part may be read for several segments; each segment has its own.
                answer(&asked, &names, &mut |series, whose| {
                    let key = (series.clone(), whose.clone());
                    read.get(&key).cloned().unwrap_or_default()
                })
            });
            answered.await.map_err(|_| Unanswered::Ended)
        });
        answered.await
    }
}

fn asked<'a>(
    promises: &'a attain_model::Promises,
    evaluation: &'a Evaluation,
    known_to: Timestamp,
    since: Option<Timestamp>,
) -> why::Asked<'a> {
    why::Asked {
        promises,
        evaluation,
        as_of: evaluation.as_of,
        known_to,
        since,
    }
}
