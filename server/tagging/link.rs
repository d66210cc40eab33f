//! A page's address and tags → a link that says what brought people.

use url::Url;

use super::check::{Problem, Tags, one};

/// Characters of an address, and of a tag as an event keeps it.
const ADDRESS: usize = 2000;
const TAG: usize = 200;

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The page.
    pub url: String,
    /// The tags that make the channel.
    pub tags: Tags,
    /// `utm_term`
    pub term: String,
    /// `utm_content`
    pub content: String,
}

/// A link.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The address with its tags.
    pub url: String,
    /// Which channel its visits will be of.
    pub channel: &'static str,
    /// What is wrong with the tags, and what would be right.
    pub problems: Vec<(Problem, Option<Tags>)>,
}

/// Writes a link. What stands behind the `?` already stays, but for tags; spaces become `_`, and capital letters of source
/// and medium small ones.
///
/// # Errors
/// In words: what is missing or wrong.
pub fn link(wanted: &Wanted, is_own: impl Fn(&str) -> bool) -> Result<Link, String> {
    let text = wanted.url.trim();
    if text.len() > ADDRESS {
        return Err(format!("url: wanted are at most {ADDRESS} characters"));
    }
    let text = match text.contains("://") {
        true => text.to_owned(),
        false => format!("https://{text}"),
    };
    let url = Url::parse(&text).ok();
    let is_page = |url: &Url| {
        let has_name = !url.username().is_empty() || url.password().is_some();
        ["http", "https"].contains(&url.scheme()) && url.has_host() && !has_name
    };
    let url = url.filter(is_page);
    let mut url =
        url.ok_or("url: wanted the address of a page, such as https://example.com/pricing")?;
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join("_");
    let tags = Tags {
        source: plain(&wanted.tags.source).to_lowercase(),
        medium: plain(&wanted.tags.medium).to_lowercase(),
        campaign: plain(&wanted.tags.campaign),
    };
    if tags.source.is_empty() || tags.medium.is_empty() {
        return Err("source, medium: wanted are both: who sends people, and how".into());
    }
    let (term, content) = (plain(&wanted.term), plain(&wanted.content));
    let parts = [
        ("utm_source", &tags.source),
        ("utm_medium", &tags.medium),
        ("utm_campaign", &tags.campaign),
        ("utm_term", &term),
        ("utm_content", &content),
    ];
    if let Some((name, _)) = parts.iter().find(|(_, text)| text.chars().count() > TAG) {
        return Err(format!("{name}: wanted are at most {TAG} characters"));
    }
    let kept: Vec<_> = url
        .query_pairs()
        .filter(|(name, _)| !parts.iter().any(|(known, _)| known == name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let added = parts.iter().filter(|(_, text)| !text.is_empty());
    url.query_pairs_mut()
        .clear()
        .extend_pairs(kept)
        .extend_pairs(added);
    Ok(Link {
        url: url.into(),
        channel: tags.channel(),
        problems: one(&tags, is_own),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::event::{Address, Origin};
    use proptest::prelude::*;

    fn wanted(url: &str, source: &str, medium: &str) -> Wanted {
        Wanted {
            url: url.into(),
            tags: Tags {
                source: source.into(),
                medium: medium.into(),
                campaign: " Spring  Sale ".into(),
            },
            ..Wanted::default()
        }
    }

    #[test]
    fn a_link_keeps_what_it_had_and_says_what_brings_people() {
        let found = link(
            &wanted("example.com/a?x=1&utm_source=old#top", "Google", " CPC "),
            |_| false,
        )
        .unwrap();
        assert_eq!(
            found.url,
            "https://example.com/a?x=1&utm_source=google&utm_medium=cpc&utm_campaign=Spring_Sale#top"
        );
        assert_eq!((found.channel, found.problems), ("Paid Search", Vec::new()));
        let odd = link(&wanted("https://example.com/", "acme", "qr"), |_| false).unwrap();
        assert_eq!(odd.problems, [(Problem::UnknownMedium, None)]);
        for (url, source, words) in [
            ("", "a", "url: wanted the address"),
            ("mailto:a@example.com", "a", "url: wanted the address"),
            ("javascript://x", "a", "url: wanted the address"),
            (
                "https://example.com",
                " ",
                "source, medium: wanted are both",
            ),
        ] {
            let wrong = link(&wanted(url, source, "cpc"), |_| false).unwrap_err();
            assert!(wrong.starts_with(words), "{url}: {wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_an_event_reads(source in ".{1,30}", medium in ".{1,30}") {
            if let Ok(link) = link(&wanted("https://example.com/?ref=x", &source, &medium), |_| false) {
                let url = Address(link.url);
                let origin = Origin::of(Some(&url), None, |_| false);
                let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join("_").to_lowercase();
                prop_assert_eq!(origin.source, plain(&source));
                prop_assert_eq!(origin.medium, plain(&medium));
            }
        }
    }
}
