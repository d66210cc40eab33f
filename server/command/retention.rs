//! Sites that keep some days only: what is older is taken out, by `admx prune` and once an hour by the server. So is all
//! of a site that was deleted, where that was broken off.

use std::sync::Arc;
use std::time::Duration;

use crate::account::Accounts;
use crate::clock::Clock;
use crate::store::Store;

/// How often the server looks, and how long after its start for the first time.
const OFTEN: Duration = Duration::from_secs(3600);
const FIRST: Duration = Duration::from_secs(60);

/// The first day that is kept, when `days` are, the last one `today`.
pub(super) fn first_kept(today: i32, days: u32) -> i32 {
    i32::try_from(days).map_or(i32::MIN, |days| today.saturating_sub(days - 1))
}

/// Takes out what is older than its site keeps, until the server ends.
pub(super) async fn keep(accounts: Arc<Accounts>, store: Arc<Store>, clock: Clock) {
    tokio::time::sleep(FIRST).await;
    loop {
        let (accounts, store) = (accounts.clone(), store.clone());
        let pruned = tokio::task::spawn_blocking(move || prune(&accounts, &store, clock)).await;
        match pruned {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "old events could not be taken out"),
            Err(error) => tracing::error!(%error, "taking out old events died"),
        }
        tokio::time::sleep(OFTEN).await;
    }
}

fn prune(accounts: &Accounts, store: &Store, clock: Clock) -> anyhow::Result<()> {
    for site in accounts.deleted_sites()? {
        store.prune(site, i32::MAX)?;
    }
    for site in accounts.every_site()? {
        if let Some(days) = site.keep_days {
            let taken = store.prune(site.id, first_kept(site.day(clock.now()), days))?;
            if taken > 0 {
                tracing::info!(site = site.domain, taken, days, "old events were taken out");
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_is_among_the_days_that_are_kept() {
        for (today, days, expected) in [
            (20_000, 1, 20_000),
            (20_000, 30, 19_971),
            (20_000, u32::MAX, i32::MIN),
        ] {
            assert_eq!(first_kept(today, days), expected);
        }
    }
}
