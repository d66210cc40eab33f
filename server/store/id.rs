//! Event ids: the same id is stored once in a workspace, ever.
//!
//! What a sender names is kept as a key of 12 bytes: the first six of the id, then six of a digest of workspace and id.
//! Ids that begin with the time, as the pixel's do (UUID version 7), so lie side by side in the file, and storing one
//! touches a page that is at hand; two different ids of one millisecond are taken for one in 1 of 10^14 cases. An id
//! that names no time has its first six bytes from the digest too.
//!
//! A goal's fire that names a transaction has a second key, of site, goal and transaction: the same payment may be reported
//! by a page, a backend and a payment provider, each with an event id of its own, and is stored once.
//!
//! An id that this server made needs no key at all: it carries a code that only this server can make, and it is given
//! out with the answer that its event is stored. Who sends such an id sends that event again.

use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::event::{GoalName, SiteId, TransactionId, WorkspaceId};

/// An event's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventId {
    /// The sender named it.
    Given(Uuid),
    /// The server made it.
    Made(Uuid),
}

impl EventId {
    /// The id as it is told.
    pub fn uuid(&self) -> Uuid {
        match self {
            EventId::Given(id) | EventId::Made(id) => *id,
        }
    }
}

/// What is stored of an id that a sender named.
pub(super) fn key(workspace: WorkspaceId, id: &Uuid) -> [u8; 12] {
    let mut digest = Sha256::new();
    digest.update(workspace.0.to_be_bytes());
    digest.update(id.as_bytes());
    let digest: [u8; 32] = digest.finalize().into();
    let mut key = [0; 12];
    key.copy_from_slice(&digest[..12]);
    if id.get_version_num() == 7 {
        key[..6].copy_from_slice(&id.as_bytes()[..6]);
    }
    key
}

/// What is stored of a goal's transaction, beside the keys of ids.
pub(super) fn transaction_key(
    SiteId(site): SiteId,
    goal: &GoalName,
    TransactionId(id): &TransactionId,
) -> [u8; 12] {
    let mut digest = Sha256::new();
    digest.update(b"transaction");
    digest.update(site.to_be_bytes());
    // Neither has control characters, so that no two pairs are the same bytes.
    digest.update(goal.as_str());
    digest.update([0]);
    digest.update(id);
    let digest: [u8; 32] = digest.finalize().into();
    std::array::from_fn(|at| digest[at])
}

/// Makes ids, and knows them again.
pub(super) struct Maker {
    secret: [u8; 32],
    count: AtomicU32,
}

/// Values of the counter: 20 bits, so many ids a millisecond are different from each other.
const COUNTS: u32 = 1 << 20;

impl Maker {
    /// `secret` is this log's own and never changes.
    pub(super) fn new(secret: [u8; 32]) -> Maker {
        Maker {
            secret,
            count: AtomicU32::new(rand::random()),
        }
    }

    /// A new id: UUID version 8 of the time (48 bits), a counter (20) and a code of both (54).
    pub(super) fn make(&self, now: Timestamp) -> Uuid {
        let count = self.count.fetch_add(1, Ordering::Relaxed) % COUNTS;
        self.of(now.as_millisecond().unsigned_abs(), count)
    }

    /// Whether this server made it.
    pub(super) fn made(&self, id: &Uuid) -> bool {
        if id.get_version_num() != 8 {
            return false;
        }
        let bits = id.as_u128();
        let milliseconds = (bits >> 80) as u64;
        let count = (((bits >> 64) & 0xfff) << 8 | ((bits >> 54) & 0xff)) as u32;
        self.of(milliseconds, count) == *id
    }

    fn of(&self, milliseconds: u64, count: u32) -> Uuid {
        let mut digest = Sha256::new();
        digest.update(self.secret);
        digest.update(milliseconds.to_be_bytes());
        digest.update(count.to_be_bytes());
        let digest: [u8; 32] = digest.finalize().into();
        let code = u64::from_be_bytes(std::array::from_fn(|n| digest[n])) >> 10;
        let time = u128::from(milliseconds & 0xffff_ffff_ffff) << 80;
        let count = u128::from(count >> 8) << 64 | u128::from(count & 0xff) << 54;
        // The builder puts version and variant over bits 76..80 and 62..64, where nothing stands.
        Builder::from_custom_bytes((time | count | u128::from(code)).to_be_bytes()).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_maker_knows_its_own_ids_and_no_others() {
        let (one, other) = (Maker::new([1; 32]), Maker::new([2; 32]));
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let ids: HashSet<_> = (0..10_000).map(|_| one.make(now)).collect();
        assert_eq!(ids.len(), 10_000);
        for id in &ids {
            assert!(one.made(id) && !other.made(id), "{id}");
            assert_eq!(
                (id.get_version_num(), id.get_variant()),
                (8, uuid::Variant::RFC4122)
            );
        }
        assert!(!one.made(&Uuid::now_v7()) && !one.made(&Uuid::nil()));
        let changed = Uuid::from_u128(one.make(now).as_u128() ^ 1);
        assert!(!one.made(&changed));
    }

    #[test]
    fn keys_of_one_time_lie_side_by_side_and_differ_by_workspace() {
        let id = Uuid::now_v7();
        let key_of = |workspace| key(WorkspaceId(workspace), &id);
        assert_eq!(key_of(1)[..6], id.as_bytes()[..6]);
        assert_ne!(key_of(1), key_of(2));
        let random = Uuid::from_u128(0x0190_f3c2_7d1a_4c33_8a5e_2f1b_9c0d_4e6f);
        assert_ne!(key(WorkspaceId(1), &random)[..6], random.as_bytes()[..6]);
    }

    #[test]
    fn a_transaction_is_known_by_site_goal_and_id() {
        let key = |site, goal, id: &str| {
            let goal = GoalName::parse(goal).unwrap();
            transaction_key(SiteId(site), &goal, &TransactionId(id.to_owned()))
        };
        let all = [
            key(1, "Paid", "1"),
            key(2, "Paid", "1"),
            key(1, "Pai", "d1"),
            key(1, "Paid", "2"),
        ];
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        assert_eq!(key(1, "Paid", "1"), all[0]);
    }
}
