//! Journeys → what each label gets of the conversions and of the money, by every model.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::journey::Journey;
use super::markov::Chain;
use super::model::{ALL, MODELS, Model};
use super::rules;

/// A conversion and what came before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversion {
    /// Its number in the log.
    pub id: i64,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// The visits before it; none where nothing is known.
    pub journey: Journey,
    /// What it brought: three letters, and smallest units.
    pub money: Option<([u8; 3], i64)>,
}

/// What may be set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Of time decay, in milliseconds.
    pub half_life: f64,
    /// Of the Markov chain: how many touches it remembers, 1 to 3.
    pub order: usize,
    /// Whether it knows of those who didn't convert.
    pub with_lost: bool,
}

/// One number a model.
pub type Credits = [f64; MODELS];

/// What was worked out.
#[derive(Clone, Debug, PartialEq)]
pub struct Credit {
    /// Conversions, a row a label; the last row is of those of which no visit is known. Each column adds up to all of them
    /// but for rounding.
    pub conversions: Vec<Credits>,
    /// The same of money in smallest units, by currency.
    pub money: BTreeMap<[u8; 3], Vec<Credits>>,
    /// The Markov chain's removal effect of each label.
    pub effects: Vec<f64>,
    /// The chance that somebody converts, in the chain.
    pub chance: f64,
}

/// Conversions that are shared one after the other, so that sums are the same each time.
const TOGETHER: usize = 16_384;

/// What some conversions shared by each model but the chain.
struct Shared {
    conversions: Vec<Credits>,
    money: BTreeMap<[u8; 3], Vec<Credits>>,
    /// What the chain shares: conversions and money of which visits are known.
    known: f64,
    known_money: BTreeMap<[u8; 3], f64>,
}

impl Shared {
    fn new(labels: usize) -> Shared {
        Shared {
            conversions: vec![[0.0; MODELS]; labels + 1],
            money: BTreeMap::new(),
            known: 0.0,
            known_money: BTreeMap::new(),
        }
    }

    fn add(&mut self, other: &Shared) {
        let rows = |all: &mut [Credits], some: &[Credits]| {
            let sums = all.iter_mut().flatten().zip(some.iter().flatten());
            sums.for_each(|(all, some)| *all += some);
        };
        let labels = self.conversions.len();
        rows(&mut self.conversions, &other.conversions);
        for (currency, some) in &other.money {
            let all = self.money.entry(*currency);
            rows(all.or_insert_with(|| vec![[0.0; MODELS]; labels]), some);
        }
        self.known += other.known;
        for (currency, minor) in &other.known_money {
            *self.known_money.entry(*currency).or_default() += minor;
        }
    }
}

fn share(labels: usize, conversions: &[Conversion], settings: &Settings) -> Shared {
    let nobody = labels;
    let mut found = Shared::new(labels);
    for conversion in conversions {
        let journey = &conversion.journey;
        let mut money = conversion.money.map(|(currency, minor)| {
            let rows = || vec![[0.0; MODELS]; labels + 1];
            let sums = found.money.entry(currency).or_insert_with(rows);
            (currency, sums, minor as f64)
        });
        if journey.touches.is_empty() {
            let sums = found.conversions[nobody].iter_mut();
            sums.for_each(|sum| *sum += 1.0);
            if let Some((_, sums, minor)) = money {
                sums[nobody].iter_mut().for_each(|sum| *sum += minor);
            }
            continue;
        }
        found.known += 1.0;
        if let Some((currency, _, minor)) = &money {
            *found.known_money.entry(*currency).or_default() += minor;
        }
        for (place, about) in ALL.iter().enumerate() {
            let shares = rules::shares(about.model, journey, settings.half_life);
            for (touch, share) in journey.touches.iter().zip(shares.into_iter().flatten()) {
                let label = touch.label as usize;
                found.conversions[label][place] += share;
                if let Some((_, sums, minor)) = &mut money {
                    sums[label][place] += share * *minor;
                }
            }
        }
    }
    found
}

