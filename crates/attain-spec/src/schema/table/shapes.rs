//! What the sections are built from: the types that many keys share, and how a key and a section are written.

use super::common::{BAD_MINUTE_MAP, SECRET_MAP, WINDOW_MAP};
use crate::schema::Need::{Always, Optional, When};
use crate::schema::Shape::{AnyOf, List, MapOf, Object, Ref, Words};
use crate::schema::Text as T;
use crate::schema::{Key, Section, Shape, Text};

pub(super) const TEXT: Shape = Shape::Scalar(Text::Any);
pub(super) const ID: Shape = Shape::Scalar(Text::Id);
pub(super) const INT: Shape = Shape::Scalar(Text::Int);
pub(super) const BOOL: Shape = Shape::Scalar(Text::Bool);
pub(super) const PERCENT: Shape = Shape::Scalar(Text::Percent);
pub(super) const DURATION: Shape = Shape::Scalar(Text::Duration);
pub(super) const URL: Shape = Shape::Scalar(Text::Url);
pub(super) const TEXTS: Shape = List(&TEXT);
pub(super) const LABELS: Shape = MapOf(&TEXT);
pub(super) const MATCH: Shape = List(&Shape::Scalar(T::Match));
pub(super) const MATCHES: Shape = MapOf(&MATCH);
pub(super) const TARGET: Shape = Shape::Scalar(T::Target);
pub(super) const TARGETS: Shape = MapOf(&AnyOf(&[TARGET, MapOf(&TARGET)]));
pub(super) const PRICE: Shape = Shape::Scalar(T::Price);
pub(super) const WINDOW: Shape = AnyOf(&[Shape::Scalar(T::Window), Object(&WINDOW_MAP)]);
pub(super) const SECRET: Shape = Object(&SECRET_MAP);
pub(super) const SOURCES: Shape = List(&Ref("source"));
pub(super) const UNIT: Shape = Words(&["s", "ms", "us", "ns", "bytes", "percent"]);
pub(super) const BAD_MINUTE: Shape = Object(&BAD_MINUTE_MAP);

pub(super) const fn key(name: &'static str, shape: Shape, meaning: &'static str) -> Key {
    Key {
        name,
        shape,
        need: Optional,
        default: "",
        meaning,
    }
}

impl Key {
    pub(super) const fn required(self) -> Self {
        Self {
            need: Always,
            ..self
        }
    }

    pub(super) const fn when(self, when: &'static str) -> Self {
        Self {
            need: When(when),
            ..self
        }
    }

    pub(super) const fn or(self, default: &'static str) -> Self {
        Self { default, ..self }
    }
}

/// A small map inside an object.
pub(super) const fn part(what: &'static str, keys: &'static [Key]) -> Section {
    Section {
        what,
        keys,
        object: false,
        one_of: &[],
    }
}

/// An object that may carry labels, notes and exceptions.
pub(super) const fn object(what: &'static str, keys: &'static [Key]) -> Section {
    Section {
        what,
        keys,
        object: true,
        one_of: &[],
    }
}

impl Section {
    pub(super) const fn one_of(self, one_of: &'static [&'static str]) -> Self {
        Self { one_of, ..self }
    }
}
