//! The words that questions are made of, beside the names of a site: one table each for figures, dimensions, models and
//! what is refused. Names of figures and dimensions themselves come from the query's own tables.

use std::sync::LazyLock;

use crate::attribution::model::{ALL, Model};
use crate::query::dimension::{NAMED, Named};
use crate::query::metric::{METRICS, Metric};

/// Other words for a figure.
pub const METRIC_WORDS: [(Metric, &[&str]); 11] = [
    (Metric::Fires, &["fires", "times fired", "number of fires", "fire count", "event count", "events fired", "total fires"]),
    (Metric::Visitors, &[
        "unique visitors", "visitors", "uniques", "unique users", "users", "people", "ppl", "persons", "folks", "customers", "traffic", "audience",
        "leads who", "someone who", "unique people", "active visitors", "active users", "distinct visitors", "distinct users", "individuals", "buyers who", "who",
    ]),
    (Metric::People, &["identified people", "known people"]),
    (Metric::Sessions, &["sessions", "visits"]),
    (Metric::Pageviews, &["pageviews", "pages viewed", "pages seen", "hits", "views", "pvs", "viewed", "page visits", "views of pages"]),
    (Metric::ConversionRate, &[
        "conversion rate", "conversion rates", "convert rate", "converting rate", "conv rate", "conv. rate", "cvr", "cr", "goal rate", "success rate", "rate",
        "rates", "% of visitors", "percent of visitors", "percentage of visitors", "share of visitors", "fraction of visitors", "proportion of visitors",
        "% of users", "percent of users", "percentage of users", "share of users", "% of people", "percent of people", "percentage of people",
        "share of people", "fraction of users", "proportion of users", "% of traffic", "percent of traffic", "percentage of traffic", "fraction of people",
        "proportion of people", "% of sessions", "what percent", "what percentage", "what %", "converts best", "convert best", "converts the best",
        "converts worst", "converts better", "convert better", "convert worse", "convert more", "converts more", "convert well", "converts well", "conversion", "converts",
    ]),
    (Metric::Revenue, &[
        "revenue", "revenues", "money", "income", "earnings", "turnover", "cash", "takings", "dollars", "earned", "earn", "sales revenue", "total revenue",
        "how much did we make", "how much did we earn", "how much did i make", "proceeds",
    ]),
    (Metric::AverageValue, &[
        "average value", "average order value", "avg order value", "aov", "mean order value", "average order size", "avg value", "mean value",
        "average purchase value", "average revenue", "avg revenue", "mean revenue", "average basket", "basket size", "average sale", "average sale value",
        "average deal size", "average ticket",
    ]),
    (Metric::BounceRate, &["bounce rate", "bounce rates", "bounces", "bounce"]),
    (Metric::SessionDuration, &[
        "session duration", "visit duration", "session length", "visit length", "time on site", "time on page", "average session", "avg session",
        "length of a visit", "average visit", "duration", "stay on the site", "stay on site",
    ]),
    (Metric::PagesPerSession, &[
        "pages per session", "pages per visit", "pages a session", "pages a visit", "pageviews per session", "pageviews per visit", "views per session",
        "views per visit", "page depth",
    ]),
];

/// Other words for a dimension, in the singular.
pub const DIMENSION_WORDS: [(Named, &[&str]); 20] = [
    (Named::Goal, &["goal", "event", "conversion goal", "goal name"]),
    (Named::Day, &["day", "date", "calendar day"]),
    (Named::Week, &["week"]),
    (Named::Month, &["month"]),
    (Named::Hour, &["hour", "hour of day", "hour of the day", "time of day", "time of the day"]),
    (Named::Weekday, &["weekday", "day of week", "day of the week", "days of the week", "dow"]),
    (Named::Page, &["page", "url", "path", "page path", "content page", "article", "blog post"]),
    (Named::EntryPage, &["entry page", "landing page", "entrance page", "first page", "entry point", "lander", "entrance"]),
    (Named::ExitPage, &["exit page", "last page", "leaving page"]),
    (Named::Channel, &["channel", "marketing channel", "acquisition channel", "traffic channel", "channel group", "default channel group", "traffic type"]),
    (Named::Source, &["source", "traffic source", "utm source", "utm_source", "acquisition source", "site source", "platform"]),
    (Named::Medium, &["medium", "utm medium", "utm_medium", "traffic medium", "mediums", "media type"]),
    (Named::Campaign, &["campaign", "utm campaign", "utm_campaign", "marketing campaign", "ad campaign"]),
    (Named::Term, &["term", "keyword", "search term", "utm term", "utm_term", "search keyword"]),
    (Named::Content, &["ad content", "utm content", "utm_content", "creative", "ad creative", "ad variant"]),
    (Named::Referrer, &["referrer", "referer", "referring site", "referring website", "referring domain", "referral site", "referring page", "referral source"]),
    (Named::Country, &["country", "nation", "geography", "geo", "location"]),
    (Named::Device, &["device", "device type", "device kind", "device category", "screen type"]),
    (Named::Browser, &["browser", "web browser"]),
    (Named::Os, &["os", "operating system", "system"]),
];

