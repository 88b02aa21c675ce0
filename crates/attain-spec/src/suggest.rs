//! Did you mean: the closest of some names. Knows nothing about what the names stand for.

/// The name closest to `typed`, if one is close enough to be meant: a third of its characters may differ, at most 4,
/// and a swap of neighbours counts as one. Ties go to the first; upper and lower case are the same name.
///
/// ```
/// let teams = ["payments", "platform"];
/// assert_eq!(attain_spec::closest("paymetns", teams.into_iter()), Some("payments"));
/// assert_eq!(attain_spec::closest("growth", teams.into_iter()), None);
/// ```
pub fn closest<'n>(typed: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    // Long texts are no names; the cost is the product of both.
    let typed_chars: Vec<char> = typed.chars().take(128).collect();
    let mut limit = match typed_chars.len() {
        0..=2 => 1,
        3..=5 => 2,
        n => (n / 3).min(4),
    };
    let mut best = None;
    for name in names {
        if name.eq_ignore_ascii_case(typed) {
            return Some(name);
        }
        // A name that is no longer than its own typos could be anything.
        let length = name.chars().count();
        let most = limit.min(length.saturating_sub(1));
        if length.abs_diff(typed_chars.len()) > most {
            continue;
        }
        if let Some(distance) = edit_distance(&typed_chars, name, most) {
            best = Some(name);
            // From here on only a closer one counts.
            match distance {
                0 => break,
                _ => limit = distance - 1,
            }
        }
    }
    best
}

/// How many characters must be put in, taken out, changed or swapped with their neighbour; `None` above `most`.
fn edit_distance(a: &[char], b: &str, most: usize) -> Option<usize> {
    let b: Vec<char> = b.chars().take(128).collect();
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    let mut row = previous.clone();
    for i in 1..=a.len() {
        row[0] = i;
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (previous[j] + 1)
                .min(row[j - 1] + 1)
                .min(previous[j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        // A swap looks two rows back, so that both must be beyond hope.
        let least = |row: &[usize]| row.iter().min().is_some_and(|&n| n > most);
        if least(&row) && least(&previous) {
            return None;
        }
        std::mem::swap(&mut before, &mut previous);
        std::mem::swap(&mut previous, &mut row);
    }
    previous
        .last()
        .copied()
        .filter(|&distance| distance <= most)
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
