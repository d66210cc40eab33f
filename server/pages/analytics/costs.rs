//! What channels, sources or campaigns cost, in words.

use crate::attribution::cost::{self, cost_per_goal, roas};
use crate::attribution::credit::Credits;
use crate::attribution::model::{ALL, MODELS};
use crate::attribution::question::Question;
use crate::attribution::{Answer, RowOf};
use crate::pages::words;
use crate::store::event::Money;
use crate::store::reports::cell::currency;

use super::attribution::tenths;

/// The table, or why there is none.
pub(super) enum Costs {
    /// Rows, and a sum for each currency.
    Table(Vec<CostRow>, Vec<CostRow>),
    /// Nothing was spent on these days that is known.
    Nothing,
    /// Spend isn't known by what is filtered.
    Filtered,
    /// Nor by this dimension.
    Unknown,
}

/// A row, by the chosen model; titles have all of them.
pub(super) struct CostRow {
    pub(super) words: String,
    pub(super) spend: String,
    pub(super) goals: String,
    pub(super) cost: Shown,
    pub(super) roas: Shown,
}

/// A figure by the chosen model, and by all.
pub(super) struct Shown {
    pub(super) words: String,
    pub(super) title: String,
}

impl Shown {
    fn of(figures: [Option<f64>; MODELS], model: usize, show: impl Fn(f64) -> String) -> Shown {
        let show = |figure: Option<f64>| figure.map_or_else(|| "–".into(), &show);
        let all = ALL.iter().zip(figures);
        let all: Vec<_> = all
            .map(|(about, figure)| format!("{} {}", about.label, show(figure)))
            .collect();
        Shown {
            words: show(figures[model]),
            title: all.join(", "),
        }
    }
}

impl Costs {
    pub(super) fn new(
        question: &Question,
        found: &Answer,
        name: &dyn Fn(&RowOf) -> String,
    ) -> Costs {
        if found.spend.is_empty() {
            return match (cost::spent_by(question), question.filters.is_empty()) {
                (Some(_), _) => Costs::Nothing,
                (None, false) => Costs::Filtered,
                (None, true) => Costs::Unknown,
            };
        }
        let model = question.model as usize;
        let mut rows: Vec<(i64, CostRow)> = Vec::new();
        for row in &found.rows {
            for (code, spend) in &row.spend {
                let revenue = row.money.get(code);
                let of = cost_row(name(&row.of), code, *spend, &row.credits, revenue, model);
                rows.extend(of.map(|of| (*spend, of)));
            }
        }
        rows.sort_by_key(|(spend, _)| std::cmp::Reverse(*spend));
        let (credits, money) = cost::totals(found);
        let sums = found.spend.iter().filter_map(|(code, spend)| {
            let revenue = money.get(code);
            cost_row(
                "All, with what cost nothing".into(),
                code,
                *spend,
                &credits,
                revenue,
                model,
            )
        });
        let sums = sums.collect();
        Costs::Table(rows.into_iter().map(|(_, row)| row).collect(), sums)
    }
}

fn cost_row(
    words: String,
    code: &[u8; 3],
    spend: i64,
    credits: &Credits,
    revenue: Option<&Credits>,
    model: usize,
) -> Option<CostRow> {
    let currency = currency(code)?;
    let money = |minor: f64| {
        let minor = minor.round() as i64;
        words::money(&Money { minor, currency })
    };
    Some(CostRow {
        words,
        spend: money(spend as f64),
        goals: tenths(credits[model]),
        cost: Shown::of(cost_per_goal(spend, credits), model, money),
        roas: Shown::of(roas(spend, revenue), model, |roas| format!("{roas:.2}")),
    })
}