/// Shares conversions among `labels` labels. `lost` are the labels of people who didn't convert, and how many had these.
pub fn credit(
    labels: usize,
    conversions: &[Conversion],
    lost: &[(Vec<u32>, f64)],
    settings: &Settings,
) -> Credit {
    let shares = || {
        conversions
            .par_chunks(TOGETHER)
            .map(|some| share(labels, some, settings))
    };
    let chain = || {
        let mut chain = Chain::new(settings.order);
        for conversion in conversions {
            let touches = &conversion.journey.touches;
            if !touches.is_empty() {
                chain.add(touches.iter().map(|touch| touch.label), 1.0, 0.0);
            }
        }
        chain
    };
    let (shares, mut chain) = rayon::join(|| shares().collect::<Vec<_>>(), chain);
    let mut all = Shared::new(labels);
    for some in shares {
        all.add(&some);
    }
    let Shared {
        conversions,
        money,
        known,
        known_money,
    } = all;
    let mut found = Credit {
        conversions,
        money,
        effects: Vec::new(),
        chance: 0.0,
    };
    if settings.with_lost {
        for (labels, people) in lost {
            chain.add(labels.iter().copied(), 0.0, *people);
        }
    }
    (found.effects, found.chance) = chain.removal_effects(labels);
    let sum: f64 = found.effects.iter().sum();
    let markov = Model::Markov as usize;
    if sum > 0.0 {
        for (label, effect) in found.effects.iter().enumerate() {
            found.conversions[label][markov] = known * effect / sum;
            for (currency, sums) in &mut found.money {
                let known = known_money.get(currency).copied().unwrap_or_default();
                sums[label][markov] = known * effect / sum;
            }
        }
    }
    found
}

/// Makes some numbers add up to `all` exactly: each is rounded to a multiple of a power of two so small that it doesn't
/// matter and so great that no sum of them rounds, and the greatest takes what is missing.
pub fn settle(mut numbers: Vec<&mut f64>, all: f64) {
    let size = numbers
        .iter()
        .map(|number| number.abs())
        .sum::<f64>()
        .max(all.abs());
    let by = |a: &usize, b: &usize| numbers[*a].abs().total_cmp(&numbers[*b].abs());
    let Some(greatest) = (0..numbers.len()).max_by(by).filter(|_| size > 0.0) else {
        return;
    };
    // A number has 53 bits; a whole sum fits below its size's next power of two.
    let unit = (size.log2().ceil() - 51.0).exp2();
    for number in &mut numbers {
        **number = (**number / unit).round() * unit;
    }
    *numbers[greatest] += all - numbers.iter().map(|number| **number).sum::<f64>();
}

#[cfg(test)]
mod tests {
    use super::super::journey::Touch;
    use super::*;
    use serde_json::Value;
    use std::collections::HashMap;

    const DAY: f64 = 86_400_000.0;
    const SETTINGS: Settings = Settings {
        half_life: 7.0 * DAY,
        order: 1,
        with_lost: true,
    };

    fn data(name: &str) -> String {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/attribution/");
        std::fs::read_to_string(format!("{folder}{name}")).unwrap()
    }

    #[derive(Default)]
    struct Labels(Vec<String>);

    impl Labels {
        fn of(&mut self, name: &str) -> u32 {
            let known = self.0.iter().position(|known| known == name);
            known.unwrap_or_else(|| {
                self.0.push(name.to_owned());
                self.0.len() - 1
            }) as u32
        }

        fn touch(&mut self, name: &str, hours: f64) -> Touch {
            Touch {
                label: self.of(name),
                before: (hours * 3_600_000.0) as i64,
                is_direct: name == "Direct",
                is_paid: name.starts_with("Paid") || name == "Display",
            }
        }
    }

    fn conversion(touches: Vec<Touch>, lead: Option<usize>) -> Conversion {
        Conversion {
            id: 1,
            at: 0,
            journey: Journey { touches, lead },
            money: None,
        }
    }

    fn assert_near(found: f64, wanted: f64, what: &str) {
        assert!(
            (found - wanted).abs() < 1e-9,
            "{what}: {found} and {wanted}"
        );
    }

