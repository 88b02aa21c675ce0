//! `attain check`, `explain`, `fmt` and `schema`.

use crate::{Place, one_slo};

fn with_mistakes() -> Place {
    let place = Place::new();
    place
        .write("shop/slo.yaml", &one_slo("99.9"))
        .write("shop/more.yaml", "attain: 1\nslos:\n  a: {ownr: b}\n");
    place
}

#[test]
fn mistakes_are_shown_with_line_and_remedy() {
    with_mistakes()
        .run(&["check", "shop"])
        .exits(1)
        .says("error[unit-missing]")
        .says(" --> shop/slo.yaml:8:32")
        .says("help: write `99.9%`")
        .says(" in 2 files")
        .complains("attain explain");
}

#[test]
fn programs_read_them_too() {
    let place = with_mistakes();
    let json: serde_json::Value = serde_json::from_str(
        &place
            .run(&["check", "shop", "--format", "json"])
            .exits(1)
            .out,
    )
    .unwrap();
    assert_eq!(json["version"], 1);
    let diagnostics = json["diagnostics"].as_array().unwrap();
    let unit = diagnostics
        .iter()
        .find(|found| found["code"] == "unit-missing")
        .unwrap();
    assert_eq!(unit["place"]["file"], "shop/slo.yaml");
    assert_eq!(
        (
            unit["place"]["line"].as_u64(),
            unit["place"]["column"].as_u64()
        ),
        (Some(8), Some(32))
    );

    let sarif: serde_json::Value = serde_json::from_str(
        &place
            .run(&["check", "shop", "--format", "sarif"])
            .exits(1)
            .out,
    )
    .unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), diagnostics.len());

    place
        .run(&["check", "shop", "--format", "github"])
        .exits(1)
        .says("::error file=shop/slo.yaml,line=8,col=32,");
    place
        .run(&["check", "shop", "--format", "junit"])
        .exits(1)
        .says("<testsuite name=\"shop/slo.yaml\"")
        .says("type=\"unit-missing\"");
}

#[test]
fn a_clean_catalogue_ends_with_0() {
    let place = Place::new();
    place.write("slo.yaml", &one_slo("99.9%"));
    let ran = place.run(&["check", "--today", "2026-11-02"]);
    ran.exits(0).says("in 1 file");
    place
        .run(&["check", "--today", "soon"])
        .exits(2)
        .complains("`soon` is no day");
}

#[test]
fn warnings_can_be_denied() {
    let place = Place::new();
    // Other tools read a bare `no` as false.
    let ambiguous = one_slo("99.9%").replace("owner: search", "owner: no");
    place.write("slo.yaml", &ambiguous);
    let lenient = place.run(&["check"]);
    lenient.exits(0).says("warning[");
    place
        .run(&["check", "--deny", "warnings"])
        .exits(1)
        .says("error[");
}

#[test]
fn what_is_no_catalogue_is_left_out_and_said() {
    let place = Place::new();
    place
        .write("shop/slo.yaml", &one_slo("99.9%"))
        .write("shop/compose.yaml", "services:\n  web: {image: nginx}\n")
        .write("shop/.hidden.yaml", "attain: nonsense\n")
        .write("shop/deeper/other.yaml", "attain: nonsense\n")
        .write("none/compose.yaml", "services: {}\n")
        .write("empty/readme.md", "nothing\n");
    place
        .run(&["check", "shop"])
        .exits(0)
        .says("in 1 file")
        .complains("left out shop/compose.yaml");
    place
        .run(&["check", "none"])
        .exits(2)
        .complains("none holds no catalogue")
        .complains("attain init");
    place
        .run(&["check", "empty"])
        .exits(2)
        .complains("empty holds no YAML file");
    place
        .run(&["check", "nowhere"])
        .exits(2)
        .complains("cannot read nowhere");
}

#[test]
fn several_catalogues_are_one_report() {
    let place = Place::new();
    place
        .write("a/slo.yaml", &one_slo("99.9"))
        .write("b/slo.yaml", &one_slo("99.9"));
    place
        .run(&["check", "a", "b"])
        .exits(1)
        .says("a/slo.yaml:8:32")
        .says("b/slo.yaml:8:32")
        .says("in 2 files");
}

#[test]
fn a_file_alone_is_not_its_folder() {
    let place = with_mistakes();
    place
        .run(&["check", "shop/slo.yaml"])
        .exits(1)
        .says("in 1 file")
        .complains("attain check shop");
    let both = place.run(&["check", "shop/slo.yaml", "shop/more.yaml"]);
    assert!(!both.exits(1).err.contains("stands alone"), "{}", both.err);
}

