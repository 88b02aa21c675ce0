//! Thresholds in lowest terms, so that a burn rate is compared exactly in two multiplications.
//!
//! Knows numbers. Knows neither windows nor series.

use attain_math::burn::{self, LOW_TRAFFIC_EXPECTED_BAD, ONE_BURN_MILLIONTHS};
use attain_math::ppb::allowance_ppb;
use attain_math::{ONE_PPB, ppb};

/// A burn rate above which something is so, under one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit {
    target_ppb: u32,
    burn_millionths: u64,
    /// `bad / total` is above the limit where `bad * q > total * p`; `None` where these do not fit 31 bits.
    // Invariant: below 2^31, so that both products of 32-bit counts stay below 2^63 and their difference has a sign.
    ratio: Option<(u32, u32)>,
}

impl Limit {
    pub(super) fn new(target_ppb: u32, burn_millionths: u64) -> Self {
        let whole = u128::from(ONE_PPB) * u128::from(ONE_BURN_MILLIONTHS);
        let limit = u128::from(allowance_ppb(target_ppb)) * u128::from(burn_millionths);
        let common = gcd(limit, whole);
        let small = |n: u128| u32::try_from(n).ok().filter(|n| *n < 1 << 31);
        let ratio = small(limit / common).zip(small(whole / common));
        Self {
            target_ppb,
            burn_millionths,
            ratio,
        }
    }

    /// Whether the budget of these counts is overspent, as a limit: a burn rate above one.
    pub(super) fn budget(target_ppb: u32) -> Self {
        Self::new(target_ppb, ONE_BURN_MILLIONTHS)
    }

    fn is_exceeded(&self, total: u64, bad: u64) -> bool {
        let allowed = ppb::allowed_bad_billionths(total, self.target_ppb);
        burn::exceeds_allowed(bad, allowed, self.burn_millionths)
    }
}

