//! What was counted, beside what is promised: by the arguments of `attain status`, and left out where nothing is there to
//! be read.

use std::collections::{BTreeMap, BTreeSet};

use attain_cascade::joint::{self, Pair, Together};
use attain_cascade::{Counted, Explained, counted};
use attain_model::{Catalogue, Multiple, SeriesName};
use attain_view::number;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::asked::{About, Asked};
use crate::catalogue;
use crate::cli::Beside;
use crate::exit::Failure;
use crate::moment;
use crate::terminal::Terminal;
use crate::warnings::histories;

/// A catalogue, the day whose promises are looked at, and what was counted.
pub struct Known {
    /// By this day's promises.
    pub day: Date,
    asked: Option<Asked>,
    catalogue: Option<Catalogue>,
    counted: BTreeMap<SeriesName, Counted>,
}

impl Known {
    /// Reads the catalogue, and counts where there are any: files that a source names need not be there.
    pub fn of(beside: &Beside, terminal: &Terminal) -> Result<Self, Failure> {
        if beside.promised {
            return Self::promised(beside, terminal);
        }
        let about = About {
            at: beside.at.as_deref(),
            as_known_then: beside.as_known_then,
            slos: &[],
        };
        let asked = Asked::of(&beside.input(), &about, |_| Ok(()), terminal)?;
        let evaluation = asked.evaluation(&[]);
        let zone = &asked.promises.catalogue().timezone;
        let day = asked.as_of.instant.to_zoned(zone.clone()).date();
        Ok(Self {
            day,
            counted: counted(&evaluation),
            asked: Some(asked),
            catalogue: None,
        })
    }

    fn promised(beside: &Beside, terminal: &Terminal) -> Result<Self, Failure> {
        let (parsed, _) = catalogue::valid(&beside.catalogue, terminal)?;
        let catalogue = parsed
            .catalogue
            .ok_or_else(|| Failure::new("the catalogue holds no file"))?;
        let now = Timestamp::now();
        let at = beside.at.as_deref();
        let at = at.map(|text| moment::parse(text, &catalogue.timezone, now));
        let at = at.transpose()?.unwrap_or(now);
        Ok(Self {
            day: at.to_zoned(catalogue.timezone.clone()).date(),
            asked: None,
            catalogue: Some(catalogue),
            counted: BTreeMap::new(),
        })
    }

    /// What is promised.
    pub fn catalogue(&self) -> &Catalogue {
        let asked = self.asked.as_ref().map(|asked| asked.promises.catalogue());
        // Invariant: one of the two is there.
        self.catalogue
            .as_ref()
            .or(asked)
            .expect("a catalogue was read")
    }

    /// The question about the counts; `None` where only what was promised is asked.
    pub fn asked(&self) -> Option<&Asked> {
        self.asked.as_ref()
    }

    /// What was counted of each series over its window.
    pub fn counts(&self) -> &BTreeMap<SeriesName, Counted> {
        &self.counted
    }

    /// What was counted of a series over its window.
    pub fn counted(&self, name: &SeriesName) -> Option<Counted> {
        self.counted.get(name).copied()
    }

    /// What pairs of parts of these promises did together; nothing where nothing was counted.
    pub fn together(&self, explained: &[Explained]) -> BTreeMap<SeriesName, Vec<Together>> {
        let Some(asked) = self.asked.as_ref().filter(|_| !self.counted.is_empty()) else {
            return BTreeMap::new();
        };
        let catalogue = asked.promises.catalogue();
        let pairs: Vec<(&SeriesName, Vec<Pair>)> = explained
            .iter()
            .map(|one| (&one.name, joint::pairs(catalogue, &one.name, self.day)))
            .collect();
        let parts = pairs.iter().flat_map(|(_, pairs)| pairs);
        let parts: BTreeSet<&SeriesName> = parts.flat_map(|pair| &pair.parts).collect();
        // A slot is worse than promised when it spends more than it may.
        let histories = histories(asked, parts, Multiple::ONE);
        let of = |pairs: &[Pair]| joint::together(&asked.promises, pairs, &histories);
        let found = pairs
            .iter()
            .map(|(name, pairs)| ((*name).clone(), of(pairs)));
        found.collect()
    }

    /// Over which time was counted, in words; `None` where nothing was.
    pub fn counted_words(&self) -> Option<String> {
        let asked = self.asked.as_ref().filter(|_| !self.counted.is_empty())?;
        let zone = &asked.promises.catalogue().timezone;
        let at = number::instant(asked.as_of.instant, zone);
        Some(format!("over the window of each SLO, as of {at}"))
    }
}
