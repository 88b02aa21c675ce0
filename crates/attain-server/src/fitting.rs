//! Whether what arrives fits what the catalogue wants: looked at when something new was heard, beside the thread that
//! judges, and told with what that says.
//!
//! A promise of which nothing was ever heard, although its sources are, is not one without traffic: it is not known; nor is
//! one kept whose events cannot be told to be bad. Knows the words for what does not fit; the judgement is attain_sources::fit's.
//! What is sent and scraped is seen as it arrives; what is pulled is looked at by who pulls it (fetch/pull/looking.rs).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use attain_model::source::{Source, SourceKind};
use attain_model::{
    Catalogue, Evaluation, Gap, GapReason, Promises, SloId, SourceId, Standing, StreamKey,
};
use attain_sources::fit::{MetricSeen, Misfit, Wanted, claimed_by, metrics_heard, misfits};
use attain_sources::live::HeardSample;

use crate::app::App;
use crate::fetch::Looked;
use crate::gate::{Gate, Gates};

/// It is looked at not more often than this.
const NOT_SOONER: Duration = Duration::from_secs(1);
/// Values and names that are quoted.
const SHOWN: usize = 3;
/// Values of the segment label of one source that no segment claims: so many are kept.
const UNCLAIMED: usize = 50;

/// What was found last, and what is known of sources that are pulled.
#[derive(Debug, Default)]
pub(crate) struct Fitting {
    found: RwLock<Arc<Found>>,
    pulled: RwLock<BTreeMap<SourceId, Pulled>>,
    /// How often that changed.
    changes: AtomicU64,
}

/// What an API had when it was last looked at, and of which promises that is.
#[derive(Debug, Clone)]
struct Pulled {
    promises: Arc<Promises>,
    looked: Vec<Looked>,
}

/// What does not fit.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The promises it was compared with.
    promises: Option<Arc<Promises>>,
    /// By SLO.
    gaps: Vec<Gap>,
    /// SLOs of which nothing was ever heard.
    unheard: BTreeSet<SloId>,
    /// Those of which nobody can tell whose events they are.
    nobodys: BTreeSet<SloId>,
    /// Those of which nobody can tell good events from bad ones.
    blind: BTreeSet<SloId>,
    /// Values of the segment label that no segment claims, and how many series have each.
    unclaimed: BTreeMap<SourceId, BTreeMap<String, u64>>,
}

