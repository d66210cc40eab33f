//! `GET /api/v1/openapi.json`: the API as an OpenAPI 3.1 document, made of the table of routes.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::access::Needs;
use super::describe::{Answer, Api, Body, Kind, Parameter};
use super::routes::{ROUTES, Route, Tag};
use super::schema;

/// `GET /api/v1/openapi.json`
pub(super) async fn document() -> Response {
    let kind = (header::CONTENT_TYPE, "application/json");
    ([kind], whole().to_string()).into_response()
}

/// The document.
pub(super) fn whole() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for (route, api) in described() {
        let methods = paths.entry(route.path).or_insert_with(|| json!({}));
        methods[route.method.as_str().to_lowercase()] = operation(route, api);
    }
    let schemas = schema::NAMED_SCHEMAS.iter();
    let schemas: Map<_, _> = schemas
        .map(|(name, schema)| ((*name).to_owned(), schema()))
        .collect();
    let tags = [Tag::Events, Tag::Analytics, Tag::Manage].map(|tag| json!({ "name": tag.name() }));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "admx",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Goal analytics that people host themselves",
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": "/" }],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": { "type": "http", "scheme": "bearer", "description": "A key of this server: admx_sk_…" },
                "login": { "type": "apiKey", "in": "cookie", "name": "admx_login",
                    "description": "A login of this server's pages; by https the cookie is __Host-admx_login" },
            },
        },
    })
}

/// The routes that programs use, each with what it takes and gives.
pub(super) fn described() -> impl Iterator<Item = (&'static Route, &'static Api)> {
    ROUTES.iter().filter_map(|route| Some((route, route.api?)))
}

/// What a route is known by.
pub(super) fn id(route: &Route) -> String {
    let path = route.path.trim_start_matches("/api/");
    let path = path.replace(['/', '-', '.'], "_").replace(['{', '}'], "");
    format!("{}_{path}", route.method.as_str().to_lowercase())
}

fn operation(route: &Route, api: &Api) -> Value {
    let mut operation = json!({
        "operationId": id(route),
        "tags": [route.tag.name()],
        "summary": route.summary,
        "security": security(route.needs),
        "responses": responses(api),
    });
    if !api.parameters.is_empty() {
        operation["parameters"] = api.parameters.iter().map(parameter).collect();
    }
    let content = match &api.body {
        Body::Nothing => return operation,
        Body::Json(schema, example) => {
            let example: Value = serde_json::from_str(example).unwrap_or_default();
            json!({ "application/json": { "schema": schema(), "example": example } })
        }
        Body::File(media_type) => json!({ *media_type: { "schema": { "type": "string" } } }),
        Body::FileOrJson(media_type, schema, example) => {
            let example: Value = serde_json::from_str(example).unwrap_or_default();
            json!({
                *media_type: { "schema": { "type": "string" } },
                "application/json": { "schema": schema(), "example": example },
            })
        }
    };
    operation["requestBody"] = json!({ "required": true, "content": content });
    operation
}

fn security(needs: Needs) -> Value {
    match needs {
        Needs::Sender => json!([{ "key": ["event:write"] }, {}]),
        Needs::Scope(scope, _) => json!([{ "key": [scope.as_str()] }, { "login": [] }]),
        Needs::KeyOrLogin => json!([{ "key": [] }, { "login": [] }]),
        Needs::Login(_) => json!([{ "login": [] }]),
        Needs::Nothing | Needs::Path | Needs::Metrics => json!([]),
    }
}

fn parameter(parameter: &Parameter) -> Value {
    let is_in_path = matches!(parameter.kind, Kind::Path | Kind::PathNumber);
    let schema = match parameter.kind {
        Kind::Path | Kind::Text | Kind::Needed => json!({ "type": "string" }),
        Kind::PathNumber => json!({ "type": "integer", "minimum": 0 }),
        Kind::Each => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Day => json!({ "type": "string", "format": "date" }),
        Kind::Number(most) => json!({ "type": "integer", "minimum": 1, "maximum": most }),
    };
    let example = match parameter.kind {
        Kind::PathNumber | Kind::Number(_) => {
            json!(parameter.example.parse::<u64>().unwrap_or_default())
        }
        Kind::Each => json!([parameter.example]),
        _ => json!(parameter.example),
    };
    json!({
        "name": parameter.name,
        "in": if is_in_path { "path" } else { "query" },
        "required": is_in_path || parameter.kind == Kind::Needed,
        "description": parameter.words,
        "schema": schema,
        "example": example,
    })
}

fn responses(api: &Api) -> Value {
    let data = |schema: Value| json!({ "description": "Done", "content": { "application/json": { "schema": schema::success(schema) } } });
    let mut all = Map::new();
    match api.answer {
        Answer::Data(status, schema) => {
            all.insert(status.to_string(), data(schema()));
        }
        Answer::Taken => {
            all.insert("200".into(), data(schema::taken()));
            all.insert("202".into(), data(schema::taken()));
        }
        Answer::File(media_type) => {
            let content = json!({ media_type: { "schema": {} } });
            all.insert(
                "200".into(),
                json!({ "description": "The file", "content": content }),
            );
        }
        Answer::Nothing => {
            all.insert("204".into(), json!({ "description": "Done" }));
        }
    }
    let wrong = |words: &str| json!({ "description": words, "content": { "application/json": { "schema": schema::named("Error") } } });
    all.insert(
        "4XX".into(),
        wrong("What is wrong with the request, and what would be right"),
    );
    all.insert(
        "5XX".into(),
        wrong("The server can't just now; Retry-After says when to try again"),
    );
    all.into()
}

