use super::*;
use crate::mix::series::{Driven, Lift};

/// Two years of weeks: of 10 000 a week at the least, one channel brings twice what it costs, one nothing.
fn weeks(works: f64) -> Series {
    let periods = 104;
    let noise = |at: usize, of: f64| ((at as f64 + of) * 12.9898).sin() * 43_758.547 % 1.0;
    let spend = |of: f64, every: f64| -> Vec<f64> {
        (0..periods)
            .map(|at| (900.0 + 700.0 * (at as f64 / every).sin() + 500.0 * noise(at, of)).max(0.0))
            .collect()
    };
    let (search, display) = (spend(0.0, 2.3), spend(7.0, 5.1));
    let level = crate::mix::curve::adstock(&search, 0.4, None);
    let driven = |name: &str, spend: Vec<f64>| Driven {
        name: name.into(),
        by: Driver::Spend,
        driver: spend.clone(),
        spend: Some(spend),
    };
    Series {
        first: "2024-01-01".parse().unwrap(),
        weekly: true,
        outcome: (0..periods)
            .map(|at| {
                10_000.0 + works * 2600.0 * level[at] / (level[at] + 700.0) + 200.0 * noise(at, 3.0)
            })
            .collect(),
        channels: vec![driven("Search", search), driven("Display", display)],
        events: Vec::new(),
    }
}

fn plan() -> Plan {
    Plan {
        chains: 2,
        tune: 200,
        draws: 200,
        rounds: 1,
        ..Plan::new(5)
    }
}

fn money() -> Settings {
    Settings {
        is_money: true,
        ..Settings::default()
    }
}

#[test]
fn a_fit_finds_what_works_and_is_the_same_each_time() {
    let series = weeks(1.0);
    let watch = Watch::default();
    let found = fit(&series, &money(), &plan(), &watch).unwrap();
    let [search, display] = &found.channels[..] else {
        panic!()
    };
    let spent: f64 = series.channels[0].driver.iter().sum();
    let level = crate::mix::curve::adstock(&series.channels[0].driver, 0.4, None);
    let truth = level
        .iter()
        .map(|level| 2600.0 * level / (level + 700.0))
        .sum::<f64>()
        / spent;
    let roi = search.roi.unwrap();
    assert!((roi.mean / truth - 1.0).abs() < 0.25, "{truth} {roi:?}");
    assert!(
        display.roi.unwrap().mean < 0.5 * roi.mean,
        "{:?} {roi:?}",
        display.roi
    );
    assert!(
        found.diagnostics.r_hat < UNRELIABLE,
        "{:?}",
        found.diagnostics
    );
    let held = found.accuracy.held_out.as_ref().unwrap();
    assert!(held.periods == 8 && held.mape < 0.03, "{held:?}");
    assert!(
        found.accuracy.r2 > 0.5 && found.accuracy.inside > 0.85,
        "{:?}",
        found.accuracy
    );
    assert_eq!(watch.done.into_inner(), draws_of(&plan()));
    // All parts together are the whole.
    let at = 50;
    let lines = &found.lines;
    let parts: f64 = lines
        .channels
        .iter()
        .chain([&lines.base, &lines.season, &lines.events])
        .map(|band| band.mean[at])
        .sum();
    assert!((parts / lines.all.mean[at] - 1.0).abs() < 1e-4);
    let again = fit(&series, &money(), &plan(), &Watch::default()).unwrap();
    assert_eq!(found, again);
    // And it comes back from where it is stored.
    let stored = serde_json::to_string(&found).unwrap();
    let back: Fit = serde_json::from_str(&stored).unwrap();
    assert!((back.channels[0].roi.unwrap().mean - roi.mean).abs() < 1e-9);
    let (bounds, better) = split(&back, &[], None).unwrap();
    assert_eq!(bounds[0].most, 2.0 * back.channels[0].now);
    assert!(
        better.spend[0] > found.channels[0].now && better.gain.mean > 0.0,
        "{better:?}"
    );
}

#[test]
fn an_experiment_narrows_what_it_is_of() {
    let series = weeks(1.0);
    let free = fit(&series, &money(), &plan(), &Watch::default()).unwrap();
    let settings = Settings {
        lifts: vec![Lift {
            channel: "Display".into(),
            when: None,
            value: 0.2,
            error: 0.01,
        }],
        ..money()
    };
    let held = fit(&series, &settings, &plan(), &Watch::default()).unwrap();
    let (free, held) = (free.channels[1].roi.unwrap(), held.channels[1].roi.unwrap());
    assert!((held.mean - 0.2).abs() < 0.02, "{held:?}");
    assert!(
        held.high - held.low < 0.5 * (free.high - free.low),
        "{held:?} {free:?}"
    );
}

#[test]
fn a_fit_stops_when_it_is_cancelled_and_refuses_what_it_cannot_tell() {
    let watch = Watch::default();
    watch
        .cancelled
        .store(true, std::sync::atomic::Ordering::Relaxed);
    let stopped = fit(&weeks(1.0), &money(), &plan(), &watch);
    assert!(matches!(stopped, Err(NoFit::Stopped(Stopped::Cancelled))));
    let mut short = weeks(1.0);
    short.outcome.truncate(11);
    assert!(matches!(
        fit(&short, &money(), &plan(), &Watch::default()),
        Err(NoFit::Refused(_))
    ));
}

#[test]
fn a_preview_finds_about_the_same() {
    let found = previewed(&weeks(1.0), &money()).unwrap();
    assert!(
        found[0].roi.unwrap() > 0.8 && found[1].roi.unwrap() < 0.5,
        "{found:?}"
    );
}

#[test]
fn numbers_keep_six_digits() {
    assert_eq!(
        [digits(123_456.789), digits(-0.001_234_567), digits(0.0)],
        [123_457.0, -0.001_234_57, 0.0]
    );
}