impl Fitting {
    fn found(&self) -> Arc<Found> {
        Arc::clone(&self.found.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// An API was looked at.
    pub(crate) fn looked(&self, source: &SourceId, promises: &Arc<Promises>, looked: Vec<Looked>) {
        let promises = Arc::clone(promises);
        let mut pulled = self.pulled.write().unwrap_or_else(PoisonError::into_inner);
        pulled.insert(source.clone(), Pulled { promises, looked });
        // Under the lock: whoever sees the number sees what it is of.
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// What was last seen of a source that is pulled, if it was for these promises.
    fn pulled(&self, source: &SourceId, promises: &Arc<Promises>) -> Option<Vec<Looked>> {
        let pulled = self.pulled.read().unwrap_or_else(PoisonError::into_inner);
        let pulled = pulled.get(source)?;
        Arc::ptr_eq(&pulled.promises, promises).then(|| pulled.looked.clone())
    }

    /// What was judged, with what does not fit said in it.
    pub(crate) fn told(
        &self,
        evaluation: Arc<Evaluation>,
        promises: &Arc<Promises>,
    ) -> Arc<Evaluation> {
        let found = self.found();
        let is_of = (found.promises.as_ref()).is_some_and(|of| Arc::ptr_eq(of, promises));
        if !is_of || found.gaps.is_empty() {
            return evaluation;
        }
        let mut told = Arc::unwrap_or_clone(evaluation);
        // What counted within a window was heard, if it has gone since; or has only just come.
        let counted: BTreeSet<String> = (told.verdicts.iter())
            .filter(|verdict| verdict.attainment.good + verdict.attainment.bad > 0)
            .map(|verdict| verdict.name.slo.to_string())
            .collect();
        for verdict in &mut told.verdicts {
            let slo = &verdict.name.slo;
            let is_unknown = match verdict.standing {
                Standing::NoTraffic => found.unheard.contains(slo) || found.nobodys.contains(slo),
                Standing::Met => verdict.attainment.bad == 0 && found.blind.contains(slo),
                _ => false,
            };
            if is_unknown {
                verdict.standing = Standing::Unknown;
            }
        }
        let gaps = found.gaps.iter().filter(|gap| {
            let slo = gap.about.as_str();
            let is_never = matches!(gap.why, GapReason::NeverHeard(_))
                && found.unheard.contains(slo)
                && !found.nobodys.contains(slo);
            !(is_never && counted.contains(slo))
        });
        told.gaps.extend(gaps.cloned());
        Arc::new(told)
    }

    /// Values of the segment label of a source that no segment claims, and how many series have each.
    pub(crate) fn unclaimed(&self, source: &SourceId) -> BTreeMap<String, u64> {
        let found = self.found();
        found.unclaimed.get(source).cloned().unwrap_or_default()
    }
}

/// Looks again whenever something new was heard, until the server stops.
pub(crate) async fn keep(app: Arc<App>) {
    let mut published = app.published.clone();
    let mut closing = app.closing.clone();
    let mut seen = None;
    loop {
        let promises = Arc::clone(&published.borrow_and_update().promises);
        let changes = changes(&app.gates);
        let now = Some((Arc::as_ptr(&promises).addr(), changes));
        if seen != now {
            let looking = Arc::clone(&app);
            // What it dies of is its own.
            let _ = tokio::task::spawn_blocking(move || look(&looking.gates, promises)).await;
            seen = now;
        }
        tokio::select! {
            _ = closing.changed() => return,
            () = tokio::time::sleep(NOT_SOONER) => {}
        }
        tokio::select! {
            _ = closing.changed() => return,
            changed = published.changed() => if changed.is_err() { return },
        }
    }
}

fn changes(gates: &Gates) -> u64 {
    let open = gates.open();
    let changes = open
        .values()
        .map(|gate| gate.entry.heard_changes.load(Ordering::Relaxed));
    let looked = gates.fitting.changes.load(Ordering::Relaxed);
    changes.fold(looked, u64::wrapping_add)
}

fn look(gates: &Gates, promises: Arc<Promises>) {
    let found = found(promises, &gates.open(), &gates.fitting);
    let mut known = (gates.fitting.found.write()).unwrap_or_else(PoisonError::into_inner);
    *known = Arc::new(found);
}

fn found(
    promises: Arc<Promises>,
    open: &BTreeMap<SourceId, Arc<Gate>>,
    fitting: &Fitting,
) -> Found {
    let mut found = Found::default();
    let catalogue = promises.catalogue();
    // What was said of a stream, where no source has anything of it.
    let mut streams: BTreeMap<StreamKey, Unheard> = BTreeMap::new();
    for source in catalogue.sources.values() {
        let wanted = Wanted::of(catalogue, source);
        let seen = match open.get(&source.id) {
            Some(gate) => arrived(gate, source, &wanted),
            None => (fitting.pulled(&source.id, &promises))
                .map(|looked| asked(&wanted, looked))
                .unwrap_or_default(),
        };
        if seen.is_empty() {
            continue;
        }
        for (wanted, metric, is_heard) in &seen {
            let misfits = misfits(catalogue, source, metric);
            let stream = streams.entry(wanted.stream.key.clone()).or_default();
            stream.note(source, wanted, metric, *is_heard, &misfits);
            found.labels(source, wanted, metric, &misfits);
        }
        let unclaimed = unclaimed(catalogue, seen.iter().map(|(_, metric, _)| metric));
        found.unclaimed.insert(source.id.clone(), unclaimed);
    }
    for unheard in streams.into_values() {
        found.unheard(unheard);
    }
    found.promises = Some(promises);
    found
}

/// What is wanted, what was seen of it, and whether the stream was heard.
type Seen<'w> = Vec<(&'w Wanted, MetricSeen, bool)>;

/// What came of a source by itself, or by being scraped. Nothing where nothing came.
fn arrived<'w>(gate: &Gate, source: &Source, wanted: &'w [Wanted]) -> Seen<'w> {
    let (heard, known) = {
        let intake = gate.entry();
        let streams = wanted.iter().map(|wanted| &wanted.stream.key);
        let known: BTreeSet<StreamKey> = streams
            .filter(|stream| intake.has_series(stream))
            .cloned()
            .collect();
        (intake.heard(), known)
    };
    if heard == HeardSample::default() {
        return Vec::new();
    }
    let seen = metrics_heard(wanted, &heard, source);
    let with = |(wanted, metric): (&'w Wanted, MetricSeen)| {
        let is_heard = metric.series > 0 || known.contains(&wanted.stream.key);
        (wanted, metric, is_heard)
    };
    wanted.iter().zip(seen).map(with).collect()
}

