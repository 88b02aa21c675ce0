//! What was appended to a data folder and not sealed yet, counted: in a ledger and a meter that go on where the sealed
//! ones left off. Knows the order of restore, count and take, which is the same after a crash and for a reader.

use std::collections::BTreeSet;
use std::sync::Arc;

use attain_engine::{Ledger, Meter};
use attain_model::delivery::Delivery;
use attain_model::facts::{Damage, State};
use attain_model::live::MeterFacts;
use attain_model::{Stream, StreamKey};
use attain_spec::{Input, parse};
use attain_store::{Done, Error, Store};

/// What a folder holds beside its pages.
pub struct Unsealed {
    /// Counts that are in no page yet, and all that is known beside counts.
    pub ledger: Ledger,
    /// Live counts that are in no closed slice yet.
    pub meter: Meter,
    /// Frames that were taken.
    pub frames: usize,
    /// What of them is lost.
    pub damage: Vec<Damage>,
}

impl Unsealed {
    /// Takes the frames of a folder again. `each` is shown every delivery first.
    ///
    /// # Errors
    /// The state can no longer be read: which origins were counted is not known then.
    pub fn of(
        store: &Store,
        slice_seconds: u32,
        mut each: impl FnMut(&Delivery),
    ) -> Result<Self, Error> {
        let mut state = store.state()?;
        if state == State::default() {
            state.slice_seconds = slice_seconds;
        }
        let slice_seconds = state.slice_seconds;
        let mut ledger = Ledger::restore(state, None);
        let known = store.meter()?;
        let was_live = known != MeterFacts::default();
        let mut meter = Meter::restore(known, slice_seconds);
        let frames = store.frames();
        let count = frames.frames.len();
        // Only what is live depends on the catalogue that was in force; files say what they were counted for.
        let is_live = frames.frames.iter().any(|frame| !frame.live.is_empty());
        let streams = if is_live || was_live {
            recorded_streams(store)
        } else {
            Vec::new()
        };
        meter.count(&streams);
        let counted: BTreeSet<StreamKey> = streams.into_iter().map(|stream| stream.key).collect();
        for frame in frames.frames {
            for delivery in frame.deliveries {
                each(&delivery);
                ledger.take(delivery);
            }
            for entry in &frame.live {
                let (_, deliveries) = meter.apply(entry);
                for mut delivery in deliveries {
                    let looking = ledger.streams_of(&delivery.source);
                    let looking = looking.intersection(&counted).cloned().collect();
                    delivery.streams = Some(Arc::new(looking));
                    each(&delivery);
                    ledger.take(delivery);
                }
            }
        }
        Ok(Self {
            ledger,
            meter,
            frames: count,
            damage: frames.damage,
        })
    }
}

impl Unsealed {
    /// Counts what the meter holds beside slices, such as readings: before somebody writes down what it knows.
    pub fn settle(&mut self) {
        settle(&mut self.meter, &mut self.ledger);
    }
}

/// Closes again what is closed: readings and what came late leave.
pub(crate) fn settle(meter: &mut Meter, ledger: &mut Ledger) {
    let Some(until) = meter.closed_until() else {
        return;
    };
    for mut delivery in meter.close(until) {
        delivery.streams = Some(ledger.streams_of(&delivery.source));
        ledger.take(delivery);
    }
}

/// The streams of the catalogue that was recorded last; none if there is none, or it cannot be read any more.
#[must_use]
pub fn recorded_streams(store: &Store) -> Vec<Stream> {
    let entries = store.entries().entries;
    let files = entries.iter().rev().find_map(|entry| match &entry.done {
        Done::Catalogue { files, .. } => Some(files),
        _ => None,
    });
    let inputs = files.into_iter().flatten().map(|file| Input {
        name: file.path.clone(),
        text: file.text.clone(),
    });
    let inputs: Vec<Input> = inputs.collect();
    if inputs.is_empty() {
        return Vec::new();
    }
    parse(&inputs)
        .catalogue
        .map_or_else(Vec::new, |catalogue| Stream::all(&catalogue))
}
