//! Spans put together to requests and calls, in bounded memory.
//!
//! A *request* of a service is a span that somebody else caused, with all that the service did for it. A *call* is a request
//! whose cause is a span of another service, or a client's span of which nobody else sent the other side.

use std::collections::{BTreeMap, HashMap, VecDeque};

use attain_model::trace::{CallSide, TraceSpan};

use super::{Calls, Discovered, Requests, Seen};

/// Spans of traces that are not put together yet, and what came of the others.
#[derive(Debug)]
pub struct Traces {
    names: Names,
    open: HashMap<u64, Vec<Piece>>,
    /// Traces in the order in which they were first seen.
    order: VecDeque<u64>,
    held: usize,
    held_most: usize,
    services: BTreeMap<u32, Seen>,
    calls: BTreeMap<(u32, u32), Calls>,
    spans: u64,
    traces: u64,
    orphans: u64,
}

/// A span without its names.
#[derive(Debug, Clone, Copy)]
struct Piece {
    id: u64,
    parent: Option<u64>,
    service: u32,
    peer: Option<u32>,
    side: CallSide,
    failed: bool,
    time: Option<(u64, u64)>,
}

/// Names by number.
#[derive(Debug, Default)]
struct Names {
    by_name: HashMap<String, u32>,
    all: Vec<String>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.by_name.get(name) {
            return *number;
        }
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.by_name.insert(name.to_owned(), number);
        self.all.push(name.to_owned());
        number
    }
}

impl Traces {
    /// Holds back at most so many spans, to wait for those that belong to them; a span takes about 100 bytes. Where that
    /// is not enough the oldest traces are put together without what is still to come.
    #[must_use]
    pub fn new(held_most: usize) -> Self {
        Self {
            names: Names::default(),
            open: HashMap::new(),
            order: VecDeque::new(),
            held: 0,
            held_most: held_most.max(1),
            services: BTreeMap::new(),
            calls: BTreeMap::new(),
            spans: 0,
            traces: 0,
            orphans: 0,
        }
    }

    /// Takes a span; spans may come in any order.
    pub fn take(&mut self, span: &TraceSpan) {
        let piece = Piece {
            id: span.id,
            parent: span.parent,
            service: self.names.number(&span.service),
            peer: span.peer.as_deref().map(|peer| self.names.number(peer)),
            side: span.side,
            failed: span.failed,
            time: span.time,
        };
        let trace = self.open.entry(span.trace).or_default();
        if trace.is_empty() {
            self.order.push_back(span.trace);
        }
        trace.push(piece);
        self.spans += 1;
        self.held += 1;
        while self.held > self.held_most {
            self.close_oldest();
        }
    }

    /// Puts together what is left and says what was seen.
    #[must_use]
    pub fn finish(mut self) -> Discovered {
        while !self.order.is_empty() {
            self.close_oldest();
        }
        let name = |number: &u32| self.names.all[*number as usize].clone();
        Discovered {
            services: self
                .services
                .iter()
                .map(|(n, seen)| (name(n), *seen))
                .collect(),
            calls: (self.calls.iter())
                .map(|((from, to), calls)| ((name(from), name(to)), *calls))
                .collect(),
            spans: self.spans,
            traces: self.traces,
            orphans: self.orphans,
        }
    }

    fn close_oldest(&mut self) {
        let trace = self
            .order
            .pop_front()
            .and_then(|trace| self.open.remove(&trace));
        let pieces = trace.unwrap_or_default();
        self.held -= pieces.len().min(self.held);
        self.traces += 1;
        self.fold(&pieces);
    }

