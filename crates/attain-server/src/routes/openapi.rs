//! The OpenAPI document, made of the rows that the router is made of. Knows the document's shape; what the answers look like
//! stands in `schemas.json`.

use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};

use super::parameters::Kind;
use super::table::{Route, Sort, TABLE, Who};

/// What the answers look like, by the names that rows use.
const SCHEMAS: &str = include_str!("schemas.json");

/// The document, as `/api/v1/openapi.json` has it: OpenAPI 3.1, keys in a fixed order.
#[must_use]
pub fn openapi() -> String {
    let mut paths: Map<String, Value> = Map::new();
    for row in TABLE.iter().filter(|row| row.sort.is_api()) {
        let path = paths.entry(row.path).or_insert_with(|| json!({}));
        path[row.method.as_str().to_lowercase()] = operation(row);
    }
    // Invariant: the file is compiled in, and a test reads it.
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "attain",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "What was promised to whom, and how it stands",
            "description": "Every number is that of the pages and of `attain report` for the same `as_of`. Counts are \
                            whole numbers; budgets are in billionths of an event, as text. Telemetry enters by other \
                            people's protocols, which are not in this document.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`attain token new --data DIR`. None is needed on loopback as long as none was made.",
                },
            },
        },
    });
    format!("{document:#}\n")
}

pub(super) async fn page() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], openapi())
}

fn operation(row: &Route) -> Value {
    let parameters = row.parameters.iter().map(|parameter| {
        let is_path = parameter.kind == Kind::Path;
        json!({
            "name": parameter.name,
            "in": if is_path { "path" } else { "query" },
            "required": is_path || parameter.kind == Kind::Needed,
            "description": parameter.about,
            "schema": parameter.kind.schema(),
        })
    });
    let content: Map<String, Value> = row
        .answers
        .iter()
        .map(|(media, schema)| {
            let media = media.split(';').next().unwrap_or(media).to_owned();
            let schema = match schema {
                Some(name) => json!({"$ref": format!("#/components/schemas/{name}")}),
                None if media == "application/json" => json!({"type": "object"}),
                None => json!({"type": "string"}),
            };
            (media, json!({"schema": schema}))
        })
        .collect();
    let mut responses = json!({"200": {"description": "As asked", "content": content}});
    if row.sort == Sort::OfTick {
        responses["304"] = json!({"description": "What If-None-Match names is what there is"});
    }
    for (status, about) in problems(row) {
        responses[status.to_string()] = json!({
            "description": about,
            "content": {"application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
            }},
        });
    }
    if row.name == "readyz" {
        responses["503"] = json!({
            "description": "Not ready; the text says why",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        });
    }
    let mut operation = json!({
        "operationId": row.name,
        "summary": row.about,
        "parameters": parameters.collect::<Vec<_>>(),
        "responses": responses,
    });
    if let Who::Bearer(scope) = row.who {
        operation["security"] = json!([{"token": []}]);
        operation["x-scope"] = scope.word().into();
    }
    operation
}

/// What may be answered instead.
fn problems(row: &Route) -> Vec<(u16, &'static str)> {
    let mut problems = vec![
        (
            404,
            "There is no such thing, or nothing is known of that instant",
        ),
        (405, "Another method; Allow names those there are"),
        (406, "Nothing of what is accepted is answered here"),
        (413, "A body that nobody reads is too large"),
        (414, "The path is too long"),
        (
            421,
            "The host is no name of this machine, and everything is open here",
        ),
        (422, "A parameter is not known, not understood or too large"),
    ];
    if matches!(row.who, Who::Bearer(_)) {
        problems.push((401, "No token, or one that opens nothing"));
        problems.push((403, "The token is not for this"));
        problems.push((500, "It could not be worked out"));
        problems.push((503, "Too many ask, or nothing was judged yet; ask again"));
    }
    problems
}
