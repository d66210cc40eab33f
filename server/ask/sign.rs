//! What kind of question it is, and what it compares: words that stand for neither a name nor days.

use super::lexicon;
use super::parse::{Parse, Role};
use super::period::Unit;
use super::reading::{Mix, Statistic};
use super::word::Kind as WordKind;
use crate::query::dimension::Dimension;

/// A kind of question.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Which visits earned it.
    Credit,
    /// What people bring.
    Lifetime {
        /// In days to come.
        is_predicted: bool,
    },
    /// Who comes back.
    Retention,
    /// How far people get.
    Funnel,
    /// How long they take.
    TimeToConvert,
    /// What was earned for what was spent.
    Roas,
    /// What a goal cost.
    Cost,
    /// What was spent.
    Spend,
    /// The marketing mix.
    Mix(Mix),
    /// What explains a change.
    Why,
    /// When first, when last.
    First,
    #[allow(missing_docs)]
    Last,
    /// The goals.
    Goals,
    /// What may be asked.
    Help,
    /// Something of a key's values.
    Values(Statistic, String),
    /// One figure for each of another: of which nothing is made.
    Ratio,
}

const LIFETIME: &[&str] = &["ltv", "clv", "cltv", "lifetime value", "lifetime values", "life time value", "customer value", "customer lifetime value", "lifetime revenue", "ltvs"];
const RETENTION: &[&str] = &[
    "retention", "retention rate", "retention table", "cohort retention table", "cohort retention", "cohort table", "cohort analysis", "retention curve", "retained", "retain", "come back", "came back", "comes back", "coming back", "returned", "return visits",
    "return rate", "stick around", "stuck around", "still active", "cohorts", "cohort", "repeat visits",
];
const FUNNEL: &[&str] = &["funnel", "conversion funnel", "drop off", "drop offs", "dropoff", "fall off", "drop out", "conversion path", "fall out", "funnel analysis", "drop-off", "dropping off", "dropped off", "drops off", "lose people", "lose users", "lose visitors", "lose customers", "losing people", "losing users", "losing visitors", "fall away", "give up", "steps", "step by step", "make it", "get stuck"];
const TIME_TO: &[&str] = &[
    "time to convert", "time to conversion", "how long does it take", "how long do people take", "how long do users take", "how long did it take", "how long do visitors take", "how much time passes", "how many days pass", "how long between",
    "time between", "time needed from", "time needed between", "time needed", "time from", "days between", "hours between", "median time", "average time", "how quickly do", "how fast do", "how long from", "how long until", "how long does it usually take", "how long does it typically take", "lag between", "delay between",
    "how long is it", "how many days does it take", "how many hours does it take", "days from", "how long after", "time lag", "how long", "how soon", "how fast", "how quickly", "time it takes", "time to go",
];
const WHY: &[&str] = &["why", "what caused", "what explains", "what is behind", "explain why", "explain the", "reason for", "reasons for", "what drove the", "how come", "what happened to", "what is causing", "what made", "explain", "root cause", "what led to", "what behind", "reason", "reasons", "what was behind", "what contributed to the", "cause of"];

/// What is said of money that is to be spent.
pub(super) const MONEY: &[&str] = &[
    "next", "additional", "extra", "another", "more", "spare", "further", "left over", "leftover", "remaining", "on top", "budget", "spend", "spent", "spending", "invest", "invested", "put", "divide", "split", "allocate", "distribute", "distributed", "give", "assign",
    "marketing", "ads", "advertising", "ad", "across", "among", "where", "get it", "receive it", "it", "into", "money", "cash", "dollars", "usd", "euros", "available", "wisely", "best", "better", "most", "use", "used", "add", "added", "increase", "go", "goes", "worth", "efficiently", "effectively", "deserve", "deserves", "budgeted",
];

/// Words of these phrases, for typing errors.
pub(super) const PHRASES: [&[&str]; 6] = [
    LIFETIME, RETENTION, FUNNEL, TIME_TO, WHY,
    &["recent", "recently", "latest", "earliest", "first", "ago", "where", "when", "long", "often", "same", "period", "equivalent", "optimal", "allocation", "roi", "dollars", "usd", "euros"],
];

