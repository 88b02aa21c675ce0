//! Since when the customer has been losing budget. Knows what each slot lost and what it allowed; knows no other node.
//!
//! An episode begins and ends where somebody on call would say so: a calm as long as the one that ends an alert ends it, if
//! enough was asked in it to tell. One good slot in the middle of a fault is no calm; nor are ten minutes in which hardly
//! anybody came, or the pauses of a leak that loses an event now and then.

use std::cmp::Ordering;
use std::ops::Range;

/// So many times the calm that ends an episode, without a slot above its allowance, end it whatever was asked in them.
const SILENCE: usize = 12;

/// How sure it is that a calm is none of the pauses that chance leaves in a steady loss: its chance is at most e to the
/// minus this, 1 in 8,000. There are many pauses to choose from.
const EVIDENT: f64 = 9.0;

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

/// The episodes in which more was lost than allowed, oldest first; empty if there is none. The last one is meant by a
/// question that names no time.
///
/// `calm` is how many slots that together lost no more than they were allowed end an episode, if they cannot be chance. Of
/// an episode that lost little beside the worst one nothing is said, for it may be a stray bad event; while an alert is
/// `firing`, the one that goes on counts all the same, for it is what somebody was woken for.
#[must_use]
pub fn episodes(slots: &[Spent], calm: usize, firing: bool) -> Vec<Range<usize>> {
    let calm = calm.max(1);
    let found: Vec<Range<usize>> = runs(slots, calm.saturating_mul(SILENCE))
        .into_iter()
        .flat_map(|run| stretches(slots, run, Spent::excess))
        .flat_map(|stretch| between_calms(slots, stretch, calm))
        .collect();
    let excess = |range: &Range<usize>| sum(slots, range).excess();
    let worst = found.iter().map(excess).fold(0.0, f64::max);
    let goes_on = |range: &Range<usize>| {
        firing && range.end + calm > slots.len() && sum(slots, range).is_no_chance()
    };
    let told = found
        .into_iter()
        .filter(|range| excess(range) >= WORTH * worst || goes_on(range));
    told.map(|range| body(slots, range)).collect()
}

