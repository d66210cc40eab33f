//! What an experiment comes to, in words: never without how sure that is.

use super::Variant;

/// People and conversions of each variant below which nothing is said but that it is too early.
const FEW_PEOPLE: u64 = 100;
const FEW_CONVERSIONS: u64 = 10;

/// As sure as one has to be to call one better.
const SURE: f64 = 0.95;

/// What speaks against believing it.
#[derive(Clone, Debug, PartialEq)]
pub enum Warning {
    /// A variant has too few people or conversions.
    TooLittle,
    /// People weren't given out as they should be: the chance of that by accident.
    Mismatch(f64),
    /// The control that was asked for wasn't seen.
    NoControl(String),
    /// So many variants fired too rarely to be told apart.
    TooMany(usize),
}

impl Warning {
    /// What programs know it by.
    pub fn code(&self) -> &'static str {
        match self {
            Warning::TooLittle => "too_little_data",
            Warning::Mismatch(_) => "sample_ratio_mismatch",
            Warning::NoControl(_) => "no_such_control",
            Warning::TooMany(_) => "too_many_variants",
        }
    }

    /// In words.
    pub fn words(&self) -> String {
        match self {
            Warning::TooLittle => format!(
                "Too little is known yet: each variant should have {FEW_PEOPLE} people and {FEW_CONVERSIONS} conversions at least. Chances and intervals below hold, and they are wide"
            ),
            Warning::Mismatch(chance) => format!(
                "The variants didn't get the people they should: a split this uneven comes about by accident once in {} times. Look for what sends people to one of them, or loses them, before you believe the rates",
                times(*chance)
            ),
            Warning::NoControl(name) => {
                format!(
                    "Nobody saw the control {name:?}; the first variant by name is taken instead"
                )
            }
            Warning::TooMany(count) => {
                format!(
                    "The ten variants that fired most often are compared; {count} more are left out"
                )
            }
        }
    }
}

fn times(chance: f64) -> String {
    match 1.0 / chance {
        times if times > 1e6 => "more than a million".into(),
        times => format!("{times:.0}"),
    }
}

/// What it comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What programs know it by: `no_data`, `too_early`, `undecided`, `better` or `control`.
    pub code: &'static str,
    /// In words.
    pub words: String,
}

/// What there is too little of.
pub(super) fn too_little(variants: &[Variant]) -> Option<Warning> {
    let is_little = |variant: &Variant| {
        variant.counted.people < FEW_PEOPLE || variant.counted.converted < FEW_CONVERSIONS
    };
    let is_any = variants.len() > 1 && variants.iter().any(is_little);
    is_any.then_some(Warning::TooLittle)
}

/// `97.3 %`, and never a whole 0 or 100: nothing is that sure.
pub fn chance(chance: f64) -> String {
    match chance * 100.0 {
        percent if percent > 99.9 => "more than 99.9 %".into(),
        percent if percent < 0.1 => "less than 0.1 %".into(),
        percent => format!("{percent:.1} %"),
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

pub(super) fn of(variants: &[Variant], warnings: &[Warning]) -> Verdict {
    let verdict = |code, words| Verdict { code, words };
    let seen = variants.iter().filter(|variant| variant.counted.people > 0);
    if seen.count() < 2 {
        let words = "There is nothing to compare: fewer than two variants were seen on these days";
        return verdict("no_data", words.into());
    }
    let best = variants.iter().max_by(|a, b| a.best.total_cmp(&b.best));
    let Some((best, control)) = best.zip(variants.first()) else {
        return verdict("no_data", "There is nothing to compare".into());
    };
    let leads = format!(
        "{} is the best with a chance of {}",
        best.name,
        chance(best.best)
    );
    let given_away = match best.loss * 100.0 {
        loss if loss < 0.01 => "less than 0.01".to_owned(),
        loss => format!("{loss:.2}"),
    };
    let given_away =
        format!("choosing it gives away {given_away} conversions of 100 people on average");
    if warnings.contains(&Warning::TooLittle) {
        return verdict("too_early", format!("Too early to say. So far {leads}"));
    }
    if best.name == control.name {
        return match best.best >= SURE {
            true => verdict(
                "control",
                format!("Keep {}: {leads}; {given_away}", best.name),
            ),
            false => verdict(
                "undecided",
                format!("Undecided: {leads}, which isn't sure enough to call"),
            ),
        };
    }
    let lift = best.compared.as_ref().map(|compared| {
        let interval = compared.lift_interval;
        format!(
            " It brings {} more than {}, with a chance of 95 % between {} and {}",
            compared.lift.map_or_else(|| "–".into(), percent),
            control.name,
            percent(interval.low),
            percent(interval.high)
        )
    });
    let lift = lift.unwrap_or_default();
    let beats = best
        .compared
        .as_ref()
        .map_or(0.0, |compared| compared.beats);
    match beats >= SURE && best.best >= SURE {
        true => verdict(
            "better",
            format!(
                "{leads}, and beats {} with {}; {given_away}.{lift}",
                control.name,
                chance(beats)
            ),
        ),
        false => verdict(
            "undecided",
            format!("Undecided: {leads}, which isn't sure enough to call.{lift}"),
        ),
    }
}
