//! A target that is scraped, read once. Knows pages; judges nothing.

use attain_sources::scrape::{Shown, Target, shown_on};

use super::http::{WITHIN, fetch};
use crate::doctor::seen::{TargetSeen, Unreached};

/// Fetches a page and reads it.
pub fn target(text: &str) -> (TargetSeen, Vec<Shown>) {
    let url = Target::new(text, WITHIN).url().to_owned();
    let mut seen = TargetSeen {
        url: url.clone(),
        reached: Err(Unreached::Away(String::new())),
        numbers: 0,
        unreadable: 0,
    };
    match fetch(&url, &[], &[]) {
        Ok(fetched) if fetched.status == 200 => {
            let (shown, unreadable) = shown_on(&fetched.body);
            seen.numbers = shown.len() as u64;
            seen.unreadable = unreadable;
            seen.reached = Ok(fetched.answered);
            (seen, shown)
        }
        Ok(fetched) => {
            let why = format!("it answers {} and no page of metrics", fetched.status);
            seen.reached = Err(Unreached::Other(why));
            (seen, Vec::new())
        }
        Err(why) => {
            seen.reached = Err(why);
            (seen, Vec::new())
        }
    }
}
