//! How numbers of cohorts are written and drawn.

use crate::cohort::Answer;
use crate::cohort::question::{Question, What};
use crate::cohort::table::Cell;
use crate::pages::words;
use crate::store::event::{Money, major};
use crate::store::reports::cell::currency;

/// How numbers are written, and the greatest of them.
pub(super) struct Scale {
    pub(super) currency: Option<iso_currency::Currency>,
    pub(super) most: f64,
    pub(super) is_money: bool,
}

impl Scale {
    pub(super) fn of(question: &Question, found: &Answer) -> Scale {
        let is_money = question.what == What::Revenue;
        let cohorts = found.table.cohorts.iter().chain([&found.table.all]);
        let cells = cohorts.flat_map(|cohort| cohort.cells.iter().flatten());
        Scale {
            currency: found.currency.as_ref().and_then(currency),
            most: cells.map(|cell| number(cell, is_money)).fold(0.0, f64::max),
            is_money,
        }
    }

    pub(super) fn words(&self, number: f64) -> String {
        match (self.is_money, self.currency) {
            (false, _) => words::percent(Some(number)),
            (true, None) => "–".into(),
            (true, Some(currency)) => words::money(&Money {
                minor: number.round() as i64,
                currency,
            }),
        }
    }

    /// A difference, in points of a share.
    pub(super) fn difference(&self, number: f64) -> String {
        match self.is_money {
            true => self.words(number),
            false => format!("{:.1}", number * 100.0).replace('-', "−"),
        }
    }

    /// Money in major units.
    pub(super) fn drawn(&self, number: f64) -> f64 {
        match (self.is_money, self.currency) {
            (true, Some(currency)) => major(number, currency),
            _ => number,
        }
    }
}

/// Of people a share, of money smallest units a person.
pub(super) fn number(cell: &Cell, is_money: bool) -> f64 {
    let part = if is_money {
        cell.sum.minor as f64
    } else {
        cell.people as f64
    };
    part / cell.reached.max(1) as f64
}
