//! What was counted of a source that nobody knows by that name any more: renamed without a word, its history ends and another
//! begins. Knows stream keys; reads no counts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use crate::catalogue::Catalogue;
use crate::counts::Interval;
use crate::id::{SloId, SourceId};
use crate::names::SourceNames;
use crate::stream::{Stream, StreamKey};

/// Counts that are nobody's, although the same is counted now from another source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftBehind {
    /// The source that is gone.
    pub source: SourceId,
    /// The one from which the same is counted now.
    pub now: SourceId,
    /// The SLOs that begin anew.
    pub slos: BTreeSet<SloId>,
}

/// What is older than the newest counts by this is in hardly any window: nobody misses it.
const MISSED: SignedDuration = SignedDuration::from_hours(92 * 24);

/// The same of streams that are kept, from when to when, as long as anybody may miss it.
#[must_use]
pub fn left_behind_lately<'k>(
    catalogue: &Catalogue,
    kept: impl Iterator<Item = (&'k StreamKey, Interval)> + Clone,
) -> Vec<LeftBehind> {
    let newest = kept.clone().map(|(_, interval)| interval.end).max();
    let is_missed = |interval: &Interval| {
        newest.is_some_and(|newest| newest.duration_since(interval.end) < MISSED)
    };
    let missed = kept.filter(|(_, interval)| is_missed(interval));
    left_behind(catalogue, missed.map(|(key, _)| key))
}

/// What of these streams was counted of a source that is gone, where one of today's differs in that source alone.
#[must_use]
pub fn left_behind<'k>(
    catalogue: &Catalogue,
    keys: impl Iterator<Item = &'k StreamKey>,
) -> Vec<LeftBehind> {
    let names = SourceNames::of(catalogue);
    let mut today: BTreeMap<StreamKey, BTreeSet<SloId>> = BTreeMap::new();
    for slo in catalogue.slos.values() {
        let slos = today.entry(Stream::key_of(catalogue, slo)).or_default();
        slos.insert(slo.id.clone());
    }
    let mut found: BTreeMap<(SourceId, SourceId), BTreeSet<SloId>> = BTreeMap::new();
    for key in keys.map(|key| names.stream_today(key)) {
        if today.contains_key(&key) {
            continue;
        }
        for (other, slos) in &today {
            if let Some((source, now)) = exchanged(&key, other)
                && !catalogue.sources.contains_key(&source)
            {
                let begun = found.entry((source, now)).or_default();
                begun.extend(slos.iter().cloned());
            }
        }
    }
    let found = found.into_iter();
    found
        .map(|((source, now), slos)| LeftBehind { source, now, slos })
        .collect()
}

/// The source that one stream has in place of another's, if all else is the same.
fn exchanged(before: &StreamKey, now: &StreamKey) -> Option<(SourceId, SourceId)> {
    let (sources, rest) = before.parts()?;
    let (sources_now, rest_now) = now.parts()?;
    if rest != rest_now {
        return None;
    }
    let (sources, sources_now): (BTreeSet<_>, BTreeSet<_>) =
        (sources.collect(), sources_now.collect());
    let only = |a: &BTreeSet<SourceId>, b: &BTreeSet<SourceId>| {
        let mut others = a.difference(b);
        let first = others.next().cloned();
        first.filter(|_| others.next().is_none())
    };
    Some((only(&sources, &sources_now)?, only(&sources_now, &sources)?))
}
