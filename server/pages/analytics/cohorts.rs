//! Cohorts: a table that is a heat map, its curves, and the people behind a cell.

mod picture;
mod scale;
mod told;

use askama::Template;

use super::form::{Entry, changed, goals};
use super::frame::{Choice, Frame};
use super::value_words;
use crate::cohort::predict::HeldOut;
use crate::cohort::question::{Members, Question, Split, Start, What};
use crate::cohort::table::{Cell, Cohort, Name};
use crate::cohort::{Answer, Member, NO_EXPERIMENT};
use crate::pages::words;
use crate::store::reports::cell::currency;
use picture::{Picture, picture};
use scale::{Scale, number};
use told::Told;

/// What cohorts are split by, where it isn't a key of metadata.
const BY: [(&str, &str); 9] = [
    ("week", "Week"),
    ("month", "Month"),
    ("day", "Day"),
    ("channel", "Channel"),
    ("source", "Source"),
    ("campaign", "Campaign"),
    ("entry_page", "Entry page"),
    ("country", "Country"),
    ("device", "Device"),
];

/// What was found for the page.
pub struct Made {
    /// What was asked.
    pub question: Question,
    /// What became of it.
    pub found: Answer,
    /// The people of a cell, where they are wanted.
    pub told: Option<(Vec<Member>, Members)>,
}

/// `/dashboard/cohorts`
#[derive(Template)]
#[template(path = "cohorts.html", config = "www/askama.toml")]
pub struct Cohorts {
    frame: Frame,
    starts: Vec<Entry>,
    returns: Vec<Entry>,
    fired: Vec<Entry>,
    by: Vec<Choice>,
    measures: Vec<Choice>,
    kinds: Vec<Choice>,
    units: Vec<Choice>,
    windows: Vec<Choice>,
    is_money: bool,
    sentence: String,
    ages: Vec<String>,
    rows: Vec<Line>,
    differences: Vec<String>,
    warning: &'static str,
    notes: Vec<String>,
    picture: Option<Picture>,
    predict_address: String,
    predicts: bool,
    /// Whether something could be predicted.
    has_prediction: bool,
    csv_address: String,
    told: Option<Told>,
}

struct Line {
    words: String,
    size: String,
    address: String,
    cells: Vec<Shown>,
    is_all: bool,
}

struct Shown {
    words: String,
    title: String,
    address: String,
    /// Of the greatest, in hundredths.
    share: u32,
    is_predicted: bool,
}

