//! What may never change between two versions of a catalogue.
//!
//! Knows that what was published stays as it was under whatever name, and that a name does not vanish without a word. Knows nothing about
//! who may promise less: that is decided, not compared.

use std::collections::{BTreeMap, BTreeSet};

use attain_model::slo::{CommittedTargets, Term};
use attain_model::{
    Catalogue, Diagnostic, Goal, LeftBehind, ObjectiveId, Scope, SegmentId, SegmentNames, Slo,
    SloId, Span, Stream, Targets, left_behind,
};

use crate::parse::{Parsed, in_order};

/// Says what `after` changed that nobody may change: edited commitments, negotiated terms and dated objectives, and
/// SLOs or segments that are gone without `retired:` or `formerly:`; warns of a source that seems to be renamed without it.
///
/// Places are those of `after`. A version that has no draft compares as nothing: no diagnostics.
#[must_use]
pub fn compare(before: &Parsed, after: &Parsed) -> Vec<Diagnostic> {
    let (Some(old), Some(new)) = (&before.draft, &after.draft) else {
        return Vec::new();
    };
    let mut out = Comparison {
        before,
        after,
        names: SegmentNames::of(new),
        found: Vec::new(),
    };
    for (id, slo) in &old.slos {
        match successor(new, slo) {
            Some(next) => out.slo(slo, next),
            None => out.gone("slos", "SLO", id.as_str()),
        }
    }
    let is_kept = |id: &SegmentId| new.segments.contains_key(out.names.id_today(id));
    let gone = old.segments.keys().filter(|id| !is_kept(id));
    let gone: Vec<&SegmentId> = gone.collect();
    // A name of which the history went on under one that is still known must not get lost at the next renaming.
    let earlier = old.segments.values().filter(|segment| is_kept(&segment.id));
    let earlier = earlier.flat_map(|segment| {
        let lost = segment.meta.formerly.iter();
        lost.filter(|name| !is_kept(&SegmentId::from(name.as_str())))
            .map(|name| (name.as_str(), &segment.id))
    });
    let earlier: Vec<(&str, &SegmentId)> = earlier.collect();
    for id in gone {
        out.gone("segments", "segment", id.as_str());
    }
    for (name, id) in earlier {
        out.forgotten(name, id);
    }
    let streams = Stream::all(old);
    for left in left_behind(new, streams.iter().map(|stream| &stream.key)) {
        out.begins_anew(&left);
    }
    for (id, contract) in &old.contracts {
        let Some(next) = new.contracts.get(id) else {
            continue;
        };
        for term in &contract.terms {
            let path = format!("contracts.{id}.terms");
            let place = next
                .terms
                .iter()
                .position(|other| other.since == term.since);
            let Some(i) = place else {
                out.dropped(&path, "term", term.since.to_string());
                continue;
            };
            for (slo, targets) in &term.targets {
                let now = next.terms[i].targets.get(slo);
                let path = format!("{path}.{i}.targets.{slo}");
                out.committed(&path, "term", &term.since.to_string(), targets, now);
            }
        }
    }
    in_order(out.found)
}

/// The SLO of the same id, or the one that was renamed from it.
fn successor<'c>(new: &'c Catalogue, old: &Slo) -> Option<&'c Slo> {
    new.slos.get(&old.id).or_else(|| {
        new.slos
            .values()
            .find(|slo| slo.meta.formerly.iter().any(|name| name == old.id.as_str()))
    })
}

struct Comparison<'p> {
    before: &'p Parsed,
    after: &'p Parsed,
    /// What segments are called after it.
    names: SegmentNames,
    found: Vec<Diagnostic>,
}

