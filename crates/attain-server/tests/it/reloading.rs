//! Another catalogue while the server runs: a good one is put in force, a bad one is said.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use attain_server::Limits;

use crate::client::{eventually, get, write};
use crate::counted;
use crate::shop::{CATALOGUE, Shop, now_ms, samples};

fn quick() -> Limits {
    Limits {
        look: Duration::from_millis(10),
        ..Limits::default()
    }
}

#[test]
fn a_bad_catalogue_never_replaces_a_good_one() {
    let mut shop = Shop::of(CATALOGUE, quick());
    let address = shop.address();
    let page = || get(address, "/api/v1/server").body;
    let hash = |page: &str| {
        let line = page.lines().find(|line| line.contains("\"sha256\""));
        line.unwrap().to_owned()
    };
    let first = hash(&page());
    let begun = now_ms() - 60_000;
    assert_eq!(
        write(address, "/api/v1/write", "", &samples(4, 0, begun)).status,
        204
    );

    shop.edit(&CATALOGUE.replace("99.9%", "101%"));
    let refused = eventually("refused", || {
        let page = page();
        page.contains("101%").then_some(page)
    });
    assert_eq!(hash(&refused), first);
    assert_eq!(
        write(address, "/api/v1/write", "", &samples(4, 1, begun + 1000)).status,
        204
    );

    shop.edit(&CATALOGUE.replace("99.9%", "99.5%"));
    let second = eventually("in force", || {
        let page = page();
        (hash(&page) != first).then_some(page)
    });
    assert!(second.contains("\"refused\": null"), "{second}");
    assert_eq!(
        write(address, "/api/v1/write", "", &samples(4, 2, begun + 2000)).status,
        204
    );
    shop.stop();
    // The past survives the edit.
    assert_eq!(counted::events(&shop.data()), 4 * 2);
}

/// Somebody sends as long as this lives.
struct Sending {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<u64>>,
}

const COUNTERS: u32 = 5;

impl Sending {
    fn to(address: SocketAddr) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&is_over);
        let thread = std::thread::spawn(move || {
            let mut value = 0;
            while !until.load(Ordering::SeqCst) {
                let body = samples(COUNTERS, value, now_ms());
                let answer = write(address, "/api/v1/write", "", &body);
                assert_eq!(answer.status, 204, "{}", answer.body);
                value += 1;
            }
            (value - 1) * u64::from(COUNTERS)
        });
        Self {
            is_over,
            thread: Some(thread),
        }
    }

    /// Events that were sent.
    fn end(mut self) -> u64 {
        self.is_over.store(true, Ordering::SeqCst);
        self.thread.take().unwrap().join().unwrap()
    }
}

/// A text in which somebody's hand has slipped.
fn mutated(random: &mut fastrand::Rng) -> String {
    let mut text = CATALOGUE.to_owned();
    for _ in 0..random.usize(1..4) {
        let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let at = starts[random.usize(..starts.len())];
        match random.u8(..6) {
            0 => text.truncate(at),
            1 => text.insert(
                at,
                char::from(*random.choice(b"{}[]:,-% #&*!|>'\"\t9x").unwrap()),
            ),
            2 => drop(text.remove(at)),
            3 => {
                let line = text[at..].lines().next().unwrap_or_default().to_owned();
                text.push_str(&line);
                text.push('\n');
            }
            4 => text = text.replacen("premium", "premum", 1),
            _ => text.push_str("---\nattain: 1\n"),
        }
        if text.is_empty() {
            break;
        }
    }
    text
}

fn is_valid(text: &str) -> bool {
    let input = attain_spec::Input {
        name: "shop.yaml".to_owned(),
        text: text.to_owned(),
    };
    attain_spec::parse(&[input]).catalogue.is_some()
}

