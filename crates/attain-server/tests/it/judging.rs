//! What is counted is judged at the next slice, after a restart as before it, and by another catalogue at once.

use std::sync::atomic::Ordering;
use std::time::Duration;

use attain_server::Limits;

use crate::client::{eventually, get, request, write};
use crate::shop::{CATALOGUE, Shop, now_ms, send};

fn limits() -> Limits {
    Limits {
        look: Duration::from_millis(10),
        seal: Duration::from_millis(50),
        ..Limits::default()
    }
}

/// Waits until a segment is judged so.
fn judged(shop: &Shop, segment: &str, says: [&str; 3]) {
    let name = format!("\"segment\": \"{segment}\"");
    eventually(&format!("{segment} {says:?}"), || {
        let page = get(shop.address(), "/api/v1/status").body;
        let at = page.find(&name)?;
        let verdict = &page[at..];
        let end = verdict[1..]
            .find("\"segment\"")
            .unwrap_or(verdict.len() - 1);
        let verdict = &verdict[..end];
        says.iter().all(|says| verdict.contains(says)).then_some(())
    });
}

/// A day of a counter at once, an hour a request: it was heard all day, and what contradicts it is said apart.
#[test]
fn history_that_is_sent_at_once_is_covered() {
    let catalogue = CATALOGUE
        .replace("remote_write: {}", "remote_write: {}, delay: 0s")
        .replace("window: 30d", "window: 1d");
    let shop = Shop::of(&catalogue, limits());
    eventually("a judged slice", || {
        (get(shop.address(), "/api/v1/status").status == 200).then_some(())
    });
    let labels = [
        ("__name__", "http_requests_total"),
        ("code", "200"),
        ("segment", "premium"),
    ];
    let first = now_ms() - 25 * 3_600_000;
    let minutes: Vec<(f64, i64)> = (0..25 * 60)
        .map(|minute| {
            (
                f64::from(minute) * 100.0,
                first + i64::from(minute) * 60_000,
            )
        })
        .collect();
    let send = |samples: &[(f64, i64)]| {
        let body = attain_wire::remote_write::encode(&[(&labels, samples)]);
        let answer = write(shop.address(), "/api/v1/write", "", &body);
        assert_eq!(answer.status, 204);
    };
    minutes.chunks(60).for_each(send);
    let (value, newest) = minutes[minutes.len() - 1];
    send(&[(value, newest), (value + 7.0, newest)]);
    eventually("coverage of a day", || {
        let page = get(shop.address(), "/api/v1/status").body;
        let status: serde_json::Value = serde_json::from_str(&page).ok()?;
        let mut verdicts = status["verdicts"].as_array()?.iter();
        let premium = verdicts.find(|verdict| verdict["segment"] == "premium")?;
        let is_covered = premium["coverage"].as_u64()? > 990_000_000;
        let is_counted = premium["good"].as_u64()? > 140_000;
        (is_covered && is_counted).then_some(())
    });
    eventually("what contradicts", || {
        let page = get(shop.address(), "/metrics").body;
        let is_said = page.contains("attain_samples_conflicting_total 1\n");
        (is_said && page.contains("attain_samples_known_total 1\n")).then_some(())
    });
    let said = get(shop.address(), "/api/v1/status?format=human").body;
    assert!(said.contains("1 sample said another value"), "{said}");
}

