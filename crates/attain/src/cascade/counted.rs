//! What was counted, beside what is promised: by the arguments of `attain status`, and left out where nothing is there to
//! be read.

use std::collections::BTreeMap;
use std::path::PathBuf;

use attain_cascade::Counted;
use attain_model::{Catalogue, SeriesName};
use attain_view::number;
use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::asked::{About, Asked};
use crate::catalogue;
use crate::cli::{InputArguments, ReadingArguments};
use crate::exit::Failure;
use crate::moment;
use crate::terminal::Terminal;

/// A catalogue, and counts if there are any.
#[derive(Debug, Args)]
pub struct Beside {
    /// The catalogue: a folder of YAML files, or one file
    #[arg(default_value = ".")]
    pub catalogue: PathBuf,
    /// Say what was promised only; read no counts
    #[arg(long, conflicts_with_all = ["data", "file", "source", "as_known_then"])]
    pub promised: bool,
    /// Read this instead of the files that the source names; may be given several times; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    pub file: Vec<PathBuf>,
    /// Which source the files belong to; needed where the catalogue has several that read files
    #[arg(long, value_name = "ID")]
    pub source: Option<String>,
    /// Read no file: use what `attain replay` keeps in this folder
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Give up when more than this share of the lines of a source cannot be read
    #[arg(long, value_name = "SHARE", default_value = "1%")]
    pub max_unparsed: String,
    /// Judge this instant, as in `attain status`; with --promised, what was promised then
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Use only what had arrived by then
    #[arg(long, requires = "at")]
    pub as_known_then: bool,
}

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
        let input = InputArguments {
            catalogue: beside.catalogue.clone(),
            files: beside.file.clone(),
            reading: ReadingArguments {
                source: beside.source.clone(),
                max_unparsed: beside.max_unparsed.clone(),
            },
            data: beside.data.clone(),
        };
        let about = About {
            at: beside.at.as_deref(),
            as_known_then: beside.as_known_then,
            slos: &[],
        };
        let asked = Asked::of(&input, &about, |_| Ok(()), terminal)?;
        let evaluation = asked.evaluation(&[]);
        let verdicts = evaluation.verdicts.iter();
        let counted = verdicts.map(|verdict| {
            let counted = Counted {
                bad: verdict.attainment.bad,
                total: verdict.attainment.total(),
            };
            (verdict.name.clone(), counted)
        });
        let zone = &asked.promises.catalogue().timezone;
        let day = asked.as_of.instant.to_zoned(zone.clone()).date();
        Ok(Self {
            day,
            counted: counted.filter(|(_, counted)| counted.total > 0).collect(),
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

    /// What was counted of a series over its window.
    pub fn counted(&self, name: &SeriesName) -> Option<Counted> {
        self.counted.get(name).copied()
    }

    /// Over which time was counted, in words; `None` where nothing was.
    pub fn counted_words(&self) -> Option<String> {
        let asked = self.asked.as_ref().filter(|_| !self.counted.is_empty())?;
        let zone = &asked.promises.catalogue().timezone;
        let at = number::instant(asked.as_of.instant, zone);
        Some(format!("over the window of each SLO, as of {at}"))
    }
}
