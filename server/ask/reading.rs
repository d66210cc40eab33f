//! What a question was read as, before the rooms that answer are asked: which figure, of what, split by what, on which
//! days. Whatever it names exists on the site.

use super::period::{Period, Unit};
use crate::attribution::model::Model;
use crate::query::dimension::Dimension;
use crate::query::metric::Metric;
use crate::query::operator::Operator;

/// A reading.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What is asked.
    pub what: What,
    /// Of these goals.
    pub goals: Vec<String>,
    /// How several go together.
    pub combine: Combine,
    /// Of people who fired none of these.
    pub without: Vec<String>,
    /// Split by these.
    pub by: Vec<Dimension>,
    /// Of what passes all of these.
    pub filters: Vec<Condition>,
    /// On these days; `None` where days don't matter.
    pub period: Option<Period>,
    /// Beside these.
    pub compare: Option<Compare>,
    /// In which order.
    pub sort: Option<Sort>,
    /// So many rows.
    pub limit: Option<usize>,
    /// What was taken for granted, in words.
    pub assumed: Vec<String>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A figure.
    Figure(Metric),
    /// Something of the values of a key of metadata.
    Values(Statistic, String),
    /// When it fired first.
    First,
    /// When it fired last.
    Last,
    /// How far people get from goal to goal.
    Funnel,
    /// How long they take.
    TimeToConvert,
    /// What people bring within so many days of joining.
    Lifetime(u32),
    /// What they will have brought after so many months.
    Predicted(u32),
    /// Who comes back; at one age only where one is named.
    Retention(Unit, Option<u32>),
    /// What visits earned, by these models, with days of half-life and of the window where they are named.
    Credit(Vec<Model>, Option<u32>, Option<u32>),
    /// What was earned for what was spent.
    Roas,
    /// What a goal cost.
    CostPerGoal,
    /// What was spent.
    Spend,
    /// What the marketing mix says.
    Mix(Mix),
    /// What explains the change of a figure.
    Why(Metric),
    /// The site's goals.
    Goals,
    /// What may be asked.
    Help,
}

/// A question to the marketing mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    /// How much each channel brought.
    Contribution,
    /// What was earned for what was spent.
    Roas,
    /// The same of the next unit of money.
    MarginalRoas,
    /// How long spend works on.
    HalfLife,
    /// From where on more spend brings little.
    Saturation,
    /// Where money should go; so much more where it is named.
    Optimize(Option<u32>),
}

/// Something of many values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Statistic {
    Average,
    Sum,
    Least,
    Most,
    Median,
}

/// How several goals go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combine {
    /// Each by itself.
    Each,
    /// All fires together.
    Sum,
    /// People who fired all of them.
    All,
}

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Of which dimension.
    pub dimension: Dimension,
    /// How it is compared.
    pub operator: Operator,
    /// With which values.
    pub values: Vec<String>,
}

/// Other days.
#[derive(Clone, Debug, PartialEq)]
pub enum Compare {
    /// Those before.
    Previous,
    /// Those of the year before.
    YearBefore,
    /// These.
    Days(Period),
}

/// An order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// By how much it changed, not by how much it is.
    pub by_change: bool,
    /// Whether the least comes first.
    pub ascending: bool,
}

/// Why a question isn't answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// Words that name nothing, and goals that may be meant.
    UnknownGoal(String, Vec<String>),
    /// No such day.
    InvalidDate(String),
    /// What is to come.
    Forecast,
    /// Something of which nothing is stored.
    NoData(String),
    /// Nothing of goals.
    OffTopic,
    /// Another language.
    Language,
    /// It would change something.
    ReadOnly,
    /// It would tell of single people.
    Personal,
    /// No question at all.
    NoQuestion,
    /// Longer than questions are.
    TooLong,
}

/// What became of a question.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It is sure what is meant.
    Read(Box<Reading>),
    /// It may mean any of these; in words what is missing or not sure.
    Choose(String, Vec<&'static str>, Vec<Reading>),
    /// It can't be answered.
    Refuse(Refusal),
}

impl Reading {
    /// Of nothing yet.
    pub fn of(what: What) -> Reading {
        Reading {
            what,
            goals: Vec::new(),
            combine: Combine::Each,
            without: Vec::new(),
            by: Vec::new(),
            filters: Vec::new(),
            period: None,
            compare: None,
            sort: None,
            limit: None,
            assumed: Vec::new(),
        }
    }

    /// The other days.
    pub fn compared(&self) -> Option<(jiff::civil::Date, jiff::civil::Date)> {
        let period = self.period.as_ref()?;
        match self.compare.as_ref()? {
            Compare::Previous => period.previous(),
            Compare::YearBefore => period.year_before(),
            Compare::Days(other) => Some((other.from?, other.to)),
        }
    }
}
