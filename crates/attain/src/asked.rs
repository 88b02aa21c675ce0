//! A question about promises: which catalogue, which counts, which instant. What `status` and `report` have in common.
//!
//! Knows which instant is meant; what the numbers mean is attain-engine's, how they look attain-view's.

use attain_engine::evaluate_only;
use attain_model::{AsOf, Catalogue, Evaluation, GapReason, Interval, Promises, SloId};
use attain_view::status::Run;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::catalogue;
use crate::check;
use crate::cli::InputArguments;
use crate::exit::Failure;
use crate::facts::{Facts, notes};
use crate::moment;
use crate::terminal::Terminal;

/// A question, with all that is needed to answer it.
pub struct Asked {
    /// What was promised.
    pub promises: Promises,
    /// What was counted.
    pub facts: Facts,
    /// About when, and with whose knowledge.
    pub as_of: AsOf,
    /// Errors that `attain check` finds in the catalogue.
    pub errors: u64,
    /// Nobody named an instant.
    is_end: bool,
    now: Timestamp,
}

/// Which instant, whose knowledge, which SLOs.
pub struct About<'a> {
    /// As written behind `--at`.
    pub at: Option<&'a str>,
    /// Only what had arrived by then.
    pub as_known_then: bool,
    /// All if none is named.
    pub slos: &'a [String],
}

impl Asked {
    /// Reads what the question is about. `refuse` looks at the catalogue before anything else is read.
    pub fn of(
        input: &InputArguments,
        about: &About<'_>,
        refuse: impl FnOnce(&Catalogue) -> Result<(), Failure>,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        let (parsed, base) = catalogue::valid(&input.catalogue, terminal)?;
        let errors = check::errors(&parsed);
        let catalogue = catalogue::of(parsed)?;
        refuse_unknown(&catalogue, about.slos)?;
        refuse(&catalogue)?;
        let now = Timestamp::now();
        let at = about
            .at
            .map(|text| moment::parse(text, &catalogue.timezone, now))
            .transpose()?;
        let facts = Facts::of(&catalogue, &base, input, terminal)?;
        // A row with a time in the future is no reason to judge the future.
        let instant = at.unwrap_or_else(|| facts.end.map_or(now, |end| end.min(now)));
        Ok(Self {
            promises: Promises::of(catalogue),
            facts,
            as_of: AsOf {
                instant,
                known_until: match about.as_known_then {
                    true => instant,
                    false => Timestamp::MAX,
                },
            },
            errors,
            is_end: at.is_none(),
            now,
        })
    }

    /// What is about these SLOs, or all. Everything was read, so that the instant is the same whatever is asked.
    pub fn evaluation(&self, slos: &[String]) -> Evaluation {
        let is_asked = |id: &SloId| slos.is_empty() || slos.iter().any(|slo| slo == id.as_str());
        self.facts
            .with(|counts| evaluate_only(&self.promises, counts, self.as_of, &is_asked))
    }

    /// What a person should know of the run. What reading says with an example is taken out of the evaluation.
    pub fn run(&self, evaluation: &mut Evaluation) -> Run {
        if !self.facts.is_kept() {
            let is_said = |why: &GapReason| matches!(why, GapReason::Unparsed(_));
            evaluation.gaps.retain(|gap| !is_said(&gap.why));
        }
        let zone = &self.promises.catalogue().timezone;
        Run {
            instant_is: self
                .is_end
                .then(|| self.facts.instant_is(self.now).to_owned()),
            notes: notes::notes(&self.promises, &self.facts),
            losing: None,
            caution: self.facts.beyond(self.as_of.instant, self.now, zone),
            nothing_read: self.facts.end.is_none(),
        }
    }

    /// The day of the instant, in the catalogue's zone.
    pub fn day(&self) -> Date {
        let zone = self.promises.catalogue().timezone.clone();
        self.as_of.instant.to_zoned(zone).date()
    }

    /// From the first to the last slice with counts.
    pub fn data(&self) -> Option<Interval> {
        let (start, end) = self.facts.begin.zip(self.facts.end)?;
        Some(Interval { start, end })
    }
}

fn refuse_unknown(catalogue: &Catalogue, slos: &[String]) -> Result<(), Failure> {
    let unknown = slos
        .iter()
        .find(|id| !catalogue.slos.contains_key(id.as_str()));
    let Some(id) = unknown else {
        return Ok(());
    };
    let has: Vec<&str> = catalogue.slos.keys().map(|id| id.as_str()).collect();
    Err(
        Failure::new(format!("there is no SLO `{id}` in this catalogue"))
            .help(format!("it has {}", has.join(", "))),
    )
}
