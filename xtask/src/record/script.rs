//! The scripted day of the recorded shop: who asks for what when, and what goes wrong.
//!
//! Knows nothing about sockets or nginx. Everything here follows from the seed, so the same seed
//! plays the same day; only what nginx measures (durations to the millisecond) differs.

use crate::random::{draw, log_normal, unit};

/// The scripted date as the combined log format writes it. A Monday; all instants are UTC.
pub const DATE: &str = "02/Nov/2026";
/// Seconds in the scripted day.
pub const DAY_SECONDS: u32 = 86_400;

/// A tier a customer may have bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    Premium,
    Standard,
    Free,
}

/// What a tier is called, what share of the requests it sends, and how fast it is served when all is well.
struct TierPlan {
    tier: Tier,
    name: &'static str,
    fee: &'static str,
    customers: u64,
    share: f64,
    /// Median in milliseconds and spread of the log-normal that the upstream's work is drawn from.
    latency: (f64, f64),
}

const TIERS: [TierPlan; 3] = [
    TierPlan {
        tier: Tier::Premium,
        name: "premium",
        fee: "5000 USD/month",
        customers: 4,
        share: 0.025,
        latency: (40.0, 0.40),
    },
    TierPlan {
        tier: Tier::Standard,
        name: "standard",
        fee: "500 USD/month",
        customers: 10,
        share: 0.375,
        latency: (60.0, 0.50),
    },
    TierPlan {
        tier: Tier::Free,
        name: "free",
        fee: "0 USD/month",
        customers: 30,
        share: 0.60,
        latency: (80.0, 0.60),
    },
];

impl Tier {
    pub fn name(self) -> &'static str {
        TIERS
            .iter()
            .find(|plan| plan.tier == self)
            .map_or("", |plan| plan.name)
    }
}

/// A customer and the API key it sends. The key itself goes into the log, only its hash into the roster.
pub struct Customer {
    pub account: String,
    pub tier: Tier,
    pub fee: &'static str,
    pub key: String,
    /// Its share of its tier's requests.
    weight: f64,
}

/// One request of the day.
#[derive(Clone, Copy)]
pub struct Request {
    /// Drives every draw about this request.
    pub id: u64,
    /// Scripted milliseconds since midnight.
    pub at_ms: u32,
    pub path: usize,
    pub sender: Sender,
}

impl Request {
    pub fn is_checkout(&self) -> bool {
        self.path == CHECKOUT
    }
}

/// Who sends a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// By index into the customers.
    Customer(usize),
    /// The shop's own probe: it proves that the log is being written.
    Probe,
    /// A key that no customer has (any more).
    RevokedKey,
    /// No key at all.
    Nobody,
}

/// What is asked for: method, path, share of requests, response sizes in bytes, factor on the tier's latency.
pub struct Path {
    pub method: &'static str,
    pub path: &'static str,
    share: f64,
    sizes: [usize; 3],
    work: f64,
}

pub const PATHS: [Path; 5] = [
    Path {
        method: "POST",
        path: "/checkout",
        share: 0.60,
        sizes: [512, 640, 768],
        work: 1.0,
    },
    Path {
        method: "POST",
        path: "/payments/charge",
        share: 0.15,
        sizes: [180, 196, 212],
        work: 0.45,
    },
    Path {
        method: "POST",
        path: "/login",
        share: 0.15,
        sizes: [320, 320, 336],
        work: 0.4,
    },
    Path {
        method: "GET",
        path: "/recommend",
        share: 0.10,
        sizes: [2048, 4096, 6144],
        work: 1.2,
    },
    // Only the probe asks for it.
    Path {
        method: "GET",
        path: "/healthz",
        share: 0.0,
        sizes: [2, 2, 2],
        work: 0.05,
    },
];
const CHECKOUT: usize = 0;
const CHARGE: usize = 1;
const LOGIN: usize = 2;
const RECOMMEND: usize = 3;
const HEALTH: usize = 4;

/// What a fault does to a request that it meets.
#[derive(Clone, Copy)]
enum Effect {
    /// This share of requests gets this status, after waiting this many milliseconds.
    Fails {
        share: f64,
        status: u16,
        after_ms: u64,
    },
    /// The work takes this many milliseconds longer.
    Slower { ms: u64 },
    /// The upstream closes the connection without a word; nginx says 502.
    HangsUp,
}

struct Fault {
    /// Scripted seconds since midnight; `until` is not in it.
    from: u32,
    until: u32,
    tier: Option<Tier>,
    paths: &'static [usize],
    effect: Effect,
    says: &'static str,
}

const EVERYWHERE: &[usize] = &[CHECKOUT, CHARGE, LOGIN, RECOMMEND, HEALTH];