/// What an API was seen to have. What it was not asked for, or did not answer, is left out.
fn asked(wanted: &[Wanted], looked: Vec<Looked>) -> Seen<'_> {
    let with = |(stream, metric): Looked| {
        let is_it = |one: &&Wanted| one.stream.key == stream && one.name == metric.name;
        let wanted = wanted.iter().find(is_it)?;
        let is_heard = metric.series > 0 || metric.lately > 0;
        Some((wanted, metric, is_heard))
    };
    looked.into_iter().filter_map(with).collect()
}

/// What a stream was heard of by its sources.
#[derive(Debug, Default)]
struct Unheard {
    slos: Vec<String>,
    is_heard: bool,
    /// Sources that say something, and that may say something of it.
    asked: BTreeSet<SourceId>,
    may: BTreeSet<SourceId>,
    why: Vec<String>,
}

impl Unheard {
    fn note(
        &mut self,
        source: &Source,
        wanted: &Wanted,
        metric: &MetricSeen,
        is_heard: bool,
        misfits: &[Misfit],
    ) {
        self.slos.clone_from(&wanted.slos);
        self.is_heard |= is_heard;
        self.asked.insert(source.id.clone());
        self.may.extend(wanted.stream.sources.iter().cloned());
        for misfit in misfits {
            let why = match misfit {
                Misfit::Absent => absent(source, metric),
                Misfit::NoneCounts => none_counts(source, metric),
                _ => continue,
            };
            if !self.why.contains(&why) {
                self.why.push(why);
            }
        }
    }
}

impl Found {
    fn gap(&mut self, slo: &str, why: GapReason) {
        let gap = Gap {
            about: slo.to_owned(),
            interval: None,
            why,
        };
        if !self.gaps.contains(&gap) {
            self.gaps.push(gap);
        }
    }

    /// Nothing of a stream was heard from any of its sources, and all of them say something.
    fn unheard(&mut self, stream: Unheard) {
        if stream.is_heard || stream.why.is_empty() || stream.asked != stream.may {
            return;
        }
        let why = stream.why.join("; ");
        for slo in &stream.slos {
            self.unheard.insert(SloId::new(slo.as_str()));
            self.gap(slo, GapReason::NeverHeard(why.clone()));
        }
    }