    #[test]
    fn single_journeys_are_shared_as_the_formulae_say() {
        let cases: Value = serde_json::from_str(&data("unit_cases.json")).unwrap();
        let names = [
            ("first", Model::First),
            ("last", Model::Last),
            ("last_non_direct", Model::LastNonDirect),
            ("linear", Model::Linear),
            ("position_40_20_40", Model::UShaped),
            ("w_shaped_30_30_30_10", Model::WShaped),
            ("time_decay_7d", Model::TimeDecay),
            ("shapley_distinct_equal", Model::Shapley),
        ];
        for case in cases["cases"].as_array().unwrap() {
            let mut labels = Labels::default();
            let path = case["path"].as_array().unwrap();
            let hours = case["hours_before_conversion"].as_array().unwrap();
            let touches = path
                .iter()
                .zip(hours)
                .map(|(name, hours)| labels.touch(name.as_str().unwrap(), hours.as_f64().unwrap()));
            let touches = touches.collect();
            let lead = case["lead_touch_index"].as_u64().unwrap() as usize;
            let found = credit(
                labels.0.len(),
                &[conversion(touches, Some(lead))],
                &[],
                &SETTINGS,
            );
            for (name, model) in names {
                for (label, row) in labels.0.iter().zip(&found.conversions) {
                    let wanted = case[name][label].as_f64().unwrap_or_default();
                    assert_near(
                        row[model as usize],
                        wanted,
                        &format!("{path:?} {name} {label}"),
                    );
                }
            }
        }
    }

    #[test]
    fn what_libraries_credit_for_the_same_journeys() {
        let reference: Value =
            serde_json::from_str(&data("reference_journeys_small.json")).unwrap();
        let mut labels = Labels::default();
        let (mut conversions, mut lost) = (Vec::new(), Vec::new());
        let text = data("journeys_small.csv");
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let touches: Vec<_> = fields[0]
                .split(" > ")
                .map(|name| labels.touch(name, 0.0))
                .collect();
            let number = |at: usize| fields[at].parse::<f64>().unwrap();
            lost.push((touches.iter().map(|touch| touch.label).collect(), number(3)));
            let cents = (number(2) * 100.0 / number(1)).round() as i64;
            for _ in 0..number(1) as usize {
                let mut conversion = conversion(touches.clone(), None);
                conversion.money = Some((*b"USD", cents));
                conversions.push(conversion);
            }
        }
        let exact = &reference["exact_linear_algebra"];
        let of = |with_lost| {
            let settings = Settings {
                with_lost,
                ..SETTINGS
            };
            credit(labels.0.len(), &conversions, &lost, &settings)
        };
        let (with, without) = (of(true), of(false));
        assert_near(
            with.chance,
            exact["with_null"]["p_conv"].as_f64().unwrap(),
            "chance",
        );
        let mam = &reference["mam_2.1.1"];
        for (at, label) in labels.0.iter().enumerate() {
            for (found, wanted) in [(&with, &exact["with_null"]), (&without, &exact["no_null"])] {
                let of = |what: &str| wanted[what][label].as_f64().unwrap();
                assert_near(found.effects[at], of("removal_effect"), label);
                assert_near(
                    found.conversions[at][Model::Markov as usize],
                    of("credit"),
                    label,
                );
            }
            for (model, name) in [
                (Model::First, "first"),
                (Model::Last, "last"),
                (Model::Linear, "linear"),
                (Model::UShaped, "position_40_20_40"),
            ] {
                let wanted = mam[name][label].as_f64().unwrap_or_default();
                assert_near(with.conversions[at][model as usize], wanted, label);
            }
            let wanted = reference["shapley"]["coopgt_permutation_shapley"][label].as_f64();
            assert_near(
                with.conversions[at][Model::Shapley as usize],
                wanted.unwrap(),
                label,
            );
        }
        let values = &reference["ChannelAttribution_2.2.5"]["value_first_last_linear"];
        let values: HashMap<&str, &Value> = values
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["channel_name"].as_str().unwrap(), row))
            .collect();
        for (at, label) in labels.0.iter().enumerate() {
            for (model, name) in [
                (Model::First, "first_touch_value"),
                (Model::Last, "last_touch_value"),
                (Model::Linear, "linear_touch_value"),
            ] {
                let found = with.money[b"USD"][at][model as usize] / 100.0;
                assert_near(found, values[label.as_str()][name].as_f64().unwrap(), label);
            }
        }
    }
}