const FAULTS: [Fault; 6] = [
    Fault {
        from: clock(9, 40, 0),
        until: clock(10, 5, 0),
        tier: Some(Tier::Premium),
        paths: &[CHECKOUT, CHARGE],
        effect: Effect::Fails {
            share: 0.30,
            status: 503,
            after_ms: 150,
        },
        says: "premium's own connection pool is exhausted: 30 % get 503 after 150 ms",
    },
    Fault {
        from: clock(14, 0, 0),
        until: clock(14, 30, 0),
        tier: None,
        paths: &[CHECKOUT],
        effect: Effect::Slower { ms: 250 },
        says: "the database is slow: 250 ms more",
    },
    Fault {
        from: clock(14, 0, 0),
        until: clock(14, 30, 0),
        tier: None,
        paths: &[CHARGE],
        effect: Effect::Slower { ms: 180 },
        says: "the same slow database: 180 ms more",
    },
    Fault {
        from: clock(16, 40, 0),
        until: clock(16, 40, 30),
        tier: None,
        paths: EVERYWHERE,
        effect: Effect::HangsUp,
        says: "the upstream is gone: it hangs up, nginx answers 502",
    },
    Fault {
        from: clock(22, 0, 0),
        until: clock(22, 20, 0),
        tier: Some(Tier::Free),
        paths: &[RECOMMEND],
        effect: Effect::Fails {
            share: 0.40,
            status: 500,
            after_ms: 5,
        },
        says: "a bad deploy, first to the free tier: 40 % get 500",
    },
    Fault {
        from: clock(22, 0, 0),
        until: clock(22, 20, 0),
        tier: Some(Tier::Free),
        paths: &[CHECKOUT],
        effect: Effect::Fails {
            share: 0.015,
            status: 500,
            after_ms: 5,
        },
        says: "the same deploy: 1.5 % get 500",
    },
];

/// What the upstream does with one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    Respond {
        status: u16,
        after_ms: u64,
        bytes: usize,
    },
    HangUp,
}

/// The customers of the day, premium first. Inside a tier, some are much larger than others (Zipf).
pub fn customers(seed: u64) -> Vec<Customer> {
    let mut all = Vec::new();
    for plan in &TIERS {
        let total: f64 = (1..=plan.customers).map(|rank| 1.0 / rank as f64).sum();
        for rank in 1..=plan.customers {
            let id = all.len() as u64;
            all.push(Customer {
                account: format!("acc-{}", 1001 + id),
                tier: plan.tier,
                fee: plan.fee,
                key: format!("pk_{}_{:012x}", plan.name, draw(seed, id, 90) >> 16),
                weight: plan.share / rank as f64 / total,
            });
        }
    }
    all
}

/// The requests of the day in order of time: `count` from customers along a day-and-night curve, and
/// one from the probe each minute.
pub fn requests(seed: u64, count: u32, customers: &[Customer]) -> Vec<Request> {
    let minutes = DAY_SECONDS / 60;
    let total: f64 = (0..minutes).map(busy).sum();
    let mut all = Vec::new();
    let mut due = 0.0;
    for minute in 0..minutes {
        due += f64::from(count) * busy(minute) / total;
        while (all.len() as f64) < due.round() {
            all.push(request(seed, all.len() as u64, minute, customers));
        }
    }
    for minute in 0..minutes {
        let id = u64::from(count) + u64::from(minute);
        all.push(Request {
            id,
            at_ms: minute * 60_000 + 30_000,
            path: HEALTH,
            sender: Sender::Probe,
        });
    }
    all.sort_by_key(|request| (request.at_ms, request.id));
    all
}

/// How busy a minute of the day is, relative to the others: quiet nights, a peak before noon and one in the evening.
fn busy(minute: u32) -> f64 {
    let hour = f64::from(minute) / 60.0;
    let hump = |at: f64, width: f64| (-((hour - at) / width).powi(2)).exp();
    0.25 + hump(11.0, 3.0) + 0.8 * hump(19.5, 2.5)
}

fn request(seed: u64, id: u64, minute: u32, customers: &[Customer]) -> Request {
    let at_ms = minute * 60_000 + (draw(seed, id, 1) % 60_000) as u32;
    let path = pick(unit(seed, id, 2), PATHS.iter().map(|path| path.share));
    let sender = match unit(seed, id, 3) {
        draw if draw < 0.002 => Sender::Nobody,
        draw if draw < 0.003 => Sender::RevokedKey,
        _ => Sender::Customer(pick(
            unit(seed, id, 4),
            customers.iter().map(|customer| customer.weight),
        )),
    };
    Request {
        id,
        at_ms,
        path,
        sender,
    }
}

/// The index of the share that `draw` in 0..1 falls into; the last one if the shares sum to less.
fn pick(draw: f64, shares: impl ExactSizeIterator<Item = f64>) -> usize {
    let last = shares.len() - 1;
    let mut sum = 0.0;
    for (index, share) in shares.enumerate() {
        sum += share;
        if draw < sum {
            return index;
        }
    }
    last
}

