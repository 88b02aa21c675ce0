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
    fn ids_become_sentences() {
        assert_eq!(sentence("checkout-completes"), "Checkout completes");
    }
}
