//! `/settings/websites/{website_id}/spend`: what a site's channels cost, and how that is uploaded.

use askama::Template;
use jiff::civil::Date;

use super::settings::Shell;
use super::upload::Uploaded;
use super::words;
use crate::account::Site;
use crate::account::spend::MonthSum;

/// The page.
#[derive(Template)]
#[template(path = "settings-spend.html", config = "www/askama.toml")]
pub struct SpendPage<'a> {
    /// Around it.
    pub shell: Shell,
    /// Whose.
    pub site: &'a Site,
    /// Sums, latest month first.
    pub sums: Vec<SumRow>,
    /// The channels that there are.
    pub channels: Vec<&'static str>,
    /// For the samples.
    pub today: Date,
    /// What became of what was sent.
    pub uploaded: Uploaded,
}

/// A sum, in words.
pub struct SumRow {
    month: String,
    is_first: bool,
    channel: String,
    money: String,
    impressions: String,
    clicks: String,
}

impl SpendPage<'_> {
    /// Sums in words.
    pub fn rows(sums: &[MonthSum]) -> Vec<SumRow> {
        let row = |(place, sum): (usize, &MonthSum)| {
            let before = place.checked_sub(1).and_then(|before| sums.get(before));
            let count = |count: Option<u64>| count.map_or_else(|| "–".into(), words::count);
            SumRow {
                month: month_words(&sum.month),
                is_first: before.is_none_or(|before| before.month != sum.month),
                channel: sum.channel.clone(),
                money: words::money(&sum.money),
                impressions: count(sum.impressions),
                clicks: count(sum.clicks),
            }
        };
        sums.iter().enumerate().map(row).collect()
    }
}

/// `November 2026`
fn month_words(month: &str) -> String {
    let day: Option<Date> = format!("{month}-01").parse().ok();
    day.map_or_else(|| month.to_owned(), |day| day.strftime("%B %Y").to_string())
}
