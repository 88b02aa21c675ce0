//! `attain token`, and what a server that knows one says to whom.

use std::time::{Duration, Instant};

use crate::Place;
use crate::served::{CATALOGUE, Served, free_address, get};

#[test]
fn a_token_is_shown_once_listed_without_itself_and_revoked() {
    let place = Place::new();
    let none = place.run(&["token", "list", "--data", "data"]);
    none.exits(0).says("attain token new --data data");
    let made = place.run(&["token", "new", "--data", "data", "--name", "Anna's laptop"]);
    made.exits(0).complains("the only time that it is shown");
    let token = made.out.trim();
    let (id, secret) = token.strip_prefix("att_").unwrap().split_once('_').unwrap();
    assert_eq!((id.len(), secret.len()), (8, 64), "{token}");
    let listed = place.run(&["token", "list", "--data", "data"]);
    listed.exits(0).says("read").says("Anna's laptop").says(id);
    assert!(!listed.out.contains(secret), "{}", listed.out);
    assert!(!place.read("data/tokens.json").contains(secret));
    let admin = [
        "token", "new", "--data", "data", "--name", "ops", "--scope", "admin",
    ];
    place.run(&admin).exits(0);
    place
        .run(&["token", "revoke", id, "--data", "data"])
        .exits(0);
    place
        .run(&["token", "list", "--data", "data"])
        .exits(0)
        .says("revoked");
    let again = place.run(&["token", "revoke", id, "--data", "data"]);
    again.exits(2).complains("is revoked already");
    let unknown = place.run(&["token", "revoke", "nobody", "--data", "data"]);
    unknown.exits(2).complains("has no token nobody");
    let unnamed = place.run(&["token", "new", "--data", "data", "--name", " "]);
    unnamed.exits(2).complains("a name is");
}

#[test]
fn a_server_with_a_token_answers_whoever_shows_it() {
    let place = Place::new();
    place.write("shop.yaml", CATALOGUE);
    let made = place.run(&["token", "new", "--data", "data", "--name", "me"]);
    let token = made.exits(0).out.trim();
    let address = free_address();
    let server = Served::start(&place, address, &[]);
    let url = address.to_string();
    let (status, body) = get(address, "/api/v1/status").unwrap();
    assert_eq!(status, 401, "{body}");
    let nobody = place.run(&["status", "--server", &url]);
    nobody.exits(2).complains("ATTAIN_TOKEN");
    let doctor = place.run(&["doctor", "--server", &url]);
    doctor.exits(1).says("ATTAIN_TOKEN");
    let begun = Instant::now();
    let said = loop {
        let said = place.run_in(&["status", "--server", &url], &[("ATTAIN_TOKEN", token)]);
        if said.code != 2 || begun.elapsed() > Duration::from_secs(60) {
            break said;
        }
        assert!(said.err.contains("nothing was judged yet"), "{}", said.err);
        std::thread::sleep(Duration::from_millis(50));
    };
    // Nothing was sent, so nothing is known.
    said.exits(3);
    let doctor = place.run_in(&["doctor", "--server", &url], &[("ATTAIN_TOKEN", token)]);
    doctor.says("it judges in time");
    server.stop();
}

#[test]
fn a_server_that_others_reach_says_what_is_missing() {
    let place = Place::new();
    place.write("shop.yaml", CATALOGUE);
    let refused = place.run(&[
        "serve",
        "shop.yaml",
        "--data",
        "data",
        "--listen",
        "0.0.0.0:0",
    ]);
    refused
        .exits(2)
        .complains("attain token new")
        .complains("--allow-anonymous");
}

#[test]
fn the_openapi_document_can_be_printed() {
    let printed = Place::new().run(&["schema", "--openapi"]);
    let kept = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/reference/openapi.json"
    );
    assert_eq!(printed.exits(0).out, std::fs::read_to_string(kept).unwrap());
}
