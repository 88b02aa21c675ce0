//! Verdicts kept up to date slice by slice, at the price of what was counted and of one look at each series.
//!
//! Knows the promises in force, a board of running sums and the cells that a ledger says were added. Says what
//! [`evaluate`](crate::evaluate) says. What the board cannot carry is judged from the counts themselves, less often. See
//! monitor/routes.rs for how cells become rows and monitor/watched.rs for how sums become verdicts.

mod routes;
mod watched;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use attain_model::facts::{Damage, KeptStream};
use attain_model::indicator::Indicator;
use attain_model::verdict::Attainment;
use attain_model::{
    AsOf, Evaluation, Gap, Promises, SegmentNames, SeriesName, Slo, SloId, SourceId, Stream,
    StreamKey, Verdict,
};
use jiff::Timestamp;

use crate::board::{Board, Counted, Layout, Leaving, NotCarried, Row, What, read_old};
use crate::changes::{Added, Changes};
use crate::counts::{Counts, Heard, Read};
use crate::evaluate::Said;
use crate::grid::Grid;
use crate::look::Reader;
use crate::silence::Silence;
use crate::window;
use routes::Routes;
use watched::Watched;

/// How often what the board cannot carry is judged, unless said otherwise.
const REST_EVERY: Duration = Duration::from_secs(60);

/// So many slices are in memory one by one, eight hours of 10 s: what the windows that page look at is never read again.
/// Before that in blocks of an hour.
const FINE: u32 = 2880;

/// The verdicts of all promises as of the last closed slice.
///
/// Equal to what [`evaluate`](crate::evaluate) says of the same counts at every slice, with all that is known. Most SLOs
/// are carried by running sums: a tick costs what was counted in the slice, and about a microsecond for each series. The
/// rest is judged by reading its window again, once a minute and at whole hours, and its verdicts are as old as that:
///
/// - calendar windows, budgets of time slices, promises up to a load, `missing_data: bad`, exclusions in force,
/// - a goal that changes within the window, counts that were lost, events that the tally cannot tell apart,
/// - gauges, and counters that are kept as samples.
///
/// Counts that come late enter the sums at once, at their own time. Since when something has been so is then worked out
/// anew with the rest, once a minute.
///
/// How long something has been so is known from the counts when the monitor is made and kept up from there; a monitor
/// that is made now says the same as one that has ticked up to now.
pub struct Monitor {
    promises: Arc<Promises>,
    grid: Grid,
    /// The first slice that is not closed.
    end: i64,
    board: Board,
    /// Live SLOs in the order of the catalogue.
    slos: Vec<Watched>,
    /// The SLOs that look at a stream.
    looking: BTreeMap<StreamKey, Vec<usize>>,
    /// SLOs to be read again, for counts came late.
    uneasy: BTreeSet<usize>,
    /// Some of these were counted for the first time: they are read at once.
    is_begun: bool,
    /// By stream.
    routes: BTreeMap<StreamKey, Routes>,
    /// What was counted in slices that are not closed.
    open: BTreeMap<i64, Vec<(StreamKey, Added)>>,
    /// What was lost of each stream when it was read last.
    damage: BTreeMap<StreamKey, Vec<Damage>>,
    layout: Layout,
    rest_every: Duration,
    /// The end of the slice with which the rest was judged last.
    rest_judged: i64,
    evaluation: Arc<Evaluation>,
}

impl Monitor {
    /// As of the end of the last slice before `until`. Reads all counts, one stream after the other.
    ///
    /// Make a new one when the catalogue changes. What a ledger's [`changes`](crate::Ledger::changes) have said before is
    /// in `counts` already: pass on only what they say from now on.
    #[must_use]
    pub fn new(promises: Arc<Promises>, counts: &dyn Counts, until: Timestamp) -> Self {
        let hour = u32::try_from(counts.grid().slices(3600)).unwrap_or(u32::MAX);
        Self::with_layout(promises, counts, until, Layout::new(FINE, hour))
    }