/// What a question for the names of the goals is made of.
pub(super) const CATALOGUE: &[&str] = &[
    "list", "show", "what", "which", "are", "is", "my", "our", "all", "the", "me", "do", "we", "i", "have", "exist", "exists", "there", "of", "goals", "goal", "events", "event", "names", "defined", "tracked", "track", "tracking", "being", "can", "you", "please", "see", "available", "set", "up",
    "give", "a", "configured", "conversions", "name", "get", "tell", "every", "for", "this", "site", "website", "catalogue", "catalog", "know", "about", "currently", "measured", "measure", "in", "workspace", "goal's", "display", "recorded", "record", "custom", "reserved", "exactly", "those", "different", "on", "here", "setup", "collect", "collecting", "captured", "capture", "could", "would", "i'd", "like", "to", "any", "us", "it", "measuring", "recording", "currently", "now", "overview", "kinds", "kind", "that", "ask",
];

impl Parse<'_> {
    pub(super) fn signs(&mut self) {
        self.take(&["no of", "good morning", "good afternoon", "good evening", "good day", "dear all", "hi there", "hey there", "hello there"], Role::Sign);
        self.take(&["at least once", "at least one time", "one time or more", "once or more"], Role::Sign);
        self.kinds();
        self.models();
        self.amounts();
        self.ages();
        self.comparisons();
        self.statistics();
    }

    fn kind(&mut self, phrases: &[&str], kind: Kind) -> bool {
        let found = self.take(phrases, Role::Sign).is_some();
        if found && self.kind.is_none() {
            self.kind = Some(kind);
        }
        found
    }

    fn kinds(&mut self) {
        let help = ["what can i ask", "what can you do", "what can you answer", "what questions", "help", "how do i ask", "what do you know", "what can you tell me", "how does this work", "examples", "example questions"];
        if self.words.len() <= 7 && self.kind(&help, Kind::Help) {
            return;
        }
        let is_mix = self.take(&["mmm", "marketing mix model", "marketing mix", "mix model", "media mix model", "media mix", "mix modelling", "marketing mix modelling", "marketing mix modeling"], Role::Sign).is_some();
        let has_model = lexicon::MODEL_NAMES.iter().any(|(name, _)| self.find(&[name]).is_some());
        if !has_model || is_mix {
            self.kind(&["adstock half life", "ad stock half life", "carryover half life", "half life of spend", "adstock", "carry over", "carryover", "ad stock"], Kind::Mix(Mix::HalfLife));
            if self.kind == Some(Kind::Mix(Mix::HalfLife)) {
                self.take(&["half life", "effect", "rate"], Role::Sign);
            } else if self.find(&["half life"]).is_some() {
                self.kind(&["half life"], Kind::Mix(Mix::HalfLife));
            }
        }
        self.kind(&["marginal roas", "marginal return", "marginal returns", "marginal roi", "mroas"], Kind::Mix(Mix::MarginalRoas));
        self.kind(&["saturation", "saturated", "saturation point", "saturation curve", "diminishing returns", "response curve", "saturating", "saturate", "response curves", "saturation curves"], Kind::Mix(Mix::Saturation));
        if self.kind == Some(Kind::Mix(Mix::Saturation)) {
            self.take(&["spend", "spending", "budget", "level of spend", "spend level"], Role::Sign);
        }
        let optimize = [
            "where should i put", "where should we put", "where should i spend", "where should we spend", "how should i spend", "how should we spend", "how should i split", "how should we split", "how should i allocate", "how should we allocate",
            "optimal budget", "optimise the budget", "optimize the budget", "optimize my budget", "optimise my budget", "optimize our budget", "optimise our budget", "best budget", "budget allocation", "reallocate", "allocate", "where to spend", "where do i put", "budget split", "invest the next", "where should i invest", "where should we invest",
            "optimize budget", "optimise budget", "best way to spend", "how to spend", "best use of", "optimal split", "optimal allocation", "optimal spend", "next dollar", "spend the next", "put the next", "budget be", "ideal budget", "how would you spend", "how would you split", "distribute",
        ];
        if self.kind(&optimize, Kind::Mix(Mix::Optimize(None))) || self.more_money() {
            while self.take(MONEY, Role::Sign).is_some() {}
            for words in [&["budget", "spend", "dollars", "usd", "euros"][..], &["marketing", "additional", "extra"][..]] {
                self.take(words, Role::Sign);
            }
        }
        if is_mix {
            self.kind(&["roas", "roi", "return on ad spend"], Kind::Mix(Mix::Roas));
        }
        let contribution = ["contributes", "contribute", "contributed", "contribution", "contributions", "incremental", "incrementality", "incrementally", "incremental contribution", "incremental lift", "causal effect", "causal"];
        if !has_model && !self.says(&["credit", "attribution", "attributed"]) {
            self.kind(&contribution, Kind::Mix(Mix::Contribution));
        }
        if is_mix && self.kind.is_none() {
            self.kind = Some(Kind::Mix(Mix::Contribution));
        }
        if self.find(LIFETIME).is_some() {
            let is_predicted = self.take(&["predicted", "predict", "expected", "forecast", "forecasted", "projected", "future", "estimated", "prediction of"], Role::Sign).is_some();
            self.kind(LIFETIME, Kind::Lifetime { is_predicted });
            self.take(&["average", "avg", "mean", "on average"], Role::Sign);
            self.take(&["cohort", "cohorts"], Role::Sign);
        }
        self.kind(&["roas", "return on ad spend", "return on adspend", "return on spend", "roi", "return on investment"], Kind::Roas);
        if self.take(&["cost per goal", "cost per acquisition", "cost per conversion", "cpa", "cac", "customer acquisition cost", "acquisition cost", "acquisition costs", "cost per", "cost of a", "pay per", "pay for each", "pay for a", "paid per", "spend per", "spent per", "pay for one", "cost of each", "cost of one", "cost us per", "cost to acquire", "costs to acquire", "cost to get"], Role::Sign).is_some() && self.kind.is_none() {
            self.kind = Some(Kind::Cost);
        }
        if self.kind.is_none() {
            self.kind(&["ad spend", "adspend", "spend", "spent", "spending", "ad cost", "ad costs", "marketing spend", "costs", "expenses", "media spend", "marketing costs", "spend on ads", "spent on ads"], Kind::Spend);
        }
        if self.find(RETENTION).is_some() && self.kind.is_none() {
            self.kind(RETENTION, Kind::Retention);
            while self.take(&["retention", "retention table", "table", "cohorts", "cohort", "rate", "curve", "analysis", "cohort retention"], Role::Sign).is_some() {}
        }
        if self.kind.is_none() && self.kind(FUNNEL, Kind::Funnel) {
            self.take(&["steps", "rate", "rates", "conversion"], Role::Sign);
            while self.take(&["where", "most", "funnel", "biggest", "steps", "along the way", "way", "path", "all the way"], Role::Sign).is_some() {}
        }
        if self.kind.is_none() && !self.says(&["how long do visitors stay", "how long do people stay", "how long do users stay", "how long is the average", "how long is a", "how long ago", "average time on", "median time on"]) && self.kind(TIME_TO, Kind::TimeToConvert) {
            self.take(&["median", "average", "typical", "typically", "usually", "on average", "mean"], Role::Sign);
            self.take(&["on average", "typically", "usually"], Role::Sign);
        }
        if self.kind.is_none() && self.take(&["since when"], Role::Sign).is_some() {
            self.kind = Some(Kind::First);
        }
        if self.says(&["how well", "how good"])
            && let Some(at) = self.take(&["convert", "converts", "converting", "converted"], Role::Figure)
        {
            self.metrics.push((crate::query::metric::Metric::ConversionRate, at));
        }
        if self.says(&["how long ago"]) && self.kind.is_none() {
            self.take(&["how long ago"], Role::Sign);
            self.kind = Some(Kind::Last);
            self.take(&["last", "latest", "most recent", "last time"], Role::Sign);
        }
        if self.find(WHY).is_some() {
            self.kind(WHY, Kind::Why);
        }
        if self.take(&["attribution", "attributed", "attribute", "credit", "credited", "credits", "attributions", "attribution model", "attribution models", "attributable"], Role::Sign).is_some() {
            if !matches!(self.kind, Some(Kind::Mix(_))) {
                self.kind = Some(Kind::Credit);
            }
            while self.take(&["attribution", "credit", "model", "models", "share of", "share"], Role::Sign).is_some() {}
        }
        if let Some((at, length)) = self.find(&["stay on the site", "stay on site", "visitors stay", "people stay", "users stay", "a visit last", "a session last", "visits last", "sessions last"]) {
            self.mark(at, at + length, Role::Figure);
            self.metrics.push((crate::query::metric::Metric::SessionDuration, at));
            self.take(&["how long do", "how long does", "how long"], Role::Sign);
            self.take(&["on average", "average", "typically", "usually", "in the mean"], Role::Sign);
        }
        let per = ["per visitor", "per user", "per person", "per customer", "per visit", "per session", "per purchase", "a visitor", "each visitor", "per head", "per order", "per sale", "per trial", "per lead", "per click", "per capita"];
        let is_pages = self.says(&["pages per", "page views per", "pageviews per", "views per"]);
        if self.kind.is_none() && !is_pages && self.find(&per).is_some() && !self.says(&["a visitor who"]) {
            let value = self.find(&["per purchase", "per order", "per sale"]).is_some();
            if value && self.take(&["revenue", "average revenue", "avg revenue", "money"], Role::Figure).is_some() {
                self.take(&["per purchase", "per order", "per sale"], Role::Figure);
                self.metrics.push((crate::query::metric::Metric::AverageValue, 0));
            } else {
                self.take(&per, Role::Sign);
                self.kind = Some(Kind::Ratio);
            }
        }
        let first = ["first time", "first ever", "very first", "earliest", "for the first time", "first"];
        let last = ["last time", "most recently", "most recent", "latest", "last"];
        let asks_when = self.says(&["when", "what day", "what date", "which day", "date of", "what time", "how recently", "when's", "at what time"]) || self.is(0, &["last", "first", "most", "latest", "earliest", "date"]) && self.says(&["time", "ever", "most recent", "latest", "earliest"]);
        if self.kind.is_none() && (asks_when || self.asks_which_time()) {
            let ends_ago = self.says(&["last week", "last month", "last year", "last quarter"]);
            if let Some((at, length)) = self.find(&first)
                && !self.is(at + length, &["quarter", "half", "week", "month", "touch", "click", "day", "days"])
            {
                self.mark(at, at + length, Role::Sign);
                self.take(&["ever"], Role::Sign);
                self.take(&["when"], Role::Sign);
                self.kind = Some(Kind::First);
            } else if let Some((at, length)) = self.find(&last)
                && !(ends_ago && length == 1)
                && !self.is(at + length, &["7", "30", "quarter", "week", "month", "year", "day", "days"])
                && (!self.is(at + length, &["touch", "click"]) || self.says(&["did"]))
            {
                self.mark(at, at + length, Role::Sign);
                self.take(&["when"], Role::Sign);
                self.kind = Some(Kind::Last);
            }
        }
        if self.kind.is_none() {
            self.catalogue();
        }
    }

    /// "what was the last purchase": not how many, when.
    fn asks_which_time(&self) -> bool {
        let mut at = self.words.iter().position(|word| !matches!(&*word.low, "tell" | "show" | "me" | "please" | "and" | "so")).unwrap_or(0);
        if self.is(at, &["what", "which", "whats"]) {
            at += 1;
        }
        while self.is(at, &["was", "is", "the", "our", "my"]) {
            at += 1;
        }
        let is_end = self.is(at, &["last", "latest", "first", "earliest"]) || self.is(at, &["most"]) && self.is(at + 1, &["recent"]) || self.is(at, &["very"]);
        let next = if self.is(at, &["very", "most"]) { at + 2 } else { at + 1 };
        let is_days = super::when::When::new(&self.words, self.today, &self.vocabulary.notes).point(at).is_some();
        is_end && !is_days && self.dimension_at(next).is_none() && self.words.get(next).is_some_and(|word| word.number().is_none()) && self.days_left(next)
    }

    /// Whether what follows is a name and no part of the calendar.
    fn days_left(&self, at: usize) -> bool {
        !self.is(at, &["week", "weeks", "month", "months", "quarter", "quarters", "year", "years", "day", "days", "hour", "hours", "half", "weekend", "few", "touch", "click", "non", "visit", "visits", "interaction"])
    }

    /// "another $5000": money to spend, where nothing else is asked of it.
    fn more_money(&mut self) -> bool {
        let has_amount = (0..self.words.len()).any(|at| self.amount_at(at));
        let is_more = self.says(&["extra", "another", "additional", "more", "next", "spare", "further", "left over", "leftover", "remaining", "on top", "to spend", "to invest", "to spare", "for marketing", "for ads", "in the budget", "for advertising"]);
        let is_other = self.says(&["how many", "how much would", "how much will", "bring us", "get us", "revenue", "what would"]);
        if self.kind.is_some() || !has_amount || !is_more || is_other || !self.goals.is_empty() {
            return false;
        }
        self.kind = Some(Kind::Mix(Mix::Optimize(None)));
        true
    }

    fn amount_at(&self, at: usize) -> bool {
        let Some(next) = self.words.get(at + 1) else { return false };
        self.low(at) == "$" && next.kind == WordKind::Number || self.words[at].kind == WordKind::Number && matches!(&*next.low, "dollars" | "usd" | "euros" | "euro" | "dollar" | "eur" | "bucks" | "pounds" | "gbp")
    }

    /// Whether nothing but the names of the goals is asked for.
    fn catalogue(&mut self) {
        let lows: Vec<&str> = self.words.iter().map(|word| &*word.low).collect();
        let names = lows.iter().any(|low| matches!(*low, "goals" | "events" | "conversions" | "measuring" | "tracking" | "tracked" | "measured" | "track" | "measure"));
        let asks = lows.iter().any(|low| matches!(*low, "list" | "what" | "which" | "show" | "give" | "tell" | "display" | "names" | "available" | "every" | "see" | "get")) || lows == ["my", "goals"] || lows == ["goals"] || lows == ["all", "goals"] || lows == ["our", "goals"];
        if names && asks && lows.iter().all(|low| CATALOGUE.contains(low)) {
            self.kind = Some(Kind::Goals);
            let end = self.words.len();
            self.mark(0, end, Role::Sign);
        }
    }

    fn models(&mut self) {
        let mut found: Vec<(usize, crate::attribution::model::Model)> = Vec::new();
        for (name, model) in lexicon::MODEL_NAMES.iter() {
            while let Some((at, length)) = self.find(&[name]) {
                self.mark(at, at + length, Role::Sign);
                if !found.iter().any(|(_, known)| known == model) {
                    found.push((at, *model));
                }
            }
        }
        found.sort_by_key(|(at, _)| *at);
        self.models = found.into_iter().map(|(_, model)| model).collect();
        if !self.models.is_empty() && !matches!(self.kind, Some(Kind::Mix(_) | Kind::Roas)) {
            self.kind = Some(Kind::Credit);
            while self.take(&["attribution", "credit", "model", "models", "value", "values", "share of", "share"], Role::Sign).is_some() {}
        }
    }

    fn amounts(&mut self) {
        for at in 0..self.words.len().saturating_sub(1) {
            if self.amount_at(at) && (self.is_free(at) || self.low(at) == "$") {
                let number = if self.low(at) == "$" { at + 1 } else { at };
                self.signs.amount = self.low(number).parse().ok();
                if matches!(self.kind, Some(Kind::Mix(_))) {
                    self.mark(at, at + 2, Role::Sign);
                }
            }
        }
    }

    /// "90 day", "day 7", "within 30 days" of kinds that have ages.
    fn ages(&mut self) {
        let has_ages = matches!(self.kind, Some(Kind::Lifetime { .. } | Kind::Retention | Kind::Credit | Kind::Cost | Kind::Roas));
        if !has_ages {
            return;
        }
        let unit = |low: &str| match low {
            "day" | "days" | "d" => Some(Unit::Day),
            "week" | "weeks" => Some(Unit::Week),
            "month" | "months" => Some(Unit::Month),
            "year" | "years" => Some(Unit::Year),
            _ => None,
        };
        for at in 0..self.words.len() {
            if !self.is_free(at) {
                continue;
            }
            let (_, before) = self.before(at, &["the"]);
            let is_period = matches!(before, "last" | "past" | "previous" | "prior" | "trailing" | "rolling" | "this" | "next");
            let number = self.words[at].number();
            if let (Some(number), Some(unit)) = (number, unit(self.low(at + 1)))
                && !is_period
                && self.is_free(at + 1)
                && !self.is(at + 2, &["ago"])
            {
                self.signs.spans.push((number, unit, at));
                self.mark(at, at + 2, Role::Sign);
                if at > 0 && self.is_free(at - 1) && self.is(at - 1, &["after", "within", "first", "at", "over"]) {
                    self.roles[at - 1] = Role::Sign;
                }
                if at > 1 && self.is_free(at - 2) && self.is(at - 2, &["within", "after"]) {
                    self.roles[at - 2] = Role::Sign;
                }
            } else if let (Some(unit), Some(number)) = (unit(self.low(at)), self.words.get(at + 1).filter(|word| word.kind == WordKind::Number).and_then(|word| word.number()))
                && self.kind == Some(Kind::Retention)
                && !is_period
            {
                self.signs.spans.push((number, unit, at));
                self.mark(at, at + 2, Role::Sign);
                self.take(&["after"], Role::Sign);
            } else if let Some(number) = self.low(at).strip_prefix('d').and_then(|rest| rest.parse::<u32>().ok())
                && self.kind == Some(Kind::Retention)
            {
                self.signs.spans.push((number, Unit::Day, at));
                self.mark(at, at + 1, Role::Sign);
            }
        }
        if self.kind == Some(Kind::Credit) {
            while self.take(&["half life", "window", "lookback window", "lookback", "look back window", "conversion window"], Role::Sign).is_some() {}
        }
    }

    /// "average price", "total seats": something of the values of a key.
    fn statistics(&mut self) {
        let words = [
            ("average", Statistic::Average), ("avg", Statistic::Average), ("mean", Statistic::Average), ("median", Statistic::Median), ("total", Statistic::Sum), ("sum", Statistic::Sum), ("highest", Statistic::Most), ("lowest", Statistic::Least), ("maximum", Statistic::Most),
            ("max", Statistic::Most), ("min", Statistic::Least), ("minimum", Statistic::Least), ("largest", Statistic::Most), ("smallest", Statistic::Least), ("combined", Statistic::Sum), ("typical", Statistic::Median),
        ];
        if self.says(&["on average"]) && self.kind.is_none() {
            let key = (0..self.words.len()).find_map(|at| {
                let key = self.vocabulary.keys.iter().find(|key| key.eq_ignore_ascii_case(self.low(at)))?;
                let is_told = self.is_free(at) && !self.is(at.wrapping_sub(1), &["by", "per", "each", "which", "what"]);
                let is_number = self.vocabulary.is_number(&Dimension::Metadata(key.clone()));
                (is_told && is_number).then(|| (at, key.to_string()))
            });
            if let Some((at, key)) = key {
                self.roles[at] = Role::Sign;
                self.take(&["on average"], Role::Sign);
                self.kind = Some(Kind::Values(Statistic::Average, key));
                return;
            }
        }
        for at in 0..self.words.len() {
            let Some((_, statistic)) = words.iter().find(|(word, _)| *word == self.low(at) && self.is_free(at)) else { continue };
            let mut key_at = at + 1;
            while self.is(key_at, &["of", "the", "all", "value", "number", "amount"]) {
                key_at += 1;
            }
            // What videos know of themselves.
            let is_video = (0..self.words.len()).any(|at| self.is(at, &["video", "videos"]));
            while is_video && self.is(key_at, &["video", "videos"]) {
                key_at += 1;
            }
            if is_video && self.is(key_at, &["duration", "durations", "length"]) && self.is_free(key_at) && self.kind.is_none() {
                self.kind = Some(Kind::Values(*statistic, "duration".into()));
                self.roles[at] = Role::Sign;
                self.roles[key_at] = Role::Sign;
                return;
            }
            let key = self.vocabulary.keys.iter().find(|key| {
                let key = key.to_lowercase();
                let low = self.low(key_at);
                low == key || low == lexicon::plural(&key)
            });
            if let Some(key) = key
                && self.is_free(key_at)
                && self.kind.is_none()
                && self.vocabulary.is_number(&Dimension::Metadata(key.clone()))
            {
                self.kind = Some(Kind::Values(*statistic, key.to_string()));
                self.mark(at, key_at + 1, Role::Sign);
                return;
            }
        }
    }
}
