//! Rows of spend: what each column may say.

use iso_currency::Currency;
use jiff::civil::Date;

use super::Spend;
use crate::account::sheet::{self, Written};
use crate::store::event::Money;

/// Characters of a source or campaign, as an event keeps them.
const CHARACTERS: usize = 200;

/// The most of an amount, in smallest units, so that no sum of rows is too large to count.
const MOST: i64 = 1_000_000_000_000;

/// What rows are checked against.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The channels that there are.
    pub channels: &'a [&'static str],
    /// The last day for which money may have been spent.
    pub last: Date,
}

impl sheet::Row for Spend {
    const COLUMNS: &'static [&'static str] = &[
        "date",
        "channel",
        "amount",
        "currency",
        "source",
        "campaign",
        "impressions",
        "clicks",
    ];
    const NEEDED: usize = 4;
    const MOST: usize = 100_000;
    const TWICE: (&'static str, &'static str) = (
        "day, channel, source and campaign",
        "add the two up, or say what differs as source or campaign",
    );
    type Known<'a> = Known<'a>;
    type Key = (Date, String, String, String);

    fn read(written: &Written, known: &Known, has_commas: bool) -> Result<Spend, String> {
        row(written, known, has_commas)
    }

    fn key(&self) -> Self::Key {
        let Spend {
            channel,
            source,
            campaign,
            ..
        } = self.clone();
        (self.day, channel, source, campaign)
    }
}

fn row(written: &Written, known: &Known, has_commas: bool) -> Result<Spend, String> {
    let text = |column: usize| written.get(column).map_or("", String::as_str);
    let (day, channel, amount, code) = (text(0), text(1), text(2), text(3));
    let named = known.channels.iter();
    let channel = match named
        .clone()
        .find(|name| name.eq_ignore_ascii_case(channel))
    {
        Some(name) => (*name).to_owned(),
        None => {
            let hint = sheet::nearest(channel, known.channels).map_or_else(
                || format!("there are {}", known.channels.join(", ")),
                |known| format!("{known} may be meant"),
            );
            return Err(format!("channel: {channel:.60?} is none; {hint}"));
        }
    };
    let currency = sheet::currency("currency", code)?;
    Ok(Spend {
        day: sheet::date(day, known.last)?,
        channel,
        source: named_by("source", text(4))?,
        campaign: named_by("campaign", text(5))?,
        money: money(amount, currency, has_commas)?,
        impressions: number("impressions", text(6))?,
        clicks: number("clicks", text(7))?,
    })
}

fn named_by(what: &str, text: &str) -> Result<String, String> {
    match text.chars().count() > CHARACTERS || text.contains(char::is_control) {
        true => Err(format!(
            "{what}: wanted are at most {CHARACTERS} characters on one line"
        )),
        false => Ok(text.to_owned()),
    }
}

fn number(what: &str, text: &str) -> Result<Option<u64>, String> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() <= 12;
    match is_number {
        true if text.is_empty() => Ok(None),
        true => Ok(text.parse().ok()),
        false => Err(format!(
            "{what}: {text:.40?} is no count; wanted is a whole number such as 1250"
        )),
    }
}

/// An amount to the last digit: never by way of a binary fraction.
fn money(text: &str, currency: Currency, has_commas: bool) -> Result<Money, String> {
    let exponent = usize::from(currency.exponent().unwrap_or(0));
    let such = match exponent {
        0 => "1250".to_owned(),
        digits => format!("1250.{:0<digits$}", "5"),
    };
    if text.starts_with(['-', '−']) {
        return Err(format!(
            "amount: {text:.40?} is below 0; spend is 0 or more: take what was paid back off the day it was spent on"
        ));
    }
    let plain = sheet::plain(text, has_commas);
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(part) || plain.ends_with('.') {
        return Err(format!(
            "amount: {text:.40?} is no number; wanted are digits and a point, such as {such}, without signs or spaces"
        ));
    }
    if part.len() > exponent {
        return Err(format!(
            "amount: {text:.40?} has {} digits behind the point; {} has {exponent}, such as {such}",
            part.len(),
            currency.code()
        ));
    }
    let digits = format!("{whole}{part:0<exponent$}");
    let minor = digits.parse().ok().filter(|minor| *minor <= MOST);
    let minor = minor.ok_or_else(|| {
        let most = MOST / 10i64.pow(exponent as u32);
        format!("amount: {text:.40?} is more than {most}, the most that a row may have")
    })?;
    Ok(Money { minor, currency })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
