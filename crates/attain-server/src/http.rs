//! A server, started and stopped: the listener and the threads behind it.
//!
//! Knows how a start and a stop go: not ready, no new connection, requests under way get their answer, the rest is sealed.
//! Connections are connections.rs', what is answered is routes.rs'.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use crate::access::Access;
use crate::app::{App, ROOM_UNIT};
use crate::asked::Asking;
use crate::bell::{AtEnd, Bell};
use crate::clock::Clock;
use crate::config::Config;
use crate::connections;
use crate::core::Core;
use crate::error::Error;
use crate::events::Events;
use crate::fetch::Fetchers;
use crate::fitting;
use crate::follow;
use crate::gate::Gates;
use crate::handle::Handle;
use crate::job::{Inbox, Job};
use crate::journal::Journal;
use crate::kept::Kept;
use crate::loaded::{Loaded, load};
use crate::metrics::Counters;
use crate::routes;
use crate::tokens::Tokens;
use crate::told::Told;
use crate::watcher;

/// A server that runs.
pub struct Server {
    runtime: Runtime,
    app: Arc<App>,
    address: SocketAddr,
    core: Option<JoinHandle<()>>,
    fetchers: Fetchers,
    look: Arc<Bell>,
    closing: watch::Sender<bool>,
    drained: oneshot::Receiver<()>,
    slice_seconds: u32,
    loaded: Loaded,
}

/// Starts a server: when this returns it listens, and what was kept is counted.
///
/// # Errors
/// The catalogue, the data folder, a token or the address; nothing is left running.
pub fn start(config: Config) -> Result<Server, Error> {
    let written = (config.catalogue)().map_err(Error::Catalogue)?;
    let loaded = load(written).map_err(Error::Catalogue)?;
    let tokens = Tokens::read(&config.data)?;
    let is_local = config.listen.ip().is_loopback();
    if !is_local && !config.anonymous && tokens.live().next().is_none() {
        return Err(Error::Open(config.listen));
    }
    let access = Access::new(config.data.clone(), tokens, is_local, config.anonymous);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // Several would wake one another for every request to share what is under way. What takes long has a thread of its
        // own, and what is kept and judged another.
        .worker_threads(1)
        .max_blocking_threads(8)
        .thread_name("attain-http")
        .enable_all()
        .build()
        .map_err(Error::Start)?;
    let listener = runtime
        .block_on(TcpListener::bind(config.listen))
        .map_err(|why| Error::Listen {
            address: config.listen,
            why,
        })?;
    let address = listener.local_addr().map_err(Error::Start)?;
    let clock = Arc::new(Clock::new(Arc::clone(&config.wall)));
    let kept = Kept::open(&config.data, &loaded.catalogue, &loaded.done, clock.now())?;
    let slice_seconds = kept.slice_seconds();
    let gates = Gates::new(&loaded, &kept.meter(), config.limits.unpacked_bytes);
    let gates = Arc::new(gates.map_err(Error::Token)?);
    let (jobs, asked) = mpsc::channel(config.limits.waiting);
    let (asking, questions) = Asking::new().map_err(Error::Start)?;
    let events = Arc::new(Events::new(clock.now()));
    let (core, published) = Core::new(
        kept,
        &loaded,
        Arc::clone(&gates),
        Arc::clone(&clock),
        config.limits.clone(),
        Inbox {
            jobs: asked,
            questions,
        },
        Arc::clone(&events),
    );
    let bell = core.bell();
    let (closing, closed) = watch::channel(false);
    let app = Arc::new(App {
        room: Arc::new(Semaphore::new(config.limits.waiting_bytes / ROOM_UNIT)),
        slice_seconds,
        limits: config.limits.clone(),
        access,
        gates,
        jobs: jobs.clone(),
        clock,
        bell,
        published,
        asking,
        told: Told::new(),
        events,
        listeners: Arc::new(Semaphore::new(config.limits.listeners)),
        closing: closed.clone(),
        ready: AtomicBool::new(false),
        runtime: runtime.handle().clone(),
        counters: Counters::default(),
    });
    let core = core_thread(core, Arc::clone(&app)).map_err(Error::Start)?;
    follow::start(Handle::new(Arc::clone(&app)), slice_seconds).map_err(Error::Start)?;
    let look = Arc::new(Bell::default());
    let done = loaded.done.clone();
    watcher::start(config.clone(), done, jobs, Arc::clone(&look)).map_err(Error::Start)?;
    runtime.spawn(fitting::keep(Arc::clone(&app)));
    let (all_drained, drained) = oneshot::channel();
    let (router, limits) = (routes::router(Arc::clone(&app)), config.limits.clone());
    runtime.spawn(async move {
        connections::serve(listener, router, limits, closed).await;
        let _ = all_drained.send(());
    });
    Ok(Server {
        fetchers: Fetchers::start(Handle::new(Arc::clone(&app))),
        runtime,
        app,
        address,
        core: Some(core),
        look,
        closing,
        drained,
        slice_seconds,
        loaded,
    })
}

impl Server {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Seconds of a slice.
    #[must_use]
    pub fn slice_seconds(&self) -> u32 {
        self.slice_seconds
    }

    /// The catalogue it began with.
    #[must_use]
    pub fn catalogue(&self) -> &attain_model::Catalogue {
        &self.loaded.catalogue
    }

    /// The hash of the catalogue in force, as hexadecimal digits.
    #[must_use]
    pub fn catalogue_sha256(&self) -> String {
        self.app.published.borrow().catalogue.sha256.clone()
    }

    /// Looks at the catalogue's files at once.
    pub fn look(&self) {
        self.look.ring();
    }

    /// What has happened since the journal was looked into last, a line for an event; see [`Journal`].
    pub fn happened(&self, journal: &mut Journal) -> Vec<String> {
        journal.look(&self.app, Instant::now())
    }

    /// For threads that fetch telemetry.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.app))
    }

    /// Whether the core still works; if it does not, nothing is kept or judged any more.
    #[must_use]
    pub fn is_working(&self) -> bool {
        self.core.as_ref().is_some_and(|core| !core.is_finished())
    }

    /// Stops: requests under way get their answer, and what was counted is sealed.
    ///
    /// # Errors
    /// What could not be sealed; it is in frames, as everything that was acknowledged, and the next start goes on.
    pub fn stop(mut self) -> Result<(), String> {
        self.app.ready.store(false, Ordering::Relaxed);
        self.fetchers.stop();
        self.closing.send_replace(true);
        let drained = &mut self.drained;
        let _ = self.runtime.block_on(drained);
        let (answer, sealed) = oneshot::channel();
        let jobs = self.app.jobs.clone();
        let stopped = self.runtime.block_on(async move {
            if jobs.send(Job::Stop(answer)).await.is_err() {
                return Err("the core has ended before".to_owned());
            }
            let ended = |_| Err("the core has ended before".to_owned());
            sealed.await.unwrap_or_else(ended)
        });
        if let Some(core) = self.core.take()
            && core.join().is_err()
        {
            return Err("the core broke".to_owned());
        }
        self.look.ring();
        self.runtime.shutdown_timeout(Duration::from_secs(1));
        stopped
    }
}

fn core_thread(core: Core, app: Arc<App>) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new()
        .name("attain-core".to_owned())
        .spawn(move || {
            let _at_end = AtEnd(&app.bell);
            app.ready.store(true, Ordering::Relaxed);
            core.run();
            app.ready.store(false, Ordering::Relaxed);
        })
}
