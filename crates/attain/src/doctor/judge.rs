//! The judges: from what was seen to what is wrong, why it hurts and what to type. Pure: no file, no network, no clock.

pub mod copies;
pub mod edges;
pub mod folder;
pub mod labels;
pub mod metric;
pub mod reach;
pub mod server;

use std::time::Duration;

use attain_view::{number, visible};

/// A length as it is said: milliseconds below two seconds, its two largest units above.
fn length(length: Duration) -> String {
    match length.as_millis() {
        0 => "less than 1 ms".to_owned(),
        ms @ 1..2000 => format!("{ms} ms"),
        _ => number::about(length),
    }
}

/// A share in percent: whole from ten on, one decimal below, and never 0 of something.
fn percent(part: u64, whole: u64) -> String {
    if whole == 0 || part == 0 {
        return "0%".to_owned();
    }
    let tenths = u128::from(part) * 1000 / u128::from(whole);
    match tenths {
        0 => "less than 0.1%".to_owned(),
        1..100 => format!("{}.{}%", tenths / 10, tenths % 10),
        _ => format!("{}%", tenths / 10),
    }
}

/// Some of many, in backquotes.
fn some_of<'n>(names: impl ExactSizeIterator<Item = &'n str>, most: usize) -> String {
    let more = names.len().saturating_sub(most);
    let mut shown: Vec<String> = names
        .take(most)
        .map(|name| format!("`{}`", visible(name)))
        .collect();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_people_say_them() {
        assert_eq!(length(Duration::from_micros(12)), "less than 1 ms");
        assert_eq!(length(Duration::from_millis(12)), "12 ms");
        assert_eq!(length(Duration::from_secs(3700)), "1h 1m");
        assert_eq!(percent(1, 3), "33%");
        assert_eq!(percent(1, 100), "1.0%");
        assert_eq!(percent(1, 100_000), "less than 0.1%");
        assert_eq!(percent(0, 0), "0%");
        assert_eq!(some_of(["a", "b", "c"].into_iter(), 2), "`a`, `b`, 1 more");
    }
}
