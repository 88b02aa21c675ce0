//! Customers of the demo's shop: so many requests a second of each segment, evenly, the same in every run.
//!
//! Knows who comes when. What the shop does with a request is shop.rs'.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::http::Request;
use super::shop::{SEGMENTS, Shop};

/// Requests a second, by segment.
pub const PER_SECOND: [u64; SEGMENTS.len()] = [10, 18, 30, 3];
/// Customers at once at most; whoever finds all of them busy waits.
const AT_ONCE: usize = 24;
const STACK_BYTES: usize = 256 << 10;

/// Sends requests to a shop.
pub struct Traffic {
    requests: Sender<Request>,
    done: Receiver<()>,
    under_way: usize,
    /// Milliseconds of requests, by segment, that no whole request came of yet.
    owed: [u64; SEGMENTS.len()],
    number: u64,
}

impl Traffic {
    /// Customers of this shop; they come when [`Traffic::go_on`] is called.
    pub fn to(shop: &Arc<Shop>) -> std::io::Result<Self> {
        let (requests, asked) = channel();
        let (finished, done) = channel();
        let asked = Arc::new(Mutex::new(asked));
        for _ in 0..AT_ONCE {
            let (shop, asked, finished) = (Arc::clone(shop), Arc::clone(&asked), finished.clone());
            std::thread::Builder::new()
                .name("customer".to_owned())
                .stack_size(STACK_BYTES)
                .spawn(move || {
                    while let Some(request) = next(&asked) {
                        shop.pay(&request);
                        if finished.send(()).is_err() {
                            return;
                        }
                    }
                })?;
        }
        Ok(Self {
            requests,
            done,
            under_way: 0,
            owed: [0; SEGMENTS.len()],
            number: 0,
        })
    }

    /// Time goes on; whoever comes meanwhile is sent.
    pub fn go_on(&mut self, milliseconds: u64) {
        for (segment, name) in SEGMENTS.iter().enumerate() {
            self.owed[segment] += PER_SECOND[segment] * milliseconds;
            while self.owed[segment] >= 1000 {
                self.owed[segment] -= 1000;
                self.number += 1;
                let request = Request {
                    segment: (*name).to_owned(),
                    number: self.number,
                };
                self.under_way += usize::from(self.requests.send(request).is_ok());
            }
        }
        while self.done.try_recv().is_ok() {
            self.under_way -= 1;
        }
    }

    /// Waits until everybody who came has been served.
    pub fn wait(&mut self) {
        while self.under_way > 0 && self.done.recv().is_ok() {
            self.under_way -= 1;
        }
    }
}

fn next(asked: &Mutex<Receiver<Request>>) -> Option<Request> {
    asked
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .recv()
        .ok()
}