/// The fewest events with which a burn rate means anything under a target; `u64::MAX` where no number is enough.
pub(super) fn least_events(target_ppb: u32) -> u64 {
    let needed = LOW_TRAFFIC_EXPECTED_BAD * u64::from(ONE_PPB);
    match allowance_ppb(target_ppb) {
        0 => u64::MAX,
        allowance => needed.div_ceil(u64::from(allowance)),
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// A cumulative count: wraps, so that differences are exact while what lies between fits.
pub(super) trait Word: Copy + Default {
    /// More than this many events must not be held between the oldest and the newest row of a series.
    const MOST: u64;
    fn of(events: u64) -> Self;
    fn get(self) -> u64;
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    /// Sets `bit` in `flags` where the limit is exceeded.
    fn flag_above(flags: &mut [u32], bit: u32, total: &[Self], bad: &[Self], limit: &Limit);
    /// Sets `bit` in `flags` where there are fewer events than this.
    fn flag_below(flags: &mut [u32], bit: u32, total: &[Self], least: u64);
    /// Sets the first bit in `flags` where all and bad events of two windows exceed the limit and the second window holds
    /// enough of them, and the second bit where it does not.
    fn flag_tier(
        flags: &mut [u32],
        bits: (u32, u32),
        short: (&[Self], &[Self]),
        long: (&[Self], &[Self]),
        limit: &Limit,
        least: u64,
    );
}

impl Word for u32 {
    const MOST: u64 = u32::MAX as u64 - 1;

    fn of(events: u64) -> Self {
        // What does not fit wraps: only differences matter.
        (events & u64::from(u32::MAX)) as u32
    }

    fn get(self) -> u64 {
        u64::from(self)
    }

    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }

    fn flag_above(flags: &mut [u32], bit: u32, total: &[Self], bad: &[Self], limit: &Limit) {
        let pairs = flags.iter_mut().zip(total.iter().zip(bad));
        match limit.ratio {
            Some((p, q)) => pairs.for_each(|(flag, (total, bad))| {
                // The sign of the difference: no comparison of 64 bits, which older vector units lack.
                let allowed = u64::from(*total) * u64::from(p);
                let burnt = u64::from(*bad) * u64::from(q);
                *flag |= ((allowed.wrapping_sub(burnt) >> 63) as u32) << bit;
            }),
            None => pairs.for_each(|(flag, (total, bad))| {
                *flag |= u32::from(limit.is_exceeded(total.get(), bad.get())) << bit;
            }),
        }
    }

    fn flag_below(flags: &mut [u32], bit: u32, total: &[Self], least: u64) {
        let least = least.min(1 << 32);
        for (flag, total) in flags.iter_mut().zip(total) {
            *flag |= ((u64::from(*total).wrapping_sub(least) >> 63) as u32) << bit;
        }
    }

    fn flag_tier(
        flags: &mut [u32],
        bits: (u32, u32),
        short: (&[Self], &[Self]),
        long: (&[Self], &[Self]),
        limit: &Limit,
        least: u64,
    ) {
        let Some((p, q)) = limit.ratio else {
            return flag_tier_by_one(flags, bits, short, long, limit, least);
        };
        let (p, q, least) = (u64::from(p), u64::from(q), least.min(1 << 32));
        // The sign of a difference, as in `flag_above`; one pass, for most runs are short.
        let above = |total: u32, bad: u32| {
            let allowed = u64::from(total) * p;
            allowed.wrapping_sub(u64::from(bad) * q) >> 63
        };
        let n = flags.len();
        let (short, long) = ((&short.0[..n], &short.1[..n]), (&long.0[..n], &long.1[..n]));
        for (i, flag) in flags.iter_mut().enumerate() {
            let few = u64::from(long.0[i]).wrapping_sub(least) >> 63;
            let both = above(short.0[i], short.1[i]) & above(long.0[i], long.1[i]);
            *flag |= ((both & !few) as u32) << bits.0 | (few as u32) << bits.1;
        }
    }
}

/// As [`Word::flag_tier`], for any word and limit.
fn flag_tier_by_one<W: Word>(
    flags: &mut [u32],
    bits: (u32, u32),
    short: (&[W], &[W]),
    long: (&[W], &[W]),
    limit: &Limit,
    least: u64,
) {
    let is_above =
        |(total, bad): (&[W], &[W]), i: usize| limit.is_exceeded(total[i].get(), bad[i].get());
    for (i, flag) in flags.iter_mut().enumerate() {
        let is_few = long.0[i].get() < least;
        let fires = !is_few && is_above(short, i) && is_above(long, i);
        *flag |= u32::from(fires) << bits.0 | u32::from(is_few) << bits.1;
    }
}

impl Word for u64 {
    const MOST: u64 = u64::MAX;

    fn of(events: u64) -> Self {
        events
    }

    fn get(self) -> u64 {
        self
    }

    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }

    fn flag_above(flags: &mut [u32], bit: u32, total: &[Self], bad: &[Self], limit: &Limit) {
        for (flag, (total, bad)) in flags.iter_mut().zip(total.iter().zip(bad)) {
            *flag |= u32::from(limit.is_exceeded(*total, *bad)) << bit;
        }
    }

    fn flag_below(flags: &mut [u32], bit: u32, total: &[Self], least: u64) {
        for (flag, total) in flags.iter_mut().zip(total) {
            *flag |= u32::from(*total < least) << bit;
        }
    }

    fn flag_tier(
        flags: &mut [u32],
        bits: (u32, u32),
        short: (&[Self], &[Self]),
        long: (&[Self], &[Self]),
        limit: &Limit,
        least: u64,
    ) {
        flag_tier_by_one(flags, bits, short, long, limit, least);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_two_bits_say_what_u128_says() {
        let mut rng = fastrand::Rng::with_seed(31);
        for _ in 0..20_000 {
            let target = match rng.u8(0..4) {
                0 => rng.u32(0..=ONE_PPB),
                1 => ONE_PPB - rng.u32(0..10),
                _ => 1_000_000 * rng.u32(900..=1000),
            };
            let millionths = match rng.u8(0..3) {
                0 => rng.u64(1_000_000..u64::MAX),
                1 => rng.u64(1_000_000..100_000_000),
                _ => 100_000 * rng.u64(10..200),
            };
            let limit = Limit::new(target, millionths);
            let total = rng.u32(..) >> rng.u32(0..32);
            // Around the limit, where an error of one event would show.
            let at = burn::error_ratio_needed(millionths, target).to_f64() * f64::from(total);
            let near = at.min(f64::from(u32::MAX - 2)) as u32;
            let bad = near.saturating_add(rng.u32(0..3)).min(total);
            let (mut narrow, mut wide) = ([0], [0]);
            u32::flag_above(&mut narrow, 3, &[total], &[bad], &limit);
            u64::flag_above(&mut wide, 3, &[total.into()], &[bad.into()], &limit);
            assert_eq!(narrow, wide, "{bad} of {total} at {target}, {millionths}");
            assert_eq!(
                wide[0] != 0,
                burn::exceeds(bad.into(), total.into(), target, millionths)
            );
            let least = least_events(target);
            let (mut narrow, mut wide) = ([0], [0]);
            let all = (total, bad);
            let (total_wide, bad_wide) = (u64::from(total), u64::from(bad));
            let pair = (&[all.0][..], &[all.1][..]);
            let pair_wide = (&[total_wide][..], &[bad_wide][..]);
            u32::flag_tier(&mut narrow, (1, 5), pair, pair, &limit, least);
            u64::flag_tier(&mut wide, (1, 5), pair_wide, pair_wide, &limit, least);
            assert_eq!(narrow, wide, "{bad} of {total} at {target}, {millionths}");
            let allowed = ppb::allowed_bad_billionths(total.into(), target);
            let (mut narrow, mut wide) = ([0], [0]);
            u32::flag_below(&mut narrow, 0, &[total], least);
            u64::flag_below(&mut wide, 0, &[total.into()], least);
            let too_few = u32::from(allowed < 10_000_000_000);
            assert_eq!((narrow[0], wide[0]), (too_few, too_few));
        }
    }
}
