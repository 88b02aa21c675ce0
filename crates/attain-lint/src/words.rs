//! Words about promises, and words in names. Knows English; knows no catalogue.

/// The words of a name or a sentence, in lower case: `db_pool.Wait-time` is `db`, `pool`, `wait`, `time`.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list<S: AsRef<str>>(items: &[S]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    match items.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// An id as a sentence: `checkout-completes` is `Checkout completes`.
pub(crate) fn sentence(id: &str) -> String {
    let text = id.replace('-', " ");
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => text,
    }
}

/// A ratio with at most so many decimals, rounded to the nearest, without trailing zeros.
pub(crate) fn ratio(numerator: u128, denominator: u128, decimals: u32) -> String {
    if denominator == 0 {
        return "endless".to_owned();
    }
    let scale = 10_u128.pow(decimals);
    let scaled = (numerator * scale * 2 + denominator) / (denominator * 2);
    let (whole, rest) = (scaled / scale, scaled % scale);
    if rest == 0 {
        return whole.to_string();
    }
    let digits = format!("{rest:0width$}", width = decimals as usize);
    format!("{whole}.{}", digits.trim_end_matches('0'))
}

/// The name that was probably meant, if one differs in no more than a third of its characters.
pub(crate) fn closest<'n>(typed: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let (name, distance) = names
        .map(|name| (name, distance(typed, name)))
        .min_by_key(|(_, distance)| *distance)?;
    (distance * 3 <= name.len()).then_some(name)
}

/// How many characters must be put in, taken out or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().take(64).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_rounded_to_the_nearest() {
        assert_eq!(ratio(1488, 10, 1), "148.8");
        assert_eq!(ratio(100, 1, 1), "100");
        assert_eq!(ratio(2, 3, 2), "0.67");
        assert_eq!(ratio(1, 0, 2), "endless");
    }

    #[test]
    fn lists_read_like_english() {
        assert_eq!(list::<&str>(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }

    #[test]
    fn a_typo_is_recognised_and_another_word_is_not() {
        let names = || ["no-runbook", "never-rolled-up"].into_iter();
        assert_eq!(closest("never-roled-up", names()), Some("never-rolled-up"));
        assert_eq!(closest("no-runbok", names()), Some("no-runbook"));
        assert_eq!(closest("unit-missing", names()), None);
        assert_eq!(closest("", names()), None);
    }

    #[test]
    fn ids_become_sentences() {
        assert_eq!(sentence("checkout-completes"), "Checkout completes");
    }
}
