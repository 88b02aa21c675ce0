//! What every object may carry: labels, annotations, words, exceptions from lints, earlier names.

use std::collections::BTreeMap;

use jiff::civil::Date;

/// Legal on every object of a catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meta {
    /// Short texts to select by.
    pub labels: BTreeMap<String, String>,
    /// Texts that attain carries and does not read.
    pub annotations: BTreeMap<String, String>,
    /// For people.
    pub description: Option<String>,
    /// Lints that do not apply here, by rule name.
    pub allow: BTreeMap<String, Allow>,
    /// Earlier ids; history follows.
    pub formerly: Vec<String>,
}

/// An exception from a lint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// Why; never empty.
    pub reason: String,
    /// The last day on which it holds, if it ends.
    pub until: Option<Date>,
}
