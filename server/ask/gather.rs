//! What a site's questions may name, asked of the store: goals that fired or are set, values of dimensions, metadata.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::vocabulary::Found;
use crate::account::Site;
use crate::query::answer::answer;
use crate::query::dimension::{Dimension, Named};
use crate::query::metric::Metric;
use crate::query::range::Range;
use crate::query::{Order, OrderBy, Query, fires, goals};
use crate::store::{ReadError, Store};

/// Days that are looked at.
const DAYS: i32 = 366;
/// Values of a dimension, and keys of metadata.
const VALUES: usize = 300;
const KEYS: usize = 30;

/// Dimensions whose values are told.
const NAMED: [Named; 13] = [
    Named::Channel,
    Named::Source,
    Named::Medium,
    Named::Campaign,
    Named::Term,
    Named::Content,
    Named::Referrer,
    Named::Country,
    Named::Device,
    Named::Browser,
    Named::Os,
    Named::Page,
    Named::EntryPage,
];

/// Asks the store.
///
/// # Errors
/// When its files can't be read.
pub fn found(
    store: &Arc<Store>,
    site: &Site,
    now: Timestamp,
    spend: Vec<String>,
    notes: Vec<(Date, String)>,
) -> Result<Found, ReadError> {
    let range = Range::last(DAYS, &site.zone, now);
    let fired = goals::goals(store, site, &range)?;
    let mut names: Vec<String> = fired
        .goals
        .iter()
        .map(|goal| goal.name.as_str().to_owned())
        .collect();
    for goal in site.goals.goals() {
        let name = goal.set.name.as_str().to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let all = Query::of(site, range);
    let keys = fires::keys(store, &all)?;
    let keys = keys.into_iter().take(KEYS);
    let metadata = keys.map(|(key, _)| (Dimension::Metadata(key.into()), Metric::Fires));
    let named = NAMED.map(|named| (Dimension::Named(named), Metric::Visitors));
    let mut values = Vec::new();
    for (dimension, metric) in named.into_iter().chain(metadata) {
        let query = Query {
            metrics: vec![metric],
            dimensions: vec![dimension.clone()],
            order: vec![Order {
                by: OrderBy::Metric(metric),
                ascending: false,
            }],
            limit: VALUES,
            ..all.clone()
        };
        let rows = answer(store, &query)?.rows;
        let found = rows
            .into_iter()
            .filter_map(|row| row.values.into_iter().next().flatten());
        values.push((dimension, found.collect()));
    }
    Ok(Found {
        goals: names,
        values,
        spend,
        notes,
    })
}
