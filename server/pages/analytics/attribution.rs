//! Which visits earned a goal's fires: what each channel, source, campaign or page gets by every model, side by side.

use std::collections::BTreeMap;

use askama::Template;

use super::costs::Costs;
use super::fires::FiresTable;
use super::form::{Entry, changed, goals as goal_entries, title};
use super::frame::{Choice, Frame};
use super::value_words;
use crate::attribution::credit::Credits;
use crate::attribution::model::{ALL, About, Model};
use crate::attribution::question::{BY, Question};
use crate::attribution::{Answer, Earned, Row, RowOf};
use crate::pages::words;
use crate::query::dimension::Dimension;
use crate::query::fires::Fires;
use crate::store::event::Money;
use crate::store::reports::cell::currency;

/// What was found for the page.
pub struct Made {
    /// What was asked.
    pub question: Question,
    /// What became of it.
    pub found: Answer,
    /// Single conversions, where one row's are wanted: of which row, and what it earned.
    pub told: Option<(RowOf, Vec<Earned>, Fires)>,
}

/// `/dashboard/attribution`
#[derive(Template)]
#[template(path = "attribution.html", config = "www/askama.toml")]
pub struct Attribution {
    frame: Frame,
    goals: Vec<Entry>,
    leads: Vec<Entry>,
    by: Vec<Choice>,
    filled: Filled,
    report: Option<Report>,
}

/// What stands in the form.
struct Filled {
    by: &'static str,
    model: &'static str,
    window: u64,
    half_life: u64,
    order: u64,
    null_journeys: bool,
}

/// Whether currencies are one, and how that is changed.
struct Convert {
    words: String,
    link: &'static str,
    address: String,
}

impl Convert {
    /// Nothing where the site has no currency.
    fn of(frame: &Frame, question: &Question) -> Option<Convert> {
        let code = frame.site.exchange.own()?.code();
        Some(match question.convert {
            true => Convert {
                words: format!(
                    "Money is in {code}, by the rate of its day, as far as rates are known."
                ),
                link: "Keep currencies apart",
                address: changed(frame, &[("convert", "false")]),
            },
            false => Convert {
                words: "Each currency is kept apart.".into(),
                link: "All in one",
                address: changed(frame, &[("convert", "")]),
            },
        })
    }
}

struct Report {
    sentence: String,
    convert: Option<Convert>,
    figures: Vec<(&'static str, String)>,
    models: Vec<Column>,
    by: String,
    rows: Vec<Line>,
    /// Rows of money, a table a currency.
    money: Vec<(String, Vec<Line>)>,
    paths: Vec<Path>,
    example: Option<Worked>,
    told: Option<Told>,
    costs: Costs,
    /// Whose credits the costs are of.
    model: &'static str,
}

struct Column {
    about: &'static About,
    address: String,
    is_chosen: bool,
}

struct Line {
    words: String,
    visits: String,
    effect: String,
    cells: Vec<Cell>,
}

struct Cell {
    words: String,
    /// Exactly.
    title: String,
    address: String,
    /// Of the greatest in its column, in hundredths.
    share: u32,
}

struct Path {
    visits: Vec<String>,
    conversions: String,
    rate: String,
}

struct Worked {
    visits: Vec<(String, String)>,
    shares: Vec<(&'static str, Vec<String>)>,
}

struct Told {
    title: String,
    fires: FiresTable,
}

impl Attribution {
    /// Makes the page; `goals` are those that can be chosen, `made` is nothing where there is none.
    pub fn new(frame: Frame, goals: Vec<String>, made: Option<Made>) -> Attribution {
        let question = made.as_ref().map(|made| &made.question);
        let chosen = question.map_or(&[][..], |asked| &asked.goals);
        let lead = question.and_then(|asked| asked.lead_goal.as_ref());
        let lead = lead.map(std::slice::from_ref).unwrap_or_default();
        let filled = Filled {
            by: question.map_or("channel", |asked| asked.by.name()),
            model: question.map_or("last", |asked| asked.model.about().name),
            window: question.map_or(30, |asked| asked.window_days),
            half_life: question.map_or(7, |asked| asked.half_life_days),
            order: question.map_or(1, |asked| asked.markov_order),
            null_journeys: question.is_none_or(|asked| asked.null_journeys),
        };
        let by = BY.iter().map(|(name, _)| Choice {
            words: title(name),
            address: changed(&frame, &[("by", name)]),
            is_chosen: *name == filled.by,
        });
        Attribution {
            goals: goal_entries(&goals, chosen),
            leads: goal_entries(&goals, lead),
            by: by.collect(),
            filled,
            report: made.map(|made| Report::new(&frame, made)),
            frame,
        }
    }
}

impl Report {
    fn new(frame: &Frame, made: Made) -> Report {
        let Made {
            question,
            found,
            told,
        } = made;
        let name = |of: &RowOf| words_of(&question, of);
        let line = |row: &Row,
                    credits: &Credits,
                    most: &Credits,
                    show: &dyn Fn(f64) -> [String; 2]| Line {
            words: name(&row.of),
            visits: words::count(row.visits),
            effect: words::percent(row.effect),
            cells: ALL
                .iter()
                .enumerate()
                .map(|(place, about)| {
                    let [words, title] = show(credits[place]);
                    let of = row.of.written();
                    Cell {
                        words,
                        title: format!("{}, {}: {title}", name(&row.of), about.label),
                        address: changed(frame, &[("model", about.name), ("of", &of)])
                            + "#conversions",
                        share: share(credits[place], most[place]),
                    }
                })
                .collect(),
        };
        let most = greatest(found.rows.iter().map(|row| &row.credits));
        let conversions = |credit: f64| [tenths(credit), format!("{credit:.4} conversions")];
        // What only cost something is in the table of costs.
        let has_part = |row: &&Row| row.touched > 0 || row.spend.is_empty();
        let rows = found.rows.iter().filter(has_part);
        let rows = rows
            .map(|row| line(row, &row.credits, &most, &conversions))
            .collect();
        let money = found.money.keys().filter_map(|code| {
            let currency = currency(code)?;
            let most = greatest(found.rows.iter().filter_map(|row| row.money.get(code)));
            let show = |minor: f64| {
                let shown = words::money(&Money {
                    minor: minor.round() as i64,
                    currency,
                });
                [shown.clone(), shown]
            };
            let rows = found.rows.iter().filter_map(|row| {
                let credits = row.money.get(code)?;
                let has_some = credits.iter().any(|credit| *credit != 0.0);
                has_some.then(|| line(row, credits, &most, &show))
            });
            Some((currency.code().to_owned(), rows.collect()))
        });
        let costs = Costs::new(&question, &found, &name);
        let path = |(path, conversions, lost): &(Vec<RowOf>, u64, u64)| Path {
            visits: match path.is_empty() {
                true => vec![name(&RowOf::NoVisit)],
                false => path.iter().map(name).collect(),
            },
            conversions: words::count(*conversions),
            rate: match path.is_empty() {
                true => words::percent(None),
                false => words::percent(Some(*conversions as f64 / (conversions + lost) as f64)),
            },
        };
        Report {
            convert: Convert::of(frame, &question),
            costs,
            model: question.model.about().label,
            sentence: question.sentence(),
            figures: figures(&found),
            models: ALL
                .iter()
                .map(|about| Column {
                    about,
                    address: changed(frame, &[("model", about.name)]),
                    is_chosen: about.model == question.model,
                })
                .collect(),
            by: title(question.by.name()),
            rows,
            money: money.collect(),
            paths: found.paths.iter().map(path).collect(),
            example: found.example.as_ref().map(|example| Worked {
                visits: example
                    .visits
                    .iter()
                    .map(|(of, days)| (name(of), days_before(*days)))
                    .collect(),
                shares: example
                    .shares
                    .iter()
                    .filter_map(|(model, shares)| {
                        let shares = shares.as_ref()?.iter();
                        let shares = shares.map(|share| format!("{:.1} %", share * 100.0));
                        Some((model.about().label, shares.collect()))
                    })
                    .collect(),
            }),
            told: told.map(|(of, earned, fires)| Told {
                title: format!("{} by {}", name(&of), question.model.about().label),
                fires: FiresTable::of_shares(
                    &frame.view,
                    &frame.site,
                    &fires,
                    earned.iter().map(|earned| earned.share),
                ),
            }),
        }
    }

