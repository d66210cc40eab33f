//! What the spend of channels brought, and how sure that is.

use askama::Template;
use iso_currency::Currency;

use super::form::{Entry, goals as goal_entries};
use super::frame::Frame;
use super::mix_chart::{COLOURS, Picture, Steps, on_scale, stacked};
use super::mix_words::{Words, plainly};
use crate::account::{FitState, StoredFit};
use crate::mix::budget::{Aim, Bounds, Split};
use crate::mix::fit::{Fit, Previewed, Told};
use crate::mix::fits::Answer;
use crate::mix::question::{Budget, OUTCOMES, Outcome, Question};
use crate::mix::sample::AGREED;
use crate::pages::words;
use crate::query::sentence;

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

struct Report {
    is_unreliable: bool,
    is_old: bool,
    plain: Vec<String>,
    warnings: Vec<String>,
    rows: Vec<Row>,
    over_time: String,
    grid: Vec<String>,
    ends: (String, String),
    steps: Vec<(String, String, String)>,
    curves: Vec<CurveOf>,
    budget: Option<Result<BudgetOf, String>>,
    credits: Vec<(String, String, String, String)>,
    truth: String,
    truth_grid: Vec<String>,
    checks: Vec<(&'static str, String, String)>,
    how: String,
}

struct Row {
    colour: usize,
    name: String,
    driver: &'static str,
    spend: String,
    brought: String,
    brought_between: String,
    share: String,
    roi: String,
    roi_between: String,
    next: String,
    next_between: String,
    lasts: String,
    full: String,
    /// The prior's and the posterior's interval, in hundredths.
    prior: (f64, f64),
    posterior: (f64, f64),
    said: &'static str,
}

struct CurveOf {
    name: String,
    svg: String,
    brought: String,
    words: String,
    ends: (String, String),
    most: String,
}

struct BudgetOf {
    rows: Vec<BudgetRow>,
    words: String,
}

struct BudgetRow {
    name: String,
    now: String,
    best: String,
    change: String,
    marginal: String,
    bound: String,
    is_beyond: bool,
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
            .filter(|latest| Some(latest.id) != shown);
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
        _ => (
            "Holidays, promotions, prices",
            "Sale:2026-11-27..2026-11-30",
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

fn report(
    stored: &StoredFit,
    fit: &Fit,
    is_old: bool,
    split: Option<Result<(Vec<Bounds>, Split), String>>,
    credits: &[Credit],
    say: &Words,
) -> Report {
    let series = &fit.series;
    let steps = Steps::new(series.periods());
    let channels: Vec<Vec<f64>> = fit
        .lines
        .channels
        .iter()
        .map(|band| steps.of(&band.mean))
        .collect();
    let sum = |lines: [&[f64]; 3]| -> Vec<f64> {
        let all = lines[0].iter().zip(lines[1]).zip(lines[2]);
        all.map(|((a, b), c)| a + b + c).collect()
    };
    let lines = &fit.lines;
    let base = steps.of(&sum([
        &lines.base.mean,
        &lines.season.mean,
        &lines.events.mean,
    ]));
    let outcome = steps.of(&series.outcome);
    let (low, high) = (steps.of(&lines.all.low), steps.of(&lines.all.high));
    let most = outcome.iter().chain(&high).copied().fold(0.0, f64::max);
    let begins: Vec<usize> = steps.begins().collect();
    let label = |at: &usize| series.day(*at).to_string();
    let parts = |place: usize| {
        let of = fit.channels.iter().zip(&channels);
        let of = of.map(|(channel, line)| format!("{} {}", channel.name, say.amount(line[place])));
        format!(
            "without channels {}, {}",
            say.amount(base[place]),
            of.collect::<Vec<_>>().join(", ")
        )
    };
    let mut picture = Picture::new(outcome.len(), 0.0, most);
    stacked(&mut picture, &base, &channels);
    picture.band("unsure", 0, &low, &high);
    picture.line("truth", 0, &outcome);
    let hits = begins.iter().enumerate().map(|(place, at)| {
        format!(
            "From {}: {} a {}; {}",
            label(at),
            say.amount(outcome[place]),
            series.period_word(),
            parts(place)
        )
    });
    picture.hits(hits);
    let grid = picture
        .grid
        .iter()
        .map(|value| words::few(*value))
        .collect();
    let steps_table = begins
        .iter()
        .enumerate()
        .map(|(place, at)| (label(at), say.amount(outcome[place]), parts(place)));
    let (truth, truth_grid) = against_truth(fit, &steps);
    Report {
        is_unreliable: fit.is_unreliable(),
        is_old,
        plain: plainly(fit, say),
        warnings: fit.warnings.clone(),
        rows: rows(fit, say),
        grid,
        over_time: picture.drawn("over", "What made up the outcome over time: without channels, and each channel on top, with the outcome as a line"),
        ends: (series.first.to_string(), series.last().to_string()),
        steps: steps_table.collect(),
        curves: fit.channels.iter().enumerate().map(|(at, told)| curve(fit, at, told, &steps, say)).collect(),
        budget: split.map(|split| split.map(|(bounds, split)| budget(fit, &bounds, &split, say))),
        credits: credits.iter().zip(&fit.channels).map(|(credit, told)| credited(credit, told, say)).collect(),
        truth,
        truth_grid,
        checks: checks(fit),
        how: format!(
            "Fit {} of {} {}s to {}, made {} from numbers with the SHA-256 {}, seed {}: {} draws of {} chains.",
            stored.id,
            series.periods(),
            series.period_word(),
            sentence::range(&crate::query::range::Range {
                from: series.first,
                to: series.last(),
                zone: jiff::tz::TimeZone::UTC,
            }),
            stored.done_at.map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default(),
            stored.data.get(..16).unwrap_or_default(),
            stored.seed,
            words::count(fit.diagnostics.draws as u64),
            fit.diagnostics.chains
        ),
    }
}

fn rows(fit: &Fit, say: &Words) -> Vec<Row> {
    // All intervals stand on one scale, as wide as the widest.
    let effects = fit
        .channels
        .iter()
        .map(|told| (told.prior, told.roi.unwrap_or(told.share)));
    let ends = effects
        .clone()
        .fold((f64::INFINITY, 0.0f64), |ends, (prior, after)| {
            let prior = prior.unwrap_or(after);
            (
                ends.0.min(prior.low).min(after.low.max(1e-9)),
                ends.1.max(prior.high).max(after.high),
            )
        });
    let row = |(at, (told, (prior, after))): (
        usize,
        (&Told, (Option<_>, crate::mix::posterior::Estimate)),
    )| {
        let prior = prior.unwrap_or(after);
        let or_dash = |words: Option<String>| words.unwrap_or_else(|| "–".into());
        Row {
            colour: at.min(COLOURS),
            name: told.name.clone(),
            driver: told.driver.name(),
            spend: or_dash(told.spend.map(|spend| say.money(spend))),
            brought: say.amount(told.contribution.mean),
            brought_between: say.between(told.contribution),
            share: format!(
                "{} ({} to {})",
                words::percent(Some(told.share.mean)),
                words::percent(Some(told.share.low)),
                words::percent(Some(told.share.high))
            ),
            roi: or_dash(told.roi.map(|roi| say.efficiency(roi.mean))),
            roi_between: or_dash(told.roi.map(|roi| say.efficiency_between(roi))),
            next: or_dash(told.marginal_roi.map(|roi| say.efficiency(roi.mean))),
            next_between: or_dash(told.marginal_roi.map(|roi| say.efficiency_between(roi))),
            lasts: say.lasting(told.half_life),
            full: say.fullness(told),
            prior: on_scale(ends, prior.low, prior.high),
            posterior: on_scale(ends, after.low.max(1e-9), after.high),
            said: match told.left {
                left if left > 0.85 => "little: this is mostly the prior",
                left if left > 0.5 => "something",
                _ => "much",
            },
        }
    };
    fit.channels
        .iter()
        .zip(effects)
        .enumerate()
        .map(row)
        .collect()
}

fn curve(fit: &Fit, at: usize, told: &Told, steps: &Steps, say: &Words) -> CurveOf {
    let colour = format!("c{}", at.min(COLOURS));
    let of = |of: &dyn Fn(&crate::mix::posterior::Estimate) -> f64| -> Vec<f64> {
        told.curve
            .iter()
            .map(|(_, estimate)| of(estimate))
            .collect()
    };
    let (mean, low, high) = (of(&|e| e.mean), of(&|e| e.low), of(&|e| e.high));
    let most = high.iter().copied().fold(0.0, f64::max);
    let last = told
        .curve
        .last()
        .map_or(1.0, |(spend, _)| *spend)
        .max(f64::MIN_POSITIVE);
    let spent = |spend: f64| match told.spend {
        Some(_) => say.money(spend),
        None => format!("{} sessions", words::few(spend.round())),
    };
    let period = fit.series.period_word();
    let mut picture = Picture::new(told.curve.len(), 0.0, most);
    picture.stripe(
        "seen",
        0.0,
        told.most / last,
        &format!("Seen so far: up to {} a {period}", spent(told.most)),
    );
    picture.band(&colour, 0, &low, &high);
    picture.line(&colour, 0, &mean);
    picture.mark(
        "now",
        told.now / last,
        &format!("Now: {} a {period}", spent(told.now)),
    );
    picture.hits(told.curve.iter().map(|(spend, response)| {
        format!(
            "{} a {period}: {} ({})",
            spent(*spend),
            say.amount(response.mean),
            say.between(*response)
        )
    }));
    let band = &fit.lines.channels[at];
    let (line, low, high) = (
        steps.of(&band.mean),
        steps.of(&band.low),
        steps.of(&band.high),
    );
    let mut brought = Picture::new(line.len(), 0.0, high.iter().copied().fold(0.0, f64::max));
    brought.band(&colour, 0, &low, &high);
    brought.line(&colour, 0, &line);
    CurveOf {
        brought: brought.drawn(
            "brought",
            &format!("What {} brought over time, with its interval", told.name),
        ),
        svg: picture.drawn(
            "curve",
            &format!(
                "What {} would bring a {period} of other spend; the upright line is now",
                told.name
            ),
        ),
        words: say.curve(told, period),
        ends: (spent(0.0), spent(last)),
        most: say.amount(most),
        name: told.name.clone(),
    }
}

fn budget(fit: &Fit, bounds: &[Bounds], split: &Split, say: &Words) -> BudgetOf {
    let period = fit.series.period_word();
    let rows = fit
        .paid()
        .zip(bounds)
        .zip(split.spend.iter().zip(&split.marginals));
    let row = |((told, bounds), (spend, marginal)): ((&Told, &Bounds), (&f64, &f64))| BudgetRow {
        name: told.name.clone(),
        now: say.money(told.now),
        best: say.money(*spend),
        change: match told.now > 0.0 {
            true => {
                let change = 100.0 * (spend / told.now - 1.0);
                format!(
                    "{}{:.0} %",
                    if change < -0.5 {
                        "▼ "
                    } else if change > 0.5 {
                        "▲ "
                    } else {
                        ""
                    },
                    change.abs()
                )
            }
            false => "–".into(),
        },
        marginal: say.efficiency(*marginal),
        bound: format!("{}:{:.2}:{:.2}", told.name, bounds.least, bounds.most),
        is_beyond: *spend > told.most,
    };
    let now: f64 = fit.paid().map(|told| told.now).sum();
    let then: f64 = split.spend.iter().sum();
    BudgetOf {
        rows: rows.map(row).collect(),
        words: format!(
            "{} a {period} instead of {}, split so, are expected to bring {} a {period} ({}), which is {} more than now ({}); the chance that it is \
             more at all is {:.0} %.",
            say.money(then),
            say.money(now),
            say.amount(split.response.mean),
            say.between(split.response),
            say.amount(split.gain.mean),
            say.between(split.gain),
            100.0 * split.sure
        ),
    }
}

fn credited(credit: &Credit, told: &Told, say: &Words) -> (String, String, String, String) {
    let of = |credit: Option<f64>| credit.map_or_else(|| "–".into(), |credit| say.amount(credit));
    let brought = format!(
        "{} ({})",
        say.amount(told.contribution.mean),
        say.between(told.contribution)
    );
    (
        credit.channel.clone(),
        brought,
        of(credit.last),
        of(credit.markov),
    )
}

/// The outcome beside what was expected of it, and beside what was expected of the last days without having seen them.
fn against_truth(fit: &Fit, steps: &Steps) -> (String, Vec<String>) {
    let series = &fit.series;
    let expected = &fit.lines.expected;
    let (low, high) = (steps.of(&expected.low), steps.of(&expected.high));
    let outcome = steps.of(&series.outcome);
    let least = outcome.iter().chain(&low).copied().fold(0.0, f64::min);
    let most = outcome.iter().chain(&high).copied().fold(0.0, f64::max);
    let mut picture = Picture::new(outcome.len(), least, most);
    if let Some(held) = &fit.accuracy.held_out {
        let from = (series.periods() - held.periods) as f64 / series.periods() as f64;
        picture.stripe(
            "seen",
            from,
            1.0,
            "Held out: these were told without having been seen",
        );
    }
    picture.band("base", 0, &low, &high);
    picture.line("expected", 0, &steps.of(&expected.mean));
    picture.line("truth", 0, &outcome);
    if let Some(held) = &fit.accuracy.held_out {
        let from = (series.periods() - held.periods).div_ceil(steps.each);
        picture.line("held", from, &steps.of(&held.expected.mean));
    }
    let grid = picture
        .grid
        .iter()
        .map(|value| words::few(*value))
        .collect();
    (
        picture.drawn(
            "over",
            "The outcome as a line, inside of where the model expects it",
        ),
        grid,
    )
}

/// What was checked, what came out, and what is wanted.
fn checks(fit: &Fit) -> Vec<(&'static str, String, String)> {
    let (of, how) = (&fit.diagnostics, &fit.accuracy);
    let word = fit.series.period_word();
    let percent = |share: f64| words::percent(Some(share));
    let mut all = vec![
        (
            "Chains agree (R-hat)",
            format!("{:.3}", of.r_hat),
            match of.r_hat {
                r_hat if r_hat < AGREED => "they do: below 1.01".into(),
                _ if fit.is_unreliable() => {
                    "unreliable: above 1.05 they tell different stories".into()
                }
                _ => "nearly: wanted is below 1.01".into(),
            },
        ),
        (
            "Draws are worth",
            format!(
                "{:.0} in the middle, {:.0} at the ends",
                of.ess_bulk, of.ess_tail
            ),
            match of.ess_bulk.min(of.ess_tail) < 400.0 {
                true => "few: intervals may move a little from fit to fit; wanted are 400".into(),
                false => "enough: wanted are 400".into(),
            },
        ),
        (
            "Draws that went astray",
            words::count(of.divergences as u64),
            if of.divergences == 0 {
                "none: good"
            } else {
                "corners of what is possible may be missing"
            }
            .into(),
        ),
        (
            "Explained of the ups and downs (R²)",
            percent(how.r2),
            "of what was fitted; a high share proves nothing".into(),
        ),
        (
            "Off by, on average",
            percent(how.mape),
            "of what was fitted".into(),
        ),
        (
            "Inside of the 94 % interval",
            percent(how.inside),
            format!("of the {word}s that were fitted; wanted are about 94 %"),
        ),
    ];
    match &how.held_out {
        None => all.push((
            "Held out",
            "–".into(),
            "there is too little data to hold any out".into(),
        )),
        Some(held) => {
            let last = format!(
                "the last {} {word}s, told by a fit that hadn't seen them",
                held.periods
            );
            all.push(("Off by, held out", percent(held.mape), last.clone()));
            all.push((
                "Inside of the 94 % interval, held out",
                percent(held.coverage),
                last,
            ));
        }
    }
    all.push((
        "What is left is alike from one to the next",
        format!("{:.2}", how.autocorrelation),
        match how.autocorrelation.abs() > 0.4 {
            true => "much: something that moves the outcome is missing".into(),
            false => "little: it looks like chance".into(),
        },
    ));
    let worst = how.worst.iter().map(|(at, found, expected)| {
        format!(
            "{}: {} instead of {}",
            fit.series.day(*at),
            words::few(found.round()),
            words::few(expected.round())
        )
    });
    all.push((
        "Told worst",
        worst.collect::<Vec<_>>().join("; "),
        "did something happen then? Write a note on that day".into(),
    ));
    all
}
