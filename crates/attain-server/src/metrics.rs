//! The metrics page: how the server is doing, and what every promise comes to, in the text format of Prometheus.
//!
//! `attain_*` of promises are bounded: what does not fit is counted in one series that says so. Percentages are ratios.

mod promises;
mod text;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use attain_model::source::SourceKind;

use crate::app::App;
use crate::core::pulled_delay;
use crate::gate::Way;
use crate::published::Published;
use text::Page;

/// What is counted while requests are answered.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Requests that found no room.
    pub(crate) shed: AtomicU64,
    answers: Mutex<BTreeMap<(&'static str, u16), u64>>,
    turned_away: Mutex<VecDeque<Minute>>,
}

/// Whoever is turned away is said for so long.
pub(crate) const LATELY: Duration = Duration::from_secs(600);

/// Requests that were turned away in a minute.
#[derive(Debug)]
struct Minute {
    way: &'static str,
    begun: Instant,
    requests: u64,
}

impl Counters {
    pub(crate) fn answered(&self, way: Way, code: u16) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        *answers.entry((name(way), code)).or_default() += 1;
        if code == 401 {
            self.turn_away(name(way), Instant::now());
        }
    }

    fn turn_away(&self, way: &'static str, now: Instant) {
        const MINUTE: Duration = Duration::from_secs(60);
        let away = self.turned_away.lock();
        let mut away = away.unwrap_or_else(PoisonError::into_inner);
        away.retain(|minute| now.duration_since(minute.begun) < LATELY);
        let is_now =
            |minute: &&mut Minute| minute.way == way && now.duration_since(minute.begun) < MINUTE;
        match away.iter_mut().find(is_now) {
            Some(minute) => minute.requests += 1,
            None => away.push_back(Minute {
                way,
                begun: now,
                requests: 1,
            }),
        }
    }

    /// Requests of a way that showed no token, or another one, within [`LATELY`].
    pub(crate) fn turned_away(&self, way: Way) -> u64 {
        let now = Instant::now();
        let away = self.turned_away.lock();
        let away = away.unwrap_or_else(PoisonError::into_inner);
        let lately = away
            .iter()
            .filter(|minute| minute.way == name(way) && now.duration_since(minute.begun) < LATELY);
        lately.map(|minute| minute.requests).sum()
    }

    /// Requests with telemetry that were answered so, whichever way they came.
    pub(crate) fn of(&self, code: u16) -> u64 {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let said = answers.iter().filter(|((_, said), _)| *said == code);
        said.map(|(_, count)| count).sum()
    }
}

fn name(way: Way) -> &'static str {
    match way {
        Way::RemoteWrite => "remote_write",
        Way::Otlp => "otlp",
        Way::Scrape => "scrape",
    }
}

/// The page as it is now.
pub(crate) fn page(app: &App) -> String {
    let published = std::sync::Arc::clone(&app.published.borrow());
    let mut page = Page::default();
    requests(&mut page, app);
    core(&mut page, &published);
    pulled(&mut page, &published);
    catalogue(&mut page, &published);
    if let Some(judged) = &published.judged {
        let judged_until = judged.until.as_second() as f64;
        page.gauge(
            "attain_judged_until_seconds",
            "End of the last slice that was judged, in seconds since 1970.",
        );
        page.sample("attain_judged_until_seconds", &[], judged_until);
        page.gauge(
            "attain_judging_seconds",
            "How long judging the last slice took.",
        );
        page.sample("attain_judging_seconds", &[], judged.took.as_secs_f64());
        let (promises, shown) = (&published.promises, app.limits.shown_series);
        promises::promises(&mut page, promises.catalogue(), &judged.evaluation, shown);
    }
    page.into_text()
}

fn requests(page: &mut Page, app: &App) {
    page.counter(
        "attain_requests_total",
        "Requests with telemetry, by the way they came and their answer.",
    );
    let answers = app.counters.answers.lock();
    let answers = answers.unwrap_or_else(PoisonError::into_inner).clone();
    for ((way, code), count) in answers {
        let code = code.to_string();
        page.sample(
            "attain_requests_total",
            &[("way", way), ("code", &code)],
            count as f64,
        );
    }
    page.counter(
        "attain_requests_shed_total",
        "Requests that found no room and were told to come again.",
    );
    let shed = app.counters.shed.load(Ordering::Relaxed);
    page.sample("attain_requests_shed_total", &[], shed as f64);
    page.gauge(
        "attain_room_bytes",
        "Bytes of requests for which there is room.",
    );
    let room = app.room.available_permits() * crate::app::ROOM_UNIT;
    page.sample("attain_room_bytes", &[], room as f64);
    page.gauge(
        "attain_queue_places",
        "Requests more that could wait to be kept.",
    );
    page.sample("attain_queue_places", &[], app.jobs.capacity() as f64);

    let open = app.gates.open();
    page.counter(
        "attain_samples_total",
        "Samples that arrived, by source and what became of them.",
    );
    for gate in open.values() {
        let entry = &gate.entry;
        let unmatched = entry.unmatched.load(Ordering::Relaxed);
        let accepted = entry.accepted.load(Ordering::Relaxed);
        let outcomes = [
            ("counted", accepted.saturating_sub(unmatched)),
            ("unmatched", unmatched),
            ("refused", entry.refused.load(Ordering::Relaxed)),
        ];
        for (outcome, count) in outcomes {
            let labels = [("source", gate.source.as_str()), ("outcome", outcome)];
            page.sample("attain_samples_total", &labels, count as f64);
        }
    }
    page.gauge(
        "attain_series",
        "Series that count for a promise, by source.",
    );
    for gate in open.values() {
        let series = gate.entry.series.load(Ordering::Relaxed);
        let source = [("source", gate.source.as_str())];
        page.sample("attain_series", &source, series as f64);
    }
    page.counter(
        "attain_series_overflowing_total",
        "Samples refused because their stream and segment have too many series.",
    );
    for gate in open.values() {
        let overflowing = gate.entry.overflowing.load(Ordering::Relaxed);
        let source = [("source", gate.source.as_str())];
        page.sample(
            "attain_series_overflowing_total",
            &source,
            overflowing as f64,
        );
    }
    page.gauge(
        "attain_histograms_twice",
        "Histograms that come both by classic buckets and as native ones; each counts once.",
    );
    for gate in open.values() {
        let twice = gate.entry.histograms_twice.load(Ordering::Relaxed);
        let source = [("source", gate.source.as_str())];
        page.sample("attain_histograms_twice", &source, twice as f64);
    }
}

