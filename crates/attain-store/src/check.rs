//! Everything read once, and how large it is.

use attain_model::facts::Damage;

use crate::db::Db;
use crate::store::Store;

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Facts and entries that are lost, with the time they were about.
    pub damage: Vec<Damage>,
    /// What is wrong although nothing is lost by it yet, e.g. a copy that cannot be read.
    pub warnings: Vec<String>,
    /// Streams that have pages.
    pub streams: usize,
    /// Pages that were read.
    pub pages: usize,
    /// Frames that are not sealed.
    pub frames: usize,
    /// Entries of the record.
    pub entries: usize,
}

impl Report {
    /// Whether everything is as it was written.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.damage.is_empty() && self.warnings.is_empty()
    }
}

/// How large a data folder is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Bytes of `counts.db` and its log on disk.
    pub counts_bytes: u64,
    /// Bytes of `record.db` and its log on disk.
    pub record_bytes: u64,
    /// Bytes of all pages.
    pub page_bytes: u64,
    /// Pages.
    pub pages: u64,
    /// Frames that are not sealed.
    pub frames: u64,
}

impl Store {
    /// Reads everything: every page, frame and entry, both copies of what there should be, and SQLite's own check of
    /// both files. Takes as long as reading the folder.
    #[must_use]
    pub fn check(&self) -> Report {
        let mut report = Report {
            damage: self.found.clone(),
            ..Report::default()
        };
        for db in [Some(&self.counts), self.record.as_ref()]
            .into_iter()
            .flatten()
        {
            report.warnings.extend(integrity(db));
        }
        for (key, listed) in &self.head.streams {
            report.streams += 1;
            report.pages += self
                .manifest(key, listed)
                .map_or(0, |manifest| manifest.pages.len());
            match self.stream(key) {
                Ok((_, damage)) => report.damage.extend(damage),
                Err(error) => report.warnings.push(error.to_string()),
            }
        }
        let frames = self.frames();
        report.frames = frames.frames.len();
        report.damage.extend(frames.damage);
        let entries = self.entries();
        report.entries = entries.entries.len();
        report.damage.extend(entries.damage);
        if let Err(error) = self.state() {
            report.warnings.push(error.to_string());
        }
        if self.mirrored != Some(self.head.generation) {
            report.warnings.push(
                "record.db has no copy of what was sealed last; the next run that writes makes one"
                    .to_owned(),
            );
        }
        report
    }

    /// How large it is.
    #[must_use]
    pub fn size(&self) -> Size {
        let bytes = |name: &str| {
            let path = self.folder.join(name);
            path.metadata().map_or(0, |file| file.len())
        };
        let count = |sql: &str| -> (u64, u64) {
            let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
            let (count, bytes) = self
                .counts
                .row(sql, [], read)
                .ok()
                .flatten()
                .unwrap_or((0, 0));
            (count.unsigned_abs(), bytes.unsigned_abs())
        };
        let sql = "SELECT count(*), coalesce(sum(length(body)), 0) FROM page";
        let (pages, page_bytes) = count(sql);
        Size {
            counts_bytes: bytes("counts.db") + bytes("counts.db-wal"),
            record_bytes: bytes("record.db") + bytes("record.db-wal"),
            page_bytes,
            pages,
            frames: count("SELECT count(*), 0 FROM frame").0,
        }
    }
}

/// What SQLite says of a file; nothing if it is well.
fn integrity(db: &Db) -> Vec<String> {
    let file = db.path.file_name().unwrap_or_default().to_string_lossy();
    let (rows, stopped) = db.rows("PRAGMA integrity_check(20)", [], |row| {
        row.get::<_, String>(0)
    });
    rows.into_iter()
        .filter(|row| row != "ok")
        .chain(stopped.map(|error| error.to_string()))
        .map(|row| format!("{file}: {row}"))
        .collect()
}