/// How often, as an adverb.
pub const GRAIN_WORDS: [(&str, Named); 14] = [
    ("hourly", Named::Hour),
    ("hour by hour", Named::Hour),
    ("daily", Named::Day),
    ("day by day", Named::Day),
    ("by the day", Named::Day),
    ("weekly", Named::Week),
    ("week by week", Named::Week),
    ("monthly", Named::Month),
    ("month by month", Named::Month),
    ("over time", Named::Day),
    ("trend", Named::Day),
    ("trends", Named::Day),
    ("trending", Named::Day),
    ("timeline", Named::Day),
];

/// What the attribution models are called.
pub const MODEL_WORDS: [(Model, &[&str]); 11] = [
    (Model::First, &["first click", "first touch", "first interaction", "first visit attribution", "first touchpoint"]),
    (Model::Last, &["last click", "last touch", "last interaction", "last touchpoint", "final touch", "final click"]),
    (Model::LastNonDirect, &["last non direct click", "last non direct touch", "last non direct", "last nondirect", "last indirect"]),
    (Model::FirstNonDirect, &["first non direct click", "first non direct touch", "first non direct", "first nondirect"]),
    (Model::Linear, &["linear", "even credit", "equal credit"]),
    (Model::LinearPaid, &["linear paid", "paid linear"]),
    (Model::UShaped, &["u shaped", "u shape", "position based", "bathtub", "ushaped"]),
    (Model::WShaped, &["w shaped", "w shape", "wshaped"]),
    (Model::TimeDecay, &["time decay", "time decayed", "timedecay"]),
    (Model::Markov, &["markov chain", "markov", "data driven", "removal effect"]),
    (Model::Shapley, &["shapley value", "shapley values", "shapley"]),
];

/// Words that mean the same in the name of a goal: each line is one meaning.
pub const SAME: [&[&str]; 16] = [
    &["signup", "signups", "register", "registered", "registration", "registrations", "registering", "registrant", "registrants", "subscribe", "subscribed", "subscriber", "subscribers", "subscription", "subscriptions", "enroll", "enrolled", "enrolment", "joined", "join", "joins", "joining", "attend", "attended", "attendee", "attendees"],
    &["purchase", "purchased", "purchases", "purchaser", "purchasers", "purchasing", "buy", "bought", "buyer", "buyers", "buying", "order", "orders", "ordered", "sale", "sales", "sold"],
    &["start", "started", "starts", "begin", "began", "begun", "kickoff", "starters", "starter", "starting"],
    &["request", "requested", "requests", "requester", "requesters", "book", "booked", "booking", "bookings", "ask", "asked"],
    &["click", "clicked", "clicks", "clicking", "tap", "tapped", "taps", "press", "pressed", "hit"],
    &["create", "created", "opening", "openings", "creation", "creations", "creating", "open", "opened", "made", "new"],
    &["download", "downloaded", "downloads", "downloading"],
    &["convert", "converted", "converting", "conversion", "conversions", "upgrade", "upgraded", "upgrades"],
    &["paid", "paying", "payment", "pay", "pays"],
    &["submit", "submitted", "submits", "submission", "submissions", "fill", "filled", "fills"],
    &["play", "played", "plays", "watch", "watched", "viewed"],
    &["contact", "contacted", "contacts"],
    &["cancel", "cancelled", "canceled", "cancellation", "cancellations", "churn", "churned"],
    &["account", "accounts"],
    &["checkout", "checkouts", "basket", "cart"],
    &["price", "prices", "pricing"],
];

