//! Cohorts: people who joined alike, how many of them came back, and what they brought.
//!
//! - [`question`]: what is asked; [`answer()`]: that, of what [`people`](crate::query::people) did
//! - [`predict`]: what is to come, by the models of [`lifetime`]
//! - [`period`]: ages; [`table`]: what people did → cohorts; [`compare`]: two of them beside each other. Numbers in, numbers
//!   out
//!
//! The event of joining is a person's first visit or first fire of a goal, of all that is stored; it must lie on the days
//! that are asked about and pass the filters. An age is a calendar day, week or month of the site's zone after it, or a
//! window of 24 hours, 7 or 30 times that: always said beside the figures. The share of people who came back is of those who
//! have reached the age; money a person is of all of them, who paid or not.

pub mod compare;
pub mod lifetime;
pub mod period;
pub mod predict;
pub mod question;
pub mod table;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::account::Site;
use crate::query::filter::Filter;
use crate::query::people::{self, Asked as People, Look, Payment, Set};
use crate::query::range::{self, Range};
use crate::store::reports::alike::{Did, Joining};
use crate::store::{ReadError, Store};
use compare::Difference;
use period::{Moment, Unit, Windows};
use predict::Prediction;
use question::{Question, Split, Start, What};
use table::{Age, Asked, By, Measure, Name, Table};

/// What stands beside two cohorts that a goal tells apart.
pub const NO_EXPERIMENT: &str = "This is no experiment: who fired the goal chose to, and may have come back or paid more \
     without it. Only a random choice of who sees what shows what the goal does.";

/// What became of a question.
#[derive(Debug)]
pub struct Answer {
    /// The cohorts.
    pub table: Table,
    /// In which currency money is.
    pub currency: Option<[u8; 3]>,
    /// Currencies that people paid in beside it.
    pub other_currencies: Vec<[u8; 3]>,
    /// Where two cohorts are told apart by a goal: how much more the first has, an age after the other.
    pub differences: Vec<Option<Difference>>,
    /// What blank cells may become, or why nothing is said; nothing where nobody asked.
    pub prediction: Option<Result<Prediction, String>>,
}

/// Somebody of a cohort.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member {
    /// The number of the visitor.
    pub person: u32,
    /// With which event they joined: when, in milliseconds since 1970, and its number in the log.
    pub joined: (i64, i64),
    /// Whether they came back at the age that is asked about, or paid up to it; to date where none is.
    pub came_back: bool,
    /// What they brought up to it, in smallest units.
    pub minor: i64,
}

/// Answers a question.
///
/// # Errors
/// When the store's files can't be read; here and below.
pub fn answer(
    store: &Arc<Store>,
    site: &Site,
    question: &Question,
    now: Timestamp,
) -> Result<Answer, ReadError> {
    let Gathered {
        people,
        paid,
        asked,
        currency,
        other_currencies,
    } = gather(store, site, question, now, question.predicts)?;
    let table = table::table(&people, &paid, &asked);
    let differences = match (&asked.by, table.cohorts.as_slice()) {
        (By::Fired, [first, second]) => {
            let cells = first.cells.iter().zip(&second.cells);
            let between = cells.map(|(first, second)| {
                compare::difference(&asked.measure, first.as_ref()?, second.as_ref()?)
            });
            between.collect()
        }
        _ => Vec::new(),
    };
    let predict = || predict::predict(&people, &paid, &asked, &table);
    Ok(Answer {
        prediction: question.predicts.then(predict),
        table,
        currency,
        other_currencies,
        differences,
    })
}

/// The people of a cohort, the latest first; of all where none is named. With the place of an age, what they did up to it.
#[allow(clippy::missing_errors_doc)]
pub fn members(
    store: &Arc<Store>,
    site: &Site,
    question: &Question,
    of: Option<&Name>,
    age: Option<usize>,
    now: Timestamp,
) -> Result<Vec<Member>, ReadError> {
    let Gathered {
        people,
        paid,
        asked,
        ..
    } = gather(store, site, question, now, true)?;
    let known: HashSet<Name> = match of {
        Some(Name::Other) => {
            let cohorts = table::table(&people, &paid, &asked).cohorts;
            cohorts.into_iter().map(|cohort| cohort.name).collect()
        }
        _ => HashSet::new(),
    };
    let is_meant = |name: Name| match of {
        None => true,
        Some(Name::Other) => !known.contains(&name),
        Some(of) => *of == name,
    };
    let mut members = Vec::new();
    table::each_joined(&people, &paid, &asked.days, |joined| {
        if is_meant(table::name(&joined, &people, asked.by)) {
            let (came_back, minor) = table::did(&joined, &asked, age);
            members.push(Member {
                person: joined.event.visitor,
                joined: (joined.event.at(), joined.event.id()),
                came_back,
                minor,
            });
        }
    });
    members.sort_unstable_by_key(|member| std::cmp::Reverse(member.joined));
    Ok(members)
}

