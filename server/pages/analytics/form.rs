//! What pages that ask more than the view have in common: forms, and links that change a part of what is asked.

use url::form_urlencoded::{Serializer, parse};

use super::frame::Frame;

/// Something to choose in a form.
pub(super) struct Entry {
    pub(super) value: String,
    pub(super) words: String,
    pub(super) is_chosen: bool,
}

/// Goals to choose from; what is chosen is among them though it didn't fire on these days.
pub(super) fn goals(known: &[String], chosen: &[String]) -> Vec<Entry> {
    let unlisted = chosen.iter().filter(|goal| !known.contains(goal));
    let entry = |goal: &String| Entry {
        value: goal.clone(),
        words: live::fire::plain_name(goal).to_owned(),
        is_chosen: chosen.contains(goal),
    };
    known.iter().chain(unlisted).map(entry).collect()
}

/// `Entry page`
pub(super) fn title(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// This page with some parts of what is asked changed; an empty one is taken away.
pub(super) fn changed(frame: &Frame, parts: &[(&str, &str)]) -> String {
    let mut out = Serializer::new(String::new());
    let asked = frame.asked_parts().into_iter();
    out.extend_pairs(asked.filter(|(name, _)| !parts.iter().any(|(known, _)| known == name)));
    out.extend_pairs(parts.iter().filter(|(_, value)| !value.is_empty()));
    format!("{}&{}", frame.to(&frame.page), out.finish())
}

/// What stands behind an address's `?`, but for an `&` in front.
pub(super) fn parts(asked: &str) -> Vec<(String, String)> {
    let pairs = parse(asked.trim_start_matches('&').as_bytes());
    pairs.into_owned().collect()
}
