//! A fit of the mix as the page shows it: figures in words, pictures, checks.

use super::mix::Credit;
use super::mix_chart::{COLOURS, Picture, Steps, on_scale, stacked};
use super::mix_words::{Words, plainly};
use crate::account::StoredFit;
use crate::mix::budget::{Bounds, Split};
use crate::mix::fit::{Fit, Told};
use crate::mix::posterior::{Effected, Estimate};
use crate::mix::sample::AGREED;
use crate::pages::words;
use crate::query::range::Range;
use crate::query::sentence;

pub(super) struct Report {
    pub(super) is_unreliable: bool,
    pub(super) is_old: bool,
    pub(super) plain: Vec<String>,
    pub(super) warnings: Vec<String>,
    pub(super) rows: Vec<Row>,
    pub(super) over_time: String,
    pub(super) grid: Vec<String>,
    pub(super) ends: (String, String),
    pub(super) steps: Vec<(String, String, String)>,
    pub(super) curves: Vec<CurveOf>,
    pub(super) budget: Option<Result<BudgetOf, String>>,
    pub(super) credits: Vec<(String, String, String, String)>,
    /// Name, effect and interval of each event.
    pub(super) effects: Vec<(String, String, String)>,
    pub(super) truth: String,
    pub(super) truth_grid: Vec<String>,
    pub(super) checks: Vec<(&'static str, String, String)>,
    pub(super) how: String,
}

pub(super) struct Row {
    pub(super) colour: usize,
    pub(super) name: String,
    pub(super) driver: &'static str,
    pub(super) spend: String,
    pub(super) brought: String,
    pub(super) brought_between: String,
    pub(super) share: String,
    pub(super) roi: String,
    pub(super) roi_between: String,
    pub(super) next: String,
    pub(super) next_between: String,
    pub(super) lasts: String,
    pub(super) full: String,
    /// The prior's and the posterior's interval, in hundredths.
    pub(super) prior: (f64, f64),
    pub(super) posterior: (f64, f64),
    pub(super) said: &'static str,
}

pub(super) struct CurveOf {
    pub(super) name: String,
    pub(super) svg: String,
    pub(super) brought: String,
    pub(super) words: String,
    pub(super) ends: (String, String),
    pub(super) most: String,
}

pub(super) struct BudgetOf {
    pub(super) rows: Vec<BudgetRow>,
    pub(super) words: String,
}

pub(super) struct BudgetRow {
    pub(super) name: String,
    pub(super) now: String,
    pub(super) best: String,
    pub(super) change: String,
    pub(super) marginal: String,
    pub(super) bound: String,
    pub(super) is_beyond: bool,
}

pub(super) fn report(
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
    let effected = |of: &Effected| {
        let (effect, between) = (say.amount(of.effect.mean), say.between(of.effect));
        (of.name.clone(), effect, between)
    };
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
        effects: lines.effects.iter().map(effected).collect(),
        truth,
        truth_grid,
        checks: checks(fit),
        how: format!(
            "Fit {} of {} {}s, {}, made {} from numbers with the SHA-256 {}, seed {}: {} draws of {} chains.",
            stored.id,
            series.periods(),
            series.period_word(),
            sentence::range(&Range {
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
    let row = |(at, (told, (prior, after))): (usize, (&Told, (Option<_>, Estimate)))| {
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
    let of = |of: &dyn Fn(&Estimate) -> f64| -> Vec<f64> {
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
