//! What has happened, for whoever listens: a slice was judged, another catalogue is in force or was refused.
//!
//! The newest events are kept in a ring that readers follow at their own pace: the core writes and goes on, whoever falls
//! behind the ring is told that everything may have changed. Knows the text of an event, nothing of connections.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use attain_model::SeriesName;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::watch;

use crate::published::InForce;

/// Events that are kept for those who come back.
const KEPT: usize = 256;
/// Series that are named in one event; more are "all".
const NAMED: usize = 200;

/// What the core tells.
pub(crate) enum News {
    /// A slice was judged. `None`: everything was judged anew.
    Tick(Timestamp, Option<Vec<SeriesName>>),
    /// Another catalogue is in force, or was refused.
    Catalogue(InForce),
}

/// The newest events.
pub(crate) struct Events {
    /// Tells this process from the one before it: milliseconds since 1970 at the start.
    start: i64,
    ring: Mutex<Ring>,
    newest: watch::Sender<u64>,
}

#[derive(Default)]
struct Ring {
    /// The number of the next event.
    next: u64,
    /// The last ones.
    texts: VecDeque<Bytes>,
    /// What somebody who comes new should know.
    tick: Option<Timestamp>,
    catalogue: Option<InForce>,
}

impl Events {
    pub(crate) fn new(start: Timestamp) -> Self {
        Self {
            start: start.as_millisecond(),
            ring: Mutex::default(),
            newest: watch::Sender::new(0),
        }
    }

    /// Adds what has happened. Waits for nobody.
    pub(crate) fn tell(&self, news: impl IntoIterator<Item = News>) {
        let mut ring = self.lock();
        for news in news {
            let id = self.id(ring.next);
            let text = match news {
                News::Tick(as_of, changed) => {
                    ring.tick = Some(as_of);
                    tick(&id, as_of, changed.as_deref())
                }
                News::Catalogue(in_force) => {
                    let text = catalogue(&id, &in_force);
                    ring.catalogue = Some(in_force);
                    text
                }
            };
            ring.next += 1;
            ring.texts.push_back(text);
            if ring.texts.len() > KEPT {
                ring.texts.pop_front();
            }
        }
        let next = ring.next;
        drop(ring);
        self.newest.send_if_modified(|newest| {
            let is_more = *newest != next;
            *newest = next;
            is_more
        });
    }

    /// Where somebody begins who has seen `last`, and what to tell first: to somebody new how things stand; to somebody
    /// who has missed more than is kept that everything may have changed.
    pub(crate) fn begin(&self, last: Option<&str>) -> Cursor {
        let ring = self.lock();
        let seen = last.map(|last| self.number(last));
        match seen {
            Some(Some(number)) if number < ring.next && ring.has(number + 1) => Cursor {
                next: number + 1,
                first: Vec::new(),
            },
            seen => Cursor {
                next: ring.next,
                first: self.standing(&ring, seen.is_some()),
            },
        }
    }

    /// What has happened since, and moves the cursor.
    pub(crate) fn since(&self, cursor: &mut Cursor) -> Vec<Bytes> {
        let mut texts = std::mem::take(&mut cursor.first);
        let ring = self.lock();
        if ring.has(cursor.next) {
            let skip = cursor.next - ring.oldest();
            let skip = usize::try_from(skip).unwrap_or(usize::MAX);
            texts.extend(ring.texts.iter().skip(skip).cloned());
        } else {
            texts.extend(self.standing(&ring, true));
        }
        cursor.next = ring.next;
        texts
    }

    /// Wakes when something has happened.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// How things stand, told as the last event.
    fn standing(&self, ring: &Ring, has_missed: bool) -> Vec<Bytes> {
        let id = self.id(ring.next.saturating_sub(1));
        let mut texts = Vec::new();
        texts.extend(ring.catalogue.as_ref().map(|said| catalogue(&id, said)));
        let changed = if has_missed { None } else { Some(&[][..]) };
        texts.extend(ring.tick.map(|as_of| tick(&id, as_of, changed)));
        texts
    }

