//! Another catalogue while the server runs: a good one is put in force, a bad one is said.

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
