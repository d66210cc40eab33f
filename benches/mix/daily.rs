//! 730 days of four channels of which the truth is known.

use admx::mix::design::Grain;
use admx::mix::fit::{fit, previewed};
use admx::mix::sample::{Plan, Watch};
use admx::mix::series::{Driven, Driver, Series, Settings};

use crate::{below, column, cpu, held, memory};

const FILE: &str = "sim_daily_A.csv";
const CHANNELS: [&str; 4] = ["paid_search", "paid_social", "display", "video"];
const ROAS: [f64; 4] = [2.7953, 1.7525, 0.9851, 1.6009];
const SHARES: [f64; 4] = [0.4719, 0.3864, 0.0423, 0.0994];

fn series() -> Series {
    let driven = |name: &str| {
        let spend = column(FILE, name);
        Driven {
            name: name.into(),
            by: Driver::Spend,
            driver: spend.clone(),
            spend: Some(spend),
        }
    };
    Series {
        first: "2024-01-01".parse().unwrap(),
        weekly: false,
        outcome: column(FILE, "revenue"),
        channels: CHANNELS.into_iter().map(driven).collect(),
        events: vec![("Promotion".into(), column(FILE, "promo"))],
    }
}

/// The same by weeks.
fn weeks(of: &Series) -> Series {
    let sums =
        |days: &[f64]| -> Vec<f64> { days.chunks_exact(7).map(|week| week.iter().sum()).collect() };
    Series {
        weekly: true,
        outcome: sums(&of.outcome),
        channels: of
            .channels
            .iter()
            .map(|channel| Driven {
                driver: sums(&channel.driver),
                spend: channel.spend.as_deref().map(sums),
                ..channel.clone()
            })
            .collect(),
        events: of
            .events
            .iter()
            .map(|(name, days)| (name.clone(), sums(days)))
            .collect(),
        ..of.clone()
    }
}

pub fn run() {
    let series = series();
    let settings = Settings {
        is_money: true,
        ..Settings::default()
    };
    println!("\n## 730 days, 4 channels, the truth known\n");
    println!("| | found | truth | tolerance |\n|---|--:|--:|--:|");
    let began = cpu();
    let found = fit(&series, &settings, &Plan::new(1), &Watch::default()).unwrap();
    let seconds = cpu() - began;
    for (channel, (roas, share)) in found.channels.iter().zip(ROAS.into_iter().zip(SHARES)) {
        held(
            &format!("share, {}", channel.name),
            channel.share_of_channels.mean,
            share,
            0.05,
        );
        let roi = channel.roi.unwrap();
        println!(
            "| ROAS, {} | {:.2}, {:.2} to {:.2} | {roas:.2} | inside |",
            channel.name, roi.mean, roi.low, roi.high
        );
        assert!(roi.low <= roas && roas <= roi.high, "{}", channel.name);
    }
    let out = found.accuracy.held_out.as_ref().unwrap();
    below("error of the last 60 days, held out", out.mape, 0.045);
    held("of them inside of the interval", out.coverage, 0.94, 0.06);
    below("R-hat", found.diagnostics.r_hat, 1.01);
    below("CPU s, with the days held out", seconds, 30.0);
    below("memory, MiB", memory(), 200.0);
    println!(
        "\n{} draws, effective {:.0} in the bulk and {:.0} in the tails, {} divergences. Others, the same data and no held-out days: 603 CPU s.",
        found.diagnostics.draws,
        found.diagnostics.ess_bulk,
        found.diagnostics.ess_tail,
        found.diagnostics.divergences
    );
    let began = cpu();
    let point = previewed(&series, &settings).unwrap();
    println!("\n| | found | | tolerance |\n|---|--:|--:|--:|");
    below("CPU s of the preview", cpu() - began, 1.0);
    for (channel, roas) in point.iter().zip(ROAS) {
        println!(
            "| ROAS of the preview, {} | {:.2} | {roas:.2} | none: a point |",
            channel.name,
            channel.roi.unwrap()
        );
    }
    let weeks = weeks(&series);
    assert_eq!(weeks.grain(), Grain::Week);
    let began = cpu();
    let found = fit(&weeks, &settings, &Plan::new(1), &Watch::default()).unwrap();
    below("CPU s of two years of weeks", cpu() - began, 4.0);
    below("R-hat of it", found.diagnostics.r_hat, 1.01);
}
