//! Several writers of one series: processes that say the same of themselves, each with a count of its own.
//!
//! Happens where nothing tells processes apart, such as OpenTelemetry resources without `service.instance.id`. A start
//! time does, if they count since their beginning: what began at another time is a track of its own, and a process that
//! was restarted is no different. Stretches are of one writer as long as they do not overlap: what overlaps is
//! another's. Most series have one writer, and nothing here.

use std::collections::BTreeMap;

use attain_model::live::{LivePoint, Slot};

use super::track::{Outcome, SETTLING_MS, Track};
use super::trail::Trail;
use super::untold::Untold;

/// Writers of one series besides the first. For another one the one that was silent for longest is forgotten, if it was
/// silent for a while; else what it says is refused.
const OTHERS_AT_MOST: usize = 63;
/// Writers of all series besides their first. What more of them say is refused.
const ALL_AT_MOST: usize = 100_000;
/// A writer that was silent for so long has ended: longer than a process goes on without being heard.
const ENDED_MS: i64 = 86_400_000;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Writers {
    /// By slot, those besides the one that is tracked with its series.
    others: BTreeMap<Slot, Vec<Track>>,
    /// How many these are.
    count: usize,
}

/// Where a sample is put.
pub(super) struct Line<'m> {
    pub(super) slot: Slot,
    /// The track of the series.
    pub(super) main: &'m mut Track,
    /// The end of the last closed slice.
    pub(super) closed_ms: i64,
    pub(super) trail: &'m mut Trail,
    pub(super) untold: &'m mut Untold,
}

/// When the writer of a sample was heard before it, and what the sample came to.
pub(super) type Written = (Option<i64>, Outcome);

impl Writers {
    /// Those besides the one that is tracked with its series.
    pub(super) fn of(&self, slot: Slot) -> &[Track] {
        self.others.get(&slot).map_or(&[], Vec::as_slice)
    }

    /// Another writer of a series; of too many the one that was silent for longest is forgotten.
    pub(super) fn add(&mut self, slot: Slot, track: Track) {
        let others = self.others.entry(slot).or_default();
        others.push(track);
        self.count += 1;
        if others.len() > OTHERS_AT_MOST {
            let heard = others.iter().map(Track::newest_ms).enumerate();
            if let Some((silent, _)) = heard.min_by_key(|(_, heard)| *heard) {
                others.remove(silent);
                self.count -= 1;
            }
        }
    }

    /// The slot is of another series from now on.
    pub(super) fn forget(&mut self, slot: Slot) {
        self.count -= self.others.remove(&slot).map_or(0, |others| others.len());
    }

    /// Forgets those that have ended.
    pub(super) fn let_go(&mut self, closed_ms: i64) {
        if self.others.is_empty() {
            return;
        }
        let is_alive = |heard: i64| heard.saturating_add(ENDED_MS) > closed_ms;
        self.others.retain(|_, others| {
            others.retain(|track| track.newest_ms().is_some_and(is_alive));
            !others.is_empty()
        });
        self.count = self.others.values().map(Vec::len).sum();
    }

    /// A cumulative counter stands at a value. `is_born` says whether it was at zero just before, where its series does
    /// not say so.
    pub(super) fn stand(
        &mut self,
        line: Line<'_>,
        point: LivePoint,
        is_born: impl FnOnce() -> bool,
    ) -> Written {
        let Line {
            slot,
            main,
            closed_ms,
            trail,
            untold: _,
        } = line;
        // One that lies in the future is not known.
        let start = point.created_ms.filter(|start| *start <= point.time_ms);
        let Some(start) = start.filter(|start| !main.may_count_since(*start)) else {
            let before = main.newest_ms();
            return (before, main.stand(point, closed_ms, trail, is_born));
        };
        let others = self
            .others
            .get_mut(&slot)
            .map_or(&mut [][..], |o| &mut o[..]);
        if let Some(track) = others.iter_mut().find(|track| track.may_count_since(start)) {
            let before = track.newest_ms();
            return (before, track.stand(point, closed_ms, trail, is_born));
        }
        let is_older = main.began_after(start);
        let is_full = self.count >= ALL_AT_MOST;
        if is_older && main.began_after(point.time_ms) || is_full && main.newest_ms() < Some(start)
        {
            // Of a process that had ended when the one that is known began, or that begins when that one has ended.
            let before = main.newest_ms();
            return (before, main.stand(point, closed_ms, trail, is_born));
        }
        let crowd = Crowd::of(main, others, point.time_ms);
        if is_full || !crowd.has_room() {
            return (None, Outcome::Overlaps);
        }
        // Whoever was heard before a process began was heard when it was at zero.
        let mut heard = std::iter::once(&*main).chain(others.iter());
        let is_heard = heard.any(|track| track.oldest_ms(closed_ms, trail) < Some(start));
        let mut track = Track::default();
        let is_new = || crowd.is_new(start) && (is_born() || is_heard);
        let outcome = track.stand(point, closed_ms, trail, is_new);
        if !is_older {
            // The newest is with its series: it is the one that goes on.
            std::mem::swap(main, &mut track);
        }
        self.add(slot, track);
        (None, outcome)
    }

