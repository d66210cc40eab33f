//! 179 weeks of two channels with logistic saturation, and the posterior that three other samplers agree on.

use admx::mix::curve::Saturation;
use admx::mix::design::{Column, Part};
use admx::mix::model::{Channel, Effect, Input, Model};
use admx::mix::posterior::{Drawn, Estimate, drawn};
use admx::mix::prior::{Beta, Gamma};
use admx::mix::sample::{Plan, Watch, sample};

use crate::{column, cpu, held};

const FILE: &str = "mmm_example.csv";

/// The same model and priors; of the seasons' coefficients a normal prior as wide as the double exponential one.
pub fn model() -> Model {
    let outcome = column(FILE, "y");
    let periods = outcome.len();
    let spends = [column(FILE, "x1"), column(FILE, "x2")];
    let sums: Vec<f64> = spends.iter().map(|spend| spend.iter().sum()).collect();
    let all: f64 = sums.iter().sum();
    let channel = |(at, spend): (usize, &Vec<f64>)| {
        let sd = 2.0 * 2.0 * sums[at] / all / 2.0;
        Channel {
            decay: Beta { a: 1.0, b: 3.0 },
            half: Gamma {
                shape: 3.0,
                rate: 1.0,
            },
            ..Channel::new(
                &format!("x{}", at + 1),
                spend.clone(),
                Some(spend.clone()),
                Effect::Height { sd },
            )
        }
    };
    let column_of = |part, name: &str, values, mean, sd| Column {
        part,
        name: name.into(),
        values,
        mean,
        sd,
    };
    let mut columns = vec![column_of(
        Part::Level,
        "level",
        vec![1.0; periods],
        0.5,
        0.2,
    )];
    for name in ["event_1", "event_2", "t"] {
        columns.push(column_of(Part::Event, name, column(FILE, name), 0.0, 0.05));
    }
    let days = column(FILE, "dayofyear");
    for wave in [1.0, 2.0] {
        let angles = || {
            days.iter()
                .map(|day| std::f64::consts::TAU * wave * day / 365.25)
        };
        let sd = 0.2 * std::f64::consts::SQRT_2;
        columns.push(column_of(
            Part::Season,
            "sine",
            angles().map(f64::sin).collect(),
            0.0,
            sd,
        ));
        columns.push(column_of(
            Part::Season,
            "cosine",
            angles().map(f64::cos).collect(),
            0.0,
            sd,
        ));
    }
    Model::new(Input {
        channels: spends.iter().enumerate().map(channel).collect(),
        scale: outcome.iter().copied().fold(0.0, f64::max),
        outcome,
        columns,
        experiments: Vec::new(),
        saturation: Saturation::Logistic,
        reach: Some(8),
        noise: 6.0,
        fitted: periods,
    })
}

pub fn run() {
    let model = model();
    let began = cpu();
    let plan = Plan {
        tune: 1000,
        draws: 2000,
        rounds: 1,
        ..Plan::new(1)
    };
    let draws = sample(&model, &plan, &Watch::default()).unwrap();
    let seconds = cpu() - began;
    let said = drawn(&model, &draws);
    let of =
        |of: &dyn Fn(&[Drawn]) -> f64| Estimate::of(said.iter().map(|draw| of(draw)).collect());
    println!("\n## The example: 179 weeks, 2 channels\n");
    println!(
        "{seconds:.2} CPU s for 4 × (1000 + 2000) draws; for 4 × (1000 + 1000) others: 73 (numpyro), 96 (nutpie), 157 (PyMC)."
    );
    println!(
        "R-hat {:.4}, {} divergences.\n",
        draws.r_hat, draws.divergences
    );
    println!("| | found | reference | tolerance |\n|---|--:|--:|--:|");
    let shares = [0.8016, 0.1984];
    let ends = [(0.776, 0.826), (0.174, 0.224)];
    let roas = [4932.0, 2325.0];
    let decays = [0.402, 0.187];
    let most = model.most.clone();
    for channel in 0..2 {
        let share = of(&|draw| draw[channel].total / (draw[0].total + draw[1].total));
        let name = |what: &str| format!("{what}, x{}", channel + 1);
        held(&name("share"), share.mean, shares[channel], 0.005);
        held(&name("share from"), share.low, ends[channel].0, 0.01);
        held(&name("share to"), share.high, ends[channel].1, 0.01);
        let spend: f64 = model.input.channels[channel].driver.iter().sum();
        let found = of(&|draw| draw[channel].total / spend);
        held(
            &name("ROAS"),
            found.mean,
            roas[channel],
            0.01 * roas[channel],
        );
        let decay = of(&|draw| draw[channel].curve.decay);
        held(&name("decay"), decay.mean, decays[channel], 0.01);
    }
    let height = of(&|draw| draw[0].height / model.input.scale);
    held("height, x1", height.mean, 0.362, 0.02 * 0.362);
    let rate = of(&|draw| draw[0].curve.half * most[0]);
    held("rate, x1", rate.mean, 3.96, 0.02 * 3.96);
    assert!(draws.r_hat < 1.01 && draws.divergences == 0);
}
