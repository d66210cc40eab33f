//! What a fit is made of, as numbers a period, and whether it can be made at all.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::curve::{Saturation, adstock};
use super::design::{Design, Grain, columns, dot};
use super::model::{Channel, Effect, Experiment, Input, Reading};

/// Days that a fit needs at the least: twelve weeks.
pub const DAYS: usize = 84;

/// Channels that it may have.
pub const CHANNELS: usize = 12;

/// What of the outcome paid channels are thought to bring together beforehand, where that is counted and no cost per goal is said.
const COUNTED: f64 = 0.25;

/// What of the outcome a channel without spend is thought to bring beforehand, and how far off that may be.
const ORGANIC: (f64, f64) = (0.05, 1.0);

/// The logarithm of the return on spend that is expected beforehand, and its standard deviation.
pub const RETURN: (f64, f64) = (0.2, 0.9);

/// From this correlation on two channels can hardly be told apart, and from the other not at all.
const ALIKE: f64 = 0.9;
const SAME: f64 = 0.985;

/// What drives a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    #[allow(missing_docs)]
    Spend,
    #[allow(missing_docs)]
    Impressions,
    #[allow(missing_docs)]
    Clicks,
    /// Of a channel that costs nothing.
    Sessions,
}

impl Driver {
    /// Its name in an address.
    pub fn name(self) -> &'static str {
        match self {
            Driver::Spend => "spend",
            Driver::Impressions => "impressions",
            Driver::Clicks => "clicks",
            Driver::Sessions => "sessions",
        }
    }
}

/// A channel's numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Driven {
    #[allow(missing_docs)]
    pub name: String,
    #[allow(missing_docs)]
    pub by: Driver,
    /// A number a period.
    pub driver: Vec<f64>,
    /// What it cost, a number a period, in major units.
    pub spend: Option<Vec<f64>>,
}

/// All numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// The first period's first day.
    pub first: Date,
    #[allow(missing_docs)]
    pub weekly: bool,
    /// A number a period; money in major units.
    pub outcome: Vec<f64>,
    #[allow(missing_docs)]
    pub channels: Vec<Driven>,
    /// What was told of days: a name and a number a period.
    pub events: Vec<(String, Vec<f64>)>,
}

/// What is thought of a channel beforehand: the middle and the standard deviation of the logarithm of its return, or of how
/// many come of a unit of money.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    #[allow(missing_docs)]
    pub channel: String,
    #[allow(missing_docs)]
    pub median: f64,
    #[allow(missing_docs)]
    pub spread: f64,
}

/// A lift experiment of a channel, on days.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lift {
    #[allow(missing_docs)]
    pub channel: String,
    /// The days, the change of the driver in parts of it; none where the return itself was measured.
    pub when: Option<(Date, Date, f64)>,
    /// What was measured.
    pub value: f64,
    #[allow(missing_docs)]
    pub error: f64,
}

/// What a fit is told beside its numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Whether the outcome is money.
    pub is_money: bool,
    #[allow(missing_docs)]
    pub priors: Vec<Prior>,
    #[allow(missing_docs)]
    pub lifts: Vec<Lift>,
    /// What chance comes from.
    pub seed: u64,
}

impl Series {
    #[allow(missing_docs)]
    pub fn grain(&self) -> Grain {
        match self.weekly {
            true => Grain::Week,
            false => Grain::Day,
        }
    }

    #[allow(missing_docs)]
    pub fn periods(&self) -> usize {
        self.outcome.len()
    }

    /// The first day of a period.
    pub fn day(&self, period: usize) -> Date {
        let days = (period * self.grain().days()) as i64;
        self.first.checked_add(days.days()).unwrap_or(Date::MAX)
    }

    /// The last day of the last period.
    pub fn last(&self) -> Date {
        self.day(self.periods()).saturating_sub(1.day())
    }

    /// Periods in thirteen weeks, which what is spent now is told by: channels may run in flights.
    pub fn lately(&self) -> usize {
        91 / self.grain().days()
    }

