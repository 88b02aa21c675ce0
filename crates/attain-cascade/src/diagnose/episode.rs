//! Since when the customer has been losing budget. Knows what each slot lost and what it allowed; knows no other node.

use std::ops::Range;

/// Quiet slots that do not end an episode, as a share of the slots looked at, and at least so many.
const QUIET_SHARE: f64 = 0.05;
const QUIET_LEAST: usize = 3;

/// An episode counts if it lost at least this share of what the worst one did.
const WORTH: f64 = 0.1;

/// The share of an episode's loss that its body holds: stray bad events at its ends are left out.
const BODY: f64 = 0.98;

/// What a slot of the customer's did.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spent {
    /// What it lost, in the unit of the budget.
    pub lost: f64,
    /// What it was allowed to lose.
    pub allowed: f64,
}

/// The last episode in which more was lost than allowed; `None` if there is none.
///
/// An episode is a run of slots that lost more than they were allowed, with only a few quiet ones between, and that is
/// above its allowance as a whole. The last one that is of some weight is meant, not a stray bad event after it.
#[must_use]
pub fn last_episode(slots: &[Spent]) -> Option<Range<usize>> {
    let quiet = ((slots.len() as f64 * QUIET_SHARE) as usize).max(QUIET_LEAST);
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, slot) in slots.iter().enumerate() {
        if slot.lost <= slot.allowed {
            continue;
        }
        match runs.last_mut() {
            Some(run) if at - run.end <= quiet => run.end = at + 1,
            _ => runs.push(at..at + 1),
        }
    }
    let lost = |run: &Range<usize>| {
        slots[run.clone()]
            .iter()
            .map(|s| s.lost - s.allowed)
            .sum::<f64>()
    };
    runs.retain(|run| lost(run) > 0.0);
    let worst = runs.iter().map(&lost).fold(0.0, f64::max);
    let last = runs
        .into_iter()
        .rev()
        .find(|run| lost(run) >= WORTH * worst)?;
    Some(body(slots, last))
}

/// An episode without the little that was lost at its ends.
fn body(slots: &[Spent], run: Range<usize>) -> Range<usize> {
    let lost: f64 = slots[run.clone()].iter().map(|slot| slot.lost).sum();
    let spare = (1.0 - BODY) / 2.0 * lost;
    let mut ends = run.clone();
    let mut left_out = 0.0;
    while ends.len() > 1 && left_out + slots[ends.start].lost <= spare {
        left_out += slots[ends.start].lost;
        ends.start += 1;
    }
    left_out = 0.0;
    while ends.len() > 1 && left_out + slots[ends.end - 1].lost <= spare {
        left_out += slots[ends.end - 1].lost;
        ends.end -= 1;
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(lost: &[f64]) -> Vec<Spent> {
        let slot = |lost: &f64| Spent {
            lost: *lost,
            allowed: 1.0,
        };
        lost.iter().map(slot).collect()
    }

    #[test]
    fn the_last_one_of_some_weight_is_meant() {
        assert_eq!(last_episode(&slots(&[0.0, 1.0, 0.5])), None);
        assert_eq!(last_episode(&[]), None);
        let mut lost = [0.0; 100];
        lost[20..30].fill(9.0);
        lost[60..70].fill(7.0);
        assert_eq!(last_episode(&slots(&lost)), Some(60..70));
        // Two quiet slots do not end it, a stray event later is no episode.
        lost[65..67].fill(0.0);
        lost[90] = 2.0;
        assert_eq!(last_episode(&slots(&lost)), Some(60..70));
        // Nor does what it began with in a trickle.
        lost[57] = 1.1;
        lost[60..70].fill(70.0);
        assert_eq!(last_episode(&slots(&lost)), Some(60..70));
    }
}
