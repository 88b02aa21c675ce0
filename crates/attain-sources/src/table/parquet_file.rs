//! A Parquet file: its columns by name, read row group by row group in batches of rows. Knows how files break; knows no
//! meaning of a column.
//!
//! Only the columns that are wanted are read, a page of each at a time. The reader of pages is another's code and meets
//! bytes that anybody may have written: whatever it does with them, a panic included, ends as an error with the row.

use std::fs::File;
use std::io::{BufRead, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use parquet::column::reader::{ColumnReader, get_column_reader};
use parquet::file::reader::{FileReader, SerializedFileReader};
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::file::files::flows;
use crate::file::identity::Identity;
use crate::first::sniff::not_understood;
use crate::table::parquet_column::Column;
use crate::text::hex;

/// Whether a file is Parquet, by its first bytes or its name.
pub(crate) fn is_parquet(path: &Path, reader: &mut dyn BufRead) -> bool {
    let is_named = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("parquet"));
    is_named || begins_as_parquet(reader)
}

fn begins_as_parquet(reader: &mut dyn BufRead) -> bool {
    matches!(reader.fill_buf(), Ok(bytes) if bytes.starts_with(b"PAR1"))
}

/// For a Parquet file of a source that reads none.
pub(crate) fn out_of_place(path: &Path) -> Error {
    let why = "this is a Parquet file, and its rows are read as events; give it to a csv source with `layout: events`";
    broken(path, None, why)
}

/// Corrects the identities of Parquet files among those of one source: all of their bytes tell, as two may well begin
/// alike (with the same dictionary), and none goes on what another began.
pub(crate) fn identify(paths: &[PathBuf], identities: &mut [Identity]) {
    for (index, path) in paths.iter().enumerate() {
        // What flows cannot be read twice.
        let Some(origin) = (!flows(path)).then(|| hash_of(path)).flatten() else {
            continue;
        };
        let mut before = identities[..index].iter();
        let same = before.position(|identity| identity.origin == origin);
        identities[index] = Identity {
            origin,
            same_as: same.map(|same| paths[same].clone()),
        };
    }
}

/// `None` for a file that is none; whether it can be read is told when it is.
fn hash_of(path: &Path) -> Option<String> {
    let mut reader = std::io::BufReader::with_capacity(1 << 16, File::open(path).ok()?);
    if !begins_as_parquet(&mut reader) {
        return None;
    }
    let mut hash = Sha256::new();
    loop {
        let used = {
            let bytes = reader.fill_buf().ok()?;
            hash.update(bytes);
            bytes.len()
        };
        if used == 0 {
            break;
        }
        reader.consume(used);
    }
    let mut text = hex(&hash.finalize());
    text.truncate(32);
    Some(format!("parquet-{text}"))
}

/// An open file and the columns that are wanted of it.
pub(crate) struct ParquetFile {
    path: PathBuf,
    reader: SerializedFileReader<File>,
    header: Vec<String>,
    pub(crate) columns: Vec<Column>,
    /// Rows of all row groups.
    pub(crate) rows: u64,
}

/// Rows that are read at once.
const BATCH_ROWS: usize = 8192;

/// What is done with a batch: its columns, its first row, and how many it has. `false` ends the reading.
type OnBatch<'b> = dyn FnMut(&[Column], u64, usize) -> Result<bool, Error> + 'b;

