//! What the blank cells of cohorts may become: what people will have brought by BG/NBD and Gamma-Gamma, and how many will
//! still come by sBG. Beside it stands how far off the same prediction would have been that knew less.

use std::collections::HashMap;

use super::lifetime::bgnbd::{BgNbd, Customer};
use super::lifetime::gamma_gamma::{GammaGamma, Spent};
use super::lifetime::sbg::Sbg;
use super::period::{DAY, Moment, Unit, Windows};
use super::table::{Asked, Joined, Measure, Name, RETURNS, Table, each_joined, name};
use crate::query::people::{Payment, People};

/// Customers that a model is fitted to at the most: more change nothing that can be seen.
const FITTED: usize = 20_000;

/// Fewer customers, or fewer who bought again, tell too little.
const LEAST: usize = 30;
const LEAST_REPEATS: usize = 10;

/// A week in days; models count in weeks.
const WEEK: f64 = 7.0;

/// What is predicted.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// For each cohort, and at the end for all: a number for each age that isn't known; smallest units a person, or a share.
    pub cells: Vec<Vec<Option<f64>>>,
    /// By which model, with its parameters.
    pub model: String,
    /// What was predicted for a time that is over, from what was known before it.
    pub held_out: Option<HeldOut>,
}

/// A prediction of what has become known since.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeldOut {
    /// Repeat purchases, or the share of people still there.
    pub predicted: f64,
    /// What became of it.
    pub actual: f64,
    /// In how many days, or at which age.
    pub span: f64,
}

/// Predicts what a table leaves blank.
///
/// # Errors
/// In words: why nothing can be said.
pub fn predict(
    people: &People,
    paid: &[Payment],
    asked: &Asked,
    table: &Table,
) -> Result<Prediction, String> {
    match &asked.measure {
        Measure::Revenue { days, currency } => money(people, paid, asked, table, days, *currency),
        Measure::Retention {
            unit,
            or_later: true,
            ages,
        } => stay(people, asked, table, *unit, ages.iter().map(|age| age.to)),
        Measure::Retention { .. } => Err(
            "Only who came back on an age or later is predicted, as subscribers are: choose that kind.".into(),
        ),
    }
}

/// What somebody bought: days since the first purchase, and smallest units.
struct Bought {
    first: f64,
    purchases: Vec<(f64, f64)>,
}

impl Bought {
    /// Purchases of one day are one. Refunds take nothing away from having bought.
    fn of(joined: &Joined, currency: [u8; 3]) -> Option<Bought> {
        let mut days: Vec<(i32, i64)> = Vec::new();
        for paid in joined.paid.iter().map(|payment| &payment.paid) {
            if paid.currency == currency && paid.minor > 0 {
                match days.last_mut() {
                    Some(last) if last.0 == paid.day => last.1 = last.1.saturating_add(paid.minor),
                    _ => days.push((paid.day, paid.minor)),
                }
            }
        }
        let first = days.first()?.0;
        let purchase = |(day, minor): (i32, i64)| (f64::from(day - first), minor as f64);
        Some(Bought {
            first: f64::from(first),
            purchases: days.into_iter().map(purchase).collect(),
        })
    }

    /// As models know it at the end of a day.
    fn until(&self, day: f64) -> Option<(Customer, Option<Spent>)> {
        let known = day - self.first;
        let until = self.purchases.iter().take_while(|(at, _)| *at <= known);
        let repeats: Vec<_> = until.skip(1).collect();
        let n = repeats.len() as f64;
        let sum: f64 = repeats.iter().map(|(_, minor)| minor).sum();
        let customer = Customer {
            repeats: n,
            last: repeats.last().map_or(0.0, |(at, _)| at / WEEK),
            known: known / WEEK,
        };
        let spent = (n > 0.0).then(|| Spent {
            purchases: n,
            mean: sum / n,
        });
        (known >= 0.0).then_some((customer, spent))
    }
}

struct Fitted {
    purchases: BgNbd,
    worth: GammaGamma,
}

