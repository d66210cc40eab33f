//! A question in plain words, its answer, and what it was read as: in one sentence, drawn, as a table, and as chips that
//! change it.

use askama::Template;
use url::form_urlencoded::Serializer;

use super::frame::Frame;
use crate::ask::plan::Asked;
use crate::ask::table::{Cell, Row as TableRow, Table};
use crate::ask::told;
use crate::pages::chart::{self, Point};
use crate::query::dimension::{Dimension, Named};
use crate::query::metric::{METRICS, Metric};
use crate::query::{OrderBy, Query, sentence};

/// Rows that a page shows.
const ROWS: usize = 50;

/// `/dashboard/ask`
#[derive(Template)]
#[template(path = "ask.html", config = "www/askama.toml")]
pub struct Ask {
    frame: Frame,
    question: String,
    /// What may be asked, in words.
    options: Vec<String>,
    /// Words, and where they lead.
    examples: Vec<(String, String)>,
    history: Vec<(String, String)>,
    shown: Shown,
    /// Which language model read it.
    model: Option<String>,
    /// What else may be meant.
    instead: Vec<(String, String)>,
    /// Why the language model read nothing.
    note: Option<String>,
    /// Which language model is told of questions that aren't understood.
    told: Option<String>,
}

/// What is shown.
#[allow(clippy::large_enum_variant)]
enum Shown {
    Nothing,
    Answer(Report),
    Choose(String, Vec<(String, String)>),
    Refuse(String, Vec<(String, String)>),
}

struct Report {
    answer: String,
    sentence: String,
    chips: Vec<Chip>,
    line: Option<Line>,
    head: Vec<String>,
    metrics: Vec<String>,
    compares: bool,
    rows: Vec<Row>,
    more: usize,
    notes: Vec<String>,
    assumed: Vec<String>,
    link: Option<String>,
}

struct Line {
    svg: String,
    grid: Vec<String>,
    ends: (String, String),
}

struct Row {
    of: Vec<String>,
    cells: Vec<String>,
    before: String,
    change: String,
    /// Of the longest bar, in hundredths; nothing where there are none.
    width: Option<f64>,
}

/// A part of a reading.
struct Chip {
    words: String,
    /// The reading without it.
    without: Option<String>,
    /// What may stand there instead.
    others: Vec<(String, String)>,
}

/// What became of a question.
pub enum Became<'a> {
    /// Nobody asked.
    Nothing,
    /// An answer, with what was taken for granted.
    Answer(&'a Asked, &'a Table, &'a [String]),
    /// What isn't sure, and what may be meant.
    Choose(&'a str, &'a [Asked]),
    /// Why there is no answer, and what may be asked instead.
    Refuse(&'a str, &'a [String]),
}

/// Who read it.
pub enum By<'a> {
    /// The grammar, the reader of the page, or nobody.
    Grammar,
    /// The language model of this name; and what else may be meant.
    Model(&'a str, Vec<Asked>),
    /// Neither, and why the language model didn't.
    Neither(String),
}

impl Ask {
    /// The page.
    pub fn new(
        frame: Frame,
        question: String,
        goals: &[String],
        examples: &[String],
        history: &[String],
        became: &Became,
        by: &By,
    ) -> Ask {
        let site = frame.view.site.clone();
        let to = |question: &String| (question.clone(), address(&site, question, None));
        let choice = |asked: &Asked| {
            let page = || {
                asked
                    .page(&frame.site)
                    .map(|page| format!("/dashboard/{page}"))
            };
            let address = match asked {
                Asked::Query(query) => Some(address(&site, &question, Some(query))),
                _ => page(),
            };
            Some((asked.sentence(), address?))
        };
        let shown = match became {
            Became::Nothing => Shown::Nothing,
            Became::Answer(asked, table, assumed) => {
                Shown::Answer(report(&frame, &question, asked, table, assumed))
            }
            Became::Choose(message, choices) => Shown::Choose(
                (*message).to_owned(),
                choices.iter().filter_map(choice).collect(),
            ),
            Became::Refuse(message, suggestions) => {
                Shown::Refuse((*message).to_owned(), suggestions.iter().map(to).collect())
            }
        };
        let (model, instead, note) = match by {
            By::Grammar => (None, Vec::new(), None),
            By::Model(name, instead) => {
                let instead = instead.iter().filter_map(choice).collect();
                (Some((*name).to_owned()), instead, None)
            }
            By::Neither(why) => (None, Vec::new(), Some(why.clone())),
        };
        let forms = [
            " by channel last week",
            " by day, last 30 days",
            " this month vs last month",
        ];
        let named = goals.iter().filter(|goal| !goal.starts_with("__")).take(25);
        let options = named.flat_map(|goal| {
            let forms = forms.iter().map(move |form| format!("“{goal}”{form}"));
            forms.chain([
                format!("Why did “{goal}” drop last week?"),
                format!("Conversion rate of “{goal}” by channel"),
            ])
        });
        Ask {
            options: examples.iter().cloned().chain(options).collect(),
            examples: examples.iter().map(to).collect(),
            history: history.iter().map(to).collect(),
            question,
            shown,
            frame,
            model,
            instead,
            note,
            told: None,
        }
    }
}