    fn id(&self, number: u64) -> String {
        format!("{:x}-{number}", self.start)
    }

    fn number(&self, id: &str) -> Option<u64> {
        let (start, number) = id.split_once('-')?;
        let is_ours = i64::from_str_radix(start, 16).ok()? == self.start;
        number.parse().ok().filter(|_| is_ours)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far somebody has read.
pub(crate) struct Cursor {
    next: u64,
    first: Vec<Bytes>,
}

impl Ring {
    fn oldest(&self) -> u64 {
        self.next - self.texts.len() as u64
    }

    /// Whether nothing from this number on is gone; it may be the next one.
    fn has(&self, number: u64) -> bool {
        (self.oldest()..=self.next).contains(&number)
    }
}

fn tick(id: &str, as_of: Timestamp, changed: Option<&[SeriesName]>) -> Bytes {
    let named = changed.filter(|names| names.len() <= NAMED);
    let names = named.unwrap_or_default().iter().map(|name| {
        json!({
            "slo": name.slo.as_str(),
            "objective": name.objective.as_str(),
            "segment": name.scope.to_string(),
        })
    });
    let data = json!({
        "as_of": as_of.to_string(),
        "all": named.is_none(),
        "changed": names.collect::<Vec<_>>(),
    });
    text(id, "tick", &data)
}

fn catalogue(id: &str, in_force: &InForce) -> Bytes {
    let data = json!({
        "sha256": in_force.sha256,
        "since": in_force.since.to_string(),
        "refused": in_force.refused,
    });
    text(id, "catalogue", &data)
}

/// JSON has no line breaks of its own here, so that one line is the data.
fn text(id: &str, event: &str, data: &serde_json::Value) -> Bytes {
    format!("id: {id}\nevent: {event}\ndata: {data}\n\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> News {
        News::Tick(Timestamp::from_second(seconds).unwrap(), Some(Vec::new()))
    }

    fn told(events: &Events, cursor: &mut Cursor) -> Vec<String> {
        let texts = events.since(cursor);
        texts
            .iter()
            .map(|text| String::from_utf8(text.to_vec()).unwrap())
            .collect()
    }

    #[test]
    fn somebody_new_hears_how_things_stand_and_then_what_happens() {
        let events = Events::new(Timestamp::from_millisecond(16).unwrap());
        events.tell([at(10), at(20)]);
        let mut cursor = events.begin(None);
        let first = told(&events, &mut cursor);
        assert_eq!(
            first,
            [
                "id: 10-1\nevent: tick\ndata: {\"all\":false,\"as_of\":\"1970-01-01T00:00:20Z\",\"changed\":[]}\n\n"
            ]
        );
        assert!(told(&events, &mut cursor).is_empty());
        events.tell([at(30)]);
        assert!(told(&events, &mut cursor)[0].starts_with("id: 10-2\n"));
    }

    #[test]
    fn somebody_who_comes_back_hears_what_was_missed_and_once_more_is_gone_that_all_may_have_changed()
     {
        let events = Events::new(Timestamp::from_millisecond(16).unwrap());
        events.tell((0..10).map(at));
        let mut cursor = events.begin(Some("10-6"));
        assert_eq!(told(&events, &mut cursor).len(), 3);
        for gone in ["10-10", "11-6", "x", ""] {
            let texts = told(&events, &mut events.begin(Some(gone)));
            assert_eq!(texts.len(), 1, "{gone}");
            assert!(texts[0].contains("\"all\":true"), "{texts:?}");
        }
        // Whoever does not read falls behind and keeps nobody waiting.
        events.tell((0..1000).map(at));
        let texts = told(&events, &mut cursor);
        assert_eq!(texts.len(), 1);
        assert!(texts[0].starts_with("id: 10-1009\n") && texts[0].contains("\"all\":true"));
    }
}
