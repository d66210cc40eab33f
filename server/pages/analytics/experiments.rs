//! Which variant brings more people to a goal, and how sure that is.

use askama::Template;

use super::form::{Entry, goals as goal_entries};
use super::frame::Frame;
use crate::experiment::numbers::Interval;
use crate::experiment::question::{EXPERIMENT, Question, VARIANT};
use crate::experiment::verdict::{Verdict, Warning, chance};
use crate::experiment::{Answer, Variant};
use crate::pages::words;
use crate::store::event::Money;
use crate::store::reports::cell::currency;

/// `/dashboard/experiments`
#[derive(Template)]
#[template(path = "experiments.html", config = "www/askama.toml")]
pub struct Experiments {
    frame: Frame,
    goals: Vec<Entry>,
    experiments: Vec<Entry>,
    controls: Vec<Entry>,
    /// The variants, and what stands in the form for each.
    weights: Vec<(String, String)>,
    experiment_key: String,
    variant_key: String,
    report: Option<Report>,
}

struct Report {
    sentence: String,
    verdict: Verdict,
    warnings: Vec<Warning>,
    mixed: String,
    split: String,
    rows: Vec<Row>,
    /// Rows a currency.
    money: Vec<(&'static str, Vec<MoneyRow>)>,
}

struct Row {
    name: String,
    is_control: bool,
    people: String,
    converted: String,
    rate: String,
    rate_between: String,
    /// Of the interval and the rate, in hundredths of the widest.
    from: f64,
    width: f64,
    lift: String,
    lift_between: String,
    difference: String,
    beats: String,
    best: String,
    loss: String,
}

struct MoneyRow {
    name: String,
    sum: String,
    each: String,
    more: String,
    between: String,
}

/// `97.3 %`, `> 99.9 %`
fn short(of: f64) -> String {
    let words = chance(of);
    words
        .replace("more than ", "> ")
        .replace("less than ", "< ")
}

/// `+2.1 %`
fn signed(share: f64) -> String {
    let sign = if share < 0.0 { "−" } else { "+" };
    match share.abs() {
        share if share >= 100.0 => format!("{sign}{} %", words::count((share * 100.0) as u64)),
        share => format!("{sign}{:.1} %", share * 100.0),
    }
}

fn between(interval: Interval) -> String {
    format!("{} to {}", signed(interval.low), signed(interval.high))
}

impl Experiments {
    /// Makes the page; `goals` are those that can be chosen, `made` is nothing where there is none.
    pub fn new(frame: Frame, goals: &[String], made: Option<(Question, Answer)>) -> Experiments {
        let Some((question, found)) = made else {
            return Experiments {
                goals: Vec::new(),
                experiments: Vec::new(),
                controls: Vec::new(),
                weights: Vec::new(),
                experiment_key: EXPERIMENT.into(),
                variant_key: VARIANT.into(),
                report: None,
                frame,
            };
        };
        let names: Vec<_> = found.variants.iter().map(|v| v.name.clone()).collect();
        let chosen: Vec<_> = found.experiment.iter().cloned().collect();
        let weight = |name: &String| {
            let given = question
                .weights
                .iter()
                .rev()
                .find(|(known, _)| known == name);
            let given = given.map_or_else(|| "1".to_owned(), |(_, weight)| weight.to_string());
            (name.clone(), given)
        };
        Experiments {
            goals: goal_entries(goals, &question.goals),
            experiments: goal_entries(&found.experiments, &chosen),
            controls: goal_entries(&names, &names[..names.len().min(1)]),
            weights: names.iter().map(weight).collect(),
            experiment_key: question.experiment_key.clone(),
            variant_key: question.variant_key.clone(),
            report: Some(Report::new(&question, found)),
            frame,
        }
    }
}

impl Report {
    fn new(question: &Question, found: Answer) -> Report {
        let widest = found.variants.iter().map(|variant| variant.rate.high);
        let widest = widest.fold(1e-9, f64::max);
        let split = found.mismatch.map_or_else(
            || "–".into(),
            |p| match p {
                p if p < 0.001 => "too uneven".to_owned(),
                p => format!("as expected (p = {p:.3})"),
            },
        );
        let mut codes: Vec<_> = found
            .variants
            .iter()
            .flat_map(|variant| variant.revenue.keys().copied())
            .collect();
        codes.sort_unstable();
        codes.dedup();
        let money = codes.iter().filter_map(|code| {
            let rows = found
                .variants
                .iter()
                .filter_map(|variant| money_row(variant, code));
            Some((currency(code)?.code(), rows.collect()))
        });
        Report {
            sentence: question.sentence(),
            mixed: words::count(found.mixed),
            split,
            money: money.collect(),
            rows: found
                .variants
                .iter()
                .enumerate()
                .map(|(place, variant)| row(variant, place == 0, widest))
                .collect(),
            verdict: found.verdict,
            warnings: found.warnings,
        }
    }
}

fn row(variant: &Variant, is_control: bool, widest: f64) -> Row {
    let compared = variant.compared.as_ref();
    let or_dash = |words: Option<String>| words.unwrap_or_else(|| "–".into());
    let percent = |share: f64| words::percent(Some(share));
    Row {
        name: variant.name.clone(),
        is_control,
        people: words::count(variant.counted.people),
        converted: words::count(variant.counted.converted),
        rate: words::percent(variant.counted.rate()),
        rate_between: format!(
            "{} to {}",
            percent(variant.rate.low),
            percent(variant.rate.high)
        ),
        from: variant.rate.low / widest * 100.0,
        width: ((variant.rate.high - variant.rate.low) / widest * 100.0).max(0.5),
        lift: or_dash(compared.and_then(|compared| compared.lift).map(signed)),
        lift_between: or_dash(compared.map(|compared| between(compared.lift_interval))),
        difference: or_dash(compared.map(|compared| {
            let difference = compared.difference;
            format!(
                "Rate less control’s: {} points, {} with 95 % confidence",
                signed(difference.value),
                between(Interval {
                    low: difference.low,
                    high: difference.high
                })
            )
        })),
        beats: or_dash(compared.map(|compared| short(compared.beats))),
        best: short(variant.best),
        loss: format!("{:.2}", variant.loss * 100.0),
    }
}

fn money_row(variant: &Variant, code: &[u8; 3]) -> Option<MoneyRow> {
    let currency = currency(code)?;
    let brought = variant.revenue.get(code)?;
    let money = |minor: f64| {
        words::money(&Money {
            minor: minor.round() as i64,
            currency,
        })
    };
    let compared = variant.compared.as_ref();
    let compared = compared.and_then(|compared| compared.revenue.get(code));
    Some(MoneyRow {
        name: variant.name.clone(),
        sum: money(brought.sum),
        each: match brought.people {
            0 => "–".into(),
            people => money(brought.sum / people as f64),
        },
        more: compared.map_or_else(|| "–".into(), |(value, _)| money(*value)),
        between: compared.map_or_else(
            || "–".into(),
            |(_, interval)| format!("{} to {}", money(interval.low), money(interval.high)),
        ),
    })
}
