//! Figures and times as people read them.

use crate::query::answer::{Figure, Total};
use crate::query::metric::Metric;
use crate::store::event::Money;

/// `12,410`
pub(super) fn count(number: u64) -> String {
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
pub(super) fn money(money: &Money) -> String {
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

/// Roughly so much: of large sums whole units.
fn about(sum: &Money) -> String {
    let exponent = u32::from(sum.currency.exponent().unwrap_or(0));
    let unit = 10i64.pow(exponent);
    if sum.minor.unsigned_abs() < 1000 * unit.unsigned_abs() {
        return format!("≈ {}", money(sum));
    }
    let whole = (sum.minor as f64 / unit as f64).round() as i64;
    let sign = if whole < 0 { "−" } else { "" };
    let symbol = sum.currency.symbol();
    format!("≈ {sign}{symbol}{}", count(whole.unsigned_abs()))
}

/// A number in few characters: `1.5 M`, `12 k`, `1,250`, `0.75`
pub(super) fn few(number: f64) -> String {
    match number {
        n if n >= 1_000_000.0 => format!("{} M", trimmed(n / 1_000_000.0)),
        n if n >= 10_000.0 => format!("{} k", trimmed(n / 1000.0)),
        n if n.fract() == 0.0 => count(n as u64),
        n => trimmed(n),
    }
}

/// Two digits behind the point at the most.
pub(super) fn trimmed(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `4.7 %`; a dash of nothing.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".into(), |share| format!("{:.1} %", share * 100.0))
}

/// `2 m 05 s`, `48 s`, `1 h 02 m`
pub(super) fn duration(seconds: Option<f64>) -> String {
    let Some(seconds) = seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0) else {
        return "–".into();
    };
    let seconds = seconds.round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} m {s:02} s"),
        (h, m, _) if h < 48 => format!("{h} h {m:02} m"),
        (h, _, _) => format!("{} days", h / 24),
    }
}

/// A figure of a metric with its unit.
pub(super) fn figure(metric: Metric, figure: &Figure) -> String {
    match figure {
        Figure::Count(number) => count(*number),
        Figure::Ratio(ratio) => match metric {
            Metric::SessionDuration => duration(*ratio),
            Metric::PagesPerSession => {
                ratio.map_or_else(|| "–".into(), |ratio| format!("{ratio:.1}"))
            }
            _ => percent(*ratio),
        },
        Figure::Money(sums) if sums.is_empty() => "–".into(),
        Figure::Money(sums) => sums.iter().map(money).collect::<Vec<_>>().join(" + "),
        Figure::Total(sums) => total(sums),
        Figure::Average(averages) if averages.is_empty() => "–".into(),
        Figure::Average(averages) => {
            let average = |(amount, currency): &(f64, iso_currency::Currency)| {
                let digits = usize::from(currency.exponent().unwrap_or(0));
                format!("{}{amount:.digits$}", currency.symbol())
            };
            averages.iter().map(average).collect::<Vec<_>>().join(", ")
        }
    }
}

/// One sum, roughly where rates made it, and what they don't reach beside it.
fn total(total: &Total) -> String {
    let is_there = |sum: &&Money| sum.minor != 0 || !total.changed.is_empty();
    let own = total
        .sum
        .as_ref()
        .filter(is_there)
        .map(|sum| match total.changed.is_empty() {
            true => money(sum),
            false => about(sum),
        });
    let all: Vec<_> = own
        .into_iter()
        .chain(total.left.iter().map(money))
        .collect();
    match all.is_empty() {
        true => "–".into(),
        false => all.join(" + "),
    }
}

/// What a sum is made of, where rates made it.
pub(super) fn made_of(figure: &Figure) -> Option<String> {
    match figure {
        Figure::Total(total) if !total.changed.is_empty() => {
            let parts: Vec<_> = total.changed.iter().map(money).collect();
            Some(format!("With {} by rates", parts.join(" and ")))
        }
        _ => None,
    }
}

/// A figure as a number to draw and to compare; money of several currencies is its first.
pub(super) fn number(figure: &Figure) -> f64 {
    match figure {
        Figure::Count(number) => *number as f64,
        Figure::Ratio(ratio) => ratio.unwrap_or_default(),
        Figure::Money(sums) => sums.first().map_or(0.0, Money::major),
        Figure::Total(total) => {
            let sum = total.sum.as_ref().filter(|sum| sum.minor != 0);
            sum.or(total.left.first()).map_or(0.0, Money::major)
        }
        Figure::Average(averages) => averages.first().map_or(0.0, |(amount, _)| *amount),
    }
}

/// What a figure is called.
pub(super) fn metric(metric: Metric) -> &'static str {
    match metric {
        Metric::Fires => "Goals",
        Metric::Visitors => "Visitors",
        Metric::People => "People",
        Metric::Sessions => "Sessions",
        Metric::Pageviews => "Page views",
        Metric::ConversionRate => "Conversion rate",
        Metric::Revenue | Metric::TotalRevenue => "Revenue",
        Metric::AverageValue => "Average value",
        Metric::BounceRate => "Bounce rate",
        Metric::SessionDuration => "Visit duration",
        Metric::PagesPerSession => "Pages a visit",
    }
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

    #[test]
    fn times_are_short() {
        for (seconds, expected) in [
            (Some(0.4), "0 s"),
            (Some(125.2), "2 m 05 s"),
            (Some(3725.0), "1 h 02 m"),
            (Some(900_000.0), "10 days"),
            (None, "–"),
        ] {
            assert_eq!(duration(seconds), expected);
        }
    }
}