/// Goals that a bare word means, beside those that have it in their names: words, and what such goals are called.
pub const MEANT: [(&[&str], &[&str]); 4] = [
    (&["signup", "signups"], &["account created", "signup", "sign up", "signed up", "registered", "registration", "user registered", "user signed up", "account registered", "create account"]),
    (&["sales", "orders"], &["purchase", "order", "purchased", "order completed", "checkout completed", "order placed", "subscription paid"]),
    (&["leads", "lead"], &["lead", "lead created", "lead captured", "contact form", "contact requested", "form submitted"]),
    (&["subscribers", "subscriptions"], &["newsletter signup", "newsletter subscribed", "subscribed", "newsletter"]),
];

/// What the goals that fire by themselves are called.
pub const RESERVED_WORDS: [(&str, &[&str]); 7] = [
    ("__admx_outbound_click", &["outbound link clicks", "outbound clicks", "outbound links", "outbound", "external link clicks", "external links", "external clicks", "exit clicks", "clicked outbound", "outgoing link clicks", "outgoing links", "outgoing clicks", "links to other sites", "clicks to other sites", "exit links", "links clicked out", "clicks out"]),
    ("__admx_file_download", &["file downloads", "downloaded files", "files downloaded", "downloads", "downloaded", "download", "files"]),
    ("__admx_form_submit", &["form submissions", "form submits", "form submit", "forms submitted", "submitted forms", "submitted a form", "submitted form", "form fills", "forms filled", "filled forms", "filled out a form", "filled in a form", "form submission", "forms"]),
    ("__admx_video_play", &["video plays", "video views", "videos played", "videos watched", "watched a video", "watch a video", "played a video", "play a video", "played video", "video starts", "videos", "video play", "watched video", "plays"]),
    ("__admx_scroll_50", &["scrolled to 50 percent", "scrolled to 50 %", "scroll 50", "scrolled 50", "50 % scroll", "50 percent scroll", "scrolled half way", "scrolled halfway", "scroll halfway", "scrolled past 50 %", "scroll past 50 %", "scroll to 50 %", "scrolled past half", "scrolled past 50 percent", "50 % scrolls", "scrolled half", "scroll to 50 percent", "50 % scroll depth", "scroll depth 50"]),
    ("__admx_scroll_75", &["scrolled to 75 percent", "scrolled to 75 %", "scroll 75", "scrolled 75", "75 % scroll", "75 percent scroll", "scrolled past 75 %", "scroll past 75 %", "scroll to 75 %", "scrolled three quarters", "scrolled past 75 percent", "75 % scrolls", "scroll to 75 percent", "75 % scroll depth", "scroll depth 75"]),
    ("__admx_scroll_90", &["scrolled to 90 percent", "scrolled to 90 %", "scroll 90", "scrolled 90", "90 % scroll", "90 percent scroll", "scrolled past 90 %", "scroll past 90 %", "scroll to 90 %", "scrolled to the bottom", "scrolled to the end", "scroll to the bottom", "scrolled past 90 percent", "90 % scrolls", "read to the end", "scroll to 90 percent", "90 % scroll depth", "scroll depth 90"]),
];

/// Words that never name a goal by themselves.
pub const NO_GOAL: &[&str] = &[
    "conversion", "conversions", "converted", "convert", "converts", "converting", "goal", "goals", "event", "events", "fire", "fires", "fired", "click", "clicks", "clicked",
    "start", "starts", "started", "new", "now", "link", "links", "paid", "page", "pages", "completed", "created", "open", "made", "hit", "ask", "asked", "order by", "pay", "paying",
    "bring", "get", "top", "best", "users", "user", "viewed", "view", "played", "begin", "began", "contacts", "to", "test", "site", "time", "first", "last", "video", "email", "saw", "upgrade",
    "press", "watch", "cart", "press", "price", "book", "fill", "opened",
];

