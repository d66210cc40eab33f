//! What people did, one event after the other: what cohorts and journeys are made of. A person is the least visitor who is
//! the same user (contract §7).

use std::collections::HashSet;
use std::sync::Arc;

use super::dimension::Dimension;
use super::filter::Filter;
use super::layer::Passing;
use super::plan::{Names, Split};
use super::range::Range;
use crate::account::{GoalBook, Site};
use crate::store::event::Money;
use crate::store::person::Persons;
use crate::store::reports::cell::currency;
use crate::store::reports::group::By;
use crate::store::reports::marked::{Events, Found, Marked, Paid, Wanted};
use crate::store::reports::test::Test;
use crate::store::{ReadError, Store};

/// Which events.
#[derive(Clone, Debug, PartialEq)]
pub struct Set {
    /// Of what kind.
    pub what: What,
    /// They pass all of these.
    pub filters: Vec<Filter>,
    /// On these days alone; on all that are asked about where none are named.
    pub days: Option<Range>,
}

/// What events are of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Any.
    Anything,
    /// None.
    Nothing,
    /// Each visit's first.
    Visits,
    /// Fires of these goals, by any of their names, as pages too.
    Fires(Vec<String>),
}

impl What {
    /// Fires of these goals; where none are named, anything, as nothing but fires brings money.
    pub fn paying(goals: &[String]) -> What {
        match goals {
            [] => What::Anything,
            goals => What::Fires(goals.to_vec()),
        }
    }
}

/// What people of a site did on some days.
pub struct People {
    /// The events; `visitor` is the person.
    pub events: Events,
    /// The values of the dimensions, by an event's key.
    pub values: Vec<Vec<Option<String>>>,
}

/// A payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Whose; 0 for nobody's.
    pub person: u32,
    /// What, when and how much.
    pub paid: Paid,
}

/// Asks about a site's people.
pub struct Asked<'a> {
    store: &'a Arc<Store>,
    names: Names,
    site: &'a Site,
    persons: Arc<Persons>,
}