/// One value of a schema, for people to see its shape: each part by its example.
pub(super) fn sample(schema: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next();
        let found = schema::NAMED_SCHEMAS
            .iter()
            .find(|(known, _)| Some(*known) == name);
        return found.map_or(Value::Null, |(_, schema)| sample(&schema()));
    }
    let first = |of: &str| schema[of].get(0).cloned();
    if let Some(example) = first("examples")
        .or_else(|| first("enum"))
        .or_else(|| schema.get("const").cloned())
    {
        return example;
    }
    for several in ["anyOf", "oneOf"] {
        if let Some(one) = schema[several].get(0) {
            return sample(one);
        }
    }
    if let Some(properties) = schema["properties"].as_object() {
        let pairs = properties
            .iter()
            .map(|(name, schema)| (name.clone(), sample(schema)));
        return Value::Object(pairs.collect());
    }
    match schema["type"].as_str() {
        Some("array") => json!([sample(&schema["items"])]),
        Some("boolean") => json!(false),
        Some("object") => json!({}),
        _ => json!("…"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::question as attribution;
    use crate::cohort::question as cohort;
    use crate::experiment::question as experiment;
    use crate::http::{ask, tagging};
    use crate::mix::question as mix;
    use crate::query::{events, funnel, read};

    #[test]
    fn every_route_of_the_api_is_described_and_nothing_else() {
        let document = whole();
        for route in ROUTES {
            let is_api = route.path.starts_with("/api/");
            let method = route.method.as_str().to_lowercase();
            let operation = document["paths"][route.path].get(&method);
            assert_eq!(operation.is_some(), is_api, "{method} {}", route.path);
            let Some(operation) = operation else { continue };
            // What stands in the path is a parameter, and the other way round.
            let parameters = operation["parameters"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let in_path: Vec<_> = parameters
                .iter()
                .filter(|parameter| parameter["in"] == "path")
                .map(|parameter| format!("{{{}}}", parameter["name"].as_str().unwrap()))
                .collect();
            let of_path: Vec<_> = route
                .path
                .split('/')
                .filter(|part| part.starts_with('{'))
                .collect();
            assert_eq!(in_path, of_path, "{}", route.path);
        }
        let count: usize = document["paths"]
            .as_object()
            .unwrap()
            .values()
            .map(|path| path.as_object().unwrap().len())
            .sum();
        assert_eq!(count, described().count());
    }

    fn is_built(query: &str) -> Option<String> {
        let uri = format!("/?{query}").parse().unwrap();
        let read = axum::extract::Query::<tagging::ToBuild>::try_from_uri(&uri);
        read.err().map(|_| "there is no such part".to_owned())
    }

    #[test]
    fn parameters_are_those_that_are_read() {
        let is_read = |path: &str, query: &str| match path {
            "/api/v1/query" | "/api/v1/query.csv" => read::Sent::query_string(query).err(),
            "/api/v1/funnel" => funnel::Sent::query_string(query).err(),
            "/api/v1/experiments" => experiment::Sent::query_string(query).err(),
            "/api/v1/attribution" => attribution::Sent::query_string(query).err(),
            "/api/v1/attribution/conversions" => {
                attribution::SentConversions::query_string(query).err()
            }
            "/api/v1/cohorts" | "/api/v1/cohorts.csv" => cohort::Sent::query_string(query).err(),
            "/api/v1/cohorts/people" => cohort::SentMembers::query_string(query).err(),
            "/api/v1/ask" => ask::in_address(query).err(),
            "/api/v1/tagging/link" => is_built(query),
            "/api/v1/mix/budget" => mix::SentBudget::query_string(query).err(),
            path if path.starts_with("/api/v1/mix") => mix::Sent::query_string(query).err(),
            _ => events::Sent::query_string(query).err(),
        };
        for (route, api) in described().filter(|(route, _)| route.tag == Tag::Analytics) {
            for parameter in api
                .parameters
                .iter()
                .filter(|p| !matches!(p.kind, Kind::Path | Kind::PathNumber))
            {
                let wrong = is_read(route.path, &format!("{}=1", parameter.name));
                assert!(
                    !wrong.unwrap_or_default().contains("no such part"),
                    "{} {}",
                    route.path,
                    parameter.name
                );
            }
        }
    }

    #[test]
    fn examples_are_json_and_samples_are_made_of_them() {
        for (route, api) in described() {
            if let Body::Json(_, example) | Body::FileOrJson(_, _, example) = api.body {
                serde_json::from_str::<Value>(example).unwrap();
            }
            if let Answer::Data(_, schema) = api.answer {
                assert!(
                    !sample(&schema()).to_string().contains('…')
                        || route.path.ends_with("/keys")
                        || route.path.ends_with("/funnel"),
                    "{}",
                    route.path
                );
            }
        }
    }
}
