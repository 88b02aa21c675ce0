//! What is asked of the counts beside the tick, and what is told to those who listen.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::time::Duration;

use attain_server::Limits;

use crate::client::{eventually, get, write};
use crate::shop::{CATALOGUE, Shop, now_ms, samples};

fn limits() -> Limits {
    Limits {
        look: Duration::from_millis(10),
        heartbeat: Duration::from_millis(50),
        ..Limits::default()
    }
}

fn quick() -> String {
    CATALOGUE
        .replace("remote_write: {}", "remote_write: {}, delay: 0s")
        .replace("alerting: none", "alerting: none, coverage: 0%")
}

/// The number behind a key, the last one there.
fn last_number(page: &str, key: &str) -> Option<u64> {
    let at = page.rfind(&format!("\"{key}\": "))?;
    let rest = &page[at + key.len() + 4..];
    let end = rest.find([',', '\n'])?;
    rest[..end].trim().parse().ok()
}

/// Good events of each place of the burn-down, and the instant of the first.
fn burn_down(shop: &Shop, more: &str) -> Option<(jiff::Timestamp, Vec<u64>, serde_json::Value)> {
    let answer = get(
        shop.address(),
        &format!("/api/v1/slos/checkout/burndown{more}"),
    );
    let page: serde_json::Value = serde_json::from_str(&answer.body).ok()?;
    let good = page["series"][0]["good"].as_array()?;
    let good = good.iter().map(|good| good.as_u64().unwrap()).collect();
    Some((page["first"].as_str()?.parse().ok()?, good, page))
}

#[test]
fn a_burn_down_is_what_each_whole_hour_said_and_follows_what_comes_late() {
    let shop = Shop::of(&quick(), limits());
    let hour = 3600 * 1000;
    let now = now_ms() / hour * hour;
    let send = |value: u64, at: i64| {
        let body = samples(1, value, at);
        let answer = write(shop.address(), "/api/v1/write", "", &body);
        assert_eq!(answer.status, 204);
    };
    for (value, ago) in [(0, 30), (100, 20), (150, 10)] {
        send(value, now - ago * hour + 1_000);
    }
    let (first, good, page) = eventually("counted", || {
        let said = burn_down(&shop, "")?;
        (said.1.last() == Some(&150)).then_some(said)
    });
    assert_eq!(good.len(), 720);
    // A place is what the whole hour says, and the last one the verdict.
    let at = |hours: i64| first + jiff::SignedDuration::from_hours(hours);
    let as_of: jiff::Timestamp = page["as_of"].as_str().unwrap().parse().unwrap();
    assert!(at(718) < as_of && at(719) >= as_of, "{first} {as_of}");
    for place in [718, 708, 700, 690, 3] {
        let earlier = at(place as i64);
        let path = format!("/api/v1/slos?at={earlier}");
        let page: serde_json::Value =
            serde_json::from_str(&get(shop.address(), &path).body).unwrap();
        let verdict = &page["slos"][0]["verdicts"][0];
        assert_eq!(verdict["good"], good[place], "{earlier}");
    }
    assert_eq!((good[700], good[690], good[3]), (100, 0, 0));
    // Fewer places are the newest ones.
    let (_, few, _) = burn_down(&shop, "?points=5").unwrap();
    assert_eq!(few, good[715..]);
    // What comes late changes the hours after its own.
    send(190, now - 5 * hour + 1_000);
    let (_, later, _) = eventually("counted late", || {
        let said = burn_down(&shop, "")?;
        (said.1.last() == Some(&190)).then_some(said)
    });
    assert_eq!((later[718], later[700]), (190, 100));
    // Also of an instant that was asked about before.
    let path = format!("/api/v1/slos?at={}", at(718));
    let page: serde_json::Value = serde_json::from_str(&get(shop.address(), &path).body).unwrap();
    assert_eq!(page["slos"][0]["verdicts"][0]["good"], 190);
}

/// A step of the clock that is believed at once.
const STEP_SECONDS: i64 = 540;

