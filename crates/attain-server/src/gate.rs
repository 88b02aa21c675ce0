//! Where telemetry enters: which source a request is for, whether it may, how much of it there is room for, and its
//! intake. What is answered over HTTP is routes.rs'.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError};

use attain_model::live::MeterFacts;
use attain_model::source::SourceKind;
use attain_model::{Catalogue, CountedSegment, SourceId, StreamKey};
use attain_sources::Customers;
use attain_sources::live::{Intake, Limits as IntakeLimits, Numbers, Outcome};
use attain_sources::pull::secret_of;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::fitting::Fitting;
use crate::loaded::Loaded;

/// How a source sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    RemoteWrite,
    Otlp,
    /// We ask.
    Scrape,
}

/// All sources of samples, of the catalogue in force.
pub(crate) struct Gates {
    numbers: Numbers,
    limits: IntakeLimits,
    open: RwLock<Arc<BTreeMap<SourceId, Arc<Gate>>>>,
    beside: RwLock<Arc<Beside>>,
    pub(crate) fitting: Fitting,
}

/// What belongs to the catalogue in force and stands in other files.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    pub(crate) customers: Customers,
    /// What file names are relative to.
    pub(crate) base: PathBuf,
}

/// One source of samples.
pub(crate) struct Gate {
    pub(crate) source: SourceId,
    pub(crate) way: Way,
    /// Of the bearer token; `None` if none is asked for.
    token: Option<[u8; 32]>,
    pub(crate) entry: Arc<Entry>,
}

/// What stays of a source when the catalogue changes.
pub(crate) struct Entry {
    intake: Mutex<Intake>,
    /// The newest sample that was logged, in milliseconds since 1970.
    newest_ms: AtomicI64,
    pub(crate) accepted: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) unmatched: AtomicU64,
    /// Series that count for somebody, and samples refused because there were too many.
    pub(crate) series: AtomicU64,
    pub(crate) overflowing: AtomicU64,
    /// Whose series those are: [`Intake::full`].
    full: Mutex<BTreeSet<(StreamKey, CountedSegment)>>,
    pub(crate) histograms_twice: AtomicU64,
    /// [`Intake::heard_changes`] after the last request.
    pub(crate) heard_changes: AtomicU64,
}

/// Why a request does not enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Closed {
    /// No source of the catalogue sends this way.
    NoSource,
    /// Several do, and nothing says which of them it is.
    WhichSource(Vec<SourceId>),
    /// There is no such source.
    NoSuchSource(SourceId),
    /// The token is missing or another one.
    Token,
}

impl Gates {
    pub(crate) fn new(
        loaded: &Loaded,
        known: &MeterFacts,
        unpacked_bytes: usize,
    ) -> Result<Self, String> {
        let gates = Self {
            numbers: Numbers::default(),
            limits: IntakeLimits {
                unpacked_bytes,
                ..IntakeLimits::default()
            },
            open: RwLock::default(),
            beside: RwLock::default(),
            fitting: Fitting::default(),
        };
        check_tokens(&loaded.catalogue, &loaded.base)?;
        gates.reload(loaded, known);
        Ok(gates)
    }

    /// Another catalogue is in force: sources that were there keep their slots.
    pub(crate) fn reload(&self, loaded: &Loaded, known: &MeterFacts) {
        let before = self.open();
        let mut after = BTreeMap::new();
        for source in loaded.catalogue.sources.values() {
            let (way, secret) = match &source.kind {
                SourceKind::RemoteWrite { token } => (Way::RemoteWrite, token),
                SourceKind::Otlp { token } => (Way::Otlp, token),
                SourceKind::Scrape { .. } => (Way::Scrape, &None),
                _ => continue,
            };
            let (catalogue, customers) = (&loaded.catalogue, &loaded.customers);
            // Under another name it is the same: its series keep their slots.
            let earlier = source.meta.formerly.iter();
            let earlier = earlier.filter_map(|name| before.get(name.as_str()));
            let same = before.get(&source.id).into_iter().chain(earlier).next();
            let entry = match same {
                Some(gate) => {
                    gate.entry().reload(catalogue, source, customers);
                    Arc::clone(&gate.entry)
                }
                None => {
                    let numbers = &self.numbers;
                    let mut intake =
                        Intake::new(catalogue, source, customers, numbers, self.limits);
                    intake.restore(known);
                    Arc::new(Entry {
                        intake: Mutex::new(intake),
                        newest_ms: AtomicI64::new(i64::MIN),
                        accepted: AtomicU64::new(0),
                        refused: AtomicU64::new(0),
                        unmatched: AtomicU64::new(0),
                        series: AtomicU64::new(0),
                        overflowing: AtomicU64::new(0),
                        full: Mutex::default(),
                        histograms_twice: AtomicU64::new(0),
                        heard_changes: AtomicU64::new(0),
                    })
                }
            };
            // A token that cannot be read lets nobody in.
            let token = secret.as_ref().map(|secret| {
                secret_of(secret, &loaded.base).map_or([0; 32], |token| digest(token.as_bytes()))
            });
            let gate = Gate {
                source: source.id.clone(),
                way,
                token,
                entry,
            };
            after.insert(source.id.clone(), Arc::new(gate));
        }
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(after);
        let beside = Beside {
            customers: loaded.customers.clone(),
            base: loaded.base.clone(),
        };
        *self.beside.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(beside);
    }

