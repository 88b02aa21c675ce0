//! What an operator finds in the log: what has changed since the last look, a line for an event.
//!
//! States are compared, so a source that is away says so once, however often it is tried. Whoever is turned away is said
//! the first time, and then at most once a minute with how many there were. Knows words; writes nowhere.

mod edit;

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use attain_model::policy::Urgency;
use attain_model::verdict::AlertState;
use attain_model::{
    Catalogue, Evaluation, LeftBehind, Promises, Scope, SegmentNames, SeriesName, Slo, SourceId,
};
use attain_view::status::begins_anew;
use jiff::Timestamp;

use crate::app::App;
use crate::published::Published;

/// Whoever is turned away again and again is said so often.
const AGAIN: Duration = Duration::from_secs(60);

/// A source that is in trouble and stays so says another reason not sooner than this.
const OTHER_TROUBLE: Duration = Duration::from_secs(600);

/// Alerts that are said one by one of one look; more are counted.
const NAMED: usize = 20;

/// What fires, and since when.
type Firing = BTreeMap<(SeriesName, Urgency), Timestamp>;

/// What was said so far.
#[derive(Debug, Default)]
pub struct Journal {
    /// What is in force, and why what is newer is not.
    catalogue: Option<(String, Option<String>)>,
    promises: Option<Arc<Promises>>,
    /// What is in trouble, why, and when that was said.
    trouble: BTreeMap<SourceId, (String, Instant)>,
    disk: Option<String>,
    left: Arc<Vec<LeftBehind>>,
    firing: Firing,
    /// What that is of: it is looked again more often than it is judged.
    of: Weak<Evaluation>,
    denied: Turned,
    shed: Turned,
    crowded: BTreeMap<SourceId, Turned>,
}

impl Journal {
    /// What has changed, the oldest first. A line that begins with two spaces belongs to the one before it. Without
    /// control characters, and without what stands in a URL beside its place.
    pub(crate) fn look(&mut self, app: &App, now: Instant) -> Vec<String> {
        let published = Arc::clone(&app.published.borrow());
        let mut lines = self.changes(&published, now);
        let denied = app.counters.of(401);
        lines.extend(self.denied.more(denied, now).map(|more| {
            let more = counted(more, "request");
            format!("{more} with telemetry turned away: the token is missing or another one (401); nothing of it is kept")
        }));
        for gate in app.gates.open().values() {
            let (samples, _) = gate.crowded();
            let crowded = self.crowded.entry(gate.source.clone()).or_default();
            lines.extend(crowded.more(samples, now).map(|more| {
                let more = counted(more, "sample");
                format!(
                    "source {}: {more} refused: their stream and segment have too many series; their events are counted nowhere",
                    gate.source
                )
            }));
        }
        let shed = app.counters.of(503);
        lines.extend(self.shed.more(shed, now).map(|more| {
            let more = counted(more, "request");
            format!(
                "{more} with telemetry told to come again (503): no room, or nothing can be kept"
            )
        }));
        lines.iter().map(|line| plain(line)).collect()
    }

    fn changes(&mut self, published: &Published, now: Instant) -> Vec<String> {
        let mut lines = Vec::new();
        self.catalogue(published, &mut lines);
        let core = &published.core;
        for (source, why) in &core.trouble {
            // Of several targets that are away each try may name another one.
            let is_said = self
                .trouble
                .get(source)
                .is_some_and(|(said, at)| said == why || now.duration_since(*at) < OTHER_TROUBLE);
            if !is_said {
                lines.push(format!("source {source} is in trouble: {why}"));
                self.trouble.insert(source.clone(), (why.clone(), now));
            }
        }
        let over = self
            .trouble
            .keys()
            .filter(|source| !core.trouble.contains_key(*source));
        lines.extend(over.map(|source| format!("source {source} is well again")));
        self.trouble
            .retain(|source, _| core.trouble.contains_key(source));
        match (&self.disk, &core.disk) {
            (None, Some(why)) => lines.push(format!(
                "nothing can be kept: {why}; it is tried every second"
            )),
            (Some(_), None) => lines.push("what arrives is kept again".to_owned()),
            _ => {}
        }
        self.disk.clone_from(&core.disk);
        let left = core.left.iter();
        let left = left.filter(|left| !self.left.contains(*left));
        lines.extend(left.map(begins_anew));
        self.left = Arc::clone(&core.left);
        self.alerts(published, &mut lines);
        lines
    }

