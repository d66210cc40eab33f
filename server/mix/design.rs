//! What moves the outcome beside the channels: a level, a trend, the time of the year, the day of the week, events. Their
//! coefficients have normal priors and enter linearly, so that none of them has to be sampled: given the channels, their
//! posterior is normal, and known.
//!
//! With `X` the columns, `V` the prior variances and `X·V^½ = Q·D^½·Uᵀ` its singular value decomposition, the outcome less
//! its prior mean has the covariance `σ²·I + Q·D·Qᵀ`, of which inverse and determinant are sums over the few columns of `Q`.

use std::f64::consts::TAU;

use faer::Mat;
use jiff::civil::Date;
use nuts_rs::rand::Rng;

use super::prior::standard;

/// Days that a trend runs straight before it may bend.
const BEND: usize = 182;

/// Days of data from which the time of the year can be told apart from the trend, for one wave and for two.
const ONE_WAVE: usize = 182;
const TWO_WAVES: usize = 350;

/// Prior standard deviations, in means of the outcome.
const LEVEL: f64 = 0.5;
const TREND: f64 = 0.5;
const WAVE: f64 = 0.3;
const WEEKDAY: f64 = 0.3;
const EVENT: f64 = 0.5;

/// What a column is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What would be there without anything else.
    Level,
    #[allow(missing_docs)]
    Trend,
    /// The time of the year and the day of the week.
    Season,
    /// What was told of days: notes, promotions, prices.
    Event,
}

/// A column and the prior of its coefficient.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    #[allow(missing_docs)]
    pub part: Part,
    #[allow(missing_docs)]
    pub name: String,
    /// A value a period.
    pub values: Vec<f64>,
    /// In scaled outcome.
    pub mean: f64,
    #[allow(missing_docs)]
    pub sd: f64,
}

impl Column {
    /// Its highest value; the lowest of one that never is above 0.
    pub fn strongest(&self) -> f64 {
        let highest = self.values.iter().copied().fold(0.0, f64::max);
        match highest > 0.0 {
            true => highest,
            false => self.values.iter().copied().fold(0.0, f64::min),
        }
    }
}

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    #[allow(missing_docs)]
    Day,
    /// From Monday on.
    Week,
}

impl Grain {
    #[allow(missing_docs)]
    pub fn days(self) -> usize {
        match self {
            Grain::Day => 1,
            Grain::Week => 7,
        }
    }
}

/// The columns of a series that begins on some day, for an outcome in means of itself, and events: a name and a value a period.
pub fn columns(
    first: Date,
    periods: usize,
    grain: Grain,
    events: &[(String, Vec<f64>)],
) -> Vec<Column> {
    let step = grain.days();
    let days = periods * step;
    let day = |at: usize| (at * step) as f64;
    let column = |part, name: String, mean, sd, value: &dyn Fn(usize) -> f64| Column {
        part,
        name,
        values: (0..periods).map(value).collect(),
        mean,
        sd,
    };
    let mut all = vec![column(Part::Level, "level".into(), 0.7, LEVEL, &|_| 1.0)];
    let whole = days.max(1) as f64;
    all.push(column(Part::Trend, "trend".into(), 0.0, TREND, &|at| {
        day(at) / whole - 0.5
    }));
    for bend in 1..days / BEND {
        let from = (bend * BEND) as f64;
        all.push(column(
            Part::Trend,
            format!("bend_{bend}"),
            0.0,
            TREND,
            &|at| (day(at) - from).max(0.0) / whole,
        ));
    }
    let waves = match days {
        TWO_WAVES.. => 2,
        ONE_WAVE.. => 1,
        _ => 0,
    };
    let start = f64::from(first.day_of_year());
    for wave in 1..=waves {
        let angle = |at: usize| TAU * f64::from(wave) * (start + day(at)) / 365.25;
        all.push(column(
            Part::Season,
            format!("sine_{wave}"),
            0.0,
            WAVE,
            &|at| angle(at).sin(),
        ));
        all.push(column(
            Part::Season,
            format!("cosine_{wave}"),
            0.0,
            WAVE,
            &|at| angle(at).cos(),
        ));
    }
    if grain == Grain::Day {
        let monday = first.weekday().to_monday_zero_offset() as usize;
        for weekday in 1..7 {
            let is_it = |at: usize| (at + monday) % 7 == weekday;
            // Against the mean of the week, so that the level stays one.
            all.push(column(
                Part::Season,
                format!("weekday_{weekday}"),
                0.0,
                WEEKDAY,
                &|at| f64::from(u8::from(is_it(at))) - 1.0 / 7.0,
            ));
        }
    }
    for (name, values) in events {
        let values: Vec<f64> = values
            .iter()
            .copied()
            .chain(std::iter::repeat(0.0))
            .take(periods)
            .collect();
        all.push(Column {
            part: Part::Event,
            name: name.clone(),
            values,
            mean: 0.0,
            sd: EVENT,
        });
    }
    all
}

