//! A server in this process, on loopback, asked as senders and people ask it.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests start servers and write files"
)]

mod api;
mod asking;
mod blaming;
mod client;
mod counted;
mod crowding;
mod fitting;
mod following;
mod judging;
mod metrics;
mod otlp;
mod pages;
mod pulled;
mod receiving;
mod reloading;
mod shop;
mod walked;
