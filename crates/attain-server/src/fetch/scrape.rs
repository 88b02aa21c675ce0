//! Scraping one target, again and again, at whole multiples of the interval. Knows when; what a page says is the intake's.

use std::time::Duration;

use attain_sources::live::Outcome;
use attain_sources::scrape::Target;

use super::Fetcher;

/// How often, unless the catalogue says it.
pub(super) const EVERY: Duration = Duration::from_secs(15);

/// Targets of one source: each has a thread.
pub(super) const TARGETS_AT_MOST: usize = 256;

/// Scrapes until it is stopped.
pub(super) fn run(fetcher: &Fetcher, text: &str, every: Duration) {
    let target = Target::new(text, every);
    let labels = [
        ("instance".to_owned(), target.instance().to_owned()),
        ("job".to_owned(), fetcher.source.id.to_string()),
    ];
    let mut is_troubled = false;
    while !fetcher.is_stopped() {
        let now = fetcher.handle.now();
        let outcome = target.page().map_err(|trouble| trouble.to_string());
        let outcome = outcome.and_then(|page| {
            let mut unread = None;
            let kept = fetcher.handle.live(&fetcher.source.id, |intake| {
                let (batch, outcome) = intake.exposition(&page, now, &labels);
                unread = nothing_of(&outcome);
                (batch, outcome)
            });
            let kept = kept.map_err(|refused| refused.to_string())?;
            match unread {
                Some(why) => Err(format!("{}: {why}", target.url())),
                None => Ok(kept),
            }
        });
        match outcome {
            // The source is gone from the catalogue.
            Ok(false) => return,
            Ok(true) if !is_troubled => {}
            Ok(true) => {
                is_troubled = false;
                fetcher.handle.trouble(&fetcher.source.id, None);
            }
            Err(why) => {
                is_troubled = true;
                fetcher.handle.trouble(&fetcher.source.id, Some(why));
            }
        }
        fetcher.wait(until_next(fetcher.handle.now().as_millisecond(), every));
    }
}

/// Why a page says nothing at all, if that is so.
fn nothing_of(outcome: &Outcome) -> Option<String> {
    match (outcome.accepted, outcome.reasons.first()) {
        (0, Some(first)) => Some(format!("what it answers is no page of metrics: {first}")),
        (0, None) => Some("its page has no metrics".to_owned()),
        _ => None,
    }
}

/// How long until the next whole multiple of the interval.
fn until_next(now_ms: i64, every: Duration) -> Duration {
    let every = i64::try_from(every.as_millis())
        .unwrap_or(15_000)
        .max(1_000);
    let rest = every - now_ms.rem_euclid(every);
    Duration::from_millis(u64::try_from(rest).unwrap_or(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scrapes_are_at_multiples_of_the_interval() {
        let every = Duration::from_secs(15);
        assert_eq!(until_next(30_000, every), every);
        assert_eq!(until_next(44_900, every), Duration::from_millis(100));
        assert_eq!(until_next(-100, every), Duration::from_millis(100));
    }
}
