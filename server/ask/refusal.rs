//! What isn't answered, whatever else a question says: what would change something, what would tell of single people, what
//! is to come, what nothing is stored of, and text that is no question.

use super::reading::Refusal;
use super::word::{Kind, Word};

/// Words that a refusal is found by, for typing errors.
pub const WORDS: &[&str] = &[
    "delete", "remove", "rename", "create", "forecast", "predict", "predicted", "prediction", "projected", "expected", "competitor", "competitors", "industry", "benchmark", "weather",
    "emails", "addresses", "phone", "names", "ignore", "instructions", "prompt", "drop", "table", "select", "insert", "update", "city", "cities", "region", "gender", "age", "password", "passwords",
    "alter", "truncate", "previous", "system", "archive", "reset", "erase", "disable", "enable", "whether", "hidden", "secret", "secrets", "reveal", "pretend",
];

/// Something that is never stored, by the words for it.
pub(super) const NO_DATA: &[(&[&str], &str)] = &[
    (&["competitor", "competitors", "competition", "rival", "rivals"], "competitors"),
    (&["industry", "benchmark", "benchmarks", "market share", "other companies", "other sites", "industry average"], "benchmarks"),
    (&["city", "cities", "town", "towns", "region", "regions", "state", "states", "postcode"], "places below a country"),
    (&["gender", "male", "female", "men", "women", "age", "ages", "demographics", "demographic", "income bracket"], "demographics"),
    (&["language", "languages", "locale"], "languages"),
    (&["screen size", "screen resolution", "resolution", "viewport"], "screens"),
    (&["impressions", "ctr", "click through rate", "open rate", "open rates", "emails opened", "emails were opened", "email opens", "opened emails", "opened our emails", "opened the email", "opened an email", "cpm", "opens"], "impressions and openings"),
    (&["profit", "profits", "margin", "margins", "profitability", "gross margin", "net income"], "profit"),
    (&["satisfaction", "nps", "sentiment", "reviews", "happy", "happiness"], "opinions"),
    (&["search position", "serp", "google ranking", "seo ranking", "keyword ranking", "backlinks", "domain authority"], "search rankings"),
    (&["page speed", "load time", "loading time", "core web vitals", "lcp", "uptime", "latency"], "speed"),
    (&["followers", "likes", "shares", "retweets", "comments", "mentions"], "social networks"),
    (&["refund reason", "churn reason"], "reasons"),
];

/// What a question at its beginning would change.
const CHANGES: &[&str] = &[
    "delete", "remove", "rename", "create", "add", "erase", "archive", "reset", "disable", "enable", "edit", "update", "modify", "insert", "truncate", "alter", "hide", "merge", "import", "upload", "invite",
    "revoke", "set", "drop", "wipe", "purge", "clear", "turn", "change", "deactivate", "install", "configure", "stop", "pause", "email", "mail", "send", "export", "schedule", "block", "ban", "unsubscribe", "fire", "trigger",
];

/// What is to come.
const FUTURE: &[&str] = &[
            "will", "forecast", "forecasts", "forecasted", "predict", "predicted", "prediction", "predictions", "projected", "projection", "going to get", "going to have", "going to be", "on track", "expected", "estimate for next", "future", "gonna", "expect",
            "by the end of the year", "by year end", "can we expect", "should we expect", "we going to", "we gonna", "rest of the year", "rest of the month", "rest of this year", "rest of this month", "to expect", "next year's",
];

/// Words of these phrases, for typing errors.
pub(super) const PHRASES: [&[&str]; 3] = [FUTURE, CHANGES, PEOPLE];

/// What people are called.
const PEOPLE: &[&str] = &[
    "people", "users", "visitors", "customers", "user", "visitor", "customer", "person", "everyone", "who", "buyers", "subscribers", "purchasers", "members", "clients", "someone",
];

fn phrase_at(words: &[Word], at: usize, phrase: &str) -> bool {
    let mut place = at;
    for part in phrase.split(' ') {
        match words.get(place) {
            Some(word) if word.low == part && word.kind != Kind::Quoted => place += 1,
            _ => return false,
        }
    }
    true
}

/// Where one of some phrases stands, in free words.
fn find(words: &[Word], is_free: &dyn Fn(usize) -> bool, phrases: &[&str]) -> Option<usize> {
    (0..words.len()).find(|at| is_free(*at) && phrases.iter().any(|phrase| phrase_at(words, *at, phrase)))
}

