//! Remote write: from the bytes of a series to its slot, and its samples. Knows what a number may be; leaves the format
//! to attain-wire.

use attain_model::live::{LiveBatch, LiveValue, Slot};
use attain_wire::remote_write::native as wire_native;
use attain_wire::remote_write::{Item, STALE_BITS, Series, Uncut, each_series};
use attain_wire::{Broken, WireError};
use jiff::Timestamp;
use xxhash_rust::xxh3::xxh3_128;

use super::batch::Batch;
use super::known::Entry;
use super::replicas::Sender;
use super::series::{Labelled, meet};
use super::{Intake, Outcome, births, native};

/// See [`Intake::remote_write`].
pub(super) fn take(
    intake: &mut Intake,
    body: &[u8],
    arrived: Timestamp,
) -> Result<(LiveBatch, Outcome), WireError> {
    let (mut unpacker, mut room) = (std::mem::take(&mut intake.unpacker), intake.usual_samples);
    let outcome = (|| {
        let request = unpacker.unpack(body, intake.limits.unpacked_bytes)?;
        let mut batch = Batch::new(arrived, intake.limits.ahead, room);
        intake.heard.begin();
        // Most of what a sender has is for nobody, and series of one metric come together.
        let mut last: (&[u8], bool) = (b"", false);
        let mut met = Vec::new();
        if intake.replicas.is_mixed {
            each_series(request, |series| hear_wanted(intake, &series.cut(), &batch))?;
        }
        let mut is_first = true;
        each_series(request, |series| {
            if std::mem::take(&mut is_first) {
                let sender = hear_sender(intake, &series.cut(), &batch);
                intake.replicas.begin(sender);
            }
            if again(intake, series, &mut batch).is_some() {
                return;
            }
            let series = series.cut();
            if let Some(name) = series.name() {
                if name != last.0 {
                    last = (name, intake.whom.wanted.has(name));
                    if !last.1 {
                        intake.heard.unwanted(name);
                    }
                }
                if !last.1 {
                    births::note(intake, name, &series);
                    return unwanted(&series, &mut batch);
                }
            }
            let bytes = xxh3_128(series.label_bytes());
            match intake.known.entry(bytes) {
                Some(entry) => items(intake, &series, entry, &mut batch),
                None => {
                    let place = batch.samples.len();
                    let entry = first(intake, &series, bytes, &mut batch);
                    items(intake, &series, entry, &mut batch);
                    if place < batch.samples.len() {
                        met.push((place..batch.samples.len(), series));
                    }
                }
            }
        })?;
        births::bear(intake, &met, &mut batch);
        room = batch.samples.len();
        Ok(intake.finish(batch))
    })();
    intake.unpacker = unpacker;
    intake.usual_samples = room;
    outcome
}

/// Takes a series if it is the one that is expected, told of in the same bytes as before.
///
/// Invariant: what is taken here, a walk of its labels would lead to the same slot.
#[inline]
fn again(intake: &mut Intake, series: Uncut<'_>, batch: &mut Batch) -> Option<()> {
    let (bytes, slot, length) = intake.known.expected()?;
    let series = series.cut_at(length)?;
    if xxh3_128(series.label_bytes()) != bytes {
        return None;
    }
    intake.known.came();
    match series.only_sample() {
        Some(sample) => counted(&series, slot, sample, batch),
        None => items(intake, &series, Entry::Slot(slot), batch),
    }
    Some(())
}

/// A sample of a series that is a counter and nothing else.
#[inline]
fn counted(series: &Series<'_>, slot: Slot, (value, time_ms): (f64, i64), batch: &mut Batch) {
    if batch.hears(time_ms) {
        match stands(value) {
            Some(says) => batch.take(slot, time_ms, says),
            None => batch.outcome.refuse(1, || no_counter(series, value)),
        }
    }
}

/// The labels of a series; `None` if another replica of its sender counts.
fn labelled<'a>(
    intake: &mut Intake,
    series: &Series<'a>,
    batch: &Batch,
) -> Result<Option<Labelled<'a>>, Broken> {
    let mut labels = series.labels()?;
    let Some(sender) = intake.replicas.take(&mut labels) else {
        return Labelled::new(labels).map(Some);
    };
    let (labelled, all) = (Labelled::new(labels)?, Labelled::new(series.labels()?)?);
    if intake.replicas.is_stranger(sender) {
        intake.replicas.is_mixed = true;
        hear(intake, series, sender, batch);
    }
    if !intake.replicas.leads(sender) {
        return Ok(None);
    }
    let is_known = |one: &Labelled<'_>| intake.known.slot_of_any(&[one.id(None)]).is_some();
    // A series that was counted with that label before it was known as a replica's goes on so.
    let is_old = !is_known(&labelled) && is_known(&all);
    Ok(Some(if is_old { all } else { labelled }))
}

/// A series of a request of many says who is there, if anybody wants it.
fn hear_wanted(intake: &mut Intake, series: &Series<'_>, batch: &Batch) {
    if series
        .name()
        .is_none_or(|name| intake.whom.wanted.has(name))
    {
        hear_sender(intake, series, batch);
    }
}