    /// What belongs to the catalogue in force.
    pub(crate) fn beside(&self) -> Arc<Beside> {
        Arc::clone(&self.beside.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// All of them.
    pub(crate) fn open(&self) -> Arc<BTreeMap<SourceId, Arc<Gate>>> {
        Arc::clone(&self.open.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The source that a request is of: the one that is named, the one whose token it has, or the only one.
    pub(crate) fn gate(
        &self,
        way: Way,
        named: Option<&str>,
        bearer: Option<&str>,
    ) -> Result<Arc<Gate>, Closed> {
        let open = self.open();
        let mut gates: Vec<&Arc<Gate>> = open.values().filter(|gate| gate.way == way).collect();
        if let Some(named) = named {
            gates.retain(|gate| gate.source.as_str() == named);
            if gates.is_empty() {
                return Err(Closed::NoSuchSource(SourceId::new(named)));
            }
        }
        if gates.is_empty() {
            return Err(Closed::NoSource);
        }
        let bearer = bearer.map(|bearer| digest(bearer.as_bytes()));
        let fits = |gate: &&Arc<Gate>| gate.token.is_none() || gate.token == bearer;
        let mut fitting: Vec<&Arc<Gate>> = gates.iter().copied().filter(fits).collect();
        // Whoever shows a token means the source that asks for it.
        if bearer.is_some() && fitting.iter().any(|gate| gate.token.is_some()) {
            fitting.retain(|gate| gate.token.is_some());
        }
        match fitting.as_slice() {
            [] => Err(Closed::Token),
            [gate] => Ok(Arc::clone(gate)),
            several => Err(Closed::WhichSource(
                several.iter().map(|gate| gate.source.clone()).collect(),
            )),
        }
    }

    /// Has every series told again when it is next seen. Meanwhile nothing is matched, and `empty` empties the queue.
    pub(crate) fn retell(&self, empty: impl FnOnce()) {
        let open = self.open();
        let mut entries: Vec<MutexGuard<'_, Intake>> =
            open.values().map(|gate| gate.entry()).collect();
        empty();
        entries.iter_mut().for_each(|intake| intake.retell());
    }
}

impl Gate {
    /// The intake, for as long as its batch is not in the queue.
    pub(crate) fn entry(&self) -> MutexGuard<'_, Intake> {
        let intake = self.entry.intake.lock();
        intake.unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, if nobody has it at the moment.
    pub(crate) fn free(&self) -> Option<MutexGuard<'_, Intake>> {
        match self.entry.intake.try_lock() {
            Ok(intake) => Some(intake),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Whether a sample this new says that the source is still heard, where nothing else of a request is to be kept: once
    /// a second is enough.
    pub(crate) fn is_news(&self, newest_ms: i64) -> bool {
        let last = self.entry.newest_ms.load(Ordering::Relaxed);
        newest_ms >= last.saturating_add(1000)
    }

    /// Notes what became of a request, for whoever asks how the server is doing without waiting for an intake.
    pub(crate) fn note(&self, intake: &Intake, outcome: &Outcome) {
        let (entry, counters) = (&self.entry, intake.counters());
        entry
            .accepted
            .fetch_add(outcome.accepted, Ordering::Relaxed);
        entry.refused.fetch_add(outcome.refused, Ordering::Relaxed);
        entry
            .unmatched
            .fetch_add(outcome.unmatched, Ordering::Relaxed);
        entry.series.store(counters.series, Ordering::Relaxed);
        let before = entry
            .overflowing
            .swap(counters.overflowing, Ordering::Relaxed);
        if before != counters.overflowing {
            let mut full = entry.full.lock().unwrap_or_else(PoisonError::into_inner);
            if full.len() != intake.full().len() {
                full.clone_from(intake.full());
            }
        }
        entry
            .histograms_twice
            .store(counters.histograms_twice, Ordering::Relaxed);
        entry
            .heard_changes
            .store(intake.heard_changes(), Ordering::Relaxed);
    }

    /// How many samples were refused since the start as their series were too many, and whose those are.
    pub(crate) fn crowded(&self) -> (u64, BTreeSet<(StreamKey, CountedSegment)>) {
        let samples = self.entry.overflowing.load(Ordering::Relaxed);
        let full = self.entry.full.lock();
        let full = full.unwrap_or_else(PoisonError::into_inner);
        (samples, full.clone())
    }

    /// The newest sample since the start.
    pub(crate) fn newest(&self) -> Option<Timestamp> {
        let newest_ms = self.entry.newest_ms.load(Ordering::Relaxed);
        Timestamp::from_millisecond(newest_ms).ok()
    }

    pub(crate) fn heard(&self, newest_ms: i64) {
        self.entry.newest_ms.fetch_max(newest_ms, Ordering::Relaxed);
    }
}

/// That every token which the catalogue names is there.
fn check_tokens(catalogue: &Catalogue, base: &Path) -> Result<(), String> {
    for source in catalogue.sources.values() {
        if let SourceKind::RemoteWrite { token } | SourceKind::Otlp { token } = &source.kind
            && let Some(secret) = token
        {
            secret_of(secret, base)
                .map_err(|why| format!("the token of source `{}`: {why}", source.id))?;
        }
    }
    Ok(())
}

/// Digests are compared, so that how long that takes says nothing of the token.
fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
