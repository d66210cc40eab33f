//! What is wrong with tags: `utm_source`, `utm_medium`, `utm_campaign` and click ids, as visits had them. Each check is a row
//! of one table. A visit may have several things wrong, and is counted once.

use std::collections::HashMap;
use std::sync::Arc;

use url::form_urlencoded;

use crate::query::channel::{self, channel};
use crate::store::event::Origin;

/// Tags of a link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tags {
    /// `utm_source`
    pub source: String,
    /// `utm_medium`
    pub medium: String,
    /// `utm_campaign`
    pub campaign: String,
}

impl Tags {
    fn of(origin: &Origin) -> Tags {
        Tags {
            source: origin.source.clone(),
            medium: origin.medium.clone(),
            campaign: origin.campaign.clone(),
        }
    }

    /// The channel of visits with these tags.
    pub fn channel(&self) -> &'static str {
        channel(&Origin {
            source: self.source.clone(),
            medium: self.medium.clone(),
            campaign: self.campaign.clone(),
            ..Origin::default()
        })
    }

    fn each(&mut self) -> [&mut String; 3] {
        [&mut self.source, &mut self.medium, &mut self.campaign]
    }
}

/// What may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Problem {
    /// One value in several letter cases.
    LetterCase,
    /// A medium that no channel knows.
    UnknownMedium,
    /// An ad network's click id, and nothing else.
    ClickWithoutTags,
    /// An ad's click id, and a medium that is no ad's.
    ClickAgainstMedium,
    /// A source without a medium, of which no channel is known.
    NoMedium,
    /// A medium or a campaign without a source.
    NoSource,
    /// Source and medium have changed places.
    Swapped,
    /// A source that is an address.
    Address,
    /// What an ad network should have filled in.
    Placeholder,
    /// Encoded twice.
    Encoded,
    /// Tags on links within the site.
    Internal,
}

/// Something about a problem.
pub struct About {
    /// Which.
    pub problem: Problem,
    /// Its name for programs.
    pub code: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Why it matters and what to do.
    pub advice: &'static str,
}

/// All problems, in the order in which they are told where they have as many visits.
pub const ALL: [About; 11] = [
    About {
        problem: Problem::Placeholder,
        code: "placeholder",
        title: "Not filled in",
        advice: "The ad network was to put a name where this stands. Its own spelling of the placeholder differs, or the link was used elsewhere.",
    },
    About {
        problem: Problem::ClickWithoutTags,
        code: "click_without_tags",
        title: "A click id without tags",
        advice: "The network marked the click, but the link says neither campaign nor medium. Add the tags in the network's template for addresses, so that campaigns can be told apart.",
    },
    About {
        problem: Problem::ClickAgainstMedium,
        code: "click_against_medium",
        title: "An ad with another medium",
        advice: "The click id says that it was an ad, and the medium says something else. The medium counts; make it one of a paid channel.",
    },
    About {
        problem: Problem::UnknownMedium,
        code: "unknown_medium",
        title: "A medium that no channel knows",
        advice: "Such visits come under what their source is, or under no channel. Use one of the usual words.",
    },
    About {
        problem: Problem::Swapped,
        code: "swapped",
        title: "Source and medium have changed places",
        advice: "The source is who sent people, such as google; the medium is how, such as cpc.",
    },
    About {
        problem: Problem::NoSource,
        code: "no_source",
        title: "No source",
        advice: "Tags count only together with utm_source.",
    },
    About {
        problem: Problem::NoMedium,
        code: "no_medium",
        title: "No medium",
        advice: "Without utm_medium such visits are referrals, whether they came by mail, an ad or a post.",
    },
    About {
        problem: Problem::LetterCase,
        code: "letter_case",
        title: "One name in several spellings",
        advice: "Names that differ in capital letters alone are rows of their own. Write all of them small.",
    },
    About {
        problem: Problem::Address,
        code: "address",
        title: "A source that is an address",
        advice: "A source is a name or a host, without https:// and www.",
    },
    About {
        problem: Problem::Encoded,
        code: "encoded",
        title: "Encoded twice",
        advice: "Spaces and letters came as %20 and the like: something encoded a link that was encoded already.",
    },
    About {
        problem: Problem::Internal,
        code: "internal",
        title: "Tags within the site",
        advice: "Links from one page of the site to another carry tags, which makes the site its own source. Take them away; fire a goal instead.",
    },
];

