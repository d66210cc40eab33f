//! What was asked → a table and a sentence, from the rooms' own answers. No figure is made here that isn't in one of them:
//! differences, shares of a sum and statistics over listed values are worked out of their rows.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::explain;
use super::plan::Asked;
use super::reading::Statistic;
use crate::account::Site;
use crate::account::spend::{Spent, SpentBy};
use crate::attribution::cost;
use crate::attribution::model::{ALL, Model};
use crate::attribution::{self, RowOf};
use crate::cohort::question::{Question as Cohort, What};
use crate::cohort;
use crate::query::answer::{Answer as Rows, Figure, answer};
use crate::query::dimension::{Dimension, Named};
use crate::query::filter::Filter;
use crate::query::fires::fires;
use crate::query::metric::Metric;
use crate::query::range::Range;
use crate::query::{Query, funnel, goals};
use crate::store::event::major;
use crate::store::reports::cell::currency;
use crate::store::{ReadError, Store};

/// Fires that are walked through to find the first of a day.
const PAGES: usize = 200;
const PAGE: usize = 1000;

/// Asks what was spent on days, by something.
pub type SpentOn<'a> = &'a dyn Fn(&Range, SpentBy) -> Result<Spent, ReadError>;

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
            Metric::Revenue | Metric::AverageValue => Cell::Money(Vec::new()),
            Metric::ConversionRate | Metric::BounceRate => Cell::Share(None),
            Metric::SessionDuration => Cell::Seconds(None),
            Metric::PagesPerSession => Cell::Number(None),
            Metric::Fires | Metric::Visitors | Metric::People | Metric::Sessions | Metric::Pageviews => Cell::Count(0),
        }
    }

    pub(super) fn of(figure: &Figure, metric: Metric) -> Cell {
        match (figure, metric) {
            (Figure::Count(count), _) => Cell::Count(*count),
            (Figure::Ratio(share), Metric::ConversionRate | Metric::BounceRate) => Cell::Share(*share),
            (Figure::Ratio(seconds), Metric::SessionDuration) => Cell::Seconds(*seconds),
            (Figure::Ratio(number), _) => Cell::Number(*number),
            (Figure::Money(sums), _) => Cell::Money(sums.iter().map(|money| (money.major(), money.currency.code())).collect()),
            (Figure::Average(all), _) => Cell::Money(all.iter().map(|(amount, currency)| (*amount, currency.code())).collect()),
        }
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        match self {
            Cell::Count(count) => json!(count),
            Cell::Number(number) | Cell::Share(number) | Cell::Seconds(number) => json!(number),
            Cell::Money(sums) => sums.iter().map(|(amount, currency)| json!({ "currency": currency, "amount": amount })).collect(),
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

fn table(query: &Query, found: &Rows) -> Table {
    let cells = |figures: &[Figure]| figures.iter().zip(&query.metrics).map(|(figure, metric)| Cell::of(figure, *metric)).collect();
    let rows = found.rows.iter().map(|row| Row {
        of: row.values.clone(),
        cells: cells(&row.figures),
        compare: row.compare.as_deref().map(cells),
    });
    Table {
        dimensions: query.dimensions.iter().map(Dimension::name).collect(),
        metrics: query.metrics.iter().map(|metric| metric.name().to_owned()).collect(),
        rows: rows.collect(),
        next: found.next.clone(),
        notes: Vec::new(),
    }
}

/// Asks the rooms.
///
/// # Errors
/// When the store's files can't be read.
pub fn find(store: &Arc<Store>, site: &Site, asked: &Asked, now: Timestamp, spent: SpentOn) -> Result<Table, ReadError> {
    match asked {
        Asked::Query(query) => Ok(table(query, &answer(store, query)?)),
        Asked::Change { query, ascending, limit } => {
            let mut table = explain::changed(store, query)?;
            let change = |row: &Row| explain::change(row).unwrap_or(0.0);
            table.rows.sort_by(|a, b| {
                let order = change(a).total_cmp(&change(b));
                let order = if *ascending { order } else { order.reverse() };
                order.then_with(|| a.of.cmp(&b.of))
            });
            table.rows.truncate(*limit);
            Ok(table)
        }
        Asked::Why(queries) => explain::why(store, queries),
        Asked::Values(statistic, query) => Ok(values(*statistic, query, &answer(store, query)?)),
        Asked::Moment { query, is_first } => moment(store, query, *is_first),
        Asked::Funnel(asked) => {
            let reached = funnel::funnel(store, asked)?;
            let rows = asked.steps.iter().zip(&reached).map(|(step, reached)| {
                let name = match step {
                    funnel::Step::Goal(goal) => goal.clone(),
                    funnel::Step::Page(page) => page.clone(),
                };
                Row {
                    of: vec![Some(name)],
                    cells: vec![Cell::Count(reached.visitors), Cell::Share(reached.of_first), Cell::Share(reached.of_previous), Cell::Seconds(reached.median_seconds)],
                    compare: None,
                }
            });
            Ok(Table {
                dimensions: vec!["step".into()],
                metrics: ["visitors", "share_of_first", "share_of_previous", "median_seconds"].map(str::to_owned).into(),
                rows: rows.collect(),
                ..Table::default()
            })
        }
        Asked::Cohorts(questions) => cohorts(store, site, questions, now),
        Asked::Credit(models, question) => {
            let found = attribution::answer(store, site, question)?;
            Ok(credit(models, question, &found))
        }
        Asked::CostPerGoal(question) => {
            let mut found = attribution::answer(store, site, question)?;
            if let Some(by) = cost::spent_by(question) {
                cost::with_spend(&mut found, spent(&question.range, by)?);
            }
            Ok(cost_per_goal(question, &found))
        }
        Asked::Spend { query, is_roas } => roas(store, query, *is_roas, spent),
        Asked::Goals => {
            let range = Range::last(90, &site.zone, now);
            let found = goals::goals(store, site, &range)?;
            let fired = found.goals.iter().map(|goal| Row {
                of: vec![Some(goal.name.as_str().to_owned())],
                cells: vec![Cell::Count(goal.fires), Cell::Count(goal.visitors)],
                compare: None,
            });
            let mut rows: Vec<Row> = fired.collect();
            for goal in site.goals.goals() {
                let name = goal.set.name.as_str();
                if !goal.set.is_hidden && !rows.iter().any(|row| row.of[0].as_deref() == Some(name)) {
                    rows.push(Row { of: vec![Some(name.to_owned())], cells: vec![Cell::Count(0), Cell::Count(0)], compare: None });
                }
            }
            Ok(Table {
                dimensions: vec!["goal".into()],
                metrics: vec!["fires".into(), "visitors".into()],
                rows,
                notes: vec!["fires and visitors of the last 90 days".into()],
                ..Table::default()
            })
        }
        Asked::Help | Asked::Mix(_) => Ok(Table::default()),
    }
}

/// Something of the values by which a query is split last, each as often as it fired.
fn values(statistic: Statistic, query: &Query, found: &Rows) -> Table {
    let mut groups: Vec<(Vec<Option<String>>, Vec<(f64, u64)>)> = Vec::new();
    let mut places: HashMap<Vec<Option<String>>, usize> = HashMap::new();
    let mut others = 0;
    for row in &found.rows {
        let Some((value, of)) = row.values.split_last() else { continue };
        let Some(Figure::Count(fires)) = row.figures.first() else { continue };
        let number = value.as_deref().and_then(|value| value.trim().parse::<f64>().ok()).filter(|number| number.is_finite());
        let Some(number) = number else {
            others += fires;
            continue;
        };
        let place = *places.entry(of.to_vec()).or_insert_with(|| {
            groups.push((of.to_vec(), Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push((number, *fires));
    }
    let mut rows: Vec<Row> = groups
        .into_iter()
        .map(|(of, mut values)| {
            values.sort_by(|a, b| a.0.total_cmp(&b.0));
            let fires: u64 = values.iter().map(|(_, fires)| fires).sum();
            Row { of, cells: vec![Cell::Number(of_values(statistic, &values)), Cell::Count(fires)], compare: None }
        })
        .collect();
    let by = query.dimensions.len().saturating_sub(1);
    if rows.is_empty() && by == 0 {
        rows.push(Row { of: Vec::new(), cells: vec![Cell::Number(None), Cell::Count(0)], compare: None });
    }
    if query.dimensions.first().is_some_and(|first| by > 0 && first.is_time()) {
        rows.sort_by(|a, b| a.of.cmp(&b.of));
    } else {
        rows.sort_by(|a, b| b.cells[0].size().unwrap_or(0.0).total_cmp(&a.cells[0].size().unwrap_or(0.0)));
    }
    let mut notes = Vec::new();
    if others > 0 {
        notes.push(format!("{others} fires without a number there are left out"));
    }
    if found.next.is_some() {
        notes.push(format!("only the {} most frequent values are in it", found.rows.len()));
    }
    let name = query.dimensions.last().map_or_else(String::new, Dimension::name);
    let word = statistic.words().trim_end_matches(" of").to_lowercase();
    Table {
        dimensions: query.dimensions.iter().take(by).map(Dimension::name).collect(),
        metrics: vec![format!("{word} {name}"), "fires".into()],
        rows,
        notes,
        ..Table::default()
    }
}

/// One number of values, ordered, each as often as it occurs.
fn of_values(statistic: Statistic, values: &[(f64, u64)]) -> Option<f64> {
    let count: u64 = values.iter().map(|(_, count)| count).sum();
    let sum: f64 = values.iter().map(|(value, count)| value * *count as f64).sum();
    match statistic {
        Statistic::Sum => Some(sum),
        Statistic::Average => (count > 0).then(|| sum / count as f64),
        Statistic::Least => values.first().map(|(value, _)| *value),
        Statistic::Most => values.last().map(|(value, _)| *value),
        Statistic::Median => {
            let at = |place: u64| {
                let mut before = 0;
                values.iter().find_map(|(value, count)| {
                    before += count;
                    (before > place).then_some(*value)
                })
            };
            let (low, high) = (count.checked_sub(1)? / 2, count / 2);
            Some((at(low)? + at(high)?) / 2.0)
        }
    }
}

/// When the first, or the last, of some fires was.
fn moment(store: &Arc<Store>, query: &Query, is_first: bool) -> Result<Table, ReadError> {
    let mut asked = query.clone();
    if is_first {
        // The day of the first, then the fires of that day.
        let by_day = Query {
            dimensions: vec![Dimension::Named(Named::Day)],
            order: Vec::new(),
            limit: 10_000,
            ..query.clone()
        };
        let found = answer(store, &by_day)?;
        let fired = found.rows.iter().filter(|row| matches!(row.figures.first(), Some(Figure::Count(count)) if *count > 0));
        let day = fired.filter_map(|row| row.values.first()?.as_deref()?.parse().ok()).min();
        if let Some(day) = day {
            asked.range = Range { from: day, to: day, zone: asked.range.zone.clone() };
        }
    }
    let mut at: Option<Timestamp> = None;
    let mut before = None;
    for _ in 0..PAGES {
        let found = fires(store, &asked, before, if is_first { PAGE } else { 1 })?;
        let times = found.fires.iter().map(|fired| fired.detail.fire.at);
        at = if is_first { times.min().or(at) } else { times.max() };
        before = found.next;
        if !is_first || before.is_none() {
            break;
        }
    }
    let name = if is_first { "first_fired_at" } else { "last_fired_at" };
    Ok(Table {
        metrics: vec![name.into()],
        rows: vec![Row { of: Vec::new(), cells: vec![Cell::Instant(at)], compare: None }],
        ..Table::default()
    })
}

fn cohorts(store: &Arc<Store>, site: &Site, questions: &[Cohort], now: Timestamp) -> Result<Table, ReadError> {
    let mut table = Table::default();
    let several = questions.len() > 1;
    for question in questions {
        let found = cohort::answer(store, site, question, now)?;
        let by = question.split.by();
        let code = found.currency.as_ref().and_then(currency);
        let goal = match &question.start {
            cohort::question::Start::Goal(goal) => goal.clone(),
            _ => "first visit".into(),
        };
        if table.metrics.is_empty() {
            table.dimensions = if several { vec!["goal".into(), "cohort".into()] } else { vec!["cohort".into()] };
            table.metrics.push("people".into());
            for age in &question.ages {
                let age = question.age(age);
                let unit = question.unit_words();
                table.metrics.push(match question.what {
                    What::Revenue => format!("revenue a person by {unit} {age}"),
                    What::Retention => format!("{unit} {age}"),
                });
            }
        }
        let money = |minor: f64| Cell::Money(code.map(|code| (major(minor, code), code.code())).into_iter().collect());
        let predicted = match &found.prediction {
            Some(Ok(prediction)) => Some(prediction),
            Some(Err(reason)) => {
                table.notes.push(reason.clone());
                None
            }
            None => None,
        };
        if let Some(prediction) = predicted {
            table.notes.push(format!("what isn’t known yet is predicted by {}", prediction.model));
        }
        let cohorts = found.table.cohorts.iter().map(|cohort| (cohort.name.written(by), cohort));
        let all = cohorts.chain([("all".to_owned(), &found.table.all)]).enumerate();
        let mut rows: Vec<Row> = Vec::new();
        for (place, (name, cohort)) in all {
            let mut cells = vec![Cell::Count(cohort.size)];
            for (age, cell) in cohort.cells.iter().enumerate() {
                let foreseen = predicted.and_then(|prediction| *prediction.cells.get(place)?.get(age)?);
                cells.push(match (cell, foreseen, question.what) {
                    (Some(cell), _, What::Revenue) => money(cell.sum.minor as f64 / cell.reached.max(1) as f64),
                    (Some(cell), _, What::Retention) => Cell::Share(Some(cell.people as f64 / cell.reached.max(1) as f64)),
                    (None, Some(foreseen), What::Revenue) => money(foreseen),
                    (None, Some(foreseen), What::Retention) => Cell::Share(Some(foreseen)),
                    (None, None, What::Revenue) => Cell::Money(Vec::new()),
                    (None, None, What::Retention) => Cell::Share(None),
                });
            }
            let name = name.strip_prefix("value:").map_or(name.clone(), str::to_owned);
            let of = if several { vec![Some(goal.clone()), Some(name)] } else { vec![Some(name)] };
            rows.push(Row { of, cells, compare: None });
        }
        // All together are enough where goals stand beside each other.
        if several {
            rows.drain(..rows.len() - 1);
        } else if question.what == What::Revenue && matches!(question.split, cohort::question::Split::Value(_)) {
            let all = rows.pop();
            rows.sort_by(|a, b| b.cells[1].size().unwrap_or(-1.0).total_cmp(&a.cells[1].size().unwrap_or(-1.0)));
            rows.extend(all);
        }
        table.rows.extend(rows);
    }
    Ok(table)
}

fn name_of(of: &RowOf) -> Option<String> {
    match of {
        RowOf::Value(value) => value.clone(),
        RowOf::Other => Some("others".into()),
        RowOf::NoVisit => Some("no visit known".into()),
        RowOf::Unsaid => Some("not said".into()),
    }
}

fn place(model: Model) -> usize {
    ALL.iter().position(|about| about.model == model).unwrap_or(0)
}

fn credit(models: &[Model], question: &attribution::question::Question, found: &attribution::Answer) -> Table {
    let row = |row: &attribution::Row| Row {
        of: vec![name_of(&row.of)],
        cells: models.iter().map(|model| Cell::Number(Some(row.credits[place(*model)]))).collect(),
        compare: None,
    };
    Table {
        dimensions: vec![question.by.name().to_owned()],
        metrics: models.iter().map(|model| format!("credit, {}", model.about().label.to_lowercase())).collect(),
        rows: found.rows.iter().map(row).collect(),
        notes: vec![format!("{} conversions of {} people", found.conversions, found.people)],
        ..Table::default()
    }
}

fn cost_per_goal(question: &attribution::question::Question, found: &attribution::Answer) -> Table {
    let model = place(question.model);
    let row = |row: &attribution::Row| {
        let (mut costs, mut spends) = (Vec::new(), Vec::new());
        for (code, minor) in &row.spend {
            let Some(code) = currency(code) else { continue };
            spends.push((major(*minor as f64, code), code.code()));
            if let Some(cost) = cost::cost_per_goal(*minor, &row.credits)[model] {
                costs.push((major(cost, code), code.code()));
            }
        }
        Row {
            of: vec![name_of(&row.of)],
            cells: vec![Cell::Money(costs), Cell::Money(spends), Cell::Number(Some(row.credits[model]))],
            compare: None,
        }
    };
    let notes = match found.spend.is_empty() {
        true => vec!["no spend is known of these days; it is uploaded in the settings".into()],
        false => Vec::new(),
    };
    Table {
        dimensions: vec![question.by.name().to_owned()],
        metrics: vec!["cost per goal".into(), "spend".into(), "credit".into()],
        rows: found.rows.iter().map(row).collect(),
        notes,
        ..Table::default()
    }
}

fn roas(store: &Arc<Store>, query: &Query, is_roas: bool, spent: SpentOn) -> Result<Table, ReadError> {
    let by = match query.dimensions.first() {
        Some(Dimension::Named(Named::Source)) => SpentBy::Source,
        Some(Dimension::Named(Named::Campaign)) => SpentBy::Campaign,
        _ => SpentBy::Channel,
    };
    let wanted = query.filters.iter().find_map(|filter| match filter {
        Filter::Value(_, _, values) => Some(values.clone()),
        _ => None,
    });
    let spent = spent(&query.range, by)?;
    let found = answer(store, query)?;
    let revenue: HashMap<Option<&str>, &[Figure]> = found.rows.iter().map(|row| (row.values.first().and_then(Option::as_deref), &*row.figures)).collect();
    let mut rows = Vec::new();
    for (value, sums) in &spent {
        if wanted.as_ref().is_some_and(|wanted| !wanted.contains(value)) {
            continue;
        }
        for (code, minor) in sums {
            let Some(code) = currency(code) else { continue };
            let earned = match revenue.get(&Some(value.as_str()).filter(|value| !value.is_empty())).and_then(|figures| figures.first()) {
                Some(Figure::Money(sums)) => sums.iter().find(|money| money.currency == code).map_or(0, |money| money.minor),
                _ => 0,
            };
            let share = (*minor > 0).then(|| earned as f64 / *minor as f64);
            let money = |minor: i64| Cell::Money(vec![(major(minor as f64, code), code.code())]);
            let cells = if is_roas { vec![Cell::Number(share), money(*minor), money(earned)] } else { vec![money(*minor)] };
            rows.push(Row { of: vec![Some(value.clone()).filter(|value| !value.is_empty())], cells, compare: None });
        }
    }
    rows.sort_by(|a, b| b.cells[0].size().unwrap_or(0.0).total_cmp(&a.cells[0].size().unwrap_or(0.0)));
    let metrics = if is_roas { vec!["roas", "spend", "revenue"] } else { vec!["spend"] };
    Ok(Table {
        dimensions: query.dimensions.iter().map(Dimension::name).collect(),
        metrics: metrics.into_iter().map(str::to_owned).collect(),
        notes: if rows.is_empty() { vec!["no spend is known of these days; it is uploaded in the settings".into()] } else { Vec::new() },
        rows,
        ..Table::default()
    })
}

