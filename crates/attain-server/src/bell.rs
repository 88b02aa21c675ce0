//! Waking threads that have nothing to do until something changes, so that none has to look again and again.
//!
//! Whoever is asleep uses no processor; a look five times a second, by a few threads, is most of what a quiet server takes.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Rung when something has changed.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    /// How often it was rung.
    rung: Mutex<u64>,
    ringing: Condvar,
}

impl Bell {
    /// Wakes everybody who waits.
    pub(crate) fn ring(&self) {
        *self.count() += 1;
        self.ringing.notify_all();
    }

    /// How often it was rung: to be asked before whatever may change is looked at, so that no change is missed.
    pub(crate) fn heard(&self) -> u64 {
        *self.count()
    }

    /// Waits until it is rung once more than `heard`, or for so long.
    pub(crate) fn wait(&self, heard: u64, at_most: Duration) {
        let is_quiet = |rung: &mut u64| *rung == heard;
        let waited = self
            .ringing
            .wait_timeout_while(self.count(), at_most, is_quiet);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn count(&self) -> MutexGuard<'_, u64> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rings when it is let go, however that comes about.
pub(crate) struct AtEnd<'b>(pub(crate) &'b Bell);

impl Drop for AtEnd<'_> {
    fn drop(&mut self) {
        self.0.ring();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_between_a_look_and_the_wait_is_not_missed() {
        const FOR_EVER: Duration = Duration::from_secs(3600);
        let bell = Bell::default();
        let heard = bell.heard();
        bell.ring();
        bell.wait(heard, FOR_EVER);
        let heard = bell.heard();
        bell.wait(heard, Duration::ZERO);
        std::thread::scope(|scope| {
            scope.spawn(|| bell.wait(heard, FOR_EVER));
            drop(AtEnd(&bell));
        });
        assert_eq!(bell.heard(), heard + 1);
    }
}
