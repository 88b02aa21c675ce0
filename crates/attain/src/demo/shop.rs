//! The demo's shop: six services in threads that call each other over HTTP, count what they do, and fail when told to.
//!
//! Knows what a service does with a request. Who sends requests is traffic.rs', when something fails story.rs'; how counts
//! get to attain is counters.rs'.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use super::counters::Counters;
use super::http::{self, Link, Request};

/// The segments of requests, in the order of their ranks; the last is nobody's.
pub const SEGMENTS: [&str; 4] = ["premium", "standard", "free", ""];

/// A service: what it does, and what it rests on.
pub struct Service {
    /// As the catalogue calls it.
    pub name: &'static str,
    path: &'static str,
    /// How long its own work takes, in milliseconds: at least, and by how much more at most.
    works_ms: (u64, u64),
    /// Of a million requests so many fail by its own fault on any day.
    pub fails_ppm: u64,
    /// Whom it calls, by place, and whether it works without.
    pub rests_on: &'static [(usize, Need)],
    /// The bucket of [`super::counters::EDGES`] that most of its requests fall into.
    pub usual_bucket: u16,
}

/// Whether a caller works without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It fails.
    Must,
    /// It goes on.
    May,
}

/// Whoever is called stands before its callers; the last one is the shop's door.
pub const SERVICES: [Service; 6] = [
    service("payments-db", "/query", (4, 6), 300, &[], 0),
    service("recommendations", "/for-you", (3, 5), 2000, &[], 0),
    service("auth", "/session", (2, 4), 100, &[], 0),
    service("payments", "/charge", (3, 4), 200, &[(0, Need::Must)], 0),
    service(
        "checkout",
        "/checkout",
        (3, 4),
        200,
        &[(2, Need::Must), (3, Need::Must), (1, Need::May)],
        1,
    ),
    service("storefront", "/pay", (4, 4), 100, &[(4, Need::Must)], 1),
];

const fn service(
    name: &'static str,
    path: &'static str,
    works_ms: (u64, u64),
    fails_ppm: u64,
    rests_on: &'static [(usize, Need)],
    usual_bucket: u16,
) -> Service {
    Service {
        name,
        path,
        works_ms,
        fails_ppm,
        rests_on,
        usual_bucket,
    }
}

/// What is wrong with the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The connections that payments-db keeps for premium are gone: seven of ten queries fail at once.
    PaymentsDb,
    /// Recommendations fail for everybody, nine of ten, and checkout goes on without.
    Recommendations,
    /// Auth is slow for standard.
    Auth,
}

const FAULTS: [Fault; 4] = [
    Fault::None,
    Fault::PaymentsDb,
    Fault::Recommendations,
    Fault::Auth,
];

impl Fault {
    /// Of a million requests of a segment so many more fail in a service.
    fn fails_ppm(self, service: &str, segment: &str) -> u64 {
        match (self, service, segment) {
            (Self::PaymentsDb, "payments-db", "premium") => 700_000,
            (Self::Recommendations, "recommendations", _) => 900_000,
            _ => 0,
        }
    }

    /// So much longer a service takes.
    fn adds(self, service: &str, segment: &str) -> Duration {
        match (self, service, segment) {
            (Self::Auth, "auth", "standard") => Duration::from_millis(300),
            _ => Duration::ZERO,
        }
    }
}

/// The shop, open.
pub struct Shop {
    /// What all services counted.
    pub counters: Arc<Counters>,
    fault: Arc<AtomicU8>,
    door: Link,
}

impl Shop {
    /// Starts all services; time goes by so many times as fast in them.
    pub fn open(speed: u32) -> io::Result<Self> {
        let counters = Arc::new(Counters::new());
        let fault = Arc::new(AtomicU8::new(0));
        let mut addresses = Vec::new();
        for (place, service) in SERVICES.iter().enumerate() {
            let link =
                |&(on, need): &(usize, Need)| (Link::new(addresses[on], SERVICES[on].path), need);
            let desk = Desk {
                place,
                links: service.rests_on.iter().map(link).collect(),
                counters: Arc::clone(&counters),
                fault: Arc::clone(&fault),
                speed,
            };
            let answer = move |request: &Request| desk.answer(request);
            addresses.push(http::serve(service.name, Arc::new(answer))?);
        }
        let (door, last) = (addresses[SERVICES.len() - 1], &SERVICES[SERVICES.len() - 1]);
        Ok(Self {
            counters,
            fault,
            door: Link::new(door, last.path),
        })
    }

    /// A customer pays; the status that is seen.
    pub fn pay(&self, request: &Request) -> u16 {
        self.door.call(request)
    }

    /// From now on this is wrong.
    pub fn set(&self, fault: Fault) {
        let number = FAULTS.iter().position(|other| *other == fault);
        self.fault
            .store(number.unwrap_or(0) as u8, Ordering::Relaxed);
    }
}

/// Where a service works.
struct Desk {
    place: usize,
    links: Vec<(Link, Need)>,
    counters: Arc<Counters>,
    fault: Arc<AtomicU8>,
    speed: u32,
}

impl Desk {
    fn answer(&self, request: &Request) -> u16 {
        let begun = Instant::now();
        let status = if self.works(request) { 200 } else { 503 };
        let segment = SEGMENTS.iter().position(|name| *name == request.segment);
        let segment = segment.unwrap_or(SEGMENTS.len() - 1);
        let took = begun.elapsed() * self.speed;
        self.counters.count(self.place, segment, status, took);
        status
    }

    fn works(&self, request: &Request) -> bool {
        let service = &SERVICES[self.place];
        let fault = FAULTS[usize::from(self.fault.load(Ordering::Relaxed)) % FAULTS.len()];
        let luck = luck(request.number, self.place);
        let (least, more) = service.works_ms;
        let work = Duration::from_millis(least + luck % (more + 1))
            + fault.adds(service.name, &request.segment);
        std::thread::sleep(work / self.speed);
        let ppm = service.fails_ppm + fault.fails_ppm(service.name, &request.segment);
        if (luck >> 20) % 1_000_000 < ppm {
            return false;
        }
        let called = self.links.iter();
        called
            .map(|(link, need)| (link.call(request) < 500, need))
            .all(|(is_done, need)| is_done || *need == Need::May)
    }
}

/// What happens to a request in a service: the same in every run.
fn luck(number: u64, place: usize) -> u64 {
    let mut mixed = (number << 3 | place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(shop: &Shop, segment: &str) -> usize {
        let pays = |number| {
            shop.pay(&Request {
                segment: segment.to_owned(),
                number,
            })
        };
        (1..=40).filter(|number| pays(*number) >= 500).count()
    }

    #[test]
    fn a_fault_hurts_whom_it_shall_and_is_counted_on_its_way() {
        let shop = Shop::open(100).unwrap();
        assert_eq!(failing(&shop, "premium"), 0);
        shop.set(Fault::PaymentsDb);
        let (premium, free) = (failing(&shop, "premium"), failing(&shop, "free"));
        assert!(premium > 20 && free == 0, "{premium} {free}");
        for service in ["payments-db", "payments", "checkout", "storefront"] {
            assert_eq!(shop.counters.failed(service, "premium"), premium as u64);
        }
        assert_eq!(shop.counters.failed("auth", "premium"), 0);
        shop.set(Fault::Recommendations);
        assert_eq!(failing(&shop, "standard"), 0);
        assert!(shop.counters.failed("recommendations", "standard") > 10);
    }
}
