//! A series as it is first met: its labels, its identity, and its slot. Knows no protocol.

use attain_model::live::SeriesId;
use attain_wire::Broken;
use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::Intake;
use super::batch::Batch;
use super::known::{Entry, Histogram, Met, Shape, Side};
use super::names::spelled;
use super::whom::{Meaning, NAME_LABEL, Says};

/// What the name of a bucket ends with.
const BUCKET: &str = "_bucket";

/// The labels of a series, sorted by name; those without a value are left out.
pub(super) struct Labelled<'a> {
    labels: Vec<(&'a str, &'a str)>,
    /// What tells it from another one with the same labels.
    scope: Option<u64>,
}

impl<'a> Labelled<'a> {
    /// # Errors
    /// Two labels of one name, or no label that names the metric.
    pub(super) fn new(mut labels: Vec<(&'a str, &'a str)>) -> Result<Self, Broken> {
        labels.retain(|(_, value)| !value.is_empty());
        labels.sort_unstable();
        if let Some(pair) = labels.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(Broken::at(format!(
                "the label `{}` stands there twice",
                pair[0].0
            )));
        }
        let labelled = Self {
            labels,
            scope: None,
        };
        if labelled.get(NAME_LABEL).is_none() {
            return Err(Broken::new(
                "a series has no name; the label `__name__` is to say it",
            ));
        }
        Ok(labelled)
    }

    /// The same labels, of a scope that is not the first with them.
    pub(super) fn of_scope(&self, scope: u64) -> Self {
        Self {
            labels: self.labels.clone(),
            scope: Some(scope),
        }
    }

    /// Whether it needs a scope to be told from another one.
    pub(super) fn has_scope(&self) -> bool {
        self.scope.is_some()
    }

    /// All of them.
    pub(super) fn pairs(&self) -> &[(&'a str, &'a str)] {
        &self.labels
    }

    /// The value of a label of exactly this name.
    fn get(&self, name: &str) -> Option<&'a str> {
        let place = self.labels.binary_search_by_key(&name, |(name, _)| name);
        place.ok().map(|place| self.labels[place].1)
    }

    /// The value of a label that is spelled like this in Prometheus, whatever it is called here.
    pub(super) fn find(&self, name: &str) -> Option<&'a str> {
        self.get(name).or_else(|| {
            let mut others = self.labels.iter();
            others
                .find(|(other, _)| spelled(other) == name)
                .map(|(_, value)| *value)
        })
    }

    /// The identity of the series, or of one edge of it.
    ///
    /// Stable: slots are found again by it after a restart. Nobody can make two series with one, as SHA-256 stands.
    pub(super) fn id(&self, edge: Option<&str>) -> SeriesId {
        let mut hasher = Sha256::new();
        for (name, value) in &self.labels {
            // No UTF-8 text has these bytes.
            hasher.update(name);
            hasher.update([0xff]);
            hasher.update(value);
            hasher.update([0xfe]);
        }
        if let Some(scope) = self.scope {
            hasher.update([0xfc]);
            hasher.update(scope.to_be_bytes());
        }
        if let Some(edge) = edge {
            hasher.update([0xfd]);
            hasher.update(edge);
        }
        let digest: [u8; 32] = hasher.finalize().into();
        let first: [u8; 16] = std::array::from_fn(|at| digest[at]);
        SeriesId(u128::from_be_bytes(first))
    }

    /// What is observed: a job and its instance. Stable, as the identity is.
    pub(super) fn thing(&self) -> u64 {
        let mut text = String::new();
        for label in ["job", "instance"] {
            text.push_str(self.get(label).unwrap_or(""));
            text.push('\0');
        }
        xxh3_64(text.as_bytes())
    }

    /// The labels of the histogram that a series is a part of, whatever its form, as a hash. In memory only.
    pub(super) fn histogram(&self) -> u64 {
        let mut text = String::new();
        for (name, value) in self.labels.iter().filter(|(name, _)| *name != "le") {
            let value = match *name {
                NAME_LABEL => value.strip_suffix(BUCKET).unwrap_or(value),
                _ => value,
            };
            text.extend([name, "\0", value, "\0"]);
        }
        xxh3_64_with_seed(text.as_bytes(), self.scope.unwrap_or(0))
    }

    /// The identity of all events of the same histogram where it comes as a whole, of one that comes in buckets.
    fn whole(&self) -> SeriesId {
        let name = self.get(NAME_LABEL).unwrap_or("");
        let name = name.strip_suffix(BUCKET).unwrap_or(name);
        let mut labels = self.labels.clone();
        labels.retain(|(label, _)| *label != "le");
        for (label, value) in &mut labels {
            if *label == NAME_LABEL {
                *value = name;
            }
        }
        let scope = self.scope;
        Labelled { labels, scope }.id(Some(&u64::MAX.to_string()))
    }

    /// The same in buckets, of one that comes as a whole.
    pub(super) fn in_buckets(&self) -> SeriesId {
        let name = format!("{}{BUCKET}", self.get(NAME_LABEL).unwrap_or(""));
        let others = self.labels.iter().copied();
        let others = others.filter(|(label, _)| *label != NAME_LABEL && *label != "le");
        let mut labels: Vec<(&str, &str)> = others.collect();
        labels.extend([(NAME_LABEL, name.as_str()), ("le", "+Inf")]);
        labels.sort_unstable();
        let scope = self.scope;
        Labelled { labels, scope }.id(None)
    }

    /// The same labels under another name.
    pub(super) fn named<'n>(&'n self, name: &'n str) -> Labelled<'n> {
        let mut labels: Vec<(&str, &str)> = self.labels.clone();
        for (label, value) in &mut labels {
            if *label == NAME_LABEL {
                *value = name;
            }
        }
        let scope = self.scope;
        Labelled { labels, scope }
    }

    /// `name{a="b"}`.
    pub(super) fn text(&self) -> String {
        let name = self.get(NAME_LABEL).unwrap_or("");
        let others = self.labels.iter().filter(|(name, _)| *name != NAME_LABEL);
        let others: Vec<String> = others
            .map(|(name, value)| format!("{name}={value:?}"))
            .collect();
        format!("{name}{{{}}}", others.join(","))
    }
}

