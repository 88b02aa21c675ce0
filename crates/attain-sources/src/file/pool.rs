//! Work on all cores whose results come in order. Knows threads; knows nothing of what is worked on.
//!
//! Whoever takes the results sees them unit by unit, each unit's in its order, whatever the number of threads: that is
//! what makes a reading the same on every machine.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError, mpsc};

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    GoOn,
    Stop,
}

/// Units that a worker may be ahead of the one whose results are taken, per thread: what is counted ahead is kept.
const UNITS_AHEAD: usize = 16;

/// Works on `units` units with as many `threads`; with one, here.
///
/// `worker` makes what each thread works with. `work` works on a unit and gives its results away one by one, until it is
/// told to stop. `take` is called here, in the order of units; an error of it stops everything.
pub(crate) fn in_order<W, R: Send, E>(
    (units, threads): (usize, usize),
    worker: impl Fn() -> W + Sync,
    work: impl Fn(&mut W, usize, &mut dyn FnMut(R) -> Next) + Sync,
    take: &mut dyn FnMut(usize, R) -> Result<Next, E>,
) -> Result<(), E> {
    if threads <= 1 || units <= 1 {
        return alone(units, worker, work, take);
    }
    let turn = Turn::default();
    let (send, receive) = mpsc::channel::<(usize, Option<R>)>();
    std::thread::scope(|scope| {
        for _ in 0..threads.min(units) {
            let (send, turn, worker, work) = (send.clone(), &turn, &worker, &work);
            scope.spawn(move || {
                // Invariant: a thread that panics stops the others, or the scope would wait for ever.
                let _stop = StopAtPanic(turn);
                let mut worker = worker();
                while let Some(unit) = turn.next(units, threads * UNITS_AHEAD) {
                    work(&mut worker, unit, &mut |result| {
                        let is_taken = send.send((unit, Some(result))).is_ok();
                        if is_taken && !turn.is_stopped() {
                            Next::GoOn
                        } else {
                            Next::Stop
                        }
                    });
                    if send.send((unit, None)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let outcome = put_in_order(&receive, &turn, take);
        turn.stop();
        outcome
    })
}

fn alone<W, R, E>(
    units: usize,
    worker: impl Fn() -> W,
    work: impl Fn(&mut W, usize, &mut dyn FnMut(R) -> Next),
    take: &mut dyn FnMut(usize, R) -> Result<Next, E>,
) -> Result<(), E> {
    let mut worker = worker();
    for unit in 0..units {
        let mut outcome = Ok(Next::GoOn);
        work(&mut worker, unit, &mut |result| {
            if matches!(outcome, Ok(Next::GoOn)) {
                outcome = take(unit, result);
            }
            match outcome {
                Ok(next) => next,
                Err(_) => Next::Stop,
            }
        });
        if outcome? == Next::Stop {
            break;
        }
    }
    Ok(())
}

fn put_in_order<R, E>(
    receive: &mpsc::Receiver<(usize, Option<R>)>,
    turn: &Turn,
    take: &mut dyn FnMut(usize, R) -> Result<Next, E>,
) -> Result<(), E> {
    let mut waiting: BTreeMap<usize, VecDeque<Option<R>>> = BTreeMap::new();
    let mut current = 0;
    for (unit, result) in receive {
        waiting.entry(unit).or_default().push_back(result);
        while let Some(results) = waiting.get_mut(&current)
            && let Some(result) = results.pop_front()
        {
            match result {
                Some(result) => {
                    if take(current, result)? == Next::Stop {
                        return Ok(());
                    }
                }
                None => {
                    waiting.remove(&current);
                    current += 1;
                    turn.done(current);
                }
            }
        }
    }
    Ok(())
}

/// Whose turn it is.
#[derive(Debug, Default)]
struct Turn {
    /// The next unit to work on, and the one whose results are taken.
    next: Mutex<(usize, usize)>,
    moved: Condvar,
    stopped: AtomicBool,
}

impl Turn {
    /// The next unit, when it is not too far ahead; `None` if there is none.
    fn next(&self, units: usize, ahead: usize) -> Option<usize> {
        let mut at = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        while !self.is_stopped() && at.0 < units && at.0 >= at.1 + ahead {
            at = self.moved.wait(at).unwrap_or_else(PoisonError::into_inner);
        }
        if self.is_stopped() || at.0 >= units {
            return None;
        }
        at.0 += 1;
        Some(at.0 - 1)
    }

    fn done(&self, units: usize) {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).1 = units;
        self.moved.notify_all();
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        // The lock is taken so that nobody is between looking and waiting.
        drop(self.next.lock());
        self.moved.notify_all();
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

struct StopAtPanic<'t>(&'t Turn);

impl Drop for StopAtPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(threads: usize, stop_at: Option<usize>) -> Vec<(usize, u64)> {
        let mut seen = Vec::new();
        let work = |state: &mut u64, unit: usize, give: &mut dyn FnMut(u64) -> Next| {
            for part in 0..unit as u64 % 4 {
                // Units take unequally long.
                *state = (0..unit as u64 % 7 * 1000).fold(*state, |sum, n| sum.wrapping_add(n * n));
                if give(unit as u64 * 10 + part) == Next::Stop {
                    return;
                }
            }
        };
        let outcome = in_order((300, threads), || 0_u64, work, &mut |unit, result| {
            seen.push((unit, result));
            match stop_at {
                Some(at) if unit >= at => Err("full"),
                _ => Ok(Next::GoOn),
            }
        });
        assert_eq!(outcome.is_err(), stop_at.is_some());
        seen
    }

    #[test]
    fn results_come_in_order_and_an_error_stops() {
        let alone = taken(1, None);
        assert_eq!(alone.len(), 300 / 4 * 6);
        assert!(alone.is_sorted());
        assert_eq!(taken(4, None), alone);
        let stopped = taken(1, Some(201));
        assert_eq!(stopped.last().unwrap().0, 201);
        assert_eq!(taken(4, Some(201)), stopped);
    }
}