/// Slots above their allowance with at most so many others between them.
fn runs(slots: &[Spent], silence: usize) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, slot) in slots.iter().enumerate() {
        if slot.excess() <= 0.0 {
            continue;
        }
        match runs.last_mut() {
            Some(run) if at - run.end <= silence => run.end = at + 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// The parts of a stretch that calms leave, ascending. The most evident calm is cut out first: what is usual for a part is
/// said by the part alone, so that a fault does not make calms of the pauses of a leak beside it.
fn between_calms(slots: &[Spent], stretch: Range<usize>, calm: usize) -> Vec<Range<usize>> {
    let mut whole = Vec::new();
    let mut open = vec![stretch];
    while let Some(part) = open.pop() {
        let all = sum(slots, &part);
        let calms = stretches(slots, part.clone(), |slot| -slot.excess());
        let evident = calms
            .into_iter()
            .filter(|range| range.len() >= calm && *range != part)
            .map(|range| (evidence(all, sum(slots, &range)), range))
            .filter(|(evidence, _)| *evidence >= EVIDENT)
            .max_by(|(a, one), (b, other)| {
                let by_evidence = a.partial_cmp(b).unwrap_or(Ordering::Equal);
                by_evidence.then(one.len().cmp(&other.len()))
            });
        match evident {
            // Popped from the end: the earlier part is next.
            Some((_, range)) => {
                let sides = [range.end..part.end, part.start..range.start];
                open.extend(sides.into_iter().filter(|side| !side.is_empty()));
            }
            None => whole.push(part),
        }
    }
    whole
}

/// How unlikely it is that a loss that is spread evenly over all that was asked leaves so little in one piece of it: minus
/// the logarithm of a bound of that chance (Chernoff). The two events that the whole begins and ends with tell nothing.
fn evidence(all: Spent, piece: Spent) -> f64 {
    let events = all.lost - 2.0;
    if events <= 0.0 || all.allowed <= 0.0 {
        return 0.0;
    }
    let expected = (piece.allowed / all.allowed).clamp(0.0, 1.0 - 1e-9);
    let seen = piece.lost / events;
    if seen >= expected {
        return 0.0;
    }
    let inside = match seen > 0.0 {
        true => seen * (seen / expected).ln(),
        false => 0.0,
    };
    events * (inside + (1.0 - seen) * ((1.0 - seen) / (1.0 - expected)).ln())
}

fn sum(slots: &[Spent], range: &Range<usize>) -> Spent {
    let inside = slots.get(range.clone()).unwrap_or_default().iter();
    inside.fold(Spent::default(), |sum, slot| Spent {
        lost: sum.lost + slot.lost,
        allowed: sum.allowed + slot.allowed,
    })
}

impl Spent {
    fn excess(&self) -> f64 {
        self.lost - self.allowed
    }

    /// Whether somebody who loses what is allowed would hardly ever lose so much.
    fn is_no_chance(&self) -> bool {
        let allowed = self.allowed.max(1e-9);
        self.lost > allowed && self.lost * (self.lost / allowed).ln() - self.excess() >= EVIDENT
    }
}

/// A stretch, and what its score had come to since the begin of the run, before and after it.
#[derive(Debug, Clone)]
struct Stretch {
    range: Range<usize>,
    before: f64,
    after: f64,
}

/// All maximal scoring stretches of a run (Ruzzo and Tompa, 1999): apart, ascending.
fn stretches(
    slots: &[Spent],
    run: Range<usize>,
    score: impl Fn(&Spent) -> f64,
) -> Vec<Range<usize>> {
    let mut found: Vec<Stretch> = Vec::new();
    let mut total = 0.0;
    for at in run {
        let before = total;
        total += score(&slots[at]);
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
            if found[place].after >= next.after {
                break;
            }
            next.range.start = found[place].range.start;
            next.before = found[place].before;
            found.truncate(place);
        }
        found.push(next);
    }
    found.into_iter().map(|stretch| stretch.range).collect()
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

    /// Where each begins and ends.
    fn told(slots: &[Spent], calm: usize, firing: bool) -> Vec<(usize, usize)> {
        let found = episodes(slots, calm, firing).into_iter();
        found.map(|range| (range.start, range.end)).collect()
    }

    fn last(slots: &[Spent]) -> Option<Range<usize>> {
        episodes(slots, 5, false).pop()
    }

    #[test]
    fn the_last_one_of_some_weight_is_meant() {
        assert_eq!(last(&slots(&[0.0, 1.0, 0.5])), None);
        assert_eq!(last(&[]), None);
        let mut lost = [0.0; 100];
        lost[20..30].fill(9.0);
        lost[60..70].fill(7.0);
        assert_eq!(last(&slots(&lost)), Some(60..70));
        // Two quiet slots do not end it, a stray event later is no episode.
        lost[65..67].fill(0.0);
        lost[90] = 2.0;
        assert_eq!(last(&slots(&lost)), Some(60..70));
        // Nor does what it began with in a trickle.
        lost[57] = 1.1;
        lost[60..70].fill(70.0);
        assert_eq!(last(&slots(&lost)), Some(60..70));
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
        assert_eq!(last(&strays), Some(300..310));
        // A second one, with a calm between that costs more than it gains, is another.
        for slot in &mut strays[360..364] {
            slot.lost = 9.0;
        }
        assert_eq!(last(&strays), Some(360..364));
        for slot in &mut strays[312..320] {
            slot.lost = 9.0;
        }
        strays.truncate(350);
        assert_eq!(last(&strays), Some(300..320));
    }

    /// Slots of so many requests, of which one in a hundred may fail; bad events by slot.
    fn traffic(requests: f64, lost: impl Fn(usize) -> f64, count: usize) -> Vec<Spent> {
        let slot = |at| Spent {
            lost: lost(at),
            allowed: requests / 100.0,
        };
        (0..count).map(slot).collect()
    }

    #[test]
    fn ten_calm_minutes_are_between_two_faults_however_long_a_slot_is() {
        // (slot, calm) in seconds. Half of the requests fail for 30 s, and for 40 s ten minutes later; one in 500 always
        // does, and the first fault lost so much that an hour's allowance is less.
        for (seconds, calm) in [(10, 60), (10, 300), (60, 300)] {
            let (first, later) = (3600 / seconds, 4230 / seconds);
            let (short, long) = ((30 / seconds).max(1), (40 / seconds).max(1));
            let requests = 10.0 * seconds as f64;
            let lost = |at: usize| match at {
                _ if (first..first + short).contains(&at) => requests / 2.0,
                _ if (later..later + long).contains(&at) => requests / 2.0,
                _ if at.is_multiple_of((500 / requests as usize).max(1)) => 1.0,
                _ => 0.0,
            };
            let slots = traffic(requests, lost, 6 * 3600 / seconds);
            assert_eq!(
                told(&slots, calm / seconds, false),
                [(first, first + short), (later, later + long)],
                "{seconds} s"
            );
        }
    }

    #[test]
    fn a_good_slot_in_the_middle_of_a_fault_does_not_end_it() {
        for good in [1, 2, 4] {
            let is_fault = |at: usize| (100..130).contains(&at) && !(110..110 + good).contains(&at);
            let slots = traffic(100.0, |at| if is_fault(at) { 40.0 } else { 0.0 }, 200);
            assert_eq!(told(&slots, 5, false), [(100, 130)]);
        }
    }

    #[test]
    fn few_requests_are_no_calm() {
        // A fault of which one of two requests is lost; then ten minutes in which two came; then the rest of it.
        let mut slots = traffic(4.0, |_| 2.0, 100);
        slots[40..100].fill(Spent::default());
        slots[60].allowed = 0.01;
        slots[80].allowed = 0.01;
        slots.extend(traffic(4.0, |_| 2.0, 20));
        assert_eq!(told(&slots, 6, false), [(0, 120)]);
        // As many requests as before are.
        slots[40..100].fill(Spent {
            lost: 0.0,
            allowed: 0.04,
        });
        assert_eq!(told(&slots, 6, false), [(0, 40), (100, 120)]);
        // And so are hours without a word.
        slots[40..100].fill(Spent::default());
        assert_eq!(told(&slots, 4, false), [(0, 40), (100, 120)]);
    }

    #[test]
    fn a_leak_is_one_episode_for_hours() {
        // Three hours of slots of 10 s in which one of 1000 may fail and two do, here and there: pauses of minutes are chance.
        let mut seed = 7_u64;
        let mut slots = Vec::new();
        for at in 0..1800 {
            let mut lost = 0.0;
            for _ in 0..100 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let is_lost = (seed >> 33) % 1000 < 2;
                lost += f64::from(u8::from(is_lost && (360..1440).contains(&at)));
            }
            slots.push(Spent { lost, allowed: 0.1 });
        }
        for calm in [6, 30] {
            let found = episodes(&slots, calm, false);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].start < 420 && found[0].end > 1380, "{found:?}");
        }
        // Of a fault in the middle of it the leak is no part.
        slots[1000..1006].fill(Spent {
            lost: 60.0,
            allowed: 0.1,
        });
        assert_eq!(last(&slots), Some(1000..1006));
    }

    #[test]
    fn what_an_alert_fires_for_is_told_however_much_was_lost_before() {
        let lost = |at: usize| match at {
            100..110 => 90.0,
            198..200 => 20.0,
            _ => 0.0,
        };
        let slots = traffic(100.0, lost, 200);
        assert_eq!(told(&slots, 6, false), [(100, 110)]);
        assert_eq!(told(&slots, 6, true), [(100, 110), (198, 200)]);
        // Not a stray bad event, and not what is over.
        let stray = traffic(
            100.0,
            |at| if at == 199 { 2.0 } else { lost(at.min(190)) },
            200,
        );
        assert_eq!(told(&stray, 6, true), [(100, 110)]);
        let mut over = slots;
        over.extend(traffic(100.0, |_| 0.0, 6));
        assert_eq!(told(&over, 6, true), [(100, 110)]);
    }
}
