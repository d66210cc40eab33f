//! Channels: which kind of traffic an origin is. One table of rules, tried in order, the first that fits decides: GA4's
//! default channel groups (<https://support.google.com/analytics/answer/9756891>) and `AI Assistants`, with what site
//! owners expect where GA4 gives up: click ids, ad sources and newsletters count without a medium, and any other source
//! is a referral.
//!
//! Tags are meant before the page before. Sources are found by their name or host; a host that isn't listed is what its
//! parent domain is, on label boundaries. The long list is `channel-sources.csv` (of dbt-ga4, MIT: its licence is beside
//! it); what is newer or must win stands here.
//!
//! Decided when it is asked, so that a better rule holds for the past too.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::store::event::Origin;

use Kind::{Ai, Email, Search, Shopping, Social, Video};

/// A channel, and when a visit is of it.
type Rule = (&'static str, fn(&Visit) -> bool);

/// Where nothing is known to have brought the visit.
pub const DIRECT: &str = "Direct";

/// Channels that cost money.
const PAID: [&str; 7] = [
    "Cross-network",
    "Paid Shopping",
    "Paid Search",
    "Paid Social",
    "Paid Video",
    "Display",
    "Paid Other",
];

/// Whether visits of a channel are paid for.
pub fn is_paid(channel: &str) -> bool {
    PAID.contains(&channel)
}

/// The rules.
const RULES: [Rule; 19] = [
    (DIRECT, |v| {
        v.source.is_empty() && v.medium.is_empty() && v.campaign.is_empty() && v.ad.is_none()
    }),
    ("Cross-network", |v| v.campaign.contains("cross-network")),
    ("Paid Shopping", |v| v.ad == Some(Ad::Of(Shopping))),
    ("Paid Search", |v| v.ad == Some(Ad::Of(Search))),
    ("Paid Social", |v| v.ad == Some(Ad::Of(Social))),
    ("Paid Video", |v| v.ad == Some(Ad::Of(Video))),
    ("Display", |v| {
        v.ad == Some(Ad::Display)
            || v.is_medium(&["display", "banner", "expandable", "interstitial", "cpm"])
    }),
    ("Paid Other", |v| v.ad.is_some()),
    ("Organic Shopping", |v| {
        v.kind == Some(Shopping) || is_shop(&v.campaign)
    }),
    ("Organic Social", |v| {
        v.kind == Some(Social)
            || v.is_medium(&[
                "social",
                "social-network",
                "social-media",
                "sm",
                "social network",
                "social media",
            ])
    }),
    ("Organic Video", |v| {
        v.kind == Some(Video) || v.medium.contains("video")
    }),
    ("AI Assistants", |v| {
        v.kind == Some(Ai) || v.is_medium(&["ai-assistant"])
    }),
    ("Organic Search", |v| {
        v.kind == Some(Search) || v.is_medium(&["organic"])
    }),
    ("Email", |v| {
        let is_email = |text: &str| ["email", "e-mail", "e_mail", "e mail"].contains(&text);
        v.kind == Some(Email)
            || is_email(&v.medium)
            || is_email(&v.source)
            || (v.medium.is_empty() && v.source.contains("newsletter"))
    }),
    ("Affiliates", |v| v.is_medium(&["affiliate", "affiliates"])),
    ("Audio", |v| v.is_medium(&["audio"])),
    ("SMS", |v| v.source == "sms" || v.is_medium(&["sms"])),
    ("Mobile Push Notifications", |v| {
        v.source == "firebase"
            || v.medium.ends_with("push")
            || v.medium.contains("mobile")
            || v.medium.contains("notification")
    }),
    ("Referral", |v| {
        !v.source.is_empty() || v.is_medium(&["referral", "app", "link"])
    }),
];

/// What no rule fits: tags that name no source.
pub const NO_RULE: &str = "Unassigned";

/// What a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Ai,
    Email,
    Search,
    Shopping,
    Social,
    Video,
}

/// An ad, and where it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ad {
    Of(Kind),
    Display,
    Other,
}

