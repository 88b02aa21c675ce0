//! What every request needs: who may, the queue to the core, what it has published last, and the room that is left.
//! Knows no path and no protocol.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use attain_model::source::SourceKind;
use attain_model::{Catalogue, SloId, SourceId, Stream, StreamKey};
use attain_sources::live::Limits as IntakeLimits;
use attain_view::status::begins_anew;
use attain_view::status_json::{ReadSource, Reading};
use attain_view::{number, visible};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, watch};

use crate::access::Access;
use crate::asked::Asking;
use crate::bell::Bell;
use crate::clock::Clock;
use crate::config::Limits;
use crate::events::Events;
use crate::gate::{Gates, Way};
use crate::job::Job;
use crate::metrics::{Counters, LATELY};
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

/// What is judged while nobody names an instant, and how late that is if it is more than a little.
pub(crate) fn instant_is(published: &Published) -> String {
    const LITTLE: Duration = Duration::from_secs(30);
    let after = Duration::try_from(published.core.judged_after).unwrap_or_default();
    match after > LITTLE {
        true => format!(
            "the last closed slice (judged {} after its end)",
            number::about(after)
        ),
        false => "the last closed slice".to_owned(),
    }
}

/// What a reader of the status should know about the server that says it.
pub(crate) fn notes(app: &App, published: &Published) -> Vec<String> {
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
    notes.extend(published.core.left.iter().map(begins_anew));
    for (source, why) in &published.core.late {
        notes.push(format!("source {source}: {why}"));
    }
    for (way, kind) in [(Way::RemoteWrite, "remote_write"), (Way::Otlp, "otlp")] {
        notes.extend(turned_away(kind, app.counters.turned_away(way)));
    }
    for source in published.promises.catalogue().sources.keys() {
        notes.extend(unclaimed(source, &app.gates.fitting.unclaimed(source)));
    }
    notes.extend(missed(published));
    notes.extend(crowded(app, published));
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

/// Processes are new and nothing says when they began: what they had counted before they were first seen is not counted.
fn missed(published: &Published) -> Option<String> {
    let catalogue = published.promises.catalogue();
    let missed = &published.core.metered.missed;
    if missed.is_empty() {
        return None;
    }
    let mut of: Vec<(u64, String)> = Vec::new();
    for (slo, stream) in streams(catalogue) {
        let its = missed.iter().filter(|((of, _), _)| *of == stream);
        of.extend(its.map(|((_, segment), events)| (*events, format!("{slo} {segment}"))));
    }
    of.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let of = of.into_iter();
    let shown = first(of.map(|(events, whose)| format!("{} of {whose}", number::grouped(events))))?;
    Some(format!(
        "new processes: at most {shown} since the server started are not counted, as nothing says when their counters began; \
         `started: process_start_time_seconds` at the source does, if they have that metric"
    ))
}

/// Series that found no room: what they count is in no number.
fn crowded(app: &App, published: &Published) -> Vec<String> {
    let mut notes = Vec::new();
    for gate in app.gates.open().values() {
        let (samples, full) = gate.crowded();
        if samples == 0 {
            continue;
        }
        let streams = streams(published.promises.catalogue());
        let whose = streams.flat_map(|(slo, stream)| {
            let its = full.iter().filter(move |(of, _)| *of == stream);
            its.map(move |(_, segment)| format!("{slo} {segment}"))
        });
        let whose = first(whose).unwrap_or_else(|| "a promise and segment".to_owned());
        notes.push(format!(
            "source {}: {} samples since the server started are counted nowhere: {whose} has as many series as one may have \
             ({}); sum labels away that no promise asks for (path, pod, user), where they are counted",
            gate.source,
            number::grouped(samples),
            number::grouped(u64::from(IntakeLimits::default().series)),
        ));
    }
    notes
}

/// Of each SLO what it counts. The key is a hash of all of that: not for every request.
fn streams(catalogue: &Catalogue) -> impl Iterator<Item = (&SloId, StreamKey)> {
    let slos = catalogue.slos.values();
    slos.map(|slo| (&slo.id, Stream::key_of(catalogue, slo)))
}

/// The first few, and how many more there are; `None` of nothing.
fn first(all: impl Iterator<Item = String>) -> Option<String> {
    const SHOWN: usize = 3;
    let all: Vec<String> = all.collect();
    let mut shown: Vec<String> = all.iter().take(SHOWN).cloned().collect();
    if all.len() > SHOWN {
        shown.push(format!("{} more", all.len() - SHOWN));
    }
    (!shown.is_empty()).then(|| shown.join(", "))
}

/// Somebody sends with a token that is none.
fn turned_away(kind: &str, requests: u64) -> Option<String> {
    let times = match requests {
        0 => return None,
        1 => "1 request was".to_owned(),
        more => format!("{} requests were", number::grouped(more)),
    };
    Some(format!(
        "{kind}: {times} turned away in the last {} (401): no token, or another one than the source asks for; nothing of \
         it is kept",
        number::about(LATELY)
    ))
}

/// Values of the segment label that no segment claims, those of the most series first.
fn unclaimed(source: &SourceId, values: &BTreeMap<String, u64>) -> Option<String> {
    const SHOWN: usize = 3;
    let mut values: Vec<(&String, &u64)> = values.iter().collect();
    values.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let shown = values.iter().take(SHOWN);
    let mut shown: Vec<String> = shown
        .map(|(value, series)| {
            let (value, series) = (visible(value), number::grouped(**series));
            format!("`{value}` ({series} series)")
        })
        .collect();
    let first = visible(values.first()?.0).replace('"', "\\\"");
    if values.len() > SHOWN {
        shown.push(format!("{} more", values.len() - SHOWN));
    }
    Some(format!(
        "source {source}: no segment claims {}; add them to a segment: match: [.., \"{first}\"]",
        shown.join(", ")
    ))
}

/// What was received of each source that sends samples, and pulled of each that is asked.
pub(crate) fn reading(app: &App, published: &Published) -> Reading {
    let open = app.gates.open();
    let sources = open.values().map(|gate| {
        let entry = &gate.entry;
        ReadSource {
            source: gate.source.to_string(),
            supported: true,
            lines: entry.accepted.load(Ordering::Relaxed) + entry.refused.load(Ordering::Relaxed),
            unparsed: entry.refused.load(Ordering::Relaxed),
            unclaimed_segments: app.gates.fitting.unclaimed(&gate.source),
            ..ReadSource::default()
        }
    });
    let in_force = published.promises.catalogue().sources.values();
    let pulled = in_force.filter(|source| matches!(source.kind, SourceKind::Prometheus(_)));
    let pulled = pulled.map(|source| ReadSource {
        source: source.id.to_string(),
        supported: true,
        lines: (published.core.reads.get(&source.id)).map_or(0, |reads| reads.events),
        unclaimed_segments: app.gates.fitting.unclaimed(&source.id),
        ..ReadSource::default()
    });
    let mut sources: Vec<ReadSource> = sources.chain(pulled).collect();
    sources.sort_by(|a, b| a.source.cmp(&b.source));
    Reading { sources }
}
