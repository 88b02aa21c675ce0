//! What happens in a scenario: facts into the ledger, edits of the catalogue, questions.
//! Knows the order of statements; what they deliver is in `deliver.rs`, how answers look in `print.rs`.

use attain_engine::{Ledger, Taken, evaluate};
use attain_model::delivery::{Counted, Delivery};
use attain_model::{AsOf, CountedSegment, Interval, Promises, SourceId, Stream, Tally};
use jiff::Timestamp;

use crate::deliver::{Delivered, Deliverer, names};
use crate::print::{Page, Times};
use crate::run::World;
use crate::script::{At, Statement};
use crate::words::{Moment, Wrong};

/// What has happened so far.
pub(crate) struct History<'w> {
    world: &'w World<'w>,
    promises: &'w Promises,
    deliverer: Deliverer<'w>,
    ledger: Ledger,
    delivered: Vec<Delivery>,
    heard: Vec<(SourceId, Interval, usize)>,
    gaps: Vec<(SourceId, Interval, usize)>,
}

impl<'w> History<'w> {
    /// Nothing has happened, and this is promised.
    pub(crate) fn new(world: &'w World<'w>, promises: &'w Promises) -> Self {
        let streams = Stream::all(promises.catalogue());
        let seconds = u32::try_from(world.slice.as_secs()).unwrap_or(u32::MAX);
        Self {
            world,
            promises,
            ledger: Ledger::new(&streams, seconds, world.lateness),
            deliverer: Deliverer::new(promises.catalogue(), streams, world.start, world.slice),
            delivered: Vec::new(),
            heard: Vec::new(),
            gaps: Vec::new(),
        }
    }

    /// A fact.
    pub(crate) fn happen(&mut self, line: usize, statement: &Statement) -> Result<(), Wrong> {
        let origin = format!("{}:{line}", self.world.name);
        let delivered = match statement {
            Statement::Load(load) => self.deliverer.load(&origin, load)?,
            Statement::Samples(samples) => self.deliverer.samples(&origin, samples)?,
            Statement::Late(late) => {
                let delivered = self.deliverer.late(&origin, late)?;
                self.clock(&delivered, late.arrives);
                delivered
            }
            Statement::DeliverAgain => {
                for delivery in self.delivered.clone() {
                    accepted(&self.ledger.take(delivery))?;
                }
                return Ok(());
            }
            _ => {
                self.edit(line);
                return Ok(());
            }
        };
        self.listen(line, &delivered)?;
        for delivery in delivered.deliveries {
            accepted(&self.ledger.take(delivery.clone()))?;
            self.delivered.push(delivery);
        }
        Ok(())
    }

    /// A catalogue changes what is promised from here on, and nothing that was counted.
    fn edit(&mut self, line: usize) {
        if let Some(promises) = self.world.promises.get(&line) {
            self.promises = promises;
            self.deliverer.promise(promises.catalogue());
        }
    }

    /// What arrives late finds a source that is up to date: an empty row at the time of arrival moves the watermark.
    fn clock(&mut self, delivered: &Delivered, arrives: Moment) {
        let arrives = arrives.on(self.world.start);
        for delivery in &delivered.deliveries {
            let Some(late) = delivery.counted.first() else {
                continue;
            };
            let beat = Delivery {
                counted: vec![Counted {
                    stream: late.stream.clone(),
                    segment: CountedSegment::Unknown,
                    slice: arrives,
                    tally: Tally::default(),
                    received: Some(arrives),
                }],
                observed: Some(Vec::new()),
                ..Delivery::new(
                    delivery.source.clone(),
                    format!("{} clock", delivery.origin),
                    0..1,
                )
            };
            self.ledger.take(beat);
        }
    }

    /// A source is heard as a whole: it cannot be silent for one load while another one is heard.
    fn listen(&mut self, line: usize, delivered: &Delivered) -> Result<(), Wrong> {
        for delivery in &delivered.deliveries {
            let source = &delivery.source;
            let heard = delivery
                .observed
                .iter()
                .flatten()
                .map(|i| (source.clone(), *i, line));
            self.heard.extend(heard);
            let gaps = delivered.gaps.iter().map(|i| (source.clone(), *i, line));
            self.gaps.extend(gaps);
        }
        for (source, gap, gap_line) in &self.gaps {
            let heard = self
                .heard
                .iter()
                .find(|(other, heard, _)| other == source && overlap(gap, heard));
            if let Some((_, _, heard_line)) = heard {
                return Err(format!(
                    "line {gap_line} has a gap while line {heard_line} is heard, from the same source; give both the gap, or write `0/h` for silence"
                ));
            }
        }
        Ok(())
    }

    /// A question.
    pub(crate) fn ask(&self, at: &At) -> Result<Vec<String>, Wrong> {
        let promises = self.promises;
        let slos = &promises.catalogue().slos;
        if let Some(slo) = at.slo.as_deref().filter(|slo| !slos.contains_key(*slo)) {
            return Err(format!(
                "there is no SLO `{slo}` in the catalogue; legal: {}",
                names(slos.keys())
            ));
        }
        let instant = at.instant.on(self.world.start);
        let as_of = AsOf {
            instant,
            known_until: if at.as_known_then {
                instant
            } else {
                Timestamp::MAX
            },
        };
        let evaluation = evaluate(promises, &self.ledger, as_of);
        let page = Page {
            promises,
            ledger: &self.ledger,
            evaluation: &evaluation,
            slo: at.slo.as_deref(),
            times: match at.instant {
                Moment::After(_) => Times::After(self.world.start),
                Moment::Absolute(_) => Times::Calendar(promises.catalogue().timezone.clone()),
            },
        };
        Ok(page.answer(at.question))
    }
}

fn accepted(taken: &Taken) -> Result<(), Wrong> {
    match &taken.refused {
        Some(refusal) => Err(format!("the ledger refuses this: {refusal}")),
        None => Ok(()),
    }
}

fn overlap(a: &Interval, b: &Interval) -> bool {
    a.start < b.end && b.start < a.end
}