/// The name of a metric without what tells its parts.
pub(super) fn stem_of(name: &str) -> &str {
    let mut suffixes = ["_total", "_bucket", "_count", "_sum"].into_iter();
    suffixes
        .find_map(|suffix| name.strip_suffix(suffix))
        .unwrap_or(name)
}

/// What a series is, from now on.
pub(super) fn meet(intake: &mut Intake, labelled: &Labelled<'_>, batch: &mut Batch) -> Entry {
    let Intake {
        whom,
        known,
        heard,
        numbers,
        limits,
        ..
    } = intake;
    let name = labelled.get(NAME_LABEL).unwrap_or("");
    let le = labelled.get("le");
    let mut meanings: Vec<Meaning> = Vec::new();
    for written in whom.wanted.written(name).to_vec() {
        heard.met(&written.metric, labelled, false);
        meanings.extend(whom.meanings(&written, le, |label| labelled.find(label)));
    }
    let (gauges, meanings): (Vec<_>, Vec<_>) = meanings
        .into_iter()
        .partition(|meaning| matches!(meaning.says, Says::Gauge(_)));
    let met = Met {
        id: labelled.id(None),
        thing: labelled.thing(),
        meanings,
        histogram: le.map(|_| Histogram {
            labels: labelled.histogram(),
            side: Side::Bounds,
            is_bucket: true,
        }),
        other: le.and_then(|_| known.slot_of_any(&[labelled.whole()])),
    };
    let slot = match known.meet(met, whom, (numbers, limits), &mut batch.tell) {
        Ok(slot) => slot,
        Err(_) => return Entry::TooMany,
    };
    match slot {
        Some(slot) if gauges.is_empty() => Entry::Slot(slot),
        None if gauges.is_empty() => Entry::Nobody,
        slot => {
            let gauges = gauges.iter().filter_map(|meaning| whom.gauge(meaning));
            let shape = Shape {
                slot,
                gauges: gauges.collect(),
                text: labelled.text(),
                ..Shape::default()
            };
            known.add_shape(shape, limits)
        }
    }
}
