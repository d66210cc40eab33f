//! What brought a session, read from its first event: campaign parameters, click ids, and the page before.
//!
//! Which channel that makes is decided when it is asked, not when it is stored: rules change, history doesn't.

use std::borrow::Cow;

use url::form_urlencoded;

use super::event::Address;
use crate::plain;

/// Characters of each part that are kept.
const CHARACTERS: usize = 200;

/// Parameters that ad networks add, each with an id of the click.
const CLICKS: [&str; 12] = [
    "gclid",
    "gbraid",
    "wbraid",
    "dclid",
    "msclkid",
    "fbclid",
    "ttclid",
    "twclid",
    "li_fat_id",
    "yclid",
    "sccid",
    "rdt_cid",
];

/// Where people pay, and come back from: that brought nobody. Hosts, with all below them.
const PAYMENT: [&str; 32] = [
    "2checkout.com",
    "adyen.com",
    "affirm.com",
    "afterpay.com",
    "alipay.com",
    "authorize.net",
    "billing.stripe.com",
    "braintreegateway.com",
    "buy.stripe.com",
    "checkout.com",
    "checkout.stripe.com",
    "clearpay.co.uk",
    "fastspring.com",
    "giropay.de",
    "hooks.stripe.com",
    "ideal.nl",
    "klarna.com",
    "mercadopago.com",
    "mollie.com",
    "paddle.com",
    "pay.amazon.com",
    "pay.gocardless.com",
    "pay.google.com",
    "paypal.com",
    "payu.com",
    "przelewy24.pl",
    "razorpay.com",
    "sofort.com",
    "squareup.com",
    "wise.com",
    "worldline-solutions.com",
    "worldpay.com",
];