impl Problem {
    /// What is to say about it.
    pub fn about(self) -> &'static About {
        let about = ALL.iter().find(|about| about.problem == self);
        about.unwrap_or(&ALL[0])
    }
}

/// Media that are usual, for proposals.
pub const MEDIA: [&str; 18] = [
    "cpc",
    "cpm",
    "display",
    "paid_social",
    "paid_search",
    "paid_video",
    "retargeting",
    "affiliate",
    "email",
    "sms",
    "push",
    "social",
    "video",
    "audio",
    "organic",
    "referral",
    "app",
    "banner",
];

/// What networks are called, and the medium of their ads. Of `fbclid` no ad is known for sure.
const NETWORKS: [(&str, &str, &str); 12] = [
    ("gclid", "google", "cpc"),
    ("gbraid", "google", "cpc"),
    ("wbraid", "google", "cpc"),
    ("dclid", "google", "display"),
    ("msclkid", "bing", "cpc"),
    ("yclid", "yandex", "cpc"),
    ("ttclid", "tiktok", "paid_social"),
    ("twclid", "x.com", "paid_social"),
    ("li_fat_id", "linkedin", "paid_social"),
    ("sccid", "snapchat", "paid_social"),
    ("rdt_cid", "reddit", "paid_social"),
    ("fbclid", "facebook", "paid_social"),
];

/// Something wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What.
    pub problem: Problem,
    /// The tags as they came.
    pub tags: Tags,
    /// The name of the click id beside them, else nothing.
    pub click: String,
    /// Visits with these.
    pub sessions: u64,
    /// The channel that they are of.
    pub channel: &'static str,
    /// Tags that would be right, where that can be said.
    pub better: Option<Tags>,
}

impl Finding {
    /// The channel that the better tags would be of.
    pub fn better_channel(&self) -> Option<&'static str> {
        self.better.as_ref().map(Tags::channel)
    }
}

/// Checks what brought visits: findings, the most visits first, and the visits of which anything is wrong.
pub fn all(origins: &[(Arc<Origin>, u64)], is_own: impl Fn(&str) -> bool) -> (Vec<Finding>, u64) {
    let spellings = Spellings::of(origins);
    let mut found: HashMap<(Problem, Tags, String), Finding> = HashMap::new();
    let mut wrong = 0;
    for (origin, sessions) in origins {
        let problems = of(origin, &spellings, &is_own);
        wrong += if problems.is_empty() { 0 } else { *sessions };
        for (problem, better) in problems {
            let tags = Tags::of(origin);
            let key = (problem, tags.clone(), origin.click.clone());
            let finding = found.entry(key).or_insert_with(|| Finding {
                problem,
                tags,
                click: origin.click.clone(),
                sessions: 0,
                channel: channel(origin),
                better,
            });
            finding.sessions += sessions;
        }
    }
    let mut found: Vec<Finding> = found.into_values().collect();
    let place = |problem| ALL.iter().position(|about| about.problem == problem);
    found.sort_by(|a, b| {
        (b.sessions.cmp(&a.sessions))
            .then_with(|| place(a.problem).cmp(&place(b.problem)))
            .then_with(|| (&a.tags, &a.click).cmp(&(&b.tags, &b.click)))
    });
    (found, wrong)
}

/// What is wrong with the tags of one link.
pub fn one(tags: &Tags, is_own: impl Fn(&str) -> bool) -> Vec<(Problem, Option<Tags>)> {
    let origin = Origin {
        source: tags.source.clone(),
        medium: tags.medium.clone(),
        campaign: tags.campaign.clone(),
        ..Origin::default()
    };
    of(&origin, &Spellings::default(), &is_own)
}