impl Cohorts {
    /// Makes the page; `known` are the goals that can be chosen.
    pub fn new(frame: Frame, known: &[String], made: Made) -> Cohorts {
        let Made {
            question,
            found,
            told,
        } = made;
        let choice = |name: &str, value: &str, words: &str, is_chosen| Choice {
            words: words.to_owned(),
            address: changed(&frame, &[(name, value)]),
            is_chosen,
        };
        let of_question = question.json();
        let choices = |name: &str, all: &[(&str, &str)]| -> Vec<Choice> {
            let chosen = of_question[name].as_str().unwrap_or_default();
            let each = all.iter();
            each.map(|(value, words)| choice(name, value, words, *value == chosen))
                .collect()
        };
        let measures = [
            ("retention", "Who came back"),
            ("revenue", "What they brought"),
        ];
        let measures = measures.map(|(value, words)| Choice {
            words: words.into(),
            // Ages of the one are none of the other.
            address: changed(&frame, &[("measure", value), ("ages", "")]),
            is_chosen: of_question["measure"] == value,
        });
        let by = BY.map(|(value, words)| Choice {
            words: words.into(),
            address: changed(&frame, &[("by", value), ("fired", "")]),
            is_chosen: of_question["by"] == value,
        });
        let units = [("day", "Days"), ("week", "Weeks"), ("month", "Months")];
        let units = units.map(|(value, words)| Choice {
            words: words.into(),
            address: changed(&frame, &[("unit", value), ("ages", "")]),
            is_chosen: question.unit.name() == value,
        });
        let start = match &question.start {
            Start::Goal(goal) => std::slice::from_ref(goal),
            Start::Visit | Start::Match => &[],
        };
        let fired = match &question.split {
            Split::Fired(goal) => std::slice::from_ref(goal),
            _ => &[],
        };
        let scale = Scale::of(&question, &found);
        let cells = predicted(&found);
        let all = found
            .table
            .cohorts
            .iter()
            .chain([&found.table.all])
            .zip(cells);
        let count = found.table.cohorts.len();
        let rows = all.enumerate().map(|(nth, (cohort, predicted))| {
            Line::new(&frame, &question, cohort, &predicted, nth == count, &scale)
        });
        Cohorts {
            starts: goals(known, start),
            returns: goals(known, &question.returns),
            fired: goals(known, fired),
            by: by.into(),
            measures: measures.into(),
            kinds: choices(
                "kind",
                &[("on", "At that age"), ("on_or_after", "Then or later")],
            ),
            units: units.into(),
            windows: choices(
                "windows",
                &[
                    ("calendar", "By the calendar"),
                    ("rolling", "24 hours each"),
                ],
            ),
            is_money: question.what == What::Revenue,
            sentence: question.sentence(),
            ages: question.ages.iter().map(|age| question.age(age)).collect(),
            rows: rows.collect(),
            differences: differences(&found, &scale),
            warning: if found.differences.is_empty() {
                ""
            } else {
                NO_EXPERIMENT
            },
            notes: notes(&question, &found),
            picture: picture(&found, &scale),
            predict_address: changed(
                &frame,
                &[("predict", if question.predicts { "" } else { "true" })],
            ),
            predicts: question.predicts,
            has_prediction: matches!(found.prediction, Some(Ok(_))),
            csv_address: csv_address(&frame),
            told: told.map(|(members, asked)| Told::new(&frame, &members, &asked)),
            frame,
        }
    }

    fn unit(&self) -> &'static str {
        if self.is_money { "Day" } else { "Age" }
    }
}

/// What is predicted of each cohort, and of all.
fn predicted(found: &Answer) -> Vec<Vec<Option<f64>>> {
    match &found.prediction {
        Some(Ok(prediction)) => prediction.cells.clone(),
        _ => vec![vec![None; found.table.all.cells.len()]; found.table.cohorts.len() + 1],
    }
}

fn cohort_words(question: &Question, name: &Name) -> String {
    match (name, &question.split) {
        (Name::Period(period), Split::Time(unit)) => {
            let first = unit.first(*period);
            let pattern = if unit.name() == "month" {
                "%B %Y"
            } else {
                "%-d %b %Y"
            };
            first
                .map(|first| first.strftime(pattern).to_string())
                .unwrap_or_default()
        }
        (Name::Value(value), Split::Value(dimension)) => value_words(dimension, value.as_deref()),
        (Name::Fired(true), Split::Fired(goal)) => {
            format!("Fired {}", live::fire::plain_name(goal))
        }
        (Name::Fired(false), Split::Fired(goal)) => {
            format!("Didn’t fire {}", live::fire::plain_name(goal))
        }
        _ => "All others".into(),
    }
}

impl Line {
    fn new(
        frame: &Frame,
        question: &Question,
        cohort: &Cohort,
        predicted: &[Option<f64>],
        is_all: bool,
        scale: &Scale,
    ) -> Line {
        let words = match is_all {
            true => "All together".into(),
            false => cohort_words(question, &cohort.name),
        };
        let of = match is_all {
            true => "all".into(),
            false => cohort.name.written(question.split.by()),
        };
        let address = |age: &str| changed(frame, &[("of", &of), ("age", age)]) + "#people";
        let shown = |(nth, cell): (usize, &Option<Cell>)| {
            let age = question.age(&question.ages[nth]);
            let guess = predicted.get(nth).copied().flatten();
            let (known, words_of) = match (cell, guess) {
                (Some(cell), _) => {
                    let number = number(cell, scale.is_money);
                    (Some((cell, number)), scale.words(number))
                }
                (None, Some(guess)) => (None, scale.words(guess)),
                (None, None) => (None, String::new()),
            };
            let title = match (&known, scale.is_money) {
                (Some((cell, _)), false) => {
                    format!(
                        "{} of {} people",
                        words::count(cell.people),
                        words::count(cell.reached)
                    )
                }
                (Some((cell, _)), true) => format!(
                    "{} in all, by {} of {} people",
                    scale.words(cell.sum.minor as f64),
                    words::count(cell.people),
                    words::count(cell.reached)
                ),
                (None, _) if guess.is_some() => "predicted".into(),
                (None, _) => String::new(),
            };
            Shown {
                title: format!("{words}, {} {age}: {title}", question.unit_words()),
                words: words_of,
                address: address(&age),
                share: known
                    .as_ref()
                    .map_or(0, |(_, number)| match scale.most > 0.0 {
                        true => (number / scale.most * 100.0).round().clamp(0.0, 100.0) as u32,
                        false => 0,
                    }),
                is_predicted: known.is_none() && guess.is_some(),
            }
        };
        Line {
            size: words::count(cohort.size),
            address: changed(frame, &[("of", &of)]) + "#people",
            cells: cohort.cells.iter().enumerate().map(shown).collect(),
            words,
            is_all,
        }
    }
}

