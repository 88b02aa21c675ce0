//! Every section and key of a catalogue: name, type, whether it is required, default, meaning.
//!
//! One table drives the check for unknown and missing keys, the JSON Schema for editors and the reference page. It
//! knows no values: scalar.rs and decode/ read them.

mod json;
mod page;
mod table;

pub use json::json_schema;
pub use page::reference_page;
pub(crate) use table::*;

/// The type of a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// A scalar of one of the texts of the format.
    Scalar(Text),
    /// One of these words.
    Words(&'static [&'static str]),
    /// The id of something, e.g. `team`.
    Ref(&'static str),
    /// A map with known keys.
    Object(&'static Section),
    /// A map whose keys a person chooses, e.g. labels.
    MapOf(&'static Shape),
    /// A list; a list of one may be written as the one value.
    List(&'static Shape),
    /// Any of these.
    AnyOf(&'static [Shape]),
}

/// The texts of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Text {
    Any,
    Id,
    Int,
    Bool,
    Percent,
    Multiple,
    Duration,
    Threshold,
    Rate,
    Window,
    Time,
    Date,
    Zone,
    Money,
    Price,
    Match,
    Condition,
    Target,
    Schedule,
    Claim,
    Url,
}

/// When a key must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// It may be absent.
    Optional,
    /// Always.
    Always,
    /// When the decoder says so; the text says when.
    When(&'static str),
}

/// A key of a section.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub name: &'static str,
    pub shape: Shape,
    pub need: Need,
    /// In words; empty if there is none.
    pub default: &'static str,
    pub meaning: &'static str,
}

/// A map with known keys.
#[derive(Debug)]
pub(crate) struct Section {
    /// `an SLO`, for messages.
    pub what: &'static str,
    pub keys: &'static [Key],
    /// Whether `labels`, `annotations`, `description`, `allow`, `formerly` are legal, too.
    pub object: bool,
    /// Exactly one of these keys must be there; empty means no such rule.
    pub one_of: &'static [&'static str],
}

/// A top-level section.
#[derive(Debug)]
pub(crate) struct Top {
    pub name: &'static str,
    pub shape: Shape,
    /// A map from ids to objects, or a single one.
    pub by_id: bool,
    pub meaning: &'static str,
    pub example: &'static str,
}

impl Section {
    /// The key with a name, the common ones included.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.all().find(|key| key.name == name)
    }

    /// All keys, the common ones last.
    pub fn all(&self) -> impl Iterator<Item = &'static Key> {
        let common: &'static [Key] = if self.object { COMMON } else { &[] };
        self.keys.iter().chain(common)
    }
}
