//! Lines of a question: a channel, and what is said of it, colons between them.

use jiff::civil::Date;

use super::budget::Bounds;
use super::question::{Control, Event};
use super::series::{Driver, Lift, Prior};
use crate::account::control::file::{self, ELSE_ZERO};
use crate::query::channel;

/// Characters of an event's name.
const NAME: usize = 100;

pub(super) fn channel_named(text: &str) -> Result<String, String> {
    let known = channel::all().find(|known| known.eq_ignore_ascii_case(text.trim()));
    known.map(str::to_owned).ok_or_else(|| {
        let all: Vec<_> = channel::all().collect();
        format!("there is no such channel; there are {}", all.join(", "))
    })
}

/// The channel that stands first, and the texts behind it.
fn parts<const PARTS: usize>(
    text: &str,
    wanted: &str,
) -> Result<(String, [String; PARTS]), String> {
    let mut parts = text
        .splitn(PARTS + 1, ':')
        .map(|part| part.trim().to_owned());
    let channel = channel_named(&parts.next().unwrap_or_default())?;
    let rest: Vec<String> = parts.collect();
    let rest = rest.try_into().map_err(|_| format!("wanted {wanted}"))?;
    Ok((channel, rest))
}

fn number(text: &str) -> Result<f64, String> {
    let number = text
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite() && number.abs() <= 1e12);
    number.ok_or_else(|| format!("{text:.40?} is no number"))
}

pub(super) fn above_nothing(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let number = number(text)?;
    match (least..=most).contains(&number) {
        true => Ok(number),
        false => Err(format!("{text:.40?} is not between {least} and {most}")),
    }
}

fn day(text: &str) -> Result<Date, String> {
    let is_form = text.len() == 10 && text.is_ascii();
    let day = is_form.then(|| text.parse().ok()).flatten();
    day.ok_or_else(|| format!("{text:.40?} is no day; wanted is YYYY-MM-DD"))
}

/// Two days with two points between them, or one.
fn days(text: &str) -> Result<(Date, Date), String> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let (from, to) = (day(from.trim())?, day(to.trim())?);
    match from <= to {
        true => Ok((from, to)),
        false => Err(format!("{from} lies after {to}")),
    }
}

pub(super) fn bound(text: &str) -> Result<(String, Bounds), String> {
    let (channel, [least, most]) = parts(
        text,
        "a channel, the least and the most a period, as Paid Search:100:900",
    )?;
    let (least, most) = (
        above_nothing(&least, 0.0, 1e12)?,
        above_nothing(&most, 0.0, 1e12)?,
    );
    match least <= most {
        true => Ok((channel, Bounds { least, most })),
        false => Err(format!("{least} is more than {most}")),
    }
}

pub(super) fn driver(text: &str) -> Result<(String, Driver), String> {
    let (channel, [by]) = parts(
        text,
        "a channel and spend, impressions or clicks, as Paid Search:clicks",
    )?;
    let known = [Driver::Spend, Driver::Impressions, Driver::Clicks];
    let by = known.into_iter().find(|driver| driver.name() == by);
    let by = by.ok_or("wanted spend, impressions or clicks behind the channel")?;
    Ok((channel, by))
}

pub(super) fn prior(text: &str) -> Result<Prior, String> {
    let (channel, [median, spread]) = parts(
        text,
        "a channel, a number above 0 and how far off its logarithm may be, as Paid Search:2:0.5",
    )?;
    Ok(Prior {
        channel,
        median: above_nothing(&median, 1e-6, 1e9)?,
        spread: above_nothing(&spread, 0.05, 3.0)?,
    })
}

pub(super) fn measured(text: &str) -> Result<Lift, String> {
    let (channel, [value, error]) = parts(
        text,
        "a channel, what was measured and its standard error, as Paid Search:2.4:0.3",
    )?;
    let value = above_nothing(&value, 1e-6, 1e9)?;
    let error = above_nothing(&error, 1e-3 * value, 2.0 * value)?;
    Ok(Lift {
        channel,
        when: None,
        value,
        error,
    })
}

pub(super) fn lift(text: &str) -> Result<Lift, String> {
    let wanted = "a channel, days, the change of its driver, what the outcome changed by and the standard error of that, as \
                  Paid Search:2026-03-02..2026-03-15:-1:-4000:900";
    let (channel, [when, change, value, error]) = parts(text, wanted)?;
    let (from, to) = days(&when)?;
    let change = above_nothing(&change, -1.0, 100.0)?;
    if change == 0.0 {
        return Err("a change of 0 changes nothing".into());
    }
    Ok(Lift {
        channel,
        when: Some((from, to, change)),
        value: number(&value)?,
        error: above_nothing(&error, 1e-6, 1e12)?,
    })
}

pub(super) fn control(text: &str) -> Result<Control, String> {
    let (name, holds) = match text.strip_suffix(ELSE_ZERO) {
        Some(name) => (name, false),
        None => (text, true),
    };
    Ok(Control {
        name: file::name(name)?,
        holds,
    })
}

pub(super) fn event(text: &str) -> Result<Event, String> {
    let wanted = || {
        "wanted a name and days, as Sale:2026-11-27..2026-11-30, with :2.5 behind it where it has a strength".to_owned()
    };
    let (name, when) = text.split_once(':').ok_or_else(wanted)?;
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME || name.chars().any(char::is_control) {
        return Err(format!("wanted are 1 to {NAME} characters as its name"));
    }
    let (when, value) = match when.split_once(':') {
        None => (when, 1.0),
        Some((when, value)) => (when, number(value.trim())?),
    };
    let (from, to) = days(when)?;
    Ok(Event {
        name: name.into(),
        from,
        to,
        value,
    })
}
