//! Where a demo keeps what it has: its catalogue, which can be edited while it runs, and the counts.
//!
//! Knows paths, and what is in them before the demo begins. A folder of nobody's is gone when it ends.

use std::fs;
use std::path::{Path, PathBuf};

use attain_model::SourceId;
use jiff::Timestamp;

use super::history::history;
use crate::catalogue::{self, shown};
use crate::exit::Failure;
use crate::keeper::Keeper;

/// The catalogue as it is written beside the sources.
const FILES: [(&str, &str); 3] = [
    (
        "company.yaml",
        include_str!("../../../../examples/demo/company.yaml"),
    ),
    (
        "customer.yaml",
        include_str!("../../../../examples/demo/customer.yaml"),
    ),
    (
        "internal.yaml",
        include_str!("../../../../examples/demo/internal.yaml"),
    ),
];
const SOURCE: &str = "shop";
/// As long as those of a server that begins anew.
const SLICE_SECONDS: u32 = 10;

/// A demo's folder.
pub struct Folder {
    /// All of it.
    pub root: PathBuf,
    /// The catalogue.
    pub catalogue: PathBuf,
    /// The counts.
    pub data: PathBuf,
    /// It stays when the demo ends.
    pub is_kept: bool,
    /// The instant up to which there are counts of the past.
    pub until: Timestamp,
    /// What these are, in words.
    pub past: &'static str,
}

impl Folder {
    /// Makes it, with a catalogue and a past; one that was used before goes on.
    pub fn make(root: Option<&Path>, now: Timestamp) -> Result<Self, Failure> {
        let is_kept = root.is_some();
        let root = root.map_or_else(
            || std::env::temp_dir().join(format!("attain-demo-{}", std::process::id())),
            Path::to_owned,
        );
        let slice = i64::from(SLICE_SECONDS);
        let until = Timestamp::from_second(now.as_second().div_euclid(slice) * slice);
        let mut folder = Self {
            catalogue: root.join("catalogue"),
            data: root.join("data"),
            root,
            is_kept,
            until: until.unwrap_or(now),
            past: "The day before was made up",
        };
        let made = folder.write().and_then(|()| folder.fill(now));
        made.inspect_err(|_| folder.leave())?;
        Ok(folder)
    }

    fn write(&self) -> Result<(), Failure> {
        let failed = |error: std::io::Error| {
            let folder = shown(&self.root);
            Failure::new(format!("cannot write to {folder}: {error}"))
                .help("name a folder that can be written: attain demo --data DIR")
        };
        fs::create_dir_all(&self.catalogue).map_err(failed)?;
        for (name, text) in FILES {
            let path = self.catalogue.join(name);
            // What somebody has edited stays.
            if !path.exists() {
                fs::write(path, text).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Puts the past into a folder that has none.
    fn fill(&mut self, now: Timestamp) -> Result<(), Failure> {
        if self.data.exists() {
            self.past = "It goes on with what was kept before";
            return Ok(());
        }
        let files = catalogue::Files::of(&self.catalogue)?;
        let parsed = attain_spec::parse(&files.inputs);
        let catalogue = catalogue::of(parsed)?;
        let source = SourceId::new(SOURCE);
        let mut keeper = Keeper::open_with(&self.data, &catalogue, SLICE_SECONDS)?;
        keeper.take(history(&catalogue, &source, self.until, SLICE_SECONDS))?;
        keeper.finish(&[catalogue::written(&self.catalogue)?], now)?;
        Ok(())
    }

    /// Takes it away, unless it is somebody's.
    pub fn leave(&self) {
        if !self.is_kept {
            // Nobody is left to tell; a temporary folder goes away by itself.
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}