impl<'a> Asked<'a> {
    /// Asks about those of this site.
    ///
    /// # Errors
    /// When the store's files can't be read; here and below.
    pub fn new(store: &'a Arc<Store>, site: &'a Site) -> Result<Asked<'a>, ReadError> {
        Ok(Asked {
            store,
            names: Names::new(store, &site.goals),
            site,
            persons: store.persons()?,
        })
    }

    /// What is set of the site's goals.
    pub fn book(&self) -> &Arc<GoalBook> {
        &self.site.goals
    }

    /// The events of some sets, with values of `by`; those without a value have one all the same: nothing. Where
    /// `once_a_day`, of a person's events of one day, sets and values only some may come, the first always.
    #[allow(clippy::missing_errors_doc)]
    pub fn did(
        &self,
        range: &Range,
        sets: &[Set],
        by: &[Dimension],
        once_a_day: bool,
    ) -> Result<People, ReadError> {
        Ok(self.look(range, sets, by, once_a_day, None)?.0)
    }

    /// The same of up to seven sets, and what events of `paying` brought: by the money they carried, else by what a fire of
    /// their goal is set to be worth. In no order. Where it `changes`, in the site's currency as far as rates are known, each
    /// payment to the nearest smallest unit.
    #[allow(clippy::missing_errors_doc)]
    pub fn did_and_paid(
        &self,
        range: &Range,
        sets: &[Set],
        by: &[Dimension],
        once_a_day: bool,
        (paying, changes): (&Set, bool),
    ) -> Result<(People, Vec<Payment>), ReadError> {
        let (people, mut all) = self.look(range, sets, by, once_a_day, Some(paying))?;
        let book = self.book();
        let wanted: HashSet<&str> = match &paying.what {
            What::Fires(goals) => goals.iter().map(|goal| book.shown(goal)).collect(),
            _ => HashSet::new(),
        };
        let is_meant = |name: &str| wanted.is_empty() || wanted.contains(name);
        let mut worth = book.worth().filter(|(goal, _)| is_meant(goal)).peekable();
        let known: HashSet<i64> = match worth.peek() {
            Some(_) => all.iter().map(|paid| paid.id).collect(),
            None => HashSet::new(),
        };
        for (goal, worth) in worth {
            let set = Set {
                what: What::Fires(vec![goal.to_owned()]),
                filters: paying.filters.clone(),
                days: None,
            };
            let range = paying.days.as_ref().unwrap_or(range);
            let fires = self.did(range, &[set], &[], false)?;
            let fires = fires
                .events
                .iter()
                .filter(|event| !known.contains(&event.id()));
            all.extend(fires.filter_map(|fire| worth_of(fire, worth)));
        }
        let payment = |mut paid: Paid| {
            if changes {
                let exchange = &self.site.exchange;
                (paid.currency, paid.minor) = exchange.changed(paid.currency, paid.day, paid.minor);
            }
            Payment {
                person: self.persons.first(paid.visitor),
                paid,
            }
        };
        Ok((people, all.into_iter().map(payment).collect()))
    }

    fn look(
        &self,
        range: &Range,
        sets: &[Set],
        by: &[Dimension],
        once_a_day: bool,
        paying: Option<&Set>,
    ) -> Result<(People, Vec<Paid>), ReadError> {
        // Sets that are alike are looked at once.
        let mut tests: Vec<(u8, &Set)> = Vec::new();
        for (nth, set) in sets.iter().chain(paying).enumerate() {
            match tests.iter_mut().find(|(_, known)| *known == set) {
                Some((bits, _)) => *bits |= 1 << nth,
                None => tests.push((1 << nth, set)),
            }
        }
        let tests = tests
            .into_iter()
            .map(|(bits, set)| Ok((bits, self.test(range, set)?)))
            .collect::<Result<Vec<_>, ReadError>>()?;
        let split = Split::new(by, range, &self.names);
        let wanted = Wanted {
            sets: &tests,
            tests: &[],
            by: if by.is_empty() { &By::Total } else { &split.by },
            one_of: Some(&|visitor| self.persons.first(visitor)),
            once_a_day,
            paid: paying.map_or(0, |_| 1 << sets.len()),
        };
        let reports = self.store.reports();
        let marked = || reports.marked(self.site.id, range.days(), &wanted);
        let Found { events, keys, paid } = self.names.checked(marked)?;
        let values = || {
            let of = |key| match key {
                Some(key) => split.values(&key, &self.names, None),
                None => vec![None; by.len()],
            };
            Ok(keys.into_iter().map(of).collect())
        };
        let values = self.names.checked(values)?;
        Ok((People { events, values }, paid))
    }

    fn test(&self, range: &Range, set: &Set) -> Result<Test, ReadError> {
        let range = set.days.as_ref().unwrap_or(range);
        let passing = Passing::new(&self.names, self.site.id, range, &set.filters);
        let mut tests = match &set.what {
            What::Fires(goals) => {
                let book = self.book();
                let shown: Vec<&str> = goals.iter().map(|goal| book.shown(goal)).collect();
                let is_meant = |name: &str| shown.contains(&name);
                passing.events(Some(&is_meant))?
            }
            What::Anything | What::Visits => passing.events(None)?,
            What::Nothing => vec![Test::Any(Vec::new())],
        };
        if set.what == What::Visits {
            tests.push(Test::Begins);
        }
        if let Some(days) = &set.days {
            let days = days.days();
            tests.insert(0, Test::Day(Arc::new(move |day| days.contains(&day))));
        }
        Ok(Test::All(tests))
    }
}

fn worth_of(fire: &Marked, worth: &Money) -> Option<Paid> {
    let letters = <[u8; 3]>::try_from(worth.currency.code().as_bytes()).ok()?;
    currency(&letters)?;
    Some(Paid {
        visitor: fire.visitor,
        at: fire.at(),
        id: fire.id(),
        day: fire.day(),
        minor: worth.minor,
        currency: letters,
    })
}