impl ParquetFile {
    /// # Errors
    /// It does not open, or its end does not say what is in it.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        if flows(path) {
            let why = "a Parquet file is read from its end, which standard input and pipes do not give; save it to a file first";
            return Err(broken(path, None, why));
        }
        let failed = |source| Error::Open {
            path: path.to_owned(),
            source,
        };
        let mut file = File::open(path).map_err(failed)?;
        let mut first = [0_u8; 4];
        let is_whole = file.read_exact(&mut first).is_ok();
        if !is_whole || first != *b"PAR1" {
            let why = "it does not begin as Parquet does; if it is compressed, unpack it (Parquet is compressed inside)";
            return Err(broken(path, None, why));
        }
        let reader = guarded(|| SerializedFileReader::new(file)).map_err(|why| {
            let why = format!("it begins as Parquet, but: {why}; get the whole file");
            broken(path, None, &why)
        })?;
        let schema = reader.metadata().file_metadata().schema_descr();
        let fields = schema.root_schema().get_fields();
        let header = fields.iter().map(|field| field.name().to_owned()).collect();
        let groups = reader.metadata().row_groups().iter();
        let rows = groups.map(|group| u64::try_from(group.num_rows()).unwrap_or(0));
        Ok(Self {
            path: path.to_owned(),
            header,
            columns: Vec::new(),
            rows: rows.fold(0, u64::saturating_add),
            reader,
        })
    }

    /// The names of its columns, nested ones by their outermost.
    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    /// Has a column read; gives its place in `columns`, or `None` if there is none of this name.
    ///
    /// # Errors
    /// It is nested, or of a type that is not read.
    pub(crate) fn want(&mut self, name: &str) -> Result<Option<usize>, Error> {
        if let Some(place) = self.columns.iter().position(|column| column.name == name) {
            return Ok(Some(place));
        }
        let schema = self.reader.metadata().file_metadata().schema_descr();
        let is_outermost = self.header.iter().any(|outer| outer == name);
        let flat = schema
            .columns()
            .iter()
            .position(|leaf| matches!(leaf.path().parts(), [only] if only == name));
        let is_inner = || {
            let mut leaves = schema.columns().iter();
            leaves.any(|leaf| leaf.path().parts().len() > 1 && leaf.path().string() == name)
        };
        let Some(leaf) = flat.filter(|leaf| schema.column(*leaf).max_rep_level() == 0) else {
            if is_outermost || is_inner() {
                let why = format!(
                    "column `{name}` is nested (a list, a map or a structure), and an event has one value of each name; \
                     write what is needed of it as a column of its own"
                );
                return Err(broken(&self.path, None, &why));
            }
            return Ok(None);
        };
        let column = Column::new(leaf, &schema.column(leaf)).map_err(|what| {
            let why = format!(
                "column `{name}` is {what}, which is not read; write it as a number or as text"
            );
            broken(&self.path, None, &why)
        })?;
        self.columns.push(column);
        Ok(Some(self.columns.len() - 1))
    }

    /// Has every column read that can be; gives their names.
    pub(crate) fn want_all(&mut self) -> Vec<String> {
        let mut names = self.header.clone();
        names.retain(|name| matches!(self.want(name), Ok(Some(_))));
        names
    }

    /// Reads the wanted columns from row `skip` on, and hands them over in batches.
    ///
    /// # Errors
    /// A page cannot be read, or `on_batch` fails.
    pub(crate) fn each_batch(
        &mut self,
        skip: u64,
        on_batch: &mut OnBatch<'_>,
    ) -> Result<(), Error> {
        let mut first = 0_u64;
        for group in 0..self.reader.num_row_groups() {
            let rows = self.reader.metadata().row_group(group).num_rows();
            let end = first.saturating_add(u64::try_from(rows).unwrap_or(0));
            if end <= skip {
                first = end;
                continue;
            }
            let mut readers =
                guarded(|| self.readers(group)).map_err(|why| self.broken_at(first, &why))?;
            while first < end {
                let wanted = usize::try_from(end - first).map_or(BATCH_ROWS, |n| n.min(BATCH_ROWS));
                let read = self
                    .read_batch(&mut readers, wanted)
                    .map_err(|why| self.broken_at(first, &why))?;
                if !on_batch(&self.columns, first, read)? {
                    return Ok(());
                }
                first += read as u64;
            }
        }
        Ok(())
    }

    fn readers(&self, group: usize) -> parquet::errors::Result<Vec<ColumnReader>> {
        let schema = self.reader.metadata().file_metadata().schema_descr();
        let group = self.reader.get_row_group(group)?;
        let reader = |column: &Column| {
            let pages = group.get_column_page_reader(column.leaf)?;
            Ok(get_column_reader(schema.column(column.leaf), pages))
        };
        self.columns.iter().map(reader).collect()
    }

    /// Reads so many rows of each column.
    fn read_batch(&mut self, readers: &mut [ColumnReader], wanted: usize) -> Result<usize, String> {
        for (column, reader) in self.columns.iter_mut().zip(readers) {
            let read = guarded(|| column.read(reader, wanted))
                .map_err(|why| format!("column `{}`: {why}", column.name))?;
            if read != wanted {
                return Err(format!("column `{}` ends before its rows do", column.name));
            }
        }
        Ok(wanted)
    }

    fn broken_at(&self, row: u64, why: &str) -> Error {
        let why = format!("cannot read on from this row: {why}; get the whole file again");
        broken(&self.path, Some(row), &why)
    }
}

/// Whatever another's code does, it ends here.
fn guarded<T>(run: impl FnOnce() -> parquet::errors::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("its bytes make no sense".to_owned()),
    }
}

fn broken(path: &Path, row: Option<u64>, why: &str) -> Error {
    let row = row.map_or(String::new(), |row| format!(":{}", row + 1));
    not_understood(Path::new(&format!("{}{row}", path.display())), why)
}
