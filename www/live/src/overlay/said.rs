//! What the pixel's request says, and what the server answers: text in, rows to show out.
//!
//! Leaves to others: overhearing the two (`tap`), showing the rows (`panel`).

use pixel::record::RECORD;

use super::json::Json;
use crate::fire::plain_name;

/// A request, as it was sent.
#[derive(Debug, PartialEq)]
pub struct Request {
    /// Its events, in order.
    pub events: Vec<Event>,
    /// Whether it holds the pixel's records as they are, for the server to judge.
    pub is_raw: bool,
}

/// An event of a request.
#[derive(Debug, Default, PartialEq)]
pub struct Event {
    /// By which a repeat is known.
    pub id: String,
    /// The goal's name, or what else it is.
    pub label: String,
    /// Whether it fired by itself.
    pub is_reserved: bool,
    /// Metadata as JSON; of `identify` the user.
    pub details: String,
    /// The page's address.
    pub url: String,
}

/// What the server said.
#[derive(Debug, PartialEq)]
pub struct Answer {
    /// To the request as a whole.
    pub summary: String,
    /// To each of its events.
    pub verdicts: Vec<Verdict>,
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It is on disk.
    Stored,
    /// It was on disk already.
    Duplicate,
    /// It was on purpose not stored: why.
    Filtered(String),
    /// It was wrong: the code, and what would be right.
    Refused(String),
    /// The pixel keeps it and tries again.
    Waits,
    /// Nobody said.
    Unknown,
}

impl Verdict {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Verdict::Stored => "stored".into(),
            Verdict::Duplicate => "stored before".into(),
            Verdict::Filtered(reason) => format!("not counted: {reason}"),
            Verdict::Refused(why) => format!("refused: {why}"),
            Verdict::Waits => "waits".into(),
            Verdict::Unknown => "no word on it".into(),
        }
    }

    /// Whether it is as one wants it.
    pub fn is_good(&self) -> bool {
        matches!(self, Verdict::Stored | Verdict::Duplicate)
    }
}

/// Reads the body of a request: an array of events, or `{"raw": …}`. `None` when it is neither.
pub fn request(body: &str) -> Option<Request> {
    let body = Json::parse(body)?;
    if let Some(events) = body.items() {
        return Some(Request {
            events: events.iter().map(event).collect(),
            is_raw: false,
        });
    }
    let records = body.get("raw")?.get("records")?.string()?;
    let events = records.split(RECORD).flat_map(events).collect();
    Some(Request {
        events,
        is_raw: true,
    })
}

/// The events of a record, as the pixel's core judges them. When they happened isn't read: reading numbers would make a
/// fifth of all that is loaded.
fn events(record: &str) -> Vec<Event> {
    pixel::record::drafts(record)
        .filter_map(|draft| Json::parse(&format!("{{\"age_ms\":0{draft}}}")))
        .map(|sent| event(&sent))
        .collect()
}

fn event(sent: &Json) -> Event {
    let string = |key: &str| sent.get(key).and_then(|value| value.string());
    let name = string("name");
    let user = string("user_id").filter(|_| name.is_none());
    let label = match (&name, &user) {
        (Some(name), _) => plain_name(name),
        (None, Some(_)) => "Identify",
        (None, None) => "Page view",
    };
    let metadata = sent.get("metadata").map(|metadata| metadata.text());
    Event {
        id: string("event_id").unwrap_or_default(),
        label: label.into(),
        is_reserved: name.is_some_and(|name| name.starts_with("__")),
        details: user.or(metadata).unwrap_or_default(),
        url: string("url").unwrap_or_default(),
    }
}

/// Reads the answer to a request of that many events.
pub fn answer(status: u16, text: &str, events: usize) -> Answer {
    let said = Json::parse(text);
    let part = |key: &str| said.as_ref().and_then(|said| said.get(key));
    let error = part("error");
    let whole = error.as_ref().map(problem);
    let mut summary = status.to_string();
    if let Some(words) = &whole {
        summary = format!("{summary} {words}");
    }
    if matches!(status, 408 | 429 | 500..) {
        summary += "; waits, and is tried again";
        return Answer {
            summary,
            verdicts: vec![Verdict::Waits; events],
        };
    }
    let told = part("data").or(error.and_then(|error| error.get("details")));
    let several = told.as_ref().and_then(|t| t.get("results")?.items());
    // An event that was sent by itself is answered by itself.
    let results = several.unwrap_or_else(|| told.into_iter().collect());
    let unsaid = whole.map_or(Verdict::Unknown, Verdict::Refused);
    let mut said = results.iter().map(verdict);
    let verdicts = (0..events)
        .map(|_| said.next().unwrap_or_else(|| unsaid.clone()))
        .collect();
    Answer { summary, verdicts }
}

fn verdict(told: &Json) -> Verdict {
    if let Some(error) = told.get("error") {
        return Verdict::Refused(problem(&error));
    }
    if let Some(reason) = told.get("reason").and_then(|reason| reason.string()) {
        return Verdict::Filtered(reason);
    }
    match told.get("duplicate").and_then(|duplicate| duplicate.bool()) {
        Some(true) => Verdict::Duplicate,
        Some(false) => Verdict::Stored,
        None => Verdict::Unknown,
    }
}

