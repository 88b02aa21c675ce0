//! The committed schema and reference page are those that the table gives. UPDATE_EXPECT=1 rewrites them.

use std::path::Path;
use std::{env, fs};

use attain_spec::{json_schema, parse, reference_page};
use serde_json::Value;

use super::{FOLDERS, catalogue};

/// Compares a text with a committed file of the workspace, or writes it.
pub fn committed(path: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path);
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == text,
        "{} is stale: UPDATE_EXPECT=1 cargo test -p attain-spec",
        path.display()
    );
}

#[test]
fn the_committed_schema_is_the_tables() {
    committed("docs/reference/catalogue.schema.json", &json_schema());
}

#[test]
fn the_committed_page_is_the_tables() {
    committed("docs/reference/catalogue.md", &reference_page());
}

#[test]
fn every_reference_of_the_schema_leads_somewhere() {
    let schema: Value = serde_json::from_str(&json_schema()).unwrap();
    let defs = schema["$defs"].as_object().unwrap();
    assert!(defs.values().all(Value::is_object));
    fn references(value: &Value, out: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(to)) = map.get("$ref") {
                    out.push(to.clone());
                }
                map.values().for_each(|v| references(v, out));
            }
            Value::Array(items) => items.iter().for_each(|v| references(v, out)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    references(&schema, &mut found);
    assert!(found.len() > 50);
    for reference in found {
        let name = reference.strip_prefix("#/$defs/").unwrap();
        assert!(defs.contains_key(name), "{reference}");
    }
}

/// What the schema knows of a path's keys must cover every key that a valid catalogue uses.
#[test]
fn the_schema_knows_every_key_of_the_catalogues() {
    let schema: Value = serde_json::from_str(&json_schema()).unwrap();
    for folder in FOLDERS {
        let parsed = parse(&catalogue(folder));
        for path in parsed
            .spans
            .paths()
            .filter(|path| path.starts_with("slos."))
        {
            let Some(key) = path.split('.').nth(2) else {
                continue;
            };
            assert!(
                schema["$defs"]["slo"]["properties"][key].is_object(),
                "{folder}: {path}"
            );
        }
    }
}