    /// "day" or "week".
    pub fn period_word(&self) -> &'static str {
        match self.weekly {
            true => "week",
            false => "day",
        }
    }

    /// In which period a day lies.
    fn period(&self, day: Date) -> Option<usize> {
        let days = (day - self.first).get_days();
        let period = usize::try_from(days).ok()? / self.grain().days();
        (period < self.periods()).then_some(period)
    }

    /// What a model of the first `fitted` periods is made of.
    pub fn input(&self, settings: &Settings, fitted: usize) -> Input {
        let mean = self.outcome.iter().take(fitted).sum::<f64>() / fitted.max(1) as f64;
        let money = |channel: &Driven| -> f64 {
            let spend = channel.spend.iter().flatten();
            spend.take(fitted).sum()
        };
        let all_money: f64 = self.channels.iter().map(money).sum();
        let all = mean * fitted as f64;
        let channel = |channel: &Driven| {
            let prior = settings
                .priors
                .iter()
                .find(|prior| prior.channel == channel.name);
            let (per, usual) = match (&channel.spend, settings.is_money) {
                (None, _) => (all, (ORGANIC.0.ln(), ORGANIC.1)),
                (Some(_), true) => (money(channel), RETURN),
                (Some(_), false) => (money(channel), ((COUNTED * all / all_money).ln(), RETURN.1)),
            };
            let (mean, sd) = prior.map_or(usual, |prior| (prior.median.ln(), prior.spread));
            Channel::new(
                &channel.name,
                channel.driver.clone(),
                channel.spend.clone(),
                Effect::Total { per, mean, sd },
            )
        };
        Input {
            outcome: self.outcome.clone(),
            channels: self.channels.iter().map(channel).collect(),
            columns: columns(self.first, self.periods(), self.grain(), &self.events),
            experiments: self.experiments(settings, fitted),
            saturation: Saturation::Hill,
            reach: None,
            scale: mean,
            noise: 0.5,
            fitted,
        }
    }

    /// Experiments that lie within the fitted periods.
    fn experiments(&self, settings: &Settings, fitted: usize) -> Vec<Experiment> {
        let experiment = |lift: &Lift| {
            let named = |channel: &Driven| channel.name == lift.channel;
            let channel = self.channels.iter().position(named)?;
            let (value, error) = (lift.value, lift.error);
            let reading = match lift.when {
                None => Reading::Return { value, error },
                Some((from, to, change)) => Reading::Lift {
                    from: self.period(from)?,
                    to: (self.period(to)? + 1).min(fitted),
                    change,
                    value,
                    error,
                },
            };
            let is_inside = match reading {
                Reading::Lift { from, to, .. } => from < to,
                Reading::Return { .. } => true,
            };
            is_inside.then_some(Experiment { channel, reading })
        };
        settings.lifts.iter().filter_map(experiment).collect()
    }

    /// Why no fit can be made, and what would help.
    ///
    /// # Errors
    /// That, in words.
    pub fn check(&self) -> Result<(), String> {
        let (periods, word) = (self.periods(), self.period_word());
        let days = periods * self.grain().days();
        if days < DAYS {
            return Err(format!(
                "There are {days} days of data, and at least {DAYS} (twelve weeks) are needed to tell spend from the time of the year. \
                 Choose a longer range, or come back when more has been counted."
            ));
        }
        if self.channels.iter().all(|channel| channel.spend.is_none()) {
            return Err("No channel has any spend in this range. Send what channels cost by day at /settings/spend.".into());
        }
        if self.channels.len() > CHANNELS {
            return Err(format!(
                "There are {} channels; more than {CHANNELS} can't be told apart by one outcome. Name those that matter.",
                self.channels.len()
            ));
        }
        let (least, most) = ends(&self.outcome);
        if least == most {
            return Err(format!(
                "The outcome is the same each {word}, so that nothing can be said of what moves it. Choose another goal or a longer range."
            ));
        }
        for channel in &self.channels {
            let (least, most) = ends(&channel.driver);
            if most <= 0.0 {
                return Err(format!(
                    "{} has no {} in this range. Leave it out, or send its numbers.",
                    channel.name,
                    channel.by.name()
                ));
            }
            if (most - least) < 0.05 * most {
                return Err(format!(
                    "{} never varies: each {word} has about the same {}, so that what it brings can't be told from what would come anyway. \
                     Pause it, or halve it, for two weeks in some places or at some times; or leave it out.",
                    channel.name,
                    channel.by.name()
                ));
            }
        }
        match self
            .alike()
            .into_iter()
            .find(|(_, _, alike)| alike.abs() >= SAME)
        {
            Some((a, Some(b), alike)) => Err(format!(
                "{a} and {b} move together (correlation {alike:.2}): no data of this range can say which of them brought what. \
                 Take them as one, leave one out, or change one without the other for some weeks."
            )),
            Some((a, None, _)) => Err(format!(
                "{a} follows the trend and the time of the year so closely that what it brings can't be told from them. \
                 Change its spend at another time than usual for some weeks; or leave it out."
            )),
            None => Ok(()),
        }
    }

    /// How alike channels are once trend and season are taken away, two by two; and how alike each is to these.
    fn alike(&self) -> Vec<(&str, Option<&str>, f64)> {
        let periods = self.periods();
        let design = Design::new(
            columns(self.first, periods, self.grain(), &[]),
            periods,
            periods,
        );
        let norm = |line: &[f64]| dot(line, line).sqrt();
        let mut found = Vec::new();
        let mut lines: Vec<(&str, Vec<f64>)> = Vec::new();
        for channel in &self.channels {
            let mut line = adstock(&channel.driver, 0.3, None);
            let mean = line.iter().sum::<f64>() / periods as f64;
            line.iter_mut().for_each(|value| *value -= mean);
            let before = norm(&line);
            for column in &design.basis {
                let along = dot(column, &line);
                line.iter_mut()
                    .zip(column)
                    .for_each(|(value, by)| *value -= along * by);
            }
            let left = norm(&line) / before.max(f64::MIN_POSITIVE);
            found.push((&*channel.name, None, (1.0 - left * left).max(0.0).sqrt()));
            lines.push((&channel.name, line));
        }
        for (at, (a, line)) in lines.iter().enumerate() {
            for (b, other) in &lines[at + 1..] {
                let both = (norm(line) * norm(other)).max(f64::MIN_POSITIVE);
                found.push((*a, Some(*b), dot(line, other) / both));
            }
        }
        found
    }

    /// What to be careful about, in words.
    pub fn warnings(&self) -> Vec<String> {
        let mut all = Vec::new();
        let word = self.period_word();
        let days = self.periods() * self.grain().days();
        if days < 350 {
            all.push(format!(
                "{days} days are less than a year: what the time of the year does can't be told well from what channels do."
            ));
        }
        for (a, b, alike) in self.alike() {
            match b {
                Some(b) if alike.abs() >= ALIKE => all.push(format!(
                    "{a} and {b} move together (correlation {alike:.2}): trust what they bring together more than each alone."
                )),
                None if alike >= 0.95 => all.push(format!(
                    "{a} follows the trend and the time of the year: part of what it brings may be theirs, or the other way round."
                )),
                _ => {}
            }
        }
        for channel in &self.channels {
            let active = channel
                .driver
                .iter()
                .filter(|driver| **driver > 0.0)
                .count();
            if active * 10 < self.periods() {
                all.push(format!(
                    "{} ran on {active} of {} {word}s only: its estimate leans on what was thought beforehand.",
                    channel.name,
                    self.periods()
                ));
            }
        }
        let mean = self.outcome.iter().sum::<f64>() / self.periods().max(1) as f64;
        let is_counted = self.outcome.iter().all(|value| value.fract() == 0.0);
        if is_counted && mean < 5.0 {
            all.push(format!(
                "There are {mean:.1} a {word} on average, so few that chance outweighs most of what channels do{}.",
                match self.weekly {
                    true => "",
                    false => "; try weeks",
                }
            ));
        }
        all
    }
}

fn ends(numbers: &[f64]) -> (f64, f64) {
    numbers.iter().fold(
        (f64::INFINITY, f64::NEG_INFINITY),
        |(least, most), number| (least.min(*number), most.max(*number)),
    )
}

#[cfg(test)]
#[path = "series_tests.rs"]
mod tests;
