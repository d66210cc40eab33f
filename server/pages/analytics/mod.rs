//! The analytics page: figures, a series, the goals card, and lists that filter.
//!
//! - [`view`]: what is looked at, as the address says it; [`report`]: what is asked for it; `card`: the lists

mod card;
pub mod report;
pub mod view;

use std::sync::Arc;

use askama::Template;
use jiff::civil::Date;

use super::{chart, words};
use crate::account::Site;
use crate::query::answer::Figure;
use crate::query::dimension::{Dimension, Named};
use crate::query::metric::Metric;
use crate::query::sentence;
use card::Card;
use report::{Lists, Moving};
use view::{Span, View};

/// The whole page.
#[derive(Template)]
#[template(path = "analytics.html", config = "www/askama.toml")]
pub struct Analytics<'a> {
    /// The workspace's sites, to choose from.
    pub sites: &'a [Arc<Site>],
    /// The one that is shown.
    pub site: &'a Site,
    /// Who is logged in.
    pub email: &'a str,
    /// The part that moves.
    pub overview: Overview,
    /// The last event in the log when the page was made; the stream goes on from there.
    pub after: i64,
    cards: Vec<Card>,
}

/// A link that is one of several to choose from.
struct Choice {
    words: String,
    address: String,
    is_chosen: bool,
}

/// A filter that holds, and the page without it.
struct Chip {
    words: String,
    without: String,
}

impl<'a> Analytics<'a> {
    /// Makes the page.
    pub fn new(
        sites: &'a [Arc<Site>],
        site: &'a Site,
        email: &'a str,
        overview: Overview,
        lists: Lists,
        after: i64,
    ) -> Analytics<'a> {
        Analytics {
            sites,
            site,
            email,
            cards: card::cards(&overview.view, lists),
            overview,
            after,
        }
    }

    fn view(&self) -> &View {
        &self.overview.view
    }

    fn spans(&self) -> Vec<Choice> {
        let choice = |(_, span, words): (&str, Span, &str)| Choice {
            words: words.to_owned(),
            is_chosen: self.view().span == span,
            address: self
                .view()
                .with(|view| view.span = span)
                .address("analytics"),
        };
        Span::NAMED.into_iter().map(choice).collect()
    }

    /// The dates of the range, for the form that asks for others.
    fn dates(&self) -> (Date, Date) {
        (
            self.overview.moving.range.from,
            self.overview.moving.range.to,
        )
    }

    /// The parts of the address that a form for other dates keeps.
    fn kept(&self) -> Vec<(&'static str, String)> {
        self.view().with(|view| view.span = Span::Days(30)).pairs()
    }

    fn chips(&self) -> Vec<Chip> {
        let chip = |(at, filter)| Chip {
            words: sentence::filter(filter),
            without: self
                .view()
                .with(|view| drop(view.filters.remove(at)))
                .address("analytics"),
        };
        self.view().filters.iter().enumerate().map(chip).collect()
    }

    fn compare_address(&self) -> String {
        self.view()
            .with(|view| view.compares = !view.compares)
            .address("analytics")
    }

    fn reserved_address(&self) -> String {
        self.view()
            .with(|view| view.hides_reserved = !view.hides_reserved)
            .address("analytics")
    }

    fn part_address(&self) -> String {
        format!("{}&part=overview", self.view().address("analytics"))
    }

    fn site_address(&self, site: &Site) -> String {
        let site = site.website_id.clone();
        let view = self.view().with(|view| {
            view.site = site;
            view.filters.clear();
        });
        view.address("analytics")
    }
}

/// The part of the page that is fetched anew when something happened: figures, series, goals.
#[derive(Template)]
#[template(path = "overview.html", config = "www/askama.toml")]
pub struct Overview {
    view: View,
    moving: Moving,
    base_url: String,
    figures: Vec<Shown>,
    series: chart::Series,
    /// The first and the last step's words, and each step's row of the table.
    ends: (String, String),
    steps: Vec<(String, String, Option<String>)>,
    goals: Vec<Goal>,
}

/// A figure over the series.
struct Shown {
    words: &'static str,
    value: String,
    address: String,
    is_chosen: bool,
    change: Option<Change>,
}

/// How a figure differs from the days before.
struct Change {
    words: String,
    class: &'static str,
    before: String,
}

/// One goal.
struct Goal {
    name: String,
    label: String,
    is_reserved: bool,
    address: String,
    fires: String,
    visitors: String,
    rate: String,
    revenue: String,
    spark: String,
}

impl Overview {
    /// Figures into words.
    pub fn new(view: View, moving: Moving, base_url: &str) -> Overview {
        let points: Vec<chart::Point> = moving
            .series
            .iter()
            .map(|row| point(&view, &moving, row))
            .collect();
        let title = format!(
            "{}, {}",
            words::metric(view.figure),
            sentence::range(&moving.range)
        );
        let series = chart::series(&points, &title);
        let step = |row: &crate::query::answer::Row| {
            let figure = |figures: &[Figure]| words::figure(view.figure, &figures[0]);
            (
                step_words(moving.step, row.values[0].as_deref()),
                figure(&row.figures),
                row.compare.as_deref().map(figure),
            )
        };
        let steps: Vec<_> = moving.series.iter().map(step).collect();
        let end = |row: Option<&(String, String, Option<String>)>| {
            row.map(|(words, _, _)| words.clone()).unwrap_or_default()
        };
        Overview {
            figures: moving.figures.iter().map(|f| shown(&view, f)).collect(),
            ends: (end(steps.first()), end(steps.last())),
            goals: goals(&view, &moving),
            series,
            steps,
            base_url: base_url.to_owned(),
            view,
            moving,
        }
    }

    fn range(&self) -> String {
        sentence::range(&self.moving.range)
    }

