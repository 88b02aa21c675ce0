//! `attain status --server`.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Place;
use crate::served::{CATALOGUE, Served, free_address};

#[test]
fn the_status_of_a_server_is_what_it_judged_last() {
    let place = Place::new();
    place.write("shop.yaml", CATALOGUE);
    let address = free_address();
    let url = address.to_string();

    let nobody = place.run(&["status", "--server", &url]);
    assert_eq!(nobody.code, 2);
    assert!(nobody.err.contains("nobody answers"), "{}", nobody.err);

    let server = Served::start(&place, address, &[]);
    let begun = Instant::now();
    let said = loop {
        let said = place.run(&["status", "--server", &url]);
        // The first slice is judged within seconds of the start.
        if said.code != 2 || begun.elapsed() > Duration::from_secs(60) {
            break said;
        }
        assert!(said.err.contains("nothing was judged yet"), "{}", said.err);
        sleep(Duration::from_millis(50));
    };
    // Nothing was sent, so nothing is known.
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(said.out.contains("checkout/availability"), "{}", said.out);
    let json = place.run(&[
        "status",
        "--server",
        &format!("http://{url}/"),
        "--format",
        "json",
    ]);
    assert_eq!(json.code, 3);
    assert!(json.out.starts_with("{\n  \"version\": 1"), "{}", json.out);
    let one = place.run(&["status", "--server", &url, "--slo", "checkout"]);
    assert_eq!(one.code, 3);
    assert!(one.out.contains("checkout/availability"), "{}", one.out);
    let none = place.run(&["status", "--server", &url, "--slo", "chekout & more"]);
    assert_eq!(none.code, 2);
    let says = "there is no SLO `chekout & more` in this catalogue; it has checkout";
    assert!(none.err.contains(says), "{}", none.err);
    server.stop();

    let both = place.run(&["status", "--server", &url, "--at", "now"]);
    assert_eq!(both.code, 2);
}
