//! `/settings/websites/{website_id}/payments`

use askama::Template;
use jiff::Timestamp;

use super::settings::{Shell, moment};
use crate::account::{PaymentDelivery, Provider, Site};

/// The page.
#[derive(Template)]
#[template(path = "settings-payments.html", config = "www/askama.toml")]
pub struct Payments<'a> {
    /// Around it.
    pub shell: Shell,
    /// Of which site.
    pub site: &'a Site,
    /// Who may tell of payments.
    pub providers: Vec<ProviderRow>,
    /// What came last.
    pub deliveries: Vec<DeliveryRow>,
}

/// A provider, in words.
pub struct ProviderRow {
    id: &'static str,
    name: &'static str,
    address: String,
    set: Option<String>,
    begins: &'static str,
}

/// What came, in words.
pub struct DeliveryRow {
    came: String,
    provider: &'static str,
    kind: String,
    outcome: String,
}

impl Payments<'_> {
    /// A provider, and since when its secret is set.
    pub fn provider(provider: Provider, address: String, set_at: Option<Timestamp>) -> ProviderRow {
        ProviderRow {
            id: provider.as_str(),
            name: provider.name(),
            address,
            set: set_at.map(moment),
            begins: match provider {
                Provider::Stripe => "whsec_…",
                Provider::Paddle => "pdl_ntfset_…",
            },
        }
    }

    /// What came.
    pub fn row(delivery: PaymentDelivery) -> DeliveryRow {
        DeliveryRow {
            came: moment(delivery.came_at),
            provider: delivery.provider.name(),
            kind: delivery.kind,
            outcome: delivery.outcome,
        }
    }
}
