//! A reading as the one line that questions are listed with.

use crate::ask::period::{Shape, Unit};
use crate::ask::reading::{Combine, Compare, Mix, Outcome, Reading, Refusal, Statistic, What};
use crate::attribution::model::Model;
use crate::query::dimension::{Dimension, Named};
use crate::query::metric::Metric;
use crate::query::operator::Operator;

pub(super) fn of(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Read(reading) => read(reading),
        Outcome::Choose(_, need, choices) => {
            let default = match (
                need.contains(&"goal") && !need.contains(&"metric"),
                choices.first().filter(|first| {
                    first.goals.is_empty() && first.by == [Dimension::Named(Named::Goal)]
                }),
            ) {
                (true, Some(first)) => format!(" default=\"{}\"", line(first)),
                _ => String::new(),
            };
            format!("error=ambiguous need=[{}]{default}", quoted(need.iter()))
        }
        Outcome::Refuse(refusal) => match refusal {
            Refusal::UnknownGoal(text, like) => {
                let suggest = if like.is_empty() {
                    String::new()
                } else {
                    format!(" suggest=[{}]", quoted(like.iter()))
                };
                format!("error=unknown_goal text=\"{text}\"{suggest}")
            }
            Refusal::InvalidDate(text) => format!("error=invalid_date text=\"{text}\""),
            Refusal::Forecast => "error=unsupported reason=forecast".into(),
            Refusal::NoData(what) => format!("error=unsupported reason=no_data:{what}"),
            Refusal::OffTopic => "error=unsupported reason=off_topic".into(),
            Refusal::Language => "error=unsupported reason=language".into(),
            Refusal::ReadOnly => "error=refused reason=read_only".into(),
            Refusal::Personal => "error=refused reason=personal_data".into(),
            Refusal::NoQuestion => "error=refused reason=not_a_question".into(),
            Refusal::TooLong => "error=refused reason=too_long".into(),
        },
    }
}

fn quoted<T: std::fmt::Display>(all: impl Iterator<Item = T>) -> String {
    all.map(|one| format!("\"{one}\""))
        .collect::<Vec<_>>()
        .join(",")
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Hour => "hour",
        Unit::Day => "day",
        Unit::Week => "week",
        Unit::Month => "month",
        Unit::Quarter => "quarter",
        Unit::Year => "year",
    }
}

fn dimension(dimension: &Dimension) -> String {
    dimension.name().replace("metadata.", "meta.")
}

fn model(model: Model) -> String {
    match model {
        Model::First => "first_touch".into(),
        Model::Last => "last_touch".into(),
        other => other.about().name.to_owned(),
    }
}

