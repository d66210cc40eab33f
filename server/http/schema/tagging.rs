//! Schemas of the tags of links.

use serde_json::{Value, json};

use super::{count, list, maybe_text, named, object, text, website};

fn better() -> Value {
    let mut better = object(json!({
        "source": text("google"), "medium": text("cpc"), "campaign": text("spring_sale"), "channel": text("Paid Search"),
    }));
    better["type"] = json!(["object", "null"]);
    better
}

pub(in crate::http) fn tagging() -> Value {
    let finding = object(json!({
        "problem": text("unknown_medium"), "message": text("A medium that no channel knows"),
        "advice": text("Use one of the usual words."), "source": text("google"), "medium": text("ppcc"),
        "campaign": text("spring_sale"), "click_id": maybe_text("gclid"), "sessions": count(12),
        "channel": text("Organic Search"), "better": better(),
    }));
    object(json!({
        "website_id": website(), "range": named("Range"), "sessions": count(1200), "wrong": count(12), "findings": list(finding),
    }))
}

pub(in crate::http) fn tagged_link() -> Value {
    let problem = object(json!({
        "problem": text("unknown_medium"), "message": text("A medium that no channel knows"),
        "advice": text("Use one of the usual words."), "better": better(),
    }));
    object(json!({
        "url": text("https://example.com/pricing?utm_source=google&utm_medium=cpc"), "channel": text("Paid Search"),
        "problems": list(problem),
    }))
}
