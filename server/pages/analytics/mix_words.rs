//! The mix in words: amounts with their intervals, and a paragraph that says what to make of it, and what not.

use iso_currency::Currency;

use crate::mix::fit::{Fit, Told};
use crate::mix::posterior::Estimate;
use crate::mix::question::Outcome;
use crate::pages::words;
use crate::store::event::Money;

/// How figures are said.
pub(super) struct Words {
    /// Whether the outcome is money.
    pub(super) is_money: bool,
    pub(super) currency: Option<Currency>,
    pub(super) outcome: Outcome,
}

impl Words {
    /// What efficiency is called.
    pub(super) fn unit(&self) -> &'static str {
        match self.outcome {
            Outcome::Revenue => "Return on spend",
            Outcome::Fires => "Cost per goal",
            Outcome::Visitors => "Cost per visitor",
        }
    }

    fn of(&self) -> &'static str {
        match self.outcome {
            Outcome::Revenue => "revenue",
            Outcome::Fires => "fires",
            Outcome::Visitors => "visitors",
        }
    }

    pub(super) fn money(&self, amount: f64) -> String {
        let Some(currency) = self.currency else {
            return number(amount);
        };
        let money = match amount.abs() >= 1000.0 {
            // Cents of thousands are noise.
            true => {
                return format!(
                    "{}{}{}",
                    sign(amount),
                    currency.symbol(),
                    words::count(amount.abs().round() as u64)
                );
            }
            false => Money::of_major(amount, currency),
        };
        money.map_or_else(|| number(amount), |money| words::money(&money))
    }

    /// An amount of the outcome.
    pub(super) fn amount(&self, amount: f64) -> String {
        match self.is_money {
            true => self.money(amount),
            false => number(amount),
        }
    }

    /// `1,200 to 3,400`
    pub(super) fn between(&self, estimate: Estimate) -> String {
        format!(
            "{} to {}",
            self.amount(estimate.low),
            self.amount(estimate.high)
        )
    }

    /// A return on spend; of what is counted what one costs.
    pub(super) fn efficiency(&self, roi: f64) -> String {
        match self.is_money {
            true => format!("{roi:.2}"),
            false if roi > 1e-9 => self.money(1.0 / roi),
            false => "∞".into(),
        }
    }

    pub(super) fn efficiency_between(&self, roi: Estimate) -> String {
        let (low, high) = match self.is_money {
            true => (roi.low, roi.high),
            false => (roi.high, roi.low),
        };
        format!("{} to {}", self.efficiency(low), self.efficiency(high))
    }

    /// `3.2 days`
    pub(super) fn days(&self, days: f64) -> String {
        match days {
            days if days < 0.05 => "at once".into(),
            days if days < 10.0 => format!("{days:.1} days"),
            days => format!("{days:.0} days"),
        }
    }

    /// How long an effect lasts.
    pub(super) fn lasting(&self, half_life: Estimate) -> String {
        let days = |days: f64| self.days(days).replace(" days", "");
        format!(
            "{} ({} to {})",
            self.days(half_life.mean),
            days(half_life.low),
            days(half_life.high)
        )
    }

    /// How near to what it could bring a channel is.
    pub(super) fn fullness(&self, told: &Told) -> String {
        let full = told.fullness;
        let words = match full.mean {
            full if full < 0.35 => "room to grow",
            full if full < 0.65 => "about half full",
            full if full < 0.85 => "getting full",
            _ => "nearly full",
        };
        format!(
            "{words}: {:.0} % ({:.0} to {:.0} %)",
            100.0 * full.mean,
            100.0 * full.low,
            100.0 * full.high
        )
    }

    /// What a curve says.
    pub(super) fn curve(&self, told: &Told, period: &str) -> String {
        let driver = |amount: f64| match told.spend {
            Some(_) => self.money(amount),
            None => format!("{} sessions", number(amount)),
        };
        format!(
            "Now {} a {period}, which bring {} of all it could. Half of that comes of {} ({} to {}). Half of an effect has come after {}.",
            driver(told.now),
            format_args!(
                "{:.0} % ({:.0} to {:.0} %)",
                100.0 * told.fullness.mean,
                100.0 * told.fullness.low,
                100.0 * told.fullness.high
            ),
            driver(told.half.mean),
            driver(told.half.low),
            driver(told.half.high),
            self.lasting(told.half_life)
        )
    }
}

