//! The readers: what a source, a folder or a server shows. They ask and look, and judge nothing.

pub mod api;
pub mod folder;
mod http;
pub mod page;
pub mod server;
