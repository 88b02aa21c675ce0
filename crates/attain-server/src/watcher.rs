//! The catalogue's files: looked at every few seconds, taken when they have changed and hold still.
//!
//! Knows when to read and parse; whether what was read is put in force is the core's. A file that is half written is seen
//! twice before it is read as meant, and a catalogue that is not valid is refused with all that is wrong with it.

use std::path::PathBuf;
use std::sync::Arc;

use attain_model::{Catalogue, Diagnostic, Level, SourceMap};
use attain_sources::Customers;
use attain_spec::{Spans, parse};
use attain_store::Done;
use attain_view::diagnostics;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::config::{Config, ReadCatalogue, Written};
use crate::job::Job;

/// A valid catalogue, and what belongs to it.
pub(crate) struct Loaded {
    pub(crate) catalogue: Catalogue,
    pub(crate) base: PathBuf,
    pub(crate) done: Done,
    pub(crate) customers: Customers,
    pub(crate) text: Arc<Text>,
}

/// A catalogue as a person wrote it, for who wants to read that.
#[derive(Debug, Default)]
pub(crate) struct Text {
    pub(crate) sources: SourceMap,
    pub(crate) spans: Spans,
    /// Warnings and notes of reading it.
    pub(crate) said: Vec<Diagnostic>,
}

/// Parses what was read.
pub(crate) fn load(written: Written) -> Result<Loaded, String> {
    let parsed = parse(&written.inputs);
    let Some(mut catalogue) = parsed.catalogue else {
        let errors: Vec<_> = parsed
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.level == Level::Error)
            .cloned()
            .collect();
        let look = attain_view::Look::plain();
        let text = diagnostics::human(&parsed.sources, &errors, &look);
        return Err(text.trim_end().to_owned());
    };
    if parsed.spans.key("catalogue.name").is_none()
        && let Some(name) = written.name
    {
        catalogue.name = name;
    }
    let customers = match &catalogue.roster {
        Some(roster) => {
            Customers::read(roster, &written.base).map_err(|error| error.to_string())?
        }
        None => Customers::default(),
    };
    Ok(Loaded {
        catalogue,
        base: written.base,
        done: written.done,
        customers,
        text: Arc::new(Text {
            sources: parsed.sources,
            spans: parsed.spans,
            said: parsed.diagnostics,
        }),
    })
}

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