    /// As [`Monitor::new`], with another share of the past in memory.
    #[must_use]
    pub fn with_layout(
        promises: Arc<Promises>,
        counts: &dyn Counts,
        until: Timestamp,
        layout: Layout,
    ) -> Self {
        let grid = counts.grid();
        let end = grid.index(until);
        let (board, missing) = Board::with_totals(&promises, grid, end, layout);
        let mut monitor = Self {
            grid,
            end,
            board,
            slos: Vec::new(),
            looking: BTreeMap::new(),
            uneasy: BTreeSet::new(),
            is_begun: false,
            routes: BTreeMap::new(),
            open: BTreeMap::new(),
            damage: BTreeMap::new(),
            layout,
            rest_every: REST_EVERY,
            rest_judged: end,
            evaluation: Arc::new(Evaluation {
                as_of: as_of(grid.start(end)),
                verdicts: Vec::new(),
                masked: Vec::new(),
                untagged: Vec::new(),
                gaps: Vec::new(),
            }),
            promises: Arc::clone(&promises),
        };
        let missing = missing.into_iter().map(|(name, _)| name).collect();
        monitor.watch(counts, missing);
        monitor.say(counts, true);
        monitor
    }

    /// How often what the running sums cannot carry is judged; a slice or less is at every tick.
    #[must_use]
    pub fn with_rest_every(mut self, every: Duration) -> Self {
        self.rest_every = every;
        self
    }

    /// The end of the last closed slice.
    #[must_use]
    pub fn instant(&self) -> Timestamp {
        self.grid.start(self.end)
    }

    /// What the counts mean as of [`Monitor::instant`].
    #[must_use]
    pub fn evaluation(&self) -> &Evaluation {
        &self.evaluation
    }

    /// The same, to be handed on: it stays as it is.
    #[must_use]
    pub fn shared(&self) -> Arc<Evaluation> {
        Arc::clone(&self.evaluation)
    }

    /// The SLOs that were judged by reading their windows again.
    pub fn rest(&self) -> impl Iterator<Item = &SloId> {
        let rest = self.slos.iter().filter(|slo| slo.rest.is_some());
        rest.map(|slo| &slo.id)
    }

    /// Takes what was counted, closes every slice that ends by `until`, one after the other, and judges. Gives the series
    /// whose standing or alerts changed, that came or that went, in the order of the evaluation.
    ///
    /// `counts` has everything that the changes say, and nothing that later changes will say. What lies in slices that are
    /// not closed is kept for later; what lies in closed ones counts at its own time.
    pub fn push(
        &mut self,
        changes: Changes,
        counts: &dyn Counts,
        until: Timestamp,
    ) -> Vec<SeriesName> {
        let is_restated = self.take(changes, counts);
        let until = self.grid.index(until);
        let every = self.grid.slices(self.rest_every.as_secs());
        // Whoever keeps what was so at whole hours has all of it as of then.
        let is_due = until - self.rest_judged >= every || until % self.grid.slices(3600) == 0;
        if is_due || self.is_begun {
            self.correct(counts);
        }
        while self.end < until {
            self.close(counts);
        }
        if self
            .board
            .next_change()
            .is_some_and(|next| next < self.instant())
        {
            return self.begin_anew(counts);
        }
        let before = self.shared();
        self.say(counts, is_due || is_restated);
        changed(&before.verdicts, &self.evaluation.verdicts)
    }

    /// Another term begins, or an SLO was retired: other series than before.
    fn begin_anew(&mut self, counts: &dyn Counts) -> Vec<SeriesName> {
        let before = self.shared();
        let promises = Arc::clone(&self.promises);
        let again = Self::with_layout(promises, counts, self.instant(), self.layout);
        *self = again.with_rest_every(self.rest_every);
        changed(&before.verdicts, &self.evaluation.verdicts)
    }