    /// Counts the requests and calls of a trace.
    fn fold(&mut self, pieces: &[Piece]) {
        let by_id: HashMap<u64, usize> = pieces
            .iter()
            .enumerate()
            .map(|(at, piece)| (piece.id, at))
            .collect();
        let parents: Vec<Option<usize>> = (0..pieces.len())
            .map(|at| {
                let parent = by_id.get(&pieces[at].parent?).copied();
                parent.filter(|parent| *parent != at)
            })
            .collect();
        let entries = entries(pieces, &parents);
        let mut has_other_side = vec![false; pieces.len()];
        // Whom each request called, and whether a call failed.
        let mut did: BTreeMap<(usize, u32), bool> = BTreeMap::new();
        for (at, piece) in pieces.iter().enumerate() {
            if entries[at] != at {
                continue;
            }
            let seen = self.services.entry(piece.service).or_default();
            seen.requests = Some(seen.requests.unwrap_or(0) + 1);
            seen.failed += u64::from(piece.failed);
            seen.only_called = false;
            match parents[at] {
                Some(parent) => {
                    has_other_side[parent] = true;
                    let by = &pieces[parent];
                    let failed = piece.failed || (by.side == CallSide::Client && by.failed);
                    let caller = entries[parent];
                    let is_late = is_after(piece, &pieces[caller]);
                    let waits = piece.side != CallSide::Consumer && !is_late;
                    self.call(by.service, piece.service, failed, waits);
                    note(&mut did, (caller, piece.service), failed);
                }
                None => self.orphans += u64::from(piece.parent.is_some()),
            }
        }
        for (at, piece) in pieces.iter().enumerate() {
            let calls_out = matches!(piece.side, CallSide::Client | CallSide::Producer);
            let Some(peer) = piece.peer.filter(|_| calls_out && !has_other_side[at]) else {
                continue;
            };
            if peer == piece.service {
                continue;
            }
            let seen = self.services.entry(peer).or_insert(Seen {
                only_called: true,
                ..Seen::default()
            });
            if seen.only_called {
                seen.requests = Some(seen.requests.unwrap_or(0) + 1);
                seen.failed += u64::from(piece.failed);
            }
            let waits = piece.side == CallSide::Client && !is_after(piece, &pieces[entries[at]]);
            self.call(piece.service, peer, piece.failed, waits);
            note(&mut did, (entries[at], peer), piece.failed);
        }
        for ((caller, callee), hit) in did {
            let caller = &pieces[caller];
            let calls = self.calls.entry((caller.service, callee)).or_default();
            let requests = calls.requests.get_or_insert_with(Requests::default);
            requests.calling += 1;
            requests.hit += u64::from(hit);
            requests.hit_failed += u64::from(hit && caller.failed);
            requests.spared_failed += u64::from(!hit && caller.failed);
        }
    }

    fn call(&mut self, from: u32, to: u32, failed: bool, waits: bool) {
        let calls = self.calls.entry((from, to)).or_default();
        calls.calls += 1;
        calls.failed += u64::from(failed);
        calls.not_awaited += u64::from(!waits);
    }
}

fn note(did: &mut BTreeMap<(usize, u32), bool>, key: (usize, u32), failed: bool) {
    *did.entry(key).or_default() |= failed;
}

/// Whether a span began after a request had been answered.
fn is_after(piece: &Piece, request: &Piece) -> bool {
    let both = piece.time.zip(request.time);
    both.is_some_and(|((begin, _), (_, end))| begin >= end && end > 0)
}

/// Of each span the one with which its service was entered: up through spans of the same service.
///
/// Broken traces may hold cycles: whoever is met twice on the way up is taken for the entry.
fn entries(pieces: &[Piece], parents: &[Option<usize>]) -> Vec<usize> {
    let mut entries: Vec<Option<usize>> = vec![None; pieces.len()];
    for from in 0..pieces.len() {
        let (mut at, mut way) = (from, Vec::new());
        let entry = loop {
            if let Some(known) = entries[at] {
                break known;
            }
            way.push(at);
            match parents[at] {
                Some(parent)
                    if pieces[parent].service == pieces[at].service
                        && way.len() <= pieces.len() =>
                {
                    at = parent;
                }
                _ => break at,
            }
        };
        for at in way {
            entries[at] = Some(entry);
        }
    }
    entries
        .into_iter()
        .enumerate()
        .map(|(at, entry)| entry.unwrap_or(at))
        .collect()
}
