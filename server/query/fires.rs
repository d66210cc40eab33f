//! Single events behind a number: which fires, latest first, and what one visitor did.

use std::sync::Arc;

use roaring::RoaringTreemap;

use super::Query;
use super::channel;
use super::dimension::path;
use super::layer::{Meant, Passing};
use super::operator::{Matcher, Operator};
use super::plan::Names;
use crate::account::{GoalBook, Site};
use crate::store::event::{GoalName, SiteId};
use crate::store::reports::Moment;
use crate::store::reports::test::Test;
use crate::store::{Detail, Fire, ReadError, Store};

/// An event, and the kind of traffic that brought its visit.
#[derive(Clone, Debug)]
pub struct Fired {
    /// The event with its visit; its goal as it is called now. A page view that is a fire is still a page view.
    pub detail: Detail,
    /// See [`channel`]; nothing for an event without a visit.
    pub channel: Option<&'static str>,
}

/// Some of them.
#[derive(Clone, Debug)]
pub struct Fires {
    /// Latest first.
    pub fires: Vec<Fired>,
    /// Before which moment the next ones lie; `None` when there are no more.
    pub next: Option<Moment>,
}

/// The latest fires of a query's goals (page views too where it names none) which pass its filters, before a moment.
/// Figures, dimensions and order of the query don't matter.
///
/// # Errors
/// When the store's files can't be read; here and below.
pub fn fires(
    store: &Arc<Store>,
    query: &Query,
    before: Option<Moment>,
    most: usize,
) -> Result<Fires, ReadError> {
    let names = Names::new(store, &query.book);
    let tests = tests(&names, query)?;
    let days = query.range.days();
    let picked = || {
        store
            .reports()
            .picked(query.site, days, &tests, before, most + 1)
    };
    told(store, query.site, &query.book, names.checked(picked)?, most)
}

/// These events of a site, in this order.
#[allow(clippy::missing_errors_doc)]
pub fn these(store: &Arc<Store>, site: &Site, picked: Vec<Moment>) -> Result<Fires, ReadError> {
    let most = picked.len();
    told(store, site.id, &site.goals, picked, most)
}

/// The keys of metadata that these have, and how many have each, most first.
#[allow(clippy::missing_errors_doc)]
pub fn keys(store: &Arc<Store>, query: &Query) -> Result<Vec<(String, u64)>, ReadError> {
    let names = Names::new(store, &query.book);
    let tests = tests(&names, query)?;
    let keys = || store.reports().keys(query.site, query.range.days(), &tests);
    names.checked(keys)
}

/// The numbers of all of them, for what reads them one by one.
#[allow(clippy::missing_errors_doc)]
pub fn numbers(store: &Arc<Store>, query: &Query) -> Result<RoaringTreemap, ReadError> {
    let names = Names::new(store, &query.book);
    let tests = tests(&names, query)?;
    let passing = || {
        store
            .reports()
            .passing(query.site, query.range.days(), &tests)
    };
    names.checked(passing)
}

/// What a visitor, by the number in the log, did on a site: latest first.
#[allow(clippy::missing_errors_doc)]
pub fn journey(
    store: &Arc<Store>,
    site: &Site,
    visitor: u32,
    before: Option<Moment>,
    most: usize,
) -> Result<Fires, ReadError> {
    let tests = [Test::Visitor(Arc::new([visitor].into_iter().collect()))];
    let days = i32::MIN..=i32::MAX;
    let picked = store
        .reports()
        .picked(site.id, days, &tests, before, most + 1)?;
    told(store, site.id, &site.goals, picked, most)
}

/// Whether an event of a site is a fire of this goal, by any of its names or as a page.
pub fn is_fire(book: &GoalBook, goal: &str, event: &Fire) -> bool {
    let shown = book.shown(goal);
    match (&event.goal, &event.url) {
        (Some(name), _) => book.shown(name.as_str()) == shown,
        (None, Some(url)) => {
            let page = book.goal(shown).and_then(|goal| goal.set.page.clone());
            let path = path(url.split(['?', '#']).next().unwrap_or_default());
            page.is_some_and(|page| {
                Matcher::new(Operator::Matches, &[page].into()).passes(Some(path))
            })
        }
        (None, None) => false,
    }
}

fn tests(names: &Names, query: &Query) -> Result<Vec<Test>, ReadError> {
    let passing = Passing::new(names, query.site, &query.range, &query.filters);
    let is_meant = |name: &str| query.wants_goal(name);
    let meant: Option<Meant> = (!query.goals.is_empty()).then_some(&is_meant);
    passing.events(meant)
}

fn told(
    store: &Store,
    site: SiteId,
    book: &GoalBook,
    mut picked: Vec<Moment>,
    most: usize,
) -> Result<Fires, ReadError> {
    let has_more = picked.len() > most;
    picked.truncate(most);
    let ids: Vec<i64> = picked.iter().map(|(_, id)| *id).collect();
    let fired = |mut detail: Detail| {
        let name = detail.fire.goal.take();
        detail.fire.goal = name.and_then(|name| GoalName::shown(book.shown(name.as_str())));
        Fired {
            channel: detail.session.map(|_| channel::channel(&detail.origin)),
            detail,
        }
    };
    let fires = store.details(site, &ids)?.into_iter().map(fired);
    Ok(Fires {
        fires: fires.collect(),
        next: picked.last().copied().filter(|_| has_more),
    })
}
