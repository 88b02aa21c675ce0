//! A lane: series that look at the same windows, their cumulative counts row by row in time.
//!
//! Knows rows, windows and limits. Knows no names and no catalogue; see build.rs and view.rs.

use std::ops::Range;
use std::time::Duration;

use attain_model::verdict::{AlertCondition, Attainment};

use super::limit::{Limit, Word};
use super::{Layout, Leaving};

/// Columns judged at a time: what they hold stays in the nearest cache.
const CHUNK: usize = 256;

/// The most tiers of a policy that a lane watches.
pub(super) const TIERS_AT_MOST: usize = 8;

/// Two for each tier, the SLO's own, and the last hour.
const WINDOWS_AT_MOST: usize = 2 * TIERS_AT_MOST + 2;

/// Flags of a series: tier `t` fires in bit `t`, has too few events in bit `8 + t`.
pub(super) const TOO_FEW: u32 = 8;
/// The budget is overspent.
pub(super) const OVERSPENT: u32 = 16;
/// There is no event in the SLO's window.
pub(super) const NO_TRAFFIC: u32 = 17;

/// What has been so since some time.
const SINCE: u32 = 0xff | 1 << OVERSPENT;

/// What the series of a lane look at.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// Lengths in slices.
    pub(super) windows: Vec<i64>,
    /// Of the windows: the SLO's own, and the last hour.
    pub(super) whole: usize,
    pub(super) hour: usize,
    /// Of the windows: the short and the long one of each tier.
    pub(super) tiers: Vec<(usize, usize)>,
    pub(super) layout: Layout,
}

impl Shape {
    fn longest(&self) -> i64 {
        self.windows.iter().copied().max().unwrap_or(1)
    }
}

/// Neighbouring series with one target and one policy.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) columns: Range<usize>,
    /// `None` is best effort.
    pub(super) target_ppb: Option<u32>,
    /// The conditions as written, the one for few requests last; urgency as outside adoption.
    pub(super) conditions: Vec<AlertCondition>,
    /// Tiers that can fire at all, with their limits.
    pub(super) watched: Vec<(usize, Limit)>,
    pub(super) least_events: u64,
    /// What the budget allows; nothing for best effort.
    pub(super) budget: Option<Limit>,
    /// The windows of the policy, shortest first, each with its place among the lane's.
    pub(super) burns: Vec<(Duration, usize)>,
}

/// Rows of cumulative counts; row `at` stands where its number is, modulo the number of rows.
#[derive(Debug, Clone)]
struct Ring<W> {
    rows: i64,
    len: usize,
    total: Vec<W>,
    bad: Vec<W>,
}

impl<W: Word> Ring<W> {
    fn new(rows: i64, len: usize) -> Self {
        let cells = usize::try_from(rows).unwrap_or(1) * len;
        Self {
            rows,
            len,
            total: vec![W::default(); cells],
            bad: vec![W::default(); cells],
        }
    }

    fn span(&self, at: i64) -> Range<usize> {
        // Never negative, and less than the number of rows.
        let row = usize::try_from(at.rem_euclid(self.rows)).unwrap_or(0);
        row * self.len..(row + 1) * self.len
    }

    fn row(&self, at: i64) -> (&[W], &[W]) {
        (&self.total[self.span(at)], &self.bad[self.span(at)])
    }

    fn cell(&self, at: i64, column: usize) -> (W, W) {
        let (total, bad) = self.row(at);
        (total[column], bad[column])
    }

    fn set(&mut self, at: i64, column: usize, cell: (W, W)) {
        let start = self.span(at).start;
        self.total[start + column] = cell.0;
        self.bad[start + column] = cell.1;
    }

    /// Adds events to a column in some rows; those that the ring has no longer are passed over.
    fn add(&mut self, rows: Range<i64>, column: usize, (total, bad): (W, W)) {
        for at in rows.start.max(rows.end - self.rows)..rows.end {
            let cell = self.cell(at, column);
            self.set(at, column, (cell.0.plus(total), cell.1.plus(bad)));
        }
    }

    fn copy_row(&mut self, from: i64, to: i64) {
        let (from, to) = (self.span(from), self.span(to).start);
        self.total.copy_within(from.clone(), to);
        self.bad.copy_within(from, to);
    }
}