/// Other words for channels.
pub const CHANNEL_WORDS: [(&str, &[&str]); 18] = [
    ("Direct", &["direct", "direct traffic", "direct visits", "typed in"]),
    ("Paid Search", &["paid search", "ppc", "sem", "search ads", "google ads", "adwords", "paid google", "bing ads", "search advertising"]),
    ("Paid Social", &["paid social", "social ads"]),
    ("Paid Video", &["paid video", "video ads", "youtube ads"]),
    ("Paid Shopping", &["paid shopping", "shopping ads", "google shopping"]),
    ("Display", &["display", "display ads", "banners", "banner ads"]),
    ("Paid Other", &["paid other", "other paid"]),
    ("Organic Search", &["organic search", "seo", "organic", "natural search", "unpaid search", "organic google"]),
    ("Organic Social", &["organic social", "unpaid social"]),
    ("Organic Video", &["organic video"]),
    ("Organic Shopping", &["organic shopping"]),
    ("AI Assistants", &["ai assistants", "ai assistant", "ai", "llms", "ai chatbots", "ai tools", "chatbots", "ai traffic"]),
    ("Email", &["email", "emails", "email marketing", "mailings", "email campaigns", "newsletter emails"]),
    ("Affiliates", &["affiliates", "affiliate", "affiliate marketing"]),
    ("Referral", &["referral", "referrals", "referral traffic"]),
    ("SMS", &["sms", "text messages"]),
    ("Audio", &["audio", "podcast ads"]),
    ("Cross-network", &["cross network", "performance max", "pmax"]),
];

/// Other words for values of dimensions.
pub const VALUE_WORDS: [(Named, &str, &[&str]); 39] = [
    (Named::Device, "Mobile", &["mobile", "mobiles", "phone", "phones", "smartphone", "smartphones", "mobile devices", "mobile device", "cell phones", "mobile phones"]),
    (Named::Device, "Desktop", &["desktop", "desktops", "computer", "computers", "pc", "laptop", "laptops", "desktop computers", "desktop devices"]),
    (Named::Device, "Tablet", &["tablet", "tablets", "ipad", "ipads"]),
    (Named::Browser, "Chrome", &["chrome", "google chrome"]),
    (Named::Browser, "Firefox", &["firefox"]),
    (Named::Browser, "Safari", &["safari"]),
    (Named::Browser, "Edge", &["edge", "microsoft edge"]),
    (Named::Browser, "Opera", &["opera"]),
    (Named::Os, "Windows", &["windows", "windows pcs"]),
    (Named::Os, "macOS", &["macos", "mac", "macs", "os x"]),
    (Named::Os, "Linux", &["linux"]),
    (Named::Os, "iOS", &["ios", "iphone", "iphones", "apple devices"]),
    (Named::Os, "Android", &["android", "android phones"]),
    (Named::Source, "google", &["google"]),
    (Named::Source, "bing", &["bing"]),
    (Named::Source, "duckduckgo", &["duckduckgo"]),
    (Named::Source, "facebook", &["facebook", "fb"]),
    (Named::Source, "instagram", &["instagram", "insta"]),
    (Named::Source, "linkedin", &["linkedin"]),
    (Named::Source, "twitter", &["twitter", "x.com"]),
    (Named::Source, "reddit", &["reddit"]),
    (Named::Source, "youtube", &["youtube"]),
    (Named::Source, "tiktok", &["tiktok"]),
    (Named::Source, "pinterest", &["pinterest"]),
    (Named::Source, "chatgpt", &["chatgpt", "chat gpt", "openai", "gpt", "chatgpt.com"]),
    (Named::Source, "claude", &["claude"]),
    (Named::Source, "gemini", &["gemini"]),
    (Named::Source, "perplexity", &["perplexity"]),
    (Named::Source, "copilot", &["copilot"]),
    (Named::Source, "hacker news", &["hacker news", "hackernews", "hn"]),
    (Named::Source, "product hunt", &["product hunt", "producthunt"]),
    (Named::Source, "github", &["github"]),
    (Named::Medium, "cpc", &["cpc"]),
    (Named::Country, "US", &["usa", "u.s.", "u.s", "america", "united states", "the states", "us", "american"]),
    (Named::Country, "GB", &["uk", "u.k.", "britain", "great britain", "united kingdom", "england", "british"]),
    (Named::Country, "DE", &["german", "deutschland"]),
    (Named::Country, "FR", &["french"]),
    (Named::Country, "NL", &["holland", "dutch", "the netherlands", "netherlands"]),
    (Named::Country, "CZ", &["czech republic"]),
];