impl Ask {
    /// Says which language model, if any, is told of questions that aren't understood.
    pub fn told_to(self, model: Option<&str>) -> Ask {
        Ask {
            told: model.map(str::to_owned),
            ..self
        }
    }
}

/// This page with a question, and with a reading where it was changed.
fn address(site: &str, question: &str, edited: Option<&Query>) -> String {
    let mut out = Serializer::new(String::new());
    out.append_pair("site", site);
    out.append_pair("question", question);
    if let Some(query) = edited {
        out.append_pair("edit", &query.query_string());
    }
    format!("/dashboard/ask?{}", out.finish())
}

fn report(
    frame: &Frame,
    question: &str,
    asked: &Asked,
    table: &Table,
    assumed: &[String],
) -> Report {
    let largest = table
        .rows
        .iter()
        .filter_map(|row| row.cells.first()?.size())
        .fold(0.0, f64::max);
    let is_line = matches!(asked, Asked::Query(query) if matches!(&*query.dimensions, [only] if only.is_time()) && query.limit > 50);
    let row = |row: &TableRow| Row {
        of: row
            .of
            .iter()
            .map(|value| {
                value
                    .clone()
                    .filter(|value| !value.is_empty())
                    .unwrap_or_else(|| "(none)".into())
            })
            .collect(),
        cells: row.cells.iter().map(Cell::words).collect(),
        before: row
            .compare
            .as_deref()
            .and_then(|cells| cells.first())
            .map(Cell::words)
            .unwrap_or_default(),
        change: told::change_words(row).unwrap_or_default(),
        width: row
            .cells
            .first()
            .and_then(Cell::size)
            .filter(|_| largest > 0.0 && !table.dimensions.is_empty())
            .map(|size| (size.max(0.0) / largest * 100.0 * 10.0).round() / 10.0),
    };
    Report {
        answer: told::sentence(asked, table),
        sentence: asked.sentence(),
        chips: match asked {
            Asked::Query(query) => chips(frame, question, query),
            _ => Vec::new(),
        },
        line: is_line.then(|| line(asked, table)),
        head: table
            .dimensions
            .iter()
            .map(|name| name.replace('_', " ").replace("metadata.", "metadata "))
            .collect(),
        metrics: table
            .metrics
            .iter()
            .map(|name| name.replace('_', " "))
            .collect(),
        compares: table.rows.iter().any(|row| row.compare.is_some()),
        more: table
            .rows
            .len()
            .saturating_sub(if is_line { usize::MAX } else { ROWS }),
        rows: table
            .rows
            .iter()
            .take(if is_line { usize::MAX } else { ROWS })
            .map(row)
            .collect(),
        notes: table.notes.clone(),
        assumed: assumed.to_vec(),
        link: asked
            .page(&frame.site)
            .map(|page| format!("/dashboard/{page}")),
    }
}

fn line(asked: &Asked, table: &Table) -> Line {
    let size = |cells: &[Cell]| cells.first().and_then(Cell::size).unwrap_or(0.0);
    let name =
        |row: Option<&TableRow>| row.map(|row| told::name_of(table, row)).unwrap_or_default();
    let point = |row: &TableRow| Point {
        value: size(&row.cells),
        before: row.compare.as_deref().map(size),
        words: format!(
            "{}: {}",
            told::name_of(table, row),
            row.cells.first().map(Cell::words).unwrap_or_default()
        ),
        note: String::new(),
    };
    let points: Vec<Point> = table.rows.iter().map(point).collect();
    let series = chart::series(&points, &asked.sentence());
    Line {
        svg: series.svg,
        grid: series
            .grid
            .iter()
            .map(|value| Cell::Number(Some(*value)).words())
            .collect(),
        ends: (name(table.rows.first()), name(table.rows.last())),
    }
}