    /// Puts what was counted where it belongs. Returns whether an SLO is judged from its counts from now on.
    fn take(&mut self, changes: Changes, counts: &dyn Counts) -> bool {
        let mut is_restated = false;
        for stream in &changes.read_again {
            for slo in self.looking.get(stream).into_iter().flatten() {
                is_restated |= self.slos[*slo].let_go();
            }
        }
        let mut late = Vec::new();
        for (stream, counted) in changes.counted {
            let first = counted.iter().map(|added| added.slice).min();
            for slo in self.looking.get(&stream).into_iter().flatten() {
                let known = &mut self.slos[*slo].first;
                if known.is_none() && first.is_some() {
                    // Until now nobody could tell what is heard of it.
                    self.uneasy.insert(*slo);
                    self.is_begun = true;
                }
                *known = (*known).into_iter().chain(first).min();
            }
            for added in counted {
                if added.slice < self.end {
                    is_restated |= self.rows_of(&stream, &added, counts, |series, events| {
                        late.push((series, added.slice, events));
                    });
                } else {
                    let open = self.open.entry(added.slice).or_default();
                    open.push((stream.clone(), added));
                }
            }
        }
        if !late.is_empty() {
            let again = self.board.add_late(&late);
            let changed: BTreeSet<usize> = late.iter().map(|(series, _, _)| *series).collect();
            for slo in 0..self.slos.len() {
                if self.slos[slo].is_moved(&changed, &again, &self.board) {
                    self.uneasy.insert(slo);
                }
            }
        }
        is_restated
    }

    /// What a cell adds to each row. Returns whether an SLO is judged from its counts from now on.
    fn rows_of(
        &mut self,
        stream: &StreamKey,
        added: &Added,
        counts: &dyn Counts,
        mut row: impl FnMut(usize, Attainment),
    ) -> bool {
        if !self.routes.contains_key(stream) {
            let looking = self.looking.get(stream).map_or(&[][..], Vec::as_slice);
            let looking = looking.iter().map(|slo| (*slo, &self.slos[*slo]));
            let routes = Routes::of(&self.promises, counts, &self.board, looking, stream);
            self.routes.insert(stream.clone(), routes);
        }
        let Some(routes) = self.routes.get_mut(stream) else {
            return false;
        };
        let route = routes.of_cell(&added.cell);
        for (series, events) in route.rows(added.events) {
            row(series, events);
        }
        let mut is_let_go = false;
        for slo in &route.unclear {
            is_let_go |= self.slos[*slo].let_go();
        }
        is_let_go
    }

    /// Reads the series again of which late counts may have changed since when something is so.
    fn correct(&mut self, counts: &dyn Counts) {
        self.is_begun = false;
        let uneasy = std::mem::take(&mut self.uneasy);
        if uneasy.is_empty() {
            return;
        }
        let own = uneasy.iter().flat_map(|slo| self.slos[*slo].series());
        let series: Vec<usize> = own.collect();
        self.board.read_again(&self.promises, counts, &series);
        let promises = Arc::clone(&self.promises);
        let mut reader = Reader::new(&promises, counts, self.instant(), Timestamp::MAX);
        for slo in uneasy {
            let watched = &mut self.slos[slo];
            if let Some(slo) = promises.catalogue().slos.get(&watched.id) {
                watched.start(&reader.look(slo), &self.board);
            }
        }
    }

    /// Closes one slice.
    fn close(&mut self, counts: &dyn Counts) {
        let mut rows: Vec<(usize, Attainment)> = Vec::new();
        for (stream, added) in self.open.remove(&self.end).unwrap_or_default() {
            self.rows_of(&stream, &added, counts, |series, events| {
                rows.push((series, events));
            });
        }
        let row = Row {
            counted: Counted::Some(&rows),
            silent: &[],
            busy: &[],
        };
        let mut again = Again {
            promises: &self.promises,
            counts,
            names: self.board.names(),
        };
        // Rows name series of the board alone.
        let taken = self.board.push(row, &mut again);
        debug_assert_eq!(taken, Ok(()));
        let mut changed = Vec::new();
        self.board.cycle(&mut changed);
        self.end += 1;
        let dropped: BTreeMap<usize, NotCarried> = self.board.dropped().collect();
        for slo in &mut self.slos {
            slo.fold(&self.board, &dropped, self.end);
        }
    }

