//! How the binary behaves whatever it is asked: help, usage, colours, a closed pipe.

use std::io::Read;
use std::process::Stdio;

use crate::{Place, command, one_slo};

const COMMANDS: &[&str] = &[
    "status", "check", "init", "explain", "fmt", "test", "schema",
];

#[test]
fn every_command_has_examples_and_exit_codes() {
    let place = Place::new();
    for name in COMMANDS {
        place
            .run(&[name, "--help"])
            .exits(0)
            .says("EXAMPLES")
            .says("EXIT CODES")
            .says(&format!("attain {name}"));
    }
    let all = place.run(&["--help"]);
    for name in COMMANDS {
        all.exits(0).says(name);
    }
    place.run(&["--version"]).exits(0).says("attain ");
}

#[test]
fn alone_it_says_what_to_try() {
    let ran = Place::new().run(&[]);
    ran.exits(0)
        .says("attain init --from FILE")
        .says("attain status")
        .says("attain check");
}

#[test]
fn wrong_usage_ends_with_2() {
    let place = Place::new();
    place.run(&["stat"]).exits(2).complains("status");
    place.run(&["status"]).exits(2);
    place
        .run(&["check", "--format", "xml"])
        .exits(2)
        .complains("junit");
}

#[test]
fn colours_only_where_asked_for() {
    let place = Place::new();
    place.write("slo.yaml", &one_slo("99.9"));
    assert!(!place.run(&["check"]).out.contains('\u{1b}'));
    assert!(
        place
            .run(&["check", "--color", "always"])
            .out
            .contains('\u{1b}')
    );
    assert!(
        !place
            .run(&["check", "--color", "never"])
            .out
            .contains('\u{1b}')
    );
}

#[test]
fn quiet_says_less() {
    let place = Place::new();
    place
        .write("slo.yaml", &one_slo("99.9"))
        .write("compose.yaml", "services: {}\n");
    let ran = place.run(&["check", "-q"]);
    ran.exits(1).says("unit-missing");
    assert_eq!(ran.err, "");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let place = Place::new();
    let mut mistakes = one_slo("99.9");
    for i in 0..3_000 {
        mistakes.push_str(&format!(
            "  slo-{i}: {{ownr: x, objectives: {{a: 99.9}}}}\n"
        ));
    }
    place.write("slo.yaml", &mistakes);
    let mut child = command(place.0.path(), &["check", "-q"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0; 10]).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(1));
}
