//! The list of customers, from CSV. Knows which column is what; a roster over HTTP is not read here.

use std::collections::BTreeMap;
use std::path::Path;

use attain_model::company::{Roster, RosterFrom};
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::file::files;
use crate::text::hex;

/// A customer, as the roster's row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// The customer's id; empty where the roster names no such column.
    pub customer: String,
    /// The segment, as written in the row.
    pub segment: String,
    /// Every column by its header.
    pub columns: BTreeMap<String, String>,
}

/// Customers, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Customers {
    rows: Vec<Customer>,
    roles: BTreeMap<String, String>,
}

impl Customers {
    /// Reads the roster's CSV relative to `base`. A roster over HTTP gives no customers.
    ///
    /// # Errors
    /// The file does not open or read, or lacks a column that the catalogue names.
    pub fn read(roster: &Roster, base: &Path) -> Result<Self, Error> {
        let RosterFrom::Csv(name) = &roster.from else {
            return Ok(Self::default());
        };
        let path = base.join(name);
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(files::open(&path)?.reader);
        let failed = |error: csv::Error| Error::Read {
            path: path.clone(),
            source: std::io::Error::other(error),
        };
        let header: Vec<String> = lossy(reader.byte_headers().map_err(failed)?);
        for role in ["customer", "segment"] {
            if let Some(column) = roster.columns.get(role)
                && !header.contains(column)
            {
                return Err(Error::Column {
                    path,
                    column: column.clone(),
                    role: if role == "customer" {
                        "customer"
                    } else {
                        "segment"
                    },
                    has: header,
                });
            }
        }
        let mut rows = Vec::new();
        let mut record = csv::ByteRecord::new();
        while reader.read_byte_record(&mut record).map_err(failed)? {
            let columns: BTreeMap<_, _> = header.iter().cloned().zip(lossy(&record)).collect();
            let of = |role: &str| {
                let column = roster.columns.get(role).map_or(role, String::as_str);
                columns.get(column).cloned().unwrap_or_default()
            };
            rows.push(Customer {
                customer: of("customer"),
                segment: of("segment"),
                columns,
            });
        }
        Ok(Self {
            rows,
            roles: roster.columns.clone(),
        })
    }

    /// The customers.
    #[must_use]
    pub fn rows(&self) -> &[Customer] {
        &self.rows
    }

    /// From the value of a request to the segment of its customer, by one column: a role of `roster.columns`, e.g.
    /// `key_sha256`, or a header. The first row with a value wins.
    pub(crate) fn index(&self, lookup: &str) -> Index {
        let column = self.roles.get(lookup).map_or(lookup, String::as_str);
        let hashed = lookup.contains("sha256") || column.contains("sha256");
        let mut segments = BTreeMap::new();
        for row in &self.rows {
            if let Some(value) = row.columns.get(column).filter(|value| !value.is_empty()) {
                let key = if hashed {
                    value.to_ascii_lowercase()
                } else {
                    value.clone()
                };
                segments.entry(key).or_insert_with(|| row.segment.clone());
            }
        }
        Index { segments, hashed }
    }
}

/// One column of the roster, to look values up in.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    segments: BTreeMap<String, String>,
    hashed: bool,
}

impl Index {
    /// Nobody can be found.
    pub(crate) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// The segment of the customer with this value.
    pub(crate) fn segment(&self, value: &str) -> Option<&str> {
        let found = if self.hashed {
            self.segments.get(&hex(&Sha256::digest(value)))
        } else {
            self.segments.get(value)
        };
        found.map(String::as_str)
    }
}

fn lossy(record: &csv::ByteRecord) -> Vec<String> {
    record
        .iter()
        .map(|field| {
            String::from_utf8_lossy(field)
                .trim_start_matches('\u{feff}')
                .to_owned()
        })
        .collect()
}