fn fit(customers: &[(Customer, Option<Spent>)]) -> Result<Fitted, String> {
    let repeats = customers
        .iter()
        .filter(|(_, spent)| spent.is_some())
        .count();
    if customers.len() < LEAST || repeats < LEAST_REPEATS {
        return Err(format!(
            "Too few have paid to predict anything: {} people, {repeats} of them again; {LEAST} and {LEAST_REPEATS} would do.",
            customers.len()
        ));
    }
    let step = customers.len().div_ceil(FITTED);
    let some: Vec<_> = customers.iter().step_by(step).copied().collect();
    let bought: Vec<Customer> = some.iter().map(|(customer, _)| *customer).collect();
    let spent: Vec<Spent> = some.iter().filter_map(|(_, spent)| *spent).collect();
    let none = || "No model fits how these people pay.".to_owned();
    let (purchases, _) = BgNbd::fit(&bought).ok_or_else(none)?;
    let (worth, _) = GammaGamma::fit(&spent).ok_or_else(none)?;
    worth.expected(None).ok_or_else(none)?;
    Ok(Fitted { purchases, worth })
}

fn money(
    people: &People,
    paid: &[Payment],
    asked: &Asked,
    table: &Table,
    days: &[i32],
    currency: [u8; 3],
) -> Result<Prediction, String> {
    let now = f64::from(asked.now.day);
    let mut all: Vec<Bought> = Vec::new();
    each_joined(people, paid, &asked.days, |joined| {
        all.extend(Bought::of(&joined, currency))
    });
    let customers: Vec<_> = all.iter().filter_map(|bought| bought.until(now)).collect();
    let model = fit(&customers)?;
    // Two sums a cohort and age: what people brought, and what they are expected to.
    let places = places(table);
    let mut sums = vec![vec![0.0; days.len()]; table.cohorts.len() + 1];
    let mut known: HashMap<(u64, u64, u64, u64), f64> = HashMap::new();
    each_joined(people, paid, &asked.days, |joined| {
        let start = joined.event.moment();
        let bought = Bought::of(&joined, currency).and_then(|bought| bought.until(now));
        let each = bought
            .as_ref()
            .and_then(|(_, spent)| model.worth.expected(spent.as_ref()));
        let place = places.get(&name(&joined, people, asked.by));
        // Who is too rare to be told apart is with all others.
        let place = place.or(places.get(&Name::Other)).copied();
        for (nth, age) in days.iter().enumerate() {
            let within = |payment: &&Payment| {
                let then = Moment {
                    at: payment.paid.at,
                    day: payment.paid.day,
                };
                payment.paid.currency == currency && asked.windows.is_within(*age, start, then)
            };
            let mut sum: f64 = joined
                .paid
                .iter()
                .filter(within)
                .map(|p| p.paid.minor as f64)
                .sum();
            let left = match asked.windows {
                Windows::Calendar => f64::from(start.day + age) - now,
                Windows::Rolling => (start.at - asked.now.at) as f64 / DAY as f64 + f64::from(*age),
            };
            if let (Some((customer, _)), Some(each), true) = (&bought, each, left > 0.0) {
                let bits = (
                    customer.repeats.to_bits(),
                    customer.last.to_bits(),
                    customer.known.to_bits(),
                    left.to_bits(),
                );
                let expected = || model.purchases.expected(customer, left / WEEK);
                sum += each * *known.entry(bits).or_insert_with(expected);
            }
            for place in place.into_iter().chain([table.cohorts.len()]) {
                sums[place][nth] += sum;
            }
        }
    });
    let cohorts = table.cohorts.iter().chain([&table.all]);
    let blank = |(cohort, sums): (&super::table::Cohort, Vec<f64>)| {
        let cells = cohort.cells.iter().zip(sums);
        let mean = |sum: f64| sum / cohort.size.max(1) as f64;
        cells
            .map(|(cell, sum)| cell.is_none().then(|| mean(sum)))
            .collect()
    };
    let BgNbd { r, alpha, a, b } = model.purchases;
    let GammaGamma { p, q, v } = model.worth;
    Ok(Prediction {
        cells: cohorts.zip(sums).map(blank).collect(),
        model: format!(
            "BG/NBD r {r:.3}, alpha {alpha:.3} weeks, a {a:.3}, b {b:.3}; Gamma-Gamma p {p:.3}, q {q:.3}, v {v:.1}"
        ),
        held_out: held_out(&all, now),
    })
}