/// Sources that the list doesn't have, or has as something else.
const SOURCES: [(Kind, &[&str]); 6] = [
    (
        Ai,
        &[
            "chatgpt",
            "chatgpt.com",
            "openai",
            "openai.com",
            "chat.openai.com",
            "com.openai.chatgpt",
            "claude",
            "claude.ai",
            "com.anthropic.claude",
            "gemini",
            "gemini.google.com",
            "bard.google.com",
            "perplexity",
            "perplexity.ai",
            "ai.perplexity.app.android",
            "copilot",
            "copilot.microsoft.com",
            "copilot.com",
            "grok",
            "grok.com",
            "deepseek",
            "deepseek.com",
            "meta.ai",
            "chat.mistral.ai",
            "poe.com",
            "phind.com",
            "kimi.com",
            "doubao.com",
            "you.com",
        ],
    ),
    (
        Email,
        &[
            "mail.google.com",
            "com.google.android.gm",
            "mail.yahoo.com",
            "outlook.live.com",
            "outlook.office.com",
            "outlook.office365.com",
            "mail.proton.me",
            "app.fastmail.com",
            "mail.zoho.com",
        ],
    ),
    (
        Search,
        &[
            "kagi",
            "kagi.com",
            "brave",
            "search.brave.com",
            "startpage",
            "startpage.com",
            "mojeek.com",
            "swisscows.com",
            "duck.com",
            "adwords",
            "googleads",
            "bingads",
            "com.google.android.googlequicksearchbox",
        ],
    ),
    (Shopping, &["temu.com", "shein.com"]),
    (
        Social,
        &[
            "x.com",
            "threads",
            "threads.net",
            "threads.com",
            "bluesky",
            "bsky.app",
            "mastodon",
            "mastodon.social",
            "mastodon.online",
            "fosstodon.org",
            "hachyderm.io",
            "lemmy.world",
            "discord",
            "discord.com",
            "discord.gg",
            "telegram",
            "telegram.org",
            "com.reddit.frontpage",
            "com.linkedin.android",
            "com.facebook.katana",
            "com.instagram.android",
            "com.twitter.android",
            "org.telegram.messenger",
            "com.slack",
        ],
    ),
    (Video, &["yt", "youtu.be", "com.google.android.youtube"]),
];

/// Sources that are ads by their name.
const AD_SOURCES: [&str; 3] = ["adwords", "googleads", "bingads"];

/// Companies with a domain in every country. Only their home pages: documents on one of them are no search.
const EVERYWHERE: [&str; 10] = [
    "amazon",
    "baidu",
    "bing",
    "duckduckgo",
    "ebay",
    "google",
    "pinterest",
    "rakuten",
    "yahoo",
    "yandex",
];
const HOME: [&str; 4] = ["www", "m", "search", "images"];

/// Click ids that only ads carry. `fbclid` is none of them: it stands in links that people share, too.
const CLICKS: [(&str, Ad); 11] = [
    ("gclid", Ad::Of(Search)),
    ("gbraid", Ad::Of(Search)),
    ("wbraid", Ad::Of(Search)),
    ("msclkid", Ad::Of(Search)),
    ("yclid", Ad::Of(Search)),
    ("dclid", Ad::Display),
    ("ttclid", Ad::Of(Social)),
    ("twclid", Ad::Of(Social)),
    ("li_fat_id", Ad::Of(Social)),
    ("sccid", Ad::Of(Social)),
    ("rdt_cid", Ad::Of(Social)),
];

/// Google's, whose ads stand on other sites too.
const GOOGLE_CLICKS: [&str; 3] = ["gclid", "gbraid", "wbraid"];

/// The channel of an origin.
pub fn channel(origin: &Origin) -> &'static str {
    let visit = Visit::of(origin);
    let rule = RULES.iter().find(|(_, fits)| fits(&visit));
    rule.map_or(NO_RULE, |(channel, _)| channel)
}

/// Whether a name or host is a source whose kind is known.
pub fn is_listed(source: &str) -> bool {
    kind(&source.to_lowercase()).is_some()
}

/// Every channel, in the order of the rules.
pub fn all() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|(channel, _)| *channel).chain([NO_RULE])
}

