//! Evaluations and diagnostics as tables, text, JSON: one visual language.
//!
//! Everything here is a printer: values in, text out. Knows no terminal (the caller says how wide it is and whether it
//! shows colours), no files, no clock. It computes nothing that decides: it rounds, aligns, orders and explains.
//!
//! - [`status`]: the verdict table that a person on call reads; [`status_json`]: the same for programs.
//! - [`burndown`]: the budget of one series over its window, drawn.
//! - [`cascade`]: what a promise rests on, as a tree, as a drawing and for programs.
//! - [`report`]: one page that people forward, as HTML, Markdown and JSON; [`html`]: what pages are made of.
//! - [`pages`]: the pages of a server.
//! - [`resources`]: the other answers of a server: the list of SLOs, segments, the catalogue.
//! - [`statement`]: what was promised and kept in a past period, as a document with a hash, and in words.
//! - [`attribution`]: who spent a customer's budget.
//! - [`discover`]: who calls whom, and is it what is declared?
//! - [`warnings`]: what breaks inside before a customer feels it.
//! - [`why`]: who spent the budget.
//! - [`diagnostics`]: what is wrong with a catalogue, with the line and a caret; [`json`], [`sarif`], [`github`] and
//!   [`junit`]: the same for programs.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod attribution;
pub mod burndown;
pub mod cascade;
pub mod diagnostics;
pub mod discover;
pub mod github;
pub mod html;
pub mod json;
pub mod junit;
mod look;
pub mod number;
pub mod pages;
pub mod report;
pub mod resources;
pub mod sarif;
pub mod statement;
pub mod status;
pub mod status_json;
pub mod table;
pub mod warnings;
pub mod why;

pub use look::{Look, Tone, visible, wrap};