#[test]
fn what_is_counted_is_judged_at_the_next_slice() {
    let catalogue = CATALOGUE
        .replace("remote_write: {}", "remote_write: {}, delay: 0s")
        .replace("alerting: none", "alerting: none, coverage: 0%");
    let mut shop = Shop::of(&catalogue, limits());
    let begun = now_ms() - 20_000;
    for (segment, good, bad) in [("premium", 9_990, 10), ("standard", 980, 20)] {
        send(&shop, segment, 0, 0, begun);
        send(&shop, segment, good, bad, begun + 5_000);
    }
    judged(
        &shop,
        "premium",
        ["\"verdict\": \"met\"", "\"good\": 9990,", "\"bad\": 10,"],
    );
    judged(
        &shop,
        "standard",
        [
            "\"verdict\": \"breached\"",
            "\"good\": 980,",
            "\"bad\": 20,",
        ],
    );
    let page = get(shop.address(), "/metrics").body;
    assert!(
        page.contains("attain_budget_remaining_ratio{slo=\"checkout\",objective=\"availability\",segment=\"premium\"} 0\n"),
        "{page}"
    );
    let answer = get(shop.address(), "/api/v1/status?format=human");
    assert!(answer.head.contains("attain-exit: 1"), "{}", answer.head);

    // An edit of the promise is judged over all that was counted.
    shop.edit(&catalogue.replace("standard: 99%", "standard: 90%"));
    judged(
        &shop,
        "standard",
        ["\"verdict\": \"met\"", "\"good\": 980,", "\"bad\": 20,"],
    );

    shop.stop();
    shop.start(limits());
    judged(
        &shop,
        "premium",
        ["\"verdict\": \"met\"", "\"good\": 9990,", "\"bad\": 10,"],
    );
    send(&shop, "premium", 9_990, 11, begun + 6_000);
    judged(
        &shop,
        "premium",
        [
            "\"verdict\": \"breached\"",
            "\"good\": 9990,",
            "\"bad\": 11,",
        ],
    );
}

/// A request that is in its middle keeps nobody else waiting.
#[test]
fn a_slow_sender_holds_up_nobody() {
    use std::io::Write as _;
    let shop = Shop::of(CATALOGUE, limits());
    let mut slow: Vec<_> = (0..50)
        .map(|_| std::net::TcpStream::connect(shop.address()).unwrap())
        .collect();
    for stream in &mut slow {
        stream
            .write_all(b"POST /api/v1/write HTTP/1.1\r\ncontent-length: 1000\r\n\r\nabc")
            .unwrap();
    }
    send(&shop, "premium", 1, 0, now_ms());
    assert_eq!(get(shop.address(), "/livez").status, 200);
    assert_eq!(
        request(shop.address(), "GET /nothing HTTP/1.1\r\n", b"").status,
        404
    );
}

#[test]
fn a_clock_that_jumps_by_ten_years_changes_nothing() {
    const TEN_YEARS: i64 = 10 * 365 * 86_400;
    let catalogue = CATALOGUE.replace("remote_write: {}", "remote_write: {}, delay: 0s");
    let mut shop = Shop::of(&catalogue, limits());
    let begun = std::time::Instant::now();
    let page = || get(shop.address(), "/api/v1/server").body;
    let number = |name: &str| -> i64 {
        let page = page();
        let line = page.lines().find(|line| line.contains(name)).unwrap();
        let digits: String = line
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '-')
            .collect();
        digits.parse().unwrap_or(0)
    };
    send(&shop, "premium", 0, 0, now_ms());
    let mut value = 0;
    for off in [TEN_YEARS, -TEN_YEARS, 0] {
        shop.clock_off.store(off, Ordering::SeqCst);
        let slices = number("slices_judged");
        eventually("the next slice", || {
            value += 1;
            send(&shop, "premium", value, 0, now_ms());
            (number("slices_judged") > slices).then_some(())
        });
        let is_off = number("clock_off_seconds").abs() > TEN_YEARS / 2;
        assert_eq!(is_off, off != 0, "{}", page());
    }
    let judged = page();
    let year = jiff::Timestamp::now().to_string()[..4].to_owned();
    let line = judged
        .lines()
        .find(|line| line.contains("judged_until"))
        .unwrap();
    assert!(line.contains(&format!("\"{year}-")), "{line}");
    // One slice every ten seconds, no more and no less; the first was closed at the start.
    let slices = number("slices_judged") as u64;
    let passed = begun.elapsed().as_secs() / 10;
    assert!(
        (passed..=passed + 2).contains(&slices),
        "{slices} of {passed}"
    );
    shop.stop();
    assert_eq!(crate::counted::events(&shop.data()), value);
}