/// An origin as the rules look at it: in lower case.
struct Visit {
    source: String,
    medium: String,
    campaign: String,
    kind: Option<Kind>,
    ad: Option<Ad>,
}

impl Visit {
    fn of(origin: &Origin) -> Visit {
        let plain = |text: &str| {
            let text = text.to_lowercase();
            let is_none = ["(direct)", "(none)", "(not set)"].contains(&text.as_str());
            if is_none { String::new() } else { text }
        };
        let mut source = plain(&origin.source);
        if source.is_empty() && origin.click == "fbclid" {
            source.push_str("facebook");
        }
        let (medium, campaign) = (plain(&origin.medium), plain(&origin.campaign));
        let named = ad_source(&source);
        let kind = kind(named.unwrap_or(&source));
        let is_paid = medium.contains("cp")
            || medium.starts_with("paid")
            || ["ppc", "retargeting"].contains(&medium.as_str());
        let by_click = click_ad(&origin.click, &source, kind);
        let ad = if is_paid && !source.is_empty() {
            // Banners are paid by the view wherever no better is known of them.
            match kind {
                Some(Search | Shopping | Social | Video) => kind.map(Ad::Of),
                _ if medium == "cpm" => Some(Ad::Display),
                _ => Some(Ad::Other),
            }
        } else if is_paid {
            by_click.or(Some(Ad::Other))
        } else if medium.is_empty() {
            by_click.or(named.map(|_| kind.map_or(Ad::Other, Ad::Of)))
        } else {
            None
        };
        let ad = ad.map(|ad| {
            if is_shop(&campaign) {
                Ad::Of(Shopping)
            } else {
                ad
            }
        });
        Visit {
            source,
            medium,
            campaign,
            kind,
            ad,
        }
    }

    fn is_medium(&self, words: &[&str]) -> bool {
        words.contains(&self.medium.as_str())
    }
}

/// What a click id says of where the ad was.
fn click_ad(click: &str, source: &str, kind: Option<Kind>) -> Option<Ad> {
    let (_, ad) = CLICKS.iter().find(|(known, _)| *known == click)?;
    if GOOGLE_CLICKS.contains(&click) {
        return Some(match kind {
            Some(Search) => Ad::Of(Search),
            Some(Video) => Ad::Of(Video),
            _ if source.is_empty() => *ad,
            _ => Ad::Other,
        });
    }
    Some(*ad)
}

/// What a source's name is without what says that it is an ad, such as `facebook` of `facebook-ads`.
fn ad_source(source: &str) -> Option<&str> {
    if AD_SOURCES.contains(&source) {
        return Some(source);
    }
    let ends = ["-ads", "_ads", " ads", "-ad", "_ad", " ad"];
    ends.iter().find_map(|end| source.strip_suffix(end))
}

/// Whether a campaign is a shop's: `shop` that doesn't end another word than `e-shop`, or `shopping`.
fn is_shop(campaign: &str) -> bool {
    campaign.contains("shopping")
        || campaign.match_indices("shop").any(|(at, _)| {
            let before = campaign[..at].chars().next_back();
            before.is_none_or(|letter| letter == 'e' || !letter.is_ascii_lowercase())
        })
}

static KINDS: LazyLock<HashMap<String, Kind>> = LazyLock::new(|| {
    let listed = include_str!("channel-sources.csv").lines().skip(1);
    let listed = listed.filter_map(|line| {
        let (source, category) = line.rsplit_once(',')?;
        let kind = match category {
            "SOURCE_CATEGORY_SEARCH" => Search,
            "SOURCE_CATEGORY_SHOPPING" => Shopping,
            "SOURCE_CATEGORY_SOCIAL" => Social,
            _ => Video,
        };
        Some((source.to_lowercase(), kind))
    });
    let own = SOURCES.iter();
    let own = own.flat_map(|(kind, names)| names.iter().map(|name| ((*name).to_owned(), *kind)));
    listed.chain(own).collect()
});

