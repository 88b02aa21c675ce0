//! The store from outside: what goes in comes out, whatever happens between.
#![allow(missing_docs, clippy::disallowed_methods, clippy::disallowed_types)]

mod folder;
mod keeping;
mod random;
