//! What a server is told when it starts, and how large things may get.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use attain_spec::Input;
use attain_store::Done;

pub use crate::clock::Wall;

/// Reads the files of the catalogue as they are now; an error says why they cannot be read.
pub type ReadCatalogue = dyn Fn() -> Result<Written, String> + Send + Sync;

/// A catalogue as it is written.
#[derive(Debug, Clone)]
pub struct Written {
    /// Its files.
    pub inputs: Vec<Input>,
    /// What file names in it are relative to.
    pub base: PathBuf,
    /// The same for the record, with a hash: [`Done::catalogue`].
    pub done: Done,
    /// The catalogue's name where it does not name itself.
    pub name: Option<String>,
}

/// What a server is told.
#[derive(Clone)]
pub struct Config {
    /// The catalogue.
    pub catalogue: Arc<ReadCatalogue>,
    /// The data folder; made if it is not there.
    pub data: PathBuf,
    /// Where to listen; port 0 is any free one.
    pub listen: SocketAddr,
    /// Whoever shows no token may read, though others than this machine reach the port.
    pub anonymous: bool,
    /// The machine's clock; it is not always believed.
    pub wall: Arc<Wall>,
    /// How large things may get.
    pub limits: Limits,
}

/// How large things may get, and how long they may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of one request as it is sent.
    pub body_bytes: usize,
    /// Bytes of one request once it is unpacked.
    pub unpacked_bytes: usize,
    /// Bytes of all requests that are read, decoded or wait to be kept, each counted packed and unpacked.
    pub waiting_bytes: usize,
    /// Requests that wait to be kept.
    pub waiting: usize,
    /// Connections at once.
    pub connections: usize,
    /// Who may listen to events at once.
    pub listeners: usize,
    /// How often somebody who listens hears at least something.
    pub heartbeat: Duration,
    /// How long a connection may take to send the head of its first request.
    pub head: Duration,
    /// How long the head of a later request, any body, and whoever reads an answer may take.
    pub arrival: Duration,
    /// How often the catalogue's files are looked at.
    pub look: Duration,
    /// How often frames become pages.
    pub seal: Duration,
    /// Frames become pages earlier if they hold so many bytes.
    pub seal_bytes: u64,
    /// How long a stop waits for requests under way.
    pub drain: Duration,
    /// Series of `attain_*` on the metrics page.
    pub shown_series: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 16 << 20,
            unpacked_bytes: 32 << 20,
            waiting_bytes: 128 << 20,
            waiting: 256,
            connections: 1024,
            listeners: 64,
            heartbeat: Duration::from_secs(15),
            head: Duration::from_secs(5),
            arrival: Duration::from_secs(30),
            look: Duration::from_secs(2),
            seal: Duration::from_secs(300),
            seal_bytes: 64 << 20,
            drain: Duration::from_secs(10),
            shown_series: 10_000,
        }
    }
}
