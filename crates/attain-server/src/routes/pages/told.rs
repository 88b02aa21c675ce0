//! Who spent the budget of what a page speaks of. Knows which pages wait for the answer and which go without it for now.

use std::sync::Arc;
use std::time::Duration;

use attain_cascade::why::{Why, series};
use attain_model::{SeriesName, SloId, Verdict};
use attain_view::pages::{self, Subject};

use super::Asked;
use crate::app::App;
use crate::routes::problem::Problem;
use crate::routes::seen::Seen;

/// How long a page that is about something else waits for the answer.
const PATIENCE: Duration = Duration::from_millis(40);
/// How long one that looks at the past waits: nobody loads it again of itself.
const PATIENCE_FOR_THE_PAST: Duration = Duration::from_secs(2);

/// The answer about what a page speaks of first; `None` if nothing is worth asking, or no answer is there in time. It is
/// worked out all the same, and the next page has it.
pub(super) async fn told(asked: &Asked, subject: Subject<'_>) -> Option<Arc<Why>> {
    let seen = asked.seen.as_ref()?;
    let names = worth_asking(asked, subject)?;
    let app = Arc::clone(&asked.app);
    if !seen.is_live {
        // The past is told as it is: nothing of what pages said meanwhile.
        let (seen, names) = (seen.clone(), names);
        let working = tokio::spawn(async move { who(&app, &seen, &names).await.ok() });
        let answer = tokio::time::timeout(PATIENCE_FOR_THE_PAST, working).await;
        return answer.ok()?.ok()?;
    }
    let sha256 = seen.published.catalogue.sha256.as_str();
    if let Some(turn) = app.told.turn() {
        let (app, seen, names) = (Arc::clone(&app), seen.clone(), names.clone());
        let working = tokio::spawn(async move {
            let why = who(&app, &seen, &names).await.ok();
            drop(turn);
            why
        });
        if let Ok(Ok(Some(why))) = tokio::time::timeout(PATIENCE, working).await {
            return Some(why);
        }
    }
    let lasts = |name: &SeriesName, since| {
        let mut verdicts = seen.evaluation.verdicts.iter();
        let verdict = verdicts.find(|verdict| verdict.name == *name);
        verdict
            .and_then(Verdict::pages_since)
            .is_some_and(|pages| pages <= since)
    };
    let instant = seen.as_of().instant;
    app.told.known(sha256, &names, instant, lasts)
}

/// The same for a page that is about nothing else: it waits.
pub(super) async fn whole(asked: &Asked, subject: Subject<'_>) -> Option<Arc<Why>> {
    let names = worth_asking(asked, subject)?;
    who(&asked.app, asked.seen.as_ref()?, &names).await.ok()
}

fn worth_asking(asked: &Asked, subject: Subject<'_>) -> Option<Vec<SeriesName>> {
    let server = asked.server();
    let names = asked.with(&[], &server, |scene, _| pages::worth_asking(scene, subject));
    (!names.is_empty()).then_some(names)
}

/// Who spent the budget of an SLO, of the segment that is asked about or of each.
pub(super) async fn blame(asked: &Asked, seen: &Seen, slo: &SloId) -> Result<Arc<Why>, String> {
    let segment = asked.ask.get("segment");
    let day = crate::routes::cascade::day(seen);
    let names = series(seen.promises(), day, slo, None, segment);
    let names = names.map_err(|_| "nothing is promised to what is asked about".to_owned())?;
    who(&asked.app, seen, &names).await
}

/// Who spent the budgets of series, as the API says it.
async fn who(app: &App, seen: &Seen, names: &[SeriesName]) -> Result<Arc<Why>, String> {
    let why = app.who_spent(seen, names).await;
    why.map_err(|why| Problem::from(why).detail)
}
