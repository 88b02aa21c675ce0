//! Threads that fetch telemetry: targets that are scraped, APIs that are pulled.
//!
//! One thread of its own each, as they wait most of the time. They are told of a new catalogue by starting anew. Knows how
//! threads begin and end; what they do is in fetch/scrape.rs and fetch/pull.rs.

mod pull;
mod scrape;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use attain_model::source::{Source, SourceKind};
use attain_model::{Catalogue, Promises};

pub(crate) use self::pull::Looked;
use crate::bell::Bell;
use crate::handle::Handle;

/// A thread that nobody wakes looks again after this.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The threads that fetch, and the one that starts them anew for a new catalogue.
pub(crate) struct Fetchers {
    stop: Arc<Stop>,
    /// Of the server: it wakes the keeper.
    bell: Arc<Bell>,
    keeper: Option<JoinHandle<()>>,
}

/// What a thread that fetches is given.
struct Fetcher {
    handle: Handle,
    source: Source,
    stop: Arc<Stop>,
}

/// Has threads end, also those that wait.
#[derive(Default)]
struct Stop {
    is_set: AtomicBool,
    bell: Bell,
}

impl Stop {
    fn set(&self) {
        self.is_set.store(true, Ordering::Relaxed);
        self.bell.ring();
    }

    fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Relaxed)
    }
}

impl Fetchers {
    /// Starts them for the catalogue in force.
    pub(crate) fn start(handle: Handle) -> Self {
        let stop = Arc::new(Stop::default());
        let stopped = Arc::clone(&stop);
        let bell = handle.bell();
        let keeper = std::thread::Builder::new()
            .name("fetch".to_owned())
            .spawn(move || keep(&handle, &stopped))
            .ok();
        Self { stop, bell, keeper }
    }

    /// Has them end; does not wait for an answer that is under way.
    pub(crate) fn stop(&self) {
        self.stop.set();
        self.bell.ring();
    }
}

impl Drop for Fetchers {
    fn drop(&mut self) {
        self.stop();
        // The keeper waits for nobody: threads that fetch hold nothing but their handle.
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}

/// Keeps threads for the catalogue in force.
fn keep(handle: &Handle, stop: &Stop) {
    let mut in_force: Option<Arc<Promises>> = None;
    let mut running: Vec<Arc<Stop>> = Vec::new();
    let bell = handle.bell();
    loop {
        let heard = bell.heard();
        if stop.is_set() {
            break;
        }
        let promises = handle.promises();
        let is_new = in_force
            .as_ref()
            .is_none_or(|old| !Arc::ptr_eq(old, &promises));
        if is_new {
            for one in running.drain(..) {
                one.set();
            }
            running = spawn(handle, promises.catalogue());
            in_force = Some(promises);
        }
        bell.wait(heard, LOOK_EVERY);
    }
    for one in running {
        one.set();
    }
}

fn spawn(handle: &Handle, catalogue: &Catalogue) -> Vec<Arc<Stop>> {
    let mut stops = Vec::new();
    for source in catalogue.sources.values() {
        let stop = Arc::new(Stop::default());
        let fetcher = || Fetcher {
            handle: handle.clone(),
            source: source.clone(),
            stop: Arc::clone(&stop),
        };
        match &source.kind {
            SourceKind::Scrape { targets, every } => {
                let every = every.or(source.interval).unwrap_or(scrape::EVERY);
                for target in targets.iter().take(scrape::TARGETS_AT_MOST) {
                    let (fetcher, target) = (fetcher(), target.clone());
                    start("scrape", move || scrape::run(&fetcher, &target, every));
                }
            }
            SourceKind::Prometheus(asked) => {
                let (fetcher, asked) = (fetcher(), asked.clone());
                start("pull", move || pull::run(&fetcher, &asked));
            }
            _ => continue,
        }
        stops.push(stop);
    }
    stops
}

fn start(name: &str, work: impl FnOnce() + Send + 'static) {
    // A machine without a thread to spare says so by the source's silence, which is a gap.
    let _ = std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work);
}

impl Fetcher {
    fn is_stopped(&self) -> bool {
        self.stop.is_set()
    }

    /// Waits, or until it shall stop.
    fn wait(&self, time: Duration) {
        // Rung before, it was for this: there is no other reason to ring.
        self.stop.bell.wait(0, time);
    }
}
