//! The store from outside: what goes in comes out, whatever happens between.
#![allow(missing_docs, clippy::disallowed_methods, clippy::disallowed_types)]

mod chain;
mod copies;
mod damage;
mod faults;
mod folder;
mod golden;
mod keeping;
mod live;
mod one_writer;
mod power;
mod random;
mod shim;
mod size;
mod trace;
mod workload;
