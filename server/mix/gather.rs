//! The numbers of a question, from what is stored: outcome, spend, sessions, notes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::control::Known;
use super::periods::Periods;
use super::question::{Outcome, Question};
use super::series::{Driven, Driver, Series};
use crate::account::spend::{DaySum, Days};
use crate::account::{Accounts, Note, Site};
use crate::query::Query;
use crate::query::answer::{Figure, answer};
use crate::query::dimension::{Dimension, Named};
use crate::query::filter::Filter;
use crate::query::metric::Metric;
use crate::query::operator::Operator;
use crate::query::range::{self, Range};
use crate::store::event::major;
use crate::store::reports::cell::currency;
use crate::store::{ReadError, Store};

/// Events that a fit may have beside those that were named: the notes of which there are most days.
const NOTES: usize = 12;

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Gathered {
    #[allow(missing_docs)]
    pub series: Series,
    /// Of spend, and of revenue; none where nothing was spent.
    pub currency: Option<String>,
    /// What was left out, in words.
    pub left_out: Vec<String>,
}

impl Gathered {
    /// SHA-256 of the numbers, in hexadecimal.
    pub fn hash(&self) -> String {
        let json = serde_json::to_vec(&self.series).unwrap_or_default();
        Sha256::digest(&json)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// Finds a question's numbers. Days before the first on which anything was counted or spent are no part of them.
///
/// # Errors
/// When files can't be read.
pub fn gather(
    store: &Arc<Store>,
    accounts: &Accounts,
    site: &Site,
    question: &Question,
) -> Result<Gathered, ReadError> {
    let range = &question.range;
    let days = Days {
        from: range.from,
        to: range.to,
        channel: None,
    };
    let mut spent = accounts.spent_by_day(site.id, &days)?;
    // Who names a currency means what was spent in it; else all that has a rate becomes the site's.
    let exchange = &site.exchange;
    if question.currency.is_none() {
        for sum in &mut spent {
            let day = range::number(sum.day);
            (sum.currency, sum.minor) = exchange.changed(sum.currency, day, sum.minor);
        }
    }
    let own = exchange.own().map(|own| own.code().to_owned());
    let is_own = |sum: &DaySum| Some(sum.currency) == exchange.code();
    let code = question
        .currency
        .clone()
        .or_else(|| own.clone().filter(|_| spent.iter().any(is_own)))
        .or_else(|| most_spent(&spent))
        .or(own);
    let mut left_out = Vec::new();
    let counted = counted(store, site, question, code.as_deref(), &mut left_out)?;
    let is_ours = |sum: &&DaySum| Some(&sum.currency[..]) == code.as_deref().map(str::as_bytes);
    let others: BTreeMap<&str, ()> = spent
        .iter()
        .filter(|sum| !is_ours(sum))
        .map(|sum| (&*sum.channel, ()))
        .collect();
    if let (false, Some(code)) = (others.is_empty(), &code) {
        let channels: Vec<&str> = others.into_keys().collect();
        left_out.push(format!(
            "Spend in other currencies than {code} is left out, of {}.",
            channels.join(", ")
        ));
    }
    let spent: Vec<&DaySum> = spent.iter().filter(is_ours).collect();
    let begins = counted
        .iter()
        .filter(|(_, number)| **number != 0.0)
        .map(|(day, _)| *day)
        .chain(spent.iter().map(|sum| sum.day))
        .min();
    let periods = Periods::new(begins.unwrap_or(range.from), range.to, question.weekly);
    let mut names: Vec<&str> = question.channels.iter().map(String::as_str).collect();
    if names.is_empty() {
        let known: BTreeMap<&str, ()> = spent.iter().map(|sum| (&*sum.channel, ())).collect();
        names = known.into_keys().collect();
    }
    let mut channels: Vec<Driven> = names
        .into_iter()
        .map(|name| paid(question, &periods, &spent, name))
        .collect();
    for name in &question.organic {
        if channels.iter().all(|channel| channel.name != *name) {
            channels.push(organic(store, site, question, &periods, name)?);
        }
    }
    let mut events = named(question, &periods);
    for control in Known::all(accounts, site.id, question, periods.last())? {
        let column = match events.iter().any(|(name, _)| *name == control.name) {
            true => Err("something else of the question has its name".into()),
            false => control.column(&periods),
        };
        match column {
            Ok(column) => {
                left_out.extend(control.guessed(&periods));
                events.push((control.name, column));
            }
            Err(why) => left_out.push(format!("{} is left out: {why}.", control.name)),
        }
    }
    if question.notes {
        events.extend(noted(
            &accounts.notes(site.id, periods.first, periods.last())?,
            &periods,
            &events,
        ));
    }
    Ok(Gathered {
        series: Series {
            first: periods.first,
            weekly: question.weekly,
            outcome: periods.sums(counted.into_iter()),
            channels,
            events,
        },
        currency: code,
        left_out,
    })
}

/// The currency in which most rows of spend are.
fn most_spent(spent: &[DaySum]) -> Option<String> {
    let mut rows: HashMap<[u8; 3], usize> = HashMap::new();
    for sum in spent {
        *rows.entry(sum.currency).or_default() += 1;
    }
    // Of as many rows the first by name, so that it is the same each time.
    let most = rows
        .into_iter()
        .max_by_key(|(code, rows)| (*rows, std::cmp::Reverse(*code)));
    most.and_then(|(code, _)| String::from_utf8(code.to_vec()).ok())
}

/// The outcome by day, or by the Monday of its week.
fn counted(
    store: &Arc<Store>,
    site: &Site,
    question: &Question,
    code: Option<&str>,
    left_out: &mut Vec<String>,
) -> Result<BTreeMap<Date, f64>, ReadError> {
    let is_own = site.exchange.own().map(|own| own.code()) == code;
    let metric = match question.outcome {
        Outcome::Fires => Metric::Fires,
        Outcome::Visitors => Metric::Visitors,
        Outcome::Revenue if question.currency.is_none() && is_own => Metric::TotalRevenue,
        Outcome::Revenue => Metric::Revenue,
    };
    let by = if question.weekly {
        Named::Week
    } else {
        Named::Day
    };
    let rows = asked(
        store,
        site,
        question,
        metric,
        by,
        &question.goals,
        Vec::new(),
    )?;
    let mut others = false;
    let mut counted = BTreeMap::new();
    for (day, figure) in rows {
        let number = match figure {
            Figure::Count(count) => count as f64,
            Figure::Money(sums) => sums
                .iter()
                .filter(|sum| {
                    let is_ours = Some(sum.currency.code()) == code;
                    others |= !is_ours;
                    is_ours
                })
                .map(|sum| major(sum.minor as f64, sum.currency))
                .sum(),
            Figure::Total(total) => {
                others |= !total.left.is_empty();
                let sum = total.sum.iter();
                sum.map(|sum| major(sum.minor as f64, sum.currency)).sum()
            }
            Figure::Ratio(_) | Figure::Average(_) => 0.0,
        };
        counted.insert(day, number);
    }
    if others {
        let code = code.unwrap_or("any currency that spend is in");
        left_out.push(format!(
            "Revenue in other currencies than {code} is left out."
        ));
    }
    Ok(counted)
}

fn asked(
    store: &Arc<Store>,
    site: &Site,
    question: &Question,
    metric: Metric,
    by: Named,
    goals: &[String],
    filters: Vec<Filter>,
) -> Result<Vec<(Date, Figure)>, ReadError> {
    let query = Query {
        metrics: vec![metric],
        goals: goals.to_vec(),
        dimensions: vec![Dimension::Named(by)],
        filters,
        ..Query::of(site, Range::clone(&question.range))
    };
    let rows = answer(store, &query)?.rows.into_iter();
    let row = |row: crate::query::answer::Row| {
        let day = row.values.first()?.as_deref()?.parse().ok()?;
        Some((day, row.figures.into_iter().next()?))
    };
    Ok(rows.filter_map(row).collect())
}

fn paid(question: &Question, periods: &Periods, spent: &[&DaySum], name: &str) -> Driven {
    let mine = || spent.iter().filter(|sum| sum.channel == name);
    let money = |sum: &&&DaySum| -> f64 {
        currency(&sum.currency).map_or(0.0, |currency| major(sum.minor as f64, currency))
    };
    let spend = periods.sums(mine().map(|sum| (sum.day, money(&sum))));
    let by = question
        .drivers
        .iter()
        .rev()
        .find(|(channel, _)| channel == name);
    let by = by.map_or(Driver::Spend, |(_, by)| *by);
    let driver = match by {
        Driver::Impressions => periods.sums(mine().map(|sum| (sum.day, sum.impressions as f64))),
        Driver::Clicks => periods.sums(mine().map(|sum| (sum.day, sum.clicks as f64))),
        Driver::Spend | Driver::Sessions => spend.clone(),
    };
    Driven {
        name: name.into(),
        by,
        driver,
        spend: Some(spend),
    }
}

fn organic(
    store: &Arc<Store>,
    site: &Site,
    question: &Question,
    periods: &Periods,
    name: &str,
) -> Result<Driven, ReadError> {
    let is_it = Filter::Value(
        Operator::Is,
        Dimension::Named(Named::Channel),
        vec![name.to_owned()].into(),
    );
    let rows = asked(
        store,
        site,
        question,
        Metric::Sessions,
        Named::Day,
        &[],
        vec![is_it],
    )?;
    let count = |(day, figure)| match figure {
        Figure::Count(count) => (day, count as f64),
        _ => (day, 0.0),
    };
    Ok(Driven {
        name: name.into(),
        by: Driver::Sessions,
        driver: periods.sums(rows.into_iter().map(count)),
        spend: None,
    })
}

/// Events that the question names. Of a week the days count that they have in it.
fn named(question: &Question, periods: &Periods) -> Vec<(String, Vec<f64>)> {
    let mut all: Vec<(String, Vec<f64>)> = Vec::new();
    for event in &question.events {
        let days = Range {
            from: event.from,
            to: event.to,
            zone: question.range.zone.clone(),
        };
        let part = event.value / periods.days as f64;
        let days = periods.sums(days.dates().take(4000).map(|day| (day, part)));
        match all.iter_mut().find(|(name, _)| *name == event.name) {
            Some((_, known)) => known
                .iter_mut()
                .zip(days)
                .for_each(|(known, day)| *known += day),
            None => all.push((event.name.clone(), days)),
        }
    }
    all.retain(|(_, days)| days.iter().any(|day| *day != 0.0));
    // A coefficient's prior is of a column that goes up to 1.
    for (_, days) in &mut all {
        let most = days.iter().fold(0.0f64, |most, day| most.max(day.abs()));
        days.iter_mut().for_each(|day| *day /= most);
    }
    all
}

/// Notes as events: those of the same words are one.
fn noted(
    notes: &[Note],
    periods: &Periods,
    known: &[(String, Vec<f64>)],
) -> Vec<(String, Vec<f64>)> {
    let mut all: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for note in notes {
        let name = note.text.as_str();
        let is_known = known.iter().any(|(known, _)| known == name);
        if let (false, Some(period)) = (is_known, periods.of(note.day)) {
            all.entry(name).or_insert_with(|| vec![0.0; periods.count])[period] = 1.0;
        }
    }
    let mut all: Vec<(String, Vec<f64>)> = all
        .into_iter()
        .map(|(name, days)| (name.to_owned(), days))
        .collect();
    all.sort_by(|a, b| b.1.iter().sum::<f64>().total_cmp(&a.1.iter().sum()));
    all.truncate(NOTES);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn notes_of_the_same_words_are_one_event() {
        let note = |id, text: &str, on: &str| Note {
            id,
            day: day(on),
            text: text.into(),
        };
        let periods = Periods::new(day("2026-11-02"), day("2026-11-05"), false);
        let notes = [
            note(1, "Sale", "2026-11-02"),
            note(2, "Launch", "2026-11-03"),
            note(3, "Sale", "2026-11-05"),
            note(4, "Sale", "2026-12-05"),
        ];
        let known = [("Launch".to_owned(), vec![0.0; 4])];
        assert_eq!(
            noted(&notes, &periods, &known),
            [("Sale".to_owned(), vec![1.0, 0.0, 0.0, 1.0])]
        );
    }
}