fn line(reading: &Reading) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut goals_as = "goal";
    match &reading.what {
        What::Figure(Metric::Revenue) => out.push("metric=revenue".into()),
        What::Figure(metric) => out.push(format!("metric={}", metric.name())),
        What::Values(statistic, key) => {
            let statistic = match statistic {
                Statistic::Average => "avg",
                Statistic::Sum => "sum",
                Statistic::Least => "min",
                Statistic::Most => "max",
                Statistic::Median => "median",
            };
            out.push(format!("metric={statistic}:meta.{key}"));
        }
        What::First => out.push("metric=first_fired_at".into()),
        What::Last => out.push("metric=last_fired_at".into()),
        What::Funnel => {
            out.push("metric=funnel".into());
            goals_as = "steps";
        }
        What::TimeToConvert => {
            out.push("metric=time_to_convert".into());
            goals_as = "steps";
        }
        What::Lifetime(days) => {
            out.push(format!("metric=ltv horizon={days}d"));
            goals_as = "cohort";
        }
        What::Predicted(months) => {
            out.push(format!("metric=predicted_ltv horizon={months}m"));
            goals_as = "cohort";
        }
        What::Retention(of, age) => {
            out.push(match age {
                Some(age) => format!("metric=retention unit={} age={age}", unit(*of)),
                None => format!("metric=retention_table unit={}", unit(*of)),
            });
            goals_as = "cohort";
        }
        What::Credit(models, half_life, window) => {
            out.push("metric=credit".into());
            out.push(match &**models {
                [only] => format!("model={}", model(*only)),
                all => format!("model in [{}]", quoted(all.iter().map(|one| model(*one)))),
            });
            out.extend(half_life.map(|days| format!("half_life={days}d")));
            out.extend(window.map(|days| format!("window={days}d")));
        }
        What::Roas => out.push("metric=roas".into()),
        What::CostPerGoal => out.push("metric=cost_per_goal".into()),
        What::Spend => out.push("metric=spend".into()),
        What::Mix(mix) => out.push(match mix {
            Mix::Contribution => "metric=mmm_contribution".into(),
            Mix::Roas => "metric=mmm_roas".into(),
            Mix::MarginalRoas => "metric=mmm_marginal_roas".into(),
            Mix::HalfLife => "metric=mmm_half_life".into(),
            Mix::Saturation => "metric=mmm_saturation".into(),
            Mix::Optimize(None) => "op=mmm_optimize".into(),
            Mix::Optimize(Some(amount)) => format!("op=mmm_optimize budget_delta={amount}"),
        }),
        What::Why(metric) => out.push(format!("metric={}", metric.name())),
        What::Goals => out.push("op=list_goals".into()),
        What::Help => out.push("op=help".into()),
    }
    match (&*reading.goals, goals_as) {
        ([], _) => {}
        (goals, "steps") => out.push(format!("steps=[{}]", quoted(goals.iter()))),
        ([goal], name) => out.push(format!("{name}=\"{goal}\"")),
        (goals, "cohort") => out.push(format!("cohort in [{}]", quoted(goals.iter()))),
        (goals, _) => {
            out.push(format!("goals=[{}]", quoted(goals.iter())));
            match reading.combine {
                Combine::Each => {}
                Combine::Sum => out.push("combine=sum".into()),
                Combine::All => out.push("combine=all".into()),
            }
        }
    }
    match &*reading.without {
        [] => {}
        [goal] => out.push(format!("without=\"{goal}\"")),
        goals => out.push(format!("without=[{}]", quoted(goals.iter()))),
    }
    if reading.what == What::TimeToConvert {
        out.push("stat=median".into());
    }
    if !reading.by.is_empty() {
        let by: Vec<String> = reading.by.iter().map(dimension).collect();
        out.push(format!("by={}", by.join(",")));
    }
    if !reading.filters.is_empty() {
        let filter = |condition: &crate::ask::reading::Condition| {
            let name = dimension(&condition.dimension);
            let operator = match condition.operator {
                Operator::Is => "=",
                Operator::IsNot => "!=",
                Operator::Contains => "~",
                Operator::NotContains => "!~",
                Operator::Matches => "*=",
            };
            match (&*condition.values, condition.operator) {
                ([only], _) => format!("{name}{operator}\"{only}\""),
                (all, Operator::Is) => format!("{name} in [{}]", quoted(all.iter())),
                (all, _) => format!("{name}{operator}[{}]", quoted(all.iter())),
            }
        };
        let filters: Vec<String> = reading.filters.iter().map(filter).collect();
        out.push(format!("where={}", filters.join(" and ")));
    }
    if let Some(period) = &reading.period {
        out.push(format!("period={}", period.label));
    }
    match &reading.compare {
        None => {}
        Some(Compare::Previous) => out.push("compare=prev_period".into()),
        Some(Compare::YearBefore) => out.push("compare=prev_year".into()),
        Some(Compare::Days(period)) => out.push(format!("compare=range:{}", period.label)),
    }
    if let Some(sort) = reading.sort {
        let what = if sort.by_change { "change:" } else { "" };
        out.push(format!(
            "sort={what}{}",
            if sort.ascending { "asc" } else { "desc" }
        ));
    }
    out.extend(reading.limit.map(|limit| format!("limit={limit}")));
    if matches!(reading.what, What::Why(_)) {
        out.push("note=decomposition_not_cause".into());
    }
    out.join(" ")
}

fn read(reading: &Reading) -> String {
    let mut days: Vec<String> = Vec::new();
    if let Some(period) = &reading.period {
        if let Shape::Hours(hours) = period.shape {
            let now = super::now();
            let from = now - jiff::Span::new().hours(i64::from(hours));
            days.push(from.to_string());
            days.push(now.to_string());
        } else {
            days.push(period.from.map(|from| from.to_string()).unwrap_or_default());
            days.push(period.to.to_string());
        }
    }
    if let Some((from, to)) = reading.compared() {
        days.push(from.to_string());
        days.push(to.to_string());
    }
    let days = days.join(" ");
    format!("{} | {}", line(reading), days.trim())
        .trim_end_matches(" | ")
        .trim()
        .to_owned()
}