/// Which of several is meant: the most first.
pub const MOST: &[&str] = &[
    "most", "best", "top", "highest", "biggest", "largest", "greatest", "strongest", "leading", "number one", "best performing", "top performing", "best converting",
    "busiest", "most popular", "winning", "winner", "wins", "max", "maximum", "peak", "no 1", "best-performing", "better", "more", "beat", "beats", "higher", "outperform", "outperforms",
    "popular", "strong", "top converting", "highest converting", "record", "favourite", "favorite", "won", "win", "majority", "bulk", "fastest", "steepest", "sharpest", "most visited",
];
/// And the least first.
pub const LEAST: &[&str] = &[
    "worst", "least", "lowest", "fewest", "smallest", "weakest", "bottom", "worst performing", "poorest", "slowest", "quietest", "underperforming", "lowest performing", "fewer", "less",
    "ascending", "ascending order", "minimum", "least popular", "lower", "worse", "lowest converting", "worst converting", "poor", "low", "weak",
];

/// Words for more than before, and for less.
pub const GREW: &[&str] = &[
    "grew", "grow", "grown", "growing", "growth", "rise", "rose", "risen", "rising", "increase", "increased", "increases", "increasing", "gain", "gained", "gains", "climb",
    "climbed", "jump", "jumped", "spike", "spiked", "surge", "surged", "improve", "improved", "improvement", "improving", "improves", "soar", "soared", "went up", "gone up", "go up", "going up", "up",
    "doubled", "double",
];
#[allow(missing_docs)]
pub const FELL: &[&str] = &[
    "drop", "dropped", "drops", "dropping", "fall", "fell", "fallen", "falling", "decline", "declined", "declining", "decrease", "decreased", "decreasing", "shrink", "shrank",
    "lose", "lost", "losing", "dip", "dipped", "plunge", "plunged", "slump", "slumped", "crash", "crashed", "went down", "gone down", "go down", "going down", "down", "tank", "tanked",
    "worsened", "worsening",
];
/// Words for either.
pub const CHANGED: &[&str] = &["change", "changed", "changes", "changing", "difference", "differ", "differs", "compare", "compared", "develop", "developed", "evolve", "evolved", "move", "moved", "shift", "shifted"];

