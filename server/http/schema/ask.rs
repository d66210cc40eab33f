//! Schemas of questions in plain words.

use serde_json::{Value, json};

use super::{figure, list, maybe_text, object, text, website};

pub(in crate::http) fn question() -> Value {
    let mut question = object(json!({
        "website_id": website(), "question": text("which channel drove the most Trial Started last week?"),
    }));
    question["required"] = json!(["question"]);
    question
}

/// An answer, choices, or why there is none.
pub(in crate::http) fn answer() -> Value {
    let kind = |kind: &str| json!({ "type": "string", "const": kind });
    let query = json!({ "type": "object" });
    let sentence = text("Fires of Trial Started by channel, 6 to 12 July 2026, most first");
    let room = text("query");
    let link = maybe_text("/dashboard/by/channel?site=admx_7f3k");
    let row = object(json!({ "dimensions": list(maybe_text("Email")), "metrics": list(figure()) }));
    let choice =
        object(json!({ "sentence": sentence, "room": room, "query": query, "link": link }));
    let note = maybe_text("the language model took longer than 10 seconds");
    let answer = object(json!({
        "kind": kind("answer"), "room": room, "query": query, "sentence": sentence,
        "answer": text("Email: 12 fires, 40.0 % of 30; then Direct with 9."), "assumed": list(text("no days were named: the last 30 before today")),
        "link": link, "dimensions": list(text("channel")), "metrics": list(text("fires")), "rows": list(row), "next": maybe_text("100.c2b1f0"),
        "notes": list(text("a decomposition of the change, not its cause")),
        "read_by": { "type": "string", "enum": ["grammar", "model"] }, "model": maybe_text("qwen3:8b"), "choices": list(choice.clone()),
    }));
    let choose = object(json!({
        "kind": kind("choose"), "message": text("Which goal: Pricing CTA Click or Pricing Link Click?"), "model_note": note, "choices": list(choice),
    }));
    let refuse = object(json!({
        "kind": kind("refuse"), "reason": text("unknown_goal"), "message": text("no goal is called “lead magnets”"), "model_note": note,
        "suggestions": list(text("“Trial Started” by day, last 30 days")),
    }));
    json!({ "oneOf": [answer, choose, refuse] })
}
