//! Which days a reading is of and which stand beside them, from all that were said; and the usual ones where none were.

use super::parse::Parse;
use super::period::{Period, Shape, Unit};
use super::reading::{Compare, Outcome, Reading, What};
use super::when::Days;
use crate::query::dimension::{Dimension, Named};

/// The days, and those beside.
pub(super) fn days_of(parse: &mut Parse) -> Result<(Option<Period>, Option<Compare>), Outcome> {
    let today = parse.today;
    let said = parse.periods();
    let compares = parse.signs.compares || parse.signs.change.is_some();
    let parts = parse.days.iter().find_map(|(from, _, days)| match days {
        Days::Range(first, last, _) => Some((*from, (**first).clone(), (**last).clone())),
        _ => None,
    });
    // "how did it change between May and June"
    if let (1, Some((from, first, last))) = (said.len(), parts)
        && compares
        && (parse.is(from, &["between", "from"]) || parse.signs.compares)
        && first.shape == last.shape
        && !matches!(first.shape, Shape::Whole(Unit::Day, _))
        && parse.signs.previous.is_none()
    {
        let (later, earlier) = if first.from > last.from {
            (first, last)
        } else {
            (last, first)
        };
        return Ok((Some(later), Some(Compare::Days(earlier))));
    }
    if let Some(unit) = parse.signs.same {
        return same_days(
            said.into_iter().next().map(|(_, _, period)| period),
            unit,
            today,
        );
    }
    if let Some((is_year, unit)) = parse.signs.previous {
        let main = match (said.into_iter().next(), unit) {
            (Some((_, _, period)), _) => Some(period),
            (None, Some(unit)) if parse.signs.versus.is_empty() || !is_year => {
                let has_connector = parse.says(&["vs", "versus", "compared", "against", "than"]);
                Some(match (unit, has_connector) {
                    (Unit::Day, false) => Period {
                        label: "yesterday".into(),
                        ..Period::day(today.yesterday().unwrap_or(today))
                    },
                    (Unit::Day, true) => Period {
                        label: "today".into(),
                        ..Period::day(today)
                    },
                    (Unit::Year, false) if is_year => Period::this(Unit::Year, today),
                    (unit, true) => Period::this(unit, today),
                    (unit, false) => {
                        Period::before(format!("last_{}", unit_name(unit)), unit, 1, today)
                    }
                })
            }
            (None, _) => {
                let units = [
                    ("same week", Unit::Week),
                    ("same month", Unit::Month),
                    ("same quarter", Unit::Quarter),
                ];
                let same = units.iter().find(|(words, _)| parse.says(&[words]));
                same.map(|(_, unit)| Period::this(*unit, today))
            }
        };
        let compare = if is_year {
            Compare::YearBefore
        } else {
            Compare::Previous
        };
        return Ok((main, Some(compare)));
    }
    let versus = !parse.signs.versus.is_empty();
    // "how did it develop per month": a row each tells it.
    let is_told = parse.signs.change == Some(None)
        && !versus
        && parse.dimensions.iter().any(|by| by.dimension.is_time());
    let changes = parse.signs.change.is_some() && !is_told;
    match &*said {
        [] => Ok((None, changes.then_some(Compare::Previous))),
        [(from, _, only)] => {
            let (_, before) = parse.before(*from, &["the", "in", "on", "for", "of"]);
            let leads = [
                "to", "with", "than", "the", "in", "on", "for", "of", "from", "over", "against",
                "what", "it", "was", "were", "we", "had", "our", "that",
            ];
            let follows = |at: &usize| at < from && (at + 1..*from).all(|at| parse.is(at, &leads));
            let is_other = versus && parse.signs.versus.iter().any(follows)
                || versus
                    && (matches!(
                        before,
                        "to" | "with" | "than" | "vs" | "versus" | "vs." | "against" | "v"
                    ))
                    && parse
                        .signs
                        .versus
                        .iter()
                        .any(|at| at < from && from - at <= 4);
            if is_other {
                let main = match (&*only.label, only.shape) {
                    ("yesterday", _) => Some(Period {
                        label: "today".into(),
                        ..Period::day(today)
                    }),
                    (
                        "last_week" | "last_month" | "last_quarter" | "last_year",
                        Shape::Whole(unit, 1),
                    ) => Some(Period::this(unit, today)),
                    _ => None,
                };
                return match main {
                    Some(main) => Ok((Some(main), Some(Compare::Previous))),
                    None => Ok((None, Some(Compare::Days(only.clone())))),
                };
            }
            let has_other = parse.goals.len() > 1
                || parse
                    .values
                    .iter()
                    .any(|value| value.condition.values.len() > 1)
                || parse.models.len() > 1;
            // "compare channels": with each other
            let compares_rows = (0..parse.words.len()).any(|at| {
                parse.is(at, &["compare"])
                    && parse
                        .dimensions
                        .iter()
                        .any(|by| (at + 1..at + 4).contains(&by.at) && by.is_plural)
            });
            let plain_compare = !compares_rows
                && parse.signs.compares
                && !has_other
                && parse.signs.end.is_none()
                && !versus;
            Ok((
                Some(only.clone()),
                (changes || plain_compare).then_some(Compare::Previous),
            ))
        }
        [(_, end, first), (begin, _, second), ..] => {
            if said.len() > 2 {
                return Err(Outcome::Choose(
                    "Which days?".into(),
                    vec!["period"],
                    Vec::new(),
                ));
            }
            let between: Vec<&str> = (*end..*begin).map(|at| parse.low(at)).collect();
            if parse.goals.len() > 1 && !versus && !compares {
                return Err(Outcome::Choose(
                    "Goals of different days are asked for one after the other".into(),
                    vec!["period"],
                    Vec::new(),
                ));
            }
            let joined = versus
                || compares
                || parse.signs.is_comparative
                || between.contains(&"and")
                || between.contains(&"or")
                || between.contains(&"from");
            if !joined {
                // "in June 2026 on Monday": one within the other.
                let inner = match (first.from, second.from) {
                    (Some(a), Some(b)) if b >= a && second.to <= first.to => Some(second.clone()),
                    (Some(a), Some(b)) if a >= b && first.to <= second.to => Some(first.clone()),
                    _ => None,
                };
                return inner.map(|inner| (Some(inner), None)).ok_or_else(|| {
                    Outcome::Choose("Which days?".into(), vec!["period"], Vec::new())
                });
            }
            let (later, earlier) = if first.from >= second.from {
                (first, second)
            } else {
                (second, first)
            };
            let is_relative = |label: &str| {
                label.starts_with("last_")
                    || label.ends_with("_before_last")
                    || label.starts_with("this_")
                    || label == "yesterday"
                    || label == "today"
            };
            let is_before = match later.shape {
                Shape::ToDate(unit) => {
                    earlier.shape == Shape::Whole(unit, 1)
                        && later.from.and_then(|from| from.yesterday().ok()) == Some(earlier.to)
                }
                _ => later.previous() == earlier.from.map(|from| (from, earlier.to)),
            };
            let is_year = earlier.label == "last_year"
                && !matches!(
                    later.shape,
                    Shape::ToDate(Unit::Year) | Shape::Whole(Unit::Year, _) | Shape::All
                );
            let compare = if is_year {
                Compare::YearBefore
            } else if is_before && (is_relative(&earlier.label) && is_relative(&later.label)) {
                Compare::Previous
            } else {
                Compare::Days(earlier.clone())
            };
            Ok((Some(later.clone()), Some(compare)))
        }
    }
}