#[test]
fn what_was_published_is_never_edited() {
    let commitments = |number: &str| {
        format!(
            "attain: 1\nsegments:\n  premium: {{rank: 1, contract: MSA 4.2}}\nslos:\n  pages-load:\n    \
             outcome: Pages load\n    layer: product\n    audience: customer\n    \
             owners: {{product: growth, engineering: web}}\n    indicator: {{metric: m, bad: {{code: 5xx}}}}\n    \
             objectives: {{availability: {{premium: 99.9%}}}}\n    commitments:\n      \
             - {{since: 2024-06-01, targets: {{availability: {{premium: {number}}}}}, published: [MSA]}}\n"
        )
    };
    let place = Place::new();
    place
        .write("old/slo.yaml", &commitments("99.5%"))
        .write("new/slo.yaml", &commitments("99.4%"));
    place
        .run(&["check", "new", "--against", "old"])
        .exits(1)
        .says("error[commitment-edited]");
    place.run(&["check", "old", "--against", "old"]).exits(0);
}

#[test]
fn codes_are_explained() {
    let place = Place::new();
    place
        .run(&["explain", "internal-not-tighter"])
        .exits(0)
        .says("internal-not-tighter");
    place
        .run(&["explain", "error[unit-missing]:"])
        .exits(0)
        .says("unit");
    place
        .run(&["explain", "unit-mising"])
        .exits(2)
        .complains("did you mean `unit-missing`?");
    place.run(&["explain"]).exits(2);
    let list = place.run(&["explain", "--list"]);
    list.exits(0)
        .says("A quantity has no unit\n")
        .says("tiers-inverted ");
    // Whatever check says can be explained.
    for line in list.out.lines() {
        let (code, title) = line.split_once(' ').unwrap();
        assert!(!title.trim().is_empty(), "{line}");
        place.run(&["explain", code]).exits(0);
    }
}

#[test]
fn files_are_formatted() {
    let untidy = "attain: 1\nslos:\n    a:   \n        owner: 'b'\n        indicator: {metric: m,bad: {code: 5xx}}\n        objectives: {availability: 99.9%}\n";
    let place = Place::new();
    place.write("slo.yaml", untidy);
    place
        .run(&["fmt", "--check"])
        .exits(1)
        .says("slo.yaml would change");
    assert_eq!(place.read("slo.yaml"), untidy);
    let printed = place
        .run(&["fmt", "slo.yaml", "--stdout"])
        .exits(0)
        .out
        .clone();
    place.run(&["fmt"]).exits(0).says("slo.yaml");
    assert_eq!(place.read("slo.yaml"), printed);
    place
        .run(&["fmt", "--check"])
        .exits(0)
        .says("nothing to change");
    place.write("bad.yaml", "attain: 1\nslos: {a: [}\n");
    place
        .run(&["fmt", "bad.yaml"])
        .exits(2)
        .complains("bad.yaml");
    assert_eq!(place.read("bad.yaml"), "attain: 1\nslos: {a: [}\n");
}

#[test]
fn the_schema_is_json() {
    let ran = Place::new().run(&["schema"]);
    let schema: serde_json::Value = serde_json::from_str(&ran.exits(0).out).unwrap();
    assert!(schema["properties"]["slos"].is_object(), "{schema}");
}

/// Invariant: an editor that reads a file meanwhile never finds half of it.
#[test]
fn formatting_leaves_no_other_file_behind() {
    let place = Place::new();
    place.write("shop/slo.yaml", "attain:   1\nslos: {}\n");
    place.run(&["fmt", "shop"]).exits(0);
    assert_eq!(place.files("shop"), ["slo.yaml"]);
}

#[test]
fn catalogues_of_others_are_named_and_not_read() {
    let others = [
        (
            "OpenSLO",
            "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\nspec: {}\n",
        ),
        (
            "Sloth",
            "version: \"prometheus/v1\"\nservice: shop\nslos: []\n",
        ),
        (
            "Pyrra",
            "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata: {name: a}\n",
        ),
    ];
    for (whose, text) in others {
        let place = Place::new();
        place.write("theirs/a.yaml", text);
        for path in ["theirs", "theirs/a.yaml"] {
            for command in ["check", "status"] {
                let ran = place.run(&[command, path]);
                ran.exits(2)
                    .complains(whose)
                    .complains("its own format only");
                ran.complains("attain init --from");
                assert_eq!(ran.out, "", "{command} {path}");
            }
        }
        place.run(&["fmt", "theirs"]).exits(2).complains(whose);

        // Beside a catalogue it is one mistake of the folder, with its place.
        place.write("theirs/b.yaml", &one_slo("99.9%"));
        place
            .run(&["check", "theirs"])
            .exits(1)
            .says("format-unsupported")
            .says("theirs/a.yaml:1:1");
        place.run(&["fmt", "theirs"]);
        assert_eq!(place.read("theirs/a.yaml"), text);
    }
}
