//! `attain init`: two commands from nothing to a table, without an editor.

use crate::Place;

#[test]
fn answers_make_a_catalogue_that_is_valid() {
    let place = Place::new();
    place
        .run(&[
            "init",
            "shop",
            "--name",
            "My \"Shop\": 1",
            "--segments",
            "premium,standard,free",
            "--service",
            "checkout",
            "--target",
            "99.95%,99.9%,99%",
        ])
        .exits(0)
        .says("wrote shop/catalogue.yaml")
        .says("attain status shop");
    let text = place.read("shop/catalogue.yaml");
    assert!(text.contains("premium: 99.95%"), "{text}");
    place.run(&["check", "shop"]).exits(0);
    place.run(&["init", "plain", "--yes"]).exits(0);
    place.run(&["check", "plain"]).exits(0);
    place
        .run(&["init", "one", "--service", "api", "--target", "99.9%"])
        .exits(0);
    place.run(&["check", "one"]).exits(0);
}

#[test]
fn a_file_that_is_there_stays() {
    let place = Place::new();
    place.write("shop/catalogue.yaml", "mine\n");
    place
        .run(&["init", "shop", "--yes"])
        .exits(2)
        .complains("--force");
    assert_eq!(place.read("shop/catalogue.yaml"), "mine\n");
    place.run(&["init", "shop", "--yes", "--force"]).exits(0);
    assert!(place.read("shop/catalogue.yaml").starts_with("attain: 1\n"));
}

#[test]
fn answers_that_make_no_catalogue_are_refused() {
    let place = Place::new();
    place
        .run(&["init", "shop", "--segments", "a,b", "--target", "99%"])
        .exits(2)
        .complains("as many targets");
    place
        .run(&["init", "shop", "--target", "99"])
        .exits(2)
        .complains("`99");
    place
        .run(&["init", "shop", "--segments", "Premium!", "--target", "99%"])
        .exits(2);
    assert!(!std::path::Path::new(&place.0.path().join("shop")).exists());
}