/// What can be seen of a text before it is read as a question: that it is meant for something else than this.
pub fn of_text(question: &str) -> Option<Refusal> {
    let low = question.to_lowercase();
    let low: String = low.split_whitespace().collect::<Vec<_>>().join(" ");
    let signs = [
        "ignore previous", "ignore all", "ignore the above", "ignore your", "ignore any", "disregard", "previous instructions", "prior instructions", "system prompt", "your instructions", "your prompt", "you are now",
        "pretend to", "pretend you", "act as", "jailbreak", "drop table", "drop database", "select *", "select count", "insert into", "delete from", "update set", "union select", "truncate table", "alter table", "; --", "';",
        "' or '1'='1", "1=1", "<script", "</script", "javascript:", "{{", "${", "../..", "rm -rf", "sudo ", "curl ", "exec(", "eval(", "base64", "developer mode", "forget everything", "new instructions", "override", "api key",
        "api_key", "secret key", "access token", "print your", "reveal", "run the following", "<|", "[inst]", "### ",
    ];
    signs.iter().any(|sign| low.contains(sign)).then_some(Refusal::NoQuestion)
}

/// What is refused of words that no name or days were found in.
pub fn of_words(words: &[Word], is_free: &dyn Fn(usize) -> bool) -> Option<Refusal> {
    let polite = [
        "please", "pls", "can", "could", "would", "you", "i", "want", "to", "hey", "hi", "hello", "now", "ok", "let", "lets", "we", "like", "need", "just", "then", "and", "also", "should", "go", "ahead",
    ];
    let first = words.iter().position(|word| !polite.contains(&&*word.low));
    if let Some(first) = first
        && is_free(first)
        && CHANGES.contains(&&*words[first].low)
        && words[first].kind == Kind::Word
    {
        let is_order = match &*words[first].low {
            // "fire count of …", "change in …", "email signups", "set of …"
            "change" | "fire" | "email" | "mail" | "set" | "update" | "drop" | "trigger" | "export" | "send" => words.get(first + 1).is_some_and(|next| {
                matches!(&*next.low, "the" | "a" | "an" | "my" | "our" | "me" | "all" | "this" | "that" | "it" | "up" | "goal" | "goals" | "name" | "every" | "these" | "new" | "everyone" | "everything" | "everybody") || next.kind == Kind::Quoted
            }) && !words.get(first + 2).is_some_and(|word| matches!(&*word.low, "change" | "breakdown" | "report" | "in")),
            _ => true,
        };
        if is_order {
            return Some(Refusal::ReadOnly);
        }
    }
    let personal = [
        "email addresses", "email address", "emails of", "email of", "phone number", "phone numbers", "ip address", "ip addresses", "ips", "home address", "home addresses", "postal address", "postal addresses",
        "credit card", "credit cards", "card number", "card numbers", "full name", "full names", "names of people", "names of users", "names of visitors", "names of customers", "names of the", "name of the person", "name of the user",
        "who is the", "who are the", "who exactly", "best customers", "top customers", "biggest customers", "best users", "top users", "biggest spenders", "most valuable customers", "loyal customers", "personal data", "contact details", "passwords", "password", "name of the visitor", "name of the customer", "date of birth", "birthdays", "first names", "last names", "usernames", "username", "user ids",
        "name and email", "names and emails", "list of emails", "emails and", "addresses of", "identify the", "identity of", "identities of", "social security", "emails for", "customer names", "user names", "customer emails", "user emails", "customer list", "contact list", "mailing list", "personal information",
    ];
    if let Some(at) = find(words, is_free, &personal) {
        // "who are the top channels" asks for no person.
        let is_who = words[at].low == "who" && words.get(at + 1).is_some_and(|word| matches!(&*word.low, "is" | "are"));
        let told = words[at..].iter().any(|word| PEOPLE[..7].contains(&&*word.low) || matches!(&*word.low, "person" | "people" | "buyers"));
        if !is_who || told || words.len() < at + 5 {
            return Some(Refusal::Personal);
        }
    }
    let lists = ["list", "show", "name", "give", "which", "identify", "who"];
    let is_list = first.is_some_and(|first| lists.contains(&&*words[first].low));
    if is_list {
        let first = first.unwrap_or(0);
        let next = words[first + 1..].iter().find(|word| !matches!(&*word.low, "me" | "all" | "the" | "every" | "individual" | "our" | "my" | "of" | "single" | "exact"));
        let told = next.is_some_and(|word| PEOPLE.contains(&&*word.low) || word.low == "names" || word.low == "emails");
        let counts = find(words, &|_| true, &["number", "count", "many", "by", "per", "how", "rate", "unique", "share", "percentage"]).is_some();
        if told && !counts {
            return Some(Refusal::Personal);
        }
    }
    let is_lifetime = find(words, &|_| true, &["ltv", "clv", "lifetime", "cltv"]).is_some();
    if !is_lifetime && find(words, is_free, FUTURE).is_some() {
        return Some(Refusal::Forecast);
    }
    for (phrases, what) in NO_DATA {
        if find(words, is_free, phrases).is_some() {
            return Some(Refusal::NoData((*what).to_owned()));
        }
    }
    None
}