fn sign(amount: f64) -> &'static str {
    if amount < 0.0 { "−" } else { "" }
}

/// `1,250`, `12.4`, `0.031`
fn number(amount: f64) -> String {
    match amount.abs() {
        size if size >= 100.0 => format!("{}{}", sign(amount), words::count(size.round() as u64)),
        size if size >= 1.0 => format!("{amount:.1}").replace('-', "−"),
        0.0 => "0".into(),
        _ => format!("{amount:.3}").replace('-', "−"),
    }
}

/// What a fit says, for somebody who reads one paragraph.
pub(super) fn plainly(fit: &Fit, say: &Words) -> Vec<String> {
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let together = fit.together;
    let mut first = format!(
        "Of {} of {}, all channels together brought about {} ({} to {}); the rest would have come without them.",
        say.amount(fit.outcome),
        say.of(),
        percent(together.mean),
        percent(together.low),
        percent(together.high)
    );
    if let Some(most) = fit
        .paid()
        .max_by(|a, b| a.contribution.mean.total_cmp(&b.contribution.mean))
    {
        first += &format!(
            " Most came from {}: {} ({}).",
            most.name,
            say.amount(most.contribution.mean),
            say.between(most.contribution)
        );
    }
    let next = fit
        .paid()
        .filter_map(|told| Some((told, told.marginal_roi?)));
    if let Some((told, roi)) = next.max_by(|a, b| a.1.mean.total_cmp(&b.1.mean)) {
        let (unit, others) = match say.is_money {
            true => ("brings", "A next unit of money"),
            false => ("buys one for", "The next one"),
        };
        first += &format!(
            " {others} is expected to do most in {}, where it {unit} {} ({}).",
            told.name,
            say.efficiency(roi.mean),
            say.efficiency_between(roi)
        );
    }
    let overlap = overlaps(fit);
    let mut second = "What not to conclude: this is no experiment. It reads ups and downs that came together, so that anything else that moved with a \
                      channel may hide in its figure. Intervals hold 94 % of what is possible by the model, not by the world."
        .to_owned();
    if let Some((a, b)) = overlap {
        second += &format!(
            " {a} and {b} lie inside each other's intervals: don't move money from one to the other because of this page alone."
        );
    }
    second += " Spend far beyond what was ever spent is a guess. To be surer, switch one channel off or up for two weeks and put what came of it in \
               under More.";
    vec![first, second]
}

/// The two channels that look best and can't be told apart.
fn overlaps(fit: &Fit) -> Option<(&str, &str)> {
    let mut all: Vec<(&str, Estimate)> = fit
        .paid()
        .filter_map(|told| Some((&*told.name, told.roi?)))
        .collect();
    all.sort_by(|a, b| b.1.mean.total_cmp(&a.1.mean));
    let ((a, first), (b, second)) = (all.first()?, all.get(1)?);
    (second.high > first.mean || first.low < second.mean).then_some((*a, *b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn efficiency_is_a_return_or_a_cost() {
        let mut say = Words {
            is_money: true,
            currency: Some(Currency::EUR),
            outcome: Outcome::Revenue,
        };
        let roi = Estimate {
            mean: 2.0,
            low: 0.5,
            high: 4.0,
        };
        assert_eq!(
            (say.efficiency(2.0), say.efficiency_between(roi)),
            ("2.00".into(), "0.50 to 4.00".into())
        );
        assert_eq!(
            (say.amount(1_234_567.8), say.amount(-12.5)),
            ("€1,234,568".into(), "−€12.50".into())
        );
        say.is_money = false;
        say.outcome = Outcome::Fires;
        assert_eq!(
            (say.efficiency(0.1), say.efficiency_between(roi)),
            ("€10.00".into(), "€0.25 to €2.00".into())
        );
        assert_eq!(
            (say.amount(1234.4), say.amount(12.34), say.amount(0.0)),
            ("1,234".into(), "12.3".into(), "0".into())
        );
    }
}