    /// Labels that series should have and do not.
    fn labels(
        &mut self,
        source: &Source,
        wanted: &Wanted,
        metric: &MetricSeen,
        misfits: &[Misfit],
    ) {
        let name = &metric.name;
        for misfit in misfits {
            let instead = |other: &Option<String>, has: &str| match other {
                Some(other) => format!("; `{other}` {has}"),
                None => {
                    let labels = metric.labels.keys().map(String::as_str);
                    format!("; it has {}", some(labels))
                }
            };
            match misfit {
                Misfit::NoClassLabel { label, slos, other } => {
                    let instead = instead(other, "has such values");
                    for slo in slos {
                        let why = format!(
                            "nothing tells good from bad: no series of `{name}` from {} has `{label}`{instead}",
                            source.id
                        );
                        self.blind.insert(SloId::new(slo.as_str()));
                        self.gap(slo, GapReason::NoLabel(why));
                    }
                }
                Misfit::NoSegmentLabel { other } => {
                    let label = &source.labels.segment;
                    let instead = instead(other, "has segments");
                    let why = format!(
                        "no series of `{name}` from {} has `{label}`, which says the segment{instead}",
                        source.id
                    );
                    for slo in &wanted.slos {
                        self.nobodys.insert(SloId::new(slo.as_str()));
                        self.gap(slo, GapReason::NeverHeard(why.clone()));
                    }
                }
                Misfit::NoWhole => {
                    let why = format!(
                        "no series of `{name}` from {} has `le=\"+Inf\"`, which says how many events there are",
                        source.id
                    );
                    for slo in &wanted.slos {
                        self.unheard.insert(SloId::new(slo.as_str()));
                        self.gap(slo, GapReason::NeverHeard(why.clone()));
                    }
                }
                Misfit::Absent | Misfit::NoneCounts => {}
            }
        }
    }
}

fn absent(source: &Source, metric: &MetricSeen) -> String {
    let name = metric.name.trim_end_matches("_bucket");
    if metric.plain > 0 {
        return format!(
            "`{name}` from {} is no histogram, and is taken for one: `type: counter` is missing beside `metric:`",
            source.id
        );
    }
    let alike = match metric.alike.as_slice() {
        [] => String::new(),
        names => format!("; alike: {}", some(names.iter().map(String::as_str))),
    };
    let has = match source.kind {
        SourceKind::Prometheus(_) => "has",
        _ => "sends",
    };
    format!("{} {has} no `{name}`{alike}", source.id)
}

fn none_counts(source: &Source, metric: &MetricSeen) -> String {
    let asked = metric.unmet().into_iter().map(|(label, wanted)| {
        match metric.labels.get(label).filter(|values| !values.is_empty()) {
            Some(values) => {
                let values = some(values.iter().map(String::as_str));
                format!("`{label}` shall be {wanted} and is {values}")
            }
            None => format!("`{label}` shall be {wanted}, and there is no such label"),
        }
    });
    let asked: Vec<String> = asked.collect();
    let why = match asked.is_empty() {
        true => "`except` takes all of them".to_owned(),
        false => asked.join("; "),
    };
    format!(
        "no series of `{}` from {} counts: {why}",
        metric.name, source.id
    )
}

/// Values of the segment label that no segment claims; each with the most series that one metric has of it.
fn unclaimed<'m>(
    catalogue: &Catalogue,
    seen: impl Iterator<Item = &'m MetricSeen>,
) -> BTreeMap<String, u64> {
    let claimed = claimed_by(catalogue);
    let mut unclaimed: BTreeMap<String, u64> = BTreeMap::new();
    if claimed.is_empty() {
        return unclaimed;
    }
    for (value, tagged) in seen.flat_map(|metric| &metric.tagged) {
        let is_known = unclaimed.contains_key(value);
        if value.is_empty()
            || claimed.contains(value.as_str())
            || !is_known && unclaimed.len() >= UNCLAIMED
        {
            continue;
        }
        let series = unclaimed.entry(value.clone()).or_default();
        *series = (*series).max(tagged.series);
    }
    unclaimed
}

/// Some of many, in backquotes.
fn some<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    let more = names.len().saturating_sub(SHOWN);
    let mut shown: Vec<String> = names.take(SHOWN).map(|name| format!("`{name}`")).collect();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    shown.join(", ")
}
