//! What brought the visits of some days, as it was told: each different origin, and how many visits it has.

use std::collections::HashMap;
use std::sync::Arc;

use super::range::Range;
use crate::account::Site;
use crate::store::event::Origin;
use crate::store::reports::cell::Key;
use crate::store::reports::group::By;
use crate::store::reports::needs::Needs;
use crate::store::reports::test::Of;
use crate::store::{ReadError, Store};

/// Origins of visits that began on these days, in no order.
///
/// # Errors
/// When the store's files can't be read.
pub fn origins(
    store: &Arc<Store>,
    site: &Site,
    range: &Range,
) -> Result<Vec<(Arc<Origin>, u64)>, ReadError> {
    let reports = store.reports();
    let days = reports.answer(
        site.id,
        range.days(),
        &By::Number(Of::Origin),
        &[],
        &Needs::SUMS,
    )?;
    let mut sessions: HashMap<u32, u64> = HashMap::new();
    for (key, cell) in days.into_values().flatten() {
        if let Key::Number(number) = key {
            *sessions.entry(number).or_default() += cell.counts.sessions;
        }
    }
    sessions.retain(|_, count| *count > 0);
    let named = sessions.into_iter().map(|(number, count)| match number {
        0 => Ok((Arc::default(), count)),
        number => Ok((store.origin(number)?, count)),
    });
    named.collect()
}
