//! Visitors of pages that store nothing: an id that changes every day and can't be turned back into an address.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::store::event::SiteId;

/// The day's salt. At midnight UTC it is replaced and forgotten, so that not even its owner can say tomorrow whose id it
/// was.
#[derive(Default)]
pub(super) struct Salt(Mutex<Option<(i64, [u8; 32])>>);

impl Salt {
    /// The visitor of this site, address and browser, today. `renew` gives a day's salt.
    pub(super) fn visitor<E>(
        &self,
        site: SiteId,
        address: IpAddr,
        user_agent: &str,
        now: Timestamp,
        renew: impl FnOnce(i64) -> Result<[u8; 32], E>,
    ) -> Result<Uuid, E> {
        let today = now.as_second().div_euclid(86_400);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let salt = match *held {
            Some((day, salt)) if day >= today => salt,
            _ => held.insert((today, renew(today)?)).1,
        };
        let mut digest = Sha256::new();
        digest.update(salt);
        digest.update(site.0.to_be_bytes());
        digest.update(address.to_string());
        digest.update([0]);
        digest.update(user_agent);
        let bytes: [u8; 32] = digest.finalize().into();
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[..16]);
        Ok(uuid::Builder::from_custom_bytes(id).into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_holds_for_a_day_a_site_a_browser() {
        let salt = Salt::default();
        let noon = Timestamp::from_second(1_800_000_000).unwrap();
        let of = |site, address: [u8; 4], agent, at| {
            let renew = |_| Ok::<_, ()>(rand::random());
            salt.visitor(SiteId(site), address.into(), agent, at, renew)
        };
        let one = of(1, [192, 0, 2, 1], "A", noon);
        assert_eq!(one, of(1, [192, 0, 2, 1], "A", noon));
        assert_ne!(one, of(2, [192, 0, 2, 1], "A", noon));
        assert_ne!(one, of(1, [192, 0, 2, 2], "A", noon));
        assert_ne!(one, of(1, [192, 0, 2, 1], "B", noon));
        let tomorrow = noon + jiff::SignedDuration::from_hours(24);
        assert_ne!(one, of(1, [192, 0, 2, 1], "A", tomorrow));
        // Going back to a day gives no id of it again: its salt is gone.
        assert_ne!(one, of(1, [192, 0, 2, 1], "A", noon));
    }
}
