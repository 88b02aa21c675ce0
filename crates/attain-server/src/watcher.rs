//! The catalogue's files: looked at every few seconds, taken when they have changed and hold still.
//!
//! Knows when to read and parse; whether what was read is put in force is the core's. A file that is half written is seen
//! twice before it is read as meant, and a catalogue that is not valid is refused with all that is wrong with it.

use std::sync::Arc;

use attain_store::Done;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::config::{Config, ReadCatalogue, Written};
use crate::job::Job;
use crate::loaded::load;

/// Looks at the files until the core is gone. `now` asks for a look at once.
pub(crate) async fn watch(
    config: Config,
    in_force: Done,
    jobs: mpsc::Sender<Job>,
    now: Arc<Notify>,
) {
    // What the core was told last, and what was seen last.
    let mut told = Some(Ok(in_force));
    let mut seen = told.clone();
    loop {
        let is_asked = tokio::select! {
            () = tokio::time::sleep(config.limits.look) => false,
            () = now.notified() => true,
        };
        let Ok(written) = read(&config.catalogue).await else {
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
            Ok(written) => tokio::task::spawn_blocking(|| load(written).map(Box::new))
                .await
                .unwrap_or_else(|_| Err("the catalogue cannot be read".to_owned())),
            Err(why) => Err(why),
        };
        let (answer, taken) = oneshot::channel();
        if jobs.send(Job::Catalogue(loaded, answer)).await.is_err() {
            return;
        }
        // What could not be written down is tried again.
        told = if taken.await.unwrap_or(false) {
            is_now
        } else {
            None
        };
    }
}

async fn read(files: &Arc<ReadCatalogue>) -> Result<Result<Written, String>, ()> {
    let files = Arc::clone(files);
    tokio::task::spawn_blocking(move || files())
        .await
        .map_err(|_| ())
}
