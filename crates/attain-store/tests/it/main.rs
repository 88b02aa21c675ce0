//! The store from outside: what goes in comes out, whatever happens between.
#![allow(missing_docs, clippy::disallowed_methods, clippy::disallowed_types)]

mod copies;
mod damage;
mod folder;
mod keeping;
mod one_writer;
mod random;
mod size;
