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
/// Slots that lost more than they were allowed make a run, if only a few quiet ones are between. An episode is a stretch of
/// a run that is above its allowance as a whole and would be less so if it were longer; more than a few slots that
/// together lost no more than allowed end it, too: where few requests come every
/// stray bad event is above the allowance of its slot, and hours of them are one run with the real loss in it. The last
/// episode of some weight is meant, not a stray bad event after it.
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
    let found: Vec<Stretch> = runs
        .into_iter()
        .flat_map(|run| stretches(slots, run, quiet))
        .collect();
    let worst = found.iter().map(Stretch::excess).fold(0.0, f64::max);
    let last = found
        .into_iter()
        .rev()
        .find(|stretch| stretch.excess() >= WORTH * worst)?;
    Some(body(slots, last.range))
}

/// A stretch of a run, and what had been lost above the allowance since the begin of the run, before and after it.
#[derive(Debug, Clone)]
struct Stretch {
    range: Range<usize>,
    before: f64,
    after: f64,
}

impl Stretch {
    fn excess(&self) -> f64 {
        self.after - self.before
    }
}

/// All maximal scoring stretches of a run (Ruzzo and Tompa, 1999), none over more quiet slots than these: apart, ascending.
fn stretches(slots: &[Spent], run: Range<usize>, quiet: usize) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    let mut total = 0.0;
    for at in run {
        let before = total;
        total += slots[at].lost - slots[at].allowed;
        if total <= before {
            continue;
        }
        let mut next = Stretch {
            range: at..at + 1,
            before,
            after: total,
        };
        // Together with whatever lies between, if that is more than each of them alone.
        while let Some(place) = found.iter().rposition(|one| one.before < next.before) {
            let between = next.range.start - found[place].range.end;
            if found[place].after >= next.after || between > quiet {
                break;
            }
            next.range.start = found[place].range.start;
            next.before = found[place].before;
            found.truncate(place);
        }
        found.push(next);
    }
    found
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

    #[test]
    fn strays_around_a_loss_are_no_part_of_it() {
        // A bad event every six slots, each above the allowance of its slot, all together far below that of the run.
        let slot = |at: usize| Spent {
            lost: if at.is_multiple_of(6) { 1.0 } else { 0.0 },
            allowed: 0.8,
        };
        let mut strays: Vec<Spent> = (0..400).map(slot).collect();
        for slot in &mut strays[300..310] {
            slot.lost = 12.0;
        }
        assert_eq!(last_episode(&strays), Some(300..310));
        // A second one, with a calm between that costs more than it gains, is another.
        for slot in &mut strays[360..364] {
            slot.lost = 9.0;
        }
        assert_eq!(last_episode(&strays), Some(360..364));
        for slot in &mut strays[312..320] {
            slot.lost = 9.0;
        }
        strays.truncate(350);
        assert_eq!(last_episode(&strays), Some(300..320));
    }
}
