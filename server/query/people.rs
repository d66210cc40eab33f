//! What people did: what cohorts and journeys are made of. One event after the other, or how many people did the same where
//! that is enough and the store counts them. A person is the least visitor who is the same user (contract §7).

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
use crate::store::reports::alike::{Alike, Counted, Did};
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

/// What is asked of a site's people.
pub struct Look<'a> {
    /// On which days.
    pub range: &'a Range,
    /// The events, by sets: up to six.
    pub sets: &'a [Set],
    /// Values of which dimensions they have; those without a value have one all the same: nothing.
    pub by: &'a [Dimension],
    /// Whether of a person's events of one day, sets and values only some are enough, the first always.
    pub once_a_day: bool,
    /// What people did where it is enough to know how many did the same, by the bits of these sets; and the sets, by theirs,
    /// of which one event is enough to be told of all the same. Who brought money is.
    pub alike: Option<(Did<'a>, u8)>,
}

/// What people of a site did on some days.
#[derive(Default)]
pub struct People {
    /// The events; `visitor` is the person.
    pub events: Events,
    /// People who are counted instead.
    pub counted: Counted,
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

    /// What they did.
    #[allow(clippy::missing_errors_doc)]
    pub fn did(&self, look: &Look) -> Result<People, ReadError> {
        Ok(self.look(look, None)?.0)
    }

    /// The same, and what events of `paying` brought: by the money they carried, else by what a fire of their goal is set to
    /// be worth. In no order. Where it `changes`, in the site's currency as far as rates are known, each payment to the
    /// nearest smallest unit.
    #[allow(clippy::missing_errors_doc)]
    pub fn did_and_paid(
        &self,
        look: &Look,
        (paying, changes): (&Set, bool),
    ) -> Result<(People, Vec<Payment>), ReadError> {
        let (people, mut all) = self.look(look, Some(paying))?;
        let worth = self.worth(paying);
        let known: HashSet<i64> = match worth.is_empty() {
            false => all.iter().map(|paid| paid.id).collect(),
            true => HashSet::new(),
        };
        for (goal, worth) in worth {
            let set = Set {
                what: What::Fires(vec![goal.to_owned()]),
                filters: paying.filters.clone(),
                days: None,
            };
            let fires = self.did(&Look {
                range: paying.days.as_ref().unwrap_or(look.range),
                sets: &[set],
                by: &[],
                once_a_day: false,
                alike: None,
            })?;
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

    /// What fires of goals are worth that may pay.
    fn worth(&self, paying: &Set) -> Vec<(&str, &Money)> {
        let book = self.book();
        let wanted: HashSet<&str> = match &paying.what {
            What::Fires(goals) => goals.iter().map(|goal| book.shown(goal)).collect(),
            _ => HashSet::new(),
        };
        let is_meant = |name: &str| wanted.is_empty() || wanted.contains(name);
        book.worth().filter(|(goal, _)| is_meant(goal)).collect()
    }

    fn look(&self, look: &Look, paying: Option<&Set>) -> Result<(People, Vec<Paid>), ReadError> {
        let Look { range, sets, .. } = *look;
        let alike = look.alike.filter(|_| self.store.reports().counts());
        let paid = paying.map_or(0, |_| 1 << sets.len());
        let mut sets: Vec<&Set> = sets.iter().chain(paying).collect();
        // Whoever brought what nothing says but the goal is told of, too.
        let worth = paying.filter(|_| alike.is_some()).and_then(|paying| {
            let goals = self.worth(paying).into_iter();
            let goals: Vec<String> = goals.map(|(goal, _)| goal.to_owned()).collect();
            (!goals.is_empty()).then(|| Set {
                what: What::Fires(goals),
                ..paying.clone()
            })
        });
        let brings = paid | worth.as_ref().map_or(0, |_| 1 << sets.len());
        sets.extend(&worth);
        // Sets that are alike are looked at once.
        let mut tests: Vec<(u8, &Set)> = Vec::new();
        for (nth, set) in sets.into_iter().enumerate() {
            match tests.iter_mut().find(|(_, known)| *known == set) {
                Some((bits, _)) => *bits |= 1 << nth,
                None => tests.push((1 << nth, set)),
            }
        }
        let tests = tests
            .into_iter()
            .map(|(bits, set)| Ok((bits, self.test(range, set)?)))
            .collect::<Result<Vec<_>, ReadError>>()?;
        let split = Split::new(look.by, range, &self.names);
        let wanted = Wanted {
            sets: &tests,
            tests: &[],
            by: if look.by.is_empty() {
                &By::Total
            } else {
                &split.by
            },
            one_of: Some(&|visitor| self.persons.first(visitor)),
            once_a_day: look.once_a_day,
            paid,
            alike: alike.map(|(did, apart)| Alike {
                did,
                apart: apart | brings,
                named: self.persons.several(),
                fold: split.fold.as_ref(),
            }),
        };
        let reports = self.store.reports();
        let marked = || reports.marked(self.site.id, range.days(), &wanted);
        let Found {
            events,
            keys,
            paid,
            counted,
        } = self.names.checked(marked)?;
        let values = || {
            let of = |key| match key {
                Some(key) => split.values(&key, &self.names, None),
                None => vec![None; look.by.len()],
            };
            Ok(keys.into_iter().map(of).collect())
        };
        let people = People {
            events,
            counted,
            values: self.names.checked(values)?,
        };
        Ok((people, paid))
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
