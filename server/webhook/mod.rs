//! Telling others what happened: each fire of a goal, or a figure that gets past a number, as signed JSON.
//!
//! - [`queue`]: what waits and how far each webhook has read, on disk
//! - [`find`]: what there is to tell; it reads the log after the last event that was told, so that nothing is lost by a
//!   restart, and taking events never waits for it
//! - [`target`]: where it goes, and where it doesn't
//!
//! Each delivery is sent until it is answered with 2xx, for 24 hours; then the webhook is switched off. It may come more
//! than once: an event's number says so. `Admx-Signature: t=…,v1=…` is the HMAC-SHA256 of `t.body` under the secret.

mod find;
mod queue;
mod target;

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hmac::{Hmac, Mac};
use jiff::SignedDuration;
use serde_json::json;
use sha2::Sha256;
use tokio::sync::watch;
use url::Url;

use crate::account::{Accounts, Trigger, Webhook};
use crate::clock::Clock;
use crate::queue::pause;
use crate::store::Store;
pub use queue::Delivery;
use queue::Queue;

/// How often it is looked for fires and for what is due, and for figures.
const OFTEN: Duration = Duration::from_secs(1);
const FIGURES: u64 = 300;

/// How long a delivery is tried.
const TRIED: SignedDuration = SignedDuration::from_hours(24);

/// Deliveries on their way at once.
const AT_ONCE: usize = 16;

/// What tells.
pub struct Webhooks {
    accounts: Arc<Accounts>,
    store: Arc<Store>,
    clock: Clock,
    queue: Queue,
    /// Whether addresses of private networks are allowed.
    may_be_private: bool,
    /// Webhooks to which something is on its way.
    busy: Mutex<HashSet<i64>>,
}

impl Webhooks {
    /// Opens the queue in `folder`.
    pub fn open(
        folder: &Path,
        accounts: Arc<Accounts>,
        store: Arc<Store>,
        clock: Clock,
        may_be_private: bool,
    ) -> anyhow::Result<Webhooks> {
        Ok(Webhooks {
            queue: Queue::open(folder)?,
            accounts,
            store,
            clock,
            may_be_private,
            busy: Mutex::default(),
        })
    }

    /// A new webhook is told of what comes from now on.
    pub fn begin(&self, webhook: i64) -> rusqlite::Result<()> {
        self.queue.reader(webhook, self.store.last_id()?)?;
        Ok(())
    }

    /// Forgets a webhook that was taken away.
    pub fn forget(&self, webhook: i64) -> rusqlite::Result<()> {
        self.queue.forget(webhook)
    }

    /// The latest deliveries of a webhook, latest first.
    pub fn latest(&self, webhook: i64, most: u32) -> rusqlite::Result<Vec<Delivery>> {
        self.queue.latest(webhook, most)
    }

    /// Sends a test; comes back once it is sent or failed, without trying it again.
    pub async fn test(&self, webhook: &Webhook) -> String {
        let body = json!({
            "kind": "test",
            "webhook_id": webhook.id,
            "website_id": webhook.website_id,
            "at": self.clock.now().to_string(),
        });
        match self.post(webhook, "test", &body.to_string()).await {
            Ok(status) => words(status),
            Err(error) => error,
        }
    }

