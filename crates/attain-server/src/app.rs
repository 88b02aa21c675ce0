//! What every request needs: who may, the queue to the core, what it has published last, and the room that is left.
//! Knows no path and no protocol.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use attain_view::status_json::{ReadSource, Reading};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, watch};

use crate::access::Access;
use crate::asked::Asking;
use crate::bell::Bell;
use crate::clock::Clock;
use crate::config::Limits;
use crate::events::Events;
use crate::gate::Gates;
use crate::job::Job;
use crate::metrics::Counters;
use crate::published::Published;
use crate::told::Told;

/// Bytes of one permit of the room for requests.
pub(crate) const ROOM_UNIT: usize = 1024;

/// What every request needs.
pub(crate) struct App {
    pub(crate) limits: Limits,
    pub(crate) slice_seconds: u32,
    /// Who may.
    pub(crate) access: Access,
    pub(crate) gates: Arc<Gates>,
    pub(crate) jobs: mpsc::Sender<Job>,
    pub(crate) clock: Arc<Clock>,
    /// Rings when other promises are in force, and when the core has ended.
    pub(crate) bell: Arc<Bell>,
    pub(crate) published: watch::Receiver<Arc<Published>>,
    /// For what needs the counts themselves.
    pub(crate) asking: Asking,
    /// What pages were told of who spent a budget.
    pub(crate) told: Told,
    pub(crate) events: Arc<Events>,
    /// Places of those who listen to events.
    pub(crate) listeners: Arc<Semaphore>,
    /// Turns true when the server stops: what has no end of its own ends then.
    pub(crate) closing: watch::Receiver<bool>,
    pub(crate) ready: AtomicBool,
    /// Room for requests, in permits of [`ROOM_UNIT`] bytes.
    pub(crate) room: Arc<Semaphore>,
    pub(crate) runtime: Handle,
    pub(crate) counters: Counters,
}

/// What a reader of the status should know about the server that says it.
pub(crate) fn notes(published: &Published) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(why) = &published.core.disk {
        notes.push(format!("nothing can be kept at the moment: {why}"));
    }
    if let Some(why) = &published.catalogue.refused {
        let first = why.lines().next().unwrap_or_default();
        notes.push(format!(
            "the catalogue's files have changed and are not in force: {first}"
        ));
    }
    for (source, why) in &published.core.trouble {
        notes.push(format!("source {source}: {why}"));
    }
    let conflicting = published.core.metered.conflicting;
    if conflicting > 0 {
        let samples = if conflicting == 1 {
            "sample"
        } else {
            "samples"
        };
        notes.push(format!(
            "{conflicting} {samples} said another value than the same series at the same instant: the first stays; \
             do two senders use the same labels?"
        ));
    }
    notes
}

/// What was received of each source that sends samples.
pub(crate) fn reading(app: &App) -> Reading {
    let open = app.gates.open();
    let sources = open.values().map(|gate| {
        let entry = &gate.entry;
        ReadSource {
            source: gate.source.to_string(),
            supported: true,
            lines: entry.accepted.load(Ordering::Relaxed) + entry.refused.load(Ordering::Relaxed),
            unparsed: entry.refused.load(Ordering::Relaxed),
            ..ReadSource::default()
        }
    });
    Reading {
        sources: sources.collect(),
    }
}