/// Columns, decomposed over the periods that are fitted.
#[derive(Clone, Debug)]
pub struct Design {
    /// As they came.
    pub columns: Vec<Column>,
    /// Periods that are fitted.
    pub fitted: usize,
    /// `Q`, a column after the other.
    pub basis: Vec<Vec<f64>>,
    /// `D`, as many.
    pub strengths: Vec<f64>,
    /// `V^½·U`: for each of `Q`'s columns, what coefficients it is made of.
    pub mixes: Vec<Vec<f64>>,
    /// The outcome that priors alone expect, all periods.
    pub expected: Vec<f64>,
}

impl Design {
    /// Decomposes columns over the first `fitted` periods. Directions that no data and no prior tell of are left out.
    pub fn new(columns: Vec<Column>, periods: usize, fitted: usize) -> Design {
        let mut expected = vec![0.0; periods];
        for column in &columns {
            for (sum, value) in expected.iter_mut().zip(&column.values) {
                *sum += column.mean * value;
            }
        }
        let scaled = Mat::from_fn(fitted, columns.len(), |row, at| {
            columns[at].values[row] * columns[at].sd
        });
        let (mut basis, mut strengths, mut mixes) = (Vec::new(), Vec::new(), Vec::new());
        if let Ok(parts) = scaled.thin_svd() {
            let (left, values, right) = (parts.U(), parts.S().column_vector(), parts.V());
            for at in 0..values.nrows() {
                let strength = values[at] * values[at];
                if strength > 1e-12 {
                    basis.push((0..fitted).map(|row| left[(row, at)]).collect());
                    strengths.push(strength);
                    let mix = |of: usize| right[(of, at)] * columns[of].sd;
                    mixes.push((0..columns.len()).map(mix).collect());
                }
            }
        }
        Design {
            columns,
            fitted,
            basis,
            strengths,
            mixes,
            expected,
        }
    }

    /// `Qᵀ·rest` into what is there.
    pub fn project(&self, rest: &[f64], into: &mut Vec<f64>) {
        into.clear();
        into.extend(self.basis.iter().map(|column| dot(column, rest)));
    }

    /// Coefficients given what the channels leave of the scaled outcome: their mean, or with a source of chance one of their posterior.
    pub fn coefficients<R: Rng>(
        &self,
        rest: &[f64],
        variance: f64,
        mut chance: Option<&mut R>,
    ) -> Vec<f64> {
        let mut found: Vec<f64> = self.columns.iter().map(|column| column.mean).collect();
        for ((column, strength), mix) in self.basis.iter().zip(&self.strengths).zip(&self.mixes) {
            let along = dot(column, rest);
            let mut amount = strength.sqrt() * along / (variance + strength);
            if let Some(rng) = chance.as_deref_mut() {
                amount += (variance / (variance + strength)).sqrt() * standard(rng);
            }
            for (coefficient, part) in found.iter_mut().zip(mix) {
                *coefficient += amount * part;
            }
        }
        found
    }
}

/// The sum of products.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    // In four lanes, which the compiler can do at once: a plain sum it may not reorder.
    let mut lanes = [0.0; 4];
    let (heads, tails) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = heads
        .remainder()
        .iter()
        .zip(tails.remainder())
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in heads.zip(tails) {
        for lane in 0..4 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_say_what_can_be_told_of_so_many_days() {
        let first = "2026-01-05".parse().unwrap();
        let names = |periods, grain| -> Vec<String> {
            let columns = columns(first, periods, grain, &[]);
            columns.into_iter().map(|column| column.name).collect()
        };
        assert_eq!(names(20, Grain::Week), ["level", "trend"]);
        assert_eq!(names(100, Grain::Day).len(), 2 + 6);
        assert_eq!(names(730, Grain::Day).len(), 2 + 3 + 4 + 6);
        assert_eq!(names(104, Grain::Week).len(), 2 + 3 + 4);
        // 2026-01-05 is a Monday: the first of the weekdays' columns is Tuesday's.
        let days = columns(first, 14, Grain::Day, &[("Sale".into(), vec![0.0, 1.0])]);
        let tuesday = days
            .iter()
            .find(|column| column.name == "weekday_1")
            .unwrap();
        assert!(tuesday.values[1] > 0.0 && tuesday.values[8] > 0.0 && tuesday.values[0] < 0.0);
        assert_eq!(days.last().unwrap().values.len(), 14);
    }

    #[test]
    fn the_decomposition_gives_back_what_it_is_of() {
        let columns = columns("2025-01-01".parse().unwrap(), 400, Grain::Day, &[]);
        let design = Design::new(columns, 400, 380);
        for (at, column) in design.columns.iter().enumerate() {
            for row in [0, 17, 379] {
                let parts = design
                    .basis
                    .iter()
                    .zip(&design.strengths)
                    .zip(&design.mixes);
                // X·V^½ = Q·D^½·Uᵀ, and a mix is V^½ of a row of Uᵀ.
                let sum: f64 = parts
                    .map(|((q, d), mix)| q[row] * d.sqrt() * mix[at] / column.sd)
                    .sum();
                assert!(
                    (sum - column.values[row] * column.sd).abs() < 1e-9,
                    "{at} {row}"
                );
            }
        }
    }
}