/// Everything that cohorts are made of.
struct Gathered {
    people: people::People,
    paid: Vec<Payment>,
    asked: Asked,
    currency: Option<[u8; 3]>,
    other_currencies: Vec<[u8; 3]>,
}

/// Asks the store; of everybody by name, or only as far as they must be told apart.
fn gather(
    store: &Arc<Store>,
    site: &Site,
    question: &Question,
    now: Timestamp,
    by_name: bool,
) -> Result<Gathered, ReadError> {
    let asked = People::new(store, site)?;
    // Who joined before the days is in no cohort of them, and what came after them counts.
    let ever = Range {
        from: Date::constant(1970, 1, 1),
        to: now.to_zoned(site.zone.clone()).date(),
        zone: site.zone.clone(),
    };
    let set = |what, filters: &[Filter]| Set {
        what,
        filters: filters.to_vec(),
        days: None,
    };
    let joins = match &question.start {
        Start::Goal(goal) => people::What::Fires(vec![goal.clone()]),
        Start::Visit | Start::Match => people::What::Anything,
    };
    let before: &[Filter] = match question.start {
        Start::Match => &question.filters,
        Start::Visit | Start::Goal(_) => &[],
    };
    let returns = match question.returns.is_empty() {
        true => people::What::Anything,
        false => people::What::Fires(question.returns.clone()),
    };
    let returns = match question.what {
        What::Retention => returns,
        What::Revenue => people::What::Nothing,
    };
    // In the order of their bits.
    let mut sets = vec![
        set(joins.clone(), before),
        set(joins, &question.filters),
        set(returns, &[]),
    ];
    if let Split::Fired(goal) = &question.split {
        sets.push(set(people::What::Fires(vec![goal.clone()]), &[]));
    }
    let by = match &question.split {
        Split::Value(dimension) => vec![dimension.clone()],
        Split::Time(_) | Split::Fired(_) => Vec::new(),
    };
    let now = Moment {
        at: now.as_millisecond(),
        day: range::number(ever.to),
    };
    let (unit, ages, moment) = match question.what {
        What::Retention => {
            let ages = question.ages.iter();
            let last = |age: &Age| if question.or_later { i32::MAX } else { age.to };
            let ages = ages.map(|age| (age.from, last(age)));
            (question.unit, ages.collect(), now.at)
        }
        // Days of money are over when now lies after their last moment.
        What::Revenue => (Unit::Day, Vec::new(), now.at - 1),
    };
    let period = |day| unit.of(day);
    let joining = Joining {
        joins: table::JOINS,
        passes: table::PASSES,
        returns: table::RETURNS,
        joining_returns: question.what == What::Retention && question.returns.is_empty(),
        fires: match question.split {
            Split::Fired(_) => table::FIRES,
            _ => 0,
        },
        days: question.range.days(),
        age: question.windows.age(unit, &period, moment),
        ages,
    };
    let look = Look {
        range: &ever,
        sets: &sets,
        by: &by,
        // Of a day the first event is enough, but in windows of 24 hours, and of what counts only after joining.
        once_a_day: match question.what {
            What::Retention => question.windows == Windows::Calendar && joining.joining_returns,
            What::Revenue => true,
        } && joining.fires == 0,
        alike: (!by_name).then_some((Did::Joined(&joining), 0)),
    };
    let (people, paid) = match question.what {
        What::Retention => (asked.did(&look)?, Vec::new()),
        What::Revenue => {
            // Who names a currency means what was paid in it.
            let changes = question.currency.is_none();
            let paying = set(people::What::paying(&[]), &[]);
            let (people, mut paid) = asked.did_and_paid(&look, (&paying, changes))?;
            paid.sort_unstable_by_key(|payment| (payment.person, payment.paid.at, payment.paid.id));
            (people, paid)
        }
    };
    let own = site.exchange.code();
    let currency = question
        .currency
        .or_else(|| own.filter(|own| paid.iter().any(|payment| payment.paid.currency == *own)))
        .or_else(|| table::most_used(&paid));
    let mut others: Vec<[u8; 3]> = paid.iter().map(|payment| payment.paid.currency).collect();
    others.sort_unstable();
    others.dedup();
    others.retain(|code| Some(*code) != currency);
    let measure = match question.what {
        What::Retention => Measure::Retention {
            ages: question.ages.clone(),
            unit: question.unit,
            or_later: question.or_later,
        },
        What::Revenue => Measure::Revenue {
            days: question.ages.iter().map(|age| age.to).collect(),
            currency: currency.unwrap_or(*b"XXX"),
        },
    };
    let asked = Asked {
        by: question.split.by(),
        measure,
        windows: question.windows,
        days: question.range.days(),
        now,
    };
    Ok(Gathered {
        people,
        paid,
        asked,
        currency,
        other_currencies: others,
    })
}
