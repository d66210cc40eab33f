//! An answer as rows of figures, whichever room gave them.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::query::answer::Figure;
use crate::query::metric::Metric;

/// A value of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// How many.
    Count(u64),
    /// A number.
    Number(Option<f64>),
    /// 0 to 1.
    Share(Option<f64>),
    /// Seconds.
    Seconds(Option<f64>),
    /// Major units by currency.
    Money(Vec<(f64, &'static str)>),
    /// An instant.
    Instant(Option<Timestamp>),
}

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is of.
    pub of: Vec<Option<String>>,
    /// The figures.
    pub cells: Vec<Cell>,
    /// The same of the other days.
    pub compare: Option<Vec<Cell>>,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What rows are split by.
    pub dimensions: Vec<String>,
    /// What figures are called.
    pub metrics: Vec<String>,
    /// In order.
    pub rows: Vec<Row>,
    /// The cursor of the rows that follow, where a query has more.
    pub next: Option<String>,
    /// What is to be known beside it.
    pub notes: Vec<String>,
}

impl Cell {
    /// Of a row that isn't there.
    pub(super) fn nothing(metric: Metric) -> Cell {
        match metric {
            Metric::Revenue | Metric::TotalRevenue | Metric::AverageValue => {
                Cell::Money(Vec::new())
            }
            Metric::ConversionRate | Metric::BounceRate => Cell::Share(None),
            Metric::SessionDuration => Cell::Seconds(None),
            Metric::PagesPerSession => Cell::Number(None),
            Metric::Fires
            | Metric::Visitors
            | Metric::People
            | Metric::Sessions
            | Metric::Pageviews => Cell::Count(0),
        }
    }

    pub(super) fn of(figure: &Figure, metric: Metric) -> Cell {
        match (figure, metric) {
            (Figure::Count(count), _) => Cell::Count(*count),
            (Figure::Ratio(share), Metric::ConversionRate | Metric::BounceRate) => {
                Cell::Share(*share)
            }
            (Figure::Ratio(seconds), Metric::SessionDuration) => Cell::Seconds(*seconds),
            (Figure::Ratio(number), _) => Cell::Number(*number),
            (Figure::Money(sums), _) => Cell::Money(
                sums.iter()
                    .map(|money| (money.major(), money.currency.code()))
                    .collect(),
            ),
            (Figure::Total(total), _) => Cell::Money(
                total
                    .sum
                    .iter()
                    .chain(&total.left)
                    .map(|money| (money.major(), money.currency.code()))
                    .collect(),
            ),
            (Figure::Average(all), _) => Cell::Money(
                all.iter()
                    .map(|(amount, currency)| (*amount, currency.code()))
                    .collect(),
            ),
        }
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        match self {
            Cell::Count(count) => json!(count),
            Cell::Number(number) | Cell::Share(number) | Cell::Seconds(number) => json!(number),
            Cell::Money(sums) => sums
                .iter()
                .map(|(amount, currency)| json!({ "currency": currency, "amount": amount }))
                .collect(),
            Cell::Instant(at) => json!(at.map(|at| at.to_string())),
        }
    }

    /// How large it is, to compare and to draw; of money in the first currency.
    pub fn size(&self) -> Option<f64> {
        match self {
            Cell::Count(count) => Some(*count as f64),
            Cell::Number(number) | Cell::Share(number) | Cell::Seconds(number) => *number,
            Cell::Money(sums) => sums.first().map(|(amount, _)| *amount),
            Cell::Instant(_) => None,
        }
    }
}

impl Table {
    /// As JSON, the way a query's answer has it.
    pub fn json(&self) -> Value {
        let cells = |cells: &[Cell]| cells.iter().map(Cell::json).collect::<Value>();
        let row = |row: &Row| {
            let mut json = json!({ "dimensions": row.of, "metrics": cells(&row.cells) });
            if let Some(compare) = &row.compare {
                json["compare"] = cells(compare);
            }
            json
        };
        json!({
            "dimensions": self.dimensions, "metrics": self.metrics, "rows": self.rows.iter().map(row).collect::<Vec<_>>(), "next": self.next,
            "notes": self.notes,
        })
    }
}
