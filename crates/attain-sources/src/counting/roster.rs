//! The list of customers, from CSV. Knows which column is what; a roster over HTTP is not read here.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use attain_model::Catalogue;
use attain_model::company::{Roster, RosterFrom};
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::file::files;
use crate::text::hex;

/// Segments that are named; more are counted.
const NAMED: usize = 5;

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

    /// What a person should know of the rows: customers of two segments, and segments that are none of the catalogue's. What
    /// customers are known by may be secret, and is not told.
    #[must_use]
    pub fn doubts(&self, catalogue: &Catalogue) -> Vec<String> {
        let rules = catalogue.edge.iter().flat_map(|edge| &edge.identify);
        let mut looked_up: BTreeSet<&str> =
            rules.filter_map(|rule| rule.lookup.as_deref()).collect();
        let mut sources = catalogue.sources.values();
        if sources.any(|source| source.labels.customer.is_some()) {
            looked_up.insert("customer");
        }
        let twice = looked_up
            .into_iter()
            .filter_map(|lookup| self.twice(lookup));
        let mut doubts: Vec<String> = twice.collect();
        let segments = catalogue.segments.values();
        let claimed: BTreeSet<&String> = segments.flat_map(|segment| &segment.matches).collect();
        let mut lost: BTreeMap<&str, u64> = BTreeMap::new();
        for row in &self.rows {
            if !claimed.contains(&row.segment) {
                *lost.entry(&row.segment).or_default() += 1;
            }
        }
        let mut lost: Vec<(&str, u64)> = lost.into_iter().collect();
        lost.sort_by_key(|(name, rows)| (Reverse(*rows), *name));
        if !lost.is_empty() {
            let more = lost.len().saturating_sub(NAMED);
            let named = lost.iter().take(NAMED);
            let named: Vec<String> = named
                .map(|(name, rows)| format!("`{name}` ({rows})"))
                .collect();
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            doubts.push(format!(
                "no segment claims what rows of the roster say: {}{more}; their requests are counted as unknown, add it to `match:` of \
                 a segment",
                named.join(", ")
            ));
        }
        doubts
    }

    /// The first rows in which one value of a column has two segments.
    fn twice(&self, lookup: &str) -> Option<String> {
        let column = self.roles.get(lookup).map_or(lookup, String::as_str);
        let mut known: BTreeMap<&String, (usize, &String)> = BTreeMap::new();
        let (mut first, mut rows) = (None, 0_u64);
        // The header is the first row of the file.
        for (at, row) in (2..).zip(&self.rows) {
            let Some(value) = row.columns.get(column).filter(|value| !value.is_empty()) else {
                continue;
            };
            let (before, segment) = *known.entry(value).or_insert((at, &row.segment));
            if *segment != row.segment {
                rows += 1;
                first.get_or_insert((before, segment, at, &row.segment));
            }
        }
        let (before, segment, at, other) = first?;
        let more = if rows > 1 {
            format!(" and {} more", rows - 1)
        } else {
            String::new()
        };
        Some(format!(
            "the roster gives one `{column}` two segments: `{segment}` in row {before}, `{other}` in row {at}{more}; the first row counts"
        ))
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