impl Comparison<'_> {
    fn slo(&mut self, old: &Slo, new: &Slo) {
        let path = format!("slos.{}.commitments", new.id);
        for commitment in &old.commitments {
            let since = commitment.since.to_string();
            let place = new
                .commitments
                .iter()
                .position(|other| other.since == commitment.since);
            let Some(i) = place else {
                self.dropped(&path, "commitment", since);
                continue;
            };
            let now = &new.commitments[i];
            let targets = format!("{path}.{i}.targets");
            self.committed(
                &targets,
                "commitment",
                &since,
                &commitment.targets,
                Some(&now.targets),
            );
            if commitment.window != now.window || commitment.judged != now.judged {
                let key = if commitment.window == now.window {
                    "judged"
                } else {
                    "window"
                };
                self.edited(
                    &format!("{path}.{i}.{key}"),
                    format!("the commitment of {since} was judged in another way"),
                );
            }
        }
        for (id, objective) in &old.objectives {
            let terms = new.objectives.get(id).map_or(&[][..], |o| &o.terms);
            for term in objective.terms.iter().filter(|term| term.since.is_some()) {
                self.term(new, id, term, terms);
            }
        }
    }

    /// A dated term of an objective; a plain map of today's targets may change.
    fn term(&mut self, slo: &Slo, id: &ObjectiveId, term: &Term, now: &[Term]) {
        let Some(since) = term.since else { return };
        let path = format!("slos.{}.objectives", slo.id);
        let Some(other) = now.iter().find(|other| other.since == term.since) else {
            return self.dropped(&path, "objective", since.to_string());
        };
        for (scope, goal) in term.targets.iter() {
            let scope = match scope {
                Scope::Segment(id) => Scope::Segment(self.names.id_today(&id).clone()),
                Scope::All => Scope::All,
            };
            let is = other.targets.goal(&scope);
            if is == Some(goal) {
                continue;
            }
            let place = self.term_place(&path, since, id, &scope, &other.targets);
            self.edited(&place, format!("the objective of {since} is {goal}"));
        }
    }

    /// Where a scope's target stands in the entry of a day.
    fn term_place(
        &self,
        path: &str,
        since: jiff::civil::Date,
        id: &ObjectiveId,
        scope: &Scope,
        targets: &Targets,
    ) -> String {
        let day = since.to_string();
        let entry = (0..)
            .map_while(|i| {
                let entry = format!("{path}.{i}");
                self.after.spans.value(&entry).map(|_| entry)
            })
            .find(|entry| self.text(&format!("{entry}.since")) == Some(day.as_str()))
            .unwrap_or_else(|| path.to_owned());
        match targets {
            Targets::All(_) => format!("{entry}.targets.{id}"),
            Targets::PerSegment { .. } => format!("{entry}.targets.{id}.{scope}"),
        }
    }

    fn text(&self, path: &str) -> Option<&str> {
        let span = self.after.spans.value(path)?;
        let text = &self.after.sources.files[span.file as usize].text;
        text.get(span.start as usize..span.end as usize)
    }

    fn committed(
        &mut self,
        path: &str,
        what: &str,
        since: &str,
        old: &BTreeMap<ObjectiveId, CommittedTargets>,
        new: Option<&BTreeMap<ObjectiveId, CommittedTargets>>,
    ) {
        for (objective, targets) in old {
            let path = format!("{path}.{objective}");
            let now = new.and_then(|new| new.get(objective));
            for (scope, goal) in goals(targets) {
                let scope = scope.map(|id| self.names.id_today(&id).clone());
                let is = match (&scope, now) {
                    (None, Some(CommittedTargets::All(goal))) => Some(goal),
                    (Some(id), Some(CommittedTargets::Segments(segments))) => segments.get(id),
                    _ => None,
                };
                if is == Some(goal) {
                    continue;
                }
                let place = match &scope {
                    Some(id) => format!("{path}.{id}"),
                    None => path.clone(),
                };
                self.edited(&place, format!("the {what} of {since} is {goal}"));
            }
            self.added(&path, what, since, targets, now);
        }
        for objective in new.into_iter().flat_map(BTreeMap::keys) {
            if !old.contains_key(objective) {
                let place = format!("{path}.{objective}");
                self.edited(
                    &place,
                    format!("the {what} of {since} says nothing about {objective}"),
                );
            }
        }
    }

    /// A segment that was promised nothing was not promised something then.
    fn added(
        &mut self,
        path: &str,
        what: &str,
        since: &str,
        old: &CommittedTargets,
        new: Option<&CommittedTargets>,
    ) {
        let (CommittedTargets::Segments(old), Some(CommittedTargets::Segments(new))) = (old, new)
        else {
            return;
        };
        let known: BTreeSet<&SegmentId> = old.keys().map(|id| self.names.id_today(id)).collect();
        let added: Vec<&SegmentId> = new.keys().filter(|id| !known.contains(id)).collect();
        for id in added {
            let place = format!("{path}.{id}");
            self.edited(
                &place,
                format!("the {what} of {since} says nothing about {id}"),
            );
        }
    }

    fn edited(&mut self, path: &str, on_record: String) {
        let Some(span) = self.place(path) else { return };
        let cause = format!("on record {on_record}; what was promised is never edited");
        self.found.push(
            Diagnostic::error("commitment-edited", span, cause)
                .help("restore it, and add an entry with a new `since` above it"),
        );
    }

    fn dropped(&mut self, path: &str, what: &str, since: String) {
        let Some(span) = self.place(path) else { return };
        let cause = format!("the {what} of {since} is gone; what was promised is never removed");
        self.found
            .push(Diagnostic::error("commitment-edited", span, cause).help("restore the entry"));
    }

    fn gone(&mut self, section: &str, kind: &str, id: &str) {
        // A broken object is not in the draft, and it is not gone either.
        let path = format!("{section}.{id}");
        if self.after.spans.key(&path).is_some() || !self.after.spans.is_complete() {
            return;
        }
        let was = self
            .before
            .spans
            .key(&path)
            .map(|span| self.before.sources.place(span))
            .unwrap_or_default();
        let Some(span) = self.place(section) else {
            return;
        };
        let cause =
            format!("the {kind} `{id}` ({was}) is gone, and nothing says where its history went");
        let help = if section == "slos" {
            format!(
                "keep it with `retired: <date>`, or write `formerly: [{id}]` under its new name"
            )
        } else {
            format!("write `formerly: [{id}]` under its new name")
        };
        self.found
            .push(Diagnostic::error("id-disappeared", span, cause).help(help));
    }

    /// The same is counted, from a source of another name: only whoever wrote it knows whether that is the same one.
    fn begins_anew(&mut self, left: &LeftBehind) {
        let path = format!("sources.{}", left.source);
        if self.after.spans.key(&path).is_some() || !self.after.spans.is_complete() {
            return;
        }
        let (source, now) = (&left.source, &left.now);
        let spans = &self.after.spans;
        let Some(span) = spans.key(&format!("sources.{now}")) else {
            return;
        };
        let slos: Vec<&str> = left.slos.iter().map(SloId::as_str).collect();
        let cause = format!(
            "the source `{source}` is gone, and what it counted is counted from `{now}` now: the history of {} begins anew",
            slos.join(", ")
        );
        let help = format!("if it is the same one, write `formerly: [{source}]` under `{now}`");
        self.found
            .push(Diagnostic::warning("source-renamed", span, cause).help(help));
    }

    /// A segment goes on, and what was counted under its first name is nobody's any more.
    fn forgotten(&mut self, name: &str, id: &SegmentId) {
        let today = self.names.id_today(id).clone();
        let path = format!("segments.{today}");
        let Some(span) = self.place(&path) else {
            return;
        };
        let cause =
            format!("`{today}` was called `{name}` once, and nothing says where that history went");
        self.found.push(
            Diagnostic::error("id-disappeared", span, cause)
                .help(format!("write `{name}` under its `formerly:`, too")),
        );
    }

    /// The closest thing that was written: a name, or the first byte of the first file.
    fn place(&self, path: &str) -> Option<Span> {
        let spans = &self.after.spans;
        let section = path.split('.').next().unwrap_or(path);
        spans
            .value(path)
            .filter(|_| path != section)
            .or_else(|| spans.key(path))
            .or_else(|| spans.nearest(path))
            .or_else(|| {
                (!self.after.sources.files.is_empty()).then_some(Span {
                    file: 0,
                    start: 0,
                    end: 0,
                })
            })
    }
}

fn goals(targets: &CommittedTargets) -> Vec<(Option<SegmentId>, &Goal)> {
    match targets {
        CommittedTargets::All(goal) => vec![(None, goal)],
        CommittedTargets::Segments(segments) => segments
            .iter()
            .map(|(id, goal)| (Some(id.clone()), goal))
            .collect(),
    }
}
