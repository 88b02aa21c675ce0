//! Which of some names is nearly another. Knows letters alone.

/// Names that look like `name`, the nearest first: the same but for case, spaces and punctuation, one within the other,
/// or a few letters apart.
pub fn alike<'n>(name: &str, names: impl Iterator<Item = &'n str>, most: usize) -> Vec<String> {
    let mut found: Vec<(usize, &str)> = names
        .filter_map(|other| Some((nearness(name, other)?, other)))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
        .into_iter()
        .take(most)
        .map(|(_, other)| other.to_owned())
        .collect()
}

/// 0 is the same but for how it is written; `None` is another word.
pub fn nearness(name: &str, other: &str) -> Option<usize> {
    let (plain, other_plain) = (plain_of(name), plain_of(other));
    if plain == other_plain {
        return Some(0);
    }
    if plain.is_empty() || other_plain.is_empty() {
        return None;
    }
    let apart = edits(&plain, &other_plain);
    // A letter of four, two of eight: `free` is not `tree`'s mistake more often than its own.
    let allowed = plain.len().min(other_plain.len()) / 4;
    if apart <= allowed.min(3) {
        return Some(apart);
    }
    let (short, long) = if plain.len() < other_plain.len() {
        (&plain, &other_plain)
    } else {
        (&other_plain, &plain)
    };
    let is_within = short.len() >= 4 && contains(long, short);
    is_within.then(|| 4 + long.len() - short.len())
}

fn plain_of(text: &str) -> Vec<char> {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

fn contains(long: &[char], short: &[char]) -> bool {
    long.windows(short.len()).any(|window| window == short)
}

/// Letters to change, add or leave out.
fn edits(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nearly_the_same_is_found() {
        assert_eq!(nearness("premium", "Premium "), Some(0));
        assert_eq!(nearness("premium", "premum"), Some(1));
        assert_eq!(nearness("premium", "premium-eu"), Some(6));
        assert_eq!(nearness("free", "pro"), None);
        assert_eq!(nearness("free", "tier"), None);
        assert_eq!(nearness("", "x"), None);
    }

    #[test]
    fn the_nearest_comes_first() {
        let names = [
            "up",
            "http_requests_total",
            "http_request_total",
            "http_requests_count",
        ];
        assert_eq!(
            alike("http_requests_totals", names.into_iter(), 2),
            ["http_requests_total", "http_request_total"]
        );
    }
}
