//! Targets in the files of a catalogue: where each is written, and others in their place. Comments and everything else
//! stay as they are; what was written is read again before a file is touched.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use attain_cascade::{Allocated, Allotment};
use attain_model::{Scope, SeriesName, Slo, Span, Targets};
use attain_spec::{Input, Parsed, parse};
use attain_view::cascade::targets::written;
use jiff::civil::Date;

use crate::catalogue;
use crate::exit::Failure;
use crate::file;
use crate::terminal::Terminal;

/// Where the targets of a catalogue are written.
pub struct Places {
    parsed: Parsed,
    day: Date,
}

/// What is put where: nothing is replaced where a target comes from `defaults:`, then the SLO says it itself.
struct Edit {
    file: usize,
    start: usize,
    end: usize,
    text: String,
}

impl Places {
    /// Reads the files again.
    pub fn of(path: &Path, day: Date, terminal: &Terminal) -> Result<Self, Failure> {
        let (parsed, _) = catalogue::valid(path, terminal)?;
        Ok(Self { parsed, day })
    }

    /// `internal.yaml:7`.
    pub fn shown(&self, name: &SeriesName) -> String {
        let span = self.target(name).or_else(|| self.slo(name));
        let place = span.map(|span| self.parsed.sources.place(span));
        let place = place.unwrap_or_default();
        // The line is enough for a person.
        let line = place
            .rsplit_once(':')
            .map_or(place.as_str(), |(line, _)| line);
        line.to_owned()
    }

    /// Writes the new targets and says into which files.
    pub fn write(&self, found: &Allocated) -> Result<Vec<String>, Failure> {
        let mut edits = Vec::new();
        for one in found.targets.iter().filter(|one| one.is_new()) {
            edits.push(self.edit(one)?);
        }
        let texts = self.edited(edits)?;
        self.verify(found, &texts)?;
        for (name, text) in &texts {
            file::replace(&PathBuf::from(name), text)
                .map_err(|error| Failure::new(format!("cannot write {name}: {error}")))?;
        }
        Ok(texts.into_keys().collect())
    }

    fn edit(&self, one: &Allotment) -> Result<Edit, Failure> {
        let refused = |why: &str| {
            Failure::new(format!("{} cannot be changed in place: {why}", one.name))
                .help("nothing was written; --format yaml prints the targets to paste")
        };
        let slo = self
            .slo(&one.name)
            .ok_or_else(|| refused("it is written nowhere"))?;
        let target = self.target(&one.name);
        match target {
            Some(target) if contains(slo, target) => Ok(Edit {
                file: target.file as usize,
                start: target.start as usize,
                end: target.end as usize,
                text: written(one),
            }),
            Some(_) => self
                .inserted(one, slo)
                .ok_or_else(|| refused("it comes from `defaults:`")),
            None => Err(refused(
                "its targets are a list by date, to which one adds on top",
            )),
        }
    }

    /// The whole `objectives:` for an SLO that takes them from `defaults:`.
    fn inserted(&self, one: &Allotment, span: Span) -> Option<Edit> {
        let slo = self.parsed.catalogue.as_ref()?.slos.get(&one.name.slo)?;
        let text = objectives(slo, one, self.day)?;
        let file = self.parsed.sources.files.get(span.file as usize)?;
        let start = span.start as usize;
        let own = file.text.get(start..span.end as usize)?;
        let (start, text) = match own.strip_prefix('{') {
            Some(rest) if rest.trim_start().starts_with('}') => (start + 1, text),
            Some(_) => (start + 1, format!("{text}, ")),
            // A block begins with its first key, whose column all others have.
            None => {
                let line = file.text[..start].rfind('\n').map_or(0, |end| end + 1);
                let indent = file.text.get(line..start)?;
                if !indent.bytes().all(|byte| byte == b' ') {
                    return None;
                }
                (start, format!("{text}\n{indent}"))
            }
        };
        Some(Edit {
            file: span.file as usize,
            start,
            end: start,
            text,
        })
    }

    /// Whole new texts by the name of their file.
    fn edited(&self, mut edits: Vec<Edit>) -> Result<BTreeMap<String, String>, Failure> {
        // From the end, so that what is before stays where it was.
        edits.sort_by_key(|edit| std::cmp::Reverse((edit.file, edit.start)));
        let mut texts = BTreeMap::new();
        for edit in edits {
            let Some(file) = self.parsed.sources.files.get(edit.file) else {
                continue;
            };
            let text: &mut String = texts
                .entry(file.name.clone())
                .or_insert_with(|| file.text.clone());
            if text.get(edit.start..edit.end).is_none() {
                return Err(Failure::new(format!("{} changed meanwhile", file.name)));
            }
            text.replace_range(edit.start..edit.end, &edit.text);
        }
        Ok(texts)
    }

    /// Invariant: nothing is written that would not be read as it was meant.
    fn verify(&self, found: &Allocated, texts: &BTreeMap<String, String>) -> Result<(), Failure> {
        let files = self.parsed.sources.files.iter();
        let inputs: Vec<Input> = files
            .map(|file| Input {
                name: file.name.clone(),
                text: texts.get(&file.name).unwrap_or(&file.text).clone(),
            })
            .collect();
        let parsed = parse(&inputs);
        let is_so = |one: &Allotment| {
            let slo = parsed.catalogue.as_ref()?.slos.get(&one.name.slo)?;
            let term = slo.objectives.get(&one.name.objective)?.on(self.day)?;
            let promised = term.targets.goal(&one.name.scope)?.promised()?;
            Some(promised.target.ppb() == one.target_ppb)
        };
        let wrong = found.targets.iter().find(|one| is_so(one) != Some(true));
        match wrong {
            None => Ok(()),
            Some(one) => Err(
                Failure::new(format!("{} could not be changed in place", one.name))
                    .help("nothing was written; --format yaml prints the targets to paste"),
            ),
        }
    }

    fn slo(&self, name: &SeriesName) -> Option<Span> {
        self.parsed.spans.value(&format!("slos.{}", name.slo))
    }

    fn target(&self, name: &SeriesName) -> Option<Span> {
        let path = format!("slos.{}.objectives.{}", name.slo, name.objective);
        let by_scope = self.parsed.spans.value(&format!("{path}.{}", name.scope));
        by_scope.or_else(|| self.parsed.spans.value(&path))
    }
}

fn contains(outer: Span, inner: Span) -> bool {
    outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end
}

/// `objectives: {availability: 99.98%, latency: p99 < 100ms}` with one target changed.
fn objectives(slo: &Slo, one: &Allotment, day: Date) -> Option<String> {
    let mut all = Vec::new();
    for objective in slo.objectives.values() {
        let targets = &objective.on(day)?.targets;
        let is_changed = objective.id == one.name.objective;
        let goal = |scope: &Scope, goal: &attain_model::Goal| {
            if is_changed && *scope == one.name.scope {
                written(one)
            } else {
                goal.to_string()
            }
        };
        let value = match targets {
            Targets::All(all) => goal(&Scope::All, all),
            Targets::PerSegment { .. } => {
                let each = targets
                    .iter()
                    .map(|(scope, of)| format!("{scope}: {}", goal(&scope, of)));
                format!("{{{}}}", each.collect::<Vec<_>>().join(", "))
            }
        };
        all.push(format!("{}: {value}", objective.id));
    }
    Some(format!("objectives: {{{}}}", all.join(", ")))
}
