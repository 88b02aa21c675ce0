//! Whether what burned in the last hour burns still, from the shorter windows of the alert policy. Knows that few requests
//! without a failure prove nothing.

use attain_model::Verdict;
use attain_model::verdict::Burn;

use super::matrix::recent_burn;

const BILLION: u128 = 1_000_000_000;

/// Failures that a window would have if it went on as before, from which on their absence means something: by chance
/// there would be none in one case of twenty.
const EXPECTED: u128 = 3;

/// What the shorter windows say.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lately<'a> {
    /// The shortest window burns, or there is none that is shorter.
    Burns,
    /// It has not burned for this window, and a longer one has what did.
    Quiet(Quiet<'a>),
    /// It has not burned for this window, in which too little happened to say that it is over.
    TooFew(Quiet<'a>),
}

/// A window that does not burn, and the next longer one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quiet<'a> {
    /// The longest window up to now that does not burn.
    pub(crate) window: &'a Burn,
    /// The next longer one, which does.
    pub(crate) before: &'a Burn,
}

/// Asked of a verdict that burned in the last hour.
pub(crate) fn lately(verdict: &Verdict) -> Lately<'_> {
    let Some(recent) = recent_burn(verdict) else {
        return Lately::Burns;
    };
    let mut windows: Vec<&Burn> = verdict
        .burn
        .iter()
        .filter(|burn| burn.window <= recent.window)
        .collect();
    windows.sort_by_key(|burn| burn.window);
    let quiet = windows.iter().take_while(|burn| !burns(burn)).count();
    let (Some(window), Some(before)) = (
        quiet.checked_sub(1).and_then(|last| windows.get(last)),
        windows.get(quiet),
    ) else {
        return Lately::Burns;
    };
    let seen = Quiet { window, before };
    let total = u128::from(window.attainment.total());
    let is_told = windows.iter().skip(quiet).any(|longer| {
        let longer = longer.attainment;
        total * u128::from(longer.bad) >= EXPECTED * u128::from(longer.total())
    });
    if is_told {
        Lately::Quiet(seen)
    } else {
        Lately::TooFew(seen)
    }
}

/// Whether more is spent in a window than may be.
pub(crate) fn burns(burn: &Burn) -> bool {
    u128::from(burn.attainment.bad) * BILLION > burn.allowed_billionths
}