/// `+3.1 (−0.2 to 6.4)`
fn differences(found: &Answer, scale: &Scale) -> Vec<String> {
    let words = |difference: &Option<crate::cohort::compare::Difference>| {
        difference.map_or_else(String::new, |d| {
            let plus = if d.value > 0.0 { "+" } else { "" };
            let [value, low, high] = [d.value, d.low, d.high].map(|n| scale.difference(n));
            format!("{plus}{value} ({low} to {high})")
        })
    };
    found.differences.iter().map(words).collect()
}

fn notes(question: &Question, found: &Answer) -> Vec<String> {
    let mut notes = Vec::new();
    if question.what == What::Revenue {
        match found.currency.as_ref().and_then(currency) {
            Some(own) => notes.push(format!(
                "Money a person, who paid or not, in {}.",
                own.code()
            )),
            None => notes.push(
                "Nobody has paid yet. A fire with a value and a currency is a payment.".into(),
            ),
        }
        let others = found.other_currencies.iter().filter_map(currency);
        let others: Vec<_> = others.map(|currency| currency.code()).collect();
        if !others.is_empty() {
            notes.push(format!(
                "Payments in {} aren’t counted here.",
                others.join(", ")
            ));
        }
    }
    match &found.prediction {
        None => {}
        Some(Err(reason)) => notes.push(reason.clone()),
        Some(Ok(prediction)) => {
            notes.push(format!("In italics: predicted. {}.", prediction.model));
            if question.what == What::Revenue {
                notes.push("Of people who haven’t paid yet nothing is predicted.".into());
            }
            notes.extend(prediction.held_out.map(|held| held_out(question, &held)));
        }
    }
    notes
}

fn held_out(question: &Question, held: &HeldOut) -> String {
    let off = (held.actual > 0.0).then(|| held.predicted / held.actual - 1.0);
    let off = off.map_or_else(String::new, |off| {
        format!(", {:+.0} %", off * 100.0).replace('-', "−")
    });
    match question.what {
        What::Revenue => format!(
            "How right it would have been: from what was known {} days ago it predicts {:.0} further payments since; there were {:.0}{off}.",
            held.span, held.predicted, held.actual
        ),
        What::Retention => format!(
            "How right it would have been: from the first two thirds it predicts {} still there at {} {}; there were {}{off}.",
            words::percent(Some(held.predicted)),
            question.unit.name(),
            held.span,
            words::percent(Some(held.actual))
        ),
    }
}

fn csv_address(frame: &Frame) -> String {
    let mut out = url::form_urlencoded::Serializer::new(String::new());
    out.append_pair("website_id", &frame.site.website_id);
    let asked = frame.asked_parts().into_iter();
    out.extend_pairs(asked.filter(|(name, _)| name != "predict"));
    let filters: serde_json::Value = frame
        .view
        .filters
        .iter()
        .map(|filter| filter.json())
        .collect();
    out.append_pair("filters", &filters.to_string());
    out.append_pair("from", &frame.range.from.to_string());
    out.append_pair("to", &frame.range.to.to_string());
    format!("/api/v1/cohorts.csv?{}", out.finish())
}
