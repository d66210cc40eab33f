//! The goals of a site: how often each fired, for how many visitors, at which rate, and what it brought.

use std::collections::HashSet;

use jiff::civil::Date;

use super::range::Range;
use crate::store::Store;
use crate::store::event::{GoalName, Money, SiteId};

/// One day of a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Which, in the range's zone.
    pub date: Date,
    /// How often it fired.
    pub fires: u64,
    /// For how many different visitors.
    pub visitors: u64,
}

/// A goal that fired within the range.
#[derive(Clone, Debug)]
pub struct Goal {
    /// What it is called.
    pub name: GoalName,
    /// How often it fired.
    pub fires: u64,
    /// For how many different visitors.
    pub visitors: u64,
    /// Those visitors' share of all who were there: 0 to 1; 0 when nobody was.
    pub conversion_rate: f64,
    /// What it brought, a sum a currency.
    pub revenue: Vec<Money>,
    /// Every day of the range, quiet ones too.
    pub days: Vec<Day>,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Goals {
    /// Goals that fired, most fires first.
    pub goals: Vec<Goal>,
    /// Everybody who was there: different visitors with any event.
    pub visitors: u64,
    /// Pages shown.
    pub views: u64,
}

/// Asks the log. Visitors are counted exactly.
pub fn goals(store: &Store, site: SiteId, range: &Range) -> rusqlite::Result<Goals> {
    let starts = range.starts();
    let mut everybody = HashSet::new();
    let mut goals = Vec::new();
    for (id, name) in store.goals(site)? {
        let counted = count(store, site, Some(id), &starts, &mut everybody)?;
        if counted.fires > 0 {
            let span = starts[0].1..starts[starts.len() - 1].1;
            let revenue = store.revenue(site, id, span)?;
            goals.push(Goal {
                name,
                fires: counted.fires,
                visitors: counted.visitors,
                conversion_rate: 0.0,
                revenue,
                days: counted.days,
            });
        }
    }
    let views = count(store, site, None, &starts, &mut everybody)?.fires;
    let visitors = everybody.len() as u64;
    for goal in &mut goals {
        goal.conversion_rate = if visitors == 0 {
            0.0
        } else {
            goal.visitors as f64 / visitors as f64
        };
    }
    goals.sort_by(|a, b| b.fires.cmp(&a.fires).then_with(|| a.name.cmp(&b.name)));
    Ok(Goals {
        goals,
        visitors,
        views,
    })
}

struct Counted {
    fires: u64,
    visitors: u64,
    days: Vec<Day>,
}

/// Counts one goal's events a day; rows come oldest first, so that each day is over when the next begins.
fn count(
    store: &Store,
    site: SiteId,
    goal: Option<i64>,
    starts: &[(Date, jiff::Timestamp)],
    everybody: &mut HashSet<i64>,
) -> rusqlite::Result<Counted> {
    let Some(((_, end), days)) = starts.split_last() else {
        return Ok(Counted {
            fires: 0,
            visitors: 0,
            days: Vec::new(),
        });
    };
    let mut counted: Vec<_> = days
        .iter()
        .map(|(date, _)| Day {
            date: *date,
            fires: 0,
            visitors: 0,
        })
        .collect();
    let mut visitors = HashSet::new();
    let mut today = HashSet::new();
    let mut at = 0;
    store.each_fire(site, goal, starts[0].1..*end, |row| {
        while at + 1 < days.len() && row.at >= days[at + 1].1 {
            at += 1;
            today.clear();
        }
        counted[at].fires += 1;
        if let Some(visitor) = row.visitor {
            visitors.insert(visitor);
            counted[at].visitors += u64::from(today.insert(visitor));
        }
    })?;
    everybody.extend(&visitors);
    Ok(Counted {
        fires: counted.iter().map(|d| d.fires).sum(),
        visitors: visitors.len() as u64,
        days: counted,
    })
}