fn of(
    origin: &Origin,
    spellings: &Spellings,
    is_own: &impl Fn(&str) -> bool,
) -> Vec<(Problem, Option<Tags>)> {
    let mut problems = Vec::new();
    let tags = Tags::of(origin);
    let better = |change: &dyn Fn(&mut Tags)| {
        let mut better = tags.clone();
        change(&mut better);
        (better != tags).then_some(better)
    };
    // A source that is the host of the page before was never written by anybody.
    let is_told = !origin.source.is_empty() && host(&origin.referrer) != origin.source;
    let is_tagged = is_told || !origin.medium.is_empty() || !origin.campaign.is_empty();
    let texts = [&origin.source, &origin.medium, &origin.campaign];
    if texts.iter().any(|text| is_placeholder(text)) {
        problems.push((Problem::Placeholder, None));
    } else if texts.iter().any(|text| is_encoded(text)) {
        let decoded = |tags: &mut Tags| tags.each().into_iter().for_each(decode);
        problems.push((Problem::Encoded, better(&decoded)));
    }
    if let Some((_, source, medium)) = network(&origin.click) {
        if !is_tagged {
            let tags = Tags {
                source: source.into(),
                medium: medium.into(),
                campaign: String::new(),
            };
            problems.push((Problem::ClickWithoutTags, Some(tags)));
        } else if origin.click != "fbclid"
            && is_known(&origin.medium)
            && !channel::is_paid(channel(origin))
        {
            let paid = |tags: &mut Tags| tags.medium = medium.into();
            problems.push((Problem::ClickAgainstMedium, better(&paid)));
        }
    }
    if !is_tagged {
        return problems;
    }
    if is_told && is_own(&host_of_source(&origin.source)) {
        problems.push((Problem::Internal, None));
    } else if is_told && is_address(&origin.source) {
        let plain = |tags: &mut Tags| tags.source = host_of_source(&tags.source);
        problems.push((Problem::Address, better(&plain)));
    }
    let is_swapped = is_known(&origin.source) && channel::is_listed(&origin.medium);
    if is_swapped {
        let back = |tags: &mut Tags| std::mem::swap(&mut tags.source, &mut tags.medium);
        problems.push((Problem::Swapped, better(&back)));
    } else if !origin.medium.is_empty()
        && !is_known(&origin.medium)
        && !is_placeholder(&origin.medium)
    {
        let nearest = nearest(&origin.medium);
        let usual = nearest.and_then(|usual| better(&|tags: &mut Tags| tags.medium = usual.into()));
        problems.push((Problem::UnknownMedium, usual));
    }
    if origin.source.is_empty() {
        let named = network(&origin.click);
        let named =
            named.and_then(|(_, name, _)| better(&|tags: &mut Tags| tags.source = name.into()));
        problems.push((Problem::NoSource, named));
    }
    if origin.medium.is_empty() && is_told && channel(origin) == "Referral" {
        problems.push((Problem::NoMedium, None));
    }
    let small = |tags: &mut Tags| {
        let values = tags.each().into_iter().enumerate();
        values.for_each(|(place, value)| spellings.settle(place, value));
    };
    if let Some(small) = better(&small) {
        problems.push((Problem::LetterCase, Some(small)));
    }
    problems
}

/// How often each spelling of a value stands, by the value in small letters; of source, medium and campaign.
#[derive(Default)]
struct Spellings([HashMap<String, HashMap<String, u64>>; 3]);

impl Spellings {
    fn of(origins: &[(Arc<Origin>, u64)]) -> Spellings {
        let mut all = Spellings::default();
        for (origin, sessions) in origins {
            let mut tags = Tags::of(origin);
            for (known, value) in all.0.iter_mut().zip(tags.each()) {
                let spellings = known.entry(value.to_lowercase()).or_default();
                *spellings.entry(std::mem::take(value)).or_default() += sessions;
            }
        }
        all
    }

    /// The spelling that all should have where there are several: small letters if anybody wrote them, else the most
    /// frequent one.
    fn settle(&self, place: usize, value: &mut String) {
        let small = value.to_lowercase();
        let Some(known) = self.0[place].get(&small).filter(|known| known.len() > 1) else {
            return;
        };
        if known.contains_key(&small) {
            *value = small;
        } else if let Some((most, _)) = known.iter().max_by_key(|(text, count)| (**count, *text)) {
            value.clone_from(most);
        }
    }
}

fn network(click: &str) -> Option<(&'static str, &'static str, &'static str)> {
    NETWORKS.iter().copied().find(|(known, ..)| *known == click)
}

/// Whether a medium makes a channel by itself.
fn is_known(medium: &str) -> bool {
    let medium = medium.to_lowercase();
    let alone = Tags {
        medium: medium.clone(),
        ..Tags::default()
    };
    let by_source = Tags {
        source: "example.com".into(),
        medium: medium.clone(),
        ..Tags::default()
    };
    !medium.is_empty()
        && (["(none)", "(not set)"].contains(&&*medium)
            || alone.channel() != channel::NO_RULE
            || by_source.channel() != "Referral")
}