/// Whether a host is one of those, on label boundaries.
fn is_payment(host: &str) -> bool {
    PAYMENT.iter().any(|known| {
        host.strip_suffix(known)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

/// What brought a session; what is unknown is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The page before, of another site, without its query.
    pub referrer: String,
    /// `utm_source`, else `source` or `ref`, else the host of the page before.
    pub source: String,
    /// `utm_medium`.
    pub medium: String,
    /// `utm_campaign`.
    pub campaign: String,
    /// `utm_term`.
    pub term: String,
    /// `utm_content`.
    pub content: String,
    /// The name of the click id that the address carries, such as `gclid`.
    pub click: String,
}

impl Origin {
    /// Reads both addresses. `is_own` says whether a host (lower case, without port) is the site's.
    pub fn of(
        url: Option<&Address>,
        referrer: Option<&Address>,
        is_own: impl FnOnce(&str) -> bool,
    ) -> Origin {
        let mut origin = Origin::default();
        if let Some((host, page)) = referrer.and_then(|referrer| host_and_page(&referrer.0))
            && !is_own(&host)
            && !is_payment(&host)
        {
            origin.source = cut(host.strip_prefix("www.").unwrap_or(&host));
            origin.referrer = cut(page);
        }
        if let Some(query) = url.and_then(|url| query(&url.0)) {
            let mut tagged = Tagged::default();
            for pair in query.split('&') {
                let name = pair.split_once('=').map_or(pair, |(name, _)| name);
                tagged.read(name, pair, &mut origin);
            }
            if let Some(source) = tagged.source.or(tagged.other) {
                origin.source = source;
            }
        }
        origin
    }

    /// Whether nothing is known: the visitor typed the address, or came from where nobody tells.
    pub fn is_direct(&self) -> bool {
        *self == Origin::default()
    }
}

/// Sources found in a query, by how much they are meant.
#[derive(Default)]
struct Tagged {
    source: Option<String>,
    other: Option<String>,
}

impl Tagged {
    fn read(&mut self, name: &str, pair: &str, origin: &mut Origin) {
        let value = || {
            form_urlencoded::parse(pair.as_bytes())
                .next()
                .map(|(_, value)| cut(value.trim()))
                .filter(|value| !value.is_empty())
        };
        match name {
            "utm_source" => self.source = value(),
            "source" | "ref" => self.other = value(),
            "utm_medium" => origin.medium = value().unwrap_or_default(),
            "utm_campaign" => origin.campaign = value().unwrap_or_default(),
            "utm_term" => origin.term = value().unwrap_or_default(),
            "utm_content" => origin.content = value().unwrap_or_default(),
            click if CLICKS.contains(&click) && origin.click.is_empty() && value().is_some() => {
                origin.click = click.to_owned();
            }
            _ => {}
        }
    }
}

/// What stands between `?` and `#`.
fn query(url: &str) -> Option<&str> {
    let (page, _) = url.split_once('#').unwrap_or((url, ""));
    page.split_once('?').map(|(_, query)| query)
}

/// An address without what follows its path, and that rest.
pub(crate) fn split(address: &str) -> (&str, &str) {
    let end = memchr::memchr2(b'?', b'#', address.as_bytes());
    address.split_at(end.unwrap_or(address.len()))
}

/// Whether a query carries a click id, which no other visit shares.
pub(super) fn has_click_id(query: &str) -> bool {
    query
        .split(['?', '&'])
        .any(|pair| CLICKS.contains(&pair.split_once('=').map_or(pair, |(name, _)| name)))
}

/// The host of an absolute address in lower case, and the address without its query.
fn host_and_page(address: &str) -> Option<(Cow<'_, str>, &str)> {
    let (page, _) = split(address);
    if let Some(host) = plain::host(address) {
        return Some((host.into(), page));
    }
    let (_, rest) = page.split_once("://")?;
    let authority = rest.split_once('/').map_or(rest, |(host, _)| host);
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    (!host.is_empty()).then(|| (host.to_lowercase().into(), page))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn address(text: &str) -> Address {
        Address(text.to_owned())
    }

    #[test]
    fn campaigns_are_meant_before_the_page_before() {
        let of = |url, referrer: Option<&str>| {
            let o = Origin::of(
                Some(&address(url)),
                referrer.map(address).as_ref(),
                |host| host == "shop.test",
            );
            [
                o.source, o.medium, o.campaign, o.term, o.content, o.click, o.referrer,
            ]
            .join("|")
        };
        for (url, referrer, expected) in [
            ("https://shop.test/", None, "||||||"),
            ("https://shop.test/", Some("https://shop.test/a"), "||||||"),
            (
                "https://shop.test/",
                Some("https://www.Google.com:443/search?q=x"),
                "google.com||||||https://www.Google.com:443/search",
            ),
            (
                "/x?utm_source=News%20Letter&utm_medium=email&utm_campaign=may#utm_term=no",
                None,
                "News Letter|email|may||||",
            ),
            (
                "/x?ref=hn",
                Some("https://a.test/"),
                "hn||||||https://a.test/",
            ),
            ("/x?ref=hn&utm_source=b", None, "b||||||"),
            ("https://shop.test/#/x?utm_source=b", None, "||||||"),
            ("/x?gclid=1&utm_term=t&utm_content=c", None, "|||t|c|gclid|"),
            ("/x?gclid=&utm_source=", None, "||||||"),
            // Whoever comes back from paying was brought by nobody; who links from there was.
            (
                "/thanks",
                Some("https://checkout.stripe.com/c/pay/cs_1"),
                "||||||",
            ),
            (
                "/thanks",
                Some("https://www.PayPal.com/checkoutnow"),
                "||||||",
            ),
            (
                "/thanks?utm_source=mail",
                Some("https://pay.mollie.com/"),
                "mail||||||",
            ),
            (
                "/x",
                Some("https://stripe.com/partners"),
                "stripe.com||||||https://stripe.com/partners",
            ),
            (
                "/x",
                Some("https://notpaypal.com/"),
                "notpaypal.com||||||https://notpaypal.com/",
            ),
            (
                "/x",
                Some("android-app://com.reddit.frontpage/"),
                "com.reddit.frontpage||||||android-app://com.reddit.frontpage/",
            ),
        ] {
            assert_eq!(of(url, referrer), expected, "{url} {referrer:?}");
        }
    }

    proptest! {
        #[test]
        fn no_address_makes_it_panic(url: String, referrer: String) {
            let origin = Origin::of(Some(&address(&url)), Some(&address(&referrer)), |_| false);
            prop_assert!(origin.source.chars().count() <= CHARACTERS);
            let (page, rest) = split(&url);
            prop_assert_eq!(format!("{page}{rest}"), url);
        }
    }
}
