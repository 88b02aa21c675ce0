//! Checks that need a real program of somebody else's: what they are called, and how they come out.
//!
//! Each starts its programs on loopback with folders and ports of its own, waits a bounded time, and ends what it started.
//! A program that cannot be had is a skip with the reason, never a pass.

mod attain;
pub mod browser;
mod history;
pub mod http;
pub mod install;
mod live;
mod node;
mod opentelemetry;
pub mod process;
mod pulled;
mod schemathesis;
mod shop;

use std::path::Path;

use crate::record;

/// A check against a real program: its name, and the check, which says what it found, skips or fails.
pub struct Peer {
    pub name: &'static str,
    run: fn() -> Outcome,
}

/// How a check came out.
pub enum Outcome {
    Passed(String),
    Failed(String),
    /// The program is not there.
    Skipped(String),
}

/// All of them.
pub const PEERS: [Peer; 8] = [
    Peer {
        name: "record-shop-nginx",
        run: record_shop,
    },
    Peer {
        name: "prometheus-pull",
        run: pulled::check,
    },
    Peer {
        name: "prometheus-live",
        run: live::prometheus,
    },
    Peer {
        name: "victoriametrics-live",
        run: live::victoriametrics,
    },
    Peer {
        name: "opentelemetry-python",
        run: opentelemetry::check,
    },
    Peer {
        name: "node-exporter",
        run: node::check,
    },
    Peer {
        name: "schemathesis",
        run: schemathesis::check,
    },
    Peer {
        name: "chromium",
        run: browser::check,
    },
];

/// Runs the checks whose names contain `named`, in order of the list. The first is alone, as it looks at latencies; the
/// others wait for minutes to pass most of the time, so they run beside one another.
pub fn run(named: Option<&str>) -> Vec<(&'static str, Outcome)> {
    let chosen = |peer: &&Peer| named.is_none_or(|name| peer.name.contains(name));
    let (alone, beside): (Vec<&Peer>, Vec<&Peer>) = PEERS
        .iter()
        .filter(chosen)
        .partition(|peer| peer.name == "record-shop-nginx");
    let mut outcomes: Vec<(&str, Outcome)> = Vec::new();
    outcomes.extend(alone.iter().map(|peer| (peer.name, (peer.run)())));
    std::thread::scope(|scope| {
        let running: Vec<_> = beside
            .iter()
            .map(|peer| (peer.name, scope.spawn(peer.run)))
            .collect();
        for (name, thread) in running {
            let outcome = thread
                .join()
                .unwrap_or_else(|_| Outcome::Failed("the check itself panicked".into()));
            outcomes.push((name, outcome));
        }
    });
    outcomes
}

/// What a check ends with: words if it agrees.
type Checked = Result<String, Outcome>;

impl Outcome {
    fn of(checked: Checked) -> Self {
        checked.map_or_else(|outcome| outcome, Outcome::Passed)
    }

    fn failed(why: impl std::fmt::Display) -> Self {
        Outcome::Failed(why.to_string())
    }
}

fn record_shop() -> Outcome {
    let program = match record::find_or_install_nginx() {
        Ok(program) => program,
        Err(reason) => return Outcome::Skipped(reason),
    };
    match record::check(Path::new(&program)) {
        Ok(says) => Outcome::Passed(says),
        Err(says) => Outcome::Failed(says),
    }
}
