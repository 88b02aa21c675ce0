//! The burn-down of an SLO, an hour a point. Knows what of it stays when the next slice is judged.
//!
//! A window that ended with a whole hour stays what it was until something is counted in its past, so that it is read once
//! an hour; the last point is the verdict. With time slices what was heard counts, too: nobody says when that changes, and
//! all of it is read at each tick.

use std::sync::Arc;

use attain_engine::stood_at;
use attain_model::detail::Point;
use attain_model::slo::Budgeting;
use attain_model::{AsOf, Evaluation, SeriesName, Slo, SloId, Stream};
use bytes::Bytes;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::{Asking, Unanswered, streams_of};
use crate::published::{Published, whole_hour};

/// Whole hours that are kept of each series: a month.
pub(crate) const HOURS: u32 = 743;

/// What stays of each series of one SLO.
pub(crate) type Hours = Vec<(SeriesName, Vec<Point>)>;

/// By what a whole answer is kept: catalogue, instant, SLO, points.
pub(super) type BurnDownKey = (String, AsOf, SloId, usize);

/// By what it is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HoursKey {
    sha256: String,
    slo: SloId,
    last: Timestamp,
    /// What is promised is promised by the day.
    day: Date,
    restated: (u64, u64),
    as_of: Option<AsOf>,
}

impl Asking {
    /// The windows of an SLO's series as they stood at the whole hours before an evaluation, oldest first.
    async fn hours(
        &self,
        seen: &Published,
        evaluation: &Evaluation,
        slo: &Slo,
    ) -> Result<Arc<Hours>, Unanswered> {
        let as_of = evaluation.as_of;
        let catalogue = seen.promises.catalogue();
        let last = whole_hour(
            as_of
                .instant
                .saturating_sub(SignedDuration::from_secs(1))
                .unwrap_or(as_of.instant),
        );
        let is_steady = matches!(slo.budgeting, Budgeting::Occurrences);
        let key = HoursKey {
            sha256: seen.catalogue.sha256.clone(),
            slo: slo.id.clone(),
            last,
            day: as_of.instant.to_zoned(catalogue.timezone.clone()).date(),
            restated: seen.restated.of(&Stream::key_of(catalogue, slo)),
            as_of: (!is_steady).then_some(as_of),
        };
        let hours = self.hours.get(key, async || {
            let _turn = self.turns.try_acquire().map_err(|_| Unanswered::Busy)?;
            let of_slo = evaluation.verdicts.iter().filter(|v| v.name.slo == slo.id);
            let names: Vec<SeriesName> = of_slo.map(|verdict| verdict.name.clone()).collect();
            let promises = Arc::clone(&seen.promises);
            let streams = streams_of(&promises, [&slo.id].into_iter());
            self.ask(streams, move |counts| {
                stood_at(&promises, counts, &names, as_of, &hours_to(last))
            })
            .await
        });
        hours.await
    }

    /// The burn-down of an SLO as text, worked out once a tick: `say` makes it of the whole hours.
    pub(crate) async fn burn_down(
        &self,
        seen: &Published,
        evaluation: &Evaluation,
        slo: &Slo,
        points: usize,
        say: impl FnOnce(&Hours) -> String,
    ) -> Result<Bytes, Unanswered> {
        let sha256 = seen.catalogue.sha256.clone();
        let key = (sha256, evaluation.as_of, slo.id.clone(), points);
        let said = self.burn_downs.get(key, async || {
            let hours = self.hours(seen, evaluation, slo).await?;
            Ok(Bytes::from(say(&hours)))
        });
        said.await.map(|said| Bytes::clone(&said))
    }
}

/// Whole hours up to and including one, oldest first.
fn hours_to(last: Timestamp) -> Vec<Timestamp> {
    let hours = (0..i64::from(HOURS)).rev();
    let before = |hours| last.checked_sub(SignedDuration::from_hours(hours)).ok();
    hours.filter_map(before).collect()
}