/// An error's code, and what would be right.
fn problem(error: &Json) -> String {
    let part = |key: &str| error.get(key).and_then(|part| part.string());
    let [code, message] = ["code", "message"].map(|key| part(key).unwrap_or_default());
    format!("{code}: {message}")
}

/// What stands for the answer when none came.
pub fn no_answer(events: usize) -> Answer {
    Answer {
        summary: "no answer; waits, and is tried again".into(),
        verdicts: vec![Verdict::Waits; events],
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A request's events as lines.
    fn lines(body: &str) -> Option<Vec<String>> {
        let line = |e: &Event| {
            let gear = if e.is_reserved { "*" } else { "" };
            format!("{}|{gear}{}|{}|{}", e.id, e.label, e.details, e.url)
        };
        Some(request(body)?.events.iter().map(line).collect())
    }

    #[test]
    fn a_request_is_read_event_by_event() {
        for (body, expected) in [
            ("[]", &[] as &[&str]),
            (
                r#"[{"age_ms":3,"event_id":"a","website_id":"admx_x","url":"https://a.test/","referrer":""}]"#,
                &["a|Page view||https://a.test/"],
            ),
            (
                r#"[{"event_id":"a","url":"/","name":"Trial","metadata":{"n":1.5,"plan":"pro"}},{"event_id":"b","url":"/","name":"__admx_scroll_50"}]"#,
                &[
                    r#"a|Trial|{"n":1.5,"plan":"pro"}|/"#,
                    "b|*Scrolled past 50 %||/",
                ],
            ),
            // The later of two is what counts.
            (
                r#"[{"name":"T","metadata":{"a":1,"b":"click","b":"call"}}]"#,
                &[r#"|T|{"a":1,"b":"call"}|"#],
            ),
            (
                r#"[{"event_id":"a","user_id":"customer-42"}]"#,
                &["a|Identify|customer-42|"],
            ),
            // What is no event leaves the others.
            (r#"[7,{"name":"T"}]"#, &["|Page view||", "|T||"]),
            (
                r#"{"raw":{"v":2,"now":9,"records":"5\tp\r\t\t,\"event_id\":\"a\",\"url\":\"/\""}}"#,
                &["a|Page view||/"],
            ),
            // Only what counts: the core is asked.
            (
                r#"{"raw":{"v":2,"now":9,"records":"5\tg\"T\"\r\t,\"event_id\":\"a\",\"name\":\"T\",\"metadata\":{\"x\":1}\n5\tg\"__\"\r\t,\"name\":\"__\""}}"#,
                &[r#"a|T|{"x":1}|"#],
            ),
        ] {
            assert_eq!(lines(body).unwrap(), expected, "{body}");
        }
        for nonsense in ["", "7", "{", "{}", r#"{"raw":7}"#, r#"{"name":"x"}"#] {
            assert_eq!(lines(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn an_answer_is_read_event_by_event() {
        use Verdict::*;
        let refused = |why: &str| Refused(why.into());
        let filtered = |why: &str| Filtered(why.into());
        for (status, text, summary, verdicts) in [
            (
                200,
                r#"{"status":"success","data":{"results":[{"status":200,"event_id":"a","duplicate":false},{"status":200,"event_id":"b","duplicate":true},
                    {"status":202,"reason":"bot"},{"status":400,"error":{"code":"invalid_name","message":"too long"}}]},"meta":{"request_id":"r"}}"#,
                "200",
                vec![
                    Stored,
                    Duplicate,
                    filtered("bot"),
                    refused("invalid_name: too long"),
                ],
            ),
            (
                200,
                r#"{"data":{"event_id":"a","duplicate":false}}"#,
                "200",
                vec![Stored],
            ),
            (
                202,
                r#"{"data":{"reason":"excluded_address"}}"#,
                "202",
                vec![filtered("excluded_address")],
            ),
            (
                400,
                r#"{"error":{"code":"invalid_body","message":"no JSON"}}"#,
                "400 invalid_body: no JSON",
                vec![refused("invalid_body: no JSON"); 2],
            ),
            (
                403,
                r#"{"error":{"code":"a","message":"1","details":{"results":[{"status":403,"error":{"code":"a","message":"1"}},{"status":404,"error":{"code":"b","message":"2"}}]}}}"#,
                "403 a: 1",
                vec![refused("a: 1"), refused("b: 2")],
            ),
            (
                429,
                r#"{"error":{"code":"rate_limited","message":"wait 1 s"}}"#,
                "429 rate_limited: wait 1 s; waits, and is tried again",
                vec![Waits; 3],
            ),
            (502, "<html>", "502; waits, and is tried again", vec![Waits]),
            (200, "", "200", vec![Unknown]),
            (204, "{\"data\":{}}", "204", vec![Unknown, Unknown]),
        ] {
            let found = answer(status, text, verdicts.len());
            assert_eq!(
                (found.summary.as_str(), &found.verdicts),
                (summary, &verdicts),
                "{text}"
            );
        }
    }
}