/// The parts of a query, each with what may be changed of it.
fn chips(frame: &Frame, question: &str, query: &Query) -> Vec<Chip> {
    let site = &frame.view.site;
    let with = |change: &dyn Fn(&mut Query)| {
        let mut query = query.clone();
        change(&mut query);
        settle(&mut query);
        address(site, question, Some(&query))
    };
    let mut chips = Vec::new();
    let metric = query.metrics.first().copied().unwrap_or(Metric::Fires);
    let others = METRICS.iter().filter(|(_, known)| *known != metric);
    chips.push(Chip {
        words: metric.name().replace('_', " "),
        without: None,
        others: others
            .map(|(name, known)| {
                (
                    name.replace('_', " "),
                    with(&|query| query.metrics = vec![*known]),
                )
            })
            .collect(),
    });
    for (place, goal) in query.goals.iter().enumerate() {
        chips.push(Chip {
            words: format!("of {goal}"),
            without: Some(with(&|query| drop(query.goals.remove(place)))),
            others: Vec::new(),
        });
    }
    let by = [
        Named::Day,
        Named::Week,
        Named::Month,
        Named::Weekday,
        Named::Hour,
        Named::Goal,
        Named::Channel,
        Named::Source,
        Named::Campaign,
        Named::Page,
        Named::EntryPage,
        Named::Country,
        Named::Device,
    ];
    for (place, dimension) in query.dimensions.iter().enumerate() {
        let others = by
            .into_iter()
            .map(Dimension::Named)
            .filter(|other| !query.dimensions.contains(other));
        chips.push(Chip {
            words: format!("by {}", sentence::dimension_words(dimension)),
            without: Some(with(&|query| drop(query.dimensions.remove(place)))),
            others: others
                .map(|other| {
                    (
                        sentence::dimension_words(&other),
                        with(&|query| query.dimensions[place] = other.clone()),
                    )
                })
                .collect(),
        });
    }
    if query.dimensions.is_empty() {
        chips.push(Chip {
            words: "by…".into(),
            without: None,
            others: by
                .into_iter()
                .map(Dimension::Named)
                .map(|other| {
                    (
                        sentence::dimension_words(&other),
                        with(&|query| query.dimensions.push(other.clone())),
                    )
                })
                .collect(),
        });
    }
    for (place, filter) in query.filters.iter().enumerate() {
        chips.push(Chip {
            words: sentence::filter(filter),
            without: Some(with(&|query| drop(query.filters.remove(place)))),
            others: Vec::new(),
        });
    }
    chips.push(Chip {
        words: sentence::range(&query.range),
        without: None,
        others: days(query, &with),
    });
    if let Some(compare) = &query.compare {
        chips.push(Chip {
            words: format!("beside {}", sentence::range(compare)),
            without: Some(with(&|query| query.compare = None)),
            others: Vec::new(),
        });
    }
    chips
}

type With<'a> = &'a dyn Fn(&dyn Fn(&mut Query)) -> String;

/// Other days: as many up to the same last one, and the ones before.
fn days(query: &Query, with: With) -> Vec<(String, String)> {
    use jiff::ToSpan;
    let spans = [
        (7, "7 days"),
        (30, "30 days"),
        (90, "90 days"),
        (365, "a year"),
    ];
    let mut all: Vec<(String, String)> = spans
        .into_iter()
        .map(|(days, words)| {
            (
                format!("{words} up to {}", query.range.to),
                with(&|query| {
                    query.range.from = query.range.to.saturating_sub((i64::from(days) - 1).days())
                }),
            )
        })
        .collect();
    let length = (query.range.to - query.range.from).get_days() + 1;
    all.push((
        "as many days before".into(),
        with(&|query| {
            query.range.from = query.range.from.saturating_sub(length.days());
            query.range.to = query.range.to.saturating_sub(length.days());
        }),
    ));
    if query.compare.is_none() {
        all.push((
            "beside the days before".into(),
            with(&|query| {
                let mut compare = query.range.clone();
                compare.from = compare.from.saturating_sub(length.days());
                compare.to = compare.to.saturating_sub(length.days());
                query.compare = Some(compare);
            }),
        ));
    }
    all
}

/// An order that the changed query can have.
fn settle(query: &mut Query) {
    let metric = query.metrics.first().copied().unwrap_or(Metric::Fires);
    let ascending = query
        .order
        .first()
        .is_some_and(|order| order.ascending && matches!(order.by, OrderBy::Metric(_)));
    let is_time = query.dimensions.first().is_some_and(Dimension::is_time);
    query.offset = 0;
    query.order = vec![match is_time && query.limit > 50 {
        true => crate::query::Order {
            by: OrderBy::Dimension(0),
            ascending: true,
        },
        false => crate::query::Order {
            by: OrderBy::Metric(metric),
            ascending,
        },
    }];
    if is_time && query.limit >= 100 {
        query.limit = crate::query::read::MOST_ROWS;
    }
}
