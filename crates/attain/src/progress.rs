//! How far reading has come, for somebody who waits. Knows the clock of the wall; nothing that is computed depends on it.

use std::time::{Duration, Instant};

use attain_sources::Progress;
use attain_view::number;

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

    /// How far it has come; a total of 0 is not known.
    pub fn at(&mut self, progress: &Progress) {
        let now = Instant::now();
        let due = self
            .shown
            .is_none_or(|shown| now.duration_since(shown) >= BETWEEN);
        if !self.watched || !due || now.duration_since(self.started) < PATIENCE {
            return;
        }
        self.shown = Some(now);
        let text = said(progress, now.duration_since(self.started));
        self.terminal.progress(&text);
    }
}

/// How far, how fast, and how long it will take if it goes on like that.
fn said(progress: &Progress, took: Duration) -> String {
    let Progress { done, total, lines } = *progress;
    let seconds = took.as_secs_f64().max(0.001);
    let rate = number::grouped((lines as f64 / seconds) as u64);
    if total == 0 {
        return format!(
            "reading: {} MB, {} lines, {rate} a second",
            done / 1_000_000,
            number::grouped(lines)
        );
    }
    let left = total.saturating_sub(done) as f64 / (done as f64 / seconds).max(1.0);
    format!(
        "reading: {} of {} MB, {}%, {rate} lines a second, {:.0} s left",
        done / 1_000_000,
        total / 1_000_000,
        done.saturating_mul(100) / total.max(1),
        left.ceil()
    )
}

impl Drop for Meter<'_> {
    fn drop(&mut self) {
        if self.shown.is_some() {
            self.terminal.progress("");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_how_fast_how_long() {
        let halfway = Progress {
            done: 500_000_000,
            total: 1_000_000_000,
            lines: 3_000_000,
        };
        assert_eq!(
            said(&halfway, Duration::from_secs(2)),
            "reading: 500 of 1000 MB, 50%, 1,500,000 lines a second, 2 s left"
        );
        let piped = Progress {
            total: 0,
            ..halfway
        };
        assert_eq!(
            said(&piped, Duration::from_secs(2)),
            "reading: 500 MB, 3,000,000 lines, 1,500,000 a second"
        );
        let nothing = Progress {
            done: 0,
            total: 10,
            lines: 0,
        };
        assert!(said(&nothing, Duration::ZERO).contains("0%"));
    }
}
