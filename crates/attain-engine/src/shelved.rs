//! Counts of which a part is in memory and the rest is kept by somebody else.
//!
//! Knows a ledger and a shelf. Knows neither files nor databases: whoever keeps counts implements [`Shelf`].

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use attain_model::facts::{Damage, KeptStream, StreamFacts};
use attain_model::indicator::Indicator;
use attain_model::{Gap, Interval, SegmentNames, SourceId, StreamKey};
use jiff::Timestamp;

use crate::counts::{Counts, Heard, Read};
use crate::cuts::Cuts;
use crate::grid::Grid;
use crate::ledger::Ledger;
use crate::pile::Pile;
use crate::read::Question;

/// Where counts lie that a ledger has handed over.
pub trait Shelf {
    /// All that was handed over of a stream, and what of it can no longer be read. The pieces may be in any order and of
    /// any number; each holds to what [`StreamFacts`] says of itself.
    fn stream(&self, stream: &StreamKey) -> (StreamFacts, Vec<Damage>);

    /// What can no longer be read and may be of any stream.
    fn damage(&self) -> Vec<Damage>;

    /// What was handed over of a stream, at least of a stretch of time; the same as all of it unless that is cheaper.
    ///
    /// May leave out counts from before the stretch and after it. Where there are samples or readings in it, all of the
    /// stream's must be there, for what they mean depends on those before; what is left out need not be looked at for
    /// damage.
    fn stream_within(&self, stream: &StreamKey, interval: Interval) -> (StreamFacts, Vec<Damage>) {
        let _ = interval;
        self.stream(stream)
    }

    /// All that was handed over of a stream, its events added up from cut to cut: see [`Cuts::add_up`].
    fn stream_cut(&self, stream: &StreamKey, cuts: &Cuts) -> StreamFacts {
        let (mut facts, _) = self.stream(stream);
        cuts.add_up(&mut facts);
        facts
    }
}

/// A ledger together with the counts that were unloaded from it, or from the ledgers before it.
///
/// Judges exactly as the ledger would had it kept everything itself. What was read of the shelf stays as long as it is
/// little, and that of the last stream anyhow: whoever asks about many streams asks about one after the other.
pub struct Shelved<'a> {
    ledger: &'a Ledger,
    shelf: &'a dyn Shelf,
    streams: RefCell<BTreeMap<StreamKey, Rc<Piece>>>,
    /// What segments are called in there.
    names: RefCell<SegmentNames>,
    /// How many counts of slices are in there.
    cells: Cell<usize>,
}

/// So many counts of slices, of 16 bytes each, are let go before more is read: a month of one stream by the minute.
pub(crate) const CELLS_AT_MOST: usize = 1 << 18;

/// What was read of one stream.
struct Piece {
    /// Of these slices at least.
    slices: Range<i64>,
    pile: Pile,
    damage: Vec<Damage>,
}

impl<'a> Shelved<'a> {
    /// A ledger and its shelf.
    #[must_use]
    pub fn new(ledger: &'a Ledger, shelf: &'a dyn Shelf) -> Self {
        Self {
            ledger,
            shelf,
            streams: RefCell::default(),
            names: RefCell::default(),
            cells: Cell::new(0),
        }
    }

    /// From now on segments are called like this. Whoever judges by one catalogue says it once.
    fn call(&self, names: &SegmentNames) {
        if *self.names.borrow() != *names {
            self.let_go();
            self.names.replace(names.clone());
        }
    }

    fn let_go(&self) {
        self.streams.borrow_mut().clear();
        self.cells.set(0);
    }

    fn piece(&self, stream: &StreamKey, slices: &Range<i64>) -> Rc<Piece> {
        if let Some(known) = self.streams.borrow().get(stream)
            && known.slices.start <= slices.start
            && slices.end <= known.slices.end
        {
            return Rc::clone(known);
        }
        // What is open at its beginning is everything: half of a history saves little, and is asked for again.
        let slices = match slices.start {
            i64::MIN => i64::MIN..i64::MAX,
            _ => slices.clone(),
        };
        // Invariant: first let go, then read, so that two large streams are never in memory together.
        if self.cells.get() > CELLS_AT_MOST {
            self.let_go();
        }
        let (mut facts, mut damage) = match slices.start {
            i64::MIN => self.shelf.stream(stream),
            _ => {
                let interval = self.ledger.grid.interval(&slices);
                self.shelf.stream_within(stream, interval)
            }
        };
        if let Some(hot) = self.ledger.counts.get(stream) {
            facts.merge(hot.facts_within(&slices));
        }
        let is_ours = |damage: &Damage| damage.stream.as_ref().is_none_or(|own| own == stream);
        let others = self.shelf.damage().into_iter().filter(is_ours);
        for other in others {
            if !damage.contains(&other) {
                damage.push(other);
            }
        }
        damage.sort_by(|a, b| (a.interval, &a.why).cmp(&(b.interval, &b.why)));
        let pile = Pile::of(facts, &self.names.borrow());
        let piece = Rc::new(Piece {
            slices,
            pile,
            damage,
        });
        let mut streams = self.streams.borrow_mut();
        let before = streams.insert(stream.clone(), Rc::clone(&piece));
        let before = before.map_or(0, |before| before.pile.cells());
        self.cells
            .set(self.cells.get() + piece.pile.cells() - before);
        piece
    }
}

impl Counts for Shelved<'_> {
    fn grid(&self) -> Grid {
        self.ledger.grid()
    }

    fn kept(&self, stream: &StreamKey) -> Option<&KeptStream> {
        self.ledger.kept(stream)
    }

    fn is_counted(&self, stream: &StreamKey) -> bool {
        self.ledger.is_counted(stream)
    }

    fn read(
        &self,
        stream: &StreamKey,
        indicator: &Indicator,
        names: &SegmentNames,
        slices: Range<i64>,
        known_until: Timestamp,
    ) -> Read {
        self.call(names);
        let piece = self.piece(stream, &slices);
        let question = Question {
            stream,
            indicator,
            slices,
            known_until,
        };
        question.read(self.ledger, &piece.pile)
    }

    fn read_cut(
        &self,
        stream: &StreamKey,
        indicator: &Indicator,
        names: &SegmentNames,
        (cuts, slices): (&Cuts, Range<i64>),
        known_until: Timestamp,
    ) -> Read {
        // It is no more than a few sums for each cut: not worth keeping.
        let mut facts = self.shelf.stream_cut(stream, cuts);
        if let Some(hot) = self.ledger.counts.get(stream) {
            let mut hot = hot.facts_within(&(i64::MIN..i64::MAX));
            cuts.add_up(&mut hot);
            facts.merge(hot);
        }
        let pile = Pile::of(facts, names);
        let question = Question {
            stream,
            indicator,
            slices,
            known_until,
        };
        question.read(self.ledger, &pile)
    }

    fn heard(&self, stream: &StreamKey) -> Heard {
        self.ledger.heard(stream)
    }

    fn heard_sources(&self, stream: &StreamKey) -> Vec<(SourceId, Heard)> {
        self.ledger.heard_sources(stream)
    }

    fn damage(&self, stream: &StreamKey, slices: Range<i64>) -> Vec<Damage> {
        self.piece(stream, &slices).damage.clone()
    }

    fn gaps(&self) -> Vec<Gap> {
        self.ledger.gaps()
    }
}
