//! The analytics page: figures, and the goals card.

use std::sync::Arc;

use askama::Template;

use super::chart;
use crate::account::Site;
use crate::query::goals::{Goal, Goals};
use crate::query::range::Range;
use crate::store::event::Money;

/// How far back the page looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Days {
    /// A week.
    Seven,
    /// A month.
    Thirty,
    /// A quarter.
    Ninety,
}

impl Days {
    const ALL: [Days; 3] = [Days::Seven, Days::Thirty, Days::Ninety];

    /// From the address; a month when it says nothing that is known.
    pub fn parse(text: Option<&str>) -> Days {
        Days::ALL
            .into_iter()
            .find(|d| text.is_some_and(|t| t == d.count().to_string()))
            .unwrap_or(Days::Thirty)
    }

    /// Days, today included.
    pub fn count(self) -> i32 {
        match self {
            Days::Seven => 7,
            Days::Thirty => 30,
            Days::Ninety => 90,
        }
    }
}

/// What the page shows; its address says the same.
#[derive(Clone, Debug)]
pub struct View {
    /// The site's public id.
    pub site: String,
    /// How far back.
    pub days: Days,
    /// Whether goals that fire by themselves are left out.
    pub hides_reserved: bool,
}

impl View {
    fn address(&self) -> String {
        let hidden = if self.hides_reserved {
            "&reserved=hide"
        } else {
            ""
        };
        format!(
            "/dashboard/analytics?site={}&days={}{hidden}",
            self.site,
            self.days.count()
        )
    }
}

/// What the log says.
pub struct Report {
    /// The goals.
    pub goals: Goals,
    /// What was refused or filtered, a count a reason.
    pub dropped: Vec<(String, u64)>,
    /// The same of what named no site that this server knows.
    pub unknown: Vec<(String, u64)>,
    /// Whether the site ever sent anything.
    pub has_events: bool,
    /// The days that the figures are of.
    pub range: Range,
}

/// The whole page.
#[derive(Template)]
#[template(path = "analytics.html", config = "www/askama.toml")]
pub struct Analytics<'a> {
    /// The workspace's sites, to choose from.
    pub sites: &'a [Arc<Site>],
    /// The one that is shown.
    pub site: &'a Site,
    /// The part that moves.
    pub card: GoalsCard,
    /// The last event in the log when the page was made; the stream goes on from there.
    pub after: i64,
}

impl Analytics<'_> {
    /// The ranges to choose from: words, address, whether it is the one shown.
    fn ranges(&self) -> Vec<(String, String, bool)> {
        let link = |days: Days| {
            let view = View {
                days,
                ..self.card.view.clone()
            };
            (
                format!("{} days", days.count()),
                view.address(),
                days == self.card.view.days,
            )
        };
        Days::ALL.into_iter().map(link).collect()
    }

    fn switch_address(&self) -> String {
        View {
            hides_reserved: !self.card.view.hides_reserved,
            ..self.card.view.clone()
        }
        .address()
    }

    fn card_address(&self) -> String {
        format!("{}&part=goals", self.card.view.address())
    }

    fn site_address(&self, site: &Site) -> String {
        View {
            site: site.website_id.clone(),
            ..self.card.view.clone()
        }
        .address()
    }
}

/// The part of the page that is fetched anew when a goal fires.
#[derive(Template)]
#[template(path = "goals.html", config = "www/askama.toml")]
pub struct GoalsCard {
    view: View,
    visitors: String,
    views: String,
    fires: String,
    days: String,
    rows: Vec<Row>,
    dropped: Vec<(String, String)>,
    unknown: Vec<(String, String)>,
    dropped_total: String,
    has_events: bool,
    base_url: String,
}

/// One goal.
struct Row {
    name: String,
    label: String,
    is_reserved: bool,
    fires: String,
    visitors: String,
    rate: String,
    revenue: String,
    spark: String,
}

impl GoalsCard {
    /// Figures into words.
    pub fn new(view: View, report: Report, base_url: &str) -> GoalsCard {
        let goals = &report.goals;
        let shown = || {
            goals
                .goals
                .iter()
                .filter(|g| !(view.hides_reserved && g.name.is_reserved()))
        };
        let format = "%-d %B %Y";
        GoalsCard {
            visitors: count(goals.visitors),
            views: count(goals.views),
            fires: count(shown().map(|g| g.fires).sum()),
            days: format!(
                "{} to {}",
                report.range.from.strftime(format),
                report.range.to.strftime(format)
            ),
            rows: shown().map(row).collect(),
            dropped_total: count(report.dropped.iter().map(|(_, n)| n).sum()),
            dropped: words(&report.dropped),
            unknown: words(&report.unknown),
            has_events: report.has_events,
            base_url: base_url.to_owned(),
            view,
        }
    }
}

/// Reasons and counts, as a person reads them.
fn words(reasons: &[(String, u64)]) -> Vec<(String, String)> {
    reasons
        .iter()
        .map(|(reason, n)| (reason.replace('_', " "), count(*n)))
        .collect()
}

fn row(goal: &Goal) -> Row {
    let name = goal.name.as_str();
    let fires: Vec<u64> = goal.days.iter().map(|day| day.fires).collect();
    Row {
        name: name.to_owned(),
        label: live::fire::plain_name(name).to_owned(),
        is_reserved: goal.name.is_reserved(),
        fires: count(goal.fires),
        visitors: count(goal.visitors),
        rate: format!("{:.1} %", goal.conversion_rate * 100.0),
        revenue: goal
            .revenue
            .iter()
            .map(money)
            .collect::<Vec<_>>()
            .join(" + "),
        spark: chart::sparkline(&fires, live::fire::plain_name(name)),
    }
}

/// `12,410`
fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `$1,250.50`, `¥1,500`
fn money(money: &Money) -> String {
    let exponent = u32::from(money.currency.exponent().unwrap_or(0));
    let unit = 10u64.pow(exponent);
    let minor = money.minor.unsigned_abs();
    let sign = if money.minor < 0 { "−" } else { "" };
    let whole = count(minor / unit);
    let part = if exponent == 0 {
        String::new()
    } else {
        format!(".{:0width$}", minor % unit, width = exponent as usize)
    };
    format!("{sign}{}{whole}{part}", money.currency.symbol())
}

#[cfg(test)]
mod tests {
    use super::*;
    use iso_currency::Currency;

    #[test]
    fn figures_are_grouped() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(count(number), expected);
        }
    }

    #[test]
    fn money_has_the_currencys_digits() {
        for (minor, currency, expected) in [
            (125_050, Currency::USD, "$1,250.50"),
            (1500, Currency::JPY, "¥1,500"),
            (-5, Currency::EUR, "−€0.05"),
        ] {
            assert_eq!(money(&Money { minor, currency }), expected);
        }
    }
}
