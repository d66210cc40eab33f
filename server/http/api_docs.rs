//! `GET /docs/api`: what the OpenAPI document says, for people.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::Value;
use url::form_urlencoded::Serializer;

use super::App;
use super::access::Needs;
use super::describe::{Answer, Api, Body, Kind};
use super::openapi::{described, id, sample};
use super::page::{NoPage, page};
use super::routes::Route;
use super::schema;
use crate::pages::docs;
use crate::query::dimension::NAMED;
use crate::query::filter;
use crate::query::metric::METRICS;
use crate::transfer::line::COLUMNS;

/// `GET /docs/api`
pub(super) async fn answer(State(app): State<Arc<App>>) -> Result<Response, NoPage> {
    let metrics = METRICS
        .iter()
        .map(|(name, metric)| (*name, metric.meaning()));
    let dimensions = NAMED.iter().map(|(name, named)| (*name, named.meaning()));
    let key = (
        "metadata.KEY",
        "The value of a key of what was attached to a goal",
    );
    let asked = described().filter(|(route, _)| route.method != Method::OPTIONS);
    let shown = docs::Api {
        here: "/docs/api",
        query: pretty(&sample(&schema::query_body())),
        lists: vec![
            ("Metrics", metrics.collect()),
            ("Dimensions", dimensions.chain([key]).collect()),
            ("Operators of filters", filter::words().collect()),
        ],
        columns: COLUMNS.to_vec(),
        routes: asked.map(|(route, api)| told(&app, route, api)).collect(),
    };
    page(StatusCode::OK, &shown)
}

fn told(app: &App, route: &Route, api: &Api) -> docs::ApiRoute {
    let parameters = api.parameters.iter();
    docs::ApiRoute {
        id: id(route),
        method: route.method.to_string(),
        path: route.path,
        summary: route.summary,
        needs: needs(route.needs),
        parameters: parameters.map(|p| (p.name, p.words, p.example)).collect(),
        request: request(app, route, api),
        answer: match api.answer {
            Answer::Data(_, data) => pretty(&sample(&data())),
            Answer::Taken => pretty(&sample(&schema::taken())),
            Answer::File(_) | Answer::Nothing => String::new(),
        },
    }
}

fn needs(needs: Needs) -> String {
    match needs {
        Needs::Scope(scope, role) => format!("a key with the scope {scope}, or a login as {role}"),
        Needs::KeyOrLogin => "any key, or a login".into(),
        Needs::Login(role) => format!("a login as {role}"),
        Needs::Sender => "a key with the scope event:write, or a page of the site".into(),
        Needs::Nothing | Needs::Path | Needs::Metrics => "nothing".into(),
    }
}

/// Characters of a line of JSON.
const LINE: usize = 64;

/// JSON for people: what fits on a line stands on one.
fn pretty(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, &mut text);
    text
}

fn write(value: &Value, indent: usize, text: &mut String) {
    let short = line(value);
    let parts: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().map(|item| (String::new(), item)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (format!("{}: ", Value::from(key.as_str())), value))
            .collect(),
        _ => Vec::new(),
    };
    // The whole is a field a line, however short.
    if parts.is_empty() || (indent > 0 && indent + short.len() <= LINE) {
        return text.push_str(&short);
    }
    let (open, close) = if value.is_array() {
        ('[', ']')
    } else {
        ('{', '}')
    };
    text.push(open);
    for (nth, (key, value)) in parts.into_iter().enumerate() {
        text.push_str(if nth == 0 { "\n" } else { ",\n" });
        text.push_str(&" ".repeat(indent + 2));
        text.push_str(&key);
        write(value, indent + 2, text);
    }
    text.push('\n');
    text.push_str(&" ".repeat(indent));
    text.push(close);
}

/// JSON on one line.
fn line(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(line).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) if fields.is_empty() => "{}".into(),
        Value::Object(fields) => {
            let field = |(key, value): (&String, &Value)| {
                format!("{}: {}", Value::from(key.as_str()), line(value))
            };
            let fields: Vec<_> = fields.iter().map(field).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        other => other.to_string(),
    }
}

/// A call by curl, with what has to be there.
fn request(app: &App, route: &Route, api: &Api) -> String {
    let mut path = route.path.to_owned();
    let mut query = Serializer::new(String::new());
    for parameter in api.parameters {
        match parameter.kind {
            Kind::Path | Kind::PathNumber => {
                path = path.replace(&format!("{{{}}}", parameter.name), parameter.example);
            }
            Kind::Needed | Kind::Each if parameter.name != "filter" => {
                query.append_pair(parameter.name, parameter.example);
                if parameter.name == "step" {
                    // A funnel has two steps at least.
                    query.append_pair(parameter.name, "goal:Trial Started");
                }
            }
            _ => {}
        }
    }
    let query = query.finish();
    let sign = if query.is_empty() { "" } else { "?" };
    let method = match (&route.method, &api.body) {
        (&Method::GET, _)
        | (&Method::POST, Body::Json(..) | Body::File(_) | Body::FileOrJson(..)) => String::new(),
        (method, _) => format!(" -X {method}"),
    };
    let key = match route.needs {
        Needs::Nothing => "",
        _ => " -H \"Authorization: Bearer $ADMX_KEY\"",
    };
    let body = match &api.body {
        Body::Nothing => String::new(),
        Body::Json(_, example) => format!(" \\\n  -d '{example}'"),
        Body::File(_) => " \\\n  -T FILE -X POST".into(),
        Body::FileOrJson(_, _, example) => {
            format!(" -H 'Content-Type: application/json' \\\n  -d '{example}'")
        }
    };
    format!(
        "curl{method} '{}{path}{sign}{query}'{key}{body}",
        app.base_url
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_for_people_says_the_same_in_few_lines() {
        let value = json!({ "a": ["x", "y"], "b": { "c": [["is", "source", ["Google \"q\""]]] }, "d": {}, "e": [], "f": ["a long text".repeat(5), "a long text".repeat(3)] });
        let text = pretty(&value);
        assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(value));
        assert!(
            text.starts_with("{\n  \"a\": [\"x\", \"y\"],\n  \"b\": { \"c\": [["),
            "{text}"
        );
        assert_eq!(text.lines().count(), 10, "{text}");
    }
}