/// The usual medium that is meant, if one is.
fn nearest(medium: &str) -> Option<&'static str> {
    const MEANT: [(&str, &str); 12] = [
        ("mail", "email"),
        ("mailing", "email"),
        ("newsletter", "email"),
        ("ads", "cpc"),
        ("ad", "cpc"),
        ("adwords", "cpc"),
        ("post", "social"),
        ("story", "social"),
        ("facebook", "social"),
        ("instagram", "social"),
        ("linkedin", "social"),
        ("web", "referral"),
    ];
    let small = medium.to_lowercase();
    let words: Vec<&str> = small.split(|c: char| !c.is_alphanumeric()).collect();
    if let Some((_, usual)) = MEANT.iter().find(|(word, _)| words.contains(word)) {
        return Some(usual);
    }
    let like = MEDIA
        .iter()
        .map(|usual| (strsim::jaro_winkler(&small, usual), *usual));
    let best = like.max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.filter(|(like, _)| *like >= 0.85)
        .map(|(_, usual)| usual)
}

/// `{campaignid}`, `{{ad.name}}`, `%campaign%`, `[name]`, `<name>`, `$NAME`: something stands between marks of its own.
fn is_placeholder(text: &str) -> bool {
    let between = |open: char, close: char| {
        let after = text.split_once(open).map(|(_, after)| after);
        after.is_some_and(|after| after.find(close).is_some_and(|end| end > 0))
    };
    let is_named = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_alphabetic() || "._-".contains(c))
    };
    let percent = text
        .split('%')
        .skip(1)
        .any(|part| is_named(part) && text.contains(&format!("%{part}%")));
    between('{', '}') || between('[', ']') || between('<', '>') || percent
}