    fn step(&self) -> &'static str {
        self.moving.step.name()
    }

    fn grid(&self) -> Vec<String> {
        let figure = |value: &f64| short(self.view.figure, *value);
        self.series.grid.iter().map(figure).collect()
    }

    fn figure(&self) -> &'static str {
        words::metric(self.view.figure)
    }

    fn dropped(&self) -> Vec<(String, String)> {
        reasons(&self.moving.dropped)
    }

    fn dropped_total(&self) -> String {
        words::count(self.moving.dropped.iter().map(|(_, n)| n).sum())
    }

    fn unknown(&self) -> Vec<(String, String)> {
        reasons(&self.moving.unknown)
    }
}

fn point(view: &View, moving: &Moving, row: &crate::query::answer::Row) -> chart::Point {
    let figure = &row.figures[0];
    let before = row.compare.as_ref().map(|figures| &figures[0]);
    let mut text = format!(
        "{}: {}",
        step_words(moving.step, row.values[0].as_deref()),
        words::figure(view.figure, figure)
    );
    if let Some(before) = before {
        text += &format!(", before {}", words::figure(view.figure, before));
    }
    chart::Point {
        value: words::number(figure),
        before: before.map(words::number),
        words: text,
    }
}

/// A part of time as people write it.
fn step_words(step: Named, value: Option<&str>) -> String {
    let value = value.unwrap_or_default();
    let date = |format: &str| {
        let date: Option<Date> = value.parse().ok();
        date.map_or_else(String::new, |date| date.strftime(format).to_string())
    };
    match step {
        Named::Hour => format!("{value}:00"),
        Named::Week => format!("Week of {}", date("%-d %b")),
        Named::Month => date("%B %Y"),
        _ => date("%-d %b"),
    }
}

/// A value of the grid, in few characters.
fn short(metric: Metric, value: f64) -> String {
    match metric {
        Metric::BounceRate | Metric::ConversionRate => format!("{} %", trimmed(value * 100.0)),
        _ if value >= 1_000_000.0 => format!("{} M", trimmed(value / 1_000_000.0)),
        _ if value >= 10_000.0 => format!("{} k", trimmed(value / 1000.0)),
        _ if value.fract() == 0.0 => words::count(value as u64),
        _ => trimmed(value),
    }
}

fn trimmed(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn shown(view: &View, (metric, figure, before): &(Metric, Figure, Option<Figure>)) -> Shown {
    Shown {
        words: words::metric(*metric),
        value: words::figure(*metric, figure),
        address: view.with(|view| view.figure = *metric).address("analytics"),
        is_chosen: view.figure == *metric,
        change: before
            .as_ref()
            .and_then(|before| change(*metric, figure, before)),
    }
}

fn change(metric: Metric, now: &Figure, before: &Figure) -> Option<Change> {
    let (new, old) = (words::number(now), words::number(before));
    if old == 0.0 {
        return None;
    }
    let share = (new - old) / old * 100.0;
    let arrow = if share >= 0.0 { "▲" } else { "▼" };
    let is_good = (share >= 0.0) != (metric == Metric::BounceRate);
    Some(Change {
        words: format!("{arrow} {:.0} %", share.abs()),
        class: match share.abs() < 0.5 {
            true => "muted",
            false if is_good => "good",
            false => "bad",
        },
        before: words::figure(metric, before),
    })
}

fn goals(view: &View, moving: &Moving) -> Vec<Goal> {
    let goal = |row: &crate::query::answer::Row| {
        let name = row.values[0].as_deref().unwrap_or_default();
        let label = live::fire::plain_name(name);
        let mut fires = vec![0; moving.line_steps.len()];
        for line in moving
            .lines
            .iter()
            .filter(|line| line.values[0].as_deref() == Some(name))
        {
            let at = line.values[1]
                .as_ref()
                .and_then(|step| moving.line_steps.binary_search(step).ok());
            if let (Some(at), Some(Figure::Count(count))) = (at, line.figures.first()) {
                fires[at] = *count;
            }
        }
        let figure = |nth: usize| words::figure(report::OF_GOAL[nth], &row.figures[nth]);
        let step = match moving.step {
            Named::Hour => Named::Day,
            step => step,
        };
        Goal {
            name: name.to_owned(),
            label: label.to_owned(),
            is_reserved: name.starts_with("__"),
            address: goal_address(view, name),
            fires: figure(0),
            visitors: figure(1),
            rate: figure(2),
            revenue: figure(3),
            spark: chart::sparkline(&fires, label, step.name()),
        }
    };
    moving.goals.iter().map(goal).collect()
}

/// The page of a goal.
fn goal_address(view: &View, name: &str) -> String {
    let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    // In a path a space isn't written with a plus.
    view.address(&format!("goals/{}", name.replace('+', "%20")))
}

/// Reasons and counts, as a person reads them.
fn reasons(reasons: &[(String, u64)]) -> Vec<(String, String)> {
    let words = |(reason, n): &(String, u64)| (reason.replace('_', " "), words::count(*n));
    reasons.iter().map(words).collect()
}

/// What a dimension's values are called where they are no names: `None` is nothing.
fn value_words(dimension: &Dimension, value: Option<&str>) -> String {
    match (dimension, value) {
        (Dimension::Named(Named::Source | Named::Referrer), None) => "Direct or unknown".into(),
        (_, None) => "None".into(),
        (Dimension::Named(Named::Goal), Some(name)) => live::fire::plain_name(name).to_owned(),
        (Dimension::Named(Named::Country), Some(code)) => rust_iso3166::from_alpha2(code)
            .map_or_else(|| code.to_owned(), |country| country.name.to_owned()),
        (_, Some(value)) => value.to_owned(),
    }
}