    fn catalogue(&mut self, published: &Published, lines: &mut Vec<String>) {
        let in_force = &published.catalogue;
        let is_now = (in_force.sha256.clone(), in_force.refused.clone());
        let before = self.promises.replace(Arc::clone(&published.promises));
        // The first was said by whoever started it.
        let Some((sha256, refused)) = self.catalogue.replace(is_now) else {
            return;
        };
        let short = in_force.sha256.get(..12).unwrap_or(&in_force.sha256);
        if sha256 != in_force.sha256 {
            lines.push(format!("another catalogue is in force: {short}"));
            if let Some(before) = &before {
                lines.extend(edit::edit(
                    before.catalogue(),
                    published.promises.catalogue(),
                ));
            }
        }
        match (&refused, &in_force.refused) {
            (before, Some(why)) if before.as_ref() != Some(why) => {
                lines.push(format!(
                    "the catalogue's files have changed and are refused; {short} stays in force:"
                ));
                lines.extend(
                    why.lines()
                        .filter(|line| !line.trim().is_empty())
                        .map(|line| format!("  {line}")),
                );
            }
            (Some(_), None) if sha256 == in_force.sha256 => {
                lines.push(format!(
                    "the catalogue's files are again those in force: {short}"
                ));
            }
            _ => {}
        }
    }

    fn alerts(&mut self, published: &Published, lines: &mut Vec<String>) {
        let Some(judged) = &published.judged else {
            return;
        };
        let of = Arc::downgrade(&judged.evaluation);
        if of.ptr_eq(&self.of) {
            return;
        }
        self.of = of;
        let firing = self.fires(&judged.evaluation, published.promises.catalogue());
        let begun = firing
            .iter()
            .filter(|(which, _)| !self.firing.contains_key(*which));
        let begun = begun.map(|((name, urgency), since)| {
            format!("{} begins: {name}, since {since}", urgency.word())
        });
        let ended = self
            .firing
            .keys()
            .filter(|which| !firing.contains_key(*which));
        let ended = ended.map(|(name, urgency)| format!("{} ends: {name}", urgency.word()));
        let all: Vec<String> = begun.chain(ended).collect();
        let more = all.len().saturating_sub(NAMED);
        lines.extend(all.into_iter().take(NAMED));
        if more > 0 {
            lines.push(format!(
                "and {more} more alerts that begin or end: attain status says which fire"
            ));
        }
        self.firing = firing;
    }

    /// What fires, under the names of today.
    ///
    /// Invariant: what was said to fire is called as today, too, so that a renamed series neither ends nor begins.
    fn fires(&mut self, evaluation: &Evaluation, catalogue: &Catalogue) -> Firing {
        let segments = SegmentNames::of(catalogue);
        let today = |name: &SeriesName| today(catalogue, &segments, name);
        let mut firing = Firing::new();
        for verdict in &evaluation.verdicts {
            for alert in &verdict.alerts {
                if let AlertState::Firing(since) = alert.state {
                    let first = firing
                        .entry((today(&verdict.name), alert.urgency))
                        .or_insert(since);
                    *first = since.min(*first);
                }
            }
        }
        let said = std::mem::take(&mut self.firing).into_iter();
        self.firing = said
            .map(|((name, urgency), since)| ((today(&name), urgency), since))
            .collect();
        firing
    }
}

/// What a series is called in a catalogue: its SLO or its segment may have had another name (`formerly:`).
fn today(catalogue: &Catalogue, segments: &SegmentNames, name: &SeriesName) -> SeriesName {
    let mut slos = catalogue.slos.values();
    let is_heir = |slo: &&Slo| slo.meta.formerly.iter().any(|id| id == name.slo.as_str());
    let heir = match catalogue.slos.contains_key(&name.slo) {
        true => None,
        false => slos.find(is_heir),
    };
    SeriesName {
        slo: heir.map_or_else(|| name.slo.clone(), |slo| slo.id.clone()),
        objective: name.objective.clone(),
        scope: match &name.scope {
            Scope::Segment(id) => Scope::Segment(segments.id_today(id).clone()),
            Scope::All => Scope::All,
        },
    }
}