/// What a source is: by its name or host, then by the domains it is below, then by its company.
fn kind(source: &str) -> Option<Kind> {
    let mut name = source;
    loop {
        if let Some(kind) = KINDS.get(name) {
            return Some(*kind);
        }
        match name.split_once('.') {
            Some((_, parent)) if parent.contains('.') => name = parent,
            _ => break,
        }
    }
    let (before, end) = source.rsplit_once('.')?;
    let domain = match before.rsplit_once('.') {
        Some((domain, "co" | "com" | "net" | "org")) if end.len() == 2 => domain,
        _ => before,
    };
    let company = match domain.split_once('.') {
        Some((sub, company)) if HOME.contains(&sub) => company,
        _ => domain,
    };
    EVERYWHERE
        .contains(&company)
        .then(|| KINDS.get(company).copied())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::event::Address;
    use proptest::prelude::*;
    use url::form_urlencoded::Serializer;

    /// Fields of a line of CSV.
    fn fields(line: &str) -> Vec<String> {
        let (mut fields, mut quoted) = (vec![String::new()], false);
        for c in line.chars() {
            match c {
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(String::new()),
                c => fields.last_mut().unwrap().push(c),
            }
        }
        fields
    }

    #[test]
    fn every_case_has_its_channel() {
        let cases = include_str!("../../tests/data/channels.csv");
        let mut wrong = Vec::new();
        let mut count = 0;
        for line in cases.lines().skip(1) {
            let fields = fields(line);
            let [id, referrer, source, medium, campaign, click, expected, ..] = &*fields else {
                panic!("{line}");
            };
            let mut query = Serializer::new(String::new());
            for (name, value) in [
                ("utm_source", source.as_str()),
                ("utm_medium", medium),
                ("utm_campaign", campaign),
                (click, "1"),
            ] {
                if !name.is_empty() && !value.is_empty() {
                    query.append_pair(name, value);
                }
            }
            let url = Address(format!("https://example.com/?{}", query.finish()));
            let before = (!referrer.is_empty()).then(|| Address(referrer.clone()));
            let origin = Origin::of(Some(&url), before.as_ref(), |host| host == "example.com");
            let found = channel(&origin);
            count += 1;
            if found != expected {
                wrong.push(format!("{id}: {found}, not {expected}"));
            }
        }
        assert!(wrong.is_empty() && count == 60, "{count}: {wrong:#?}");
    }

    #[test]
    fn what_the_cases_leave_out() {
        let of = |source: &str, medium: &str, campaign: &str, click: &str| {
            channel(&Origin {
                source: source.into(),
                medium: medium.into(),
                campaign: campaign.into(),
                click: click.into(),
                ..Origin::default()
            })
        };
        for (source, medium, campaign, click, expected) in [
            ("", "", "spring", "", "Unassigned"),
            ("(direct)", "(none)", "", "", "Direct"),
            ("", "", "", "fbclid", "Organic Social"),
            ("", "", "", "gclid", "Paid Search"),
            ("youtube.com", "", "", "gclid", "Paid Video"),
            ("blog.example.org", "", "", "gclid", "Paid Other"),
            ("", "cpc", "", "gclid", "Paid Search"),
            ("adwords", "", "", "", "Paid Search"),
            ("google", "cpc", "cross-network-1", "", "Cross-network"),
            ("google.com.br", "", "", "", "Organic Search"),
            ("docs.google.com", "", "", "", "Referral"),
            ("mail.google.com", "", "", "", "Email"),
            ("google.example.com", "", "", "", "Referral"),
            ("m.facebook.com", "", "", "", "Organic Social"),
            ("com.reddit.frontpage", "", "", "", "Organic Social"),
            ("facebook", "cpm", "", "", "Paid Social"),
            ("x", "", "workshop", "", "Referral"),
            ("x", "", "e-shop", "", "Organic Shopping"),
        ] {
            assert_eq!(
                of(source, medium, campaign, click),
                expected,
                "{source}|{medium}|{campaign}|{click}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_origin_has_a_channel(source: String, medium: String, campaign: String, click in "[a-z]{0,3}clid") {
            let origin = Origin { source, medium, campaign, click, ..Origin::default() };
            prop_assert!(all().any(|known| known == channel(&origin)));
        }
    }
}
