//! `attain test`: scenarios of a user.

use crate::Place;

const SCENARIO: &str = "\
catalogue
  attain: 1
  slos:
    search:
      owner: search-team
      indicator: {metric: http_requests_total, bad: {code: 5xx}}
      objectives: {availability: 99.99%}

load search  30d @ 10000/30d bad 1/30d

at 30d evaluate
----
nobody knows
";

#[test]
fn a_scenario_fails_is_updated_and_passes() {
    let place = Place::new();
    place
        .write("cases/edge.scenario", SCENARIO)
        .write("cases/notes.txt", "no scenario\n");
    place
        .run(&["test"])
        .exits(1)
        .says("cases/edge.scenario:11")
        .says("0 passed, 1 failed")
        .complains("--update");
    assert_eq!(place.read("cases/edge.scenario"), SCENARIO);
    place
        .run(&["test", "cases", "--update"])
        .exits(0)
        .says("rewrote cases/edge.scenario");
    place
        .run(&["test", "cases/edge.scenario"])
        .exits(0)
        .says("1 passed, 0 failed");
}

#[test]
fn no_scenario_is_an_answer() {
    Place::new()
        .run(&["test"])
        .exits(2)
        .complains("no .scenario file");
}