    /// Tells what there is to tell until the server stops.
    pub async fn run(self: Arc<Self>, mut stopping: watch::Receiver<bool>) {
        let mut round = 0;
        loop {
            let with_figures = round % FIGURES == 0;
            round += 1;
            let this = self.clone();
            let found = tokio::task::spawn_blocking(move || {
                this.find(with_figures)?;
                let busy = this.busy();
                Ok::<_, anyhow::Error>(this.queue.due(this.clock.now(), &busy)?)
            });
            match found.await {
                Ok(Ok(due)) => self.start(due),
                Ok(Err(error)) => tracing::warn!(%error, "webhooks could not be looked after"),
                Err(error) => tracing::error!(%error, "looking after webhooks died"),
            }
            tokio::select! {
                () = tokio::time::sleep(OFTEN) => {}
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
        }
    }

    fn busy(&self) -> HashSet<i64> {
        self.busy
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn find(&self, with_figures: bool) -> anyhow::Result<()> {
        let now = self.clock.now();
        for (webhook, site) in self.accounts.every_webhook()? {
            let of = (&webhook, &*site);
            match &webhook.trigger {
                Trigger::Goal(goal) => find::fires(&self.queue, &self.store, of, goal, now)?,
                Trigger::Threshold { .. } if with_figures => {
                    find::threshold(&self.queue, &self.store, of, now)?;
                }
                Trigger::Threshold { .. } => {}
            }
        }
        Ok(())
    }

    fn start(self: &Arc<Self>, due: Vec<Delivery>) {
        for delivery in due {
            let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
            if busy.len() >= AT_ONCE || !busy.insert(delivery.webhook) {
                continue;
            }
            let (this, webhook) = (self.clone(), delivery.webhook);
            tokio::spawn(async move {
                let mut next = Some(delivery);
                // One after the other, as long as they go well.
                while let Some(delivery) = next.take() {
                    match this.deliver(delivery).await {
                        Ok(more) => next = more,
                        Err(error) => tracing::warn!(%error, "a delivery could not be noted"),
                    }
                }
                let mut busy = this.busy.lock().unwrap_or_else(PoisonError::into_inner);
                busy.remove(&webhook);
            });
        }
    }

    /// Sends one; gives the next one of the same webhook when that went well.
    async fn deliver(self: &Arc<Self>, delivery: Delivery) -> anyhow::Result<Option<Delivery>> {
        let this = self.clone();
        let id = delivery.webhook;
        let find = move || this.accounts.every_webhook();
        let all = tokio::task::spawn_blocking(find).await??;
        let Some((webhook, _)) = all.into_iter().find(|(webhook, _)| webhook.id == id) else {
            let this = self.clone();
            tokio::task::spawn_blocking(move || this.queue.give_up(id)).await??;
            return Ok(None);
        };
        let answer = self
            .post(&webhook, &delivery.id.to_string(), &delivery.body)
            .await;
        let this = self.clone();
        let note = move || this.note(&delivery, answer);
        tokio::task::spawn_blocking(note).await?
    }

    fn note(
        &self,
        delivery: &Delivery,
        answer: Result<u16, String>,
    ) -> anyhow::Result<Option<Delivery>> {
        let now = self.clock.now();
        let (status, outcome) = match answer {
            Ok(status) => (Some(status), words(status)),
            Err(error) => (None, error),
        };
        if status.is_some_and(is_taken) {
            self.queue.sent(delivery.id, status, &outcome, None, now)?;
            let due = self.queue.due(now, &HashSet::new())?;
            return Ok(due.into_iter().find(|due| due.webhook == delivery.webhook));
        }
        let next = now + pause(delivery.tries);
        if next < delivery.made_at + TRIED {
            self.queue
                .sent(delivery.id, status, &outcome, Some(next), now)?;
            return Ok(None);
        }
        self.queue.sent(delivery.id, status, &outcome, None, now)?;
        let because = format!("nothing was taken for 24 hours: {outcome}");
        self.accounts
            .switch_webhook_off(delivery.webhook, &because, now)?;
        self.queue.give_up(delivery.webhook)?;
        Ok(None)
    }

    async fn post(&self, webhook: &Webhook, id: &str, body: &str) -> Result<u16, String> {
        let url = Url::parse(&webhook.url).map_err(|error| error.to_string())?;
        let at = self.clock.now().as_second();
        let headers = [
            ("admx-delivery", id.to_owned()),
            ("admx-signature", signature(&webhook.secret, at, body)),
        ];
        target::post(&url, &headers, body, self.may_be_private).await
    }
}

fn is_taken(status: u16) -> bool {
    (200..300).contains(&status)
}

fn words(status: u16) -> String {
    match status {
        200..300 => "taken".into(),
        300..400 => "it was sent elsewhere, and that is not followed".into(),
        _ => "refused".into(),
    }
}

fn signature(secret: &str, at: i64, body: &str) -> String {
    // A key may have any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{at}.{body}").as_bytes());
    let digest = mac.finalize().into_bytes();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={at},v1={hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_hmac_of_time_and_body() {
        // By `printf '1.{}' | openssl dgst -sha256 -hmac key`.
        let wanted = "1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224";
        assert_eq!(signature("key", 1, "{}"), format!("t=1,v1={wanted}"));
    }
}