/// What was turned away.
#[derive(Debug, Default)]
struct Turned {
    told: u64,
    at: Option<Instant>,
}

impl Turned {
    /// How many more there are, if it is time to say so.
    fn more(&mut self, count: u64, now: Instant) -> Option<u64> {
        let more = count.checked_sub(self.told).filter(|more| *more > 0)?;
        if self.at.is_some_and(|at| now.duration_since(at) < AGAIN) {
            return None;
        }
        self.told = count;
        self.at = Some(now);
        Some(more)
    }
}

fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// Without control characters, and URLs without who asks and what.
fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for (at, word) in line.split(' ').enumerate() {
        if at > 0 {
            text.push(' ');
        }
        for letter in bare(word).chars() {
            match letter.is_control() {
                true => text.extend(letter.escape_default()),
                false => text.push(letter),
            }
        }
    }
    text
}

/// A URL without user, password and query; any other word as it is.
fn bare(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else {
        return word.to_owned();
    };
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let place = &rest[..end];
    let host_end = place.find('/').unwrap_or(place.len());
    let host = place[..host_end]
        .rfind('@')
        .map_or(place, |at| &place[at + 1..]);
    let cut = if end < rest.len() { "?…" } else { "" };
    format!("{scheme}://{host}{cut}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_turned_away_is_said_first_and_then_once_a_minute_with_how_many() {
        let mut turned = Turned::default();
        let begun = Instant::now();
        assert_eq!(turned.more(0, begun), None);
        assert_eq!(turned.more(1, begun), Some(1));
        assert_eq!(turned.more(40, begun + AGAIN / 2), None);
        assert_eq!(turned.more(90, begun + AGAIN), Some(89));
        assert_eq!(turned.more(90, begun + 3 * AGAIN), None);
    }

    #[test]
    fn what_fires_goes_on_under_another_name() {
        let catalogue = |text: &str| {
            let input = attain_spec::Input {
                name: "shop.yaml".to_owned(),
                text: text.to_owned(),
            };
            attain_spec::parse(&[input]).catalogue.expect("a catalogue")
        };
        let renamed = catalogue(
            "
attain: 1
segments: {gold: {formerly: [premium], match: [gold, premium], rank: 1, contract: best effort}}
sources: {prom: {remote_write: {}}}
slos:
  buy:
    formerly: [pay]
    owner: shop
    indicator: {metric: a_total, bad: {code: 5xx}}
    objectives: {availability: {gold: 99.5%}}
",
        );
        let named = |slo: &str, segment: &str| SeriesName {
            slo: slo.into(),
            objective: "availability".into(),
            scope: Scope::Segment(segment.into()),
        };
        let since = Timestamp::UNIX_EPOCH;
        let mut journal = Journal::default();
        let fired = (named("pay", "premium"), Urgency::Page);
        journal.firing.insert(fired, since);
        let nothing = Evaluation {
            as_of: attain_model::AsOf {
                instant: since,
                known_until: since,
            },
            verdicts: Vec::new(),
            masked: Vec::new(),
            untagged: Vec::new(),
            gaps: Vec::new(),
        };
        assert!(journal.fires(&nothing, &renamed).is_empty());
        let today = (named("buy", "gold"), Urgency::Page);
        assert_eq!(journal.firing, Firing::from([(today, since)]));
    }

    #[test]
    fn nothing_secret_and_no_control_character_gets_into_a_line() {
        let line = plain(
            "source a\u{1b}[2Jb\nc: https://me:secret@host:9/api/v1/query?query=up&token=x: refused",
        );
        assert_eq!(
            line,
            "source a\\u{1b}[2Jb\\nc: https://host:9/api/v1/query?… refused"
        );
        assert_eq!(plain("  --> shop.yaml:5:75"), "  --> shop.yaml:5:75");
    }
}