/// What the upstream does with request `id` of a tier for a path at a scripted second. An unknown sender
/// is served as free.
pub fn answer(seed: u64, id: u64, second: u32, tier: Tier, path: usize) -> Answer {
    let plan = TIERS
        .iter()
        .find(|plan| plan.tier == tier)
        .unwrap_or(&TIERS[2]);
    let (median, sigma) = plan.latency;
    let mut after_ms =
        log_normal(median * PATHS[path].work, sigma, seed, id, 10).min(2_000.0) as u64;
    let mut status = if unit(seed, id, 12) < 0.000_05 {
        500
    } else if path == LOGIN && unit(seed, id, 13) < 0.03 {
        401
    } else {
        200
    };
    for fault in FAULTS
        .iter()
        .filter(|fault| fault.meets(second, tier, path))
    {
        match fault.effect {
            Effect::HangsUp => return Answer::HangUp,
            Effect::Slower { ms } => after_ms += ms,
            Effect::Fails {
                share,
                status: failed,
                after_ms: waited,
            } => {
                if unit(seed, id, 14) < share {
                    (status, after_ms) = (failed, waited);
                }
            }
        }
    }
    let bytes = if status == 200 {
        PATHS[path].sizes[(draw(seed, id, 15) % 3) as usize]
    } else {
        24
    };
    Answer::Respond {
        status,
        after_ms,
        bytes,
    }
}

impl Fault {
    fn meets(&self, second: u32, tier: Tier, path: usize) -> bool {
        (self.from..self.until).contains(&second)
            && self.tier.is_none_or(|only| only == tier)
            && self.paths.contains(&path)
    }
}

/// `02/Nov/2026:09:40:07 +0000`.
pub fn time_stamp(second: u32) -> String {
    format!("{DATE}:{} +0000", time_of_day(second))
}

fn time_of_day(second: u32) -> String {
    format!(
        "{:02}:{:02}:{:02}",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

const fn clock(hour: u32, minute: u32, second: u32) -> u32 {
    (hour * 60 + minute) * 60 + second
}

/// The faults as a table for people.
pub fn faults_table() -> String {
    let mut text = String::from(
        "# What went wrong on 2026-11-02 in this recording, all times UTC. Written by `cargo xtask record-shop`.\n",
    );
    for fault in &FAULTS {
        let paths: Vec<&str> = if fault.paths.len() == PATHS.len() {
            vec!["everything"]
        } else {
            fault.paths.iter().map(|&index| PATHS[index].path).collect()
        };
        text.push_str(&format!(
            "{}-{}  {:<8}  {:<27}  {}\n",
            time_of_day(fault.from),
            time_of_day(fault.until),
            fault.tier.map_or("everyone", Tier::name),
            paths.join(", "),
            fault.says,
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_plays_the_same_day_in_order() {
        let who = customers(7);
        let (first, second) = (requests(7, 1_000, &who), requests(7, 1_000, &who));
        let ids = |day: &[Request]| day.iter().map(|request| request.id).collect::<Vec<_>>();
        assert_eq!(ids(&first), ids(&second));
        assert_ne!(ids(&first), ids(&requests(8, 1_000, &who)));
        assert_eq!(first.len(), 1_000 + 1_440);
        assert!(first.is_sorted_by_key(|request| request.at_ms));
        assert!(
            first
                .last()
                .is_some_and(|request| request.at_ms < DAY_SECONDS * 1000)
        );
    }

    #[test]
    fn the_tiers_send_about_their_shares() {
        let who = customers(7);
        let day = requests(7, 20_000, &who);
        let premium = day
            .iter()
            .filter(|request| matches!(request.sender, Sender::Customer(index) if who[index].tier == Tier::Premium))
            .count();
        assert!(
            (400..600).contains(&premium),
            "{premium} of 20000 are premium"
        );
    }

    #[test]
    fn the_pool_runs_out_for_premium_only_and_only_in_its_window() {
        let failures = |second, tier| {
            (0..1_000)
                .filter(|&id| {
                    matches!(
                        answer(7, id, second, tier, CHECKOUT),
                        Answer::Respond { status: 503, .. }
                    )
                })
                .count()
        };
        let ten = 10 * 3600;
        assert!((250..350).contains(&failures(ten, Tier::Premium)));
        assert_eq!(failures(ten, Tier::Standard), 0);
        assert_eq!(failures(ten + 300, Tier::Premium), 0);
    }

    #[test]
    fn the_outage_meets_everyone() {
        for tier in [Tier::Premium, Tier::Standard, Tier::Free] {
            assert_eq!(answer(7, 1, clock(16, 40, 29), tier, LOGIN), Answer::HangUp);
        }
    }

    #[test]
    fn a_time_stamp_reads_as_the_combined_format_writes_it() {
        assert_eq!(
            time_stamp(9 * 3600 + 40 * 60 + 7),
            "02/Nov/2026:09:40:07 +0000"
        );
    }
}