fn core(page: &mut Page, published: &Published) {
    let core = &published.core;
    let counters = [
        (
            "attain_frames_total",
            "Group commits: frames on disk.",
            core.frames as f64,
        ),
        (
            "attain_frames_failed_total",
            "Group commits that could not be kept.",
            core.frames_failed as f64,
        ),
        (
            "attain_frame_samples_total",
            "Samples in frames.",
            core.samples as f64,
        ),
        (
            "attain_appending_seconds_total",
            "Time spent on frames, most of it waiting for the disk.",
            core.appending.as_secs_f64(),
        ),
        (
            "attain_seals_total",
            "Times that frames became pages.",
            core.seals as f64,
        ),
        (
            "attain_sealing_seconds_total",
            "Time spent on that.",
            core.sealing.as_secs_f64(),
        ),
        (
            "attain_slices_judged_total",
            "Slices judged.",
            core.slices as f64,
        ),
        (
            "attain_samples_known_total",
            "Samples that were known already.",
            core.metered.already as f64,
        ),
        (
            "attain_samples_conflicting_total",
            "Samples with another value than the same series had at the same instant; the first stays.",
            core.metered.conflicting as f64,
        ),
        (
            "attain_samples_too_late_total",
            "Samples older than what their series said in a closed slice.",
            core.metered.too_late as f64,
        ),
        (
            "attain_samples_overlapping_total",
            "Samples of processes that nothing tells apart, when no more of them could be remembered: not counted.",
            core.metered.overlapping as f64,
        ),
        (
            "attain_late_events_total",
            "Events that arrived after their slice was closed; they count at their own time.",
            core.metered.late_events as f64,
        ),
        (
            "attain_uncertain_events_total",
            "First values of counters whose beginning is not known.",
            core.metered.unknown_births as f64,
        ),
    ];
    for (name, help, value) in counters {
        page.counter(name, help);
        page.sample(name, &[], value);
    }
    let gauges = [
        (
            "attain_lag_seconds",
            "How far judging is behind the last closed slice.",
            core.lag.as_secs_f64(),
        ),
        (
            "attain_disk_failed",
            "1 while nothing can be kept.",
            f64::from(u8::from(core.disk.is_some())),
        ),
        (
            "attain_clock_off_seconds",
            "By how much the machine's clock is off while it is not believed.",
            core.clock_off.map_or(0.0, |by| by.as_secs_f64()),
        ),
    ];
    for (name, help, value) in gauges {
        page.gauge(name, help);
        page.sample(name, &[], value);
    }
}

fn pulled(page: &mut Page, published: &Published) {
    let sources = published.promises.catalogue().sources.values();
    let mut pulled = sources
        .filter(|source| matches!(source.kind, SourceKind::Prometheus(_)))
        .peekable();
    if pulled.peek().is_none() {
        return;
    }
    page.gauge(
        "attain_pull_delay_seconds",
        "How long after its end a minute is asked for, by source.",
    );
    for source in pulled {
        let delay = pulled_delay(source, &published.core.delays);
        let labels = [("source", source.id.as_str())];
        page.sample("attain_pull_delay_seconds", &labels, delay.as_secs_f64());
    }
}

fn catalogue(page: &mut Page, published: &Published) {
    let catalogue = &published.catalogue;
    page.gauge("attain_catalogue_info", "The catalogue in force.");
    page.sample(
        "attain_catalogue_info",
        &[("sha256", &catalogue.sha256)],
        1.0,
    );
    page.gauge(
        "attain_catalogue_since_seconds",
        "Since when it is in force, in seconds since 1970.",
    );
    page.sample(
        "attain_catalogue_since_seconds",
        &[],
        catalogue.since.as_second() as f64,
    );
    page.gauge(
        "attain_catalogue_refused",
        "1 while the files differ from it and cannot be put in force.",
    );
    let refused = f64::from(u8::from(catalogue.refused.is_some()));
    page.sample("attain_catalogue_refused", &[], refused);
    page.counter(
        "attain_catalogue_refusals_total",
        "Catalogues that were not put in force.",
    );
    page.sample(
        "attain_catalogue_refusals_total",
        &[],
        catalogue.refusals as f64,
    );
}
