//! What is judged: a catalogue, and where its counts are. The same for every command that reads counts.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The share of lines that may be unreadable, unless somebody says another.
const MAX_UNPARSED: &str = "1%";

/// How files are read.
#[derive(Debug, Clone, Args)]
pub struct ReadingArguments {
    /// Which source FILES belong to; needed where the catalogue has several that read files
    #[arg(long, value_name = "ID")]
    pub source: Option<String>,
    /// Give up when more than this share of the lines of a source cannot be read
    #[arg(long, value_name = "SHARE", default_value = MAX_UNPARSED)]
    pub max_unparsed: String,
}

impl Default for ReadingArguments {
    fn default() -> Self {
        Self {
            source: None,
            max_unparsed: MAX_UNPARSED.to_owned(),
        }
    }
}

/// What is judged: a catalogue, and where its counts are.
#[derive(Debug, Args)]
pub struct InputArguments {
    /// The catalogue: a folder of YAML files, or one file
    #[arg(default_value = ".")]
    pub catalogue: PathBuf,
    /// Read these instead of the files that the source names; `-` is standard input
    #[arg(conflicts_with = "data")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub reading: ReadingArguments,
    /// Read no file: use what `attain replay` keeps in this folder
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

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
    #[command(flatten)]
    pub reading: ReadingArguments,
    /// Read no file: use what `attain replay` keeps in this folder
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Judge this instant, as in `attain status`; with --promised, what was promised then
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Use only what had arrived by then
    #[arg(long, requires = "at")]
    pub as_known_then: bool,
}

impl Beside {
    /// What is judged, unless only what was promised is asked.
    pub fn input(&self) -> InputArguments {
        InputArguments {
            catalogue: self.catalogue.clone(),
            files: self.file.clone(),
            reading: self.reading.clone(),
            data: self.data.clone(),
        }
    }
}

/// How `attain status` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StatusFormat {
    /// For people
    Human,
    /// For programs; exact whole numbers
    Json,
}