    /// Events happened in a stretch that ends at the point's time.
    pub(super) fn happen(&mut self, line: Line<'_>, point: LivePoint) -> Written {
        let Line {
            slot,
            main,
            closed_ms,
            trail,
            untold,
        } = line;
        let Some(others) = self.others.get_mut(&slot) else {
            let before = main.newest_ms();
            return match main.fits(&point, closed_ms, trail) {
                Ok(()) => {
                    untold.told(slot, before, &point);
                    (before, main.happen(point, closed_ms, trail))
                }
                Err(Outcome::TooLate) if untold.take(slot, &point) => happened_before(&point),
                Err(refused) => {
                    self.happen_beside((slot, refused), point, closed_ms, trail, untold)
                }
            };
        };
        let tracks = std::iter::once(main).chain(others);
        match whose(tracks, &point, closed_ms, trail) {
            Ok(track) => {
                let before = track.newest_ms();
                (before, track.happen(point, closed_ms, trail))
            }
            Err(refused) => self.happen_beside((slot, refused), point, closed_ms, trail, untold),
        }
    }

    /// The same of a stretch that none of the writers takes: it is another's, or does not count.
    fn happen_beside(
        &mut self,
        (slot, refused): (Slot, Outcome),
        point: LivePoint,
        closed_ms: i64,
        trail: &mut Trail,
        untold: &mut Untold,
    ) -> Written {
        let is_another = matches!(refused, Outcome::Overlaps | Outcome::Conflicts);
        if !is_another || self.count >= ALL_AT_MOST {
            return (None, refused);
        }
        // What one of several has not told, another may have.
        untold.forget(slot);
        let mut track = Track::default();
        let outcome = track.happen(point, closed_ms, trail);
        self.add(slot, track);
        (None, outcome)
    }
}

/// What was missing between what was told, and is closed: from its start to its end it was heard.
fn happened_before(point: &LivePoint) -> Written {
    let steps = [Some((point.time_ms, point.added)), None];
    let taken_back = None;
    (point.created_ms, Outcome::Adds { steps, taken_back })
}

/// The writers of a series, of whom some may have been forgotten.
struct Crowd {
    /// When any of them was heard last.
    heard_ms: i64,
    /// When the one was heard that has to go for another; `None` if nobody has to.
    silent_since_ms: Option<i64>,
}

impl Crowd {
    /// With one that is heard at an instant.
    fn of(main: &Track, others: &[Track], time_ms: i64) -> Self {
        let heard = || others.iter().filter_map(Track::newest_ms);
        let newest = heard().chain(main.newest_ms()).chain([time_ms]).max();
        let is_full = others.len() >= OTHERS_AT_MOST;
        Self {
            heard_ms: newest.unwrap_or(time_ms),
            silent_since_ms: heard().min().filter(|_| is_full),
        }
    }

    fn is_recent(&self, time_ms: i64) -> bool {
        time_ms > self.heard_ms.saturating_sub(SETTLING_MS)
    }

    fn has_room(&self) -> bool {
        self.silent_since_ms
            .is_none_or(|since| !self.is_recent(since))
    }

    /// Whether a process that began at an instant is surely none that was forgotten.
    ///
    /// Invariant: who is forgotten was silent for as long, so that it began before.
    fn is_new(&self, start_ms: i64) -> bool {
        self.silent_since_ms.is_none() || self.is_recent(start_ms)
    }
}

/// Whose stretch it is: of the one whose last ends where it begins, or else of the first that it does not overlap.
fn whose<'t>(
    tracks: impl Iterator<Item = &'t mut Track>,
    point: &LivePoint,
    closed_ms: i64,
    trail: &Trail,
) -> Result<&'t mut Track, Outcome> {
    let mut goes_on = None;
    let mut free = None;
    let mut refused = None;
    for track in tracks {
        match track.fits(point, closed_ms, trail) {
            Ok(()) if track.newest_ms() == point.created_ms => goes_on = goes_on.or(Some(track)),
            Ok(()) => free = free.or(Some(track)),
            // Told twice, whoever else it might be of.
            Err(Outcome::Already) => return Err(Outcome::Already),
            // What one has forgotten another must not count once more.
            Err(Outcome::TooLate) => refused = Some(Outcome::TooLate),
            Err(other) => refused = refused.or(Some(other)),
        }
    }
    match (goes_on, free, refused) {
        (Some(track), ..) => Ok(track),
        (None, _, Some(Outcome::TooLate)) => Err(Outcome::TooLate),
        (None, Some(track), _) => Ok(track),
        (None, None, refused) => Err(refused.unwrap_or(Outcome::Overlaps)),
    }
}