/// What the same models predict of the last third of the time, from the two before it.
fn held_out(all: &[Bought], now: f64) -> Option<HeldOut> {
    let first = all
        .iter()
        .map(|bought| bought.first)
        .min_by(f64::total_cmp)?;
    let cut = now - ((now - first) / 3.0).floor();
    let early: Vec<&Bought> = all.iter().filter(|bought| bought.first <= cut).collect();
    let customers: Vec<_> = early
        .iter()
        .filter_map(|bought| bought.until(cut))
        .collect();
    let model = fit(&customers).ok()?;
    let span = now - cut;
    let expected = customers
        .iter()
        .map(|(customer, _)| model.purchases.expected(customer, span / WEEK));
    let since = |bought: &&Bought| {
        let is_since = |(at, _): &&(f64, f64)| bought.first + at > cut;
        bought.purchases.iter().filter(is_since).count() as f64
    };
    Some(HeldOut {
        predicted: expected.sum(),
        actual: early.iter().map(since).sum(),
        span,
    })
}

/// Where each cohort stands.
fn places(table: &Table) -> HashMap<Name, usize> {
    let names = table.cohorts.iter().map(|cohort| cohort.name.clone());
    names.zip(0..).collect()
}

/// How long people stayed: how many ended with each period, and how many were still there after so many.
#[derive(Default)]
struct Stays {
    ended: Vec<f64>,
    still: Vec<f64>,
}

impl Stays {
    fn add(list: &mut Vec<f64>, place: usize) {
        if list.len() <= place {
            list.resize(place + 1, 0.0);
        }
        list[place] += 1.0;
    }
}

fn stay(
    people: &People,
    asked: &Asked,
    table: &Table,
    unit: Unit,
    ages: impl Iterator<Item = i32>,
) -> Result<Prediction, String> {
    let mut lasts: Vec<(i32, i32)> = Vec::new();
    each_joined(people, &[], &asked.days, |joined| {
        let since = asked.windows.since(unit, joined.event.moment());
        let returns = joined
            .later
            .iter()
            .filter(|event| event.sets() & RETURNS != 0);
        let ages = returns.map(|event| since.age(event.moment()));
        let over = since.age(asked.now) - 1;
        if over >= 1 {
            lasts.push((ages.filter(|age| *age <= over).max().unwrap_or(0), over));
        }
    });
    let stays = |until: i32| {
        let mut stays = Stays::default();
        for (last, over) in lasts.iter().filter(|(_, over)| *over >= 1) {
            let over = (*over).min(until);
            match *last >= over {
                // Looked at last after so many periods.
                true => Stays::add(&mut stays.still, over as usize),
                false => Stays::add(&mut stays.ended, *last as usize),
            }
        }
        stays
    };
    let oldest = lasts.iter().map(|(_, over)| *over).max().unwrap_or(0);
    let all = stays(oldest);
    let few = || {
        format!(
            "Too little is known to predict who stays: {} people, {oldest} {}s.",
            lasts.len(),
            unit.name()
        )
    };
    if lasts.len() < LEAST || oldest < 3 {
        return Err(few());
    }
    let (model, _) = Sbg::fit(&all.ended, &all.still).ok_or_else(few)?;
    let left: Vec<f64> = ages.map(|age| model.left(f64::from(age))).collect();
    let cohorts = table.cohorts.iter().chain([&table.all]);
    let blank = |cohort: &super::table::Cohort| {
        let cells = cohort.cells.iter().zip(&left);
        cells
            .map(|(cell, left)| cell.is_none().then_some(*left))
            .collect()
    };
    let until = (oldest * 2 / 3).max(2);
    let held_out = || {
        let early = stays(until);
        let (model, _) = Sbg::fit(&early.ended, &early.still)?;
        let looked_at = lasts.iter().filter(|(_, over)| *over >= oldest);
        let there = looked_at.clone().filter(|(last, _)| *last >= oldest);
        Some(HeldOut {
            predicted: model.left(f64::from(oldest)),
            actual: there.count() as f64 / looked_at.count() as f64,
            span: f64::from(oldest),
        })
    };
    let Sbg { alpha, beta } = model;
    Ok(Prediction {
        cells: cohorts.map(blank).collect(),
        model: format!("sBG alpha {alpha:.3}, beta {beta:.3} {}s", unit.name()),
        held_out: held_out(),
    })
}
