//! What an answer is about: the promises in force and what the counts mean as of one instant.
//!
//! Pages and API read through this, so that both say the same of the same instant.

use std::sync::Arc;

use attain_cascade::why::Why;
use attain_model::detail::Detail;
use attain_model::{AsOf, Evaluation, Promises, SeriesName, SloId};
use jiff::Timestamp;

use super::problem::Problem;
use crate::app::App;
use crate::asked::Unanswered;
use crate::published::Published;

/// One state of things.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) published: Arc<Published>,
    pub(crate) evaluation: Arc<Evaluation>,
    /// Nobody named an instant: it is the last closed slice.
    pub(crate) is_live: bool,
}

impl Seen {
    pub(crate) fn promises(&self) -> &Promises {
        &self.published.promises
    }

    pub(crate) fn as_of(&self) -> AsOf {
        self.evaluation.as_of
    }

    /// The series of some SLOs, in the order of the evaluation.
    pub(crate) fn names(&self, is_asked: impl Fn(&SloId) -> bool) -> Vec<SeriesName> {
        let verdicts = self.evaluation.verdicts.iter();
        let asked = verdicts.filter(|verdict| is_asked(&verdict.name.slo));
        asked.map(|verdict| verdict.name.clone()).collect()
    }
}

impl App {
    /// Who spent the budgets of series, for pages and API alike.
    ///
    /// Invariant: whom an answer about now named stands for whoever asks next, wherever they ask ([`crate::told`]). The past is
    /// told as it is.
    ///
    /// # Errors
    /// Too many ask.
    pub(crate) async fn who_spent(
        &self,
        seen: &Seen,
        names: &[SeriesName],
    ) -> Result<Arc<Why>, Unanswered> {
        let (published, evaluation) = (&seen.published, &seen.evaluation);
        let why = self.asking.why(published, evaluation, names, None).await?;
        Ok(match seen.is_live {
            true => self.told.keep(&published.catalogue.sha256, why),
            false => why,
        })
    }

    /// How things stand now, or stood at an earlier instant as far as is known today.
    ///
    /// # Errors
    /// Nothing was judged yet, the instant is later than what was judged, or too many ask.
    pub(crate) async fn seen(&self, at: Option<Timestamp>) -> Result<Seen, Problem> {
        let published = Arc::clone(&self.published.borrow());
        self.seen_of(published, at).await
    }

    /// The same of what was known when a request came.
    pub(crate) async fn seen_of(
        &self,
        published: Arc<Published>,
        at: Option<Timestamp>,
    ) -> Result<Seen, Problem> {
        let Some(judged) = &published.judged else {
            return Err(Problem::not_judged());
        };
        let evaluation = match at {
            None => Arc::clone(&judged.evaluation),
            Some(at) if at == judged.until => Arc::clone(&judged.evaluation),
            Some(at) if at > judged.until || at < Timestamp::UNIX_EPOCH => {
                let why = format!("nothing is known of {at}: {} was judged last", judged.until);
                return Err(Problem::not_found(why).hint("leave out `at` for the newest"));
            }
            Some(at) => {
                let as_of = AsOf {
                    instant: at,
                    known_until: Timestamp::MAX,
                };
                self.asking.evaluation(&published, as_of).await?
            }
        };
        Ok(Seen {
            evaluation,
            is_live: at.is_none(),
            published,
        })
    }

    /// What lies behind series as of what was seen: burn-down, days, silence, worst hours, causes.
    ///
    /// # Errors
    /// Too many ask.
    pub(crate) async fn details(
        &self,
        seen: &Seen,
        names: &[SeriesName],
    ) -> Result<Vec<Detail>, Problem> {
        let details = self.asking.details(&seen.published, names, seen.as_of());
        Ok(details.await?)
    }
}
