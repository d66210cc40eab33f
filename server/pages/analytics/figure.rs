//! A figure with what it was before.

use crate::pages::words;
use crate::query::answer::Figure;
use crate::query::metric::Metric;

/// A figure, and the same of the days before.
pub(in crate::pages) type Total = (Metric, Figure, Option<Figure>);

/// A figure as it is shown.
pub(in crate::pages) struct Shown {
    pub(in crate::pages) metric: Metric,
    pub(in crate::pages) words: &'static str,
    pub(in crate::pages) value: String,
    pub(in crate::pages) change: Option<Change>,
    /// What rates made it of.
    pub(in crate::pages) made_of: Option<String>,
}

/// How a figure differs from the days before.
pub(in crate::pages) struct Change {
    pub(in crate::pages) words: String,
    pub(in crate::pages) class: &'static str,
    pub(in crate::pages) before: String,
}

impl Shown {
    pub(in crate::pages) fn of((metric, figure, before): &Total) -> Shown {
        let change = |before| change(*metric, figure, before);
        Shown {
            metric: *metric,
            words: words::metric(*metric),
            value: words::figure(*metric, figure),
            change: before.as_ref().and_then(change),
            made_of: words::made_of(figure),
        }
    }
}

/// What began from nothing has no share that it grew by.
fn change(metric: Metric, now: &Figure, before: &Figure) -> Option<Change> {
    let (new, old) = (words::number(now), words::number(before));
    if old == 0.0 {
        return None;
    }
    let share = (new - old) / old * 100.0;
    let is_up = share >= 0.0;
    Some(Change {
        words: format!("{} {:.0} %", if is_up { "▲" } else { "▼" }, share.abs()),
        class: match share.abs() < 0.5 {
            true => "muted",
            // Fewer who leave at once are good.
            false if is_up != (metric == Metric::BounceRate) => "good",
            false => "bad",
        },
        before: words::figure(metric, before),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_says_whether_it_is_good() {
        let shown = |metric, now: f64, before: f64| {
            let ratio = |share| Figure::Ratio(Some(share));
            let change = Shown::of(&(metric, ratio(now), Some(ratio(before)))).change;
            change.map(|change| format!("{} {}", change.words, change.class))
        };
        for (metric, now, before, expected) in [
            (Metric::ConversionRate, 0.12, 0.1, Some("▲ 20 % good")),
            (Metric::ConversionRate, 0.05, 0.1, Some("▼ 50 % bad")),
            (Metric::BounceRate, 0.05, 0.1, Some("▼ 50 % good")),
            (Metric::BounceRate, 0.1, 0.1, Some("▲ 0 % muted")),
            (Metric::BounceRate, 0.1, 0.0, None),
        ] {
            assert_eq!(shown(metric, now, before).as_deref(), expected);
        }
    }
}