#[test]
fn slips_of_the_hand_change_nothing_under_load() {
    let is_soak = std::env::var_os("ATTAIN_SOAK").is_some();
    let (seed, wanted) = (47, if is_soak { 300 } else { 50 });
    let mut random = fastrand::Rng::with_seed(seed);
    let mut shop = Shop::of(CATALOGUE, quick());
    let address = shop.address();
    let sending = Sending::to(address);
    let page = || get(address, "/api/v1/server").body;
    let number = |page: &str, name: &str| -> u64 {
        let line = page.lines().find(|line| line.contains(name)).unwrap();
        let digits: String = line.chars().filter(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    };
    let hash = |page: &str| {
        let line = page.lines().find(|line| line.contains("\"sha256\""));
        line.unwrap().to_owned()
    };
    let good = hash(&page());
    let begun = std::time::Instant::now();
    let mut refused = 0;
    while refused < wanted {
        let text = mutated(&mut random);
        if is_valid(&text) {
            continue;
        }
        // Before the files change: they may be refused before anybody asks.
        let before = number(&page(), "\"refusals\"");
        // Half of it first, as an editor that does not rename writes it.
        let half = text.floor_char_boundary(text.len() / 2);
        shop.edit(&text[..half]);
        shop.edit(&text);
        eventually("refused", || {
            let page = page();
            assert_eq!(hash(&page), good, "{text}");
            (number(&page, "\"refusals\"") > before).then_some(())
        });
        refused += 1;
        shop.edit(CATALOGUE);
        eventually("taken back", || {
            page().contains("\"refused\": null").then_some(())
        });
    }
    let page = page();
    assert_eq!(hash(&page), good);
    // No slice is missing: as many were judged as have passed, but for the catalogues that were put in force again.
    let slices = begun.elapsed().as_secs() / 10;
    assert!(
        number(&page, "\"slices_judged\"") >= slices,
        "{slices} {page}"
    );
    assert_eq!(number(&page, "\"lag_seconds\""), 0, "{page}");
    let sent = sending.end();
    shop.stop();
    assert_eq!(counted::events(&shop.data()), sent);
    if is_soak {
        println!("soak: {refused} of {wanted}, seed {seed}");
    }
}

/// Requests of a segment so far, answered and failed, at some instants: all in one body, so that no slice ends between.
fn send(shop: &Shop, segment: &str, stands: &[(u32, u32, i64)]) {
    let label = |code| {
        [
            ("__name__", "http_requests_total"),
            ("code", code),
            ("segment", segment),
        ]
    };
    let (ok, failed) = (label("200"), label("503"));
    let good: Vec<_> = stands.iter().map(|s| (f64::from(s.0), s.2)).collect();
    let bad: Vec<_> = stands.iter().map(|s| (f64::from(s.1), s.2)).collect();
    let body = attain_wire::remote_write::encode(&[(&ok, &good), (&failed, &bad)]);
    let answer = write(shop.address(), "/api/v1/write", "", &body);
    assert_eq!(answer.status, 204, "{}", answer.body);
}

/// Waits until a segment has so many good and bad events; gives the rest of its verdict.
fn counted_of(shop: &Shop, segment: &str, good: u64, bad: u64) -> serde_json::Value {
    eventually(&format!("{segment}: {good} good, {bad} bad"), || {
        let page = get(shop.address(), "/api/v1/status").body;
        let page: serde_json::Value = serde_json::from_str(&page).ok()?;
        let mut verdicts = page["verdicts"].as_array()?.iter();
        let own = verdicts.find(|verdict| verdict["segment"] == segment)?;
        (own["good"] == good && own["bad"] == bad).then(|| own.clone())
    })
}

/// What fires of a verdict, and since when.
fn firing(verdict: &serde_json::Value) -> Vec<String> {
    let alerts = verdict["alerts"].as_array().unwrap().iter();
    let firing = alerts.filter(|alert| alert["state"] == "firing");
    firing.map(ToString::to_string).collect()
}

#[test]
fn a_renamed_segment_goes_on_where_it_was() {
    let catalogue = CATALOGUE
        .replace("remote_write: {}", "remote_write: {}, delay: 0s")
        .replace("alerting: none", "coverage: 0%");
    let renamed = catalogue.replace("premium: 99.9%", "gold: 99.9%").replace(
        "  premium:  {rank: 1,",
        "  gold:     {formerly: [premium], match: [premium, gold], rank: 1,",
    );
    assert!(is_valid(&renamed) && renamed != catalogue);
    let limits = || Limits {
        seal: Duration::from_millis(50),
        ..quick()
    };
    let mut shop = Shop::of(&catalogue, limits());
    let begun = now_ms() - 30_000;
    let at = |seconds: i64| begun + seconds * 1000;
    let stands = [
        (0, 0, at(0)),
        (7_000, 3_000, at(5)),
        (14_000, 6_000, at(15)),
    ];
    send(&shop, "premium", &stands);
    let before = counted_of(&shop, "premium", 14_000, 6_000);
    assert_eq!(before["verdict"], "breached");
    assert!(!firing(&before).is_empty(), "{before}");

    shop.edit(&renamed);
    let after = counted_of(&shop, "gold", 14_000, 6_000);
    assert_eq!(after["verdict"], "breached");
    assert_eq!(after["overspent_since"], before["overspent_since"]);
    // More may fire by then; what did goes on, and since when it did.
    let still = firing(&after);
    assert!(
        firing(&before).iter().all(|one| still.contains(one)),
        "{after}"
    );
    // What arrives under either label is the same segment's, and the counter goes on, over a new start as well.
    send(&shop, "premium", &[(15_000, 6_000, at(25))]);
    shop.stop();
    shop.start(limits());
    let again = counted_of(&shop, "gold", 15_000, 6_000);
    assert_eq!(again["verdict"], "breached");
    // Whoever goes back finds it all as it was; what was counted since is the new name's.
    shop.edit(&catalogue);
    counted_of(&shop, "premium", 14_000, 6_000);
    shop.stop();
    assert_eq!(counted::events(&shop.data()), 21_000);
}

/// Renamed without a word: what was counted is not lost, and is no longer used, until the name is handed on.
#[test]
fn a_source_renamed_without_a_word_is_said_to_begin_anew() {
    let catalogue = CATALOGUE
        .replace("remote_write: {}", "remote_write: {}, delay: 0s")
        .replace("alerting: none", "coverage: 0%");
    let called = |formerly: &str| {
        catalogue
            .replace("  prom: {", &format!("  push: {{{formerly}"))
            .replace("source: prom", "source: push")
    };
    let (silent, said) = (called(""), called("formerly: [prom], "));
    assert!(is_valid(&silent) && is_valid(&said) && silent != catalogue);
    let shop = Shop::of(&catalogue, quick());
    let at = |seconds: i64| now_ms() - 30_000 + seconds * 1000;
    send(&shop, "premium", &[(0, 0, at(0)), (7_000, 3_000, at(5))]);
    counted_of(&shop, "premium", 7_000, 3_000);

    let note =
        "source prom: no source is called so any more, and what was counted of it is not used;";
    let status = || get(shop.address(), "/api/v1/status?format=human&width=400").body;
    assert!(!status().contains(note));
    shop.edit(&silent);
    eventually("said", || status().contains(note).then_some(()));
    assert!(
        status().contains("write `formerly: [prom]` under `push`"),
        "{}",
        status()
    );
    shop.edit(&said);
    eventually("not said any more", || {
        (!status().contains(note)).then_some(())
    });
    counted_of(&shop, "premium", 7_000, 3_000);
}

#[test]
fn a_renamed_source_goes_on_where_it_was() {
    let catalogue = CATALOGUE
        .replace("remote_write: {}", "remote_write: {}, delay: 0s")
        .replace("alerting: none", "coverage: 0%");
    let called = |name: &str, formerly: &str| {
        catalogue
            .replace("  prom: {", &format!("  {name}: {{formerly: {formerly}, "))
            .replace("source: prom", &format!("source: {name}"))
    };
    let (second, third) = (called("push", "[prom]"), called("agents", "[prom, push]"));
    assert!(is_valid(&second) && is_valid(&third) && second != catalogue);
    let limits = || Limits {
        seal: Duration::from_millis(50),
        ..quick()
    };
    let mut shop = Shop::of(&catalogue, limits());
    let begun = now_ms() - 30_000;
    let at = |seconds: i64| begun + seconds * 1000;
    let stands = [
        (0, 0, at(0)),
        (7_000, 3_000, at(5)),
        (14_000, 6_000, at(15)),
    ];
    send(&shop, "premium", &stands);
    let before = counted_of(&shop, "premium", 14_000, 6_000);
    assert_eq!(before["verdict"], "breached");

    shop.edit(&second);
    eventually("in force", || {
        let page = get(shop.address(), "/api/v1/server").body;
        page.contains("\"push\"").then_some(())
    });
    let after = counted_of(&shop, "premium", 14_000, 6_000);
    assert_eq!(after["overspent_since"], before["overspent_since"]);
    let still = firing(&after);
    assert!(
        firing(&before).iter().all(|one| still.contains(one)),
        "{after}"
    );
    // A counter goes on, and over a new start with another name as well; what comes again counts once.
    let more = [
        (14_000, 6_000, at(15)),
        (15_000, 6_000, at(25)),
        (16_000, 7_000, at(28)),
    ];
    send(&shop, "premium", &more);
    shop.stop();
    shop.edit(&third);
    shop.start(limits());
    let again = counted_of(&shop, "premium", 16_000, 7_000);
    assert_eq!(again["verdict"], "breached");
    send(&shop, "premium", &more);
    let page = get(shop.address(), "/metrics").body;
    assert!(page.contains("source=\"agents\"") && !page.contains("source=\"prom\""));
    shop.stop();
    assert_eq!(counted::events(&shop.data()), 23_000);
}
