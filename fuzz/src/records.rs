//! What pages where WebAssembly is refused send: records, and the names in them.

use pixel::record;
use serde_json::json;

use super::body::judged;
use crate::ground::{GROUND, NOW};
use crate::store::event::GoalName;

/// Events that one record may make.
const MOST: usize = 4;

pub fn records(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let events: Vec<_> = record::events(&text).collect();
    let count = 1 + text.matches(record::RECORD).count();
    assert!(events.len() <= MOST * count);
    for event in &events {
        assert!(event.draft.starts_with(','));
        assert!(!event.draft.contains([record::FIELD, record::RECORD]));
        assert!(text.contains(event.draft));
    }
    // One after the other they make what they make together.
    let alone = text.split(record::RECORD).flat_map(record::events);
    assert!(alone.map(|e| e.draft).eq(events.iter().map(|e| e.draft)));

    let raw = json!({ "raw": {
        "v": record::VERSION,
        "now": NOW.as_millisecond(),
        "anonymous_id": "fuzz",
        "records": text,
    } });
    let made = judged(raw.to_string().as_bytes(), &GROUND.browser());
    assert!(made.is_empty() || made.len() == events.len());

    text.split([record::RECORD, record::FIELD]).for_each(named);
}

/// The core takes the names that the contract says, whoever writes them: the browser as JSON, or a server as text.
fn named(text: &str) {
    let trimmed =
        text.trim_matches(|c: char| c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}'));
    let is_name = |text: &str, most| {
        (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control)
    };
    let is_goal = |text: &str| is_name(text, 100) && !text.starts_with("__");
    let parsed = GoalName::parse(text);
    assert_eq!(
        parsed.as_ref().map(GoalName::as_str),
        is_goal(trimmed).then_some(trimmed)
    );
    let user = pixel::name::parse_user(text);
    assert_eq!(user, is_name(trimmed, 256).then_some(trimmed));
    let json = serde_json::to_string(text).expect("a text is JSON");
    let verdict = |kind: u8| {
        let mut facts = vec![kind];
        facts.extend(json.as_bytes());
        facts.push(pixel::FACT);
        pixel::verdict(&facts)
    };
    let refused = pixel::NAME_REFUSED;
    assert_eq!(verdict(b'g'), if is_goal(text) { 1 } else { refused });
    assert_eq!(verdict(b'i'), if is_name(text, 256) { 2 } else { refused });
}
