//! Did you mean: the closest of some names. Knows nothing about what the names stand for.

/// The name closest to `typed`, if one is close enough to be meant. Ties go to the first.
pub(crate) fn closest<'n>(typed: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let typed_lower = typed.to_lowercase();
    let limit = match typed.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        n => (n / 3).min(4),
    };
    let mut best: Option<(usize, &str)> = None;
    for name in names {
        let distance = if name.to_lowercase() == typed_lower {
            0
        } else {
            edit_distance(typed, name)
        };
        if distance <= limit
            && distance < name.chars().count()
            && best.is_none_or(|(least, _)| distance < least)
        {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

/// How many characters must be put in, taken out, changed or swapped with their neighbour.
fn edit_distance(a: &str, b: &str) -> usize {
    // Long texts are no names; the cost is their product.
    let a: Vec<char> = a.chars().take(128).collect();
    let b: Vec<char> = b.chars().take(128).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (previous[j] + 1)
                .min(row[j - 1] + 1)
                .min(previous[j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut previous, row);
    }
    previous[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_finds_its_name_and_a_stranger_finds_none() {
        let names = ["objectives", "owner", "owners", "window"];
        let find = |typed: &str| closest(typed, names.iter().copied());
        assert_eq!(find("objective"), Some("objectives"));
        assert_eq!(find("onwer"), Some("owner"));
        assert_eq!(find("Window"), Some("window"));
        assert_eq!(find("colour"), None);
        assert_eq!(find(""), None);
    }
}
