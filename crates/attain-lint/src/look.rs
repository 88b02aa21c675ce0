//! What a rule looks at: the catalogue, where it was written, and today.
//!
//! Knows which objects are worth looking at. Knows no rule.

use std::collections::BTreeSet;

use attain_model::slo::{Objective, Term};
use attain_model::{Catalogue, Layer, Scope, Slo, SloId, SourceMap, Span};
use attain_spec::Spans;
use jiff::civil::Date;

/// The catalogue as a rule sees it.
pub(crate) struct Look<'a> {
    pub catalogue: &'a Catalogue,
    pub spans: &'a Spans,
    pub today: Date,
    sources: &'a SourceMap,
    whole: bool,
    broken: BTreeSet<&'a SloId>,
    /// Where the lines of each file end.
    breaks: Vec<Vec<usize>>,
}

impl<'a> Look<'a> {
    pub fn new(
        catalogue: &'a Catalogue,
        spans: &'a Spans,
        sources: &'a SourceMap,
        today: Date,
    ) -> Self {
        let broken = catalogue
            .slos
            .keys()
            .filter(|id| spans.is_broken(&format!("slos.{id}")))
            .collect();
        Self {
            catalogue,
            spans,
            today,
            sources,
            whole: spans.is_complete(),
            broken,
            breaks: sources
                .files
                .iter()
                .map(|file| breaks(&file.text))
                .collect(),
        }
    }

    /// Whether everything that was written is in the catalogue.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// SLOs that are in force and not broken.
    pub fn slos(&self) -> impl Iterator<Item = &'a Slo> {
        self.catalogue
            .live_slos(self.today)
            .filter(|slo| !self.broken.contains(&slo.id))
    }

    /// One of [`Look::slos`].
    pub fn slo(&self, id: &SloId) -> Option<&'a Slo> {
        let slo = self.catalogue.slos.get(id)?;
        let live = slo.retired.is_none_or(|retired| self.today < retired);
        (live && !self.broken.contains(id)).then_some(slo)
    }

    /// Whether an SLO had an error, so that what is known of it is not the whole truth.
    pub fn is_broken(&self, id: &SloId) -> bool {
        self.broken.contains(id) || !self.catalogue.slos.contains_key(id)
    }

    /// SLOs of one layer.
    pub fn layer(&self, layer: Layer) -> impl Iterator<Item = &'a Slo> {
        self.slos().filter(move |slo| slo.layer == layer)
    }

    /// The value at a path, or the key of what encloses it.
    pub fn at(&self, path: &str) -> Span {
        self.spans.nearest(path).unwrap_or(NOWHERE)
    }

    /// The key at a path, or of what encloses it.
    pub fn key(&self, path: &str) -> Span {
        self.spans.key(path).unwrap_or_else(|| self.at(path))
    }

    /// `customer.yaml:16`: the file without its folder, and the line.
    pub fn line(&self, span: Span) -> String {
        let index = span.file as usize;
        let (Some(file), Some(breaks)) = (self.sources.files.get(index), self.breaks.get(index))
        else {
            return String::new();
        };
        let line = breaks.partition_point(|at| *at < span.start as usize) + 1;
        let name = file.name.rsplit('/').next().unwrap_or(&file.name);
        format!("{name}:{line}")
    }

    /// The part of a place from the first occurrence of a text on; the place itself if the text is not in it.
    pub fn within(&self, span: Span, needle: &str) -> Span {
        let Some(offset) = self.text(span).and_then(|text| text.find(needle)) else {
            return span;
        };
        let start = span.start + u32::try_from(offset).unwrap_or(0);
        let end = start + u32::try_from(needle.len()).unwrap_or(0);
        Span { start, end, ..span }
    }

    /// The threshold in a target such as `p99 < 200ms at 500 rps`.
    pub fn threshold(&self, target: Span) -> Span {
        let text = self.text(target).unwrap_or_default();
        let after = text.split_once('<').map_or(text, |(_, after)| after);
        match after.split_whitespace().next() {
            Some(word) => self.within(target, word),
            None => target,
        }
    }

    /// The numbers of the files, as spans name them.
    pub fn files(&self) -> impl Iterator<Item = u32> {
        (0_u32..).take(self.sources.files.len())
    }

    fn text(&self, span: Span) -> Option<&'a str> {
        let file = self.sources.files.get(span.file as usize)?;
        file.text.get(span.start as usize..span.end as usize)
    }

    /// What an objective asks for on a day: its first term if it begins later.
    pub fn term_on<'o>(&self, objective: &'o Objective, day: Date) -> &'o Term {
        objective.on(day).unwrap_or_else(|| objective.current())
    }

    /// The path of an objective's targets in a term: the map's, or that of the list entry that begins then.
    pub fn objective_path(&self, slo: &Slo, objective: &Objective, term: &Term) -> String {
        let plain = format!("slos.{}.objectives.{}", slo.id, objective.id);
        if self.spans.value(&plain).is_some() {
            return plain;
        }
        let index = objective.terms.iter().position(|other| other == term);
        (0..)
            .map(|entry| format!("slos.{}.objectives.{entry}", slo.id))
            .take_while(|entry| self.spans.value(entry).is_some())
            .map(|entry| format!("{entry}.targets.{}", objective.id))
            .filter(|path| self.spans.value(path).is_some())
            .nth(index.unwrap_or(0))
            .unwrap_or(plain)
    }

    /// The path of what an objective asks for a scope: its own, or the one that stands for all.
    pub fn target_path(&self, slo: &Slo, objective: &Objective, scope: &Scope) -> String {
        let term = self.term_on(objective, self.today);
        let base = self.objective_path(slo, objective, term);
        let by_scope = format!("{base}.{scope}");
        match self.spans.value(&by_scope) {
            Some(_) => by_scope,
            None => base,
        }
    }
}

fn breaks(text: &str) -> Vec<usize> {
    text.match_indices('\n').map(|(at, _)| at).collect()
}

/// Where a finding goes that nothing encloses: the beginning of the first file.
const NOWHERE: Span = Span {
    file: 0,
    start: 0,
    end: 0,
};