fn is_encoded(text: &str) -> bool {
    let hex = |at: usize| {
        let digits = text.as_bytes().get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    text.match_indices('%').any(|(at, _)| hex(at))
}

fn decode(text: &mut String) {
    if is_encoded(text) {
        let query = text.replace('&', "%26").replace('=', "%3D");
        let decoded = form_urlencoded::parse(query.as_bytes()).next();
        *text = decoded.map_or_else(String::new, |(name, _)| name.trim().to_owned());
    }
}

fn is_address(source: &str) -> bool {
    source.contains("//") || source.contains('/') || source.to_lowercase().starts_with("www.")
}

/// The host of an address, as the source that it makes.
fn host(address: &str) -> String {
    let known = url::Url::parse(address).ok();
    let known = known
        .as_ref()
        .and_then(url::Url::host_str)
        .unwrap_or_default();
    known.strip_prefix("www.").unwrap_or(known).to_owned()
}

/// A source without what makes it an address.
fn host_of_source(source: &str) -> String {
    let small = source.to_lowercase();
    let plain = small.split_once("//").map_or(&*small, |(_, rest)| rest);
    let plain = plain.split(['/', '?', '#', ':']).next().unwrap_or_default();
    plain.strip_prefix("www.").unwrap_or(plain).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn origin(source: &str, medium: &str, campaign: &str, click: &str, referrer: &str) -> Origin {
        Origin {
            source: source.into(),
            medium: medium.into(),
            campaign: campaign.into(),
            click: click.into(),
            referrer: referrer.into(),
            ..Origin::default()
        }
    }

    fn own(host: &str) -> bool {
        host == "shop.example" || host.ends_with(".shop.example")
    }

    /// The codes of what is wrong, and the better tags of the last.
    fn told(origin: &Origin) -> (Vec<&'static str>, Option<String>) {
        let found = of(origin, &Spellings::default(), &own);
        let better = found.last().and_then(|(_, better)| better.clone());
        (
            found
                .iter()
                .map(|(problem, _)| problem.about().code)
                .collect(),
            better.map(|t| format!("{}/{}/{}", t.source, t.medium, t.campaign)),
        )
    }

    #[test]
    fn each_problem_is_found_and_mended() {
        for (tags, problems, better) in [
            (["google", "cpc", "spring", "", ""], &[][..], None),
            (["", "", "", "", ""], &[], None),
            (
                ["news.example", "", "", "", "https://www.news.example/a"],
                &[],
                None,
            ),
            (["chatgpt.com", "", "", "", ""], &[], None),
            (["(direct)", "(none)", "", "", ""], &[], None),
            (["google", "Paid Search", "", "gclid", ""], &[], None),
            (
                ["", "", "", "gclid", ""],
                &["click_without_tags"],
                Some("google/cpc/"),
            ),
            (
                ["tiktok.com", "", "", "ttclid", "https://tiktok.com/"],
                &["click_without_tags"],
                Some("tiktok/paid_social/"),
            ),
            (
                ["", "", "", "fbclid", ""],
                &["click_without_tags"],
                Some("facebook/paid_social/"),
            ),
            (
                ["google", "email", "spring", "gclid", ""],
                &["click_against_medium"],
                Some("google/cpc/spring"),
            ),
            (["facebook", "social", "", "fbclid", ""], &[], None),
            (
                ["klaviyo", "e-mial", "", "", ""],
                &["unknown_medium"],
                Some("klaviyo/email/"),
            ),
            (
                ["acme", "newsletter-may", "x", "", ""],
                &["unknown_medium"],
                Some("acme/email/x"),
            ),
            (["acme", "qr-code", "", "", ""], &["unknown_medium"], None),
            (
                ["cpc", "google", "", "", ""],
                &["swapped"],
                Some("google/cpc/"),
            ),
            (["", "email", "", "", ""], &["no_source"], None),
            (
                ["", "cpc", "a", "msclkid", ""],
                &["no_source"],
                Some("bing/cpc/a"),
            ),
            (["acme", "", "spring", "", ""], &["no_medium"], None),
            (
                ["https://www.Partner.example/x", "referral", "", "", ""],
                &["address"],
                Some("partner.example/referral/"),
            ),
            (
                ["www.partner.example", "referral", "", "", ""],
                &["address"],
                Some("partner.example/referral/"),
            ),
            (["shop.example", "banner", "", "", ""], &["internal"], None),
            (
                ["google", "cpc", "{campaignid}", "", ""],
                &["placeholder"],
                None,
            ),
            (
                ["facebook", "paid", "{{campaign.name}}", "", ""],
                &["placeholder"],
                None,
            ),
            (
                ["x", "cpc", "%campaign_name%", "", ""],
                &["placeholder"],
                None,
            ),
            (["google", "cpc", "100% off", "", ""], &[], None),
            (
                ["google", "cpc", "spring%20sale%3D1", "", ""],
                &["encoded"],
                Some("google/cpc/spring sale=1"),
            ),
        ] {
            let [source, medium, campaign, click, referrer] = tags;
            let found = told(&origin(source, medium, campaign, click, referrer));
            assert_eq!(
                (&*found.0, found.1.as_deref()),
                (problems, better),
                "{tags:?}"
            );
        }
    }

    #[test]
    fn of_several_spellings_one_is_right() {
        let origins = [
            (origin("Google", "CPC", "a", "", ""), 5),
            (origin("google", "cpc", "a", "", ""), 2),
            (origin("Bing", "cpc", "Spring", "", ""), 3),
            (origin("BING", "cpc", "Spring", "", ""), 1),
        ];
        let origins = origins.map(|(origin, count)| (Arc::new(origin), count));
        let (found, wrong) = all(&origins, own);
        assert_eq!(wrong, 6);
        let tags = |t: &Tags| format!("{}/{}/{}", t.source, t.medium, t.campaign);
        let found: Vec<_> = found
            .iter()
            .map(|f| (tags(&f.tags), f.sessions, f.better.as_ref().map(tags)))
            .collect();
        assert_eq!(
            found,
            [
                ("Google/CPC/a".into(), 5, Some("google/cpc/a".into())),
                ("BING/cpc/Spring".into(), 1, Some("Bing/cpc/Spring".into())),
            ]
        );
    }

    #[test]
    fn usual_media_are_known_and_networks_are_paid() {
        for medium in MEDIA {
            assert!(is_known(medium), "{medium}");
        }
        for (click, source, medium) in NETWORKS {
            let tags = Tags {
                source: source.into(),
                medium: medium.into(),
                ..Tags::default()
            };
            assert!(
                channel::is_paid(tags.channel()),
                "{click}: {}",
                tags.channel()
            );
            assert!(
                of(
                    &origin(source, medium, "", click, ""),
                    &Spellings::default(),
                    &own
                )
                .is_empty()
            );
        }
    }

    proptest! {
        #[test]
        fn better_tags_are_better(source in ".{0,12}", medium in "(cpc|emial|[a-z%{}/]{0,8})", click in "(gclid|fbclid|x)?") {
            let origin = origin(&source, &medium, "", &click, "");
            let count = of(&origin, &Spellings::default(), &own).len();
            for (problem, better) in of(&origin, &Spellings::default(), &own) {
                if let Some(better) = better {
                    let left = one(&better, own);
                    prop_assert!(!left.iter().any(|(same, _)| *same == problem), "{problem:?} {better:?}");
                    prop_assert!(left.len() <= count + 1);
                }
            }
        }
    }
}