/// Whoever sends a series is there.
fn hear_sender(intake: &mut Intake, series: &Series<'_>, batch: &Batch) -> Option<Sender> {
    let sender = intake.replicas.take(&mut series.labels().ok()?)?;
    hear(intake, series, sender, batch);
    Some(sender)
}

/// A sender was heard with a series.
fn hear(intake: &mut Intake, series: &Series<'_>, sender: Sender, batch: &Batch) {
    let times = series.items().filter_map(|item| match item {
        Ok(Item::Sample { time_ms, .. }) => Some(time_ms),
        Ok(Item::Histogram(packed)) => wire_native(packed).ok().map(|histogram| histogram.time_ms),
        Err(_) => None,
    });
    // Whose clock runs wild would lead until its time has come.
    if let Some(newest) = times.filter(|at| batch.is_time(*at)).max()
        && intake.replicas.hear(sender, newest)
    {
        // Who counted for nobody counts now, and the other way round.
        intake.known.forget_bytes();
    }
}

/// A series of a metric that nobody wants: heard, and that is all.
fn unwanted(series: &Series<'_>, batch: &mut Batch) {
    for item in series.items() {
        match item {
            Ok(Item::Sample { time_ms, .. }) => batch.nobodys(time_ms),
            Ok(Item::Histogram(_)) => {}
            Err(broken) => batch.outcome.refuse(1, || of(series, &broken)),
        }
    }
}

/// A series whose bytes are not known.
#[cold]
fn first(intake: &mut Intake, series: &Series<'_>, bytes: u128, batch: &mut Batch) -> Entry {
    let is_native = matches!(series.items().next(), Some(Ok(Item::Histogram(_))));
    intake.known.make_room(&intake.limits);
    let entry = match labelled(intake, series, batch) {
        Ok(None) => Entry::Nobody,
        Ok(Some(labelled)) if is_native => native::meet(intake, &labelled, batch),
        Ok(Some(labelled)) => meet(intake, &labelled, batch),
        Err(_) => return Entry::Broken,
    };
    let length = u32::try_from(series.label_bytes().len()).unwrap_or(0);
    intake.known.remember_of(bytes, entry, length);
    entry
}

fn items(intake: &mut Intake, series: &Series<'_>, entry: Entry, batch: &mut Batch) {
    for item in series.items() {
        match item {
            Ok(Item::Sample { value, time_ms }) => match entry {
                Entry::Slot(slot) => counted(series, slot, (value, time_ms), batch),
                Entry::Shape(shape) => shaped(intake, series, shape, (value, time_ms), batch),
                Entry::Nobody => batch.nobodys(time_ms),
                Entry::TooMany => intake.overflow(batch),
                // Its labels are walked for the words only: there may be as many samples as there are bytes of labels.
                Entry::Broken => batch.outcome.refuse(1, || {
                    let why = series.labels().and_then(Labelled::new).err();
                    let why = why.unwrap_or(Broken::new("its labels cannot be read"));
                    of(series, &why)
                }),
            },
            Ok(Item::Histogram(histogram)) => {
                if let Err(why) = native::take(intake, entry, histogram, batch) {
                    batch.outcome.refuse(1, || of(series, &why));
                }
            }
            Err(broken) => batch.outcome.refuse(1, || of(series, &broken)),
        }
    }
}

/// A sample of a series that is a gauge to somebody.
fn shaped(
    intake: &Intake,
    series: &Series<'_>,
    shape: u32,
    (value, time_ms): (f64, i64),
    batch: &mut Batch,
) {
    let Some(shape) = intake.known.shape(shape) else {
        return;
    };
    if !batch.hears(time_ms) {
        return;
    }
    let mut is_taken = false;
    if let Some(slot) = shape.slot
        && let Some(says) = stands(value)
    {
        batch.take(slot, time_ms, says);
        is_taken = true;
    }
    if value.to_bits() == STALE_BITS {
        // A gauge that has ended says nothing any more.
        batch.outcome.accepted += u64::from(!is_taken);
    } else if !value.is_finite() {
        batch.outcome.refuse(1, || {
            of(
                series,
                &Broken::at(format!("a value of {value} is no number")),
            )
        });
    } else {
        // By its shortest decimal text: the same number in a file reads the same.
        batch.read(shape, &value.to_string(), time_ms, intake.delay_ms);
        batch.outcome.accepted += u64::from(!is_taken);
    }
}

/// What a cumulative counter says with a number; `None` if it cannot say that.
#[inline]
pub(super) fn stands(value: f64) -> Option<LiveValue> {
    /// 2^64.
    const TOO_MANY: f64 = 18_446_744_073_709_551_616.0;
    if (0.0..TOO_MANY).contains(&value) {
        return Some(LiveValue::Stands {
            value: value as u64,
            created_ms: None,
        });
    }
    (value.to_bits() == STALE_BITS).then_some(LiveValue::Ended)
}

fn no_counter(series: &Series<'_>, value: f64) -> String {
    of(
        series,
        &Broken::at(format!("a counter cannot stand at {value}")),
    )
}

/// Words about a series.
fn of(series: &Series<'_>, why: &Broken) -> String {
    match series.labels().and_then(Labelled::new) {
        Ok(labelled) => format!("{}: {why}", labelled.text()),
        Err(_) => why.to_string(),
    }
}
