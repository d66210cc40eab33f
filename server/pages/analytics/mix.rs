//! What the spend of channels brought, and how sure that is.

use askama::Template;
use iso_currency::Currency;

use super::form::{Entry, goals as goal_entries};
use super::frame::Frame;
use super::mix_report::{Report, report};
use super::mix_words::Words;
use crate::account::{FitState, StoredFit};
use crate::mix::budget::{Aim, Bounds, Split};
use crate::mix::fit::Previewed;
use crate::mix::fits::Answer;
use crate::mix::question::{Budget, OUTCOMES, Outcome, Question};

/// What attribution gives a channel; nothing where that isn't known.
pub struct Credit {
    #[allow(missing_docs)]
    pub channel: String,
    /// By its last touch.
    pub last: Option<f64>,
    /// By the Markov chain.
    pub markov: Option<f64>,
}

/// What the page is made of.
pub struct Asked {
    #[allow(missing_docs)]
    pub wanted: Budget,
    #[allow(missing_docs)]
    pub found: Answer,
    /// A split of a budget, by the fit; or why there is none.
    pub split: Option<Result<(Vec<Bounds>, Split), String>>,
    /// Beside what was fitted, where it can be asked.
    pub credits: Vec<Credit>,
}

/// `/dashboard/mix`
#[derive(Template)]
#[template(path = "mix.html", config = "www/askama.toml")]
pub struct Mix {
    frame: Frame,
    sentence: String,
    form: Filled,
    left_out: Vec<String>,
    latest: Option<Latest>,
    refused: Option<String>,
    preview: Vec<(String, String, String, String)>,
    unit: &'static str,
    report: Option<Report>,
}

/// The form as it is filled.
struct Filled {
    outcomes: Vec<Entry>,
    goals: Vec<Entry>,
    is_weekly: bool,
    from: String,
    to: String,
    currency: String,
    notes: bool,
    has_controls: bool,
    /// Name, label, an example, and the lines.
    lists: Vec<(&'static str, &'static str, &'static str, String)>,
    total: String,
    target: String,
}

/// The latest fit that was asked for, where it isn't the one that is shown.
struct Latest {
    id: i64,
    is_running: bool,
    percent: u64,
    words: String,
}

impl Mix {
    /// Makes the page; `goals` are those that can be chosen.
    pub fn new(frame: Frame, goals: &[String], asked: Asked) -> Mix {
        let Asked {
            wanted,
            found,
            split,
            credits,
        } = asked;
        let question = &wanted.question;
        let currency = found
            .found
            .as_ref()
            .and_then(|(_, fit)| fit.currency.clone());
        let currency = currency.or_else(|| found.now.currency.clone());
        let say = Words {
            is_money: question.outcome == Outcome::Revenue,
            currency: currency.and_then(|code| Currency::from_code(&code)),
            outcome: question.outcome,
        };
        let (preview, refused) = match &found.preview {
            Some(Ok(preview)) => (preview.iter().map(|of| previewed(of, &say)).collect(), None),
            Some(Err(words)) => (Vec::new(), Some(words.clone())),
            None => (Vec::new(), None),
        };
        let shown = found.found.as_ref().map(|(stored, _)| stored.id);
        let latest = found
            .latest
            .as_ref()
            .filter(|latest| Some(latest.id) != shown)
            // What still holds is said once.
            .filter(|latest| refused.as_deref() != Some(&*latest.words));
        Mix {
            sentence: question.sentence(),
            form: filled(&wanted, goals),
            left_out: found.now.left_out.clone(),
            latest: latest.map(|latest| state(latest, found.progress)),
            refused,
            preview,
            unit: say.unit(),
            report: found
                .found
                .as_ref()
                .map(|(stored, fit)| report(stored, fit, found.is_old, split, &credits, &say)),
            frame,
        }
    }

    /// What a form that fits sends along.
    fn asked(&self) -> &str {
        self.frame.asked.trim_start_matches('&')
    }

    fn is_running(&self) -> bool {
        self.latest.as_ref().is_some_and(|latest| latest.is_running)
    }
}

fn filled(wanted: &Budget, goals: &[String]) -> Filled {
    let question: &Question = &wanted.question;
    let outcome = |(value, words, outcome): &(&str, &str, Outcome)| Entry {
        value: (*value).into(),
        words: (*words).into(),
        is_chosen: *outcome == question.outcome,
    };
    let labels = |name: &str| match name {
        "channel" => ("Only these channels", "Paid Search"),
        "organic" => ("Channels without spend, by sessions", "Organic Search"),
        "driver" => ("Driven by something else than spend", "Display:impressions"),
        "prior" => (
            "Thought beforehand, and how far off that may be",
            "Paid Search:2:0.5",
        ),
        "measured" => (
            "Measured by an experiment, and its standard error",
            "Paid Search:2.4:0.3",
        ),
        "lift" => (
            "Lift experiments: days, change, what came of it, its standard error",
            "Paid Search:2026-03-02..2026-03-15:-1:-4000:900",
        ),
        "event" => ("Holidays and promotions", "Sale:2026-11-27..2026-11-30"),
        _ => (
            "Only these of the uploaded prices and promotions",
            "Price, or Discount:zero",
        ),
    };
    let list = |(name, lines): (&'static str, Vec<String>)| {
        let (label, example) = labels(name);
        (name, label, example, lines.join("\n"))
    };
    let amount = |amount: Option<f64>| amount.map(|amount| amount.to_string()).unwrap_or_default();
    let (total, target) = match wanted.aim {
        Some(Aim::Total(total)) => (Some(total), None),
        Some(Aim::Target(target)) => (None, Some(target)),
        None => (None, None),
    };
    let day = |day: jiff::civil::Date| match question.is_dated {
        true => day.to_string(),
        false => String::new(),
    };
    Filled {
        outcomes: OUTCOMES.iter().map(outcome).collect(),
        goals: goal_entries(goals, &question.goals),
        is_weekly: question.weekly,
        from: day(question.range.from),
        to: day(question.range.to),
        currency: question.currency.clone().unwrap_or_default(),
        notes: question.notes,
        has_controls: question.has_controls,
        lists: question.lines().into_iter().map(list).collect(),
        total: amount(total),
        target: amount(target),
    }
}

fn state(fit: &StoredFit, progress: Option<f64>) -> Latest {
    let percent = (progress.unwrap_or_default() * 100.0) as u64;
    Latest {
        id: fit.id,
        is_running: fit.state == FitState::Waiting,
        percent,
        words: match fit.state {
            FitState::Waiting if percent == 0 => "The fit waits for its turn.".into(),
            FitState::Waiting => format!("Fitting: {percent} % of the draws."),
            FitState::Cancelled => "The fit was cancelled.".into(),
            FitState::Failed => format!("There is no fit: {}", fit.words),
            FitState::Done => "The fit was made by an older version; fit anew.".into(),
        },
    }
}

fn previewed(of: &Previewed, say: &Words) -> (String, String, String, String) {
    let roi = of.roi.map_or_else(|| "–".into(), |roi| say.efficiency(roi));
    (
        of.name.clone(),
        say.amount(of.contribution),
        roi,
        say.days(of.half_life),
    )
}