/// The leaving edge of a window that is longer than the slices kept: the slices of the block it stands in.
#[derive(Debug, Clone)]
struct Edge<W> {
    window: i64,
    /// The block that `now` has the slices of; `next` gets those of the block after it.
    block: i64,
    now: Ring<W>,
    next: Ring<W>,
    /// So many columns of `next` are there.
    // Invariant: all of them before the edge enters the next block.
    filled: usize,
    /// What was fetched last; kept so that its memory is not asked for at every slice.
    fetched: Vec<Attainment>,
}

/// Series that look at the same windows.
pub(super) struct Lane<W> {
    /// The board's index of the first column.
    pub(super) first: usize,
    pub(super) shape: Shape,
    pub(super) runs: Vec<Run>,
    len: usize,
    /// The first slice that is not closed.
    end: i64,
    /// Row `s` sums everything before slice `s`: the longest window that fits, and one more.
    fine: Ring<W>,
    /// Row `b` sums everything before block `b`, back to the block that the longest window begins in.
    coarse: Ring<W>,
    edges: Vec<Edge<W>>,
    /// Events since the oldest block.
    held: Vec<W>,
    flags: Vec<u32>,
    /// For each tier, then for the budget: the slice since which it has been so.
    since: Vec<i64>,
}

impl<W: Word> Lane<W> {
    pub(super) fn new(first: usize, shape: Shape, runs: Vec<Run>, end: i64) -> Self {
        let len = runs.last().map_or(0, |run| run.columns.end);
        let Layout { fine, block } = shape.layout;
        let (long, short): (Vec<i64>, Vec<i64>) = shape.windows.iter().partition(|w| **w > fine);
        let edge = |window: i64| Edge {
            window,
            block: (end - window).div_euclid(block),
            now: Ring::new(block, len),
            next: Ring::new(block, len),
            filled: len,
            fetched: Vec::new(),
        };
        let kept = short.into_iter().max().unwrap_or(1);
        Self {
            first,
            len,
            end,
            fine: Ring::new(kept + 1, len),
            coarse: Ring::new(shape.longest() / block + 3, len),
            edges: long.into_iter().map(edge).collect(),
            held: vec![W::default(); len],
            flags: vec![0; len],
            since: vec![end; len * (shape.tiers.len() + 1)],
            shape,
            runs,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Where the oldest block begins that any window of a board that ends at `end` touches.
    pub(super) fn oldest(shape: &Shape, end: i64) -> i64 {
        let block = shape.layout.block;
        (end - shape.longest()).div_euclid(block) * block
    }

    /// Fills a column from cumulative counts; `cumulative(s)` sums everything from [`Lane::oldest`] to before slice `s`.
    pub(super) fn fill(&mut self, column: usize, cumulative: impl Fn(i64) -> (u64, u64)) {
        let cell = |at: i64| {
            let (total, bad) = cumulative(at);
            (W::of(total), W::of(bad))
        };
        let block = self.shape.layout.block;
        for at in self.end - self.fine.rows + 1..=self.end {
            self.fine.set(at, column, cell(at));
        }
        let oldest = Self::oldest(&self.shape, self.end);
        for at in oldest.div_euclid(block)..=self.end.div_euclid(block) {
            self.coarse.set(at, column, cell(at * block));
        }
        for edge in &mut self.edges {
            for at in edge.block * block..(edge.block + 1) * block {
                edge.now.set(at, column, cell(at));
                edge.next.set(at, column, cell(at + block));
            }
        }
        self.held[column] = cell(self.end).0;
    }

    /// The flags of a column and since when each has been so, as judged at the end of the last slice.
    pub(super) fn start(&mut self, column: usize, flags: u32, since: &[(usize, i64)]) {
        self.flags[column] = flags;
        for (bit, slice) in since {
            self.since[bit * self.len + column] = *slice;
        }
    }

    /// Columns that would hold more events than their words can tell apart.
    pub(super) fn too_many(&self, events: &[Attainment]) -> Vec<usize> {
        let held = self.held.iter().map(|held| held.get());
        let sums = held.zip(events.iter().map(Attainment::total));
        // Hardly ever any: looked for without a branch first.
        let most = sums.map(|(held, events)| held.saturating_add(events)).max();
        if most.is_none_or(|most| most <= W::MOST) {
            return Vec::new();
        }
        let columns = 0..self.len;
        columns
            .filter(|column| self.is_too_many(*column, events[*column].total()))
            .collect()
    }

    /// Whether a column would hold more events than its words can tell apart.
    pub(super) fn is_too_many(&self, column: usize, events: u64) -> bool {
        let sum = self.held[column].get().checked_add(events);
        sum.is_none_or(|sum| sum > W::MOST)
    }

    /// Begins the row of the slice that is being closed: as many as before.
    pub(super) fn open(&mut self) {
        self.fine.copy_row(self.end, self.end + 1);
    }

    /// Adds events to a column of the row that was begun.
    pub(super) fn add(&mut self, column: usize, events: Attainment) {
        let start = self.fine.span(self.end + 1).start + column;
        let total = W::of(events.total());
        self.fine.total[start] = self.fine.total[start].plus(total);
        self.fine.bad[start] = self.fine.bad[start].plus(W::of(events.bad));
        self.held[column] = self.held[column].plus(total);
    }

    /// Adds events to a column in a slice that is closed; nothing if no window reaches back to it.
    pub(super) fn add_late(&mut self, column: usize, slice: i64, events: Attainment) {
        if slice < Self::oldest(&self.shape, self.end) {
            return;
        }
        let block = self.shape.layout.block;
        let own = (W::of(events.total()), W::of(events.bad));
        self.fine.add(slice + 1..self.end + 1, column, own);
        let blocks = slice.div_euclid(block) + 1..self.end.div_euclid(block) + 1;
        self.coarse.add(blocks, column, own);
        for edge in &mut self.edges {
            for (ring, of) in [
                (&mut edge.now, edge.block),
                (&mut edge.next, edge.block + 1),
            ] {
                ring.add((slice + 1).max(of * block)..(of + 1) * block, column, own);
            }
        }
        self.held[column] = self.held[column].plus(own.0);
    }

    /// Whether anything is so of a column since some time: a tier fires, or the budget is overspent.
    pub(super) fn is_since(&self, column: usize) -> bool {
        self.flags[column] & SINCE != 0
    }

    /// Adds events to every column of the row that was begun.
    pub(super) fn add_all(&mut self, events: &[Attainment]) {
        let span = self.fine.span(self.end + 1);
        let total = self.fine.total[span.clone()].iter_mut();
        let bad = self.fine.bad[span].iter_mut();
        let cells = total.zip(bad).zip(&mut self.held).zip(events);
        for (((total, bad), held), events) in cells {
            let sum = W::of(events.good).plus(W::of(events.bad));
            *total = total.plus(sum);
            *bad = bad.plus(W::of(events.bad));
            *held = held.plus(sum);
        }
    }

    /// Closes the row. Gives the columns whose kept counts are not those that were pushed.
    pub(super) fn close(&mut self, leaving: &mut dyn Leaving) -> Vec<usize> {
        let block = self.shape.layout.block;
        let before = Self::oldest(&self.shape, self.end).div_euclid(block);
        self.end += 1;
        if self.end.rem_euclid(block) == 0 {
            let (total, bad) = (self.fine.span(self.end), self.fine.span(self.end));
            let at = self.coarse.span(self.end.div_euclid(block));
            self.coarse.total[at.clone()].copy_from_slice(&self.fine.total[total]);
            self.coarse.bad[at].copy_from_slice(&self.fine.bad[bad]);
        }
        if Self::oldest(&self.shape, self.end).div_euclid(block) != before {
            let (old, new) = (self.coarse.row(before).0, self.coarse.row(before + 1).0);
            for (held, (old, new)) in self.held.iter_mut().zip(old.iter().zip(new)) {
                *held = held.minus(new.minus(*old));
            }
        }
        let mut wrong = Vec::new();
        for edge in &mut self.edges {
            let at = self.end - edge.window;
            if at.div_euclid(block) != edge.block {
                std::mem::swap(&mut edge.now, &mut edge.next);
                edge.block = at.div_euclid(block);
                edge.filled = 0;
            }
            // Spread over the block, and done with its last slice.
            let part = usize::try_from(at.rem_euclid(block) + 1).unwrap_or(1);
            let parts = usize::try_from(block).unwrap_or(1);
            let wanted = self.len * part / parts;
            if wanted > edge.filled {
                let columns = edge.filled..wanted;
                edge.fetch(
                    self.first,
                    columns,
                    block,
                    &self.coarse,
                    leaving,
                    &mut wrong,
                );
            }
        }
        wrong
    }

    /// The rows that the windows of the closed slice begin with.
    fn leaving_row(&self, window: i64) -> (&[W], &[W]) {
        let at = self.end - window;
        match self.edges.iter().find(|edge| edge.window == window) {
            Some(edge) => edge.now.row(at),
            None => self.fine.row(at),
        }
    }

    /// All and bad events of a column in a window of so many slices, if it is one of the lane's.
    pub(super) fn sum_of(&self, column: usize, slices: i64) -> Option<(u64, u64)> {
        let window = self.shape.windows.binary_search(&slices).ok()?;
        Some(self.sum(column, window))
    }

    /// All and bad events of a column in so many of the last slices, if these are in memory one by one.
    pub(super) fn last(&self, column: usize, slices: i64) -> Option<(u64, u64)> {
        if slices >= self.fine.rows {
            return self.sum_of(column, slices);
        }
        let now = self.fine.cell(self.end, column);
        let before = self.fine.cell(self.end - slices, column);
        Some((now.0.minus(before.0).get(), now.1.minus(before.1).get()))
    }

    /// All and bad events of a column in one of the windows.
    pub(super) fn sum(&self, column: usize, window: usize) -> (u64, u64) {
        let (total, bad) = self.leaving_row(self.shape.windows[window]);
        let now = self.fine.cell(self.end, column);
        (
            now.0.minus(total[column]).get(),
            now.1.minus(bad[column]).get(),
        )
    }

    pub(super) fn flags(&self, column: usize) -> u32 {
        self.flags[column]
    }

    /// Since when a tier has fired, or (one after the last tier) the budget has been overspent, if it is so.
    pub(super) fn since(&self, column: usize, which: usize) -> i64 {
        self.since[which * self.len + column]
    }

    pub(super) fn run(&self, column: usize) -> Option<&Run> {
        let at = self.runs.partition_point(|run| run.columns.end <= column);
        self.runs.get(at)
    }

    /// Judges the closed slice; gives the board's indices of the series whose flags changed.
    pub(super) fn judge(&mut self, changed: &mut Vec<usize>) {
        let mut changes: Vec<(usize, u32)> = Vec::new();
        let now = self.fine.row(self.end);
        let rows: Vec<(&[W], &[W])> = self
            .shape
            .windows
            .iter()
            .map(|w| self.leaving_row(*w))
            .collect();
        let mut sums = Box::new(Sums::<W>::default());
        let mut runs = self.runs.as_slice();
        for start in (0..self.len).step_by(CHUNK) {
            let chunk = start..self.len.min(start + CHUNK);
            let mut flags = [0; CHUNK];
            let flags = &mut flags[..chunk.len()];
            // All runs of a chunk at once: neighbours in memory are read together, however short the runs are.
            sums.take(now, &rows, &chunk);
            while let [run, rest @ ..] = runs {
                let from = run.columns.start.max(start) - start;
                let to = run.columns.end.min(chunk.end) - start;
                sums.judge(&self.shape, run, from, &mut flags[from..to]);
                if run.columns.end > chunk.end {
                    break;
                }
                runs = rest;
            }
            let before = &self.flags[chunk];
            if *before != *flags {
                let differ = flags.iter().zip(before).enumerate();
                let differ = differ.filter(|(_, (new, old))| new != old);
                changes.extend(differ.map(|(i, (new, _))| (start + i, *new)));
            }
        }
        for (column, flags) in changes {
            self.change(column, flags);
            changed.push(self.first + column);
        }
    }

    fn change(&mut self, column: usize, flags: u32) {
        let begun = flags & !self.flags[column];
        let tiers = self.shape.tiers.len();
        let slice = self.end - 1;
        for tier in (0..tiers).filter(|tier| begun >> tier & 1 == 1) {
            self.since[tier * self.len + column] = slice;
        }
        if begun >> OVERSPENT & 1 == 1 {
            self.since[tiers * self.len + column] = slice;
        }
        self.flags[column] = flags;
    }

    /// An empty lane for one column, in words that hold more.
    pub(super) fn alone(&self, column: usize) -> Option<Lane<u64>> {
        let run = Run {
            columns: 0..1,
            ..self.run(column)?.clone()
        };
        let first = self.first + column;
        Some(Lane::new(first, self.shape.clone(), vec![run], self.end))
    }

    /// The same column, in words that hold more.
    pub(super) fn widen(&self, column: usize) -> Option<Lane<u64>> {
        let block = self.shape.layout.block;
        let mut wide = self.alone(column)?;
        let origin = Self::oldest(&self.shape, self.end).div_euclid(block);
        let origin = self.coarse.cell(origin, column);
        // Since the oldest block fewer events were counted than the narrow word can tell apart.
        let cell = |(total, bad): (W, W)| (total.minus(origin.0).get(), bad.minus(origin.1).get());
        for at in self.end - self.fine.rows + 1..=self.end {
            wide.fine.set(at, 0, cell(self.fine.cell(at, column)));
        }
        for at in self.end.div_euclid(block) - self.coarse.rows + 1..=self.end.div_euclid(block) {
            wide.coarse.set(at, 0, cell(self.coarse.cell(at, column)));
        }
        for (edge, old) in wide.edges.iter_mut().zip(&self.edges) {
            for at in 0..block {
                edge.now.set(at, 0, cell(old.now.cell(at, column)));
                edge.next.set(at, 0, cell(old.next.cell(at, column)));
            }
            edge.filled = usize::from(column < old.filled);
        }
        wide.held[0] = self.held[column].get();
        wide.flags[0] = self.flags[column];
        for which in 0..=self.shape.tiers.len() {
            wide.since[which] = self.since(column, which);
        }
        Some(wide)
    }
}

impl<W: Word> Edge<W> {
    /// Fetches the next block's slices of some columns; those whose sum is not the block's are wrong.
    fn fetch(
        &mut self,
        first: usize,
        columns: Range<usize>,
        block: i64,
        coarse: &Ring<W>,
        leaving: &mut dyn Leaving,
        wrong: &mut Vec<usize>,
    ) {
        let from = (self.block + 1) * block;
        let each = usize::try_from(block).unwrap_or(1);
        let kept = &mut self.fetched;
        kept.clear();
        kept.resize(columns.len() * each, Attainment::default());
        let indices = first + columns.start..first + columns.end;
        leaving.counts(from..from + block, indices, kept);
        let (mut total, mut bad): (Vec<W>, Vec<W>) = {
            let (total, bad) = coarse.row(self.block + 1);
            (
                total[columns.clone()].to_vec(),
                bad[columns.clone()].to_vec(),
            )
        };
        for slice in 0..each {
            let start = self.next.span(from).start + slice * self.next.len;
            let cells = start + columns.start..start + columns.end;
            self.next.total[cells.clone()].copy_from_slice(&total);
            self.next.bad[cells].copy_from_slice(&bad);
            let sums = total.iter_mut().zip(&mut bad);
            for (i, (total, bad)) in sums.enumerate() {
                let events = kept[i * each + slice];
                *total = total.plus(W::of(events.good)).plus(W::of(events.bad));
                *bad = bad.plus(W::of(events.bad));
            }
        }
        let end = coarse.row(self.block + 2);
        for (i, column) in columns.clone().enumerate() {
            let is = (total[i].get(), bad[i].get());
            if is != (end.0[column].get(), end.1[column].get()) {
                wrong.push(column);
            }
        }
        self.filled = columns.end;
    }
}

/// The sums of some columns over all windows.
struct Sums<W> {
    total: [[W; CHUNK]; WINDOWS_AT_MOST],
    bad: [[W; CHUNK]; WINDOWS_AT_MOST],
}

impl<W: Word> Default for Sums<W> {
    fn default() -> Self {
        Self {
            total: [[W::default(); CHUNK]; WINDOWS_AT_MOST],
            bad: [[W::default(); CHUNK]; WINDOWS_AT_MOST],
        }
    }
}

impl<W: Word> Sums<W> {
    fn take(&mut self, now: (&[W], &[W]), rows: &[(&[W], &[W])], columns: &Range<usize>) {
        let less = |sums: &mut [W; CHUNK], now: &[W], before: &[W]| {
            let pairs = now[columns.clone()].iter().zip(&before[columns.clone()]);
            for (sum, (now, before)) in sums.iter_mut().zip(pairs) {
                *sum = now.minus(*before);
            }
        };
        for (window, row) in rows.iter().enumerate() {
            less(&mut self.total[window], now.0, row.0);
            less(&mut self.bad[window], now.1, row.1);
        }
    }

    /// Judges the columns of a run that stand in the chunk from a place on, one for each of `flags`.
    fn judge(&self, shape: &Shape, run: &Run, from: usize, flags: &mut [u32]) {
        let n = flags.len();
        let own = from..from + n;
        let all = |window: usize| {
            (
                &self.total[window][own.clone()],
                &self.bad[window][own.clone()],
            )
        };
        for (tier, limit) in &run.watched {
            let (short, long) = shape.tiers[*tier];
            let bits = (*tier as u32, TOO_FEW + *tier as u32);
            W::flag_tier(flags, bits, all(short), all(long), limit, run.least_events);
        }
        let (total, bad) = all(shape.whole);
        if let Some(budget) = &run.budget {
            W::flag_above(flags, OVERSPENT, total, bad, budget);
        }
        W::flag_below(flags, NO_TRAFFIC, total, 1);
    }
}
