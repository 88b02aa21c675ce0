//! Percentages of a cascade as text. Knows three decimals and which way to round; what is carried rounds down, what is
//! needed rounds up, so that following the text is always enough.

use attain_math::{Fraction, ONE_PPB};

const DECIMALS: u32 = 3;
/// A part per billion is a ten-millionth of a percent.
const DECIMALS_MAX: u32 = 7;

/// What is carried, rounded down: `99.896%`. Three decimals, and those of the target it is compared with.
///
/// ```
/// assert_eq!(attain_cascade::percent_down(998_964_000, 999_500_000), "99.896%");
/// assert_eq!(attain_cascade::percent_down(999_998_999, 999_999_000), "99.9998%");
/// assert_eq!(attain_cascade::percent_down(999_000_000, 999_500_000), "99.9%");
/// ```
#[must_use]
pub fn percent_down(ppb: u32, target_ppb: u32) -> String {
    let decimals = attain_math::ppb::percent_of_ppb(target_ppb)
        .split_once('.')
        .map_or(0, |(_, d)| d.len() as u32);
    percent(ppb).map_or_else(String::new, |share| {
        trimmed(&share.percent_floor(decimals.max(DECIMALS)))
    })
}

/// What is needed, rounded up: `99.954%`. Three decimals, and more where three would ask for 100 %.
///
/// ```
/// assert_eq!(attain_cascade::percent_up(999_536_000), "99.954%");
/// assert_eq!(attain_cascade::percent_up(999_999_600), "99.99996%");
/// ```
#[must_use]
pub fn percent_up(ppb: u32) -> String {
    let Some(share) = percent(ppb) else {
        return String::new();
    };
    let texts = (DECIMALS..=DECIMALS_MAX).map(|decimals| trimmed(&share.percent_ceil(decimals)));
    let mut texts = texts.skip_while(|text| text == "100%" && ppb < ONE_PPB);
    texts.next().unwrap_or_else(|| "100%".to_owned())
}

fn percent(ppb: u32) -> Option<Fraction> {
    Fraction::new(i128::from(ppb), u128::from(ONE_PPB))
}

/// As targets are written: without zeros at the end.
fn trimmed(text: &str) -> String {
    match text.contains('.') {
        true => format!("{}%", text.trim_end_matches('0').trim_end_matches('.')),
        false => format!("{text}%"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_and_ends() {
        assert_eq!(percent_down(1_000_000_000, 999_500_000), "100%");
        assert_eq!(percent_down(0, 990_000_000), "0%");
        assert_eq!(percent_up(1_000_000_000), "100%");
        assert_eq!(percent_up(999_999_999), "99.9999999%");
        assert_eq!(percent_up(0), "0%");
    }
}