    /// Says everything anew; the rest only if it is due, or has just become so.
    fn say(&mut self, counts: &dyn Counts, is_due: bool) {
        let instant = self.instant();
        let promises = Arc::clone(&self.promises);
        let light = Light {
            counts,
            damage: &self.damage,
        };
        let mut reader = Reader::new(&promises, &light, instant, Timestamp::MAX);
        let mut full = Reader::new(&promises, counts, instant, Timestamp::MAX);
        let mut silence = Silence::default();
        let mut evaluation = Evaluation {
            as_of: as_of(instant),
            verdicts: Vec::with_capacity(self.evaluation.verdicts.len()),
            masked: Vec::new(),
            untagged: Vec::with_capacity(self.slos.len()),
            gaps: Vec::new(),
        };
        if is_due {
            self.rest_judged = self.end;
        }
        for watched in &mut self.slos {
            let Some(slo) = promises.catalogue().slos.get(&watched.id) else {
                continue;
            };
            let mut looked = reader.look(slo);
            if let Some(first) = watched.first {
                looked.span.start = looked.span.start.min(first);
            }
            if let Some(said) = watched.say(&looked, counts, &self.board, &mut silence) {
                watched.rest = None;
                said.append_to(&mut evaluation);
                continue;
            }
            // Of what was said before the first of its counts nothing holds.
            let has_begun = watched.first.is_some_and(|first| first < self.end);
            let is_new = std::mem::replace(&mut watched.has_begun, has_begun) != has_begun;
            let said = match watched.rest.take().filter(|_| !is_due && !is_new) {
                Some(said) => {
                    // Its own silence is in there.
                    if let Some(untagged) = said.untagged.first() {
                        drop(Said::before(
                            &looked,
                            untagged.clone(),
                            counts,
                            &mut silence,
                        ));
                    }
                    said
                }
                None => {
                    let looked = full.look(slo);
                    // It may be carried from now on: a sequential test that is run now is kept up.
                    watched.start(&looked, &self.board);
                    Said::of(&looked, counts, &mut silence)
                }
            };
            watched.rest = Some(said.clone());
            said.append_to(&mut evaluation);
        }
        let mut of_sources = counts.gaps();
        of_sources.extend(silence.gaps(self.grid));
        evaluation.gaps.splice(0..0, of_sources);
        self.evaluation = Arc::new(evaluation);
    }

    /// Looks at every SLO in full, once: those of one stream together, and one stream after the other, so that no more
    /// than one is in memory.
    fn watch(&mut self, counts: &dyn Counts, mut missing: BTreeSet<SeriesName>) {
        let promises = Arc::clone(&self.promises);
        let catalogue = promises.catalogue();
        let last = window::last_judged(self.instant(), self.grid);
        let day = last.to_zoned(catalogue.timezone.clone()).date();
        let live: Vec<&Slo> = catalogue.live_slos(day).collect();
        for (at, slo) in live.iter().enumerate() {
            let looking = self.looking.entry(Stream::key_of(catalogue, slo));
            looking.or_default().push(at);
        }
        let on_board: BTreeMap<SloId, usize> = self.board.slos().cloned().zip(0..).collect();
        let places = self.board.places();
        let mut watched: Vec<Option<Watched>> = live.iter().map(|_| None).collect();
        for (stream, slos) in self.looking.clone() {
            for at in &slos {
                let slo = live[*at];
                if let Some(slo) = on_board.get(&slo.id) {
                    let gone = self.board.fill(&promises, counts, *slo);
                    missing.extend(gone.into_iter().map(|(name, _)| name));
                }
                let mut reader = Reader::new(&promises, counts, self.instant(), Timestamp::MAX);
                let looked = reader.look(slo);
                let mut own = Watched::new(&looked, &places, &missing);
                own.start(&looked, &self.board);
                watched[*at] = Some(own);
                let damage = self.damage.entry(stream.clone());
                damage.or_insert_with(|| looked.damage.clone());
            }
            if let Some(slo) = slos.first() {
                self.keep_open(counts, &stream, &live[*slo].indicator);
            }
        }
        self.slos = watched.into_iter().flatten().collect();
    }

