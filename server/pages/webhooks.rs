//! `/settings/webhooks`

use std::sync::Arc;

use askama::Template;

use super::settings::{Shell, moment};
use super::words;
use crate::account::{Site, Trigger, Webhook};
use crate::webhook::Delivery;

/// The page.
#[derive(Template)]
#[template(path = "settings-webhooks.html", config = "www/askama.toml")]
pub struct Webhooks<'a> {
    /// Around it.
    pub shell: Shell,
    /// To choose from.
    pub sites: &'a [Arc<Site>],
    /// The workspace's.
    pub webhooks: Vec<WebhookRow>,
    /// What was typed.
    pub url: &'a str,
    #[allow(missing_docs)]
    pub goal: &'a str,
    /// To choose from.
    pub figures: [&'static str; 4],
    /// Of the one that was made now.
    pub secret: Option<&'a str>,
    /// What became of a test.
    pub tested: Option<&'a str>,
}

/// A webhook, in words.
pub struct WebhookRow {
    id: i64,
    url: String,
    site: String,
    trigger: String,
    off: Option<String>,
    deliveries: Vec<DeliveryRow>,
}

/// A delivery, in words.
pub struct DeliveryRow {
    made: String,
    state: String,
    status: String,
    tries: u32,
}

impl Webhooks<'_> {
    /// A webhook in words, with its latest deliveries.
    pub fn row(webhook: Webhook, site: String, latest: Vec<Delivery>) -> WebhookRow {
        let delivery = |delivery: Delivery| DeliveryRow {
            made: moment(delivery.made_at),
            state: match (delivery.waits, delivery.tries) {
                (true, 0) => "Waits".into(),
                (true, _) => format!("Is sent again: {}", delivery.outcome),
                (false, _) => delivery.outcome,
            },
            status: delivery
                .status
                .map_or_else(|| "–".into(), |status| status.to_string()),
            tries: delivery.tries,
        };
        WebhookRow {
            id: webhook.id,
            url: webhook.url,
            site,
            trigger: match webhook.trigger {
                Trigger::Goal(goal) => format!("Each fire of {goal}"),
                Trigger::Threshold {
                    metric,
                    is_over,
                    number,
                } => format!(
                    "{} of the last 24 hours {} {}",
                    figure(&metric),
                    if is_over { "over" } else { "under" },
                    words::count(number.into())
                ),
            },
            off: webhook
                .off
                .map(|(at, because)| format!("Off since {}: {because}", moment(at))),
            deliveries: latest.into_iter().map(delivery).collect(),
        }
    }
}

fn figure(metric: &str) -> &str {
    match metric {
        "visitors" => "Visitors",
        "sessions" => "Sessions",
        "pageviews" => "Page views",
        "fires" => "Fires of goals",
        other => other,
    }
}
