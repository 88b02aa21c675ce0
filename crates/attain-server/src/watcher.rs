//! The catalogue's files: looked at every few seconds, taken when they have changed and hold still.
//!
//! Knows when to read and parse; whether what was read is put in force is the core's. A file that is half written is seen
//! twice before it is read as meant, and a catalogue that is not valid is refused with all that is wrong with it.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use attain_store::Done;
use tokio::sync::{mpsc, oneshot};

use crate::bell::Bell;
use crate::config::Config;
use crate::job::Job;
use crate::loaded::load;

/// Starts the thread that looks at the files until the core is gone. `now` asks for a look at once.
pub(crate) fn start(
    config: Config,
    in_force: Done,
    jobs: mpsc::Sender<Job>,
    now: Arc<Bell>,
) -> io::Result<()> {
    thread::Builder::new()
        .name("attain-look".to_owned())
        .spawn(move || watch(&config, in_force, &jobs, &now))
        .map(drop)
}

fn watch(config: &Config, in_force: Done, jobs: &mpsc::Sender<Job>, now: &Bell) {
    // What the core was told last, and what was seen last.
    let mut told = Some(Ok(in_force));
    let mut seen = told.clone();
    let mut asked = 0;
    loop {
        now.wait(asked, config.limits.look);
        let heard = now.heard();
        let is_asked = asked != heard;
        asked = heard;
        if jobs.is_closed() {
            return;
        }
        let Ok(written) = unbroken(|| (config.catalogue)()) else {
            continue;
        };
        let is_now = Some(match &written {
            Ok(written) => Ok(written.done.clone()),
            Err(why) => Err(why.clone()),
        });
        let holds_still = seen == is_now || is_asked;
        seen.clone_from(&is_now);
        if told == is_now || !holds_still {
            continue;
        }
        let loaded = match written {
            Ok(written) => unbroken(|| load(written).map(Box::new))
                .unwrap_or_else(|_| Err("the catalogue cannot be read".to_owned())),
            Err(why) => Err(why),
        };
        let (answer, taken) = oneshot::channel();
        if jobs.blocking_send(Job::Catalogue(loaded, answer)).is_err() {
            return;
        }
        // What could not be written down is tried again.
        told = if taken.blocking_recv().unwrap_or(false) {
            is_now
        } else {
            None
        };
    }
}

/// What came of some work. What it dies of is its own: the next look may go better.
fn unbroken<T>(work: impl FnOnce() -> T) -> thread::Result<T> {
    catch_unwind(AssertUnwindSafe(work))
}
