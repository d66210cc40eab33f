//! Crawlers, by their user agent: the list of the crate `isbot`.

use std::sync::LazyLock;

use isbot::Bots as List;

/// Patterns of the list that are not meant here. Programs that fetch (`curl`, a script) are no crawlers: whoever posts
/// an event with one means it. A browser driven by a program says so to the pixel (`navigator.webdriver`), which sends
/// nothing unless the tag allows it.
const MEANT: [&str; 22] = [
    "^curl",
    "^java/",
    "^javascript",
    "^lua-resty-http",
    "^php",
    "^php-curl-class",
    "^postmanruntime",
    "ahc/",
    "aiohttp",
    "axios",
    "go-http-client",
    "guzzlehttp",
    "headlesschrome",
    "httpclient",
    "httpurlconnection",
    "libwww-perl",
    "node-fetch/",
    "okhttp",
    "pycurl",
    "python-requests",
    "python-urllib",
    "wget",
];

/// Knows crawlers. The list is one pattern that takes 10 MiB when it is compiled, so that waits for the first browser.
pub(super) struct Bots(LazyLock<List>);

impl Bots {
    pub(super) fn new() -> Bots {
        Bots(LazyLock::new(|| {
            let mut list = List::default();
            list.remove(&MEANT);
            list
        }))
    }

    pub(super) fn is_bot(&self, user_agent: &str) -> bool {
        !user_agent.is_empty() && self.0.is_bot(user_agent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crawlers_are_bots_and_people_and_programs_are_not() {
        let bots = Bots::new();
        for (user_agent, expected) in [
            (
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                true,
            ),
            (
                "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
                true,
            ),
            (
                "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
                true,
            ),
            (
                "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
                true,
            ),
            (
                "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
                true,
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                false,
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
                false,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 300.0",
                false,
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
                false,
            ),
            ("curl/7.88.1", false),
            ("python-requests/2.32.3", false),
            ("Python-urllib/3.11", false),
            ("node", false),
            ("", false),
        ] {
            assert_eq!(bots.is_bot(user_agent), expected, "{user_agent}");
        }
    }
}