    /// What was counted of a stream in slices that are not closed when the monitor is made.
    fn keep_open(&mut self, counts: &dyn Counts, stream: &StreamKey, indicator: &Indicator) {
        let ahead = self.end..i64::MAX;
        let names = SegmentNames::of(self.promises.catalogue());
        let read = counts.read(stream, indicator, &names, ahead, Timestamp::MAX);
        for column in read.columns {
            let cell = (column.segment, column.class, column.bucket);
            for (slice, events) in &column.counts {
                let added = Added {
                    cell: cell.clone(),
                    slice: *slice,
                    events: *events,
                };
                let open = self.open.entry(*slice).or_default();
                open.push((stream.clone(), added));
            }
        }
    }
}

/// Old counts for the board, read again.
struct Again<'m> {
    promises: &'m Promises,
    counts: &'m dyn Counts,
    names: Arc<[(SeriesName, What)]>,
}

impl Leaving for Again<'_> {
    fn counts(&mut self, slices: Range<i64>, series: Range<usize>, into: &mut [Attainment]) {
        let series = self.names.get(series).unwrap_or(&[]);
        let series = series.iter().map(|(name, what)| (name, *what));
        read_old(self.promises, self.counts, slices, series, into);
    }
}

/// What is known beside the counts: heard, kept, damaged. Reads no counts.
struct Light<'m> {
    counts: &'m dyn Counts,
    damage: &'m BTreeMap<StreamKey, Vec<Damage>>,
}

impl Counts for Light<'_> {
    fn grid(&self) -> Grid {
        self.counts.grid()
    }

    fn kept(&self, stream: &StreamKey) -> Option<&KeptStream> {
        self.counts.kept(stream)
    }

    fn is_counted(&self, stream: &StreamKey) -> bool {
        self.counts.is_counted(stream)
    }

    fn read(
        &self,
        _: &StreamKey,
        _: &Indicator,
        _: &SegmentNames,
        _: Range<i64>,
        _: Timestamp,
    ) -> Read {
        Read::default()
    }

    fn heard(&self, stream: &StreamKey) -> Heard {
        self.counts.heard(stream)
    }

    fn heard_sources(&self, stream: &StreamKey) -> Vec<(SourceId, Heard)> {
        self.counts.heard_sources(stream)
    }

    fn damage(&self, stream: &StreamKey, _: Range<i64>) -> Vec<Damage> {
        self.damage.get(stream).cloned().unwrap_or_default()
    }

    fn gaps(&self) -> Vec<Gap> {
        self.counts.gaps()
    }
}

fn as_of(instant: Timestamp) -> AsOf {
    AsOf {
        instant,
        known_until: Timestamp::MAX,
    }
}

/// The series whose standing or alerts differ, that came or that went.
fn changed(before: &[Verdict], after: &[Verdict]) -> Vec<SeriesName> {
    let is_same = |a: &Verdict, b: &Verdict| a.standing == b.standing && a.alerts == b.alerts;
    let pairs = || before.iter().zip(after);
    if before.len() == after.len() && pairs().all(|(a, b)| a.name == b.name) {
        let differ = pairs().filter(|(a, b)| !is_same(a, b));
        return differ.map(|(_, verdict)| verdict.name.clone()).collect();
    }
    let known: BTreeMap<&SeriesName, &Verdict> = before.iter().map(|v| (&v.name, v)).collect();
    let now: BTreeSet<&SeriesName> = after.iter().map(|verdict| &verdict.name).collect();
    let is_new = |verdict: &&Verdict| {
        let old = known.get(&verdict.name);
        old.is_none_or(|old| !is_same(old, verdict))
    };
    let gone = before.iter().filter(|verdict| !now.contains(&verdict.name));
    let all = after.iter().filter(is_new).chain(gone);
    all.map(|verdict| verdict.name.clone()).collect()
}