#[test]
fn a_burn_down_goes_on_from_one_hour_to_the_next_and_is_what_a_new_start_says() {
    let mut shop = Shop::new(&quick());
    // Some minutes before the last whole hour.
    let now = now_ms() / 1000;
    let hour = now.div_euclid(3600) * 3600;
    let off = hour - 300 - now;
    shop.clock_off.store(off, Ordering::SeqCst);
    shop.start(limits());
    let send = |shop: &Shop, value: u64, at: i64| {
        let body = samples(1, value, at * 1000);
        let answer = write(shop.address(), "/api/v1/write", "", &body);
        assert_eq!(answer.status, 204);
    };
    for (value, at) in [(0, -7200), (100, -1800), (150, -400)] {
        send(&shop, value, hour + at);
    }
    let counted = |shop: &Shop, until: i64, all: u64| {
        // Another slice is over.
        shop.clock_off.fetch_add(10, Ordering::SeqCst);
        eventually("counted", || {
            let (first, good, page) = burn_down(shop, "")?;
            let as_of: jiff::Timestamp = page["as_of"].as_str()?.parse().ok()?;
            let is_so = as_of.as_second() >= until && good.last() == Some(&all);
            is_so.then_some((first.as_second(), good))
        })
    };
    let (first, good) = counted(&shop, hour - 310, 150);
    assert_eq!(first + 718 * 3600, hour - 3600);
    assert_eq!(good[718], 0);
    // The hour turns: the verdict that was said then is the next place.
    shop.clock_off.fetch_add(STEP_SECONDS, Ordering::SeqCst);
    let (first, good) = counted(&shop, hour + 90, 150);
    assert_eq!(first + 718 * 3600, hour);
    assert_eq!((good[718], good[717]), (150, 0));
    // What comes late changes it, and what comes in this hour does not.
    send(&shop, 160, hour - 390);
    shop.clock_off.fetch_add(10, Ordering::SeqCst);
    eventually("judged late", || {
        let page = get(shop.address(), "/api/v1/slos").body;
        (last_number(&page, "good") == Some(160)).then_some(())
    });
    // Hours that were asked for since then do not go on with what was judged before.
    let earlier = jiff::Timestamp::from_second(hour - 1800).unwrap();
    let (_, before, _) = burn_down(&shop, &format!("?at={earlier}")).unwrap();
    assert_eq!(before[718..], [0, 0]);
    let (_, late) = counted(&shop, hour + 90, 160);
    assert_eq!((late[718], late[717]), (160, 0), "{late:?}");
    send(&shop, 180, hour + 60);
    let (_, late) = counted(&shop, hour + 90, 180);
    assert_eq!((late[718], late[717]), (160, 0), "{late:?}");
    // Whoever reads all of it again says the same.
    shop.stop();
    shop.start(limits());
    let (first_again, again) = counted(&shop, hour + 90, 180);
    assert_eq!((first_again, again), (first, late));
}

/// At the midnight that ends a week the whole of it stands in the burn-down, whoever works it out.
#[test]
fn a_burn_down_goes_on_over_a_midnight_as_a_new_start_says() {
    const WEEK: i64 = 7 * 86_400;
    // 1970 began with a Thursday.
    const MONDAY: i64 = 4 * 86_400;
    let mut shop = Shop::new(&quick().replace("window: 30d", "window: calendar week"));
    let now = now_ms() / 1000;
    let monday = (now - MONDAY).div_euclid(WEEK) * WEEK + MONDAY;
    shop.clock_off.store(monday - 300 - now, Ordering::SeqCst);
    shop.start(limits());
    let send = |shop: &Shop, value: u64, at: i64| {
        let body = samples(1, value, (monday + at) * 1000);
        let answer = write(shop.address(), "/api/v1/write", "", &body);
        assert_eq!(answer.status, 204);
    };
    for (value, at) in [(0, -7200), (100, -1800), (150, -400)] {
        send(&shop, value, at);
    }
    let counted = |shop: &Shop, until: i64, all: u64| {
        // Calendar windows are judged by the minute.
        shop.clock_off.fetch_add(60, Ordering::SeqCst);
        eventually("counted", || {
            let (first, good, page) = burn_down(shop, "")?;
            let as_of: jiff::Timestamp = page["as_of"].as_str()?.parse().ok()?;
            let is_so = as_of.as_second() >= until && good.last() == Some(&all);
            is_so.then_some((first.as_second(), good))
        })
    };
    counted(&shop, monday - 310, 150);
    shop.clock_off
        .fetch_add(STEP_SECONDS - 120, Ordering::SeqCst);
    counted(&shop, monday + 90, 0);
    send(&shop, 170, 60);
    let (first, good) = counted(&shop, monday + 90, 20);
    assert_eq!(first + 718 * 3600, monday);
    assert_eq!((good[717], good[718]), (0, 150));
    shop.stop();
    shop.start(limits());
    assert_eq!(counted(&shop, monday + 90, 20), (first, good));
}

