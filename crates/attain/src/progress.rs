//! How far reading has come, for somebody who waits. Knows the clock of the wall; nothing that is computed depends on it.

use std::time::{Duration, Instant};

use crate::terminal::Terminal;

/// Nobody needs to be told about less.
const PATIENCE: Duration = Duration::from_secs(1);
const BETWEEN: Duration = Duration::from_millis(100);

/// A line on standard error that is written over, and gone when dropped.
pub struct Meter<'t> {
    terminal: &'t Terminal,
    watched: bool,
    started: Instant,
    shown: Option<Instant>,
}

impl<'t> Meter<'t> {
    /// Starts now. Silent for the first second, and where nobody watches.
    pub fn start(terminal: &'t Terminal) -> Self {
        Self {
            terminal,
            watched: terminal.is_watched(),
            started: Instant::now(),
            shown: None,
        }
    }

    /// So many bytes of so many; a total of 0 is not known.
    pub fn at(&mut self, done: u64, total: u64) {
        let now = Instant::now();
        let due = self
            .shown
            .is_none_or(|shown| now.duration_since(shown) >= BETWEEN);
        if !self.watched || !due || now.duration_since(self.started) < PATIENCE {
            return;
        }
        self.shown = Some(now);
        let seconds = now.duration_since(self.started).as_secs_f64();
        let rate = done as f64 / seconds.max(0.001);
        let left = total.saturating_sub(done) as f64 / rate.max(1.0);
        let text = if total == 0 {
            format!("reading: {} MB", done / 1_000_000)
        } else {
            format!(
                "reading: {} of {} MB, {}%, {:.0} s left",
                done / 1_000_000,
                total / 1_000_000,
                done.saturating_mul(100) / total.max(1),
                left.ceil()
            )
        };
        self.terminal.progress(&text);
    }
}

impl Drop for Meter<'_> {
    fn drop(&mut self) {
        if self.shown.is_some() {
            self.terminal.progress("");
        }
    }
}
