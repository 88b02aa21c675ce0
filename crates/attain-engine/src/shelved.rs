//! Counts of which a part is in memory and the rest is kept by somebody else.
//!
//! Knows a ledger and a shelf. Knows neither files nor databases: whoever keeps counts implements [`Shelf`].

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use attain_model::facts::{Damage, KeptStream, StreamFacts};
use attain_model::indicator::Indicator;
use attain_model::{Gap, SourceId, StreamKey};
use jiff::Timestamp;

use crate::counts::{Counts, Heard, Read};
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
}

/// A ledger together with the counts that were unloaded from it, or from the ledgers before it.
///
/// Judges exactly as the ledger would had it kept everything itself. Each stream is read from the shelf once.
pub struct Shelved<'a> {
    ledger: &'a Ledger,
    shelf: &'a dyn Shelf,
    streams: RefCell<BTreeMap<StreamKey, Rc<Whole>>>,
}

/// All there is of one stream.
struct Whole {
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
        }
    }

    fn whole(&self, stream: &StreamKey) -> Rc<Whole> {
        if let Some(known) = self.streams.borrow().get(stream) {
            return Rc::clone(known);
        }
        let (mut facts, mut damage) = self.shelf.stream(stream);
        if let Some(hot) = self.ledger.counts.get(stream) {
            facts.merge(hot.facts());
        }
        let is_ours = |damage: &Damage| damage.stream.as_ref().is_none_or(|own| own == stream);
        let others = self.shelf.damage().into_iter().filter(is_ours);
        for other in others {
            if !damage.contains(&other) {
                damage.push(other);
            }
        }
        damage.sort_by(|a, b| (a.interval, &a.why).cmp(&(b.interval, &b.why)));
        let pile = Pile::of(facts);
        let whole = Rc::new(Whole { pile, damage });
        let mut streams = self.streams.borrow_mut();
        streams.insert(stream.clone(), Rc::clone(&whole));
        whole
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
        until: i64,
        known_until: Timestamp,
    ) -> Read {
        let question = Question {
            stream,
            indicator,
            until,
            known_until,
        };
        question.read(self.ledger, &self.whole(stream).pile)
    }

    fn heard(&self, stream: &StreamKey) -> Heard {
        self.ledger.heard(stream)
    }

    fn heard_sources(&self, stream: &StreamKey) -> Vec<(SourceId, Heard)> {
        self.ledger.heard_sources(stream)
    }

    fn damage(&self, stream: &StreamKey) -> Vec<Damage> {
        self.whole(stream).damage.clone()
    }

    fn gaps(&self) -> Vec<Gap> {
        self.ledger.gaps()
    }
}
