//! The part of the analytics page that is fetched anew when something happened: figures, series, goals.

use askama::Template;

use super::figure::Shown;
use super::frame::Frame;
use super::over_time::OverTime;
use super::report::{self, Moving};
use super::view::View;
use crate::pages::{chart, words};
use crate::query::answer::{Figure, Row};
use crate::query::dimension::Named;
use crate::query::sentence;

/// The part that moves.
#[derive(Template)]
#[template(path = "overview.html", config = "www/askama.toml")]
pub struct Overview {
    view: View,
    pub(super) present: String,
    has_events: bool,
    base_url: String,
    range: String,
    step: &'static str,
    figures: Vec<Shown>,
    over_time: OverTime,
    goals: Vec<Goal>,
    dropped: Vec<(String, String)>,
    dropped_total: String,
    unknown: Vec<(String, String)>,
}

/// One goal.
struct Goal {
    name: String,
    label: String,
    is_reserved: bool,
    /// Single fires aren't for everybody who has a public link.
    address: Option<String>,
    fires: String,
    visitors: String,
    rate: String,
    revenue: String,
    spark: String,
}

impl Overview {
    /// Figures into words.
    pub fn new(frame: &Frame, moving: Moving, base_url: &str) -> Overview {
        let view = frame.view.clone();
        Overview {
            present: words::count(moving.present),
            has_events: moving.has_events,
            base_url: base_url.to_owned(),
            range: sentence::range(&moving.range),
            step: moving.line_step.name(),
            figures: moving.figures.iter().map(Shown::of).collect(),
            over_time: OverTime::new(
                view.figure,
                moving.step,
                &moving.series,
                &moving.range,
                &frame.notes,
            ),
            goals: goals(&view, &moving, frame.is_public()),
            dropped: reasons(&moving.dropped),
            dropped_total: words::count(moving.dropped.iter().map(|(_, n)| n).sum()),
            unknown: reasons(&moving.unknown),
            view,
        }
    }

    fn draw_address(&self, figure: &Shown) -> String {
        let view = self.view.with(|view| view.figure = figure.metric);
        view.address("analytics")
    }

    fn is_drawn(&self, figure: &Shown) -> bool {
        self.view.figure == figure.metric
    }
}

fn goals(view: &View, moving: &Moving, is_public: bool) -> Vec<Goal> {
    let goal = |row: &Row| {
        let name = row.values[0].as_deref().unwrap_or_default();
        let label = live::fire::plain_name(name);
        let figure = |nth: usize| words::figure(report::OF_GOAL[nth], &row.figures[nth]);
        Goal {
            name: name.to_owned(),
            label: label.to_owned(),
            is_reserved: name.starts_with("__"),
            address: (!is_public).then(|| view.goal_address(name)),
            fires: figure(0),
            visitors: figure(1),
            rate: figure(2),
            revenue: figure(3),
            spark: chart::sparkline(&line(moving, name), label, moving.line_step.name()),
        }
    };
    moving.goals.iter().map(goal).collect()
}

/// A goal's fires a step.
fn line(moving: &Moving, name: &str) -> Vec<u64> {
    let mut fires = vec![0; moving.line_steps.len()];
    let mine = |row: &&Row| row.values[0].as_deref() == Some(name);
    for row in moving.lines.iter().filter(mine) {
        let step = row.values[1].as_ref();
        let at = step.and_then(|step| moving.line_steps.binary_search(step).ok());
        if let (Some(at), Some(Figure::Count(count))) = (at, row.figures.first()) {
            fires[at] = *count;
        }
    }
    fires
}

/// What a line of fires is by: a small one has no room for hours.
pub(super) fn line_step(step: Named) -> Named {
    match step {
        Named::Hour => Named::Day,
        step => step,
    }
}

/// Reasons and counts, as a person reads them.
fn reasons(reasons: &[(String, u64)]) -> Vec<(String, String)> {
    let words = |(reason, n): &(String, u64)| (reason.replace('_', " "), words::count(*n));
    reasons.iter().map(words).collect()
}