#[test]
fn one_slo_says_what_lies_behind_it_now_and_at_an_earlier_instant() {
    let shop = Shop::of(&quick(), limits());
    let begun = now_ms() - 60_000;
    for (value, at) in [(0, begun), (100, begun + 5_000), (150, begun + 35_000)] {
        let body = samples(1, value, at);
        assert_eq!(
            write(shop.address(), "/api/v1/write", "", &body).status,
            204
        );
    }
    let page = eventually("counted", || {
        let page = get(shop.address(), "/api/v1/slos/checkout").body;
        page.contains("\"good\": 150,").then_some(page)
    });
    // The burn-down ends with the verdict.
    let points = &page[page.find("\"burn_down\"").unwrap()..page.find("\"days\"").unwrap()];
    assert_eq!(last_number(points, "good"), Some(150), "{page}");
    let earlier = jiff::Timestamp::from_second(begun / 1000 + 20).unwrap();
    let then = get(
        shop.address(),
        &format!("/api/v1/slos/checkout?at={earlier}"),
    );
    assert_eq!(then.status, 200, "{}", then.body);
    assert!(then.body.contains("\"good\": 100,"), "{}", then.body);
    assert!(!then.body.contains("\"good\": 150,"), "{}", then.body);
    let later = get(
        shop.address(),
        "/api/v1/slos/checkout?at=2999-01-01T00:00:00Z",
    );
    assert_eq!(later.status, 404, "{}", later.body);
    assert!(
        later.head.contains("application/problem+json"),
        "{}",
        later.head
    );
    assert_eq!(get(shop.address(), "/api/v1/slos/nothing").status, 404);
}

/// Somebody who listens to events.
pub struct Listener(BufReader<TcpStream>);

impl Listener {
    pub fn to(shop: &Shop, more: &str) -> Self {
        let mut stream = TcpStream::connect(shop.address()).unwrap();
        let timeout = Some(Duration::from_secs(30));
        stream.set_read_timeout(timeout).unwrap();
        let head = format!("GET /api/v1/events HTTP/1.1\r\nhost: localhost\r\n{more}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        Self(BufReader::new(stream))
    }

    /// The next line that begins so, or `None` when it ends.
    pub fn line(&mut self, begins: &str) -> Option<String> {
        loop {
            let mut line = String::new();
            match self.0.read_line(&mut line) {
                Ok(1..) if line.starts_with(begins) => return Some(line.trim_end().to_owned()),
                Ok(1..) => {}
                Ok(0) => return None,
                Err(error) => panic!("waiting for {begins:?}: {error}"),
            }
        }
    }
}

#[test]
fn whoever_listens_hears_of_ticks_and_catalogues_until_the_stop() {
    let mut shop = Shop::of(&quick(), limits());
    eventually("judged", || {
        (get(shop.address(), "/api/v1/status").status == 200).then_some(())
    });
    let mut listener = Listener::to(&shop, "");
    assert!(listener.line("HTTP/1.1 200").is_some());
    let first = listener.line("data: {\"all\"").unwrap();
    assert!(
        first.contains("\"all\":false") && first.contains("\"changed\":[]"),
        "{first}"
    );
    assert!(listener.line(":").is_some());
    shop.edit("attain: 1\nslos: nonsense");
    let refused = listener.line("data: {\"refused\":\"").unwrap();
    assert!(refused.contains("slos"), "{refused}");
    shop.edit(&quick().replace("99.9%", "99.5%"));
    assert!(listener.line("data: {\"refused\":null").is_some());
    // By another catalogue everything is judged anew.
    assert!(listener.line("event: tick").is_some());
    let id = listener
        .line("data: ")
        .map(|_| ())
        .and_then(|()| listener.line("id: "));
    let id = id.unwrap().replace("id: ", "last-event-id: ") + "\r\n";
    let mut again = Listener::to(&shop, &id);
    assert!(again.line("HTTP/1.1 200").is_some());
    shop.stop();
    while listener.line("").is_some() {}
    while again.line("").is_some() {}
}

#[test]
fn listeners_are_bounded_and_their_places_are_given_back() {
    let shop = Shop::of(
        &quick(),
        Limits {
            listeners: 2,
            ..limits()
        },
    );
    let mut listeners: Vec<Listener> = (0..2).map(|_| Listener::to(&shop, "")).collect();
    for listener in &mut listeners {
        assert!(listener.line("HTTP/1.1 200").is_some());
    }
    let mut third = Listener::to(&shop, "connection: close\r\n");
    assert!(third.line("HTTP/1.1 503").is_some());
    drop(listeners);
    eventually("a place", || {
        let mut next = Listener::to(&shop, "connection: close\r\n");
        next.line("HTTP/1.1 200").map(|_| ())
    });
}
