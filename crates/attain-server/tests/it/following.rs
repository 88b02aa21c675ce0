//! A log that grows is followed: each line once, also when it is rotated and after a restart.

use std::fs::{self, OpenOptions};
use std::io::Write as _;

use attain_server::Limits;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::client::{eventually, get};
use crate::counted;
use crate::shop::{CATALOGUE, Shop};

fn shop() -> Shop {
    let catalogue = CATALOGUE
        .replace(
            "  prom: {remote_write: {}}",
            "  access: {log: {files: [access.log*], format: combined}}",
        )
        .replace("source: prom", "source: access")
        .replace(
            "metric: http_requests_total, bad: {code: 5xx}",
            "log: access, bad: {status: 5xx}",
        );
    Shop::of(&catalogue, Limits::default())
}

fn lines(count: usize) -> String {
    let time = Timestamp::now().to_zoned(TimeZone::UTC);
    let time = time.strftime("%d/%b/%Y:%H:%M:%S +0000");
    (0..count)
        .map(|at| {
            format!(
                "10.0.0.{} - - [{time}] \"GET /{at} HTTP/1.1\" 200 9 \"-\" \"-\"\n",
                at % 250
            )
        })
        .collect()
}

fn append(shop: &Shop, name: &str, text: &str) {
    let path = shop.catalogue().join(name);
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn followed(shop: &Shop, events: u64) {
    eventually(&format!("{events} lines"), || {
        (counted::events(&shop.data()) == events).then_some(())
    });
}

#[test]
fn each_line_of_a_log_that_grows_counts_once() {
    let mut shop = shop();
    append(&shop, "access.log", &lines(300));
    followed(&shop, 300);
    eventually("the source is among those that count", || {
        let page = get(shop.address(), "/api/v1/server");
        let page: serde_json::Value = serde_json::from_str(&page.body).unwrap();
        assert_eq!(page["judged_after_seconds"], 5, "{page}");
        let source = &page["sources"][0];
        assert_eq!(source["way"], "files", "{page}");
        (source["events"] == 300 && source["newest"].is_string()).then_some(())
    });
    let more = lines(20);
    let (first, rest) = more.split_at(more.len() - 30);
    append(&shop, "access.log", first);
    // A line that is half written waits.
    followed(&shop, 319);
    append(&shop, "access.log", rest);
    followed(&shop, 320);
    let folder = shop.catalogue();
    fs::rename(folder.join("access.log"), folder.join("access.log.1")).unwrap();
    append(&shop, "access.log", &lines(5));
    followed(&shop, 325);
    shop.stop();
    assert_eq!(counted::events(&shop.data()), 325);
    append(&shop, "access.log", &lines(7));
    shop.start(Limits::default());
    followed(&shop, 332);
}
