//! Files that grow: logs and tables of the catalogue are looked at every second, and what is new in them is delivered.
//!
//! Knows which files have changed since they were read; reading them from where it left off is attain-sources'. A file that
//! is rotated or compressed is the same file to it, and a last line without its end waits until it has one.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use attain_model::source::SourceKind;
use attain_model::{Catalogue, Promises, SourceId};
use attain_sources::{Options, files_now, read};

use crate::handle::{Handle, Refused};

/// Between two looks at files.
const LOOK: Duration = Duration::from_secs(1);
/// As long as there are none to look at, and nobody says that there are.
const NOTHING_TO_LOOK_AT: Duration = Duration::from_secs(60);
/// Content of one delivery, about: one frame, and one wait for the disk.
const CHUNK_BYTES: u64 = 8 << 20;

/// How a file looked: one that looks the same has nothing new.
type Looks = (u64, Option<SystemTime>);

/// Starts the thread that follows files. It ends after the core does.
pub(crate) fn start(handle: Handle, slice_seconds: u32) -> io::Result<()> {
    let follower = Follower {
        handle,
        slice: Duration::from_secs(u64::from(slice_seconds)),
        seen: BTreeMap::new(),
        of: None,
    };
    thread::Builder::new()
        .name("attain-files".to_owned())
        .spawn(move || follower.run())
        .map(drop)
}

struct Follower {
    handle: Handle,
    slice: Duration,
    /// How files looked when they were read to their end.
    seen: BTreeMap<(SourceId, PathBuf), Looks>,
    /// For which promises they were read.
    of: Option<Arc<Promises>>,
}

impl Follower {
    fn run(mut self) {
        let bell = self.handle.bell();
        loop {
            let heard = bell.heard();
            if self.handle.is_over() {
                return;
            }
            let promises = self.handle.promises();
            let is_same = self
                .of
                .as_ref()
                .is_some_and(|of| Arc::ptr_eq(of, &promises));
            if !is_same {
                // What is there already may count for others now.
                self.seen.clear();
                self.of = Some(Arc::clone(&promises));
            }
            let catalogue = promises.catalogue();
            let sources = catalogue.sources.values();
            let files = sources
                .filter(|source| matches!(source.kind, SourceKind::Log(_) | SourceKind::Csv(_)));
            let mut wait = NOTHING_TO_LOOK_AT;
            for source in files {
                wait = LOOK;
                if self.look(catalogue, &source.id).is_err() {
                    // Nothing can be kept at the moment: later from the same place.
                    break;
                }
            }
            bell.wait(heard, wait);
        }
    }

    /// Reads what has changed of one source.
    fn look(&mut self, catalogue: &Catalogue, id: &SourceId) -> Result<(), Refused> {
        let base = self.handle.beside().base.clone();
        let mut changed = Vec::new();
        for path in files_now(&catalogue.sources[id], &base) {
            let Ok(file) = fs::metadata(base.join(&path)) else {
                continue;
            };
            let looks = (file.len(), file.modified().ok());
            let name = (id.clone(), path.clone());
            if self.seen.get(&name) != Some(&looks) {
                changed.push((name, path, looks));
            }
        }
        if changed.is_empty() {
            return Ok(());
        }
        let paths = changed.iter().map(|(_, path, _)| path.clone()).collect();
        match self.read(catalogue, id, paths) {
            Ok(()) => {
                self.seen
                    .extend(changed.into_iter().map(|(name, _, looks)| (name, looks)));
                self.handle.trouble(id, None);
                Ok(())
            }
            Err(Broken::NotKept(refused)) => Err(refused),
            Err(Broken::Files(why)) => {
                // Said until it has changed and can be read; trying it again as it is would say the same.
                self.seen
                    .extend(changed.into_iter().map(|(name, _, looks)| (name, looks)));
                self.handle.trouble(id, Some(why));
                Ok(())
            }
        }
    }

    fn read(
        &self,
        catalogue: &Catalogue,
        id: &SourceId,
        paths: Vec<PathBuf>,
    ) -> Result<(), Broken> {
        // Of the other file sources nothing is read now.
        let mut files: BTreeMap<SourceId, Vec<PathBuf>> = catalogue
            .sources
            .values()
            .filter(|source| matches!(source.kind, SourceKind::Log(_) | SourceKind::Csv(_)))
            .map(|source| (source.id.clone(), Vec::new()))
            .collect();
        files.insert(id.clone(), paths);
        let taken = self.handle.taken().map_err(Broken::NotKept)?;
        let options = Options {
            files,
            slice: self.slice,
            chunk_bytes: CHUNK_BYTES,
            threads: 1,
            taken: taken.origins,
            heard_until: taken.heard_until,
            whole_lines: true,
            ..Options::default()
        };
        // The newest delivery waits for the next one: a file of another format is refused before anything of it is kept.
        let mut waiting = None;
        let mut refused = None;
        let mut keep = |delivery| {
            self.handle.deliver(delivery).map_err(|error| {
                refused = Some(error);
                "not kept".into()
            })
        };
        let base = self.handle.beside().base.clone();
        let result = read(
            catalogue,
            &base,
            &options,
            &mut |delivery| match waiting.replace(delivery) {
                Some(before) => keep(before),
                None => Ok(()),
            },
            &mut |_| {},
        );
        let last = match result {
            Ok(_) => waiting.map_or(Ok(()), &mut keep),
            Err(error) if refused.is_none() => return Err(Broken::Files(error.to_string())),
            Err(_) => Ok(()),
        };
        match (last, refused) {
            (_, Some(refused)) => Err(Broken::NotKept(refused)),
            (Ok(()), None) => Ok(()),
            (Err(error), None) => Err(Broken::Files(error.to_string())),
        }
    }
}

/// Why files were not read to their end.
enum Broken {
    NotKept(Refused),
    Files(String),
}