    fn has_money(&self) -> bool {
        !self.money.is_empty()
    }
}

fn words_of(question: &Question, of: &RowOf) -> String {
    match of {
        RowOf::Value(value) => value_words(&Dimension::Named(question.by), value.as_deref()),
        RowOf::Other => "All others".into(),
        RowOf::NoVisit => "No visit known".into(),
        RowOf::Unsaid => format!("Spend without a {}", question.by.name()),
    }
}

/// The greatest of each column.
fn greatest<'a>(rows: impl Iterator<Item = &'a Credits>) -> Credits {
    let mut most = [0.0; ALL.len()];
    for row in rows {
        for (most, credit) in most.iter_mut().zip(row) {
            *most = f64::max(*most, *credit);
        }
    }
    most
}

fn share(part: f64, of: f64) -> u32 {
    match of > 0.0 {
        true => (part / of * 100.0).round().clamp(0.0, 100.0) as u32,
        false => 0,
    }
}

/// `46.9`; `0` for nothing.
pub(super) fn tenths(number: f64) -> String {
    let tenths = (number * 10.0).round().max(0.0) as u64;
    match tenths % 10 {
        0 => words::count(tenths / 10),
        part => format!("{}.{part}", words::count(tenths / 10)),
    }
}

fn days_before(days: f64) -> String {
    match words::duration(Some(days * 86_400.0)) {
        _ if days < 1.0 / 1440.0 => "at once".into(),
        words => format!("{words} before"),
    }
}

fn figures(found: &Answer) -> Vec<(&'static str, String)> {
    let number = |number: Option<f64>| number.map_or_else(|| "–".into(), |n| format!("{n:.1}"));
    let mut figures = vec![
        ("Conversions", words::count(found.conversions)),
        ("People who converted", words::count(found.people)),
        ("People who didn't", words::count(found.lost)),
        ("Visits before, on average", number(found.visits)),
        ("Days before, on average", number(found.days)),
    ];
    if !found.money.is_empty() {
        figures.push(("Revenue", money(&found.money)));
    }
    figures
}

fn money(sums: &BTreeMap<[u8; 3], i64>) -> String {
    let sum = |(code, minor): (&[u8; 3], &i64)| {
        let (minor, currency) = (*minor, currency(code)?);
        Some(words::money(&Money { minor, currency }))
    };
    sums.iter().filter_map(sum).collect::<Vec<_>>().join(" + ")
}

/// Whether a model looks at all journeys at once, so that none can show it.
fn looks_at_all(about: &About) -> bool {
    about.model == Model::Markov
}