/// Words that say nothing of what is asked.
pub const STOP: &[&str] = &[
    "a", "an", "the", "of", "for", "to", "in", "on", "at", "with", "by", "from", "and", "or", "is", "are", "was", "were", "be", "been", "being", "do", "does", "did", "done", "has", "have", "had",
    "i", "we", "you", "they", "it", "its", "he", "she", "me", "my", "our", "ours", "your", "their", "them", "us", "mine", "this", "that", "these", "those", "there", "here",
    "what", "which", "who", "whom", "whose", "how", "many", "much", "whether", "if", "then", "than", "as", "so", "such", "just", "only", "also", "too", "very", "really", "actually",
    "please", "pls", "plz", "thanks", "thank", "hi", "hey", "hello", "ok", "okay", "show", "shows", "give", "gimme", "tell", "list", "display", "see", "want", "need", "know", "let", "lets", "can", "could", "would",
    "should", "may", "might", "find", "get", "gets", "got", "getting", "gotten", "make", "makes", "made", "come", "comes", "came", "coming", "go", "goes", "went", "going", "happen", "happened", "happens",
    "bring", "brings", "brought", "bringing", "drive", "drives", "drove", "driven", "driving", "generate", "generated", "generates", "generating", "produce", "produced", "produces", "deliver", "delivered", "delivers", "yield", "yielded", "yields",
    "send", "sent", "sends", "sending", "led", "leading", "result", "results", "resulted", "cause", "give", "gave", "given", "receive", "received", "see", "saw", "seen", "record", "recorded", "collect", "collected",
    "fire", "fired", "firing", "trigger", "triggered", "triggers", "complete", "completed", "completes", "reach", "reached", "perform", "performed", "performs", "performing", "did", "take", "takes", "took", "taken",
    "number", "numbers", "count", "counts", "total", "totals", "amount", "overall", "figure", "figures", "stats", "statistics", "stat", "data", "report", "overview", "summary", "table", "chart", "graph", "plot", "breakdown", "split", "broken", "break", "down", "grouped",
    "group", "per", "each", "every", "all", "any", "some", "across", "among", "between", "within", "during", "over", "throughout", "about", "into", "out", "off", "in", "via", "using", 
    "look", "looks", "looking", "like", "rank", "ranked", "ranking", "sort", "sorted", "order", "ordered", "descending", "compute", "calculate", "work", "worked",
    "site", "website", "web", "page's", "business", "company", "shop", "store", "product", "app", "people", "person", "someone", "somebody", "anyone", "anybody", "everyone", "visitor", "visitors", "user", "users",
    "time", "times", "often", "yet", "still", "now", "currently", "period", "range", "dates", "date", "exactly", "roughly", "approximately", "around", "altogether",   
    "goal", "goals", "event", "events", "conversions", "action", "actions", "acquired", "acquire", "acquisition", "marketing", "source's", "kind", "kinds", "type", "types", "sort", "one", "ones", "thing", "things", "way",
    "respectively", "well", "good", "bad", "great", "currently", "set", "against", "versus", "vs", "vs.", "but", "yes", "am", "will", "up", "made", "via", "use", "used", "using",
    "most", "more", "least", "less", "top", "best", "worst", "higher", "lower", "doing", "going", "having", "say", "says", "said", "think", "wonder", "wondering", "curious", "under", "wat", "wut", "waht", "wht", "whats", "hw", "hwo", "teh", "u", "ur", "hows", "r", "n", "thx", "interested", "help", "understand", "quick", "quickly", "question",
    "traffic", "account's", "came", "landed", "land", "arrive", "arrived", "arriving", "visit", "visited", "visiting", "came", "hour's", "day's", "week's", "month's", "'s",
    "attract", "attracted", "attracts", "win", "convert", "converts", "converting", "perform", "based", "basis", "according", "terms", "turn", "turned", "end", "ended", "ending",   
    "%", ",", "$", "→", "->", "=>", "+", "&", "=", "-", "..", "–", "—", "entire", "whole", "full", "complete", "pull", "fetch", "check", "view", "exact", "single", "specific", "particular", "different", "various", "dear", "assistant", "buddy", "mate", "team", "folks", "guys",
    "tracking", "volume", "volumes", "nr", "nbr", "qty", "#", "num", "cnt", "placed", "love", "idea", "true", "correct", "hoping", "hope", "keen", "grateful", "wondered",
    "through", "mind", "telling", "kindly", "something", "anything", "close", "closed", "able", "possible", "possibly", "maybe", "perhaps", "wish", "glad", "appreciate", "learn", "hear", "figure", "regarding", "concerning", "altogether", "ended", "ahead", "counted", "counting", "tally", "happening", "occur", "occurred", "occurs", "came", "coming", "registering",
    "managed", "manage", "manages", "saw", "seeing", "showing", "giving", "asking", "wanted", "trying", "try", "hand", "provide", "present", "individual", "yourself", "ourselves", "myself", "separately", "alone", "itself", "sir", "friend", "quickly", "briefly", "sorted", "arranged", "responsible", "accounted",
];

/// Words of days beside the names of months and weekdays, for typing errors.
pub const DAY_WORDS: &[&str] = &[
    "today", "yesterday", "tonight", "tomorrow", "last", "past", "previous", "prior", "this", "next", "current", "coming", "upcoming", "hour", "hours",
    "day", "days", "week", "weeks", "month", "months", "quarter", "quarters", "year", "years", "weekend", "weekends", "fortnight", "since", "until",
    "till", "between", "ago", "before", "after", "rolling", "trailing", "weekdays", "mtd", "ytd", "qtd", "wtd", "yoy", "mom", "wow", "qoq", "half",
    "second", "third", "fourth", "time", "all", "ever", "date", "beginning", "start", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "ten", "twelve", "twenty", "thirty", "ninety", "couple", "dozen", "through", "following", "wk", "wks", "lst", "yday", "mth", "qtr", "yr", "hrs",
    "sept", "mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun", "lately", "calendar", "far", "week's",
];