/// "yesterday vs the same day last week": as far from the days as the unit is long.
fn same_days(
    main: Option<Period>,
    unit: Unit,
    today: jiff::civil::Date,
) -> Result<(Option<Period>, Option<Compare>), Outcome> {
    let main = main.unwrap_or_else(|| Period::this(unit, today));
    if main.shape == Shape::ToDate(unit) {
        return Ok((Some(main), Some(Compare::Previous)));
    }
    let back = super::period::span(unit, 1);
    let other = match (main.shape, main.from) {
        (Shape::All | Shape::Hours(_), _) | (_, None) => {
            return Err(Outcome::Choose(
                "Which days?".into(),
                vec!["period"],
                Vec::new(),
            ));
        }
        (_, Some(from)) => {
            let (from, to) = (from.saturating_sub(back), main.to.saturating_sub(back));
            let label = if from == to {
                from.to_string()
            } else {
                format!("{from}..{to}")
            };
            Period::days(label, from, to)
        }
    };
    Ok((Some(main), Some(Compare::Days(other))))
}

pub(super) fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Hour => "hour",
        Unit::Day => "day",
        Unit::Week => "week",
        Unit::Month => "month",
        Unit::Quarter => "quarter",
        Unit::Year => "year",
    }
}

pub(super) fn in_days(number: u32, unit: Unit) -> u32 {
    number.saturating_mul(match unit {
        Unit::Week => 7,
        Unit::Month => 30,
        Unit::Quarter => 90,
        Unit::Year => 365,
        Unit::Hour | Unit::Day => 1,
    })
}

pub(super) fn in_months(number: u32, unit: Unit) -> u32 {
    match unit {
        Unit::Year => number.saturating_mul(12),
        Unit::Month => number,
        Unit::Quarter => number.saturating_mul(3),
        unit => (in_days(number, unit) / 30).max(1),
    }
}

/// The days where none are named, and what days the kind of question wants.
pub(super) fn default_days(parse: &Parse, reading: &mut Reading) -> Result<(), Outcome> {
    let today = parse.today;
    // "last 8 weeks" split by week are weeks of the calendar.
    let by_week = reading.by.contains(&Dimension::Named(Named::Week))
        || matches!(reading.what, What::Retention(Unit::Week, _));
    if let Some(period) = &mut reading.period
        && by_week
        && let Shape::Whole(Unit::Day, days) = period.shape
        && days % 7 == 0
        && period.label == format!("last_{days}d")
        && parse.says(&["weeks", "wks"])
    {
        *period = Period::last(Unit::Week, days / 7, today);
    }
    if reading.period.is_some() {
        return match (&reading.period, &reading.compare) {
            (Some(Period { from: None, .. }), Some(_))
                if !matches!(reading.what, What::Figure(_)) =>
            {
                Ok(())
            }
            (Some(Period { from: None, .. }), Some(Compare::Previous | Compare::YearBefore)) => {
                Err(Outcome::Choose(
                    "All days have none before them; which are compared?".into(),
                    vec!["period"],
                    Vec::new(),
                ))
            }
            _ => Ok(()),
        };
    }
    let (period, told) = match reading.what {
        What::Goals | What::Help | What::Mix(_) => return Ok(()),
        What::First | What::Last | What::Predicted(_) => (Period::all(today), None),
        What::Lifetime(_) | What::Retention(..) => (default_period(today, 90), Some("90")),
        _ => (default_period(today, 30), Some("30")),
    };
    reading.period = Some(period);
    if let Some(days) = told {
        reading
            .assumed
            .push(format!("no days were named: the last {days} before today"));
    }
    Ok(())
}

pub(super) fn default_period(today: jiff::civil::Date, days: i32) -> Period {
    Period::last(Unit::Day, days, today)
}
