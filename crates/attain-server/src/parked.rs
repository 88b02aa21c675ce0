//! Waiting on a plain thread, until a deadline, for what asynchronous senders bring. Knows nothing of what is brought.
//!
//! A runtime's timer wakes its thread more than once for a wait of a second; a thread that is parked wakes when it is due.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

/// A thread that waits.
pub(crate) struct Parked {
    waker: Waker,
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

impl Parked {
    /// This thread.
    pub(crate) fn here() -> Self {
        Self {
            waker: Waker::from(Arc::new(Unpark(thread::current()))),
        }
    }

    /// What is ready first, or `None` at the deadline.
    ///
    /// Invariant: it is called on the thread that made it, for that one is woken.
    pub(crate) fn until<T>(
        &self,
        deadline: Instant,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Option<T> {
        let mut context = Context::from_waker(&self.waker);
        loop {
            if let Poll::Ready(ready) = poll(&mut context) {
                return Some(ready);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            thread::park_timeout(left);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn what_was_brought_before_during_and_never() {
        const FOR_EVER: Duration = Duration::from_secs(3600);
        let (sender, mut receiver) = mpsc::channel(4);
        let parked = Parked::here();
        let mut next =
            |wait| parked.until(Instant::now() + wait, |context| receiver.poll_recv(context));
        sender.blocking_send(1).unwrap();
        assert_eq!(next(Duration::ZERO), Some(Some(1)));
        assert_eq!(next(Duration::from_millis(1)), None);
        let other = thread::spawn(move || sender.blocking_send(2).unwrap());
        assert_eq!(next(FOR_EVER), Some(Some(2)));
        // The sender is gone.
        assert_eq!(next(FOR_EVER), Some(None));
        other.join().unwrap();
    }
}