/// Further words of the grammar, for typing errors.
pub const FURTHER: &[&str] = &[
    "attribution", "attributed", "credit", "credited", "retention", "retained", "cohort", "cohorts", "lifetime", "ltv", "clv", "cltv", "funnel", "roas",
    "return", "spend", "spent", "cost", "why", "explain", "explains", "average", "avg", "mean", "median", "sum", "excluding", "except", "exclude",
    "without", "never", "versus", "compared", "previous", "adstock", "saturation", "marginal", "mmm", "mix", "model", "budget", "optimal",
    "contribution", "contributions", "incremental", "half", "life", "decay", "window", "plus", "both", "together", "combined", "experiment", "variant",
    "containing", "contains", "breakdown", "drop", "campaigns", "predicted", "reason", "reasons", "caused", "churn", "goal", "goals", "visitors",
    "channel", "channels", "compare",
];

/// Words of other languages, of which one is enough to tell that it is none of ours.
pub const OTHER_LANGUAGE: &[&str] = &[
    "cuántos", "cuantos", "cuántas", "cuantas", "cuál", "cual", "qué", "tuvimos", "ayer", "semana", "mes", "hoy", "wie", "viele", "welcher", "welche", "welches", "gestern", "letzte", "letzten", "letzter",
    "woche", "monat", "heute", "wurden", "haben", "combien", "quel", "quelle", "hier", "semaine", "dernière", "derniere", "mois", "dernier", "aujourd'hui", "avons", "nous", "quanti", "quante", "settimana", "scorsa",
    "ieri", "oggi", "quantos", "quantas", "ontem", "semana", "passada", "hoje", "hoeveel", "gisteren", "afgelopen", "vandaag", "ile", "wczoraj", "hatten", "wir", "wieviele", "unsere", "unser", "gab", "mit", "und", "den", "avez", "eu", "tenemos", "nuestros", "hubo", "foram", "tivemos", "abbiamo", "avuto", "hoeveelheid", "we've", "quelles", "quels", "sont", "achats", "essais", "visiteurs", "kanal", "letztes", "anmeldungen", "besucher", "anfragen", "käufe", "dieses", "diesen", "compras", "pruebas", "registros", "ventas", "usuarios", "visitantes", "pasada", "pasado", "última", "vendite", "acquisti", "utenti", "vendas", "bestellungen", "verkäufe", "inscriptions", "cette", "année", "dieser",
];

/// Names of figures: as the API has them, with `_` as a space, and other words.
pub static METRIC_NAMES: LazyLock<Vec<(String, Metric)>> = LazyLock::new(|| {
    // "people" are visitors to who asks: see the table.
    let own = METRICS.iter().filter(|(_, metric)| *metric != Metric::People).map(|(name, metric)| (name.replace('_', " "), *metric));
    let others = METRIC_WORDS.iter().flat_map(|(metric, words)| words.iter().map(|word| ((*word).to_owned(), *metric)));
    own.chain(others).collect()
});

/// Names of dimensions, each in the singular and the plural.
pub static DIMENSION_NAMES: LazyLock<Vec<(String, Named, bool)>> = LazyLock::new(|| {
    let own = NAMED.iter().map(|(name, named)| (name.replace('_', " "), *named));
    let others = DIMENSION_WORDS.iter().flat_map(|(named, words)| words.iter().map(|word| ((*word).to_owned(), *named)));
    let both = |(name, named): (String, Named)| {
        let plural = plural(&name);
        [(name, named, false), (plural, named, true)]
    };
    own.chain(others).flat_map(both).collect()
});

/// Names of models, the longest first.
pub static MODEL_NAMES: LazyLock<Vec<(String, Model)>> = LazyLock::new(|| {
    let own = ALL.iter().map(|about| (about.name.replace('_', " "), about.model));
    let own = own.filter(|(name, _)| name.contains(' ') || !matches!(&**name, "first" | "last"));
    let others = MODEL_WORDS.iter().flat_map(|(model, words)| words.iter().map(|word| ((*word).to_owned(), *model)));
    let mut all: Vec<_> = own.chain(others).collect();
    all.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    all
});

/// More than one of it.
pub fn plural(name: &str) -> String {
    if name == "medium" {
        return "media".into();
    }
    match name.strip_suffix('y') {
        Some(start) if !start.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{start}ies"),
        _ if name.ends_with(['s', 'x']) => format!("{name}es"),
        _ => format!("{name}s"),
    }
}
